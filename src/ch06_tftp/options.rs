//! Options: what a client asks for, what a server grants, what then holds. RFC 2347, 2348 (blksize), 2349 (timeout,
//! tsize), 7440 (windowsize).
//!
//! ```text
//! client: RRQ name octet  tsize 0  blksize 1468  windowsize 16
//! server: OACK            tsize 75352  blksize 1468  windowsize 16      or DATA 1, as if nothing had been asked
//! client: ACK 0
//! ```
//! A server grants only what was asked for, and never more of it. It keeps silent about options it does not know and
//! values it cannot take; the client then does without. A client refuses an answer that breaks this, with ERROR 8.
//!
//! One option is of no RFC, tftp-hpa's rollover: [`super::rollover`]. We left out its siblings blksize2 and utimeout, and
//! multicast (RFC 2090).

use std::time::Duration;

use super::error::OptionError;
use super::packet::{DEFAULT_BLOCK, MAX_BLOCK, Pair};
use super::rollover::Rollover;

/// The smallest block size that can be agreed on (RFC 2348).
pub const MIN_BLOCK: usize = 8;

const BLOCK_SIZE: &str = "blksize";
const SIZE: &str = "tsize";
const TIMEOUT: &str = "timeout";
const WINDOW: &str = "windowsize";
const ROLLOVER: &str = "rollover";

/// The options of a request or of an answer; `None` is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `blksize`: bytes in a block, 8 to 65,464.
    pub block_size: Option<usize>,
    /// `tsize`: the file's bytes. 0 in a read request asks for it.
    pub size: Option<u64>,
    /// `timeout`: seconds until a packet is sent again, 1 to 255.
    pub timeout: Option<u8>,
    /// `windowsize`: blocks between two acknowledgements, 1 to 65,535.
    pub window: Option<u16>,
    /// `rollover`: the number behind 65,535, 0 or 1.
    pub rollover: Option<Rollover>,
}

/// What a server grants at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in a block.
    pub block_size: usize,
    /// Blocks in a window.
    pub window: u16,
    /// Bytes in a window: what a transfer may keep in memory, for it may have to be sent again.
    pub window_bytes: usize,
}

impl Default for Limits {
    /// Any block size; 64 blocks; a mebibyte, which is far more than a socket's receive buffer holds.
    fn default() -> Limits {
        Limits { block_size: MAX_BLOCK, window: 64, window_bytes: 1 << 20 }
    }
}

/// What holds for a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Bytes in a block.
    pub block_size: usize,
    /// Blocks between two acknowledgements.
    pub window: u16,
    /// The time until a packet is sent again, if it was agreed on.
    pub timeout: Option<Duration>,
}

impl Default for Agreed {
    /// RFC 1350: 512 bytes, one block at a time.
    fn default() -> Agreed {
        Agreed { block_size: DEFAULT_BLOCK, window: 1, timeout: None }
    }
}

impl Options {
    /// The options in `pairs`. Unknown names and values outside their range are passed over.
    pub fn parse(pairs: &[Pair]) -> Options {
        let mut options = Options::default();
        for (name, value) in pairs {
            if is(name, BLOCK_SIZE) {
                options.block_size = block_size(value);
            } else if is(name, SIZE) {
                options.size = number(value);
            } else if is(name, TIMEOUT) {
                options.timeout = number(value).and_then(|n| u8::try_from(n).ok()).filter(|n| *n >= 1);
            } else if is(name, WINDOW) {
                options.window = window(value);
            } else if is(name, ROLLOVER) {
                options.rollover = rollover(value);
            }
        }
        options
    }

    /// The options as they stand in a packet.
    pub fn pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                pairs.push((name.as_bytes().to_vec(), value.into_bytes()));
            }
        };
        put(SIZE, self.size.map(|n| n.to_string()));
        put(BLOCK_SIZE, self.block_size.map(|n| n.to_string()));
        put(TIMEOUT, self.timeout.map(|n| n.to_string()));
        put(WINDOW, self.window.map(|n| n.to_string()));
        put(ROLLOVER, self.rollover.map(|n| n.to_string()));
        pairs
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Options::default()
    }

    /// What a server with these limits grants of this. `size` is what it says to `tsize`: the file's bytes where it
    /// knows them, for an upload those the client announced.
    pub fn granted(&self, limits: &Limits, size: Option<u64>) -> Options {
        let block_size = self.block_size.map(|asked| asked.min(limits.block_size));
        let in_block = block_size.unwrap_or(DEFAULT_BLOCK).max(1);
        let fits = u16::try_from(limits.window_bytes / in_block).unwrap_or(u16::MAX).max(1);
        Options {
            block_size,
            size: self.size.and(size),
            timeout: self.timeout,
            window: self.window.map(|asked| asked.min(limits.window).min(fits)),
            rollover: self.rollover,
        }
    }

    /// The server's answer to these options: what it accepts.
    ///
    /// # Errors
    /// [`OptionError`] for an option that was not asked for, a value out of its range or above what was asked.
    pub fn accept(&self, answer: &[Pair]) -> Result<Options, OptionError> {
        let parsed = Options::parse(answer);
        for (name, value) in answer {
            let bad = |name| Err(OptionError::BadValue { name, value: value.clone() });
            if is(name, BLOCK_SIZE) && self.block_size.is_some() {
                if !(parsed.block_size.is_some() && parsed.block_size <= self.block_size) {
                    return bad(BLOCK_SIZE);
                }
            } else if is(name, SIZE) && self.size.is_some() {
                if parsed.size.is_none() {
                    return bad(SIZE);
                }
            } else if is(name, TIMEOUT) && self.timeout.is_some() {
                if parsed.timeout != self.timeout {
                    return bad(TIMEOUT);
                }
            } else if is(name, WINDOW) && self.window.is_some() {
                if !(parsed.window.is_some() && parsed.window <= self.window) {
                    return bad(WINDOW);
                }
            } else if is(name, ROLLOVER) && self.rollover.is_some() {
                if parsed.rollover != self.rollover {
                    return bad(ROLLOVER);
                }
            } else {
                return Err(OptionError::NotAsked(name.clone()));
            }
        }
        Ok(parsed)
    }

    /// What holds once both sides know these options.
    pub fn agreed(&self) -> Agreed {
        Agreed {
            block_size: self.block_size.unwrap_or(DEFAULT_BLOCK),
            window: self.window.unwrap_or(1),
            timeout: self.timeout.map(|seconds| Duration::from_secs(u64::from(seconds))),
        }
    }
}

