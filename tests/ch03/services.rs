//! The notes' servers over TCP: echo, lines, chat, access, logging.

use super::clients::*;
use crate::support::{PATIENCE, Page, join};
use netprog::base::cancel::Cancel;
use netprog::base::serve::{Incident, ServeConfig, start};
use netprog::base::thread;
use netprog::ch03_tcp::access::{AllowList, Token, only_for};
use netprog::ch03_tcp::broadcast::Hub;
use netprog::ch03_tcp::echo::{echo, serve_one_at_a_time};
use netprog::ch03_tcp::limits::Limits;
use netprog::ch03_tcp::lines::{MAX_LINE_BYTES, upper_lines};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Instant;

#[test]
fn an_echo_is_what_was_sent_and_nothing_of_earlier_messages() {
    let (server, _) = serving(|conn, _| echo(conn, &limits()));
    let mut stream = client(server.socket_addr());
    for message in [&b"a long message first"[..], b"short", b"\0\0", b"x"] {
        stream.write_all(message).unwrap();
        let mut back = vec![0; message.len()];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(back, message);
    }
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0; 64]).unwrap(), 0, "no stale byte behind the last");
}

#[test]
fn a_serial_server_lets_the_second_client_connect_and_wait() {
    let listener = Arc::new(listener());
    let address = listener.socket_addr();
    let stop = Cancel::new();
    let token = stop.clone();
    let server = thread::spawn("serial", move || {
        serve_one_at_a_time(listener, ServeConfig::default(), &token, |conn, _| echo(conn, &limits()))
    })
    .unwrap();
    let mut first = client(address);
    first.write_all(b"1").unwrap();
    first.read_exact(&mut [0]).unwrap();

    let mut second = client(address);
    second.write_all(b"2").unwrap();
    second.set_read_timeout(Some(millis(100))).unwrap();
    let waiting = second.read(&mut [0]).unwrap_err();
    assert!(matches!(waiting.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "connected, not served");

    drop(first);
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut byte = [0];
    second.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"2", "answered once the first has left");
    drop(second);
    stop.cancel();
    assert_eq!(join(server).unwrap().accepted, 2);
}

#[test]
fn a_threaded_server_answers_the_second_client_at_once() {
    let (server, _) = serving(|conn, _| echo(conn, &limits()));
    let mut first = client(server.socket_addr());
    first.write_all(b"1").unwrap();
    first.read_exact(&mut [0]).unwrap();
    assert_eq!(ask(server.socket_addr(), b"2"), b"2", "while the first stays");
    first.write_all(b"3").unwrap();
    first.read_exact(&mut [0]).unwrap();
}

