//! Messages in HTTP: DNS over HTTPS (RFC 8484).
//!
//! ```text
//! GET /dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB      the message in base64url, no padding
//! POST /dns-query   content-type: application/dns-message             the message as the body
//! 200 OK            content-type: application/dns-message             the answer as the body
//! ```
//! HTTPS hides the question as DNS over TLS does, on the port of every web page. HTTP caches by URL, so a client asks with
//! id 0: equal questions then have equal URLs (§4.1). How long an answer may be kept is its smallest time to live (§5.1).
//!
//! Left out: HTTP and TLS, which are later chapters. These functions make and read what stands in them.

use crate::base::base64;

use super::error::DnsError;
use super::message::{MAX_MESSAGE, Message};

/// The media type of a message.
pub const CONTENT_TYPE: &str = "application/dns-message";

/// The longest text a message can have in base64url.
const MAX_TEXT: usize = MAX_MESSAGE.div_ceil(3) * 4;

/// The target of the GET request: `path?dns=…`. The id goes out as zero.
///
/// # Errors
/// As [`Message::encode`].
pub fn get_target(path: &str, query: &Message) -> Result<String, DnsError> {
    let mut query = query.clone();
    query.header.id = 0;
    Ok(format!("{path}?dns={}", base64::encode_url(&query.encode()?)))
}

/// The message in the target of a GET request. `None` if it has no parameter `dns`.
///
/// # Errors
/// [`DnsError::PeerSentBadBase64`], [`DnsError::PeerSentLongMessage`]; as [`Message::decode`].
pub fn query_of_target(target: &str) -> Option<Result<Message, DnsError>> {
    let (_, parameters) = target.split_once('?')?;
    let text = parameters.split('&').find_map(|parameter| parameter.strip_prefix("dns="))?;
    Some(decode_text(text))
}

fn decode_text(text: &str) -> Result<Message, DnsError> {
    if text.len() > MAX_TEXT {
        return Err(DnsError::PeerSentLongMessage { length: text.len() / 4 * 3 });
    }
    let bytes = base64::decode_url(text).map_err(DnsError::PeerSentBadBase64)?;
    Message::decode(&bytes)
}

/// For how many seconds HTTP may keep this answer: `cache-control: max-age=…`. The smallest time to live of the answer
/// section; without one, of the SOA that says so (RFC 2308 §5); `None` if neither is there.
pub fn max_age(answer: &Message) -> Option<u32> {
    if !answer.answers.is_empty() {
        return answer.answers.iter().map(|record| record.ttl).min();
    }
    answer.negative_ttl()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ch02_addresses::dns::message::Question;
    use crate::ch02_addresses::dns::record::RecordType;

    fn query() -> Message {
        let mut query =
            Message::query(0x1234, Question::new("www.example.com".parse().unwrap(), RecordType::A));
        query.header.recursion_desired = true;
        query
    }

    #[test]
    fn the_get_request_is_the_one_in_rfc_8484() {
        let target = get_target("/dns-query", &query()).unwrap();
        assert_eq!(target, "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB");
    }

    #[test]
    fn equal_questions_have_equal_urls_whatever_their_ids() {
        let mut other = query();
        other.header.id = 7;
        assert_eq!(get_target("/q", &query()), get_target("/q", &other));
    }

    #[test]
    fn the_server_reads_the_question_out_of_the_target() {
        let target = get_target("/dns-query?ct&", &query()).unwrap().replacen("?dns=", "dns=", 1);
        let read = query_of_target(&target).unwrap().unwrap();
        assert_eq!(read.questions, query().questions);
    }

    #[test]
    fn a_target_that_holds_no_message_is_an_error_and_no_parameter_is_none() {
        assert!(query_of_target("/dns-query").is_none());
        assert!(query_of_target("/dns-query?name=example.com").is_none());
        let padded = query_of_target("/dns-query?dns=AAABAA==").unwrap();
        assert!(matches!(padded, Err(DnsError::PeerSentBadBase64(_))));
        assert!(query_of_target("/dns-query?dns=").unwrap().is_err());
        let long = format!("/q?dns={}", "A".repeat(MAX_TEXT + 4));
        assert!(matches!(query_of_target(&long), Some(Err(DnsError::PeerSentLongMessage { .. }))));
    }
}
