//! Where a body ends. Every message answers that in its head, and both sides must answer alike (RFC 9112, 6.3).
//!
//! ```text
//! HEAD, 1xx, 204, 304        no body, whatever the fields say
//! Transfer-Encoding: chunked the chunks say
//! Content-Length: n          after n bytes
//! neither, in a request      no body
//! neither, in a response     when the server closes
//! ```

use super::error::MessageError;
use super::header::Header;
use super::message::{RequestHead, ResponseHead, Version};
use super::method::Method;

/// How the end of a body is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    Empty,
    /// After so many bytes.
    Length(u64),
    /// By a chunk of size 0.
    Chunked,
    /// By the end of the connection, so that a cut cannot be told from an end. Responses only.
    UntilClose,
}

/// How the body of a request ends.
///
/// # Errors
/// [`MessageError::LengthAndEncoding`], [`MessageError::BadLength`], [`MessageError::UnsupportedEncoding`].
pub fn request_framing(head: &RequestHead) -> Result<Framing, MessageError> {
    Ok(declared(&head.header, head.version)?.unwrap_or(Framing::Empty))
}

/// How the body of the response to a request with `method` ends. A 2xx to CONNECT is a tunnel, which is no body: the caller
/// looks at that first.
///
/// # Errors
/// As [`request_framing`].
pub fn response_framing(method: &Method, head: &ResponseHead) -> Result<Framing, MessageError> {
    if *method == Method::HEAD || head.status.has_no_body() {
        return Ok(Framing::Empty);
    }
    Ok(declared(&head.header, head.version)?.unwrap_or(Framing::UntilClose))
}

/// What the fields say, if they say anything.
fn declared(header: &Header, version: Version) -> Result<Option<Framing>, MessageError> {
    let length = content_length(header)?;
    if !header.contains("Transfer-Encoding") {
        return Ok(length.map(Framing::Length));
    }
    if length.is_some() {
        return Err(MessageError::LengthAndEncoding);
    }
    let mut codings = header.values_bytes("Transfer-Encoding");
    let only = codings.next().unwrap_or_default();
    // HTTP/1.0 has no transfer codings. Who sends one there has been misunderstood somewhere on the way (RFC 9112, 6.1).
    if codings.next().is_some() || !only.eq_ignore_ascii_case(b"chunked") || version == Version::Http10 {
        return Err(MessageError::UnsupportedEncoding { got: only.to_vec() });
    }
    Ok(Some(Framing::Chunked))
}

/// The value of `Content-Length`. Several equal ones count as one (RFC 9110, 8.6).
///
/// # Errors
/// [`MessageError::BadLength`] for a value that is not all digits, does not fit, or differs from the one before it.
pub fn content_length(header: &Header) -> Result<Option<u64>, MessageError> {
    let mut length = None;
    for value in header.values_bytes("Content-Length") {
        for element in value.split(|byte| *byte == b',') {
            let element = element.trim_ascii();
            let number =
                parse_length(element).ok_or_else(|| MessageError::BadLength { got: value.to_vec() })?;
            if length.is_some_and(|before| before != number) {
                return Err(MessageError::BadLength { got: value.to_vec() });
            }
            length = Some(number);
        }
    }
    Ok(length)
}

/// Digits and nothing else: `parse::<u64>` would take `+3`.
fn parse_length(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut number: u64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ch08_http_client::status::Status;

    fn of_request(version: Version, fields: &[(&str, &str)]) -> Result<Framing, MessageError> {
        let mut header = Header::new();
        for (name, value) in fields {
            header.add(name, *value);
        }
        request_framing(&RequestHead { method: Method::POST, target: "/".to_owned(), version, header })
    }

    fn of_response(method: &Method, code: u16, fields: &[(&str, &str)]) -> Result<Framing, MessageError> {
        let mut header = Header::new();
        for (name, value) in fields {
            header.add(name, *value);
        }
        let status = Status::new(code).unwrap();
        response_framing(
            method,
            &ResponseHead { version: Version::Http11, status, reason: String::new(), header },
        )
    }

    #[test]
    fn a_request_without_either_field_has_no_body_and_a_response_ends_with_the_connection() {
        assert_eq!(of_request(Version::Http11, &[]).unwrap(), Framing::Empty);
        assert_eq!(of_response(&Method::GET, 200, &[]).unwrap(), Framing::UntilClose);
    }

    #[test]
    fn some_responses_have_no_body_whatever_their_fields_say() {
        let fields = [("Content-Length", "5")];
        assert_eq!(of_response(&Method::HEAD, 200, &fields).unwrap(), Framing::Empty);
        for code in [100, 101, 103, 204, 304] {
            assert_eq!(of_response(&Method::GET, code, &fields).unwrap(), Framing::Empty, "{code}");
        }
        assert_eq!(of_response(&Method::GET, 200, &fields).unwrap(), Framing::Length(5));
        assert_eq!(
            of_response(&Method::GET, 404, &[("Transfer-Encoding", "Chunked")]).unwrap(),
            Framing::Chunked
        );
    }

    #[test]
    fn one_length_said_twice_is_one_and_all_other_lengths_are_refused() {
        let of = |values: &[&str]| {
            let fields: Vec<_> = values.iter().map(|value| ("Content-Length", *value)).collect();
            of_request(Version::Http11, &fields)
        };
        assert_eq!(of(&["3", "3"]).unwrap(), Framing::Length(3));
        assert_eq!(of(&["3, 3"]).unwrap(), Framing::Length(3));
        assert_eq!(of(&["18446744073709551615"]).unwrap(), Framing::Length(u64::MAX));
        for values in [
            &["3", "4"][..],
            &["3,4"],
            &["+3"],
            &["-3"],
            &[""],
            &["3,"],
            &["0x3"],
            &["3 3"],
            &["18446744073709551616"],
            &["\u{663}"],
        ] {
            assert!(matches!(of(values), Err(MessageError::BadLength { .. })), "{values:?}");
        }
    }

    #[test]
    fn a_length_beside_a_coding_is_refused_before_anything_is_believed() {
        let both = [("Content-Length", "3"), ("Transfer-Encoding", "chunked")];
        assert!(matches!(of_request(Version::Http11, &both), Err(MessageError::LengthAndEncoding)));
        assert!(matches!(of_response(&Method::GET, 200, &both), Err(MessageError::LengthAndEncoding)));
    }

    #[test]
    fn a_single_chunked_is_the_only_coding() {
        let of = |values: &[&str]| {
            let fields: Vec<_> = values.iter().map(|value| ("Transfer-Encoding", *value)).collect();
            of_request(Version::Http11, &fields)
        };
        assert_eq!(of(&["chunked"]).unwrap(), Framing::Chunked);
        for values in [
            &["gzip"][..],
            &["gzip, chunked"],
            &["chunked, gzip"],
            &["chunked", "chunked"],
            &["chunked, chunked"],
            &["identity"],
            &[""],
            &["\u{b}chunked"],
            &["xchunked"],
        ] {
            assert!(matches!(of(values), Err(MessageError::UnsupportedEncoding { .. })), "{values:?}");
        }
        let old = of_request(Version::Http10, &[("Transfer-Encoding", "chunked")]);
        assert!(matches!(old, Err(MessageError::UnsupportedEncoding { .. })), "not before 1.1");
    }
}
