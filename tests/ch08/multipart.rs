//! A form with files: built, and taken apart again as a server does. Listings 8-8, 8-9 and 8-11; rows 8.38 to 8.43, H.25.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use netprog::base::calendar::Timestamp;
use netprog::base::trace;
use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::form;
use netprog::ch08_http_client::multipart::{
    Boundary, Form, FormLimits, MultipartError, Reader, Writer, parse_form,
};
use netprog::ch08_http_client::url::Query;

/// 31 characters, as in Listing 8-8.
const DESCRIPTION: &str = "Form values with attached files";
const FILES: [(&str, &str); 2] = [("file1", "hello.txt"), ("file2", "goodbye.txt")];

fn path_of(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

/// The time in a zone that is not UTC, so that it has 25 characters and no `Z`.
fn date() -> String {
    Timestamp::from_unix(1_136_239_445, 0).in_offset(-7 * 3600).rfc3339()
}

/// The form of Listing 8-9.
pub fn books_form() -> Form {
    let mut form = Form::new().unwrap();
    form.field("date", date());
    form.field("description", DESCRIPTION);
    for (name, file) in FILES {
        form.file(name, path_of(file)).unwrap();
    }
    form
}

/// Watch: two parts, each with its delimiter, one field in its head, a blank line and the value. The line end before a
/// delimiter belongs to the delimiter. Nothing ends the body yet, and a reader says so. Rows 8.38, 8.39 and 8.41.
#[test]
fn listing_8_8_says_what_happens() {
    let _me = trace::party("client");
    trace::chapter("ch08");
    let mut body = Vec::new();
    let mut writer = Writer::new(&mut body).unwrap();
    let boundary = writer.boundary().clone();
    trace::note(|| format!("the boundary is {boundary}: 30 random bytes"));
    assert_eq!(boundary.as_str().len(), 60);
    assert_ne!(boundary, Boundary::random().unwrap());

    writer.field("date", date()).unwrap();
    writer.field("description", DESCRIPTION).unwrap();
    assert_eq!(
        String::from_utf8(body.clone()).unwrap(),
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"date\"\r\n\r\n2006-01-02T15:04:05-07:00\
             \r\n--{boundary}\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n{DESCRIPTION}"
        )
    );

    let mut reader = Reader::with_boundary(&body[..], &boundary);
    let mut seen = Vec::new();
    let error = loop {
        match reader.next_part() {
            Ok(part) => seen.push(part.expect("no terminator was written").name.unwrap()),
            Err(error) => break error,
        }
    };
    trace::note(|| format!("read as it is: {error}"));
    assert_eq!(seen, ["date", "description"]);
    assert!(matches!(error, MultipartError::CutShort { parts: 2 }), "{error}");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

/// Watch: each file is a part with two fields in its head. The name that is sent is ours to choose; only its last part goes out.
/// `finish` writes the terminator. Rows 8.40 and 8.41.
#[test]
fn listing_8_9_says_what_happens() {
    let _me = trace::party("client");
    trace::chapter("ch08");
    let mut writer = Writer::with_boundary(Vec::new(), Boundary::new("XX").unwrap());
    for (name, file) in FILES {
        let sent_as = format!("./files/{file}");
        let part = writer.file(name, &sent_as).unwrap();
        let copied = io::copy(&mut std::fs::File::open(path_of(file)).unwrap(), part).unwrap();
        trace::note(|| format!("{copied} bytes of {file} are part {name}"));
    }
    let body = writer.finish().unwrap();
    let part = |name: &str, file: &str, content: &str| {
        format!(
            "--XX\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{content}\r\n"
        )
    };
    assert_eq!(
        String::from_utf8(body).unwrap(),
        part("file1", "hello.txt", "Hello, world!\n")
            + &part("file2", "goodbye.txt", "Goodbye, world!\n")
            + "--XX--\r\n"
    );
}

/// Watch: the whole form has the 739 bytes that the book's server counted, and the length is known though no file has been read.
/// A server gets out of it what the answer in the book shows. Rows 8.42, 8.43 and H.25.
#[test]
fn listing_8_11_says_what_happens() {
    let _me = trace::party("client");
    trace::chapter("ch08");
    let form = books_form();
    let content_type = form.content_type();
    let body = form.into_body();
    trace::note(|| format!("Content-Length: {}, Content-Type: {content_type}", body.length().unwrap()));
    assert_eq!(body.length(), Some(739));
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").expect(&content_type);
    assert_eq!(boundary.len(), 60);

    let received = parse_form(body, Some(&content_type), FormLimits::default()).unwrap();
    let fields: Vec<_> =
        received.fields.pairs().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, [("date", "2006-01-02T15:04:05-07:00"), ("description", DESCRIPTION)]);
    for (name, content) in [("file1", "Hello, world!\n"), ("file2", "Goodbye, world!\n")] {
        let file = received.file(name).unwrap();
        trace::note(|| format!("{name} is {} with {} bytes", file.filename, file.length));
        assert_eq!(io::read_to_string(file.open().unwrap()).unwrap(), content);
    }
}