#[test]
fn three_hundred_clients_at_once_each_get_their_own_echo() {
    const CLIENTS: usize = 300;
    let (server, incidents) = serving(|conn, _| echo(conn, &limits()));
    let address = server.socket_addr();
    let all_connected = Arc::new(std::sync::Barrier::new(CLIENTS));
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let all_connected = Arc::clone(&all_connected);
        // `move` gives each thread its own number and its own connection: no loop variable is shared.
        let thread = std::thread::Builder::new().stack_size(64 * 1024).spawn(move || {
            let mut stream = client(address);
            all_connected.wait();
            let message = format!("client {number} says {}", "x".repeat(number)).into_bytes();
            stream.write_all(&message).unwrap();
            let mut back = vec![0; message.len()];
            stream.read_exact(&mut back).unwrap();
            assert_eq!(back, message);
        });
        clients.push(thread.unwrap());
    }
    for client in clients {
        join(client);
    }
    assert_eq!(server.stop().unwrap().accepted, CLIENTS as u64);
    assert_eq!(incidents.try_iter().collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_client_that_leaves_abruptly_is_its_own_loss_and_the_next_is_served() {
    let (server, incidents) = serving(|conn, _| echo(conn, &limits()));
    leave_abruptly(server.socket_addr(), b"bye");
    let incident = incidents.recv_timeout(PATIENCE).unwrap();
    assert!(incident.starts_with("127.0.0.1:"), "it says whose loss: {incident}");
    assert_eq!(ask(server.socket_addr(), b"next"), b"next");
    // An orderly end is no error: nobody is told of it.
    server.stop().unwrap();
    assert_eq!(incidents.try_iter().count(), 0);
}

#[test]
fn an_idle_client_is_reaped_and_that_is_no_error() {
    let idle = Limits { idle: Some(millis(60)), write: Some(PATIENCE) };
    let (server, incidents) = serving(move |conn, _| echo(conn, &idle));
    let begin = Instant::now();
    let mut silent = client(server.socket_addr());
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    assert!(begin.elapsed() >= millis(60));
    server.stop().unwrap();
    assert_eq!(incidents.try_iter().count(), 0, "being idle is no error");
}

#[test]
fn a_lost_connection_stays_lost_though_its_server_serves_others() {
    let (server, _) = serving(|mut conn, _| {
        // It closes over what the client sent: a reset, as from a server that crashed.
        conn.read_exact(&mut [0]).map(drop)
    });
    let mut stream = client(server.socket_addr());
    stream.write_all(b"more than one byte").unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    drop(client(server.socket_addr()));
    for _ in 0..3 {
        assert!(stream.write_all(b"again").is_err(), "TCP resends; it does not connect again");
        assert!(!matches!(stream.read(&mut [0]), Ok(1..)), "and nothing comes any more");
    }
}

#[test]
fn a_line_comes_back_in_upper_case_before_the_next_is_sent() {
    let (server, _) = serving(|conn, _| upper_lines(conn, &limits(), MAX_LINE_BYTES));
    let mut reader = BufReader::new(client(server.socket_addr()));
    for (line, answer) in [("hello\n", "HELLO\n"), ("tab\tand ümlaut\r\n", "TAB\tAND ÜMLAUT\n"), ("\n", "\n")]
    {
        reader.get_mut().write_all(line.as_bytes()).unwrap();
        let mut back = String::new();
        reader.read_line(&mut back).unwrap();
        assert_eq!(back, answer, "streamed: answered while the connection stays open");
    }
    assert_eq!(ask(server.socket_addr(), b"one\ntwo\nthree"), b"ONE\nTWO\nTHREE\n");
}

#[test]
fn the_limit_is_per_line_and_an_overlong_one_is_told_so() {
    let (server, incidents) = serving(|conn, _| upper_lines(conn, &limits(), MAX_LINE_BYTES));
    let longest = [b'a'; MAX_LINE_BYTES];
    let mut many = Vec::new();
    for _ in 0..5 {
        many.extend_from_slice(&longest);
        many.push(b'\n');
    }
    assert_eq!(ask(server.socket_addr(), &many), many.to_ascii_uppercase(), "1024 bytes, five times");

    // The client goes on sending: the answer must arrive all the same, and not be lost to a reset.
    let mut overlong = b"short\n".to_vec();
    overlong.extend_from_slice(&[b'a'; 200_000]);
    let answer = ask(server.socket_addr(), &overlong);
    assert_eq!(answer.escape_ascii().to_string(), "SHORT\\nerror: line longer than 1024 bytes\\n");
    let incident = incidents.recv_timeout(PATIENCE).unwrap();
    assert!(incident.ends_with("line longer than 1024 bytes"), "{incident}");
}

#[test]
fn a_line_has_its_time_however_its_bytes_are_spread() {
    let idle = Limits { idle: Some(millis(200)), write: Some(PATIENCE) };
    let (server, _) = serving(move |conn, _| upper_lines(conn, &idle, MAX_LINE_BYTES));
    let mut stream = client(server.socket_addr());
    let begin = Instant::now();
    // One byte after the other, and never the end of the line.
    stream.set_read_timeout(Some(millis(20))).unwrap();
    let outcome = loop {
        assert!(begin.elapsed() < PATIENCE);
        if let Err(error) = stream.write_all(b"x") {
            break Err(error);
        }
        match stream.read(&mut [0]) {
            Ok(count) => break Ok(count),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => break Err(error),
        }
    };
    assert!(begin.elapsed() >= millis(200));
    if let Ok(count) = outcome {
        assert_eq!(count, 0, "the connection was closed");
    }
}

#[test]
fn a_failed_write_ends_the_handler_and_frees_its_place() {
    let config =
        ServeConfig { name: "upper", max_connections: 1, report: Box::new(|_| ()), ..ServeConfig::default() };
    let server = start(listener(), config, |conn, _| upper_lines(conn, &limits(), MAX_LINE_BYTES)).unwrap();
    for _ in 0..3 {
        leave_abruptly(server.socket_addr(), b"hello\n");
    }
    assert_eq!(
        ask(server.socket_addr(), b"next\n"),
        b"NEXT\n",
        "there is room for one, so the others have left"
    );
}

#[test]
fn a_timeout_a_broken_rule_and_a_lost_peer_are_three_kinds_of_error() {
    let (told, kinds) = mpsc::channel();
    let told = Mutex::new(told);
    let strict = Limits { idle: Some(PATIENCE), write: Some(millis(50)) };
    let (server, _) = serving(move |conn, _| {
        let outcome = upper_lines(conn, &strict, 10);
        told.lock().unwrap().send(outcome.as_ref().err().map(io::Error::kind)).unwrap();
        outcome
    });
    assert_eq!(ask(server.socket_addr(), b"fine\n"), b"FINE\n");
    assert_eq!(kinds.recv_timeout(PATIENCE).unwrap(), None);
    ask(server.socket_addr(), b"much too long\n");
    assert_eq!(kinds.recv_timeout(PATIENCE).unwrap(), Some(ErrorKind::InvalidData));
    leave_abruptly(server.socket_addr(), b"bye\n");
    assert_eq!(kinds.recv_timeout(PATIENCE).unwrap(), Some(ErrorKind::ConnectionReset));

    let mut deaf = client(server.socket_addr());
    deaf.set_write_timeout(Some(millis(20))).unwrap();
    let lines = b"line\n".repeat(10_000);
    let kind = loop {
        // It sends and never reads, until the server has had enough.
        let _ = deaf.write(&lines);
        if let Ok(kind) = kinds.try_recv() {
            break kind;
        }
    };
    assert_eq!(kind, Some(ErrorKind::TimedOut));
}

#[test]
fn what_one_client_says_every_client_hears_in_the_same_order() {
    let hub = Hub::start().unwrap();
    let (server, _) = serving(move |conn, _| hub.serve(conn, &limits(), MAX_LINE_BYTES));
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(BufReader::new(client(server.socket_addr())));
    }
    // A client is in once it hears itself.
    for (number, reader) in clients.iter_mut().enumerate() {
        let hello = format!("hello from {number}\n");
        reader.get_mut().write_all(hello.as_bytes()).unwrap();
        let mut heard = String::new();
        while heard != hello {
            heard.clear();
            reader.read_line(&mut heard).unwrap();
        }
    }
    for (number, reader) in clients.iter_mut().enumerate() {
        reader.get_mut().write_all(format!("second word of {number}\n").as_bytes()).unwrap();
    }
    let mut orders = Vec::new();
    for reader in &mut clients {
        let mut order = Vec::new();
        while order.len() < 5 {
            let mut heard = String::new();
            reader.read_line(&mut heard).unwrap();
            if heard.starts_with("second") {
                order.push(heard);
            }
        }
        orders.push(order);
    }
    assert!(orders.windows(2).all(|pair| pair[0] == pair[1]), "{orders:?}");
}

