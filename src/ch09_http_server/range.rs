//! Only a part of it: ranges of bytes, RFC 9110, 14.
//!
//! ```text
//! Range: bytes=0-99        the first hundred            206   Content-Range: bytes 0-99/1234
//! Range: bytes=1000-       all from there on            206   Content-Range: bytes 1000-1233/1234
//! Range: bytes=-34         the last 34                  206   Content-Range: bytes 1200-1233/1234
//! Range: bytes=0-0,-1      two parts in one body        206   Content-Type: multipart/byteranges; boundary=…
//! Range: bytes=1234-       there is nothing             416   Content-Range: bytes */1234
//! Range: lines=1-2         nobody has to understand it  200   the whole
//! ```
//! A client that lost its connection asks for the rest, a film player for the place it jumps to.
//!
//! A `Range` is a wish, and a server may always send the whole. We do so where it is damaged, where its parts together are more
//! than the whole, and where there are more than [`MOST_PARTS`]: a few bytes of request shall not cost more than a download.
//! Go answers 416 to a unit it does not know; RFC 9110, 14.2 wants such a field ignored.

use std::fmt;

use crate::base::random;

/// Parts in one answer. No program we know asks for more than a handful; each costs a head, a write and a seek.
pub const MOST_PARTS: usize = 100;

/// Some bytes of a whole, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// How many bytes stand before it.
    pub first: u64,
    /// How many bytes it has.
    pub length: u64,
}

impl ByteRange {
    /// The value of `Content-Range`, where the whole has `size` bytes.
    pub fn content_range(&self, size: u64) -> String {
        format!("bytes {}-{}/{size}", self.first, self.first + self.length - 1)
    }
}

/// What to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// 200 and everything.
    Whole,
    /// 206 and these parts, in the order they were asked for.
    Parts(Vec<ByteRange>),
    /// 416: all that was asked for lies behind the end.
    Nothing,
}

/// The value of `Content-Range` in a 416.
pub fn unsatisfied(size: u64) -> String {
    format!("bytes */{size}")
}

/// What the value of a `Range` field selects from `size` bytes.
pub fn select(value: &str, size: u64) -> Selection {
    // Some clients ask for a range of whatever they fetch; of an empty file they get its nothing, and no error.
    if size == 0 {
        return Selection::Whole;
    }
    let Some(wanted) = ranges_of(value) else { return Selection::Whole };
    let mut parts = Vec::new();
    // Wide enough for a hundred times the largest size.
    let mut sum = 0u128;
    for range in wanted {
        let Some(part) = range.within(size) else { continue };
        sum += u128::from(part.length);
        parts.push(part);
    }
    if parts.is_empty() {
        Selection::Nothing
    } else if sum > u128::from(size) {
        Selection::Whole
    } else {
        Selection::Parts(parts)
    }
}

/// A range before it is known how much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    FromTo(u64, u64),
    Last(u64),
}

impl Wanted {
    /// The bytes there are of it; `None` if there are none.
    fn within(self, size: u64) -> Option<ByteRange> {
        let (first, end) = match self {
            Wanted::FromTo(first, last) => (first, last.saturating_add(1).min(size)),
            Wanted::Last(count) => (size.saturating_sub(count), size),
        };
        if first < end { Some(ByteRange { first, length: end - first }) } else { None }
    }
}

/// `None` for another unit, for what is damaged, and for too many.
fn ranges_of(value: &str) -> Option<Vec<Wanted>> {
    let (unit, set) = value.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let mut wanted = Vec::new();
    for text in set.split(',') {
        let text = text.trim_matches([' ', '\t']);
        // An empty element of a list is none (RFC 9110, 5.6.1.2).
        if text.is_empty() {
            continue;
        }
        if wanted.len() == MOST_PARTS {
            return None;
        }
        wanted.push(range_of(text)?);
    }
    if wanted.is_empty() { None } else { Some(wanted) }
}

fn range_of(text: &str) -> Option<Wanted> {
    match text.split_once('-')? {
        ("", count) => Some(Wanted::Last(number(count)?)),
        (first, "") => Some(Wanted::FromTo(number(first)?, u64::MAX)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if first <= last { Some(Wanted::FromTo(first, last)) } else { None }
        }
    }
}

/// Digits and nothing else. A number that no `u64` can hold is beyond every file, as the greatest one is.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

/// The frame of several parts in one body: `multipart/byteranges` (RFC 9110, 14.6).
///
/// ```text
/// --f00d…␍␊
/// Content-Range: bytes 0-0/1234␍␊
/// Content-Type: image/png␍␊
/// ␍␊
/// x␍␊
/// --f00d…␍␊
/// …
/// --f00d…--␍␊
/// ```
#[derive(Clone, Debug)]
pub struct Multipart {
    boundary: String,
    content_type: String,
    size: u64,
}

impl Multipart {
    /// A frame around parts of something of this type, which has `size` bytes. The boundary is 128 random bits: nobody can
    /// prepare a file in which it stands.
    ///
    /// # Errors
    /// The system's, if it has no random numbers.
    pub fn new(content_type: &str, size: u64) -> std::io::Result<Multipart> {
        let boundary = format!("{:016x}{:016x}", random::u64()?, random::u64()?);
        Ok(Multipart { boundary, content_type: content_type.to_owned(), size })
    }

    /// The `Content-Type` of the whole body.
    pub fn content_type(&self) -> String {
        format!("multipart/byteranges; boundary={}", self.boundary)
    }

    /// What stands before a part. Not before the first one it ends the part before.
    pub fn head(&self, part: &ByteRange, is_first: bool) -> String {
        let line_end = if is_first { "" } else { "\r\n" };
        let mut head =
            format!("{line_end}--{}\r\nContent-Range: {}\r\n", self.boundary, part.content_range(self.size));
        if !self.content_type.is_empty() {
            head.push_str(&format!("Content-Type: {}\r\n", self.content_type));
        }
        head + "\r\n"
    }

    /// What stands after the last part.
    pub fn tail(&self) -> String {
        format!("\r\n--{}--\r\n", self.boundary)
    }

    /// How many bytes all of it has, before any of it is read.
    pub fn length(&self, parts: &[ByteRange]) -> u64 {
        let mut length = self.tail().len() as u64;
        for (index, part) in parts.iter().enumerate() {
            length += self.head(part, index == 0).len() as u64 + part.length;
        }
        length
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes from {}", self.length, self.first)
    }
}

#[cfg(test)]
mod tests;
