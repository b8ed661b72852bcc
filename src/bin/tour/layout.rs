//! From events to a picture: who gets a lane, what stands in which row, what is folded. Both renderers ([`crate::draw`] for
//! the terminal, [`crate::svg`] for the pages) draw these rows and decide nothing.

use std::time::Duration;

use netprog::base::show;
use netprog::base::trace::{Event, Kind};

use crate::fold;
use crate::pairing::{self, Fate, Step};
use crate::words::cut;

/// More lanes than this cannot be told apart on a terminal; the last one then stands for all further parties.
pub const MAX_LANES: usize = 12;

/// A conversation, ready to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// A lane per party, in the order of their first appearance.
    pub parties: Vec<String>,
    pub rows: Vec<Row>,
}

/// Where a row is drawn. Numbers are lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Between { from: usize, to: usize },
    Beside(usize),
    Across,
}

/// What a row looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Connect,
    Data,
    Finish,
    Broken,
    TimedOut,
    Read,
    Note,
    /// Stands for rows like its neighbours.
    Folded,
    /// Stands for the middle of a long conversation.
    LeftOut,
}

/// One line of the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Since the first event.
    pub at: Duration,
    pub place: Place,
    pub look: Look,
    /// What moved, as much as the trace kept, and how much it was.
    pub bytes: Vec<u8>,
    pub length: usize,
    /// The note, or the meaning of the bytes.
    pub text: String,
    /// How many alike events the row stands for, and when the last of them happened.
    pub times: usize,
    pub until: Duration,
    /// The lanes whose bytes this row is about: arrows and reads of one flow belong together.
    pub flow: Option<(usize, usize)>,
}

/// Lays out the events of one run.
pub fn lay_out(events: &[Event]) -> Conversation {
    let events = pairing::with_names_for_addresses(events);
    let steps: Vec<Step<'_>> =
        pairing::pair(&events).into_iter().filter(|step| step.fate != Fate::Hidden).collect();
    let mut parties = Vec::new();
    for step in &steps {
        row(step, &mut parties);
    }
    parties = families_together(&parties);
    let mut rows = Vec::new();
    let mut begin = None;
    for step in steps {
        let begin = *begin.get_or_insert(step.at);
        let mut row = row(&step, &mut parties);
        row.at = step.at.saturating_sub(begin);
        row.until = row.at;
        rows.push(row);
    }
    if parties.len() > MAX_LANES {
        let others = parties.len() - (MAX_LANES - 1);
        parties.truncate(MAX_LANES - 1);
        parties.push(format!("{others} others"));
    }
    Conversation { parties, rows: fold::fold(rows) }
}

/// The parties in their order, but `dialler 2` beside `dialler 1`, in the order of their numbers, whoever came first.
fn families_together(parties: &[String]) -> Vec<String> {
    let mut ordered: Vec<String> = Vec::new();
    for party in parties {
        if ordered.contains(party) {
            continue;
        }
        let Some((family, _)) = numbered(party) else {
            ordered.push(party.clone());
            continue;
        };
        let mut members: Vec<&String> =
            parties.iter().filter(|other| numbered(other).is_some_and(|(name, _)| name == family)).collect();
        members.sort_by_key(|member| numbered(member).map(|(_, number)| number));
        ordered.extend(members.into_iter().cloned());
    }
    ordered
}

/// `dialler 3` as family and number.
fn numbered(party: &str) -> Option<(&str, u32)> {
    let (family, number) = party.rsplit_once(' ')?;
    Some((family, number.parse().ok()?))
}

fn lane(parties: &mut Vec<String>, name: &str) -> usize {
    let known = parties.iter().position(|party| party == name);
    let lane = known.unwrap_or_else(|| {
        parties.push(name.to_string());
        parties.len() - 1
    });
    lane.min(MAX_LANES - 1)
}

fn row(step: &Step<'_>, parties: &mut Vec<String>) -> Row {
    let event = step.event;
    let look = look(step);
    let (first, second) = match event.kind {
        // The server tells of it, but it is the client that came.
        Kind::Accepted => (&event.to, &event.from),
        _ => (&event.from, &event.to),
    };
    let from = lane(parties, first);
    let to = if second.is_empty() { from } else { lane(parties, second) };
    let place = match look {
        Look::Read => Place::Beside(to),
        Look::Note | Look::TimedOut => Place::Beside(from),
        // A party that speaks to itself: both ends belong to one thread, or to the lane of the others.
        _ if from == to => Place::Beside(from),
        _ => Place::Between { from, to },
    };
    Row {
        at: step.at,
        place,
        look,
        bytes: event.bytes.clone(),
        length: event.length,
        text: text(step),
        times: 1,
        until: step.at,
        flow: if matches!(look, Look::Data | Look::Read) { Some((from, to)) } else { None },
    }
}

fn look(step: &Step<'_>) -> Look {
    if matches!(step.fate, Fate::Reads(_)) {
        return Look::Read;
    }
    match step.event.kind {
        Kind::Connected | Kind::Accepted => Look::Connect,
        Kind::Sent | Kind::Received => Look::Data,
        Kind::Finished | Kind::EndOfStream => Look::Finish,
        Kind::Broken => Look::Broken,
        Kind::TimedOut => Look::TimedOut,
        Kind::Note => Look::Note,
    }
}

fn text(step: &Step<'_>) -> String {
    let event = step.event;
    match (&step.fate, event.kind) {
        (Fate::Reads(said), _) => said.clone(),
        (_, Kind::TimedOut) if event.to.is_empty() => "deadline passed".to_string(),
        (_, Kind::TimedOut) => format!("deadline passed, waiting for {}", event.to),
        _ => without_controls(&event.text),
    }
}