#[test]
fn a_client_that_does_not_read_is_dropped_and_holds_nobody_up() {
    let hub = Hub::start().unwrap();
    let (server, incidents) = serving(move |conn, _| hub.serve(conn, &limits(), MAX_LINE_BYTES));
    let mut deaf = client(server.socket_addr());
    deaf.write_all(b"I only talk\n").unwrap();
    deaf.read_exact(&mut [0; 12]).unwrap(); // It is in.
    let mut talker = BufReader::new(client(server.socket_addr()));
    // In one write: two would wait for each other, Nagle's algorithm here and the delayed acknowledgement there.
    let mut line = vec![b'x'; 1000];
    line.push(b'\n');
    let begin = Instant::now();
    loop {
        assert!(begin.elapsed() < PATIENCE, "the deaf client is still there");
        talker.get_mut().write_all(&line).unwrap();
        let mut heard = String::new();
        talker.read_line(&mut heard).unwrap();
        if let Ok(incident) = incidents.try_recv() {
            assert!(incident.contains("interrupted from this side"), "{incident}");
            return;
        }
    }
}

#[test]
fn only_addresses_on_the_list_come_in() {
    let list = |text: &str| AllowList::new(vec![text.parse().unwrap()]);
    let (server, _) = serving(only_for(list("127.0.0.0/8"), |conn, _: &Cancel| echo(conn, &limits())));
    assert_eq!(ask(server.socket_addr(), b"a friend"), b"a friend");

    let (server, incidents) =
        serving(only_for(list("192.0.2.0/24"), |conn, _: &Cancel| echo(conn, &limits())));
    let outcome = client(server.socket_addr()).read(&mut [0]);
    assert!(matches!(outcome, Ok(0) | Err(_)), "closed: {outcome:?}");
    let incident = incidents.recv_timeout(PATIENCE).unwrap();
    assert!(incident.starts_with("127.0.0.1:") && incident.contains("not on the list"), "{incident}");
}

