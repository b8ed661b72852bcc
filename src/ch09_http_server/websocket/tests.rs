//! Both roles over a pipe, and every rule broken with its close code.

use super::frame::{Head, Opcode, mask};
use super::*;
use crate::base::conn::{Conn, Halves};
use crate::base::pipe::{self, PipeConn};
use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;

const LONG: Duration = Duration::from_secs(20);

fn halves(conn: PipeConn) -> Halves {
    Box::new(conn).split().unwrap()
}

fn over(conn: PipeConn, role: Role, options: &Options) -> WebSocket {
    let (reader, writer) = halves(conn);
    let mut socket = WebSocket::over(reader, writer, role, options);
    socket.set_read_deadline(Deadline::after(LONG));
    socket
}

fn pair() -> (WebSocket, WebSocket) {
    let (left, right) = pipe::pair(1 << 16);
    let options = Options::default();
    (over(left, Role::Client, &options), over(right, Role::Server, &options))
}

/// A frame, masked with zeros if the client sends it.
fn frame(role: Role, fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let key = if role == Role::Client { Some([0; 4]) } else { None };
    let mut bytes = Vec::new();
    Head { fin, opcode, mask: key, length: payload.len() as u64 }.encode(&mut bytes);
    bytes.extend_from_slice(payload);
    bytes
}

