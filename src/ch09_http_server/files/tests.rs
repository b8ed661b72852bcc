//! What is served below a root, and what is not; redirects, conditions and ranges of files.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::base::random;
use crate::ch09_http_server::testing::{Recorded, Recorder, request};

/// A directory that is gone when the test is over.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        let path = std::env::temp_dir().join(format!("netprog-files-{:016x}", random::u64().unwrap()));
        fs::create_dir(&path).unwrap();
        Directory(path)
    }

    /// With a file of ten digits in it, last changed at `SINCE`.
    fn with_digits() -> Directory {
        let directory = Directory::new();
        fs::write(directory.0.join("digits.txt"), "0123456789").unwrap();
        let file = fs::File::options().write(true).open(directory.0.join("digits.txt")).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(SINCE)).unwrap();
        directory
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Fri, 23 Jan 2009 01:23:23 GMT
const SINCE: u64 = 1_232_673_803;

fn answer(handler: &dyn Handler, method: Method, target: &str, fields: &[(&str, &str)]) -> Recorded {
    let mut request = request(method, target, "");
    for (name, value) in fields {
        request.header.add(name, *value);
    }
    let mut recorder = Recorder::new();
    handler.serve(&mut recorder, &mut request);
    recorder.result()
}

fn get(handler: &dyn Handler, target: &str) -> Recorded {
    answer(handler, Method::GET, target, &[])
}

fn field<'a>(result: &'a Recorded, name: &str) -> &'a str {
    result.header.get(name).unwrap_or("")
}

#[test]
fn a_file_has_a_type_a_length_a_time_and_a_tag() {
    let directory = Directory::with_digits();
    let files = FileServer::new(&directory.0).unwrap();
    let result = get(&files, "/digits.txt");
    assert_eq!((result.status, result.text().as_str()), (Status::OK, "0123456789"));
    assert_eq!(field(&result, "Content-Type"), "text/plain; charset=utf-8");
    assert_eq!(field(&result, "Content-Length"), "10");
    assert_eq!(field(&result, "Last-Modified"), "Fri, 23 Jan 2009 01:23:23 GMT");
    assert_eq!(field(&result, "Accept-Ranges"), "bytes");
    assert_eq!(field(&result, "ETag"), "\"kdwh6za\"");
    let head = answer(&files, Method::HEAD, "/digits.txt", &[]);
    assert_eq!((head.body.len(), head.header), (0, result.header));
}

#[test]
fn the_tag_is_time_and_size_to_the_base_36() {
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    assert_eq!(entity_tag(at(35), 35), Some("\"zz\"".to_string()));
    assert_eq!(entity_tag(at(36), 192), Some("\"105c\"".to_string()));
    assert_eq!(entity_tag(at(1), 0), Some("\"10\"".to_string()));
    assert_eq!(entity_tag(at(0), 5), None);
    assert_eq!(entity_tag(UNIX_EPOCH - Duration::from_secs(5), 5), None);
}

#[test]
fn a_file_from_the_future_was_changed_now_and_one_without_a_time_never() {
    let directory = Directory::with_digits();
    let path = directory.0.join("digits.txt");
    let files = FileServer::new(&directory.0).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(86_400)).unwrap();
    let result = get(&files, "/digits.txt");
    let told = crate::base::calendar::Timestamp::parse_http_date(field(&result, "Last-Modified")).unwrap();
    assert!(told.unix_seconds() <= crate::base::calendar::Timestamp::now().unix_seconds());
    file.set_modified(UNIX_EPOCH).unwrap();
    let result = get(&files, "/digits.txt");
    assert!(!result.header.contains("Last-Modified") && !result.header.contains("ETag"));
    assert_eq!(result.status, Status::OK);
}

