//! Members, headers and trailers, whole and damaged.

use std::io::{ErrorKind, Read, Write};

use super::{GzipReader, GzipWriter, MAX_TEXT_BYTES};
use crate::base::checksum::crc32;
use crate::base::deflate::Level;
use crate::base::deflate::samples::{self, Hesitant, drain, insist, noise, reason, text};
use crate::base::inflate::InflateError;

#[rustfmt::skip]
const A: [u8; 21] = [
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff,  // deflate, no flags, no time, system unknown
    0x4b, 0x04, 0x00,                       // 'a' in the fixed code
    0x43, 0xbe, 0xb7, 0xe8,                 // its CRC-32, lowest byte first
    0x01, 0x00, 0x00, 0x00,                 // one byte
];

fn zipped(bytes: &[u8], level: Level) -> Vec<u8> {
    let mut writer = GzipWriter::new(Vec::new(), level);
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn unzipped(bytes: &[u8]) -> Result<Vec<u8>, InflateError> {
    let (made, end) = drain(GzipReader::new(bytes, u64::MAX), 1000);
    end.map(|()| made).map_err(|error| reason(&error))
}

#[test]
fn the_file_above_says_what_its_comments_say() {
    assert_eq!(unzipped(&A).unwrap(), b"a");
    assert_eq!(zipped(b"a", Level::Default), A);
}

#[test]
fn what_goes_in_comes_out_at_every_level() {
    for (name, bytes) in samples::all() {
        for level in samples::LEVELS {
            assert!(unzipped(&zipped(&bytes, level)).unwrap() == bytes, "{name}, {level:?}");
        }
    }
}

/// A header with these flags, and fields for them.
fn header(flags: u8) -> Vec<u8> {
    let mut header = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3];
    if flags & 4 != 0 {
        header.extend_from_slice(&[3, 0, 9, 9, 0]);
    }
    if flags & 8 != 0 {
        header.extend_from_slice(b"chores.txt\0");
    }
    if flags & 16 != 0 {
        header.extend_from_slice(b"mow the lawn\0");
    }
    if flags & 2 != 0 {
        let sum = crc32(&header) as u16;
        header.extend_from_slice(&sum.to_le_bytes());
    }
    header
}

#[test]
fn every_field_of_a_header_is_skipped() {
    for flags in 0..32 {
        let file = [&header(flags)[..], &A[10..]].concat();
        assert_eq!(unzipped(&file).unwrap(), b"a", "flags {flags:#07b}");
        for length in 0..file.len() {
            assert_eq!(
                unzipped(&file[..length]),
                Err(InflateError::Truncated),
                "flags {flags:#07b} cut at {length}"
            );
        }
    }
    let empty_extra = [&[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 0, 0][..], &A[10..]].concat();
    assert_eq!(unzipped(&empty_extra).unwrap(), b"a");
}

#[test]
fn a_header_that_is_wrong_is_refused_by_name() {
    let with = |at: usize, byte: u8| {
        let mut file = A;
        file[at] = byte;
        unzipped(&file).unwrap_err()
    };
    assert_eq!(with(0, 0x1e), InflateError::NotGzip([0x1e, 0x8b]));
    assert_eq!(with(1, 0x8c), InflateError::NotGzip([0x1f, 0x8c]));
    assert_eq!(with(2, 7), InflateError::Method(7));
    assert_eq!(with(3, 0x80), InflateError::ReservedFlags(0x80));
    let mut file = header(2);
    file[4] ^= 1;
    let (said, is) = (crc32(&header(0)) as u16, crc32(&file[..10]) as u16);
    let said_for = crc32(&header(2)[..10]) as u16;
    assert_ne!(said, is);
    file.extend_from_slice(&A[10..]);
    assert_eq!(unzipped(&file), Err(InflateError::HeaderChecksum { said: said_for, is }));
}

