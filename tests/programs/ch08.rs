//! `ch08_get` as a child process, against servers in this one.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;

use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

use crate::support::{PATIENCE, output_of, program, run, signal, stderr, stdout};

/// An empty directory of one test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("netprog-ch08-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_string()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `/echo` tells the request, `/n` has that status, `/moved` leads to `/echo`, `/large` is 300,000 bytes.
fn site(response: &mut dyn ResponseWriter, request: &mut Request) {
    let path = request.path.clone();
    match path.as_str() {
        "/echo" => {
            let body = request.body.read_all(1 << 20).unwrap_or_default();
            let mut text = format!("{} {}\n", request.method, request.target);
            for (name, value) in request.header.iter() {
                text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value)));
            }
            response.header().set("X-Site", "yes");
            let _ = response.write_all(text.as_bytes());
            let _ = response.write_all(b"\n");
            let _ = response.write_all(&body);
        }
        "/moved" => {
            response.header().set("Location", "/echo");
            response.write_status(Status::FOUND);
            let _ = response.write_all(b"moved");
        }
        "/large" => {
            let _ = response.write_all(&vec![b'x'; 300_000]);
        }
        _ => {
            let code = path.trim_start_matches('/').parse().ok().and_then(Status::new);
            response.write_status(code.unwrap_or(Status::NOT_FOUND));
            let _ = response.write_all(b"the body");
        }
    }
}

fn get(server: &TestServer, path: &str, flags: &[&str]) -> Output {
    let url = format!("{}{path}", server.url());
    run("ch08_get", &[flags, &[url.as_str()]].concat())
}

fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
}

/// Answers one connection with these bytes and closes.
fn answers(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if stream.read(&mut byte).unwrap_or(0) == 0 {
                return;
            }
            head.push(byte[0]);
        }
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    url
}

#[test]
fn the_body_goes_to_standard_output_and_the_head_where_it_is_asked_for() {
    let server = TestServer::new(site);
    let output = get(&server, "/404", &[]);
    assert_code(&output, 0);
    assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("the body", ""));

    let text = stdout(&get(&server, "/200", &["-i"]));
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\nthe body"), "{text}");
    let text = stdout(&get(&server, "/large", &["-I"]));
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\n"), "{text}");

    let output = get(
        &server,
        "/echo?a=b",
        &["-X", "OPTIONS", "-H", "X-Own: y", "-H", "User-Agent:", "-H", "X-Own: z"],
    );
    let text = stdout(&output);
    assert!(text.starts_with("OPTIONS /echo?a=b\n") && text.contains("\nX-Own: y\nX-Own: z\n"), "{text}");
    assert!(!text.contains("User-Agent"), "{text}");
}

#[test]
fn data_is_a_form_and_a_file_is_sent_as_it_is() {
    let (server, folder) = (TestServer::new(site), Folder::new("data"));
    let file = folder.path("data.bin");
    std::fs::write(&file, b"line\r\nline\n").unwrap();
    let text = stdout(&get(&server, "/echo", &["-d", "a=1", "-d", "b=2"]));
    assert!(text.starts_with("POST /echo\n") && text.ends_with("\n\na=1&b=2"), "{text}");
    assert!(text.contains("\nContent-Type: application/x-www-form-urlencoded\n"), "{text}");
    let text = stdout(&get(
        &server,
        "/echo",
        &["-X", "PUT", "-d", &format!("@{file}"), "-H", "Content-Type: text/plain"],
    ));
    assert!(text.starts_with("PUT /echo\n") && text.ends_with("\n\nline\r\nline\n"), "{text}");
    assert!(
        text.contains("\nContent-Type: text/plain\n") && text.contains("\nContent-Length: 11\n"),
        "{text}"
    );

    let part = format!("file=@{file};type=text/plain;filename=other.txt");
    let text = stdout(&get(&server, "/echo", &["-F", "name=value", "-F", &part]));
    assert!(text.contains("\nContent-Type: multipart/form-data; boundary="), "{text}");
    assert!(text.contains("form-data; name=\"name\"\r\n\r\nvalue\r\n"), "{text}");
    assert!(
        text.contains(
            "name=\"file\"; filename=\"other.txt\"\r\nContent-Type: text/plain\r\n\r\nline\r\nline\n"
        ),
        "{text}"
    );
}

