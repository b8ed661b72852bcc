//! The client against servers that behave badly, each played by hand. Rows 6.20, R.3 to R.5, R.9, R.10.

use std::io::{self, Read};
use std::net::{SocketAddr, UdpSocket};
use std::thread::JoinHandle;
use std::time::Duration;

use netprog::base::cancel::Cancel;
use netprog::base::trace;
use netprog::ch06_tftp::client::{ClientConfig, Report, get, put};
use netprog::ch06_tftp::error::{ErrorCode, OptionError, PacketError, TransferError};
use netprog::ch06_tftp::packet::{Packet, Request};
use netprog::ch06_tftp::target::Target;
use netprog::ch06_tftp::timing::Timing;

use crate::client::{Folder, fetch, serve_directory};
use crate::support::{PATIENCE, join};

/// A server that a test plays by hand.
struct Played {
    socket: UdpSocket,
}

/// What a client sent, and from where.
struct Came {
    bytes: Vec<u8>,
    from: SocketAddr,
}

impl Played {
    fn new() -> Played {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Played { socket }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn hear(&self) -> Came {
        let mut buffer = [0; 2048];
        let (length, from) = self.socket.recv_from(&mut buffer).expect("the client sends something");
        Came { bytes: buffer[..length].to_vec(), from }
    }

    /// Hears a request.
    fn request(&self) -> (Request, SocketAddr) {
        let came = self.hear();
        match Packet::decode(&came.bytes) {
            Ok(Packet::Rrq(request) | Packet::Wrq(request)) => (request, came.from),
            other => panic!("a request, not {other:?}"),
        }
    }

    /// Hears an ERROR with this code.
    fn error(&self, wanted: ErrorCode) {
        let came = self.hear();
        match Packet::decode(&came.bytes) {
            Ok(Packet::Error { code, .. }) if code == wanted => {}
            other => panic!("{wanted:?}, not {other:?}"),
        }
    }

    fn say(&self, to: SocketAddr, packet: &Packet<'_>) {
        self.socket.send_to(&packet.encode().unwrap(), to).unwrap();
    }

    fn data(&self, to: SocketAddr, block: u16, payload: &[u8]) {
        self.say(to, &Packet::Data { block, payload });
    }

    fn ack(&self, block: u16) {
        assert_eq!(self.hear().bytes, Packet::Ack { block }.encode().unwrap(), "ACK {block}");
    }

    fn hears_nothing_more(&self) {
        self.socket.set_nonblocking(true).unwrap();
        let mut buffer = [0; 2048];
        if let Ok((length, _)) = self.socket.recv_from(&mut buffer) {
            panic!("nothing more, not {:?}", Packet::decode(&buffer[..length]));
        }
    }
}

fn patient() -> ClientConfig {
    ClientConfig { timing: Timing::starting_at(PATIENCE, 3), ..ClientConfig::default() }
}

fn hasty() -> ClientConfig {
    ClientConfig { timing: Timing::starting_at(Duration::from_millis(20), 4), ..ClientConfig::default() }
}

/// Gets in a thread of its own.
fn fetching(
    server: SocketAddr,
    config: ClientConfig,
) -> JoinHandle<(Result<Report, TransferError>, Vec<u8>)> {
    std::thread::spawn(move || {
        let _me = trace::party("client");
        fetch(server, "file", &config)
    })
}

fn refusal() -> Packet<'static> {
    Packet::Error { code: ErrorCode::OptionRefused, message: b"no options".to_vec() }
}

/// RFC 2347: after ERROR 8 a client may ask again without options.
#[test]
fn refused_options_are_dropped_and_the_request_is_made_again() {
    let server = Played::new();
    let client = fetching(server.address(), ClientConfig { block_size: Some(1024), ..patient() });
    let (first, from) = server.request();
    assert_eq!(first.options.len(), 2, "tsize and blksize");
    server.say(from, &refusal());
    let (second, again) = server.request();
    assert!(second.options.is_empty() && again != from, "a new transfer has a new port");
    server.data(again, 1, b"plain");
    server.ack(1);
    let (result, came) = join(client);
    assert!(result.unwrap().fell_back);
    assert_eq!(came, b"plain");
}

#[test]
fn a_server_that_refuses_twice_is_not_asked_a_third_time() {
    let server = Played::new();
    let client = fetching(server.address(), patient());
    for _ in 0..2 {
        let (_, from) = server.request();
        server.say(from, &refusal());
    }
    let (result, _) = join(client);
    assert!(matches!(result, Err(TransferError::PeerGaveError { code: ErrorCode::OptionRefused, .. })));
    server.hears_nothing_more();
}

