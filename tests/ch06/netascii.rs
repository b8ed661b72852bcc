//! The mode netascii, where two bytes belong together and a block may end between them. Row R.2.

use std::io::{Read, Write};

use netprog::base::random::Seeded;
use netprog::base::trace;
use netprog::ch06_tftp::netascii::{FromNetascii, ToNetascii};

const BLOCK: usize = 512;

/// The wire form of `text` in blocks, as a sender cuts it.
fn blocks(text: &[u8]) -> Vec<Vec<u8>> {
    let mut wire = Vec::new();
    ToNetascii::new(text).read_to_end(&mut wire).unwrap();
    wire.chunks(BLOCK).map(<[u8]>::to_vec).collect()
}

/// Watch: the 512th byte on the wire is the CR and the 513th, in the next block, its LF.
#[test]
fn a_line_end_across_two_blocks_is_one_line_end() {
    let _me = trace::party("receiver");
    trace::chapter("ch06");
    let text = [&[b'x'; BLOCK - 1][..], b"\nafter"].concat();
    let blocks = blocks(&text);
    trace::note(|| {
        format!("block 1 ends in {:02x}, block 2 begins with {:02x}", blocks[0][511], blocks[1][0])
    });
    assert_eq!((blocks[0][BLOCK - 1], blocks[1][0]), (b'\r', b'\n'));

    let mut file = FromNetascii::new(Vec::new());
    for block in &blocks {
        file.write_all(block).unwrap();
    }
    assert_eq!(file.finish().unwrap(), text);

    // Each block decoded by itself: the line end is lost.
    let mut without_memory = Vec::new();
    for block in &blocks {
        let mut alone = FromNetascii::new(Vec::new());
        alone.write_all(block).unwrap();
        without_memory.extend(alone.finish().unwrap());
    }
    assert_ne!(without_memory, text);

    // A CR that is no line end is a pair too: CR and NUL.
    let text = [&[b'x'; BLOCK - 1][..], b"\rafter"].concat();
    let mut file = FromNetascii::new(Vec::new());
    for block in self::blocks(&text) {
        file.write_all(&block).unwrap();
    }
    assert_eq!(file.finish().unwrap(), text);
}

#[test]
fn a_carriage_return_as_the_last_byte_of_a_file_is_not_lost() {
    let text = [&[b'x'; BLOCK - 1][..], b"\r"].concat();
    let blocks = blocks(&text);
    assert_eq!((blocks.len(), blocks[1].as_slice()), (2, &[0][..]));
    let mut file = FromNetascii::new(Vec::new());
    // A peer that sends the CR and forgets the NUL.
    file.write_all(&blocks[0]).unwrap();
    assert_eq!(file.finish().unwrap(), text);
}

#[test]
fn any_bytes_come_back_in_blocks_of_any_size() {
    let mut random = Seeded::new(6);
    for _ in 0..200 {
        let length = random.below(2_000) as usize;
        let mut text = Vec::with_capacity(length);
        for _ in 0..length {
            text.push(b"\r\n\0abc\xff\r"[random.below(8) as usize]);
        }
        let mut wire = Vec::new();
        ToNetascii::new(&text[..]).read_to_end(&mut wire).unwrap();
        let mut file = FromNetascii::new(Vec::new());
        let mut left = &wire[..];
        while !left.is_empty() {
            let (block, rest) = left.split_at(left.len().min(1 + random.below(700) as usize));
            file.write_all(block).unwrap();
            left = rest;
        }
        assert_eq!(file.finish().unwrap(), text);
    }
}
