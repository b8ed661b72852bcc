//! Chapter 6 before clients that mean no good: names that lead out, options that lie, floods, strangers, full disks.
//! This file is long because all its tests share the place, the server and the asking at its top.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use netprog::base::cancel::Cancel;
use netprog::base::log::{self, Logger};
use netprog::base::random::Seeded;
use netprog::ch06_tftp::error::{ErrorCode, TransferError};
use netprog::ch06_tftp::files::{Directory, Files};
use netprog::ch06_tftp::options::Options;
use netprog::ch06_tftp::packet::{Mode, Packet, Request};
use netprog::ch06_tftp::receiving::{self, Opening, Receiving};
use netprog::ch06_tftp::sending::{self, Sending};
use netprog::ch06_tftp::server::{Running, Server, ServerConfig};
use netprog::ch06_tftp::session::{Session, Sink};
use netprog::ch06_tftp::timing::Timing;

const PATIENCE: Duration = Duration::from_secs(20);

/// A directory `root` with a file `inside`, beside a file `secret` it must not give away.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("netprog-hostile-ch06-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("root/dir")).unwrap();
        fs::write(path.join("secret"), "secret").unwrap();
        fs::write(path.join("root/inside"), "inside").unwrap();
        Place(path)
    }

    fn root(&self) -> PathBuf {
        self.0.join("root")
    }

    fn server(&self, largest: u64) -> Running {
        let files = Files::Directory(Directory::new(&self.root(), true, largest).unwrap());
        start(files, Timing::starting_at(Duration::from_secs(10), 3), 64)
    }

    fn assert_untouched(&self) {
        assert_eq!(fs::read(self.0.join("secret")).unwrap(), b"secret");
        let mut names: Vec<_> =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["root", "secret"]);
        let leftovers = fs::read_dir(self.root()).unwrap().map(|entry| entry.unwrap().file_name());
        let leftovers: Vec<_> = leftovers.filter(|name| name.as_bytes().starts_with(b".netprog")).collect();
        assert!(leftovers.is_empty(), "{leftovers:?}");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn start(files: Files, timing: Timing, max_transfers: usize) -> Running {
    let mut config = ServerConfig::new(files, Logger::new(Box::new(io::sink()), "", log::NONE));
    config.timing = timing;
    config.max_transfers = max_transfers;
    Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)), config).unwrap().start().unwrap()
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// The first answer to these bytes, and from where. Asks again, as a client does: during a flood a request may be passed over.
fn answer(server: SocketAddr, bytes: &[u8]) -> (Vec<u8>, SocketAddr, UdpSocket) {
    let socket = socket();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut buffer = vec![0; 65536];
    let mut tries = 0;
    let (length, from) = loop {
        socket.send_to(bytes, server).unwrap();
        match socket.recv_from(&mut buffer) {
            Ok(came) => break came,
            Err(error) => assert!(tries < 100, "{error}"),
        }
        tries += 1;
    };
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    buffer.truncate(length);
    (buffer, from, socket)
}

fn bye(socket: &UdpSocket, to: SocketAddr) {
    let bytes = Packet::Error { code: ErrorCode::Undefined, message: Vec::new() }.encode().unwrap();
    socket.send_to(&bytes, to).unwrap();
}

fn ask(server: SocketAddr, packet: &Packet<'_>) -> Vec<u8> {
    let (bytes, from, socket) = answer(server, &packet.encode().unwrap());
    bye(&socket, from);
    bytes
}

fn read(server: SocketAddr, name: &[u8]) -> Result<Vec<u8>, ErrorCode> {
    let bytes = ask(server, &Packet::Rrq(Request::new(name, Mode::Octet)));
    match Packet::decode(&bytes).unwrap() {
        Packet::Data { payload, .. } => Ok(payload.to_vec()),
        Packet::Error { code, .. } => Err(code),
        other => panic!("{other:?}"),
    }
}

fn write(server: SocketAddr, name: &[u8]) -> Result<(), ErrorCode> {
    let bytes = ask(server, &Packet::Wrq(Request::new(name, Mode::Octet)));
    match Packet::decode(&bytes).unwrap() {
        Packet::Ack { block: 0 } => Ok(()),
        Packet::Error { code, .. } => Err(code),
        other => panic!("{other:?}"),
    }
}

