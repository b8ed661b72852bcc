//! Watching a connection, pinging a host, logging over the network: Listings 4-19 to 4-22.

use super::parties::*;
use crate::support::{PATIENCE, Page, join};
use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, ConnWrite};
use netprog::base::{thread, trace};
use netprog::ch04_data::monitor::Monitor;
use netprog::ch04_data::network_log;
use netprog::ch04_data::ping::{Ended, PingOptions, ping};
use netprog::ch04_data::scanner::Scanner;
use netprog::ch04_data::tee::{CountingReader, MultiWriter, Prefixed, TeeReader, Tolerant};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The server of Listing 4-19: reads through a tee, answers through a multi-writer, both with the monitor.
fn monitored_echo(monitor: Monitor) -> (SocketAddr, JoinHandle<()>) {
    serve(move |conn| {
        let (input, output) = Box::new(conn).split().unwrap();
        let mut reader = TeeReader::new(input, monitor.incoming());
        let mut buffer = [0; 1024];
        let count = reader.read(&mut buffer).unwrap();
        let mut writer = MultiWriter::new().and(output).and(monitor.outgoing());
        writer.write_all(&buffer[..count]).unwrap();
    })
}

/// Listing 4-19: what a server reads and writes is logged, in and out told apart. Rows 4.25, 4.28.
#[test]
fn listing_4_19_a_monitor_logs_what_comes_in_and_what_goes_out() {
    let _me = trace::party("client");
    let paper = Page::default();
    let (address, server) = monitored_echo(Monitor::new(Box::new(paper.clone())));
    let mut conn = dial(address);
    conn.write_all(b"Test\n").unwrap();
    let mut answer = String::new();
    conn.read_to_string(&mut answer).unwrap();
    join(server);
    assert_eq!(answer, "Test\n");
    for line in paper.text().lines() {
        trace::note_of("monitor", || line.to_string());
    }
    assert_eq!(paper.text(), "monitor: in  Test\nmonitor: out Test\n");
}

/// Listing 4-20: the client of it, and the book's own two lines, without labels. Row 4.25.
#[test]
fn listing_4_20_one_test_message_is_logged_twice() {
    let _me = trace::party("client");
    let paper = Page::default();
    let monitor = Monitor::new(Box::new(paper.clone()));
    let (address, server) = serve(move |conn| {
        let (input, output) = Box::new(conn).split().unwrap();
        let mut buffer = [0; 1024];
        let count = TeeReader::new(input, monitor.clone()).read(&mut buffer).unwrap();
        MultiWriter::new().and(output).and(monitor).write_all(&buffer[..count]).unwrap();
    });
    let mut conn = dial(address);
    conn.write_all(b"Test\n").unwrap();
    conn.finish().unwrap();
    join(server);
    assert_eq!(paper.text(), "monitor: Test\nmonitor: Test\n");
}

/// Listing 4-21: the flags of the ping program and what they are without being given. Row 4.29.
#[test]
fn listing_4_21_three_pings_a_second_apart_wait_five_seconds_each() {
    let _me = trace::party("ping");
    trace::chapter("ch04");
    let options = PingOptions::default();
    trace::note(|| format!("unless told otherwise: {options:?}"));
    assert_eq!((options.count, options.interval.as_secs(), options.timeout.as_secs()), (3, 1, 5));
    let usage = crate::support::stdout(&crate::support::run("ch04_ping", &["-h"]));
    for flag in ["-c int", "-i duration", "-W duration"] {
        assert!(usage.contains(flag), "{flag} in {usage}");
        trace::note(|| format!("the usage names {flag}"));
    }
}

/// Listing 4-22: handshakes are timed and closed at once. Watch: connections without a byte. Rows 4.30, 4.32.
#[test]
fn listing_4_22_each_ping_is_a_handshake_that_is_timed() {
    let _me = trace::party("ping");
    trace::chapter("ch04");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    trace::name(&target.to_string(), "target");
    let mut out = Vec::new();
    let options =
        PingOptions { interval: Duration::from_millis(1), timeout: PATIENCE, ..PingOptions::default() };
    let summary = ping(&target.to_string(), &options, &mut out, &Cancel::new()).unwrap();
    let text = String::from_utf8(out).unwrap();
    for line in text.lines() {
        trace::note(|| line.to_string());
    }
    assert_eq!((summary.ended, summary.answered, summary.failed), (Ended::Counted, 3, 0));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("PING {target}"));
    for (number, line) in (1..=3).zip(&lines[1..]) {
        let time = line.strip_prefix(&format!("{number} ")).unwrap_or_else(|| panic!("{line}"));
        netprog::base::flags::parse_duration(time).unwrap();
    }
}

