//! Copying and proxying: Listings 4-14 to 4-18.
//!
//! This file is long because a proxy is tested between the same kinds of peers again and again.

use super::peers::*;
use crate::support::{PATIENCE, join};
use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, ConnRead, ConnWrite, TcpConn};
use netprog::base::deadline::Deadline;
use netprog::base::serve::{Incident, ServeConfig, Server, start};
use netprog::base::sys::options::unread_bytes;
use netprog::base::trace;
use netprog::ch04_data::copy::{BUFFER_BYTES, Path, copy, copy_n};
use netprog::ch04_data::options::{OnClose, set_on_close};
use netprog::ch04_data::pitfalls::bytes_until_stalled;
use netprog::ch04_data::proxy::{
    Direction, End, Proxied, Proxy, ProxyError, duplex, one_way, proxy_conn, relay,
};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

fn proxy_server(upstream: SocketAddr) -> Server {
    let proxy = Proxy::to(&upstream.to_string());
    let config = ServeConfig { name: "proxy", ..ServeConfig::default() };
    start(listen_as("proxy"), config, move |client, cancel| {
        let _me = trace::party("proxy");
        proxy.handle(client, cancel)?;
        Ok(())
    })
    .unwrap()
}

/// Listing 4-14: the proxy dials *both* nodes and passes on what each sends. Rows 4.18, 4.19, 4.20.
/// Watch: both ends see the other's bytes as if they were connected, and each FIN travels on its own.
#[test]
fn listing_4_14_a_proxy_dials_both_nodes_and_passes_on_what_each_sends() {
    let _me = trace::party("test");
    trace::chapter("ch04");
    let (source, destination) = (listen_as("source"), listen_as("destination"));
    let (one, two) = (source.socket_addr().to_string(), destination.socket_addr().to_string());
    let proxy = run("proxy", move || proxy_conn(&one, &two, PATIENCE, &Cancel::new()));
    let source = run("source", move || {
        let mut conn = source.accept_tcp().unwrap();
        conn.write_all(b"a question").unwrap();
        conn.finish().unwrap();
        let mut reply = String::new();
        conn.read_to_string(&mut reply).unwrap();
        reply
    });
    let destination = run("destination", move || {
        let mut conn = destination.accept_tcp().unwrap();
        let mut question = String::new();
        conn.read_to_string(&mut question).unwrap();
        trace::note(|| "the question has ended; the answer may still be sent".to_string());
        conn.write_all(b"an answer").unwrap();
        question
    });
    assert_eq!(join(destination), "a question");
    assert_eq!(join(source), "an answer", "the book's proxy has closed by now");
    assert_eq!(join(proxy).unwrap(), Proxied { to_upstream: 10, to_client: 9 });
}

/// Listing 4-15: from any reader to any writer; both ways between two connections. Row 4.22.
/// Watch: `one_way` takes a slice and a vector. No run-time test whether they "also" do the other: `duplex` is another name.
#[test]
fn listing_4_15_one_way_takes_any_reader_and_writer_and_duplex_takes_two_connections() {
    let _me = trace::party("client");
    trace::chapter("ch04");
    let mut written = Vec::new();
    assert_eq!(one_way(&mut &b"ping"[..], &mut written).unwrap(), 4);
    assert_eq!(written, b"ping");

    let (mut client, near) = pair_of("client", "proxy");
    let (far, mut server) = pair_of("proxy", "server");
    let proxy = run("proxy", move || duplex(Box::new(near), Box::new(far)));
    client.write_all(b"ping").unwrap();
    let server = run("server", move || {
        exchange_back(&mut server, b"ping", b"pong");
    });
    let mut reply = [0; 4];
    client.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"pong");
    drop(client);
    join(server);
    assert_eq!(join(proxy).unwrap(), Proxied { to_upstream: 4, to_client: 4 });
}

fn exchange_back(conn: &mut dyn Conn, expected: &[u8], reply: &[u8]) {
    let mut buffer = vec![0; expected.len()];
    conn.read_exact(&mut buffer).unwrap();
    assert_eq!(buffer, expected);
    conn.write_all(reply).unwrap();
}

