//! [`OpError`] says what was tried, on which network, between which addresses, and why it failed: Go's `net.OpError`.
//!
//! ```text
//! dial tcp 127.0.0.1:1: connect: connection refused
//!  │    │      │           │            └ the cause, `source()`
//!  │    │      │           └ the step that failed
//!  │    │      └ the address (for reads and writes both: 127.0.0.1:4711->127.0.0.1:80)
//!  │    └ the network
//!  └ the operation
//! ```
//!
//! What can be done about an error depends on its kind, not its text: [`is_timeout`] and [`is_temporary`] are Go's two
//! methods of `net.Error`, [`Failure`] tells a network that is slow from a program that is wrong.
//!
//! Book: Listing 3-4. Go has since deprecated `Temporary`, for nobody could say what it promised. Here it promises one
//! thing: the same call on the same socket may succeed if it is made again.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use super::address::{Network, shown};
use crate::base::cancel::Cause;
use crate::base::conn::Conn;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// To listen on an address.
    Listen,
    /// To connect to an address.
    Dial,
    /// To be given the next client.
    Accept,
    /// To read from a connection.
    Read,
    /// To write to a connection.
    Write,
}

/// How far it came: the step that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Understanding the address.
    Address,
    /// Looking the host up.
    Lookup,
    /// Binding and listening.
    Bind,
    /// Connecting.
    Connect,
    /// Accepting.
    Accept,
    /// Reading.
    Read,
    /// Writing.
    Write,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::Listen => "listen",
            Operation::Dial => "dial",
            Operation::Accept => "accept",
            Operation::Read => "read",
            Operation::Write => "write",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Address => "address",
            Step::Lookup => "lookup",
            Step::Bind => "bind",
            Step::Connect => "connect",
            Step::Accept => "accept",
            Step::Read => "read",
            Step::Write => "write",
        })
    }
}

/// A failed network operation.
#[derive(Debug)]
pub struct OpError {
    /// What was asked for.
    pub operation: Operation,
    /// The step that failed.
    pub step: Step,
    /// The network it was asked of.
    pub network: Network,
    /// This end, where there is one already.
    pub source_address: Option<SocketAddr>,
    /// The address listened on or dialled, as given or, once known, in numbers.
    pub address: String,
    /// Why.
    pub cause: io::Error,
    /// A dialler that had several addresses: how the other attempts failed.
    pub others: Vec<OpError>,
}

impl OpError {
    /// `operation` on `address` failed at `step`.
    pub fn new(
        operation: Operation,
        step: Step,
        network: Network,
        address: impl fmt::Display,
        cause: impl Into<io::Error>,
    ) -> OpError {
        OpError {
            operation,
            step,
            network,
            source_address: None,
            address: address.to_string(),
            cause: cause.into(),
            others: Vec::new(),
        }
    }

    /// A read from `conn` failed.
    pub fn reading(conn: &dyn Conn, cause: io::Error) -> OpError {
        OpError::between_ends(Operation::Read, Step::Read, conn, cause)
    }

    /// A write to `conn` failed.
    pub fn writing(conn: &dyn Conn, cause: io::Error) -> OpError {
        OpError::between_ends(Operation::Write, Step::Write, conn, cause)
    }

    fn between_ends(operation: Operation, step: Step, conn: &dyn Conn, cause: io::Error) -> OpError {
        let mut error = OpError::new(operation, step, Network::Tcp, conn.peer(), cause);
        error.source_address = conn.local().socket_addr();
        error
    }

    /// The cause's kind.
    pub fn kind(&self) -> ErrorKind {
        self.cause.kind()
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        is_timeout(&self.cause)
    }

    /// Whether the same call may succeed if it is made again. For `accept` also when the waiting client went away: that
    /// was the client's end, not the listener's.
    pub fn is_temporary(&self) -> bool {
        let went_away = matches!(self.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted);
        is_temporary(&self.cause) || (self.step == Step::Accept && went_away)
    }

    /// Why the token ended, if that was what ended the operation.
    pub fn cancel_cause(&self) -> Option<Cause> {
        cancel_cause(&self.cause)
    }

    /// What kind of failure it was.
    pub fn failure(&self) -> Failure {
        Failure::of(&self.cause)
    }
}

impl fmt::Display for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operation, self.network)?;
        match (self.source_address, self.address.is_empty()) {
            (Some(source), _) => write!(f, " {source}->{}: ", shown(&self.address))?,
            (None, false) => write!(f, " {}: ", shown(&self.address))?,
            (None, true) => write!(f, ": ")?,
        }
        // The step is said where the cause alone would not tell it: a timeout or a bad address speaks for itself.
        if self.step == Step::Lookup || self.cause.raw_os_error().is_some() {
            write!(f, "{}: ", self.step)?;
        }
        f.write_str(&plain_text(&self.cause))
    }
}

impl Error for OpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

impl From<OpError> for io::Error {
    /// The same kind; the [`OpError`] is inside.
    fn from(error: OpError) -> io::Error {
        io::Error::new(error.kind(), error)
    }
}

