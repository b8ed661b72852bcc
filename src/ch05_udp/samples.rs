//! Where only the newest value counts, loss does no harm: the tornado's position of two minutes ago is of no use to anyone.
//!
//! Each sample has a number. One that is lost is not asked for again; one that comes late, after a newer one, or twice, is thrown away.
//! Numbers have 32 bits and start again at zero after the last, so "newer" means: less than half the circle ahead (RFC 1982).

use crate::base::wire::{self, Reader, WireError};

/// A measured value with its place in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// One more than the sample's before it.
    pub number: u32,
    /// The value.
    pub value: Vec<u8>,
}

impl Sample {
    /// Four bytes of number, then the value.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        wire::put_u32(&mut bytes, self.number);
        bytes.extend_from_slice(&self.value);
        bytes
    }

    /// The sample in a datagram. An empty value is one.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] for less than a number.
    pub fn decode(datagram: &[u8]) -> Result<Sample, WireError> {
        let mut reader = Reader::new(datagram);
        Ok(Sample { number: reader.u32()?, value: reader.rest().to_vec() })
    }
}

/// Keeps the newest sample of a stream.
#[derive(Clone, Debug, Default)]
pub struct Newest {
    sample: Option<Sample>,
    skipped: u64,
    late: u64,
}

impl Newest {
    /// Nothing seen yet.
    pub fn new() -> Newest {
        Newest::default()
    }

    /// Takes a sample if it is newer than the one there is, and says whether it was. A first one is.
    pub fn offer(&mut self, sample: Sample) -> bool {
        let Some(known) = &self.sample else {
            self.sample = Some(sample);
            return true;
        };
        let ahead = sample.number.wrapping_sub(known.number);
        if ahead == 0 || ahead >= 1 << 31 {
            self.late += 1;
            return false;
        }
        self.skipped += u64::from(ahead - 1);
        self.sample = Some(sample);
        true
    }

    /// The newest sample.
    pub fn sample(&self) -> Option<&Sample> {
        self.sample.as_ref()
    }

    /// How many numbers were passed over: lost, or late.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How many came too late or twice.
    pub fn late(&self) -> u64 {
        self.late
    }
}
