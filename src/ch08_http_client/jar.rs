//! The cookie jar: which cookies a client keeps, and to whom it sends them. RFC 6265bis, 5.7 and 5.8.
//!
//! ```text
//! answer from http://shop.example.com/cart/add          kept for              until
//!   Set-Cookie: id=1                                    this host, /cart      the jar is dropped
//!   Set-Cookie: seen=2; Domain=example.com; Max-Age=60  *.example.com, /cart  60 seconds
//!   Set-Cookie: spy=3; Domain=com                       nobody: a cookie for strangers
//!
//! request to http://www.example.com/cart/   Cookie: seen=2
//! ```
//! A cookie's port does not count: two servers on one host see each other's cookies. `Secure` cookies come and go over
//! `https` only. Browsers make an exception for the loopback; we make none, so that what works here also works elsewhere.
//!
//! Left out: keeping cookies on a disk, and `SameSite`, because here every request is caused by its own site.
//!
//! The [`Jar`] does not look at the clock; who uses it says what time it is.

mod matching;
mod suffix;

use std::cmp::Reverse;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cookie::{Cookie, CookieError, cookie_header};
use super::url::Url;
use crate::base::calendar::Timestamp;

use matching::{default_path, domain_matches, path_matches};
pub use suffix::is_known_suffix;

/// Cookies kept for one domain; RFC 6265, 6.1 wants at least fifty.
pub const MOST_PER_DOMAIN: usize = 50;

/// Cookies kept in all; RFC 6265, 6.1 wants at least three thousand.
pub const MOST_IN_ALL: usize = 3000;

/// No cookie is kept longer than 400 days without being set again (RFC 6265bis, 5.5).
const LONGEST_SECONDS: i64 = 400 * 86_400;

/// A store of cookies that threads can share.
pub struct Jar {
    store: Mutex<Store>,
    is_public_suffix: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

#[derive(Default)]
struct Store {
    cookies: Vec<Stored>,
    /// Counts what is done, so that "earlier" is known also within one second.
    events: u64,
}

struct Stored {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    /// Seconds since 1970; `None` is for as long as the jar.
    expires: Option<i64>,
    created: u64,
    used: u64,
}

impl Jar {
    /// An empty jar that knows the few public suffixes of [`is_known_suffix`].
    pub fn new() -> Jar {
        Jar::with_suffixes(is_known_suffix)
    }

    /// An empty jar that asks `is_public_suffix` whether strangers have their hosts in a domain (small letters, no dot at its
    /// beginning). Who visits hosts he does not know wants the whole list of publicsuffix.org behind it.
    pub fn with_suffixes(is_public_suffix: impl Fn(&str) -> bool + Send + Sync + 'static) -> Jar {
        Jar { store: Mutex::default(), is_public_suffix: Box::new(is_public_suffix) }
    }

    /// Takes the `Set-Cookie` values of an answer from `url`; one that has ended already takes its predecessor away.
    /// Returns why others were left out; there is nothing else to do about it.
    pub fn set_from(&self, url: &Url, values: &[&str], now: Timestamp) -> Vec<CookieError> {
        let mut left_out = Vec::new();
        for value in values {
            let kept = Cookie::parse(value).and_then(|cookie| self.set(url, cookie, now.unix_seconds()));
            left_out.extend(kept.err());
        }
        left_out
    }

    /// The `Cookie` field of a request to `url`: the longest path first, then what was created first. `None` without cookies.
    pub fn cookie_header(&self, url: &Url, now: Timestamp) -> Option<String> {
        Some(cookie_header(&self.cookies(url, now))).filter(|text| !text.is_empty())
    }

    /// Names and values that go with a request to `url`, in the order of [`Jar::cookie_header`].
    pub fn cookies(&self, url: &Url, now: Timestamp) -> Vec<(String, String)> {
        let (host, path, secure) = (host_of(url), path_of(url), is_secure(url));
        let mut store = self.store();
        store.drop_ended(now.unix_seconds());
        let event = store.next_event();
        let mut found: Vec<&mut Stored> = Vec::new();
        for cookie in &mut store.cookies {
            let for_host =
                if cookie.host_only { cookie.domain == host } else { domain_matches(host, &cookie.domain) };
            if for_host && path_matches(path, &cookie.path) && (secure || !cookie.secure) {
                cookie.used = event;
                found.push(cookie);
            }
        }
        found.sort_by_key(|cookie| (Reverse(cookie.path.len()), cookie.created));
        found.iter().map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect()
    }

