//! A heartbeat: a ping at regular intervals, which the other side is to answer.
//!
//! ```text
//!             reset(interval)                       told to stop, or nobody left to reset it
//!                  |                                              |
//!   waiting <------+-- (the interval begins anew)  waiting -------+----> ended
//!      | the interval has passed
//!      '--> write "ping" --ok--> waiting        --error--> ended, with the error
//! ```
//! TCP keepalive asks the other *kernel*; it answers for an application that hangs. A heartbeat is answered by the
//! application itself. It also looks like data to a firewall, and works the same everywhere.
//!
//! Book: "Implementing a Heartbeat", Listings 3-10 to 3-12.

mod reset;
mod shared_writer;

use std::io::{self, Write};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::cancel::Cancel;
use crate::base::deadline::Deadline;
use crate::base::{thread, trace};
use reset::Woken;

pub use reset::{PingerGone, ResetSender, Resets, reset_channel};
pub use shared_writer::SharedWriter;

/// The interval of a pinger that was not told another.
pub const DEFAULT_PING_INTERVAL: Duration = Duration::from_secs(30);

/// What a pinger writes. Any bytes do, one is enough, as long as the other side knows what they ask of it.
pub const PING: &[u8] = b"ping";

/// Writes [`PING`] to `writer` at regular intervals until the token ends or the [`ResetSender`] is dropped. The first
/// interval is the reset that waits in `resets`, [`DEFAULT_PING_INTERVAL`] if there is none or it is zero.
///
/// # Errors
/// The first error of `writer`, which ends the pinger.
pub fn pinger(cancel: &Cancel, writer: &mut dyn Write, resets: Resets) -> io::Result<()> {
    Pinger::default().run(cancel, writer, resets)
}

/// A pinger that forgives some timeouts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pinger {
    /// So many writes in a row may time out before the pinger gives the connection up: it then cancels its token, so that
    /// everyone who works on the connection hears of it. `None`: the first one ends the pinger, and only the pinger.
    pub cancel_after_timeouts: Option<u32>,
}

impl Pinger {
    /// As [`pinger`].
    ///
    /// # Errors
    /// The error of `writer` that ended it.
    pub fn run(&self, cancel: &Cancel, writer: &mut dyn Write, resets: Resets) -> io::Result<()> {
        let _registration = resets.stop_with(cancel);
        let mut interval = longer_than_zero(resets.take(), DEFAULT_PING_INTERVAL);
        let mut timeouts = 0;
        let mut unsent: &[u8] = &[];
        loop {
            match resets.wait(Deadline::after(interval)) {
                Woken::ToldToStop => return Ok(()),
                Woken::Reset(wanted) => interval = longer_than_zero(Some(wanted), interval),
                Woken::IntervalPassed => {
                    // A ping that a timeout tore apart is finished first, or the peer would read "piping".
                    if unsent.is_empty() {
                        unsent = PING;
                    }
                    match write_until_error(writer, &mut unsent) {
                        Ok(()) => timeouts = 0,
                        Err(error) => {
                            timeouts += 1;
                            self.forgive(error, timeouts, cancel)?;
                        }
                    }
                }
            }
        }
    }

    /// `Ok` if the pinger goes on after this error.
    fn forgive(&self, error: io::Error, timeouts: u32, cancel: &Cancel) -> io::Result<()> {
        let Some(most) = self.cancel_after_timeouts else { return Err(error) };
        if error.kind() != io::ErrorKind::TimedOut {
            return Err(error);
        }
        if timeouts < most {
            return Ok(());
        }
        trace::note(|| format!("{timeouts} pings in a row timed out: giving up"));
        cancel.cancel();
        Err(error)
    }
}

fn longer_than_zero(wanted: Option<Duration>, otherwise: Duration) -> Duration {
    match wanted {
        Some(wanted) if !wanted.is_zero() => wanted,
        _ => otherwise,
    }
}

