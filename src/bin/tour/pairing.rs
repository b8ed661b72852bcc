//! Which events tell of the same thing: a message as its sender and as its reader saw it, a connection as its dialler and as
//! its listener saw it. The picture shows such a thing once.
//!
//! An event is written down after its system call returned. A reader on another thread may therefore be on record before
//! the writer it read from; the order given here puts the cause first again.

use std::collections::HashMap;
use std::time::Duration;

use netprog::base::trace::{Event, Kind};

use crate::layout::size;

/// What becomes of an event in the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is drawn as it is.
    Drawn,
    /// Another event shows it already.
    Hidden,
    /// A read that did not take exactly one message: what to say of it.
    Reads(String),
}

/// An event with its place in the picture.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    pub event: &'a Event,
    pub fate: Fate,
    /// When it happened: for a message no later than its first read.
    pub at: Duration,
    /// Position in the picture: the record's, corrected for causes that were recorded late.
    order: (usize, usize),
}

/// The steps in the order in which to draw them.
pub fn pair(events: &[Event]) -> Vec<Step<'_>> {
    let mut steps = Vec::with_capacity(events.len());
    for (index, event) in events.iter().enumerate() {
        let after_its_cause = usize::from(matches!(event.kind, Kind::Received | Kind::Accepted));
        steps.push(Step { event, fate: Fate::Drawn, at: event.at, order: (index, after_its_cause) });
    }
    pair_messages(&mut steps);
    pair_connections(&mut steps);
    pair_ends(&mut steps);
    steps.sort_by_key(|step| step.order);
    steps
}

