//! gzip: how fast a text becomes small, and large again. Rates count the bytes of the text, both ways.

use std::io::{Read, Write};

use netprog::base::deflate::Level;
use netprog::base::gzip::{GzipReader, GzipWriter};
use netprog::base::random::Seeded;

use crate::Load;
use crate::compute::{ask, rate};
use crate::server::Side;

/// Bytes a reader is asked for at once, as much as a copy loop would.
const PIECE_BYTES: usize = 32 * 1024;

/// Bytes of text per second out of its gzip file.
pub fn inflate(load: &Load, side: &Side) -> Result<f64, String> {
    let small = compress(&text(load.size))?;
    if let Side::Peer(program) = side {
        return ask(program, "gzip", "inflate", &small, load.length);
    }
    let mut piece = vec![0; PIECE_BYTES];
    rate(load.length, || {
        let mut reader = GzipReader::new(&small[..], u64::MAX);
        let mut bytes = 0;
        loop {
            match reader.read(&mut piece).map_err(|error| error.to_string())? {
                0 => return Ok(bytes),
                count => bytes += count,
            }
        }
    })
}

/// Bytes of text per second into a gzip file.
pub fn gzip(load: &Load, side: &Side) -> Result<f64, String> {
    let text = text(load.size);
    if let Side::Peer(program) = side {
        return ask(program, "gzip", "gzip", &text, load.length);
    }
    rate(load.length, || compress(&text).map(|_| text.len()))
}

fn compress(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut writer = GzipWriter::new(Vec::new(), Level::Default);
    writer.write_all(text).and_then(|()| writer.finish()).map_err(|error| error.to_string())
}

/// Sentences of made words, some of them frequent and most of them rare, as in a language; gzip makes a third of them.
fn text(size: usize) -> Vec<u8> {
    const SYLLABLES: [&str; 24] = [
        "go", "pher", "net", "work", "pa", "cket", "ser", "ver", "cli", "ent", "li", "sten", "di", "al",
        "er", "ing", "ed", "re", "un", "st", "ou", "th", "an", "is",
    ];
    let mut random = Seeded::new(9);
    let mut words = Vec::new();
    for _ in 0..8000 {
        let mut word = String::new();
        for _ in 0..1 + random.below(4) {
            word.push_str(SYLLABLES[random.below(24) as usize]);
        }
        words.push(word);
    }
    let mut text = Vec::with_capacity(size + 40);
    while text.len() < size {
        // A word's place in the row is a power of a number drawn evenly: the first ones come up most.
        let drawn = random.below(1 << 20) as f64 / f64::from(1 << 20);
        let word = &words[(drawn.powi(4) * words.len() as f64) as usize];
        text.extend_from_slice(word.as_bytes());
        text.extend_from_slice(if random.chance(0.1) { b".\n" } else { b" " });
    }
    text.truncate(size);
    text
}
