//! From a head to the [`Request`] a handler gets: what the target means, and for which host (RFC 9112, 3.2).
//!
//! ```text
//! GET /path?query HTTP/1.1          origin form: the host is in the Host field
//! GET http://host/path HTTP/1.1     absolute form: the host in it wins over the Host field
//! CONNECT host:443 HTTP/1.1         authority form
//! OPTIONS * HTTP/1.1                asterisk form: the server as a whole
//! ```

use crate::base::cancel::Cancel;
use crate::base::conn::{Address, SecurityInfo};
use crate::ch08_http_client::body::Body;
use crate::ch08_http_client::error::MessageError;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::message::{RequestHead, Version};
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::url::percent;
use crate::ch09_http_server::handler::Request;

/// What every request of a connection has in common.
pub struct Client {
    /// The client.
    pub peer: Address,
    /// The address it reached us by.
    pub local: Address,
    /// What is known of it.
    pub security: Option<SecurityInfo>,
}

/// The request with this head.
///
/// # Errors
/// [`MessageError::BadTarget`], [`MessageError::BadHost`].
pub fn request(
    head: RequestHead,
    body: Body,
    client: &Client,
    cancel: Cancel,
) -> Result<Request, MessageError> {
    let field = host_field(&head)?;
    let parts = parts_of_target(&head.method, &head.target)?;
    let host = match parts.host {
        Some(host) => checked_host(host)?.to_owned(),
        None => field.to_owned(),
    };
    // Bytes that are not UTF-8 are refused with the rest: a path is text here.
    let path = percent::decode_text(parts.path).map_err(|_| bad_target(&head.target))?;
    let query = parts.query.map(str::to_owned);
    Ok(Request {
        method: head.method,
        target: head.target,
        path,
        query,
        host,
        version: head.version,
        header: head.header,
        body,
        peer: client.peer.clone(),
        local: client.local.clone(),
        security: client.security.clone(),
        cancel,
        path_values: Vec::new(),
    })
}

/// A target taken apart, with nothing decoded.
pub struct Target<'a> {
    /// The host and port, of a form that names them.
    pub host: Option<&'a str>,
    /// The path: `*` of the asterisk form, empty of the authority form.
    pub path: &'a str,
    /// What follows the `?`.
    pub query: Option<&'a str>,
}

fn bad_target(target: &str) -> MessageError {
    MessageError::BadTarget { got: target.as_bytes().to_vec() }
}

/// What the target of a request with this method means.
///
/// # Errors
/// [`MessageError::BadTarget`] for one of no form, or not of a form that the method has.
pub fn parts_of_target<'a>(method: &Method, target: &'a str) -> Result<Target<'a>, MessageError> {
    if *method == Method::CONNECT {
        return authority_form(target);
    }
    if target == "*" && *method == Method::OPTIONS {
        return Ok(Target { host: None, path: "*", query: None });
    }
    // A fragment is the browser's own business and never sent.
    if target.contains('#') {
        return Err(bad_target(target));
    }
    if target.starts_with('/') {
        return Ok(path_and_query(None, target));
    }
    let (scheme, rest) = target.split_once("://").ok_or_else(|| bad_target(target))?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(bad_target(target));
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    // A port alone is no host (RFC 9110, 4.2.1).
    if host.is_empty() || host.starts_with(':') {
        return Err(bad_target(target));
    }
    Ok(path_and_query(Some(host), path))
}

fn path_and_query<'a>(host: Option<&'a str>, target: &'a str) -> Target<'a> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    Target { host, path: if path.is_empty() { "/" } else { path }, query }
}

/// `host:port`, and nothing else.
fn authority_form(target: &str) -> Result<Target<'_>, MessageError> {
    let port = target.rsplit_once(':').map_or("", |(_, port)| port);
    if target.starts_with(':') || port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad_target(target));
    }
    Ok(Target { host: Some(target), path: "", query: None })
}

// --- the host -------------------------------------------------------------------------------------------------------

/// The `Host` field: exactly one in HTTP/1.1, though it may be empty; at most one in HTTP/1.0.
fn host_field(head: &RequestHead) -> Result<&str, MessageError> {
    let header: &Header = &head.header;
    let mut values = header.values_bytes("Host");
    let (first, second) = (values.next(), values.next());
    match first {
        _ if second.is_some() => Err(MessageError::BadHost { why: "has several Host fields" }),
        None if head.version == Version::Http10 => Ok(""),
        None => Err(MessageError::BadHost { why: "has no Host field" }),
        Some(value) => match std::str::from_utf8(value) {
            Ok(host) => checked_host(host),
            Err(_) => Err(MessageError::BadHost { why: "has a Host field that is no host" }),
        },
    }
}

/// A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port.
fn checked_host(host: &str) -> Result<&str, MessageError> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if is_address(address) => ("", port.strip_prefix(':').or(empty(port))),
            _ => ("[", None),
        },
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, Some("")),
        },
    };
    let port_is_good =
        port.is_some_and(|port| port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit()));
    if port_is_good && name.bytes().all(is_name_byte) {
        Ok(host)
    } else {
        Err(MessageError::BadHost { why: "names a host that is none" })
    }
}

fn empty(text: &str) -> Option<&str> {
    if text.is_empty() { Some(text) } else { None }
}

fn is_address(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":.%-_~".contains(&byte))
}

/// RFC 3986, 3.2.2: unreserved, percent, and the signs it calls sub-delims.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte)
}
