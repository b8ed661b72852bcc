//! What can go wrong on a WebSocket, by who did it, and the numbers with which one side tells the other.

use std::error::Error;
use std::fmt;
use std::io;

use super::frame::{MOST_CONTROL, Opcode};

/// Why a connection is closed, as a number (RFC 6455, 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// 1000: the purpose is fulfilled.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// 1001: the server goes down, the page was left.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// 1002: a frame that breaks the rules.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// 1003: a kind of message this side does not take.
    pub const UNSUPPORTED_DATA: CloseCode = CloseCode(1003);
    /// 1007: text that is not UTF-8.
    pub const INVALID_DATA: CloseCode = CloseCode(1007);
    /// 1008: against this side's rules.
    pub const POLICY_VIOLATION: CloseCode = CloseCode(1008);
    /// 1009: a message longer than this side takes.
    pub const TOO_BIG: CloseCode = CloseCode(1009);
    /// 1011: the server failed.
    pub const INTERNAL_ERROR: CloseCode = CloseCode(1011);

    /// Whether the number may stand in a Close frame. 1004 to 1006 and 1015 may not: they say what no frame said. 3000 to 3999
    /// are registered by libraries, 4000 to 4999 are free.
    pub fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What the other side gave as its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReason {
    /// The number, if it gave one.
    pub code: Option<CloseCode>,
    /// The words, often none.
    pub words: String,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{code} {:?}", self.words),
            None => f.write_str("no reason given"),
        }
    }
}

/// A rule the other side broke, and with it the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A bit that only an extension gives a meaning, and none was agreed on.
    ReservedBits {
        /// RSV1 is 4, RSV2 is 2, RSV3 is 1.
        bits: u8,
    },
    /// An opcode nobody has given a meaning.
    ReservedOpcode {
        /// The number.
        code: u8,
    },
    /// A client that does not mask.
    NotMasked,
    /// A server that does.
    Masked,
    /// A control frame that is not whole.
    FragmentedControl {
        /// Which.
        opcode: Opcode,
    },
    /// A control frame with more payload than 125 bytes.
    LongControl {
        /// Which.
        opcode: Opcode,
    },
    /// A length in a longer form than it needs.
    LongLength {
        /// The length.
        length: u64,
    },
    /// A length of 2⁶³ or more.
    LengthTopBit {
        /// The length.
        length: u64,
    },
    /// A continuation of nothing.
    NothingToContinue,
    /// A new message before the last one ended.
    MessageNotFinished,
    /// A message longer than is taken.
    TooBig {
        /// Bytes we take.
        limit: usize,
    },
    /// Too many frames without a byte in them, one after the other.
    EmptyFragments {
        /// How many we take.
        limit: u32,
    },
    /// Text that is not UTF-8.
    NotUtf8,
    /// A Close frame with half a code.
    CloseCutShort,
    /// A Close frame with a code that no frame may have.
    BadCloseCode {
        /// The code.
        code: u16,
    },
    /// A Close frame whose words are not UTF-8.
    CloseNotUtf8,
}

impl Violation {
    /// The code with which the connection is closed.
    pub fn close_code(&self) -> CloseCode {
        match self {
            Violation::TooBig { .. } => CloseCode::TOO_BIG,
            Violation::NotUtf8 | Violation::CloseNotUtf8 => CloseCode::INVALID_DATA,
            Violation::EmptyFragments { .. } => CloseCode::POLICY_VIOLATION,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::ReservedBits { bits } => {
                write!(f, "reserved bits {bits:03b} are set, and no extension was agreed on")
            }
            Violation::ReservedOpcode { code } => write!(f, "opcode {code} has no meaning"),
            Violation::NotMasked => f.write_str("a client's frame is not masked"),
            Violation::Masked => f.write_str("a server's frame is masked"),
            Violation::FragmentedControl { opcode } => {
                write!(f, "a {opcode:?} frame is a fragment, and control frames are whole")
            }
            Violation::LongControl { opcode } => {
                write!(f, "a {opcode:?} frame has more than {MOST_CONTROL} bytes")
            }
            Violation::LongLength { length } => write!(f, "the length {length} has a shorter form"),
            Violation::LengthTopBit { length } => {
                write!(f, "the length {length} has its top bit set")
            }
            Violation::NothingToContinue => f.write_str("a continuation came, and no message had begun"),
            Violation::MessageNotFinished => {
                f.write_str("a message began before the one under way had ended")
            }
            Violation::TooBig { limit } => write!(f, "a message is longer than the {limit} bytes taken"),
            Violation::EmptyFragments { limit } => {
                write!(f, "more than {limit} empty fragments came in a row")
            }
            Violation::NotUtf8 => f.write_str("a message of text is not UTF-8"),
            Violation::CloseCutShort => f.write_str("a Close frame has one byte where a code has two"),
            Violation::BadCloseCode { code } => {
                write!(f, "a Close frame has the code {code}, which none may have")
            }
            Violation::CloseNotUtf8 => f.write_str("the words of a Close frame are not UTF-8"),
        }
    }
}

/// Why a WebSocket gives no message, or takes none.
#[derive(Debug)]
#[non_exhaustive]
pub enum WebSocketError {
    /// The peer broke a rule. It has been told with the rule's close code, and the connection is over.
    PeerViolated(Violation),
    /// The peer's stream ended without a Close frame (browsers call it 1006). What it sent before may not be all it meant to.
    PeerVanished,
    /// The peer answered no ping for as long as the keepalive waits.
    PeerSilent,
    /// This side has closed, or the connection is over for another reason that was reported when it came up.
    Closed,
    /// What this side wanted to send may not be sent: a ping of more than 125 bytes, a close code that no frame may have.
    Misuse(&'static str),
    /// The connection: [`io::ErrorKind::TimedOut`] at a deadline. After a read ran into one, reading can go on; after a write,
    /// which may have stopped inside a frame, nothing can be written any more.
    Io(io::Error),
}

impl fmt::Display for WebSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WebSocketError::PeerViolated(violation) => {
                write!(f, "the peer broke the protocol: {violation}")
            }
            WebSocketError::PeerVanished => f.write_str("the connection ended without a Close frame"),
            WebSocketError::PeerSilent => f.write_str("the peer no longer answers pings"),
            WebSocketError::Closed => f.write_str("the WebSocket is closed"),
            WebSocketError::Misuse(why) => f.write_str(why),
            WebSocketError::Io(error) => write!(f, "{error}"),
        }
    }
}

impl Error for WebSocketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            WebSocketError::Io(error) => Some(error),
            WebSocketError::PeerViolated(violation) => Some(violation),
            _ => None,
        }
    }
}

impl Error for Violation {}

impl From<io::Error> for WebSocketError {
    fn from(error: io::Error) -> WebSocketError {
        WebSocketError::Io(error)
    }
}

impl From<Violation> for WebSocketError {
    fn from(violation: Violation) -> WebSocketError {
        WebSocketError::PeerViolated(violation)
    }
}