#[test]
fn conditions_are_looked_at_before_ranges() {
    let directory = Directory::with_digits();
    let files = FileServer::new(&directory.0).unwrap();
    let tag = "\"kdwh6za\"";
    for (fields, code, body) in [
        (&[("If-None-Match", tag), ("Range", "bytes=0-1")][..], 304, ""),
        (&[("If-Match", "\"x\""), ("Range", "bytes=0-1")], 412, "412 Precondition Failed\n"),
        (&[("If-Range", tag), ("Range", "bytes=0-1")], 206, "01"),
        (&[("If-Range", "\"x\""), ("Range", "bytes=0-1")], 200, "0123456789"),
        (&[("If-Range", "\"x\"")], 200, "0123456789"),
        (&[("If-Range", "\"x\""), ("Range", "bytes=99-")], 200, "0123456789"),
        (&[("Range", "bytes=0-1"), ("Range", "bytes=2-3")], 200, "0123456789"),
    ] {
        let result = answer(&files, Method::GET, "/digits.txt", fields);
        assert_eq!((result.status.code(), result.text().as_str()), (code, body), "{fields:?}");
    }
}

#[test]
fn not_modified_says_what_a_cache_keeps_and_nothing_of_a_body() {
    let directory = Directory::with_digits();
    let path = directory.0.join("digits.txt");
    let handler = |response: &mut dyn ResponseWriter, request: &mut Request| {
        response.header().set("Cache-Control", "max-age=60");
        response.header().set("Vary", "Accept");
        response.header().set("Content-Type", "text/x-digits");
        serve_file(response, request, &path);
    };
    let result = answer(&handler, Method::GET, "/x", &[("If-None-Match", "*")]);
    assert_eq!(result.status, Status::NOT_MODIFIED);
    let mut names: Vec<&str> = result.header.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(names, ["Cache-Control", "ETag", "Vary"]);
    assert_eq!(field(&get(&handler, "/x"), "Content-Type"), "text/x-digits");
}

#[test]
fn many_ranges_are_one_body_of_the_announced_length() {
    let directory = Directory::with_digits();
    let files = FileServer::new(&directory.0).unwrap();
    let result = answer(&files, Method::GET, "/digits.txt", &[("Range", "bytes=0-0,-2")]);
    assert_eq!(result.status, Status::PARTIAL_CONTENT);
    assert_eq!(field(&result, "Content-Length"), result.body.len().to_string());
    assert!(!result.header.contains("Content-Range"));
    let boundary = field(&result, "Content-Type").strip_prefix("multipart/byteranges; boundary=").unwrap();
    let text = result.text();
    let parts: Vec<&str> = text.split(boundary).collect();
    assert_eq!(parts.len(), 4);
    assert!(
        parts[1].starts_with("\r\nContent-Range: bytes 0-0/10\r\n") && parts[1].ends_with("\r\n\r\n0\r\n--")
    );
    assert!(
        parts[2].starts_with("\r\nContent-Range: bytes 8-9/10\r\n") && parts[2].ends_with("\r\n\r\n89\r\n--")
    );
    assert_eq!(parts[3], "--\r\n");
}

#[test]
fn a_range_behind_the_end_is_416_with_the_size() {
    let directory = Directory::with_digits();
    let files = FileServer::new(&directory.0).unwrap();
    let result = answer(&files, Method::GET, "/digits.txt", &[("Range", "bytes=10-")]);
    assert_eq!(result.status, Status::RANGE_NOT_SATISFIABLE);
    assert_eq!(field(&result, "Content-Range"), "bytes */10");
    assert_eq!(field(&result, "Content-Type"), "text/plain; charset=utf-8");
    let head = answer(&files, Method::HEAD, "/digits.txt", &[("Range", "bytes=10-")]);
    assert_eq!((head.status, field(&head, "Content-Length")), (Status::OK, "10"));
}

