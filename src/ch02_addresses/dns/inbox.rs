//! A UDP socket that is waited for until a deadline or a cancellation, whichever comes first.

use std::io;
use std::net::{SocketAddr, UdpSocket};
#[cfg(unix)]
use std::os::unix::net::UnixStream;

use crate::base::cancel::Cancel;
#[cfg(unix)]
use crate::base::cancel::Registration;
use crate::base::deadline::Deadline;

/// No UDP payload is longer.
pub const MAX_DATAGRAM: usize = 65_535;

/// The socket and what ends a wait for it.
pub struct Inbox {
    socket: UdpSocket,
    cancel: Cancel,
    /// poll waits for descriptors only, so the token's end must become one: its callback drops the other end of the pair.
    #[cfg(unix)]
    woken: UnixStream,
    #[cfg(unix)]
    _registration: Registration,
}

impl Inbox {
    /// Makes the socket nonblocking and ties it to `cancel`.
    ///
    /// # Errors
    /// The system's.
    #[cfg(unix)]
    pub fn new(socket: UdpSocket, cancel: &Cancel) -> io::Result<Inbox> {
        socket.set_nonblocking(true)?;
        let (woken, wakes) = UnixStream::pair()?;
        let registration = cancel.on_end(move |_| drop(wakes));
        Ok(Inbox { socket, cancel: cancel.clone(), woken, _registration: registration })
    }

    /// Where there is no poll the socket is looked at in short turns.
    ///
    /// # Errors
    /// The system's.
    #[cfg(not(unix))]
    pub fn new(socket: UdpSocket, cancel: &Cancel) -> io::Result<Inbox> {
        Ok(Inbox { socket, cancel: cancel.clone() })
    }

    /// The socket, for sending.
    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Whether the token has ended.
    pub fn has_ended(&self) -> bool {
        self.cancel.has_ended()
    }

    /// Blocks until a datagram has come: its length and sender. What does not fit into `buf` is lost.
    ///
    /// # Errors
    /// * [`io::ErrorKind::TimedOut`] at `deadline` or the token's own, whichever is earlier;
    /// * [`io::ErrorKind::ConnectionAborted`] when the token was cancelled;
    /// * else the system's; on a connected socket [`io::ErrorKind::ConnectionRefused`] when nobody has the port.
    pub fn receive(&self, buf: &mut [u8], deadline: Deadline) -> io::Result<(usize, SocketAddr)> {
        let deadline = deadline.earlier(self.cancel.deadline());
        loop {
            self.cancel.check()?;
            deadline.remaining()?;
            match self.receive_once(buf, deadline) {
                Ok(received) => return Ok(received),
                // A datagram with a wrong checksum wakes the waiter and is then not there.
                Err(error) if is_passing(error.kind()) => {}
                Err(error) => return Err(error),
            }
        }
    }

    #[cfg(unix)]
    fn receive_once(&self, buf: &mut [u8], deadline: Deadline) -> io::Result<(usize, SocketAddr)> {
        use crate::base::sys::poll::{self, Wish};
        use std::os::fd::AsFd;

        let wishes = [(self.socket.as_fd(), Wish::Readable), (self.woken.as_fd(), Wish::Readable)];
        poll::wait(&wishes, deadline.remaining()?)?;
        self.socket.recv_from(buf)
    }

    #[cfg(not(unix))]
    fn receive_once(&self, buf: &mut [u8], deadline: Deadline) -> io::Result<(usize, SocketAddr)> {
        /// How late a cancellation may be heard.
        const TURN: std::time::Duration = std::time::Duration::from_millis(50);
        let left = deadline.remaining()?.unwrap_or(TURN);
        self.socket.set_read_timeout(Some(left.min(TURN)))?;
        self.socket.recv_from(buf)
    }
}

/// Errors after which one waits on.
fn is_passing(kind: io::ErrorKind) -> bool {
    #[cfg(not(unix))]
    if kind == io::ErrorKind::TimedOut {
        return true;
    }
    matches!(kind, io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    fn inbox(cancel: &Cancel) -> Inbox {
        Inbox::new(UdpSocket::bind("127.0.0.1:0").unwrap(), cancel).unwrap()
    }

    #[test]
    fn a_datagram_is_received_with_its_sender() {
        let inbox = inbox(&Cancel::new());
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.send_to(b"hello", inbox.socket().local_addr().unwrap()).unwrap();
        let mut buf = [0; 16];
        let received = inbox.receive(&mut buf, Deadline::after(Duration::from_secs(30))).unwrap();
        assert_eq!(received, (5, sender.local_addr().unwrap()));
    }

    #[test]
    fn silence_ends_at_the_deadline_and_not_before() {
        let begin = std::time::Instant::now();
        let limit = Duration::from_millis(30);
        let error = inbox(&Cancel::new()).receive(&mut [0; 16], Deadline::after(limit)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begin.elapsed() >= limit);
    }

    #[test]
    fn a_cancellation_from_another_thread_ends_the_wait() {
        let cancel = Cancel::new();
        let waiting = inbox(&cancel);
        let (told, heard) = mpsc::channel();
        let waiter = std::thread::spawn(move || {
            told.send(()).unwrap();
            waiting.receive(&mut [0; 16], Deadline::NEVER)
        });
        heard.recv().unwrap();
        cancel.cancel();
        assert_eq!(waiter.join().unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    }
}