/// Row 6.22: every spelling of a way out, for reading and for writing.
#[test]
fn no_spelling_of_a_name_leads_out_of_the_root() {
    let place = Place::new("names");
    let server = place.server(1000);
    let absolute = place.0.join("secret");
    let mut names: Vec<&[u8]> = vec![
        b"../secret",
        b"..",
        b".",
        b"/",
        b"//",
        b"./../secret",
        b"dir/../../secret",
        b"dir/..",
        b"dir//x",
        b"dir/",
        b"/etc/passwd",
        b"//etc/passwd",
        b"///etc/passwd",
        b"..\\secret",
        b"dir\\..\\..\\secret",
        b"\\secret",
        b"C:\\secret",
        b"\\\\host\\share",
        b"./inside",
        b"../root/inside",
        b"....//secret/",
        b".././secret",
    ];
    names.push(absolute.as_os_str().as_bytes());
    for name in names {
        let shown = String::from_utf8_lossy(name).into_owned();
        assert_eq!(read(server.address(), name), Err(ErrorCode::AccessViolation), "read {shown}");
        assert_eq!(write(server.address(), name), Err(ErrorCode::AccessViolation), "write {shown}");
    }
    // These are ordinary names of files that are not there: nothing is decoded twice.
    for name in [&b"%2e%2e%2fsecret"[..], b"..%c0%afsecret", b"...", b"..\xc0\xafsecret", b"~root", b"$HOME"]
    {
        assert_eq!(read(server.address(), name), Err(ErrorCode::NotFound));
    }
    assert_eq!(read(server.address(), b"dir"), Err(ErrorCode::AccessViolation), "a directory is no file");
    assert_eq!(read(server.address(), b"inside/x"), Err(ErrorCode::Undefined), "nor a file a directory");
    assert_eq!(write(server.address(), b"nowhere/x"), Err(ErrorCode::NotFound), "none are made");
    assert_eq!(read(server.address(), b"inside"), Ok(b"inside".to_vec()));
    server.stop().unwrap();
    place.assert_untouched();
}