/// A server from before RFC 2347 passes options over and sends the first block (row R.9).
#[test]
fn a_server_that_knows_no_options_answers_with_data_and_that_will_do() {
    let server = Played::new();
    let client =
        fetching(server.address(), ClientConfig { block_size: Some(1024), window: Some(4), ..patient() });
    let (_, from) = server.request();
    server.data(from, 1, &[1; 512]);
    server.ack(1);
    server.data(from, 2, b"end");
    server.ack(2);
    let (result, came) = join(client);
    let report = result.unwrap();
    assert_eq!((report.fell_back, report.options.is_empty(), came.len()), (false, true, 515));
}

/// A repeated request makes some servers begin twice (row 6.20). Watch: the second transfer is told ERROR 5, the first goes on.
#[test]
fn the_first_answer_is_the_peer_and_a_second_transfer_gets_error_5() {
    let _me = trace::party("server");
    trace::chapter("ch06");
    let (listening, first, second) = (Played::new(), Played::new(), Played::new());
    let client = fetching(listening.address(), patient());
    let (_, from) = listening.request();
    first.data(from, 1, &[1; 512]);
    first.ack(1);
    trace::note(|| "a second server, or the same one twice, also begins".to_string());
    second.data(from, 1, &[2; 512]);
    second.error(ErrorCode::UnknownTransferId);
    first.data(from, 2, b"end");
    first.ack(2);
    let (result, came) = join(client);
    assert!(result.is_ok());
    assert_eq!(came, [&[1; 512][..], b"end"].concat(), "nothing of the second");
}

/// Two hosts that answer each other's errors would never stop.
#[test]
fn a_strangers_error_is_not_answered_and_ends_nothing() {
    let (server, stranger) = (Played::new(), Played::new());
    let client = fetching(server.address(), patient());
    let (_, from) = server.request();
    server.data(from, 1, &[1; 512]);
    server.ack(1);
    stranger.say(from, &Packet::Error { code: ErrorCode::NotFound, message: b"spoofed".to_vec() });
    // The client takes packets in their order: once it has answered this one it has seen the stranger's.
    server.data(from, 2, b"end");
    server.ack(2);
    assert!(join(client).0.is_ok());
    stranger.hears_nothing_more();
}

#[test]
fn a_server_that_says_nothing_is_asked_as_often_as_was_said() {
    let server = Played::new();
    let (result, _) = fetch(server.address(), "file", &hasty());
    assert!(matches!(result, Err(TransferError::PeerFellSilent { sends: 4 })));
    let (first, _) = server.request();
    for _ in 1..4 {
        assert_eq!(server.request().0, first);
    }
    // The farewell, for a server that is alive and only slow.
    server.error(ErrorCode::Undefined);
    server.hears_nothing_more();
}

#[test]
fn a_transfer_ends_with_its_token_and_the_server_is_told() {
    let server = Played::new();
    let cancel = Cancel::new();
    let (address, token) = (server.address(), cancel.clone());
    let client = std::thread::spawn(move || {
        let target = Target::writing_to(io::sink());
        get(address, b"file", &patient(), target, &token, &mut |_, _| {})
    });
    let (_, from) = server.request();
    server.data(from, 1, &[1; 512]);
    server.ack(1);
    cancel.cancel();
    server.error(ErrorCode::Undefined);
    assert!(matches!(join(client), Err(TransferError::Stopped)));
}

/// A peer that always sends something just in time would hold a client for ever that only had a time-out.
#[test]
fn a_drip_of_known_blocks_does_not_outlive_the_deadline() {
    let server = Played::new();
    let address = server.address();
    let client = std::thread::spawn(move || {
        let target = Target::writing_to(io::sink());
        get(address, b"file", &patient(), target, &Cancel::after(Duration::from_millis(150)), &mut |_, _| {})
    });
    let (_, from) = server.request();
    loop {
        server.data(from, 1, &[1; 512]);
        let came = server.hear();
        if matches!(Packet::decode(&came.bytes), Ok(Packet::Error { .. })) {
            break;
        }
    }
    assert!(matches!(join(client), Err(TransferError::Stopped)));
}

/// Row R.5. The last ACK may be lost: a client that dallies says it again, and writes the block once.
#[test]
fn a_last_block_that_comes_again_is_acknowledged_again_and_written_once() {
    let server = Played::new();
    let dallying = ClientConfig { always_dally: true, ..patient() };
    let dallying =
        ClientConfig { timing: Timing { dally: Duration::from_millis(300), ..dallying.timing }, ..dallying };
    let client = fetching(server.address(), dallying);
    let (_, from) = server.request();
    for _ in 0..3 {
        server.data(from, 1, b"all of it");
        server.ack(1);
    }
    let (result, came) = join(client);
    assert_eq!((result.unwrap().totals.blocks, came), (1, b"all of it".to_vec()));
}

