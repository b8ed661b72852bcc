//! Go's `log` package: a line with a prefix, the time and the place in the source, in one write.
//!
//! ```text
//! [example] 2009/01/23 01:23:23.123123 main.rs:23: message peer=127.0.0.1:5000
//! prefix    DATE       TIME MICROS…    SHORT_FILE  message pairs
//! ```
//! A line is given to the sink in a single `write_all`, so lines of several threads do not mix, and on a datagram socket
//! or a pipe one line is one message. Times are UTC, where Go writes local time: the logs of two machines can be laid
//! side by side.
//!
//! [`Logger::panicln`] unwinds and so runs destructors: a `BufWriter` on the way writes what it holds.
//! [`Logger::fatalln`] ends the process on the spot and runs none: only the logger's own sink is flushed.
//!
//! Book: the standard logger in many listings; chapter 13 puts a structured logger in its place.

use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};
use std::ops::BitOr;
use std::panic::Location;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::calendar::Timestamp;

/// What a line says besides the message: some of [`DATE`], [`TIME`] and so on, joined with `|`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFlags(u8);

/// Nothing but prefix and message.
pub const NONE: LogFlags = LogFlags(0);
/// The date: `2009/01/23`.
pub const DATE: LogFlags = LogFlags(1);
/// The time: `01:23:23`.
pub const TIME: LogFlags = LogFlags(2);
/// The time with microseconds: `01:23:23.123123`.
pub const MICROSECONDS: LogFlags = LogFlags(4);
/// The file as the compiler knows it, and the line: `src/bin/main.rs:23`.
pub const LONG_FILE: LogFlags = LogFlags(8);
/// The file without directories, and the line: `main.rs:23`. Goes before [`LONG_FILE`].
pub const SHORT_FILE: LogFlags = LogFlags(16);
/// The prefix stands before the message and not at the start of the line.
pub const MSG_PREFIX: LogFlags = LogFlags(32);
/// What the standard logger shows: [`DATE`] and [`TIME`].
pub const STD: LogFlags = LogFlags(DATE.0 | TIME.0);

impl LogFlags {
    /// Whether one of `others` is among these.
    pub fn has_any(self, others: LogFlags) -> bool {
        self.0 & others.0 != 0
    }
}

impl BitOr for LogFlags {
    type Output = LogFlags;

    fn bitor(self, other: LogFlags) -> LogFlags {
        LogFlags(self.0 | other.0)
    }
}

/// Writes lines to a sink. Clones write to the same sink with the same prefix and flags.
///
/// A sink must not log to its own logger: it would wait for itself for ever.
#[derive(Clone)]
pub struct Logger {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    sink: Box<dyn Write + Send>,
    prefix: String,
    flags: LogFlags,
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.lock();
        f.debug_struct("Logger").field("prefix", &shared.prefix).field("flags", &shared.flags).finish()
    }
}

/// The logger of the process, on standard error with [`STD`] and no prefix.
pub fn standard() -> &'static Logger {
    static STANDARD: OnceLock<Logger> = OnceLock::new();
    STANDARD.get_or_init(|| Logger::new(Box::new(io::stderr()), "", STD))
}

