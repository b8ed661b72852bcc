//! Streams written by hand, and streams written wrongly.

use std::cell::Cell;
use std::io::{self, Read};

use super::{Alphabet, Inflate, InflateError};
use crate::base::deflate::Level;
use crate::base::deflate::samples::{self, Hesitant, deflated, drain, insist, noise, reason, text};
use crate::base::random::Seeded;

/// A stream put together by hand.
#[derive(Clone, Default)]
struct Stream {
    bytes: Vec<u8>,
    free: u32,
}

impl Stream {
    /// A block's first three bits.
    fn block(last: u32, kind: u32) -> Stream {
        Stream::default().number(last, 1).number(kind, 2)
    }

    /// A number, lowest bit first.
    fn number(mut self, number: u32, bits: u32) -> Stream {
        for bit in 0..bits {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            *self.bytes.last_mut().unwrap() |= ((number >> bit & 1) as u8) << (8 - self.free);
            self.free -= 1;
        }
        self
    }

    /// A word of a Huffman code, as it is written on paper.
    fn word(mut self, word: &str) -> Stream {
        for bit in word.bytes() {
            self = self.number(u32::from(bit - b'0'), 1);
        }
        self
    }

    /// A block with codes of its own. The code of their lengths gives each of 0 to 15 the word that is its number, in four
    /// bits.
    fn dynamic(literals: &[u8], distances: &[u8]) -> Stream {
        let mut stream = Stream::block(1, 2)
            .number(literals.len() as u32 - 257, 5)
            .number(distances.len() as u32 - 1, 5)
            .number(15, 4)
            .number(0, 9);
        for _ in 0..16 {
            stream = stream.number(4, 3);
        }
        for length in literals.iter().chain(distances) {
            stream = stream.word(&format!("{length:04b}"));
        }
        stream
    }
}

/// Code lengths: all zero but these.
fn lengths(count: usize, some: &[(usize, u8)]) -> Vec<u8> {
    let mut lengths = vec![0; count];
    for (symbol, length) in some {
        lengths[*symbol] = *length;
    }
    lengths
}

fn inflate(bytes: &[u8]) -> (Vec<u8>, io::Result<()>) {
    drain(Inflate::new(bytes, u64::MAX), 100)
}

fn assert_makes(stream: &Stream, wanted: &[u8]) {
    let (made, end) = inflate(&stream.bytes);
    assert!(end.is_ok(), "{end:?}");
    assert_eq!(made, wanted);
}

/// The stream fails so where it ends and, on the way the decoder takes when there is plenty of input, with more behind it.
fn assert_fails(stream: &Stream, wanted: InflateError) {
    for behind in [0, 100] {
        let bytes = [&stream.bytes[..], &vec![0; behind]].concat();
        let (_, end) = inflate(&bytes);
        let error = end.expect_err("it is wrong");
        assert_eq!(
            (reason(&error), error.kind()),
            (wanted, io::ErrorKind::InvalidData),
            "{behind} bytes behind"
        );
        assert_eq!(error.to_string(), wanted.to_string());
    }
}

#[test]
fn the_streams_in_the_module_s_comment_are_what_it_says() {
    for (bytes, wanted) in [
        (&[0x03, 0x00][..], &b""[..]),
        (&[0x4b, 0x04, 0x00], b"a"),
        (&[0x01, 0x01, 0x00, 0xfe, 0xff, 0x61], b"a"),
    ] {
        let (made, end) = inflate(bytes);
        assert!(end.is_ok() && made == wanted, "{bytes:02x?}: {made:?} {end:?}");
    }
}

#[test]
fn a_match_may_overlap_with_what_it_becomes() {
    // 'a', 'b', then 7 bytes (code 261) from 2 back (code 1), end.
    let stream = Stream::block(1, 1).word("10010001").word("10010010").word("0000101").word("00001");
    assert_makes(&stream.word("0000000"), b"ababababa");
}