/// The cause within a sentence: `connection refused`, not `Connection refused (os error 111)`.
fn plain_text(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(code) = error.raw_os_error() {
        let number = format!(" (os error {code})");
        if let Some(length) = text.strip_suffix(&number).map(str::len) {
            text.truncate(length);
        }
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_lowercase();
        }
    }
    text
}

/// Go's `net.Error.Timeout`: a deadline passed, or the system gave up waiting (EAGAIN, ETIMEDOUT).
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// Go's `net.Error.Temporary`: a timeout, an interrupted call, or no descriptors left, which the end of any connection
/// cures.
pub fn is_temporary(error: &io::Error) -> bool {
    is_timeout(error) || error.kind() == ErrorKind::Interrupted || is_out_of_descriptors(error)
}

/// The standard library has no [`ErrorKind`] for these two, so the number must do.
#[cfg(unix)]
fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(system_code(error), Some(libc::EMFILE | libc::ENFILE))
}

#[cfg(not(unix))]
fn is_out_of_descriptors(_error: &io::Error) -> bool {
    false
}

/// The system's number for the error, or for the one that an [`OpError`] inside it wraps.
fn system_code(error: &io::Error) -> Option<i32> {
    let mut code = error.raw_os_error();
    let mut inner = error.source();
    while let (None, Some(source)) = (code, inner) {
        code = source.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
        inner = source.source();
    }
    code
}

/// Why the token ended, if `error` came from a [`Cause`].
pub fn cancel_cause(error: &io::Error) -> Option<Cause> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<OpError>() {
        Some(operation) => operation.cancel_cause(),
        None => inner.downcast_ref::<Cause>().copied(),
    }
}

/// What kind of failure an error is, and so who should do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Time ran out. The peer may be slow, gone, or never have been there: try again, or elsewhere.
    Timeout,
    /// We called it off ourselves. Nothing to report.
    Cancelled,
    /// The peer, the network or the system ended or refused the connection.
    Connection,
    /// The bytes came and went as they should, and a program did not like them: trying again changes nothing.
    Application,
}

impl Failure {
    /// The kind of failure `error` is.
    pub fn of(error: &io::Error) -> Failure {
        match error.kind() {
            _ if cancel_cause(error) == Some(Cause::Cancelled) => Failure::Cancelled,
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::Timeout,
            ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown => Failure::Connection,
            _ if system_code(error).is_some() => Failure::Connection,
            _ => Failure::Application,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialling(cause: impl Into<io::Error>) -> OpError {
        OpError::new(Operation::Dial, Step::Connect, Network::Tcp, "127.0.0.1:1", cause)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_text_reads_as_gos_and_the_cause_is_kept() {
        let error = dialling(io::Error::from_raw_os_error(libc::ECONNREFUSED));
        assert_eq!(error.to_string(), "dial tcp 127.0.0.1:1: connect: connection refused");
        let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(source.raw_os_error(), Some(libc::ECONNREFUSED));
    }

    #[test]
    fn an_error_between_two_ends_names_both_and_a_hostile_address_stays_one_line() {
        let mut error = dialling(ErrorKind::TimedOut);
        error.source_address = Some("10.0.0.1:5".parse().unwrap());
        assert!(error.to_string().starts_with("dial tcp 10.0.0.1:5->127.0.0.1:1: "), "{error}");
        error.address = "a\nb".repeat(1000);
        let text = error.to_string();
        assert!(!text.contains('\n') && text.len() < 400, "{text}");
    }

    #[test]
    #[cfg(unix)]
    fn running_out_of_descriptors_is_temporary_even_inside_another_error() {
        for code in [libc::EMFILE, libc::ENFILE, libc::EINTR, libc::EAGAIN, libc::ETIMEDOUT] {
            let wrapped = io::Error::from(dialling(io::Error::from_raw_os_error(code)));
            assert!(is_temporary(&wrapped), "code {code}");
        }
        let refused = io::Error::from(dialling(io::Error::from_raw_os_error(libc::ECONNREFUSED)));
        assert!(!is_temporary(&refused));
    }

    #[test]
    fn a_client_that_went_away_is_temporary_to_accept_and_to_nobody_else() {
        let mut error = dialling(ErrorKind::ConnectionAborted);
        assert!(!error.is_temporary());
        error.step = Step::Accept;
        assert!(error.is_temporary());
    }

    #[test]
    fn time_run_out_called_off_broken_and_wrong_are_four_kinds() {
        assert_eq!(dialling(Cause::DeadlineExceeded).failure(), Failure::Timeout);
        assert_eq!(dialling(Cause::Cancelled).failure(), Failure::Cancelled);
        assert_eq!(Failure::of(&dialling(Cause::Cancelled).into()), Failure::Cancelled);
        assert_eq!(dialling(ErrorKind::ConnectionReset).failure(), Failure::Connection);
        assert_eq!(dialling(ErrorKind::ConnectionAborted).failure(), Failure::Connection);
        assert_eq!(dialling(ErrorKind::InvalidData).failure(), Failure::Application);
        assert_eq!(Failure::of(&io::Error::other("no such user")), Failure::Application);
    }
}