#[test]
fn redirects_are_followed_when_asked_and_secrets_are_not_shown() {
    let server = TestServer::new(site);
    assert_eq!(stdout(&get(&server, "/moved", &[])), "moved");
    let output = get(&server, "/moved", &["-L", "-v", "-u", "user:open sesame"]);
    let (text, shown) = (stdout(&output), stderr(&output));
    assert!(text.starts_with("GET /echo\n") && text.contains("\nAuthorization: Basic "), "{text}");
    assert!(shown.contains("> GET /moved HTTP/1.1\n> Host: 127.0.0.1:"), "{shown}");
    assert!(
        shown.contains("\n< HTTP/1.1 302 Found\n") && shown.contains("\n> GET /echo HTTP/1.1\n"),
        "{shown}"
    );
    assert!(shown.contains("\n> Authorization: (hidden)\n") && !shown.contains("Basic"), "{shown}");
    assert!(shown.contains("\n< X-Site: yes\n"), "{shown}");
}

#[test]
fn verbose_shows_every_head_as_it_came_also_of_a_body_that_is_decoded() {
    // The byte "a", compressed.
    let url = answers(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 Fine\r\nContent-Encoding: gzip\r\n\
          Content-Length: 21\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff\x4b\x04\0\x43\xbe\xb7\xe8\x01\0\0\0",
    );
    let output = run("ch08_get", &["-v", &url]);
    let (text, shown) = (stdout(&output), stderr(&output));
    assert_eq!(text, "a", "{shown}");
    assert!(shown.contains("\n< HTTP/1.1 103 Early Hints\n< Link: </a>\n"), "{shown}");
    assert!(shown.contains("\n< HTTP/1.1 200 Fine\n< Content-Encoding: gzip\n"), "{shown}");
}

#[test]
fn a_file_is_there_whole_or_not_at_all() {
    let (server, folder) = (TestServer::new(site), Folder::new("file"));
    let name = folder.path("large");
    assert_code(&get(&server, "/large", &["-o", &name]), 0);
    assert_eq!(std::fs::read(&name).unwrap(), vec![b'x'; 300_000]);

    // A download that breaks off leaves what was there.
    let url = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    let output = run("ch08_get", &["-o", &name, &url]);
    assert_code(&output, 18);
    assert!(stderr(&output).contains("after 5 of 10 bytes"), "{}", stderr(&output));
    assert_eq!(std::fs::read(&name).unwrap().len(), 300_000);
    assert_eq!(folder.names(), ["large"]);

    assert_code(&get(&server, "/500", &["-f", "-o", &folder.path("other")]), 22);
    assert_eq!(folder.names(), ["large"]);

    let mut command = Command::new(program("ch08_get"));
    command.args(["-O", &format!("{}/204/../large", server.url())]).current_dir(&folder.0);
    std::fs::remove_file(&name).unwrap();
    assert!(command.status().unwrap().success());
    assert_eq!(folder.names(), ["large"]);
    let output = run("ch08_get", &["-O", &server.url()]);
    assert_code(&output, 2);
}

#[test]
fn the_exit_code_says_what_went_wrong() {
    let server = TestServer::new(site);
    let refused = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    for (arguments, code) in [
        (vec!["https://127.0.0.1/"], 1),
        (vec!["-d", "a", "-F", "a=b", "http://127.0.0.1/"], 2),
        (vec![], 2),
        (vec!["-H", "no colon", "http://127.0.0.1/"], 2),
        (vec!["http://["], 3),
        (vec!["-x", "https://127.0.0.1/", "http://127.0.0.1/"], 5),
        (vec!["http://no-such-host.invalid/"], 6),
        (vec![refused.as_str()], 7),
        (vec!["-d", "@/no/such/file", "http://127.0.0.1/"], 26),
    ] {
        let output = run("ch08_get", &arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).starts_with("ch08_get: "), "{arguments:?}: {}", stderr(&output));
    }
    for (answer, code) in [
        (&b""[..], 52),
        (b"SSH-2.0-OpenSSH_9.2\r\n", 8),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", 61),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", 18),
    ] {
        let output = run("ch08_get", &["-s", &answers(answer)]);
        assert_eq!(output.status.code(), Some(code), "{answer:?}");
        assert_eq!(stderr(&output), "");
    }
    assert_code(&get(&server, "/503", &["-f"]), 22);
    assert_code(&run("ch08_get", &["-h"]), 0);
}

