//! Names on the wire: where an ending has stood before in the message, two bytes point back to it (RFC 1035 §4.1.4).
//!
//! ```text
//! 00xxxxxx  a label of x bytes follows      00000000  the root: the name ends
//! 11xxxxxx xxxxxxxx  a pointer: the name goes on at byte x of the message
//!
//! byte 12   06 g o o g l e 03 c o m 00      google.com.
//! byte 40   04 m a i l c0 0c                mail. and then what stands at byte 12
//! ```
//!
//! A pointer could lead to itself, in a circle, or through a long chain again and again. So each must lead to an earlier
//! byte than the stretch it ends, a name has at most 127 of them, and the steps of a whole message are counted.

use std::collections::HashMap;

use crate::base::wire::{Reader, put_u16};

use super::error::DnsError;
use super::name::{MAX_NAME, Name};

/// A name has at most 127 labels, and no writer has reason to use more pointers than labels.
pub const MAX_POINTERS: usize = 127;

/// The labels and pointers we read for all names of one message. A message of 65,535 bytes with four thousand records of
/// some ten labels each takes a third of it; without a limit it could be made to take four million.
pub const MAX_STEPS: usize = 250_000;

/// A pointer has 14 bits, so what stands behind byte 16,383 cannot be pointed to.
const FARTHEST: usize = 0x3fff;

// --- reading --------------------------------------------------------------------------------------------------------

/// Reads the names of one message and counts the work.
#[derive(Debug)]
pub struct NameReader<'a> {
    message: &'a [u8],
    steps: usize,
}

impl<'a> NameReader<'a> {
    /// For names of `message`, which begins with its header.
    pub fn new(message: &'a [u8]) -> NameReader<'a> {
        NameReader { message, steps: 0 }
    }

    /// Labels and pointers read so far.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The name at `reader`, which stands in the message (its positions are those of the message). The reader ends behind
    /// the name or behind its first pointer.
    ///
    /// # Errors
    /// [`DnsError::PeerStoppedInside`], [`DnsError::PeerSentUnknownLabel`], [`DnsError::PeerPointedForwards`],
    /// [`DnsError::PeerPointedTooOften`], [`DnsError::PeerSentLongName`], [`DnsError::PeerSentCostlyNames`].
    pub fn read(&mut self, reader: &mut Reader<'a>) -> Result<Name, DnsError> {
        let mut labels = Vec::new();
        let mut length = 1;
        let mut pointers = 0;
        let mut earliest = reader.position();
        // After the first pointer the reading goes on elsewhere, and the caller's reader stays behind the pointer.
        let mut elsewhere: Option<Reader<'a>> = None;
        loop {
            let current = elsewhere.as_mut().unwrap_or(reader);
            self.count_step()?;
            let at = current.position();
            let first = current.u8()?;
            match first >> 6 {
                0b00 if first == 0 => return Ok(Name::from_labels(labels)?),
                0b00 => {
                    length += 1 + usize::from(first);
                    if length > MAX_NAME {
                        return Err(DnsError::PeerSentLongName { at });
                    }
                    labels.push(current.take(usize::from(first))?);
                }
                0b11 => {
                    let target = usize::from(first & 0x3f) << 8 | usize::from(current.u8()?);
                    pointers += 1;
                    if target >= earliest {
                        return Err(DnsError::PeerPointedForwards { at, target });
                    }
                    if pointers > MAX_POINTERS {
                        return Err(DnsError::PeerPointedTooOften { at });
                    }
                    earliest = target;
                    elsewhere = Some(self.reader_at(target)?);
                }
                _ => return Err(DnsError::PeerSentUnknownLabel { byte: first, at }),
            }
        }
    }

    fn count_step(&mut self) -> Result<(), DnsError> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(DnsError::PeerSentCostlyNames { steps: MAX_STEPS });
        }
        Ok(())
    }

    fn reader_at(&self, target: usize) -> Result<Reader<'a>, DnsError> {
        let mut reader = Reader::new(self.message);
        reader.take(target)?;
        Ok(reader)
    }
}

// --- writing --------------------------------------------------------------------------------------------------------

/// A message being written, and where the endings of its names stand.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    /// What is written so far; the message begins at byte 0.
    pub out: Vec<u8>,
    /// Wire form of an ending, to its place. Case matters here: a pointer to a name in another case would change how
    /// ours is written.
    places: HashMap<Vec<u8>, u16>,
}

impl Writer {
    /// Nothing written yet.
    pub fn new() -> Writer {
        Writer::default()
    }

    /// Appends a name, with a pointer where its ending has stood before.
    pub fn put_name(&mut self, name: &Name) {
        let mut ending = name.as_wire();
        while ending[0] != 0 {
            if let Some(place) = self.places.get(ending) {
                put_u16(&mut self.out, 0xc000 | place);
                return;
            }
            self.remember(ending);
            let (label, rest) = ending.split_at(1 + usize::from(ending[0]));
            self.out.extend_from_slice(label);
            ending = rest;
        }
        self.out.push(0);
    }

    /// Appends a name in full. Types that came after RFC 1035 ask for it (RFC 3597 §4): a server that does not know the
    /// type copies the data, and a pointer in it would then lead elsewhere.
    pub fn put_name_in_full(&mut self, name: &Name) {
        self.out.extend_from_slice(name.as_wire());
    }

    /// Forgets what was written from byte `length` on.
    pub fn roll_back(&mut self, length: usize) {
        self.out.truncate(length);
        self.places.retain(|_, place| usize::from(*place) < length);
    }

    fn remember(&mut self, ending: &[u8]) {
        let here = self.out.len();
        if here <= FARTHEST {
            self.places.insert(ending.to_vec(), here as u16);
        }
    }
}

#[cfg(test)]
mod tests;