/// Writes all of `unsent`; after an error it holds what is left.
fn write_until_error(writer: &mut dyn Write, unsent: &mut &[u8]) -> io::Result<()> {
    while !unsent.is_empty() {
        match writer.write(unsent) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => *unsent = unsent.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    writer.flush()
}

/// A pinger in a thread of its own. Dropping it stops the pinger and waits for its thread.
#[derive(Debug)]
pub struct Heartbeat {
    cancel: Cancel,
    resets: ResetSender,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Heartbeat {
    /// Starts to ping `writer` every `interval`, until it is stopped or `cancel` ends. The writer must give up by itself
    /// when its peer does not read, as a [`SharedWriter`] with a timeout does: stopping waits for a ping under way.
    ///
    /// # Errors
    /// The system's, when it has no thread to give.
    pub fn start(
        cancel: &Cancel,
        mut writer: impl Write + Send + 'static,
        interval: Duration,
    ) -> io::Result<Heartbeat> {
        let cancel = cancel.child();
        let (sender, resets) = reset_channel();
        // The receiver is in our hands, so it is not gone.
        let _ = sender.reset(interval);
        let token = cancel.clone();
        let thread = thread::spawn("pinger", move || pinger(&token, &mut writer, resets))?;
        Ok(Heartbeat { cancel, resets: sender, thread: Some(thread) })
    }

    /// The peer was heard of: the next ping comes a whole interval from now. Never blocks.
    ///
    /// # Errors
    /// [`PingerGone`] if a ping could not be written; [`Heartbeat::stop`] says why.
    pub fn reset(&self) -> Result<(), PingerGone> {
        self.resets.reset(Duration::ZERO)
    }

    /// As [`Heartbeat::reset`], with another interval from now on.
    ///
    /// # Errors
    /// As there.
    pub fn reset_to(&self, interval: Duration) -> Result<(), PingerGone> {
        self.resets.reset(interval)
    }

    /// Stops the pinger.
    ///
    /// # Errors
    /// What ended it before it was told to stop.
    pub fn stop(mut self) -> io::Result<()> {
        self.cancel.cancel();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            _ => Err(io::Error::other("the pinger panicked")),
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Instant;

    const SOON: Duration = Duration::from_millis(5);
    const LONG: Duration = Duration::from_secs(30);

    /// A writer that takes what a script says, and tells what it was given.
    struct Scripted {
        outcomes: Vec<io::Result<usize>>,
        told: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Scripted {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            if self.outcomes.is_empty() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let count = self.outcomes.remove(0)?.min(buf.len());
            let _ = self.told.send(buf[..count].to_vec());
            Ok(count)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn timed_out() -> io::Result<usize> {
        Err(io::ErrorKind::TimedOut.into())
    }

    fn run_script(pinger: Pinger, cancel: &Cancel, outcomes: Vec<io::Result<usize>>) -> (io::Error, Vec<u8>) {
        let (told, heard) = mpsc::channel();
        let (sender, resets) = reset_channel();
        sender.reset(SOON).unwrap();
        let error = pinger.run(cancel, &mut Scripted { outcomes, told }, resets).unwrap_err();
        (error, heard.iter().flatten().collect())
    }

    #[test]
    fn the_first_write_error_ends_the_pinger_and_leaves_the_token_alone() {
        let cancel = Cancel::new();
        let (error, written) = run_script(Pinger::default(), &cancel, vec![Ok(4), timed_out()]);
        assert_eq!((error.kind(), written.as_slice()), (io::ErrorKind::TimedOut, b"ping".as_slice()));
        assert!(!cancel.has_ended());
    }

    #[test]
    fn timeouts_in_a_row_reach_the_threshold_and_a_success_starts_the_count_anew() {
        let cancel = Cancel::new();
        let pinger = Pinger { cancel_after_timeouts: Some(2) };
        let script = vec![timed_out(), Ok(4), timed_out(), timed_out(), Ok(4)];
        let (error, written) = run_script(pinger, &cancel, script);
        assert_eq!((error.kind(), written.as_slice()), (io::ErrorKind::TimedOut, b"ping".as_slice()));
        assert!(cancel.has_ended(), "and everyone else hears of it");

        let cancel = Cancel::new();
        let (error, _) =
            run_script(pinger, &cancel, vec![timed_out(), Err(io::ErrorKind::BrokenPipe.into())]);
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "no timeout, so no patience");
        assert!(!cancel.has_ended());
    }

    #[test]
    fn a_torn_ping_is_finished_before_the_next() {
        let pinger = Pinger { cancel_after_timeouts: Some(9) };
        let (_, written) = run_script(pinger, &Cancel::new(), vec![Ok(2), timed_out(), Ok(4), Ok(4)]);
        assert_eq!(written, b"pingping");
    }

    #[test]
    fn it_ends_at_once_with_its_token_and_with_its_sender() {
        let cancel = Cancel::new();
        let heartbeat = Heartbeat::start(&cancel, Vec::new(), LONG).unwrap();
        let begin = Instant::now();
        cancel.cancel();
        heartbeat.stop().unwrap();
        let (sender, resets) = reset_channel();
        drop(sender);
        pinger(&Cancel::new(), &mut Vec::new(), resets).unwrap();
        drop(Heartbeat::start(&Cancel::new(), Vec::new(), LONG).unwrap());
        assert!(begin.elapsed() < LONG);
    }

    #[test]
    fn without_a_waiting_reset_or_with_zero_the_interval_is_thirty_seconds() {
        assert_eq!(DEFAULT_PING_INTERVAL, Duration::from_secs(30));
        assert_eq!(longer_than_zero(None, DEFAULT_PING_INTERVAL), DEFAULT_PING_INTERVAL);
        assert_eq!(longer_than_zero(Some(Duration::ZERO), DEFAULT_PING_INTERVAL), DEFAULT_PING_INTERVAL);
        assert_eq!(longer_than_zero(Some(SOON), LONG), SOON);
    }
}
