//! Bodies that become far more than they are, and what a server's memory does under all of it at once.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::process::Command;

use crate::support::http::{Raw, assert_serves, sent, show};
use crate::support::{PATIENCE, Program};
use netprog::base::deflate::Level;
use netprog::base::gzip::{GzipReader, GzipWriter};
use netprog::base::json;
use netprog::ch08_http_client::multipart::{FormLimits, parse_form};
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::reply;
use netprog::ch09_http_server::test_server::TestServer;

/// Bytes of body that the handler below decodes to.
const MOST: u64 = 1 << 20;

/// Decodes what it is sent, by path, and says how much that was.
fn decode(response: &mut dyn ResponseWriter, request: &mut Request) {
    let outcome = match request.path.as_str() {
        "/gzip" => {
            let mut decoded = Vec::new();
            let read = GzipReader::new(&mut request.body, MOST).read_to_end(&mut decoded);
            read.map_err(|error| error.to_string())
        }
        "/json" => match request.body.read_all(MOST) {
            Ok(bytes) => json::parse(&bytes).map(|_| bytes.len()).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        },
        "/form" => {
            let content_type = request.header.get("Content-Type");
            let limits = FormLimits { memory: MOST, files: 2 * MOST, ..FormLimits::default() };
            let form = parse_form(&mut request.body, content_type, limits);
            form.map(|form| form.files.len()).map_err(|error| error.to_string())
        }
        _ => return show(response, request),
    };
    match outcome {
        Ok(count) => reply::error(response, &format!("{count} are fine"), Status::OK),
        Err(error) => reply::error(response, &error, Status::BAD_REQUEST),
    }
}

fn post(path: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\n{fields}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzipWriter::new(Vec::new(), Level::Fast);
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

const FORM: &str = "Content-Type: multipart/form-data; boundary=X\r\n";

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let gzip = zipped(&vec![0; 16 << 20]);
    // A bomb in a bomb, decoded once; and members one after the other, each within the limit.
    let nested = zipped(&gzip);
    let members = zipped(&vec![0; 900 << 10]).repeat(100);
    let parts = b"--X\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nx\r\n".repeat(10_000);
    let big = [
        b"--X\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n".as_slice(),
        &vec![b'x'; 3 << 20],
    ]
    .concat();
    let head = [b"--X\r\n".as_slice(), &b"A: b\r\n".repeat(100_000)].concat();
    assert!(gzip.len() < 200_000 && nested.len() < gzip.len());
    vec![
        ("gzip", post("/gzip", "Content-Encoding: gzip\r\n", &gzip)),
        ("gzip, many members", post("/gzip", "", &members)),
        ("gzip, cut", post("/gzip", "", &gzip[..100])),
        ("gzip, noise", post("/gzip", "", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff])),
        ("json nest", post("/json", "", "[".repeat(1_000_000).as_bytes())),
        ("json nest of objects", post("/json", "", "{\"a\":".repeat(200_000).as_bytes())),
        ("json, long", post("/json", "", &vec![b' '; 2 << 20])),
        ("json number", post("/json", "", &[b"1e".as_slice(), &[b'9'; 5000], b"]"].concat())),
        ("form, many parts", post("/form", FORM, &parts)),
        ("form, big file", post("/form", FORM, &big)),
        ("form, long head", post("/form", FORM, &head)),
        ("form, no end", post("/form", FORM, b"--X\r\nContent-Disposition: form-data; name=a\r\n\r\nx")),
        ("form, no type", post("/form", "", b"--X--\r\n")),
    ]
}

#[test]
fn bombs_are_400_and_the_next_is_served() {
    let server = TestServer::new(decode);
    for (what, request) in bombs() {
        let mut client = Raw::connect(server.address());
        // The server may have had enough before all of it is sent.
        let _ = client.try_send(&request);
        let answer = client.answer();
        assert_eq!(answer.code, 400, "{what}: {}", answer.text());
        assert_serves(server.address());
    }
    let inner = sent(server.address(), post("/gzip", "", &zipped(&zipped(&vec![0; 16 << 20])))).answer();
    assert_eq!(inner.code, 200, "only one layer is taken off: {}", inner.text());
}

// --- memory ---------------------------------------------------------------------------------------------------------

const CHILD: &str = "NETPROG_HOSTILE_CHILD";

/// Not a test: the process whose memory is measured. Without the variable it does nothing.
#[test]
fn a_server_in_a_process_of_its_own() {
    if std::env::var_os(CHILD).is_some() {
        let server = TestServer::new(decode);
        println!("child: listening on {}", server.address());
        // Killed when the test below drops it; the time only bounds a child whose parent was killed.
        std::thread::sleep(2 * PATIENCE);
    }
}

/// The largest resident size so far, in KiB.
#[cfg(target_os = "linux")]
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Everything that could make a server collect bytes, by forty clients at once: what it takes is bounded by the limits, not by what is
/// sent or announced.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded_under_all_of_it_at_once() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "ch09_http1_bodies::a_server_in_a_process_of_its_own", "--nocapture"])
        .env(CHILD, "1");
    let server = Program::start_command(&mut command);
    assert_serves(server.address());
    let before = peak(server.id());
    let mut requests: Vec<Vec<u8>> = bombs().into_iter().map(|(_, request)| request).collect();
    requests.push([b"GET / HTTP/1.1\r\nX: ".as_slice(), &vec![b'y'; 8 << 20]].concat());
    requests.push(vec![b'y'; 8 << 20]);
    requests.push([b"GET / HTTP/1.1\r\n".as_slice(), &b"A: b\r\n".repeat(1 << 20)].concat());
    requests.push(b"POST /gzip HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n".to_vec());
    requests.push(
        b"POST /json HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n".to_vec(),
    );
    let address = server.address();
    std::thread::scope(|scope| {
        for request in requests.iter().chain(&requests) {
            scope.spawn(move || {
                let mut client = Raw::connect(address);
                let _ = client.try_send(request);
                let _ = client.stream().shutdown(Shutdown::Write);
                client.rest();
            });
        }
    });
    assert_serves(server.address());
    let grown = peak(server.id()) - before;
    // Thirty-six clients, of which some hold a head or a body of 1 MiB, twice while it grows, or values of JSON, which are larger.
    assert!(grown < 150 << 10, "{grown} KiB");
}
