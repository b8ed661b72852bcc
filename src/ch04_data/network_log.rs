//! A log that goes to a remote port, as an event stream that somebody else keeps.
//!
//! ```text
//! logger ──▶ BufWriter ──▶ TCP ──▶ nc -lk 1902
//!                 (no listener) ──▶ standard error
//! [example]2025/09/06 main.rs:12: This is a regular message
//! ```
//! Lines wait in the buffer until there are 8 KiB of them, until [`Logger::flush`], or until the logger is dropped. That is
//! what makes the *end* of the program matter:
//!
//! | the program ends by | destructors | the last lines |
//! |---|---|---|
//! | return, or a panic that unwinds ([`Logger::panicln`]) | run | arrive |
//! | [`Logger::fatalln`] | do not run | arrive: it flushes its own sink first |
//! | [`std::process::exit`], `abort`, a signal | do not run | are lost |
//!
//! Notes on TCP and UDP logging. There the connection is not buffered at all, and `Fatal` loses nothing by it; the text
//! speaks of a buffer all the same, and here there is one. The logger must live in the thread that unwinds: when another
//! thread holds a clone, nothing is dropped.
//!
//! TCP tells a sender late that nobody reads any more. Lines that a dead collector never read are gone without an error.

use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::time::Duration;

use crate::base::cancel::Cancel;
use crate::base::conn::ConnWrite;
use crate::base::connect::connect;
use crate::base::deadline::Deadline;
use crate::base::log::{self, LogFlags, Logger};

/// What a line shows: the date, and where in the source it was logged.
pub fn line_form() -> LogFlags {
    log::DATE | log::SHORT_FILE
}

/// How long a write may wait for a collector that has stopped reading. A log must not stop the program it tells about.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A logger to the collector at `address`, with `prefix` before each line.
///
/// # Errors
/// As [`connect`]: [`io::ErrorKind::ConnectionRefused`] where nobody listens, [`io::ErrorKind::TimedOut`] after [`PATIENCE`].
pub fn to_collector(address: SocketAddr, prefix: &str) -> io::Result<Logger> {
    let conn = connect(address, Deadline::after(PATIENCE), &Cancel::new())?;
    let sink = BufWriter::new(Collector { conn });
    Ok(Logger::new(Box::new(sink), prefix, line_form()))
}

/// The same, but without a collector the lines go to standard error, where the first of them says why. The notes panic
/// here; a program that runs without its log's collector is of more use than one that does not run.
pub fn to_collector_or_stderr(address: SocketAddr, prefix: &str) -> Logger {
    to_collector_or(address, prefix, Box::new(io::stderr()))
}

/// The same with a fallback of one's own.
pub fn to_collector_or(address: SocketAddr, prefix: &str, fallback: Box<dyn Write + Send>) -> Logger {
    match to_collector(address, prefix) {
        Ok(logger) => logger,
        Err(error) => {
            let logger = Logger::new(fallback, prefix, line_form());
            logger.println(&format!("no log collector at {address} ({error}); logging here instead"));
            logger
        }
    }
}

/// The connection, with a deadline for each write.
struct Collector<C> {
    conn: C,
}

impl<C: ConnWrite> Write for Collector<C> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.conn.set_write_deadline(Deadline::after(PATIENCE));
        self.conn.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.conn.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(buf)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn without_a_collector_the_first_line_of_the_fallback_says_why() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = to_collector(address, "[example]").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);

        let paper = Paper::default();
        let logger = to_collector_or(address, "[example]", Box::new(paper.clone()));
        logger.println("still running");
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains(&format!("no log collector at {address}")), "{text}");
        assert!(lines[1].ends_with("still running"), "{text}");
    }
}
