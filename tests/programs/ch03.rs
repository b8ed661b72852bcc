//! `ch03_serve` as people start it: its services, its mistakes, and its end.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Program, run, stderr, stdout};
use netprog::base::deadline::Deadline;
use netprog::ch03_tcp::hello::greet_udp;

const NAME: &str = "ch03_serve";

fn client(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn ask(address: SocketAddr, words: &str) -> String {
    let mut stream = client(address);
    stream.write_all(words.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn ask_udp(address: SocketAddr, words: &str) -> String {
    let answer = greet_udp(address, words.as_bytes(), Deadline::after(PATIENCE)).unwrap();
    String::from_utf8(answer).unwrap()
}

#[test]
fn every_service_answers_over_tcp() {
    for (service, words, answer) in [
        ("echo", "back to me", "back to me"),
        ("echo-serial", "back to me", "back to me"),
        ("upper", "hello\n", "HELLO\n"),
        ("hello", "Hello, Server!", "Hello from TCP server\n"),
        ("sink", "a line\n", ""),
        ("chat", "anyone?\n", "anyone?\n"),
    ] {
        let server = Program::start(NAME, &[service]);
        assert!(server.address().ip().is_loopback(), "unless told otherwise");
        assert_eq!(ask(server.address(), words), answer, "{service}");
        let ended = server.stop_by("INT");
        assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""), "{service}");
    }
    let server = Program::start(NAME, &["daytime", "127.0.0.1:0"]);
    assert!(ask(server.address(), "").contains(" UTC "));
}

#[test]
fn daytime_sink_and_hello_answer_over_udp() {
    let server = Program::start(NAME, &["-udp", "daytime"]);
    assert!(ask_udp(server.address(), "").contains(" UTC "));
    assert_eq!(server.stop_by("TERM").status.code(), Some(0));

    let mut server = Program::start(NAME, &["-udp", "hello"]);
    assert_eq!(ask_udp(server.address(), "Hello UDP client"), "Hello from the UDP server");
    let line = server.line().unwrap();
    assert!(line.starts_with("received \"Hello UDP client\" from 127.0.0.1:"), "{line}");
    assert_eq!(server.stop_by("INT").status.code(), Some(0));

    let mut server = Program::start(NAME, &["-udp", "sink"]);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"a datagram", server.address()).unwrap();
    assert_eq!(server.line().as_deref(), Some("a datagram"));
}

