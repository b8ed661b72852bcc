//! From a URL's host to a connection. What stands between the two (TLS) is another implementation of the same trait.

use std::fmt;

use super::error::{HttpError, Phase};
use super::url::Url;
use crate::base::cancel::{Cancel, Cause};
use crate::base::conn::Conn;
use crate::ch03_tcp::address::Network;
use crate::ch03_tcp::dial::Dialer;

/// Where a connection leads: two requests with the same destination can share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// `http` or `https`, in lower case.
    pub scheme: String,
    /// The host, in lower case, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Destination {
    /// Where a request for `url` goes when nothing stands between.
    ///
    /// # Errors
    /// [`HttpError::UnsupportedScheme`] for a scheme whose port nobody here knows.
    pub fn of(url: &Url) -> Result<Destination, HttpError> {
        let scheme = url.scheme().to_ascii_lowercase();
        match url.port_or_default() {
            Some(port) if scheme == "http" || scheme == "https" => {
                Ok(Destination { scheme, host: url.host().to_ascii_lowercase(), port })
            }
            _ => Err(HttpError::UnsupportedScheme {
                scheme,
                needed: "\"http\" and \"https\" are what HTTP is spoken over",
            }),
        }
    }

    /// `host:port`, with brackets around an IPv6 address: what a dialler and `CONNECT` take.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority())
    }
}

/// Makes connections for a client.
pub trait Connector: Send + Sync {
    /// Connects to `destination` before `cancel` ends.
    ///
    /// # Errors
    /// [`HttpError::Connect`], [`HttpError::UnsupportedScheme`], and once the token has ended [`HttpError::TimedOut`] or
    /// [`HttpError::Cancelled`].
    fn connect(&self, destination: &Destination, cancel: &Cancel) -> Result<Box<dyn Conn>, HttpError>;

    /// Agrees on security with `destination` over a connection that already leads there: a proxy's tunnel.
    ///
    /// # Errors
    /// [`HttpError::UnsupportedScheme`] by default: only a connector with TLS can.
    fn secure(
        &self,
        _tunnel: Box<dyn Conn>,
        destination: &Destination,
        _cancel: &Cancel,
    ) -> Result<Box<dyn Conn>, HttpError> {
        Err(needs_tls(destination))
    }
}

/// The error of a connector in the clear.
fn needs_tls(destination: &Destination) -> HttpError {
    let needed = match destination.scheme.as_str() {
        "https" => {
            "this connector is in the clear; \"https\" needs one with TLS, which comes with chapter 11"
        }
        _ => "\"http\" is what a connector in the clear speaks",
    };
    HttpError::UnsupportedScheme { scheme: destination.scheme.clone(), needed }
}

/// Connects in the clear, for `http` only.
#[derive(Clone, Debug, Default)]
pub struct TcpConnector {
    /// How it dials.
    pub dialer: Dialer,
}

impl Connector for TcpConnector {
    fn connect(&self, destination: &Destination, cancel: &Cancel) -> Result<Box<dyn Conn>, HttpError> {
        if destination.scheme != "http" {
            return Err(needs_tls(destination));
        }
        match self.dialer.dial_before(Network::Tcp, &destination.authority(), cancel) {
            Ok(conn) => Ok(Box::new(conn)),
            Err(error) => Err(match cancel.cause() {
                Some(Cause::DeadlineExceeded) => HttpError::TimedOut { phase: Phase::Connect },
                Some(Cause::Cancelled) => HttpError::Cancelled { phase: Phase::Connect },
                None => HttpError::Connect(error),
            }),
        }
    }
}
