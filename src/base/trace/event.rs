//! One event: its kinds, its line in a trace file, its line on a terminal.

use std::fmt;
use std::time::Duration;

use crate::base::show;

/// What kind of thing happened. The tour draws each kind its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A connection stands: the handshake is done (seen by the dialler).
    Connected,
    /// A listener handed out a connection (seen by the server).
    Accepted,
    /// Bytes were given to the connection.
    Sent,
    /// Bytes were taken from the connection.
    Received,
    /// This side will send no more: FIN.
    Finished,
    /// The other side will send no more: `read` gave zero.
    EndOfStream,
    /// The connection was torn down: RST, a broken pipe, an interrupt.
    Broken,
    /// A deadline passed.
    TimedOut,
    /// Something one party did or decided by itself.
    Note,
}

const KINDS: [(Kind, &str); 9] = [
    (Kind::Connected, "connected"),
    (Kind::Accepted, "accepted"),
    (Kind::Sent, "sent"),
    (Kind::Received, "received"),
    (Kind::Finished, "finished"),
    (Kind::EndOfStream, "end-of-stream"),
    (Kind::Broken, "broken"),
    (Kind::TimedOut, "timed-out"),
    (Kind::Note, "note"),
];

impl Kind {
    /// The word for this kind in a trace line.
    pub fn word(self) -> &'static str {
        for (kind, word) in KINDS {
            if kind == self {
                return word;
            }
        }
        "note"
    }

    /// The kind that `word` names.
    pub fn from_word(word: &str) -> Option<Kind> {
        for (kind, known) in KINDS {
            if known == word {
                return Some(kind);
            }
        }
        None
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Time since the process first asked whether tracing is on, which is before its first event.
    pub at: Duration,
    /// The chapter whose code speaks: `ch03`. `base` for connections used outside any chapter.
    pub chapter: String,
    /// What kind of thing.
    pub kind: Kind,
    /// The party that acted. For [`Kind::Received`] and [`Kind::EndOfStream`] the party that *sent*.
    pub from: String,
    /// The party acted upon; empty for a note.
    pub to: String,
    /// The decoded meaning, where a codec knows it; a note's text.
    pub text: String,
    /// The first [`MAX_EVENT_BYTES`] of the bytes that moved.
    pub bytes: Vec<u8>,
    /// How many bytes moved in all.
    pub length: usize,
}

/// How many bytes of a message an event keeps. A picture shows a line; sixteen mebibytes in every event would fill memory.
pub const MAX_EVENT_BYTES: usize = 256;

impl Event {
    /// The event as one line of eight fields between tabs: microseconds, chapter, kind, from, to, length, bytes in
    /// hexadecimal, text. Control characters in names and text are escaped, so the line stays one line.
    pub fn to_line(&self) -> String {
        let mut hex = String::with_capacity(self.bytes.len() * 2);
        for byte in &self.bytes {
            hex.push_str(&format!("{byte:02x}"));
        }
        format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            self.at.as_micros(),
            one_line(&self.chapter),
            self.kind.word(),
            one_line(&self.from),
            one_line(&self.to),
            self.length,
            hex,
            one_line(&self.text)
        )
    }

    /// Reads a line written by [`Event::to_line`]; `None` if it is not one.
    pub fn from_line(line: &str) -> Option<Event> {
        let mut fields = line.splitn(8, '\t');
        let at = Duration::from_micros(fields.next()?.parse().ok()?);
        let chapter = fields.next()?.to_string();
        let kind = Kind::from_word(fields.next()?)?;
        let from = fields.next()?.to_string();
        let to = fields.next()?.to_string();
        let length = fields.next()?.parse().ok()?;
        let bytes = bytes_from_hex(fields.next()?)?;
        let text = fields.next()?.to_string();
        Some(Event { at, chapter, kind, from, to, text, bytes, length })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.at.as_secs_f64() * 1000.0;
        write!(f, "{millis:10.3} ms  {}  ", self.chapter)?;
        match self.kind {
            Kind::Note => return write!(f, "{}: {}", self.from, one_line(&self.text)),
            Kind::Accepted => write!(f, "{} accepts {}", self.from, self.to)?,
            Kind::Connected => write!(f, "{} is connected to {}", self.from, self.to)?,
            Kind::Finished => write!(f, "{} > {}  FIN", self.from, self.to)?,
            Kind::EndOfStream => write!(f, "{} < {}  end of stream", self.to, self.from)?,
            Kind::Broken => write!(f, "{} x {}", self.from, self.to)?,
            Kind::TimedOut => write!(f, "{}: deadline passed, waiting for {}", self.from, self.to)?,
            Kind::Sent => {
                let shown = show::escaped(&self.bytes, LINE_BYTES);
                write!(f, "{} > {}  {} bytes {shown}", self.from, self.to, self.length)?;
            }
            Kind::Received => {
                let shown = show::escaped(&self.bytes, LINE_BYTES);
                write!(f, "{} < {}  {} bytes {shown}", self.to, self.from, self.length)?;
            }
        }
        if !self.text.is_empty() {
            write!(f, "  ({})", one_line(&self.text))?;
        }
        Ok(())
    }
}

/// Bytes shown in a terminal line.
const LINE_BYTES: usize = 48;

fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => line.push_str("\\t"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            c if c.is_control() => line.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => line.push(c),
        }
    }
    line
}

fn bytes_from_hex(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes();
    if digits.len() % 2 != 0 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.chunks(2) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        bytes.push((high * 16 + low) as u8);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event {
            at: Duration::from_micros(1500),
            chapter: "ch03".into(),
            kind: Kind::Sent,
            from: "client".into(),
            to: "server".into(),
            text: "a ping\twith a tab".into(),
            bytes: b"ping\n".to_vec(),
            length: 5,
        }
    }

    #[test]
    fn an_event_survives_its_line_and_stays_one_line() {
        let line = event().to_line();
        assert_eq!(line.matches('\t').count(), 7);
        let back = Event::from_line(&line).unwrap();
        assert_eq!(back.bytes, b"ping\n");
        assert_eq!(back.text, "a ping\\twith a tab");
        assert_eq!((back.kind, back.length, back.at), (Kind::Sent, 5, Duration::from_micros(1500)));
    }

    #[test]
    fn a_line_that_is_no_event_is_refused() {
        for line in [
            "",
            "1\t2",
            "x\tch03\tsent\ta\tb\t1\t00\t",
            "1\tch03\tflew\ta\tb\t1\t00\t",
            "1\tch03\tsent\ta\tb\t1\t0\t",
        ] {
            assert_eq!(Event::from_line(line), None, "{line:?}");
        }
    }

    #[test]
    fn every_kind_has_its_word() {
        for (kind, word) in KINDS {
            assert_eq!(Kind::from_word(word), Some(kind));
            assert_eq!(kind.word(), word);
        }
    }
}
