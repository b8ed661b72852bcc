//! zlib streams, and deflate streams that call themselves so.

use std::io::Write;

use super::{ZlibReader, ZlibWriter};
use crate::base::deflate::Level;
use crate::base::deflate::samples::{self, Hesitant, deflated, drain, insist, reason, text};
use crate::base::inflate::InflateError;

#[rustfmt::skip]
const A: [u8; 9] = [
    0x78, 0x9c,              // deflate, 32 KiB, the usual effort
    0x4b, 0x04, 0x00,        // 'a' in the fixed code
    0x00, 0x62, 0x00, 0x62,  // Adler-32, highest byte first
];

fn zipped(bytes: &[u8], level: Level) -> Vec<u8> {
    let mut writer = ZlibWriter::new(Vec::new(), level);
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn unzipped(bytes: &[u8]) -> Result<Vec<u8>, InflateError> {
    let (made, end) = drain(ZlibReader::new(bytes, u64::MAX), 1000);
    end.map(|()| made).map_err(|error| reason(&error))
}

#[test]
fn the_stream_above_says_what_its_comments_say() {
    assert_eq!(unzipped(&A).unwrap(), b"a");
    assert_eq!(zipped(b"a", Level::Default), A);
}

#[test]
fn http_s_deflate_is_read_with_zlib_s_wrapping_and_without() {
    for (name, bytes) in samples::all() {
        for level in samples::LEVELS {
            for packed in [zipped(&bytes, level), deflated(&bytes, level)] {
                let (made, end) = drain(ZlibReader::or_deflate(&packed[..], u64::MAX), 1000);
                assert!(end.is_ok() && made == bytes, "{name}, {level:?}: {end:?}");
            }
        }
    }
    assert!(matches!(unzipped(&deflated(b"abc", Level::Default)), Err(InflateError::NotZlib(_))));
}

#[test]
fn a_header_that_is_wrong_is_refused_by_name() {
    assert_eq!(unzipped(&[0x78, 0x9d]), Err(InflateError::NotZlib([0x78, 0x9d])));
    // 0x79 says method 9, 0x88 a window of 64 KiB, 0x20 a dictionary; the second byte makes a multiple of 31.
    assert_eq!(unzipped(&[0x79, 0x18]), Err(InflateError::Method(9)));
    assert_eq!(unzipped(&[0x88, 0x1c]), Err(InflateError::NotZlib([0x88, 0x1c])));
    assert_eq!(unzipped(&[0x78, 0x20]), Err(InflateError::PresetDictionary));
    let (_, end) = drain(ZlibReader::or_deflate(&[0x78, 0x20][..], 9), 9);
    assert_eq!(reason(&end.unwrap_err()), InflateError::PresetDictionary);
}

#[test]
fn cut_short_anywhere_it_is_truncated_and_with_another_sum_damaged() {
    for length in 0..A.len() {
        assert_eq!(unzipped(&A[..length]), Err(InflateError::Truncated));
    }
    let mut damaged = A;
    damaged[8] ^= 1;
    assert_eq!(unzipped(&damaged), Err(InflateError::Checksum { said: 0x0062_0063, is: 0x0062_0062 }));
}

#[test]
fn time_outs_anywhere_lose_nothing() {
    let bytes = text(2000, 1);
    for packed in [zipped(&bytes, Level::Default), deflated(&bytes, Level::Default)] {
        assert!(insist(ZlibReader::or_deflate(Hesitant::new(&packed, 1), u64::MAX)).unwrap() == bytes);
    }
}

#[test]
fn what_follows_the_stream_is_given_back() {
    let file = [&A[..], b"next"].concat();
    let mut reader = ZlibReader::new(&file[..], u64::MAX);
    assert_eq!(drain(&mut reader, 10).0, b"a");
    assert_eq!(reader.into_parts().1, b"next");
}
