//! Chunks, whole and broken.

use super::*;
use std::io::BufReader;

/// The body, the trailer and what is left of the input.
fn decode(mut input: &[u8]) -> Result<(Vec<u8>, Header, Vec<u8>), MessageError> {
    let mut decoder = ChunkedDecoder::new();
    let mut body = Vec::new();
    let mut buf = [0; 7];
    loop {
        let count = decoder.read(&mut input, &mut buf)?;
        if count == 0 {
            return Ok((body, decoder.trailer().unwrap().clone(), input.to_vec()));
        }
        body.extend_from_slice(&buf[..count]);
    }
}

#[test]
fn chunks_are_joined_and_what_follows_stays_unread() {
    let (body, trailer, rest) = decode(b"5\r\nhello\r\n00B;a=b\r\n, new world\r\n0\r\n\r\nGET /").unwrap();
    assert_eq!(body, b"hello, new world");
    assert!(trailer.is_empty());
    assert_eq!(rest, b"GET /");
}

#[test]
fn the_trailer_is_there_after_the_last_byte() {
    let (_, trailer, _) = decode(b"1\r\nx\r\n0\r\nSum: 120\r\n\r\n").unwrap();
    assert_eq!(trailer.get("sum"), Some("120"));
}

#[test]
fn every_cut_is_an_error_and_none_a_shorter_body() {
    let whole = b"5\r\nhello\r\n3;x\r\nfoo\r\n0\r\nA: b\r\n\r\n";
    assert!(decode(whole).is_ok());
    for end in 0..whole.len() {
        assert!(decode(&whole[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn bad_sizes_and_line_ends_are_refused() {
    for input in [
        "\r\n",
        "-5\r\nhello\r\n",
        "+5\r\nhello\r\n",
        "0x5\r\nhello\r\n",
        " 5\r\nhello\r\n",
        "g\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhelloX0\r\n\r\n",
        "4\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "5;\0\r\nhello\r\n0\r\n\r\n",
        "10000000000000000\r\n",
    ] {
        let error = decode(input.as_bytes()).unwrap_err();
        assert!(matches!(error, MessageError::BadChunk { .. }), "{input:?}: {error}");
    }
}

#[test]
fn the_greatest_size_is_only_a_number_until_its_bytes_come() {
    let error = decode(b"ffffffffffffffff\r\nshort").unwrap_err();
    assert!(matches!(error, MessageError::ChunksCutShort { got: 5 }), "{error}");
}

#[test]
fn extensions_are_skipped_and_may_not_outweigh_the_body() {
    let long = format!("1;{}\r\nx\r\n", "e".repeat(300));
    assert!(matches!(decode(long.as_bytes()).unwrap_err(), MessageError::BadChunk { .. }));

    let mut many = Vec::new();
    for _ in 0..200 {
        many.extend_from_slice(format!("1;{}\r\nx\r\n", "e".repeat(200)).as_bytes());
    }
    assert!(matches!(decode(&many).unwrap_err(), MessageError::BadChunk { .. }));
}

#[test]
fn a_long_body_in_chunks_of_one_byte_is_a_body() {
    let mut input = "1\r\nx\r\n".repeat(100_000).into_bytes();
    input.extend_from_slice(b"0\r\n\r\n");
    let mut reader = BufReader::new(&input[..]);
    let mut decoder = ChunkedDecoder::new();
    let mut buf = [0; 100];
    let mut got = 0;
    loop {
        match decoder.read(&mut reader, &mut buf).unwrap() {
            0 => break,
            count => got += count,
        }
    }
    assert_eq!(got, 100_000);
}

#[test]
fn what_is_written_reads_back() {
    let mut out = Vec::new();
    write_chunk(&mut out, b"").unwrap();
    write_chunk(&mut out, b"hello").unwrap();
    write_chunk(&mut out, &[b'x'; 300]).unwrap();
    write_last_chunk(&mut out, &Header::from([("Sum", "1")])).unwrap();
    let (body, trailer, rest) = decode(&out).unwrap();
    assert_eq!(body.len(), 305);
    assert_eq!(trailer.get("Sum"), Some("1"));
    assert!(rest.is_empty());
}