/// Takes three bytes, then fails.
struct Failing(Vec<u8>);

impl Write for Failing {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.0.len() == 3 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let count = buf.len().min(3 - self.0.len());
        self.0.extend_from_slice(&buf[..count]);
        Ok(count)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Row 4.26.
#[test]
fn a_tee_writes_before_it_returns_and_a_multi_writer_stops_at_the_first_error() {
    let mut reader = TeeReader::new(&b"hello"[..], Vec::new());
    assert_eq!(reader.read(&mut [0; 3]).unwrap(), 3);
    assert_eq!(reader.into_parts().1, b"hel");

    let (mut before, mut behind) = (Vec::new(), Vec::new());
    let mut writer = MultiWriter::new().and(&mut before).and(Failing(Vec::new())).and(&mut behind);
    assert_eq!(writer.write_all(b"hello").unwrap_err().kind(), io::ErrorKind::StorageFull);
    drop(writer);
    assert_eq!((before.as_slice(), behind.as_slice()), (&b"hello"[..], &b""[..]));

    let mut small = [0; 3];
    let mut writer = MultiWriter::new().and(&mut small[..]);
    assert_eq!(writer.write_all(b"hello").unwrap_err().kind(), io::ErrorKind::WriteZero);
}

/// Row 4.27: a slow sink slows the traffic down.
#[test]
fn a_monitor_adds_its_own_time_to_every_write() {
    struct Slow;
    const PAUSE: Duration = Duration::from_millis(15);
    impl Write for Slow {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            std::thread::sleep(PAUSE);
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut wire = Vec::new();
    let mut writer = MultiWriter::new().and(&mut wire).and(Slow);
    let begin = Instant::now();
    for _ in 0..3 {
        writer.write_all(b"ping").unwrap();
    }
    assert!(begin.elapsed() >= 3 * PAUSE);
}

/// Row 4.27: a sink that fails stops the traffic, and does not when it is tolerated: then its errors are told elsewhere.
#[test]
fn a_strict_monitor_stops_the_traffic_and_a_tolerant_one_lets_it_pass() {
    let _me = trace::party("client");
    for tolerant in [false, true] {
        let mut reports = Vec::new();
        let (address, server) = serve(|mut conn| {
            let mut text = String::new();
            conn.read_to_string(&mut text).unwrap();
            text
        });
        let conn = dial(address);
        let mut writer = MultiWriter::new();
        writer = if tolerant {
            writer.and(Tolerant::new(Failing(Vec::new()), |error| reports.push(error.kind())))
        } else {
            writer.and(Failing(Vec::new()))
        };
        let mut writer = writer.and(conn);
        let outcomes = [writer.write_all(b"one "), writer.write_all(b"two")];
        drop(writer);
        let arrived = join(server);
        if tolerant {
            assert!(outcomes.iter().all(Result::is_ok));
            assert_eq!((arrived.as_str(), reports.len()), ("one two", 2));
        } else {
            assert!(outcomes.iter().all(Result::is_err));
            assert_eq!(arrived, "", "the connection stands behind the log, and got nothing");
        }
    }
}

/// Row 4.28: the exercise as the book words it: a writer around the monitor's that puts a prefix before the data.
#[test]
fn a_prefixing_writer_tells_the_directions_apart() {
    let paper = Page::default();
    let monitor = Monitor::new(Box::new(paper.clone()));
    Prefixed::new("< ", monitor.clone()).write_all(b"ping").unwrap();
    Prefixed::new("> ", monitor).write_all(b"pong").unwrap();
    assert_eq!(paper.text(), "monitor: < ping\nmonitor: > pong\n");
}

/// Row N1.4.
#[test]
fn a_tee_duplicates_reads_and_a_multi_writer_writes() {
    let (mut copy, mut one, mut two) = (Vec::new(), Vec::new(), Vec::new());
    let mut text = String::new();
    TeeReader::new(PROVERB.as_bytes(), &mut copy).read_to_string(&mut text).unwrap();
    MultiWriter::new().and(&mut one).and(&mut two).write_all(PROVERB.as_bytes()).unwrap();
    assert_eq!((text.as_bytes(), copy.as_slice()), (PROVERB.as_bytes(), PROVERB.as_bytes()));
    assert_eq!((one.as_slice(), two.as_slice()), (PROVERB.as_bytes(), PROVERB.as_bytes()));
}

/// A collector: all that one logger sends it, until that closes.
fn collector() -> (SocketAddr, JoinHandle<String>) {
    serve(|mut conn| {
        let mut text = String::new();
        conn.read_to_string(&mut text).unwrap();
        text
    })
}

/// Row N2.14. Watch: one connection, and the lines on it.
#[test]
fn a_log_line_on_the_network_has_its_prefix_date_file_and_line() {
    let _me = trace::party("program");
    let (address, collector) = collector();
    let logger = network_log::to_collector(address, "[example]").unwrap();
    logger.println("This is a regular message");
    drop(logger);
    let text = join(collector);
    // [example]2025/09/06 main.go:12: This is a regular message
    let rest = text.strip_prefix("[example]").unwrap();
    let (date, rest) = rest.split_once(' ').unwrap();
    assert!(date.len() == 10 && date.matches('/').count() == 2, "{text}");
    let (file, rest) = rest.split_once(".rs:").unwrap();
    assert_eq!(file, "watching", "{text}");
    let (line, message) = rest.split_once(": ").unwrap();
    assert!(line.parse::<u32>().is_ok(), "{text}");
    assert_eq!(message, "This is a regular message\n");
}

/// Row N2.15: a panic unwinds, so the buffer is written.
#[test]
fn the_last_lines_before_a_panic_arrive() {
    let _me = trace::party("program");
    let (address, collector) = collector();
    let program = thread::spawn("program", move || {
        let logger = network_log::to_collector(address, "[example]").unwrap();
        logger.println("This is a regular message");
        logger.panicln("This is a panic.");
    });
    program.unwrap().join().unwrap_err();
    let text = join(collector);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.ends_with("This is a panic.\n"), "{text}");
}

/// Row N2.15: `exit` runs no destructor, so the buffer is lost. The program that exits is this test in a process of its own.
#[test]
fn the_last_lines_before_an_exit_are_lost() {
    const COLLECTOR: &str = "NETPROG_TEST_COLLECTOR";
    if let Ok(address) = std::env::var(COLLECTOR) {
        let logger = network_log::to_collector(address.parse().unwrap(), "[example]").unwrap();
        logger.println("nobody will read this");
        std::process::exit(0);
    }
    let (address, collector) = collector();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "watching::the_last_lines_before_an_exit_are_lost"])
        .env(COLLECTOR, address.to_string())
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    assert_eq!(join(collector), "");
}

