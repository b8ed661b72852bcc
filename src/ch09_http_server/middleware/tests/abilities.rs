//! What the inner writer can, a middleware around it can too.

use super::*;
use crate::base::cancel::Cancel;
use crate::base::deadline::Deadline;
use crate::ch08_http_client::header::Header;
use crate::ch09_http_server::handler::{Handler, Hijacked};
use std::fs::File;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

/// A writer that can everything and says what it was asked for.
#[derive(Default)]
struct Able {
    header: Header,
    trailer: Header,
    asked: Vec<String>,
    /// Of a request whose client has gone.
    gone: Option<Cancel>,
}

impl Able {
    fn heard(&mut self, what: &str) -> io::Result<()> {
        self.asked.push(what.to_owned());
        Ok(())
    }
}

impl Write for Able {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.heard("write")?;
        Ok(buf.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.heard("flush")
    }
}

impl ResponseWriter for Able {
    fn header(&mut self) -> &mut Header {
        &mut self.header
    }
    fn write_status(&mut self, status: Status) {
        self.asked.push(status.to_string());
    }
    fn trailer(&mut self) -> &mut Header {
        &mut self.trailer
    }
    fn inform(&mut self, _: Status, _: &Header) -> io::Result<()> {
        self.heard("inform")
    }
    fn write_file(&mut self, _: &mut File, offset: u64, length: u64) -> io::Result<()> {
        self.heard(&format!("file {offset} {length}"))
    }
    fn set_read_deadline(&mut self, _: Deadline) -> io::Result<()> {
        self.heard("read deadline")
    }
    fn set_write_deadline(&mut self, _: Deadline) -> io::Result<()> {
        self.heard("write deadline")
    }
    fn client_has_gone(&mut self) -> bool {
        if let Some(cancel) = &self.gone {
            cancel.cancel();
        }
        self.gone.is_some()
    }
    fn hijack(&mut self) -> io::Result<Hijacked> {
        self.heard("hijack")?;
        Err(io::ErrorKind::AddrInUse.into())
    }
    fn push(&mut self, target: &str, _: &Header) -> io::Result<()> {
        self.heard(&format!("push {target}"))
    }
}

fn uses_everything(takes_over: bool, file: bool) -> SharedHandler {
    handler_fn(move |response, _| {
        response.inform(Status::EARLY_HINTS, &Header::new()).unwrap();
        response.push("/style.css", &Header::new()).unwrap();
        response.set_read_deadline(Deadline::NEVER).unwrap();
        response.set_write_deadline(Deadline::NEVER).unwrap();
        if takes_over {
            assert_eq!(response.hijack().map(|_| ()).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        }
        response.header().set("X-Field", "1");
        response.trailer().set("X-Trailer", "2");
        if file {
            let mut file = File::open(std::env::current_exe().unwrap()).unwrap();
            response.write_file(&mut file, 3, 5).unwrap();
            response.flush().unwrap();
        }
    })
}

fn asked_through(handler: &SharedHandler) -> Vec<String> {
    let mut able = Able::default();
    handler.serve(&mut able, &mut request(Method::GET, "/", ""));
    assert_eq!((able.header.get("X-Field"), able.trailer.get("X-Trailer")), (Some("1"), Some("2")));
    able.asked
}

const ALWAYS: [&str; 4] = ["inform", "push /style.css", "read deadline", "write deadline"];

#[test]
fn the_watching_writer_passes_everything_on() {
    let page = Lines::default();
    let asked = asked_through(&access_log(page.logger(), uses_everything(true, true)));
    assert_eq!(asked[..4], ALWAYS);
    assert_eq!(asked[4..], ["hijack", "file 3 5", "flush"]);
    assert!(page.text().contains("\" 200 5 "), "{}", page.text());
}

#[test]
fn the_compressing_writer_passes_everything_on() {
    let asked = asked_through(&gzip(uses_everything(true, true)));
    assert_eq!(asked[..4], ALWAYS);
    assert_eq!(asked[4..], ["hijack", "200 OK", "file 3 5", "flush"]);
}

#[test]
fn the_limit_carries_what_it_can_to_the_servers_thread() {
    let asked = asked_through(&timeout(Duration::from_secs(60), "", uses_everything(false, false)));
    assert_eq!(asked[..4], ALWAYS);
    assert_eq!(asked[4..], ["200 OK"]);
}

#[test]
fn a_plain_watch_counts_what_was_taken() {
    let mut able = Able::default();
    let mut watch = Watch::new(&mut able);
    assert_eq!((watch.status(), watch.bytes()), (None, 0));
    watch.write_status(Status::EARLY_HINTS);
    assert_eq!(watch.status(), None, "more is to come");
    watch.write_status(Status::CREATED);
    watch.write_all(b"12345").unwrap();
    watch.write_status(Status::GONE);
    assert_eq!((watch.status(), watch.bytes(), watch.hijacked()), (Some(Status::CREATED), 5, false));
    let handler: &dyn Handler = &|_: &mut dyn ResponseWriter, _: &mut Request| {};
    handler.serve(&mut watch, &mut request(Method::GET, "/", ""));
}

#[test]
fn a_client_that_has_gone_is_seen_through_every_middleware_and_ends_the_wait_for_a_handler() {
    let sees = handler_fn(|response, _| assert!(response.client_has_gone()));
    for handler in [gzip(sees.clone()), access_log(Lines::default().logger(), sees)] {
        let mut able = Able { gone: Some(Cancel::new()), ..Able::default() };
        handler.serve(&mut able, &mut request(Method::GET, "/", ""));
    }

    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let waits = handler_fn(move |_, _| assert!(held.lock().unwrap().recv().is_err()));
    let handler = timeout(Duration::from_secs(600), "", waits);
    let mut request = request(Method::GET, "/", "");
    let mut able = Able { gone: Some(request.cancel.clone()), ..Able::default() };
    handler.serve(&mut able, &mut request);
    assert_eq!(able.asked, ["503 Service Unavailable"], "and nothing to read, for nobody reads");
    drop(release);
}
