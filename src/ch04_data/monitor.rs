//! Watching a connection: a writer that logs what is written to it.
//!
//! ```text
//!                 ┌──▶ monitor.incoming() ──▶ monitor: in  GET / HTTP/1.1
//! conn ─ TeeReader┴──▶ server
//!                 ┌──▶ monitor.outgoing() ──▶ monitor: out HTTP/1.1 200 OK
//! conn ◀ MultiWriter◀─ server
//! ```
//! A monitor is strict, as the book's first version is: if its log cannot be written, the traffic stops. The second version is
//! [`Monitor::tolerant`].
//!
//! Book: Listings 4-19 and 4-20, and the exercise behind them. The book logs the bytes as they come. They belong to a stranger:
//! an escape sequence among them would act on our terminal, and a newline would begin a line that we never wrote. So each
//! line of the traffic is a line of the log, with control characters escaped.

use std::io::{self, Write};

use super::tee::Tolerant;
use crate::base::log::{self, Logger};
use crate::base::show;

/// How bytes are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Text: a log line for each line. What is not UTF-8 becomes `\u{fffd}`.
    #[default]
    Lines,
    /// A single log line for each write, quoted and escaped, of at most [`MOST_ESCAPED_BYTES`]: shows where reads and writes
    /// were cut.
    Escaped,
    /// Sixteen bytes to a log line, in hexadecimal and ASCII.
    Hexdump,
}

/// What [`Form::Escaped`] shows of one write. A screen has about that many characters.
pub const MOST_ESCAPED_BYTES: usize = 1024;

/// A writer that logs. Clones write to the same log.
#[derive(Clone, Debug)]
pub struct Monitor {
    logger: Logger,
    label: &'static str,
    form: Form,
}

impl Monitor {
    /// A monitor on `sink`, such as standard output. Its lines begin with `monitor: `.
    pub fn new(sink: Box<dyn Write + Send>) -> Monitor {
        Monitor::over(Logger::new(sink, "monitor: ", log::NONE))
    }

    /// A monitor on a logger of one's own.
    pub fn over(logger: Logger) -> Monitor {
        Monitor { logger, label: "", form: Form::Lines }
    }

    /// This monitor in another form.
    #[must_use]
    pub fn with_form(mut self, form: Form) -> Monitor {
        self.form = form;
        self
    }

    /// This monitor with `in  ` before what it shows.
    pub fn incoming(&self) -> Monitor {
        Monitor { label: "in  ", ..self.clone() }
    }

    /// This monitor with `out ` before what it shows.
    pub fn outgoing(&self) -> Monitor {
        Monitor { label: "out ", ..self.clone() }
    }

    /// The logger below, for other remarks.
    pub fn logger(&self) -> &Logger {
        &self.logger
    }

    /// This monitor as a writer that never fails: what its log refuses is said to the standard logger instead.
    pub fn tolerant(self) -> Tolerant<'static, Monitor> {
        Tolerant::new(self, |error| log::standard().println(&format!("monitor: {error}")))
    }

    fn log(&self, line: &str) -> io::Result<()> {
        self.logger.try_println(&format!("{}{line}", self.label))
    }
}

impl Write for Monitor {
    /// # Errors
    /// The log's.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self.form {
            Form::Lines => {
                // The end of the last line is not the beginning of another.
                let text = buf.strip_suffix(b"\n").unwrap_or(buf);
                for line in text.split(|byte| *byte == b'\n') {
                    self.log(&show::printable(line.strip_suffix(b"\r").unwrap_or(line)))?;
                }
            }
            Form::Escaped => self.log(&show::escaped(buf, MOST_ESCAPED_BYTES))?,
            Form::Hexdump => {
                for line in show::hexdump(buf).lines() {
                    self.log(line)?;
                }
            }
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.logger.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    fn logged(form: Form, writes: &[&[u8]]) -> String {
        let paper = Paper::default();
        let mut monitor = Monitor::new(Box::new(paper.clone())).with_form(form);
        for bytes in writes {
            assert_eq!(monitor.write(bytes).unwrap(), bytes.len());
        }
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_line_of_the_traffic_is_a_line_of_the_log() {
        assert_eq!(logged(Form::Lines, &[b"Test\n"]), "monitor: Test\n");
        let request: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        let expected = "monitor: GET / HTTP/1.1\nmonitor: Host: x\nmonitor: \n";
        assert_eq!(logged(Form::Lines, &[request]), expected);
        assert_eq!(logged(Form::Lines, &[b"no end", b"!"]), "monitor: no end\nmonitor: !\n");
    }

    #[test]
    fn nothing_a_stranger_sends_reaches_the_terminal_as_a_command() {
        let sneaky = b"\x1b[2J\rmonitor: all is well\x07\x9b\xc2\x9b\ttab \xc3\xa4";
        let line = logged(Form::Lines, &[sneaky]);
        let expected = "monitor: \\u{1b}[2J\\rmonitor: all is well\\u{7}\u{fffd}\\u{9b}\ttab ä\n";
        assert_eq!(line, expected);
    }

    #[test]
    fn the_escaped_form_shows_each_write_and_the_hexdump_each_sixteen_bytes() {
        assert_eq!(logged(Form::Escaped, &[b"a\nb", b"\n"]), "monitor: \"a\\nb\"\nmonitor: \"\\n\"\n");
        let dump = logged(Form::Hexdump, &[b"0123456789abcdef\0"]);
        let lines: Vec<&str> = dump.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("monitor: 00000000  30 31"), "{dump}");
        assert!(lines[1].ends_with("|.|"), "{dump}");
    }

    #[test]
    fn the_directions_share_a_log_and_differ_in_their_label() {
        let paper = Paper::default();
        let monitor = Monitor::new(Box::new(paper.clone()));
        monitor.incoming().write_all(b"ping").unwrap();
        monitor.outgoing().write_all(b"pong").unwrap();
        assert_eq!(*paper.0.lock().unwrap(), b"monitor: in  ping\nmonitor: out pong\n");
    }

    #[test]
    fn a_monitor_whose_log_fails_is_strict_until_it_is_made_tolerant() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut monitor = Monitor::new(Box::new(Broken));
        assert_eq!(monitor.write(b"x").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(monitor.tolerant().write(b"x").unwrap(), 1);
    }
}
