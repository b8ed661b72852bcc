//! One thread that runs functions at their moments. It is started by the first that is left with it.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Timer {
    jobs: Mutex<Jobs>,
    earlier: Condvar,
}

/// The number tells two jobs of one moment apart.
#[derive(Default)]
struct Jobs {
    waiting: BTreeMap<(Instant, u64), Job>,
    next_number: u64,
}

/// Runs `job` at `moment` in the timer's thread, unless the alarm is dropped before. The job must be short: the next one
/// waits for it.
pub fn at(moment: Instant, job: impl FnOnce() + Send + 'static) -> Alarm {
    let timer = timer();
    let mut jobs = timer.jobs.lock().unwrap_or_else(PoisonError::into_inner);
    let number = jobs.next_number;
    jobs.next_number += 1;
    jobs.waiting.insert((moment, number), Box::new(job));
    timer.earlier.notify_one();
    Alarm { key: (moment, number) }
}

/// A job that waits for its moment; dropping this takes it back.
#[must_use = "the job is taken back when this is dropped"]
#[derive(Debug)]
pub struct Alarm {
    key: (Instant, u64),
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let mut jobs = timer().jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let job = jobs.waiting.remove(&self.key);
        drop(jobs);
        // Outside the lock: the job may own the last handle of something with an alarm of its own.
        drop(job);
    }
}

fn timer() -> &'static Timer {
    static TIMER: OnceLock<&'static Timer> = OnceLock::new();
    TIMER.get_or_init(|| {
        let timer: &'static Timer = Box::leak(Box::default());
        let started = thread::Builder::new().name("timer".to_string()).spawn(move || timer.run());
        // Without the thread deadlines still hold for everyone who looks at them; only callbacks would be missed.
        drop(started);
        timer
    })
}

impl Timer {
    fn run(&self) {
        loop {
            let job = self.wait_for_next();
            // A job that panics must not take the clock away from everyone else.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
        }
    }

    fn wait_for_next(&self) -> Job {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = Instant::now();
            let next = jobs.waiting.keys().next().copied();
            match next {
                Some(key) if key.0 <= now => {
                    if let Some(job) = jobs.waiting.remove(&key) {
                        return job;
                    }
                }
                Some((moment, _)) => {
                    let waited = self.earlier.wait_timeout(jobs, moment - now);
                    jobs = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                None => jobs = self.earlier.wait(jobs).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn jobs_run_in_the_order_of_their_moments_not_of_their_arrival() {
        let (told, heard) = mpsc::channel();
        let begin = Instant::now();
        let mut alarms = Vec::new();
        for (name, after) in [("late", 40), ("early", 10), ("middle", 25)] {
            let told = told.clone();
            let moment = begin + Duration::from_millis(after);
            alarms.push(at(moment, move || told.send((name, Instant::now())).unwrap()));
        }
        let mut order = Vec::new();
        for _ in 0..3 {
            let (name, ran_at) = heard.recv_timeout(Duration::from_secs(10)).unwrap();
            assert!(ran_at >= begin + Duration::from_millis(10));
            order.push(name);
        }
        assert_eq!(order, ["early", "middle", "late"]);
    }

    #[test]
    fn a_job_that_panics_does_not_stop_the_clock() {
        let (told, heard) = mpsc::channel();
        let _panics = at(Instant::now(), || panic!("a job of a test panics on purpose"));
        let _tells = at(Instant::now(), move || told.send(()).unwrap());
        assert_eq!(heard.recv_timeout(Duration::from_secs(10)), Ok(()));
    }

    #[test]
    fn a_dropped_alarm_does_not_ring() {
        let (told, heard) = mpsc::channel();
        let dropped = told.clone();
        let moment = Instant::now() + Duration::from_millis(20);
        drop(at(moment, move || dropped.send("dropped").unwrap()));
        let _kept = at(moment, move || told.send("kept").unwrap());
        assert_eq!(heard.recv_timeout(Duration::from_secs(10)), Ok("kept"));
        assert!(heard.recv().is_err(), "both senders are gone");
    }
}
