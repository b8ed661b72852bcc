//! Several connection attempts at once, the earlier ones with a head start.
//!
//! ```text
//! 0 ms      first ──────────────────────────────────────── no answer … called off
//! 300 ms             second ─────── connected: the winner
//! 600 ms                            (third is never started)
//! ```
//!
//! The next contender starts when the last one has had its head start, or at once when the last one has failed. The first
//! success calls the others off; [`race`] returns when all of them have ended, so nothing it started is left behind. One
//! that connected too, too late, is dropped, which closes it.
//!
//! A contender is whatever the caller makes of it. [`super::dial`] races two *lists*, as Go does: the addresses of the
//! first address's IP version against those of the other, each list tried in order. Go never races two addresses of one
//! version. `race` itself does not mind: give it single addresses, and the second starts after the head start whatever
//! its version, as RFC 8305 (Happy Eyeballs, version 2) has it.
//!
//! Book: text after Listings 3-5 and 3-6.

use std::fmt::Display;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

use crate::base::cancel::Cancel;
use crate::base::trace::{self, Identity};

/// How long Go's dialler waits before it tries the other IP version: long enough that a healthy first choice wins, short
/// enough that nobody notices a dead one. RFC 8305, 5 advises 250 ms.
pub const HEAD_START: Duration = Duration::from_millis(300);

/// Connects to one of `contenders` by running `connect` on each in a thread of its own, in order, each a `head_start` after
/// the one before. `connect` must return when the token it is given ends.
///
/// # Errors
/// How the contenders failed, in their order. Shorter than the list, even empty, if `cancel` ended before all had started.
pub fn race<T, C, E>(
    contenders: &[T],
    head_start: Duration,
    cancel: &Cancel,
    connect: impl Fn(&T, &Cancel) -> Result<C, E> + Sync,
) -> Result<C, Vec<E>>
where
    T: Sync,
    C: Send,
    E: Send + Display,
{
    // Below the caller's token: ending ours leaves theirs alone.
    let token = cancel.child();
    let connect = &connect;
    scope(|scope| {
        let (told, heard) = mpsc::channel();
        let mut field = Field::new(contenders.len());
        loop {
            if field.next_may_start() && !token.has_ended() {
                let number = field.start_next(head_start);
                let run = Contender { number, told: told.clone(), identity: Identity::here() };
                let (contender, token) = (&contenders[number], &token);
                let named = Builder::new().name(format!("racer-{}", number + 1));
                let started = named.spawn_scoped(scope, move || run.run(|| connect(contender, token)));
                if let Err(error) = started {
                    // Without a thread there is no race, but there still is a connection: it runs here.
                    trace::note(|| format!("contender {} has no thread: {error}", number + 1));
                    let run = Contender { number, told: told.clone(), identity: Identity::here() };
                    run.run(|| connect(contender, token));
                }
            }
            match field.hear(&heard, token.has_ended()) {
                Heard::Success(conn) => {
                    // The scope waits for the others, which this makes quick.
                    token.cancel();
                    return Ok(conn);
                }
                Heard::AllFailed(errors) => return Err(errors),
                Heard::Nothing => {}
            }
        }
    })
}

/// One contender in its thread.
struct Contender<C, E> {
    number: usize,
    told: mpsc::Sender<(usize, Result<C, E>)>,
    identity: Identity,
}

impl<C, E> Contender<C, E> {
    fn run(self, connect: impl FnOnce() -> Result<C, E>) {
        self.identity.adopt();
        // Nobody listens once there is a winner; a connection made too late is dropped here.
        let _ = self.told.send((self.number, connect()));
    }
}

/// What the race knows of its contenders.
struct Field<E> {
    failures: Vec<Option<E>>,
    started: usize,
    running: usize,
    /// When the next one may start.
    next_start: Instant,
}

enum Heard<C, E> {
    Success(C),
    AllFailed(Vec<E>),
    Nothing,
}

impl<E: Display> Field<E> {
    fn new(size: usize) -> Field<E> {
        let mut failures = Vec::new();
        failures.resize_with(size, || None);
        Field { failures, started: 0, running: 0, next_start: Instant::now() }
    }

    fn next_may_start(&self) -> bool {
        self.started < self.failures.len() && Instant::now() >= self.next_start
    }

    fn start_next(&mut self, head_start: Duration) -> usize {
        let number = self.started;
        if number > 0 {
            trace::note(|| format!("contender {} of {} starts", number + 1, self.failures.len()));
        }
        self.started += 1;
        self.running += 1;
        let now = Instant::now();
        // A head start beyond the clock is one that only a failure ends; a day is as good.
        self.next_start = now.checked_add(head_start).unwrap_or(now + Duration::from_secs(86_400));
        number
    }