/// Listing 4-16: the server answers "ping" with "pong" and sends anything else back. Row 4.23.
#[test]
fn listing_4_16_the_server_answers_ping_with_pong_and_echoes_the_rest() {
    let _me = trace::party("client");
    trace::chapter("ch04");
    let server = ping_server();
    let mut conn = dial(server.socket_addr());
    exchange(&mut conn, b"ping", b"pong");
    exchange(&mut conn, b"Ping", b"Ping");
    drop(conn);
    assert!(server.stop().unwrap().drained);
}

/// Listing 4-17: the proxy server dials the server once for each client. Row 4.23.
/// Watch: the upstream counts as many connections as there are clients, and a client that leaves takes its own along.
#[test]
fn listing_4_17_the_proxy_server_dials_upstream_once_for_each_client() {
    let _me = trace::party("client");
    trace::chapter("ch04");
    let server = ping_server();
    let proxy = proxy_server(server.socket_addr());
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut conn = dial(proxy.socket_addr());
        exchange(&mut conn, b"ping", b"pong");
        clients.push(conn);
    }
    drop(clients);
    assert_eq!(proxy.stop().unwrap().accepted, 3);
    assert_eq!(server.stop().unwrap().accepted, 3);
}

/// Listing 4-18: the book's four messages through the proxy, then everything stops and every thread is joined. Row 4.23.
/// The book runs this under the race detector; here `Send` and `Sync` are checked before it runs at all.
#[test]
fn listing_4_18_four_messages_pass_through_the_proxy_and_everything_stops_cleanly() {
    let _me = trace::party("client");
    trace::chapter("ch04");
    let server = ping_server();
    let proxy = proxy_server(server.socket_addr());
    let mut conn = dial(proxy.socket_addr());
    for (message, reply) in [("ping", "pong"), ("pong", "pong"), ("echo", "echo"), ("ping", "pong")] {
        exchange(&mut conn, message.as_bytes(), reply.as_bytes());
        trace::note(|| format!("{message:?} -> proxy -> {reply:?}"));
    }
    drop(conn);
    assert!(proxy.stop().unwrap().drained, "no thread had to be forced");
    assert!(server.stop().unwrap().drained);
}

#[test]
fn a_copy_ends_with_its_input_counts_its_bytes_and_leaves_the_output_open() {
    let (mut source, mut from) = pair();
    let (mut to, mut sink) = pair();
    source.write_all(b"all of it").unwrap();
    drop(source);
    let copied = copy(&mut from, &mut to).unwrap();
    assert_eq!((copied.bytes, copied.by()), (9, Path::UserSpace), "a small message is not worth a pipe");
    to.write_all(b", and more").unwrap();
    drop(to);
    let mut text = String::new();
    sink.read_to_string(&mut text).unwrap();
    assert_eq!(text, "all of it, and more");
}

