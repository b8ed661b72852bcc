//! A domain name: labels from the most particular to the most general, and the root, which has none.
//!
//! ```text
//! sub1.domain.com.     03 's' 'u' 'b' … | 06 'd' 'o' … | 03 'c' 'o' 'm' | 00
//!                      length, label    |              |                | root
//! ```
//!
//! * A label has 1 to 63 bytes, a name on the wire at most 255, lengths and the root's zero included (RFC 1035 §2.3.4).
//! * ASCII letters are equal in both cases, and a name keeps the case in which it was written (RFC 4343).
//! * The dot at the end is the root. In text we take a name without it as if it were there; a zone file does not, see
//!   [`Name::relative_to`].
//! * Text escapes: `\.` is a dot inside a label, `\DDD` the byte with that decimal value.
//!
//! Left out: internationalised names (punycode). Bytes above 127 are kept as they come.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::base::show;

/// The longest label, in bytes: the two upper bits of its length mean other things.
pub const MAX_LABEL: usize = 63;
/// The longest name on the wire, in bytes.
pub const MAX_NAME: usize = 255;

/// A domain name.
#[derive(Clone)]
pub struct Name {
    /// The wire form without compression, the root's zero included.
    wire: Vec<u8>,
}

/// Why a text is no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Two dots in a row, a dot at the start, or nothing at all.
    EmptyLabel(String),
    /// A label of more than 63 bytes.
    LabelTooLong {
        /// Its length.
        length: usize,
    },
    /// More than 255 bytes in all.
    NameTooLong,
    /// A backslash that is followed by nothing, or by digits that are no byte.
    BadEscape(String),
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::EmptyLabel(text) => {
                let text = show::quoted(text, 80);
                write!(f, "{text} has an empty label; between two dots there must be something")
            }
            NameError::LabelTooLong { length } => {
                write!(f, "a label of {length} bytes came; we take at most {MAX_LABEL}")
            }
            NameError::NameTooLong => write!(f, "the name has more than {MAX_NAME} bytes on the wire"),
            NameError::BadEscape(text) => {
                let text = show::quoted(text, 80);
                write!(f, "{text} has a bad escape; we take \\. and the like, and \\DDD from \\000 to \\255")
            }
        }
    }
}

impl std::error::Error for NameError {}

impl Name {
    /// The root: `.`
    pub fn root() -> Name {
        Name { wire: vec![0] }
    }

    /// The name with these labels, the most particular first.
    ///
    /// # Errors
    /// [`NameError::EmptyLabel`], [`NameError::LabelTooLong`], [`NameError::NameTooLong`].
    pub fn from_labels<L: AsRef<[u8]>>(labels: impl IntoIterator<Item = L>) -> Result<Name, NameError> {
        let mut wire = Vec::new();
        for label in labels {
            let label = label.as_ref();
            if label.is_empty() {
                return Err(NameError::EmptyLabel(String::new()));
            }
            if label.len() > MAX_LABEL {
                return Err(NameError::LabelTooLong { length: label.len() });
            }
            wire.push(label.len() as u8);
            wire.extend_from_slice(label);
            // Checked as it grows: an endless iterator ends here.
            if wire.len() >= MAX_NAME {
                return Err(NameError::NameTooLong);
            }
        }
        wire.push(0);
        Ok(Name { wire })
    }

