//! The output: decoded bytes nobody has taken yet, and before them those a match may still reach back to.

use super::InflateError;
use crate::base::deflate::tables::{LONGEST_MATCH, WINDOW_BYTES};

/// Room for decoded bytes behind the window: the more, the less often the window moves.
const ROOM_BYTES: usize = 64 * 1024;
/// With less room than this the window moves.
const LEAST_ROOM: usize = 4 * 1024;
/// Bytes a copy may write beyond its end, to be overwritten by what follows.
pub const SLACK: usize = 16;

/// A piece of the decoded stream.
#[derive(Debug)]
pub struct Window {
    pub bytes: Box<[u8]>,
    /// Where the stream begins: no match goes further back.
    begin: usize,
    taken: usize,
    pub written: usize,
}

impl Window {
    pub fn new() -> Window {
        Window {
            bytes: vec![0; WINDOW_BYTES + ROOM_BYTES + LONGEST_MATCH + SLACK].into(),
            begin: 0,
            taken: 0,
            written: 0,
        }
    }

    /// Another stream begins, with nothing to reach back to.
    pub fn restart(&mut self) {
        self.begin = self.written;
    }

    /// The decoded bytes nobody has taken.
    pub fn pending(&self) -> &[u8] {
        &self.bytes[self.taken..self.written]
    }

    /// They were taken.
    pub fn take(&mut self, count: usize) {
        self.taken += count;
    }

    /// Moves the window to the front when the end is near. Nothing may be pending.
    pub fn make_room(&mut self) {
        debug_assert!(self.pending().is_empty());
        if self.written + LEAST_ROOM > self.last() {
            let moved = self.written - WINDOW_BYTES;
            self.bytes.copy_within(moved..self.written, 0);
            self.begin = self.begin.saturating_sub(moved);
            (self.taken, self.written) = (WINDOW_BYTES, WINDOW_BYTES);
        }
    }

    /// Up to here a symbol of any length may be written.
    pub fn last(&self) -> usize {
        self.bytes.len() - LONGEST_MATCH - SLACK
    }

    /// How far back a match may go when so many bytes are written.
    pub fn begin(&self) -> usize {
        self.begin
    }

    /// Takes over as many of `bytes` as there is room for, `most` at most, and says how many.
    pub fn append(&mut self, bytes: &[u8], most: usize) -> usize {
        let count = bytes.len().min(most).min(self.bytes.len() - self.written);
        self.bytes[self.written..self.written + count].copy_from_slice(&bytes[..count]);
        self.written += count;
        count
    }

    pub fn literal(&mut self, byte: u8) {
        self.bytes[self.written] = byte;
        self.written += 1;
    }

    /// Repeats `length` bytes from `distance` back; they may overlap with what they become.
    pub fn repeat(&mut self, length: usize, distance: usize) -> Result<(), InflateError> {
        check_distance(distance, self.written - self.begin)?;
        copy(&mut self.bytes, self.written, length, distance);
        self.written += length;
        Ok(())
    }
}

pub fn check_distance(distance: usize, there: usize) -> Result<(), InflateError> {
    if distance > there {
        return Err(InflateError::TooFarBack { distance, most: there.min(WINDOW_BYTES) });
    }
    Ok(())
}

/// The bytes at `at` become those `distance` before. Up to [`SLACK`] bytes behind them are overwritten with anything.
#[inline(always)]
pub fn copy(bytes: &mut [u8], at: usize, length: usize, distance: usize) {
    let (from, end) = (at - distance, at + length);
    if distance >= SLACK {
        let mut done = 0;
        while done < length {
            let mut step = [0; SLACK];
            step.copy_from_slice(&bytes[from + done..from + done + SLACK]);
            bytes[at + done..at + done + SLACK].copy_from_slice(&step);
            done += SLACK;
        }
    } else if distance == 1 {
        let byte = bytes[from];
        bytes[at..end].fill(byte);
    } else {
        // What was just written is read again: byte by byte.
        let span = &mut bytes[from..end];
        for to in distance..span.len() {
            span[to] = span[to - distance];
        }
    }
}