/// The URL and the files are whatever was typed, perhaps by a script; a complaint ends in a log, or on a terminal.
#[test]
fn a_complaint_is_one_line_without_passwords_and_moves_no_cursor() {
    let strange = "a\nb\x1b[2J";
    let refused = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://user:secret@{}/", listener.local_addr().unwrap())
    };
    let url = "http://user:secret@127.0.0.1:1/";
    for arguments in [
        &[refused.as_str()][..],
        &["ftp://user:secret@127.0.0.1/"],
        &["http://user:secret@["],
        &[&format!("{url}{strange}")],
        &["-d", &format!("@{strange}"), url],
        &["-F", &format!("a=@{strange}"), url],
        &["-F", strange, url],
        &["-H", strange, url],
        &["-X", strange, url],
        &["-x", &format!("http://user:secret@h/{strange}"), url],
        &["-x", "socks5://user:secret@h", url],
    ] {
        let complaint = stderr(&run("ch08_get", arguments));
        assert!(complaint.starts_with("ch08_get: ") && complaint.lines().count() == 1, "{complaint:?}");
        assert!(!complaint.contains("secret") && !complaint.contains('\x1b'), "{complaint:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_body_that_cannot_be_written_is_a_failure() {
    let server = TestServer::new(site);
    assert_code(&get(&server, "/large", &["-o", "/dev/full"]), 23);
    for path in ["/large", "/echo"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(program("ch08_get"));
        command
            .arg(format!("{}{path}", server.url()))
            .stdin(Stdio::null())
            .stdout(full)
            .stderr(Stdio::piped());
        let output = output_of(command.spawn().unwrap());
        assert_code(&output, 23);
        assert!(stderr(&output).contains("No space left"), "{}", stderr(&output));
    }
    let folder = Folder::new("unwritable");
    for name in [folder.path(""), folder.path("no/such")] {
        assert_code(&get(&server, "/echo", &["-o", &name]), 23);
    }
    assert_eq!(folder.names().len(), 0);
}

/// A server that takes connections and says nothing.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("{}/", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn the_time_and_a_signal_end_it() {
    let (_listener, url) = silent();
    let output = run("ch08_get", &["-m", "100ms", &url]);
    assert_code(&output, 28);
    assert!(
        stderr(&output).contains("the time was up while waiting for the response"),
        "{}",
        stderr(&output)
    );

    let (listener, url) = silent();
    let child = Command::new(program("ch08_get"))
        .arg(&url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (told, asked) = mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 4]).unwrap();
        told.send(()).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    asked.recv_timeout(PATIENCE).unwrap();
    signal(child.id(), "INT");
    assert_code(&output_of(child), 130);
    waiting.join().unwrap();
}

/// By a proxy that is this test: the whole URL for one that reads, a tunnel on demand.
#[test]
fn a_proxy_is_asked_as_the_flags_say() {
    let seen = |flags: &[&str]| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = format!("http://u:p@{}", listener.local_addr().unwrap());
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = vec![0; 4096];
            let count = stream.read(&mut seen).unwrap();
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
            String::from_utf8_lossy(&seen[..count]).into_owned()
        });
        let output = run("ch08_get", &[flags, &["-x", &proxy, "http://one.example/a"]].concat());
        (serving.join().unwrap(), output)
    };
    let (head, output) = seen(&["-v"]);
    assert!(head.starts_with("GET http://one.example/a HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nProxy-Authorization: Basic dTpw\r\n"), "{head}");
    assert_code(&output, 0);
    assert!(stderr(&output).contains("> GET http://one.example/a HTTP/1.1\n"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("dTpw") && !stderr(&output).contains("u:p"), "{}", stderr(&output));
    let (head, output) = seen(&["-p"]);
    assert!(head.starts_with("CONNECT one.example:80 HTTP/1.1\r\n"), "{head}");
    assert_code(&output, 56);
}
