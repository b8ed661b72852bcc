//! Cookies: what a server asks a client to send with its next requests. RFC 6265, and its revision known as 6265bis.
//!
//! ```text
//! server   Set-Cookie: id=a3fWa; Path=/docs; Max-Age=3600; Secure; HttpOnly; SameSite=Lax
//!                      └ pair ┘  └───────── attributes: where, how long, for whom ─────┘
//! client   Cookie: id=a3fWa; theme=dark
//! ```
//! Servers and clients follow different grammars. A server writes a narrow one ([`Cookie::set_cookie_value`] refuses anything
//! else). A client takes nearly everything ([`Cookie::parse`]), because the web is full of it: what it does not understand it
//! leaves out. The [`jar`](super::jar) decides what is kept and sent.

mod date;
mod parse;

use std::fmt;

use super::header::is_token;
use crate::base::calendar::Timestamp;
use crate::base::show::quoted;

pub use date::parse_cookie_date;
pub use parse::{MAX_ATTRIBUTE_BYTES, MAX_COOKIE_BYTES, cookie_header, parse_cookie_header};

/// Whether a cookie goes along when another site's page causes the request. A client of our kind shows no pages, so each
/// request is caused by its own site and the attribute keeps no cookie back; a server sets it for browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Only for requests that the site itself caused.
    Strict,
    /// Also when somebody follows a link to the site.
    Lax,
    /// Always; browsers then want `Secure`.
    None,
}

impl fmt::Display for SameSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        })
    }
}

/// One cookie as `Set-Cookie` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cookie {
    /// The name; clients also take cookies without one.
    pub name: String,
    /// The value.
    pub value: String,
    /// The domain for whose hosts it is, without a dot before it; `None` is the host that set it, and no other.
    pub domain: Option<String>,
    /// The path at and below which it is sent; `None` is the folder of the URL that set it.
    pub path: Option<String>,
    /// When it ends. Without this and `max_age` it ends with the client.
    pub expires: Option<Timestamp>,
    /// In how many seconds it ends; zero or less is at once. It counts more than `expires`.
    pub max_age: Option<i64>,
    /// Only over `https`.
    pub secure: bool,
    /// Not for scripts in a page.
    pub http_only: bool,
    /// What is said about other sites, if anything.
    pub same_site: Option<SameSite>,
}

/// Why a cookie is not written, not read, or not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CookieError {
    /// A name that is no token, RFC 9110, 5.6.2; the name.
    BadName(String),
    /// A value with a control character, a space, or one of `"`, `,`, `;`, `\`; its cookie's name. Values are secrets.
    BadValue(String),
    /// A domain that is none, or a path that does not begin with a slash or has characters that end it; what came.
    BadAttribute(String),
    /// A control character in a `Set-Cookie` field.
    Control,
    /// Neither a name nor a value.
    Empty,
    /// Name and value are longer than [`MAX_COOKIE_BYTES`]; their length.
    TooLong(usize),
    /// For a domain to which the host that set it does not belong.
    ForeignDomain {
        /// The domain.
        domain: String,
        /// The host.
        host: String,
    },
    /// For a domain in which strangers have their hosts, such as `co.uk`; the domain.
    PublicSuffix(String),
    /// A `Secure` cookie that came over an open connection; its name.
    NotSecure(String),
    /// It would put itself in the place of a `Secure` cookie, from an open connection; its name.
    HidesSecure(String),
    /// `__Secure-` or `__Host-` without the attributes that these names promise; the name.
    BrokenPromise(String),
}

/// More of a peer's text than this we do not show.
const SHOWN: usize = 64;