/// A trace line has none, but a terminal must not depend on that.
fn without_controls(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

// --- what a row says, in the room there is ---------------------------------------------------------------------------

impl Row {
    /// The words on an arrow, in at most `room` characters; without the meaning, which [`Row::meaning`] has.
    pub fn label(&self, room: usize) -> String {
        let times = self.times_text();
        let room_left = room.saturating_sub(times.chars().count());
        let words = match self.look {
            Look::Connect => "connect".to_string(),
            Look::Finish => "FIN".to_string(),
            Look::Broken => "connection broken".to_string(),
            Look::Data => moved(&self.bytes, self.length, room_left),
            _ => self.text.clone(),
        };
        cut(&(cut(&words, room_left) + &times), room)
    }

    /// What a codec said the bytes mean, or what else is known of a drawn event.
    pub fn meaning(&self) -> &str {
        match self.look {
            Look::Connect | Look::Data | Look::Finish | Look::Broken => &self.text,
            _ => "",
        }
    }

    fn times_text(&self) -> String {
        if self.times < 2 {
            return String::new();
        }
        let until = millis(self.until);
        if until == millis(self.at) {
            format!(" ×{}", self.times)
        } else {
            format!(" ×{} until {until} ms", self.times)
        }
    }
}

/// Milliseconds with one decimal, as the time column shows them.
pub fn millis(at: Duration) -> String {
    format!("{:.1}", at.as_secs_f64() * 1000.0)
}

/// The bytes and how many they are, in at most `room` characters where that is possible.
fn moved(bytes: &[u8], length: usize, room: usize) -> String {
    let count = size(length);
    let mut most = bytes.len();
    while most > 0 {
        let mut shown = show::escaped(&bytes[..most], most);
        if most < length {
            shown.push('…');
        }
        if shown.chars().count() + 1 + count.chars().count() <= room {
            return format!("{shown} {count}");
        }
        most -= 1;
    }
    count
}

/// A number of bytes for people: exact while it is short.
pub fn size(bytes: usize) -> String {
    const KIB: usize = 1024;
    const MIB: usize = 1024 * 1024;
    match bytes {
        1 => "1 byte".to_string(),
        n if n >= MIB && n % MIB == 0 => format!("{} MiB", n / MIB),
        n if n >= MIB => format!("{:.1} MiB", n as f64 / MIB as f64),
        n if n >= 8 * KIB && n % KIB == 0 => format!("{} KiB", n / KIB),
        n if n >= 16 * KIB => format!("{:.1} KiB", n as f64 / KIB as f64),
        n => format!("{n} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{a_conversation, accepted, note, sent};

    #[test]
    fn numbered_parties_stand_side_by_side_in_the_order_of_their_numbers() {
        let names = ["dialler 10", "server", "dialler 2", "dialler 1", "client"].map(String::from);
        let ordered = families_together(&names);
        assert_eq!(ordered, ["dialler 1", "dialler 2", "dialler 10", "server", "client"]);
    }

    #[test]
    fn lanes_stand_in_the_order_of_first_appearance() {
        let conversation = lay_out(&a_conversation());
        assert_eq!(conversation.parties, ["server", "client"]);
    }

    #[test]
    fn each_thing_is_shown_once() {
        let conversation = lay_out(&a_conversation());
        let mut looks = Vec::new();
        for row in &conversation.rows {
            looks.push(row.look);
        }
        use Look::*;
        assert_eq!(looks, [Note, Connect, Data, Read, Read, Data, TimedOut, Finish, Broken]);
    }

    #[test]
    fn an_accepted_stranger_comes_from_his_own_lane() {
        let conversation = lay_out(&[accepted(0, "server", "127.0.0.1:4000")]);
        assert_eq!(conversation.parties, ["127.0.0.1:4000", "server"]);
        assert_eq!(conversation.rows[0].place, Place::Between { from: 0, to: 1 });
    }

    #[test]
    fn a_party_that_writes_to_itself_gets_no_arrow() {
        let conversation = lay_out(&[sent(0, "a", "a", b"x")]);
        assert_eq!(conversation.rows[0].place, Place::Beside(0));
    }

    #[test]
    fn the_thirteenth_party_shares_a_lane() {
        let mut events = Vec::new();
        for number in 0..14 {
            events.push(note(number, &format!("party {number}"), "here"));
        }
        let conversation = lay_out(&events);
        assert_eq!(conversation.parties.len(), 12);
        assert_eq!(conversation.parties[11], "3 others");
        assert_eq!(conversation.rows[13].place, Place::Beside(11));
    }

    #[test]
    fn bytes_are_cut_between_escapes_and_keep_their_count() {
        let row = &lay_out(&[sent(0, "a", "b", b"\x00\x01\x02\x03")]).rows[0];
        assert_eq!(row.label(40), r#""\x00\x01\x02\x03" 4 bytes"#);
        assert_eq!(row.label(20), r#""\x00\x01"… 4 bytes"#);
        assert_eq!(row.label(8), "4 bytes");
        assert_eq!(row.label(3), "4 …");
    }

    #[test]
    fn sizes_are_exact_while_they_are_short() {
        let sizes = [1, 0, 54, 9000, 524_288, 524_289, 16 << 20, (1 << 20) + 1].map(size);
        assert_eq!(
            sizes,
            ["1 byte", "0 bytes", "54 bytes", "9000 bytes", "512 KiB", "512.0 KiB", "16 MiB", "1.0 MiB"]
        );
    }
}
