//! The head of an HTTP/1.1 request, as chapter 1 needs it: something to wrap. Strict in what it writes, and forgiving in what
//! it reads where the meaning is clear.
//!
//! ```text
//! GET /index.html HTTP/1.1\r\n
//! Host: example.org\r\n
//! \r\n
//! ```
//!
//! We write CRLF. We also take a bare LF, empty lines before the request, and header names in any case, all of which RFC
//! 9112 (2.2, 5) allows a reader. We do not take what two readers could understand differently: a bare CR, a space before
//! the colon, a folded line. Where somebody gains from such a difference, being liberal is a hole (RFC 9413).
//!
//! Book: "The TCP/IP Model", on what implementations send and accept. Left out: bodies, and everything a server needs; that is chapters
//! 8 and 9.

use std::fmt;

/// A longer head is refused. One TCP segment carries a sixth of it; servers commonly take 8 KiB.
pub const MAX_HEAD: usize = 8 * 1024;

/// A request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// `/index.html`.
    pub target: String,
    /// Names and values in their order.
    pub headers: Vec<(String, String)>,
}

/// Why bytes are no request, or a request cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// No empty line: the head has not come whole.
    Unfinished,
    /// More than [`MAX_HEAD`] bytes.
    TooLong(usize),
    /// A byte that has no place in a head: a bare CR, another control character, or not ASCII.
    BadByte(u8),
    /// The first line is not method, target and HTTP/1.x.
    BadRequestLine(String),
    /// A line that is no header.
    BadHeader(String),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::Unfinished => write!(f, "the request's head ends without an empty line"),
            RequestError::TooLong(length) => {
                write!(f, "a request head of {length} bytes; we take at most {MAX_HEAD}")
            }
            RequestError::BadByte(byte) => write!(f, "byte {byte:#04x} has no place in a request's head"),
            RequestError::BadRequestLine(line) => {
                write!(f, "{line:?} is no request line; we take METHOD TARGET HTTP/1.1")
            }
            RequestError::BadHeader(line) => write!(f, "{line:?} is no header; we take NAME: VALUE"),
        }
    }
}

impl std::error::Error for RequestError {}

impl Request {
    /// A request for `target` of `host`, without a body.
    pub fn new(method: &str, target: &str, host: &str) -> Request {
        let mut headers = vec![("Host".to_string(), host.to_string())];
        if !matches!(method, "GET" | "HEAD" | "DELETE" | "OPTIONS") {
            // RFC 9110, 8.6: a method that could have a body says that there is none.
            headers.push(("Content-Length".to_string(), "0".to_string()));
        }
        Request { method: method.to_string(), target: target.to_string(), headers }
    }

    /// The value of the header `name`, in whatever case it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// The request's bytes, every line ended with CRLF.
    ///
    /// # Errors
    /// What [`Request::decode`] would refuse, so that nobody smuggles a second line in with a value.
    pub fn encode(&self) -> Result<Vec<u8>, RequestError> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let back = Request::decode(text.as_bytes())?;
        if back == *self {
            return Ok(text.into_bytes());
        }
        // It reads as something else: a line break or a blank in a name or a value.
        let line = text.lines().next().unwrap_or_default().to_string();
        Err(RequestError::BadRequestLine(line))
    }

    /// Reads a head that ends with an empty line. What stands behind it is not looked at.
    ///
    /// # Errors
    /// A [`RequestError`] that says what came.
    pub fn decode(bytes: &[u8]) -> Result<Request, RequestError> {
        let mut lines = head_lines(bytes)?.into_iter();
        let first = lines.next().unwrap_or_default();
        let (method, target) = request_line(&first).ok_or(RequestError::BadRequestLine(first))?;
        let mut headers = Vec::new();
        for line in lines {
            headers.push(header(&line).ok_or(RequestError::BadHeader(line))?);
        }
        Ok(Request { method, target, headers })
    }
}