#[test]
fn redirects_are_relative_escaped_and_keep_the_query() {
    let directory = Directory::new();
    for name in ["dir", "a b", "java:x", "d?#%"] {
        fs::create_dir(directory.0.join(name)).unwrap();
    }
    fs::write(directory.0.join("f:1"), "x").unwrap();
    let files = FileServer::new(&directory.0).unwrap();
    for (target, location) in [
        ("/index.html", "./"),
        ("/dir/index.html?a=b&c", "./?a=b&c"),
        ("/nothing/index.html", "./"),
        ("/dir", "dir/"),
        ("/dir?x=/../", "dir/?x=/../"),
        ("/a%20b", "a%20b/"),
        ("/java:x", "java%3Ax/"),
        ("/d%3f%23%25", "d%3F%23%25/"),
        ("//dir", "dir/"),
        ("/dir/..", "../"),
        ("/dir/.", "./"),
        ("/f:1/", "../f%3A1"),
        ("/f:1//", "../../f%3A1"),
    ] {
        let result = get(&files, target);
        assert_eq!((result.status.code(), field(&result, "Location")), (301, location), "{target}");
        assert_eq!(result.text(), "");
    }
}

#[test]
fn behind_a_stripped_prefix_a_path_may_lack_its_slash() {
    let directory = Directory::with_digits();
    fs::create_dir(directory.0.join("dir")).unwrap();
    let files = FileServer::new(&directory.0).unwrap();
    for (path, code, location) in [
        ("", 200, ""),
        ("digits.txt", 200, ""),
        ("digits.txt/", 301, "../digits.txt"),
        ("dir", 301, "dir/"),
        ("index.html", 301, "./"),
        ("../digits.txt", 200, ""),
    ] {
        let mut request = Request::new(Method::GET, path);
        let mut recorder = Recorder::new();
        files.serve(&mut recorder, &mut request);
        let result = recorder.result();
        assert_eq!((result.status.code(), field(&result, "Location")), (code, location), "{path}");
    }
}

#[test]
fn a_directory_is_its_index_or_a_list_or_nothing() {
    let directory = Directory::with_digits();
    fs::create_dir(directory.0.join("dir")).unwrap();
    let mut files = FileServer::new(&directory.0).unwrap();
    let result = get(&files, "/");
    let text = result.text();
    assert!(text.contains("<a href=\"digits.txt\">digits.txt</a>\n<li><a href=\"dir/\">dir/</a>"), "{text}");
    assert_eq!(field(&result, "Content-Length"), text.len().to_string());
    let head = answer(&files, Method::HEAD, "/", &[]);
    assert_eq!((head.body.len(), &head.header), (0, &result.header));
    let again = answer(&files, Method::GET, "/", &[("If-Modified-Since", field(&result, "Last-Modified"))]);
    assert_eq!(again.status, Status::NOT_MODIFIED);
    files.listing = false;
    assert_eq!(get(&files, "/").status, Status::NOT_FOUND);
    fs::write(directory.0.join("index.html"), "<p>").unwrap();
    assert_eq!(get(&files, "/").text(), "<p>");
    fs::remove_file(directory.0.join("index.html")).unwrap();
    fs::create_dir(directory.0.join("index.html")).unwrap();
    assert_eq!(get(&files, "/").status, Status::NOT_FOUND);
}

#[test]
fn what_is_only_read_is_not_posted_to() {
    let directory = Directory::with_digits();
    let files = FileServer::new(&directory.0).unwrap();
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let result = answer(&files, method, "/digits.txt", &[]);
        assert_eq!((result.status.code(), field(&result, "Allow")), (405, "GET, HEAD"));
    }
}

