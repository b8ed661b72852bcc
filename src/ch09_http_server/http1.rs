//! HTTP/1.1 on one connection: a request, its answer, the next request (RFC 9112).
//!
//! ```text
//! wait ──▶ head ──▶ handler ──▶ rest of the body ──▶ wait …         keep-alive
//!  │        │          └─ panic ─▶ 500, or reset if the answer had begun
//!  │        └─ not understood ─▶ 400, 408, 414, 417, 431, 501, 505 ─▶ lingering close
//!  └─ idle too long, or the server stops ─▶ close
//! ```
//! A small request costs one read and one write. Requests that a client sends ahead (pipelining) lie in the read-ahead and are
//! answered in their order.
//!
//! A *lingering close* half-closes and then reads on for a moment: a connection closed with bytes unread is reset, and the reset
//! would overtake the answer.

pub mod inbound;
pub mod outbound;
pub mod patience;
mod refuse;
pub(super) mod request;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::engine::Serving;
use super::registry::Phase;
use super::response::{Buffers, DRAIN_TIME, DRAINED_BYTES, End, Link, Question, Response, with_date};
use super::server::Server;
use crate::base::cancel::Cancel;
use crate::base::conn::{Conn, Interrupter};
use crate::base::deadline::Deadline;
use crate::base::trace;
use crate::ch08_http_client::body::Body;
use crate::ch08_http_client::error::MessageError;
use crate::ch08_http_client::framing::{self, Framing};
use crate::ch08_http_client::message::{RequestHead, Version, keeps_alive};
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::handler::Request;
use inbound::{Inbound, RequestBody};
use outbound::Outbound;
use patience::Patience;
use request::Client;

/// Its name in ALPN.
pub const PROTOCOL: &str = "http/1.1";

/// How long a lingering close reads on. Long enough for what is on the way, short enough for a client that sends for ever.
const LINGER: Duration = Duration::from_millis(500);

/// Serves a connection until it ends.
///
/// # Errors
/// Where the connection cannot be split. What goes wrong with a client afterwards is its own affair.
pub fn serve(conn: Box<dyn Conn>, serving: Serving) -> io::Result<()> {
    let peer = conn.peer();
    let client = Client { peer: peer.clone(), local: conn.local(), security: conn.security().cloned() };
    let interrupter = conn.interrupter();
    let (reader, writer) = conn.split()?;
    let Serving { server, cancel, place } = serving;
    let outbound = Arc::new(Mutex::new(Outbound::new(writer, place.failed_writes())));
    let link = Link { loan: Arc::default(), outbound, place, log: server.error_log.clone(), peer };
    let connection =
        Connection { server, client, cancel, interrupter, link, buffers: Buffers::default(), served: 0 };
    connection.run(Inbound::new(reader));
    Ok(())
}

struct Connection {
    server: Arc<Server>,
    client: Client,
    cancel: Cancel,
    interrupter: Interrupter,
    link: Link,
    buffers: Buffers,
    served: u64,
}

/// What comes after a request.
enum Next {
    /// Another one.
    Request(Inbound),
    /// Nothing: the client has gone.
    Close,
    /// Nothing, but the client may still be sending, even where it has sent a whole request, and shall get its answer.
    Linger(Inbound),
}

impl Connection {
    fn run(mut self, mut inbound: Inbound) {
        loop {
            if !self.wait_for_request(&mut inbound) {
                return;
            }
            match self.serve_one(inbound) {
                Next::Request(back) => inbound = back,
                Next::Linger(back) => return self.linger(back),
                Next::Close => return,
            }
        }
    }

    /// Waits for the first byte of a request: whether one came.
    fn wait_for_request(&self, inbound: &mut Inbound) -> bool {
        let place = &self.link.place;
        let server = &self.server;
        if inbound.has_read_ahead() {
            inbound.set_deadline(self.head_deadline());
            return true;
        }
        if self.served == 0 {
            inbound.set_deadline(self.head_deadline());
        } else {
            place.set(Phase::Idle);
            inbound.set_deadline(Deadline::from(server.idle_timeout.or(server.read_timeout)));
        }
        if place.is_stopping() {
            return false;
        }
        let came = matches!(inbound.wait(), Ok(true));
        place.set(Phase::Active);
        if self.served > 0 {
            inbound.set_deadline(self.head_deadline());
        }
        came
    }

    fn head_deadline(&self) -> Deadline {
        let server = &self.server;
        let head = Deadline::from(server.read_header_timeout.or(server.read_timeout));
        head.earlier(Deadline::from(server.read_timeout))
    }

    fn serve_one(&mut self, mut inbound: Inbound) -> Next {
        let read_deadline = Deadline::from(self.server.read_timeout);
        let head = match inbound.read_head(self.server.head_limits) {
            Ok(Some(head)) => head,
            Ok(None) => return Next::Close,
            Err(error) => return self.refuse(inbound, &error),
        };
        trace::note(|| format!("{} {} {}", head.method, head.target, head.version));
        let stall = self.server.stall_timeout;
        inbound.set_patience(Patience { whole: read_deadline, stall });
        self.outbound().set_patience(Patience { whole: Deadline::from(self.server.write_timeout), stall });
        self.served += 1;
        match self.accept(head, &mut inbound) {
            Ok((request, question)) => self.answer(inbound, request, question),
            Err(Refusal::Message(error)) => self.refuse(inbound, &error),
            Err(Refusal::Expectation) => self.refuse_with(inbound, Status::EXPECTATION_FAILED, ""),
        }
    }

