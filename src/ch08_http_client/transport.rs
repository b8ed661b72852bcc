//! One request, one response, over HTTP/1.1: Go's `http.Transport`.
//!
//! ```text
//! token ended? ─▶ pool or connect ─▶ head (and a short body) ─▶ 1xx … ─▶ head of the response ─▶ Response, its body still on the wire
//!                       ▲                    │ the connection was stale, nothing came, and the request may be sent twice
//!                       └── fresh ───────────┘
//! ```
//! Any status is a response. There are no redirects, cookies or total time-outs here: those are the
//! [`client`](super::client)'s.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::codec::HeadLimits;
use super::coding;
use super::connect::{Connector, Destination, TcpConnector};
use super::connection::Connection;
use super::error::{HttpError, Phase};
use super::exchange::{Attempt, Broken};
use super::method::Method;
use super::observer::{Event, Observer};
use super::outgoing;
use super::pool::{Pool, PoolCounts, PoolLimits, Route};
use super::proxy::{Proxies, Proxy};
use super::request::{Request, Response, RoundTrip};
use super::tunnel;
use crate::base::cancel::{Cancel, Cause};
use crate::base::conn::Conn;
use crate::base::deadline::Deadline;

/// How long each phase of a request may take. The whole is for the request's token to bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Looking up and connecting.
    pub connect: Option<Duration>,
    /// Agreeing on security.
    pub handshake: Option<Duration>,
    /// From the request sent to the head of the response.
    pub response_head: Option<Duration>,
    /// How long `Expect: 100-continue` waits before it sends the body anyway: a server that does not know it says nothing.
    pub expect_continue: Duration,
}

/// Go's figures. None for the head of the response, for a server may need long to compute it.
impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Some(Duration::from_secs(30)),
            handshake: Some(Duration::from_secs(10)),
            response_head: None,
            expect_continue: Duration::from_secs(1),
        }
    }
}

/// How a transport behaves.
#[derive(Clone)]
pub struct TransportConfig {
    /// Who makes connections. In the clear by default.
    pub connector: Arc<dyn Connector>,
    /// Which proxy for which URL. None by default.
    pub proxies: Proxies,
    /// Limits of the phases.
    pub timeouts: Timeouts,
    /// Limits of what waits for the next request.
    pub pool: PoolLimits,
    /// Limits of a response's head.
    pub limits: HeadLimits,
    /// Whether to ask for gzip and decode it unasked. The caller's own `Accept-Encoding` or `Range`, and HEAD, turn it off.
    pub decode: bool,
    /// Bytes of a body that are read when it is dropped unread, to keep its connection. None by default, as in Go.
    pub drain_on_drop: u64,
    /// Who hears what the transport does. Nobody by default.
    pub observer: Option<Arc<Observer>>,
}

impl TransportConfig {
    /// Tells the observer, if there is one.
    pub(super) fn tell(&self, event: Event<'_>) {
        if let Some(observer) = &self.observer {
            observer(event);
        }
    }
}

impl Default for TransportConfig {
    fn default() -> TransportConfig {
        TransportConfig {
            connector: Arc::new(TcpConnector::default()),
            proxies: Proxies::none(),
            timeouts: Timeouts::default(),
            pool: PoolLimits::default(),
            limits: HeadLimits::default(),
            decode: true,
            drain_on_drop: 0,
            observer: None,
        }
    }
}

/// Sends requests and keeps connections for more of them. Threads share it.
pub struct Transport {
    config: TransportConfig,
    pool: Arc<Pool>,
}

