//! Heads on the wire: a start line, fields, a blank line. What reads them is strict, for two readers who understand the
//! same bytes differently are how one request is smuggled inside another.
//!
//! | what comes | here | elsewhere |
//! |---|---|---|
//! | a line that ends in LF alone | taken, as RFC 9112, 2.2 allows | Go, nginx and Apache take it too |
//! | CR anywhere else, NUL, other control characters | refused | some take them |
//! | a field continued on the next line (obs-fold) | refused | Go joins the lines |
//! | space before the colon | refused | some take it |
//! | blank lines before a request line | skipped, a few (RFC 9112, 2.2) | Go answers 400 |
//!
//! Book: Listing 8-1; RFC 9112, 2 to 5.

use std::io::{self, BufRead, Read, Write};

use super::error::MessageError;
use super::header::{Header, is_token, is_value};
use super::message::{RequestHead, ResponseHead, Version};
use super::method::Method;
use super::status::Status;

/// How much head is taken from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes of the start line.
    pub start_line: usize,
    /// Bytes of the whole head.
    pub head: usize,
    /// Fields.
    pub fields: usize,
}

/// RFC 9110, 4.1 wants at least 8,000 bytes of target to be taken. A head has no bound of its own; without one, one client could
/// make us buffer until memory ends. The book's Go takes 1 MiB, browsers send 1 KiB. Each field costs more memory than its
/// bytes, so their number is bounded as well.
impl Default for HeadLimits {
    fn default() -> HeadLimits {
        HeadLimits { start_line: 16 * 1024, head: 1024 * 1024, fields: 1000 }
    }
}

/// Blank lines skipped before a request: an old browser's after a POST. More is somebody playing.
const MOST_BLANK_LINES: usize = 4;

/// Reads the head of a request. `None` if the peer finished before its first byte: between requests, where it may.
///
/// # Errors
/// What [`MessageError`] says of heads; `Io` when reading fails, with the reader's error.
pub fn read_request_head(
    input: &mut dyn BufRead,
    limits: HeadLimits,
) -> Result<Option<RequestHead>, MessageError> {
    let mut lines = Lines::new(input, limits);
    for _ in 0..=MOST_BLANK_LINES {
        lines.check_first_byte()?;
        let Some(line) = lines.start_line()? else { return Ok(None) };
        if !line.is_empty() {
            let (method, target, version) = request_line(line)?;
            return Ok(Some(RequestHead { method, target, version, header: lines.fields()? }));
        }
    }
    Err(MessageError::BadStartLine { got: Vec::new() })
}

/// Reads the head of a response. `None` if the peer finished before its first byte: it closed an idle connection.
///
/// # Errors
/// As [`read_request_head`].
pub fn read_response_head(
    input: &mut dyn BufRead,
    limits: HeadLimits,
) -> Result<Option<ResponseHead>, MessageError> {
    let mut lines = Lines::new(input, limits);
    lines.check_first_bytes()?;
    let Some(line) = lines.start_line()? else { return Ok(None) };
    let (version, status, reason) = status_line(line)?;
    Ok(Some(ResponseHead { version, status, reason, header: lines.fields()? }))
}

/// Reads fields up to a blank line: the trailer after the last chunk, or the head of a part of a form. Like what stands around
/// them, chunks and delimiters, their lines end in CRLF only.
///
/// # Errors
/// As [`read_request_head`].
pub fn read_fields(input: &mut dyn BufRead, limits: HeadLimits) -> Result<Header, MessageError> {
    let mut lines = Lines::new(input, limits);
    lines.strict_ends = true;
    lines.fields()
}

