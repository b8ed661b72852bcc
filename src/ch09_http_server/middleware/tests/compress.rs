//! Responses in gzip, and all that stay as they are.

use super::*;
use crate::base::gzip::GzipReader;
use crate::ch08_http_client::header::Header;
use std::fs::File;
use std::io::Read;

fn text(length: usize) -> String {
    "Hello, gophers! ".repeat(length / 16 + 1)[..length].to_owned()
}

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzipReader::new(bytes, 1 << 24).read_to_string(&mut text).unwrap();
    text
}

fn ask_with(handler: SharedHandler, method: Method, fields: &[(&str, &str)]) -> Recorded {
    let mut asked = request(method, "/", "");
    for (name, value) in fields {
        asked.header.add(name, *value);
    }
    serve(&gzip(handler), &mut asked)
}

fn answers(fields: &'static [(&'static str, &'static str)], body: String) -> SharedHandler {
    handler_fn(move |response, _| {
        for (name, value) in fields {
            response.header().add(name, *value);
        }
        let _ = response.write_all(body.as_bytes());
    })
}

const TAKES: &[(&str, &str)] = &[("Accept-Encoding", "gzip")];
const HTML: &[(&str, &str)] = &[("Content-Type", "text/html; charset=utf-8")];

#[test]
fn a_long_text_is_compressed_and_its_fields_say_so() {
    let fields = &[
        ("Content-Type", "application/json"),
        ("Content-Length", "5000"),
        ("ETag", "\"abc\""),
        ("Accept-Ranges", "bytes"),
        ("Vary", "Origin"),
    ];
    let result = ask_with(answers(fields, text(5_000)), Method::GET, TAKES);
    assert_eq!(unpacked(&result.body), text(5_000));
    assert!(result.body.len() < 500, "{} bytes", result.body.len());
    let header = &result.header;
    assert_eq!((header.get("Content-Encoding"), header.get("ETag")), (Some("gzip"), Some("W/\"abc\"")));
    assert!(!header.contains("Content-Length") && !header.contains("Accept-Ranges"));
    assert!(header.has_token("Vary", "Origin") && header.has_token("Vary", "Accept-Encoding"));
}

#[test]
fn a_client_that_does_not_take_it_gets_the_bytes_and_vary() {
    for fields in
        [&[][..], &[("Accept-Encoding", "gzip;q=0")], &[("Accept-Encoding", "gzip"), ("Range", "bytes=0-9")]]
    {
        let result = ask_with(answers(HTML, text(5_000)), Method::GET, fields);
        assert_eq!(result.text(), text(5_000));
        assert_eq!(
            (result.header.get("Content-Encoding"), result.header.get("Vary")),
            (None, Some("Accept-Encoding"))
        );
    }
}

