//! A server of lines: each comes back in upper case.
//!
//! ```text
//! hello\n        ──▶
//!                ◀── HELLO\n
//! (1025 bytes)   ──▶
//!                ◀── error: line longer than 1024 bytes\n, then the end
//! ```
//! The limit is per line, and the time too: a client has a minute for each line, however it spreads its bytes over it.
//!
//! Notes: "Production server". Ours beside it: there the first 1024 bytes of an overlong line are answered as if they were
//! a line, and the connection ends without a word; and a failed write leaves the handler waiting for ever.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};

use super::limits::{Limits, say_last, unless_idle};
use crate::base::conn::Conn;

/// The longest line unless told otherwise, without its end. Without a limit one client can make us buffer until memory ends.
pub const MAX_LINE_BYTES: usize = 1024;

/// Room for reading ahead.
const BUFFER: usize = 4096;

/// Why there is no next line.
#[derive(Debug)]
pub enum LineError {
    /// The peer sent a line longer than we take.
    TooLong {
        /// What we take.
        limit: usize,
    },
    /// The connection failed.
    Io(io::Error),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineError::TooLong { limit } => write!(f, "line longer than {limit} bytes"),
            LineError::Io(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for LineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LineError::TooLong { .. } => None,
            LineError::Io(error) => Some(error),
        }
    }
}

impl From<LineError> for io::Error {
    fn from(error: LineError) -> io::Error {
        match error {
            LineError::TooLong { .. } => io::Error::new(io::ErrorKind::InvalidData, error),
            LineError::Io(error) => error,
        }
    }
}

/// The next line of at most `limit` bytes, without its end (`\n` or `\r\n`). The last one may lack it. `None` is the end of
/// the input.
///
/// # Errors
/// [`LineError::TooLong`] as soon as the line is longer, not when it ends; else what the reader says.
pub fn read_line(reader: &mut impl BufRead, limit: usize) -> Result<Option<Vec<u8>>, LineError> {
    let mut line = Vec::new();
    // With room for the end, so that a line of just the limit fits and one more byte shows.
    let room = (limit as u64).saturating_add(2);
    reader.take(room).read_until(b'\n', &mut line).map_err(LineError::Io)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    if line.len() > limit {
        return Err(LineError::TooLong { limit });
    }
    Ok(Some(line))
}

/// The line in upper case: of every script if it is UTF-8, else only the ASCII letters, and the other bytes as they are.
pub fn upper_case(line: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(line) {
        Ok(text) => text.to_uppercase().into_bytes(),
        Err(_) => line.to_ascii_uppercase(),
    }
}

/// Answers every line of a client until it finishes, takes too long over a line, or sends one that is too long. The
/// client is told of the last.
///
/// # Errors
/// What reading or writing gives; [`io::ErrorKind::InvalidData`] for the overlong line.
pub fn upper_lines(conn: Box<dyn Conn>, limits: &Limits, max_line: usize) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(BUFFER, conn);
    loop {
        limits.arm_read(&mut **reader.get_mut());
        let line = match read_line(&mut reader, max_line) {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(()),
            Err(error @ LineError::TooLong { .. }) => {
                say_last(&mut **reader.get_mut(), limits, format!("error: {error}\n").as_bytes())?;
                return Err(error.into());
            }
            Err(LineError::Io(error)) => return unless_idle(error),
        };
        let mut answer = upper_case(&line);
        answer.push(b'\n');
        let conn = reader.get_mut();
        limits.arm_write(&mut **conn);
        conn.write_all(&answer)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], limit: usize) -> Vec<String> {
        let mut reader = BufReader::with_capacity(3, text);
        let mut lines = Vec::new();
        loop {
            match read_line(&mut reader, limit) {
                Ok(Some(line)) => lines.push(String::from_utf8_lossy(&line).into_owned()),
                Ok(None) => return lines,
                Err(error) => {
                    lines.push(error.to_string());
                    return lines;
                }
            }
        }
    }

    #[test]
    fn lines_end_in_either_way_and_the_last_need_not_end() {
        assert_eq!(lines(b"one\ntwo\r\n\nlast", 10), ["one", "two", "", "last"]);
        assert_eq!(lines(b"a\rb\n", 10), ["a\rb"], "a carriage return inside a line is a character of it");
        assert_eq!(lines(b"", 10), [""; 0]);
    }

    #[test]
    fn the_limit_counts_the_lines_bytes_and_not_its_end() {
        assert_eq!(lines(b"12345\n12345\r\n12345", 5), ["12345", "12345", "12345"]);
        let too_long = "line longer than 5 bytes";
        for text in [&b"123456\n"[..], b"123456\r\n", b"123456", b"1234567", b"123456789"] {
            assert_eq!(lines(text, 5), [too_long], "{}", text.escape_ascii());
        }
        assert_eq!(lines(b"\n\n", 0), ["", ""]);
        assert_eq!(lines(b"x\n", usize::MAX), ["x"]);
    }

    #[test]
    fn an_endless_line_is_refused_without_reading_on() {
        let mut endless = BufReader::new(io::repeat(b'a'));
        assert!(matches!(read_line(&mut endless, 1024), Err(LineError::TooLong { limit: 1024 })));
    }

    #[test]
    fn upper_case_leaves_bytes_that_are_no_text() {
        assert_eq!(upper_case("grüße".as_bytes()), "GRÜSSE".as_bytes());
        assert_eq!(upper_case(b"\xffabc\xfe\x00"), b"\xffABC\xfe\x00");
    }
}