/// Moves `cause` before `effect` if it was recorded after it.
fn put_before(steps: &mut [Step<'_>], cause: usize, effect: usize) {
    let (effect_order, effect_at) = (steps[effect].order.0, steps[effect].at);
    let cause = &mut steps[cause];
    cause.order.0 = cause.order.0.min(effect_order);
    cause.at = cause.at.min(effect_at);
}

// --- messages -------------------------------------------------------------------------------------------------------

/// A message on its way: the step of its sending, and how much of it has been read.
struct Outstanding {
    step: usize,
    read: usize,
}

fn pair_messages(steps: &mut [Step<'_>]) {
    let mut flows: HashMap<(String, String), (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (index, step) in steps.iter().enumerate() {
        let key = (step.event.from.clone(), step.event.to.clone());
        match step.event.kind {
            Kind::Sent if step.event.length > 0 => flows.entry(key).or_default().0.push(index),
            Kind::Received if step.event.length > 0 => flows.entry(key).or_default().1.push(index),
            _ => {}
        }
    }
    for (sent, received) in flows.into_values() {
        let mut outstanding = Vec::new();
        for step in sent {
            outstanding.push(Outstanding { step, read: 0 });
        }
        for reading in received {
            if let Some(first) = where_it_was_sent(steps, &outstanding, reading) {
                steps[reading].fate = take(steps, &mut outstanding, first, reading);
            }
        }
    }
}

/// The outstanding message at which this read may have begun. Two connections between the same two parties share a flow,
/// so the oldest message need not be the one; a message of exactly these bytes is the better guess.
fn where_it_was_sent(steps: &[Step<'_>], outstanding: &[Outstanding], reading: usize) -> Option<usize> {
    let received = steps[reading].event;
    let begins = |position: &usize| {
        let message = &outstanding[*position];
        let sent = &steps[message.step].event.bytes;
        let rest = &sent[message.read.min(sent.len())..];
        let known = rest.len().min(received.bytes.len());
        rest[..known] == received.bytes[..known]
    };
    let is_exact = |position: &usize| {
        let message = &outstanding[*position];
        message.read == 0 && steps[message.step].event.length == received.length && begins(position)
    };
    if !outstanding.is_empty() && begins(&0) {
        return Some(0);
    }
    (0..outstanding.len()).find(is_exact).or_else(|| (0..outstanding.len()).find(begins))
}

fn take(steps: &mut [Step<'_>], outstanding: &mut Vec<Outstanding>, first: usize, reading: usize) -> Fate {
    let wanted = steps[reading].event.length;
    let (mut left, mut messages, mut whole) = (wanted, 0, true);
    let length_of_first = steps[outstanding[first].step].event.length;
    while left > 0 && first < outstanding.len() {
        let message = &mut outstanding[first];
        let length = steps[message.step].event.length;
        let part = left.min(length - message.read);
        whole = whole && message.read == 0 && part == length;
        message.read += part;
        left -= part;
        messages += 1;
        let (step, is_done) = (message.step, message.read == length);
        put_before(steps, step, reading);
        if is_done {
            outstanding.remove(first);
        }
    }
    match (messages, whole) {
        (1, true) if left == 0 => Fate::Hidden,
        (1, _) => Fate::Reads(part_of(wanted, length_of_first)),
        (_, true) => Fate::Reads(format!("reads {}: {messages} messages at once", size(wanted))),
        (_, false) => Fate::Reads(format!("reads {} from {messages} messages", size(wanted))),
    }
}

fn part_of(part: usize, whole: usize) -> String {
    let (part_size, whole_size) = (size(part), size(whole));
    // "5 of 12 bytes" where both are plain numbers.
    if whole_size.ends_with(" bytes") {
        format!("reads {part} of {whole_size}")
    } else {
        format!("reads {part_size} of {whole_size}")
    }
}

// --- connections and their ends -------------------------------------------------------------------------------------

fn pair_connections(steps: &mut [Step<'_>]) {
    let mut dialled: HashMap<(String, String), Vec<usize>> = HashMap::new();
    for (index, step) in steps.iter().enumerate().rev() {
        if step.event.kind == Kind::Connected {
            dialled.entry((step.event.from.clone(), step.event.to.clone())).or_default().push(index);
        }
    }
    for accepted in 0..steps.len() {
        let event = steps[accepted].event;
        if event.kind != Kind::Accepted {
            continue;
        }
        let waiting = dialled.get_mut(&(event.to.clone(), event.from.clone()));
        if let Some(connected) = waiting.and_then(Vec::pop) {
            steps[accepted].fate = Fate::Hidden;
            put_before(steps, connected, accepted);
        }
    }
}

/// What is known of one direction between two parties.
#[derive(Default)]
struct Direction {
    finishes_not_yet_read: usize,
    is_at_end: bool,
}

/// The end of a stream is shown where it was sent, or, when the sender just dropped its connection, where it was read.
fn pair_ends(steps: &mut [Step<'_>]) {
    let mut directions: HashMap<(&str, &str), Direction> = HashMap::new();
    for step in steps {
        let (from, to) = (step.event.from.as_str(), step.event.to.as_str());
        let direction = directions.entry((from, to)).or_default();
        match step.event.kind {
            Kind::Finished => direction.finishes_not_yet_read += 1,
            Kind::EndOfStream => {
                let was_drawn = direction.finishes_not_yet_read > 0 || direction.is_at_end;
                direction.finishes_not_yet_read = direction.finishes_not_yet_read.saturating_sub(1);
                direction.is_at_end = true;
                if was_drawn {
                    step.fate = Fate::Hidden;
                }
            }
            // The same two parties on a new connection.
            Kind::Sent | Kind::Connected => direction.is_at_end = false,
            Kind::Accepted => directions.entry((to, from)).or_default().is_at_end = false,
            _ => {}
        }
    }
}

// --- names ----------------------------------------------------------------------------------------------------------

/// A server may accept before the dialler has told the trace who it is, and then knows it by its address alone. Such an
/// address gets the name of the dialler of that server nobody has accepted yet.
pub fn with_names_for_addresses(events: &[Event]) -> Vec<Event> {
    let mut names: HashMap<String, String> = HashMap::new();
    let mut unaccepted: Vec<(&str, &str)> = Vec::new();
    for event in events {
        if event.kind == Kind::Connected {
            unaccepted.push((&event.from, &event.to));
        }
    }
    for event in events {
        if event.kind == Kind::Accepted {
            let known = (event.to.as_str(), event.from.as_str());
            if let Some(position) = unaccepted.iter().position(|dialled| *dialled == known) {
                unaccepted.remove(position);
            }
        }
    }
    for event in events {
        if event.kind == Kind::Accepted && is_socket_address(&event.to) && !names.contains_key(&event.to) {
            if let Some(position) = unaccepted.iter().position(|(_, server)| *server == event.from) {
                names.insert(event.to.clone(), unaccepted.remove(position).0.to_string());
            }
        }
    }
    let mut renamed = events.to_vec();
    for event in &mut renamed {
        for party in [&mut event.from, &mut event.to] {
            if let Some(name) = names.get(party) {
                *party = name.clone();
            }
        }
    }
    renamed
}

fn is_socket_address(name: &str) -> bool {
    name.parse::<std::net::SocketAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{accepted, connected, end_of_stream, finished, received, sent};

    fn fates(events: &[Event]) -> Vec<(Kind, Fate)> {
        let mut fates = Vec::new();
        for step in pair(events) {
            fates.push((step.event.kind, step.fate));
        }
        fates
    }

    #[test]
    fn a_read_of_exactly_one_message_is_not_shown_again() {
        let events = [sent(0, "a", "b", b"ping"), received(1, "a", "b", b"ping")];
        assert_eq!(fates(&events), [(Kind::Sent, Fate::Drawn), (Kind::Received, Fate::Hidden)]);
    }

    #[test]
    fn a_message_recorded_after_its_read_is_put_before_it() {
        let events = [received(5, "a", "b", b"ping"), sent(6, "b", "a", b"pong"), sent(9, "a", "b", b"ping")];
        let steps = pair(&events);
        assert_eq!((steps[0].event.kind, steps[0].event.from.as_str()), (Kind::Sent, "a"));
        assert_eq!(steps[0].at, Duration::from_millis(5));
        assert_eq!(steps[1].fate, Fate::Hidden);
        assert_eq!(steps[2].event.from, "b");
    }

    #[test]
    fn a_message_read_in_two_parts_says_so_twice() {
        let events = [
            sent(0, "a", "b", b"hello, world"),
            received(1, "a", "b", b"hello"),
            received(2, "a", "b", b", world"),
        ];
        assert_eq!(fates(&events)[1].1, Fate::Reads("reads 5 of 12 bytes".into()));
        assert_eq!(fates(&events)[2].1, Fate::Reads("reads 7 of 12 bytes".into()));
    }

    #[test]
    fn two_messages_read_at_once_say_so() {
        let events = [sent(0, "a", "b", b"one"), sent(1, "a", "b", b"two"), received(2, "a", "b", b"onetwo")];
        assert_eq!(fates(&events)[2].1, Fate::Reads("reads 6 bytes: 2 messages at once".into()));
        let events = [sent(0, "a", "b", b"one"), sent(1, "a", "b", b"two"), received(2, "a", "b", b"onet")];
        assert_eq!(fates(&events)[2].1, Fate::Reads("reads 4 bytes from 2 messages".into()));
    }

    #[test]
    fn bytes_nobody_here_sent_are_drawn_where_they_are_read() {
        let events = [received(0, "a", "b", b"from afar"), sent(1, "a", "b", b"something else")];
        assert_eq!(fates(&events)[0], (Kind::Received, Fate::Drawn));
        let wrong_direction = [sent(0, "b", "a", b"ping"), received(1, "a", "b", b"ping")];
        assert_eq!(fates(&wrong_direction)[1].1, Fate::Drawn);
    }

    #[test]
    fn a_message_that_was_never_read_does_not_hide_the_next() {
        let events = [sent(0, "a", "b", b"lost"), sent(1, "a", "b", b"ping"), received(2, "a", "b", b"ping")];
        assert_eq!(fates(&events)[2].1, Fate::Hidden);
    }

    #[test]
    fn an_accepted_connection_is_the_one_that_was_dialled() {
        let events = [accepted(0, "server", "client"), connected(1, "client", "server")];
        assert_eq!(fates(&events), [(Kind::Connected, Fate::Drawn), (Kind::Accepted, Fate::Hidden)]);
        let elsewhere = [accepted(0, "server", "client")];
        assert_eq!(fates(&elsewhere), [(Kind::Accepted, Fate::Drawn)]);
    }

    #[test]
    fn the_end_of_a_stream_is_shown_once() {
        let events = [finished(0, "a", "b"), end_of_stream(1, "a", "b"), end_of_stream(2, "a", "b")];
        assert_eq!(fates(&events)[1].1, Fate::Hidden);
        assert_eq!(fates(&events)[2].1, Fate::Hidden);
        let dropped = [end_of_stream(1, "a", "b"), end_of_stream(2, "a", "b")];
        assert_eq!(fates(&dropped)[0].1, Fate::Drawn);
        assert_eq!(fates(&dropped)[1].1, Fate::Hidden);
        let late_accept = [finished(0, "a", "b"), accepted(1, "b", "a"), end_of_stream(2, "a", "b")];
        assert_eq!(fates(&late_accept)[2].1, Fate::Hidden);
    }

    #[test]
    fn an_address_that_dialled_gets_the_name_of_the_dialler() {
        let events = [
            accepted(0, "server", "127.0.0.1:40312"),
            connected(1, "client", "server"),
            sent(2, "server", "127.0.0.1:40312", b"hello"),
        ];
        let named = with_names_for_addresses(&events);
        assert_eq!((named[0].to.as_str(), named[2].to.as_str()), ("client", "client"));
        let stranger = with_names_for_addresses(&events[..1]);
        assert_eq!(stranger[0].to, "127.0.0.1:40312");
    }
}
