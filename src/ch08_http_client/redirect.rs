//! Where a redirect leads, and with what: the rules that keep a password with the server it is for.
//!
//! | status | method | body |
//! |---|---|---|
//! | 301, 302, 303 | HEAD stays, all others become GET | is dropped, with the fields that speak of it |
//! | 307, 308 | stays | is sent again; one that cannot be makes the redirect the answer |
//! | any other 3xx, or one without `Location` | | is the answer |
//!
//! `Authorization`, `Cookie` and `Proxy-Authorization` go with the request to the same host and to hosts below it, as in Go, and
//! not from `https` to `http`. Once left behind they do not come back, even where the way leads home again: who sent us around
//! decides what the request looks like. `Referer` names the page before, without its user and fragment; from `https` to `http`
//! there is none.
//!
//! Book: none; RFC 9110, 15.4 and 10.1.3.

use std::fmt;
use std::sync::Arc;

use super::body::Body;
use super::error::HttpError;
use super::header::Header;
use super::method::Method;
use super::request::{Request, Response};
use super::status::Status;
use super::url::Url;
use super::url::error::without_secrets;
use super::url::reference::Reference;

/// Redirects followed, one after the other. Go's figure.
pub const MOST_REDIRECTS: usize = 10;

/// Decides about one redirect: the request that would be sent next, and the URLs that were asked so far.
pub type Decision = dyn Fn(&Request, &[Url]) -> bool + Send + Sync;

/// Which redirects are followed.
#[derive(Clone)]
pub enum Redirects {
    /// So many, and then it is an error.
    Follow(usize),
    /// None: a 3xx is a response like any other.
    Never,
    /// Those for which the function says yes, and no more than [`MOST_REDIRECTS`]. Where it says no, the 3xx is the response.
    If(Arc<Decision>),
}

impl Default for Redirects {
    fn default() -> Redirects {
        Redirects::Follow(MOST_REDIRECTS)
    }
}

impl fmt::Debug for Redirects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Redirects::Follow(limit) => write!(f, "Follow({limit})"),
            Redirects::Never => write!(f, "Never"),
            Redirects::If(_) => write!(f, "If(..)"),
        }
    }
}

/// The way of one request through its redirects.
pub struct Way<'a> {
    policy: &'a Redirects,
    /// What was asked so far.
    asked: Vec<Url>,
    /// The caller's own `Referer`, which stays.
    has_referer: bool,
}

impl Way<'_> {
    /// The way that begins with `request`.
    pub fn new<'a>(policy: &'a Redirects, request: &Request) -> Way<'a> {
        Way { policy, asked: Vec::new(), has_referer: request.header.contains("Referer") }
    }

    /// The request that follows `response`, the answer to `request`, whose body can be sent again as `replay` if it is there.
    /// `None` if the response is the last.
    ///
    /// # Errors
    /// [`HttpError::TooManyRedirects`], [`HttpError::BadRedirect`].
    pub fn next(
        &mut self,
        request: &Request,
        replay: Option<Body>,
        response: &Response,
    ) -> Result<Option<Request>, HttpError> {
        let limit = match self.policy {
            Redirects::Never => return Ok(None),
            Redirects::Follow(limit) => *limit,
            Redirects::If(_) => MOST_REDIRECTS,
        };
        let Some(Turn { method, keeps_body }) = turn(&request.method, response.status) else {
            return Ok(None);
        };
        let Some(location) = response.header.get("Location").filter(|location| !location.is_empty()) else {
            return Ok(None);
        };
        let body = if keeps_body { replay } else { Some(Body::empty()) };
        let Some(body) = body else { return Ok(None) };
        let url = target(&request.url, location)?;
        if self.asked.len() >= limit {
            return Err(HttpError::TooManyRedirects { limit, next: url.redacted() });
        }
        self.asked.push(request.url.clone());
        let mut next = Request { method, body, ..Request::to(Method::GET, url) };
        next.header = self.header(request, &next.url, keeps_body, location);
        if keeps_body {
            next.trailer = request.trailer.clone();
        }
        next.close = request.close;
        next.cancel = request.cancel.clone();
        match self.policy {
            Redirects::If(wanted) if !wanted(&next, &self.asked) => Ok(None),
            _ => Ok(Some(next)),
        }
    }

    fn header(&self, last: &Request, next: &Url, keeps_body: bool, location: &str) -> Header {
        let mut header = last.header.clone();
        if !keeps_body {
            for name in BODY_FIELDS {
                header.remove(name);
            }
        }
        if !may_see_secrets(&last.url, next) {
            for name in SECRET_FIELDS {
                header.remove(name);
            }
        }
        // A name of the caller's own for the host is for the host it was given to.
        if names_a_host(location) {
            header.remove("Host");
        }
        let is_downgrade = last.url.scheme() == "https" && next.scheme() != "https";
        if is_downgrade {
            header.remove("Referer");
        } else if !self.has_referer {
            let mut page = last.url.without_userinfo();
            // Taking a fragment away cannot fail.
            let _ = page.set_fragment(None);
            header.set("Referer", page.to_string());
        }
        header
    }
}

