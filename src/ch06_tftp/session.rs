//! A transfer on a socket: the loop between a state machine and the datagrams, for server and client, either direction.
//!
//! ```text
//!             Step::Send ──▶ socket ──▶ peer
//! transfer ◀── packet ────── socket ◀── peer        and a stranger gets ERROR 5
//!          ◀── time passed ── clock
//! ```
//! The socket is not connected. A connected one would drop strangers' packets before we see them, and RFC 1350 wants them
//! answered: a peer that hears ERROR 5 knows that its transfer is gone. It is the one error that ends nothing here.
//!
//! ICMP tells an unconnected socket nothing, unless it asks, as ours does on Linux: it may have sent to many, so the error
//! queue has to say whose port is closed. If it is the peer's, the transfer is over at once; a stranger's means nothing.
//! What the peer sent before it left is taken first. On other systems a peer that vanished costs all tries.
//!
//! A client does not know the server's port for the transfer before the first answer comes. That answer fixes it.

use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::base::cancel::Cancel;
use crate::base::deadline::Deadline;
#[cfg(target_os = "linux")]
use crate::base::sys::unconnected;
use crate::base::trace;
use crate::base::trace::Kind;

use super::error::{ErrorCode, TransferError};
use super::options::Options;
use super::packet::{DATA_HEADER, MAX_BLOCK, Packet, read_data};
use super::receiving::{self, Arrival, Receiving};
use super::sending::{self, Sending, Totals};

/// How long we sleep at most before we look whether we are to stop.
const LOOK_FOR_STOP: Duration = Duration::from_millis(100);

/// Strangers answered during one transfer. Somebody who floods the port with false senders gets no more echoes.
const MAX_STRANGERS: u32 = 64;

/// How long we look for what the peer sent before its port was closed. It is in our queue or nowhere.
const LAST_LOOK: Duration = Duration::from_millis(1);

/// Sends of one packet that may fail for what became of earlier ones. Then it counts as lost.
const MAX_FAILED_SENDS: u32 = 8;

/// Where what is received goes.
pub trait Sink {
    /// Takes the file's next part, perhaps of no bytes.
    ///
    /// # Errors
    /// What stands in the way; the peer is told [`ErrorCode::of`] it, and the sink is dropped.
    fn write(&mut self, part: &[u8]) -> io::Result<()>;

    /// The file is complete. Only now may others see it. A sink dropped without this leaves nothing behind.
    ///
    /// # Errors
    /// As [`Sink::write`].
    fn finish(&mut self) -> io::Result<()>;

    /// Whether there is time to linger after the last ACK. Asked once the file is finished.
    fn may_dally(&self) -> bool {
        true
    }
}

/// One transfer's socket, peer and clock.
#[derive(Debug)]
pub struct Session<'a> {
    socket: &'a UdpSocket,
    peer: SocketAddr,
    peer_is_fixed: bool,
    started: Instant,
    strangers: u32,
    buffer: Vec<u8>,
    /// The socket's read timeout, once it is set.
    nap: Option<Duration>,
    leaves_early: bool,
    /// Nobody has the peer's port, says its system.
    peer_is_gone: bool,
    stop: Cancel,
}

/// What waiting brought.
enum Waited {
    Datagram(usize),
    TimePassed,
}

