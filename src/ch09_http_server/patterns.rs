//! Patterns with methods and names: what Go's multiplexer takes since 1.22. Not in the book.
//!
//! ```text
//! GET /posts/{id}          one segment, whatever it is; path_value("id")
//! /files/{rest...}         all that follows, slashes too, also nothing
//! /files/                  the same without a name
//! /posts/{$}               /posts/ and nothing below it
//! DELETE host.test/posts/  only this method, only this host
//! ```
//! A pattern without a method takes all; GET takes HEAD too. Of the patterns that match, the more specific one gets the
//! request, in whatever order they were registered: `/posts/latest` before `/posts/{id}`. Two patterns of which neither
//! is more specific, though some request matches both, are refused when the second is registered: `/posts/{id}` and
//! `/{kind}/latest`.
//!
//! This file is one pattern; [`router`] holds many and serves.

mod compare;
pub mod router;

use std::error::Error;
use std::fmt;

use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::url::percent::decode_text;
use crate::ch09_http_server::paths::clean_path;

pub use router::Router;

/// One pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    method: Option<Method>,
    /// In small letters, empty for every host.
    host: String,
    segments: Vec<Segment>,
}

/// What stands between two slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// This text, decoded.
    Literal(String),
    /// `{name}`: one segment that is not empty.
    Any(String),
    /// `{name...}`, or the slash at the end, without a name: everything from here on.
    Rest(String),
    /// `{$}`: the slash at the end and nothing behind it.
    End,
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// There is nothing.
    Empty,
    /// What stands before the space is no token.
    BadMethod(String),
    /// No slash begins a path.
    NoPath,
    /// A brace in the host.
    BraceInHost,
    /// No request has such a path: it has `//`, `.` or `..`, and is redirected before.
    NeverClean(String),
    /// An escape that is none.
    BadEscape(String),
    /// Braces that are not a whole segment: `/a{b}`.
    NotAWholeSegment(String),
    /// A name that is no word of letters, digits and underscores.
    BadName(String),
    /// A name that stands there twice.
    NameTwice(String),
    /// `{name...}` or `{$}` with something behind it.
    NotAtTheEnd(String),
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PatternError::Empty => write!(f, "it is empty"),
            PatternError::BadMethod(got) => write!(f, "{got:?} is no method"),
            PatternError::NoPath => {
                write!(f, "it has no path; a host alone is written with a slash behind it")
            }
            PatternError::BraceInHost => write!(f, "its host has a brace, and names stand in paths only"),
            PatternError::NeverClean(path) => {
                write!(f, "no request has the path {path:?}: it is redirected to its clean form before")
            }
            PatternError::BadEscape(got) => write!(f, "{got:?} has a percent sign that escapes nothing"),
            PatternError::NotAWholeSegment(got) => {
                write!(f, "in {got:?} the braces are not all that stands between two slashes")
            }
            PatternError::BadName(got) => {
                write!(f, "{got:?} is no name: that is letters, digits and underscores, no digit first")
            }
            PatternError::NameTwice(name) => write!(f, "the name {name:?} stands there twice"),
            PatternError::NotAtTheEnd(got) => write!(f, "{got} has something behind it"),
        }
    }
}

impl Error for PatternError {}

impl Pattern {
    /// Reads `[METHOD ][host]/path`.
    ///
    /// # Errors
    /// A [`PatternError`] for each way to be wrong.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        let (method, rest) = match text.split_once([' ', '\t']) {
            Some((name, rest)) => (Some(method_named(name)?), rest.trim_start_matches([' ', '\t'])),
            None => (None, text),
        };
        let (host, path) = rest.split_at(rest.find('/').ok_or(PatternError::NoPath)?);
        if host.contains(['{', '}']) {
            return Err(PatternError::BraceInHost);
        }
        if path != clean_path(path) && method != Some(Method::CONNECT) {
            return Err(PatternError::NeverClean(path.to_owned()));
        }
        let segments = segments(path)?;
        Ok(Pattern { text: text.to_owned(), method, host: host.to_ascii_lowercase(), segments })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn takes_method(&self, method: &Method) -> bool {
        match &self.method {
            None => true,
            Some(mine) => mine == method || (*mine == Method::GET && *method == Method::HEAD),
        }
    }

    fn takes_host(&self, host: &str) -> bool {
        self.host.is_empty() || self.host == host
    }

    /// The values of the names, if the path matches. `/a/` has the segments `a` and an empty one.
    fn matches(&self, path: &[String]) -> Option<Vec<(String, String)>> {
        let mut values = Vec::new();
        let mut left = path;
        for segment in &self.segments {
            if let Segment::Rest(name) = segment {
                // Something must be left, if only the empty segment: `/a/` does not match `/a`.
                if left.is_empty() {
                    return None;
                }
                if !name.is_empty() {
                    values.push((name.clone(), left.join("/")));
                }
                return Some(values);
            }
            let (first, rest) = left.split_first()?;
            match segment {
                Segment::Literal(text) if text == first => {}
                Segment::Any(name) if !first.is_empty() => values.push((name.clone(), first.clone())),
                Segment::End if first.is_empty() => {}
                _ => return None,
            }
            left = rest;
        }
        left.is_empty().then_some(values)
    }

    /// Whether it matches this path only, or ends in the rest and the rest is empty. A path that some pattern matches so,
    /// with a slash behind it, is redirected there.
    fn matches_exactly(&self, path: &[String]) -> bool {
        match self.segments.last() {
            Some(Segment::Rest(_)) => {
                path.len() == self.segments.len() && path.last().is_some_and(String::is_empty)
            }
            _ => true,
        }
    }
}

fn method_named(name: &str) -> Result<Method, PatternError> {
    Method::from_token(name.as_bytes()).map_err(|_| PatternError::BadMethod(name.to_owned()))
}

fn segments(path: &str) -> Result<Vec<Segment>, PatternError> {
    let texts: Vec<&str> = path[1..].split('/').collect();
    let mut segments = Vec::with_capacity(texts.len());
    let mut names: Vec<String> = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        let is_last = place + 1 == texts.len();
        let segment = segment(text, is_last)?;
        if matches!(segment, Segment::Rest(_) | Segment::End) && !is_last {
            return Err(PatternError::NotAtTheEnd((*text).to_owned()));
        }
        if let Segment::Any(name) | Segment::Rest(name) = &segment {
            if names.contains(name) {
                return Err(PatternError::NameTwice(name.clone()));
            }
            names.push(name.clone());
        }
        segments.push(segment);
    }
    Ok(segments)
}

fn segment(text: &str, is_last: bool) -> Result<Segment, PatternError> {
    if text.is_empty() && is_last {
        return Ok(Segment::Rest(String::new()));
    }
    if !text.contains(['{', '}']) {
        let decoded = decode_text(text).map_err(|_| PatternError::BadEscape(text.to_owned()))?;
        return Ok(Segment::Literal(decoded));
    }
    let inside = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let Some(inside) = inside.filter(|inside| !inside.contains(['{', '}'])) else {
        return Err(PatternError::NotAWholeSegment(text.to_owned()));
    };
    if inside == "$" {
        return Ok(Segment::End);
    }
    let (name, is_rest) = match inside.strip_suffix("...") {
        Some(name) => (name, true),
        None => (inside, false),
    };
    if !is_name(name) {
        return Err(PatternError::BadName(name.to_owned()));
    }
    Ok(if is_rest { Segment::Rest(name.to_owned()) } else { Segment::Any(name.to_owned()) })
}

fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    begins && name.chars().all(|character| character.is_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests;
