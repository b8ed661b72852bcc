//! The picture for a terminal.
//!
//! With few parties an arrow carries its words and notes stand beside their lane. With many the lanes move together and the
//! words stand in a column of their own at the right.

use crate::layout::{Conversation, Look, Place, Row, millis};
use crate::paint::{Ink, Line, Paper};
use crate::words::{cut, wrap_most};

/// Columns of the time at the left, and the space after it.
const TIME: usize = 10;
/// A lane narrower than this has no room for words.
const LEAST_PITCH: usize = 24;
/// Columns that narrow lanes leave for the words.
const WORDS: usize = 36;
/// A note longer than this is an essay.
const NOTE_LINES: usize = 4;

/// Draws the conversation, each line ended.
pub fn draw(conversation: &Conversation, paper: &Paper) -> String {
    if conversation.rows.is_empty() {
        return String::new();
    }
    let drawing = Drawing::new(conversation, paper);
    let mut text = drawing.header();
    let mut time_before = String::new();
    for row in &conversation.rows {
        let time = millis(row.at);
        let shown = if time == time_before { "" } else { time.as_str() };
        for (number, mut line) in drawing.row(row).into_iter().enumerate() {
            if number == 0 {
                line.put(TIME - 2 - shown.len().min(TIME - 2), shown, Ink::Faint);
            }
            text.push_str(&line.finish(paper));
            text.push('\n');
        }
        time_before = time;
    }
    text
}

struct Drawing<'a> {
    parties: &'a [String],
    paper: &'a Paper,
    first: usize,
    pitch: usize,
    is_wide: bool,
}

/// The columns from lane to lane. The last lane needs none behind it if it has no notes.
fn wide_pitch(conversation: &Conversation, room: usize) -> usize {
    let lanes = conversation.parties.len();
    let has_notes = conversation.rows.iter().any(|row| row.place == Place::Beside(lanes - 1));
    if lanes < 2 || has_notes {
        return room / lanes;
    }
    let half_a_name = conversation.parties[lanes - 1].chars().count().min(LEAST_PITCH) / 2 + 1;
    (room - half_a_name) / (lanes - 1)
}

