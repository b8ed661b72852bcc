//! A sink: takes what clients send, prints or counts it, and answers nothing. It is `nc -lk 1902` with room for many.
//!
//! What clients say at the same time is printed line by line, so that no line is made of two. Printed to a terminal, control
//! characters are shown as escapes: else any client could clear the screen, or worse, of whoever watches.
//!
//! Notes: "Netcat TCP server"; chapter 4's network logger writes to it.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::limits::{Limits, unless_idle};
use crate::base::conn::Conn;

/// How much of a line is kept until its end comes. A longer one is printed in pieces.
const MAX_PENDING: usize = 64 * 1024;

/// Room for one read.
const BUFFER: usize = 8 * 1024;

/// Where what clients send goes.
pub struct Sink {
    output: Option<Mutex<Box<dyn Write + Send>>>,
    escape: bool,
    bytes: AtomicU64,
}

impl Sink {
    /// Prints to `output`; with `escape` control characters are made visible.
    pub fn printing(output: Box<dyn Write + Send>, escape: bool) -> Sink {
        Sink { output: Some(Mutex::new(output)), escape, bytes: AtomicU64::new(0) }
    }

    /// Only counts.
    pub fn counting() -> Sink {
        Sink { output: None, escape: false, bytes: AtomicU64::new(0) }
    }

    /// Bytes taken so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Takes what a client sends until it finishes or is idle for too long.
    ///
    /// # Errors
    /// What reading gives, or printing.
    pub fn take(&self, mut conn: Box<dyn Conn>, limits: &Limits) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        let mut pending = Vec::new();
        loop {
            limits.arm_read(&mut *conn);
            match conn.read(&mut buffer) {
                Ok(0) => return self.print(&mut pending),
                Ok(count) => self.keep(&mut pending, &buffer[..count])?,
                Err(error) => {
                    self.print(&mut pending)?;
                    return unless_idle(error);
                }
            }
        }
    }

    /// Takes a datagram. Each is printed as a line of its own.
    ///
    /// # Errors
    /// What printing gives.
    pub fn take_datagram(&self, bytes: &[u8]) -> io::Result<()> {
        let mut pending = Vec::new();
        self.keep(&mut pending, bytes)?;
        self.print(&mut pending)
    }

    /// Adds `bytes` to a client's unfinished line, and prints what is finished.
    fn keep(&self, pending: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if self.output.is_none() {
            return Ok(());
        }
        pending.extend_from_slice(bytes);
        let Some(end) = pending.iter().rposition(|byte| *byte == b'\n') else {
            return if pending.len() > MAX_PENDING { self.print(pending) } else { Ok(()) };
        };
        let unfinished = pending.split_off(end + 1);
        self.print(pending)?;
        *pending = unfinished;
        Ok(())
    }

    /// Prints `lines` in one piece, with an end if they have none, and empties it.
    fn print(&self, lines: &mut Vec<u8>) -> io::Result<()> {
        let Some(output) = &self.output else { return Ok(()) };
        if lines.is_empty() {
            return Ok(());
        }
        if lines.last() != Some(&b'\n') {
            lines.push(b'\n');
        }
        let shown = if self.escape { visible(lines) } else { std::mem::take(lines) };
        lines.clear();
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        output.write_all(&shown)?;
        output.flush()
    }
}

/// Control characters as `\x1b`, but for line ends and tabs. Text in UTF-8 stays text.
fn visible(bytes: &[u8]) -> Vec<u8> {
    let mut shown = String::with_capacity(bytes.len());
    for character in String::from_utf8_lossy(bytes).chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            control if control.is_control() => shown.push_str(&format!("\\x{:02x}", control as u32)),
            other => shown.push(other),
        }
    }
    shown.into_bytes()
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sink with {} bytes", self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(buf);
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_of_two_clients_are_not_mixed_and_the_last_gets_its_end() {
        let page = Page::default();
        let sink = Sink::printing(Box::new(page.clone()), false);
        let (mut ann, mut bob) = (Vec::new(), Vec::new());
        sink.keep(&mut ann, b"one tw").unwrap();
        sink.keep(&mut bob, b"alpha\nbe").unwrap();
        sink.keep(&mut ann, b"o\nthree").unwrap();
        sink.print(&mut ann).unwrap();
        sink.print(&mut bob).unwrap();
        assert_eq!(*page.0.lock().unwrap(), b"alpha\none two\nthree\nbe\n");
        assert_eq!(sink.bytes(), 21);
    }

    #[test]
    fn a_line_without_an_end_is_printed_in_pieces_and_does_not_fill_memory() {
        let sink = Sink::printing(Box::new(io::sink()), false);
        let mut pending = Vec::new();
        for _ in 0..100 {
            sink.keep(&mut pending, &[b'a'; 4096]).unwrap();
            assert!(pending.len() <= MAX_PENDING);
        }
    }

    #[test]
    fn escapes_for_a_terminal_are_shown_and_not_obeyed() {
        assert_eq!(visible(b"\x1b[2Jgr\xc3\xbc\xc3\x9fe\t\x00\n"), "\\x1b[2Jgrüße\t\\x00\n".as_bytes());
        assert_eq!(visible(b"\xc2\x9b2J\x7f"), b"\\x9b2J\\x7f", "the one-character form of ESC [");
    }
}
