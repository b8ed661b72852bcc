//! What is compressed comes out again, and small.

use std::io::{self, ErrorKind, Write};

use super::samples::{self, LEVELS, deflated, drain, noise, reason, text};
use super::{Deflate, Level};
use crate::base::inflate::{Inflate, InflateError};

fn inflated(bytes: &[u8]) -> Vec<u8> {
    let (made, end) = drain(Inflate::new(bytes, u64::MAX), 5000);
    assert!(end.is_ok(), "{end:?}");
    made
}

#[test]
fn what_goes_in_comes_out_at_every_level() {
    for (name, bytes) in samples::all() {
        for level in LEVELS {
            assert!(inflated(&deflated(&bytes, level)) == bytes, "{name}, {level:?}");
        }
    }
}

#[test]
fn how_it_is_cut_into_writes_does_not_matter() {
    let bytes = [text(70_000, 1), noise(3000, 1)].concat();
    for level in LEVELS {
        for piece in [1, 1000, 40_000] {
            let mut writer = Deflate::new(Vec::new(), level);
            for piece in bytes.chunks(piece) {
                writer.write_all(piece).unwrap();
            }
            assert!(inflated(&writer.finish().unwrap()) == bytes, "{level:?} in writes of {piece}");
        }
    }
}

#[test]
fn nothing_is_one_empty_block() {
    assert_eq!(deflated(b"", Level::Default), [0x03, 0x00]);
    assert_eq!(deflated(b"", Level::Fast), [0x03, 0x00]);
    assert_eq!(deflated(b"", Level::Store), [0x01, 0x00, 0x00, 0xff, 0xff]);
    assert_eq!(deflated(b"a", Level::Default), [0x4b, 0x04, 0x00]);
}

#[test]
fn noise_grows_by_little_and_zeros_shrink_to_a_thousandth() {
    let noise = noise(200_000, 1);
    for level in LEVELS {
        let length = deflated(&noise, level).len();
        assert!(length < noise.len() + noise.len() / 1000 + 16, "{level:?}: {length}");
    }
    for level in [Level::Fast, Level::Default] {
        let length = deflated(&vec![0; 1_000_000], level).len();
        assert!(length < 1200, "{level:?}: {length}");
    }
}

#[test]
fn text_shrinks_the_more_the_harder_one_tries() {
    let text = text(200_000, 1);
    let [stored, fast, usual] = LEVELS.map(|level| deflated(&text, level).len());
    assert!(text.len() < stored && fast < text.len() * 2 / 5 && usual < fast, "{stored} {fast} {usual}");
}

#[test]
fn after_a_flush_everything_written_can_be_decoded() {
    let bytes = [text(60_000, 1), noise(9000, 1)].concat();
    for level in LEVELS {
        let mut writer = Deflate::new(Vec::new(), level);
        let mut written = 0;
        for (number, piece) in bytes.chunks(2999).enumerate() {
            writer.write_all(piece).unwrap();
            written += piece.len();
            if number % 3 == 0 {
                writer.flush().unwrap();
                assert!(writer.inner().ends_with(&[0, 0, 0xff, 0xff]) || level == Level::Store);
                let (made, end) = drain(Inflate::new(&writer.inner()[..], u64::MAX), 5000);
                assert!(made == bytes[..written], "{level:?} after {written} bytes");
                assert_eq!(reason(&end.unwrap_err()), InflateError::Truncated);
            }
        }
        assert!(inflated(&writer.finish().unwrap()) == bytes, "{level:?}");
    }
}

#[test]
fn a_flush_of_nothing_new_adds_nothing() {
    let mut writer = Deflate::new(Vec::new(), Level::Default);
    writer.flush().unwrap();
    assert!(writer.inner().is_empty());
    writer.write_all(b"chores").unwrap();
    writer.flush().unwrap();
    let length = writer.inner().len();
    writer.flush().unwrap();
    assert_eq!(writer.inner().len(), length);
    assert_eq!(inflated(&writer.finish().unwrap()), b"chores");
}

/// A connection that breaks after so many bytes.
struct Breaking(usize);

impl Write for Breaking {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(ErrorKind::ConnectionReset.into());
        }
        let count = buf.len().min(self.0);
        self.0 -= count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn after_an_error_below_nothing_more_is_written() {
    let mut writer = Deflate::new(Breaking(10), Level::Default);
    writer.write_all(&noise(100, 1)).unwrap();
    assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(writer.write(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(writer.finish().err().map(|error| error.kind()), Some(ErrorKind::BrokenPipe));
}
