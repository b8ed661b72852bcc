//! What a request that cannot be served is answered with. The connection ends with it: after bytes one has not understood
//! nobody knows where the next request begins.

use crate::ch08_http_client::error::MessageError;
use crate::ch08_http_client::status::Status;

/// The status for a request that is wrong in this way. `None`: there is nobody to answer, or nothing to answer to.
pub fn status_for(error: &MessageError) -> Option<Status> {
    let status = match error {
        // The head did not come in time. A client that sent nothing at all has asked nothing; the caller knows.
        MessageError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Status::REQUEST_TIMEOUT,
        MessageError::Io(_) => return None,
        MessageError::TargetTooLong { .. } => Status::URI_TOO_LONG,
        MessageError::HeadTooLong { .. } | MessageError::TooManyFields { .. } => {
            Status::REQUEST_HEADER_FIELDS_TOO_LARGE
        }
        MessageError::UnsupportedVersion { .. } => Status::HTTP_VERSION_NOT_SUPPORTED,
        MessageError::UnsupportedEncoding { .. } => Status::NOT_IMPLEMENTED,
        MessageError::BodyTooLong { .. } => Status::CONTENT_TOO_LARGE,
        _ => Status::BAD_REQUEST,
    };
    Some(status)
}

/// The whole answer. The text is plain, for it quotes the client.
pub fn answer(status: Status, why: &str, date: &str) -> Vec<u8> {
    let body = if why.is_empty() { format!("{status}\n") } else { format!("{status}: {why}\n") };
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         X-Content-Type-Options: nosniff\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
