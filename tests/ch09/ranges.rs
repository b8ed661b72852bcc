//! What a client may ask of a file besides the whole of it: only if it has changed, only a part.

use std::fs;

use netprog::base::trace;
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::files::FileServer;
use netprog::ch09_http_server::test_server::TestServer;

use crate::files::{Browser, book_files};

/// A page is asked for again and has not changed: 304, with the tag and without a body, and the connection goes on. Row H.14.
#[test]
fn a_file_that_has_not_changed_is_not_sent_again() {
    let _me = trace::party("browser");
    trace::chapter("ch09");
    let server = TestServer::new(FileServer::new(book_files()).unwrap());
    let mut browser = Browser::new(&server);
    let first = browser.get("/style.css");
    let (tag, since) = (first.field("ETag"), first.field("Last-Modified"));
    assert!(tag.starts_with('"') && tag.ends_with("4x\""), "177 bytes are 4x to the base 36: {tag}");
    for (name, value, code) in [
        ("If-None-Match", tag, 304),
        ("If-None-Match", "\"other\"", 200),
        ("If-None-Match", "*", 304),
        ("If-Modified-Since", since, 304),
        ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:01 GMT", 200),
        ("If-Match", tag, 200),
        ("If-Match", "\"other\"", 412),
        ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:01 GMT", 412),
    ] {
        let page = browser.ask("GET", "/style.css", &[(name, value)]);
        assert_eq!(page.status.code(), code, "{name}: {value}");
        if code == 304 {
            assert_eq!((page.field("ETag"), page.body.len()), (tag, 0));
            assert!(page.header.contains("Date"));
            assert!(!page.header.contains("Content-Type") && !page.header.contains("Content-Length"));
        }
    }
    server.close();
}

/// A download broke off, and goes on where it stopped; but only if the file is still the same. Row H.15.
#[test]
fn a_download_that_broke_off_goes_on() {
    let _me = trace::party("client");
    trace::chapter("ch09");
    let server = TestServer::new(FileServer::new(book_files()).unwrap());
    let mut browser = Browser::new(&server);
    let whole = fs::read(book_files().join("hiking.svg")).unwrap();
    let tag = browser.ask("HEAD", "/hiking.svg", &[]).field("ETag").to_owned();
    let rest = browser.ask("GET", "/hiking.svg", &[("Range", "bytes=60000-"), ("If-Range", &tag)]);
    assert_eq!(rest.status, Status::PARTIAL_CONTENT);
    assert_eq!(rest.field("Content-Range"), format!("bytes 60000-{}/{}", whole.len() - 1, whole.len()));
    assert_eq!(rest.body, whole[60_000..]);
    let all = browser.ask("GET", "/hiking.svg", &[("Range", "bytes=60000-"), ("If-Range", "\"old\"")]);
    assert_eq!((all.status, all.body == whole), (Status::OK, true));
    server.close();
}

/// Every form of a range, on one connection. Row H.15.
#[test]
fn ranges_are_cut_to_what_there_is_and_never_worth_more_than_the_whole() {
    let server = TestServer::new(FileServer::new(book_files()).unwrap());
    let mut browser = Browser::new(&server);
    let whole = fs::read(book_files().join("hello.txt")).unwrap();
    let size = whole.len();
    let beyond = format!("bytes={size}-");
    let unsatisfied = format!("bytes */{size}");
    for (range, code, content_range) in [
        ("bytes=0-0", 206, format!("bytes 0-0/{size}")),
        ("bytes=-3", 206, format!("bytes {}-{}/{size}", size - 3, size - 1)),
        ("bytes=2-999", 206, format!("bytes 2-{}/{size}", size - 1)),
        (beyond.as_str(), 416, unsatisfied.clone()),
        ("bytes=-0", 416, unsatisfied),
        ("lines=1-2", 200, String::new()),
        ("bytes=5-2", 200, String::new()),
        ("bytes=0-,0-,0-", 200, String::new()),
    ] {
        let page = browser.ask("GET", "/hello.txt", &[("Range", range)]);
        assert_eq!(
            (page.status.code(), page.field("Content-Range")),
            (code, content_range.as_str()),
            "{range}"
        );
        assert_eq!(page.field("Accept-Ranges"), "bytes");
        if code == 200 {
            assert_eq!(page.body, whole, "{range}");
        }
    }
    let parts = browser.ask("GET", "/hello.txt", &[("Range", "bytes=0-0,-1")]);
    assert!(parts.field("Content-Type").starts_with("multipart/byteranges; boundary="));
    assert_eq!(parts.status, Status::PARTIAL_CONTENT);
    assert!(parts.body.ends_with(b"--\r\n"));
    let head = browser.ask("HEAD", "/hello.txt", &[("Range", "bytes=0-0")]);
    assert_eq!((head.status, head.field("Content-Length")), (Status::OK, size.to_string().as_str()));
    server.close();
}
