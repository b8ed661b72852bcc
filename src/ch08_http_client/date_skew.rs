//! How far this computer's clock is from a server's: Listing 8-2.
//!
//! ```text
//! client ── HEAD / ──▶ server          only the head is wanted
//!        ◀── Date: Mon, 02 Jan 2006 15:04:05 GMT ──
//! ```
//! The field has whole seconds, and the response takes time to arrive: the answer is right to about a second.

use std::fmt;

use super::client::Client;
use super::error::HttpError;
use super::method::Method;
use super::request::Request;
use crate::base::calendar::{CalendarError, Timestamp};
use crate::base::cancel::Cancel;
use crate::base::show::quoted;

/// A server's date beside ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// What the server said.
    pub date: Timestamp,
    /// Seconds that our clock is ahead of the server's; negative if it is behind.
    pub seconds: i64,
}

/// Why there is no skew.
#[derive(Debug)]
pub enum SkewError {
    /// There is no response.
    Http(HttpError),
    /// The response has no `Date` (RFC 9110, 6.6.1: a server without a clock sends none).
    NoDate,
    /// Its `Date` is none.
    BadDate {
        /// The value.
        got: String,
        /// Why.
        error: CalendarError,
    },
}

/// Asks the server at `url` for the time, and compares it with ours, rounded to whole seconds. `cancel` covers all of it.
///
/// # Errors
/// [`SkewError`]
pub fn date_skew(client: &Client, url: &str, cancel: &Cancel) -> Result<Skew, SkewError> {
    let request = Request::new(Method::HEAD, url).map_err(SkewError::Http)?;
    let response = client.send(request.with_cancel(cancel)).map_err(SkewError::Http)?;
    let ours = rounded(Timestamp::now());
    let date = response.header.get("Date").ok_or(SkewError::NoDate)?;
    let date = Timestamp::parse_http_date(date)
        .map_err(|error| SkewError::BadDate { got: date.to_owned(), error })?;
    Ok(Skew { date, seconds: ours.saturating_sub(date.unix_seconds()) })
}

/// Seconds since 1970, half a second up.
fn rounded(time: Timestamp) -> i64 {
    time.unix_seconds() + i64::from(time.nanos >= 500_000_000)
}

impl fmt::Display for SkewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkewError::Http(error) => write!(f, "{error}"),
            SkewError::NoDate => write!(f, "the response has no Date"),
            SkewError::BadDate { got, error } => write!(f, "Date is {}: {error}", quoted(got, 64)),
        }
    }
}

impl std::error::Error for SkewError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SkewError::Http(error) => Some(error),
            SkewError::BadDate { error, .. } => Some(error),
            SkewError::NoDate => None,
        }
    }
}