/// The lines up to the empty one, without their ends.
fn head_lines(bytes: &[u8]) -> Result<Vec<String>, RequestError> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    loop {
        let Some(end) = rest.iter().take(MAX_HEAD).position(|byte| *byte == b'\n') else {
            let too_long = bytes.len() > MAX_HEAD;
            return Err(if too_long { RequestError::TooLong(bytes.len()) } else { RequestError::Unfinished });
        };
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        let read = bytes.len() - rest.len();
        if read > MAX_HEAD {
            return Err(RequestError::TooLong(read));
        }
        if let Some(byte) = line.iter().find(|byte| !matches!(**byte, b'\t' | b' '..=b'~')) {
            return Err(RequestError::BadByte(*byte));
        }
        match (line.is_empty(), lines.is_empty()) {
            (true, true) => {} // RFC 9112, 2.2: empty lines before a request are skipped.
            (true, false) => return Ok(lines),
            // Only printable ASCII is left, so nothing is replaced.
            (false, _) => lines.push(String::from_utf8_lossy(line).into_owned()),
        }
    }
}

fn request_line(line: &str) -> Option<(String, String)> {
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let fits = is_token(method)
        && !target.is_empty()
        && !target.contains('\t')
        && matches!(version, "HTTP/1.1" | "HTTP/1.0")
        && words.next().is_none();
    fits.then(|| (method.to_string(), target.to_string()))
}

fn header(line: &str) -> Option<(String, String)> {
    // A blank at the front would be a folded line, one before the colon a name only some readers know.
    let (name, value) = line.split_once(':')?;
    is_token(name).then(|| (name.to_string(), value.trim_matches([' ', '\t']).to_string()))
}

/// RFC 9110, 5.6.2.
fn is_token(word: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !word.is_empty() && word.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    const STRICT: &[u8] = b"GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\n";

    #[test]
    fn what_is_written_is_strict_and_reads_the_same_again() {
        let request = Request::new("GET", "/index.html", "example.org");
        assert_eq!(request.encode().unwrap(), STRICT);
        assert_eq!(Request::decode(STRICT), Ok(request));
        assert_eq!(Request::new("POST", "/", "h").header("content-length"), Some("0"));
    }

    #[test]
    fn bare_line_feeds_odd_case_and_empty_lines_before_are_taken() {
        let odd = b"\r\n\nGET /index.html HTTP/1.1\nhOsT:\texample.org  \n\nand what stands behind";
        let read = Request::decode(odd).unwrap();
        assert_eq!((read.target.as_str(), read.header("Host")), ("/index.html", Some("example.org")));
    }

    #[test]
    fn what_two_readers_could_understand_differently_is_refused() {
        for head in [
            "GET / HTTP/1.1\rHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
            "GET / HTTP/1.1\r\nno header\r\n\r\n",
            "GET /\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET / HTTP/2\r\n\r\n",
            "G(T / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: \u{e4}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n",
        ] {
            assert!(Request::decode(head.as_bytes()).is_err(), "{head:?}");
        }
    }

    #[test]
    fn a_second_line_is_not_smuggled_in_with_a_value() {
        assert!(Request::new("GET", "/", "a\r\nEvil: yes").encode().is_err());
        assert!(Request::new("GET", "/ HTTP/1.1\r\nEvil: yes\r\nX:", "a").encode().is_err());
        assert!(Request::new("", "/", "a").encode().is_err());
        assert!(Request::new("GET", "/ /", "a").encode().is_err());
    }

    #[test]
    fn a_head_has_a_greatest_length() {
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(MAX_HEAD));
        assert_eq!(Request::decode(long.as_bytes()), Err(RequestError::TooLong(long.len())));
        let endless = vec![b'x'; MAX_HEAD + 1];
        assert_eq!(Request::decode(&endless), Err(RequestError::TooLong(MAX_HEAD + 1)));
        let empty_lines = vec![b'\n'; MAX_HEAD + 1];
        assert!(matches!(Request::decode(&empty_lines), Err(RequestError::TooLong(_))));
    }

    #[test]
    fn truncated_and_random_bytes_are_errors() {
        for length in 0..STRICT.len() {
            assert!(Request::decode(&STRICT[..length]).is_err(), "{length}");
        }
        let mut random = Seeded::new(4);
        for _ in 0..2_000 {
            let mut noise = vec![0; random.below(200) as usize];
            random.fill(&mut noise);
            assert!(Request::decode(&noise).is_err());
        }
    }
}