#[test]
fn a_code_of_its_own_is_read_before_the_block() {
    // 'x' 0, end 10, length 3 (257) 11; one distance, 1, with a word of one bit.
    let literals = lengths(258, &[(b'x'.into(), 1), (256, 2), (257, 2)]);
    let stream = Stream::dynamic(&literals, &[1]).word("0").word("11").word("0").word("10");
    assert_makes(&stream, b"xxxx");
}

#[test]
fn a_code_whose_only_word_is_the_end_is_taken() {
    assert_makes(&Stream::dynamic(&lengths(257, &[(256, 1)]), &[0]).word("0"), b"");
}

#[test]
fn stored_fixed_and_stored_again_are_one_stream() {
    let mut stream = Stream::block(0, 0);
    stream.bytes.extend_from_slice(&[2, 0, 0xfd, 0xff, b'h', b'e']);
    stream.free = 0;
    // 'l' and 'l'; then an empty stored block, and the last.
    stream = stream.number(0, 1).number(1, 2).word("10011100").word("10011100").word("0000000").number(0, 3);
    stream.free = 0;
    stream.bytes.extend_from_slice(&[0, 0, 0xff, 0xff, 0x01, 1, 0, 0xfe, 0xff, b'o']);
    assert_makes(&stream, b"hello");
}

#[test]
fn words_longer_than_the_table_s_root_are_found_in_the_second() {
    // One word of each length from 1 to 14, two of 15: 'a' to 'o' and the end.
    let mut some: Vec<(usize, u8)> = (1..=15).map(|length| (96 + usize::from(length), length)).collect();
    some.push((256, 15));
    let mut stream = Stream::dynamic(&lengths(257, &some), &[0]);
    for ones in (0..14).rev().chain(0..14) {
        stream = stream.word(&format!("{}0", "1".repeat(ones)));
    }
    stream = stream.word("111111111111110").word("111111111111111");
    assert_makes(&stream, b"nmlkjihgfedcbaabcdefghijklmno");
}

#[test]
fn what_no_compressor_writes_is_refused_by_name() {
    use InflateError as E;
    assert_fails(&Stream::block(1, 3), E::BlockType);
    let mut stored = Stream::block(1, 0);
    stored.bytes.extend_from_slice(&[1, 0, 0xff, 0xff]);
    assert_fails(&stored, E::StoredLength { length: 1, complement: 0xffff });
    let counts =
        |literals, distances| Stream::block(1, 2).number(literals, 5).number(distances, 5).number(0, 4);
    assert_fails(&counts(30, 0), E::TooManySymbols { literals: 287, distances: 1 });
    assert_fails(&counts(0, 30), E::TooManySymbols { literals: 257, distances: 31 });
    // The lengths of the words for 16, 17, 18 and 0.
    let code =
        |lengths: [u32; 4]| lengths.iter().fold(counts(0, 0), |stream, length| stream.number(*length, 3));
    assert_fails(&code([1, 1, 1, 0]), E::Oversubscribed(Alphabet::CodeLengths));
    assert_fails(&code([1, 0, 0, 0]), E::Incomplete(Alphabet::CodeLengths));
    assert_fails(&code([0, 0, 0, 0]), E::Incomplete(Alphabet::CodeLengths));
    assert_fails(&code([1, 0, 0, 1]).word("1").number(0, 2), E::NothingToRepeat);
    let zeros = code([0, 0, 1, 1]).word("1").number(127, 7).word("1");
    assert_fails(&zeros.clone().number(127, 7), E::RepeatTooLong);
    assert_fails(&zeros.number(109, 7), E::NoEndOfBlock);
}

