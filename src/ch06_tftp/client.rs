//! The client: gets a file from a server, or puts one there. The book leaves it to its readers.
//!
//! ```text
//! get:  RRQ ─▶  ◀─ DATA 1 | OACK | ERROR        put:  WRQ ─▶  ◀─ ACK 0 | OACK | ERROR
//!       one receiving machine                         one sending machine
//! ```
//! The machines are the server's ([`super::receiving`], [`super::sending`]); here they get a socket, a file and a
//! token. A server that answers ERROR 8 is asked once more, without options. One that knows no options answers as if none
//! had been asked for, and that is an answer too.
//!
//! After a get the client stays and acknowledges the last block again, should it come again, but only if something was
//! lost before: on a link that lost nothing a person should not wait.
//!
//! Watch it run: `NETPROG_TRACE=all ch06_get 127.0.0.1:6969 file -`.
//!
//! Left out: the modes "mail" and whatever else a request could name.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::error::{ErrorCode, TransferError};
use super::netascii::{FromNetascii, ToNetascii};
use super::options::Options;
use super::packet::{DEFAULT_BLOCK, Mode, Packet, Request};
use super::receiving::{self, Receiving};
use super::rollover::Rollover;
use super::sending::{self, Sending, Totals};
use super::session::{Session, Sink};
use super::target::Target;
use super::timing::Timing;
use crate::base::cancel::Cancel;
use crate::base::trace;

/// The most we ask the system to hold for us of a window that comes at once.
const MAX_ROOM: usize = 4 << 20;

/// What a client wants.
#[derive(Clone, Copy, Debug)]
pub struct ClientConfig {
    /// As the bytes are, or as text.
    pub mode: Mode,
    /// Ask for blocks of this many bytes instead of 512.
    pub block_size: Option<usize>,
    /// Ask for this many blocks at a time.
    pub window: Option<u16>,
    /// Ask both sides to send again after this many seconds.
    pub timeout: Option<u8>,
    /// Tell the file's size, or ask for it.
    pub size: bool,
    /// What follows block 65,535.
    pub rollover: Rollover,
    /// Where that is 1, ask the server to do the same.
    pub tell_rollover: bool,
    /// How long to wait and how often.
    pub timing: Timing,
    /// Stay after the last ACK of a get also where nothing was lost.
    pub always_dally: bool,
}

impl Default for ClientConfig {
    /// 512-byte blocks one at a time; the size is asked for; six tries, the first answer awaited for a second.
    fn default() -> ClientConfig {
        ClientConfig {
            mode: Mode::Octet,
            block_size: None,
            window: None,
            timeout: None,
            size: true,
            rollover: Rollover::ToZero,
            tell_rollover: true,
            timing: Timing::starting_at(Duration::from_secs(1), 6),
            always_dally: false,
        }
    }
}

/// How a transfer went.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Packets, blocks and bytes.
    pub totals: Totals,
    /// The options that held.
    pub options: Options,
    /// The server refused the options and was asked again without.
    pub fell_back: bool,
    /// From the first request to the end.
    pub elapsed: Duration,
}

/// Told after every block: bytes so far, and all of them if that is known.
pub type Watch<'a> = &'a mut dyn FnMut(u64, Option<u64>);

/// Gets the file `name` from `server` into `target`, which is committed before the server hears that all has come. When this
/// fails the target is gone.
///
/// # Errors
/// Every variant of [`TransferError`] but `SourceFailed`; [`TransferError::Stopped`] when `cancel` ends, by its deadline too.
pub fn get(
    server: SocketAddr,
    name: &[u8],
    config: &ClientConfig,
    target: Target,
    cancel: &Cancel,
    watch: Watch<'_>,
) -> Result<Report, TransferError> {
    let mut file = match config.mode {
        Mode::Octet => Incoming::Octet(target),
        Mode::Netascii => Incoming::Netascii(FromNetascii::new(target)),
    };
    let server = reachable(server);
    let asked = config.options(Some(0));
    with_fall_back(asked, |asked| {
        let packet = request(name, config.mode, &asked, Packet::Rrq)?;
        let opening = receiving::Opening::Request { packet, asked };
        let transfer = Receiving::new(opening, config.timing).map_err(TransferError::CannotAsk)?;
        let transfer = transfer.rolling_over(config.rollover);
        let socket = socket_for(server, config.window_bytes())?;
        let mut session = Session::asking(&socket, server, cancel);
        if !config.always_dally {
            session = session.leaving_early();
        }
        let mut told = Told::default();
        let (totals, result) = session.receive_all(transfer, &mut file, &mut |totals, options| {
            told.options = options;
            watch(totals.bytes, options.size);
        });
        told.ended(totals, result)
    })
}

/// Puts what `source` reads, `size` bytes if that is known, on `server` as the file `name`.
///
/// # Errors
/// Every variant of [`TransferError`] but `SinkFailed`; [`TransferError::Stopped`] when `cancel` ends, by its deadline too.
pub fn put(
    server: SocketAddr,
    name: &[u8],
    config: &ClientConfig,
    source: &mut dyn Read,
    size: Option<u64>,
    cancel: &Cancel,
    watch: Watch<'_>,
) -> Result<Report, TransferError> {
    let mut source: Box<dyn Read + '_> = match config.mode {
        Mode::Octet => Box::new(source),
        Mode::Netascii => Box::new(ToNetascii::new(source)),
    };
    let server = reachable(server);
    // Text has another length on the wire.
    let size = size.filter(|_| config.mode == Mode::Octet);
    let asked = config.options(size);
    with_fall_back(asked, |asked| {
        // No server may grant larger blocks than these.
        config.rollover.check(size.unwrap_or(0), asked.agreed().block_size)?;
        let packet = request(name, config.mode, &asked, Packet::Wrq)?;
        let opening = sending::Opening::Request { packet, asked };
        let transfer = Sending::new(opening, config.timing).map_err(TransferError::CannotAsk)?;
        let transfer = transfer.rolling_over(config.rollover);
        let socket = socket_for(server, 0)?;
        let mut session = Session::asking(&socket, server, cancel);
        let mut told = Told::default();
        let (totals, result) = session.send_all(transfer, &mut *source, &mut |totals, options| {
            told.options = options;
            watch(totals.bytes, size);
        });
        told.ended(totals, result)
    })
}

