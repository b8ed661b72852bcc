//! ch04_proxy, ch04_monitor and ch04_head as a user starts them.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use crate::support::{PATIENCE, Program, join, output_of, program, run, stderr, stdout};

/// An upstream that sends everything back, for as many clients as come.
fn echo_upstream() -> SocketAddr {
    upstream(|mut stream| {
        let mut reader = stream.try_clone().unwrap();
        let _ = std::io::copy(&mut reader, &mut stream);
    })
}

fn upstream(handle: impl Fn(TcpStream) + Send + Clone + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let handle = handle.clone();
            thread::spawn(move || handle(stream.unwrap()));
        }
    });
    address
}

fn gone() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn exchange(stream: &mut TcpStream, message: &[u8]) {
    stream.write_all(message).unwrap();
    let mut reply = vec![0; message.len()];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(reply, message);
}

fn pattern(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    for index in 0..length {
        bytes.push((index % 251) as u8 ^ (index / 65_521) as u8);
    }
    bytes
}

#[test]
fn help_is_on_stdout_with_exit_0_and_wrong_usage_on_stderr_with_exit_2() {
    for name in ["ch04_proxy", "ch04_monitor", "ch04_head"] {
        for flag in ["-h", "--help"] {
            let output = run(name, &[flag]);
            assert_eq!(output.status.code(), Some(0), "{name}");
            assert!(stdout(&output).starts_with(&format!("usage: {name} ")), "{}", stdout(&output));
            assert_eq!(stderr(&output), "");
        }
        let output = run(name, &["-nonsense", "a:1", "b:2"]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(stderr(&output).contains("usage: "), "{}", stderr(&output));
    }
    for name in ["ch04_proxy", "ch04_monitor"] {
        for arguments in [&[][..], &["127.0.0.1:0"], &["a:1", "b:2", "c:3"], &["-max", "0", "a:1", "b:2"]] {
            let output = run(name, arguments);
            assert_eq!(output.status.code(), Some(2), "{name} {arguments:?}");
            assert!(stderr(&output).starts_with(&format!("{name}: ")), "{}", stderr(&output));
        }
    }
}

#[test]
fn an_address_in_use_and_one_that_is_none_are_one_line_and_exit_1() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    for name in ["ch04_proxy", "ch04_monitor"] {
        for address in [taken.as_str(), "no-port", "127.0.0.1:99999"] {
            let output = run(name, &[address, "127.0.0.1:9"]);
            assert_eq!(output.status.code(), Some(1), "{name} {address}");
            let text = stderr(&output);
            assert!(
                text.starts_with(&format!("{name}: listen tcp {address}: ")) && text.lines().count() == 1,
                "{text}"
            );
        }
    }
}