impl Default for Transport {
    fn default() -> Transport {
        Transport::new(TransportConfig::default())
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("timeouts", &self.config.timeouts)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

impl Transport {
    /// A transport without connections.
    pub fn new(config: TransportConfig) -> Transport {
        let pool = Arc::new(Pool::new(config.pool));
        Transport { config, pool }
    }

    /// What happened to connections so far.
    pub fn counts(&self) -> PoolCounts {
        self.pool.counts()
    }

    /// The connections that wait for another request.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// A new connection along `route`.
    fn connect(
        &self,
        route: &Route,
        proxy: Option<&Proxy>,
        cancel: &Cancel,
    ) -> Result<Connection, HttpError> {
        let within = cancel.child_before(Deadline::from(self.config.timeouts.connect));
        let first = route.via.as_ref().unwrap_or(&route.to);
        let mut conn = self.config.connector.connect(first, &within)?;
        self.handshake(&mut *conn, cancel)?;
        if let (Some(proxy), Some(_)) = (proxy, &route.via) {
            conn = self.tunnel(conn, &route.to, proxy, cancel)?;
        }
        self.pool.count_connected();
        Connection::new(conn).map_err(|error| HttpError::during(Phase::Connect, error.into(), cancel.cause()))
    }

    fn handshake(&self, conn: &mut dyn Conn, cancel: &Cancel) -> Result<(), HttpError> {
        let interrupter = conn.interrupter();
        let _registration = cancel.on_end(move |_| interrupter.interrupt());
        conn.set_deadline(Deadline::from(self.config.timeouts.handshake).earlier(cancel.deadline()));
        conn.handshake().map_err(|error| HttpError::during(Phase::Handshake, error.into(), cancel.cause()))
    }

    /// Asks the proxy at the other end of `conn` for a tunnel to `to`.
    fn tunnel(
        &self,
        mut conn: Box<dyn Conn>,
        to: &Destination,
        proxy: &Proxy,
        cancel: &Cancel,
    ) -> Result<Box<dyn Conn>, HttpError> {
        let interrupter = conn.interrupter();
        let _registration = cancel.on_end(move |_| interrupter.interrupt());
        conn.set_deadline(Deadline::from(self.config.timeouts.handshake).earlier(cancel.deadline()));
        let head = outgoing::connect_head(to, proxy)?;
        let answer = tunnel::ask(&mut *conn, &head, &self.config, cancel)?;
        if !answer.status.is_success() {
            return Err(HttpError::TunnelRefused { target: to.authority(), status: answer.status });
        }
        if to.scheme == "http" { Ok(conn) } else { self.config.connector.secure(conn, to, cancel) }
    }
}

impl RoundTrip for Transport {
    fn round_trip(&self, request: &mut Request) -> Result<Response, HttpError> {
        // A token that has ended is noticed before anything is done: the clock runs from when it was made.
        match request.cancel.cause() {
            Some(Cause::DeadlineExceeded) => return Err(HttpError::TimedOut { phase: Phase::Connect }),
            Some(Cause::Cancelled) => return Err(HttpError::Cancelled { phase: Phase::Connect }),
            None => {}
        }
        let to = Destination::of(&request.url)?;
        let proxy = self.config.proxies.for_url(&request.url)?;
        if let Some(proxy) = &proxy {
            self.config.tell(Event::Proxy(&proxy.at));
        }
        let route = Route::new(to, proxy.as_ref());
        let decode = self.config.decode && wants_decoding(request);
        // What a proxy may read, its credentials first, does not go into the tunnel it makes.
        let reader = proxy.as_ref().filter(|_| route.via.is_none());
        let head = outgoing::head(request, reader, decode.then_some(coding::ACCEPTED))?;

        let mut body = std::mem::take(&mut request.body);
        let mut connection = match self.pool.take(&route) {
            Some(connection) => connection,
            None => self.connect(&route, proxy.as_ref(), &request.cancel)?,
        };
        loop {
            let replay = body.replay();
            let reused = connection.used > 0;
            let attempt =
                Attempt { request, head: &head, route: &route, pool: &self.pool, config: &self.config };
            match attempt.run(connection, body) {
                Ok(response) if decode => return Ok(coding::decoded(response)),
                Ok(response) => return Ok(response),
                Err(Broken { error, answered }) => {
                    self.pool.count_dropped();
                    // A server that is slow has the request, and to ask again would be to wait twice.
                    let ended = request.cancel.has_ended() || error.is_timeout();
                    let again = reused && !answered && !ended;
                    match replay {
                        Some(replay) if again && outgoing::may_be_sent_again(request) => body = replay,
                        _ => return Err(error),
                    }
                    // Another waiting connection may be as stale as this one was.
                    connection = self.connect(&route, proxy.as_ref(), &request.cancel)?;
                }
            }
        }
    }
}

fn wants_decoding(request: &Request) -> bool {
    request.method != Method::HEAD
        && !request.header.contains("Accept-Encoding")
        && !request.header.contains("Range")
}
