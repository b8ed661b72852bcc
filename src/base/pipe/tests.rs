//! Pipes: deadlines, half-close, interruption, the rendezvous of a pipe without a buffer.

use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::base::conn::Listener;
use crate::base::trace::{self, Kind};

/// Longer than any of these tests takes; only a failure waits for it.
const LIMIT: Duration = Duration::from_secs(10);

/// Long enough that a thread which is able to go on has gone on.
const A_WHILE: Duration = Duration::from_millis(30);

/// Runs `work` in a thread; the receiver gets its result. A thread that hangs fails the test and not the whole run.
fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    result
}

fn read_some(conn: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut buf = [0; 64];
    let count = conn.read(&mut buf)?;
    Ok(buf[..count].to_vec())
}

#[test]
fn bytes_go_both_ways_and_the_addresses_are_the_names() {
    let (mut client, mut server) = pair_named("client", "server", 16);
    client.write_all(b"ping").unwrap();
    assert_eq!(read_some(&mut server).unwrap(), b"ping");
    server.write_all(b"pong").unwrap();
    assert_eq!(read_some(&mut client).unwrap(), b"pong");
    assert_eq!(client.local(), Address::Memory("client".into()));
    assert_eq!(client.peer(), server.local());
    assert_eq!(format!("{client:?}"), "connection client > server");
}

#[test]
fn a_write_larger_than_the_room_is_short_and_the_ring_keeps_the_order() {
    let (mut left, mut right) = pair(4);
    assert_eq!(left.write(b"abcdef").unwrap(), 4);
    let mut two = [0; 2];
    right.read_exact(&mut two).unwrap();
    assert_eq!(left.write(b"ef").unwrap(), 2);
    assert_eq!(read_some(&mut right).unwrap(), b"cdef", "one read crosses the seam of the ring");
}

#[test]
fn a_write_to_a_full_pipe_waits_until_the_reader_makes_room() {
    let (mut left, mut right) = pair(4);
    left.write_all(b"full").unwrap();
    let written = aside(move || left.write_all(b"more").map(|()| left));
    assert!(written.recv_timeout(A_WHILE).is_err(), "it must not have returned");
    assert_eq!(read_some(&mut right).unwrap(), b"full");
    assert_eq!(read_some(&mut right).unwrap(), b"more");
    written.recv_timeout(LIMIT).unwrap().unwrap();
}

