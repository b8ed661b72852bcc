//! What can be wrong with a DNS message, by who did it: the peer that sent it, or we who tried to write one.

use std::fmt;
use std::io;

use crate::base::wire::WireError;

use super::name::NameError;
use super::record::RecordType;

/// Why bytes are no DNS message, or a message of ours cannot become bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsError {
    /// The message ended inside a value.
    PeerStoppedInside(WireError),
    /// There are bytes behind the last record the header counts.
    PeerLeftBytesOver(WireError),
    /// More bytes than a message may have: its length must fit the two bytes that stand before it on TCP.
    PeerSentLongMessage {
        /// How many came.
        length: usize,
    },
    /// The header counts more records than the bytes behind it could hold.
    PeerLiedAboutCount {
        /// The section: `question`, `answer`, `authority`, `additional`.
        section: &'static str,
        /// What the header says.
        count: u16,
        /// The bytes that are left.
        left: usize,
    },
    /// The data of a record is shorter or longer than its own fields.
    PeerLiedAboutLength {
        /// The record's type.
        record_type: RecordType,
        /// The length announced, in bytes.
        announced: usize,
        /// What is wrong.
        source: WireError,
    },
    /// A compression pointer that does not lead to an earlier byte than every one before: the way into a loop.
    PeerPointedForwards {
        /// Where the pointer stands.
        at: usize,
        /// Where it leads.
        target: usize,
    },
    /// A name made of more pointers than a name can have labels.
    PeerPointedTooOften {
        /// Where the last pointer stands.
        at: usize,
    },
    /// A message whose names take more steps to follow than any honest message needs.
    PeerSentCostlyNames {
        /// The steps after which we gave up.
        steps: usize,
    },
    /// A label whose two leading bits are neither 00 (a length) nor 11 (a pointer).
    PeerSentUnknownLabel {
        /// The byte.
        byte: u8,
        /// Where it stands.
        at: usize,
    },
    /// A name of more than 255 bytes.
    PeerSentLongName {
        /// Where it passed the limit.
        at: usize,
    },
    /// A second OPT record, or one outside the additional section, or one with a name (RFC 6891 §6.1.1).
    PeerMisplacedOpt,
    /// A message on a stream or in HTTP that is shorter than a header.
    PeerSentShortMessage {
        /// The length announced.
        length: usize,
    },
    /// Text of a query in a URL that is no unpadded base64url.
    PeerSentBadBase64(crate::base::base64::Base64Error),
    /// Something of ours is longer than its length field can say.
    WeWroteTooLong(WireError),
    /// A response code above 15 needs an OPT record for its upper bits, and the message has none.
    WeHaveNoOptForCode {
        /// The code.
        code: u16,
    },
    /// The names and numbers of ours do not fit the limit the message must keep.
    WeHaveNoRoom {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A name of ours that is none.
    WeNamedBadly(NameError),
}

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DnsError::PeerStoppedInside(error) => write!(f, "the message is cut short: {error}"),
            DnsError::PeerLeftBytesOver(error) => write!(f, "the message has more than it counts: {error}"),
            DnsError::PeerSentLongMessage { length } => {
                write!(f, "a message of {length} bytes came; we take at most 65535")
            }
            DnsError::PeerLiedAboutCount { section, count, left } => {
                write!(f, "the header counts {count} entries of {section}, which {left} bytes cannot hold")
            }
            DnsError::PeerLiedAboutLength { record_type, announced, source } => {
                write!(f, "the data of {record_type} is said to have {announced} bytes: {source}")
            }
            DnsError::PeerPointedForwards { at, target } => {
                write!(
                    f,
                    "the pointer at byte {at} leads to byte {target}; we follow pointers backwards only"
                )
            }
            DnsError::PeerPointedTooOften { at } => {
                write!(f, "the pointer at byte {at} is one more than a name can need")
            }
            DnsError::PeerSentCostlyNames { steps } => {
                write!(f, "the names of the message take more than {steps} steps to follow")
            }
            DnsError::PeerSentUnknownLabel { byte, at } => {
                write!(f, "byte {at} is {byte:#04x}, which begins neither a label nor a pointer")
            }
            DnsError::PeerSentLongName { at } => {
                write!(f, "a name passes 255 bytes at byte {at}")
            }
            DnsError::PeerMisplacedOpt => {
                f.write_str("an OPT record is there twice, in a wrong section, or has a name")
            }
            DnsError::PeerSentShortMessage { length } => {
                write!(f, "a message of {length} bytes is announced; a header alone has 12")
            }
            DnsError::PeerSentBadBase64(error) => write!(f, "the query is no base64url: {error}"),
            DnsError::WeWroteTooLong(error) => write!(f, "a record of ours has no wire form: {error}"),
            DnsError::WeHaveNoOptForCode { code } => {
                write!(f, "response code {code} needs an OPT record for its upper bits")
            }
            DnsError::WeHaveNoRoom { limit } => {
                write!(f, "not even the question fits into {limit} bytes")
            }
            DnsError::WeNamedBadly(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for DnsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DnsError::PeerStoppedInside(error)
            | DnsError::PeerLeftBytesOver(error)
            | DnsError::PeerLiedAboutLength { source: error, .. }
            | DnsError::WeWroteTooLong(error) => Some(error),
            DnsError::PeerSentBadBase64(error) => Some(error),
            DnsError::WeNamedBadly(error) => Some(error),
            _ => None,
        }
    }
}

impl From<WireError> for DnsError {
    fn from(error: WireError) -> DnsError {
        match error {
            WireError::EndedInside { .. } => DnsError::PeerStoppedInside(error),
            WireError::TrailingBytes { .. } => DnsError::PeerLeftBytesOver(error),
            WireError::TooLong { .. } => DnsError::WeWroteTooLong(error),
        }
    }
}

impl From<NameError> for DnsError {
    fn from(error: NameError) -> DnsError {
        DnsError::WeNamedBadly(error)
    }
}

impl From<DnsError> for io::Error {
    /// `InvalidInput` for what we did, `InvalidData` for what the peer did.
    fn from(error: DnsError) -> io::Error {
        let kind = match error {
            DnsError::WeWroteTooLong(_)
            | DnsError::WeHaveNoOptForCode { .. }
            | DnsError::WeHaveNoRoom { .. }
            | DnsError::WeNamedBadly(_) => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}
