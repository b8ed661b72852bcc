//! The query of a URL, and the body of an HTML form: pairs of keys and values.
//!
//! ```text
//! name=Gopher+A&tag=go&tag=net     name: "Gopher A"   tag: "go"   tag: "net"
//! ```
//! The pairs keep their order, and a key may come again. Only `&` separates. To some servers `;` does as well, and two
//! programs that disagree about it can be played against each other, so a pair with an unescaped `;` is an error
//! ([`Query::parse`]) or left out ([`Query::lenient`]), as in Go.
//!
//! Go sorts the keys when it writes; we do not.

use std::fmt;

use super::error::UrlError;
use super::percent::{decode_query, encode_query};

/// Pairs in one query. A body of ten megabytes holds five million pairs of two bytes, and each takes fifty to keep.
pub const MAX_PAIRS: usize = 10_000;

/// Keys and values in the order in which they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// No pairs.
    pub fn new() -> Query {
        Query::default()
    }

    /// Reads `key=value&…`. A key without `=` has an empty value. Nothing between two `&` is nothing.
    ///
    /// # Errors
    /// [`UrlError::BadEscape`], [`UrlError::Semicolon`], [`UrlError::TooManyPairs`]
    pub fn parse(text: &str) -> Result<Query, UrlError> {
        let mut query = Query::new();
        for piece in text.split('&').filter(|piece| !piece.is_empty()) {
            if query.pairs.len() == MAX_PAIRS {
                return Err(UrlError::TooManyPairs);
            }
            query.pairs.push(pair(piece)?);
        }
        Ok(query)
    }

    /// Reads like [`Query::parse`], but leaves out the pairs that are wrong, and those behind the first [`MAX_PAIRS`].
    pub fn lenient(text: &str) -> Query {
        let pairs = text.split('&').filter(|piece| !piece.is_empty()).flat_map(pair);
        Query { pairs: pairs.take(MAX_PAIRS).collect() }
    }

    /// The first value of the key.
    pub fn first(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|pair| pair.0 == key).map(|pair| pair.1.as_str())
    }

    /// All values of the key, in order.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |pair| pair.0 == key).map(|pair| pair.1.as_str())
    }

    /// Every pair, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Adds a pair behind the others, whether the key is there already or not.
    pub fn push(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.pairs.push((key.into(), value.into()));
    }

    /// Makes this the only value of the key, where its first one stood or behind the others.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        let at = self.pairs.iter().position(|pair| pair.0 == key).unwrap_or(self.pairs.len());
        self.remove(key);
        self.pairs.insert(at, (key.to_string(), value.into()));
    }

    /// Takes every pair of the key out.
    pub fn remove(&mut self, key: &str) {
        self.pairs.retain(|pair| pair.0 != key);
    }
}

fn pair(piece: &str) -> Result<(String, String), UrlError> {
    if piece.contains(';') {
        return Err(UrlError::Semicolon(piece.to_string()));
    }
    let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
    Ok((decode_query(key)?, decode_query(value)?))
}

impl fmt::Display for Query {
    /// `key=value&…`, escaped: what stands behind the `?` of a URL, or in the body of a form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.pairs.iter().enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            write!(f, "{separator}{}={}", encode_query(key), encode_query(value))?;
        }
        Ok(())
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Query {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Query {
        let mut query = Query::new();
        for (key, value) in pairs {
            query.push(key, value);
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        Query::parse(text).unwrap().pairs
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    #[test]
    fn pairs_keep_their_order_and_keys_may_repeat() {
        let query = Query::parse("name=Gopher+A&tag=go&tag=net&x").unwrap();
        assert_eq!(query.first("name"), Some("Gopher A"));
        assert_eq!(query.first("tag"), Some("go"));
        assert_eq!(query.all("tag").collect::<Vec<_>>(), ["go", "net"]);
        assert_eq!(query.first("x"), Some(""));
        assert_eq!(query.first("Name"), None);
        assert_eq!(query.to_string(), "name=Gopher+A&tag=go&tag=net&x=");
    }

    #[test]
    fn the_first_equals_sign_ends_the_key_and_empty_pieces_are_nothing() {
        assert_eq!(pairs(""), []);
        assert_eq!(pairs("&&"), []);
        assert_eq!(pairs("a=b=c&&=v&="), owned(&[("a", "b=c"), ("", "v"), ("", "")]));
        assert_eq!(pairs("%3D=%26&a%2Bb=c+d%20e"), owned(&[("=", "&"), ("a+b", "c d e")]));
        assert_eq!(pairs("f[a]=1&url=http://x/?y"), owned(&[("f[a]", "1"), ("url", "http://x/?y")]));
    }

    #[test]
    fn a_semicolon_or_a_bad_escape_is_an_error_or_left_out() {
        let text = "a=1&b=2;c=3&d=%zz&e=%3B";
        assert_eq!(Query::parse(text), Err(UrlError::Semicolon("b=2;c=3".to_string())));
        assert_eq!(Query::parse("d=%zz"), Err(UrlError::BadEscape("%zz".to_string())));
        assert_eq!(Query::lenient(text).pairs, owned(&[("a", "1"), ("e", ";")]));
    }

    #[test]
    fn a_flood_of_pairs_is_stopped() {
        let most = "a&".repeat(MAX_PAIRS);
        assert_eq!(Query::parse(&most).unwrap().pairs.len(), MAX_PAIRS);
        let more = most + "a";
        assert_eq!(Query::parse(&more), Err(UrlError::TooManyPairs));
        assert_eq!(Query::lenient(&more).pairs.len(), MAX_PAIRS);
    }

    #[test]
    fn set_replaces_all_values_where_the_first_one_stood() {
        let mut query: Query = [("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")].into_iter().collect();
        query.set("a", "9");
        query.set("d", "ä &");
        query.remove("b");
        assert_eq!(query.to_string(), "a=9&c=4&d=%C3%A4+%26");
        assert_eq!(Query::parse(&query.to_string()).unwrap(), query);
    }
}