#[test]
fn codes_that_do_not_use_up_their_room_are_refused_but_for_one_word() {
    use InflateError as E;
    let end = |length| lengths(257, &[(256, length)]);
    assert_fails(&Stream::dynamic(&end(2), &[0]), E::Incomplete(Alphabet::Literals));
    let three = lengths(257, &[(0, 1), (1, 1), (256, 1)]);
    assert_fails(&Stream::dynamic(&three, &[0]), E::Oversubscribed(Alphabet::Literals));
    assert_fails(&Stream::dynamic(&end(1), &[2, 2, 2]), E::Incomplete(Alphabet::Distances));
    assert_fails(&Stream::dynamic(&end(1), &[2]), E::Incomplete(Alphabet::Distances));
    assert_fails(&Stream::dynamic(&end(1), &[1, 1, 1]), E::Oversubscribed(Alphabet::Distances));
    // The one word of one bit is 0; 1 is none.
    assert_fails(&Stream::dynamic(&end(1), &[0]).word("1"), E::UnknownCode(Alphabet::Literals));
    let length = Stream::dynamic(&lengths(258, &[(256, 1), (257, 1)]), &[1]).word("1").word("1");
    assert_fails(&length, E::UnknownCode(Alphabet::Distances));
    let none = Stream::dynamic(&lengths(258, &[(256, 1), (257, 1)]), &[0]).word("1").word("0");
    assert_fails(&none, E::UnknownCode(Alphabet::Distances));
}

#[test]
fn symbols_that_may_not_be_used_and_matches_from_nowhere_are_refused() {
    use InflateError as E;
    assert_fails(&Stream::block(1, 1).word("11000110"), E::UnknownCode(Alphabet::Literals));
    assert_fails(&Stream::block(1, 1).word("11000111"), E::UnknownCode(Alphabet::Literals));
    let a = Stream::block(1, 1).word("10010001");
    assert_fails(&a.clone().word("0000001").word("11110"), E::UnknownCode(Alphabet::Distances));
    assert_fails(&a.word("0000001").word("00001"), E::TooFarBack { distance: 2, most: 1 });
}

#[test]
fn what_came_before_the_damage_is_handed_out_and_the_error_stays() {
    for behind in [0, 100] {
        let mut stream = Stream::block(1, 1).word("10010001").word("10010010").word("11000110");
        stream.bytes.resize(stream.bytes.len() + behind, 0);
        let mut reader = Inflate::new(&stream.bytes[..], u64::MAX);
        let (made, end) = drain(&mut reader, 1);
        assert_eq!(made, b"ab");
        let first = reason(&end.unwrap_err());
        assert_eq!(reason(&reader.read(&mut [0]).unwrap_err()), first);
    }
}

#[test]
fn how_the_source_is_cut_and_how_much_is_asked_for_does_not_matter() {
    for (name, bytes) in [("text", text(20_000, 9)), ("noise", noise(5000, 9))] {
        let packed = deflated(&bytes, Level::Default);
        assert_eq!(drain(Inflate::new(&packed[..], u64::MAX), 1).0, bytes, "{name}");
        for piece in [1, 2, 3, 7, 8, 100] {
            let source = Inflate::new(Hesitant::new(&packed, piece), u64::MAX);
            assert!(insist(source).unwrap() == bytes, "{name} in pieces of {piece}, a time-out after each");
        }
    }
}

#[test]
fn a_stream_cut_short_anywhere_is_truncated_and_yields_its_beginning() {
    let bytes = [text(700, 1), noise(50, 1), text(700, 2)].concat();
    for level in samples::LEVELS {
        let packed = deflated(&bytes, level);
        for length in 0..packed.len() {
            let (made, end) = inflate(&packed[..length]);
            let error = end.expect_err("it is cut");
            assert_eq!(
                (reason(&error), error.kind()),
                (InflateError::Truncated, io::ErrorKind::UnexpectedEof)
            );
            assert!(bytes.starts_with(&made), "{level:?} cut at {length}");
        }
    }
}

#[test]
fn a_bit_turned_over_never_panics_nor_makes_more_than_the_limit() {
    let bytes = [text(400, 1), noise(30, 1)].concat();
    for level in samples::LEVELS {
        let packed = deflated(&bytes, level);
        for bit in 0..packed.len() * 8 {
            let mut damaged = packed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let (made, _) = drain(Inflate::new(&damaged[..], 2000), 512);
            assert!(made.len() <= 2000);
        }
    }
}

