//! TFTP's error codes, what can be wrong with a packet, and why a transfer ends without its file.
//!
//! The codes are those of RFC 1350 §5 (Listing 6-1), and 8 of RFC 2347. Each of our errors knows the code by which the
//! peer is told, or that it is not told: an ERROR is never answered with an ERROR.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use crate::base::show::escaped;
use crate::base::wire::WireError;

/// What an ERROR packet says. A code nobody has defined keeps its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// 0: the message tells.
    Undefined,
    /// 1: there is no such file.
    NotFound,
    /// 2: not for you.
    AccessViolation,
    /// 3: the disk is full, or the file longer than what is allowed.
    DiskFull,
    /// 4: this packet has no business here.
    IllegalOperation,
    /// 5: we have no transfer with this port. The only error that does not end a transfer.
    UnknownTransferId,
    /// 6: a file of this name exists.
    FileExists,
    /// 7: no such user; of the mode "mail" that nobody has any more.
    NoSuchUser,
    /// 8: the options cannot be agreed on (RFC 2347).
    OptionRefused,
    /// Any other number.
    Other(u16),
}

impl From<u16> for ErrorCode {
    fn from(number: u16) -> ErrorCode {
        match number {
            0 => ErrorCode::Undefined,
            1 => ErrorCode::NotFound,
            2 => ErrorCode::AccessViolation,
            3 => ErrorCode::DiskFull,
            4 => ErrorCode::IllegalOperation,
            5 => ErrorCode::UnknownTransferId,
            6 => ErrorCode::FileExists,
            7 => ErrorCode::NoSuchUser,
            8 => ErrorCode::OptionRefused,
            other => ErrorCode::Other(other),
        }
    }
}

impl From<ErrorCode> for u16 {
    fn from(code: ErrorCode) -> u16 {
        match code {
            ErrorCode::Undefined => 0,
            ErrorCode::NotFound => 1,
            ErrorCode::AccessViolation => 2,
            ErrorCode::DiskFull => 3,
            ErrorCode::IllegalOperation => 4,
            ErrorCode::UnknownTransferId => 5,
            ErrorCode::FileExists => 6,
            ErrorCode::NoSuchUser => 7,
            ErrorCode::OptionRefused => 8,
            ErrorCode::Other(number) => number,
        }
    }
}

impl ErrorCode {
    /// The code for what the system said about a file.
    pub fn of(error: &io::Error) -> ErrorCode {
        match error.kind() {
            ErrorKind::NotFound => ErrorCode::NotFound,
            ErrorKind::PermissionDenied => ErrorCode::AccessViolation,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                ErrorCode::DiskFull
            }
            ErrorKind::AlreadyExists => ErrorCode::FileExists,
            _ => ErrorCode::Undefined,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorCode::Undefined => "error",
            ErrorCode::NotFound => "file not found",
            ErrorCode::AccessViolation => "access denied",
            ErrorCode::DiskFull => "disk full",
            ErrorCode::IllegalOperation => "illegal operation",
            ErrorCode::UnknownTransferId => "unknown transfer",
            ErrorCode::FileExists => "file exists",
            ErrorCode::NoSuchUser => "no such user",
            ErrorCode::OptionRefused => "options refused",
            ErrorCode::Other(number) => return write!(f, "error {number}"),
        })
    }
}

/// More of a peer's text than this we do not show.
const SHOWN: usize = 64;

