//! What comes coded, decoded.

use std::io::{ErrorKind, Write};

use super::*;
use crate::base::deflate::Level;
use crate::base::gzip::GzipWriter;
use crate::base::zlib::ZlibWriter;
use crate::ch08_http_client::error::MessageError;

const TEXT: &[u8] = b"Hello, gophers! Hello, gophers! Hello, gophers!";

fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut writer = GzipWriter::new(Vec::new(), Level::Default);
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn zlibbed(text: &[u8]) -> Vec<u8> {
    let mut writer = ZlibWriter::new(Vec::new(), Level::Default);
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn status(code: u16) -> Status {
    Status::new(code).unwrap()
}

fn header(coding: &str) -> Header {
    Header::from([("Content-Encoding", coding), ("Content-Length", "17"), ("Content-Type", "text/plain")])
}

fn decoded_bytes(coding: &str, bytes: Vec<u8>) -> Result<Vec<u8>, HttpError> {
    let mut body = decoded_body(status(200), &mut header(coding), Body::from(bytes), MAX_DECODED);
    let mut all = Vec::new();
    body.read_to_end(&mut all).map(|_| all).map_err(HttpError::from_io)
}

fn inflate_error(error: &HttpError) -> InflateError {
    let HttpError::BadCoding { error, .. } = error else { panic!("{error}") };
    *error.get_ref().unwrap().downcast_ref().unwrap()
}

#[test]
fn a_decoded_body_has_no_length_and_its_header_no_coding() {
    let mut header = header("GZIP");
    let mut body = decoded_body(status(200), &mut header, Body::from(gzipped(TEXT)), MAX_DECODED);
    assert_eq!(header, Header::from([("Content-Type", "text/plain")]));
    assert_eq!(body.length(), None);
    assert_eq!(body.read_all(100).unwrap(), TEXT);
}

#[test]
fn each_name_of_a_coding_we_know_is_decoded() {
    for coding in ["gzip", "x-gzip", " gzip,"] {
        assert_eq!(decoded_bytes(coding, gzipped(TEXT)).unwrap(), TEXT);
    }
    assert_eq!(decoded_bytes("deflate", zlibbed(TEXT)).unwrap(), TEXT);
    // Without zlib's two bytes and its sum, as some servers send it.
    let bare = zlibbed(TEXT);
    assert_eq!(decoded_bytes("deflate", bare[2..bare.len() - 4].to_vec()).unwrap(), TEXT);
}

#[test]
fn what_is_not_decoded_stays_as_it_came() {
    for (code, coding, body) in
        [(200, "br", "x"), (200, "gzip, gzip", "x"), (206, "gzip", "x"), (200, "gzip", ""), (304, "gzip", "")]
    {
        let mut fields = header(coding);
        let mut body_after = decoded_body(status(code), &mut fields, Body::from(body), MAX_DECODED);
        assert_eq!(fields, header(coding), "{code} {coding}");
        assert_eq!(body_after.read_all(100).unwrap(), body.as_bytes());
    }
    let mut none = Header::new();
    assert_eq!(decoded_body(status(200), &mut none, Body::from("x"), 1).length(), Some(1));
}

#[test]
fn a_coding_without_a_byte_behind_it_is_an_empty_body() {
    for coding in ["gzip", "deflate"] {
        let source = Body::stream(io::empty());
        let mut body = decoded_body(status(200), &mut header(coding), source, MAX_DECODED);
        assert_eq!(body.read_all(100).unwrap(), b"");
        assert_eq!(body.read(&mut [0; 8]).unwrap(), 0);
    }
}

#[test]
fn a_body_cut_short_anywhere_is_no_body() {
    let whole = gzipped(TEXT);
    for length in 1..whole.len() {
        let error = decoded_bytes("gzip", whole[..length].to_vec()).unwrap_err();
        assert_eq!(inflate_error(&error), InflateError::Truncated, "{length}");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }
    let error = decoded_bytes("deflate", zlibbed(TEXT)[..20].to_vec()).unwrap_err();
    assert_eq!(error.to_string().split(':').next(), Some("the body's deflate coding is broken"));
}

#[test]
fn a_damaged_body_and_one_with_something_behind_it_are_errors() {
    let mut wrong_sum = gzipped(TEXT);
    let at = wrong_sum.len() - 8;
    wrong_sum[at] ^= 1;
    let error = decoded_bytes("gzip", wrong_sum).unwrap_err();
    assert!(matches!(inflate_error(&error), InflateError::Checksum { .. }), "{error}");
    for (coding, whole) in [("gzip", gzipped(TEXT)), ("deflate", zlibbed(TEXT))] {
        // Far behind it, so that no buffer hides it.
        let longer = [whole, vec![b'x'; 100_000]].concat();
        assert_eq!(inflate_error(&decoded_bytes(coding, longer).unwrap_err()), InflateError::TrailingBytes);
    }
}

#[test]
fn a_bomb_goes_off_at_the_limit() {
    let bomb = gzipped(&vec![0; 1_000_000]);
    assert!(bomb.len() < 2_000);
    let mut body = decoded_body(status(200), &mut header("gzip"), Body::from(bomb), 10_000);
    let mut all = Vec::new();
    let error = HttpError::from_io(body.read_to_end(&mut all).unwrap_err());
    assert_eq!(all.len(), 10_000);
    assert_eq!(inflate_error(&error), InflateError::TooLong { limit: 10_000 });
}

/// A chunked body: an error, the bytes, then a trailer.
struct Chunks {
    bytes: io::Cursor<Vec<u8>>,
    error: Option<io::Error>,
}

impl Read for Chunks {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.error.take().map_or_else(|| self.bytes.read(buf), Err)
    }
}

impl BodySource for Chunks {
    fn trailer(&mut self) -> Option<Header> {
        let ended = self.bytes.position() == self.bytes.get_ref().len() as u64;
        ended.then(|| Header::from([("Sum", "1")]))
    }
}

#[test]
fn the_trailer_can_be_had_after_the_end_and_the_connections_errors_pass_as_they_are() {
    let error: io::Error = MessageError::BodyCutShort { wanted: 2, got: 1 }.into();
    let chunks = Chunks { bytes: io::Cursor::new(gzipped(TEXT)), error: Some(error) };
    let source = Body::of_connection(Box::new(chunks), None);
    let mut body = decoded_body(status(200), &mut header("gzip"), source, MAX_DECODED);
    assert_eq!(body.trailer(), None);
    assert!(matches!(body.read_all(100), Err(MessageError::BodyCutShort { wanted: 2, got: 1 })));
    assert_eq!(body.read_all(100).unwrap(), TEXT);
    assert_eq!(body.trailer().unwrap().get("Sum"), Some("1"));
}
