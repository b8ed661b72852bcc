//! Why bytes are no JSON, and where they stop being it.

use std::error::Error;
use std::fmt;
use std::io;

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// The input ended where this should have come.
    Ended {
        /// What should have come.
        wanted: &'static str,
    },
    /// A byte that cannot stand here.
    Unexpected {
        /// The byte.
        came: u8,
        /// What should have come.
        wanted: &'static str,
    },
    /// More than blanks behind the one value of a document.
    Trailing {
        /// The first byte of it.
        came: u8,
    },
    /// A number such as `01`.
    LeadingZero,
    /// A number longer than [`super::MAX_NUMBER_BYTES`].
    NumberTooLong,
    /// A backslash with a letter behind it that RFC 8259 section 7 does not list.
    UnknownEscape {
        /// The letter.
        came: u8,
    },
    /// `\u` without four hexadecimal digits.
    BadUnicodeEscape,
    /// One half of a surrogate pair alone: no character.
    LoneSurrogate {
        /// The half.
        half: u16,
    },
    /// A control character in a string, which must be escaped.
    ControlCharacter {
        /// The character.
        came: u8,
    },
    /// Bytes in a string that are no UTF-8.
    NotUtf8,
    /// A byte order mark, which RFC 8259 section 8.1 forbids to write.
    ByteOrderMark,
    /// A key twice in one object, where that is refused. The place is the object's end.
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// More arrays and objects inside each other than the limit allows.
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More bytes in one document than the limit allows.
    TooLong {
        /// The limit.
        limit: usize,
    },
}

impl fmt::Display for JsonErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonErrorKind::Ended { wanted } => write!(f, "the input ends where {wanted} should come"),
            JsonErrorKind::Unexpected { came, wanted } => write!(f, "{} came, wanted {wanted}", Byte(*came)),
            JsonErrorKind::Trailing { came } => {
                write!(f, "{} came behind the value, wanted the end", Byte(*came))
            }
            JsonErrorKind::LeadingZero => f.write_str("a number began with a zero and another digit came"),
            JsonErrorKind::NumberTooLong => {
                write!(f, "a number of more than {} bytes came", super::MAX_NUMBER_BYTES)
            }
            JsonErrorKind::UnknownEscape { came } => {
                write!(f, "{} came behind a backslash, wanted one of \" \\ / b f n r t u", Byte(*came))
            }
            JsonErrorKind::BadUnicodeEscape => f.write_str("a \\u came without four hexadecimal digits"),
            JsonErrorKind::LoneSurrogate { half } => {
                write!(f, "\\u{half:04x} came, half of a surrogate pair, without its other half")
            }
            JsonErrorKind::ControlCharacter { came } => {
                write!(f, "the control character {came:#04x} came in a string, wanted \\u{came:04x}")
            }
            JsonErrorKind::NotUtf8 => f.write_str("bytes came in a string that are no UTF-8"),
            JsonErrorKind::ByteOrderMark => f.write_str("a byte order mark came, wanted UTF-8 without one"),
            JsonErrorKind::DuplicateKey { key } => {
                write!(f, "the object that ends here has the key {key:?} twice")
            }
            JsonErrorKind::TooDeep { limit } => {
                write!(f, "arrays and objects came more than {limit} deep")
            }
            JsonErrorKind::TooLong { limit } => write!(f, "a document of more than {limit} bytes came"),
        }
    }
}

/// A byte as people write it.
struct Byte(u8);

impl fmt::Display for Byte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b'\'' => f.write_str("\"'\""),
            printable @ 0x20..=0x7e => write!(f, "'{}'", char::from(printable)),
            other => write!(f, "the byte {other:#04x}"),
        }
    }
}

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Bytes before the place: from the start of the document, or of everything a [`super::Decoder`] has read.
    pub offset: u64,
    /// The line, from 1.
    pub line: u64,
    /// The character in the line, from 1.
    pub column: u64,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.kind)
    }
}

impl Error for JsonError {}

impl From<JsonError> for io::Error {
    fn from(error: JsonError) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

/// A kind with its place in the bytes at hand; [`Place`] makes a [`JsonError`] of it.
#[derive(Debug)]
pub(super) struct Fault {
    pub kind: JsonErrorKind,
    pub at: usize,
}

impl Fault {
    pub fn ended(at: usize, wanted: &'static str) -> Fault {
        Fault { kind: JsonErrorKind::Ended { wanted }, at }
    }

    /// `bytes[at]` is not what was wanted, or is not there.
    pub fn at(bytes: &[u8], at: usize, wanted: &'static str) -> Fault {
        match bytes.get(at) {
            None => Fault::ended(at, wanted),
            Some(&came) => Fault { kind: JsonErrorKind::Unexpected { came, wanted }, at },
        }
    }
}

/// How far a reader has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub offset: u64,
    pub line: u64,
    pub column: u64,
}

impl Place {
    pub const START: Place = Place { offset: 0, line: 1, column: 1 };

    /// Goes over bytes that have been read.
    pub fn pass(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        let mut line = bytes;
        if let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') {
            self.line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.column = 1;
            line = &bytes[last + 1..];
        }
        // A character's further bytes in UTF-8 have the form 10xxxxxx.
        self.column += line.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64;
    }

    /// The error for a fault in `bytes`, which begin here.
    pub fn error(mut self, fault: Fault, bytes: &[u8]) -> JsonError {
        self.pass(&bytes[..fault.at.min(bytes.len())]);
        JsonError { kind: fault.kind, offset: self.offset, line: self.line, column: self.column }
    }
}
