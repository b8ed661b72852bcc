//! How long to wait for a peer: until it falls silent, until a moment, or while it keeps up a pace.
//!
//! ```text
//! idle     |--.....|--.....|--.....|      each read may wait so long; a byte now and then keeps it alive for ever
//! total    |-----------------------x      one moment for everything, however busy the peer is
//! pace     |--..--..|--......x            so many bytes in every stretch of waiting, or the peer is too slow
//! ```
//! The book pushes the deadline forward with every read. That finds a peer that is gone, and lets one through that sends
//! a byte just before each deadline: a thousand such connections hold a server and cost their sender nothing ("slow
//! loris"). Against that stand the other two.
//!
//! Book: "Implementing Deadlines", Listing 3-9 and the text behind it.

use std::fmt;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use crate::base::conn::ConnRead;
use crate::base::deadline::{Deadline, timeouts_are_off};

/// How long a reader waits. By default for ever.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long a single read may wait. `None`: as long as it likes.
    pub idle: Option<Duration>,
    /// The moment at which reading ends, whatever has come.
    pub total: Deadline,
    /// The least the peer must send.
    pub pace: Option<Pace>,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { idle: None, total: Deadline::NEVER, pace: None }
    }
}

/// A least amount of data in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// So many bytes …
    pub bytes: u64,
    /// … in every stretch of waiting of this length. Only waiting counts: while we are busy with something else, the
    /// peer's bytes stand in the system's buffer, and that is not its fault.
    pub within: Duration,
}

/// Which patience ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impatience {
    /// The peer sent nothing for so long.
    PeerSilent {
        /// The idle limit.
        limit: Duration,
    },
    /// The peer had not finished at the final moment.
    PeerNotDone {
        /// What it had sent until then.
        received: u64,
    },
    /// The peer sends, but less than the pace asks for.
    PeerTooSlow {
        /// Bytes in the last stretch.
        received: u64,
        /// What we ask for.
        pace: Pace,
    },
}

impl fmt::Display for Impatience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Impatience::PeerSilent { limit } => write!(f, "the peer was silent for {limit:?}"),
            Impatience::PeerNotDone { received } => {
                write!(f, "the peer had not finished at the deadline; {received} bytes had come")
            }
            Impatience::PeerTooSlow { received, pace } => {
                let Pace { bytes, within } = pace;
                write!(f, "the peer sent {received} bytes in {within:?}; we ask for at least {bytes}")
            }
        }
    }
}

impl std::error::Error for Impatience {}

impl From<Impatience> for io::Error {
    fn from(reason: Impatience) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, reason)
    }
}

impl Impatience {
    /// The reason inside an error of [`PatientReader`].
    pub fn of(error: &io::Error) -> Option<Impatience> {
        error.get_ref()?.downcast_ref::<Impatience>().copied()
    }
}

/// Reads from a connection as long as the [`Patience`] lasts. It owns the connection's read deadline while it lives.
pub struct PatientReader<'a, R: ConnRead + ?Sized> {
    conn: &'a mut R,
    patience: Patience,
    received: u64,
    stretch: Stretch,
}

/// The time waited and the bytes received since the pace was last found to be kept.
#[derive(Default)]
struct Stretch {
    waited: Duration,
    received: u64,
}

