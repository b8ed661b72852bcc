//! The heartbeat: Listings 3-10 to 3-12.

use super::limits::*;
use crate::support::{PATIENCE, join};
use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, ConnRead, TcpConn};
use netprog::base::deadline::Deadline;
use netprog::base::flags::format_duration;
use netprog::base::{pipe, show, thread, trace};
use netprog::ch03_tcp::heartbeat::{
    DEFAULT_PING_INTERVAL, Heartbeat, PING, Pinger, PingerGone, SharedWriter, pinger, reset_channel,
};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// Listing 3-10: the pinger. Its first interval is the reset that waits for it, 30 seconds if none does; zero keeps the
/// interval; the token and a failing writer end it.
///
/// Watch: break in `Pinger::run`. Rows 3.35, 3.36.
#[test]
fn listing_3_10_a_pinger_pings_at_its_interval_until_it_is_told_to_stop() {
    trace::chapter("ch03");
    assert_eq!(DEFAULT_PING_INTERVAL, Duration::from_secs(30));
    let (mut writer, mut reader) = pipe::pair_named("pinger", "peer", 0);
    let cancel = Cancel::new();
    let (resets, receiver) = reset_channel();
    let token = cancel.clone();
    let begin = Instant::now();
    // No reset waits: the first ping would come after 30 seconds.
    let thread = thread::spawn("pinger", move || {
        let _me = trace::party("pinger");
        pinger(&token, &mut writer, receiver)
    })
    .unwrap();
    let _me = trace::party("peer");

    trace::note(|| "a ping every 50 ms".into());
    resets.reset(millis(50)).unwrap();
    let mut ping = [0; 4];
    reader.read_exact(&mut ping).unwrap();
    assert_eq!(&ping, PING);
    assert!(begin.elapsed() >= millis(50) && begin.elapsed() < DEFAULT_PING_INTERVAL);

    trace::note(|| "begin the interval anew, and keep its length".into());
    let first = Instant::now();
    resets.reset(Duration::ZERO).unwrap();
    reader.read_exact(&mut ping).unwrap();
    assert!(first.elapsed() < DEFAULT_PING_INTERVAL, "zero means neither the default nor no pause");

    trace::note(|| "a ping every hour; then the token ends".into());
    resets.reset(Duration::from_secs(3600)).unwrap();
    cancel.cancel();
    join(thread).unwrap();
    assert_eq!(resets.reset(millis(1)), Err(PingerGone));
    // What it may have begun to say before the last reset reached it is read; then the stream ends.
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty() || rest == PING, "{rest:?}");
}

#[test]
fn a_write_error_ends_the_pinger_and_a_threshold_of_timeouts_ends_everything() {
    let (mut client, server) = connected();
    drop(server);
    client.write_all(b"into the void").unwrap();
    let (resets, receiver) = reset_channel();
    resets.reset(millis(5)).unwrap();
    let error = pinger(&Cancel::new(), &mut client, receiver).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    assert_eq!(resets.reset(Duration::ZERO), Err(PingerGone), "and no wait for somebody who is gone");

    // A peer that is there and does not read. There is room for two pings; from then on they time out.
    let (client, server) = pipe::pair(2 * PING.len());
    let (_, writer) = Box::new(client).split().unwrap();
    let mut writer = SharedWriter::new(writer, Some(millis(5)));
    let (resets, receiver) = reset_channel();
    resets.reset(millis(5)).unwrap();
    let connection = Cancel::new();
    let three = Pinger { cancel_after_timeouts: Some(3) };
    let error = three.run(&connection, &mut writer, receiver).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(connection.has_ended(), "whoever else works on the connection hears of it");
    drop(server);
}

/// Ten times faster than the book; the transcript is printed in the book's time.
const FASTER: u32 = 10;

