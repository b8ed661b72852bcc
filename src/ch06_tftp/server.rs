//! A TFTP server: requests on one port, each transfer on a port and a thread of its own. Listings 6-9 to 6-11.
//!
//! ```text
//! port 69 ──RRQ──▶ a place? ──▶ thread with a new socket ──▶ Sending  ◀──▶ client
//!         ──WRQ──▶ a place? ──▶ thread with a new socket ──▶ Receiving ◀──▶ client
//!         ──else─▶ ERROR, unless it is an ERROR
//! ```
//! Watch it run: `ch06_tftp -a 127.0.0.1:6969 -p payload.svg`, then `curl -o out tftp://127.0.0.1:6969/any`.
//!
//! Anybody can write anybody's address into a datagram, so what a request without an answer can cost is bounded: a thread
//! of [`ServerConfig::max_transfers`], [`super::timing::Timing::sends`] packets of at most 516 bytes; and its place goes to
//! the next who asks, if there is no other (`places`). A request that comes
//! again while its transfer runs starts no second one; the running transfer repeats its answer by itself.
//!
//! A server that listens on all addresses answers from the one the request came to: a client takes an answer from the
//! address it asked and no other. Linux says which that is; elsewhere bind the server to one address.

use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::cancel::Cancel;
use crate::base::deadline::Deadline;
use crate::base::log::Logger;
use crate::base::show::escaped;
use crate::base::thread::{self, Group, Permit, Permits};
use crate::base::trace;

use super::error::{ErrorCode, TransferError};
use super::files::{Files, Refusal};
use super::options::{Limits, Options};
use super::packet::{MAX_REQUEST, Mode, Packet, Request};
use super::places::{NoPlace, Place, Places};
use super::receiving::{self, Receiving};
use super::requests::{Asker, Requests};
use super::rollover::Rollover;
use super::sending::{self, Sending, Totals};
use super::session::{Session, Sink, is_error, send_error};
use super::timing::Timing;

/// How long a stopped server waits for its transfers to say goodbye.
const GRACE: Duration = Duration::from_secs(5);

/// Transfers that have their file and linger in case their last ACK was lost. They do not count as transfers; one more
/// does without lingering.
const MAX_DALLYING: usize = 256;

/// A transfer's stack. Blocks and buffers are on the heap.
const STACK: usize = 256 * 1024;

/// More of a name than this the log does not show.
const SHOWN_NAME: usize = 128;

/// What a server is like.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// What it serves.
    pub files: Files,
    /// Its patience with clients.
    pub timing: Timing,
    /// What it grants of options.
    pub limits: Limits,
    /// What follows block 65,535, unless the client asks for another number; none does where that is refused.
    pub rollover: Rollover,
    /// Transfers at once; more clients are told to come back.
    pub max_transfers: usize,
    /// Where it tells of requests.
    pub log: Logger,
}

impl ServerConfig {
    /// The book's: ten sends, six seconds; and 64 transfers at once.
    pub fn new(files: Files, log: Logger) -> ServerConfig {
        ServerConfig {
            files,
            timing: Timing::default(),
            limits: Limits::default(),
            rollover: Rollover::ToZero,
            max_transfers: 64,
            log,
        }
    }
}

/// A server that is bound and not yet serving.
pub struct Server {
    requests: Requests,
    address: SocketAddr,
    config: ServerConfig,
}

/// What all transfers share.
struct Shared {
    config: ServerConfig,
    places: Places,
    dallying: Permits,
    stop: Cancel,
}

impl Server {
    /// Binds the port for requests; port 0 lets the system choose.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::PermissionDenied`] for port 69 without the right to it.
    pub fn bind(address: SocketAddr, config: ServerConfig) -> io::Result<Server> {
        let requests = Requests::bind(address)?;
        Ok(Server { address: requests.address()?, requests, config })
    }

