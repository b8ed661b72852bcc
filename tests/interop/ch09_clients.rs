//! The server of HTTP/1.1 before clients that measure, clients that keep a session, and a browser: ab, wrk, Python's http.client and
//! requests, Chromium.

use std::collections::HashSet;
use std::fs;
use std::sync::{Arc, Mutex};

use super::ch09_http1::{Place, judge};
use crate::support::{PATIENCE, Page, stderr, stdout};
use netprog::base::log::{self, Logger};
use netprog::ch09_http_server::files::FileServer;
use netprog::ch09_http_server::handler::{Handler, Request, ResponseWriter};
use netprog::ch09_http_server::middleware::{access_log, strip_prefix};
use netprog::ch09_http_server::mux::Mux;
use netprog::ch09_http_server::server::Server;
use netprog::ch09_http_server::test_server::TestServer;

#[test]
#[ignore = "needs ab and wrk"]
fn ab_and_wrk_find_no_failure() {
    let (place, server) = (Place::new(), TestServer::new(judge));
    let url = server.url() + "/";
    for arguments in [&["-k"][..], &[], &["-k", "-i"]] {
        let output = place.run("ab", &[arguments, &["-q", "-n", "2000", "-c", "20", &url]].concat());
        let text = stdout(&output);
        assert!(output.status.success(), "{text}{}", stderr(&output));
        for line in ["Complete requests:      2000\n", "Failed requests:        0\n"] {
            assert!(text.contains(line), "{arguments:?}: {text}");
        }
        assert!(!text.contains("Non-2xx"), "{text}");
        assert_eq!(text.contains("Keep-Alive requests:    2000"), arguments.contains(&"-k"), "{text}");
    }
    let body = place.file("post", 10_000).len().to_string();
    let output =
        place.run("ab", &["-q", "-k", "-n", "500", "-c", "8", "-p", "post", "-T", "application/x", &url]);
    assert!(
        stdout(&output).contains("Failed requests:        0\n"),
        "{body} bytes each: {}",
        stdout(&output)
    );
    for path in ["", "stream"] {
        let output = place.run("wrk", &["-t", "1", "-c", "32", "-d", "1s", &format!("{url}{path}")]);
        let text = stdout(&output);
        assert!(output.status.success() && text.contains("Requests/sec:"), "{text}");
        assert!(!text.contains("Non-2xx") && !text.contains("Socket errors"), "{text}");
    }
}

const PYTHON: &str = r#"
import http.client, sys
host, port = "127.0.0.1", int(sys.argv[1])
c = http.client.HTTPConnection(host, port, timeout=20)
for n in range(20):
    c.request("POST", "/p%d" % n, body=b"x" * n * 1000)
    r = c.getresponse()
    assert (r.status, r.version) == (200, 11), r.status
    assert r.read().startswith(b"POST /p%d %d " % (n, n * 1000))
sock = c.sock
c.request("PUT", "/gen", body=(b"abc" * i for i in range(1, 100)), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
assert c.getresponse().read().startswith(b"PUT /gen 14850 ")
c.request("HEAD", "/h"); r = c.getresponse(); assert r.read() == b"" and r.getheader("Content-Length") == "12"
c.request("GET", "/stream"); r = c.getresponse(); assert r.chunked and len(r.read()) == 500000
assert c.sock is sock, "one connection for all"
"#;

const REQUESTS: &str = r#"
import requests, sys
base = "http://127.0.0.1:%s" % sys.argv[1]
with requests.Session() as s:
    assert s.get(base + "/cookies").text == ""
    assert set(s.get(base + "/cookies").text.split("; ")) == {"a=1", "b=2"}
    with s.get(base + "/stream", stream=True) as r:
        assert sum(len(part) for part in r.iter_content(777)) == 500000
    assert s.post(base + "/gen", data=(b"xy" for _ in range(1000))).text.startswith("POST /gen 2000 ")
    r = s.post(base + "/form", data={"name": "\u00fc"}, files={"file": ("f.txt", b"12345", "text/plain")})
    assert r.text == "name=\u00fc file:f.txt:5", r.text
    assert s.post(base + "/json", json={"a": [1, 2]}).text.startswith("POST /json 13 ")
    assert s.put(base + "/%41%2fb?q=1").text.startswith("PUT /A/b 0 ")
    assert s.head(base + "/x").headers["Content-Length"] == "12"
    for _ in range(50):
        assert s.get(base + "/again").status_code == 200
    pools = s.adapters["http://"].poolmanager.pools
    assert [pools[key].num_connections for key in pools.keys()] == [1], "one connection"
"#;

#[test]
#[ignore = "needs python3 with requests"]
fn pythons_clients_keep_one_connection_for_everything() {
    let (place, server) = (Place::new(), TestServer::new(judge));
    let port = server.address().port().to_string();
    for script in [PYTHON, REQUESTS] {
        let output = place.run("python3", &["-c", script, &port]);
        assert!(output.status.success(), "{}", stderr(&output));
    }
}

/// Rows 9.44 and 9.22: the page and what it shows, on as few connections as the browser opens.
#[test]
#[ignore = "needs chromium"]
fn chromium_shows_the_page_with_its_images() {
    let place = Place::new();
    let page = Page::default();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files");
    let files: Arc<dyn Handler> = Arc::new(FileServer::new(root).unwrap());
    let mut mux = Mux::new();
    mux.handle("/static/", strip_prefix("/static", Arc::clone(&files)));
    // Everything else is the page, as in the book: the browser's favicon too.
    mux.handle_fn("/", move |response, request| {
        request.path = "/".to_owned();
        files.serve(response, request);
    });
    let peers = Arc::new(Mutex::new(HashSet::new()));
    let seen = Arc::clone(&peers);
    let counting = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        seen.lock().unwrap().insert(request.peer.to_string());
        mux.serve(response, request);
    };
    let logged = access_log(Logger::new(Box::new(page.clone()), "", log::NONE), Arc::new(counting));
    let server = TestServer::with(Server { handler: logged, ..Server::default() });
    let url = server.url() + "/";
    let profile = format!("--user-data-dir={}", place.0.join("profile").display());
    let common = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--enable-logging=stderr",
        "--virtual-time-budget=5000",
        &profile,
    ];
    let output = place
        .run("chromium", &[&common[..], &["--screenshot=shot.png", "--window-size=800,600", &url]].concat());
    let (words, requests) = (stderr(&output), page.text());
    assert!(output.status.success(), "{words}");
    assert!(!words.contains("CONSOLE"), "{words}");
    let shot = fs::read(place.0.join("shot.png")).expect("a picture");
    // A white page of this size has about 4 KB.
    assert!(shot.starts_with(b"\x89PNG") && shot.len() > 8_000, "{} bytes; {requests}", shot.len());
    for path in ["GET / ", "GET /static/style.css ", "GET /static/hiking.svg "] {
        assert_eq!(requests.matches(path).count(), 1, "{path}: {requests}");
    }
    assert!(!requests.contains("\" 404 "), "{requests}");
    // One for the page, and one more for what it shows; a browser opens six at most.
    assert!(peers.lock().unwrap().len() <= 6, "{requests}");
    let output = place.run("chromium", &[&common[..], &["--dump-dom", &url]].concat());
    assert!(stdout(&output).contains("<img"), "{}", stdout(&output));
    let begin = std::time::Instant::now();
    while server.running().connections() > 0 {
        assert!(begin.elapsed() < PATIENCE, "{} connections stay", server.running().connections());
        std::thread::yield_now();
    }
}
