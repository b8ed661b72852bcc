//! Header fields: names without case, values that may come more than once, in the order they were added.
//!
//! ```text
//! Accept: text/html␍␊
//! accept: text/plain␍␊          the same field again: as if `text/html, text/plain`
//! Set-Cookie: a=1␍␊
//! Set-Cookie: b=2␍␊             the one field whose values must never be joined (RFC 9110, 5.3)
//! ```
//! A value is bytes. Almost all are ASCII; what is not UTF-8 can be asked for as bytes only. A [`Header`] takes whatever it is
//! given; [`Header::check`] says whether that may go on the wire, and every writer asks it or makes the value harmless.
//!
//! Book: "Client Resource Requests"; RFC 9110, 5.

use super::error::MessageError;

/// The fields of one message, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: String,
    value: Vec<u8>,
}

impl Header {
    /// No fields.
    pub fn new() -> Header {
        Header::default()
    }

    /// The first value of `name` that is text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// The first value of `name`, text or not.
    pub fn get_bytes(&self, name: &str) -> Option<&[u8]> {
        self.values_bytes(name).next()
    }

    /// Every value of `name` that is text, in order.
    pub fn values<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.values_bytes(name).filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// Every value of `name`, in order.
    pub fn values_bytes<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.as_slice())
    }

    /// The elements of a field that is a comma-separated list, over all its values, without the space around them and without
    /// empty ones (RFC 9110, 5.6.1). For lists of tokens: a comma inside quotes separates too.
    pub fn elements<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(|element| element.trim_matches([' ', '\t']))
            .filter(|element| !element.is_empty())
    }

    /// Whether the list `name` has `token` among its elements, without case: `Connection: keep-alive, Close` has `close`.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.elements(name).any(|element| element.eq_ignore_ascii_case(token))
    }

    /// Whether there is such a field.
    pub fn contains(&self, name: &str) -> bool {
        self.values_bytes(name).next().is_some()
    }

    /// Adds a value after those that are there.
    pub fn add(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.fields.push(Field { name: name.to_owned(), value: value.into() });
    }

    /// This value in place of all others. It takes the place of the first.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let Some(first) = self.fields.iter().position(|field| field.name.eq_ignore_ascii_case(name)) else {
            self.add(name, value);
            return;
        };
        self.fields[first].value = value.into();
        let mut index = 0;
        self.fields.retain(|field| {
            index += 1;
            index - 1 <= first || !field.name.eq_ignore_ascii_case(name)
        });
    }

    /// Removes every value of `name`; whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.fields.len();
        self.fields.retain(|field| !field.name.eq_ignore_ascii_case(name));
        self.fields.len() < before
    }

    /// Removes every field.
    pub fn clear(&mut self) {
        self.fields.clear();
    }

    /// Every field in order: its name as it was written, and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|field| (field.name.as_str(), field.value.as_slice()))
    }

    /// How many fields, each value counted.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether every name and value may go on the wire.
    ///
    /// # Errors
    /// [`MessageError::BadField`] for a name that is no token, and for a value with a line end, a NUL or another control character
    /// in it: a value with a line end would be two fields to the receiver.
    pub fn check(&self) -> Result<(), MessageError> {
        for field in &self.fields {
            if !is_token(field.name.as_bytes()) {
                return Err(MessageError::bad_field(field.name.as_bytes(), "its name is not a token"));
            }
            if !is_value(&field.value) {
                return Err(MessageError::bad_field(
                    field.name.as_bytes(),
                    "its value has a control character",
                ));
            }
        }
        Ok(())
    }
}

impl Header {
    /// Those of these fields that a trailer may have ([`may_be_trailer`]).
    #[must_use]
    pub fn trailer_fields(&self) -> Header {
        let mut kept = self.clone();
        kept.fields.retain(|field| may_be_trailer(&field.name));
        kept
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Header {
    fn from(fields: [(&str, &str); N]) -> Header {
        let mut header = Header::new();
        for (name, value) in fields {
            header.add(name, value);
        }
        header
    }
}

/// Whether these bytes are a token: at least one letter, digit or one of fifteen signs (RFC 9110, 5.6.2).
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| is_token_byte(*byte))
}

/// Whether a token may have this byte.
pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether these bytes can be a field's value: no control character but the tab (RFC 9110, 5.5).
pub fn is_value(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f))
}

/// Whether a field of this name may stand in a trailer. What decides where the message ends, where it goes, who sent it or how
/// its body is read must be known before the body; a receiver that believed it afterwards could be led astray
/// (RFC 9110, 6.5.1).
pub fn may_be_trailer(name: &str) -> bool {
    const FORBIDDEN: [&str; 30] = [
        "Age",
        "Authorization",
        "Cache-Control",
        "Connection",
        "Content-Encoding",
        "Content-Length",
        "Content-Range",
        "Content-Type",
        "Cookie",
        "Date",
        "Expect",
        "Expires",
        "Host",
        "Keep-Alive",
        "Location",
        "Max-Forwards",
        "Pragma",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Range",
        "Realm",
        "Retry-After",
        "Set-Cookie",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Vary",
        "WWW-Authenticate",
    ];
    let is_condition = name.len() > 3 && name.as_bytes()[..3].eq_ignore_ascii_case(b"If-");
    !is_condition && !FORBIDDEN.iter().any(|forbidden| forbidden.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(header: &Header) -> Vec<&str> {
        header.iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn names_have_no_case_and_values_keep_their_order() {
        let mut header = Header::new();
        header.add("Accept", "text/html");
        header.add("X", "y");
        header.add("ACCEPT", "text/plain");
        assert_eq!(header.get("accept"), Some("text/html"));
        assert_eq!(header.values("aCCept").collect::<Vec<_>>(), ["text/html", "text/plain"]);
        assert_eq!(header.len(), 3);
    }

    #[test]
    fn set_replaces_every_value_in_the_place_of_the_first() {
        let mut header = Header::from([("A", "1"), ("B", "2"), ("a", "3"), ("C", "4"), ("A", "5")]);
        header.set("a", "new");
        assert_eq!(names(&header), ["A", "B", "C"]);
        assert_eq!(header.get("A"), Some("new"));
        header.set("D", "5");
        assert_eq!(names(&header), ["A", "B", "C", "D"]);
        assert!(header.remove("b") && !header.remove("b"));
    }

    #[test]
    fn a_list_of_tokens_runs_over_all_values() {
        let header = Header::from([("Connection", "keep-alive , Upgrade"), ("connection", ",, CLOSE")]);
        assert!(header.has_token("Connection", "close") && header.has_token("connection", "upgrade"));
        assert!(!header.has_token("Connection", "keep") && !header.has_token("Other", "close"));
    }

    #[test]
    fn names_and_values_that_would_be_something_else_on_the_wire_are_found() {
        for (name, value) in
            [("", "a"), ("A B", "a"), ("A:", "a"), ("A", "b\r\nC: d"), ("A", "b\0"), ("A", "b\n")]
        {
            let mut header = Header::new();
            header.add(name, value);
            assert!(header.check().is_err(), "{name:?}: {value:?}");
        }
        assert!(Header::from([("A", "b\tc \u{e4}")]).check().is_ok());
    }
}
