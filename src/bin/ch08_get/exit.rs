//! What went wrong, as a sentence and as a number. The numbers are curl's where curl has one.

use std::fmt;
use std::io;
use std::process::ExitCode;

use netprog::ch03_tcp::error::Step;
use netprog::ch08_http_client::error::{HttpError, MessageError, Phase};
use netprog::ch08_http_client::status::Status;

/// The exit codes, for the usage.
pub const CODES: &str = "\
exit codes, as curl's: 0 there was a response, whatever its status; 1 nothing here speaks the
scheme; 2 wrong usage; 3 the URL is none; 5 the proxy is none; 6 the host is unknown; 7 no
connection; 8 the response is none; 18 the body was cut short; 22 a status of 400 or more, with -f;
23 the body could not be written; 26 a file could not be read; 28 the time was up; 47 too many
redirects; 52 the server closed without a response; 55 and 56 the connection broke while sending,
or receiving; 61 the body's compression is broken; 130 stopped by a signal.";

/// Why the program fails.
pub enum Failure {
    /// No response, or no end of its body.
    Http(HttpError),
    /// `-f`, and this status.
    Status(Status),
    /// The body could not be written.
    Write(io::Error),
    /// What was to be sent could not be read.
    Read(String),
    /// A value of a flag that cannot be.
    Usage(String),
    /// The system has no randomness, or no signals.
    Local(io::Error),
}

impl Failure {
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Http(error) => code_of(error),
            Failure::Status(_) => 22,
            Failure::Write(_) => 23,
            Failure::Read(_) => 26,
            Failure::Usage(_) | Failure::Local(_) => 2,
        })
    }
}

fn code_of(error: &HttpError) -> u8 {
    match error {
        HttpError::UnsupportedScheme { .. } => 1,
        HttpError::Url(_) | HttpError::BadRedirect { .. } => 3,
        HttpError::BadProxy { .. } => 5,
        HttpError::Connect(error) if error.is_timeout() => 28,
        HttpError::Connect(error) if matches!(error.step, Step::Address | Step::Lookup) => 6,
        HttpError::Connect(_) => 7,
        HttpError::Request(MessageError::Io(_) | MessageError::WrongLength { .. }) => 26,
        HttpError::Request(_) => 2,
        HttpError::TimedOut { .. } => 28,
        HttpError::Cancelled { .. } => 130,
        HttpError::TooManyRedirects { .. } => 47,
        HttpError::NoResponse => 52,
        HttpError::BadCoding { .. } => 61,
        HttpError::TunnelRefused { .. } => 56,
        HttpError::Response { phase: Phase::Send, .. } => 55,
        HttpError::Response { error: MessageError::Io(_) | MessageError::HeadCutShort { .. }, .. } => 56,
        HttpError::Response {
            error: MessageError::BodyCutShort { .. } | MessageError::ChunksCutShort { .. },
            ..
        } => 18,
        _ => 8,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Http(error) => write!(f, "{error}"),
            Failure::Status(status) => write!(f, "the server says {status}"),
            Failure::Write(error) => write!(f, "{error}"),
            Failure::Read(sentence) | Failure::Usage(sentence) => write!(f, "{sentence}"),
            Failure::Local(error) => write!(f, "{error}"),
        }
    }
}