/// Why bytes are not a packet, or cannot be made into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PacketError {
    /// The datagram ends inside a number.
    Short(WireError),
    /// The first two bytes are no operation we know.
    UnknownOpcode(u16),
    /// A text has no NUL at its end; which text.
    NoNul(&'static str),
    /// A text of ours has a NUL inside, where its reader would end it; which text.
    NulInside(&'static str),
    /// A request without a file name.
    EmptyName,
    /// A request without a mode.
    EmptyMode,
    /// A request longer than the 512 bytes of RFC 2347.
    RequestTooLong(usize),
    /// A mode other than "octet" and "netascii".
    UnsupportedMode(Vec<u8>),
    /// An option's name without a value behind it.
    OptionWithoutValue(Vec<u8>),
    /// The same option twice.
    OptionTwice(Vec<u8>),
    /// A block longer than it may be.
    BlockTooLong {
        /// Its bytes.
        length: usize,
        /// How many it may have.
        most: usize,
    },
}

impl PacketError {
    /// The code by which a server tells the sender.
    pub fn code(&self) -> ErrorCode {
        match self {
            PacketError::UnsupportedMode(_) => ErrorCode::Undefined,
            PacketError::OptionWithoutValue(_) | PacketError::OptionTwice(_) => ErrorCode::OptionRefused,
            _ => ErrorCode::IllegalOperation,
        }
    }
}

impl fmt::Display for PacketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PacketError::Short(_) => write!(f, "the packet is too short"),
            PacketError::UnknownOpcode(code) => write!(f, "operation {code} is none of 1 to 6"),
            PacketError::NoNul(what) => write!(f, "the {what} has no zero byte at its end"),
            PacketError::NulInside(what) => write!(f, "the {what} has a zero byte inside"),
            PacketError::EmptyName => write!(f, "the request names no file"),
            PacketError::EmptyMode => write!(f, "the request names no mode"),
            PacketError::RequestTooLong(length) => {
                write!(f, "the request has {length} bytes; it may have 512")
            }
            PacketError::UnsupportedMode(mode) => {
                write!(f, "mode {} is not supported; octet and netascii are", escaped(mode, SHOWN))
            }
            PacketError::OptionWithoutValue(name) => {
                write!(f, "option {} has no value", escaped(name, SHOWN))
            }
            PacketError::OptionTwice(name) => write!(f, "option {} is there twice", escaped(name, SHOWN)),
            PacketError::BlockTooLong { length, most } => {
                write!(f, "the block has {length} bytes; it may have {most}")
            }
        }
    }
}

impl Error for PacketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            PacketError::Short(error) => Some(error),
            _ => None,
        }
    }
}

impl From<WireError> for PacketError {
    fn from(error: WireError) -> PacketError {
        PacketError::Short(error)
    }
}

/// What is wrong with the options a server says it accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionError {
    /// An option we did not ask for.
    NotAsked(Vec<u8>),
    /// A value that is no number, outside its range, or more than we asked for.
    BadValue {
        /// The option.
        name: &'static str,
        /// The value that came.
        value: Vec<u8>,
    },
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionError::NotAsked(name) => {
                write!(f, "the server accepts option {}, which nobody asked for", escaped(name, SHOWN))
            }
            OptionError::BadValue { name, value } => {
                write!(f, "the server answers {name} with {}, which does not fit", escaped(value, SHOWN))
            }
        }
    }
}

impl Error for OptionError {}

/// Why a transfer ended without its file.
#[derive(Debug)]
pub enum TransferError {
    /// The peer sent an ERROR.
    PeerGaveError {
        /// Its code.
        code: ErrorCode,
        /// Its words, as they came.
        message: Vec<u8>,
    },
    /// The peer said nothing that took the transfer further, however often we sent.
    PeerFellSilent {
        /// How often the last packet was sent.
        sends: u32,
    },
    /// The peer sent a packet that breaks what was agreed.
    PeerBrokeRules(PacketError),
    /// The server's OACK does not fit what we asked for.
    OptionsDoNotFit(OptionError),
    /// Our packet could not be made.
    CannotAsk(PacketError),
    /// What is to be sent could not be read.
    SourceFailed(io::Error),
    /// What came could not be written.
    SinkFailed(io::Error),
    /// The file needs more blocks than there are numbers, and starting over with them is refused.
    TooManyBlocks,
    /// The peer's system says that nobody has the peer's port any more.
    PeerIsGone,
    /// The socket failed.
    SocketFailed(io::Error),
    /// We were told to stop.
    Stopped,
}

