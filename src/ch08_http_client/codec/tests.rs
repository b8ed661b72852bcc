//! Heads, as they may come and as they may not.

use super::*;

fn request(bytes: &[u8]) -> Result<Option<RequestHead>, MessageError> {
    read_request_head(&mut &*bytes, HeadLimits::default())
}

fn response(bytes: &[u8]) -> Result<Option<ResponseHead>, MessageError> {
    read_response_head(&mut &*bytes, HeadLimits::default())
}

#[test]
fn a_request_is_three_words_fields_and_a_blank_line() {
    let head = request(b"GET /robots.txt?a=1 HTTP/1.1\r\nHost: www.example.com\r\nX:  padded \t\r\n\r\nbody")
        .unwrap()
        .unwrap();
    assert_eq!(head.method, Method::GET);
    assert_eq!(head.target, "/robots.txt?a=1");
    assert_eq!(head.version, Version::Http11);
    assert_eq!(head.header.get("HOST"), Some("www.example.com"));
    assert_eq!(head.header.get("x"), Some("padded"));
}

#[test]
fn what_follows_the_blank_line_stays_unread() {
    let mut input: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nthe body";
    read_response_head(&mut input, HeadLimits::default()).unwrap().unwrap();
    assert_eq!(input, b"the body");
}

#[test]
fn the_words_beside_a_status_may_be_missing_or_many() {
    for (line, code, reason) in [
        ("HTTP/1.1 200 OK", 200, "OK"),
        ("HTTP/1.0 404 Not Found", 404, "Not Found"),
        ("HTTP/1.1 204 ", 204, ""),
        ("HTTP/1.1 204", 204, ""),
        ("HTTP/1.1 599 Whatever this is", 599, "Whatever this is"),
    ] {
        let head = response(format!("{line}\r\n\r\n").as_bytes()).unwrap().unwrap();
        assert_eq!((head.status.code(), head.reason.as_str()), (code, reason));
    }
}

#[test]
fn the_end_before_the_first_byte_is_no_error_and_any_later_end_is() {
    assert!(request(b"").unwrap().is_none());
    assert!(response(b"").unwrap().is_none());
    let whole = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for end in 1..whole.len() {
        let error = request(&whole[..end]).unwrap_err();
        assert!(matches!(error, MessageError::HeadCutShort { got } if got == end), "{end}: {error}");
    }
}

#[test]
fn lines_may_end_in_lf_alone_and_blank_lines_may_come_before_a_request() {
    assert!(request(b"GET / HTTP/1.1\nHost: a\n\n").unwrap().is_some());
    assert!(request(b"\r\n\r\nGET / HTTP/1.1\r\n\r\n").unwrap().is_some());
    assert!(request(b"\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n").is_err());
    assert!(response(b"\r\nHTTP/1.1 200 OK\r\n\r\n").is_err(), "only a request may have them");
}

#[test]
fn a_start_line_that_is_none_is_refused() {
    for line in [
        "GET  / HTTP/1.1",
        " GET / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET /",
        "GET HTTP/1.1",
        "GET / http/1.1",
        "GET / HTTP/11",
        "GET / HTTP/1.1x",
        "GET\t/\tHTTP/1.1",
        "GET / HTTP/1.1\r",
        "GET /\0 HTTP/1.1",
        "G(T / HTTP/1.1",
        "GET /\u{7f} HTTP/1.1",
    ] {
        assert!(request(format!("{line}\r\nHost: a\r\n\r\n").as_bytes()).is_err(), "{line:?}");
    }
    assert!(request(b"GET /\xff HTTP/1.1\r\n\r\n").is_err(), "not UTF-8");
    for line in [
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 099 X",
        "ICY 200 OK",
    ] {
        assert!(response(format!("{line}\r\n\r\n").as_bytes()).is_err(), "{line:?}");
    }
}

