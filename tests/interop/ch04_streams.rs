//! Our proxy, monitor and HEAD against other people's programs. `make interop`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use crate::support::{PATIENCE, Program, output_of, run, stdout};

/// Another program, and the directory it works in: both gone when the test is over.
struct Running(Child, Option<PathBuf>);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        if let Some(directory) = &self.1 {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

/// Python's web server on a port of its own choice, over a directory with one file.
fn python_web_server(name: &str, file: &[u8]) -> (Running, SocketAddr) {
    let directory = std::env::temp_dir().join(format!("netprog-ch04-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("file"), file).unwrap();
    let spawned = Command::new("python3")
        .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory"])
        .arg(&directory)
        .arg("0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = spawned.expect("python3 is installed");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // Serving HTTP on 127.0.0.1 port 41512 (http://127.0.0.1:41512/) ...
    let port = line.split("port ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a port");
    let address = format!("127.0.0.1:{port}").parse().unwrap();
    (Running(child, Some(directory)), address)
}

fn pattern(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    for index in 0..length {
        bytes.push((index % 251) as u8 ^ (index / 65_521) as u8);
    }
    bytes
}

/// Runs another program with `input` to its end.
fn feed(program: &str, arguments: &[&str], input: &[u8]) -> Output {
    let spawned = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = spawned.unwrap_or_else(|error| panic!("{program} is not installed: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeding = std::thread::spawn(move || stdin.write_all(&input));
    let output = output_of(child);
    crate::support::join(feeding).unwrap();
    output
}

#[test]
#[ignore = "needs curl and python3"]
fn curl_fetches_a_large_file_from_python_through_the_proxy() {
    let file = pattern(8 << 20);
    let (_python, upstream) = python_web_server("proxy", &file);
    let proxy = Program::start("ch04_proxy", &["127.0.0.1:0", &upstream.to_string()]);
    let url = format!("http://{}/file", proxy.address());
    for _ in 0..3 {
        let output = feed("curl", &["--silent", "--fail", "--max-time", "30", &url], b"");
        assert!(output.status.success());
        assert!(output.stdout == file, "{} bytes", output.stdout.len());
    }
    let ended = proxy.stop_by("INT");
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
}

#[test]
#[ignore = "needs curl and python3"]
fn the_monitor_shows_what_curl_and_python_say_to_each_other() {
    let (_python, upstream) = python_web_server("monitor", b"hello");
    let mut monitor = Program::start("ch04_monitor", &["127.0.0.1:0", &upstream.to_string()]);
    let url = format!("http://{}/file", monitor.address());
    let output = feed("curl", &["--silent", "--fail", "--max-time", "30", &url], b"");
    assert_eq!(stdout(&output), "hello");
    let mut seen = String::new();
    while seen.matches(" end\n").count() < 2 {
        seen.push_str(&monitor.line().expect("both directions end"));
        seen.push('\n');
    }
    assert!(seen.contains("#1 > ") && seen.contains("\"GET /file HTTP/1.1\\r\\nHost: "), "{seen}");
    assert!(seen.contains("#1 < ") && seen.contains("\"HTTP/1.0 200 OK\\r\\n"), "{seen}");
    assert_eq!(monitor.stop_by("INT").status.code(), Some(0));
}

#[test]
#[ignore = "needs python3"]
fn ch04_head_reads_pythons_status_and_headers() {
    let (_python, server) = python_web_server("head", &pattern(18_074));
    let output = run("ch04_head", &["-path", "/file", &server.to_string()]);
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    assert!(text.starts_with("HTTP/1.0 200 OK\n"), "{text}");
    assert!(text.contains("Content-Length: 18074\n") || text.contains("Content-length: 18074\n"), "{text}");
    let output = run("ch04_head", &["-path", "/nothing", &server.to_string()]);
    assert!(stdout(&output).starts_with("HTTP/1.0 404 "), "a status is not an error");
}

/// socat as the upstream: sorts what it has received once its client has finished.
#[test]
#[ignore = "needs socat and nc"]
fn a_half_close_of_nc_reaches_sort_behind_socat_and_the_reply_comes_back() {
    let mut upstream = Running(
        Command::new("socat")
            .args(["-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1,reuseaddr,fork", "SYSTEM:sort"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("socat is installed"),
        None,
    );
    let stderr = upstream.0.stderr.take().unwrap();
    let mut address = String::new();
    let mut lines = BufReader::new(stderr).lines();
    while address.is_empty() {
        let line = lines.next().expect("socat says where it listens").unwrap();
        if let Some((_, found)) = line.split_once("listening on AF=2 ") {
            address = found.trim().to_string();
        }
    }
    let proxy = Program::start("ch04_proxy", &["127.0.0.1:0", &address]);
    let port = proxy.address().port().to_string();
    let output = feed("nc", &["-N", "127.0.0.1", &port], b"pear\napple\nfig\n");
    assert_eq!(stdout(&output), "apple\nfig\npear\n");

    let target = format!("TCP:127.0.0.1:{port}");
    let output = feed("socat", &["-t", "30", "-", &target], b"two\none\n");
    assert_eq!(stdout(&output), "one\ntwo\n");
    assert_eq!(proxy.stop_by("INT").status.code(), Some(0));
}

#[test]
#[ignore = "needs python3"]
fn a_mebibyte_comes_back_reversed_from_python_after_our_half_close() {
    let script = "import socket,sys\n\
        s=socket.create_server(('127.0.0.1',0))\n\
        print(s.getsockname()[1],flush=True)\n\
        c,_=s.accept()\n\
        data=b''\n\
        while True:\n    d=c.recv(65536)\n    if not d: break\n    data+=d\n\
        c.sendall(data[::-1])\n";
    let spawned = Command::new("python3").args(["-u", "-c", script]).stdout(Stdio::piped()).spawn();
    let mut server = Running(spawned.expect("python3 is installed"), None);
    let mut port = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let proxy = Program::start("ch04_proxy", &["127.0.0.1:0", &format!("localhost:{}", port.trim())]);
    let mut stream = std::net::TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&pattern(1 << 20)).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    reply.reverse();
    assert!(reply == pattern(1 << 20));
}
