//! A directory as a web site ("Protecting Sensitive Files"), and the page of Listing 9-17 over HTTP/1.1.

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use netprog::base::calendar::Timestamp;
use netprog::base::random;
use netprog::base::trace;
use netprog::ch08_http_client::codec::{self, HeadLimits};
use netprog::ch08_http_client::header::Header;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::files::{FileServer, serve_file, serve_open_file};
use netprog::ch09_http_server::handler::SharedHandler;
use netprog::ch09_http_server::middleware::{allow_list, handler_fn, restrict_prefix, strip_prefix};
use netprog::ch09_http_server::mux::Mux;
use netprog::ch09_http_server::server::Server;
use netprog::ch09_http_server::test_server::TestServer;

use crate::handlers::ask;
use crate::serving::started;
use crate::support::PATIENCE;

/// The page, its style and its pictures; and two files that are nobody's business.
pub fn book_files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files")
}

fn files() -> SharedHandler {
    Arc::new(FileServer::new(book_files()).expect("tests/files is there"))
}

/// A directory that is gone when the test is over.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        let path = std::env::temp_dir().join(format!("netprog-ch09-files-{:016x}", random::u64().unwrap()));
        fs::create_dir(&path).unwrap();
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One connection, one request after the other.
pub struct Browser(BufReader<TcpStream>);

pub struct Page {
    pub status: Status,
    pub header: Header,
    pub body: Vec<u8>,
}

impl Page {
    pub fn field(&self, name: &str) -> &str {
        self.header.get(name).unwrap_or("")
    }
}

impl Browser {
    pub fn new(server: &TestServer) -> Browser {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Browser(BufReader::new(stream))
    }

    pub fn ask(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: test\r\n");
        for (name, value) in fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        self.0.get_mut().write_all((text + "\r\n").as_bytes()).unwrap();
        let head = codec::read_response_head(&mut self.0, HeadLimits::default()).unwrap().expect("an answer");
        let length = match head.header.get("Content-Length") {
            Some(length) if method != "HEAD" => length.parse().unwrap(),
            _ => 0,
        };
        let mut body = Vec::new();
        // As much as there is: some of these answers end early, and the connection with them.
        let _ = Read::by_ref(&mut self.0).take(length).read_to_end(&mut body);
        trace::note(|| format!("{path}: {}, {} bytes", head.status, body.len()));
        Page { status: head.status, header: head.header, body }
    }

    pub fn get(&mut self, path: &str) -> Page {
        self.ask("GET", path, &[])
    }
}

/// "Protecting Sensitive Files": what a file server gives away if nobody keeps it from it.
///
/// Watch: `.dir` is listed and `.secret` is served. Row 9.31.
#[test]
fn a_file_server_serves_hidden_files_and_lists_hidden_directories() {
    let _me = trace::party("files");
    trace::chapter("ch09");
    let secret = ask(&*files(), Method::GET, "/.secret", "");
    assert_eq!(secret.status, Status::OK);
    assert_eq!(secret.body, fs::read(book_files().join(".secret")).unwrap());
    let listing = ask(&*files(), Method::GET, "/.dir/", "");
    assert!(listing.text().contains("<li><a href=\"secret\">secret</a>\n"), "{}", listing.text());
    assert_eq!(ask(&*files(), Method::GET, "/.dir/secret", "").status, Status::OK);
}

/// A list is sorted, and no name in it can write HTML or lead elsewhere. Row 9.31.
#[test]
fn a_listing_is_sorted_and_its_names_are_harmless() {
    let directory = Directory::new();
    for name in
        ["b", "a", "<script>alert(1)</script>".replace('/', "\u{2215}").as_str(), "javascript:1", "ü x"]
    {
        fs::write(directory.0.join(name), "").unwrap();
    }
    fs::create_dir(directory.0.join("z")).unwrap();
    let text = ask(&FileServer::new(&directory.0).unwrap(), Method::GET, "/", "").text();
    let links: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("<li><a href=\"")).collect();
    assert_eq!(
        links,
        [
            "%3Cscript%3Ealert(1)%3C%E2%88%95script%3E\">&lt;script&gt;alert(1)&lt;\u{2215}script&gt;</a>",
            "a\">a</a>",
            "b\">b</a>",
            "javascript%3A1\">javascript:1</a>",
            "z/\">z/</a>",
            "%C3%BC%20x\">ü x</a>",
        ]
    );
}

