//! Reading `Set-Cookie` as a client has to, and `Cookie` as a server has to. RFC 6265bis, 5.6.

use super::{Cookie, CookieError, SameSite, date::parse_cookie_date};

/// Name and value together; a longer cookie is not taken (RFC 6265bis, 5.6).
pub const MAX_COOKIE_BYTES: usize = 4096;

/// The value of an attribute; a longer attribute is left out (RFC 6265bis, 5.6).
pub const MAX_ATTRIBUTE_BYTES: usize = 1024;

/// Digits of a `Max-Age` that we read; one second more is more than the age of the world.
const MAX_AGE_DIGITS: usize = 18;

impl Cookie {
    /// Reads the value of a `Set-Cookie` field as a client does: attributes that are unknown, wrong or too long are left out,
    /// and of two of one name the last counts.
    ///
    /// # Errors
    /// [`CookieError::Control`], [`CookieError::Empty`], [`CookieError::TooLong`]: there is no cookie in it.
    pub fn parse(text: &str) -> Result<Cookie, CookieError> {
        if text.bytes().any(|byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f) {
            return Err(CookieError::Control);
        }
        let mut pieces = text.split(';');
        let pair = pieces.next().unwrap_or("");
        // Without `=` all of it is the value.
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let (name, value) = (trimmed(name), trimmed(value));
        if name.is_empty() && value.is_empty() {
            return Err(CookieError::Empty);
        }
        let length = name.len() + value.len();
        if length > MAX_COOKIE_BYTES {
            return Err(CookieError::TooLong(length));
        }
        let mut cookie = Cookie::new(name, value);
        for piece in pieces {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            cookie.read_attribute(trimmed(name), trimmed(value));
        }
        Ok(cookie)
    }

    fn read_attribute(&mut self, name: &str, value: &str) {
        if value.len() > MAX_ATTRIBUTE_BYTES {
            return;
        }
        match name.to_ascii_lowercase().as_str() {
            "expires" => self.expires = parse_cookie_date(value).or(self.expires),
            "max-age" => self.max_age = max_age(value).or(self.max_age),
            "domain" => {
                let domain = value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase();
                self.domain = Some(domain).filter(|domain| !domain.is_empty());
            }
            "path" => self.path = Some(value.to_string()).filter(|path| path.starts_with('/')),
            "secure" => self.secure = true,
            "httponly" => self.http_only = true,
            "samesite" => self.same_site = same_site(value),
            _ => {}
        }
    }
}

/// Spaces and tabs off; other blanks are characters like any other.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// A number of seconds, cut to a range in which one can calculate.
fn max_age(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let length = match digits {
        "" => 0,
        long if long.len() > MAX_AGE_DIGITS => i64::MAX,
        short => short.parse().ok()?,
    };
    Some(if text.starts_with('-') { -length } else { length })
}

fn same_site(text: &str) -> Option<SameSite> {
    match text.to_ascii_lowercase().as_str() {
        "strict" => Some(SameSite::Strict),
        "lax" => Some(SameSite::Lax),
        "none" => Some(SameSite::None),
        _ => None,
    }
}

/// The names and values of a `Cookie` field, in order; a name may come twice, from two paths. A piece without `=` is a value
/// without a name. Quotes stay: they are part of the value.
pub fn parse_cookie_header(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for piece in text.split(';') {
        let (name, value) = piece.split_once('=').unwrap_or(("", piece));
        let (name, value) = (trimmed(name), trimmed(value));
        if !(name.is_empty() && value.is_empty()) {
            pairs.push((name.to_string(), value.to_string()));
        }
    }
    pairs
}

/// These names and values as a `Cookie` field has them. What has no name is its value alone.
pub fn cookie_header(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        text.push_str(if text.is_empty() { "" } else { "; " });
        if !name.is_empty() {
            text.push_str(name);
            text.push('=');
        }
        text.push_str(value);
    }
    text
}