impl TransferError {
    /// The code by which the peer is told, `None` where it is not.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            TransferError::PeerGaveError { .. }
            | TransferError::CannotAsk(_)
            | TransferError::PeerIsGone
            | TransferError::SocketFailed(_) => None,
            // RFC 1350 §5: "disk full or allocation exceeded".
            TransferError::TooManyBlocks => Some(ErrorCode::DiskFull),
            TransferError::PeerFellSilent { .. } | TransferError::Stopped => Some(ErrorCode::Undefined),
            TransferError::PeerBrokeRules(error) => Some(error.code()),
            TransferError::OptionsDoNotFit(_) => Some(ErrorCode::OptionRefused),
            TransferError::SourceFailed(error) | TransferError::SinkFailed(error) => {
                Some(ErrorCode::of(error))
            }
        }
    }

    /// The words for the peer. They name no path and no detail of this system.
    pub fn words(&self) -> String {
        match self {
            TransferError::PeerFellSilent { .. } => "no answer, giving up".to_string(),
            TransferError::Stopped => "the transfer was stopped".to_string(),
            TransferError::PeerBrokeRules(error) => error.to_string(),
            TransferError::OptionsDoNotFit(error) => error.to_string(),
            TransferError::SourceFailed(error) | TransferError::SinkFailed(error) => {
                match ErrorCode::of(error) {
                    ErrorCode::Undefined => "the file could not be read or written".to_string(),
                    code => code.to_string(),
                }
            }
            other => other.to_string(),
        }
    }
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TransferError::PeerGaveError { code, message } => {
                write!(f, "the peer says: {code}, {}", escaped(message, SHOWN))
            }
            TransferError::PeerFellSilent { sends } => {
                write!(f, "no answer after {sends} tries")
            }
            TransferError::PeerBrokeRules(error) => write!(f, "the peer broke the rules: {error}"),
            TransferError::OptionsDoNotFit(error) => error.fmt(f),
            TransferError::CannotAsk(error) => write!(f, "this cannot be asked for: {error}"),
            TransferError::SourceFailed(error) => write!(f, "reading the file failed: {error}"),
            TransferError::SinkFailed(error) => write!(f, "writing the file failed: {error}"),
            TransferError::TooManyBlocks => {
                write!(f, "the file needs more than 65535 blocks; larger blocks may do")
            }
            TransferError::PeerIsGone => write!(f, "nobody is at the peer's port"),
            TransferError::SocketFailed(error) => write!(f, "the socket failed: {error}"),
            TransferError::Stopped => write!(f, "the transfer was stopped"),
        }
    }
}

impl Error for TransferError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            TransferError::PeerBrokeRules(error) | TransferError::CannotAsk(error) => Some(error),
            TransferError::OptionsDoNotFit(error) => Some(error),
            TransferError::SourceFailed(error)
            | TransferError::SinkFailed(error)
            | TransferError::SocketFailed(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_a_code_and_comes_back() {
        for number in 0..=u16::MAX {
            assert_eq!(u16::from(ErrorCode::from(number)), number);
        }
    }

    #[test]
    fn an_error_from_the_peer_is_not_answered_and_ours_is() {
        let theirs = TransferError::PeerGaveError { code: ErrorCode::NotFound, message: b"no".to_vec() };
        assert_eq!(theirs.code(), None);
        let full = TransferError::SinkFailed(io::Error::from(ErrorKind::StorageFull));
        assert_eq!(full.code(), Some(ErrorCode::DiskFull));
        assert_eq!(full.words(), "disk full");
    }

    #[test]
    fn what_the_peer_wrote_is_shown_escaped() {
        let theirs =
            TransferError::PeerGaveError { code: ErrorCode::Other(77), message: b"\x1b[2J\n".to_vec() };
        assert_eq!(theirs.to_string(), "the peer says: error 77, \"\\x1b[2J\\n\"");
    }
}