#[test]
fn a_name_without_end_is_not_read_for_ever() {
    for flag in [8, 16] {
        let start = [0x1f, 0x8b, 8, flag, 0, 0, 0, 0, 0, 3];
        let endless = start.chain(std::io::repeat(b'x'));
        let error = GzipReader::new(endless, u64::MAX).read(&mut [0]).unwrap_err();
        assert_eq!(reason(&error), InflateError::HeaderTooLong { limit: MAX_TEXT_BYTES });
        let name = vec![b'x'; MAX_TEXT_BYTES];
        assert_eq!(unzipped(&[&start[..], &name, b"\0", &A[10..]].concat()).unwrap(), b"a");
    }
}

#[test]
fn a_trailer_that_is_wrong_is_refused_at_the_end() {
    let mut file = A;
    file[13] ^= 1;
    assert_eq!(unzipped(&file), Err(InflateError::Checksum { said: 0xe8b7_be42, is: 0xe8b7_be43 }));
    let mut file = A;
    file[17] = 2;
    let mut reader = GzipReader::new(&file[..], u64::MAX);
    let (made, end) = drain(&mut reader, 10);
    assert_eq!((made, reason(&end.unwrap_err())), (b"a".to_vec(), InflateError::Length { said: 2, is: 1 }));
    assert!(reader.read(&mut [0]).is_err(), "an error stays");
}

#[test]
fn members_behind_one_another_are_one_file() {
    let empty = zipped(b"", Level::Default);
    let long = text(50_000, 1);
    let file = [&A[..], &empty, &zipped(&long, Level::Fast), &A].concat();
    let wanted = [b"a", &long[..], b"a"].concat();
    assert!(unzipped(&file).unwrap() == wanted);
    let (_, end) = drain(GzipReader::new(&file[..], 50_001), 1000);
    assert_eq!(
        reason(&end.unwrap_err()),
        InflateError::TooLong { limit: 50_001 },
        "the limit is for all of them"
    );
    assert_eq!(unzipped(&[&A[..], b"\0"].concat()), Err(InflateError::TrailingBytes));
    assert_eq!(unzipped(&[&A[..], &A[..1]].concat()), Err(InflateError::Truncated));
}

#[test]
fn a_match_does_not_reach_back_into_the_member_before() {
    // Three bytes from one back, before there is any: length 257 0000001, distance 0 00000.
    let body = [0b0000_0011, 0b0000_0010, 0, 0];
    let file = [&A[..], &A[..10], &body].concat();
    assert_eq!(unzipped(&file), Err(InflateError::TooFarBack { distance: 1, most: 0 }));
}

#[test]
fn time_outs_anywhere_lose_nothing() {
    let bytes = text(3000, 1);
    let body = zipped(&bytes, Level::Default);
    let file = [&header(31)[..], &body[10..], &A].concat();
    let wanted = [&bytes[..], b"a"].concat();
    for piece in [1, 3] {
        assert!(insist(GzipReader::new(Hesitant::new(&file, piece), u64::MAX)).unwrap() == wanted);
    }
}

#[test]
fn a_bit_turned_over_is_noticed_or_does_not_matter() {
    let bytes = [text(400, 1), noise(30, 1)].concat();
    let packed = zipped(&bytes, Level::Default);
    for bit in 0..packed.len() * 8 {
        let mut damaged = packed.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let (made, end) = drain(GzipReader::new(&damaged[..], 10_000), 512);
        assert!(end.is_err() || made == bytes, "bit {bit}");
    }
}

#[test]
fn a_flush_brings_the_header_and_everything_written() {
    let mut writer = GzipWriter::new(Vec::new(), Level::Default);
    writer.flush().unwrap();
    assert_eq!(writer.inner().len(), 10);
    for number in 0..50_u8 {
        let line = [b'0' + number % 10; 10];
        writer.write_all(&line).unwrap();
        writer.flush().unwrap();
        let (made, end) = drain(GzipReader::new(&writer.inner()[..], u64::MAX), 100);
        assert!(made.ends_with(&line) && made.len() == (usize::from(number) + 1) * 10);
        assert_eq!(end.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
}
