//! What the tour's own tests use: events in one line, and a chapter text in small.

use std::time::Duration;

use netprog::base::trace::{Event, Kind};

fn event(millis: u64, kind: Kind, from: &str, to: &str) -> Event {
    Event {
        at: Duration::from_millis(millis),
        chapter: "ch03".into(),
        kind,
        from: from.into(),
        to: to.into(),
        text: String::new(),
        bytes: Vec::new(),
        length: 0,
    }
}

fn moved(millis: u64, kind: Kind, from: &str, to: &str, bytes: &[u8]) -> Event {
    Event { bytes: bytes.to_vec(), length: bytes.len(), ..event(millis, kind, from, to) }
}

pub fn sent(millis: u64, from: &str, to: &str, bytes: &[u8]) -> Event {
    moved(millis, Kind::Sent, from, to, bytes)
}

pub fn meant(millis: u64, from: &str, to: &str, bytes: &[u8], text: &str) -> Event {
    Event { text: text.into(), ..moved(millis, Kind::Sent, from, to, bytes) }
}

pub fn received(millis: u64, from: &str, to: &str, bytes: &[u8]) -> Event {
    moved(millis, Kind::Received, from, to, bytes)
}

pub fn connected(millis: u64, from: &str, to: &str) -> Event {
    event(millis, Kind::Connected, from, to)
}

pub fn accepted(millis: u64, server: &str, client: &str) -> Event {
    event(millis, Kind::Accepted, server, client)
}

pub fn finished(millis: u64, from: &str, to: &str) -> Event {
    event(millis, Kind::Finished, from, to)
}

pub fn end_of_stream(millis: u64, from: &str, to: &str) -> Event {
    event(millis, Kind::EndOfStream, from, to)
}

pub fn broken(millis: u64, from: &str, to: &str) -> Event {
    event(millis, Kind::Broken, from, to)
}

pub fn timed_out(millis: u64, from: &str, to: &str) -> Event {
    event(millis, Kind::TimedOut, from, to)
}

pub fn note(millis: u64, who: &str, text: &str) -> Event {
    Event { text: text.into(), ..event(millis, Kind::Note, who, "") }
}

/// A conversation with one of everything.
pub fn a_conversation() -> Vec<Event> {
    vec![
        note(0, "server", "listens on a port the system chose"),
        connected(1, "client", "server"),
        accepted(1, "server", "client"),
        meant(2, "client", "server", b"\x02\x00\x00\x00\x04ping", "String, 4 bytes"),
        received(3, "client", "server", b"\x02\x00\x00\x00\x04"),
        received(3, "client", "server", b"ping"),
        sent(4, "server", "client", b"pong\n"),
        received(5, "server", "client", b"pong\n"),
        timed_out(1005, "client", "server"),
        finished(1006, "client", "server"),
        end_of_stream(1007, "client", "server"),
        broken(1008, "server", "client"),
    ]
}

/// The text of a chapter without listings.
pub const WITHOUT_LISTINGS: &str = "\
# Chapter 1: Networks

## The map

| row | listing | what | code | test or program |
|---|---|---|---|---|
| 1.1 | – | two nodes | `src/ch01_networks/shapes.rs` `point_to_point` | `tests/ch01.rs` `one_link` |
| 1.2 | – | a chain | `src/ch01_networks/shapes.rs` `daisy_chain` | `tests/ch01.rs` `passes_on`, `divides` |
";

/// A chapter's text in small.
pub const CHAPTER: &str = "\
# Chapter 3: Reliable TCP data streams

## By the end you can

dial, and *stop* dialling.

```text
### 3-99 is no heading here
```

## Listing by listing

### 3-1 A listener on a port the system chooses

Binds port 0 of `127.0.0.1` and asks which port it **got**.

Try: bind port 1 instead. `listing_3_1_port_is_chosen` then fails.

### 3-2 and 3-3 A server and its client

The client reads until `Ok(0)`.

Second paragraph.

## Where we depart from the book

Nowhere.

## The map

| row | listing | what | code | test or program |
|---|---|---|---|---|
| 3.13 | 3-1 | port 0 | `src/ch03_tcp/listen.rs` `bind_any`, `Bound::port` | `tests/ch03.rs` `listing_3_1_port_is_chosen` |
| 3.14 | – | a port is exclusive | std | `src/ch03_tcp/listen.rs` `a_port_is_exclusive` |
| 3.18 | 3-2, 3-3 | a \\| b | `src/ch03_tcp/dial.rs` | `tests/ch03.rs` `listing_3_2_accepts`, `listing_3_3_reads`, `other_test`; `cargo run --bin echo` |
| N2.8 | – | keepalive | left out: no API | – |
";
