//! Chapter 4, first half: peers that send too much, too little, too slowly, or something else.

use std::io::{self, Cursor, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, ConnRead, TcpConn};
use netprog::base::connect::connect;
use netprog::base::deadline::Deadline;
use netprog::base::random::Seeded;
use netprog::ch04_data::monitor::{Form, Monitor};
use netprog::ch04_data::scanner::{MAX_TOKEN_BYTES, ScanError, Scanner, scan_lines, scan_words};
use netprog::ch04_data::tlv::{
    Binary, Kind, MAX_PAYLOAD_SIZE, Message, Text, TlvError, decode, decode_by_peeking, decode_into,
};

use crate::support::{PATIENCE, join};

/// A connection whose other end is `peer`, in a thread of its own.
fn conn_to(peer: impl FnOnce(TcpConn) + Send + 'static) -> (TcpConn, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let peer = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        peer(TcpConn::new(stream).unwrap());
    });
    let mut conn = connect(address, Deadline::after(PATIENCE), &Cancel::new()).unwrap();
    conn.set_deadline(Deadline::after(PATIENCE));
    (conn, peer)
}

/// A message as bytes, with any header at all.
fn raw(kind: u8, length: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(length.to_be_bytes());
    bytes.extend(value);
    bytes
}

/// A reader that remembers the largest buffer it was offered: so much memory stood ready.
struct Watching<R> {
    inner: R,
    most_offered: usize,
}

impl<R: Read> Read for Watching<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.most_offered = self.most_offered.max(buf.len());
        self.inner.read(buf)
    }
}

#[test]
fn a_message_truncated_anywhere_is_cut_short_and_never_a_message() {
    for kind in [1, 2] {
        let whole = raw(kind, 12, b"Don't panic.");
        for cut in 1..whole.len() {
            for decoder in [decode, decode_by_peeking] {
                let outcome = decoder(&mut Cursor::new(&whole[..cut]));
                assert!(
                    matches!(outcome, Err(TlvError::CutShort { .. })),
                    "type {kind}, {cut} bytes: {outcome:?}"
                );
            }
        }
    }
}

#[test]
fn every_other_type_is_refused_after_one_byte() {
    for kind in (0..=255).filter(|kind| *kind != 1 && *kind != 2) {
        let mut wire = Cursor::new(raw(kind, 3, b"abc"));
        let outcome = decode(&mut wire);
        assert!(matches!(outcome, Err(TlvError::UnknownType { came }) if came == kind));
        assert_eq!(wire.position(), 1);
    }
}

#[test]
fn every_length_above_the_limit_is_refused_after_five_bytes_and_before_any_allocation() {
    for length in [MAX_PAYLOAD_SIZE + 1, 1 << 30, i32::MAX as u32, 1 << 31, u32::MAX] {
        let mut value = Vec::new();
        let mut wire = Watching { inner: Cursor::new(raw(1, length, &[7; 100])), most_offered: 0 };
        let outcome = decode_into(&mut wire, &mut value);
        assert!(matches!(outcome, Err(TlvError::TooLong { length: told, .. }) if told == length as usize));
        assert_eq!((wire.inner.position(), wire.most_offered, value.capacity()), (5, 4, 0), "{length}");
    }
}

#[test]
fn a_great_claim_with_little_behind_it_gets_little_memory() {
    let claim = raw(1, MAX_PAYLOAD_SIZE, b"abc");
    for decoder in [decode, decode_by_peeking] {
        let mut wire = Watching { inner: Cursor::new(&claim), most_offered: 0 };
        let outcome = decoder(&mut wire);
        assert!(matches!(outcome, Err(TlvError::CutShort { wanted: 10_485_760, came: 3, .. })));
        assert!(wire.most_offered <= 128 * 1024, "{} bytes stood ready", wire.most_offered);
    }
    let mut value = Vec::new();
    decode_into(&mut Cursor::new(&claim), &mut value).unwrap_err();
    assert!(value.capacity() <= 128 * 1024, "{} bytes were allocated", value.capacity());
}

