//! Basic authentication: a user and a password with every request. RFC 7617, in the frame of RFC 9110, 11.
//!
//! ```text
//! server   401 Unauthorized
//!          WWW-Authenticate: Basic realm="gophers", charset="UTF-8"
//! client   Authorization: Basic dTpw          base64 of "u:p"
//! ```
//! Base64 hides nothing: without TLS everybody on the way reads the password.
//!
//! We read and write UTF-8, which the `charset` asks for; other bytes are refused. Left out: other schemes. Their challenges
//! are read, so that a client finds the Basic one among them.

mod challenge;

use std::fmt;
use std::hint::black_box;

use super::url::{UrlError, percent};
use crate::base::base64::{self, Base64Error};
use crate::base::show::quoted;
use crate::crypto::sha512::sha512_256;

pub use challenge::Challenge;

/// More of a peer's text than this we do not show.
const SHOWN: usize = 64;

/// Why there are no credentials or no challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthError {
    /// A colon in the user's name, where it would end it.
    ColonInUser,
    /// A control character in the user's name or the password.
    Control,
    /// The userinfo of a URL has a bad escape or is no UTF-8 without its escapes. It is not shown.
    BadUserinfo,
    /// Another scheme than Basic; which.
    NotBasic(String),
    /// What follows `Basic` is not base64.
    NotBase64(Base64Error),
    /// User and password are no UTF-8.
    NotUtf8,
    /// No colon ends the user's name.
    NoColon,
    /// A realm with a control character; the realm.
    BadRealm(String),
    /// A list of challenges that is none; from where on.
    BadChallenge(String),
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            AuthError::ColonInUser => "a user's name has no colon in Basic authentication".to_string(),
            AuthError::Control => "user or password has a control character".to_string(),
            AuthError::BadUserinfo => {
                "user and password in the URL are not UTF-8 with good escapes".to_string()
            }
            AuthError::NotBasic(scheme) => {
                format!("the credentials are of scheme {}, not Basic", quoted(scheme, SHOWN))
            }
            AuthError::NotBase64(error) => format!("the credentials are not base64: {error}"),
            AuthError::NotUtf8 => "the credentials are not UTF-8".to_string(),
            AuthError::NoColon => "the credentials have no colon behind the user's name".to_string(),
            AuthError::BadRealm(realm) => format!("realm {} has a control character", quoted(realm, SHOWN)),
            AuthError::BadChallenge(rest) => format!("{} is no challenge", quoted(rest, SHOWN)),
        })
    }
}

impl std::error::Error for AuthError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            AuthError::NotBase64(error) => Some(error),
            _ => None,
        }
    }
}

impl From<UrlError> for AuthError {
    /// Without the text that the URL's error quotes: here it is a password.
    fn from(_: UrlError) -> AuthError {
        AuthError::BadUserinfo
    }
}

/// A user and a password.
#[derive(Clone)]
pub struct Basic {
    user: String,
    password: String,
}

impl Basic {
    /// Credentials as a client has them.
    ///
    /// # Errors
    /// [`AuthError::ColonInUser`], [`AuthError::Control`]
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Result<Basic, AuthError> {
        let basic = Basic { user: user.into(), password: password.into() };
        if basic.user.contains(':') {
            return Err(AuthError::ColonInUser);
        }
        if basic.user.chars().chain(basic.password.chars()).any(char::is_control) {
            return Err(AuthError::Control);
        }
        Ok(basic)
    }

    /// From the userinfo of a URL, `user:password` with its escapes. Without a colon the password is empty.
    ///
    /// # Errors
    /// [`AuthError::BadUserinfo`], and those of [`Basic::new`].
    pub fn from_userinfo(userinfo: &str) -> Result<Basic, AuthError> {
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        Basic::new(percent::decode_text(user)?, percent::decode_text(password)?)
    }

    /// Reads the value of an `Authorization` field. The scheme may be in any letters.
    ///
    /// # Errors
    /// [`AuthError::NotBasic`], [`AuthError::NotBase64`], [`AuthError::NotUtf8`], [`AuthError::NoColon`],
    /// [`AuthError::Control`]
    pub fn parse(value: &str) -> Result<Basic, AuthError> {
        let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case("Basic") {
            return Err(AuthError::NotBasic(scheme.to_string()));
        }
        let bytes = base64::decode(credentials.trim_matches(' ')).map_err(AuthError::NotBase64)?;
        let text = String::from_utf8(bytes).map_err(|_| AuthError::NotUtf8)?;
        // The first colon: a password may have more.
        let (user, password) = text.split_once(':').ok_or(AuthError::NoColon)?;
        Basic::new(user, password)
    }

    /// The value of an `Authorization` field.
    pub fn header_value(&self) -> String {
        format!("Basic {}", base64::encode(format!("{}:{}", self.user, self.password).as_bytes()))
    }

    /// The user's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Whether these are that user and that password. How long it takes says nothing about where they differ.
    pub fn is(&self, user: &str, password: &str) -> bool {
        // Both are always compared, so that the time does not tell whether the user exists.
        let same_user = same_secret(self.user.as_bytes(), user.as_bytes());
        let same_password = same_secret(self.password.as_bytes(), password.as_bytes());
        same_user & same_password
    }
}

impl fmt::Debug for Basic {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Basic {:?}:xxxxx", self.user)
    }
}

/// Whether two secrets are equal, in a time that depends on the length of each and not on where they differ: it compares their
/// hashes, which are of one length, to the end.
///
/// A comparison that ends at the first difference tells a patient peer how many bytes he has guessed.
pub fn same_secret(one: &[u8], two: &[u8]) -> bool {
    let (one, two) = (sha512_256(one), sha512_256(two));
    let mut difference = 0;
    for index in 0..one.len() {
        // `black_box`: or the compiler may find out that a loop can end early.
        difference |= black_box(one[index] ^ two[index]);
    }
    difference == 0
}

#[cfg(test)]
mod tests;