/// Listing 3-11: a pinger's intervals, measured from the other end of a pipe without a buffer: 1 s, 200 ms, 300 ms, and 300
/// ms four times more, for zero keeps the interval and so does no reset at all. Ours run ten times faster.
///
/// Watch: `cargo test listing_3_11 -- --nocapture` prints the book's transcript. Row 3.37.
#[test]
fn listing_3_11_the_pings_come_at_the_intervals_that_the_resets_say() {
    trace::chapter("ch03");
    let (mut writer, mut reader) = pipe::pair_named("pinger", "peer", 0);
    let cancel = Cancel::new();
    let (resets, receiver) = reset_channel();
    resets.reset(millis(1000) / FASTER).unwrap();
    let token = cancel.clone();
    let mut last = Instant::now();
    let thread = thread::spawn("pinger", move || {
        let _me = trace::party("pinger");
        pinger(&token, &mut writer, receiver)
    })
    .unwrap();
    let _me = trace::party("peer");

    let mut interval = millis(1000) / FASTER;
    let mut transcript = Vec::new();
    for (run, reset) in [Some(0), Some(200), Some(300), Some(0), None, None, None].into_iter().enumerate() {
        transcript.push(format!("Run {}:", run + 1));
        let before = interval;
        if let Some(wanted) = reset {
            transcript.push(format!("resetting timer ({})", format_duration(millis(wanted))));
            let wanted = millis(wanted) / FASTER;
            resets.reset(wanted).unwrap();
            if !wanted.is_zero() {
                interval = wanted;
            }
        }
        let begin = Instant::now();
        let mut buf = [0; 1024];
        let count = reader.read(&mut buf).unwrap();
        let waited = format_duration(rounded(begin.elapsed() * FASTER, millis(100)));
        transcript.push(format!("received {} ({waited})", show::escaped(&buf[..count], count)));
        trace::note(|| transcript.join("\n"));
        assert_eq!(&buf[..count], PING);
        // Held up between two pings we reset too late, and one more comes at the old interval; never earlier than that.
        assert!(last.elapsed() >= interval.min(before), "run {}: {:?}", run + 1, last.elapsed());
        last = Instant::now();
    }
    cancel.cancel();
    join(thread).unwrap();

    println!("{}", transcript.join("\n"));
    let resetting: Vec<&String> = transcript.iter().filter(|line| line.starts_with("resetting")).collect();
    let expected = [
        "resetting timer (0s)",
        "resetting timer (200ms)",
        "resetting timer (300ms)",
        "resetting timer (0s)",
    ];
    assert_eq!(resetting, expected);
    let received = transcript.iter().filter(|line| line.starts_with("received \"ping\" ("));
    assert_eq!(received.count(), 7);
}

/// Listing 3-12: data pushes the deadline forward. The server pings every 100 ms (the book: 1 s) and gives the client 500
/// ms (5 s) from the last thing it heard. The client takes four pings, answers `PONG!!!`, and takes the pings that follow
/// until the server, having heard nothing more, ends it: 900 ms after the beginning.
///
/// The book's text has the first deadline at five seconds, its code at fifteen; with the pong at four the end is the same.
///
/// Watch: the deadline in `PatientReader::read` as it moves. Rows 3.38, 3.39.
#[test]
fn listing_3_12_a_pong_pushes_the_servers_deadline_forward() {
    trace::chapter("ch03");
    let _me = trace::party("client");
    let (interval, patience) = (millis(100), millis(500));
    let begin = Instant::now();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn("server", move || {
        let _me = trace::party("server");
        let (stream, _) = listener.accept().unwrap();
        let conn = Box::new(TcpConn::new(stream).unwrap());
        let (mut reader, writer) = conn.split().unwrap();
        let writer = SharedWriter::new(writer, Some(PATIENCE));
        let heartbeat = Heartbeat::start(&Cancel::new(), writer.clone(), interval).unwrap();
        // The code's first deadline, which a stalled machine does not reach.
        reader.set_read_deadline(Deadline::after(PATIENCE));
        let mut heard = Vec::new();
        let mut buf = [0; 1024];
        loop {
            match reader.read(&mut buf) {
                Ok(0) => panic!("the client leaves last"),
                Ok(count) => heard.extend_from_slice(&buf[..count]),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TimedOut);
                    heartbeat.stop().unwrap();
                    return heard;
                }
            }
            trace::note(|| "heard from the client: 500 ms from now, and no ping before its time".into());
            heartbeat.reset().unwrap();
            reader.set_read_deadline(Deadline::after(patience));
        }
    })
    .unwrap();

    let mut conn = TcpConn::new(TcpStream::connect(address).unwrap()).unwrap();
    let mut ping = [0; 4];
    for number in 1..=4 {
        conn.read_exact(&mut ping).unwrap();
        assert_eq!(&ping, PING);
        assert!(begin.elapsed() >= interval * number, "ping {number} after {:?}", begin.elapsed());
    }
    trace::meaning(|| "buys 500 ms".into());
    conn.write_all(b"PONG!!!").unwrap();
    let mut rest = Vec::new();
    conn.read_to_end(&mut rest).unwrap();
    let end = begin.elapsed();

    assert_eq!(join(server), b"PONG!!!");
    assert!(end >= millis(900) && end < PATIENCE, "the end after {end:?}");
    let more = rest.len() / PING.len();
    assert_eq!(rest, PING.repeat(more));
    let most = end.as_millis() / interval.as_millis() - 4;
    assert!(more as u128 <= most, "{more} more pings in {end:?}");
}

