//! What each `Range` selects, and the frame of several parts.

use super::*;

fn parts(parts: &[(u64, u64)]) -> Selection {
    Selection::Parts(
        parts.iter().map(|(first, length)| ByteRange { first: *first, length: *length }).collect(),
    )
}

#[test]
fn a_range_is_cut_to_what_there_is() {
    for (value, expected) in [
        ("bytes=0-0", parts(&[(0, 1)])),
        ("bytes=0-9", parts(&[(0, 10)])),
        ("bytes=0-10", parts(&[(0, 10)])),
        ("bytes=9-9", parts(&[(9, 1)])),
        ("bytes=2-", parts(&[(2, 8)])),
        ("bytes=0-", parts(&[(0, 10)])),
        ("bytes=-1", parts(&[(9, 1)])),
        ("bytes=-10", parts(&[(0, 10)])),
        ("bytes=-11", parts(&[(0, 10)])),
        ("BYTES=1-2", parts(&[(1, 2)])),
        ("bytes= 1-2 ,\t4-5", parts(&[(1, 2), (4, 2)])),
        ("bytes=,1-2,,", parts(&[(1, 2)])),
        ("bytes=000000000000000000000000001-2", parts(&[(1, 2)])),
        ("bytes=3-18446744073709551615", parts(&[(3, 7)])),
        ("bytes=3-99999999999999999999999999", parts(&[(3, 7)])),
        ("bytes=-99999999999999999999999999", parts(&[(0, 10)])),
        // In the order asked for; what lies outside is left out.
        ("bytes=-1,0-0", parts(&[(9, 1), (0, 1)])),
        ("bytes=0-0,10-20", parts(&[(0, 1)])),
        ("bytes=1-4,3-6", parts(&[(1, 4), (3, 4)])),
    ] {
        assert_eq!(select(value, 10), expected, "{value}");
    }
}

#[test]
fn what_lies_behind_the_end_is_nothing() {
    for value in [
        "bytes=10-",
        "bytes=10-10",
        "bytes=-0",
        "bytes=99999999999999999999999999-",
        "bytes=18446744073709551615-18446744073709551615",
        "bytes=10-,20-30",
    ] {
        assert_eq!(select(value, 10), Selection::Nothing, "{value}");
    }
    assert_eq!(unsatisfied(10), "bytes */10");
}

#[test]
fn what_is_damaged_or_of_another_unit_is_no_range() {
    for value in [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-4",
        "bytes=1",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=+1-2",
        "bytes=1 -2",
        "bytes=1- 2",
        "bytes=0x1-2",
        "bytes:1-2",
        "lines=1-2",
        "byte=1-2",
        "=1-2",
        "bytes=1-2;3-4",
        "bytes=1-2,x",
        "bytes=\u{0661}-2",
        "bytes=1.5-2",
        "none",
    ] {
        assert_eq!(select(value, 10), Selection::Whole, "{value}");
    }
}

#[test]
fn parts_that_are_more_than_the_whole_are_the_whole() {
    assert_eq!(select("bytes=0-4,5-9", 10), parts(&[(0, 5), (5, 5)]));
    assert_eq!(select("bytes=0-5,5-9", 10), Selection::Whole);
    assert_eq!(select("bytes=0-,0-,0-", u64::MAX), Selection::Whole);
    let many = |count: usize| format!("bytes={}", vec!["0-0"; count].join(","));
    assert!(matches!(select(&many(MOST_PARTS), 1000), Selection::Parts(_)));
    assert_eq!(select(&many(MOST_PARTS + 1), 1000), Selection::Whole);
}

#[test]
fn an_empty_file_is_sent_whole() {
    for value in ["bytes=0-", "bytes=0-0", "bytes=-5", "bytes=7-"] {
        assert_eq!(select(value, 0), Selection::Whole, "{value}");
    }
}

#[test]
fn the_length_of_many_parts_is_known_before_they_are_read() {
    let whole = b"0123456789";
    let chosen = [ByteRange { first: 0, length: 1 }, ByteRange { first: 4, length: 3 }];
    let frame = Multipart::new("text/plain", 10).unwrap();
    let mut body = Vec::new();
    for (index, part) in chosen.iter().enumerate() {
        body.extend_from_slice(frame.head(part, index == 0).as_bytes());
        let first = part.first as usize;
        body.extend_from_slice(&whole[first..first + part.length as usize]);
    }
    body.extend_from_slice(frame.tail().as_bytes());
    assert_eq!(frame.length(&chosen), body.len() as u64);
    let boundary = frame.content_type().split_once("boundary=").unwrap().1.to_owned();
    let expected = format!(
        "--{boundary}\r\nContent-Range: bytes 0-0/10\r\nContent-Type: text/plain\r\n\r\n0\r\n\
         --{boundary}\r\nContent-Range: bytes 4-6/10\r\nContent-Type: text/plain\r\n\r\n456\r\n\
         --{boundary}--\r\n"
    );
    assert_eq!(String::from_utf8(body).unwrap(), expected);
}

#[test]
fn no_two_boundaries_are_the_same() {
    let one = Multipart::new("", 10).unwrap();
    assert_ne!(one.content_type(), Multipart::new("", 10).unwrap().content_type());
    assert!(!one.head(&ByteRange { first: 0, length: 1 }, true).contains("Content-Type"));
}