/// Row N2.16: a program without its collector says so where somebody may see it, and goes on.
#[test]
fn without_a_collector_the_log_goes_elsewhere_and_says_why() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = network_log::to_collector(nobody, "[example]").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    let paper = Page::default();
    let logger = network_log::to_collector_or(nobody, "[example]", Box::new(paper.clone()));
    logger.println("still here");
    let text = paper.text();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains(&format!("no log collector at {nobody}")), "{text}");
    assert!(lines[1].ends_with(": still here"), "{text}");
}

/// Row N3.7: a buffer saves calls; and what streams is there before the whole is.
#[test]
fn a_buffered_reader_asks_rarely_and_a_streamed_answer_starts_before_its_end() {
    let payload = vec![b'\n'; 10_000];
    let mut plain = CountingReader::new(&payload[..]);
    let mut buffered = CountingReader::new(&payload[..]);
    let mut byte = [0];
    while plain.read(&mut byte).unwrap() == 1 {}
    let mut reader = BufReader::with_capacity(8192, &mut buffered);
    while reader.read(&mut byte).unwrap() == 1 {}
    assert_eq!((plain.calls(), buffered.calls()), (10_001, 3));
    assert_eq!((plain.total(), buffered.total()), (10_000, 10_000));

    let _me = trace::party("client");
    let (seen, wait) = mpsc::channel::<()>();
    let (address, server) = serve(move |conn| {
        let mut writer = BufWriter::new(conn);
        writer.write_all(b"first\n").unwrap();
        writer.flush().unwrap();
        wait.recv_timeout(PATIENCE).expect("the first line was read before the second was written");
        writer.write_all(b"second\n").unwrap();
    });
    let mut scanner = Scanner::new(dial(address));
    assert_eq!(scanner.text().unwrap(), Some("first"));
    seen.send(()).unwrap();
    assert_eq!(scanner.text().unwrap(), Some("second"));
    join(server);
}
