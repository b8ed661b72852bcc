//! How a pinger is reset: a slot with room for one reset, which its sender can always fill.
//!
//! The book uses a channel with room for one value. Whoever resets a pinger that has ended blocks there for ever, once the
//! room is taken. [`ResetSender::reset`] never blocks, and says when nobody is left to hear it.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::cancel::{Cancel, Registration};
use crate::base::deadline::Deadline;

/// The two ends of a reset: one for whoever hears from the peer, one for the pinger.
pub fn reset_channel() -> (ResetSender, Resets) {
    let slot = Arc::new(Slot::default());
    (ResetSender { slot: Arc::clone(&slot) }, Resets { slot })
}

/// Room for one reset. A newer one takes the place of one the pinger has not seen yet: it wants the last word only.
#[derive(Default)]
struct Slot {
    state: Mutex<SlotState>,
    changed: Condvar,
}

#[derive(Default)]
struct SlotState {
    reset: Option<Duration>,
    told_to_stop: bool,
    pinger_is_gone: bool,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_to_stop(&self) {
        self.lock().told_to_stop = true;
        self.changed.notify_all();
    }
}

/// Resets a pinger. When it is dropped, the pinger ends.
#[derive(Debug)]
pub struct ResetSender {
    slot: Arc<Slot>,
}

/// The pinger has ended, so there is nothing to reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PingerGone;

impl fmt::Display for PingerGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pinger has ended")
    }
}

impl std::error::Error for PingerGone {}

impl ResetSender {
    /// The interval begins anew, with this length from now on; zero keeps the length it had. Never blocks.
    ///
    /// # Errors
    /// [`PingerGone`] if the pinger has ended.
    pub fn reset(&self, interval: Duration) -> Result<(), PingerGone> {
        let mut state = self.slot.lock();
        if state.pinger_is_gone {
            return Err(PingerGone);
        }
        // A reset that keeps the length must not undo an unseen one that changes it.
        let unseen = state.reset.unwrap_or_default();
        state.reset = Some(if interval.is_zero() { unseen } else { interval });
        self.slot.changed.notify_all();
        Ok(())
    }
}

impl Drop for ResetSender {
    fn drop(&mut self) {
        self.slot.tell_to_stop();
    }
}

/// The pinger's end of [`reset_channel`].
#[derive(Debug)]
pub struct Resets {
    slot: Arc<Slot>,
}

impl Drop for Resets {
    fn drop(&mut self) {
        self.slot.lock().pinger_is_gone = true;
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a waiting reset: {:?}", self.lock().reset)
    }
}

/// What ends a wait for the next ping.
pub(super) enum Woken {
    Reset(Duration),
    IntervalPassed,
    ToldToStop,
}

impl Resets {
    /// Ends the pinger's wait when `cancel` ends, for as long as the registration is kept.
    pub(super) fn stop_with(&self, cancel: &Cancel) -> Registration {
        let slot = Arc::clone(&self.slot);
        cancel.on_end(move |_| slot.tell_to_stop())
    }

    /// The reset that is waiting already, if there is one: the initial interval.
    pub(super) fn take(&self) -> Option<Duration> {
        self.slot.lock().reset.take()
    }

    pub(super) fn wait(&self, until: Deadline) -> Woken {
        let mut state = self.slot.lock();
        loop {
            if state.told_to_stop {
                return Woken::ToldToStop;
            }
            if let Some(interval) = state.reset.take() {
                return Woken::Reset(interval);
            }
            // Not Deadline::remaining: with timeouts switched off for a debugger the pings are still to come.
            let left = until.moment().map(|moment| moment.saturating_duration_since(Instant::now()));
            state = match left {
                Some(left) if left.is_zero() => return Woken::IntervalPassed,
                Some(left) => {
                    let waited = self.slot.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.slot.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(5);
    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn a_reset_to_a_dead_pinger_is_an_error_every_time_and_never_a_wait() {
        let (sender, resets) = reset_channel();
        assert_eq!(sender.reset(SOON), Ok(()));
        assert_eq!(sender.reset(LONG), Ok(()), "there is room for one, and the newer one takes it");
        drop(resets);
        for _ in 0..3 {
            assert_eq!(sender.reset(Duration::ZERO), Err(PingerGone));
        }
    }

    #[test]
    fn an_unseen_reset_is_replaced_but_zero_keeps_its_length() {
        let (sender, resets) = reset_channel();
        assert_eq!(resets.take(), None);
        sender.reset(SOON).unwrap();
        sender.reset(Duration::ZERO).unwrap();
        assert_eq!(resets.take(), Some(SOON));
        sender.reset(SOON).unwrap();
        sender.reset(LONG).unwrap();
        assert_eq!(resets.take(), Some(LONG));
        sender.reset(Duration::ZERO).unwrap();
        assert_eq!(resets.take(), Some(Duration::ZERO), "a reset all the same");
    }
}