/// Row 8.42: a boundary of our own, and one that must stand in quotes.
#[test]
fn a_boundary_of_ones_own_stands_in_quotes_where_it_must() {
    let content_type = |text| Boundary::new(text).map(|boundary| boundary.content_type());
    assert_eq!(content_type("a b").unwrap(), "multipart/form-data; boundary=\"a b\"");
    assert_eq!(content_type("ab").unwrap(), "multipart/form-data; boundary=ab");
    for text in ["", "a ", "a\r\nX: y", &"a".repeat(71)] {
        assert!(matches!(content_type(text), Err(MultipartError::BadBoundary(_))), "{text:?}");
    }
}

/// Row 8.40: Go 1.19 lets a line end in a name through, and the name becomes a field of the part, or a part.
#[test]
fn a_line_end_in_a_name_does_not_reach_the_wire() {
    let mut form = Form::new().unwrap();
    form.field("a\"\r\nContent-Type: text/html\r\n\r\n<script>", "1");
    let content_type = form.content_type();
    let received = parse_form(form.into_body(), Some(&content_type), FormLimits::default()).unwrap();
    let name = "a\"%0D%0AContent-Type: text/html%0D%0A%0D%0A<script>";
    assert_eq!(received.fields.first(name), Some("1"));
}

/// Row H.25: what does not fit in memory waits on disk, and is gone when the form is.
#[test]
fn a_large_file_waits_on_disk_and_is_gone_with_the_form() {
    let _me = trace::party("server");
    trace::chapter("ch08");
    let mut writer = Writer::new(Vec::new()).unwrap();
    let content_type = writer.content_type();
    writer.file("upload", "../../etc/passwd").unwrap().write_all(&[b'x'; 5000]).unwrap();
    let body = writer.finish().unwrap();

    let limits = FormLimits { memory: 4096, ..FormLimits::default() };
    let received = parse_form(&body[..], Some(&content_type), limits).unwrap();
    let file = received.file("upload").unwrap();
    assert_eq!((file.filename.as_str(), file.length), ("passwd", 5000));
    let path = file.path().expect("it has no room in memory").to_path_buf();
    trace::note(|| format!("{} bytes wait on disk", file.length));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 5000);
    drop(received);
    assert!(!path.exists());
}

/// A form without files needs no boundary: its pairs stand as in a query.
#[test]
fn a_form_without_files_is_written_like_a_query() {
    let pairs: Query = [("first", "Adam"), ("last", "Woodbury & Co")].into_iter().collect();
    let mut body: Body = form::body_of(&pairs);
    let read = form::read(Some(form::MEDIA_TYPE), &mut body, 1000).unwrap();
    assert_eq!(read, pairs);
    assert_eq!(pairs.to_string(), "first=Adam&last=Woodbury+%26+Co");
}