#[test]
fn on_a_link_that_lost_nothing_the_client_does_not_stay() {
    let server = Played::new();
    // The patience is longer than the test's: a client that dallied would not come back in time.
    let config = ClientConfig { timing: Timing::starting_at(PATIENCE * 2, 3), ..ClientConfig::default() };
    let client = fetching(server.address(), config);
    let (_, from) = server.request();
    server.data(from, 1, b"all of it");
    server.ack(1);
    assert!(join(client).0.is_ok());
}

#[test]
fn a_server_that_grants_what_nobody_asked_for_is_told_error_8() {
    for (answer, wanted) in [(("blksize", "2048"), "blksize"), (("colour", "red"), "colour")] {
        let server = Played::new();
        let client = fetching(server.address(), ClientConfig { block_size: Some(1024), ..patient() });
        let (_, from) = server.request();
        server.say(from, &Packet::Oack(vec![(answer.0.into(), answer.1.into())]));
        server.error(ErrorCode::OptionRefused);
        match join(client).0 {
            Err(TransferError::OptionsDoNotFit(OptionError::BadValue { name, .. })) => {
                assert_eq!(name, wanted);
            }
            Err(TransferError::OptionsDoNotFit(OptionError::NotAsked(name))) => {
                assert_eq!(name, wanted.as_bytes());
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_block_larger_than_agreed_ends_the_transfer() {
    let server = Played::new();
    let client = fetching(server.address(), patient());
    let (_, from) = server.request();
    server.data(from, 1, &[0; 513]);
    server.error(ErrorCode::IllegalOperation);
    let (result, came) = join(client);
    let wanted = PacketError::BlockTooLong { length: 513, most: 512 };
    assert!(matches!(result, Err(TransferError::PeerBrokeRules(error)) if error == wanted));
    assert!(came.is_empty());
}

#[test]
fn rubbish_from_the_server_is_ignored() {
    let server = Played::new();
    let client = fetching(server.address(), patient());
    let (_, from) = server.request();
    for rubbish in
        [&b""[..], &[0], &[0, 3], &[0, 3, 0], &[9, 9, 9, 9], &[0, 1, 0], &[0, 6, b'x'], &[0, 4, 0, 0]]
    {
        server.socket.send_to(rubbish, from).unwrap();
    }
    server.data(from, 1, b"end");
    server.ack(1);
    let (result, came) = join(client);
    assert!(result.is_ok());
    assert_eq!(came, b"end");
}

/// Gives some bytes and then fails, as a disk does.
struct Failing {
    left: usize,
}

impl Read for Failing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("the disk is broken"));
        }
        let count = buf.len().min(self.left);
        buf[..count].fill(b'x');
        self.left -= count;
        Ok(count)
    }
}

#[test]
fn a_source_that_fails_ends_the_put_and_the_server_keeps_no_part() {
    let folder = Folder::new("source");
    let server = serve_directory(&folder);
    let config = ClientConfig::default();
    let mut source = Failing { left: 700 };
    let result = put(server.address(), b"half", &config, &mut source, None, &Cancel::new(), &mut |_, _| {});
    assert!(matches!(result, Err(TransferError::SourceFailed(_))));
    // Stopped, so that its transfer is over.
    server.stop().unwrap();
    assert!(folder.names().is_empty(), "{:?}", folder.names());
}

/// A disk that is full. The server is told, and nothing is left.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_ends_the_get_with_error_3() {
    let server = Played::new();
    let address = server.address();
    let client = std::thread::spawn(move || {
        let target = Target::create("/dev/full".as_ref()).unwrap();
        get(address, b"file", &patient(), target, &Cancel::new(), &mut |_, _| {})
    });
    let (_, from) = server.request();
    server.data(from, 1, b"one block");
    server.error(ErrorCode::DiskFull);
    assert!(
        matches!(join(client), Err(TransferError::SinkFailed(error)) if error.kind() == io::ErrorKind::StorageFull)
    );
}

#[test]
fn a_name_no_packet_can_carry_is_refused_before_anything_is_sent() {
    let server = Played::new();
    for name in ["", "a\0b", &"x".repeat(600)] {
        let (result, _) = fetch(server.address(), name, &ClientConfig::default());
        assert!(matches!(result, Err(TransferError::CannotAsk(_))), "{name:?}");
    }
    server.hears_nothing_more();
}
