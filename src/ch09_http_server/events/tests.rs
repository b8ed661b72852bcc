//! Events out and in again.

use super::*;
use std::io::Read;

fn encoded(event: &Event) -> String {
    let mut out = String::new();
    event.encode(&mut out).unwrap();
    out
}

/// Gives one byte per read, as a slow network may.
struct ByteByByte<'a>(&'a [u8]);

impl Read for ByteByByte<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(1).min(buf.len());
        buf[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn events(bytes: &[u8]) -> Vec<Event> {
    let mut whole = EventReader::new(bytes);
    let mut slow = EventReader::new(ByteByByte(bytes));
    let mut found = Vec::new();
    while let Some(event) = whole.next_event().unwrap() {
        assert_eq!(slow.next_event().unwrap().as_ref(), Some(&event));
        found.push(event);
    }
    assert_eq!(slow.next_event().unwrap(), None);
    assert_eq!((whole.last_event_id(), whole.retry()), (slow.last_event_id(), slow.retry()));
    found
}

fn data(bytes: &[u8]) -> Vec<String> {
    events(bytes).into_iter().map(|event| event.data).collect()
}

#[test]
fn an_event_is_its_fields_and_a_blank_line() {
    let mut event = Event::data("one\ntwo").named("count").with_id("7");
    event.retry = Some(Duration::from_secs(3));
    assert_eq!(encoded(&event), "retry: 3000\nid: 7\nevent: count\ndata: one\ndata: two\n\n");
    assert_eq!(encoded(&Event::data("")), "data: \n\n");
}

#[test]
fn every_kind_of_line_end_in_data_is_one_line_end() {
    assert_eq!(
        encoded(&Event::data("a\r\nb\rc\nd\n\re")),
        "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n"
    );
    assert_eq!(encoded(&Event::data("a\n")), "data: a\ndata: \n\n");
}

#[test]
fn data_cannot_become_a_field_and_a_name_with_a_line_end_is_refused() {
    let sneaky = encoded(&Event::data("x\n\nevent: forged\rid: 9"));
    let found = events(sneaky.as_bytes());
    assert_eq!(found, [Event::data("x\n\nevent: forged\nid: 9")]);
    for bad in ["a\nb", "a\rb", "a\0"] {
        let mut out = String::new();
        assert!(matches!(
            Event::data("").named(bad).encode(&mut out),
            Err(EventError::NotALine { field: "event" })
        ));
        assert!(matches!(
            Event::data("").with_id(bad).encode(&mut out),
            Err(EventError::NotALine { field: "id" })
        ));
        assert_eq!(out, "");
    }
}

#[test]
fn what_is_encoded_comes_back() {
    let texts = ["", " ", "  two spaces", "a", "a\nb", "\n", "\n\n", ":", "data: x", "ä€😀", "\u{feff}"];
    let mut stream = String::new();
    for text in texts {
        encode_comment("heart\nbeat", &mut stream);
        Event::data(text).named("n").with_id("i").encode(&mut stream).unwrap();
    }
    let found = events(stream.as_bytes());
    assert_eq!(found.len(), texts.len());
    for (event, text) in found.iter().zip(texts) {
        assert_eq!(*event, Event::data(text).named("n").with_id("i"));
    }
}

/// The examples of the standard's 9.2.6.
#[test]
fn the_examples_of_the_standard_come_out() {
    assert_eq!(data(b"data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
    let stream =
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
    let found = events(stream);
    assert_eq!(found[0], Event::data("first event").with_id("1"));
    assert_eq!(found[1], Event::data("second event"), "an empty id takes the id away");
    assert_eq!(found[2], Event::data(" third event"));
    assert_eq!(data(b"data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
    assert_eq!(data(b"data:test\n\ndata: test\n\n"), ["test", "test"]);
}

#[test]
fn lines_end_in_cr_lf_or_both_and_a_cr_counts_at_once() {
    assert_eq!(data(b"data: a\r\rdata: b\r\n\r\ndata: c\n\n"), ["a", "b", "c"]);
    /// Ends after the CR with an error, as a stream that waits runs into its deadline.
    struct ThenNothing(&'static [u8]);
    impl Read for ThenNothing {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.0.read(buf)
        }
    }
    let mut reader = EventReader::new(ThenNothing(b"data: a\r\r"));
    assert_eq!(reader.next_event().unwrap(), Some(Event::data("a")));
    assert!(matches!(reader.next_event(), Err(EventError::Io(_))));
}

#[test]
fn ids_stay_names_do_not_and_an_event_without_data_is_none() {
    let found = events(b"id: 1\nevent: a\n\ndata: x\n\nevent: b\ndata: y\n\nid: 2\0\ndata: z\n\nid: 3\n\n");
    let expected = [
        Event::data("x").with_id("1"),
        Event::data("y").with_id("1").named("b"),
        Event::data("z").with_id("1"),
    ];
    assert_eq!(found, expected);
    let mut reader = EventReader::new(&b"id: 1\ndata: x\n\nid: 3\n\n"[..]);
    while reader.next_event().unwrap().is_some() {}
    assert_eq!(reader.last_event_id(), "3");
}

#[test]
fn what_the_stream_cuts_short_is_no_event() {
    assert_eq!(data(b"data: a\n\ndata: b\n"), ["a"]);
    assert_eq!(data(b"data: a\n\ndata: b"), ["a"]);
    assert_eq!(data(b""), [""; 0]);
}

#[test]
fn retry_is_digits_and_anything_else_is_ignored() {
    for (value, milliseconds) in
        [("1500", Some(1500)), ("", None), ("-1", None), ("1.5", None), ("99999999999999999999999", None)]
    {
        let stream = format!("retry: {value}\n\n");
        let mut reader = EventReader::new(stream.as_bytes());
        assert_eq!(reader.next_event().unwrap(), None);
        assert_eq!(reader.retry(), milliseconds.map(Duration::from_millis), "{value:?}");
    }
}

#[test]
fn a_byte_order_mark_and_bytes_that_are_no_text_do_no_harm() {
    assert_eq!(data("\u{feff}data: a\n\n".as_bytes()), ["a"]);
    assert_eq!(data(b"data: \xff\n\n"), ["\u{fffd}"]);
    assert_eq!(data(b"unknown: x\n:\n:::\ndata: a\n\n"), ["a"]);
}

#[test]
fn a_line_and_an_event_without_end_are_refused() {
    let limits = Limits { line: 100, event: 50 };
    let mut reader = EventReader::with_limits(io::repeat(b'x'), limits);
    assert!(matches!(reader.next_event(), Err(EventError::LineTooLong { limit: 100 })));
    let endless = b"data\n".repeat(60);
    let mut reader = EventReader::with_limits(&endless[..], limits);
    assert!(matches!(reader.next_event(), Err(EventError::EventTooLong { limit: 50 })));
    let fits = [&b"data: "[..], &[b'x'; 49], b"\n\n"].concat();
    assert!(EventReader::with_limits(&fits[..], limits).next_event().unwrap().is_some());
}

#[test]
fn an_id_counts_when_its_event_is_whole_or_the_event_would_be_lost() {
    let mut reader = EventReader::new(&b"id: 7\ndata: x\n\nid: 8\ndata: y\n"[..]);
    while reader.next_event().unwrap().is_some() {}
    assert_eq!(reader.last_event_id(), "7");
}

#[test]
fn one_byte_order_mark_is_skipped_and_no_more() {
    assert_eq!(data("\u{feff}data: a\n\n".as_bytes()), ["a"]);
    assert_eq!(data("\u{feff}\u{feff}data: a\n\n".as_bytes()), [""; 0]);
}