/// The book's server answers POST with the file. Ours says which methods there are. Row 9.31.
#[test]
fn a_file_is_not_posted_to() {
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let refused = ask(&*files(), method, "/style.css", "data");
        assert_eq!((refused.status.code(), refused.header.get("Allow")), (405, Some("GET, HEAD")));
    }
    assert_eq!(ask(&*files(), Method::HEAD, "/style.css", "").text(), "");
}

/// Listings 9-13 and 9-14 with real files behind: strip, then restrict, then serve.
///
/// Watch: what is hidden gets the same answer whether it is there or not. Rows 9.32, 9.33, 9.34.
#[test]
fn the_middleware_of_listing_9_14_hides_real_files() {
    let _me = trace::party("files");
    trace::chapter("ch09");
    let handler = strip_prefix("/static/", restrict_prefix(".", files()));
    for (target, code) in [
        ("http://test/static/sage.svg", 200),
        ("http://test/static/.secret", 404),
        ("http://test/static/.dir/secret", 404),
        ("http://test/static/%2esecret", 404),
        ("http://test/static/%2Edir/secret", 404),
        ("http://test/static/a/../.secret", 404),
        ("http://test/static/.nothing", 404),
        // The prefix alone leaves nothing, which is cleaned to a dot.
        ("http://test/static/", 404),
        ("http://test/static//", 200),
    ] {
        assert_eq!(ask(&*handler, Method::GET, target, "").status.code(), code, "{target}");
    }
    let hidden = ask(&*handler, Method::GET, "/static/.secret", "");
    assert_eq!(hidden, ask(&*handler, Method::GET, "/static/.nothing", ""), "it does not tell what there is");
}

/// The book's exercise: everything is forbidden but what is on a list. Row 9.35.
#[test]
fn with_an_allow_list_no_spelling_finds_another_file() {
    let handler = strip_prefix("/static", allow_list(&["/style.css"], files()));
    for (target, code) in [
        ("/static/style.css", 200),
        ("/static/sage.svg", 404),
        ("/static/.secret", 404),
        ("/static/style.css/../sage.svg", 404),
        ("/static/style.css%2f..%2fsage.svg", 404),
        ("/static/STYLE.CSS", 404),
    ] {
        assert_eq!(ask(&*handler, Method::GET, target, "").status.code(), code, "{target}");
    }
}

/// One page has one address: the redirects of a file server. They are relative, so they are right behind a prefix that was
/// taken off. Row 9.37.
#[test]
fn redirects_lead_to_the_right_place_behind_a_prefix() {
    let _me = trace::party("client");
    trace::chapter("ch09");
    let directory = Directory::new();
    fs::create_dir(directory.0.join("dir")).unwrap();
    fs::write(directory.0.join("dir/index.html"), "<p>in it").unwrap();
    let mut mux = Mux::new();
    mux.handle("/static/", strip_prefix("/static", Arc::new(FileServer::new(&directory.0).unwrap())));
    let server = TestServer::new(mux);
    let mut browser = Browser::new(&server);
    for (path, location, leads_to) in [
        ("/static/dir?x=1", "dir/?x=1", "/static/dir/?x=1"),
        ("/static/dir/index.html", "./", "/static/dir/"),
        ("/static/dir/index.html/", "../index.html", "/static/dir/index.html"),
    ] {
        let page = browser.get(path);
        assert_eq!((page.status, page.field("Location")), (Status::MOVED_PERMANENTLY, location), "{path}");
        let here = netprog::ch08_http_client::url::Url::parse(&format!("{}{path}", server.url())).unwrap();
        assert_eq!(here.join(location).unwrap().to_string(), server.url() + leads_to);
    }
    assert_eq!(browser.get("/static/dir/").body, b"<p>in it");
    server.close();
}

