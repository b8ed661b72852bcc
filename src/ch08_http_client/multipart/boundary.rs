//! The text that stands in every delimiter and nowhere else.

use std::fmt::{self, Write};
use std::io;

use super::error::MultipartError;
use crate::base::random;
use crate::ch08_http_client::media_type::{MediaType, token_or_quoted};

/// Characters a boundary may have (RFC 2046, 5.1.1).
pub const MAX_BOUNDARY: usize = 70;

/// Random bytes in a boundary of ours, twice as many hexadecimal digits, as in Go. So many that no file has it in it by chance,
/// nor because whoever made the file guessed it.
const RANDOM_BYTES: usize = 30;

/// A boundary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary(String);

impl Boundary {
    /// 60 hexadecimal digits nobody can guess.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn random() -> io::Result<Boundary> {
        let mut text = String::with_capacity(2 * RANDOM_BYTES);
        for byte in random::vec(RANDOM_BYTES)? {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Boundary(text))
    }

    /// This boundary: Go's `SetBoundary`.
    ///
    /// # Errors
    /// [`MultipartError::BadBoundary`] unless it is 1 to [`MAX_BOUNDARY`] letters, digits, spaces and `'()+_,-./:=?`, the last
    /// of them no space.
    pub fn new(text: &str) -> Result<Boundary, MultipartError> {
        let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
        let length = (1..=MAX_BOUNDARY).contains(&text.len());
        if !length || !text.bytes().all(may_stand) || text.ends_with(' ') {
            return Err(MultipartError::BadBoundary(text.to_string()));
        }
        Ok(Boundary(text.to_string()))
    }

    /// The boundary in the value of a `Content-Type` field.
    ///
    /// # Errors
    /// [`MultipartError::MediaType`], [`MultipartError::NotMultipart`] if it is neither `multipart/form-data` nor
    /// `multipart/mixed`, [`MultipartError::NoBoundary`], [`MultipartError::BadBoundary`]
    pub fn of_content_type(content_type: &str) -> Result<Boundary, MultipartError> {
        let media_type = MediaType::parse(content_type).map_err(MultipartError::MediaType)?;
        if !matches!(media_type.essence(), "multipart/form-data" | "multipart/mixed") {
            return Err(MultipartError::NotMultipart(Some(media_type.essence().to_string())));
        }
        Boundary::new(media_type.parameter("boundary").ok_or(MultipartError::NoBoundary)?)
    }

    /// The value of the `Content-Type` field, with the boundary in quotes if it is no token: Go's `FormDataContentType`.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", token_or_quoted(&self.0))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
