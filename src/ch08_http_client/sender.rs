//! Sending the body of a request.
//!
//! One in memory and short goes out with the head. Any other is sent by a thread of its own, so that the caller's thread can read:
//! a server may answer before it has everything (413, say), or read no more until somebody reads what it sends. The thread also
//! waits for a body whose reader blocks, and the caller's token works all the while.

use std::io::{self, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::body::Body;
use super::chunked;
use super::error::{HttpError, MessageError};
use super::header::Header;
use crate::base::conn::{ConnWrite, Interrupter};
use crate::base::thread;

/// Bytes read and sent at a time.
const BUFFER: usize = 32 * 1024;

/// How long the end of an exchange waits for a sender that is done but for saying so.
const LAST_WORD: Duration = Duration::from_millis(50);

/// A body under way. Dropping it does not stop it; closing the connection does.
pub struct Sender {
    outcome: Receiver<Sent>,
    sent: Option<Sent>,
}

/// What a sender leaves.
pub struct Sent {
    /// The connection's writer, for the next request.
    pub writer: Box<dyn ConnWrite>,
    /// Whether all of the body went out.
    pub result: Result<(), SendError>,
    /// When it was done.
    pub at: Instant,
}

/// Whose fault it is that a body could not be sent.
#[derive(Debug)]
pub enum SendError {
    /// The body's: it could not be read, or it has not the length it said.
    Body(MessageError),
    /// The connection's: the server has closed it, or is slow.
    Connection(io::Error),
}

impl SendError {
    /// The body's own failure, for the caller who made it; the connection's is for whoever reads from it to tell.
    fn own(&mut self) -> Option<HttpError> {
        let SendError::Body(error) = self else { return None };
        // Told once. Somebody who asks again hears of the length, not of an I/O error that cannot be copied.
        let told = std::mem::replace(error, MessageError::WrongLength { announced: 0, given: 0 });
        Some(HttpError::Request(told))
    }
}

impl Sender {
    /// Begins to send. If it fails for the body's sake, it interrupts the connection: the server waits for bytes that never
    /// come, and the reader for a response that never comes. A connection that fails is left alone: the response that explains
    /// it may be there to be read.
    ///
    /// # Errors
    /// The system's, when it has no thread to give.
    pub fn start(
        mut writer: Box<dyn ConnWrite>,
        mut body: Body,
        trailer: Header,
        interrupter: Interrupter,
    ) -> io::Result<Sender> {
        let (report, outcome) = mpsc::channel();
        thread::spawn("http-send", move || {
            let result = send_caught(&mut writer, &mut body, &trailer);
            let for_the_body = matches!(result, Err(SendError::Body(_)));
            // Nobody may be left to care.
            let _ = report.send(Sent { writer, result, at: Instant::now() });
            if for_the_body {
                interrupter.interrupt();
            }
        })?;
        Ok(Sender { outcome, sent: None })
    }

    /// What it leaves, if it is done within `wait`.
    pub fn done_within(&mut self, wait: Duration) -> Option<&mut Sent> {
        if self.sent.is_none() {
            self.sent = self.outcome.recv_timeout(wait).ok();
        }
        self.sent.as_mut()
    }

    /// The body's own failure, if there was one so far.
    pub fn own_failure(&mut self) -> Option<HttpError> {
        match &mut self.done_within(Duration::ZERO)?.result {
            Err(error) => error.own(),
            Ok(()) => None,
        }
    }

    /// What it leaves, if it is done or about to be: a server that has read all of a body may answer before the thread that sent
    /// the last of it has said so.
    pub fn finish(mut self) -> Option<Sent> {
        self.done_within(LAST_WORD);
        self.sent
    }
}

/// As [`send`]. A reader that panics has failed: whoever waits for the response must hear of it, for the server waits for the rest.
fn send_caught(writer: &mut dyn Write, body: &mut Body, trailer: &Header) -> Result<(), SendError> {
    // Neither the writer nor the body is used again after a panic.
    panic::catch_unwind(AssertUnwindSafe(|| send(writer, body, trailer)))
        .unwrap_or_else(|_| Err(SendError::Body(io::Error::other("its reader panicked").into())))
}

/// Sends all of `body`, as its head announced it: by its length, or in chunks.
///
/// # Errors
/// [`SendError::Body`] with [`MessageError::WrongLength`] if it is shorter or longer than it said, or with the error of reading
/// it; [`SendError::Connection`] when writing fails.
pub fn send(writer: &mut dyn Write, body: &mut Body, trailer: &Header) -> Result<(), SendError> {
    let announced = body.length();
    let mut buf = vec![0; BUFFER];
    let mut given: u64 = 0;
    loop {
        let count = match body.read(&mut buf) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(SendError::Body(error.into())),
        };
        given += count as u64;
        let written = match announced {
            Some(announced) if given > announced => return Err(wrong_length(announced, given)),
            Some(_) => writer.write_all(&buf[..count]),
            None => chunked::write_chunk(writer, &buf[..count]),
        };
        written.map_err(SendError::Connection)?;
    }
    match announced {
        Some(announced) if given < announced => return Err(wrong_length(announced, given)),
        Some(_) => {}
        None => chunked::write_last_chunk(writer, trailer).map_err(SendError::Connection)?,
    }
    writer.flush().map_err(SendError::Connection)
}

fn wrong_length(announced: u64, given: u64) -> SendError {
    SendError::Body(MessageError::WrongLength { announced, given })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(mut body: Body) -> Result<String, SendError> {
        let mut out = Vec::new();
        send(&mut out, &mut body, &Header::from([("Sum", "5")]))?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_known_length_goes_as_it_is_and_an_unknown_one_in_chunks_with_the_trailer() {
        assert_eq!(sent(Body::sized(&b"hello"[..], 5)).unwrap(), "hello");
        assert_eq!(sent(Body::stream(&b"hello"[..])).unwrap(), "5\r\nhello\r\n0\r\nSum: 5\r\n\r\n");
    }

    #[test]
    fn a_reader_that_has_more_or_less_than_it_said_is_found_before_the_server_is_misled() {
        for (announced, given) in [(4, 5), (6, 5)] {
            let error = sent(Body::sized(&b"hello"[..], announced)).unwrap_err();
            let SendError::Body(MessageError::WrongLength { announced: a, given: g }) = error else {
                panic!("{error:?}")
            };
            assert_eq!((a, g), (announced, given));
        }
    }

    #[test]
    fn a_body_that_cannot_be_read_is_told_from_a_connection_that_cannot_be_written() {
        struct Bad;
        impl Read for Bad {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk"))
            }
        }
        assert!(matches!(sent(Body::stream(Bad)), Err(SendError::Body(MessageError::Io(_)))));
        let mut full = &mut [0u8; 2][..];
        let outcome = send(&mut full, &mut Body::from("hello"), &Header::new());
        assert!(matches!(outcome, Err(SendError::Connection(_))));
    }
}
