//! Base64: three bytes as four characters (RFC 4648).
//!
//! ```text
//! "DNS"   01000100 01001110 01010011
//!         010001 | 000100 | 111001 | 010011
//!         R        E        5        T
//! ```
//! Two alphabets: [`encode`] and [`decode`] have `+`, `/` and padding with `=`; [`encode_url`] and [`decode_url`] have `-`,
//! `_` and no padding, for URLs and tokens.
//!
//! Decoding is strict: no blanks, no other alphabet, and the unused bits of the last character must be zero, so that equal
//! bytes have one text only.

use std::fmt;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Why a text is no base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base64Error {
    /// A byte that is not in the alphabet.
    NotInAlphabet {
        /// The byte.
        byte: u8,
        /// Where it stands.
        at: usize,
    },
    /// The text has a length no bytes have: characters or padding are missing, or too many.
    WrongLength {
        /// The length that came, padding included.
        length: usize,
    },
    /// The last character has bits that stand for nothing and are not zero.
    LooseBits,
}

impl fmt::Display for Base64Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Base64Error::NotInAlphabet { byte, at } => {
                write!(f, "byte {at} is {byte:#04x}, which is not in the alphabet")
            }
            Base64Error::WrongLength { length } => {
                write!(f, "{length} characters came; no bytes have a text of that length")
            }
            Base64Error::LooseBits => f.write_str("the unused bits of the last character are not zero"),
        }
    }
}

impl std::error::Error for Base64Error {}

/// The text of `bytes`, padded with `=` to a multiple of four.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = encode_with(bytes, STANDARD);
    while text.len() % 4 != 0 {
        text.push('=');
    }
    text
}

/// The text of `bytes` for a URL: `-` and `_`, no padding.
pub fn encode_url(bytes: &[u8]) -> String {
    encode_with(bytes, URL)
}

/// The bytes of a padded text.
///
/// # Errors
/// Any [`Base64Error`].
pub fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    let length = text.len();
    if length % 4 != 0 {
        return Err(Base64Error::WrongLength { length });
    }
    // At most two: a third `=` is found to be in no alphabet.
    let text = text.strip_suffix('=').map_or(text, |rest| rest.strip_suffix('=').unwrap_or(rest));
    decode_with(text, STANDARD)
}

/// The bytes of a text for a URL, without padding.
///
/// # Errors
/// Any [`Base64Error`].
pub fn decode_url(text: &str) -> Result<Vec<u8>, Base64Error> {
    decode_with(text, URL)
}

fn encode_with(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut bits = 0u32;
        for index in 0..3 {
            bits = bits << 8 | u32::from(group.get(index).copied().unwrap_or(0));
        }
        // One byte needs two characters, two need three, three need four.
        for index in 0..=group.len() {
            let six = bits >> (18 - 6 * index) & 0x3f;
            text.push(char::from(alphabet[six as usize]));
        }
    }
    text
}

fn decode_with(text: &str, alphabet: &[u8; 64]) -> Result<Vec<u8>, Base64Error> {
    let length = text.len();
    if length % 4 == 1 {
        return Err(Base64Error::WrongLength { length });
    }
    let mut bytes = Vec::with_capacity(length / 4 * 3 + 2);
    let mut bits = 0u32;
    let mut count = 0;
    for (at, byte) in text.bytes().enumerate() {
        let Some(six) = alphabet.iter().position(|known| *known == byte) else {
            return Err(Base64Error::NotInAlphabet { byte, at });
        };
        bits = bits << 6 | six as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    if bits != 0 {
        return Err(Base64Error::LooseBits);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4648() {
        let pairs = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
        ];
        for (plain, text) in pairs {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), plain.as_bytes());
            assert_eq!(encode_url(plain.as_bytes()), text.trim_end_matches('='));
            assert_eq!(decode_url(text.trim_end_matches('=')).unwrap(), plain.as_bytes());
        }
    }

    #[test]
    fn every_byte_comes_back_in_both_alphabets() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..=bytes.len() {
            assert_eq!(decode(&encode(&bytes[..length])).unwrap(), &bytes[..length]);
            assert_eq!(decode_url(&encode_url(&bytes[..length])).unwrap(), &bytes[..length]);
        }
        assert_eq!(encode(&[0xfb, 0xff]), "+/8=");
        assert_eq!(encode_url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn one_text_only_for_equal_bytes() {
        assert_eq!(decode("Zh=="), Err(Base64Error::LooseBits));
        assert_eq!(decode_url("Zm9"), Err(Base64Error::LooseBits));
        assert_eq!(decode("Zg="), Err(Base64Error::WrongLength { length: 3 }));
        assert_eq!(decode("Zg"), Err(Base64Error::WrongLength { length: 2 }));
        assert_eq!(decode_url("Z"), Err(Base64Error::WrongLength { length: 1 }));
        assert_eq!(decode("===="), Err(Base64Error::NotInAlphabet { byte: b'=', at: 0 }));
        assert_eq!(decode("Z==="), Err(Base64Error::NotInAlphabet { byte: b'=', at: 1 }));
        assert_eq!(decode_url("Zg=="), Err(Base64Error::NotInAlphabet { byte: b'=', at: 2 }));
        assert_eq!(decode("Zm9v\n"), Err(Base64Error::WrongLength { length: 5 }));
        assert_eq!(decode("-_8="), Err(Base64Error::NotInAlphabet { byte: b'-', at: 0 }));
        assert_eq!(decode_url("+/8"), Err(Base64Error::NotInAlphabet { byte: b'+', at: 0 }));
        assert_eq!(decode("Zm=v"), Err(Base64Error::NotInAlphabet { byte: b'=', at: 2 }));
    }
}