    /// Waits for an outcome, but not beyond the next start.
    fn hear<C>(&mut self, heard: &Receiver<(usize, Result<C, E>)>, ended: bool) -> Heard<C, E> {
        let more_to_start = self.started < self.failures.len() && !ended;
        if self.running == 0 && !more_to_start {
            return Heard::AllFailed(self.failures.drain(..).flatten().collect());
        }
        let news = if more_to_start {
            heard.recv_timeout(self.next_start.saturating_duration_since(Instant::now()))
        } else {
            heard.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match news {
            Ok((_, Ok(conn))) => return Heard::Success(conn),
            Ok((number, Err(error))) => self.note_failure(number, error),
            // The race holds a sender itself, so the channel never closes: the head start is over.
            Err(_) => {}
        }
        Heard::Nothing
    }

    fn note_failure(&mut self, number: usize, error: E) {
        trace::note(|| format!("contender {} failed: {error}", number + 1));
        self.running -= 1;
        self.failures[number] = Some(error);
        if number + 1 == self.started {
            self.next_start = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::cancel::Cause;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const SHORT: Duration = Duration::from_millis(30);
    /// A head start that no test lives to see the end of.
    const LONG: Duration = Duration::from_secs(600);

    /// A contender as a word.
    fn act(word: &&'static str, token: &Cancel) -> Result<&'static str, String> {
        match *word {
            "silent" => Err(format!("silent: {}", token.wait())),
            word if word.starts_with("refuses") => Err(word.to_string()),
            word => Ok(word),
        }
    }

    #[test]
    fn a_first_contender_that_answers_runs_alone() {
        let starts = AtomicUsize::new(0);
        let winner = race(&["a", "b"], LONG, &Cancel::new(), |word, token| {
            starts.fetch_add(1, Ordering::SeqCst);
            act(word, token)
        });
        assert_eq!((winner, starts.into_inner()), (Ok("a"), 1));
    }

    #[test]
    fn a_silent_first_has_its_whole_head_start_and_then_loses() {
        let begin = Instant::now();
        let ends = Mutex::new(Vec::new());
        let winner = race(&["silent", "b"], SHORT, &Cancel::new(), |word, token| {
            let outcome = act(word, token);
            ends.lock().unwrap().push(token.cause());
            outcome
        });
        assert_eq!(winner, Ok("b"));
        assert!(begin.elapsed() >= SHORT);
        // Both had ended when race returned, and the silent one because it was called off.
        assert_eq!(ends.into_inner().unwrap(), [None, Some(Cause::Cancelled)]);
    }

    #[test]
    fn a_failure_starts_the_next_at_once() {
        let begin = Instant::now();
        assert_eq!(race(&["refuses", "b"], LONG, &Cancel::new(), act), Ok("b"));
        assert!(begin.elapsed() < LONG / 10);
    }

    #[test]
    fn an_earlier_failure_does_not_shorten_the_head_start_of_the_one_that_runs() {
        let begin = Instant::now();
        // The first fails as soon as the second has started; the third still waits for the second's head start.
        let (told, heard) = mpsc::channel();
        let (told, heard) = (Mutex::new(told), Mutex::new(heard));
        let winner = race(&[1, 2, 3], SHORT, &Cancel::new(), |number, token| match number {
            1 => {
                let _ = heard.lock().unwrap().recv();
                Err("refused".to_string())
            }
            2 => {
                let _ = told.lock().unwrap().send(());
                Err(token.wait().to_string())
            }
            _ => Ok(begin.elapsed()),
        });
        assert!(winner.unwrap() >= SHORT * 2);
    }

    #[test]
    fn when_all_fail_their_errors_come_in_their_order() {
        let words = ["refuses 1", "refuses 2", "refuses 3"];
        for head_start in [Duration::ZERO, LONG] {
            let errors = race(&words, head_start, &Cancel::new(), act).unwrap_err();
            assert_eq!(errors, words);
        }
        assert!(race(&[], LONG, &Cancel::new(), act).unwrap_err().is_empty());
    }

    #[test]
    fn the_callers_token_ends_the_race_and_outlives_it() {
        let cancel = Cancel::after(SHORT);
        let errors = race(&["silent", "b"], LONG, &cancel, act).unwrap_err();
        assert_eq!(errors, ["silent: the deadline was exceeded"]);

        let cancel = Cancel::new();
        assert_eq!(race(&["a"], LONG, &cancel, act), Ok("a"));
        assert_eq!(cancel.cause(), None, "a race that is won leaves its caller's token alone");
        cancel.cancel();
        assert!(race(&["a"], LONG, &cancel, act).unwrap_err().is_empty(), "nobody starts");
    }

    #[test]
    fn a_head_start_of_nothing_starts_all_at_once_and_one_beyond_the_clock_is_no_panic() {
        assert_eq!(race(&["silent", "silent", "c"], Duration::ZERO, &Cancel::new(), act), Ok("c"));
        assert_eq!(race(&["refuses", "b"], Duration::MAX, &Cancel::new(), act), Ok("b"));
    }
}