#[test]
fn what_clients_send_is_on_standard_output() {
    let mut sink = Program::start(NAME, &["sink"]);
    for words in ["first\n", "second"] {
        ask(sink.address(), words);
        assert_eq!(sink.line().as_deref(), Some(words.trim_end()));
    }
    let mut hello = Program::start(NAME, &["hello"]);
    ask(hello.address(), "Hello, Server!\x1b[2J");
    let line = hello.line().unwrap();
    assert!(line.starts_with(r#"received "Hello, Server!\x1b[2J" from 127.0.0.1:"#), "{line}");
}

#[test]
fn help_is_on_standard_output_and_names_every_service_and_flag() {
    for flag in ["-h", "--help"] {
        let output = run(NAME, &[flag]);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(stderr(&output), "");
        let help = stdout(&output);
        for word in ["echo", "echo-serial", "daytime", "upper", "sink", "hello", "chat"] {
            assert!(help.contains(&format!("\n  {word} ")), "{word} in {help}");
        }
        for flag in ["-max", "-idle", "-grace", "-allow", "-udp", "-line"] {
            assert!(help.contains(&format!("\n  {flag} ")) || help.contains(&format!("{flag}  ")), "{flag}");
        }
    }
}

#[test]
fn wrong_usage_is_explained_on_standard_error_with_exit_code_2() {
    for (arguments, complaint) in [
        (&[][..], "no service was named"),
        (&["ehco"], "there is no service \"ehco\""),
        (&["echo", "127.0.0.1:0", "more"], "one service and one address"),
        (&["-nope", "echo"], "-nope"),
        (&["-max", "0", "echo"], "-max"),
        (&["-max", "-5", "echo"], "-max"),
        (&["-line", "99999999999", "upper"], "-line"),
        (&["-idle", "10", "echo"], "unit"),
        (&["-allow", "192.0.2.0/33", "echo"], "-allow"),
        (&["-udp", "echo"], "echo is not served over UDP"),
    ] {
        let output = run(NAME, arguments);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.starts_with("ch03_serve: ") && text.contains(complaint), "{arguments:?}: {text}");
        assert!(text.contains("usage: ch03_serve"), "{text}");
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn an_address_that_cannot_be_had_is_one_clear_line_and_exit_code_1() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    for (udp, address) in [
        ("-udp=false", taken.as_str()),
        ("-udp=false", "192.0.2.1:0"),
        ("-udp=false", "127.0.0.1:99999"),
        ("-udp=false", "127.0.0.1:no-such-service"),
        ("-udp", "192.0.2.1:0"),
        ("-udp", "127.0.0.1:99999"),
        ("-udp", "127.0.0.1"),
    ] {
        let output = run(NAME, &[udp, "hello", address]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{address}: {text}");
        assert!(text.starts_with("ch03_serve: ") && text.contains(address), "{address}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    drop(holder);
}

#[cfg(unix)]
#[test]
fn a_stop_signal_ends_it_in_order_with_an_idle_client_connected() {
    for signal in ["INT", "TERM"] {
        let server = Program::start(NAME, &["-grace", "20s", "echo"]);
        let mut idle = client(server.address());
        idle.write_all(b"x").unwrap();
        idle.read_exact(&mut [0]).unwrap();
        let begin = Instant::now();
        let ended = server.stop_by(signal);
        assert_eq!(ended.status.code(), Some(0), "{signal}: {}", ended.stderr);
        assert!(begin.elapsed() < Duration::from_secs(20), "an idle client has nothing to finish");
        assert_eq!(idle.read(&mut [0]).unwrap(), 0, "and sees an orderly end");
    }
}

#[cfg(unix)]
#[test]
fn a_client_that_does_not_let_go_holds_the_end_up_for_the_grace_and_no_longer() {
    let server = Program::start(NAME, &["-grace", "200ms", "echo"]);
    let mut deaf = client(server.address());
    deaf.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let block = [0; 1 << 16];
    while deaf.write(&block).is_ok() {}
    let begin = Instant::now();
    let ended = server.stop_by("INT");
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(begin.elapsed() >= Duration::from_millis(200) && begin.elapsed() < PATIENCE);
}

#[test]
fn its_limits_are_the_flags() {
    let server = Program::start(NAME, &["-idle", "50ms", "-line", "5", "upper"]);
    assert_eq!(ask(server.address(), "12345\n123456\n"), "12345\nerror: line longer than 5 bytes\n");
    let mut silent = client(server.address());
    assert_eq!(silent.read(&mut [0]).unwrap(), 0, "idle for 50 ms");

    let server = Program::start(NAME, &["-max", "1", "-idle", "0", "echo"]);
    let mut first = client(server.address());
    first.write_all(b"1").unwrap();
    first.read_exact(&mut [0]).unwrap();
    let mut second = client(server.address());
    second.write_all(b"2").unwrap();
    second.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(second.read(&mut [0]).is_err(), "it waits for the first to leave");
    drop(first);
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    second.read_exact(&mut [0]).unwrap();

    let server = Program::start(NAME, &["-allow", "192.0.2.0/24", "-allow", "10.0.0.0/8", "hello"]);
    let refused = client(server.address()).read(&mut [0]);
    assert!(matches!(refused, Ok(0) | Err(_)));
    let server = Program::start(NAME, &["-allow", "192.0.2.0/24", "-allow", "127.0.0.0/8", "hello"]);
    assert_eq!(ask(server.address(), "x"), "Hello from TCP server\n");
}

#[cfg(unix)]
#[test]
fn without_descriptors_it_says_so_waits_and_serves_again_once_some_are_free() {
    let path = crate::support::program(NAME);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 24; exec \"$0\" -grace 100ms echo"]).arg(path);
    let server = Program::start_command(&mut command);
    let mut clients = Vec::new();
    for _ in 0..40 {
        let mut stream = client(server.address());
        stream.write_all(b"x").unwrap();
        clients.push(stream);
    }
    clients[0].read_exact(&mut [0]).unwrap();
    // The last of them waits in the backlog; nothing but the limit keeps it from its echo.
    let last = clients.last_mut().unwrap();
    last.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(last.read(&mut [0]).is_err());
    last.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut last = clients.pop().unwrap();
    drop(clients);
    last.read_exact(&mut [0]).unwrap();
    assert_eq!(ask(server.address(), "a newcomer"), "a newcomer");
    drop(last);
    let ended = server.stop_by("INT");
    assert_eq!(ended.status.code(), Some(0));
    let complaints: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("accept failed")).collect();
    assert!(!complaints.is_empty(), "it says so: {}", ended.stderr);
    assert!(complaints.len() < 40, "and does not spin: {} lines", complaints.len());
}

#[test]
#[cfg(unix)]
fn a_udp_service_ends_with_ctrl_c_though_nobody_reads_what_it_prints() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    for service in ["sink", "hello"] {
        let mut command = Command::new(crate::support::program(NAME));
        command.args(["-grace", "10ms", "-udp", service]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::with_capacity(1, child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.split("listening on ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        // Several times what a pipe holds; what finds the socket's buffer full is lost, which does not matter.
        for _ in 0..1000 {
            socket.send_to(&[b'x'; 1000], address.unwrap()).unwrap();
            std::thread::yield_now();
        }
        crate::support::signal(child.id(), "TERM");
        let ended = crate::support::output_of(child);
        assert_eq!(ended.status.code(), Some(0), "{service}");
        drop(output);
    }
}
