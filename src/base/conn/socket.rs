//! Connections over stream sockets, TCP and Unix: where deadlines become socket timeouts, and an interrupted read or write
//! is made again.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::fd::BorrowedFd;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::stream::Socket;
use super::{Address, Conn, ConnRead, ConnWrite, Halves, Interrupt, Interrupter, interrupted};
use crate::base::deadline::{Deadline, timed_out};
#[cfg(unix)]
use crate::base::sys;
use crate::base::trace::{self, Kind};

/// The socket both halves share, and what another thread did to it.
struct Shared<S: Socket> {
    socket: S,
    interrupted: AtomicBool,
    local: Address,
    peer: Address,
}

impl<S: Socket> Interrupt for Shared<S> {
    fn interrupt(&self) {
        // The flag first: the thread that wakes must find it, or it would take the shutdown for the peer's end of stream.
        self.interrupted.store(true, Ordering::SeqCst);
        // A connection that is already gone has nothing blocked in it.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    fn reset(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
        let _ = self.socket.reset();
    }

    fn end_input(&self) {
        let _ = self.socket.shutdown(Shutdown::Read);
    }
}

impl<S: Socket> Shared<S> {
    fn was_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }

    fn check_interrupted(&self) -> io::Result<()> {
        if self.was_interrupted() { Err(interrupted()) } else { Ok(()) }
    }

    fn report(&self, kind: Kind, bytes: &[u8]) {
        if !trace::is_on() {
            return;
        }
        let (local, peer) = (self.local.to_string(), self.peer.to_string());
        match kind {
            Kind::Received | Kind::EndOfStream => trace::between(kind, &peer, &local, bytes),
            _ => trace::between(kind, &local, &peer, bytes),
        }
    }

    fn report_failure(&self, error: &io::Error) {
        match error.kind() {
            io::ErrorKind::TimedOut => self.report(Kind::TimedOut, &[]),
            _ => self.report(Kind::Broken, &[]),
        }
    }
}

/// A deadline, and the timeout the socket was last told. Telling it is a system call, so it happens on change only.
struct Timer {
    deadline: Deadline,
    armed: Option<Duration>,
}

impl Timer {
    fn new() -> Timer {
        Timer { deadline: Deadline::NEVER, armed: None }
    }

    /// Turns the deadline into a timeout for the next call. In whole milliseconds, rounded up: a deadline that each call
    /// pushes forward by the same length then asks for the same timeout again, and costs no system call.
    fn arm(&mut self, tell_socket: impl FnOnce(Option<Duration>) -> io::Result<()>) -> io::Result<()> {
        let remaining = self.deadline.remaining()?.map(up_to_a_millisecond);
        if remaining != self.armed {
            tell_socket(remaining)?;
            self.armed = remaining;
        }
        Ok(())
    }
}

fn up_to_a_millisecond(time: Duration) -> Duration {
    const NANOS_IN_ONE: u128 = 1_000_000;
    let milliseconds = time.as_nanos().div_ceil(NANOS_IN_ONE);
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX))
}

/// The reading half of a [`SocketConn`].
pub struct SocketReader<S: Socket> {
    shared: Arc<Shared<S>>,
    timer: Timer,
}

impl<S: Socket> SocketReader<S> {
    fn prepare(&mut self) -> io::Result<()> {
        self.shared.check_interrupted()?;
        let socket = &self.shared.socket;
        self.timer.arm(|timeout| socket.set_read_timeout(timeout))
    }

    fn read_before_deadline(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            self.prepare()?;
            match self.shared.socket.read_once(buf) {
                // A breakpoint in any thread makes a read with a timeout return early. It is not news.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // Unix calls a timeout WouldBlock, Windows TimedOut.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(timed_out()),
                // shutdown() makes a blocked read return zero; if that was us, it is not the peer's end of stream.
                Ok(0) | Err(_) if self.shared.was_interrupted() => return Err(interrupted()),
                outcome => return outcome,
            }
        }
    }
}

impl<S: Socket> Read for SocketReader<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let outcome = self.read_before_deadline(buf);
        match &outcome {
            Ok(0) if !buf.is_empty() => self.shared.report(Kind::EndOfStream, &[]),
            Ok(count) => self.shared.report(Kind::Received, &buf[..*count]),
            Err(error) => self.shared.report_failure(error),
        }
        outcome
    }
}

impl<S: Socket> ConnRead for SocketReader<S> {
    fn set_read_deadline(&mut self, deadline: Deadline) {
        self.timer.deadline = deadline;
    }

    #[cfg(unix)]
    fn peer_has_finished(&self) -> bool {
        // Where the system cannot say, nothing is known.
        sys::poll::has_hung_up(self.shared.socket.fd()).unwrap_or(false)
    }

    #[cfg(unix)]
    fn read_fd(&mut self) -> io::Result<Option<BorrowedFd<'_>>> {
        self.prepare()?;
        Ok(Some(self.shared.socket.fd()))
    }
}

/// The writing half of a [`SocketConn`].
pub struct SocketWriter<S: Socket> {
    shared: Arc<Shared<S>>,
    timer: Timer,
}

impl<S: Socket> SocketWriter<S> {
    fn prepare(&mut self) -> io::Result<()> {
        self.shared.check_interrupted()?;
        let socket = &self.shared.socket;
        self.timer.arm(|timeout| socket.set_write_timeout(timeout))
    }

