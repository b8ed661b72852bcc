//! The head of a request, from what the caller said and what HTTP/1.1 wants said.

use super::auth::Basic;
use super::codec;
use super::connect::Destination;
use super::error::{HttpError, MessageError};
use super::header::{Header, may_be_trailer};
use super::message::{RequestHead, Version};
use super::method::Method;
use super::proxy::Proxy;
use super::request::Request;

/// Who we say we are, unless the caller says otherwise.
const USER_AGENT: &str = concat!("netprog/", env!("CARGO_PKG_VERSION"));

/// The head of `request`, in bytes, as it goes to the server, perhaps in a tunnel, or to a `proxy` that reads it. `accept_coding` is
/// what we can decode by ourselves, if the caller leaves that to us.
///
/// # Errors
/// [`HttpError::Request`] for fields that may not be sent, in the head or after the body, and for a userinfo that is none.
pub fn head(
    request: &Request,
    proxy: Option<&Proxy>,
    accept_coding: Option<&str>,
) -> Result<Vec<u8>, HttpError> {
    check_trailer(&request.trailer)?;
    let mut header = Header::new();
    add_unless_given(&mut header, request, "Host", || Some(request.url.host_header()));
    add_unless_given(&mut header, request, "User-Agent", || Some(USER_AGENT.to_owned()));
    add_framing(&mut header, request);
    for (name, value) in request.header.iter() {
        // RFC 9110, 10.1.1: without a body there is nothing that could be continued.
        let vain = request.body.is_empty() && name.eq_ignore_ascii_case("Expect");
        if !is_ours(name) && !vain {
            header.add(name, value);
        }
    }
    if let (None, Some(userinfo)) = (request.header.get_bytes("Authorization"), request.url.userinfo()) {
        let credentials = Basic::from_userinfo(userinfo).map_err(|_| {
            HttpError::Request(MessageError::bad_field(
                b"Authorization",
                "the URL's user is none that can be sent",
            ))
        })?;
        header.add("Authorization", credentials.header_value());
    }
    if let Some(value) = proxy.and_then(|proxy| proxy.authorization.as_deref()) {
        header.add("Proxy-Authorization", value);
    }
    if let Some(coding) = accept_coding {
        header.add("Accept-Encoding", coding);
    }
    if request.close && !request.header.has_token("Connection", "close") {
        header.add("Connection", "close");
    }
    let target = target(request, proxy);
    written(RequestHead { method: request.method.clone(), target, version: Version::Http11, header })
}

fn check_trailer(trailer: &Header) -> Result<(), HttpError> {
    trailer.check().map_err(HttpError::Request)?;
    match trailer.iter().find(|(name, _)| !may_be_trailer(name)) {
        None => Ok(()),
        Some((name, _)) => Err(HttpError::Request(MessageError::bad_field(
            name.as_bytes(),
            "after the body it would come too late (RFC 9110, 6.5.1)",
        ))),
    }
}

/// The head of the request that asks `proxy` for a tunnel.
///
/// # Errors
/// [`HttpError::Request`], if the proxy's credentials may not be sent.
pub fn connect_head(to: &Destination, proxy: &Proxy) -> Result<Vec<u8>, HttpError> {
    let authority = to.authority();
    let mut header = Header::from([("Host", authority.as_str()), ("User-Agent", USER_AGENT)]);
    if let Some(value) = &proxy.authorization {
        header.add("Proxy-Authorization", value.as_str());
    }
    written(RequestHead { method: Method::CONNECT, target: authority, version: Version::Http11, header })
}

fn written(head: RequestHead) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::with_capacity(256);
    codec::write_request_head(&mut bytes, &head).map_err(HttpError::Request)?;
    Ok(bytes)
}

/// How a body is announced is for us to say: a caller's word that is not true would let a server read the rest of it as the next
/// request. The fields placed by hand above are not taken twice.
fn is_ours(name: &str) -> bool {
    ["Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer"]
        .iter()
        .any(|ours| name.eq_ignore_ascii_case(ours))
}

fn add_unless_given(
    header: &mut Header,
    request: &Request,
    name: &str,
    value: impl FnOnce() -> Option<String>,
) {
    match request.header.get_bytes(name) {
        // An empty one asks for none. A request without Host is no request of HTTP/1.1, but the caller may want to see that.
        Some(b"") => {}
        Some(given) => header.add(name, given),
        None => {
            if let Some(value) = value() {
                header.add(name, value);
            }
        }
    }
}

fn add_framing(header: &mut Header, request: &Request) {
    match request.body.length() {
        // A server may wait for a body where one is expected, and nothing says that there is none (RFC 9110, 8.6).
        Some(0) if expects_body(&request.method) => header.add("Content-Length", "0"),
        Some(0) => {}
        Some(length) => header.add("Content-Length", length.to_string()),
        None => {
            header.add("Transfer-Encoding", "chunked");
            let names: Vec<&str> = request.trailer.iter().map(|(name, _)| name).collect();
            if !names.is_empty() {
                header.add("Trailer", names.join(", "));
            }
        }
    }
}

fn expects_body(method: &Method) -> bool {
    matches!(method.as_str(), "POST" | "PUT" | "PATCH")
}

/// The target: a path for a server, the whole URL for a proxy that is to read it, host and port for a tunnel.
fn target(request: &Request, proxy: Option<&Proxy>) -> String {
    if request.method == Method::CONNECT {
        return match request.url.port_or_default() {
            Some(port) => format!("{}:{port}", request.url.authority().bracketed_host()),
            None => request.url.host_header(),
        };
    }
    let path = request.url.request_target();
    match proxy {
        Some(_) => format!("{}://{}{path}", request.url.scheme(), request.url.host_header()),
        None => path,
    }
}

/// Whether the same request may be sent again on another connection, when the first broke before a byte of answer: the server
/// may have acted on it (RFC 9110, 9.2.2).
pub fn may_be_sent_again(request: &Request) -> bool {
    request.method.is_idempotent() || request.header.contains("Idempotency-Key")
}
