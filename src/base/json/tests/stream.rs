//! Values one after the other: the decoder and the encoder.

use std::io::{self, Read};

use super::super::*;

/// Gives its pieces one per read, and an error where there is one.
struct Pieces(Vec<io::Result<&'static [u8]>>);

impl Read for Pieces {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Ok(0);
        }
        let piece = self.0.remove(0)?;
        buf[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}

/// A reader that must not be asked.
struct Forbidden;

impl Read for Forbidden {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("the decoder wanted more than it needed");
    }
}

#[test]
fn values_come_one_after_the_other_and_then_none() {
    let mut reader = &b"{\"a\":1}{\"b\":2} 3 4\n\"x\"\"y\"[]nullfalse "[..];
    let mut decoder = Decoder::new(&mut reader);
    let mut seen = Vec::new();
    while let Some(value) = decoder.decode().unwrap() {
        seen.push(to_string(&value));
    }
    assert_eq!(seen, ["{\"a\":1}", "{\"b\":2}", "3", "4", "\"x\"", "\"y\"", "[]", "null", "false"]);
    assert!(decoder.decode().unwrap().is_none());
}

#[test]
fn a_value_is_taken_without_waiting_for_what_comes_behind_it() {
    let mut reader = (&b"{\"a\":[1]}"[..]).chain(Forbidden);
    let value = Decoder::new(&mut reader).decode().unwrap().unwrap();
    assert_eq!(to_string(&value), "{\"a\":[1]}");
}

#[test]
fn what_cannot_become_a_value_is_refused_without_waiting_for_more() {
    for wrong in ["x", "{\"a\" 1", "[1,]", "nuk", "\"\\x", "01", "1.e", "{\"a\":1]", "\"\n"] {
        let mut reader = wrong.as_bytes().chain(Forbidden);
        let mut decoder = Decoder::new(&mut reader);
        let first = decoder.decode().unwrap_err().to_string();
        assert_eq!(decoder.decode().unwrap_err().to_string(), first, "and it stays so");
    }
}

#[test]
fn what_is_behind_a_value_is_left_alone() {
    let mut reader = &b"{\"a\":1}\nnot json"[..];
    let mut decoder = Decoder::new(&mut reader);
    assert!(decoder.decode().unwrap().is_some());
    assert_eq!(decoder.buffered(), b"\nnot json");
    let DecodeError::Json(error) = decoder.decode().unwrap_err() else { panic!("it reads") };
    assert_eq!((error.line, error.column, error.offset), (2, 2, 9));
    assert_eq!(error.to_string(), "line 2, column 2: 'o' came, wanted null");
}

#[test]
fn after_a_timeout_the_decoder_goes_on_where_it_was() {
    let timed_out = || Err(io::ErrorKind::TimedOut.into());
    let mut reader = Pieces(vec![
        Ok(b"{\"a\":[1, 2"),
        timed_out(),
        Ok(b"3, \"x\\ud83d"),
        timed_out(),
        Ok(b"\\udc39\"]"),
        Err(io::ErrorKind::Interrupted.into()),
        Ok(b"}"),
    ]);
    let mut decoder = Decoder::new(&mut reader);
    for _ in 0..2 {
        assert!(
            matches!(decoder.decode(), Err(DecodeError::Read(error)) if error.kind() == io::ErrorKind::TimedOut)
        );
    }
    assert_eq!(to_string(&decoder.decode().unwrap().unwrap()), "{\"a\":[1,23,\"x🐹\"]}");
}

#[test]
fn a_reader_that_ends_inside_a_value_did_not_end_between_two() {
    let mut reader = &b"{} {\"a\":"[..];
    let mut decoder = Decoder::new(&mut reader);
    assert!(decoder.decode().unwrap().is_some());
    let error = decoder.decode().unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 9: the input ends where a value should come");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidData);
}

/// Without memory of what it has searched the decoder would go over the string again at each byte: 10^12 steps.
#[test]
fn a_long_string_that_drips_in_is_searched_once() {
    struct Drip(usize);
    impl Read for Drip {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            buf[0] = if self.0 == 0 || self.0 == 1_000_000 { b'"' } else { b'a' };
            self.0 += 1;
            Ok(usize::from(self.0 <= 1_000_001))
        }
    }
    let value = Decoder::new(&mut Drip(0)).decode().unwrap().unwrap();
    assert_eq!(value.as_str().unwrap().len(), 999_999);
}

#[test]
fn the_encoder_ends_each_value_with_a_newline_as_gos_does() {
    let mut out = Vec::new();
    let mut encoder = Encoder::with(&mut out, Format::AS_GO);
    encoder.encode(&Value::from(Vec::new())).unwrap();
    encoder.encode(&Value::from("<a href=\"x\">&\u{2028}\u{2029}\u{2027}é</a>")).unwrap();
    let wanted = "[]\n\"\\u003ca href=\\\"x\\\"\\u003e\\u0026\\u2028\\u2029\u{2027}é\\u003c/a\\u003e\"\n";
    assert_eq!(String::from_utf8(out).unwrap(), wanted);
}

#[test]
fn a_small_value_goes_in_one_write_and_a_large_one_in_pieces() {
    struct Writes(Vec<usize>);
    impl io::Write for Writes {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.push(buf.len());
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writes = Writes(Vec::new());
    Encoder::new(&mut writes).encode(&Value::from(vec![Value::from(1); 10])).unwrap();
    assert_eq!(writes.0, [22]);
    let large = Value::from(vec![Value::from("0123456789"); 100_000]);
    writes.0.clear();
    write_to(&large, &mut writes).unwrap();
    assert_eq!(writes.0.iter().sum::<usize>(), to_string(&large).len());
    assert!(writes.0.len() > 10 && writes.0.iter().all(|length| *length < 70_000), "{:?}", writes.0);
}
