//! A sceptic's questions to the cursor, the writer and the stream reader.

use super::*;
use crate::base::random::Seeded;

#[rustfmt::skip]
const MESSAGE: &[u8] = &[
    0x01,                   // u8
    0x02, 0x03,             // u16
    0x04, 0x05, 0x06,       // u24
    0x07, 0x08, 0x09, 0x0a, // u32
    0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, // u64
    0x00, 0x02, 0xaa, 0xbb, // block16 of two bytes
];

fn read_message(bytes: &[u8]) -> Result<Vec<u64>, WireError> {
    let mut reader = Reader::new(bytes);
    let mut numbers = vec![u64::from(reader.u8()?), u64::from(reader.u16()?), u64::from(reader.u24()?)];
    numbers.push(u64::from(reader.u32()?));
    numbers.push(reader.u64()?);
    let mut block = reader.block16()?;
    numbers.push(u64::from(block.u16()?));
    block.finish()?;
    reader.finish()?;
    Ok(numbers)
}

#[test]
fn the_message_above_says_what_its_comments_say() {
    let numbers = read_message(MESSAGE).unwrap();
    assert_eq!(numbers, [1, 0x0203, 0x04_0506, 0x0708_090a, 0x1112_1314_1516_1718, 0xaabb]);

    let mut out = Vec::new();
    put_u8(&mut out, 1);
    put_u16(&mut out, 0x0203);
    put_u24(&mut out, 0x04_0506);
    put_u32(&mut out, 0x0708_090a);
    put_u64(&mut out, 0x1112_1314_1516_1718);
    put_block16(&mut out, |out| put_bytes(out, &[0xaa, 0xbb])).unwrap();
    assert_eq!(out, MESSAGE);
}

#[test]
fn a_message_cut_anywhere_ended_inside_a_value() {
    for length in 0..MESSAGE.len() {
        match read_message(&MESSAGE[..length]) {
            Err(WireError::EndedInside { wanted, left, at }) => {
                assert!(left < wanted, "cut at {length}: {left} of {wanted}");
                assert_eq!(at + left, length, "cut at {length}");
            }
            other => panic!("cut at {length}: {other:?}"),
        }
    }
}

#[test]
fn one_byte_too_many_is_an_error_and_says_where() {
    let mut longer = MESSAGE.to_vec();
    longer.push(0);
    let error = read_message(&longer).unwrap_err();
    assert_eq!(error, WireError::TrailingBytes { count: 1, at: MESSAGE.len() });
}

