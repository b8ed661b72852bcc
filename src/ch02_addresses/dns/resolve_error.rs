//! Why a name could not be resolved, by who said or did what.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use super::message::Rcode;
use super::name::Name;
use super::record::RecordType;
use crate::base::cancel::Cause;

/// Why there is no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResolveError {
    /// The name's zone says that it does not exist (NXDOMAIN).
    NameError {
        /// The name: the one asked for, or the one its aliases lead to.
        name: Name,
    },
    /// The name exists, and has no record of the type.
    NoData {
        /// The name: the one asked for, or the one its aliases lead to.
        name: Name,
        /// What was asked for.
        kind: RecordType,
    },
    /// The last server asked would not or could not answer.
    ServerFailed {
        /// Which one.
        server: SocketAddr,
        /// What it said.
        rcode: Rcode,
    },
    /// The last server asked sent what is no answer to the question.
    ServerMisbehaved {
        /// Which one.
        server: SocketAddr,
        /// What it did.
        what: String,
    },
    /// The last server asked could not be reached.
    Unreachable {
        /// Which one.
        server: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No server had answered in time.
    TimedOut {
        /// How many questions had been sent.
        questions: usize,
    },
    /// The token ended: somebody cancelled.
    Cancelled(Cause),
    /// The aliases lead back to where they began.
    Loop {
        /// The first name that came again.
        name: Name,
    },
    /// One alias after the other.
    TooManyAliases {
        /// How many we follow.
        limit: usize,
    },
    /// The walk took too many questions: servers that send one on and on, or a trap.
    TooManyQuestions {
        /// How many we ask.
        limit: usize,
    },
    /// None of the servers a zone was delegated to answers for it.
    LameDelegation {
        /// The zone.
        zone: Name,
    },
    /// There is no server to ask.
    NoServers,
    /// The system refused something: a socket, a random number.
    System(io::Error),
    /// The text is no name.
    BadName {
        /// The text.
        text: String,
        /// What is wrong with it.
        source: super::name::NameError,
    },
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResolveError::NameError { name } => write!(f, "the name {name} does not exist"),
            ResolveError::NoData { name, kind } => write!(f, "the name {name} has no {kind} record"),
            ResolveError::ServerFailed { server, rcode } => {
                write!(f, "the server {server} did not answer the question: {rcode}")
            }
            ResolveError::ServerMisbehaved { server, what } => write!(f, "the server {server} {what}"),
            ResolveError::Unreachable { server, source } => {
                write!(f, "the server {server} could not be reached: {source}")
            }
            ResolveError::TimedOut { questions } => {
                let were = if *questions == 1 { "question was" } else { "questions were" };
                write!(f, "no server had answered in time; {questions} {were} sent")
            }
            ResolveError::Cancelled(cause) => write!(f, "the lookup ended early: {cause}"),
            ResolveError::Loop { name } => write!(f, "the aliases lead in a circle through {name}"),
            ResolveError::TooManyAliases { limit } => {
                write!(f, "one alias leads to the next; we follow at most {limit}")
            }
            ResolveError::TooManyQuestions { limit } => {
                write!(f, "{limit} questions did not lead to an answer; we ask no more")
            }
            ResolveError::LameDelegation { zone } => {
                write!(f, "none of the servers named for {zone} answers for it")
            }
            ResolveError::NoServers => f.write_str("there is no name server to ask"),
            ResolveError::System(source) => write!(f, "the system refused: {source}"),
            ResolveError::BadName { text, source } => write!(f, "{text:?} is no domain name: {source}"),
        }
    }
}

impl std::error::Error for ResolveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ResolveError::Unreachable { source, .. } | ResolveError::System(source) => Some(source),
            ResolveError::Cancelled(cause) => Some(cause),
            ResolveError::BadName { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl ResolveError {
    /// Whether the same question may be answered another time: nothing was said about the name itself.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            ResolveError::ServerFailed { .. }
                | ResolveError::ServerMisbehaved { .. }
                | ResolveError::Unreachable { .. }
                | ResolveError::TimedOut { .. }
                | ResolveError::Cancelled(_)
                | ResolveError::LameDelegation { .. }
                | ResolveError::System(_)
        )
    }
}

impl From<ResolveError> for io::Error {
    /// `NotFound` where the name or its records do not exist, `TimedOut`, `ConnectionAborted` for a cancellation,
    /// `InvalidInput` for a text that is no name, the system's own kind, and `Other`.
    fn from(error: ResolveError) -> io::Error {
        let kind = match &error {
            ResolveError::NameError { .. } | ResolveError::NoData { .. } => io::ErrorKind::NotFound,
            ResolveError::TimedOut { .. } | ResolveError::Cancelled(Cause::DeadlineExceeded) => {
                io::ErrorKind::TimedOut
            }
            ResolveError::Cancelled(Cause::Cancelled) => io::ErrorKind::ConnectionAborted,
            ResolveError::BadName { .. } => io::ErrorKind::InvalidInput,
            ResolveError::Unreachable { source, .. } | ResolveError::System(source) => source.kind(),
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}