/// Links: one that stays inside is fine, one that leaves is not, whichever part of the name it is.
#[test]
fn a_link_out_of_the_root_is_not_followed_and_one_inside_is() {
    let place = Place::new("links");
    let root = place.root();
    symlink("../secret", root.join("out")).unwrap();
    symlink(place.0.join("secret"), root.join("absolute")).unwrap();
    symlink("..", root.join("up")).unwrap();
    symlink("../inside", root.join("dir/within")).unwrap();
    symlink("../new", root.join("dangling")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    let server = place.server(1000);
    for name in [&b"out"[..], b"absolute", b"up/secret"] {
        assert_eq!(read(server.address(), name), Err(ErrorCode::AccessViolation));
    }
    assert_eq!(read(server.address(), b"dir/within"), Ok(b"inside".to_vec()));
    assert!(read(server.address(), b"loop").is_err());
    assert!(read(server.address(), b"dangling").is_err());
    for name in [&b"out"[..], b"dangling", b"loop", b"inside"] {
        assert_eq!(write(server.address(), name), Err(ErrorCode::FileExists));
    }
    assert_eq!(write(server.address(), b"up/new"), Err(ErrorCode::AccessViolation));
    server.stop().unwrap();
    place.assert_untouched();
}

/// What is no file is not opened: a pipe would hold the thread for ever.
#[test]
fn pipes_are_refused_at_once() {
    let place = Place::new("pipe");
    let made = std::process::Command::new("mkfifo").arg(place.root().join("pipe")).status();
    assert!(made.unwrap().success());
    let server = place.server(1000);
    assert_eq!(read(server.address(), b"pipe"), Err(ErrorCode::AccessViolation));
    server.stop().unwrap();
}

/// Names are bytes: one that is no UTF-8 is read and written like every other.
#[test]
fn a_name_that_is_no_utf_8_is_a_name() {
    let place = Place::new("bytes");
    let name = b"caf\xe9";
    let path: &Path = OsStr::from_bytes(name).as_ref();
    if fs::write(place.root().join(path), "latin").is_err() {
        return; // A file system that insists on UTF-8.
    }
    let server = place.server(1000);
    assert_eq!(read(server.address(), name), Ok(b"latin".to_vec()));
    assert_eq!(write(server.address(), b"th\xe9"), Ok(()));
}

/// Half-received files cannot be asked for, nor their names be taken.
#[test]
fn a_file_on_its_way_cannot_be_read() {
    let place = Place::new("partial");
    let server = place.server(1000);
    let (_, from, socket) =
        answer(server.address(), &Packet::Wrq(Request::new(b"new", Mode::Octet)).encode().unwrap());
    let names = fs::read_dir(place.root()).unwrap().map(|entry| entry.unwrap().file_name());
    let partial: Vec<_> = names.filter(|name| name.as_bytes().starts_with(b".netprog")).collect();
    assert_eq!(partial.len(), 1);
    assert_eq!(read(server.address(), partial[0].as_bytes()), Err(ErrorCode::NotFound));
    assert_eq!(read(server.address(), b"new"), Err(ErrorCode::NotFound));
    bye(&socket, from);
    server.stop().unwrap();
    place.assert_untouched();
}

/// Options that lie: about sizes, about numbers, about themselves.
#[test]
fn options_that_lie_get_an_answer_within_the_rules_or_an_error() {
    let place = Place::new("options");
    let server = place.server(1000);
    let with = |write: bool, options: &[(&str, &str)]| {
        let mut request = Request::new(if write { b"x" } else { b"inside" }, Mode::Octet);
        for (name, value) in options {
            request.options.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        }
        ask(server.address(), &if write { Packet::Wrq(request) } else { Packet::Rrq(request) })
    };
    // A file announced as too large is refused before a byte of it came.
    let refused = with(true, &[("tsize", "1001")]);
    assert_eq!(refused[..4], [0, 5, 0, 3], "disk full");
    for lie in ["99999999999999999999", "-1", "0x200", "", "1e9", "65465", "7"] {
        let plain = with(false, &[("blksize", lie), ("windowsize", "70000"), ("timeout", "999")]);
        assert_eq!(plain[..4], [0, 3, 0, 1], "{lie}: DATA 1, as if nothing had been asked");
    }
    let huge = with(false, &[("blksize", "65464"), ("windowsize", "65535")]);
    let Ok(Packet::Oack(granted)) = Packet::decode(&huge) else { panic!("an OACK") };
    assert_eq!(granted[1], (b"windowsize".to_vec(), b"16".to_vec()), "memory is bounded");
    let twice = with(false, &[("blksize", "512"), ("BLKSIZE", "1024")]);
    assert_eq!(twice[..4], [0, 5, 0, 8]);
    assert_eq!(read(server.address(), b"inside"), Ok(b"inside".to_vec()));
}

/// A client that sends more than it announced, and more than is allowed: ERROR 3, and no file.
#[test]
fn a_put_that_grows_beyond_the_limit_is_cut_off_and_leaves_nothing() {
    let place = Place::new("grows");
    let server = place.server(700);
    let mut request = Request::new(b"grows", Mode::Octet);
    request.options.push((b"tsize".to_vec(), b"10".to_vec()));
    let (_, transfer, socket) = answer(server.address(), &Packet::Wrq(request).encode().unwrap());
    let mut buffer = [0; 600];
    for (block, expected) in [(1, [0, 4, 0, 1]), (2, [0, 5, 0, 3])] {
        let data = Packet::Data { block, payload: &[b'x'; 512] }.encode().unwrap();
        socket.send_to(&data, transfer).unwrap();
        socket.recv_from(&mut buffer).unwrap();
        assert_eq!(buffer[..4], expected);
    }
    server.stop().unwrap();
    place.assert_untouched();
    assert!(!place.root().join("grows").exists());
}

/// A sink on a disk that is full after so many bytes, or at the very end.
struct FullDisk {
    left: usize,
}

impl Sink for FullDisk {
    fn write(&mut self, part: &[u8]) -> io::Result<()> {
        self.left = self.left.checked_sub(part.len()).ok_or(ErrorKind::StorageFull)?;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Err(io::Error::from(ErrorKind::StorageFull))
    }
}

/// Row R.1: a disk that is full, at once or when the file is finished, is ERROR 3; the last block is not acknowledged.
#[test]
fn a_full_disk_is_told_in_the_middle_and_at_the_end() {
    for (left, blocks) in [(0, 0), (600, 1), (10_000, 2)] {
        let (server, client) = (socket(), socket());
        let (here, there) = (server.local_addr().unwrap(), client.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let transfer = Receiving::new(Opening::Ack, Timing::default()).unwrap();
            let stop = Cancel::new();
            let mut session = Session::with(&server, there, &stop);
            session.receive_all(transfer, &mut FullDisk { left }, &mut |_, _| {}).1
        });
        let mut buffer = [0; 600];
        client.recv_from(&mut buffer).unwrap();
        for block in 1..=3u16 {
            let payload = if block == 3 { &[b'x'; 10][..] } else { &[b'x'; 512] };
            client.send_to(&Packet::Data { block, payload }.encode().unwrap(), here).unwrap();
            client.recv_from(&mut buffer).unwrap();
            if u64::from(block) > blocks {
                break;
            }
            assert_eq!(buffer[..4], [0, 4, 0, block as u8]);
        }
        assert_eq!(buffer[..4], [0, 5, 0, 3], "disk full after {left} bytes");
        let error = thread.join().unwrap().unwrap_err();
        assert!(matches!(error, TransferError::SinkFailed(_)), "{error}");
    }
}

