//! What a body says it is: `type/subtype; name=value`, as in `Content-Type`. RFC 9110, 8.3.1.
//!
//! ```text
//! text/html; charset=utf-8
//! multipart/form-data; boundary="a b"          a value that is no token stands in quotes
//! form-data; name="file1"; filename="a\"b"     Content-Disposition is written alike, with one word in front
//! ```
//! Type and names are without case and come out in small letters. A parameter that comes twice is refused: two readers would
//! take two different ones.
//!
//! In quotes a backslash stands for the quote or backslash behind it. Before any other character it is a backslash: old
//! browsers write `filename="C:\dir\file"`, and Go reads it so too.

use std::fmt;

use super::header::is_token;
use crate::base::show::quoted;

/// More of a refused text than this we do not show.
const SHOWN: usize = 64;
const BLANKS: [char; 2] = [' ', '\t'];

/// Names in small letters, and values without their quotes, in the order in which they came.
pub type Parameters = Vec<(String, String)>;

/// Why a text is no media type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaTypeError {
    /// It does not begin with `type/subtype`; the text.
    NoType(String),
    /// What stands behind a semicolon is no `name=value`; from there on.
    BadParameter(String),
    /// A parameter that comes twice; its name.
    Twice(String),
}

impl fmt::Display for MediaTypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MediaTypeError::NoType(text) => {
                write!(f, "{} is no media type; one begins like text/plain", quoted(text, SHOWN))
            }
            MediaTypeError::BadParameter(text) => {
                write!(f, "{} is no parameter; one is name=value or name=\"value\"", quoted(text, SHOWN))
            }
            MediaTypeError::Twice(name) => {
                write!(f, "the parameter {} comes twice, and only one can be meant", quoted(name, SHOWN))
            }
        }
    }
}

impl std::error::Error for MediaTypeError {}

/// A media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    essence: String,
    parameters: Parameters,
}

impl MediaType {
    /// Reads the value of a `Content-Type` field.
    ///
    /// # Errors
    /// Any [`MediaTypeError`].
    pub fn parse(text: &str) -> Result<MediaType, MediaTypeError> {
        let (word, parameters) = split_parameters(text)?;
        let parts = word.split_once('/');
        let is_type = |(main, sub): (&str, &str)| is_token(main.as_bytes()) && is_token(sub.as_bytes());
        if !parts.is_some_and(is_type) {
            return Err(MediaTypeError::NoType(text.to_string()));
        }
        Ok(MediaType { essence: word, parameters })
    }

    /// `type/subtype` in small letters, without the parameters.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// A parameter by its name in small letters.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.parameters, name)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.essence)?;
        self.parameters.iter().try_for_each(|(name, value)| write!(f, "; {name}={}", token_or_quoted(value)))
    }
}

/// Takes `word; name=value; …` apart. The word comes in small letters and is not looked at further.
///
/// # Errors
/// [`MediaTypeError::BadParameter`], [`MediaTypeError::Twice`]
pub fn split_parameters(text: &str) -> Result<(String, Parameters), MediaTypeError> {
    let end = text.find(';').unwrap_or(text.len());
    let (word, mut rest) = text.split_at(end);
    let mut parameters = Parameters::new();
    loop {
        // Nothing between two semicolons, or behind the last, is nothing (RFC 9110, 5.6.6).
        rest = rest.trim_start_matches([' ', '\t', ';']);
        if rest.is_empty() {
            return Ok((word.trim_matches(BLANKS).to_ascii_lowercase(), parameters));
        }
        let bad = || MediaTypeError::BadParameter(rest.to_string());
        let ((name, value), after) = one_parameter(rest).ok_or_else(bad)?;
        let after = after.trim_start_matches(BLANKS);
        if !after.is_empty() && !after.starts_with(';') {
            return Err(bad());
        }
        if parameter(&parameters, &name).is_some() {
            return Err(MediaTypeError::Twice(name));
        }
        parameters.push((name, value));
        rest = after;
    }
}

/// The value of a parameter by its name in small letters.
pub fn parameter<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    parameters.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_str())
}

/// The text as it is if it is a token, else in quotes.
pub fn token_or_quoted(text: &str) -> String {
    if is_token(text.as_bytes()) { text.to_string() } else { in_quotes(text) }
}

/// The text in quotes, with a backslash before each quote and backslash.
pub fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `name=value` at the beginning of `text`, and what follows it.
fn one_parameter(text: &str) -> Option<((String, String), &str)> {
    let (name, value) = text.split_once('=')?;
    if !is_token(name.as_bytes()) {
        return None;
    }
    let (value, after) = match value.strip_prefix('"') {
        Some(inside) => up_to_quote(inside)?,
        None => {
            let end = value.find([';', ' ', '\t']).unwrap_or(value.len());
            let (value, after) = value.split_at(end);
            is_token(value.as_bytes()).then(|| (value.to_string(), after))?
        }
    };
    Some(((name.to_ascii_lowercase(), value), after))
}

/// The text up to the quote that ends it, and what follows that.
fn up_to_quote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' if characters.as_str().starts_with(['"', '\\']) => value.push(characters.next()?),
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> MediaType {
        MediaType::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn type_and_names_have_no_case_and_values_do() {
        let html = parsed("Text/HTML ; Charset=UTF-8;;x=\"\" ;");
        assert_eq!(html.essence(), "text/html");
        assert_eq!(html.parameter("charset"), Some("UTF-8"));
        assert_eq!(html.parameter("x"), Some(""));
        assert_eq!(html.parameter("y"), None);
        assert_eq!(html.to_string(), "text/html; charset=UTF-8; x=\"\"");
    }

    #[test]
    fn a_semicolon_in_quotes_is_part_of_the_value() {
        let form = parsed("multipart/form-data; boundary=\"a; b=\\\"c\\\\\"; z=1");
        assert_eq!(form.parameter("boundary"), Some("a; b=\"c\\"));
        assert_eq!(form.parameter("z"), Some("1"));
        assert_eq!(parsed(&form.to_string()), form);
    }

    #[test]
    fn a_backslash_before_an_ordinary_character_is_a_backslash() {
        let (word, parameters) = split_parameters(r#"form-data; filename="C:\dir\file \"x\".txt""#).unwrap();
        assert_eq!(word, "form-data");
        assert_eq!(parameter(&parameters, "filename"), Some(r#"C:\dir\file "x".txt"#));
    }

    #[test]
    fn what_is_no_media_type_is_said_to_be_none() {
        for text in ["", "text", "text/", "/html", "te xt/html", "text/html/x", "; a=b", "text/h\u{e4}"] {
            assert!(matches!(MediaType::parse(text), Err(MediaTypeError::NoType(_))), "{text}");
        }
        for text in
            ["a/b; c", "a/b; =d", "a/b; c=", "a/b; c=\"d", "a/b; c=\"d\\\"", "a/b; c =d", "a/b; c=d e"]
        {
            assert!(matches!(MediaType::parse(text), Err(MediaTypeError::BadParameter(_))), "{text}");
        }
        assert_eq!(MediaType::parse("a/b; c=1; C=1"), Err(MediaTypeError::Twice("c".to_string())));
    }
}