/// A socket in this role that reads these bytes: what its read gives after the messages, and what it answered, unmasked.
fn fed(role: Role, bytes: &[u8]) -> (Vec<Message>, Result<(), WebSocketError>, Vec<u8>) {
    let (socket, mut raw) = pipe::pair(1 << 20);
    let mut socket = over(socket, role, &Options::default());
    raw.set_deadline(Deadline::after(LONG));
    raw.write_all(bytes).unwrap();
    raw.finish().unwrap();
    let mut messages = Vec::new();
    let outcome = loop {
        match socket.read() {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    drop(socket);
    let mut answer = Vec::new();
    raw.read_to_end(&mut answer).unwrap();
    (messages, outcome, plain(&answer, role))
}

/// Frames without their masks, as a server would have sent them.
fn plain(mut bytes: &[u8], from: Role) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some((head, length)) = Head::decode(bytes, from).unwrap() {
        let end = length + head.length as usize;
        let mut payload = bytes[length..end].to_vec();
        mask(&mut payload, head.mask.unwrap_or_default(), 0);
        Head { mask: None, ..head }.encode(&mut out);
        out.extend_from_slice(&payload);
        bytes = &bytes[end..];
    }
    out
}

fn close_frame(code: u16) -> Vec<u8> {
    frame(Role::Server, true, Opcode::Close, &code.to_be_bytes())
}

#[test]
fn messages_of_every_size_come_through_both_ways() {
    let (mut client, mut server) = pair();
    let echo = thread::spawn(move || {
        while let Some(message) = server.read().unwrap() {
            server.write(&message).unwrap();
        }
        server.close_reason().cloned()
    });
    for length in [0, 1, 125, 126, 16_384, 16_385, 65_535, 65_536, 200_000] {
        for message in [Message::Binary(vec![0xa5; length]), Message::Text("x".repeat(length))] {
            let sender = client.writer();
            let sent = message.clone();
            let sending = thread::spawn(move || match sent {
                Message::Text(text) => sender.write_text(&text),
                Message::Binary(bytes) => sender.write_binary(&bytes),
            });
            assert_eq!(client.read().unwrap(), Some(message));
            sending.join().unwrap().unwrap();
        }
    }
    let reason = client.close(CloseCode::NORMAL, "done").unwrap();
    assert_eq!(reason.code, Some(CloseCode::NORMAL));
    let theirs = echo.join().unwrap().unwrap();
    assert_eq!(theirs, CloseReason { code: Some(CloseCode::NORMAL), words: "done".to_owned() });
}

#[test]
fn a_ping_is_answered_with_its_payload_before_the_next_message() {
    for role in [Role::Server, Role::Client] {
        let peer = role.peer();
        let bytes = [
            frame(peer, false, Opcode::Text, b"a"),
            frame(peer, true, Opcode::Ping, b"Hello"),
            frame(peer, true, Opcode::Pong, b"nobody asked"),
            frame(peer, true, Opcode::Continuation, b"b"),
            frame(peer, true, Opcode::Close, &[0x03, 0xe8]),
        ];
        let (messages, outcome, answer) = fed(role, &bytes.concat());
        assert_eq!(messages, [Message::Text("ab".to_owned())]);
        outcome.unwrap();
        let expected = [frame(Role::Server, true, Opcode::Pong, b"Hello"), close_frame(1000)];
        assert_eq!(answer, expected.concat());
    }
}

#[test]
fn every_broken_rule_is_answered_with_its_close_code() {
    let masked = |first: u8, second: u8| vec![first, second | 0x80, 0, 0, 0, 0];
    let cases: Vec<(Vec<u8>, u16)> = vec![
        (masked(0xc1, 0), 1002),
        (masked(0xa1, 0), 1002),
        (masked(0x91, 0), 1002),
        (masked(0x83, 0), 1002),
        (masked(0x8b, 0), 1002),
        (masked(0x09, 0), 1002),
        (masked(0x88, 126), 1002),
        (masked(0x80, 0), 1002),
        (vec![0x81, 0x01, b'x'], 1002),
        (vec![0x82, 0xfe, 0, 5], 1002),
        (vec![0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002),
        (vec![0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1009),
        (frame(Role::Client, true, Opcode::Text, b"\xc3\x28"), 1007),
        (frame(Role::Client, true, Opcode::Close, b"\x03"), 1002),
        (frame(Role::Client, true, Opcode::Close, b"\x03\xed"), 1002),
        (frame(Role::Client, true, Opcode::Close, b"\x03\xe8\xff"), 1007),
    ];
    for (bytes, code) in cases {
        let before = frame(Role::Client, true, Opcode::Text, b"before");
        let (messages, outcome, answer) = fed(Role::Server, &[before, bytes.clone()].concat());
        assert_eq!(messages.len(), 1);
        let Err(WebSocketError::PeerViolated(violation)) = outcome else {
            panic!("{bytes:02x?}: {outcome:?}")
        };
        assert_eq!((violation.close_code().0, answer), (code, close_frame(code)), "{bytes:02x?}");
    }
    let (_, outcome, answer) = fed(Role::Client, &[0x81, 0x80, 0, 0, 0, 0]);
    assert!(matches!(outcome, Err(WebSocketError::PeerViolated(Violation::Masked))));
    assert_eq!(answer, close_frame(1002));
}

#[test]
fn a_stream_that_ends_without_close_is_not_an_orderly_end() {
    for bytes in [&b""[..], &[0x81], &[0x81, 0x85, 1, 2, 3, 4, 5]] {
        let (_, outcome, answer) = fed(Role::Server, bytes);
        assert!(matches!(outcome, Err(WebSocketError::PeerVanished)), "{outcome:?}");
        assert_eq!(answer, [0; 0]);
    }
}

#[test]
fn a_close_without_code_is_answered_without_one() {
    let (_, outcome, answer) = fed(Role::Server, &frame(Role::Client, true, Opcode::Close, b""));
    outcome.unwrap();
    assert_eq!(answer, [0x88, 0]);
}

#[test]
fn nothing_is_sent_after_close_and_closing_twice_is_closing_once() {
    let (client, mut server) = pair();
    client.writer().close(CloseCode::GOING_AWAY, "later").unwrap();
    client.writer().close(CloseCode::NORMAL, "").unwrap();
    assert!(matches!(client.write_text("x"), Err(WebSocketError::Closed)));
    assert!(matches!(client.ping(b""), Err(WebSocketError::Closed)));
    let reading = thread::spawn(move || {
        let end = server.read();
        (end, server.close_reason().cloned(), server.write_text("too late"))
    });
    let mut client = client;
    assert_eq!(client.read().unwrap(), None);
    assert_eq!(client.read().unwrap(), None, "it stays closed");
    drop(client);
    let (end, reason, late) = reading.join().unwrap();
    assert_eq!(end.unwrap(), None);
    assert_eq!(reason.unwrap().words, "later");
    assert!(matches!(late, Err(WebSocketError::Closed)));
}

#[test]
fn what_may_not_be_sent_is_not_sent() {
    let (client, _server) = pair();
    let writer = client.writer();
    for code in [0, 999, 1005, 1006, 1015, 2000, 5000] {
        assert!(matches!(writer.close(CloseCode(code), ""), Err(WebSocketError::Misuse(_))), "{code}");
    }
    assert!(matches!(writer.close(CloseCode::NORMAL, &"x".repeat(124)), Err(WebSocketError::Misuse(_))));
    assert!(matches!(writer.ping(&[0; 126]), Err(WebSocketError::Misuse(_))));
    writer.ping(&[0; 125]).unwrap();
}

#[test]
fn a_deadline_in_the_middle_of_a_frame_loses_nothing() {
    let (socket, mut raw) = pipe::pair(1 << 16);
    let mut socket = over(socket, Role::Server, &Options::default());
    let bytes = frame(Role::Client, true, Opcode::Text, b"patience");
    for part in bytes.chunks(3) {
        socket.set_read_deadline(Deadline::after(Duration::from_millis(5)));
        assert!(
            matches!(socket.read(), Err(WebSocketError::Io(error)) if error.kind() == std::io::ErrorKind::TimedOut)
        );
        raw.write_all(part).unwrap();
    }
    socket.set_read_deadline(Deadline::after(LONG));
    assert_eq!(socket.read().unwrap(), Some(Message::Text("patience".to_owned())));
}

#[test]
fn a_message_in_pieces_goes_out_as_fragments_and_a_ping_gets_between() {
    let (socket, mut raw) = pipe::pair(1 << 20);
    let socket = over(socket, Role::Server, &Options::default());
    let writer = socket.writer();
    let mut message = writer.begin_text();
    message.write_all(b"Hel").unwrap();
    message.flush().unwrap();
    writer.ping(b"").unwrap();
    message.write_all(b"lo").unwrap();
    message.finish().unwrap();
    drop((socket, writer));
    let mut sent = Vec::new();
    raw.read_to_end(&mut sent).unwrap();
    assert_eq!(sent, [0x01, 3, b'H', b'e', b'l', 0x89, 0, 0x80, 2, b'l', b'o']);
}

#[test]
fn a_message_given_up_half_way_closes_with_1011() {
    let (socket, mut raw) = pipe::pair(1 << 20);
    let socket = over(socket, Role::Server, &Options::default());
    let writer = socket.writer();
    let mut message = writer.begin_binary();
    message.write_all(b"half").unwrap();
    drop(message);
    drop((socket, writer));
    let mut sent = Vec::new();
    raw.read_to_end(&mut sent).unwrap();
    assert_eq!(sent[..4], [0x88, 24, 0x03, 0xf3]);
}

#[test]
fn a_silent_peer_is_pinged_and_given_up_and_one_that_answers_is_kept() {
    let keepalive = Keepalive { idle: Duration::from_millis(10), patience: Duration::from_millis(30) };
    let options = Options { keepalive: Some(keepalive), ..Options::default() };
    let (silent, mut raw) = pipe::pair(1 << 16);
    let mut silent = over(silent, Role::Server, &options);
    assert!(matches!(silent.read(), Err(WebSocketError::PeerSilent)));
    drop(silent);
    let mut sent = Vec::new();
    raw.read_to_end(&mut sent).unwrap();
    assert_eq!(sent, [0x89, 0], "one ping");

    let keepalive = Keepalive { idle: Duration::from_millis(10), patience: LONG };
    let options = Options { keepalive: Some(keepalive), ..Options::default() };
    let (left, right) = pipe::pair(1 << 16);
    let mut kept = over(left, Role::Server, &options);
    let mut other = over(right, Role::Client, &Options { keepalive: None, ..Options::default() });
    let answering = thread::spawn(move || other.read());
    kept.set_read_deadline(Deadline::after(Duration::from_millis(200)));
    assert!(matches!(kept.read(), Err(WebSocketError::Io(_))));
    assert!(kept.reader.pongs() >= 1);
    drop(kept);
    assert!(matches!(answering.join().unwrap(), Err(WebSocketError::PeerVanished)));
}

#[test]
fn closing_from_another_thread_ends_a_blocked_read() {
    let (mut client, mut server) = pair();
    let writer = client.writer();
    let (told, heard) = mpsc::channel();
    let reading = thread::spawn(move || {
        told.send(()).unwrap();
        client.read()
    });
    heard.recv().unwrap();
    writer.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(server.read().unwrap(), None);
    drop(server);
    assert_eq!(reading.join().unwrap().unwrap(), None);
}

#[test]
fn a_token_that_ends_says_going_away() {
    let (mut client, server) = pair();
    let cancel = Cancel::new();
    let leaving = server.close_when(&cancel);
    cancel.cancel();
    let mut server = server;
    let reading = thread::spawn(move || server.read());
    assert_eq!(client.read().unwrap(), None);
    assert_eq!(client.close_reason().unwrap().code, Some(CloseCode::GOING_AWAY));
    drop(client);
    assert_eq!(reading.join().unwrap().unwrap(), None);
    drop(leaving);
}

/// Both sides send more than the pipe holds, with pings, and only then read each other's: nobody may wait for the other for ever.
#[test]
fn two_sides_that_talk_at_once_do_not_wait_for_each_other() {
    let (left, right) = pipe::pair(4096);
    let options = Options::default();
    let mut ends = Vec::new();
    for (conn, role) in [(left, Role::Client), (right, Role::Server)] {
        let (mut reader, writer) = over(conn, role, &options).split();
        ends.push(thread::spawn(move || {
            let sending = thread::spawn(move || {
                for _ in 0..10 {
                    writer.ping(b"are you there?").unwrap();
                    writer.write_binary(&[7; 40_000]).unwrap();
                }
                writer
            });
            for _ in 0..10 {
                assert_eq!(reader.read().unwrap(), Some(Message::Binary(vec![7; 40_000])));
            }
            // Kept until both are through: dropped earlier, it would end the other's stream.
            (reader, sending.join().unwrap())
        }));
    }
    let kept: Vec<_> = ends.into_iter().map(|end| end.join().unwrap()).collect();
    assert_eq!(kept.len(), 2);
}