/// Appends the head of a request.
///
/// # Errors
/// [`MessageError::BadField`], [`MessageError::BadTarget`]: what may not go on the wire. Nothing is written then.
pub fn write_request_head(out: &mut Vec<u8>, head: &RequestHead) -> Result<(), MessageError> {
    check_target(head.target.as_bytes())?;
    head.header.check()?;
    for part in [head.method.as_str(), " ", &head.target, " ", version_name(head.version), "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    write_fields(out, &head.header);
    Ok(())
}

/// Appends the head of a response.
///
/// # Errors
/// [`MessageError::BadField`], [`MessageError::BadStartLine`]: a field, or words beside the code, that may not go on the wire. Nothing
/// is written then.
pub fn write_response_head(out: &mut Vec<u8>, head: &ResponseHead) -> Result<(), MessageError> {
    head.header.check()?;
    if !is_value(head.reason.as_bytes()) {
        return Err(MessageError::BadStartLine { got: head.reason.as_bytes().to_vec() });
    }
    let _ = write!(out, "{} {} ", version_name(head.version), head.status.code());
    out.extend_from_slice(head.reason.as_bytes());
    out.extend_from_slice(b"\r\n");
    write_fields(out, &head.header);
    Ok(())
}

/// Appends the fields and the blank line, which the caller has checked.
pub fn write_fields(out: &mut Vec<u8>, header: &Header) {
    for (name, value) in header.iter() {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

fn version_name(version: Version) -> &'static str {
    if version == Version::Http10 { "HTTP/1.0" } else { "HTTP/1.1" }
}

// --- lines ----------------------------------------------------------------------------------------------------------

/// The lines of one head, within its limits.
struct Lines<'a> {
    input: &'a mut dyn BufRead,
    limits: HeadLimits,
    line: Vec<u8>,
    taken: usize,
    /// Whether LF without CR is no line end.
    strict_ends: bool,
}

impl<'a> Lines<'a> {
    fn new(input: &'a mut dyn BufRead, limits: HeadLimits) -> Lines<'a> {
        Lines { input, limits, line: Vec::with_capacity(128), taken: 0, strict_ends: false }
    }

    /// Refuses what cannot become a request before its line has ended: a TLS ClientHello may have no line end in it, and its
    /// sender waits for an answer.
    fn check_first_byte(&mut self) -> Result<(), MessageError> {
        let begin = self.input.fill_buf().map_err(MessageError::from_io)?;
        match begin.first() {
            Some(byte) if !matches!(byte, b'\r' | b'\n') && !is_token(&[*byte]) => {
                Err(MessageError::BadStartLine { got: begin[..begin.len().min(16)].to_vec() })
            }
            _ => Ok(()),
        }
    }

    /// Refuses what cannot become a response before its line has ended: a server of another protocol greets, perhaps without a
    /// line end, and waits for us.
    fn check_first_bytes(&mut self) -> Result<(), MessageError> {
        let begin = self.input.fill_buf().map_err(MessageError::from_io)?;
        if begin.iter().zip(b"HTTP/").any(|(came, wanted)| came != wanted) {
            return Err(MessageError::BadStartLine { got: begin[..begin.len().min(16)].to_vec() });
        }
        Ok(())
    }

    /// The first line, or `None` at the end of the stream.
    fn start_line(&mut self) -> Result<Option<&[u8]>, MessageError> {
        let limit = self.limits.start_line;
        match self.next_line(limit, MessageError::TargetTooLong { limit })? {
            Some(length) => Ok(Some(&self.line[..length])),
            None if self.taken == 0 => Ok(None),
            None => Err(MessageError::HeadCutShort { got: self.taken }),
        }
    }

    fn fields(&mut self) -> Result<Header, MessageError> {
        let mut header = Header::new();
        loop {
            let left = self.limits.head.saturating_sub(self.taken);
            let too_long = MessageError::HeadTooLong { limit: self.limits.head };
            let Some(length) = self.next_line(left, too_long)? else {
                return Err(MessageError::HeadCutShort { got: self.taken });
            };
            let line = &self.line[..length];
            if line.is_empty() {
                return Ok(header);
            }
            if header.len() == self.limits.fields {
                return Err(MessageError::TooManyFields { limit: self.limits.fields });
            }
            let (name, value) = field_line(line)?;
            header.add(name, value);
        }
    }

    /// Reads the next line into `self.line` and gives its length without the line end, `None` if the stream ended before it.
    fn next_line(&mut self, limit: usize, too_long: MessageError) -> Result<Option<usize>, MessageError> {
        self.line.clear();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        loop {
            match (&mut *self.input).take(most - self.line.len() as u64).read_until(b'\n', &mut self.line) {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(MessageError::from_io(error)),
            }
        }
        self.taken += self.line.len();
        match self.line.as_slice() {
            [.., b'\r', b'\n'] => Ok(Some(self.line.len() - 2)),
            [.., b'\n'] if self.strict_ends => {
                Err(MessageError::bad_field(&self.line, "its line ends in LF without CR"))
            }
            [.., b'\n'] => Ok(Some(self.line.len() - 1)),
            line if line.len() as u64 >= most => Err(too_long),
            _ => Ok(None),
        }
    }
}

// --- one line -------------------------------------------------------------------------------------------------------

/// `GET /path HTTP/1.1`: three words, one space between them and nowhere else.
fn request_line(line: &[u8]) -> Result<(Method, String, Version), MessageError> {
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(MessageError::BadStartLine { got: line.to_vec() });
    };
    let version = parse_version(version)?;
    let method = Method::from_token(method)?;
    Ok((method, check_target(target)?.to_owned(), version))
}

/// `HTTP/1.1 200 OK`. The words may be missing, and then the space before them often is too.
fn status_line(line: &[u8]) -> Result<(Version, Status, String), MessageError> {
    let bad = || MessageError::BadStartLine { got: line.to_vec() };
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let version = parse_version(words.next().unwrap_or_default())?;
    let code = words.next().unwrap_or_default();
    let reason = words.next().unwrap_or_default();
    if code.len() != 3 || !code.iter().all(u8::is_ascii_digit) || !is_value(reason) {
        return Err(bad());
    }
    let code = code.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    let status = Status::new(code).ok_or_else(bad)?;
    Ok((version, status, String::from_utf8_lossy(reason).into_owned()))
}

/// `HTTP/1.0`, `HTTP/1.1`, or a later minor of 1, which this answers as 1.1.
fn parse_version(word: &[u8]) -> Result<Version, MessageError> {
    let Some([major, b'.', minor]) = word.strip_prefix(b"HTTP/") else {
        return Err(MessageError::BadStartLine { got: word.to_vec() });
    };
    match (major, minor) {
        (b'1', b'0') => Ok(Version::Http10),
        (b'1', b'1'..=b'9') => Ok(Version::Http11),
        (b'0'..=b'9', b'0'..=b'9') => Err(MessageError::UnsupportedVersion { got: word.to_vec() }),
        _ => Err(MessageError::BadStartLine { got: word.to_vec() }),
    }
}

/// A target has no space and no control character. Bytes above ASCII belong percent-encoded; as UTF-8 we take them.
fn check_target(target: &[u8]) -> Result<&str, MessageError> {
    let bad = || MessageError::BadTarget { got: target.to_vec() };
    if target.is_empty() || target.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
        return Err(bad());
    }
    std::str::from_utf8(target).map_err(|_| bad())
}

/// `Name: value`. A space before the colon, and a line that begins with one, are refused: RFC 9112, 5.1 and 5.2.
fn field_line(line: &[u8]) -> Result<(&str, &[u8]), MessageError> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(MessageError::bad_field(line, "it continues the line before it, and that is obsolete"));
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Err(MessageError::bad_field(line, "it has no colon"));
    };
    let (name, value) = (&line[..colon], trim_spaces(&line[colon + 1..]));
    if !is_token(name) {
        return Err(MessageError::bad_field(line, "its name is not a token"));
    }
    if !is_value(value) {
        return Err(MessageError::bad_field(line, "its value has a control character"));
    }
    // A token is ASCII.
    let name =
        std::str::from_utf8(name).map_err(|_| MessageError::bad_field(line, "its name is not a token"))?;
    Ok((name, value))
}

/// Without the optional white space at both ends: space and tab (RFC 9110, 5.6.3). `trim_ascii` would take CR and form feed too.
fn trim_spaces(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests;