/// Whether the reference has an authority of its own. One that cannot be read leads nowhere.
fn names_a_host(location: &str) -> bool {
    Reference::split(location).is_ok_and(|reference| reference.authority.is_some())
}

/// They say what a body is, and where there is none they would lie.
const BODY_FIELDS: [&str; 7] = [
    "Content-Type",
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
    "Content-Disposition",
    "Content-Length",
    "Expect",
];

/// They say who is asking.
const SECRET_FIELDS: [&str; 5] =
    ["Authorization", "Cookie", "Cookie2", "Proxy-Authorization", "WWW-Authenticate"];

struct Turn {
    method: Method,
    keeps_body: bool,
}

/// What a redirect makes of a method.
fn turn(method: &Method, status: Status) -> Option<Turn> {
    match status.code() {
        301..=303 if *method == Method::HEAD => Some(Turn { method: Method::HEAD, keeps_body: false }),
        301..=303 => Some(Turn { method: Method::GET, keeps_body: false }),
        307 | 308 => Some(Turn { method: method.clone(), keeps_body: true }),
        _ => None,
    }
}

/// Where `location` leads from `from`. A redirect without a fragment inherits the one before it (RFC 9110, 10.2.2).
fn target(from: &Url, location: &str) -> Result<Url, HttpError> {
    let bad = |error| HttpError::BadRedirect { location: without_secrets(location), error };
    let mut url = from.join(location).map_err(bad)?;
    if url.fragment().is_none() {
        url.set_fragment(from.fragment()).map_err(bad)?;
    }
    Ok(url)
}

fn may_see_secrets(from: &Url, to: &Url) -> bool {
    let is_downgrade = from.scheme() == "https" && to.scheme() != "https";
    !is_downgrade && is_host_or_below(to, from.host())
}

/// Go's rule: the host itself, or a name that ends in it. An address has nothing below it.
fn is_host_or_below(url: &Url, host: &str) -> bool {
    url.host() == host
        || (url.ip().is_none() && url.host().strip_suffix(host).is_some_and(|before| before.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn only_head_survives_a_301_and_every_method_a_307() {
        for (method, code, after) in [
            (Method::POST, 301, "GET"),
            (Method::PUT, 302, "GET"),
            (Method::DELETE, 303, "GET"),
            (Method::GET, 302, "GET"),
            (Method::HEAD, 303, "HEAD"),
            (Method::POST, 307, "POST"),
            (Method::DELETE, 308, "DELETE"),
        ] {
            let turn = turn(&method, Status::new(code).unwrap()).unwrap();
            assert_eq!((turn.method.as_str(), turn.keeps_body), (after, code > 306), "{method} {code}");
        }
        for code in [300, 304, 305, 306, 200, 404] {
            assert!(turn(&Method::GET, Status::new(code).unwrap()).is_none(), "{code}");
        }
    }

    #[test]
    fn secrets_go_to_the_host_and_to_those_below_it_only() {
        let sees = |from: &str, to: &str| may_see_secrets(&url(from), &url(to));
        assert!(sees("http://a.example/", "http://a.example:8080/x"));
        assert!(sees("http://a.example/", "https://a.example/"));
        assert!(sees("http://a.example/", "http://sub.a.example/"));
        assert!(!sees("http://a.example/", "http://example/"));
        assert!(!sees("http://a.example/", "http://evila.example/"));
        assert!(!sees("http://sub.a.example/", "http://a.example/"));
        assert!(!sees("https://a.example/", "http://a.example/"), "in the clear");
        assert!(!sees("http://0.0.1/", "http://127.0.0.1/") && !sees("http://[::1]/", "http://[1::1]/"));
    }

    #[test]
    fn a_fragment_is_inherited_unless_the_redirect_has_one() {
        let from = url("http://h/a/b?c#d");
        assert_eq!(target(&from, "../e").unwrap().to_string(), "http://h/e#d");
        assert_eq!(target(&from, "//g/#f").unwrap().to_string(), "http://g/#f");
        assert!(matches!(target(&from, "http://["), Err(HttpError::BadRedirect { .. })));
    }
}