#[test]
fn content_that_is_no_file_has_the_same_answers() {
    let at = UNIX_EPOCH + Duration::from_secs(SINCE);
    let handler = |response: &mut dyn ResponseWriter, request: &mut Request| {
        response.header().set("ETag", "\"mine\"");
        let mut content = Cursor::new(b"0123456789");
        content.set_position(7);
        serve_content(response, request, "digits.bin", Some(at), &mut content);
    };
    let result = get(&handler, "/x");
    assert_eq!((result.text().as_str(), field(&result, "ETag")), ("0123456789", "\"mine\""));
    assert_eq!(field(&result, "Content-Type"), "application/octet-stream");
    for (name, value, code, body) in [
        ("If-None-Match", "W/\"mine\"", 304, ""),
        ("Range", "bytes=3-4", 206, "34"),
        ("If-Modified-Since", "Fri, 23 Jan 2009 01:23:23 GMT", 304, ""),
    ] {
        let result = answer(&handler, Method::GET, "/x", &[(name, value)]);
        assert_eq!((result.status.code(), result.text().as_str()), (code, body), "{name}");
    }
    // A program that serves content to POST has its reasons.
    assert_eq!(answer(&handler, Method::POST, "/x", &[("Range", "bytes=3-4")]).text(), "0123456789");
}

#[test]
fn content_that_is_shorter_than_it_said_ends_early() {
    /// Says 100 bytes and has 10.
    struct Shrunk(Cursor<&'static [u8]>);
    impl io::Read for Shrunk {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0.read(buf)
        }
    }
    impl io::Seek for Shrunk {
        fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
            match to {
                io::SeekFrom::End(0) => Ok(100),
                other => self.0.seek(other),
            }
        }
    }
    let handler = |response: &mut dyn ResponseWriter, request: &mut Request| {
        serve_content(response, request, "x.txt", None, &mut Shrunk(Cursor::new(b"0123456789")));
    };
    let result = get(&handler, "/x");
    assert_eq!((field(&result, "Content-Length"), result.body.len()), ("100", 10));
    let result = answer(&handler, Method::GET, "/x", &[("Range", "bytes=5-6,50-60,70-71")]);
    assert!(result.text().contains("\r\n\r\n56\r\n--"), "{}", result.text());
    assert!(!result.text().contains("70-71"), "nothing follows a part that is missing");
}

#[test]
fn a_file_the_program_names_is_served_unless_the_path_has_steps_up() {
    let directory = Directory::with_digits();
    let path = directory.0.join("digits.txt");
    let handler =
        |response: &mut dyn ResponseWriter, request: &mut Request| serve_file(response, request, &path);
    for (target, code) in [
        ("/", 200),
        ("/index.html", 200),
        ("/a..b/...", 200),
        ("/a/../b", 400),
        ("/%2e%2E", 400),
        ("/a%5c..", 400),
    ] {
        let result = get(&handler, target);
        assert_eq!(result.status.code(), code, "{target}");
    }
    assert_eq!(get(&handler, "/..").text(), "invalid URL path\n");
    for other in [directory.0.clone(), directory.0.join("none"), directory.0.join("digits.txt/x")] {
        let handler =
            |response: &mut dyn ResponseWriter, request: &mut Request| serve_file(response, request, &other);
        assert_eq!(get(&handler, "/").status, Status::NOT_FOUND, "{other:?}");
    }
}

#[test]
fn what_is_forbidden_is_not_there() {
    let error = |kind: io::ErrorKind| FileError::System(kind.into()).status();
    for kind in [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied, io::ErrorKind::NotADirectory] {
        assert_eq!(error(kind), Status::NOT_FOUND);
    }
    assert_eq!(error(io::ErrorKind::Other), Status::INTERNAL_SERVER_ERROR);
    assert_eq!(FileError::Outside.status(), Status::NOT_FOUND);
    #[cfg(unix)]
    for (number, status) in [
        (libc::EMFILE, Status::SERVICE_UNAVAILABLE),
        (libc::ENFILE, Status::SERVICE_UNAVAILABLE),
        (libc::ELOOP, Status::NOT_FOUND),
        (libc::ENAMETOOLONG, Status::NOT_FOUND),
        (libc::EIO, Status::INTERNAL_SERVER_ERROR),
    ] {
        assert_eq!(FileError::System(io::Error::from_raw_os_error(number)).status(), status);
    }
}

#[test]
fn a_root_is_a_directory() {
    let directory = Directory::with_digits();
    assert_eq!(FileServer::new(directory.0.join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    let error = FileServer::new(directory.0.join("digits.txt")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
}
