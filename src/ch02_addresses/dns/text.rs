//! Text records, and the mail policy many of them hold.
//!
//! The data of a TXT record is a row of strings of at most 255 bytes each. What is longer is cut into several, and whoever
//! reads it joins them without anything between (RFC 7208 §3.3 says so for SPF).
//!
//! ```text
//! "v=spf1 include:_spf.google.com ~all"
//!  version | who may send for us  | everybody else: soft failure
//! ```
//! Book: Listing 2-7. Left out: evaluating SPF, which asks more names; we only take it apart.

use std::fmt;

use crate::base::wire::{Reader, WireError, put_block8, put_bytes};

/// The longest string of a text record: its length is one byte.
pub const MAX_CHUNK: usize = 255;

/// The data of a TXT record: strings of at most 255 bytes, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    chunks: Vec<Vec<u8>>,
}

impl Text {
    /// The text, cut into strings where it is longer than one may be. No text is one empty string.
    pub fn new(text: &[u8]) -> Text {
        let mut chunks: Vec<Vec<u8>> = text.chunks(MAX_CHUNK).map(<[u8]>::to_vec).collect();
        if chunks.is_empty() {
            chunks.push(Vec::new());
        }
        Text { chunks }
    }

    /// These strings, as they are. `None` if there is none or one has more than 255 bytes.
    pub fn from_chunks(chunks: Vec<Vec<u8>>) -> Option<Text> {
        let fits = !chunks.is_empty() && chunks.iter().all(|chunk| chunk.len() <= MAX_CHUNK);
        fits.then_some(Text { chunks })
    }

    /// The strings.
    pub fn chunks(&self) -> &[Vec<u8>] {
        &self.chunks
    }

    /// The strings joined: the text that was meant.
    pub fn joined(&self) -> Vec<u8> {
        self.chunks.concat()
    }

    /// Reads strings to the end of the data.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if the last is cut short, or there is none.
    pub fn decode(data: &mut Reader<'_>) -> Result<Text, WireError> {
        let mut chunks = vec![data.block8()?.rest().to_vec()];
        while !data.is_empty() {
            chunks.push(data.block8()?.rest().to_vec());
        }
        Ok(Text { chunks })
    }

    /// Appends the strings, each behind its length.
    ///
    /// # Errors
    /// None: [`WireError::TooLong`] cannot come, for the strings were checked when this was made.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        for chunk in &self.chunks {
            put_block8(out, |out| put_bytes(out, chunk))?;
        }
        Ok(())
    }
}

impl fmt::Display for Text {
    /// Each string in quotes, a space between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strings: Vec<String> = self.chunks.iter().map(|chunk| quoted(chunk)).collect();
        f.write_str(&strings.join(" "))
    }
}

/// Bytes in quotes, with `\"`, `\\` and `\DDD` for what has no character or would end the quotes.
pub fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\{byte:03}")),
        }
    }
    text.push('"');
    text
}

// --- Sender Policy Framework ------------------------------------------------------------------------------------------

/// What a matching mechanism means for the mail (RFC 7208 §4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// `+`, or nothing: the sender may.
    Pass,
    /// `-`: it may not.
    Fail,
    /// `~`: it probably may not.
    SoftFail,
    /// `?`: nothing is said.
    Neutral,
}

/// One word of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpfTerm {
    /// `include:_spf.google.com`, `ip4:192.0.2.0/24`, `mx`, `-all`.
    Mechanism {
        /// What a match means.
        qualifier: Qualifier,
        /// `include`, `all`, in lower case.
        name: String,
        /// What stands behind the colon, or from the slash on; empty if nothing does.
        value: String,
    },
    /// `redirect=example.com`.
    Modifier {
        /// The word before the equals sign, in lower case.
        name: String,
        /// The word behind it.
        value: String,
    },
}

/// The words of an SPF policy. `None` if the text is none: it does not begin with `v=spf1`.
pub fn spf_terms(text: &Text) -> Option<Vec<SpfTerm>> {
    let joined = String::from_utf8(text.joined()).ok()?;
    let mut words = joined.split(' ').filter(|word| !word.is_empty());
    if !words.next()?.eq_ignore_ascii_case("v=spf1") {
        return None;
    }
    Some(words.map(spf_term).collect())
}

