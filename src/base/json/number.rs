//! A number as its digits.
//!
//! RFC 8259 section 6 sets no range and no precision. So a number stays the text that came, and who needs an integer or
//! a float asks for it and is told when it does not fit: 2^53 + 1 is not rounded on its way through us.

use std::error::Error;
use std::fmt;

use super::error::{Fault, JsonErrorKind};

/// The longest number we take, in bytes. The longest that a float needs to be exact is below 1,100. Longer ones only
/// make everyone who computes with them slow.
pub const MAX_NUMBER_BYTES: usize = 4096;

/// Digits that need no allocation. The largest integers have 20 bytes; more would make every value larger.
const SHORT: usize = 22;

/// A number of RFC 8259: its digits exactly as they came. Equal are numbers with the same digits; `1` and `1.0` are not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number(Digits);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Digits {
    /// The bytes behind `length` are zero, so that equal digits are equal bytes.
    Short {
        length: u8,
        bytes: [u8; SHORT],
    },
    Long(Box<[u8]>),
}

/// Why a number is not what the program needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberError {
    /// An integer was asked for, and there is a point or an exponent.
    NotAnInteger {
        /// The digits.
        digits: String,
    },
    /// The type cannot hold it.
    OutOfRange {
        /// The digits.
        digits: String,
        /// The type.
        of: &'static str,
    },
    /// A float that JSON has no number for.
    NotFinite,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NumberError::NotAnInteger { digits } => write!(f, "{digits} came, wanted an integer"),
            NumberError::OutOfRange { digits, of } => write!(f, "{digits} came, which {of} cannot hold"),
            NumberError::NotFinite => {
                f.write_str("an infinity or NaN came, and JSON has finite numbers only")
            }
        }
    }
}

impl Error for NumberError {}

impl Number {
    /// Digits that [`scan`] has found right.
    pub(super) fn from_scanned(digits: &[u8]) -> Number {
        let mut bytes = [0; SHORT];
        match bytes.get_mut(..digits.len()) {
            Some(start) => start.copy_from_slice(digits),
            None => return Number(Digits::Long(digits.into())),
        }
        Number(Digits::Short { length: digits.len() as u8, bytes })
    }

    /// The number with the fewest digits that read back as the same float. Like Go's encoder it turns to an exponent below
    /// 1e-6 and from 1e21 on.
    ///
    /// # Errors
    /// [`NumberError::NotFinite`].
    pub fn from_f64(float: f64) -> Result<Number, NumberError> {
        if !float.is_finite() {
            return Err(NumberError::NotFinite);
        }
        let size = float.abs();
        if size == 0.0 || (1e-6..1e21).contains(&size) {
            return Ok(Number::from_scanned(float.to_string().as_bytes()));
        }
        let mut digits = format!("{float:e}");
        if let Some(exponent) = digits.find('e').filter(|_| size > 1.0) {
            digits.insert(exponent + 1, '+');
        }
        Ok(Number::from_scanned(digits.as_bytes()))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Digits::Short { length, bytes } => &bytes[..usize::from(*length)],
            Digits::Long(bytes) => bytes,
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or("0") // Digits are ASCII.
    }

    /// The number as an integer without a sign.
    ///
    /// # Errors
    /// [`NumberError::NotAnInteger`] where there is a point or an exponent, as in `1.0`; [`NumberError::OutOfRange`].
    pub fn to_u64(&self) -> Result<u64, NumberError> {
        // Rust's parser takes no sign here, and -0 is 0.
        let digits = if self.as_str() == "-0" { "0" } else { self.integer()? };
        digits.parse().map_err(|_| self.out_of_range("u64"))
    }

    /// The number as an integer.
    ///
    /// # Errors
    /// As [`Number::to_u64`].
    pub fn to_i64(&self) -> Result<i64, NumberError> {
        self.integer()?.parse().map_err(|_| self.out_of_range("i64"))
    }

    /// The nearest float.
    ///
    /// # Errors
    /// [`NumberError::OutOfRange`] where that is an infinity.
    pub fn to_f64(&self) -> Result<f64, NumberError> {
        match self.as_str().parse() {
            Ok(float) if f64::is_finite(float) => Ok(float),
            _ => Err(self.out_of_range("f64")),
        }
    }

    fn integer(&self) -> Result<&str, NumberError> {
        let digits = self.as_str();
        if digits.contains(['.', 'e', 'E']) {
            return Err(NumberError::NotAnInteger { digits: digits.to_string() });
        }
        Ok(digits)
    }

    fn out_of_range(&self, of: &'static str) -> NumberError {
        NumberError::OutOfRange { digits: self.as_str().to_string(), of }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<u64> for Number {
    fn from(integer: u64) -> Number {
        Number::from_scanned(integer.to_string().as_bytes())
    }
}

impl From<i64> for Number {
    fn from(integer: i64) -> Number {
        Number::from_scanned(integer.to_string().as_bytes())
    }
}

impl TryFrom<f64> for Number {
    type Error = NumberError;

    fn try_from(float: f64) -> Result<Number, NumberError> {
        Number::from_f64(float)
    }
}

/// Where the number ends that begins at `start`: `-`? integer fraction? exponent? (RFC 8259 section 6).
pub(super) fn scan(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    let mut at = start;
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'0'), Some(b'0'..=b'9')) => {
            return Err(Fault { kind: JsonErrorKind::LeadingZero, at: at + 1 });
        }
        (Some(b'0'), _) => at + 1,
        _ => digits(bytes, at, "a digit")?,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1, "a digit behind the point")?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        at = digits(bytes, at, "a digit of the exponent")?;
    }
    if at - start > MAX_NUMBER_BYTES {
        return Err(Fault { kind: JsonErrorKind::NumberTooLong, at: start });
    }
    Ok(at)
}

/// Where the digits end of which there is one at least at `at`.
fn digits(bytes: &[u8], mut at: usize, wanted: &'static str) -> Result<usize, Fault> {
    if !bytes.get(at).is_some_and(u8::is_ascii_digit) {
        return Err(Fault::at(bytes, at, wanted));
    }
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    Ok(at)
}