    /// Where it takes requests.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` ends. Transfers that are under way then are ended with an ERROR.
    ///
    /// # Errors
    /// What shows that the socket itself is no good.
    pub fn serve(self, stop: &Cancel) -> io::Result<()> {
        let transfers = Group::new();
        let stop = stop.child();
        let places = Places::new(self.config.max_transfers);
        let shared = Arc::new(Shared {
            config: self.config,
            places,
            dallying: Permits::new(MAX_DALLYING),
            stop: stop.clone(),
        });
        // One byte more than a request may have, so that a longer one is seen to be longer.
        let mut buffer = [0; MAX_REQUEST + 1];
        let mut result = Ok(());
        while !stop.has_ended() {
            match self.requests.next(&mut buffer) {
                Ok(Some((length, asker))) => {
                    answer(&asker, &buffer[..length], &shared, &transfers);
                }
                Ok(None) => {}
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        stop.cancel();
        transfers.join(Deadline::after(GRACE));
        result
    }

    /// Serves in a thread of its own.
    ///
    /// # Errors
    /// The system's, when it has no thread to give.
    pub fn start(self) -> io::Result<Running> {
        let stop = Cancel::new();
        let token = stop.clone();
        let address = self.address;
        let thread = thread::spawn("tftp", move || self.serve(&token))?;
        Ok(Running { address, stop, thread: Some(thread) })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TFTP server on {}", self.address)
    }
}

/// What comes to the port for requests. The book logs what it cannot serve and says nothing, so its clients wait for
/// nothing; here they are told.
fn answer(asker: &Asker<'_>, datagram: &[u8], shared: &Arc<Shared>, transfers: &Group) {
    let log = &shared.config.log;
    let client = asker.client;
    let (request, writes) = match Packet::decode(datagram) {
        Ok(Packet::Rrq(request)) => (request, false),
        Ok(Packet::Wrq(request)) => (request, true),
        _ if is_error(datagram) => return,
        Ok(_) => {
            return asker.refuse(ErrorCode::UnknownTransferId, "no transfer has this port");
        }
        Err(error) => {
            log.println(&format!("[{client}] bad request: {error}"));
            return asker.refuse(error.code(), &error.to_string());
        }
    };
    let mode = match request.transfer_mode() {
        Ok(mode) => mode,
        Err(error) => {
            log.println(&format!("[{client}] bad request: {error}"));
            return asker.refuse(error.code(), "only octet and netascii are supported");
        }
    };
    let place = match shared.places.take((client, writes, request.name.clone()), &shared.stop) {
        Ok(place) => place,
        Err(NoPlace::IsRunning) => {
            return trace::note(|| format!("{client} asks again; its transfer is running"));
        }
        Err(NoPlace::Flooded) => {
            return trace::note(|| format!("{client} is not answered: too many ask and say no more"));
        }
        Err(NoPlace::Full) => {
            log.println(&format!(
                "[{client}] refused: {} transfers are running",
                shared.config.max_transfers
            ));
            return asker.refuse(ErrorCode::Undefined, "too many transfers; come back later");
        }
    };
    // Not in the thread: who gets no socket cannot be told of it from there.
    let own = match UdpSocket::bind(asker.local) {
        Ok(own) => own,
        Err(error) => {
            log.println(&format!("[{client}] no socket for the transfer: {error}"));
            return asker.refuse(ErrorCode::Undefined, "the server is out of sockets");
        }
    };
    let of_thread = Arc::clone(shared);
    let work = move || transfer(&of_thread, &own, client, &request, mode, writes, &place);
    if let Err(error) = transfers.spawn("tftp-transfer", STACK, work) {
        log.println(&format!("[{client}] no thread: {error}"));
        asker.refuse(ErrorCode::Undefined, "the server is out of threads");
    }
}

/// One transfer, from request to end, in its own thread.
fn transfer(
    shared: &Shared,
    socket: &UdpSocket,
    client: SocketAddr,
    request: &Request,
    mode: Mode,
    writes: bool,
    place: &Place,
) {
    let log = &shared.config.log;
    let verb = if writes { "offered" } else { "requested" };
    let name = escaped(&request.name, SHOWN_NAME);
    log.println(&format!("[{client}] {verb} file: {name}"));
    let served = if writes {
        receive(shared, socket, client, request, mode, place)
    } else {
        send(shared, socket, client, request, mode, place)
    };
    let done = if writes { "received" } else { "sent" };
    match served {
        Ok((totals, Ok(()))) => log.println(&format!(
            "[{client}] {done} {} blocks, {} bytes, {} packets again",
            totals.blocks, totals.bytes, totals.resent
        )),
        Ok((totals, Err(error))) => {
            log.println(&format!("[{client}] ended after {} blocks: {error}", totals.blocks));
        }
        Err(refusal) => {
            send_error(socket, client, refusal.code, refusal.words);
            let because = refusal.source.map(|error| format!(": {error}")).unwrap_or_default();
            log.println(&format!("[{client}] refused {name}: {}{because}", refusal.words));
        }
    }
}

type Served = Result<(Totals, Result<(), TransferError>), Refusal>;

fn send(
    shared: &Shared,
    socket: &UdpSocket,
    client: SocketAddr,
    request: &Request,
    mode: Mode,
    place: &Place,
) -> Served {
    let mut source = shared.config.files.open(&request.name, mode)?;
    let granted = granted(&Options::parse(&request.options), shared, source.size)?;
    let opening = if granted.is_empty() { sending::Opening::Block } else { sending::Opening::Oack(granted) };
    let transfer = match Sending::new(opening, shared.config.timing) {
        Ok(transfer) => transfer.rolling_over(shared.config.rollover),
        Err(error) => return Ok((Totals::default(), Err(TransferError::CannotAsk(error)))),
    };
    let mut session = Session::with(socket, client, place.stop());
    Ok(session.send_all(transfer, &mut source.bytes, &mut |_, _| place.answered()))
}

/// What the client gets of the options it asks for.
///
/// # Errors
/// [`Refusal`] of a file whose size is known and that would need more blocks than there are numbers.
fn granted(asked: &Options, shared: &Shared, size: Option<u64>) -> Result<Options, Refusal> {
    let ours = shared.config.rollover;
    let mut granted = asked.granted(&shared.config.limits, size);
    if ours == Rollover::Refused {
        granted.rollover = None;
    }
    let fits = ours.check(size.unwrap_or(0), granted.agreed().block_size);
    fits.map(|()| granted).map_err(|_| Refusal::too_many_blocks())
}

fn receive(
    shared: &Shared,
    socket: &UdpSocket,
    client: SocketAddr,
    request: &Request,
    mode: Mode,
    place: &Place,
) -> Served {
    let asked = Options::parse(&request.options);
    // Text shrinks on its way into the file: what is announced says nothing about what it will take.
    let announced = if mode == Mode::Octet { asked.size } else { None };
    let granted = granted(&asked, shared, asked.size)?;
    let file = shared.config.files.create(&request.name, mode, announced)?;
    let dallying = shared.dallying.clone();
    let mut sink = Counted { file, place, dallying, lingers: None };
    let opening =
        if granted.is_empty() { receiving::Opening::Ack } else { receiving::Opening::Oack(granted) };
    let transfer = match Receiving::new(opening, shared.config.timing) {
        Ok(transfer) => transfer.rolling_over(shared.config.rollover),
        Err(error) => return Ok((Totals::default(), Err(TransferError::CannotAsk(error)))),
    };
    let mut session = Session::with(socket, client, place.stop());
    Ok(session.receive_all(transfer, &mut sink, &mut |_, _| place.answered()))
}

/// A file being received that counts as a transfer until it is finished.
struct Counted<'a> {
    file: Box<dyn Sink>,
    place: &'a Place,
    dallying: Permits,
    lingers: Option<Permit>,
}

impl Sink for Counted<'_> {
    fn write(&mut self, part: &[u8]) -> io::Result<()> {
        self.file.write(part)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.file.finish()?;
        self.lingers = self.dallying.try_acquire();
        self.place.dallies();
        Ok(())
    }

    fn may_dally(&self) -> bool {
        self.lingers.is_some()
    }
}

/// A server in its own thread. Dropping it stops it.
pub struct Running {
    address: SocketAddr,
    stop: Cancel,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Running {
    /// Where it takes requests.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it and waits for its end.
    ///
    /// # Errors
    /// As [`Server::serve`].
    pub fn stop(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        self.stop.cancel();
        match self.thread.take() {
            Some(thread) => thread.join().unwrap_or_else(|_| Err(io::Error::other("the server panicked"))),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Who wants to know calls `stop`.
        let _ = self.end();
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TFTP server on {}", self.address)
    }
}
