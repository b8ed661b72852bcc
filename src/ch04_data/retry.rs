//! Writing again after an error that passes.
//!
//! Some errors are about this moment, others about this connection. After a time-out the connection still stands, and the
//! same write may succeed a little later. After a reset it never will. [`is_temporary`] tells them apart.
//!
//! ```text
//! write ──ok, all──────────────────────▶ done
//!   ▲  └──ok, some──▶ write the rest at once
//!   │  └──temporary──▶ pause ──┐
//!   │                          │ tries left
//!   └──────────────────────────┘
//!      └──permanent, or no tries left──▶ error
//! ```
//! Book: Listing 4-13. Unlike the book we go on behind the bytes already taken; the book sends the whole message again, and
//! the peer would see its beginning twice. We also do not pause after the last failure, when nothing follows.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use crate::base::cancel::{Cancel, Cause};
use crate::base::conn::ConnWrite;
use crate::base::deadline::Deadline;
use crate::base::trace;
use crate::ch03_tcp::error::is_temporary;

/// How often to try, and how long to wait in between. The default is the book's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Writes that may fail before we give up. Zero counts as one.
    pub tries: u32,
    /// How long to wait after a failure.
    pub pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy { tries: 7, pause: Duration::from_secs(10) }
    }
}

/// Why not all bytes were written.
#[derive(Debug)]
pub enum RetryError {
    /// The connection failed for good.
    Permanent {
        /// Bytes the connection had taken.
        written: usize,
        /// What the connection said.
        source: io::Error,
    },
    /// All tries met a temporary error.
    ThresholdExceeded {
        /// Bytes the connection had taken.
        written: usize,
        /// How many writes failed.
        tries: u32,
        /// What the last one said.
        source: io::Error,
    },
    /// The token ended during a pause.
    Cancelled {
        /// Bytes the connection had taken.
        written: usize,
        /// Why the token ended.
        cause: Cause,
    },
}

impl RetryError {
    /// How many bytes the connection had taken. What became of them only the peer knows.
    pub fn written(&self) -> usize {
        match self {
            RetryError::Permanent { written, .. }
            | RetryError::ThresholdExceeded { written, .. }
            | RetryError::Cancelled { written, .. } => *written,
        }
    }
}

impl fmt::Display for RetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RetryError::Permanent { written, source } => {
                write!(f, "permanent write failure after {written} bytes: {source}")
            }
            RetryError::ThresholdExceeded { written, tries, source } => {
                write!(f, "temporary write failure threshold exceeded: ")?;
                write!(f, "{tries} writes failed, {written} bytes went out; the last said: {source}")
            }
            RetryError::Cancelled { written, cause } => {
                write!(f, "writing was given up after {written} bytes: {cause}")
            }
        }
    }
}

impl std::error::Error for RetryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RetryError::Permanent { source, .. } | RetryError::ThresholdExceeded { source, .. } => {
                Some(source)
            }
            RetryError::Cancelled { cause, .. } => Some(cause),
        }
    }
}

/// Writes all of `bytes`: how many that were. `cancel` ends a pause.
///
/// Mind that a deadline is a moment: once it has passed, every further try fails at once. [`send_with_retry`] sets a new
/// one for each.
///
/// # Errors
/// A [`RetryError`]: permanent at the first error that is not temporary, a write that takes nothing among them.
pub fn write_with_retry(
    writer: &mut dyn Write,
    bytes: &[u8],
    policy: &RetryPolicy,
    cancel: &Cancel,
) -> Result<usize, RetryError> {
    let mut written = 0;
    let mut failures = 0;
    while written < bytes.len() {
        let error = match writer.write(&bytes[written..]) {
            Ok(0) => io::ErrorKind::WriteZero.into(),
            Ok(count) => {
                written += count;
                continue;
            }
            // Nothing to wait for: a signal came, that is all.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => error,
        };
        if !is_temporary(&error) {
            return Err(RetryError::Permanent { written, source: error });
        }
        failures += 1;
        trace::note(|| format!("temporary error {failures} of at most {}: {error}", policy.tries));
        if failures >= policy.tries {
            return Err(RetryError::ThresholdExceeded { written, tries: failures, source: error });
        }
        cancel.sleep(policy.pause).map_err(|cause| RetryError::Cancelled { written, cause })?;
    }
    Ok(written)
}

