//! What can be wrong with a compressed stream.

use std::fmt;
use std::io;

/// Which of a block's three codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// Bytes, the end of the block, and lengths of matches.
    Literals,
    /// How far back a match is.
    Distances,
    /// The lengths of the other two codes.
    CodeLengths,
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Alphabet::Literals => "literals and lengths",
            Alphabet::Distances => "distances",
            Alphabet::CodeLengths => "code lengths",
        })
    }
}

/// Why a deflate, gzip or zlib stream could not be decoded.
///
/// As an [`io::Error`] it is found again with `error.get_ref()` and `downcast_ref::<InflateError>()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InflateError {
    /// The input ended inside the stream.
    Truncated,
    /// The stream decodes to more than the reader's limit.
    TooLong {
        /// Most bytes it may decode to.
        limit: u64,
    },
    /// A block of type 3, which there is not.
    BlockType,
    /// A stored block's length and its complement do not agree.
    StoredLength {
        /// The length.
        length: u16,
        /// What should be its complement.
        complement: u16,
    },
    /// A block announces more symbols than there are.
    TooManySymbols {
        /// Symbols of literals and lengths; 286 are allowed.
        literals: usize,
        /// Symbols of distances; 30 are allowed.
        distances: usize,
    },
    /// More codes than their lengths have room for.
    Oversubscribed(Alphabet),
    /// Fewer codes than their lengths have room for.
    Incomplete(Alphabet),
    /// "Repeat the length before", and there is none before.
    NothingToRepeat,
    /// A repetition that goes beyond the announced number of lengths.
    RepeatTooLong,
    /// The block's code has no word for its end.
    NoEndOfBlock,
    /// Bits that are no word of the code, or a word for a symbol that may not be used.
    UnknownCode(Alphabet),
    /// A match that begins before the stream does.
    TooFarBack {
        /// How far back it is said to be.
        distance: usize,
        /// How many bytes there are.
        most: usize,
    },
    /// Not the two bytes a gzip member begins with.
    NotGzip([u8; 2]),
    /// Bytes behind a gzip member which begin no other.
    TrailingBytes,
    /// Not the two bytes a zlib stream begins with.
    NotZlib([u8; 2]),
    /// A compression method that is not deflate.
    Method(u8),
    /// Flags of a gzip header whose meaning is not known.
    ReservedFlags(u8),
    /// A name or comment in a gzip header longer than we skip.
    HeaderTooLong {
        /// Most bytes of it we skip.
        limit: usize,
    },
    /// The gzip header is damaged.
    HeaderChecksum {
        /// The sum it carries.
        said: u16,
        /// The sum it has.
        is: u16,
    },
    /// The zlib stream needs a dictionary agreed on before.
    PresetDictionary,
    /// The decoded bytes are not those that were compressed.
    Checksum {
        /// The sum the stream carries.
        said: u32,
        /// The sum its bytes have.
        is: u32,
    },
    /// The decoded bytes are not as many as were compressed.
    Length {
        /// How many the trailer says, modulo 2³².
        said: u32,
        /// How many there are, modulo 2³².
        is: u32,
    },
}

impl fmt::Display for InflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use InflateError as E;
        match self {
            E::Truncated => write!(f, "the compressed data ends before its end"),
            E::TooLong { limit } => {
                write!(f, "the compressed data decodes to more than {limit} bytes, the most we take")
            }
            E::BlockType => write!(f, "a block has type 3; there are types 0 to 2"),
            E::StoredLength { length, complement } => write!(
                f,
                "a stored block has length {length:#06x} and complement {complement:#06x}, which do not agree"
            ),
            E::TooManySymbols { literals, distances } => write!(
                f,
                "a block has {literals} literals and lengths and {distances} distances; we take at most 286 and 30"
            ),
            E::Oversubscribed(code) => write!(f, "the code of {code} has more words than fit its lengths"),
            E::Incomplete(code) => {
                write!(f, "the code of {code} has fewer words than its lengths leave room for")
            }
            E::NothingToRepeat => write!(f, "a block repeats a code length before it has given one"),
            E::RepeatTooLong => write!(f, "a block repeats a code length more often than it has symbols"),
            E::NoEndOfBlock => write!(f, "a block's code has no word for its end"),
            E::UnknownCode(code) => write!(f, "the data holds a word that is not in the code of {code}"),
            E::TooFarBack { distance, most } => {
                write!(f, "a match begins {distance} bytes back, and there are only {most}")
            }
            E::NotGzip([one, two]) => {
                write!(f, "the data begins with {one:#04x} {two:#04x}; gzip begins with 0x1f 0x8b")
            }
            E::TrailingBytes => write!(f, "bytes follow the gzip data that are not gzip"),
            E::NotZlib([one, two]) => {
                write!(f, "the data begins with {one:#04x} {two:#04x}, which is no zlib header")
            }
            E::Method(method) => write!(f, "the compression method is {method}; we know 8, deflate"),
            E::ReservedFlags(flags) => write!(f, "the gzip header has reserved flags set: {flags:#04x}"),
            E::HeaderTooLong { limit } => {
                write!(f, "the gzip header has a name or comment of more than {limit} bytes")
            }
            E::HeaderChecksum { said, is } => {
                write!(f, "the gzip header has checksum {is:#06x}, and says {said:#06x}")
            }
            E::PresetDictionary => write!(f, "the zlib data needs a preset dictionary; we have none"),
            E::Checksum { said, is } => {
                write!(f, "the decoded data has checksum {is:#010x}; {said:#010x} was compressed")
            }
            E::Length { said, is } => {
                write!(f, "the decoded data has {is} bytes (modulo 2^32); {said} were compressed")
            }
        }
    }
}

impl std::error::Error for InflateError {}

impl From<InflateError> for io::Error {
    /// `UnexpectedEof` for [`InflateError::Truncated`], `InvalidData` for everything else.
    fn from(error: InflateError) -> io::Error {
        let kind = match error {
            InflateError::Truncated => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}
