//! A request out and a response in, on one connection.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::body::Body;
use super::codec;
use super::connection::Connection;
use super::decoder::BodyDecoder;
use super::error::{HttpError, MessageError, Phase};
use super::framing::{self, Framing};
use super::header::Header;
use super::message::{ResponseHead, keeps_alive};
use super::method::Method;
use super::observer::Event;
use super::pool::{Pool, Route};
use super::request::{Request, Response};
use super::response_body::{Exchange, ResponseBody};
use super::sender::{self, SendError, Sender};
use super::status::Status;
use super::transport::TransportConfig;
use crate::base::conn::Halves;
use crate::base::deadline::Deadline;
use crate::base::trace;

/// A body in memory of at most so many bytes goes out in the caller's thread: it fits what the system buffers for any connection, so
/// writing it does not wait for the server.
const SHORT_BODY: u64 = 8 * 1024;

/// Responses of class 1xx taken before the real one. Go's figure; without one, a server could keep us for ever.
pub(super) const MOST_INFORMATIONAL: usize = 5;

/// Why there is no response.
pub struct Broken {
    /// What happened.
    pub error: HttpError,
    /// Whether the server had begun to answer, so that it knew of the request.
    pub answered: bool,
}

impl Broken {
    fn before_an_answer(error: HttpError) -> Broken {
        Broken { error, answered: false }
    }

    fn in_the_answer(error: HttpError) -> Broken {
        Broken { error, answered: true }
    }

    /// The same after a response of class 1xx: that is an answer too.
    fn after_an_answer(self) -> Broken {
        Broken::in_the_answer(self.error)
    }
}

/// What one attempt to get a response needs.
pub struct Attempt<'a> {
    /// The request, without its body.
    pub request: &'a Request,
    /// Its head, in bytes.
    pub head: &'a [u8],
    /// Where the connection leads.
    pub route: &'a Route,
    /// Where the connection goes afterwards.
    pub pool: &'a Arc<Pool>,
    /// The transport's settings.
    pub config: &'a TransportConfig,
}