fn spf_term(word: &str) -> SpfTerm {
    // A modifier has its equals sign before any colon or slash; `exists:a=b` is a mechanism.
    if let Some((name, value)) = word.split_once('=') {
        if !name.contains([':', '/']) {
            return SpfTerm::Modifier { name: name.to_ascii_lowercase(), value: value.to_string() };
        }
    }
    let (qualifier, rest) = match word.split_at_checked(1) {
        Some(("+", rest)) => (Qualifier::Pass, rest),
        Some(("-", rest)) => (Qualifier::Fail, rest),
        Some(("~", rest)) => (Qualifier::SoftFail, rest),
        Some(("?", rest)) => (Qualifier::Neutral, rest),
        _ => (Qualifier::Pass, word),
    };
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let (name, value) = rest.split_at(end);
    let value = value.strip_prefix(':').unwrap_or(value);
    SpfTerm::Mechanism { qualifier, name: name.to_ascii_lowercase(), value: value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_longer_than_a_string_is_cut_and_joins_again() {
        let long = vec![b'x'; 600];
        let text = Text::new(&long);
        let lengths: Vec<usize> = text.chunks().iter().map(Vec::len).collect();
        assert_eq!(lengths, [255, 255, 90]);
        assert_eq!(text.joined(), long);
        let mut out = Vec::new();
        text.encode(&mut out).unwrap();
        assert_eq!(out.len(), 603);
        assert_eq!(Text::decode(&mut Reader::new(&out)), Ok(text));
    }

    #[test]
    fn no_text_is_one_empty_string_and_no_string_is_no_text() {
        assert_eq!(Text::new(b"").to_string(), "\"\"");
        assert_eq!(Text::from_chunks(vec![]), None);
        assert_eq!(Text::from_chunks(vec![vec![0; 256]]), None);
        assert!(Text::decode(&mut Reader::new(&[])).is_err());
    }

    #[test]
    fn quotes_and_bytes_without_a_character_are_escaped() {
        assert_eq!(quoted(b"a \"b\" \\ ;\x07\xff"), r#""a \"b\" \\ ;\007\255""#);
    }

    #[test]
    fn the_policy_of_listing_2_7_comes_apart() {
        let text = Text::new(b"v=spf1 include:_spf.google.com ~all");
        let include = SpfTerm::Mechanism {
            qualifier: Qualifier::Pass,
            name: "include".to_string(),
            value: "_spf.google.com".to_string(),
        };
        let all = SpfTerm::Mechanism {
            qualifier: Qualifier::SoftFail,
            name: "all".to_string(),
            value: String::new(),
        };
        assert_eq!(spf_terms(&text), Some(vec![include, all]));
    }

    #[test]
    fn a_policy_in_two_strings_is_one_policy() {
        let text =
            Text::from_chunks(vec![b"v=spf1 ip4:192.0".to_vec(), b".2.0/24 a/24 -all".to_vec()]).unwrap();
        let terms = spf_terms(&text).unwrap();
        assert_eq!(terms.len(), 3);
        let SpfTerm::Mechanism { name, value, .. } = &terms[0] else { panic!("{terms:?}") };
        assert_eq!((name.as_str(), value.as_str()), ("ip4", "192.0.2.0/24"));
        let SpfTerm::Mechanism { name, value, .. } = &terms[1] else { panic!("{terms:?}") };
        assert_eq!((name.as_str(), value.as_str()), ("a", "/24"));
    }

    #[test]
    fn other_texts_are_no_policy() {
        assert_eq!(spf_terms(&Text::new(b"v=spf10 -all")), None);
        assert_eq!(spf_terms(&Text::new(b"docuSign=1")), None);
        assert_eq!(spf_terms(&Text::new(b"")), None);
        assert_eq!(spf_terms(&Text::new(b"\xff")), None);
        let terms = spf_terms(&Text::new("v=spf1 é redirect=x.org".as_bytes())).unwrap();
        assert_eq!(terms.len(), 2);
        assert!(matches!(&terms[1], SpfTerm::Modifier { name, .. } if name == "redirect"));
    }
}