impl<'a> Session<'a> {
    /// A server's: the peer is who sent the request.
    pub fn with(socket: &'a UdpSocket, peer: SocketAddr, stop: &Cancel) -> Session<'a> {
        hear_of_refusals(socket);
        Session {
            socket,
            peer,
            peer_is_fixed: true,
            started: Instant::now(),
            strangers: 0,
            // One byte more than the largest packet, so that a longer one is seen to be longer.
            buffer: vec![0; DATA_HEADER + MAX_BLOCK + 1],
            nap: None,
            leaves_early: false,
            peer_is_gone: false,
            stop: stop.clone(),
        }
    }

    /// A client's: the request goes to `server`, and the peer is the port of that host which answers first.
    pub fn asking(socket: &'a UdpSocket, server: SocketAddr, stop: &Cancel) -> Session<'a> {
        Session { peer_is_fixed: false, ..Session::with(socket, server, stop) }
    }

    /// The same, but it does not linger after the last ACK where no packet seems to have been lost so far. For a client
    /// whose user waits: if that ACK is lost after all, the server alone is troubled.
    pub fn leaving_early(self) -> Session<'a> {
        Session { leaves_early: true, ..self }
    }

    fn may_leave(&self, totals: &Totals, sink: &dyn Sink) -> bool {
        let is_smooth = totals.resent == 0 && totals.timeouts == 0;
        !sink.may_dally() || (self.leaves_early && is_smooth)
    }

    /// Whom it talks to.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Sends all of `source`: what was done, and how it ended.
    ///
    /// # Errors
    /// [`TransferError`], each of its variants but `SinkFailed`. The peer has been told.
    pub fn send_all(
        &mut self,
        mut transfer: Sending,
        source: &mut dyn Read,
        watch: &mut dyn FnMut(Totals, Options),
    ) -> (Totals, Result<(), TransferError>) {
        loop {
            match transfer.next(self.started.elapsed()) {
                sending::Step::Send(packet) => {
                    if let Err(error) = self.send(packet) {
                        transfer.fail(TransferError::SocketFailed(error));
                    }
                }
                sending::Step::Read { block, size } => match read_data(source, block, size) {
                    Ok(packet) => transfer.give(packet),
                    Err(error) => transfer.fail(TransferError::SourceFailed(error)),
                },
                sending::Step::WaitUntil(moment) => match self.wait(moment) {
                    Ok(Waited::Datagram(length)) => {
                        if let Ok(packet) = Packet::decode(&self.buffer[..length]) {
                            transfer.packet(&packet, self.started.elapsed());
                            watch(transfer.totals(), transfer.options());
                        }
                    }
                    Ok(Waited::TimePassed) => transfer.time_passed(),
                    Err(error) => transfer.fail(error),
                },
                sending::Step::Done => return (transfer.totals(), Ok(())),
                sending::Step::Failed => {
                    let totals = transfer.totals();
                    return (totals, Err(transfer.failure().unwrap_or(TransferError::Stopped)));
                }
            }
        }
    }

    /// Receives all into `sink`: what was done, and how it ended.
    ///
    /// # Errors
    /// [`TransferError`], each of its variants but `SourceFailed`. The peer has been told, and the sink is not finished.
    pub fn receive_all(
        &mut self,
        mut transfer: Receiving,
        sink: &mut dyn Sink,
        watch: &mut dyn FnMut(Totals, Options),
    ) -> (Totals, Result<(), TransferError>) {
        let mut hurries = false;
        loop {
            match transfer.next(self.started.elapsed()) {
                receiving::Step::Send(packet) => {
                    if let Err(error) = self.send(packet) {
                        transfer.fail(TransferError::SocketFailed(error));
                    }
                }
                receiving::Step::WaitUntil(_) if hurries => transfer.leave(),
                receiving::Step::WaitUntil(moment) => match self.wait(moment) {
                    Ok(Waited::Datagram(length)) => {
                        if let Ok(packet) = Packet::decode(&self.buffer[..length]) {
                            let arrival = transfer.packet(&packet, self.started.elapsed());
                            if let Err(error) = store(&packet, arrival, sink) {
                                transfer.fail(TransferError::SinkFailed(error));
                            }
                            watch(transfer.totals(), transfer.options());
                            hurries = transfer.is_complete() && self.may_leave(&transfer.totals(), sink);
                        }
                    }
                    Ok(Waited::TimePassed) => transfer.time_passed(),
                    // The file is here: a stop ends the dallying and nothing else.
                    Err(_) if transfer.is_complete() => transfer.leave(),
                    Err(error) => transfer.fail(error),
                },
                receiving::Step::Done => return (transfer.totals(), Ok(())),
                receiving::Step::Failed => {
                    let totals = transfer.totals();
                    return (totals, Err(transfer.failure().unwrap_or(TransferError::Stopped)));
                }
            }
        }
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        if self.peer_is_gone {
            return Ok(());
        }
        self.report(Kind::Sent, packet);
        for _ in 0..MAX_FAILED_SENDS {
            let Err(error) = self.socket.send_to(packet, self.peer) else { return Ok(()) };
            match error.kind() {
                ErrorKind::Interrupted => {}
                // Of an earlier datagram; this one has not left.
                _ if self.hears_of_refusals() => {}
                // A queue that is full, a port that was closed a moment ago: that is a packet lost, and lost packets are
                // what we are here for.
                ErrorKind::WouldBlock | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => break,
                _ => return Err(error),
            }
            if self.peer_is_gone {
                break;
            }
        }
        Ok(())
    }

    /// A packet of this transfer, as the trace tells it.
    fn report(&self, kind: Kind, packet: &[u8]) {
        if !trace::is_on() {
            return;
        }
        let me = self.socket.local_addr().map_or_else(|_| "?".to_string(), |address| address.to_string());
        let (me, peer) = (trace::name_of(&me), trace::name_of(&self.peer.to_string()));
        let (from, to) = if kind == Kind::Sent { (&me, &peer) } else { (&peer, &me) };
        trace::between_with(kind, from, to, packet, || in_words(packet));
    }

    /// Reads what the system says about datagrams sent before, `false` if nothing. Only a refusal of the peer's port is of
    /// interest: a stranger's says nothing about the transfer, and "no way there" may pass.
    fn hears_of_refusals(&mut self) -> bool {
        let mut heard = false;
        while let Some((to, kind)) = next_refusal(self.socket) {
            heard = true;
            trace::note(|| format!("what was sent to {to} did not get there: {kind}"));
            let is_peer = to.ip() == self.peer.ip() && to.port() == self.peer.port();
            if is_peer && kind == ErrorKind::ConnectionRefused {
                self.peer_is_gone = true;
            }
        }
        heard
    }

    /// Waits for a datagram from the peer until `moment` of the transfer's clock.
    fn wait(&mut self, moment: Duration) -> Result<Waited, TransferError> {
        let deadline = match self.started.checked_add(moment) {
            Some(at) => Deadline::at(at),
            None => Deadline::NEVER,
        };
        loop {
            if self.stop.has_ended() {
                return Err(TransferError::Stopped);
            }
            let Ok(left) = deadline.remaining() else { return Ok(Waited::TimePassed) };
            let longest = if self.peer_is_gone { LAST_LOOK } else { LOOK_FOR_STOP };
            let nap = left.map_or(longest, |left| left.min(longest));
            self.set_nap(nap).map_err(TransferError::SocketFailed)?;
            match self.socket.recv_from(&mut self.buffer) {
                Ok((length, from)) if self.is_from_peer(from) => {
                    self.report(Kind::Received, &self.buffer[..length]);
                    return Ok(Waited::Datagram(length));
                }
                Ok((length, from)) => self.answer_stranger(length, from),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut if self.peer_is_gone => {
                        return Err(TransferError::PeerIsGone);
                    }
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    _ if self.hears_of_refusals() => {}
                    ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => {}
                    _ => return Err(TransferError::SocketFailed(error)),
                },
            }
        }
    }