    /// Makes the request, and prepares the input for its body.
    fn accept(&mut self, head: RequestHead, inbound: &mut Inbound) -> Result<(Request, Question), Refusal> {
        let framing = framing::request_framing(&head)?;
        if let (Framing::Length(length), Some(limit)) = (framing, self.server.max_body) {
            if length > limit {
                return Err(MessageError::BodyTooLong { limit }.into());
            }
        }
        let expects = expects_continue(&head)?;
        let may_stay = self.server.max_requests.is_none_or(|most| self.served < most);
        let question = Question {
            is_head: head.method == Method::HEAD,
            is_connect: head.method == Method::CONNECT,
            version: head.version,
            keep_alive: may_stay && keeps_alive(head.version, &head.header),
        };
        let ask =
            if expects && framing != Framing::Empty { Some(Arc::clone(&self.link.outbound)) } else { None };
        // A body that somebody kept from an earlier request must not find this one's input.
        if Arc::get_mut(&mut self.link.loan).is_none() {
            self.link.loan = Arc::default();
        }
        let body = self.body(framing);
        let request = request::request(head, body, &self.client, self.cancel.child())?;
        inbound.begin_body(framing, self.server.max_body, ask);
        Ok((request, question))
    }

    fn body(&self, framing: Framing) -> Body {
        let length = match framing {
            Framing::Empty | Framing::Length(0) => return Body::empty(),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        };
        Body::of_connection(Box::new(RequestBody::new(Arc::clone(&self.link.loan))), length)
    }

    fn answer(&mut self, inbound: Inbound, mut request: Request, question: Question) -> Next {
        self.link.loan.lend(inbound);
        let cancel = request.cancel.clone();
        let buffers = std::mem::take(&mut self.buffers);
        let mut response = Response::new(question, &self.link, cancel.clone(), buffers);
        let handled = catch_unwind(AssertUnwindSafe(|| self.call_handler(&mut response, &mut request)));
        let end = match handled {
            // The handler may have left because its token ended: what it has is no answer.
            Ok(()) if self.cancel.has_ended() => response.abandon(),
            Ok(()) => response.finish(),
            Err(payload) => {
                self.report_panic(&*payload);
                response.fail()
            }
        };
        let buffers = response.into_buffers();
        self.buffers = buffers;
        // Its body goes with it.
        drop(request);
        cancel.cancel();
        self.after(end)
    }

    fn call_handler(&self, response: &mut Response<'_>, request: &mut Request) {
        if request.path == "*" && request.method == Method::OPTIONS {
            return;
        }
        self.server.handler.serve(response, request);
    }

    fn after(&mut self, end: End) -> Next {
        if end == End::Hijacked {
            return Next::Close;
        }
        let Some(mut inbound) = self.link.loan.take_back() else {
            // A thread that was given up still reads. It must not hold the connection open.
            self.interrupter.interrupt();
            return Next::Close;
        };
        match end {
            End::KeepAlive if inbound.drain(DRAINED_BYTES, Deadline::after(DRAIN_TIME)) => {
                Next::Request(inbound)
            }
            End::KeepAlive => Next::Linger(inbound),
            End::Close => Next::Linger(inbound),
            End::Abort | End::Hijacked => {
                self.interrupter.reset();
                Next::Close
            }
        }
    }

    fn outbound(&self) -> std::sync::MutexGuard<'_, Outbound> {
        self.link.outbound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // --- refusing ---------------------------------------------------------------------------------------------------

    fn refuse(&self, inbound: Inbound, error: &MessageError) -> Next {
        match refuse::status_for(error) {
            Some(status) => self.refuse_with(inbound, status, &error.to_string()),
            None => Next::Close,
        }
    }

    fn refuse_with(&self, inbound: Inbound, status: Status, why: &str) -> Next {
        trace::meaning(|| format!("HTTP/1.1 {status}, and the connection ends"));
        let answer = with_date(|date| refuse::answer(status, why, date));
        let mut outbound = self.outbound();
        outbound.set_patience(Patience::until(Deadline::after(LINGER)));
        match outbound.write_all(&answer) {
            Ok(()) => Next::Linger(inbound),
            Err(_) => Next::Close,
        }
    }

    fn linger(&self, mut inbound: Inbound) {
        self.outbound().finish();
        inbound.discard(Deadline::after(LINGER));
    }

    fn report_panic(&self, payload: &(dyn std::any::Any + Send)) {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or(payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("not text");
        let log = &self.server.error_log;
        log.println_with("http: a handler panicked", &[("peer", &self.client.peer), ("message", &text)]);
    }
}

/// Why a request with a good head is not served.
enum Refusal {
    Message(MessageError),
    Expectation,
}

impl From<MessageError> for Refusal {
    fn from(error: MessageError) -> Refusal {
        Refusal::Message(error)
    }
}

/// Whether the client waits for `100 Continue`. HTTP/1.0 has no such thing (RFC 9110, 10.1.1).
fn expects_continue(head: &RequestHead) -> Result<bool, Refusal> {
    if head.version == Version::Http10 {
        return Ok(false);
    }
    let mut expects = false;
    for expectation in head.header.values_bytes("Expect") {
        if !expectation.eq_ignore_ascii_case(b"100-continue") {
            return Err(Refusal::Expectation);
        }
        expects = true;
    }
    Ok(expects)
}
#[cfg(test)]
mod tests;
