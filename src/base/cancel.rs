//! Cancellation: a tree of tokens with deadlines and causes. Go's `context` without its values.
//!
//! ```text
//! root.cancel() ──▶ ends root and everything below
//!   ├── child            (shares the parent's fate)
//!   └── child + 5 s      (ends by itself after five seconds)
//!         └── grandchild
//! ```
//!
//! A token ends once, and its [`Cause`] sticks: cancelling a token whose deadline has passed changes nothing, as in Go.
//! Whoever blocks has three ways to take part: look ([`Cancel::cause`]), sleep on the token ([`Cancel::sleep`],
//! [`Cancel::wait`]), or leave a function that ends the blocking ([`Cancel::on_end`]).
//!
//! Book: "Using a Context with a Deadline to Time Out a Connection", Listings 3-6 to 3-8.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::deadline::{Deadline, timeouts_are_off};
use super::timer;

/// Why a token ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody called [`Cancel::cancel`] (Go: `context.Canceled`).
    Cancelled,
    /// The deadline passed (Go: `context.DeadlineExceeded`).
    DeadlineExceeded,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Cancelled => "the operation was cancelled",
            Cause::DeadlineExceeded => "the deadline was exceeded",
        })
    }
}

impl std::error::Error for Cause {}

impl From<Cause> for io::Error {
    /// [`io::ErrorKind::ConnectionAborted`] for a cancelled operation, [`io::ErrorKind::TimedOut`] for one out of time.
    /// Never `Interrupted`: `read_exact` and its like would try again for ever.
    fn from(cause: Cause) -> io::Error {
        match cause {
            Cause::Cancelled => io::Error::new(io::ErrorKind::ConnectionAborted, cause),
            Cause::DeadlineExceeded => io::Error::new(io::ErrorKind::TimedOut, cause),
        }
    }
}

/// A token. Clones are the same token; [`Cancel::child`] makes a new one below it.
#[derive(Clone)]
pub struct Cancel {
    node: Arc<Node>,
}

struct Node {
    deadline: Deadline,
    state: Mutex<State>,
    ended: Condvar,
    /// Children hold their parents, so a chain of tokens stays whole while its last one is in use.
    parent: Option<Registration>,
    alarm: OnceLock<timer::Alarm>,
}

type Callback = Box<dyn FnOnce(Cause) + Send>;

#[derive(Default)]
struct State {
    cause: Option<Cause>,
    next_id: u64,
    /// Threads that wait. Most tokens end without one, and waking nobody is a system call all the same.
    waiting: usize,
    callbacks: HashMap<u64, Callback>,
}

impl Node {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the token unless it has ended. The callbacks run outside the lock: one may look at the token.
    fn end(&self, cause: Cause) {
        let mut state = self.lock();
        if state.cause.is_some() {
            return;
        }
        state.cause = Some(cause);
        let callbacks: Vec<Callback> = state.callbacks.drain().map(|(_, callback)| callback).collect();
        if state.waiting > 0 {
            self.ended.notify_all();
        }
        drop(state);
        for callback in callbacks {
            callback(cause);
        }
    }

    /// The timer may be late; the clock is not.
    fn cause_now(&self) -> Option<Cause> {
        let cause = self.lock().cause;
        if cause.is_some() || !self.deadline.has_passed() {
            return cause;
        }
        self.end(self.cause_of_the_deadline());
        self.lock().cause
    }

    /// A deadline that is the parent's is for the parent to judge: it may have been cancelled just before, with its word
    /// still on the way to us.
    fn cause_of_the_deadline(&self) -> Cause {
        let parent = self.parent.as_ref().filter(|parent| parent.node.deadline == self.deadline);
        parent.and_then(|parent| parent.node.cause_now()).unwrap_or(Cause::DeadlineExceeded)
    }
}

impl Cancel {
    /// A token that ends only when it is cancelled.
    pub fn new() -> Cancel {
        Cancel { node: Arc::new(Node::new(Deadline::NEVER, None)) }
    }

    /// A token that also ends `after` from now (Go: `context.WithTimeout`).
    pub fn after(after: Duration) -> Cancel {
        Cancel::new().child_before(Deadline::after(after))
    }

    /// A token that ends when this one does, or when it is cancelled itself. Cancelling it leaves this one alone.
    pub fn child(&self) -> Cancel {
        self.child_before(Deadline::NEVER)
    }

