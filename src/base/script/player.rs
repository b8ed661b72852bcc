//! The thread that plays a script, and the test's handle on it.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Came, LIMIT, PARTY, ScriptError, Step};
use crate::base::conn::{Conn, ConnRead, ConnWrite, Interrupter, Listener, TcpConn, TcpSocketListener};
use crate::base::deadline::{Deadline, timeouts_are_off};
use crate::base::sys;
use crate::base::trace;

/// A script being played in a thread of its own.
pub struct Player {
    address: SocketAddr,
    stage: Arc<Stage>,
    /// Dropping it releases a [`Step::Hold`].
    held: Option<Sender<()>>,
    outcome: Receiver<Result<(), ScriptError>>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    pub(super) fn serve(listener: TcpSocketListener, steps: Vec<Step>) -> io::Result<Player> {
        let address = listener.socket_addr();
        let listener = Arc::new(listener);
        let stage = Arc::new(Stage::new(Some(Arc::clone(&listener))));
        Player::start(address, stage, steps, move |stage| {
            let conn = listener.accept_tcp();
            // A second client is refused.
            stage.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
            conn.ok()
        })
    }

    pub(super) fn with(conn: TcpConn, steps: Vec<Step>) -> io::Result<Player> {
        let address = conn.socket().local_addr()?;
        Player::start(address, Arc::new(Stage::new(None)), steps, move |_| Some(conn))
    }

    fn start(
        address: SocketAddr,
        stage: Arc<Stage>,
        steps: Vec<Step>,
        connect: impl FnOnce(&Stage) -> Option<TcpConn> + Send + 'static,
    ) -> io::Result<Player> {
        let (held, released) = mpsc::channel();
        let (done, outcome) = mpsc::channel();
        let chapter = trace::Identity::here();
        let theirs = Arc::clone(&stage);
        let thread = thread::Builder::new().name("script".to_string()).spawn(move || {
            chapter.adopt();
            let _peer = trace::party(PARTY);
            let played = match connect(&theirs) {
                Some(conn) if theirs.enter(&conn) => {
                    Actor { conn: Some(conn), released }.play(steps, &theirs)
                }
                _ => Err(ScriptError::NobodyCame),
            };
            if let Err(error) = &played {
                trace::note(|| error.to_string());
            }
            // Nobody listens any more if the player was dropped without finish().
            let _ = done.send(played);
        })?;
        Ok(Player { address, stage, held: Some(held), outcome, thread: Some(thread) })
    }

    /// Where a server script listens, or a client script's own end.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Releases a [`Step::Hold`] and waits until the script has been played to its end.
    ///
    /// # Errors
    /// Where reality left the script; [`ScriptError::StillPlaying`] when the end does not come within
    /// [`LIMIT`](super::LIMIT), or [`ScriptError::NobodyCame`].
    pub fn finish(mut self) -> Result<(), ScriptError> {
        self.held = None;
        let outcome = wait(&self.outcome, LIMIT);
        let standing = self.stage.standing();
        self.stage.abandon();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has no outcome either, and was printed.
            let _ = thread.join();
        }
        outcome.unwrap_or(Err(standing))
    }
}

impl Drop for Player {
    /// A test that failed before `finish`: the thread is told to end, and what the script met is printed.
    fn drop(&mut self) {
        if self.thread.is_none() {
            return;
        }
        if thread::panicking() {
            match self.outcome.try_recv() {
                Ok(Err(error)) => eprintln!("{error}"),
                Ok(Ok(())) => {}
                Err(_) => eprintln!("{}", self.stage.standing()),
            }
        }
        self.held = None;
        self.stage.abandon();
    }
}

impl fmt::Debug for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "script at {}, step {}", self.address, self.stage.step.load(Ordering::SeqCst))
    }
}

/// What the channel gives within `limit`; under a debugger without a limit.
fn wait<T>(channel: &Receiver<T>, limit: Duration) -> Result<T, RecvTimeoutError> {
    if timeouts_are_off() {
        return channel.recv().map_err(RecvTimeoutError::from);
    }
    channel.recv_timeout(limit)
}

/// What the thread and the handle share.
struct Stage {
    listener: Mutex<Option<Arc<TcpSocketListener>>>,
    conn: Mutex<OnStage>,
    step: AtomicUsize,
}

struct OnStage {
    interrupter: Option<Interrupter>,
    abandoned: bool,
}

impl Stage {
    fn new(listener: Option<Arc<TcpSocketListener>>) -> Stage {
        let conn = OnStage { interrupter: None, abandoned: false };
        Stage { listener: Mutex::new(listener), conn: Mutex::new(conn), step: AtomicUsize::new(0) }
    }

    /// Makes the connection known to [`Stage::abandon`]; false if that has been called already.
    fn enter(&self, conn: &TcpConn) -> bool {
        let mut stage = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        stage.interrupter = Some(conn.interrupter());
        !stage.abandoned
    }

    /// What an unfinished script is at.
    fn standing(&self) -> ScriptError {
        match self.step.load(Ordering::SeqCst) {
            0 => ScriptError::NobodyCame,
            step => ScriptError::StillPlaying { step },
        }
    }

