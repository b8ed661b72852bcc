//! Several diallers, one token: the first to connect calls the others off. Listing 3-8.
//!
//! ```text
//!             ┌ dialler-1 ── connecting ………………………… called off ┐
//! dial_any ───┼ dialler-2 ── connected ──▶ winner, cancel ─────┼──▶ all joined ──▶ FanOut
//!             └ dialler-3 ── connected, too late: closed ──────┘
//! ```
//!
//! For something that several servers have. Unlike [`super::race`] nobody has a head start.
//!
//! Ours beside Go's: the book's test waits for the first id and for nothing else, so with nobody answering it waits for ever,
//! though its token has long ended (the book's repository corrected this in 2025). Here every dialler reports, success or
//! not, and the caller counts the reports.

use std::fmt;
use std::sync::mpsc;

use super::address::Network;
use super::dial::Dialer;
use super::error::{OpError, Operation, Step};
use crate::base::cancel::{Cancel, Cause};
use crate::base::conn::TcpConn;
use crate::base::deadline::Deadline;
use crate::base::thread::Group;
use crate::base::trace;

/// A dialler's thread resolves and connects; both are shallow.
const DIALLER_STACK: usize = 256 * 1024;

/// How a fan-out ended that somebody won.
#[derive(Debug)]
pub struct FanOut {
    /// The winner: 1 for the first address, and so on.
    pub id: usize,
    /// Its connection.
    pub conn: TcpConn,
    /// The others, in the order in which they ended.
    pub losers: Vec<Loser>,
}

/// A dialler that did not win.
#[derive(Debug)]
pub struct Loser {
    /// Which: 1 for the first address, and so on.
    pub id: usize,
    /// How it ended; `None`: it connected too, but too late. Its connection is closed.
    pub error: Option<OpError>,
}

/// How a fan-out ended that nobody won.
#[derive(Debug)]
pub enum FanOutError {
    /// There was no address to dial.
    NobodyToDial,
    /// The token ended before anybody answered.
    Ended(Cause),
    /// All attempts failed by themselves; this is the last one's error.
    AllFailed(OpError),
}

impl fmt::Display for FanOutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FanOutError::NobodyToDial => write!(f, "there is no address to dial"),
            FanOutError::Ended(cause) => write!(f, "nobody had answered when {cause}"),
            FanOutError::AllFailed(last) => write!(f, "all diallers failed, the last one with: {last}"),
        }
    }
}

impl std::error::Error for FanOutError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FanOutError::NobodyToDial => None,
            FanOutError::Ended(cause) => Some(cause),
            FanOutError::AllFailed(last) => Some(last),
        }
    }
}

/// Dials all `addresses` at once, a thread each, and keeps the first connection. All threads have ended when it returns.
/// `cancel` calls the whole off; a fan-out that is won leaves it alone.
///
/// # Errors
/// [`FanOutError`]. With nobody answering it ends when `cancel` does: give that a deadline.
pub fn dial_any(
    dialer: &Dialer,
    network: Network,
    addresses: &[&str],
    cancel: &Cancel,
) -> Result<FanOut, FanOutError> {
    let token = cancel.child();
    let diallers = Group::new();
    let (told, reports) = mpsc::channel();
    trace::note(|| format!("sends out {} diallers", addresses.len()));
    for (index, address) in addresses.iter().enumerate() {
        let id = index + 1;
        let (dialer, address, token) = (dialer.clone(), address.to_string(), token.clone());
        let report = told.clone();
        let started = diallers.spawn(&format!("dialler-{id}"), DIALLER_STACK, move || {
            dial(id, &dialer, network, &address, &token, &report);
        });
        if let Err(cause) = started {
            let error = OpError::new(Operation::Dial, Step::Connect, network, addresses[index], cause);
            let _ = told.send((id, Err(error)));
        }
    }
    // The reports end when the last dialler has gone.
    drop(told);
    let outcome = first_success(&reports, &token);
    diallers.join(Deadline::NEVER);
    match outcome {
        Err(FanOutError::AllFailed(_)) if cancel.has_ended() => {
            Err(FanOutError::Ended(cancel.cause().unwrap_or(Cause::Cancelled)))
        }
        outcome => outcome,
    }
}

type Report = (usize, Result<TcpConn, OpError>);

/// One dialler: the book's `dial`.
fn dial(
    id: usize,
    dialer: &Dialer,
    network: Network,
    address: &str,
    token: &Cancel,
    report: &mpsc::Sender<Report>,
) {
    let _me = trace::party(&format!("dialler {id}"));
    let outcome = dialer.dial_before(network, address, token);
    // The reports are read to their end; should that change, the connection is closed here.
    let _ = report.send((id, outcome));
}

fn first_success(reports: &mpsc::Receiver<Report>, token: &Cancel) -> Result<FanOut, FanOutError> {
    let mut winner = None;
    let mut losers = Vec::new();
    for (id, outcome) in reports {
        match outcome {
            Ok(conn) if winner.is_none() => {
                trace::note(|| format!("dialler {id} wins; the others are called off"));
                token.cancel();
                winner = Some((id, conn));
            }
            Ok(late) => {
                drop(late);
                losers.push(Loser { id, error: None });
            }
            Err(error) => losers.push(Loser { id, error: Some(error) }),
        }
    }
    if let Some((id, conn)) = winner {
        return Ok(FanOut { id, conn, losers });
    }
    match losers.pop() {
        Some(Loser { error: Some(error), .. }) => Err(FanOutError::AllFailed(error)),
        _ => Err(FanOutError::NobodyToDial),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_to_dial_is_said_at_once() {
        let outcome = dial_any(&Dialer::default(), Network::Tcp, &[], &Cancel::new());
        assert!(matches!(outcome, Err(FanOutError::NobodyToDial)));
    }

    #[test]
    fn a_bad_address_among_others_is_only_a_loser() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let good = listener.local_addr().unwrap().to_string();
        let won = dial_any(&Dialer::default(), Network::Tcp, &["no port", &good], &Cancel::new()).unwrap();
        assert_eq!(won.id, 2);
        // The first has failed already or was called off before it began; either way it is a loser with an error.
        assert!(won.losers.len() == 1 && won.losers[0].error.is_some());
    }

    #[test]
    fn a_token_that_has_ended_dials_nobody() {
        let cancel = Cancel::new();
        cancel.cancel();
        let outcome = dial_any(&Dialer::default(), Network::Tcp, &["127.0.0.1:1"], &cancel);
        assert!(matches!(outcome, Err(FanOutError::Ended(Cause::Cancelled))), "{outcome:?}");
    }
}
