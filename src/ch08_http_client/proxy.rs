//! A proxy between the client and the server, and which URLs go through it.
//!
//! ```text
//! http, through a proxy:    GET http://host/path HTTP/1.1      the whole URL, so that the proxy knows where to
//! https, or on demand:      CONNECT host:443 HTTP/1.1          a tunnel, and whatever is spoken in it
//! ```
//! The environment names proxies, as with Go and curl:
//!
//! | variable | says |
//! |---|---|
//! | `HTTP_PROXY`, `http_proxy` | the proxy for `http` URLs |
//! | `HTTPS_PROXY`, `https_proxy` | the proxy for `https` URLs |
//! | `NO_PROXY`, `no_proxy` | who is asked directly; see [`exceptions`] |
//!
//! The first that is not empty counts. In a CGI program (`REQUEST_METHOD` is set) `HTTP_PROXY` is not looked at: there it is the
//! `Proxy` field of whoever sent the request ("httpoxy"). `ALL_PROXY` is curl's and not Go's, and we leave it out as Go does. A
//! proxy is `http://user:password@host:port`, the port 80 if it has none, or `host:port` alone.
//!
//! Left out: proxies that are spoken to over TLS or SOCKS, and scripts that choose one.

pub mod exceptions;

use std::fmt;

use super::auth::Basic;
use super::connect::Destination;
use super::error::HttpError;
use super::url::Url;
use exceptions::Exceptions;

/// One proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Where it is.
    pub at: Destination,
    /// The value of `Proxy-Authorization`, which goes to the proxy and no further.
    pub authorization: Option<String>,
    /// Whether to ask for a tunnel also where the proxy could read the request.
    pub tunnel: bool,
}

impl Proxy {
    /// The proxy a URL names. User and password in it become Basic credentials; its path means nothing.
    ///
    /// # Errors
    /// [`HttpError::BadProxy`] if it is not `http`, or its user cannot be sent.
    pub fn from_url(url: &Url) -> Result<Proxy, HttpError> {
        read(url).map_err(|why| HttpError::BadProxy { setting: url.redacted(), why })
    }
}

impl fmt::Debug for Proxy {
    /// Without the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authorization = if self.authorization.is_some() { ", with credentials" } else { "" };
        let tunnel = if self.tunnel { ", as a tunnel" } else { "" };
        write!(f, "{}{authorization}{tunnel}", self.at)
    }
}

/// Which proxy for which URL. None for any by default.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: Setting,
    https: Setting,
    exceptions: Exceptions,
}

/// What is set for one scheme. A bad setting is an error only of a request that needs it.
#[derive(Clone, Debug, Default)]
enum Setting {
    #[default]
    None,
    Proxy(Proxy),
    Bad {
        setting: String,
        why: String,
    },
}

impl Proxies {
    /// No proxy for any URL.
    pub fn none() -> Proxies {
        Proxies::default()
    }

    /// This proxy for every URL, on this machine too: Go's `http.ProxyURL`.
    ///
    /// # Errors
    /// As [`Proxy::from_url`].
    pub fn fixed(url: &Url) -> Result<Proxies, HttpError> {
        let setting = Setting::Proxy(Proxy::from_url(url)?);
        Ok(Proxies { http: setting.clone(), https: setting, exceptions: Exceptions::default() })
    }

    /// What this process's environment says, except for this machine: Go's `http.ProxyFromEnvironment`. A variable that is no
    /// Unicode counts as not set.
    pub fn from_environment() -> Proxies {
        Proxies::from_variables(|name| std::env::var(name).ok())
    }

    /// What the variables say that `lookup` finds.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Proxies {
        let first = |names: &[&str]| {
            names.iter().filter_map(|name| lookup(name)).find(|value| !value.trim().is_empty())
        };
        let cgi = first(&["REQUEST_METHOD"]).is_some();
        let http: &[&str] = match (cgi, cfg!(windows)) {
            (false, _) => &["HTTP_PROXY", "http_proxy"],
            (true, false) => &["http_proxy"],
            // There, names of variables have no case, and the one is the other.
            (true, true) => &[],
        };
        Proxies {
            http: setting(first(http)),
            https: setting(first(&["HTTPS_PROXY", "https_proxy"])),
            exceptions: Exceptions::parse(&first(&["NO_PROXY", "no_proxy"]).unwrap_or_default())
                .and_this_machine(),
        }
    }

    /// The same proxies, but not for what `list` names in the form of `NO_PROXY`: curl's `--noproxy`. In place of the list there
    /// was before.
    #[must_use]
    pub fn except(mut self, list: &str) -> Proxies {
        self.exceptions = self.exceptions.with_list(list);
        self
    }

    /// The same proxies, asked for a tunnel to `http` servers as well: curl's `--proxytunnel`.
    #[must_use]
    pub fn tunnelling(mut self, tunnel: bool) -> Proxies {
        for setting in [&mut self.http, &mut self.https] {
            if let Setting::Proxy(proxy) = setting {
                proxy.tunnel = tunnel;
            }
        }
        self
    }

    /// The proxy for a request to `url`, if it needs one.
    ///
    /// # Errors
    /// [`HttpError::BadProxy`] if the setting for this URL is none we can use.
    pub fn for_url(&self, url: &Url) -> Result<Option<Proxy>, HttpError> {
        let setting = match url.scheme() {
            "http" => &self.http,
            "https" => &self.https,
            _ => return Ok(None),
        };
        if self.exceptions.contains(url) {
            return Ok(None);
        }
        match setting {
            Setting::None => Ok(None),
            Setting::Proxy(proxy) => Ok(Some(proxy.clone())),
            Setting::Bad { setting, why } => {
                Err(HttpError::BadProxy { setting: setting.clone(), why: why.clone() })
            }
        }
    }
}

fn setting(text: Option<String>) -> Setting {
    let Some(text) = text else { return Setting::None };
    let text = text.trim();
    let with_scheme = if text.contains("://") { text.to_string() } else { format!("http://{text}") };
    match Url::parse(&with_scheme) {
        // What is not a URL may still have a password in it.
        Err(error) => Setting::Bad { setting: after_user(text), why: error.to_string() },
        Ok(url) => match read(&url) {
            Ok(proxy) => Setting::Proxy(proxy),
            Err(why) => Setting::Bad { setting: url.redacted(), why },
        },
    }
}

fn after_user(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("xxxxx@{rest}"),
        None => text.to_string(),
    }
}

fn read(url: &Url) -> Result<Proxy, String> {
    if url.scheme() != "http" {
        return Err(format!("only proxies of http:// are taken, and this is one of {}://", url.scheme()));
    }
    let basic = url.userinfo().map(Basic::from_userinfo).transpose().map_err(|error| error.to_string())?;
    let at = Destination {
        scheme: "http".to_string(),
        host: url.host().to_string(),
        port: url.port_or_default().unwrap_or(80),
    };
    Ok(Proxy { at, authorization: basic.map(|basic| basic.header_value()), tunnel: false })
}

#[cfg(test)]
mod tests;