    /// Mostly it is the same as before, and one system call less for each packet counts.
    fn set_nap(&mut self, nap: Duration) -> io::Result<()> {
        if self.nap != Some(nap) {
            self.socket.set_read_timeout(Some(nap))?;
            self.nap = Some(nap);
        }
        Ok(())
    }

    fn is_from_peer(&mut self, from: SocketAddr) -> bool {
        if !self.peer_is_fixed && from.ip() == self.peer.ip() {
            self.peer = from;
            self.peer_is_fixed = true;
            // It was the port for requests that was closed.
            self.peer_is_gone = false;
        }
        from == self.peer
    }

    /// RFC 1350 §4: the stranger is told, the transfer goes on.
    fn answer_stranger(&mut self, length: usize, from: SocketAddr) {
        trace::note(|| format!("a packet from {from}, who has no part in this transfer"));
        if is_error(&self.buffer[..length]) || self.strangers >= MAX_STRANGERS {
            return;
        }
        self.strangers += 1;
        send_error(self.socket, from, ErrorCode::UnknownTransferId, "this port serves another transfer");
        // The send may have used up the notice of an earlier refusal, the peer's among them.
        self.hears_of_refusals();
    }
}

/// Best effort: a system that does not do it leaves us with the tries.
#[cfg(target_os = "linux")]
fn hear_of_refusals(socket: &UdpSocket) {
    let _ = unconnected::keep_errors(socket);
}

#[cfg(not(target_os = "linux"))]
fn hear_of_refusals(_socket: &UdpSocket) {}

/// To whom an earlier datagram did not get, and why.
#[cfg(target_os = "linux")]
fn next_refusal(socket: &UdpSocket) -> Option<(SocketAddr, ErrorKind)> {
    let told = unconnected::next_error(socket).ok().flatten()?;
    Some((told.to, told.error.kind()))
}

#[cfg(not(target_os = "linux"))]
fn next_refusal(_socket: &UdpSocket) -> Option<(SocketAddr, ErrorKind)> {
    None
}

fn store(packet: &Packet<'_>, arrival: Arrival, sink: &mut dyn Sink) -> io::Result<()> {
    let Packet::Data { payload, .. } = packet else { return Ok(()) };
    match arrival {
        Arrival::Nothing => Ok(()),
        Arrival::Part => sink.write(payload),
        Arrival::LastPart => {
            sink.write(payload)?;
            sink.finish()
        }
    }
}

/// Whether a datagram is an ERROR, be it a broken one. It is not answered: two programs that answer each other's errors
/// never stop.
pub(super) fn is_error(datagram: &[u8]) -> bool {
    datagram.starts_with(&[0, 5])
}

/// Sends an ERROR, once. Nobody acknowledges it, and if it is lost the peer's patience ends by itself.
pub fn send_error(socket: &UdpSocket, to: SocketAddr, code: ErrorCode, words: &str) {
    if let Ok(packet) = (Packet::Error { code, message: words.as_bytes().to_vec() }).encode() {
        trace::note(|| format!("to {to}: ERROR {}, {words}", u16::from(code)));
        // To whom we cannot send we owe nothing.
        let _ = socket.send_to(&packet, to);
    }
}

/// A packet for the trace.
fn in_words(packet: &[u8]) -> String {
    match Packet::decode(packet) {
        Ok(Packet::Rrq(_)) => "read request".to_string(),
        Ok(Packet::Wrq(_)) => "write request".to_string(),
        Ok(Packet::Data { block, payload }) => format!("DATA {block}, {} bytes", payload.len()),
        Ok(Packet::Ack { block }) => format!("ACK {block}"),
        Ok(Packet::Error { code, .. }) => format!("ERROR {}: {code}", u16::from(code)),
        Ok(Packet::Oack(options)) => format!("OACK with {} options", options.len()),
        Err(error) => error.to_string(),
    }
}