fn is(name: &[u8], word: &str) -> bool {
    name.eq_ignore_ascii_case(word.as_bytes())
}

fn block_size(value: &[u8]) -> Option<usize> {
    let size = usize::try_from(number(value)?).ok()?;
    (MIN_BLOCK..=MAX_BLOCK).contains(&size).then_some(size)
}

fn window(value: &[u8]) -> Option<u16> {
    u16::try_from(number(value)?).ok().filter(|blocks| *blocks >= 1)
}

fn rollover(value: &[u8]) -> Option<Rollover> {
    match number(value)? {
        0 => Some(Rollover::ToZero),
        1 => Some(Rollover::ToOne),
        _ => None,
    }
}

/// Decimal digits and nothing else: `parse` would take a plus sign.
fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> Pair {
        (name.as_bytes().to_vec(), value.as_bytes().to_vec())
    }

    #[test]
    fn values_at_the_edges_are_taken_and_those_beyond_are_passed_over() {
        let one = |name, value| Options::parse(&[pair(name, value)]);
        for (value, size) in [("7", None), ("8", Some(8)), ("65464", Some(65464)), ("65465", None)] {
            assert_eq!(one("BlkSize", value).block_size, size, "{value}");
        }
        for (value, seconds) in [("0", None), ("1", Some(1)), ("255", Some(255)), ("256", None)] {
            assert_eq!(one("timeout", value).timeout, seconds, "{value}");
        }
        for (value, blocks) in [("0", None), ("1", Some(1)), ("65535", Some(65535)), ("65536", None)] {
            assert_eq!(one("windowsize", value).window, blocks, "{value}");
        }
        for lie in ["", "-1", "+8", " 8", "8 ", "0x10", "1e3", "18446744073709551616", "٨"] {
            let all =
                [pair("blksize", lie), pair("tsize", lie), pair("timeout", lie), pair("windowsize", lie)];
            assert!(Options::parse(&all).is_empty(), "{lie:?}");
        }
    }

    #[test]
    fn only_what_was_asked_for_is_granted_and_never_more_of_it() {
        let limits = Limits { block_size: 1428, window: 16, window_bytes: 1 << 20 };
        assert!(Options::default().granted(&limits, Some(5)).is_empty());
        let rollover = Some(Rollover::ToOne);
        let asked = Options {
            block_size: Some(65464),
            size: Some(0),
            timeout: Some(9),
            window: Some(1000),
            rollover,
        };
        let granted = asked.granted(&limits, Some(5));
        assert_eq!(
            granted,
            Options { block_size: Some(1428), size: Some(5), timeout: Some(9), window: Some(16), rollover }
        );
        assert_eq!(asked.accept(&granted.pairs()), Ok(granted));
        assert_eq!(asked.granted(&limits, None).size, None, "no number is better than a wrong one");
    }

    #[test]
    fn large_blocks_in_many_are_cut_to_what_may_be_kept_in_memory() {
        let asked = Options { block_size: Some(65464), window: Some(65535), ..Options::default() };
        assert_eq!(asked.granted(&Limits::default(), None).window, Some(16));
        let tiny = Limits { window_bytes: 1, ..Limits::default() };
        assert_eq!(asked.granted(&tiny, None).window, Some(1), "one block there must be");
    }

    #[test]
    fn an_answer_that_breaks_the_rules_is_refused() {
        let asked = Options { block_size: Some(1024), timeout: Some(2), ..Options::default() };
        assert!(asked.accept(&[pair("blksize", "512"), pair("TIMEOUT", "2")]).is_ok());
        let refused =
            [pair("blksize", "1025"), pair("blksize", "7"), pair("blksize", "x"), pair("timeout", "3")];
        for answer in refused {
            assert!(matches!(asked.accept(&[answer]), Err(OptionError::BadValue { .. })));
        }
        for answer in [pair("windowsize", "1"), pair("colour", "red")] {
            assert!(matches!(asked.accept(&[answer]), Err(OptionError::NotAsked(_))));
        }
    }
}