#[test]
fn what_is_not_worth_it_stays_as_it_is() {
    #[rustfmt::skip]
    let cases: &[(&'static [(&str, &str)], usize)] = &[
        (HTML, MIN_GZIP_BYTES - 1), (&[("Content-Type", "image/png")], 5_000), (&[], 5_000),
        (&[("Content-Type", "text/plain"), ("Content-Encoding", "br")], 5_000), (&[("Content-Type", "text/plain"), ("Content-Length", "10")], 10),
        (&[("Content-Type", "text/plain"), ("Content-Range", "bytes 0-4999/9000")], 5_000),
        (&[("Content-Type", "text/plain"), ("Cache-Control", "public, no-transform")], 5_000),
    ];
    for (fields, length) in cases {
        let result = ask_with(answers(fields, text(*length)), Method::GET, TAKES);
        assert_eq!(result.text(), text(*length), "{fields:?}");
        assert_ne!(result.header.get("Content-Encoding"), Some("gzip"));
    }
    let shortest = ask_with(answers(HTML, text(MIN_GZIP_BYTES)), Method::GET, TAKES);
    assert_eq!(unpacked(&shortest.body), text(MIN_GZIP_BYTES));
}

#[test]
fn a_flush_lets_the_client_unpack_what_there_is() {
    let handler = handler_fn(|response, _| {
        response.header().set("Content-Type", "text/event-stream");
        response.write_all(b"data: 1\n\n").unwrap();
        response.flush().unwrap();
        response.write_all(b"data: 2\n\n").unwrap();
        response.flush().unwrap();
        panic!("the handler of a test stops in the middle of the stream");
    });
    let mut recorder = Recorder::new();
    let mut asked = request(Method::GET, "/", "");
    asked.header.set("Accept-Encoding", "gzip");
    let handler = gzip(handler);
    assert!(catch_unwind(AssertUnwindSafe(|| handler.serve(&mut recorder, &mut asked))).is_err());
    let result = recorder.result();
    assert_eq!((result.flushes, result.header.get("Content-Encoding")), (2, Some("gzip")));
    let mut first = Vec::new();
    let mut reader = GzipReader::new(&result.body[..], 1 << 20);
    assert!(reader.read_to_end(&mut first).is_err(), "it stops without an end");
    assert_eq!(first, b"data: 1\n\ndata: 2\n\n");
}

#[test]
fn head_has_the_fields_of_get() {
    let fields = &[("Content-Type", "text/html"), ("Content-Length", "5000"), ("ETag", "\"a\"")];
    let get = ask_with(answers(fields, text(5_000)), Method::GET, TAKES);
    let head = ask_with(answers(fields, text(5_000)), Method::HEAD, TAKES);
    let without_body = ask_with(
        handler_fn(|response, _| {
            for (name, value) in
                [("Content-Type", "text/html"), ("Content-Length", "5000"), ("ETag", "\"a\"")]
            {
                response.header().set(name, value);
            }
            response.write_status(Status::OK);
        }),
        Method::HEAD,
        TAKES,
    );
    assert_eq!((&get.header, &get.header), (&head.header, &without_body.header));
    assert!(without_body.body.is_empty());
}

#[test]
fn not_modified_has_the_tag_and_vary_of_what_it_stands_for() {
    let handler = || {
        handler_fn(|response, _| {
            response.header().set("ETag", "\"abc\"");
            response.write_status(Status::NOT_MODIFIED);
        })
    };
    let result = ask_with(handler(), Method::GET, TAKES);
    let expected = Header::from([("ETag", "W/\"abc\""), ("Vary", "Accept-Encoding")]);
    assert_eq!((result.status, result.header), (Status::NOT_MODIFIED, expected));
    assert_eq!(ask_with(handler(), Method::GET, &[]).header.get("ETag"), Some("\"abc\""));
}

#[test]
fn the_fields_are_those_at_the_status_though_it_waits() {
    let handler = handler_fn(|response, _| {
        response.header().set("Content-Type", "text/plain");
        response.write_status(Status::CREATED);
        response.header().set("X-Late", "1");
        response.write_status(Status::GONE);
        let _ = response.write_all(text(3_000).as_bytes());
    });
    let result = ask_with(handler, Method::POST, TAKES);
    assert_eq!((result.status, result.header.contains("X-Late")), (Status::CREATED, false));
    assert_eq!(unpacked(&result.body), text(3_000));
}

#[test]
fn a_file_is_compressed_like_any_body() {
    let path = std::env::temp_dir().join(format!("netprog-ch09-gzip-{}", std::process::id()));
    std::fs::write(&path, text(9_000)).unwrap();
    let shared = path.clone();
    let handler = handler_fn(move |response, _| {
        response.header().set("Content-Type", "text/css");
        let mut file = File::open(&shared).unwrap();
        response.write_file(&mut file, 16, 8_000).unwrap();
        let short = response.write_file(&mut file, 8_999, 2).unwrap_err();
        assert_eq!(short.kind(), io::ErrorKind::UnexpectedEof);
    });
    let result = ask_with(handler, Method::GET, TAKES);
    std::fs::remove_file(&path).unwrap();
    let expected = format!("{}{}", &text(9_000)[16..8_016], &text(9_000)[8_999..]);
    assert_eq!(unpacked(&result.body), expected);
}

#[test]
fn nothing_written_stays_nothing() {
    let result = ask_with(handler_fn(|_, _| {}), Method::GET, TAKES);
    assert_eq!((result.status, result.header.len(), result.body.len()), (Status::OK, 0, 0));
}

#[test]
fn the_first_byte_settles_the_fields_though_it_waits() {
    for first in ["", "x"] {
        let handler = handler_fn(move |response, _| {
            response.header().set("X-Field", "early");
            assert_eq!(response.write(first.as_bytes()).unwrap(), first.len());
            response.header().set("X-Field", "late");
            response.write_status(Status::GONE);
        });
        let result = ask_with(handler, Method::GET, TAKES);
        assert_eq!((result.status, result.header.get("X-Field")), (Status::OK, Some("early")));
    }
}

#[test]
fn head_is_told_no_length_of_a_file_that_get_would_compress() {
    use crate::ch09_http_server::client_for_tests::Client;
    use crate::ch09_http_server::test_server::MemoryServer;
    let path = std::env::temp_dir().join(format!("netprog-head-{}", std::process::id()));
    std::fs::write(&path, text(1_500)).unwrap();
    let of = path.clone();
    let server = MemoryServer::new(move |response: &mut dyn ResponseWriter, request: &mut Request| {
        let of = of.clone();
        let handler = handler_fn(move |response, _| {
            response.header().set("Content-Type", "text/plain; charset=utf-8");
            let _ = response.write_file(&mut File::open(&of).unwrap(), 0, 1_500);
        });
        gzip(handler).serve(response, request);
    });
    let mut client = Client::of(&server);
    client.send("GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n");
    let get = client.answer();
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n");
    let head = client.answer_to(&Method::HEAD);
    std::fs::remove_file(path).unwrap();
    for name in ["Content-Encoding", "Content-Length", "Vary"] {
        assert_eq!(head.get(name), get.get(name), "{name}");
    }
    assert_eq!(unpacked(&get.body), text(1_500));
}

#[test]
fn a_part_says_on_what_the_choice_depended() {
    let handler = handler_fn(|response, _| {
        response.header().set("Content-Type", "text/plain; charset=utf-8");
        response.header().set("Content-Range", "bytes 0-1/9000");
        response.write_status(Status::PARTIAL_CONTENT);
        let _ = response.write_all(b"ab");
    });
    let fields = [("Accept-Encoding", "gzip"), ("Range", "bytes=0-1")];
    let result = ask_with(handler, Method::GET, &fields);
    assert_eq!((result.header.get("Vary"), result.text().as_str()), (Some("Accept-Encoding"), "ab"));
}