#[test]
fn little_endian_numbers_are_the_other_way_round() {
    let mut out = Vec::new();
    put_u16_le(&mut out, 0x0102);
    put_u32_le(&mut out, 0x0304_0506);
    put_u64_le(&mut out, 0x0708_090a_0b0c_0d0e);
    assert_eq!(out, [2, 1, 6, 5, 4, 3, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 9, 8, 7]);
    let mut reader = Reader::new(&out);
    assert_eq!(reader.u16_le(), Ok(0x0102));
    assert_eq!(reader.u32_le(), Ok(0x0304_0506));
    assert_eq!(reader.u64_le(), Ok(0x0708_090a_0b0c_0d0e));
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn the_greatest_numbers_pass() {
    let mut out = Vec::new();
    put_u16(&mut out, u16::MAX);
    put_u24(&mut out, 0xff_ffff);
    put_u64(&mut out, u64::MAX);
    let mut reader = Reader::new(&out);
    assert_eq!(reader.u16(), Ok(u16::MAX));
    assert_eq!(reader.u24(), Ok(0xff_ffff));
    assert_eq!(reader.u64(), Ok(u64::MAX));
}

#[test]
#[should_panic(expected = "more than 24 bits")]
fn a_number_of_25_bits_is_the_callers_mistake() {
    put_u24(&mut Vec::new(), 1 << 24);
}

#[test]
fn a_failed_read_leaves_the_reader_where_it_was() {
    let mut reader = Reader::new(&[0, 5, 1, 2]);
    assert_eq!(reader.u64(), Err(WireError::EndedInside { wanted: 8, left: 4, at: 0 }));
    assert_eq!(reader.take(usize::MAX), Err(WireError::EndedInside { wanted: usize::MAX, left: 4, at: 0 }));
    assert_eq!(reader.block16().unwrap_err(), WireError::EndedInside { wanted: 5, left: 2, at: 2 });
    assert_eq!((reader.position(), reader.remaining()), (0, 4));
    assert_eq!(reader.array::<5>(), Err(WireError::EndedInside { wanted: 5, left: 4, at: 0 }));
    assert_eq!(reader.u32(), Ok(0x0005_0102));
}

#[test]
fn a_block_that_lies_about_its_length_is_refused_at_every_width() {
    let lies = [0xff, 0xff, 0xff, 0xff, 1, 2, 3];
    let most = u32::MAX as usize;
    assert_eq!(Reader::new(&lies).block8().unwrap_err(), ended(255, 6, 1));
    assert_eq!(Reader::new(&lies).block16().unwrap_err(), ended(65_535, 5, 2));
    assert_eq!(Reader::new(&lies).block24().unwrap_err(), ended(0xff_ffff, 4, 3));
    assert_eq!(Reader::new(&lies).block32().unwrap_err(), ended(most, 3, 4));
}

fn ended(wanted: usize, left: usize, at: usize) -> WireError {
    WireError::EndedInside { wanted, left, at }
}

#[test]
fn a_block_cannot_read_what_stands_behind_it() {
    let mut reader = Reader::new(&[2, 0xaa, 0xbb, 0xcc]);
    let mut block = reader.block8().unwrap();
    assert_eq!(block.position(), 1);
    assert_eq!(block.u32(), Err(ended(4, 2, 1)));
    assert_eq!(block.rest(), [0xaa, 0xbb]);
    assert_eq!(block.position(), 3);
    assert!(block.is_empty());
    assert_eq!(block.rest(), [0u8; 0]);
    assert_eq!(reader.u8(), Ok(0xcc));
}

#[test]
fn what_was_taken_outlives_the_reader() {
    let bytes = [1, 2, 3];
    let taken = Reader::new(&bytes).take(2).unwrap();
    assert_eq!(taken, [1, 2]);
    assert_eq!(Reader::new(&bytes).array(), Ok([1, 2, 3]));
}

#[test]
fn blocks_nest_and_come_back_as_they_were() {
    let mut out = vec![9];
    put_block24(&mut out, |out| {
        put_block8(out, |out| put_bytes(out, b"ab"))?;
        put_block32(out, |_| Ok(()))
    })
    .unwrap();
    assert_eq!(out, [9, 0, 0, 7, 2, b'a', b'b', 0, 0, 0, 0]);

    let mut reader = Reader::new(&out[1..]);
    let mut outer = reader.block24().unwrap();
    assert_eq!(outer.block8().unwrap().rest(), b"ab");
    assert!(outer.block32().unwrap().is_empty());
    outer.finish().unwrap();
    reader.finish().unwrap();
}

#[test]
fn a_body_fills_its_prefix_to_the_last_byte_and_not_beyond() {
    for (most, put) in [(255, put_zeros8 as fn(&mut Vec<u8>, usize) -> _), (65_535, put_zeros16)] {
        let mut out = vec![7];
        put(&mut out, most).unwrap();
        assert!(out.len() > most);
        let mut out = vec![7];
        let error: Result<(), WireError> = put(&mut out, most + 1);
        assert_eq!(error, Err(WireError::TooLong { length: most + 1, most }));
        assert_eq!(out, [7], "the vector is as it was");
    }
    let mut out = Vec::new();
    let result = put_block24(&mut out, |out| put_bytes(out, &vec![0; 1 << 24]));
    assert_eq!(result, Err(WireError::TooLong { length: 1 << 24, most: (1 << 24) - 1 }));
    assert!(out.is_empty());
}

fn put_zeros8(out: &mut Vec<u8>, count: usize) -> Result<(), WireError> {
    put_block8(out, |out| put_bytes(out, &vec![0; count]))
}

fn put_zeros16(out: &mut Vec<u8>, count: usize) -> Result<(), WireError> {
    put_block16(out, |out| put_bytes(out, &vec![0; count]))
}

#[test]
fn an_inner_block_that_is_too_long_undoes_the_outer_one_too() {
    let mut out = vec![7];
    let result = put_block32(&mut out, |out| {
        put_u32(out, 1);
        put_zeros8(out, 300)
    });
    assert_eq!(result, Err(WireError::TooLong { length: 300, most: 255 }));
    assert_eq!(out, [7]);
}

#[test]
#[should_panic(expected = "took away bytes")]
fn a_body_that_clears_the_vector_is_the_callers_mistake() {
    let _ = put_block8(&mut vec![1, 2, 3], |out| {
        out.clear();
        Ok(())
    });
}

#[test]
fn errors_are_sentences_and_keep_their_kind_as_io_errors() {
    let cases = [
        (
            ended(4, 1, 9),
            io::ErrorKind::UnexpectedEof,
            "the value at byte 9 has 4 bytes, but only 1 are left",
        ),
        (
            WireError::TrailingBytes { count: 2, at: 5 },
            io::ErrorKind::InvalidData,
            "2 bytes are left over behind the last value, from byte 5 on",
        ),
        (
            WireError::TooLong { length: 300, most: 255 },
            io::ErrorKind::InvalidInput,
            "a block of 300 bytes is too long for its prefix, which holds at most 255",
        ),
    ];
    for (error, kind, sentence) in cases {
        let io_error = io::Error::from(error);
        assert_eq!(io_error.kind(), kind);
        assert_eq!(io_error.to_string(), sentence);
        let inner = io_error.get_ref().unwrap().downcast_ref::<WireError>();
        assert_eq!(inner, Some(&error));
    }
}

/// Gives what it is told, one answer per read: bytes, an error, or nothing more.
struct Answers(Vec<Result<&'static [u8], io::ErrorKind>>);

impl Read for Answers {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Ok(0);
        }
        let bytes = self.0.remove(0)?;
        buf[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}

#[test]
fn a_short_read_is_not_the_end_of_the_message() {
    let mut stream = Answers(vec![Ok(b"ab"), Err(io::ErrorKind::Interrupted), Ok(b"c"), Ok(b"d")]);
    let mut buf = [0; 4];
    assert!(read_exact_or_end(&mut stream, &mut buf).unwrap());
    assert_eq!(&buf, b"abcd");
    assert!(!read_exact_or_end(&mut stream, &mut buf).unwrap());
}

#[test]
fn an_end_inside_a_message_says_how_much_came() {
    let mut stream = Answers(vec![Err(io::ErrorKind::Interrupted), Ok(b"abc")]);
    let error = read_exact_or_end(&mut stream, &mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(error.to_string(), "the stream ended after 3 of 4 bytes");
}

#[test]
fn another_error_comes_through_and_an_empty_buffer_reads_nothing() {
    let mut stream = Answers(vec![Ok(b"a"), Err(io::ErrorKind::TimedOut)]);
    assert!(read_exact_or_end(&mut stream, &mut []).unwrap());
    let error = read_exact_or_end(&mut stream, &mut [0; 2]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn random_bytes_read_at_random_never_panic_and_never_go_past_the_end() {
    let mut random = Seeded::new(5);
    for _ in 0..2_000 {
        let mut bytes = vec![0; random.below(40) as usize];
        random.fill(&mut bytes);
        let mut readers = vec![Reader::new(&bytes)];
        for _ in 0..20 {
            let which = random.below(readers.len() as u64) as usize;
            let reader = &mut readers[which];
            let block = match random.below(8) {
                0 => reader.block8(),
                1 => reader.block16(),
                2 => reader.block24(),
                3 => reader.block32(),
                4 => reader.take(random.below(9) as usize).map(Reader::new),
                5 => reader.u24().map(|_| Reader::new(&[])),
                6 => reader.u64_le().map(|_| Reader::new(&[])),
                _ => reader.u8().map(|_| Reader::new(&[])),
            };
            assert!(reader.position() + reader.remaining() <= bytes.len());
            readers.extend(block);
        }
    }
}
