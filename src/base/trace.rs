//! What happened on the wire, one event at a time: for the terminal and for the tour's pictures.
//!
//! Connections report what they send and receive, servers what they accept, chapter code what it decided. With tracing
//! off an event costs one relaxed load.
//!
//! * `NETPROG_TRACE=ch03,ch04` (or `all`) prints a line per event on standard error.
//! * `NETPROG_TRACE_FILE=path` appends every event to a file, a line each, in the form of [`Event::to_line`]. The tour
//!   runs a listing's test with it and draws the file.
//!
//! An event happens between *parties*. A thread says who it is with [`party`]; connections made by that thread then speak
//! under that name, and threads it spawns inherit it. Without a name a party is its socket address.

mod event;

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

pub use event::{Event, Kind, MAX_EVENT_BYTES};

// --- on or off ------------------------------------------------------------------------------------------------------

const UNKNOWN: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);

/// Whether anyone wants events. One relaxed load once it is known.
#[inline]
pub fn is_on() -> bool {
    match STATE.load(Ordering::Relaxed) {
        OFF => false,
        ON => true,
        _ => start(),
    }
}

struct Sink {
    begin: Instant,
    chapters: Vec<String>,
    file: Option<std::fs::File>,
    capture: Option<Vec<Event>>,
}

static SINK: OnceLock<Mutex<Sink>> = OnceLock::new();

fn sink() -> &'static Mutex<Sink> {
    SINK.get_or_init(|| {
        let wanted = std::env::var("NETPROG_TRACE").unwrap_or_default();
        let mut chapters = Vec::new();
        for name in wanted.split(',') {
            if !name.trim().is_empty() {
                chapters.push(name.trim().to_string());
            }
        }
        let file = std::env::var_os("NETPROG_TRACE_FILE")
            .and_then(|path| std::fs::OpenOptions::new().create(true).append(true).open(path).ok());
        Mutex::new(Sink { begin: Instant::now(), chapters, file, capture: None })
    })
}

#[cold]
fn start() -> bool {
    let sink = sink().lock().unwrap_or_else(PoisonError::into_inner);
    let on = !sink.chapters.is_empty() || sink.file.is_some() || sink.capture.is_some();
    STATE.store(if on { ON } else { OFF }, Ordering::Relaxed);
    on
}

fn emit(kind: Kind, from: String, to: String, text: String, bytes: &[u8]) {
    let chapter = chapter_here();
    let mut sink = sink().lock().unwrap_or_else(PoisonError::into_inner);
    let kept = bytes[..bytes.len().min(MAX_EVENT_BYTES)].to_vec();
    let event =
        Event { at: sink.begin.elapsed(), chapter, kind, from, to, text, bytes: kept, length: bytes.len() };
    if sink.chapters.iter().any(|wanted| wanted == "all" || *wanted == event.chapter) {
        // A closed standard error must not stop the traffic that is being watched.
        let _ = writeln!(std::io::stderr().lock(), "{event}");
    }
    if let Some(file) = &mut sink.file {
        let _ = file.write_all(format!("{}\n", event.to_line()).as_bytes());
    }
    if let Some(events) = &mut sink.capture {
        events.push(event);
    }
}

// --- who is who -----------------------------------------------------------------------------------------------------

thread_local! {
    static PARTY: RefCell<Option<String>> = const { RefCell::new(None) };
    static CHAPTER: RefCell<Option<String>> = const { RefCell::new(None) };
    static MEANING: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn names() -> &'static Mutex<HashMap<String, String>> {
    static NAMES: OnceLock<Mutex<HashMap<String, String>>> = OnceLock::new();
    NAMES.get_or_init(|| Mutex::new(HashMap::new()))
}

/// Says who this thread is until the guard is dropped: `let _me = trace::party("client");`.
#[must_use = "the name lasts as long as the guard"]
pub fn party(name: &str) -> PartyGuard {
    let before = PARTY.with(|party| party.replace(Some(name.to_string())));
    PartyGuard { before }
}

/// Restores the thread's earlier name when dropped.
#[derive(Debug)]
pub struct PartyGuard {
    before: Option<String>,
}

impl Drop for PartyGuard {
    fn drop(&mut self) {
        PARTY.with(|party| party.replace(self.before.take()));
    }
}

/// Who this thread is, if it said so.
pub fn current_party() -> Option<String> {
    PARTY.with(|party| party.borrow().clone())
}

/// Sets the chapter under which this thread's events are filed (`ch03`). Threads it spawns inherit it.
pub fn chapter(name: &str) {
    CHAPTER.with(|chapter| chapter.replace(Some(name.to_string())));
}