    /// The labels, the most particular first; none for the root.
    pub fn labels(&self) -> Labels<'_> {
        Labels { left: &self.wire }
    }

    /// How many labels it has.
    pub fn label_count(&self) -> usize {
        self.labels().count()
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.wire.len() == 1
    }

    /// The uncompressed wire form.
    pub fn as_wire(&self) -> &[u8] {
        &self.wire
    }

    /// The name without its first label; the root has no parent.
    pub fn parent(&self) -> Option<Name> {
        let first = usize::from(self.wire[0]);
        if first == 0 { None } else { Some(Name { wire: self.wire[1 + first..].to_vec() }) }
    }

    /// Whether it is `other` or lies below it. Every name lies below the root.
    pub fn is_subdomain_of(&self, other: &Name) -> bool {
        let mine: Vec<&[u8]> = self.labels().collect();
        let theirs: Vec<&[u8]> = other.labels().collect();
        let Some(extra) = mine.len().checked_sub(theirs.len()) else { return false };
        mine[extra..].iter().zip(&theirs).all(|(one, two)| one.eq_ignore_ascii_case(two))
    }

    /// The name with `label` before it.
    ///
    /// # Errors
    /// As [`Name::from_labels`].
    pub fn child(&self, label: &[u8]) -> Result<Name, NameError> {
        Name::from_labels(std::iter::once(label).chain(self.labels()))
    }

    /// This name's labels before those of `origin`.
    ///
    /// # Errors
    /// [`NameError::NameTooLong`].
    pub fn under(&self, origin: &Name) -> Result<Name, NameError> {
        Name::from_labels(self.labels().chain(origin.labels()))
    }

    /// Reads `text` as a zone file does: `@` is the origin, a name that ends in a dot is whole, any other is under the
    /// origin.
    ///
    /// # Errors
    /// As [`FromStr`].
    pub fn relative_to(text: &str, origin: &Name) -> Result<Name, NameError> {
        if text == "@" {
            return Ok(origin.clone());
        }
        let (name, is_whole) = parse(text)?;
        if is_whole { Ok(name) } else { name.under(origin) }
    }

    /// The same name in lower case: the canonical form of RFC 4034 §6.2.
    pub fn to_lowercase(&self) -> Name {
        // A length is at most 63, below 'A', so it is no letter.
        Name { wire: self.wire.to_ascii_lowercase() }
    }
}

/// Walks over the labels of a name.
#[derive(Clone, Debug)]
pub struct Labels<'a> {
    left: &'a [u8],
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.left.split_first()?;
        if *length == 0 {
            return None;
        }
        let (label, left) = rest.split_at(usize::from(*length));
        self.left = left;
        Some(label)
    }
}

// --- text -----------------------------------------------------------------------------------------------------------

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Name, NameError> {
        Ok(parse(text)?.0)
    }
}

/// The name in `text`, and whether a dot ended it: a zone file puts its origin behind one that has none.
///
/// # Errors
/// Any [`NameError`].
pub fn parse(text: &str) -> Result<(Name, bool), NameError> {
    if text == "." {
        return Ok((Name::root(), true));
    }
    let mut labels = Vec::new();
    let mut label = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'.' if label.is_empty() => return Err(NameError::EmptyLabel(text.to_string())),
            b'.' => labels.push(std::mem::take(&mut label)),
            b'\\' => label.push(unescape(&mut bytes).ok_or_else(|| NameError::BadEscape(text.to_string()))?),
            _ => label.push(byte),
        }
    }
    let is_whole = label.is_empty();
    if !is_whole {
        labels.push(label);
    }
    if labels.is_empty() {
        return Err(NameError::EmptyLabel(text.to_string()));
    }
    Ok((Name::from_labels(labels)?, is_whole))
}

/// The byte that an escape stands for, the backslash being read; also in quoted strings of a zone file.
pub fn unescape(bytes: &mut std::str::Bytes<'_>) -> Option<u8> {
    let first = bytes.next()?;
    if !first.is_ascii_digit() {
        return Some(first);
    }
    let mut value = u16::from(first - b'0');
    for _ in 0..2 {
        let digit = bytes.next().filter(u8::is_ascii_digit)?;
        value = value * 10 + u16::from(digit - b'0');
    }
    u8::try_from(value).ok()
}

impl fmt::Display for Name {
    /// With the dot at the end, and with every byte escaped that a zone file would read as something else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        let mut text = String::new();
        for label in self.labels() {
            for byte in label {
                match byte {
                    b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$' => {
                        text.push('\\');
                        text.push(char::from(*byte));
                    }
                    0x21..=0x7e => text.push(char::from(*byte)),
                    _ => text.push_str(&format!("\\{byte:03}")),
                }
            }
            text.push('.');
        }
        f.pad(&text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

// --- equality, hash, order ------------------------------------------------------------------------------------------

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.wire.eq_ignore_ascii_case(&other.wire)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.wire.to_ascii_lowercase());
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    /// The canonical order of RFC 4034 §6.1: label by label from the root, so that a zone's names stand together.
    fn cmp(&self, other: &Name) -> Ordering {
        let mut mine: Vec<&[u8]> = self.labels().collect();
        let mut theirs: Vec<&[u8]> = other.labels().collect();
        mine.reverse();
        theirs.reverse();
        for (one, two) in mine.iter().zip(&theirs) {
            match one.to_ascii_lowercase().cmp(&two.to_ascii_lowercase()) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        }
        mine.len().cmp(&theirs.len())
    }
}

#[cfg(test)]
mod tests;