impl<'a> Drawing<'a> {
    fn new(conversation: &'a Conversation, paper: &'a Paper) -> Drawing<'a> {
        let parties = &conversation.parties;
        let lanes = parties.len();
        // Half of the first name stands left of its lane.
        let first = TIME + (parties[0].chars().count() / 2).min(6);
        let wide_pitch = wide_pitch(conversation, paper.width - first);
        let is_wide = wide_pitch >= LEAST_PITCH;
        let narrow_pitch = (paper.width.saturating_sub(TIME + 2 + WORDS) / lanes).clamp(4, 16);
        if is_wide {
            Drawing { parties, paper, first, pitch: wide_pitch, is_wide }
        } else {
            Drawing { parties, paper, first: TIME + 1, pitch: narrow_pitch, is_wide }
        }
    }

    fn lane(&self, number: usize) -> usize {
        self.first + number * self.pitch
    }

    /// Where the words of narrow lanes begin, and how many columns they have.
    fn words(&self) -> (usize, usize) {
        let begin = self.lane(self.parties.len() - 1) + 3;
        (begin, self.paper.width.saturating_sub(begin).max(8))
    }

    fn names_fit(&self) -> bool {
        let longest = self.parties.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        self.is_wide || longest < self.pitch
    }

    fn header(&self) -> String {
        let mut text = String::new();
        let mut line = Line::new(self.paper.width);
        line.put(TIME - 4, "ms", Ink::Faint);
        let fits = self.names_fit();
        for (number, name) in self.parties.iter().enumerate() {
            let name = if fits { cut(name, self.pitch - 1) } else { (number + 1).to_string() };
            let length = name.chars().count();
            let left = self.lane(number).saturating_sub(length / 2).max(TIME);
            line.put(left.min(self.paper.width - length), &name, Ink::Strong);
        }
        if !fits {
            text.push_str(&self.legend());
        }
        for line in [line, self.lanes()] {
            text.push_str(&line.finish(self.paper));
            text.push('\n');
        }
        text
    }

    /// Who the numbers are, as many to a line as there is room for; a name is not broken.
    fn legend(&self) -> String {
        let mut lines = vec![String::new()];
        for (number, name) in self.parties.iter().enumerate() {
            let entry = format!("{} {}", number + 1, cut(name, 24));
            let last = lines.len() - 1;
            if lines[last].is_empty() {
                lines[last] = entry;
            } else if TIME + lines[last].chars().count() + 3 + entry.chars().count() <= self.paper.width {
                lines[last] += &format!("   {entry}");
            } else {
                lines.push(entry);
            }
        }
        let mut text = String::new();
        for line in lines {
            text.push_str(&format!("{:TIME$}{line}\n", ""));
        }
        text.push('\n');
        text
    }

    /// A line on which nothing happens.
    fn lanes(&self) -> Line {
        let mut line = Line::new(self.paper.width);
        for number in 0..self.parties.len() {
            line.put(self.lane(number), "│", Ink::Faint);
        }
        line
    }

    fn row(&self, row: &Row) -> Vec<Line> {
        match row.place {
            Place::Between { from, to } if self.is_wide => self.wide_arrow(row, from, to),
            Place::Between { from, to } => self.narrow_arrow(row, from, to),
            Place::Beside(lane) if self.is_wide => self.wide_note(row, lane),
            Place::Beside(lane) => self.narrow_note(row, lane),
            Place::Across => vec![self.gap(row)],
        }
    }

    // --- arrows -----------------------------------------------------------------------------------------------------

    fn arrow(&self, row: &Row, from: usize, to: usize) -> Line {
        let mut line = self.lanes();
        let (left, right) = (self.lane(from.min(to)), self.lane(from.max(to)));
        let stroke = if matches!(row.look, Look::Folded | Look::Broken) { "┄" } else { "─" };
        line.put(left + 1, &stroke.repeat(right - left - 1), ink(row.look));
        for passed in from.min(to) + 1..from.max(to) {
            line.put(self.lane(passed), "┼", ink(row.look));
        }
        let head = match (row.look, from < to) {
            (Look::Broken, _) => "✕",
            (_, true) => "▶",
            (_, false) => "◀",
        };
        line.put(if from < to { right - 1 } else { left + 1 }, head, ink(row.look));
        line
    }

    fn wide_arrow(&self, row: &Row, from: usize, to: usize) -> Vec<Line> {
        let mut line = self.arrow(row, from, to);
        let (left, right) = (self.lane(from.min(to)), self.lane(from.max(to)));
        let room = right - left - 8;
        let mut label = row.label(room);
        let mut meaning = row.meaning();
        let joined = format!("{label} · {meaning}");
        if !meaning.is_empty() && joined.chars().count() <= room {
            label = joined;
            meaning = "";
        }
        let label = format!(" {label} ");
        line.put(left + 1 + (right - left - 1 - label.chars().count()) / 2, &label, ink(row.look));
        let mut lines = vec![line];
        if !meaning.is_empty() {
            let meaning = cut(meaning, room);
            let mut line = self.lanes();
            line.put(left + 1 + (right - left - 1 - meaning.chars().count()) / 2, &meaning, Ink::Plain);
            lines.push(line);
        }
        lines
    }

    fn narrow_arrow(&self, row: &Row, from: usize, to: usize) -> Vec<Line> {
        let (begin, room) = self.words();
        let mut line = self.arrow(row, from, to);
        line.put(begin, &row.label(room), ink(row.look));
        let mut lines = vec![line];
        if !row.meaning().is_empty() {
            let mut line = self.lanes();
            line.put(begin, &cut(row.meaning(), room), Ink::Plain);
            lines.push(line);
        }
        lines
    }

    // --- notes ------------------------------------------------------------------------------------------------------

    /// A note stands right of its lane, over the lanes there if it must; where that is too narrow, left of it.
    fn wide_note(&self, row: &Row, lane: usize) -> Vec<Line> {
        let x = self.lane(lane);
        let own = self.pitch - 3;
        let is_last = lane + 1 == self.parties.len();
        let room_right =
            if is_last { self.paper.width - x - 2 } else { own.max(32).min(self.paper.width - x - 2) };
        let stands_left = room_right < 20;
        let room = if stands_left { x - TIME - 2 } else { room_right };
        let mut lines = Vec::new();
        for (number, words) in wrap_most(&said(row), room, NOTE_LINES).iter().enumerate() {
            let mut line = self.lanes();
            if number == 0 {
                line.put(x, mark(row.look), ink(row.look));
            }
            let begin = if stands_left { x - 1 - words.chars().count() } else { x + 2 };
            line.put(begin, words, ink(row.look));
            lines.push(line);
        }
        lines
    }

    fn narrow_note(&self, row: &Row, lane: usize) -> Vec<Line> {
        let (begin, room) = self.words();
        let mut lines = Vec::new();
        for (number, words) in wrap_most(&said(row), room, NOTE_LINES).iter().enumerate() {
            let mut line = self.lanes();
            if number == 0 {
                line.put(self.lane(lane), mark(row.look), ink(row.look));
            }
            line.put(begin, words, ink(row.look));
            lines.push(line);
        }
        lines
    }

    fn gap(&self, row: &Row) -> Line {
        let mut line = self.lanes();
        for number in 0..self.parties.len() {
            line.put(self.lane(number), "┊", Ink::Faint);
        }
        let begin = if self.is_wide { self.lane(0) + 2 } else { self.words().0 };
        line.put(begin, &format!("… {} …", row.text), Ink::Faint);
        line
    }
}