/// To the nearest multiple of `unit`, as Go's `Duration.Round`.
fn rounded(duration: Duration, unit: Duration) -> Duration {
    let units = (duration.as_nanos() + unit.as_nanos() / 2) / unit.as_nanos();
    unit * u32::try_from(units).unwrap_or(u32::MAX)
}

#[test]
fn a_busy_peer_is_not_pinged() {
    with_premise(|| {
        let (mut client, server) = connected();
        let (mut reader, writer) = Box::new(server).split().unwrap();
        let writer = SharedWriter::new(writer, Some(PATIENCE));
        let interval = millis(200);
        let heartbeat = Heartbeat::start(&Cancel::new(), writer, interval).unwrap();
        let mut longest_gap = Duration::ZERO;
        let mut last = Instant::now();
        for _ in 0..25 {
            std::thread::sleep(millis(20));
            client.write_all(b"data").unwrap();
            reader.read_exact(&mut [0; 4]).unwrap();
            heartbeat.reset().unwrap();
            longest_gap = longest_gap.max(last.elapsed());
            last = Instant::now();
        }
        longest_gap = longest_gap.max(last.elapsed());
        heartbeat.stop().unwrap();
        drop(reader);
        let mut pings = Vec::new();
        client.read_to_end(&mut pings).unwrap();
        assert!(pings.is_empty() || longest_gap >= interval, "{} bytes of pings", pings.len());
        pings.is_empty()
    });
}

#[test]
fn resetting_a_dead_heartbeat_is_an_error_and_never_a_wait() {
    let (client, server) = connected();
    let (reader, writer) = Box::new(server).split().unwrap();
    let heartbeat =
        Heartbeat::start(&Cancel::new(), SharedWriter::new(writer, Some(PATIENCE)), millis(5)).unwrap();
    drop(client);
    // The first ping after the client left meets a reset, the second fails; meanwhile every reset returns at once.
    let begin = Instant::now();
    while heartbeat.reset_to(millis(1)) == Ok(()) {
        assert!(begin.elapsed() < PATIENCE);
        std::thread::sleep(millis(2));
    }
    assert_eq!(heartbeat.reset(), Err(PingerGone));
    let error = heartbeat.stop().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    drop(reader);
}

/// An echo server answers pings, until its process is frozen. Its kernel goes on acknowledging, and would answer any
/// keepalive; only the missing echo tells.
#[cfg(target_os = "linux")]
#[test]
fn a_frozen_peer_is_found_by_its_missing_pongs_though_tcp_is_up() {
    use netprog::ch03_tcp::socket_table::{KernelState, state_of};
    let server = crate::support::Program::start("ch03_serve", &["echo"]);
    let conn = TcpConn::new(TcpStream::connect(server.address()).unwrap()).unwrap();
    let (here, there) = (conn.local().socket_addr().unwrap(), server.address());
    let (mut reader, writer) = Box::new(conn).split().unwrap();
    let writer = SharedWriter::new(writer, Some(PATIENCE));
    let heartbeat = Heartbeat::start(&Cancel::new(), writer, millis(20)).unwrap();
    let mut pong = [0; 4];
    for _ in 0..3 {
        reader.set_read_deadline(Deadline::after(PATIENCE));
        reader.read_exact(&mut pong).unwrap();
        assert_eq!(&pong, PING);
    }
    crate::support::signal(server.id(), "STOP");
    let missing = loop {
        // Pongs already on their way may still come.
        reader.set_read_deadline(Deadline::after(millis(200)));
        if let Err(error) = reader.read(&mut pong) {
            break error;
        }
    };
    assert_eq!(missing.kind(), ErrorKind::TimedOut);
    assert_eq!(state_of(here, there).unwrap(), Some(KernelState::Established));
    heartbeat.stop().expect("every ping was taken by the kernel");
    crate::support::signal(server.id(), "CONT");
}

#[test]
fn one_byte_is_heartbeat_enough() {
    let (mut client, mut server) = connected();
    let echo = thread::spawn("echo", move || {
        let mut byte = [0];
        while server.read(&mut byte).unwrap() == 1 {
            server.write_all(&byte).unwrap();
        }
    })
    .unwrap();
    client.set_read_deadline(Deadline::after(PATIENCE));
    client.write_all(b"?").unwrap();
    client.read_exact(&mut [0]).unwrap();
    client.socket().shutdown(Shutdown::Write).unwrap();
    join(echo);
}
