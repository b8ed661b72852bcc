//! Forms without files: pairs in the body as they stand in a query. `application/x-www-form-urlencoded` (WHATWG URL, 5).
//!
//! ```text
//! first=Adam&last=Woodbury&note=a+b%26c
//! ```
//! The text is [`Query`]'s. Three bytes for each that is no letter or digit: for files there is [`multipart`](super::multipart).

use std::fmt;

use super::body::Body;
use super::error::MessageError;
use super::media_type::MediaType;
use super::url::{Query, UrlError};
use crate::base::show::quoted;

/// The media type of such a body.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// More of a peer's text than this we do not show.
const SHOWN: usize = 64;

/// Why a body is no form.
#[derive(Debug)]
#[non_exhaustive]
pub enum FormError {
    /// The body says it is something else; what, or nothing.
    OtherType(Option<String>),
    /// It could not be read, or is too long.
    Body(MessageError),
    /// A pair in it is wrong, or there are too many.
    Pairs(UrlError),
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormError::OtherType(None) => write!(f, "the body has no Content-Type; a form's is {MEDIA_TYPE}"),
            FormError::OtherType(Some(text)) => {
                write!(f, "the body is {}; a form's is {MEDIA_TYPE}", quoted(text, SHOWN))
            }
            FormError::Body(error) => write!(f, "{error}"),
            FormError::Pairs(error) => write!(f, "the form is refused: {error}"),
        }
    }
}

impl std::error::Error for FormError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FormError::OtherType(_) => None,
            FormError::Body(error) => Some(error),
            FormError::Pairs(error) => Some(error),
        }
    }
}

/// The pairs as a body, to be sent as [`MEDIA_TYPE`]: Go's `PostForm`.
pub fn body_of(pairs: &Query) -> Body {
    Body::from(pairs.to_string())
}

/// Whether the value of a `Content-Type` field says that the body is such a form.
pub fn is_form(content_type: &str) -> bool {
    MediaType::parse(content_type).is_ok_and(|media_type| media_type.essence() == MEDIA_TYPE)
}

/// Reads pairs from the bytes of a body.
///
/// # Errors
/// [`FormError::Pairs`]
pub fn parse(bytes: &[u8]) -> Result<Query, FormError> {
    // Escaped, any bytes are ASCII; unescaped only UTF-8 can be told from noise.
    let not_text = |_| FormError::Pairs(UrlError::NotUtf8(String::from_utf8_lossy(bytes).into_owned()));
    Query::parse(std::str::from_utf8(bytes).map_err(not_text)?).map_err(FormError::Pairs)
}

/// Reads the form in a body that says it is one and has at most `limit` bytes.
///
/// # Errors
/// Any [`FormError`].
pub fn read(content_type: Option<&str>, body: &mut Body, limit: u64) -> Result<Query, FormError> {
    if !content_type.is_some_and(is_form) {
        return Err(FormError::OtherType(content_type.map(str::to_string)));
    }
    parse(&body.read_all(limit).map_err(FormError::Body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> Query {
        [("first", "Adam"), ("note", "a b&c=ä"), ("note", "")].into_iter().collect()
    }

    #[test]
    fn a_form_goes_into_a_body_and_comes_out_again() {
        let mut body = body_of(&query());
        assert_eq!(body.length(), Some(38));
        let read = read(Some("application/X-WWW-form-urlencoded; charset=utf-8"), &mut body, 100).unwrap();
        assert_eq!(read, query());
        assert_eq!(body_of(&query()).read_all(100).unwrap(), b"first=Adam&note=a+b%26c%3D%C3%A4&note=");
    }

    #[test]
    fn a_body_that_says_it_is_something_else_is_not_read() {
        for content_type in [None, Some("text/plain"), Some("multipart/form-data; boundary=x"), Some("form")]
        {
            let mut body = body_of(&query());
            assert!(matches!(read(content_type, &mut body, 100), Err(FormError::OtherType(_))));
            assert!(!body.read_all(100).unwrap().is_empty());
        }
    }

    #[test]
    fn a_form_that_is_too_long_or_broken_is_refused() {
        let long = read(Some(MEDIA_TYPE), &mut body_of(&query()), 10);
        assert!(matches!(long, Err(FormError::Body(MessageError::BodyTooLong { limit: 10 }))));
        for bytes in [&b"a=%zz"[..], b"a=\xff", b"a=1;b=2"] {
            assert!(matches!(parse(bytes), Err(FormError::Pairs(_))), "{bytes:?}");
        }
    }
}
