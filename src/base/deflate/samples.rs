//! Bytes to compress, for the tests of everything that does.

use std::io::{self, Read, Write};

use super::{Deflate, Level};
use crate::base::random::Seeded;

pub const LEVELS: [Level; 3] = [Level::Store, Level::Fast, Level::Default];

const WORDS: [&str; 24] = [
    "the ", "a ", "gopher ", "digs ", "tunnel ", "under ", "network ", "and ", "packet ", "lost ", "again ",
    "sends ", "of ", "to ", "in ", "window ", "reads ", "header ", "body ", "trailer ", "it ", "closed. ",
    "Then ", "\n",
];

pub fn text(bytes: usize, seed: u64) -> Vec<u8> {
    let mut random = Seeded::new(seed);
    let mut text = Vec::new();
    while text.len() < bytes {
        // Early words are frequent, late ones rare.
        let most = 1 + random.below(WORDS.len() as u64);
        text.extend_from_slice(WORDS[random.below(most) as usize].as_bytes());
    }
    text.truncate(bytes);
    text
}

pub fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    Seeded::new(seed).fill(&mut noise);
    noise
}

/// The sceptic's choice.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let far = noise(32 * 1024, 5);
    let farther = noise(33 * 1024, 6);
    let mut runs = Vec::new();
    for length in 0..300 {
        runs.resize(runs.len() + length, length as u8);
    }
    vec![
        ("nothing", Vec::new()),
        ("one byte", vec![0xff]),
        ("four bytes", b"abcd".to_vec()),
        ("a pair again and again", b"ab".repeat(500)),
        ("zeros", vec![0; 200_000]),
        ("text", text(150_000, 1)),
        ("noise", noise(140_000, 2)),
        ("as far back as a match may reach", [&far[..], &far, &far].concat()),
        ("farther back than that", [&farther[..], &farther, &farther].concat()),
        ("runs of all lengths", runs),
        ("text in noise", [noise(40_000, 3), text(40_000, 4), noise(40_000, 7)].concat()),
    ]
}

pub fn deflated(bytes: &[u8], level: Level) -> Vec<u8> {
    let mut writer = Deflate::new(Vec::new(), level);
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Everything a reader gives, up to an error; at most `piece` bytes at a time.
pub fn drain(mut reader: impl Read, piece: usize) -> (Vec<u8>, io::Result<()>) {
    let (mut all, mut buf) = (Vec::new(), vec![0; piece]);
    loop {
        match reader.read(&mut buf) {
            Ok(0) => return (all, Ok(())),
            Ok(count) => all.extend_from_slice(&buf[..count]),
            Err(error) => return (all, Err(error)),
        }
    }
}

/// A source that gives its pieces one by one, and `TimedOut` after each.
pub struct Hesitant {
    pieces: Vec<Vec<u8>>,
    asked: bool,
}

impl Hesitant {
    pub fn new(bytes: &[u8], piece: usize) -> Hesitant {
        Hesitant { pieces: bytes.chunks(piece).rev().map(<[u8]>::to_vec).collect(), asked: false }
    }
}

impl Read for Hesitant {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.asked = !self.asked;
        if !self.asked {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let piece = self.pieces.pop().unwrap_or_default();
        buf[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

/// Everything a reader of a [`Hesitant`] source gives.
pub fn insist(mut reader: impl Read) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let (some, end) = drain(&mut reader, 1000);
        all.extend_from_slice(&some);
        match end {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
            end => return end.map(|()| all),
        }
    }
}

/// The reason inside an error.
pub fn reason(error: &io::Error) -> crate::base::inflate::InflateError {
    *error.get_ref().and_then(|inner| inner.downcast_ref()).expect("an InflateError")
}