impl ClientConfig {
    fn options(&self, size: Option<u64>) -> Options {
        let size = size.filter(|_| self.size);
        Options {
            block_size: self.block_size,
            size,
            timeout: self.timeout,
            window: self.window.map(|blocks| blocks.min(self.rollover.largest_window())),
            // To 0 is what a server does unasked.
            rollover: Some(Rollover::ToOne).filter(|to| self.tell_rollover && self.rollover == *to),
        }
    }

    /// Twice what can be on its way, for the system counts more than the payload.
    fn window_bytes(&self) -> usize {
        let block = self.block_size.unwrap_or(DEFAULT_BLOCK);
        block.saturating_mul(usize::from(self.window.unwrap_or(1)) * 2).clamp(128 * 1024, MAX_ROOM)
    }
}

fn request(
    name: &[u8],
    mode: Mode,
    asked: &Options,
    packet: fn(Request) -> Packet<'static>,
) -> Result<Vec<u8>, TransferError> {
    let request = Request { options: asked.pairs(), ..Request::new(name, mode) };
    packet(request).encode().map_err(TransferError::CannotAsk)
}

/// Tries with the options, and after ERROR 8 once more without. Error 8 comes before the first block, so nothing has been
/// read or written yet; a server that sends it later breaks the rules and is not tried again.
fn with_fall_back(
    asked: Options,
    mut transfer: impl FnMut(Options) -> Result<Report, Ended>,
) -> Result<Report, TransferError> {
    let start = Instant::now();
    let mut fell_back = false;
    let mut result = transfer(asked);
    if let Err(ended) = &result {
        if !asked.is_empty() && ended.before_the_first_block && refused_options(&ended.error) {
            trace::note(|| "the server refuses the options: once more without".to_string());
            fell_back = true;
            result = transfer(Options::default());
        }
    }
    match result {
        Ok(report) => Ok(Report { fell_back, elapsed: start.elapsed(), ..report }),
        Err(ended) => Err(ended.error),
    }
}

fn refused_options(error: &TransferError) -> bool {
    matches!(error, TransferError::PeerGaveError { code: ErrorCode::OptionRefused, .. })
}

/// An end without the file.
struct Ended {
    error: TransferError,
    before_the_first_block: bool,
}

impl From<TransferError> for Ended {
    fn from(error: TransferError) -> Ended {
        Ended { error, before_the_first_block: true }
    }
}

/// What a session told while it went on.
#[derive(Default)]
struct Told {
    options: Options,
}

impl Told {
    fn ended(self, totals: Totals, result: Result<(), TransferError>) -> Result<Report, Ended> {
        match result {
            Ok(()) => Ok(Report { totals, options: self.options, fell_back: false, elapsed: Duration::ZERO }),
            // One packet has left us: the request, or copies of it.
            Err(error) => Err(Ended { error, before_the_first_block: is_only_a_request(&totals) }),
        }
    }
}

/// Everything that was sent was the first packet, again and again.
fn is_only_a_request(totals: &Totals) -> bool {
    totals.blocks == 0 && totals.packets == totals.resent + 1
}

// --- the socket -------------------------------------------------------------------------------------------------------

/// A socket on a port of the system's choice, the transfer's TID, with room for what comes at once. Room the system does not
/// give is not had.
fn socket_for(server: SocketAddr, room: usize) -> Result<UdpSocket, TransferError> {
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).map_err(TransferError::SocketFailed)?;
    #[cfg(unix)]
    if room > 0 {
        let _ = crate::base::sys::options::set_receive_buffer(&socket, room);
    }
    if let Ok(here) = socket.local_addr() {
        trace::name_mine(&SocketAddr::new(reachable(server).ip(), here.port()).to_string());
        trace::name_mine(&here.to_string());
    }
    Ok(socket)
}

/// "Every address" is what a server listens on; the nearest of them is this machine, and that is where the answer comes from.
fn reachable(server: SocketAddr) -> SocketAddr {
    match server.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), server.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), server.port()),
        _ => server,
    }
}

// --- get --------------------------------------------------------------------------------------------------------------

/// The file that comes, in either mode; nothing once it is finished.
enum Incoming {
    Octet(Target),
    Netascii(FromNetascii<Target>),
    Finished,
}

impl Sink for Incoming {
    fn write(&mut self, part: &[u8]) -> io::Result<()> {
        match self {
            Incoming::Octet(target) => target.write_all(part),
            Incoming::Netascii(text) => text.write_all(part),
            Incoming::Finished => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match std::mem::replace(self, Incoming::Finished) {
            Incoming::Octet(target) => target.commit(),
            Incoming::Netascii(text) => text.finish()?.commit(),
            Incoming::Finished => Ok(()),
        }
    }
}
