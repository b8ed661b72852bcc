//! A limit for a handler: Go's `http.TimeoutHandler`. Listing 9-12.
//!
//! ```text
//! server's thread   start ──── waits ────────────┬─▶ returned in time: sends what it wrote
//!                     │                          └─▶ limit passed: 503; later writes fail
//! handler's thread    └─▶ writes into memory …
//! ```
//! Nothing can stop a thread from outside. After the limit the handler runs on, with `request.cancel` ended and every
//! write failing: one that looks at neither keeps its thread as long as it likes. That is so in Go too, whatever the
//! book's "blocks the handler" suggests.
//!
//! What we left out: the response waits in memory until the handler returns, however long it is. So there is no flushing,
//! no hijacking, and it is not for large files. What needs the connection in the meantime (pushing, 1xx, deadlines) is
//! carried to the server's thread.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::cancel::{Cancel, Cause};
use crate::base::deadline::Deadline;
use crate::base::{thread, trace};
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::handler::{Handler, Request, ResponseWriter, SharedHandler};
use crate::ch09_http_server::testing::Recorder;

/// The name of a handler's thread.
const THREAD_NAME: &str = "ch09-handler";

/// What is sent when no message is given; the words are Go's.
const DEFAULT_PAGE: &str = "<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>";

/// What a handler's writes fail with after its limit, inside an I/O error of kind [`io::ErrorKind::TimedOut`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandlerTimeout;

impl fmt::Display for HandlerTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handler's time is up, and the client has its answer")
    }
}

impl Error for HandlerTimeout {}

/// Gives `next` at most `limit`; then the client gets 503 with `message`, or with a small page if that is empty. The type
/// of the message is the server's to guess, unless a middleware further out has set one.
///
/// If the request is cancelled first (the client has gone), the answer is an empty 503. A panic in the handler goes on in
/// the server's thread.
pub fn timeout(limit: Duration, message: &str, next: SharedHandler) -> SharedHandler {
    let message = if message.is_empty() { DEFAULT_PAGE } else { message };
    Arc::new(Timeout { limit, message: message.to_owned(), next })
}

/// How often the waiting thread looks whether the client is still there.
const LOOK_FOR_CLIENT: Duration = Duration::from_millis(100);

struct Timeout {
    limit: Duration,
    message: String,
    next: SharedHandler,
}

/// What the server's thread is told while it waits.
enum Event {
    HandlerReturned,
    Ended,
    Ask(Question, Sender<io::Result<()>>),
}

type Question = Box<dyn FnOnce(&mut dyn ResponseWriter) -> io::Result<()> + Send>;
type Running = JoinHandle<(Page, Request)>;

impl Handler for Timeout {
    fn serve(&self, response: &mut dyn ResponseWriter, request: &mut Request) {
        let cancel = request.cancel.child_before(Deadline::after(self.limit));
        let (events, heard) = channel();
        let when_ended = events.clone();
        let _registration = cancel.on_end(move |_| {
            // The server's thread may have its answer already.
            let _ = when_ended.send(Event::Ended);
        });
        let outer = request.cancel.clone();
        let has_body = !request.body.is_empty();
        let page = Page::new(response.header().clone(), cancel.clone(), events);
        let Ok(running) = self.start(page, request, &cancel) else {
            return self.answer(response, &self.message);
        };
        if !wait(response, &heard) {
            trace::note(|| "the handler's time is up: 503, and its thread runs on".to_owned());
            if has_body {
                // The handler's thread may be reading the body still: nobody else can find where the next request begins.
                response.header().set("Connection", "close");
            }
            return self.give_up(response, &cancel);
        }
        let (page, returned) = match running.join() {
            Ok(both) => both,
            Err(panic) => resume_unwind(panic),
        };
        *request = returned;
        request.cancel = outer;
        if page.refused.load(Ordering::SeqCst) {
            return self.give_up(response, &cancel);
        }
        page.send(response);
        cancel.cancel();
    }
}

impl Timeout {
    fn start(&self, mut page: Page, request: &mut Request, cancel: &Cancel) -> io::Result<Running> {
        let left_behind =
            Request { target: request.target.clone(), ..Request::new(request.method.clone(), &request.path) };
        let mut taken = std::mem::replace(request, left_behind);
        taken.cancel = cancel.clone();
        let next = Arc::clone(&self.next);
        let done = Done(page.events.clone());
        thread::spawn(THREAD_NAME, move || {
            let done = done;
            next.serve(&mut page, &mut taken);
            drop(done);
            (page, taken)
        })
    }