#[test]
fn a_write_blocked_on_a_full_pipe_ends_when_the_reader_closes() {
    let (mut left, right) = pair(1);
    left.write_all(b"x").unwrap();
    let written = aside(move || left.write(b"y"));
    assert!(written.recv_timeout(A_WHILE).is_err());
    drop(right);
    let error = written.recv_timeout(LIMIT).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_write_blocked_on_a_full_pipe_ends_when_it_is_interrupted() {
    let (mut left, _right) = pair(1);
    left.write_all(b"x").unwrap();
    let interrupter = left.interrupter();
    let written = aside(move || left.write(b"y"));
    assert!(written.recv_timeout(A_WHILE).is_err());
    interrupter.interrupt();
    let error = written.recv_timeout(LIMIT).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
}

#[test]
fn an_unbuffered_write_returns_only_when_all_its_bytes_are_taken() {
    let (mut left, mut right) = pair(0);
    let written = aside(move || left.write(b"ping").map(|count| (count, left)));
    let mut two = [0; 2];
    right.read_exact(&mut two).unwrap();
    assert!(written.recv_timeout(A_WHILE).is_err(), "half of it is still to be taken");
    right.read_exact(&mut two).unwrap();
    let (count, _left) = written.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!((count, &two), (4, b"ng"));
}

#[test]
fn an_unbuffered_write_nobody_takes_is_withdrawn_at_its_deadline() {
    let (mut left, mut right) = pair(0);
    left.set_write_deadline(Deadline::after(A_WHILE));
    assert_eq!(left.write(b"lost").unwrap_err().kind(), io::ErrorKind::TimedOut);
    left.finish().unwrap();
    assert_eq!(read_some(&mut right).unwrap(), b"", "what timed out must not be read later");
}

#[test]
fn an_unbuffered_write_of_which_a_part_was_taken_says_how_much() {
    let (mut left, mut right) = pair(0);
    let written = aside(move || (left.write(b"ping"), left));
    right.read_exact(&mut [0; 3]).unwrap();
    drop(right);
    let (outcome, mut left) = written.recv_timeout(LIMIT).unwrap();
    assert_eq!(outcome.unwrap(), 3);
    assert_eq!(left.write(b"g").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn an_unbuffered_write_ends_when_the_reader_closes_or_is_interrupted() {
    for how in ["close", "interrupt"] {
        let (mut left, right) = pair(0);
        let interrupter = left.interrupter();
        let written = aside(move || left.write(b"x"));
        assert!(written.recv_timeout(A_WHILE).is_err());
        let wanted = if how == "close" {
            drop(right);
            io::ErrorKind::BrokenPipe
        } else {
            interrupter.interrupt();
            io::ErrorKind::ConnectionAborted
        };
        assert_eq!(written.recv_timeout(LIMIT).unwrap().unwrap_err().kind(), wanted, "{how}");
    }
}

#[test]
fn an_empty_unbuffered_write_does_not_wait_for_a_reader() {
    let (mut left, _right) = pair(0);
    assert_eq!(left.write(b"").unwrap(), 0);
}

#[test]
fn a_blocked_read_ends_at_its_deadline_and_the_connection_is_still_good() {
    let (mut left, mut right) = pair(8);
    let begin = Instant::now();
    right.set_read_deadline(Deadline::after(A_WHILE));
    assert_eq!(read_some(&mut right).unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert!(begin.elapsed() >= A_WHILE);
    left.write_all(b"late").unwrap();
    assert_eq!(read_some(&mut right).unwrap_err().kind(), io::ErrorKind::TimedOut, "a deadline is sticky");
    right.set_read_deadline(Deadline::NEVER);
    assert_eq!(read_some(&mut right).unwrap(), b"late");
}

#[test]
fn dribbled_bytes_do_not_put_off_the_deadline() {
    let (mut left, mut right) = pair(64);
    right.set_read_deadline(Deadline::after(Duration::from_millis(60)));
    thread::spawn(move || {
        while left.write(b".").is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    });
    let ended = aside(move || right.read_to_end(&mut Vec::new()));
    let error = ended.recv_timeout(LIMIT).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn finish_ends_one_direction_after_what_is_buffered_and_leaves_the_other() {
    let (mut client, mut server) = pair(64);
    client.write_all(b"question").unwrap();
    client.finish().unwrap();
    assert_eq!(read_some(&mut server).unwrap(), b"question");
    assert_eq!(read_some(&mut server).unwrap(), b"");
    assert_eq!(read_some(&mut server).unwrap(), b"", "the end stays the end");
    assert_eq!(client.write(b"more").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    server.write_all(b"answer").unwrap();
    assert_eq!(read_some(&mut client).unwrap(), b"answer");
}

#[test]
fn a_dropped_end_leaves_its_last_words_and_takes_no_more() {
    let (mut client, mut server) = pair(64);
    client.write_all(b"last words").unwrap();
    drop(client);
    assert_eq!(read_some(&mut server).unwrap(), b"last words");
    assert_eq!(read_some(&mut server).unwrap(), b"");
    assert_eq!(server.write(b"hello?").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    server.finish().unwrap();
}

#[test]
fn a_read_blocked_in_another_thread_ends_when_it_is_interrupted() {
    let (mut left, mut right) = pair(8);
    let interrupter = right.interrupter();
    let ended = aside(move || (read_some(&mut right).map(drop), right.write(b"x").map(drop), right));
    assert!(ended.recv_timeout(A_WHILE).is_err());
    interrupter.interrupt();
    let (read, write, _right) = ended.recv_timeout(LIMIT).unwrap();
    assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(write.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(read_some(&mut left).unwrap(), b"", "the peer sees an end of stream");
    assert_eq!(left.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn ending_the_input_lets_the_reader_finish_and_answer() {
    let (mut client, mut server) = pair(64);
    client.write_all(b"asked in time").unwrap();
    server.interrupter().end_input();
    assert_eq!(read_some(&mut server).unwrap(), b"asked in time");
    assert_eq!(read_some(&mut server).unwrap(), b"");
    assert_eq!(client.write(b"too late").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    server.write_all(b"answer").unwrap();
    assert_eq!(read_some(&mut client).unwrap(), b"answer");
}

#[test]
fn an_interrupter_does_not_keep_the_connection_open() {
    let (client, mut server) = pair(8);
    let interrupter = client.interrupter();
    drop(client);
    assert_eq!(read_some(&mut server).unwrap(), b"");
    interrupter.interrupt();
    interrupter.end_input();
}

#[test]
fn halves_work_in_two_threads_and_close_only_together() {
    let (client, mut server) = pair(0);
    let boxed: Box<dyn Conn> = Box::new(client);
    let (mut reader, mut writer) = boxed.split().unwrap();
    let sent = aside(move || writer.write_all(b"up").map(|()| writer));
    assert_eq!(read_some(&mut server).unwrap(), b"up");
    let writer = sent.recv_timeout(LIMIT).unwrap().unwrap();
    let got = aside(move || {
        let mut buf = [0; 4];
        reader.read_exact(&mut buf).map(|()| buf)
    });
    server.write_all(b"down").unwrap();
    assert_eq!(&got.recv_timeout(LIMIT).unwrap().unwrap(), b"down");

    server.set_read_deadline(Deadline::after(A_WHILE));
    assert_eq!(
        read_some(&mut server).unwrap_err().kind(),
        io::ErrorKind::TimedOut,
        "one half is still there"
    );
    server.set_read_deadline(Deadline::NEVER);
    drop(writer);
    assert_eq!(read_some(&mut server).unwrap(), b"");
}

#[test]
fn a_megabyte_crosses_a_small_pipe_whole() {
    let (mut left, mut right) = pair(1000);
    let message: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
    let copy = message.clone();
    let sent = aside(move || left.write_all(&copy));
    let mut came = Vec::new();
    right.read_to_end(&mut came).unwrap();
    sent.recv_timeout(LIMIT).unwrap().unwrap();
    assert!(came == message);
}

#[test]
fn the_trace_tells_the_conversation_in_order() {
    trace::capture();
    let (mut client, mut server) = pair_named("pipe-trace-client", "pipe-trace-server", 0);
    let asked = aside(move || {
        trace::meaning(|| "a ping".into());
        client.write_all(b"ping").unwrap();
        client.finish().unwrap();
        client.set_read_deadline(Deadline::after(A_WHILE));
        client.read(&mut [0; 8]).unwrap_err()
    });
    assert_eq!(read_some(&mut server).unwrap(), b"ping");
    assert_eq!(read_some(&mut server).unwrap(), b"");
    asked.recv_timeout(LIMIT).unwrap();
    drop(server);
    let mine: Vec<_> = trace::captured().into_iter().filter(|e| e.from.starts_with("pipe-trace")).collect();
    let kinds: Vec<Kind> = mine.iter().map(|event| event.kind).collect();
    assert_eq!(kinds[..3], [Kind::Sent, Kind::Received, Kind::Finished]);
    assert!(kinds.contains(&Kind::EndOfStream) && kinds.contains(&Kind::TimedOut), "{kinds:?}");
    assert_eq!((mine[0].from.as_str(), mine[0].text.as_str()), ("pipe-trace-client", "a ping"));
    assert_eq!(mine[1].from, "pipe-trace-client", "a received message is from its sender");
}

#[test]
fn a_dialled_connection_meets_the_accepted_one() {
    let (listener, dialer) = listener();
    let mut client = dialer.dial().unwrap();
    client.write_all(b"hello").unwrap();
    let mut server = listener.accept().unwrap();
    assert_eq!(read_some(&mut server).unwrap(), b"hello");
    assert_eq!((client.peer(), client.local()), (server.local(), server.peer()));
    assert_eq!(server.local(), Listener::local(&listener));
}

#[test]
fn stopping_wakes_accept_refuses_later_dials_and_ends_those_in_the_queue() {
    let (listener, dialer) = listener();
    let listener = Arc::new(listener);
    let accepting = Arc::clone(&listener);
    let ended = aside(move || (accepting.accept().map(drop), accepting.accept().map(drop)));
    let mut client = dialer.dial().unwrap();
    assert_eq!(read_some(&mut client).unwrap(), b"", "the first accept dropped its connection");
    listener.stop();
    let (first, second) = ended.recv_timeout(LIMIT).unwrap();
    first.unwrap();
    assert_eq!(second.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(dialer.dial().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn dropping_the_listener_ends_the_clients_it_never_accepted() {
    let (listener, dialer) = listener();
    let mut client = dialer.dial().unwrap();
    drop(listener);
    assert_eq!(read_some(&mut client).unwrap(), b"");
    assert_eq!(dialer.clone().dial().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_full_backlog_refuses() {
    let (_listener, dialer) = listener();
    let clients: Vec<PipeConn> = (0..BACKLOG).map(|_| dialer.dial().unwrap()).collect();
    assert_eq!(dialer.dial().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    drop(clients);
}