impl fmt::Display for CookieError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |name: &str| quoted(name, SHOWN);
        f.write_str(&match self {
            CookieError::BadName(text) => format!("{} is no name for a cookie", name(text)),
            CookieError::BadValue(text) => {
                format!("the value of cookie {} has a forbidden character", name(text))
            }
            CookieError::BadAttribute(text) => format!("{} is no domain or path for a cookie", name(text)),
            CookieError::Control => "the cookie has a control character".to_string(),
            CookieError::Empty => "the cookie has neither a name nor a value".to_string(),
            CookieError::TooLong(length) => {
                format!("the cookie has {length} bytes; we take at most {MAX_COOKIE_BYTES}")
            }
            CookieError::ForeignDomain { domain, host } => {
                format!("host {} set a cookie for {}, to which it does not belong", name(host), name(domain))
            }
            CookieError::PublicSuffix(domain) => {
                format!("a cookie for {} would go to strangers", name(domain))
            }
            CookieError::NotSecure(text) => format!("cookie {} is Secure and came without TLS", name(text)),
            CookieError::HidesSecure(text) => {
                format!("cookie {} came without TLS and would replace a Secure one", name(text))
            }
            CookieError::BrokenPromise(text) => {
                format!("cookie {} lacks the attributes that its name promises", name(text))
            }
        })
    }
}

impl std::error::Error for CookieError {}

impl Cookie {
    /// A cookie for the host that sets it, until the client ends.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Cookie {
        Cookie { name: name.into(), value: value.into(), ..Cookie::default() }
    }

    /// Whether the name begins with `__Host-`, `__Secure-` and the attributes are those it promises: over TLS, and for
    /// `__Host-` also this host only and every path. Capital or small letters, because some servers do not tell them apart.
    pub fn keeps_its_promise(&self) -> bool {
        // A cookie without a name is sent as its value alone, and a server may then read a name in it.
        let text = if self.name.is_empty() { &self.value } else { &self.name };
        let begins =
            |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let (host, secure) = (begins("__Host-"), begins("__Secure-"));
        if self.name.is_empty() {
            return !host && !secure;
        }
        if host {
            return self.secure && self.domain.is_none() && self.path.as_deref() == Some("/");
        }
        !secure || self.secure
    }

    /// What a server writes behind `Set-Cookie:`. RFC 6265, 4.1.1.
    ///
    /// # Errors
    /// [`CookieError::BadName`], [`CookieError::BadValue`], [`CookieError::BadAttribute`], [`CookieError::TooLong`],
    /// [`CookieError::BrokenPromise`]: what a client would read otherwise than it was meant, or not keep.
    pub fn set_cookie_value(&self) -> Result<String, CookieError> {
        self.check()?;
        let mut text = format!("{}={}", self.name, self.value);
        let mut attribute = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                text.push_str(&format!("; {name}={value}"));
            }
        };
        attribute("Path", self.path.clone());
        attribute("Domain", self.domain.clone());
        attribute("Expires", self.expires.map(|time| time.http_date()));
        attribute("Max-Age", self.max_age.map(|seconds| seconds.max(0).to_string()));
        for (is_set, name) in [(self.http_only, "; HttpOnly"), (self.secure, "; Secure")] {
            if is_set {
                text.push_str(name);
            }
        }
        if let Some(same_site) = self.same_site {
            text.push_str(&format!("; SameSite={same_site}"));
        }
        Ok(text)
    }

    fn check(&self) -> Result<(), CookieError> {
        if !is_token(self.name.as_bytes()) {
            return Err(CookieError::BadName(self.name.clone()));
        }
        if !unquoted(&self.value).bytes().all(is_value_byte) {
            return Err(CookieError::BadValue(self.name.clone()));
        }
        let length = self.name.len() + self.value.len();
        if length > MAX_COOKIE_BYTES {
            return Err(CookieError::TooLong(length));
        }
        let bad = |text: &String| Err(CookieError::BadAttribute(text.clone()));
        match (&self.path, &self.domain) {
            (Some(path), _) if !is_path(path) => bad(path),
            (_, Some(domain)) if !is_domain(domain) => bad(domain),
            _ if !self.keeps_its_promise() => Err(CookieError::BrokenPromise(self.name.clone())),
            _ => Ok(()),
        }
    }
}

fn is_value_byte(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e) && !b"\",;\\".contains(&byte)
}

/// A whole value may stand in quotes, which are part of it.
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

fn is_path(path: &str) -> bool {
    let letters = path.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && byte != b';');
    // Spaces around it would be taken off by the reader.
    path.starts_with('/') && letters && path.trim() == path && path.len() <= MAX_ATTRIBUTE_BYTES
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        letters && !label.is_empty() && label.len() <= 63
    };
    domain.len() <= 253 && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests;
