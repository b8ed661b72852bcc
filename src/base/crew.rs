//! Threads that serve one connection after another.
//!
//! Each connection has a thread of its own while it lasts. But starting a thread costs about as much as a short
//! connection itself, so one that has finished waits a moment for the next connection before it ends. Nothing is shared
//! between two connections but the thread: it takes each one's name, which is what a debugger shows.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::deadline::Deadline;
use super::thread::{Group, rename};
use super::trace::Identity;

/// How long a thread without work waits for some. Long enough to bridge the gaps of a busy server, short enough that the
/// threads of a burst are soon gone.
const SPARE_TIME: Duration = Duration::from_secs(1);

/// Work for a thread, and the name it goes by meanwhile.
struct Job {
    name: String,
    identity: Identity,
    work: Box<dyn FnOnce() + Send>,
}

/// A crew of threads.
pub struct Crew {
    stack: usize,
    threads: Group,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    board: Mutex<Board>,
    /// For spare threads: there is a job, or there will be none.
    work_came: Condvar,
    /// For those who wait until all is done.
    job_ended: Condvar,
}

/// What there is to do, and who waits for it.
#[derive(Default)]
struct Board {
    jobs: VecDeque<Job>,
    spare: usize,
    running: usize,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crew {
    /// A crew without threads as yet; each will have a stack of `stack` bytes.
    pub fn new(stack: usize) -> Crew {
        Crew { stack, threads: Group::new(), shared: Arc::default() }
    }

    /// Runs `work` at once, in a spare thread or in a new one, which is called `name` meanwhile.
    ///
    /// # Errors
    /// The system's, when it has no more threads to give; `work` is dropped then.
    pub fn run(&self, name: String, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let job = Job { name, identity: Identity::here(), work: Box::new(work) };
        let mut board = self.shared.lock();
        board.running += 1;
        if board.spare > board.jobs.len() {
            board.jobs.push_back(job);
            drop(board);
            self.shared.work_came.notify_one();
            return Ok(());
        }
        drop(board);
        let shared = Arc::clone(&self.shared);
        let name = job.name.clone();
        let started = self.threads.spawn(&name, self.stack, move || shared.work_from(job));
        if started.is_err() {
            self.shared.lock().running -= 1;
        }
        started
    }

    /// How many jobs are running.
    pub fn running(&self) -> usize {
        self.shared.lock().running
    }

    /// Waits until all jobs have ended, or until `deadline`: whether all have.
    pub fn join(&self, deadline: Deadline) -> bool {
        let mut board = self.shared.lock();
        while board.running > 0 {
            let Ok(left) = deadline.remaining() else { return false };
            board = wait(&self.shared.job_ended, board, left);
        }
        true
    }

    /// Sends the spare threads home and waits until every thread has ended, or until `deadline`: whether all have.
    pub fn close(&self, deadline: Deadline) -> bool {
        self.shared.lock().closed = true;
        self.shared.work_came.notify_all();
        self.threads.join(deadline)
    }
}

fn wait<'a>(on: &Condvar, board: MutexGuard<'a, Board>, longest: Option<Duration>) -> MutexGuard<'a, Board> {
    match longest {
        Some(time) => on.wait_timeout(board, time).unwrap_or_else(PoisonError::into_inner).0,
        None => on.wait(board).unwrap_or_else(PoisonError::into_inner),
    }
}

impl Shared {
    fn work_from(&self, first: Job) {
        let mut next = Some(first);
        while let Some(job) = next {
            rename(&job.name);
            job.identity.adopt();
            let finished = Finished(self);
            (job.work)();
            drop(finished);
            next = self.wait_for_job();
        }
    }

    fn wait_for_job(&self) -> Option<Job> {
        let deadline = Deadline::after(SPARE_TIME);
        let mut board = self.lock();
        board.spare += 1;
        let job = loop {
            if let Some(job) = board.jobs.pop_front() {
                break Some(job);
            }
            match deadline.remaining() {
                Ok(left) if !board.closed => board = wait(&self.work_came, board, left),
                _ => break None,
            }
        };
        board.spare -= 1;
        job
    }
}

/// Counts a job out when it ends, by return or by panic.
struct Finished<'a>(&'a Shared);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
        self.0.job_ended.notify_all();
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "crew of {} threads", self.threads.running())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_secs(30);
    const STACK: usize = 256 * 1024;

    #[test]
    fn jobs_run_side_by_side_each_under_its_own_name() {
        let crew = Crew::new(STACK);
        let (told, heard) = mpsc::channel();
        let (release, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        for number in 0..3 {
            let (told, gate) = (told.clone(), Arc::clone(&gate));
            let work = move || {
                told.send(crate::base::thread::name_shown()).unwrap();
                let _ = gate.lock().unwrap_or_else(PoisonError::into_inner).recv();
            };
            crew.run(format!("job-{number}"), work).unwrap();
        }
        let mut names: Vec<String> = (0..3).map(|_| heard.recv_timeout(LONG).unwrap()).collect();
        names.sort();
        assert_eq!(names, ["job-0", "job-1", "job-2"]);
        assert_eq!(crew.running(), 3);
        assert!(!crew.join(Deadline::after(Duration::from_millis(10))));
        drop(release);
        assert!(crew.join(Deadline::after(LONG)) && crew.close(Deadline::after(LONG)));
    }

    #[test]
    fn a_thread_that_has_finished_takes_the_next_job_and_its_name() {
        let crew = Crew::new(STACK);
        let (told, heard) = mpsc::channel();
        for number in 0..5 {
            let told = told.clone();
            let work =
                move || told.send((std::thread::current().id(), crate::base::thread::name_shown())).unwrap();
            crew.run(format!("job-{number}"), work).unwrap();
            let (_, name) = heard.recv_timeout(LONG).unwrap();
            assert_eq!(name, format!("job-{number}"));
            // Wait for the thread to be spare, not merely for its job's last line.
            while crew.shared.lock().spare == 0 {
                std::thread::yield_now();
            }
        }
        assert_eq!(crew.threads.running(), 1, "one thread did it all");
        assert!(crew.close(Deadline::after(LONG)));
        assert_eq!(crew.threads.running(), 0);
    }

    #[test]
    fn a_job_that_panics_is_counted_out_and_the_crew_goes_on() {
        let crew = Crew::new(STACK);
        crew.run("panics".to_string(), || panic!("a job of a test panics on purpose")).unwrap();
        assert!(crew.join(Deadline::after(LONG)));
        let (told, heard) = mpsc::channel();
        crew.run("goes-on".to_string(), move || told.send(()).unwrap()).unwrap();
        assert_eq!(heard.recv_timeout(LONG), Ok(()));
        assert!(crew.close(Deadline::after(LONG)));
    }
}