    fn give_up(&self, response: &mut dyn ResponseWriter, cancel: &Cancel) {
        match cancel.cause() {
            Some(Cause::Cancelled) => self.answer(response, ""),
            _ => self.answer(response, &self.message),
        }
    }

    fn answer(&self, response: &mut dyn ResponseWriter, text: &str) {
        response.write_status(Status::SERVICE_UNAVAILABLE);
        let _ = response.write_all(text.as_bytes());
    }
}

/// Answers what the handler asks for until it has returned or its time is up; whether it has returned.
fn wait(response: &mut dyn ResponseWriter, heard: &Receiver<Event>) -> bool {
    loop {
        match heard.recv_timeout(LOOK_FOR_CLIENT) {
            Ok(Event::Ask(question, answer)) => {
                let _ = answer.send(question(response));
            }
            Ok(Event::HandlerReturned) => return true,
            // If it has gone, its token ends, and the next event says so.
            Err(RecvTimeoutError::Timeout) => {
                let _ = response.client_has_gone();
            }
            // The channel cannot close while the registration holds a sender.
            Ok(Event::Ended) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// Says that the handler has returned, by a panic too.
struct Done(Sender<Event>);

impl Drop for Done {
    fn drop(&mut self) {
        let _ = self.0.send(Event::HandlerReturned);
    }
}

/// The response in memory.
struct Page {
    kept: Recorder,
    cancel: Cancel,
    events: Sender<Event>,
    /// Whether a write failed: then the page has a hole, and the handler was told that it is not sent.
    refused: AtomicBool,
}

impl Page {
    fn new(header: Header, cancel: Cancel, events: Sender<Event>) -> Page {
        let mut kept = Recorder::new();
        *kept.header() = header;
        Page { kept, cancel, events, refused: AtomicBool::new(false) }
    }

    fn check(&self) -> io::Result<()> {
        let Some(cause) = self.cancel.cause() else { return Ok(()) };
        self.refused.store(true, Ordering::SeqCst);
        match cause {
            Cause::DeadlineExceeded => Err(io::Error::new(io::ErrorKind::TimedOut, HandlerTimeout)),
            Cause::Cancelled => Err(cause.into()),
        }
    }

    fn ask(
        &self,
        question: impl FnOnce(&mut dyn ResponseWriter) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        self.check()?;
        let (answer, heard) = channel();
        let _ = self.events.send(Event::Ask(Box::new(question), answer));
        // Nobody answers any more: the time was up just now.
        heard.recv().unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, HandlerTimeout)))
    }

    fn send(self, response: &mut dyn ResponseWriter) {
        let kept = self.kept.into_result();
        *response.header() = kept.header;
        for (name, value) in kept.trailer.iter() {
            response.trailer().add(name, value);
        }
        response.write_status(kept.status);
        if !kept.body.is_empty() {
            let _ = response.write_all(&kept.body);
        }
    }
}

impl Write for Page {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.kept.write(buf)
    }

    /// There is nothing to flush to: `Unsupported`.
    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl ResponseWriter for Page {
    fn header(&mut self) -> &mut Header {
        self.kept.header()
    }

    fn write_status(&mut self, status: Status) {
        if status.is_informational() && status != Status::SWITCHING_PROTOCOLS {
            let header = self.header().clone();
            // The real answer meets the same end.
            let _ = self.inform(status, &header);
        } else if self.check().is_ok() {
            self.kept.write_status(status);
        }
    }

    fn trailer(&mut self) -> &mut Header {
        self.kept.trailer()
    }

    fn inform(&mut self, status: Status, header: &Header) -> io::Result<()> {
        let header = header.clone();
        self.ask(move |response| response.inform(status, &header))
    }

    fn set_read_deadline(&mut self, deadline: Deadline) -> io::Result<()> {
        self.ask(move |response| response.set_read_deadline(deadline))
    }

    fn set_write_deadline(&mut self, deadline: Deadline) -> io::Result<()> {
        self.ask(move |response| response.set_write_deadline(deadline))
    }

    /// The server's thread looks for the client while it waits, and ends the token when it has gone.
    fn client_has_gone(&mut self) -> bool {
        self.cancel.cause() == Some(Cause::Cancelled)
    }

    fn push(&mut self, target: &str, header: &Header) -> io::Result<()> {
        let (target, header) = (target.to_owned(), header.clone());
        self.ask(move |response| response.push(&target, &header))
    }
}