#[test]
fn the_token_is_the_first_line_and_what_follows_is_the_handlers() {
    let token = Token::new(b"open sesame").unwrap();
    let (server, incidents) = serving(move |mut conn, _| {
        token.check(&mut *conn, &limits())?;
        echo(conn, &limits())
    });
    assert_eq!(ask(server.socket_addr(), b"open sesame\nin one piece with it"), b"in one piece with it");
    assert_eq!(ask(server.socket_addr(), b"open sesame\r\nas telnet sends it"), b"as telnet sends it");
    let overlong = [b'o'; 5000];
    for wrong in [&b"open sesam\nx"[..], b"open sesame", b"\n", b"", &overlong] {
        assert_eq!(ask(server.socket_addr(), wrong), b"error: not allowed\n", "{}", wrong.escape_ascii());
        assert!(incidents.recv_timeout(PATIENCE).unwrap().contains("not the token"));
    }
}

struct Counting<R> {
    inner: R,
    reads: usize,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        self.inner.read(buf)
    }
}

#[test]
fn a_buffer_turns_a_thousand_reads_of_a_byte_into_a_few() {
    let text = b"a line of 20 bytes.\n".repeat(50);
    let mut plain = Counting { inner: &text[..], reads: 0 };
    while plain.read(&mut [0]).unwrap() == 1 {}
    assert_eq!(plain.reads, 1001);

    let mut buffered = BufReader::new(Counting { inner: &text[..], reads: 0 });
    assert_eq!(buffered.by_ref().lines().count(), 50);
    assert_eq!(buffered.get_ref().reads, 2, "the text, and its end");
}

#[test]
fn an_error_is_logged_with_its_time_its_client_and_its_kind() {
    use netprog::base::log::{DATE, Logger, TIME};
    let page = Page::default();
    let log = Logger::new(Box::new(page.clone()), "[server] ", DATE | TIME);
    let report = move |incident: &Incident| {
        if let Incident::HandlerFailed { peer, error } = incident {
            log.println_with("a connection failed", &[("peer", peer), ("kind", &error.kind())]);
        }
    };
    let config = ServeConfig { report: Box::new(report), ..ServeConfig::default() };
    let server = start(listener(), config, |conn, _| upper_lines(conn, &limits(), 3)).unwrap();
    let mut stream = client(server.socket_addr());
    let peer = stream.local_addr().unwrap();
    stream.write_all(b"too long\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    server.stop().unwrap();
    let line = page.text();
    assert!(line.starts_with("[server] 2"), "{line}");
    assert!(line.contains("a connection failed") && line.contains(&peer.to_string()), "{line}");
    assert!(line.contains("invalid data"), "{line}");
}
