//! What is asked for: path and query, the part of a URL that is sent in the first line of a request.
//!
//! ```text
//! GET /images/gopher%20blue.png?size=1 HTTP/1.1
//!     └───────── path ────────┘ └query┘            origin-form, RFC 9112, 3.2.1
//! ```
//! A client takes it from its URL; a server reads it with [`Target::parse`]. The other forms are a whole URL (to a proxy), an
//! [`Authority`](super::authority::Authority) (with `CONNECT`), and `*` (with `OPTIONS`).

use std::fmt;

use super::error::UrlError;
use super::percent::{decode, decode_text, sendable};
use super::query::Query;

/// Path and query as they are written, with their escapes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    path: String,
    query: Option<String>,
}

impl Target {
    /// Reads a request-target in origin-form: a path that begins with `/`, and a query if there is a `?`.
    ///
    /// # Errors
    /// [`UrlError::NotOriginForm`], [`UrlError::FragmentSent`], [`UrlError::BadEscape`] (in the path),
    /// [`UrlError::Control`], [`UrlError::Space`]
    pub fn parse(text: &str) -> Result<Target, UrlError> {
        if !text.starts_with('/') {
            return Err(UrlError::NotOriginForm(text.to_string()));
        }
        if text.contains('#') {
            return Err(UrlError::FragmentSent(text.to_string()));
        }
        match text.split_once('?') {
            Some((path, query)) => Target::new(path, Some(query)),
            None => Target::new(text, None),
        }
    }

    /// From the parts. The escapes of the query are not looked at: a `?` behind a URL is used with anything, and
    /// [`Query::parse`] finds what is no pair.
    ///
    /// # Errors
    /// [`UrlError::BadEscape`] (in the path), [`UrlError::Control`], [`UrlError::Space`]
    pub(super) fn new(path: &str, query: Option<&str>) -> Result<Target, UrlError> {
        let path = sendable(path)?;
        decode(&path)?;
        Ok(Target { path, query: query.map(sendable).transpose()? })
    }

    /// The path as it is written; empty only in a URL.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path without its escapes. An escaped slash is then a slash like any other: who must tell them apart takes
    /// [`Target::path`] apart first.
    ///
    /// # Errors
    /// [`UrlError::NotUtf8`]
    pub fn decoded_path(&self) -> Result<String, UrlError> {
        decode_text(&self.path)
    }

    /// The query as it is written, without its `?`.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The pairs of the query, without those that are wrong.
    pub fn pairs(&self) -> Query {
        Query::lenient(self.query().unwrap_or(""))
    }

    /// Another path for the same query.
    ///
    /// # Errors
    /// [`UrlError::BadEscape`], [`UrlError::Control`], [`UrlError::Space`]
    pub(super) fn with_path(&self, path: &str) -> Result<Target, UrlError> {
        let slash = if path.starts_with('/') { "" } else { "/" };
        let path = format!("{slash}{path}").replace('?', "%3F").replace('#', "%23");
        Target::new(&path, self.query())
    }

    /// Another query for the same path.
    ///
    /// # Errors
    /// [`UrlError::Control`], [`UrlError::Space`]
    pub(super) fn with_query(&self, query: Option<&str>) -> Result<Target, UrlError> {
        let query = query.map(|query| query.replace('#', "%23"));
        Target::new(&self.path, query.as_deref())
    }
}

impl fmt::Display for Target {
    /// As it is sent: an empty path is `/`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.path.is_empty() { "/" } else { &self.path })?;
        self.query().map_or(Ok(()), |query| write!(f, "?{query}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_reads_path_and_query_and_sees_what_the_escapes_hide() {
        let target = Target::parse("/images/gopher%20blue.png?size=1&name=a+b").unwrap();
        assert_eq!(target.path(), "/images/gopher%20blue.png");
        assert_eq!(target.decoded_path().unwrap(), "/images/gopher blue.png");
        assert_eq!(target.query(), Some("size=1&name=a+b"));
        assert_eq!(target.pairs().first("name"), Some("a b"));
        assert_eq!(target.to_string(), "/images/gopher%20blue.png?size=1&name=a+b");
    }

    #[test]
    fn an_empty_query_is_not_no_query() {
        assert_eq!(Target::parse("/a?").unwrap().query(), Some(""));
        assert_eq!(Target::parse("/a").unwrap().query(), None);
        assert_eq!(Target::parse("/a?b?c").unwrap().query(), Some("b?c"));
        assert_eq!(Target::parse("//a/../b").unwrap().path(), "//a/../b");
    }

    #[test]
    fn what_is_no_origin_form_is_refused() {
        for text in ["", "*", "a/b", "http://h/", "h:443", "?a", "\\a"] {
            assert_eq!(Target::parse(text), Err(UrlError::NotOriginForm(text.to_string())));
        }
        assert!(matches!(Target::parse("/a#b"), Err(UrlError::FragmentSent(_))));
        assert!(matches!(Target::parse("/a b"), Err(UrlError::Space(_))));
        assert!(matches!(Target::parse("/a?b\r\nX: y"), Err(UrlError::Control(_))));
        assert_eq!(Target::parse("/a%2"), Err(UrlError::BadEscape("%2".to_string())));
        assert!(matches!(Target::parse("/%ff").unwrap().decoded_path(), Err(UrlError::NotUtf8(_))));
    }

    #[test]
    fn stray_characters_are_escaped_and_brackets_stay() {
        let target = Target::parse("/ä|\"[1]?f[a]={ö}&100%").unwrap();
        assert_eq!(target.to_string(), "/%C3%A4%7C%22[1]?f[a]=%7B%C3%B6%7D&100%");
        assert_eq!(target.decoded_path().unwrap(), "/ä|\"[1]");
    }
}