#[test]
fn noise_never_panics() {
    let mut random = Seeded::new(8);
    for _ in 0..400 {
        let mut bytes = vec![0; random.below(300) as usize];
        random.fill(&mut bytes);
        let (made, _) = drain(Inflate::new(&bytes[..], 10_000), 512);
        assert!(made.len() <= 10_000);
    }
}

#[test]
fn what_follows_the_stream_is_given_back_to_the_byte() {
    for (name, bytes) in samples::all() {
        for level in samples::LEVELS {
            let packed = [&deflated(&bytes, level)[..], b"trailer, and more"].concat();
            for piece in [1, 5, 16 * 1024] {
                // A piece at a time, so that the end of the stream meets the end of the buffer, too.
                let mut reader = Inflate::new(Pieces { bytes: &packed, piece }, u64::MAX);
                if piece == 1 && packed.len() > 10_000 {
                    continue;
                }
                let (made, end) = drain(&mut reader, 10_000);
                assert!(end.is_ok() && made == bytes, "{name}, {level:?}, {piece}: {end:?}");
                let (mut source, mut left) = reader.into_parts();
                source.read_to_end(&mut left).unwrap();
                assert_eq!(left, b"trailer, and more", "{name}, {level:?}, {piece}");
            }
        }
    }
}

struct Pieces<'a> {
    bytes: &'a [u8],
    piece: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = buf.len().min(self.piece);
        self.bytes.read(&mut buf[..most])
    }
}

/// Zeros, as far as anybody will read: a literal, then matches of 258 bytes from one back, 13 bits each.
struct Bomb<'a> {
    pattern: Vec<u8>,
    at: usize,
    read: &'a Cell<usize>,
}

impl<'a> Bomb<'a> {
    fn new(read: &'a Cell<usize>) -> Bomb<'a> {
        // Eight matches are 13 bytes: whatever bit the sixth byte begins with, 13 bytes later the same begins again.
        let mut stream = Stream::block(0, 1).word("00110000");
        while stream.bytes.len() <= 5 + 13 {
            stream = stream.word("11000101").word("00000");
        }
        Bomb { pattern: stream.bytes, at: 0, read }
    }
}

impl Read for Bomb<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        for byte in buf.iter_mut() {
            *byte = self.pattern[self.at];
            self.at = if self.at + 1 == 5 + 13 { 5 } else { self.at + 1 };
        }
        self.read.set(self.read.get() + buf.len());
        Ok(buf.len())
    }
}

#[test]
fn a_bomb_goes_off_at_the_limit_and_not_in_memory() {
    let read = Cell::new(0);
    let mut reader = Inflate::new(Bomb::new(&read), 8 << 20);
    let mut buf = vec![1; 1 << 20];
    let mut made = 0;
    let error = loop {
        match reader.read(&mut buf) {
            Ok(count) => {
                assert!(count > 0 && buf[..count].iter().all(|byte| *byte == 0));
                made += count;
            }
            Err(error) => break error,
        }
        assert!(reader.window.bytes.len() < 128 << 10, "the window is all there is");
    };
    assert_eq!((made, reason(&error)), (8 << 20, InflateError::TooLong { limit: 8 << 20 }));
    assert!(read.get() <= 64 << 10, "{} bytes were read", read.get());
}

#[test]
fn as_many_bytes_as_the_limit_are_not_too_many() {
    let bytes = text(5000, 3);
    let packed = deflated(&bytes, Level::Fast);
    let (made, end) = drain(Inflate::new(&packed[..], 5000), 300);
    assert!(end.is_ok() && made == bytes);
    let (made, end) = drain(Inflate::new(&packed[..], 4999), 300);
    assert_eq!(reason(&end.unwrap_err()), InflateError::TooLong { limit: 4999 });
    assert_eq!(made, &bytes[..4999]);
    let (_, end) = drain(Inflate::new(&[3, 0][..], 0), 300);
    assert!(end.is_ok());
}
