//! Chapter 4, first half, against netcat. Run by `make interop`.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use netprog::ch04_data::network_log;
use netprog::ch04_data::tlv::{Payload, Text};

use crate::support::{PATIENCE, run, stdout};

/// A netcat that listens, and is killed when the test is done with it.
struct Netcat {
    child: Child,
    address: SocketAddr,
}

impl Netcat {
    fn listening(flags: &[&str]) -> Netcat {
        // Netcat cannot be asked for a free port. The system will not give this one to anyone else so soon.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new("nc")
            .args(flags)
            .args(["127.0.0.1", &address.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("nc is installed");
        Netcat { child, address }
    }

    /// Waits until it listens, without connecting to it: a netcat without `-k` takes one connection only.
    fn wait_for_it(&self) {
        let wanted = format!("0100007F:{:04X} 00000000:0000 0A", self.address.port());
        let begin = Instant::now();
        while !std::fs::read_to_string("/proc/net/tcp").unwrap().contains(&wanted) {
            assert!(begin.elapsed() < PATIENCE, "nc does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn output(&mut self) -> BufReader<std::process::ChildStdout> {
        BufReader::new(self.child.stdout.take().expect("taken once"))
    }
}

impl Drop for Netcat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "needs nc"]
fn ping_times_a_netcat_that_keeps_listening() {
    let netcat = Netcat::listening(&["-lk"]);
    netcat.wait_for_it();
    let output = run("ch04_ping", &["-c", "3", "-i", "20ms", &netcat.address.to_string()]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(!text.contains("fail"), "{text}");
}

#[test]
#[ignore = "needs nc"]
fn ping_watches_a_netcat_restart() {
    let mut first = Netcat::listening(&["-lk"]);
    first.wait_for_it();
    let address = first.address;
    let mut ping = Command::new(crate::support::program("ch04_ping"))
        .args(["-r", "-c", "0", "-i", "10ms", &address.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(ping.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("2 ") && !line.contains("fail")));
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    assert!(lines.any(|line| line.contains("fail in ")));

    let second = Command::new("nc")
        .args(["-lk", "127.0.0.1", &address.port().to_string()])
        .stdin(Stdio::null())
        .spawn();
    let second = Netcat { child: second.unwrap(), address };
    second.wait_for_it();
    assert!(lines.any(|line| !line.contains("fail")));
    crate::support::signal(ping.id(), "INT");
    assert!(lines.last().unwrap().contains(" sent: "));
    assert!(ping.wait().unwrap().success());
}

#[test]
#[ignore = "needs nc"]
fn netcat_collects_the_log() {
    let mut netcat = Netcat::listening(&["-l"]);
    netcat.wait_for_it();
    let logger = network_log::to_collector(netcat.address, "[example]").unwrap();
    logger.println("This is a regular message");
    logger.println("This is the last.");
    drop(logger);
    let mut text = String::new();
    netcat.output().read_to_string(&mut text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("[example]2") && lines[0].contains(" ch04_messages"), "{text}");
    assert!(lines[1].ends_with(": This is the last."), "{text}");
}

#[test]
#[ignore = "needs nc"]
fn netcat_sees_the_bytes_of_a_message() {
    let mut netcat = Netcat::listening(&["-l"]);
    netcat.wait_for_it();
    let mut stream = TcpStream::connect(netcat.address).unwrap();
    Text("Errors are values.".to_string()).write_to(&mut stream).unwrap();
    drop(stream);
    let mut bytes = Vec::new();
    netcat.output().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"\x02\x00\x00\x00\x12Errors are values.");
}
