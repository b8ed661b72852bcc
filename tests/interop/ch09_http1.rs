//! The server of HTTP/1.1 before curl, with every feature it can exercise, and nc.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use crate::support::{output_of, stderr, stdout};
use netprog::base::random::{self, Seeded};
use netprog::ch08_http_client::multipart::{FormLimits, parse_form};
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::files::FileServer;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::middleware::{basic_auth, gzip};
use netprog::ch09_http_server::reply;
use netprog::ch09_http_server::server::Server;
use netprog::ch09_http_server::test_server::TestServer;

/// A place for files, removed afterwards.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new() -> Place {
        let path =
            std::env::temp_dir().join(format!("netprog-interop-http1-{:016x}", random::u64().unwrap()));
        fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    /// A file of so many random bytes.
    pub fn file(&self, name: &str, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        Seeded::new(size as u64).fill(&mut bytes);
        fs::write(self.0.join(name), &bytes).unwrap();
        bytes
    }

    pub fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let child = Command::new(program)
            .args(arguments)
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        output_of(child)
    }

    /// What a command of the shell prints. It must succeed.
    fn shell(&self, command: &str) -> String {
        let output = self.run("sh", &["-c", command]);
        assert!(output.status.success(), "{command}: {}{}", stdout(&output), stderr(&output));
        stdout(&output)
    }

    /// What curl prints. It must succeed.
    fn curl(&self, arguments: &[&str]) -> String {
        let output = self.run("curl", &[&["-sS", "--max-time", "20"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    /// What curl says of the conversation.
    fn curl_talk(&self, arguments: &[&str]) -> String {
        let output = self.run("curl", &[&["-sSv", "--max-time", "20", "-o", "out"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stderr(&output).replace('\r', "")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `METHOD path bytes sum` of what came, and some paths that do more.
pub fn judge(response: &mut dyn ResponseWriter, request: &mut Request) {
    match request.path.as_str() {
        "/refuse" => {
            response.write_status(Status::CONTENT_TOO_LARGE);
            let _ = response.write_all(b"not before I have read it\n");
        }
        "/cookies" => {
            let sent = request.header.values("Cookie").collect::<Vec<_>>().join("|");
            response.header().add("Set-Cookie", "a=1; Path=/");
            response.header().add("Set-Cookie", "b=2; Path=/; HttpOnly");
            let _ = response.write_all(sent.as_bytes());
        }
        "/form" => form(response, request),
        "/trailer" => {
            response.header().set("Trailer", "Sum");
            let _ = response.write_all(b"body");
            response.trailer().set("Sum", "4");
        }
        "/early" => {
            let mut header = netprog::ch08_http_client::header::Header::new();
            header.add("Link", "</style.css>; rel=preload");
            let _ = response.inform(Status::EARLY_HINTS, &header).and_then(|()| response.write_all(b"late"));
        }
        "/stream" => {
            for _ in 0..500 {
                let _ = response.write_all(&[b's'; 1000]).and_then(|()| response.flush());
            }
        }
        "/text" => {
            response.header().set("Content-Type", "text/plain");
            let _ = response.write_all("words, words\n".repeat(5000).as_bytes());
        }
        _ => count(response, request),
    }
}

fn count(response: &mut dyn ResponseWriter, request: &mut Request) {
    let (mut buf, mut length, mut sum) = ([0; 8192], 0, 0u64);
    let error = loop {
        match request.body.read(&mut buf) {
            Ok(0) => break None,
            Ok(count) => {
                length += count;
                sum = buf[..count]
                    .iter()
                    .fold(sum, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
            }
            Err(error) => break Some(error),
        }
    };
    let line = match error {
        None => format!("{} {} {length} {sum:x}\n", request.method, request.path),
        Some(error) => format!("failed: {error}\n"),
    };
    let _ = response.write_all(line.as_bytes());
}

fn form(response: &mut dyn ResponseWriter, request: &mut Request) {
    let content_type = request.header.get("Content-Type").map(str::to_owned);
    let text = match parse_form(&mut request.body, content_type.as_deref(), FormLimits::default()) {
        Ok(form) => {
            let fields: Vec<String> =
                form.fields.pairs().iter().map(|(name, value)| format!("{name}={value}")).collect();
            let files =
                form.files.iter().map(|file| format!("{}:{}:{}", file.name, file.filename, file.length));
            format!("{} {}", fields.join("&"), files.collect::<Vec<_>>().join(","))
        }
        Err(error) => return reply::error(response, &error.to_string(), Status::BAD_REQUEST),
    };
    let _ = response.write_all(text.as_bytes());
}

fn sum_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)))
}

fn is_from(text: &str, method: &str, path: &str, bytes: &[u8]) {
    assert_eq!(text, format!("{method} {path} {} {:x}\n", bytes.len(), sum_of(bytes)));
}

/// Rows H.1, H.6 and H.13.
#[test]
#[ignore = "needs curl"]
fn curl_speaks_every_method_and_keeps_its_connection() {
    let (place, server) = (Place::new(), TestServer::new(judge));
    let url = server.url() + "/a";
    is_from(&place.curl(&[&url]), "GET", "/a", b"");
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        is_from(&place.curl(&["-X", method, "-d", "hello", &url]), method, "/a", b"hello");
    }
    is_from(&place.curl(&["-X", "OPTIONS", &url]), "OPTIONS", "/a", b"");
    let star = place.curl(&["-X", "OPTIONS", "--request-target", "*", "-i", &url]);
    assert!(star.starts_with("HTTP/1.1 200 OK") && star.contains("Content-Length: 0"), "{star}");
    let head = place.curl(&["-I", &url]);
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.contains("Content-Length: 12"), "{head}");
    is_from(
        &place.curl(&["--request-target", &format!("{}/whole", server.url()), &url]),
        "GET",
        "/whole",
        b"",
    );
    // Two of a kind, a HEAD, an upload and a stream on one connection.
    let stream = server.url() + "/stream";
    let talk = place.curl_talk(&[
        &url, &url, "--next", "-sSvI", &url, "--next", "-sSv", "-o", "out", "-d", "x", &url, "--next",
        "-sSv", "-o", "out", &stream, &url,
    ]);
    assert_eq!(talk.matches("Re-using existing connection").count(), 5, "{talk}");
    let talk = place.curl_talk(&["-H", "Connection: close", &url, "--next", "-sSv", "-o", "out", &url]);
    assert!(!talk.contains("Re-using") && talk.contains("< Connection: close"), "{talk}");
    let old = place.curl_talk(&["--http1.0", &stream]);
    assert!(old.contains("< Connection: close") && !old.contains("Transfer-Encoding"), "{old}");
    assert_eq!(fs::read(place.0.join("out")).unwrap().len(), 500_000);
    let old = place.curl_talk(&["--http1.0", "-H", "Connection: keep-alive", &url, &url]);
    assert!(old.contains("Re-using existing connection"), "{old}");
}

/// Rows H.10, H.12 and H.24.
#[test]
#[ignore = "needs curl"]
fn curl_uploads_in_chunks_and_after_a_hundred() {
    let (place, server) = (Place::new(), TestServer::new(judge));
    let url = server.url() + "/up";
    let bytes = place.file("f", 3_000_001);
    is_from(&place.curl(&["-T", "f", &url]), "PUT", "/up", &bytes);
    is_from(&place.shell(&format!("cat f | curl -sS --max-time 20 -T - {url}")), "PUT", "/up", &bytes);
    is_from(
        &place.curl(&["-H", "Transfer-Encoding: chunked", "--data-binary", "@f", &url]),
        "POST",
        "/up",
        &bytes,
    );
    // Large enough for curl to ask first.
    let talk = place.curl_talk(&[
        "-H",
        "Expect: 100-continue",
        "--expect100-timeout",
        "15",
        "--data-binary",
        "@f",
        &url,
    ]);
    assert!(talk.contains("> Expect: 100-continue") && talk.contains("< HTTP/1.1 100 Continue"), "{talk}");
    assert!(talk.contains("< HTTP/1.1 200 OK"), "{talk}");
    let refused = place.curl_talk(&[
        "-H",
        "Expect: 100-continue",
        "--expect100-timeout",
        "15",
        "--data-binary",
        "@f",
        &(server.url() + "/refuse"),
    ]);
    assert!(refused.contains("< HTTP/1.1 413") && !refused.contains("100 Continue"), "{refused}");
    assert!(refused.contains("< Connection: close"), "{refused}");
    // Without asking: the answer arrives although most of the upload is never read.
    let output =
        place.run("curl", &["-sS", "-H", "Expect:", "--data-binary", "@f", &(server.url() + "/refuse")]);
    assert!(stdout(&output).contains("not before I have read it"), "{}{}", stdout(&output), stderr(&output));
    is_from(&place.curl(&["--limit-rate", "1500k", "--data-binary", "@f", &url]), "POST", "/up", &bytes);
}

/// Rows H.11, H.19, H.25 and 9.22.
#[test]
#[ignore = "needs curl"]
fn curl_sends_forms_and_cookies_and_hears_trailers_and_hints() {
    let (place, server) = (Place::new(), TestServer::new(judge));
    place.file("f", 100_000);
    let form =
        ["-F", "name=Gopher & Crab", "-F", "file=@f;filename=../../etc/x", "-F", "empty=", "-F", "two=@f"];
    let got = place.curl(&[&form[..], &[&(server.url() + "/form")]].concat());
    assert_eq!(got, "name=Gopher & Crab&empty= file:x:100000,two:f:100000");
    let cookies = server.url() + "/cookies";
    assert_eq!(place.curl(&["-b", "x=y; z=1", &cookies]), "x=y; z=1");
    place.curl(&["-c", "jar", &cookies]);
    assert_eq!(place.curl(&["-b", "jar", &cookies]).split("; ").count(), 2);
    let raw = place.curl(&[
        "--raw",
        "-i",
        "-H",
        "TE: trailers",
        "-H",
        "Connection: TE",
        &(server.url() + "/trailer"),
    ]);
    assert!(raw.contains("Trailer: Sum\r\n") && raw.ends_with("4\r\nbody\r\n0\r\nSum: 4\r\n\r\n"), "{raw}");
    assert_eq!(place.curl(&[&(server.url() + "/trailer")]), "body");
    let talk = place.curl_talk(&[&(server.url() + "/early")]);
    assert!(talk.contains("< HTTP/1.1 103 Early Hints\n< Link: </style.css>; rel=preload\n"), "{talk}");
    assert_eq!(fs::read(place.0.join("out")).unwrap(), b"late");
}

/// Middleware before a client that means it: gzip, Basic authentication, a big file at a limited rate.
#[test]
#[ignore = "needs curl"]
fn curl_decodes_authenticates_and_downloads() {
    let place = Place::new();
    let server = TestServer::with(Server { handler: gzip(Arc::new(judge)), ..Server::default() });
    let text = place.curl_talk(&["--compressed", &(server.url() + "/text")]);
    assert!(text.contains("< Content-Encoding: gzip") && text.contains("< Vary: Accept-Encoding"), "{text}");
    assert_eq!(fs::read_to_string(place.0.join("out")).unwrap(), "words, words\n".repeat(5000));
    let plain = place.curl_talk(&[&(server.url() + "/text")]);
    assert!(!plain.contains("Content-Encoding"), "{plain}");

    let locked = basic_auth("the cellar", |basic| basic.is("gopher", "crab:1"), Arc::new(judge));
    let server = TestServer::with(Server { handler: locked, ..Server::default() });
    let code = ["-o", "/dev/null", "-w", "%{http_code}"];
    assert_eq!(place.curl(&[&code[..], &[&server.url()]].concat()), "401");
    assert_eq!(place.curl(&[&code[..], &["-u", "gopher:crab:1", &server.url()]].concat()), "200");
    assert_eq!(place.curl(&[&code[..], &["-u", "gopher:wrong", &server.url()]].concat()), "401");
    assert_eq!(
        place.curl(&[&code[..], &["--anyauth", "-u", "gopher:crab:1", &server.url()]].concat()),
        "200"
    );

    let bytes = place.file("big", 20_000_000);
    let server = TestServer::new(FileServer::new(&place.0).unwrap());
    place.curl(&["-o", "copy", &(server.url() + "/big")]);
    assert!(fs::read(place.0.join("copy")).unwrap() == bytes);
    place.curl(&["-o", "slow", "--limit-rate", "2m", "-r", "0-3999999", &(server.url() + "/big")]);
    assert!(fs::read(place.0.join("slow")).unwrap() == bytes[..4_000_000]);
    assert_eq!(place.shell("sha256sum < big"), place.shell("sha256sum < copy"));
}

/// Row H.13.
#[test]
#[ignore = "needs nc"]
fn nc_pipelines_requests_and_gets_the_answers_in_order() {
    let (place, server) = (Place::new(), TestServer::new(judge));
    let port = server.address().port();
    let mut requests: String =
        (1..20).map(|number| format!("GET /{number} HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n")).collect();
    requests.push_str(
        "GET /20 HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\nGET /never HTTP/1.1\\r\\n\\r\\n",
    );
    let text = place.shell(&format!("printf '{requests}' | nc -w 10 127.0.0.1 {port}"));
    let paths: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("GET /")).collect();
    let wanted: Vec<String> = (1..=20).map(|number| format!("{number} 0 0")).collect();
    assert_eq!(paths, wanted, "{text}");
    // By hand, LF alone, as one types it.
    assert!(
        place
            .shell(&format!("printf 'HEAD / HTTP/1.0\\n\\n' | nc -w 10 127.0.0.1 {port}"))
            .starts_with("HTTP/1.1 200 OK")
    );
}
