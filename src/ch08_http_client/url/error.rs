//! Why a text is not a URL. The errors quote the part that is wrong, but never a password.

use std::fmt;

use super::query::MAX_PAIRS;
use crate::base::show::quoted;

/// More characters of a refused text than this we do not show.
const SHOWN: usize = 64;

/// Why a text is not a URL, or not the part of one it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// There is no `scheme:` at the beginning; the text.
    NoScheme(String),
    /// The text begins with a colon; the text.
    EmptyScheme(String),
    /// What stands before the first colon is no scheme: a letter, then letters, digits, `+`, `-`, `.`; what stands there.
    BadScheme(String),
    /// There is no host after `scheme://`, or no `//`; the text.
    NoHost(String),
    /// A host with characters no name has, or with brackets and no IPv6 address in them; the host.
    BadHost(String),
    /// The port is not a number up to 65,535; what stands there.
    BadPort(String),
    /// User and password have a character that would have to be escaped. It is not shown: it may be a password.
    BadUserinfo,
    /// An authority that should be host and port alone has a user.
    UserNotAllowed,
    /// A `%` without two hexadecimal digits after it; the `%` and what follows.
    BadEscape(String),
    /// A control character; the part it is in.
    Control(String),
    /// A space; the part it is in.
    Space(String),
    /// Unescaped, the text is not UTF-8; the text with its escapes.
    NotUtf8(String),
    /// A request-target in origin-form begins with a slash, and this does not; the target.
    NotOriginForm(String),
    /// A fragment, which is never sent, was sent; the target.
    FragmentSent(String),
    /// A semicolon in a query, where some take it for a separator and some do not; the pair it is in.
    Semicolon(String),
    /// A query with more than [`MAX_PAIRS`] pairs.
    TooManyPairs,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let say = |what: &str, text: &str| format!("{} {what}", quoted(text, SHOWN));
        f.write_str(&match self {
            UrlError::NoScheme(text) => say("has no scheme; a URL begins like http://", text),
            UrlError::EmptyScheme(text) => say("begins with a colon; before it belongs a scheme", text),
            UrlError::BadScheme(text) => say("is no scheme: a letter, then letters, digits, +, - or .", text),
            UrlError::NoHost(text) => say("names no host; a URL is scheme://host/path", text),
            UrlError::BadHost(text) => say("is no host name and no IP address", text),
            UrlError::BadPort(text) => say("is no port; it is a number up to 65535", text),
            UrlError::BadUserinfo => {
                "user and password have a character that must be escaped with %".to_string()
            }
            UrlError::UserNotAllowed => "a user stands where only host and port belong".to_string(),
            UrlError::BadEscape(text) => say("is no escape: % and two hexadecimal digits", text),
            UrlError::Control(text) => say("has a control character", text),
            UrlError::Space(text) => say("has a space, which a URL writes as %20", text),
            UrlError::NotUtf8(text) => say("is not UTF-8 without its escapes", text),
            UrlError::NotOriginForm(text) => say("is no request target that begins with a slash", text),
            UrlError::FragmentSent(text) => say("has a fragment, which is never sent", text),
            UrlError::Semicolon(text) => {
                say("has a semicolon, which separates nothing: write & or %3B", text)
            }
            UrlError::TooManyPairs => format!("the query has more than {MAX_PAIRS} pairs"),
        })
    }
}

impl std::error::Error for UrlError {}

/// The text without what stands before its last `@`, for an error that shows it.
pub(in crate::ch08_http_client) fn without_secrets(text: &str) -> String {
    match text.rfind('@') {
        Some(at) => format!("…{}", &text[at..]),
        None => text.to_string(),
    }
}