impl Logger {
    /// A logger that writes to `sink`.
    pub fn new(sink: Box<dyn Write + Send>, prefix: &str, flags: LogFlags) -> Logger {
        let shared = Shared { sink, prefix: prefix.to_string(), flags };
        Logger { shared: Arc::new(Mutex::new(shared)) }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A sink that panicked in another thread is no reason to stop logging here.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the prefix, for all clones.
    pub fn set_prefix(&self, prefix: &str) {
        self.lock().prefix = prefix.to_string();
    }

    /// Changes what a line shows, for all clones.
    pub fn set_flags(&self, flags: LogFlags) {
        self.lock().flags = flags;
    }

    /// Writes to another sink from now on, in all clones. The old one is dropped.
    pub fn set_sink(&self, sink: Box<dyn Write + Send>) {
        let before = std::mem::replace(&mut self.lock().sink, sink);
        // Behind the lock: dropping may write, and take its time.
        drop(before);
    }

    /// Logs a line. A sink that fails is not news to the caller: a server goes on when nobody reads its log. Where it
    /// matters there is [`Logger::try_println`].
    ///
    /// A newline is put at the end if the message has none. Other newlines stay, as in Go, so text from a peer belongs
    /// into [`Logger::println_with`], which escapes it: otherwise the peer writes log lines of its own.
    #[track_caller]
    pub fn println(&self, message: &str) {
        let _ = self.write_line(Location::caller(), message, &[]);
    }

    /// Logs a line and says whether the sink took it.
    ///
    /// # Errors
    /// The sink's.
    #[track_caller]
    pub fn try_println(&self, message: &str) -> io::Result<()> {
        self.write_line(Location::caller(), message, &[])
    }

    /// Logs a message and what belongs to it, as `key=value`: `lost peer=127.0.0.1:5000 kind="timed out"`. A value that is
    /// empty or has spaces, quotes, equals signs or control characters is quoted and escaped.
    #[track_caller]
    pub fn println_with(&self, message: &str, pairs: &[(&str, &dyn Display)]) {
        let _ = self.write_line(Location::caller(), message, pairs);
    }

    /// Logs the message, then panics with it. Destructors run while the thread unwinds.
    ///
    /// # Panics
    /// Always.
    #[track_caller]
    pub fn panicln(&self, message: &str) -> ! {
        self.println(message);
        // The lock is free again, and not poisoned.
        panic!("{message}");
    }

    /// Logs the message, flushes the sink, and ends the process with exit code 1. No destructor runs, in no thread: what
    /// other buffers hold is lost. For the start of programs, not for a connection's handler.
    #[track_caller]
    pub fn fatalln(&self, message: &str) -> ! {
        self.println(message);
        let _ = self.flush();
        process::exit(1);
    }

    /// Flushes the sink.
    ///
    /// # Errors
    /// The sink's.
    pub fn flush(&self) -> io::Result<()> {
        self.lock().sink.flush()
    }

    fn write_line(
        &self,
        place: &Location<'_>,
        message: &str,
        pairs: &[(&str, &dyn Display)],
    ) -> io::Result<()> {
        // Before the lock: a value's Display may be slow, or log.
        let text = with_pairs(message, pairs);
        let mut shared = self.lock();
        // Behind the lock: so the times of the lines ascend.
        let line = shared.line(&Timestamp::now(), place.file(), place.line(), &text);
        shared.sink.write_all(line.as_bytes())
    }
}

impl Shared {
    fn line(&self, now: &Timestamp, file: &str, line: u32, message: &str) -> String {
        let mut text = String::with_capacity(self.prefix.len() + message.len() + 64);
        if !self.flags.has_any(MSG_PREFIX) {
            text.push_str(&self.prefix);
        }
        self.push_time(&mut text, now);
        self.push_place(&mut text, file, line);
        if self.flags.has_any(MSG_PREFIX) {
            text.push_str(&self.prefix);
        }
        text.push_str(message);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    fn push_time(&self, text: &mut String, now: &Timestamp) {
        let date_and_time = now.log_time();
        let (date, time) = date_and_time.split_once(' ').unwrap_or_default();
        if self.flags.has_any(DATE) {
            text.push_str(date);
            text.push(' ');
        }
        if self.flags.has_any(TIME | MICROSECONDS) {
            text.push_str(time);
            if self.flags.has_any(MICROSECONDS) {
                text.push_str(&format!(".{:06}", now.nanos / 1_000));
            }
            text.push(' ');
        }
    }

    fn push_place(&self, text: &mut String, file: &str, line: u32) {
        if self.flags.has_any(SHORT_FILE) {
            let short = file.rsplit(['/', '\\']).next().unwrap_or(file);
            text.push_str(&format!("{short}:{line}: "));
        } else if self.flags.has_any(LONG_FILE) {
            text.push_str(&format!("{file}:{line}: "));
        }
    }
}

fn with_pairs(message: &str, pairs: &[(&str, &dyn Display)]) -> String {
    if pairs.is_empty() {
        return message.to_string();
    }
    let mut text = message.strip_suffix('\n').unwrap_or(message).to_string();
    for (key, value) in pairs {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(key);
        text.push('=');
        push_value(&mut text, *value);
    }
    text
}

fn push_value(text: &mut String, value: &dyn Display) {
    let mut plain = String::new();
    // A Display that fails has written what it could; a log line is not the place to panic over it.
    let _ = write!(plain, "{value}");
    let quoted = format!("{plain:?}");
    let is_escaped = quoted.len() != plain.len() + 2;
    if plain.is_empty() || is_escaped || plain.contains(|c: char| c == '=' || c.is_whitespace()) {
        text.push_str(&quoted);
    } else {
        text.push_str(&plain);
    }
}

#[cfg(test)]
mod tests;
