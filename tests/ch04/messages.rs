//! Taking messages out of a stream: Listings 4-1 to 4-13.
//!
//! This file is long because the TLV listings build on one another, as in the book.

use super::parties::*;
use crate::support::{PATIENCE, join};
use netprog::base::cancel::Cancel;
use netprog::base::conn::{ConnRead, ConnWrite, TcpConn};
use netprog::base::deadline::{Deadline, timeouts_are_off};
use netprog::base::random::Seeded;
use netprog::base::trace;
use netprog::ch04_data::fixed::{self, read_in_pieces};
use netprog::ch04_data::retry::{RetryError, RetryPolicy, send_with_retry, write_with_retry};
use netprog::ch04_data::scanner::{ScanError, Scanner, Step, scan_words};
use netprog::ch04_data::tlv::{
    Binary, Kind, MAX_PAYLOAD_SIZE, Message, Payload, Text, TlvError, decode, decode_by_peeking, decode_into,
};
use std::io::{self, BufReader, Cursor, Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Gives at most `most` bytes per read.
struct Sips<R> {
    from: R,
    most: usize,
}

impl<R: Read> Read for Sips<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = buf.len().min(self.most);
        self.from.read(&mut buf[..most])
    }
}

/// Listing 4-1: 16 MiB through a buffer of 512 KiB. Watch: how many reads it takes, and that none gives more than the buffer
/// holds. The book counts; we compare the bytes, too. Rows 4.1, 4.2.
#[test]
fn listing_4_1_a_fixed_buffer_is_filled_again_and_again_until_the_stream_ends() {
    let _me = trace::party("client");
    trace::chapter("ch04");
    let mut payload = vec![0; fixed::PAYLOAD_BYTES];
    Seeded::new(4).fill(&mut payload);
    let sent = payload.clone();
    let (address, server) = serve(move |mut conn| {
        trace::meaning(|| "16 MiB in one write".to_string());
        conn.write_all(&sent).unwrap();
    });

    let mut conn = dial(address);
    let mut buffer = vec![0; fixed::BUFFER_BYTES];
    let tally = read_in_pieces(&mut conn, &mut buffer, |offset, piece| {
        let begin = usize::try_from(offset).unwrap();
        assert!(payload[begin..begin + piece.len()] == *piece, "the piece at {offset} is not what was sent");
    })
    .unwrap();
    join(server);

    trace::note(|| format!("{} reads, the greatest of {} bytes, then the end", tally.reads, tally.most));
    assert_eq!(tally.bytes, fixed::PAYLOAD_BYTES as u64);
    assert!(tally.reads >= 32, "a read gave more than the buffer holds: {tally:?}");
    assert!(tally.most <= fixed::BUFFER_BYTES);
}

/// The server of Listing 4-2: it sends the proverb in pieces of `chunk` bytes and closes.
fn proverb_server(chunk: usize) -> (SocketAddr, JoinHandle<()>) {
    serve(move |mut conn| {
        for piece in PROVERB.as_bytes().chunks(chunk) {
            conn.write_all(piece).unwrap();
        }
    })
}

/// Listing 4-2: a server that sends one sentence and closes. Watch: the client's last read, which gives nothing. Row 4.5.
#[test]
fn listing_4_2_a_server_sends_a_constant_payload_and_closes() {
    let _me = trace::party("client");
    let (address, server) = proverb_server(PROVERB.len());
    let mut conn = dial(address);
    let mut text = String::new();
    conn.read_to_string(&mut text).unwrap();
    assert_eq!(text, PROVERB);
    join(server);
}

/// Listing 4-3: words out of the stream, though it arrives in pieces of seven bytes that end inside words. Watch: the
/// received pieces, and the words that come of them. A comma belongs to its word: only white space splits. Rows 4.4, 4.5.
#[test]
fn listing_4_3_a_scanner_finds_words_however_the_stream_is_cut() {
    let _me = trace::party("client");
    let (address, server) = proverb_server(7);
    // However the network joins the pieces again: no read gives more than seven bytes.
    let reader = Sips { from: dial(address), most: 7 };
    let mut scanner = Scanner::new(reader).split(scan_words);
    let mut words = Vec::new();
    while let Some(word) = scanner.text().unwrap() {
        trace::note(|| format!("a word: {word}"));
        words.push(word.to_string());
    }
    assert_eq!(words, ["The", "bigger", "the", "interface,", "the", "weaker", "the", "abstraction."]);
    join(server);
}