#[test]
fn another_major_version_is_told_from_nonsense() {
    for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/3.1"] {
        let error = request(format!("GET / {version}\r\n\r\n").as_bytes()).unwrap_err();
        assert!(matches!(error, MessageError::UnsupportedVersion { .. }), "{error}");
    }
    let later = request(b"GET / HTTP/1.7\r\n\r\n").unwrap().unwrap();
    assert_eq!(later.version, Version::Http11, "a later minor is answered as 1.1");
}

#[test]
fn a_line_that_is_no_field_is_refused() {
    for line in [
        "Host : a",
        " Host: a",
        "\tfolded",
        "NoColon",
        ": no name",
        "Na me: a",
        "N\u{e4}me: a",
        "A: b\rc",
        "A: b\0c",
        "A: b\x0bc",
        "A: b\x7fc",
        "A\r: b",
    ] {
        let error = request(format!("GET / HTTP/1.1\r\n{line}\r\n\r\n").as_bytes()).unwrap_err();
        assert!(matches!(error, MessageError::BadField { .. }), "{line:?}: {error}");
    }
}

#[test]
fn a_value_may_be_empty_and_need_not_be_text() {
    let head = request(b"GET / HTTP/1.1\r\nEmpty:\r\nLatin: caf\xe9\r\n\r\n").unwrap().unwrap();
    assert_eq!(head.header.get("empty"), Some(""));
    assert_eq!(head.header.get("latin"), None);
    assert_eq!(head.header.get_bytes("latin"), Some(&b"caf\xe9"[..]));
}

#[test]
fn each_limit_has_its_error_and_one_byte_less_passes() {
    let limits = HeadLimits { start_line: 20, head: 60, fields: 2 };
    let read = |text: &str| read_request_head(&mut text.as_bytes(), limits);
    assert!(read("GET /345678 HTTP/1.1\n\n").is_ok());
    assert!(matches!(read("GET /3456789 HTTP/1.1\n\n"), Err(MessageError::TargetTooLong { limit: 20 })));
    assert!(read("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n").is_ok());
    assert!(matches!(
        read("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n"),
        Err(MessageError::TooManyFields { limit: 2 })
    ));
    let long = "x".repeat(60);
    assert!(matches!(
        read(&format!("GET / HTTP/1.1\r\nA: {long}\r\n\r\n")),
        Err(MessageError::HeadTooLong { limit: 60 })
    ));
}

#[test]
fn a_line_without_end_is_refused_at_the_limit_and_not_at_its_end() {
    struct Endless;
    impl Read for Endless {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            buf.fill(b'a');
            Ok(buf.len())
        }
    }
    let mut input = io::BufReader::new(Endless);
    let error = read_request_head(&mut input, HeadLimits::default()).unwrap_err();
    assert!(matches!(error, MessageError::TargetTooLong { .. }), "{error}");
}

#[test]
fn what_is_written_reads_back_the_same() {
    let mut head = request(b"POST /a HTTP/1.1\r\nHost: a\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n\r\n")
        .unwrap()
        .unwrap();
    let mut bytes = Vec::new();
    write_request_head(&mut bytes, &head).unwrap();
    assert_eq!(request(&bytes).unwrap().unwrap(), head);

    head.target = "/a b".to_owned();
    assert!(matches!(write_request_head(&mut bytes, &head), Err(MessageError::BadTarget { .. })));
    head.target = "/".to_owned();
    head.header.add("X", "a\r\nY: injected");
    let before = bytes.len();
    assert!(matches!(write_request_head(&mut bytes, &head), Err(MessageError::BadField { .. })));
    assert_eq!(bytes.len(), before, "nothing was written");
}

#[test]
fn words_beside_the_status_cannot_become_a_field_or_end_the_head() {
    for reason in ["OK\r\nX: y", "OK\n", "a\0b"] {
        let (version, status, reason) = (Version::Http11, Status::new(200).unwrap(), reason.to_owned());
        let head = ResponseHead { version, status, reason, header: Header::new() };
        let mut out = Vec::new();
        assert!(matches!(write_response_head(&mut out, &head), Err(MessageError::BadStartLine { .. })));
        assert!(out.is_empty());
    }
}
