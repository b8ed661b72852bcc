//! Challenges: what a server wants to know, in `WWW-Authenticate`. RFC 9110, 11.6.1.
//!
//! ```text
//! Basic realm="gophers", charset="UTF-8", Digest nonce="a,b", Negotiate YWJj==
//! └───────── one ─────────────────────┘  └──── two ───────┘  └─── three ───┘
//! ```
//! The comma separates parameters and challenges alike; only what follows tells which: a parameter has an `=`.

use std::fmt;

use super::AuthError;
use crate::ch08_http_client::header::is_token_byte;
use crate::ch08_http_client::media_type::in_quotes;

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme as it is written; capital and small letters are the same.
    pub scheme: String,
    /// What some schemes have in the place of parameters.
    pub token: Option<String>,
    /// Names in small letters, and values without their quotes.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Asks for a user and a password for what the realm names, in UTF-8.
    ///
    /// # Errors
    /// [`AuthError::BadRealm`]
    pub fn basic(realm: &str) -> Result<Challenge, AuthError> {
        if realm.chars().any(char::is_control) {
            return Err(AuthError::BadRealm(realm.to_string()));
        }
        let parameters =
            vec![("realm".to_string(), realm.to_string()), ("charset".to_string(), "UTF-8".to_string())];
        Ok(Challenge { scheme: "Basic".to_string(), token: None, parameters })
    }

    /// Reads the value of a `WWW-Authenticate` or `Proxy-Authenticate` field.
    ///
    /// # Errors
    /// [`AuthError::BadChallenge`]
    pub fn parse_list(text: &str) -> Result<Vec<Challenge>, AuthError> {
        let mut challenges: Vec<Challenge> = Vec::new();
        let mut rest = after_commas(text);
        while !rest.is_empty() {
            let bad = || AuthError::BadChallenge(rest.to_string());
            // Behind a comma: one more parameter of the last challenge, if it looks like one.
            let after = match (parameter(rest), challenges.last_mut()) {
                (Some((pair, after)), Some(challenge)) if challenge.token.is_none() => {
                    challenge.parameters.push(pair);
                    after
                }
                _ => {
                    let (challenge, after) = challenge(rest).ok_or_else(bad)?;
                    challenges.push(challenge);
                    after
                }
            };
            let after = after.trim_start_matches(BLANKS);
            if !after.is_empty() && !after.starts_with(',') {
                return Err(bad());
            }
            rest = after_commas(after);
        }
        Ok(challenges)
    }

    /// Whether it asks for Basic credentials. Without a realm it is no Basic challenge, but everybody answers it.
    pub fn is_basic(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Basic")
    }

    /// What the user and the password are for.
    pub fn realm(&self) -> Option<&str> {
        self.parameter("realm")
    }

    /// A parameter by its name in small letters.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_str())
    }
}

impl fmt::Display for Challenge {
    /// As it stands in `WWW-Authenticate`, every value in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)?;
        if let Some(token) = &self.token {
            write!(f, " {token}")?;
        }
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            let separator = if index == 0 { " " } else { ", " };
            write!(f, "{separator}{name}={}", in_quotes(value))?;
        }
        Ok(())
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

/// Lists may have empty elements (RFC 9110, 5.6.1.2).
fn after_commas(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', ','])
}

/// A scheme, with its token or its first parameter, and what follows.
fn challenge(text: &str) -> Option<(Challenge, &str)> {
    let (scheme, after) = token(text)?;
    let mut challenge = Challenge { scheme: scheme.to_string(), token: None, parameters: Vec::new() };
    let rest = after.trim_start_matches(' ');
    if rest.len() == after.len() || rest.is_empty() || rest.starts_with(',') {
        return Some((challenge, rest));
    }
    if let Some((pair, after)) = parameter(rest) {
        challenge.parameters.push(pair);
        return Some((challenge, after));
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let (token, after) = rest.split_at(end);
    challenge.token = Some(token.to_string()).filter(|token| !token.is_empty());
    Some((challenge, after))
}

/// `name=value` or `name="value"`, and what follows.
fn parameter(text: &str) -> Option<((String, String), &str)> {
    let (name, after) = token(text)?;
    let value = after.trim_start_matches(BLANKS).strip_prefix('=')?.trim_start_matches(BLANKS);
    let (value, after) = match value.strip_prefix('"') {
        Some(text) => quoted_string(text)?,
        None => token(value).map(|(value, after)| (value.to_string(), after))?,
    };
    Some(((name.to_ascii_lowercase(), value), after))
}

fn token(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(text.len());
    if end == 0 { None } else { Some(text.split_at(end)) }
}

/// The text up to the quote that ends it; a backslash takes the next character as it is.
fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => value.push(characters.next()?),
            other => value.push(other),
        }
    }
}
