//! Threads with names, owners and a limit.
//!
//! A thread's name has at most fifteen bytes, for that is what gdb and `top` show of it. A [`Group`] owns threads and can
//! wait for them with a deadline. [`Permits`] bound how many there are. [`super::serve`] puts them together.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::cancel::{Cancel, Cause};
use super::deadline::Deadline;
use super::trace::Identity;

/// What of a thread's name is shown: the kernel keeps fifteen bytes.
const MAX_NAME_BYTES: usize = 15;

/// Starts a named thread that goes by its parent's trace identity. The name is cut to fifteen bytes.
///
/// # Errors
/// The system's, when it has no more threads to give.
pub fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let identity = Identity::here();
    Builder::new().name(short_name(name)).spawn(move || {
        identity.adopt();
        work()
    })
}

fn short_name(name: &str) -> String {
    let mut end = name.len().min(MAX_NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_string()
}

/// Gives this thread another name, as a debugger and `top` show it; the standard library's own name for it stays. Where
/// the system cannot, the old name stays too.
pub fn rename(name: &str) {
    #[cfg(unix)]
    super::sys::process::name_this_thread(&short_name(name));
    #[cfg(not(unix))]
    let _ = name;
}

/// This thread's name as a debugger shows it, where the system tells (Linux); else as the standard library has it.
pub fn name_shown() -> String {
    match std::fs::read_to_string("/proc/thread-self/comm") {
        Ok(name) => name.trim_end().to_string(),
        Err(_) => std::thread::current().name().unwrap_or_default().to_string(),
    }
}

// --- groups ---------------------------------------------------------------------------------------------------------

/// Threads that are waited for together. Clones are the same group.
#[derive(Clone, Default)]
pub struct Group {
    shared: Arc<GroupState>,
}

#[derive(Default)]
struct GroupState {
    running: Mutex<usize>,
    one_ended: Condvar,
}

/// Counts a thread out when it ends, by return or by panic.
struct Leaving(Arc<GroupState>);

impl Drop for Leaving {
    fn drop(&mut self) {
        *lock(&self.0.running) -= 1;
        self.0.one_ended.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Group {
    /// An empty group.
    pub fn new() -> Group {
        Group::default()
    }

    /// Starts a thread of the group, with a stack of `stack` bytes.
    ///
    /// # Errors
    /// The system's, when it has no more threads to give; `work` is dropped then.
    pub fn spawn(&self, name: &str, stack: usize, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        *lock(&self.shared.running) += 1;
        let leaving = Leaving(Arc::clone(&self.shared));
        let identity = Identity::here();
        Builder::new().name(short_name(name)).stack_size(stack).spawn(move || {
            let _leaving = leaving;
            identity.adopt();
            work();
        })?;
        Ok(())
    }

    /// How many threads are running.
    pub fn running(&self) -> usize {
        *lock(&self.shared.running)
    }

    /// Waits until all threads have ended, or until `deadline`: whether all have.
    pub fn join(&self, deadline: Deadline) -> bool {
        let mut running = lock(&self.shared.running);
        while *running > 0 {
            let Ok(left) = deadline.remaining() else { return false };
            running = match left {
                Some(left) => {
                    let waited = self.shared.one_ended.wait_timeout(running, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.shared.one_ended.wait(running).unwrap_or_else(PoisonError::into_inner),
            };
        }
        true
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "group of {} running threads", self.running())
    }
}

// --- permits --------------------------------------------------------------------------------------------------------

/// A number of permits; who holds one may go on. Clones hand out the same permits.
#[derive(Clone)]
pub struct Permits {
    shared: Arc<PermitState>,
}

struct PermitState {
    free: Mutex<usize>,
    one_freed: Condvar,
}

/// Leave to go on; dropping it gives it back.
#[must_use = "the permit is given back when this is dropped"]
pub struct Permit {
    shared: Arc<PermitState>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        *lock(&self.shared.free) += 1;
        self.shared.one_freed.notify_one();
    }
}

impl Permits {
    /// `count` permits.
    pub fn new(count: usize) -> Permits {
        Permits { shared: Arc::new(PermitState { free: Mutex::new(count), one_freed: Condvar::new() }) }
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// The cause, if the token ended first.
    pub fn acquire(&self, cancel: &Cancel) -> Result<Permit, Cause> {
        cancel.check()?;
        if let Some(permit) = self.try_acquire() {
            return Ok(permit);
        }
        let shared = Arc::clone(&self.shared);
        let has_ended = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&has_ended);
        let _registration = cancel.on_end(move |_| {
            ends.store(true, Ordering::SeqCst);
            // Under the lock, or the wake-up could fall between a waiter's look and its wait.
            let _free = lock(&shared.free);
            shared.one_freed.notify_all();
        });
        let mut free = lock(&self.shared.free);
        // The flag and not the token: looking at a token may end it, and its callback wants the lock held here.
        while *free == 0 && !has_ended.load(Ordering::SeqCst) {
            free = self.shared.one_freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        if *free == 0 {
            drop(free);
            return Err(cancel.cause().unwrap_or(Cause::Cancelled));
        }
        *free -= 1;
        Ok(Permit { shared: Arc::clone(&self.shared) })
    }

    /// A permit if one is free now.
    pub fn try_acquire(&self) -> Option<Permit> {
        let mut free = lock(&self.shared.free);
        if *free == 0 {
            return None;
        }
        *free -= 1;
        Some(Permit { shared: Arc::clone(&self.shared) })
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} free permits", *lock(&self.shared.free))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(30);
    const STACK: usize = 256 * 1024;

    #[test]
    fn a_thread_carries_a_name_of_fifteen_bytes_at_most_and_its_parents_identity() {
        let _me = crate::base::trace::party("parent");
        let child = spawn("a-name-far-too-long", || {
            (std::thread::current().name().map(str::to_string), crate::base::trace::current_party())
        });
        let (name, party) = child.unwrap().join().unwrap();
        assert_eq!(name.as_deref(), Some("a-name-far-too-"));
        assert_eq!(party.as_deref(), Some("parent"));
        assert_eq!(short_name("ääääääää"), "äääääää", "cut between characters, not inside one");
    }

    #[test]
    fn a_group_waits_for_its_threads_those_that_panic_too() {
        let group = Group::new();
        let (release, gate) = mpsc::channel::<()>();
        group
            .spawn("waits", STACK, move || {
                let _ = gate.recv();
            })
            .unwrap();
        group.spawn("panics", STACK, || panic!("a thread of a test panics on purpose")).unwrap();
        assert!(!group.join(Deadline::after(Duration::from_millis(20))), "one still waits");
        drop(release);
        assert!(group.join(Deadline::after(LONG)));
        assert_eq!(group.running(), 0);
    }

    #[test]
    fn a_permit_given_back_lets_the_next_one_in() {
        let permits = Permits::new(1);
        let cancel = Cancel::new();
        let first = permits.acquire(&cancel).unwrap();
        assert!(permits.try_acquire().is_none());
        let waiting = permits.clone();
        let second = spawn("second", move || waiting.acquire(&Cancel::new()).map(drop)).unwrap();
        drop(first);
        assert_eq!(second.join().unwrap(), Ok(()));
        assert!(permits.try_acquire().is_some(), "and it came back");
    }

    #[test]
    fn waiting_for_a_permit_ends_with_the_token_by_hand_and_by_deadline() {
        let permits = Permits::new(0);
        let cancel = Cancel::new();
        let (token, waiting) = (cancel.clone(), permits.clone());
        let waiter = spawn("waiter", move || waiting.acquire(&token).map(drop)).unwrap();
        cancel.cancel();
        assert_eq!(waiter.join().unwrap(), Err(Cause::Cancelled));
        let soon = Cancel::after(Duration::from_millis(20));
        assert_eq!(permits.acquire(&soon).map(drop), Err(Cause::DeadlineExceeded));
    }
}