/// Listing 9-17 over HTTP/1.1, Figure 9-2: the page, then what it links to, each asked for by itself. The browser's own wish for an
/// icon falls to `/`, and so gets the page. Row 9.44.
///
/// Watch: four requests on one connection, one after the other.
#[test]
fn listing_9_17_a_page_and_its_two_links_are_three_requests_and_an_icon() {
    let _me = trace::party("browser");
    trace::chapter("ch09");
    let mut mux = Mux::new();
    mux.handle("/static/", strip_prefix("/static/", restrict_prefix(".", files())));
    mux.handle(
        "/",
        handler_fn(|response, request| serve_file(response, request, &book_files().join("index.html"))),
    );
    let server = started(Server::new(mux));
    let mut browser = Browser::new(&server);
    let page = browser.get("/");
    assert_eq!(page.field("Content-Type"), "text/html; charset=utf-8");
    let text = String::from_utf8(page.body).unwrap();
    let mut links = Vec::new();
    for attribute in ["href=\"", "src=\""] {
        links.extend(text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()));
    }
    assert_eq!(links, ["/static/style.css", "/static/hiking.svg"]);
    for (link, kind) in links.iter().zip(["text/css; charset=utf-8", "image/svg+xml"]) {
        let linked = browser.get(link);
        let name = link.strip_prefix("/static/").unwrap();
        assert_eq!(linked.body, fs::read(book_files().join(name)).unwrap());
        assert_eq!((linked.status, linked.field("Content-Type")), (Status::OK, kind));
    }
    let icon = browser.get("/favicon.ico");
    assert_eq!((icon.status, icon.field("Content-Type")), (Status::OK, "text/html; charset=utf-8"));
    assert_eq!(icon.body, text.as_bytes());
    assert_eq!(server.running().connections(), 1);
    server.close();
}

/// Dates are in UTC and in HTTP's form, and no file has changed after the answer was made. Row H.16.
#[test]
fn no_file_has_changed_later_than_now() {
    let directory = Directory::new();
    let file = File::create(directory.0.join("a.txt")).unwrap();
    let server = TestServer::new(FileServer::new(&directory.0).unwrap());
    let mut browser = Browser::new(&server);
    let in_a_year = std::time::SystemTime::now() + Duration::from_secs(365 * 86_400);
    for modified in [in_a_year, UNIX_EPOCH + Duration::from_secs(1_232_673_803)] {
        file.set_modified(modified).unwrap();
        let page = browser.get("/a.txt");
        let seconds = |name| Timestamp::parse_http_date(page.field(name)).unwrap().unix_seconds();
        assert!(seconds("Last-Modified") <= seconds("Date"));
        assert_eq!(page.field("Date").len(), "Fri, 23 Jan 2009 01:23:23 GMT".len());
    }
    assert_eq!(browser.get("/a.txt").field("Last-Modified"), "Fri, 23 Jan 2009 01:23:23 GMT");
    server.close();
}

/// A file that shrinks between its look and its sending cannot be what was announced: the connection ends early, and the server
/// serves on. One that grows is sent as far as was announced, and the connection goes on.
#[test]
fn a_file_that_changes_while_it_is_served_breaks_nothing_else() {
    let _me = trace::party("client");
    trace::chapter("ch09");
    let directory = Directory::new();
    let path = directory.0.join("changing.bin");
    let handler = handler_fn(move |response, request| {
        let (before, after) = request.path[1..].split_once('-').unwrap();
        fs::write(&path, vec![b'x'; before.parse().unwrap()]).unwrap();
        let file = File::open(&path).unwrap();
        let metadata = file.metadata().unwrap();
        File::options().write(true).open(&path).unwrap().set_len(after.parse().unwrap()).unwrap();
        serve_open_file(response, request, "changing.bin", file, &metadata);
    });
    let mut mux = Mux::new();
    mux.handle("/", handler);
    let server = TestServer::new(mux);
    for (before, after) in [(10, 4), (100_000, 0), (100_000, 100), (100_000, 60_000), (9_000_000, 5_000_000)]
    {
        let page = Browser::new(&server).get(&format!("/{before}-{after}"));
        assert_eq!(page.field("Content-Length"), before.to_string());
        assert!(page.body.len() <= after, "{before} became {after}: {} bytes came", page.body.len());
    }
    let mut browser = Browser::new(&server);
    for (before, after) in [(10, 20), (100_000, 200_000), (0, 5), (7, 7)] {
        assert_eq!(browser.get(&format!("/{before}-{after}")).body.len(), before);
    }
    server.close();
}

/// Ten million bytes arrive as they are, and so does a part from the middle.
#[test]
fn a_large_file_arrives_whole() {
    let directory = Directory::new();
    let mut bytes = vec![0; 10_000_000];
    random::Seeded::new(9).fill(&mut bytes);
    fs::write(directory.0.join("large"), &bytes).unwrap();
    let server = TestServer::new(FileServer::new(&directory.0).unwrap());
    let mut browser = Browser::new(&server);
    let page = browser.get("/large");
    assert!(page.body == bytes && page.field("Content-Type") == "application/octet-stream");
    let part = browser.ask("GET", "/large", &[("Range", "bytes=5000000-8999999")]);
    assert!(part.body == bytes[5_000_000..9_000_000]);
    server.close();
}