/// [`write_with_retry`] on a connection, where each try may take as long as `patience`. Afterwards the connection has no
/// write deadline: the last one would make later writes fail.
///
/// # Errors
/// As [`write_with_retry`].
pub fn send_with_retry(
    conn: &mut dyn ConnWrite,
    bytes: &[u8],
    patience: Duration,
    policy: &RetryPolicy,
    cancel: &Cancel,
) -> Result<usize, RetryError> {
    let mut patient = Patient { conn, patience };
    let outcome = write_with_retry(&mut patient, bytes, policy, cancel);
    conn.set_write_deadline(Deadline::NEVER);
    outcome
}

/// Gives every write a deadline of its own.
struct Patient<'a> {
    conn: &'a mut dyn ConnWrite,
    patience: Duration,
}

impl Write for Patient<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.conn.set_write_deadline(Deadline::after(self.patience));
        self.conn.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.conn.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Instant;

    const SWIFT: RetryPolicy = RetryPolicy { tries: 7, pause: Duration::from_millis(1) };

    /// Answers each write as its script says, from the last entry to the first; then takes everything.
    #[derive(Default)]
    struct Flaky {
        script: Vec<io::Result<usize>>,
        taken: Vec<u8>,
        writes: usize,
    }

    impl Write for Flaky {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            let count = self.script.pop().unwrap_or(Ok(buf.len()))?;
            self.taken.extend_from_slice(&buf[..count]);
            Ok(count)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn timed_out() -> io::Result<usize> {
        Err(io::ErrorKind::TimedOut.into())
    }

    #[test]
    fn the_books_numbers_are_the_default() {
        assert_eq!(RetryPolicy::default(), RetryPolicy { tries: 7, pause: Duration::from_secs(10) });
    }

    #[test]
    fn after_a_partial_write_it_goes_on_where_it_was() {
        let script = vec![Ok(2), timed_out(), timed_out(), Ok(5), timed_out()];
        let mut writer = Flaky { script, ..Flaky::default() };
        let written = write_with_retry(&mut writer, b"hello world", &SWIFT, &Cancel::new()).unwrap();
        assert_eq!((written, writer.taken.as_slice(), writer.writes), (11, &b"hello world"[..], 6));
    }

    #[test]
    fn the_seventh_failure_is_the_last_and_six_pauses_lie_between() {
        let mut writer = Flaky { script: (0..7).map(|_| timed_out()).collect(), ..Flaky::default() };
        let begin = Instant::now();
        let error = write_with_retry(&mut writer, b"hello world", &SWIFT, &Cancel::new()).unwrap_err();
        assert!(begin.elapsed() >= 6 * SWIFT.pause);
        assert_eq!((writer.writes, error.written()), (7, 0));
        assert!(error.to_string().starts_with("temporary write failure threshold exceeded"), "{error}");
    }

    #[test]
    fn a_permanent_error_fails_at_once_and_says_how_far_it_came() {
        for kind in [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset] {
            let mut writer = Flaky { script: vec![Err(kind.into()), Ok(4)], ..Flaky::default() };
            let slow = RetryPolicy::default();
            let error = write_with_retry(&mut writer, b"hello world", &slow, &Cancel::new()).unwrap_err();
            assert!(matches!(&error, RetryError::Permanent { written: 4, source } if source.kind() == kind));
            assert_eq!(writer.writes, 2);
        }
        let mut full = Flaky { script: vec![Ok(0)], ..Flaky::default() };
        let error = write_with_retry(&mut full, b"x", &SWIFT, &Cancel::new()).unwrap_err();
        assert!(
            matches!(error, RetryError::Permanent { source, .. } if source.kind() == io::ErrorKind::WriteZero)
        );
    }

    #[test]
    fn an_interrupted_call_is_neither_paused_nor_counted() {
        let script = (0..20).map(|_| Err(io::ErrorKind::Interrupted.into())).collect();
        let mut writer = Flaky { script, ..Flaky::default() };
        let slow = RetryPolicy { tries: 1, pause: Duration::from_secs(60) };
        assert_eq!(write_with_retry(&mut writer, b"x", &slow, &Cancel::new()).unwrap(), 1);
    }

    #[test]
    fn a_pause_ends_when_it_is_cancelled() {
        let mut writer = Flaky { script: vec![timed_out(), Ok(3)], ..Flaky::default() };
        let cancel = Cancel::new();
        let canceller = cancel.clone();
        let begin = Instant::now();
        let thread = thread::spawn(move || canceller.cancel());
        let slow = RetryPolicy { tries: 7, pause: Duration::from_secs(60) };
        let error = write_with_retry(&mut writer, b"hello", &slow, &cancel).unwrap_err();
        thread.join().unwrap();
        assert!(matches!(error, RetryError::Cancelled { written: 3, cause: Cause::Cancelled }), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(30));
    }
}