#[test]
fn copy_n_stops_at_its_count_takes_not_a_byte_more_and_says_when_there_were_fewer() {
    let mut reader = &b"header|body"[..];
    let mut written = Vec::new();
    assert_eq!(copy_n(&mut reader, &mut written, 7).unwrap(), 7);
    assert_eq!((written.as_slice(), reader), (&b"header|"[..], &b"body"[..]));
    assert_eq!(copy_n(&mut reader, &mut written, 100).unwrap(), 4, "the reader ended first");
    assert_eq!(copy_n(&mut reader, &mut written, 0).unwrap(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_bulk_copy_between_sockets_stays_in_the_kernel_but_for_its_beginning() {
    let payload = pattern(8 << 20);
    let (mut source, mut from) = pair();
    let (mut to, mut sink) = pair();
    let expected = payload.clone();
    let feeding = run("source", move || source.write_all(&payload));
    let copying = run("copier", move || copy(&mut from, &mut to));
    let mut received = Vec::new();
    sink.read_to_end(&mut received).unwrap();
    join(feeding).unwrap();
    let copied = join(copying).unwrap();
    assert!(received == expected, "the bytes came through unharmed");
    assert_eq!((copied.bytes, copied.by()), (8 << 20, Path::Kernel));
    assert!(copied.in_kernel >= (8 << 20) - 64 * BUFFER_BYTES as u64, "{copied:?}");
}

/// Only its `read_fd` says that a reader is its socket. A reader that decodes has none.
struct Decoding(TcpConn);

impl Read for Decoding {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buf)?;
        buf[..count].make_ascii_uppercase();
        Ok(count)
    }
}

impl ConnRead for Decoding {
    fn set_read_deadline(&mut self, deadline: Deadline) {
        self.0.set_read_deadline(deadline);
    }
}

#[test]
fn a_reader_that_decodes_is_never_bypassed_through_the_kernel() {
    let (mut source, from) = pair();
    let (mut to, mut sink) = pair();
    let feeding = run("source", move || source.write_all(&vec![b'x'; 1 << 20]));
    let copying = run("copier", move || copy(&mut Decoding(from), &mut to));
    let mut received = Vec::new();
    sink.read_to_end(&mut received).unwrap();
    join(feeding).unwrap();
    assert_eq!(join(copying).unwrap().by(), Path::UserSpace);
    assert!(received == vec![b'X'; 1 << 20]);
}

#[test]
fn a_copy_in_the_kernel_ends_at_its_deadline_and_when_it_is_interrupted_and_not_as_an_end() {
    for is_interrupted in [false, true] {
        let (mut source, mut from) = pair();
        let (mut to, mut sink) = pair();
        let interrupter = from.interrupter();
        if !is_interrupted {
            // Time enough for the bytes to pass on a busy machine; a deadline set later would not reach a splice that waits.
            from.set_read_deadline(Deadline::after(Duration::from_secs(1)));
        }
        let copying = run("copier", move || copy(&mut from, &mut to));
        let payload = pattern(1 << 20);
        let feeding = run("source", move || source.write_all(&payload).map(|()| source));
        let mut received = vec![0; 1 << 20];
        sink.read_exact(&mut received).unwrap();
        // All that was sent has passed: the copy now waits for more, in the kernel.
        if is_interrupted {
            interrupter.interrupt();
        }
        let kind = join(copying).unwrap_err().kind();
        let expected = if is_interrupted { ErrorKind::ConnectionAborted } else { ErrorKind::TimedOut };
        assert_eq!(kind, expected);
        let _source = join(feeding);
    }
}

#[test]
fn a_copy_blocked_in_writing_ends_when_it_is_interrupted() {
    let (mut source, mut from) = small_pair(64 * 1024);
    let (mut to, sink) = small_pair(64 * 1024);
    let interrupter = to.interrupter();
    let copying = run("copier", move || copy(&mut from, &mut to));
    // Nobody reads at the far end, so all the buffers on the way fill up.
    bytes_until_stalled(source.socket(), Duration::from_millis(200)).unwrap();
    interrupter.interrupt();
    assert_eq!(join(copying).unwrap_err().kind(), ErrorKind::ConnectionAborted);
    source.set_write_deadline(Deadline::after(PATIENCE));
    drop(sink);
}

#[test]
fn when_only_our_side_ends_the_input_everything_that_arrived_is_still_copied() {
    let (mut source, mut from) = pair();
    let (mut to, mut sink) = pair();
    source.write_all(&pattern(10_000)).unwrap();
    until("the bytes arrive", || unread_bytes(from.socket()).unwrap() == 10_000);
    from.interrupter().end_input();
    assert_eq!(copy(&mut from, &mut to).unwrap().bytes, 10_000);
    drop(to);
    let mut received = Vec::new();
    sink.read_to_end(&mut received).unwrap();
    assert!(received == pattern(10_000));
}

/// Row 4.21: what the standard library's copy does instead.
#[test]
fn the_standard_librarys_copy_takes_smaller_bites_than_ours() {
    struct Bites(usize);
    impl Write for Bites {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0 = self.0.max(buf.len());
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (mut theirs, mut ours) = (Bites(0), Bites(0));
    io::copy(&mut io::repeat(1).take(1 << 20), &mut theirs).unwrap();
    one_way(&mut io::repeat(1).take(1 << 20), &mut ours).unwrap();
    assert_eq!(ours.0, BUFFER_BYTES);
    assert!(theirs.0 < ours.0, "8 KiB at the time of writing, now {}", theirs.0);
}

#[test]
fn a_node_that_cannot_be_dialled_is_named_in_the_error_and_the_other_is_closed() {
    let source = listen();
    let gone = listen().socket_addr().to_string();
    let address = source.socket_addr().to_string();
    let error = proxy_conn(&address, &gone, PATIENCE, &Cancel::new()).unwrap_err();
    assert!(error.to_string().contains(&gone), "{error}");
    assert_eq!(io::Error::from(error).kind(), ErrorKind::ConnectionRefused);
    let mut conn = source.accept_tcp().unwrap();
    assert_eq!(conn.read(&mut [0; 1]).unwrap(), 0, "the source sees its connection end");

    let error = proxy_conn("no port here", &address, PATIENCE, &Cancel::new()).unwrap_err();
    assert!(matches!(error, ProxyError::Unreachable { .. }), "{error}");
}

/// A proxy between two connections of ours: the client's end and the upstream's end of it, and the proxy's thread.
type Between = (TcpConn, TcpConn, std::thread::JoinHandle<Result<Proxied, ProxyError>>);

fn proxy_between(idle: Option<Duration>) -> Between {
    let (client, near) = pair();
    let (far, server) = pair();
    let proxy = run("proxy", move || {
        let (near, far) = (End::of(Box::new(near)).unwrap(), End::of(Box::new(far)).unwrap());
        relay(near, far, idle, &Cancel::new())
    });
    (client, server, proxy)
}

/// Row 4.20, first half: the book's proxy returns when the source has finished, and cuts the reply.
#[test]
fn after_the_clients_half_close_the_whole_reply_still_comes() {
    let (mut client, mut server, proxy) = proxy_between(None);
    let reply = pattern(3 << 20);
    let expected = reply.clone();
    client.write_all(b"everything, please").unwrap();
    client.finish().unwrap();
    let serving = run("server", move || {
        let mut request = String::new();
        server.read_to_string(&mut request).unwrap();
        server.write_all(&reply).unwrap();
        request
    });
    let mut received = Vec::new();
    client.read_to_end(&mut received).unwrap();
    assert!(received == expected);
    assert_eq!(join(serving), "everything, please");
    assert_eq!(join(proxy).unwrap(), Proxied { to_upstream: 18, to_client: 3 << 20 });
}

/// Row 4.20, second half: in the book's proxy the end of the destination never reaches a silent source.
#[test]
fn the_upstreams_end_reaches_a_client_that_says_nothing() {
    let (mut client, mut server, proxy) = proxy_between(None);
    server.write_all(b"goodbye").unwrap();
    drop(server);
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "goodbye");
    drop(client);
    assert_eq!(join(proxy).unwrap(), Proxied { to_upstream: 0, to_client: 7 });
}

#[test]
fn both_directions_at_once_come_through_unharmed() {
    let (client, server, proxy) = proxy_between(Some(PATIENCE));
    let payload = pattern(8 << 20);
    let mut threads = Vec::new();
    for (name, conn) in [("client", client), ("server", server)] {
        let (mut reader, mut writer) = Box::new(conn).split().unwrap();
        let sent = payload.clone();
        threads.push(run(name, move || {
            writer.write_all(&sent).unwrap();
            writer.finish().unwrap();
        }));
        let expected = payload.clone();
        threads.push(run(name, move || {
            let mut received = Vec::new();
            reader.read_to_end(&mut received).unwrap();
            assert!(received == expected);
        }));
    }
    for thread in threads {
        join(thread);
    }
    assert_eq!(join(proxy).unwrap(), Proxied { to_upstream: 8 << 20, to_client: 8 << 20 });
}

#[test]
fn a_reset_of_one_peer_resets_the_other_and_names_its_direction() {
    let (client, mut server, proxy) = proxy_between(None);
    set_on_close(client.socket(), OnClose::Discard).unwrap();
    drop(client);
    let told = server.read(&mut [0; 1]).unwrap_err().kind();
    assert_eq!(told, ErrorKind::ConnectionReset, "a reset is passed on as a reset, not as an end");
    let error = join(proxy).unwrap_err();
    let ProxyError::Broken { direction, .. } = &error else { panic!("{error}") };
    assert_eq!(*direction, Direction::ToUpstream);
    assert_eq!(io::Error::from(error).kind(), ErrorKind::ConnectionReset);
}

#[test]
fn two_silent_peers_are_given_up_and_a_busy_direction_keeps_a_silent_one() {
    let (client, _server, proxy) = proxy_between(Some(Duration::from_millis(50)));
    assert!(matches!(join(proxy), Err(ProxyError::Idle { .. })));
    drop(client);

    let limit = Duration::from_millis(200);
    let (mut client, mut server, proxy) = proxy_between(Some(limit));
    let begin = Instant::now();
    // Only the server speaks, at times, for much longer than the limit.
    while begin.elapsed() < 4 * limit {
        server.write_all(b".").unwrap();
        client.read_exact(&mut [0; 1]).unwrap();
        std::thread::sleep(limit / 20);
    }
    drop((client, server));
    assert_eq!(join(proxy).unwrap().to_upstream, 0);
}

#[test]
fn a_client_whose_upstream_is_gone_is_closed_the_error_is_reported_and_the_server_goes_on() {
    let gone = listen().socket_addr();
    let (told, reports) = mpsc::channel();
    let config = ServeConfig {
        report: Box::new(move |incident: &Incident| told.send(incident.to_string()).unwrap()),
        ..ServeConfig::default()
    };
    let proxy = Proxy::to(&gone.to_string());
    let server = start(listen(), config, move |client, cancel| {
        proxy.handle(client, cancel)?;
        Ok(())
    });
    let server = server.unwrap();
    for _ in 0..2 {
        let mut conn = dial(server.socket_addr());
        assert_eq!(conn.read(&mut [0; 1]).unwrap(), 0);
        let report = reports.recv_timeout(PATIENCE).unwrap();
        assert!(report.contains(&gone.to_string()) && report.contains("refused"), "{report}");
    }
    assert_eq!(server.stop().unwrap().accepted, 2);
}

/// A stop lets a reply that is on its way arrive: the client's input ends, the upstream sees that, answers and closes.
#[test]
fn stopping_the_proxy_drains_it_without_force() {
    let server = ping_server();
    let proxy = proxy_server(server.socket_addr());
    let mut conn = dial(proxy.socket_addr());
    exchange(&mut conn, b"ping", b"pong");
    assert!(proxy.stop().unwrap().drained, "the client still holds its end");
    assert_eq!(conn.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn a_cancelled_relay_ends_though_it_waits_for_the_upstream_only() {
    let (mut client, near) = pair();
    let (far, mut server) = pair();
    let cancel = Cancel::new();
    let token = cancel.clone();
    let proxy = run("proxy", move || {
        relay(End::of(Box::new(near)).unwrap(), End::of(Box::new(far)).unwrap(), None, &token)
    });
    client.finish().unwrap();
    assert_eq!(server.read(&mut [0; 1]).unwrap(), 0, "the client's direction has ended");
    cancel.cancel();
    let error = join(proxy).unwrap_err();
    assert_eq!(io::Error::from(error).kind(), ErrorKind::ConnectionAborted);
}

/// Row 4.24: Listing 4-16 takes each read for a message. TCP owes nobody that.
#[test]
fn a_server_that_takes_each_read_for_a_message_fails_when_the_stream_is_cut_otherwise() {
    let server = ping_server();
    let mut conn = dial(server.socket_addr());
    exchange(&mut conn, b"pingping", b"pingping");
    // Two messages in one read: neither was recognized. And one message in two reads:
    exchange(&mut conn, b"pi", b"pi");
    exchange(&mut conn, b"ng", b"ng");
}

/// The same server with messages that end somewhere.
fn answer_ping_lines(conn: Box<dyn Conn>) -> io::Result<()> {
    let (reader, mut writer) = conn.split()?;
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        // Bounded: a line that never ends must not fill the memory.
        reader.by_ref().take(1024).read_until(b'\n', &mut line)?;
        match line.as_slice() {
            [] => return Ok(()),
            b"ping\n" => writer.write_all(b"pong\n")?,
            other => writer.write_all(other)?,
        }
    }
}

#[test]
fn with_lines_as_messages_it_does_not_matter_how_the_stream_is_cut() {
    let server = start(listen(), ServeConfig::default(), |conn, _| answer_ping_lines(conn)).unwrap();
    let proxy = proxy_server(server.socket_addr());
    let mut conn = dial(proxy.socket_addr());
    exchange(&mut conn, b"ping\nping\necho\n", b"pong\npong\necho\n");
    conn.write_all(b"pi").unwrap();
    exchange(&mut conn, b"ng\n", b"pong\n");
}