    /// Ends whatever the thread is blocked in.
    fn abandon(&self) {
        let mut stage = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        stage.abandoned = true;
        if let Some(interrupter) = &stage.interrupter {
            interrupter.interrupt();
        }
        if let Some(listener) = &*self.listener.lock().unwrap_or_else(PoisonError::into_inner) {
            listener.stop();
        }
    }
}

/// What an unsuccessful step says; the caller adds its number and name.
enum Failure {
    Unexpected { wanted: Option<Vec<u8>>, came: Came },
    Broken(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Broken(error)
    }
}

struct Actor {
    /// `None` once the script has closed it.
    conn: Option<TcpConn>,
    released: Receiver<()>,
}

impl Actor {
    fn play(mut self, steps: Vec<Step>, stage: &Stage) -> Result<(), ScriptError> {
        for (index, step) in steps.into_iter().enumerate() {
            let number = index + 1;
            stage.step.store(number, Ordering::SeqCst);
            let doing = step.name();
            self.act(step).map_err(|failure| match failure {
                Failure::Unexpected { wanted, came } => {
                    ScriptError::Unexpected { step: number, wanted, came }
                }
                Failure::Broken(source) => ScriptError::Broken { step: number, doing, source },
            })?;
        }
        Ok(())
    }

    fn act(&mut self, step: Step) -> Result<(), Failure> {
        match step {
            Step::Expect(wanted) => expect(self.conn()?, &wanted)?,
            Step::ExpectEnd => expect_end(self.conn()?)?,
            Step::ExpectGone => expect_gone(self.conn()?)?,
            Step::Reply(bytes) => self.conn()?.write_all(&bytes)?,
            Step::ReplyInPieces(bytes, size) => {
                for piece in bytes.chunks(size.max(1)) {
                    self.conn()?.write_all(piece)?;
                }
            }
            Step::Drip { bytes, every } => drip(self.conn()?, &bytes, every)?,
            Step::Finish => self.conn()?.finish()?,
            Step::Close => drop(self.conn.take()),
            Step::Reset => {
                sys::options::set_linger(self.conn()?.socket(), Some(Duration::ZERO))?;
                drop(self.conn.take());
            }
            Step::Hold => {
                // It ends with the sender: nothing is ever sent.
                let _ = self.released.recv();
            }
            Step::WaitFor(gate) => match wait(&gate, LIMIT) {
                Err(RecvTimeoutError::Timeout) => return Err(crate::base::deadline::timed_out().into()),
                Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
            },
        }
        Ok(())
    }

    /// The connection, with the time for one step.
    fn conn(&mut self) -> io::Result<&mut TcpConn> {
        let conn = self.conn.as_mut().ok_or_else(closed)?;
        conn.set_deadline(Deadline::after(LIMIT));
        Ok(conn)
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "an earlier step has closed the connection")
}

fn expect(conn: &mut TcpConn, wanted: &[u8]) -> Result<(), Failure> {
    let mut came = vec![0; wanted.len()];
    let mut filled = 0;
    while filled < wanted.len() {
        let outcome = conn.read(&mut came[filled..]);
        let so_far = came[..filled].to_vec();
        match outcome {
            Ok(0) => return Err(unexpected(Some(wanted), Came::Ended(so_far))),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Err(unexpected(Some(wanted), Came::Silence(so_far)));
            }
            Err(error) => return Err(error.into()),
        }
        if came[..filled] != wanted[..filled] {
            return Err(unexpected(Some(wanted), Came::Bytes(came[..filled].to_vec())));
        }
    }
    Ok(())
}

fn expect_end(conn: &mut TcpConn) -> Result<(), Failure> {
    let mut more = [0; 256];
    match conn.read(&mut more) {
        Ok(0) => Ok(()),
        Ok(count) => Err(unexpected(None, Came::Bytes(more[..count].to_vec()))),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            Err(unexpected(None, Came::Silence(Vec::new())))
        }
        Err(error) => Err(error.into()),
    }
}

fn expect_gone(conn: &mut TcpConn) -> Result<(), Failure> {
    let mut thrown_away = [0; 4096];
    loop {
        match conn.read(&mut thrown_away) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if hung_up(&error) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Err(unexpected(None, Came::Silence(Vec::new())));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn drip(conn: &mut TcpConn, bytes: &[u8], every: Duration) -> io::Result<()> {
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            thread::sleep(every);
        }
        // The limit is one for waiting, not for how long a script may take its time.
        conn.set_write_deadline(Deadline::after(LIMIT));
        match conn.write_all(&[*byte]) {
            Err(error) if hung_up(&error) => return Ok(()),
            outcome => outcome?,
        }
    }
    conn.set_read_deadline(Deadline::after(LIMIT));
    Ok(())
}

fn hung_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}

fn unexpected(wanted: Option<&[u8]>, came: Came) -> Failure {
    Failure::Unexpected { wanted: wanted.map(<[u8]>::to_vec), came }
}
