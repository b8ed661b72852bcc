//! URLs: where something is, and how one gets there. RFC 3986, as far as HTTP needs it.
//!
//! ```text
//!  scheme   userinfo        host     port       path           query       fragment
//!  ┌──┐   ┌───────────┐ ┌─────────┐ ┌──┐┌────────────────┐ ┌────────────┐ ┌──────┐
//!  http://user:password@example.com:8080/a/path%20and/more?key=value&x=y#fragment
//!                       └─ Host ─────────┘└─ request target ────────────┘ (never sent)
//! ```
//! A [`Url`] has a scheme and a host; everything else may be missing. Escapes stay as they are written. Scheme and host come
//! out in small letters, an IPv6 address in its shortest form, a port without leading zeros, and characters that no URL may
//! have (`|`, `ä`, a second `#`) escaped; all other URLs come out as they went in.
//!
//! Which schemes there are, a URL does not know; the client does. It knows the ports of two.
//!
//! Read on in:
//! 1. [`authority`]  user, host and port
//! 2. [`target`]     path and query, which a server reads too
//! 3. [`query`]      the pairs of a query or a form
//! 4. [`percent`]    escapes
//! 5. [`reference`](mod@reference)  relative URLs
//! 6. [`path`]       the shortest name of a path
//!
//! Left out: hosts in other alphabets (write their `xn--` form), zone ids of IPv6 addresses, and the repairs that browsers
//! make (backslashes, spaces around, `http:/host`): what is repaired differently by two programs is a hole between them.
//!
//! Book: "Uniform Resource Locators".

pub mod authority;
pub mod error;
pub mod path;
pub mod percent;
pub mod query;
pub mod reference;
pub mod target;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

pub use authority::Authority;
pub use error::UrlError;
pub use query::Query;
pub use target::Target;

use error::without_secrets;
use reference::{Reference, resolve};

/// A URL with a host.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    scheme: String,
    authority: Authority,
    target: Target,
    fragment: Option<String>,
}

/// The port where a scheme's servers are if the URL names none: 80 for `http`, 443 for `https`.
pub fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    /// Any [`UrlError`] but those of queries and request-targets.
    pub fn parse(text: &str) -> Result<Url, UrlError> {
        let parts = Reference::split(text)?;
        let Some(scheme) = parts.scheme else { return Err(UrlError::NoScheme(without_secrets(text))) };
        let Some(authority) = parts.authority else { return Err(UrlError::NoHost(without_secrets(text))) };
        Ok(Url {
            scheme: scheme.to_ascii_lowercase(),
            authority: Authority::parse(authority)?,
            target: Target::new(parts.path, parts.query)?,
            fragment: parts.fragment.map(read_fragment).transpose()?,
        })
    }

    /// What `reference` means on the page of this URL, as in a link or in a `Location` field. Dots in its path are steps and
    /// are taken; user and password go along to the same host. This URL's fragment does not; after a redirect without one of
    /// its own a client puts it back (RFC 9110, 10.2.2).
    ///
    /// # Errors
    /// Those of [`Url::parse`] for what comes out.
    pub fn join(&self, reference: &str) -> Result<Url, UrlError> {
        Url::parse(&resolve(&self.to_string(), reference)?)
    }

    /// The scheme, in small letters.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// User, host and port.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// User and password as they are written, with their escapes.
    pub fn userinfo(&self) -> Option<&str> {
        self.authority.userinfo()
    }

    /// Name or address, in small letters; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// The host, if it is an address and no name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.authority.ip()
    }

    /// The port, if it is written.
    pub fn port(&self) -> Option<u16> {
        self.authority.port()
    }

    /// The port, or that of the scheme; `None` if the scheme has none that we know.
    pub fn port_or_default(&self) -> Option<u16> {
        self.port().or(default_port(&self.scheme))
    }

    /// Path and query.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The path as it is written; may be empty.
    pub fn path(&self) -> &str {
        self.target.path()
    }

    /// The path without its escapes; see [`Target::decoded_path`].
    ///
    /// # Errors
    /// [`UrlError::NotUtf8`]
    pub fn decoded_path(&self) -> Result<String, UrlError> {
        self.target.decoded_path()
    }

    /// The query as it is written, without its `?`.
    pub fn query(&self) -> Option<&str> {
        self.target.query()
    }

    /// The fragment as it is written, without its `#`. It is for whoever reads the answer and is never sent.
    pub fn fragment(&self) -> Option<&str> {
        self.fragment.as_deref()
    }

    /// What the first line of a request asks for: path and query, and `/` for an empty path (RFC 9112, 3.2.1).
    pub fn request_target(&self) -> String {
        self.target.to_string()
    }

    /// What the `Host` field says: the host, and the port unless it is the scheme's own (RFC 9110, 7.2).
    pub fn host_header(&self) -> String {
        match self.port() {
            Some(port) if default_port(&self.scheme) != Some(port) => {
                format!("{}:{port}", self.authority.bracketed_host())
            }
            _ => self.authority.bracketed_host(),
        }
    }

    /// Whether both are the same server: scheme, host and port (RFC 6454, 4). A user makes no difference.
    pub fn same_origin(&self, other: &Url) -> bool {
        self.scheme == other.scheme
            && self.host() == other.host()
            && self.port_or_default() == other.port_or_default()
    }

    /// The same URL with another path, in which escapes stay and `?` and `#` are escaped. It gets a slash at its beginning
    /// if it has none. For a plain text with any characters use [`percent::encode_path`] first.
    ///
    /// # Errors
    /// [`UrlError::BadEscape`], [`UrlError::Control`], [`UrlError::Space`]
    pub fn with_path(&self, path: &str) -> Result<Url, UrlError> {
        Ok(Url { target: self.target.with_path(path)?, ..self.clone() })
    }

    /// Puts another query, or none, in the place of this one. Escapes stay; `#` is escaped. A [`Query`] writes one.
    ///
    /// # Errors
    /// [`UrlError::Control`], [`UrlError::Space`]; then the query is as it was.
    pub fn set_query(&mut self, query: Option<&str>) -> Result<(), UrlError> {
        self.target = self.target.with_query(query)?;
        Ok(())
    }

    /// Puts another fragment, or none, in the place of this one.
    ///
    /// # Errors
    /// [`UrlError::BadEscape`], [`UrlError::Control`], [`UrlError::Space`]; then the fragment is as it was.
    pub fn set_fragment(&mut self, fragment: Option<&str>) -> Result<(), UrlError> {
        self.fragment = fragment.map(read_fragment).transpose()?;
        Ok(())
    }

    /// The same URL without user and password: what a `Referer` field or another host may see.
    pub fn without_userinfo(&self) -> Url {
        let mut url = self.clone();
        url.authority.userinfo = None;
        url
    }

    /// The URL for people: `xxxxx` in the place of a password.
    pub fn redacted(&self) -> String {
        let mut url = self.clone();
        url.authority.hide_password();
        url.to_string()
    }
}

fn read_fragment(text: &str) -> Result<String, UrlError> {
    // A second `#` is a character of the fragment, and no fragment may have it as it is.
    let fragment = percent::sendable(text)?.replace('#', "%23");
    percent::decode(&fragment)?;
    Ok(fragment)
}

impl fmt::Display for Url {
    /// The whole URL, password included; [`Url::redacted`] hides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path())?;
        for (mark, part) in [('?', self.query()), ('#', self.fragment())] {
            if let Some(part) = part {
                write!(f, "{mark}{part}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Url {
    /// Without the password: what is printed for debugging ends in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Url, UrlError> {
        Url::parse(text)
    }
}

#[cfg(test)]
mod tests;