    /// A child that also ends at `deadline` (Go: `context.WithDeadline`). The earlier of its and its parent's holds.
    pub fn child_before(&self, deadline: Deadline) -> Cancel {
        let deadline = deadline.earlier(self.node.deadline);
        let node = Arc::new_cyclic(|this: &Weak<Node>| {
            let child = this.clone();
            let registration = self.on_end(move |cause| {
                if let Some(child) = child.upgrade() {
                    child.end(cause);
                }
            });
            Node::new(deadline, Some(registration))
        });
        // The parent may have ended while its child could not be reached yet.
        if let Some(cause) = self.cause() {
            node.end(cause);
        }
        if let (Some(moment), false) = (deadline.moment(), timeouts_are_off()) {
            let watched = Arc::downgrade(&node);
            let alarm = timer::at(moment, move || {
                if let Some(node) = watched.upgrade() {
                    let _ = node.cause_now();
                }
            });
            // Set once, here: the cell is empty.
            let _ = node.alarm.set(alarm);
        }
        Cancel { node }
    }

    /// Ends the token and everything below it. Does nothing to a token that has ended.
    pub fn cancel(&self) {
        // A deadline that has passed is the first cause, even where the timer has not run yet.
        if self.node.cause_now().is_none() {
            self.node.end(Cause::Cancelled);
        }
    }

    /// Why the token ended, `None` while it has not.
    pub fn cause(&self) -> Option<Cause> {
        self.node.cause_now()
    }

    /// Whether the token has ended.
    pub fn has_ended(&self) -> bool {
        self.cause().is_some()
    }

    /// `Err` with the cause once the token has ended: `cancel.check()?;` between two steps of a long job.
    ///
    /// # Errors
    /// The cause.
    pub fn check(&self) -> Result<(), Cause> {
        match self.cause() {
            Some(cause) => Err(cause),
            None => Ok(()),
        }
    }

    /// When the token ends by itself.
    pub fn deadline(&self) -> Deadline {
        self.node.deadline
    }

    /// Blocks until the token has ended.
    pub fn wait(&self) -> Cause {
        loop {
            if let Some(cause) = self.wait_or_wake(None) {
                return cause;
            }
        }
    }

    /// Sleeps for `length`, less if the token ends. A pause is not a deadline: it also passes when time-outs are off.
    ///
    /// # Errors
    /// The cause, if the token ended first.
    pub fn sleep(&self, length: Duration) -> Result<(), Cause> {
        match self.wait_or_wake(Instant::now().checked_add(length)) {
            Some(cause) => Err(cause),
            None => Ok(()),
        }
    }

    /// Blocks until the token has ended or `limit` has come: the cause in the first case.
    pub fn wait_until(&self, limit: Deadline) -> Option<Cause> {
        self.wait_or_wake(limit.moment().filter(|_| !timeouts_are_off()))
    }

    fn wait_or_wake(&self, wake: Option<Instant>) -> Option<Cause> {
        loop {
            if let Some(cause) = self.cause() {
                return Some(cause);
            }
            let now = Instant::now();
            if wake.is_some_and(|moment| moment <= now) {
                return None;
            }
            let pause = wake.map(|moment| moment - now);
            let left = match (pause, self.node.deadline.remaining()) {
                (Some(pause), Ok(Some(left))) => Some(pause.min(left)),
                (None, Ok(left)) => left,
                (pause, Ok(None)) => pause,
                // It passed since we looked: the next look says so.
                (_, Err(_)) => continue,
            };
            let mut state = self.node.lock();
            if state.cause.is_some() {
                continue;
            }
            state.waiting += 1;
            // Woken, or out of time, or for no reason at all: the loop looks again.
            let mut state = match left {
                Some(left) => {
                    self.node.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.node.ended.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
            state.waiting -= 1;
        }
    }

    /// Leaves `callback` to be run when the token ends, in the thread that ends it; at once, in this thread, if it has
    /// ended. Dropping the registration takes the callback back.
    ///
    /// The callback must be short and must not block: shut a socket down, wake a condition.
    pub fn on_end(&self, callback: impl FnOnce(Cause) + Send + 'static) -> Registration {
        let mut state = self.node.lock();
        let id = state.next_id;
        state.next_id += 1;
        if let Some(cause) = state.cause {
            drop(state);
            callback(cause);
        } else {
            state.callbacks.insert(id, Box::new(callback));
        }
        Registration { node: Arc::clone(&self.node), id }
    }
}

impl Node {
    fn new(deadline: Deadline, parent: Option<Registration>) -> Node {
        Node {
            deadline,
            state: Mutex::new(State::default()),
            ended: Condvar::new(),
            parent,
            alarm: OnceLock::new(),
        }
    }
}

impl Default for Cancel {
    fn default() -> Cancel {
        Cancel::new()
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = self.node.lock().cause;
        f.debug_struct("Cancel").field("cause", &cause).field("deadline", &self.node.deadline).finish()
    }
}

/// A callback left with [`Cancel::on_end`]; dropping this takes it back.
#[must_use = "the callback is taken back when this is dropped"]
pub struct Registration {
    node: Arc<Node>,
    id: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let callback = self.node.lock().callbacks.remove(&self.id);
        // Dropped outside the lock: the callback may own the last handle of another token.
        drop(callback);
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("id", &self.id).finish()
    }
}

#[cfg(test)]
mod tests;