fn chapter_here() -> String {
    CHAPTER.with(|chapter| chapter.borrow().clone()).unwrap_or_else(|| "base".to_string())
}

/// What a spawned thread must be told of its parent: who it is and in which chapter.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    party: Option<String>,
    chapter: Option<String>,
}

impl Identity {
    /// The identity of this thread.
    pub fn here() -> Identity {
        Identity { party: current_party(), chapter: CHAPTER.with(|chapter| chapter.borrow().clone()) }
    }

    /// Makes this thread go by the identity.
    pub fn adopt(self) {
        PARTY.with(|party| party.replace(self.party));
        CHAPTER.with(|chapter| chapter.replace(self.chapter));
    }
}

/// Gives the party at `address` a name. A connection does it for its own end when its thread has a name.
pub fn name(address: &str, name: &str) {
    if is_on() {
        names().lock().unwrap_or_else(PoisonError::into_inner).insert(address.to_string(), name.to_string());
    }
}

/// Gives `address` this thread's name, if it has one and the address has none.
pub fn name_mine(address: &str) {
    if !is_on() {
        return;
    }
    if let Some(mine) = current_party() {
        let mut names = names().lock().unwrap_or_else(PoisonError::into_inner);
        names.entry(address.to_string()).or_insert(mine);
    }
}

/// The name of the party at `address`, or the address itself.
pub fn name_of(address: &str) -> String {
    let names = names().lock().unwrap_or_else(PoisonError::into_inner);
    names.get(address).cloned().unwrap_or_else(|| address.to_string())
}

// --- events ---------------------------------------------------------------------------------------------------------

/// Something this thread did or decided by itself. The closure runs only when tracing is on.
pub fn note(text: impl FnOnce() -> String) {
    if is_on() {
        let me = current_party()
            .unwrap_or_else(|| std::thread::current().name().unwrap_or("somebody").to_string());
        emit(Kind::Note, me, String::new(), text(), &[]);
    }
}

/// A note of the party `who`, for code that stands for several parties in one thread (a simulation).
pub fn note_of(who: &str, text: impl FnOnce() -> String) {
    if is_on() {
        emit(Kind::Note, who.to_string(), String::new(), text(), &[]);
    }
}

/// The meaning of what this thread sends next: a codec knows it, a connection does not.
pub fn meaning(text: impl FnOnce() -> String) {
    if is_on() {
        MEANING.with(|meaning| meaning.replace(Some(text())));
    }
}

/// An event between two addresses or names. `bytes` is what moved.
pub fn between(kind: Kind, from: &str, to: &str, bytes: &[u8]) {
    if is_on() {
        let text = match kind {
            Kind::Sent => MEANING.with(RefCell::take).unwrap_or_default(),
            _ => String::new(),
        };
        emit(kind, name_of(from), name_of(to), text, bytes);
    }
}

/// An event between two addresses or names with a text of its own.
pub fn between_with(kind: Kind, from: &str, to: &str, bytes: &[u8], text: impl FnOnce() -> String) {
    if is_on() {
        emit(kind, name_of(from), name_of(to), text(), bytes);
    }
}

/// Keeps every event of the process from now on, for a test that looks at them with [`captured`].
pub fn capture() {
    let mut sink = sink().lock().unwrap_or_else(PoisonError::into_inner);
    sink.capture.get_or_insert_with(Vec::new);
    STATE.store(ON, Ordering::Relaxed);
}

/// What [`capture`] has kept so far. Tests share the process: look only at events of your own parties.
pub fn captured() -> Vec<Event> {
    let sink = sink().lock().unwrap_or_else(PoisonError::into_inner);
    sink.capture.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_names_its_thread_until_the_guard_is_dropped() {
        assert_eq!(current_party(), None);
        {
            let _me = party("outer");
            {
                let _inner = party("inner");
                assert_eq!(current_party().as_deref(), Some("inner"));
            }
            assert_eq!(current_party().as_deref(), Some("outer"));
        }
        assert_eq!(current_party(), None);
    }

    #[test]
    fn a_captured_event_carries_names_meaning_and_bytes() {
        capture();
        name("127.0.0.1:65001", "trace-test-server");
        chapter("ch03");
        meaning(|| "a greeting".into());
        between(Kind::Sent, "trace-test-client", "127.0.0.1:65001", b"hello");
        let mine: Vec<Event> = captured().into_iter().filter(|e| e.from == "trace-test-client").collect();
        assert_eq!(mine.len(), 1);
        assert_eq!((mine[0].to.as_str(), mine[0].text.as_str()), ("trace-test-server", "a greeting"));
        assert_eq!((mine[0].chapter.as_str(), mine[0].bytes.as_slice()), ("ch03", b"hello".as_slice()));
    }
}
