//! The file server before curl: ranges, conditions, and a download that goes on. nginx answers the same questions beside ours.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use netprog::base::random::{self, Seeded};
use netprog::ch09_http_server::files::FileServer;
use netprog::ch09_http_server::test_server::TestServer;

use crate::support::{PATIENCE, output_of};

const SIZE: usize = 100_000;

/// A server with a directory, and a directory for what curl fetches.
struct Bench {
    path: PathBuf,
    bytes: Vec<u8>,
    server: TestServer,
}

impl Bench {
    fn new() -> Bench {
        let path = std::env::temp_dir().join(format!("netprog-interop-ch09-{:016x}", random::u64().unwrap()));
        fs::create_dir_all(path.join("root/dir")).unwrap();
        fs::create_dir_all(path.join("here")).unwrap();
        let mut bytes = vec![0; SIZE];
        Seeded::new(9).fill(&mut bytes);
        fs::write(path.join("root/data.bin"), &bytes).unwrap();
        fs::write(path.join("root/hello.txt"), "0123456789").unwrap();
        fs::write(path.join("root/empty.txt"), "").unwrap();
        fs::write(path.join("root/dir/index.html"), "<p>").unwrap();
        let server = TestServer::new(FileServer::new(path.join("root")).unwrap());
        Bench { path, bytes, server }
    }

    fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.server.url())
    }

    /// What curl prints. It must succeed.
    fn curl(&self, arguments: &[&str]) -> Vec<u8> {
        let child = Command::new("curl")
            .args(["-sS", "--max-time", "20"])
            .args(arguments)
            .current_dir(self.path.join("here"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("curl: {error}"));
        let output = output_of(child);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// The status and the size of the body, as curl counts it.
    fn outcome(&self, arguments: &[&str]) -> String {
        let all = [&["-o", "out", "-w", "%{http_code} %{size_download}"][..], arguments].concat();
        String::from_utf8(self.curl(&all)).unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.server.close();
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[test]
#[ignore = "needs curl"]
fn curl_gets_ranges_and_knows_the_parts() {
    let bench = Bench::new();
    let (data, hello) = (bench.url("data.bin"), bench.url("hello.txt"));
    assert!(bench.curl(&["-r", "10000-79999", &data]) == bench.bytes[10_000..80_000]);
    assert!(bench.curl(&["-r", "-1", &data]) == bench.bytes[SIZE - 1..]);
    assert!(bench.curl(&["-r", "99999-", &data]) == bench.bytes[SIZE - 1..]);
    assert_eq!(bench.outcome(&["-r", "5-999", &hello]), "206 5");
    assert_eq!(bench.outcome(&["-r", "10-", &hello]), "416 26");
    assert_eq!(bench.outcome(&["-r", "0-", &bench.url("empty.txt")]), "200 0");
    let parts = String::from_utf8(bench.curl(&["-r", "0-0,8-9", &hello])).unwrap();
    assert!(
        parts.contains("Content-Range: bytes 0-0/10\r\n") && parts.contains("\r\n\r\n89\r\n--"),
        "{parts}"
    );
}

#[test]
#[ignore = "needs curl"]
fn curl_goes_on_with_a_download() {
    let bench = Bench::new();
    fs::write(bench.path.join("here/data.bin"), &bench.bytes[..30_000]).unwrap();
    bench.curl(&["-C", "-", "-O", &bench.url("data.bin")]);
    assert!(fs::read(bench.path.join("here/data.bin")).unwrap() == bench.bytes);
    let again = bench.curl(&["-C", "-", "-O", "-w", "%{http_code}", &bench.url("data.bin")]);
    assert_eq!(again, b"416", "there is no more, and curl takes that for an end");
}

#[test]
#[ignore = "needs curl"]
fn curl_asks_only_for_what_has_changed() {
    let bench = Bench::new();
    let url = bench.url("data.bin");
    assert_eq!(bench.outcome(&["--etag-save", "tag", &url]), "200 100000");
    assert_eq!(bench.outcome(&["--etag-compare", "tag", &url]), "304 0");
    assert_eq!(bench.outcome(&["-z", "1 Jan 2009", &url]), "200 100000");
    assert_eq!(bench.outcome(&["-R", &url]), "200 100000");
    // curl takes the time for -z from a file that has the server's time, by -R.
    assert_eq!(bench.outcome(&["-z", "out", &url]), "304 0");
    fs::write(bench.path.join("root/data.bin"), "new").unwrap();
    assert_eq!(bench.outcome(&["--etag-compare", "tag", &url]), "200 3");
}

#[test]
#[ignore = "needs curl"]
fn curl_follows_the_redirects_and_hears_the_head() {
    let bench = Bench::new();
    for name in ["dir", "dir/index.html", "dir/index.html/"] {
        assert_eq!(bench.outcome(&["-L", &bench.url(name)]), "200 3", "{name}");
    }
    let head = String::from_utf8(bench.curl(&["-I", &bench.url("data.bin")])).unwrap();
    assert!(
        head.contains("\r\nContent-Length: 100000\r\n") && head.contains("\r\nAccept-Ranges: bytes\r\n"),
        "{head}"
    );
    assert_eq!(bench.outcome(&["--path-as-is", &bench.url("../../etc/passwd")]), "404 19");
    assert_eq!(bench.outcome(&["-d", "a=b", &bench.url("hello.txt")]), "405 19");
}

/// nginx with the same directory.
struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    fn start(bench: &Bench) -> Nginx {
        // The system's choice, given back at once: nginx takes no listener from its parent.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let here = bench.path.join("here");
        let settings = format!(
            "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log; events {{}}\n\
             http {{ access_log off; client_body_temp_path {0}/a; proxy_temp_path {0}/b; fastcgi_temp_path {0}/c;\n\
             uwsgi_temp_path {0}/d; scgi_temp_path {0}/e; server {{ listen 127.0.0.1:{port}; root {1}; }} }}\n",
            here.display(),
            bench.path.join("root").display(),
        );
        fs::write(here.join("nginx.conf"), settings).unwrap();
        let child = Command::new("nginx")
            .arg("-c")
            .arg(here.join("nginx.conf"))
            .args(["-e", "stderr"])
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx");
        let nginx = Nginx { child, port };
        let begin = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begin.elapsed() < PATIENCE, "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where nginx and RFC 9110 agree, so do we.
#[test]
#[ignore = "needs curl and nginx"]
fn nginx_answers_ranges_and_conditions_with_the_same_bytes() {
    let bench = Bench::new();
    let nginx = Nginx::start(&bench);
    let since = "If-Modified-Since: Thu, 01 Jan 1970 00:00:01 GMT";
    for arguments in [
        &["-r", "0-0"][..],
        &["-r", "3-5"],
        &["-r", "-4"],
        &["-r", "4-"],
        &["-r", "5-4000"],
        &["-H", "Range: lines=1-2"],
        &["-H", "If-None-Match: *"],
        &["-H", "If-Match: \"x\""],
        &["-H", "If-Match: *"],
        &["-H", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:01 GMT"],
        &["-H", since],
        &["-H", "If-Range: \"x\"", "-r", "0-1"],
        &["-r", "0-6,5-9"],
    ] {
        let ask = |url: String| {
            let all = [&["-w", "|%{http_code}"][..], arguments, &[url.as_str()]].concat();
            String::from_utf8(bench.curl(&all)).unwrap()
        };
        let ours = ask(bench.url("hello.txt"));
        let theirs = ask(format!("http://127.0.0.1:{}/hello.txt", nginx.port));
        if ours.ends_with("|412") {
            // The words are each server's own.
            assert!(theirs.ends_with("|412"), "{arguments:?}: {theirs}");
        } else {
            assert_eq!(ours, theirs, "{arguments:?}");
        }
    }
}