impl Attempt<'_> {
    /// Sends the request over `connection` and reads the head of the response.
    ///
    /// # Errors
    /// [`Broken`]; the connection is closed then.
    pub fn run(&self, connection: Connection, body: Body) -> Result<Response, Broken> {
        let interrupter = connection.interrupter.clone();
        let outcome = self.exchange(connection, body);
        if outcome.is_err() {
            // The thread that sends the body has a share of the connection, and would go on.
            interrupter.interrupt();
        }
        outcome
    }

    fn exchange(&self, mut connection: Connection, body: Body) -> Result<Response, Broken> {
        let interrupter = connection.interrupter.clone();
        let registration = self.request.cancel.on_end(move |_| interrupter.interrupt());
        connection.used += 1;
        connection.set_deadline(self.request.cancel.deadline());
        let mut sending = self.send(&mut connection, body)?;
        let (head, informational) = self.heads(&mut connection, &mut sending)?;
        connection.set_deadline(self.request.cancel.deadline());
        let exchange = Exchange {
            connection,
            route: self.route.clone(),
            pool: Arc::clone(self.pool),
            keep: self.keeps(&head) && !sending.is_held_back(),
            cancel: self.request.cancel.clone(),
            registration,
            sender: sending.sender(),
        };
        self.response(head, informational, exchange)
    }

    /// The head of the response, and those of class 1xx before it.
    fn heads(
        &self,
        connection: &mut Connection,
        sending: &mut Sending,
    ) -> Result<(ResponseHead, Vec<(Status, Header)>), Broken> {
        let mut informational = Vec::new();
        let request_out = Instant::now();
        for round in 0..=MOST_INFORMATIONAL {
            let head = match self.read_head(connection, sending, request_out) {
                Ok(head) => head,
                Err(broken) if round > 0 => return Err(broken.after_an_answer()),
                Err(broken) => return Err(broken),
            };
            if !head.status.is_informational() || head.status == Status::SWITCHING_PROTOCOLS {
                return Ok((head, informational));
            }
            if head.status == Status::CONTINUE {
                self.begin_body(connection, sending).map_err(Broken::after_an_answer)?;
            } else {
                informational.push((head.status, head.header));
            }
        }
        Err(Broken::in_the_answer(HttpError::TooManyInformational { limit: MOST_INFORMATIONAL }))
    }

    fn keeps(&self, head: &ResponseHead) -> bool {
        let refused = self.request.close || self.request.header.has_token("Connection", "close");
        !refused && keeps_alive(head.version, &head.header)
    }

    // --- sending ----------------------------------------------------------------------------------------------------

    /// Sends the head, and as much of the body as goes with it.
    fn send(&self, connection: &mut Connection, mut body: Body) -> Result<Sending, Broken> {
        trace::meaning(|| format!("{} {}", self.request.method, self.request.url.request_target()));
        self.config.tell(Event::RequestHead(self.head));
        if self.request.header.has_token("Expect", "100-continue") && !body.is_empty() {
            self.write(connection, self.head)?;
            let patience = Deadline::after(self.config.timeouts.expect_continue);
            return Ok(Sending::HeldBack { body, patience });
        }
        if body.is_empty() {
            self.write(connection, self.head)?;
            return Ok(Sending::All);
        }
        if body.is_in_memory() && body.length().is_some_and(|length| length <= SHORT_BODY) {
            let mut message = self.head.to_vec();
            sender::send(&mut message, &mut body, &self.request.trailer).map_err(|error| match error {
                SendError::Body(error) => Broken::in_the_answer(HttpError::Request(error)),
                SendError::Connection(error) => self.broken(Phase::Send, error.into()),
            })?;
            self.write(connection, &message)?;
            return Ok(Sending::All);
        }
        self.write(connection, self.head)?;
        let mut sending = Sending::HeldBack { body, patience: Deadline::NEVER };
        self.begin_body(connection, &mut sending)?;
        Ok(sending)
    }

    /// A server that does not want the request may answer and close before it has read all of it. So a write that fails
    /// is no reason not to look for the answer.
    fn write(&self, connection: &mut Connection, bytes: &[u8]) -> Result<(), Broken> {
        let Err(error) = connection.send(bytes) else { return Ok(()) };
        if self.request.cancel.has_ended() || error.kind() == io::ErrorKind::TimedOut {
            return Err(self.broken(Phase::Send, error.into()));
        }
        match connection.has_input() {
            Ok(true) => Ok(()),
            _ => Err(self.broken(Phase::Send, error.into())),
        }
    }

    fn broken(&self, phase: Phase, error: MessageError) -> Broken {
        Broken::before_an_answer(HttpError::during(phase, error, self.request.cancel.cause()))
    }

    /// Starts the thread that sends the body, if it has not been started.
    fn begin_body(&self, connection: &mut Connection, sending: &mut Sending) -> Result<(), Broken> {
        let Sending::HeldBack { body, .. } = sending else { return Ok(()) };
        let Some(mut writer) = connection.writer.take() else { return Ok(()) };
        writer.set_write_deadline(self.request.cancel.deadline());
        let (body, trailer) = (std::mem::take(body), self.request.trailer.clone());
        match Sender::start(writer, body, trailer, connection.interrupter.clone()) {
            Ok(sender) => *sending = Sending::UnderWay(sender),
            Err(error) => return Err(self.broken(Phase::Send, error.into())),
        }
        Ok(())
    }

    // --- receiving --------------------------------------------------------------------------------------------------

    fn read_head(
        &self,
        connection: &mut Connection,
        sending: &mut Sending,
        request_out: Instant,
    ) -> Result<ResponseHead, Broken> {
        self.wait_for_head(connection, sending, request_out)?;
        // The patience was for the first byte. What has begun may take as long as any head.
        let until = self.head_deadline(sending, request_out);
        connection.set_deadline(until.earlier(self.request.cancel.deadline()));
        match codec::read_response_head(&mut connection.reader, self.config.limits) {
            Ok(Some(head)) => {
                self.config.tell(Event::ResponseHead(&head));
                Ok(head)
            }
            Ok(None) => Err(Broken::in_the_answer(HttpError::NoResponse)),
            Err(error) => Err(sending.own_failure().unwrap_or_else(|| {
                let cause = self.request.cancel.cause();
                Broken::in_the_answer(HttpError::during(Phase::ResponseHead, error, cause))
            })),
        }
    }

    /// Waits for the first byte of a response, and meanwhile sees to the body: one that was held back does not wait for ever, for
    /// an old server says nothing to `Expect` and waits for it.
    fn wait_for_head(
        &self,
        connection: &mut Connection,
        sending: &mut Sending,
        request_out: Instant,
    ) -> Result<(), Broken> {
        loop {
            let until = self.head_deadline(sending, request_out);
            connection
                .set_deadline(until.earlier(sending.patience()).earlier(self.request.cancel.deadline()));
            match connection.has_input() {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    return Err(sending
                        .own_failure()
                        .unwrap_or(Broken::before_an_answer(HttpError::NoResponse)));
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut && !self.request.cancel.has_ended() => {
                    if sending.patience().has_passed() {
                        trace::note(|| {
                            "nothing came in answer to Expect: 100-continue; sending the body anyway"
                                .to_owned()
                        });
                        self.begin_body(connection, sending)?;
                    } else if self.head_deadline(sending, request_out).has_passed() {
                        return Err(self.broken(Phase::ResponseHead, error.into()));
                    }
                }
                Err(error) => {
                    let phase = sending.phase();
                    return Err(sending.own_failure().unwrap_or_else(|| self.broken(phase, error.into())));
                }
            }
        }
    }

    /// When the head must be there. The limit counts from when the request is out; while its body is held back or being sent, this
    /// is only when to look again.
    fn head_deadline(&self, sending: &mut Sending, request_out: Instant) -> Deadline {
        let Some(limit) = self.config.timeouts.response_head else { return Deadline::NEVER };
        match sending {
            Sending::All => request_out.checked_add(limit).map_or(Deadline::NEVER, Deadline::at),
            Sending::HeldBack { .. } => Deadline::after(limit),
            Sending::UnderWay(sender) => match sender.done_within(Duration::ZERO) {
                Some(sent) => sent.at.checked_add(limit).map_or(Deadline::NEVER, Deadline::at),
                None => Deadline::after(limit),
            },
        }
    }

    fn response(
        &self,
        head: ResponseHead,
        informational: Vec<(Status, Header)>,
        mut exchange: Exchange,
    ) -> Result<Response, Broken> {
        let mut upgraded = None;
        let framing = if self.leaves_http(head.status) {
            // What its fields say of a body does not count (RFC 9110, 9.3.6).
            None
        } else {
            Some(framing::response_framing(&self.request.method, &head).map_err(|error| {
                Broken::in_the_answer(HttpError::Response { phase: Phase::ResponseHead, error })
            })?)
        };
        let body = match framing {
            None => {
                upgraded = halves(exchange);
                Body::empty()
            }
            Some(Framing::Empty | Framing::Length(0)) => {
                exchange.finish();
                Body::empty()
            }
            Some(framing) => {
                exchange.keep &= framing != Framing::UntilClose;
                let length = if let Framing::Length(length) = framing { Some(length) } else { None };
                let body = ResponseBody::new(exchange, BodyDecoder::new(framing), self.config.drain_on_drop);
                Body::of_connection(Box::new(body), length)
            }
        };
        let ResponseHead { version, status, reason, header } = head;
        let url = self.request.url.clone();
        Ok(Response { version, status, reason, header, body, url, informational, upgraded })
    }

    /// Whether the connection speaks something else from here on.
    fn leaves_http(&self, status: Status) -> bool {
        status == Status::SWITCHING_PROTOCOLS
            || (self.request.method == Method::CONNECT && status.is_success())
    }
}