#[test]
fn four_exchanges_pass_and_ctrl_c_ends_it_with_exit_0() {
    let proxy = Program::start("ch04_proxy", &["127.0.0.1:0", &echo_upstream().to_string()]);
    let mut stream = connect(proxy.address());
    for message in ["ping", "pong", "echo", "ping"] {
        exchange(&mut stream, message.as_bytes());
    }
    // The client still holds its end; stopping ends its input, the upstream sees that and finishes.
    let ended = proxy.stop_by("INT");
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn a_conversation_that_does_not_finish_is_cut_after_the_grace_with_exit_0() {
    // An upstream that says hello, and then neither answers nor closes.
    let silent = upstream(|mut stream| {
        stream.write_all(b"!").unwrap();
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
        thread::park();
    });
    let proxy = Program::start("ch04_proxy", &["-grace", "50ms", "127.0.0.1:0", &silent.to_string()]);
    let mut stream = connect(proxy.address());
    stream.write_all(b"anybody?").unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
    let ended = proxy.stop_by("TERM");
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("interrupted from this side"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("did not end"), "{}", ended.stderr);
    let cut_off = stream.read(&mut [0; 1]).unwrap_err();
    assert_eq!(cut_off.kind(), std::io::ErrorKind::ConnectionReset, "half an answer does not look whole");
}

#[test]
fn eight_mebibytes_pass_unharmed_both_ways_and_the_reply_survives_the_half_close() {
    for name in ["ch04_proxy", "ch04_monitor"] {
        let mut proxy = Program::start(name, &["127.0.0.1:0", &echo_upstream().to_string()]);
        let mut stream = connect(proxy.address());
        let payload = pattern(8 << 20);
        let expected = payload.clone();
        let mut writer = stream.try_clone().unwrap();
        let sending = thread::spawn(move || {
            writer.write_all(&payload).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        join(sending);
        assert!(received == expected, "{name}: {} bytes came back", received.len());
        if name == "ch04_monitor" {
            assert!(proxy.line().is_some());
        }
        assert_eq!(proxy.stop_by("INT").status.code(), Some(0));
    }
}

#[test]
fn when_the_upstream_refuses_the_client_sees_the_end_and_the_proxy_goes_on() {
    for name in ["ch04_proxy", "ch04_monitor"] {
        let upstream = gone();
        let proxy = Program::start(name, &["127.0.0.1:0", &upstream]);
        for _ in 0..2 {
            assert_eq!(connect(proxy.address()).read(&mut [0; 1]).unwrap(), 0);
        }
        let ended = proxy.stop_by("INT");
        assert_eq!(ended.status.code(), Some(0));
        let told = ended.stderr.matches(&format!("dial tcp {upstream}: connect: connection refused")).count();
        assert_eq!(told, 2, "{}", ended.stderr);
    }
}

#[test]
fn the_monitor_tells_directions_connections_and_ends_apart() {
    let upstream = echo_upstream().to_string();
    let mut monitor = Program::start("ch04_monitor", &["-cap", "8", "127.0.0.1:0", &upstream]);
    let mut stream = connect(monitor.address());
    exchange(&mut stream, b"Test\r\n\x1b[2J");
    drop(stream);
    let mut lines = Vec::new();
    for _ in 0..5 {
        let line = monitor.line().unwrap();
        let (time, rest) = line.split_once(' ').unwrap();
        assert_eq!(time.len(), "15:04:05.123456".len(), "{line}");
        lines.push(rest.to_string());
    }
    assert!(lines[0].starts_with("#1 = 127.0.0.1:"), "{lines:?}");
    let shown = "10 bytes \"Test\\r\\n\\x1b[\"…";
    assert_eq!(lines[1], format!("#1 > {shown}"));
    let mut rest = lines[2..].to_vec();
    rest.sort();
    assert_eq!(rest, [format!("#1 < {shown}"), "#1 < end".to_string(), "#1 > end".to_string()]);

    let mut second = connect(monitor.address());
    exchange(&mut second, b"x");
    assert!(monitor.line().unwrap().contains("#2 = "));
    drop(second);
    assert_eq!(monitor.stop_by("INT").status.code(), Some(0));
}

#[test]
fn the_monitor_shows_hexadecimal_when_asked() {
    let upstream = echo_upstream().to_string();
    let mut monitor = Program::start("ch04_monitor", &["-hex", "-cap", "16", "127.0.0.1:0", &upstream]);
    let mut stream = connect(monitor.address());
    exchange(&mut stream, b"GET / HTTP/1.1\r\n\r\n");
    let _connection = monitor.line();
    assert!(monitor.line().unwrap().ends_with("#1 > 18 bytes"));
    let dump = "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|";
    assert_eq!(monitor.line().unwrap(), dump);
    assert_eq!(monitor.line().unwrap(), "… 2 more");
}

/// ch04_monitor with its output in our hands: the child, its output after the first line, and where it listens.
fn monitor_with_output(arguments: &[&str]) -> (Child, ChildStdout, SocketAddr) {
    let spawned = Command::new(program("ch04_monitor"))
        .args(arguments)
        .args(["127.0.0.1:0", &echo_upstream().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = spawned.unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        out.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    let text = String::from_utf8(line).unwrap();
    let address = text.trim().rsplit(' ').next().unwrap().parse().unwrap();
    (child, out, address)
}

/// `ch04_monitor … | head -1`: the output closes, the traffic must not.
#[test]
fn the_monitors_traffic_survives_a_closed_output_and_a_closed_standard_error() {
    let (mut child, out, address) = monitor_with_output(&[]);
    drop((out, child.stderr.take()));
    for _ in 0..3 {
        let mut stream = connect(address);
        for _ in 0..20 {
            exchange(&mut stream, b"still here");
        }
    }
    crate::support::signal(child.id(), "INT");
    assert_eq!(output_of(child).status.code(), Some(0));
}

/// Nobody reads the output and nobody closes it: a pager that waits for a key.
#[test]
fn the_monitors_traffic_is_not_held_up_by_an_output_that_nobody_reads() {
    let (child, unread, address) = monitor_with_output(&["-cap", "65536"]);
    let mut stream = connect(address);
    for _ in 0..200 {
        exchange(&mut stream, &[b'x'; 4096]);
    }
    drop(stream);
    crate::support::signal(child.id(), "INT");
    assert_eq!(output_of(child).status.code(), Some(0), "it does not wait for the pager either");
    drop(unread);
}

// --- ch04_head (rows N4.2, N4.3) ------------------------------------------------------------------------------------

fn web_upstream(reply: &'static [u8]) -> String {
    let address = upstream(move |mut stream| {
        let mut request = [0; 1024];
        let _ = stream.read(&mut request);
        let _ = stream.write_all(reply);
    });
    address.to_string()
}

#[test]
fn the_head_is_printed_line_by_line_and_nothing_else() {
    let address = web_upstream(b"HTTP/1.0 200 OK\r\nContent-Length: 18074\r\nServer: lighttpd\r\n\r\n");
    let output = run("ch04_head", &[&address]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    assert_eq!(stdout(&output), "HTTP/1.0 200 OK\nContent-Length: 18074\nServer: lighttpd\n");
}

#[test]
fn without_exactly_one_address_the_usage_is_on_stderr_and_the_exit_code_1() {
    for arguments in [&[][..], &["localhost:80", "localhost:81"]] {
        let output = run("ch04_head", arguments);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
        assert!(stderr(&output).contains("usage: ch04_head [options] host:port"), "{}", stderr(&output));
    }
}

#[test]
fn every_failure_is_one_line_that_begins_with_fatal_error_and_exit_1() {
    let garbage = web_upstream(b"220 mail.example ESMTP\r\n");
    let cases = [
        ("127.0.0.1".to_string(), "dial tcp 127.0.0.1: "),
        (gone(), "connect: connection refused"),
        (garbage, "a reply begins with HTTP/"),
    ];
    for (address, reason) in cases {
        let output = run("ch04_head", &[&address]);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
        let text = stderr(&output);
        assert!(text.starts_with("Fatal error: ") && text.contains(reason), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn path_and_host_go_into_the_request() {
    let (told, heard) = std::sync::mpsc::channel();
    let address = upstream(move |mut stream| {
        let mut request = [0; 1024];
        let count = stream.read(&mut request).unwrap();
        told.send(String::from_utf8_lossy(&request[..count]).into_owned()).unwrap();
        stream.write_all(b"HTTP/1.0 204 No Content\r\n\r\n").unwrap();
    });
    let output = run("ch04_head", &["-path", "/a", "-host", "example.com", &address.to_string()]);
    assert_eq!(stdout(&output), "HTTP/1.0 204 No Content\n");
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), "HEAD /a HTTP/1.0\r\nHost: example.com\r\n\r\n");
    let output = run("ch04_head", &["-path", "/a\r\nX: y", &address.to_string()]);
    assert_eq!(output.status.code(), Some(1), "a header in disguise");
}
