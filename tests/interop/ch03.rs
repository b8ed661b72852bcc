//! Chapter 3's services with the tools people use: nc, socat, telnet and curl. `make interop` runs these.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use crate::support::{PATIENCE, Program};
use netprog::base::cancel::Cancel;
use netprog::base::deadline::Deadline;
use netprog::ch03_tcp::hello::say;

/// Runs a command with `input` on its standard input, and gives what it prints.
fn tool(command: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(command)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{command} did not start: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    crate::support::stdout(&crate::support::output_of(child))
}

fn parts(address: SocketAddr) -> (String, String) {
    (address.ip().to_string(), address.port().to_string())
}

#[test]
#[ignore = "needs nc"]
fn nc_talks_to_every_service() {
    for (service, input, answer) in [
        ("echo", "to and fro\n", "to and fro\n"),
        ("upper", "hello\nworld\n", "HELLO\nWORLD\n"),
        ("hello", "Hello TCP client", "Hello from TCP server\n"),
        ("chat", "anyone?\n", "anyone?\n"),
        ("sink", "one line\n", ""),
    ] {
        let mut server = Program::start("ch03_serve", &[service]);
        let (host, port) = parts(server.address());
        assert_eq!(tool("nc", &["-N", "-w", "20", &host, &port], input), answer, "{service}");
        if service == "sink" {
            assert_eq!(server.line().as_deref(), Some("one line"));
        }
    }
    let server = Program::start("ch03_serve", &["daytime"]);
    let (host, port) = parts(server.address());
    assert!(tool("nc", &["-w", "20", &host, &port], "").ends_with("\r\n"));
}

#[test]
#[ignore = "needs nc"]
fn nc_gets_its_datagrams_answered() {
    let server = Program::start("ch03_serve", &["-udp", "hello"]);
    let (host, port) = parts(server.address());
    // nc -u cannot know when the answer is complete; it leaves a second after the last byte.
    assert_eq!(tool("nc", &["-u", "-w", "1", &host, &port], "Hello UDP client"), "Hello from the UDP server");
}

#[test]
#[ignore = "needs nc"]
fn nc_as_the_server_hears_what_the_client_says_before_it_leaves() {
    // nc cannot report a port it was given by the system, so a free one is looked for, and looked for again if lost.
    for _ in 0..10 {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut nc = Command::new("nc")
            .args(["-l", "-k", "127.0.0.1", &free.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Deadline::after(PATIENCE);
        let mut heard = vec![0; "Hello TCP client".len()];
        let outcome = loop {
            match say(free, b"Hello TCP client", deadline, &Cancel::new()) {
                // It has not begun to listen, or could not.
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                    if nc.try_wait().unwrap().is_some() {
                        break Err(error);
                    }
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                outcome => break outcome,
            }
        };
        if outcome.is_err() {
            let _ = nc.kill();
            let _ = nc.wait();
            continue;
        }
        std::io::Read::read_exact(nc.stdout.as_mut().unwrap(), &mut heard).unwrap();
        nc.kill().unwrap();
        nc.wait().unwrap();
        assert_eq!(heard, b"Hello TCP client");
        return;
    }
    panic!("nc never listened");
}

#[test]
#[ignore = "needs socat"]
fn socat_talks_to_the_line_server_and_to_daytime_over_udp() {
    let server = Program::start("ch03_serve", &["upper"]);
    let target = format!("TCP:{}", server.address());
    assert_eq!(tool("socat", &["-t", "20", "-", &target], "hello\r\nworld\r\n"), "HELLO\nWORLD\n");

    let server = Program::start("ch03_serve", &["-udp", "daytime"]);
    let target = format!("UDP:{}", server.address());
    assert!(tool("socat", &["-t", "1", "-", &target], "\n").ends_with("\r\n"));
}

#[test]
#[ignore = "needs telnet"]
fn telnet_shows_the_transcript_of_the_notes() {
    let server = Program::start("ch03_serve", &["daytime"]);
    let (host, port) = parts(server.address());
    // At the end of its input telnet leaves without waiting for an answer, so the input stays open.
    let mut child = Command::new("telnet")
        .args([&host, &port])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let input = child.stdin.take();
    let shown = crate::support::stdout(&crate::support::output_of(child));
    drop(input);
    assert!(shown.contains("Connected to 127.0.0.1."), "{shown}");
    assert!(shown.contains("Escape character is '^]'."), "{shown}");
    assert!(shown.contains(" UTC 2"), "{shown}");
}

#[test]
#[ignore = "needs curl"]
fn curl_speaks_telnet_to_the_line_server() {
    let server = Program::start("ch03_serve", &["upper"]);
    let url = format!("telnet://{}", server.address());
    // curl does not pass the end of its input on, and so waits until its time is up.
    let shown = tool("curl", &["--silent", "--max-time", "2", "--upload-file", "-", &url], "hello\n");
    assert_eq!(shown, "HELLO\n");
    let server = Program::start("ch03_serve", &["daytime"]);
    let url = format!("telnet://{}", server.address());
    let shown = tool("curl", &["--silent", "--max-time", "20", &url], "");
    assert!(shown.ends_with("\r\n") && shown.contains(" UTC 2"), "{shown:?}");
}