#[test]
fn a_peer_that_claims_and_then_is_silent_is_left_at_the_deadline() {
    let (stay, wait) = mpsc::channel::<()>();
    let (mut conn, peer) = conn_to(move |mut conn| {
        conn.write_all(&raw(1, MAX_PAYLOAD_SIZE, b"abc")).unwrap();
        let _ = wait.recv_timeout(PATIENCE);
    });
    conn.set_read_deadline(Deadline::after(Duration::from_millis(100)));
    let begin = Instant::now();
    let error = io::Error::from(decode(&mut conn).unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(begin.elapsed() >= Duration::from_millis(100) && begin.elapsed() < PATIENCE / 2);
    drop(stay);
    join(peer);
}

#[test]
fn a_peer_that_trickles_does_not_outlive_the_deadline() {
    let (mut conn, peer) = conn_to(|mut conn| {
        for byte in raw(1, 1 << 20, &[7; 1 << 20]) {
            if conn.write_all(&[byte]).is_err() {
                return;
            }
            // A trickle is slow by nature; nobody waits for this.
            thread::sleep(Duration::from_millis(5));
        }
    });
    conn.set_read_deadline(Deadline::after(Duration::from_millis(100)));
    let begin = Instant::now();
    let error = io::Error::from(decode(&mut conn).unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(begin.elapsed() < PATIENCE / 2, "every byte would have begun a new time-out");
    drop(conn);
    join(peer);
}

#[test]
fn a_trickled_message_that_ends_in_time_is_whole() {
    let (mut conn, peer) = conn_to(|mut conn| {
        for byte in raw(2, 18, b"Errors are values.") {
            conn.write_all(&[byte]).unwrap();
        }
    });
    let message = decode(&mut conn).unwrap();
    assert_eq!(message, Some(Message::Text(Text("Errors are values.".to_string()))));
    assert_eq!(decode(&mut conn).unwrap(), None);
    join(peer);
}

#[test]
fn noise_is_an_error_or_a_message_and_never_a_panic() {
    let mut random = Seeded::new(2024);
    for _ in 0..5000 {
        let mut wire = vec![0; random.below(64) as usize];
        random.fill(&mut wire);
        let mut reader = Cursor::new(&wire);
        // Each message takes bytes, so this ends.
        while let Ok(Some(_)) = decode(&mut reader) {}
        for wanted in [Kind::Binary, Kind::Text] {
            let mut reader = Cursor::new(&wire);
            let is_message = match wanted {
                Kind::Binary => Binary::read_from(&mut reader).is_ok(),
                Kind::Text => Text::read_from(&mut reader).is_ok(),
            };
            assert!(!is_message || wire[0] == wanted as u8);
        }
    }
}

#[test]
fn a_text_that_is_no_text_is_refused_and_the_next_message_still_stands_where_it_should() {
    let mut wire = raw(2, 2, &[0xc3, 0x28]);
    wire.extend(raw(1, 2, b"ok"));
    let mut reader = Cursor::new(wire);
    assert!(matches!(decode(&mut reader), Err(TlvError::NotText { valid: 0 })));
    let next = decode(&mut reader).unwrap().unwrap();
    assert_eq!(next.payload().bytes(), b"ok");
}

#[test]
fn a_token_without_an_end_costs_64_kib_and_then_the_connection() {
    for split in [scan_lines, scan_words] {
        let mut wire = Watching { inner: io::repeat(b'x').take(10 << 20), most_offered: 0 };
        let mut scanner = Scanner::new(&mut wire).split(split);
        assert!(matches!(scanner.token(), Err(ScanError::TokenTooLong { limit: MAX_TOKEN_BYTES })));
        assert!(matches!(scanner.token(), Err(ScanError::TokenTooLong { .. })), "asking again does not help");
        drop(scanner);
        assert!(wire.most_offered <= MAX_TOKEN_BYTES);
        assert_eq!(wire.inner.limit(), (10 << 20) - MAX_TOKEN_BYTES as u64, "no more was read than is kept");
    }
}

#[test]
fn a_flood_of_white_space_is_read_and_forgotten() {
    let spaces = io::repeat(b' ').take(4 << 20);
    let mut scanner = Scanner::new(spaces.chain(&b"word"[..])).split(scan_words);
    assert_eq!(scanner.text().unwrap(), Some("word"));
    assert_eq!(scanner.text().unwrap(), None);
}

#[test]
fn a_line_that_trickles_byte_by_byte_to_the_limit_is_still_one_line() {
    struct Trickle<R>(R);
    impl<R: Read> Read for Trickle<R> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let most = buf.len().min(1);
            self.0.read(&mut buf[..most])
        }
    }
    let limit = 4096;
    let line = io::repeat(b'x').take(limit as u64 - 1).chain(&b"\n"[..]);
    let mut scanner = Scanner::new(Trickle(line)).with_limit(limit);
    assert_eq!(scanner.token().unwrap().map(<[u8]>::len), Some(limit - 1));
}

#[test]
fn what_a_stranger_sends_cannot_forge_a_line_of_the_log() {
    let (lines, seen) = mpsc::channel::<Vec<u8>>();
    struct Lines(mpsc::Sender<Vec<u8>>);
    impl Write for Lines {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.send(buf.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut monitor = Monitor::new(Box::new(Lines(lines)));
    let sneaky = b"GET /\nmonitor: all is well\r\n\x1b]0;title\x07\x1b[2J\0\n";
    monitor.write_all(sneaky).unwrap();
    monitor.with_form(Form::Hexdump).write_all(sneaky).unwrap();
    let mut count = 0;
    for line in seen {
        count += 1;
        assert!(line.starts_with(b"monitor: "), "{}", line.escape_ascii());
        let (end, text) = line.split_last().unwrap();
        assert_eq!(*end, b'\n');
        assert!(text.iter().all(|byte| (0x20..0x7f).contains(byte)), "{}", line.escape_ascii());
    }
    assert_eq!(count, 3 + sneaky.len().div_ceil(16));
}