impl<'a, R: ConnRead + ?Sized> PatientReader<'a, R> {
    /// A reader of `conn`.
    pub fn new(conn: &'a mut R, patience: Patience) -> PatientReader<'a, R> {
        PatientReader { conn, patience, received: 0, stretch: Stretch::default() }
    }

    /// Bytes read so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// When the stretch under way is to be judged.
    fn stretch_ends(&self) -> Deadline {
        match self.patience.pace {
            Some(pace) => Deadline::after(pace.within.saturating_sub(self.stretch.waited)),
            None => Deadline::NEVER,
        }
    }

    /// Judges a stretch that is over, and begins the next.
    fn judge(&mut self) -> Result<(), Impatience> {
        let Some(pace) = self.patience.pace else { return Ok(()) };
        if self.stretch.waited < pace.within || timeouts_are_off() {
            return Ok(());
        }
        let received = self.stretch.received;
        self.stretch = Stretch::default();
        if received < pace.bytes {
            return Err(Impatience::PeerTooSlow { received, pace });
        }
        Ok(())
    }

    /// Why a read that timed out did, `None` if it was only the end of a stretch.
    fn out_of_patience(&self, idle: Deadline) -> Option<Impatience> {
        if self.patience.total.has_passed() {
            return Some(Impatience::PeerNotDone { received: self.received });
        }
        match self.patience.idle {
            Some(limit) if idle.has_passed() => Some(Impatience::PeerSilent { limit }),
            _ => None,
        }
    }
}

impl<R: ConnRead + ?Sized> Read for PatientReader<'_, R> {
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] with an [`Impatience`] inside; else the connection's.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let idle = Deadline::from(self.patience.idle);
        loop {
            self.conn.set_read_deadline(idle.earlier(self.patience.total).earlier(self.stretch_ends()));
            let begin = Instant::now();
            let outcome = self.conn.read(buf);
            self.stretch.waited += begin.elapsed();
            match outcome {
                Ok(count) => {
                    self.received += count as u64;
                    self.stretch.received += count as u64;
                    if count > 0 {
                        self.judge()?;
                    }
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    if let Some(reason) = self.out_of_patience(idle) {
                        return Err(reason.into());
                    }
                    self.judge()?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl<R: ConnRead + ?Sized> fmt::Debug for PatientReader<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reader with {:?}, {} bytes so far", self.patience, self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte per read after `pause`, or times out at its deadline like a socket.
    struct Dripping {
        pause: Duration,
        left: usize,
        deadline: Deadline,
    }

    impl Read for Dripping {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if self.left == 0 {
                return Ok(0);
            }
            let ready = Deadline::after(self.pause);
            if self.deadline.earlier(ready) == self.deadline {
                std::thread::sleep(self.deadline.remaining()?.unwrap_or_default());
                return Err(crate::base::deadline::timed_out());
            }
            std::thread::sleep(self.pause);
            self.left -= 1;
            buf[0] = b'.';
            Ok(1)
        }
    }

    impl ConnRead for Dripping {
        fn set_read_deadline(&mut self, deadline: Deadline) {
            self.deadline = deadline;
        }
    }

    fn dripping(pause: u64, left: usize) -> Dripping {
        Dripping { pause: Duration::from_millis(pause), left, deadline: Deadline::NEVER }
    }

    #[test]
    fn without_limits_everything_is_read() {
        let mut conn = dripping(0, 5);
        let mut all = Vec::new();
        let mut reader = PatientReader::new(&mut conn, Patience::default());
        assert_eq!(reader.read_to_end(&mut all).unwrap(), 5);
        assert_eq!(reader.received(), 5);
    }

    #[test]
    fn a_peer_below_the_pace_is_named_with_its_pace() {
        let mut conn = dripping(2, usize::MAX);
        let pace = Pace { bytes: 1000, within: Duration::from_millis(20) };
        let patience =
            Patience { idle: Some(Duration::from_secs(20)), pace: Some(pace), ..Patience::default() };
        let error = PatientReader::new(&mut conn, patience).read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        match Impatience::of(&error) {
            Some(Impatience::PeerTooSlow { received, pace: asked }) => {
                assert!(received < 1000 && asked == pace, "{error}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_peer_that_keeps_the_pace_outlives_many_stretches() {
        let mut conn = dripping(1, 60);
        let pace = Pace { bytes: 1, within: Duration::from_millis(10) };
        let patience = Patience { pace: Some(pace), ..Patience::default() };
        let mut all = Vec::new();
        assert_eq!(PatientReader::new(&mut conn, patience).read_to_end(&mut all).unwrap(), 60);
    }

    #[test]
    fn our_own_delays_are_not_the_peers() {
        let mut conn = dripping(0, 5);
        let pace = Pace { bytes: 3, within: Duration::from_millis(150) };
        let mut reader = PatientReader::new(&mut conn, Patience { pace: Some(pace), ..Patience::default() });
        let mut byte = [0];
        for _ in 0..5 {
            std::thread::sleep(Duration::from_millis(50)); // We are busy; the byte is there all the while.
            assert_eq!(reader.read(&mut byte).unwrap(), 1);
        }
    }

    #[test]
    fn silence_and_the_final_moment_are_told_apart() {
        let silent = || dripping(60_000, 1);
        let limit = Duration::from_millis(15);
        let idle = Patience { idle: Some(limit), ..Patience::default() };
        let error = PatientReader::new(&mut silent(), idle).read(&mut [0]).unwrap_err();
        assert_eq!(Impatience::of(&error), Some(Impatience::PeerSilent { limit }));
        let total = Patience { total: Deadline::after(limit), ..Patience::default() };
        let error = PatientReader::new(&mut silent(), total).read(&mut [0]).unwrap_err();
        assert_eq!(Impatience::of(&error), Some(Impatience::PeerNotDone { received: 0 }));
    }
}