    /// How many cookies there are, those included that have ended since the jar was last used.
    pub fn len(&self) -> usize {
        self.store().cookies.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Throws all cookies away.
    pub fn clear(&self) {
        self.store().cookies.clear();
    }

    fn set(&self, url: &Url, mut cookie: Cookie, now: i64) -> Result<(), CookieError> {
        let host = host_of(url);
        self.check_domain(host, &mut cookie)?;
        if cookie.secure && !is_secure(url) {
            return Err(CookieError::NotSecure(cookie.name));
        }
        if !cookie.keeps_its_promise() {
            return Err(CookieError::BrokenPromise(cookie.name));
        }
        let new = Stored {
            host_only: cookie.domain.is_none(),
            domain: cookie.domain.take().unwrap_or_else(|| host.to_string()),
            path: cookie.path.take().unwrap_or_else(|| default_path(path_of(url)).to_string()),
            secure: cookie.secure,
            expires: end_of(&cookie, now),
            name: cookie.name,
            value: cookie.value,
            created: 0,
            used: 0,
        };
        let mut store = self.store();
        store.drop_ended(now);
        if !is_secure(url) && store.cookies.iter().any(|old| hides(&new, old)) {
            return Err(CookieError::HidesSecure(new.name));
        }
        store.put(new, now);
        Ok(())
    }

    /// A cookie may be for the host's own domain and for those above it, as long as no strangers live there.
    fn check_domain(&self, host: &str, cookie: &mut Cookie) -> Result<(), CookieError> {
        let Some(domain) = cookie.domain.clone() else { return Ok(()) };
        let is_suffix = (self.is_public_suffix)(&domain);
        if is_suffix && domain != host {
            return Err(CookieError::PublicSuffix(domain));
        }
        // `localhost`, the site of the suffix itself, an address: nothing may lie in it, the cookie is for this host alone.
        if is_suffix || host.parse::<IpAddr>().is_ok() {
            cookie.domain = None;
        }
        if domain_matches(host, &domain) {
            Ok(())
        } else {
            Err(CookieError::ForeignDomain { domain, host: host.to_string() })
        }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // A panic elsewhere leaves the list whole: it is changed by single calls.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Jar {
    fn default() -> Jar {
        Jar::new()
    }
}

impl fmt::Debug for Jar {
    /// Without the cookies, which are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jar({} cookies)", self.len())
    }
}

impl Store {
    fn next_event(&mut self) -> u64 {
        self.events += 1;
        self.events
    }

    fn drop_ended(&mut self, now: i64) {
        self.cookies.retain(|cookie| cookie.expires.is_none_or(|end| end > now));
    }

    /// Puts the cookie in the place of one with the same name, domain and path, and makes room.
    fn put(&mut self, mut new: Stored, now: i64) {
        new.used = self.next_event();
        let is_same = |old: &Stored| {
            (&old.name, &old.domain, old.host_only, &old.path)
                == (&new.name, &new.domain, new.host_only, &new.path)
        };
        match self.cookies.iter().position(is_same) {
            // It keeps its place in the order in which they are sent.
            Some(at) => new.created = self.cookies.remove(at).created,
            None => new.created = new.used,
        }
        let domain = new.domain.clone();
        self.cookies.push(new);
        self.drop_ended(now);
        self.evict(|cookie| cookie.domain == domain, MOST_PER_DOMAIN);
        self.evict(|_| true, MOST_IN_ALL);
    }

    /// Of too many, the open ones go before the `Secure` ones, then what has not been used for the longest time.
    fn evict(&mut self, belongs: impl Fn(&Stored) -> bool, most: usize) {
        while self.cookies.iter().filter(|cookie| belongs(cookie)).count() > most {
            let candidates = self.cookies.iter().enumerate().filter(|(_, cookie)| belongs(cookie));
            let Some((at, _)) = candidates.min_by_key(|(_, cookie)| (cookie.secure, cookie.used)) else {
                return;
            };
            self.cookies.remove(at);
        }
    }
}

/// Whether the open cookie would be sent in the place of a `Secure` one, which whoever sits on an open connection could then
/// choose (RFC 6265bis, 5.7).
fn hides(new: &Stored, old: &Stored) -> bool {
    let one_domain = domain_matches(&new.domain, &old.domain) || domain_matches(&old.domain, &new.domain);
    old.secure && old.name == new.name && one_domain && path_matches(&new.path, &old.path)
}

fn end_of(cookie: &Cookie, now: i64) -> Option<i64> {
    let latest = now.saturating_add(LONGEST_SECONDS);
    let end = match (cookie.max_age, cookie.expires) {
        // Zero and less: before now, whatever time it is.
        (Some(..=0), _) => i64::MIN,
        (Some(seconds), _) => now.saturating_add(seconds),
        (None, Some(time)) => time.unix_seconds(),
        (None, None) => return None,
    };
    Some(end.min(latest))
}

/// The host as cookies know it: a dot at its end, which only says that it is a whole name, is taken off.
fn host_of(url: &Url) -> &str {
    url.host().strip_suffix('.').unwrap_or(url.host())
}

fn path_of(url: &Url) -> &str {
    if url.path().is_empty() { "/" } else { url.path() }
}

fn is_secure(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss")
}

#[cfg(test)]
mod tests;