/// All a row beside its lane has to say.
fn said(row: &Row) -> String {
    let label = row.label(usize::MAX);
    match row.meaning() {
        "" => label,
        meaning => format!("{label} · {meaning}"),
    }
}

fn mark(look: Look) -> &'static str {
    match look {
        Look::TimedOut => "◷",
        Look::Broken => "✕",
        Look::Note => "●",
        _ => "├",
    }
}

fn ink(look: Look) -> Ink {
    match look {
        Look::Connect | Look::Finish => Ink::Good,
        Look::Data => Ink::Data,
        Look::Broken => Ink::Bad,
        Look::TimedOut => Ink::Wait,
        Look::Read | Look::Folded | Look::LeftOut => Ink::Faint,
        Look::Note => Ink::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{a_conversation, connected, meant, note, sent};
    use crate::layout::lay_out;

    fn drawn(events: &[netprog::base::trace::Event], width: usize) -> String {
        draw(&lay_out(events), &Paper { width, has_colour: false })
    }

    #[test]
    fn two_parties_at_eighty_columns() {
        assert_eq!(
            drawn(&a_conversation(), 80),
            r#"      ms  server                           client
             │                                │
     0.0     ● listens on a port the system   │
             │ chose                          │
     1.0     │◀────────── connect ────────────│
     2.0     │◀── "\x02\x00\x00"… 9 bytes ────│
             │        String, 4 bytes         │
     3.0     ├ reads 5 of 9 bytes             │
             ├ reads 4 of 9 bytes             │
     4.0     │─────── "pong\n" 5 bytes ──────▶│
  1005.0     │                                ◷ deadline passed, waiting for
             │                                │ server
  1006.0     │◀──────────── FIN ──────────────│
  1008.0     │┄┄┄┄┄┄ connection broken ┄┄┄┄┄┄✕│
"#
        );
    }

    #[test]
    fn six_parties_stand_close_and_their_words_at_the_right() {
        let mut events = vec![note(0, "listener", "listens")];
        for number in 1..6 {
            events.push(connected(number, &format!("dialler {number}"), "listener"));
        }
        events.push(meant(9, "dialler 2", "dialler 5", b"hello", "a greeting"));
        assert_eq!(
            drawn(&events, 80),
            r#"          1 listener   2 dialler 1   3 dialler 2   4 dialler 3   5 dialler 4
          6 dialler 5

      ms   1    2    3    4    5    6
           │    │    │    │    │    │
     0.0   ●    │    │    │    │    │  listens
     1.0   │◀───│    │    │    │    │  connect
     2.0   │◀───┼────│    │    │    │  connect
     3.0   │◀───┼────┼────│    │    │  connect
     4.0   │◀───┼────┼────┼────│    │  connect
     5.0   │◀───┼────┼────┼────┼────│  connect
     9.0   │    │    │────┼────┼───▶│  "hello" 5 bytes
           │    │    │    │    │    │  a greeting
"#
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_for_one_to_twelve_parties() {
        for parties in 1..=12 {
            let mut events = Vec::new();
            for number in 0..parties {
                let name = format!("party with a long name {number}");
                events.push(note(number, &name, &"a long story ".repeat(30)));
                events.push(sent(number, &name, "party with a long name 0", &[b'x'; 300]));
            }
            for width in [60, 80, 100, 140] {
                for line in drawn(&events, width).lines() {
                    assert!(line.chars().count() <= width, "{parties} parties, {width}: {line}");
                }
            }
        }
    }

    #[test]
    fn hostile_bytes_reach_the_terminal_escaped() {
        let picture = drawn(&[sent(0, "a", "b", b"\x1b[2J"), note(1, "a", "bell \x07")], 80);
        assert!(picture.contains(r#""\x1b[2J""#));
        assert!(!picture.contains('\x1b') && !picture.contains('\x07'));
    }

    #[test]
    fn nothing_happened_is_no_picture() {
        assert_eq!(drawn(&[], 80), "");
    }
}
