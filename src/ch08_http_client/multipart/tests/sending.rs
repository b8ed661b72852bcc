//! Forms written, and sent as bodies.

use std::io::{self, ErrorKind, Write};

use super::{Place, boundary};
use crate::ch08_http_client::body::Body;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::multipart::*;

const FORM: &str = "--XX\r\n\
    Content-Disposition: form-data; name=\"a\"\r\n\r\n\
    1\r\n--XX\r\n\
    Content-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\n\
    Content-Type: application/octet-stream\r\n\r\n\
    Hello\n\r\n--XX--\r\n";

fn content_disposition(header: &Header) -> &str {
    header.get("Content-Disposition").unwrap()
}

#[test]
fn a_writer_and_a_form_write_the_same_bytes() {
    let mut writer = Writer::with_boundary(Vec::new(), boundary("XX"));
    writer.field("a", "1").unwrap();
    writer.file("f", "x.txt").unwrap().write_all(b"Hello\n").unwrap();
    assert_eq!(String::from_utf8(writer.finish().unwrap()).unwrap(), FORM);

    let place = Place::new("same");
    let mut form = Form::with_boundary(boundary("XX"));
    form.field("a", "1");
    form.file("f", place.file("x.txt", "Hello\n")).unwrap();
    assert_eq!(form.content_type(), "multipart/form-data; boundary=XX");
    let mut body = form.into_body();
    assert_eq!(body.length(), Some(FORM.len() as u64));
    assert_eq!(body.read_all(1000).unwrap(), FORM.as_bytes());
}

#[test]
fn an_empty_form_is_a_line_end_and_the_terminator() {
    let writer = Writer::with_boundary(Vec::new(), boundary("XX"));
    assert_eq!(writer.finish().unwrap(), b"\r\n--XX--\r\n");
    let mut body = Form::with_boundary(boundary("XX")).into_body();
    assert_eq!(body.read_all(100).unwrap(), b"\r\n--XX--\r\n");
}

#[test]
fn a_boundary_is_60_hexadecimal_digits_and_never_the_same() {
    let one = Writer::new(Vec::new()).unwrap();
    let two = Form::new().unwrap();
    assert_eq!(one.boundary().as_str().len(), 60);
    assert!(one.boundary().as_str().bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
    assert_ne!(one.content_type(), two.content_type());
}

#[test]
fn a_boundary_has_the_characters_of_rfc_2046_and_stands_in_quotes_where_it_must() {
    for text in ["x", "gc0pJq0M:08jU534c0p", "a b", "'()+_,-./:=?", &"9".repeat(70)] {
        let made = boundary(text);
        assert_eq!(Boundary::of_content_type(&made.content_type()).unwrap(), made, "{text}");
    }
    assert_eq!(boundary("a b").content_type(), "multipart/form-data; boundary=\"a b\"");
    assert_eq!(boundary("ab").content_type(), "multipart/form-data; boundary=ab");
    for text in ["", "a ", " ", "a\r\nb", "a\"b", "a;b", "ä", "a\0", "a@b", &"9".repeat(71)] {
        assert!(matches!(Boundary::new(text), Err(MultipartError::BadBoundary(_))), "{text:?}");
    }
}

#[test]
fn a_name_can_neither_end_its_quotes_nor_its_line() {
    assert_eq!(content_disposition(&field_header("a\"b\\c")), r#"form-data; name="a\"b\\c""#);
    let evil = "a\r\nX-Evil: 1\r\n\r\n--XX--\0\t";
    let header = file_header(evil, evil, "text/plain");
    assert!(header.check().is_ok());
    let name = "a%0D%0AX-Evil: 1%0D%0A%0D%0A--XX--%00%09";
    assert_eq!(content_disposition(&header), format!("form-data; name=\"{name}\"; filename=\"{name}\""));
    assert_eq!(content_disposition(&field_header("größe")), "form-data; name=\"größe\"");
}

#[test]
fn of_a_files_path_only_the_last_name_is_sent() {
    for path in ["x.txt", "/etc/x.txt", "..\\..\\x.txt", "C:\\dir/x.txt", "/x.txt"] {
        assert!(
            content_disposition(&file_header("f", path, "a/b")).ends_with("filename=\"x.txt\""),
            "{path}"
        );
    }
    for path in ["", "/", "a/", "..", "a/..", "a\\.", "."] {
        assert_eq!(base_name(path), "", "{path}");
    }
    assert_eq!(base_name(".hidden"), ".hidden");
}

#[test]
fn a_head_that_may_not_go_on_the_wire_is_refused_and_nothing_written() {
    let mut writer = Writer::with_boundary(Vec::new(), boundary("XX"));
    for header in [Header::from([("A", "b\r\nC: d")]), Header::from([("A b", "c")])] {
        assert!(matches!(writer.part(&header), Err(MultipartError::Head(_))));
        let mut form = Form::with_boundary(boundary("XX"));
        assert!(matches!(form.part(&header, Body::from("x")), Err(MultipartError::Head(_))));
    }
    assert_eq!(writer.finish().unwrap(), b"\r\n--XX--\r\n");
    let place = Place::new("type");
    let path = place.file("x", "");
    let mut form = Form::with_boundary(boundary("XX"));
    assert!(matches!(form.file_as("f", path, "x", "a/b\nc"), Err(MultipartError::Head(_))));
}

#[test]
fn a_missing_file_or_a_directory_is_found_before_anything_is_sent() {
    let place = Place::new("missing");
    let mut form = Form::new().unwrap();
    let error = form.file("f", place.0.join("nothing")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("nothing: "), "{error}");
    assert_eq!(form.file("f", &place.0).unwrap_err().kind(), ErrorKind::IsADirectory);
}

#[test]
fn what_is_in_memory_can_be_sent_again_and_files_cannot() {
    let mut form = Form::new().unwrap();
    form.field("a", "1");
    assert!(form.into_body().replay().is_some());
    let place = Place::new("again");
    let mut form = Form::new().unwrap();
    form.file("f", place.file("x", "y")).unwrap();
    assert!(form.into_body().replay().is_none());
}

#[test]
fn one_part_of_unknown_length_leaves_the_length_of_the_form_unknown() {
    let mut form = Form::with_boundary(boundary("XX"));
    form.part(&field_header("a"), Body::stream(io::empty())).unwrap();
    let mut body = form.into_body();
    assert_eq!(body.length(), None);
    assert!(body.read_all(1000).unwrap().ends_with(b"\r\n\r\n\r\n--XX--\r\n"));
    // Two lengths that have no sum.
    let mut form = Form::with_boundary(boundary("XX"));
    form.part(&field_header("a"), Body::sized(io::empty(), u64::MAX)).unwrap();
    assert_eq!(form.into_body().length(), None);
}

#[test]
fn a_large_file_is_read_while_it_is_sent() {
    // 1 TiB of nothing: a file with a hole takes no room on disk, and would have none in memory.
    let place = Place::new("large");
    let path = place.file("big.iso", "");
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let mut form = Form::with_boundary(boundary("XX"));
    form.file("file", &path).unwrap();
    let mut body = form.into_body();
    assert!(body.length().unwrap() > 1 << 40);
    let mut beginning = [0; 200];
    io::Read::read_exact(&mut body, &mut beginning).unwrap();
    assert!(beginning.ends_with(b"\0\0\0"));
}