    fn write_before_deadline(&mut self, buf: &[u8]) -> io::Result<usize> {
        loop {
            self.prepare()?;
            match self.shared.socket.write_once(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(timed_out()),
                Err(_) if self.shared.was_interrupted() => return Err(interrupted()),
                outcome => return outcome,
            }
        }
    }
}

impl<S: Socket> Write for SocketWriter<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let outcome = self.write_before_deadline(buf);
        match &outcome {
            Ok(count) => self.shared.report(Kind::Sent, &buf[..*count]),
            Err(error) => self.shared.report_failure(error),
        }
        outcome
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<S: Socket> ConnWrite for SocketWriter<S> {
    fn set_write_deadline(&mut self, deadline: Deadline) {
        self.timer.deadline = deadline;
    }

    fn finish(&mut self) -> io::Result<()> {
        self.shared.report(Kind::Finished, &[]);
        match self.shared.socket.shutdown(Shutdown::Write) {
            // The peer reset the connection first: nothing is left to finish.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            outcome => outcome,
        }
    }

    #[cfg(unix)]
    fn write_fd(&mut self) -> io::Result<Option<BorrowedFd<'_>>> {
        self.prepare()?;
        Ok(Some(self.shared.socket.fd()))
    }
}

/// A connection over a stream socket.
pub struct SocketConn<S: Socket> {
    reader: SocketReader<S>,
    writer: SocketWriter<S>,
}

/// A TCP connection.
pub type TcpConn = SocketConn<TcpStream>;

/// A connection over a Unix stream socket.
#[cfg(unix)]
pub type UnixConn = SocketConn<UnixStream>;

impl<S: Socket> SocketConn<S> {
    fn over(socket: S, local: Address, peer: Address) -> SocketConn<S> {
        trace::name_mine(&local.to_string());
        let shared = Arc::new(Shared { socket, interrupted: AtomicBool::new(false), local, peer });
        SocketConn {
            reader: SocketReader { shared: Arc::clone(&shared), timer: Timer::new() },
            writer: SocketWriter { shared, timer: Timer::new() },
        }
    }

    /// The socket itself.
    pub fn socket(&self) -> &S {
        &self.reader.shared.socket
    }
}

impl TcpConn {
    /// A connection over `stream`. Turns Nagle's algorithm off, as Go does: a small message leaves at once.
    ///
    /// # Errors
    /// What the system says when asked for the addresses: [`io::ErrorKind::NotConnected`] if the peer has already reset it.
    pub fn new(stream: TcpStream) -> io::Result<TcpConn> {
        let peer = stream.peer_addr()?;
        TcpConn::with_peer(stream, peer)
    }

    /// The same when the peer is known, from `accept`: a connection that was reset while it waited in the backlog has an
    /// address for its acceptor, but no longer one for the system.
    ///
    /// # Errors
    /// What the system says when asked for the local address.
    pub fn with_peer(stream: TcpStream, peer: SocketAddr) -> io::Result<TcpConn> {
        let local = stream.local_addr()?;
        // A connection already reset may refuse the option; its first read says what happened.
        let _ = stream.set_nodelay(true);
        Ok(SocketConn::over(stream, Address::Tcp(local), Address::Tcp(peer)))
    }
}

#[cfg(unix)]
impl UnixConn {
    /// A connection over `stream`.
    ///
    /// # Errors
    /// What the system says when asked for the addresses.
    pub fn new(stream: UnixStream) -> io::Result<UnixConn> {
        let local = Address::Unix(stream.local_addr()?.as_pathname().map(PathBuf::from));
        let peer = Address::Unix(stream.peer_addr()?.as_pathname().map(PathBuf::from));
        Ok(SocketConn::over(stream, local, peer))
    }
}

impl<S: Socket> Read for SocketConn<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf)
    }
}

impl<S: Socket> Write for SocketConn<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.writer.write(buf)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl<S: Socket> ConnRead for SocketConn<S> {
    fn set_read_deadline(&mut self, deadline: Deadline) {
        self.reader.set_read_deadline(deadline);
    }
    fn peer_has_finished(&self) -> bool {
        self.reader.peer_has_finished()
    }
    #[cfg(unix)]
    fn read_fd(&mut self) -> io::Result<Option<BorrowedFd<'_>>> {
        self.reader.read_fd()
    }
}

impl<S: Socket> ConnWrite for SocketConn<S> {
    fn set_write_deadline(&mut self, deadline: Deadline) {
        self.writer.set_write_deadline(deadline);
    }
    fn finish(&mut self) -> io::Result<()> {
        self.writer.finish()
    }
    #[cfg(unix)]
    fn write_fd(&mut self) -> io::Result<Option<BorrowedFd<'_>>> {
        self.writer.write_fd()
    }
}

impl<S: Socket> Conn for SocketConn<S> {
    fn local(&self) -> Address {
        self.reader.shared.local.clone()
    }

    fn peer(&self) -> Address {
        self.reader.shared.peer.clone()
    }

    fn interrupter(&self) -> Interrupter {
        let shared: Arc<dyn Interrupt> = Arc::clone(&self.reader.shared) as Arc<dyn Interrupt>;
        Interrupter::new(Arc::downgrade(&shared))
    }

    fn tcp(&self) -> Option<&TcpStream> {
        self.socket().as_tcp()
    }

    fn split(self: Box<Self>) -> io::Result<Halves> {
        let SocketConn { reader, writer } = *self;
        Ok((Box::new(reader), Box::new(writer)))
    }
}

impl<S: Socket> fmt::Debug for SocketConn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {} > {}", self.local(), self.peer())
    }
}