/// A real full disk, where the test may make one: a tmpfs of 64 KiB.
#[test]
#[ignore = "needs the right to mount a tmpfs"]
fn a_full_tmpfs_is_told_and_no_partial_file_remains() {
    let place = Place::new("tmpfs");
    let disk = place.root().join("dir");
    let mount = |arguments: &[&str]| std::process::Command::new(arguments[0]).args(&arguments[1..]).status();
    let path = disk.to_string_lossy().into_owned();
    let mounted = mount(&["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", &path]);
    assert!(mounted.unwrap().success());
    let server = place.server(u64::MAX);
    let (_, transfer, socket) =
        answer(server.address(), &Packet::Wrq(Request::new(b"dir/f", Mode::Octet)).encode().unwrap());
    let mut buffer = [0; 600];
    let mut last = [0; 4];
    for block in 1..1000 {
        socket.send_to(&Packet::Data { block, payload: &[b'x'; 512] }.encode().unwrap(), transfer).unwrap();
        socket.recv_from(&mut buffer).unwrap();
        last.copy_from_slice(&buffer[..4]);
        if last[1] == 5 {
            break;
        }
    }
    server.stop().unwrap();
    let left = fs::read_dir(&disk).unwrap().count();
    mount(&["umount", &path]).unwrap();
    assert_eq!(last, [0, 5, 0, 3]);
    assert_eq!(left, 0, "files left on the disk");
}

