//! The client: a transport with redirects, cookies, and a limit for the whole. Go's `http.Client`.
//!
//! ```no_run
//! use netprog::ch08_http_client::client::Client;
//! use std::time::Duration;
//!
//! let client = Client { timeout: Some(Duration::from_secs(10)), ..Client::default() };
//! let mut response = client.get("http://www.example.com/robots.txt")?;
//! if response.status.is_success() {
//!     println!("{}", String::from_utf8_lossy(&response.read_all(1 << 20)?));
//! }
//! # Ok::<(), netprog::ch08_http_client::error::HttpError>(())
//! ```
//! A status of 404 is a response and not an error. A body that is dropped unread is not read to its end; see
//! [`response_body`](super::response_body).
//!
//! [`get`], [`head`] and [`post`] are Go's helpers: one shared client that waits for ever. They are there for the book's sake and
//! for tools whose user sits before them; a program that must not hang has a client of its own with a `timeout`.
//!
//! Book: "Using Go's Default HTTP Client", Listings 8-2, 8-4, 8-5, 8-7.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::body::Body;
use super::cookie;
use super::error::HttpError;
use super::form;
use super::header::Header;
use super::jar::Jar;
use super::method::Method;
use super::redirect::{Redirects, Way};
use super::request::{Request, Response, RoundTrip};
use super::transport::Transport;
use super::url::Query;
use crate::base::calendar::Timestamp;
use crate::base::deadline::Deadline;
use crate::base::trace;

/// Bytes of a redirect's body that are read so that its connection can be used again. Go's figure; such bodies are a line of HTML.
const REDIRECT_DRAIN: u64 = 2048;

/// How to send requests. The fields are its settings; [`Client::default`] has Go's.
#[derive(Clone)]
pub struct Client {
    /// What sends one request. Clients that share it share its connections.
    pub transport: Arc<dyn RoundTrip>,
    /// Which redirects are followed. Ten by default.
    pub redirects: Redirects,
    /// Keeps cookies. None by default: then none are kept and none are sent.
    pub jar: Option<Arc<Jar>>,
    /// Time for everything up to the end of the body: connecting, redirects, reading. None by default, as in Go: a program that must
    /// not hang sets it, or gives its requests tokens with a deadline.
    pub timeout: Option<Duration>,
    /// Fields of every request that has none of the same name.
    pub header: Header,
}

impl Default for Client {
    fn default() -> Client {
        Client {
            transport: Arc::new(Transport::default()),
            redirects: Redirects::default(),
            jar: None,
            timeout: None,
            header: Header::new(),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("redirects", &self.redirects)
            .field("has_jar", &self.jar.is_some())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Sends `request`, and what its redirects ask for: Go's `Client.Do`.
    ///
    /// # Errors
    /// Any [`HttpError`]. A status is none.
    pub fn send(&self, mut request: Request) -> Result<Response, HttpError> {
        // The body keeps the token, so the limit holds until the body is at its end.
        request.cancel = request.cancel.child_before(Deadline::from(self.timeout));
        self.add_fields(&mut request);
        let mut way = Way::new(&self.redirects, &request);
        loop {
            let replay = request.body.replay();
            let mut response = self.send_once(&mut request)?;
            let Some(next) = way.next(&request, replay, &response)? else { return Ok(response) };
            trace::note(|| format!("{} leads to {}", response.status, next.url.redacted()));
            finish(&mut response);
            request = next;
        }
    }

    /// Asks for what is at `url`.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn get(&self, url: &str) -> Result<Response, HttpError> {
        self.send(Request::new(Method::GET, url)?)
    }

    /// Asks for the head of what [`Client::get`] would give.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn head(&self, url: &str) -> Result<Response, HttpError> {
        self.send(Request::new(Method::HEAD, url)?)
    }

    /// Sends `body`, of this media type, to `url`.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn post(&self, url: &str, media_type: &str, body: impl Into<Body>) -> Result<Response, HttpError> {
        self.send(Request::new(Method::POST, url)?.with_body(media_type, body))
    }

    /// Sends a form to `url`, as a browser does without files.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn post_form(&self, url: &str, pairs: &Query) -> Result<Response, HttpError> {
        self.post(url, form::MEDIA_TYPE, form::body_of(pairs))
    }

    fn add_fields(&self, request: &mut Request) {
        for (name, value) in self.header.iter() {
            if !request.header.contains(name) {
                request.header.add(name, value);
            }
        }
    }

    /// One request and its response, with the jar's cookies there and back.
    fn send_once(&self, request: &mut Request) -> Result<Response, HttpError> {
        let Some(jar) = &self.jar else { return self.transport.round_trip(request) };
        // The caller's own cookies stay as they are for the next redirect, the jar's are looked up again.
        let own = request.header.clone();
        add_cookies(request, jar);
        let outcome = self.transport.round_trip(request);
        request.header = own;
        if let Ok(response) = &outcome {
            let set: Vec<&str> = response.header.values("Set-Cookie").collect();
            for error in jar.set_from(&request.url, &set, Timestamp::now()) {
                trace::note(|| format!("a cookie is not kept: {error}"));
            }
        }
        outcome
    }
}

/// The caller's cookies and then the jar's, which wins where both have one of a name: the server may have changed it meanwhile.
fn add_cookies(request: &mut Request, jar: &Jar) {
    let kept = jar.cookies(&request.url, Timestamp::now());
    if kept.is_empty() {
        return;
    }
    let mut all = Vec::new();
    for (name, value) in request.header.values("Cookie").flat_map(cookie::parse_cookie_header) {
        if !kept.iter().any(|(kept, _)| *kept == name) {
            all.push((name, value));
        }
    }
    all.extend(kept);
    request.header.set("Cookie", cookie::cookie_header(&all));
}

/// Ends with the response to a redirect, if that is cheap.
fn finish(response: &mut Response) {
    if response.body.length().is_none_or(|length| length <= REDIRECT_DRAIN) {
        // A body that fails here costs its connection and nothing more.
        let _ = response.body.drain(REDIRECT_DRAIN);
    }
}

// --- the shared client ----------------------------------------------------------------------------------------------

fn shared() -> &'static Client {
    static SHARED: OnceLock<Client> = OnceLock::new();
    SHARED.get_or_init(Client::default)
}

/// [`Client::get`] of the shared client, which has no time-out: Go's `http.Get`.
///
/// # Errors
/// As [`Client::send`].
pub fn get(url: &str) -> Result<Response, HttpError> {
    shared().get(url)
}

/// [`Client::head`] of the shared client, which has no time-out: Go's `http.Head`.
///
/// # Errors
/// As [`Client::send`].
pub fn head(url: &str) -> Result<Response, HttpError> {
    shared().head(url)
}

/// [`Client::post`] of the shared client, which has no time-out: Go's `http.Post`.
///
/// # Errors
/// As [`Client::send`].
pub fn post(url: &str, media_type: &str, body: impl Into<Body>) -> Result<Response, HttpError> {
    shared().post(url, media_type, body)
}

/// [`Client::send`] of the shared client: Go's `http.DefaultClient.Do`. A token with a deadline in the request is what keeps it
/// from waiting for ever.
///
/// # Errors
/// As [`Client::send`].
pub fn send(request: Request) -> Result<Response, HttpError> {
    shared().send(request)
}