/// Where the request's body is.
enum Sending {
    /// All of it is out.
    All,
    /// Not begun, until the server asks for it or the patience is over.
    HeldBack { body: Body, patience: Deadline },
    /// A thread sends it.
    UnderWay(Sender),
}

impl Sending {
    fn is_held_back(&self) -> bool {
        matches!(self, Sending::HeldBack { .. })
    }

    fn patience(&self) -> Deadline {
        if let Sending::HeldBack { patience, .. } = self { *patience } else { Deadline::NEVER }
    }

    fn sender(self) -> Option<Sender> {
        match self {
            Sending::UnderWay(sender) => Some(sender),
            _ => None,
        }
    }

    /// What the exchange is at while no head has come.
    fn phase(&mut self) -> Phase {
        let Sending::UnderWay(sender) = self else { return Phase::ResponseHead };
        match sender.done_within(Duration::ZERO) {
            Some(sent) if sent.result.is_ok() => Phase::ResponseHead,
            _ => Phase::Send,
        }
    }

    /// Why the body could not be sent, if that was its own fault and not the connection's.
    fn own_failure(&mut self) -> Option<Broken> {
        let Sending::UnderWay(sender) = self else { return None };
        sender.own_failure().map(Broken::in_the_answer)
    }
}

/// The connection, for whoever speaks another protocol over it; what has been read ahead comes first.
fn halves(exchange: Exchange) -> Option<Halves> {
    let Exchange { mut connection, registration, sender, .. } = exchange;
    drop(registration);
    if let Some(sender) = sender {
        connection.writer = sender.finish().filter(|sent| sent.result.is_ok()).map(|sent| sent.writer);
    }
    if connection.writer.is_none() {
        // It switches in the middle of the request, which it must not (RFC 9110, 7.8), and may read no more of it. The thread that
        // sends the rest would wait for ever.
        connection.interrupter.interrupt();
    }
    // The request is over, and its deadline with it. How long the rest may take is for whoever speaks it.
    connection.set_deadline(Deadline::NEVER);
    connection.writer.map(|writer| -> Halves { (Box::new(connection.reader), writer) })
}