/// Row 6.23: a thousand requests from sources that never answer. Each of a few places sends a few packets, and that is
/// all; then the server serves on.
#[test]
fn a_flood_from_silent_sources_costs_a_bounded_number_of_packets() {
    let (places, sends) = (4, 3);
    let timing = Timing::starting_at(Duration::from_millis(100), sends);
    let server = start(Files::Payload(vec![b'x'; 5000].into()), timing, places);
    let sources: Vec<UdpSocket> = (0..200).map(|_| socket()).collect();
    let request = Packet::Rrq(Request::new(b"f", Mode::Octet)).encode().unwrap();
    for source in &sources {
        source.send_to(&request, server.address()).unwrap();
    }
    // A client that is served shows that all before it have been looked at and that a place became free.
    let served = (0..1000).any(|_| {
        std::thread::yield_now();
        std::thread::sleep(Duration::from_millis(5));
        read(server.address(), b"f").is_ok()
    });
    assert!(served);
    server.stop().unwrap();
    let (mut data, mut refused) = (0, 0);
    let mut buffer = [0; 600];
    for source in &sources {
        source.set_nonblocking(true).unwrap();
        let mut of_this = 0;
        while let Ok((length, _)) = source.recv_from(&mut buffer) {
            match Packet::decode(&buffer[..length]) {
                Ok(Packet::Data { .. }) => of_this += 1,
                Ok(Packet::Error { .. }) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(of_this <= sends, "{of_this} packets to a silent source");
        data += of_this;
    }
    // Each got a place and was told when it had to give it up, or was not answered.
    assert!(data > 0 && refused <= data, "{data} packets of data, {refused} refusals");
}

/// Row 6.23: while silent sources ask without end and hold every place, a client that answers is served.
#[test]
fn a_good_client_is_served_during_a_flood_from_silent_sources() {
    let places = 4;
    let server = start(
        Files::Payload(vec![b'x'; 5000].into()),
        Timing::starting_at(Duration::from_secs(10), 3),
        places,
    );
    let request = Packet::Rrq(Request::new(b"f", Mode::Octet)).encode().unwrap();
    let silent: Vec<UdpSocket> = (0..places).map(|_| socket()).collect();
    for source in &silent {
        source.send_to(&request, server.address()).unwrap();
        // It has its place, and for thirty seconds if it were its own.
        source.recv_from(&mut [0; 600]).unwrap();
    }
    let (mut block, transfer, client) = answer(server.address(), &request);
    assert_eq!(block[..4], [0, 3, 0, 1]);
    client.send_to(&[0, 4, 0, 1], transfer).unwrap();
    block.resize(600, 0);
    client.recv_from(&mut block).unwrap();
    assert_eq!(block[..4], [0, 3, 0, 2]);
    // Now it has answered, and the next flood does not take its place.
    for _ in 0..2 * places {
        socket().send_to(&request, server.address()).unwrap();
    }
    let _ = read(server.address(), b"f");
    client.send_to(&[0, 4, 0, 2], transfer).unwrap();
    // Block 2 may have come again meanwhile.
    while block[..4] == [0, 3, 0, 2] {
        client.recv_from(&mut block).unwrap();
    }
    assert_eq!(block[..4], [0, 3, 0, 3]);
    bye(&client, transfer);
    server.stop().unwrap();
}

/// A sender that repeats its first block for ever takes the transfer no further, and the receiver does not wait for ever.
#[test]
fn a_peer_that_repeats_itself_without_end_is_given_up() {
    let place = Place::new("repeats");
    let files = Files::Directory(Directory::new(&place.root(), true, 10_000).unwrap());
    let server = start(files, Timing::starting_at(Duration::from_millis(100), 3), 1);
    let request = Packet::Wrq(Request::new(b"new", Mode::Octet)).encode().unwrap();
    let (_, transfer, client) = answer(server.address(), &request);
    client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let block = Packet::Data { block: 1, payload: &[b'x'; 512] }.encode().unwrap();
    let begin = std::time::Instant::now();
    let mut buffer = [0; 600];
    loop {
        assert!(begin.elapsed() < PATIENCE, "still listened to");
        client.send_to(&block, transfer).unwrap();
        if client.recv_from(&mut buffer).is_ok() && buffer[1] == 5 {
            break;
        }
    }
    server.stop().unwrap();
    place.assert_untouched();
}

/// A name the file system does not take is refused before the file has come, not behind its last block.
#[test]
fn a_put_under_a_name_too_long_is_refused_at_once() {
    let place = Place::new("long");
    let server = place.server(1000);
    assert_eq!(write(server.address(), &[b'n'; 255]), Ok(()));
    assert_eq!(write(server.address(), &[b'n'; 256]), Err(ErrorCode::Undefined));
    server.stop().unwrap();
    place.assert_untouched();
}

/// Two machines, a seed, and tens of thousands of packets that are nearly right. Neither panics, is kept busy without a wait, or
/// counts what it has not got.
#[test]
fn mutated_packets_do_not_bring_either_machine_out_of_step() {
    let mut random = Seeded::new(1350);
    let asked = Options {
        block_size: Some(16),
        size: Some(0),
        timeout: Some(1),
        window: Some(3),
        ..Options::default()
    };
    let timing = Timing::starting_at(Duration::from_millis(100), 4);
    let packet = Packet::Rrq(Request::new(b"f", Mode::Octet)).encode().unwrap();
    let models: [&[u8]; 9] = [
        b"\0\x03\0\x010123456789abcdef",
        b"\0\x03\0\x020123456789abcdef",
        b"\0\x03\0\x03end",
        b"\0\x04\0\0",
        b"\0\x04\0\x01",
        b"\0\x04\0\x03",
        b"\0\x05\0\0no\0",
        b"\0\x06tsize\x005\0blksize\x0016\0windowsize\x003\0",
        b"\0\x06timeout\x001\0",
    ];
    for round in 0..2000u32 {
        let (incoming, outgoing) = match round % 3 {
            0 => (Opening::Ack, sending::Opening::Block),
            1 => (Opening::Oack(asked), sending::Opening::Oack(asked)),
            _ => (
                Opening::Request { packet: packet.clone(), asked },
                sending::Opening::Request { packet: packet.clone(), asked },
            ),
        };
        let mut receiving = Receiving::new(incoming, timing).unwrap();
        let mut sending = Sending::new(outgoing, timing).unwrap();
        let (mut written, mut given) = (0, 0);
        for step in 0..40 {
            let now = Duration::from_millis(step);
            let mut bytes = models[random.below(models.len() as u64) as usize].to_vec();
            for _ in 0..random.below(3) {
                let place = random.below(bytes.len() as u64 + 1) as usize;
                match random.below(3) {
                    0 if place < bytes.len() => bytes[place] ^= 1 << random.below(8),
                    1 => bytes.truncate(place),
                    _ => bytes.insert(place, random.below(256) as u8),
                }
            }
            for _ in 0.. {
                match sending.next(now) {
                    sending::Step::Send(_) => {}
                    sending::Step::Read { block, size } => {
                        given += 1;
                        sending.give([&[0, 3], &block.to_be_bytes()[..], &vec![b'x'; size]].concat());
                    }
                    _ => break,
                }
            }
            let mut said = 0;
            while let receiving::Step::Send(_) = receiving.next(now) {
                said += 1;
                assert!(said < 3, "it answers one packet without end");
            }
            if random.below(10) == 0 {
                sending.time_passed();
                receiving.time_passed();
            } else if let Ok(packet) = Packet::decode(&bytes) {
                sending.packet(&packet, now);
                if receiving.packet(&packet, now) != receiving::Arrival::Nothing {
                    written += 1;
                }
            }
            assert_eq!(receiving.totals().blocks, written);
            assert!(sending.totals().blocks <= given, "acknowledged before it was read");
        }
    }
}

/// Rubbish at both ports, the one for requests and the transfer's own. The transfer goes on.
#[test]
fn rubbish_at_either_port_changes_nothing() {
    let server = start(Files::Payload(vec![b'x'; 600].into()), Timing::starting_at(PATIENCE, 3), 8);
    let request = Packet::Rrq(Request::new(b"f", Mode::Octet)).encode().unwrap();
    let (first, transfer, client) = answer(server.address(), &request);
    assert_eq!(first[..4], [0, 3, 0, 1]);
    let stranger = socket();
    let mut random = Seeded::new(66);
    // As many as the receive buffers surely hold.
    for _ in 0..30 {
        let mut bytes = vec![0; random.below(60) as usize];
        random.fill(&mut bytes);
        if bytes.first() == Some(&0) {
            // Else it could be a real request, or from the client a real ERROR.
            bytes[0] = 1;
        }
        stranger.send_to(&bytes, server.address()).unwrap();
        stranger.send_to(&bytes, transfer).unwrap();
        client.send_to(&bytes, transfer).unwrap();
    }
    client.send_to(&[0, 4, 0, 1], transfer).unwrap();
    let mut buffer = [0; 600];
    let (length, from) = client.recv_from(&mut buffer).unwrap();
    assert_eq!((length, from, &buffer[..4]), (4 + 88, transfer, &[0, 3, 0, 2][..]));
    bye(&client, transfer);
    assert_eq!(read(server.address(), b"f").map(|part| part.len()), Ok(512));
}