/// Listing 4-4: the two types, their numbers and the limit. Rows 4.8, 4.9.
#[test]
fn listing_4_4_a_payload_knows_its_kind_its_bytes_and_how_to_show_itself() {
    trace::chapter("ch04");
    let _me = trace::party("payloads");
    let payloads: [&dyn Payload; 2] = [&Binary(b"Don't panic.".to_vec()), &Text("Errors are values.".into())];
    for payload in payloads {
        trace::note(|| format!("{} is type {}: {payload}", payload.kind(), payload.kind() as u8));
    }
    assert_eq!((Kind::Binary as u8, Kind::Text as u8), (1, 2));
    assert_eq!(MAX_PAYLOAD_SIZE, 10_485_760);
    assert_eq!((payloads[0].to_string(), payloads[0].bytes()), ("Don't panic.".into(), &b"Don't panic."[..]));
    assert_eq!((payloads[1].to_string(), payloads[1].kind()), ("Errors are values.".into(), Kind::Text));
}

/// Sends `payload` to a server, and gives what arrived there, to the last byte.
fn sent_bytes(payload: &dyn Payload) -> (usize, Vec<u8>) {
    let (address, server) = serve(|mut conn| {
        let mut bytes = Vec::new();
        conn.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let mut conn = dial(address);
    let written = payload.write_to(&mut conn).unwrap();
    drop(conn);
    (written, join(server))
}

/// Listing 4-5: a binary message is written. Watch: its meaning beside its bytes. Row 4.9.
#[test]
fn listing_4_5_a_binary_message_is_a_type_a_length_and_the_bytes() {
    let _me = trace::party("client");
    let (written, bytes) = sent_bytes(&Binary(vec![0x00, 0xff, b'x']));
    assert_eq!(bytes, [1, 0, 0, 0, 3, 0x00, 0xff, b'x']);
    assert_eq!(written, 8);
}

/// Has a server send `pieces`, one write each, and reads them with `read`.
fn read_from_server<T>(pieces: &[&[u8]], read: impl FnOnce(&mut dyn Read) -> T) -> T {
    let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
    let (address, server) = serve(move |mut conn| {
        for piece in &pieces {
            // The reader may have seen enough and gone.
            if conn.write_all(piece).is_err() {
                return;
            }
        }
    });
    let outcome = read(&mut dial(address));
    join(server);
    outcome
}

/// Listing 4-6: a binary message is read, though it arrives byte by byte. The book takes what one read gives. Watch: eight
/// pieces make one message. Rows 4.10, 4.11.
#[test]
fn listing_4_6_a_binary_message_is_read_to_its_end_and_of_no_other_type() {
    let _me = trace::party("client");
    let message = [1, 0, 0, 0, 3, b'a', b'b', b'c'];
    let trickle: Vec<&[u8]> = message.chunks(1).collect();
    let binary = read_from_server(&trickle, |reader| Binary::read_from(reader)).unwrap();
    assert_eq!(binary, Binary(b"abc".to_vec()));

    let error = read_from_server(&[&[2, 0, 0, 0, 0]], |reader| Binary::read_from(reader)).unwrap_err();
    trace::note(|| format!("refused: {error}"));
    assert!(matches!(error, TlvError::WrongType { came: 2, wanted: Kind::Binary }));
}

/// Listing 4-7: a text message is written: 23 bytes for eighteen letters. Row 4.9.
#[test]
fn listing_4_7_a_text_message_of_eighteen_letters_is_twenty_three_bytes() {
    let _me = trace::party("client");
    let (written, bytes) = sent_bytes(&Text("Errors are values.".to_string()));
    assert_eq!(written, 23);
    assert_eq!(bytes, b"\x02\x00\x00\x00\x12Errors are values.");
}

/// Listing 4-8: a text message is read. The book's version forgets to check the length; ours has one reader for both types,
/// so it cannot. Rows 4.10, 4.11.
#[test]
fn listing_4_8_a_text_message_is_checked_for_its_length_and_for_being_text() {
    let _me = trace::party("client");
    let pieces: [&[u8]; 2] = [b"\x02\x00\x00\x00\x12Errors ", b"are values."];
    let text = read_from_server(&pieces, |reader| Text::read_from(reader)).unwrap();
    assert_eq!(text, Text("Errors are values.".to_string()));

    let huge =
        read_from_server(&[&[2, 0xff, 0xff, 0xff, 0xff]], |reader| Text::read_from(reader)).unwrap_err();
    assert!(matches!(huge, TlvError::TooLong { length: 0xffff_ffff, .. }), "{huge}");
    let noise = read_from_server(&[&[2, 0, 0, 0, 1, 0xff]], |reader| Text::read_from(reader)).unwrap_err();
    assert!(matches!(noise, TlvError::NotText { valid: 0 }), "{noise}");
}

/// Listing 4-9: the type byte decides what the message becomes. Once as in the book, with the byte put back before the rest,
/// once refactored as its exercise asks. Watch: both give the same. Row 4.13.
#[test]
fn listing_4_9_decode_looks_at_the_type_and_becomes_that() {
    let _me = trace::party("client");
    for decoder in [decode_by_peeking, decode] {
        let message = read_from_server(&[b"\x02\x00\x00\x00\x02hi"], |reader| decoder(reader)).unwrap();
        assert_eq!(message, Some(Message::Text(Text("hi".to_string()))));
        let error = read_from_server(&[&[3, 0, 0, 0, 0]], |reader| decoder(reader)).unwrap_err();
        trace::note(|| format!("refused: {error}"));
        assert!(matches!(error, TlvError::UnknownType { came: 3 }));
    }
}

/// The three messages of Listing 4-10.
fn proverbs() -> [Message; 3] {
    [
        Message::Binary(Binary(b"Clear is better than clever.".to_vec())),
        Message::Text(Text("Errors are values.".to_string())),
        Message::Binary(Binary(b"Don't panic.".to_vec())),
    ]
}

/// The server of Listing 4-10.
fn proverbs_server() -> (SocketAddr, JoinHandle<()>) {
    serve(|mut conn| {
        for message in proverbs() {
            message.payload().write_to(&mut conn).unwrap();
        }
    })
}

/// Listing 4-10: a server writes binary, text, binary on one connection. Watch: three messages, and no mark between them but
/// their lengths. Row 4.14.
#[test]
fn listing_4_10_three_messages_follow_one_another_on_a_connection() {
    let _me = trace::party("client");
    let (address, server) = proverbs_server();
    let mut bytes = Vec::new();
    dial(address).read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 3 * 5 + 28 + 18 + 12);
    join(server);
}

/// Listing 4-11: the client decodes them: same types, same values, and then the end, which is not an error. Row 4.14.
#[test]
fn listing_4_11_the_client_gets_the_same_types_and_values() {
    let _me = trace::party("client");
    let (address, server) = proverbs_server();
    let mut conn = BufReader::new(dial(address));
    for expected in proverbs() {
        let actual = decode(&mut conn).unwrap().unwrap();
        trace::note(|| format!("[{}] {:?}", actual.payload().kind(), actual.payload().to_string()));
        assert_eq!(actual, expected);
    }
    assert_eq!(decode(&mut conn).unwrap(), None);
    join(server);
}

/// Listing 4-12: a peer announces 1 GiB. Watch: five bytes are read, and nothing else happens. The book's exercise, too: what
/// is smaller passes. Row 4.15.
#[test]
fn listing_4_12_a_claim_of_a_gibibyte_is_refused_and_the_greatest_length_passes() {
    let _me = trace::party("client");
    let mut claim = vec![Kind::Binary as u8];
    claim.extend((1u32 << 30).to_be_bytes());
    let error = read_from_server(&[&claim], |reader| Binary::read_from(reader)).unwrap_err();
    trace::note(|| format!("refused: {error}"));
    assert!(matches!(error, TlvError::TooLong { length: 1_073_741_824, limit: 10_485_760 }));
    assert!(error.to_string().starts_with("maximum payload size exceeded"), "{error}");

    let greatest = Binary(vec![7; MAX_PAYLOAD_SIZE as usize]);
    let mut wire = Vec::new();
    greatest.write_to(&mut wire).unwrap();
    assert!(Binary::read_from(&mut Cursor::new(&wire)).unwrap() == greatest);
    wire[1..5].copy_from_slice(&(MAX_PAYLOAD_SIZE + 1).to_be_bytes());
    assert!(matches!(Binary::read_from(&mut Cursor::new(&wire)), Err(TlvError::TooLong { .. })));
}

/// Listing 4-13: the peer does not read, so the write times out half-way; then the peer reads, and a further try writes the
/// rest. Watch: the time-outs, and that the peer sees every byte once. Row 4.16.
#[test]
fn listing_4_13_a_write_that_fails_for_a_moment_is_tried_again_from_where_it_stopped() {
    let _me = trace::party("client");
    let (tell, told) = mpsc::channel::<()>();
    let (address, server) = serve(move |mut conn| {
        trace::note(|| "busy: not reading".to_string());
        // Without time-outs, under a debugger, the client's write would wait for us and we for it.
        if !timeouts_are_off() {
            told.recv_timeout(PATIENCE).expect("the client meets a full connection");
        }
        trace::note(|| "reading again".to_string());
        let mut bytes = Vec::new();
        conn.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let mut payload = vec![0; 16 << 20];
    Seeded::new(13).fill(&mut payload);
    let mut conn = Telling { conn: dial(address), tell };
    let policy = RetryPolicy { tries: 1000, pause: Duration::from_millis(5) };
    let written = write_with_retry(&mut conn, &payload, &policy, &Cancel::new()).unwrap();
    drop(conn);
    trace::note(|| format!("wrote {written} bytes"));
    assert!(join(server) == payload, "every byte once, and in order");
}

/// A connection whose writes may take 50 ms each, and that says when one could not.
struct Telling {
    conn: TcpConn,
    tell: mpsc::Sender<()>,
}

impl Write for Telling {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.conn.set_write_deadline(Deadline::after(Duration::from_millis(50)));
        let outcome = self.conn.write(buf);
        if outcome.is_err() {
            // The server listens only for the first.
            let _ = self.tell.send(());
        }
        outcome
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Row 4.1.
#[test]
fn code_against_read_and_write_works_on_a_connection_and_on_a_slice_alike() {
    let mut wire = Cursor::new(Vec::new());
    Text("same code".to_string()).write_to(&mut wire).unwrap();
    let bytes = wire.into_inner();
    let from_slice = decode(&mut Cursor::new(&bytes)).unwrap();
    let from_conn = read_from_server(&[&bytes], |reader| decode(reader)).unwrap();
    assert_eq!(from_slice, from_conn);
    let words: Vec<String> =
        Scanner::new(PROVERB.as_bytes()).split(scan_words).texts().map(Result::unwrap).collect();
    assert_eq!(words.len(), 8);
}

/// Row 4.3: the rest of the buffer is not waited for. Watch: the server keeps the connection open.
#[test]
fn a_read_gives_what_is_there_and_does_not_wait_for_a_full_buffer() {
    let _me = trace::party("client");
    let (done, wait) = mpsc::channel::<()>();
    let (address, server) = serve(move |mut conn| {
        conn.write_all(b"five.").unwrap();
        wait.recv_timeout(PATIENCE).unwrap();
    });
    let mut conn = dial(address);
    assert_eq!(conn.read(&mut [0; 1024]).unwrap(), 5);
    done.send(()).unwrap();
    join(server);
}

/// Row 4.4: two messages, none, or only delimiters in a chunk.
#[test]
fn the_tokens_are_the_same_for_every_way_the_stream_is_cut() {
    let streams = ["one two\nthree\n\n\n\r\nfour five", "\n\n\n\n", "   \t ", "no delimiter", ""];
    for stream in streams {
        for split in [scan_words, netprog::ch04_data::scanner::scan_lines] {
            let whole: Vec<String> =
                Scanner::new(stream.as_bytes()).split(split).texts().map(Result::unwrap).collect();
            for chunk in 1..=stream.len() {
                let reader = Sips { from: stream.as_bytes(), most: chunk };
                let cut: Vec<String> =
                    Scanner::new(reader).split(split).texts().map(Result::unwrap).collect();
                assert_eq!(cut, whole, "{stream:?} in chunks of {chunk}");
            }
        }
    }
}

/// Row 4.4: a delimiter of the protocol's own.
#[test]
fn a_split_function_of_ones_own_cuts_at_any_delimiter() {
    let mail = "From: a\r\n\r\nhello\r\n.\r\nFrom: b\r\n\r\nbye\r\n.\r\n";
    let end = b"\r\n.\r\n";
    for chunk in 1..=mail.len() {
        let mut scanner = Scanner::new(Sips { from: mail.as_bytes(), most: chunk }).split(move |data, _| {
            let found = data.windows(end.len()).position(|window| window == end);
            found.map_or(Step::MORE, |at| Step { advance: at + end.len(), token: Some(0..at) })
        });
        assert_eq!(scanner.text().unwrap(), Some("From: a\r\n\r\nhello"));
        assert_eq!(scanner.text().unwrap(), Some("From: b\r\n\r\nbye"));
        assert_eq!(scanner.text().unwrap(), None);
    }
}

/// Row 4.6.
#[test]
fn lines_lose_their_ends_keep_empty_ones_and_the_last_needs_none() {
    let mut scanner = Scanner::new(&b"GET / HTTP/1.1\r\n\r\nbody\nlast"[..]);
    for line in ["GET / HTTP/1.1", "", "body", "last"] {
        assert_eq!(scanner.text().unwrap(), Some(line));
    }
    assert_eq!(scanner.text().unwrap(), None, "the end of the stream is not an error");
    let error = Scanner::new(&b"\xff\n"[..]).text().unwrap_err();
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidData);
}

/// Row 4.6: Go makes a token of what a failing connection left; for us it is not a line.
#[test]
fn a_line_cut_off_by_a_deadline_is_not_a_line_until_its_rest_has_come() {
    let _me = trace::party("client");
    let (go_on, wait) = mpsc::channel::<()>();
    let (address, server) = serve(move |mut conn| {
        conn.write_all(b"half a ").unwrap();
        wait.recv_timeout(PATIENCE).unwrap();
        conn.write_all(b"line\n").unwrap();
    });
    let mut scanner = Scanner::new(dial(address));
    scanner.reader_mut().set_read_deadline(Deadline::after(Duration::from_millis(50)));
    let error = io::Error::from(scanner.text().unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    go_on.send(()).unwrap();
    scanner.reader_mut().set_read_deadline(Deadline::after(PATIENCE));
    assert_eq!(scanner.text().unwrap(), Some("half a line"));
    join(server);
}

/// Row 4.7.
#[test]
fn a_peer_that_sends_no_delimiter_is_refused_after_64_kib() {
    let _me = trace::party("client");
    let (address, server) = serve(|mut conn| {
        // Until the client has had enough.
        while conn.write_all(&[b'x'; 1024]).is_ok() {}
    });
    let mut scanner = Scanner::new(dial(address));
    let error = scanner.token().unwrap_err();
    assert!(matches!(error, ScanError::TokenTooLong { limit: 65_536 }), "{error}");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidData);
    drop(scanner);
    join(server);
}

/// Row 4.10: one byte is used, so a caller who knows better could still read the rest.
#[test]
fn a_message_of_the_wrong_type_is_invalid_and_one_byte_is_used() {
    let mut wire = Cursor::new(b"\x02\x00\x00\x00\x02hi");
    let error = Binary::read_from(&mut wire).unwrap_err();
    assert!(error.to_string().starts_with("invalid Binary"), "{error}");
    assert_eq!((io::Error::from(error).kind(), wire.position()), (io::ErrorKind::InvalidData, 1));
}

/// Row 4.11.
#[test]
fn a_trickled_message_is_whole_and_a_truncated_one_is_an_unexpected_end() {
    let wire = b"\x01\x00\x00\x00\x0cDon't panic.";
    let trickled = decode(&mut Sips { from: &wire[..], most: 1 }).unwrap();
    assert_eq!(trickled, Some(proverbs()[2].clone()));
    for cut in 1..wire.len() {
        let error = decode(&mut Sips { from: &wire[..cut], most: 1 }).unwrap_err();
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::UnexpectedEof, "after {cut} bytes");
    }
}

/// Row 4.12: memory is for what came, not for what was announced. `tests/hostile.rs` looks at the memory that stands ready.
#[test]
fn an_announced_length_alone_gets_no_memory() {
    let mut value = Vec::new();
    let mut claim = Cursor::new([1, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
    assert!(decode_into(&mut claim, &mut value).is_err());
    assert_eq!((value.capacity(), claim.position()), (0, 5));
}

/// Row 4.13.
#[test]
fn both_decoders_agree_whatever_comes() {
    let mut random = Seeded::new(9);
    for round in 0..2000 {
        let mut wire = vec![0; random.below(24) as usize];
        random.fill(&mut wire);
        if let Some(first) = wire.first_mut() {
            *first %= 4;
        }
        if random.chance(0.8) && wire.len() >= 5 {
            wire[1..5].copy_from_slice(&(random.below(20) as u32).to_be_bytes());
        }
        let one = decode(&mut Cursor::new(&wire));
        let other = decode_by_peeking(&mut Cursor::new(&wire));
        assert_eq!(format!("{one:?}"), format!("{other:?}"), "round {round}: {wire:x?}");
    }
}

/// Row 4.14: many messages of both types, in one buffer or in many pieces.
#[test]
fn types_and_values_survive_a_connection_that_cuts_them_anywhere() {
    let mut wire = Vec::new();
    for message in proverbs() {
        message.payload().write_to(&mut wire).unwrap();
    }
    for chunk in 1..=wire.len() {
        let mut reader = Sips { from: &wire[..], most: chunk };
        for expected in proverbs() {
            assert_eq!(decode(&mut reader).unwrap(), Some(expected), "chunks of {chunk}");
        }
        assert_eq!(decode(&mut reader).unwrap(), None);
    }
}

/// Row 4.15: and whoever would send more than the other side takes hears of it before a byte has left.
#[test]
fn a_payload_too_long_to_be_taken_is_not_sent() {
    let mut wire = Vec::new();
    let error = Binary(vec![0; MAX_PAYLOAD_SIZE as usize + 1]).write_to(&mut wire).unwrap_err();
    assert_eq!((error.kind(), wire.len()), (io::ErrorKind::InvalidInput, 0));
}

/// Row 4.16: over a connection that stays full for good.
#[test]
fn a_peer_that_never_reads_exceeds_the_threshold_and_one_that_is_gone_fails_at_once() {
    let _me = trace::party("client");
    let (done, wait) = mpsc::channel::<()>();
    let (address, server) = serve(move |_conn| wait.recv_timeout(PATIENCE).unwrap());
    let mut conn = dial(address);
    let policy = RetryPolicy { tries: 3, pause: Duration::from_millis(1) };
    let payload = vec![0; 32 << 20];
    let patience = Duration::from_millis(20);
    let error = send_with_retry(&mut conn, &payload, patience, &policy, &Cancel::new()).unwrap_err();
    assert!(
        matches!(&error, RetryError::ThresholdExceeded { tries: 3, written, .. } if *written < payload.len())
    );
    assert!(error.to_string().contains("temporary write failure threshold exceeded"), "{error}");

    done.send(()).unwrap();
    join(server);
    let begin = Instant::now();
    let books = RetryPolicy::default();
    let error = send_with_retry(&mut conn, &payload, PATIENCE, &books, &Cancel::new()).unwrap_err();
    assert!(matches!(error, RetryError::Permanent { .. }), "{error}");
    assert!(begin.elapsed() < books.pause, "a permanent error is not slept on");
}

/// Row 4.17: the reader sees the end inside a message; the writer hears of a peer that has gone only after a write or two.
#[test]
fn a_peer_that_vanishes_in_the_middle_of_a_payload_is_noticed_on_both_sides() {
    let _me = trace::party("client");
    let error = read_from_server(&[&[1, 0, 0, 0, 100], &[7; 40]], |reader| decode(reader)).unwrap_err();
    assert!(matches!(error, TlvError::CutShort { part: "value", wanted: 100, came: 40 }), "{error}");

    let (address, server) = serve(|mut conn| {
        let mut five = [0; 5];
        conn.read_exact(&mut five).unwrap();
    });
    let mut conn = dial(address);
    conn.write_all(&[1, 0, 0, 0, 100]).unwrap();
    join(server);
    // The peer has closed in good order: that only says that it will send no more. So the first write still succeeds, and
    // its answer, a reset, makes a later one fail.
    conn.write_all(&[7; 40]).expect("the first write after the peer's FIN");
    let begin = Instant::now();
    let error = loop {
        if let Err(error) = conn.write_all(&[7; 60]) {
            break error;
        }
        assert!(begin.elapsed() < PATIENCE);
    };
    let kinds = [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
    assert!(kinds.contains(&error.kind()), "{error}");
}

/// Row N1.1: the two ends must agree on the order of bytes. If they do not, the length is absurd, and the limit refuses it.
#[test]
fn a_length_with_its_bytes_in_the_other_order_is_another_length() {
    assert_eq!(18u32.to_be_bytes(), [0, 0, 0, 18]);
    assert_eq!(18u32.to_le_bytes(), [18, 0, 0, 0]);
    let mut wire = vec![2];
    wire.extend(18u32.to_le_bytes());
    wire.extend(b"Errors are values.");
    let error = decode(&mut Cursor::new(wire)).unwrap_err();
    assert!(matches!(error, TlvError::TooLong { length: 301_989_888, .. }), "{error}");
}
