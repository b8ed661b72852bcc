//! The picture for a page. Colours come from the page's style sheet by class, so that light and dark are one picture.

use std::fmt::Write;

use crate::layout::{Conversation, Look, Place, Row, millis};
use crate::markdown::escape;
use crate::words::{cut, is_figure, wrap_most};

/// Width of a letter of the picture's fonts, in pixels; a little more than most have.
const LETTER: usize = 7;
const TIME_WIDTH: usize = 64;
const HEADER: usize = 56;
const LINE: usize = 17;
/// A note is not narrower than this, even where the lanes are.
const NOTE_WIDTH: usize = 210;
const NOTE_LINES: usize = 5;

/// Draws the conversation; empty if nothing happened. `title` is what a screen reader says.
pub fn svg(conversation: &Conversation, title: &str) -> String {
    if conversation.rows.is_empty() {
        return String::new();
    }
    let sheet = Sheet::new(conversation);
    let mut body = String::new();
    let mut y = HEADER + 14;
    let mut time_before = String::new();
    for row in &conversation.rows {
        let time = millis(row.at);
        let (piece, height) = sheet.row(row, y);
        if time != time_before {
            text(&mut body, "time", TIME_WIDTH - 18, sheet.baseline(row, y), "end", &time);
        }
        body.push_str(&piece);
        y += height;
        time_before = time;
    }
    let (width, height) = (sheet.width(), y + 10);
    let title = escape(title);
    format!(
        "<svg class=\"talk\" role=\"img\" aria-label=\"{title}\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n{}{body}</svg>\n",
        sheet.lanes(height - 6)
    )
}

struct Sheet<'a> {
    parties: &'a [String],
    pitch: usize,
    last_has_notes: bool,
    /// A figure is not broken into lines, so the sheet is as wide as the widest.
    figure_width: usize,
}

impl<'a> Sheet<'a> {
    fn new(conversation: &'a Conversation) -> Sheet<'a> {
        let parties = conversation.parties.as_slice();
        let last = parties.len() - 1;
        let last_has_notes = conversation.rows.iter().any(|row| row.place == Place::Beside(last));
        let pitch = match parties.len() {
            1 => 480,
            2 => 340,
            3 => 280,
            4 | 5 => 200,
            6 | 7 => 120,
            _ => 104,
        };
        let mut figure_width = 0;
        for row in &conversation.rows {
            if is_figure(&row.text) {
                figure_width = figure_width.max(row.text.chars().count() * LETTER + 40);
            }
        }
        Sheet { parties, pitch, last_has_notes, figure_width }
    }

    fn lane(&self, number: usize) -> usize {
        TIME_WIDTH + (self.name(0).1 / 2 + 6).max(50) + number * self.pitch
    }

    fn width(&self) -> usize {
        let last = self.parties.len() - 1;
        let behind = if self.last_has_notes { self.pitch.max(NOTE_WIDTH + 20) } else { 70 };
        self.lane(last) + behind.max(self.name(last).1 / 2 + 6).max(self.figure_width)
    }

    /// A party's name as far as its box has room, and the width of the box.
    fn name(&self, number: usize) -> (String, usize) {
        let shown = cut(&self.parties[number], (self.pitch - 34) / LETTER);
        let width = (shown.chars().count() * LETTER + 26).max(64);
        (shown, width)
    }

    fn lanes(&self, bottom: usize) -> String {
        let mut svg = String::new();
        text(&mut svg, "time", TIME_WIDTH - 18, 31, "end", "ms");
        for (number, name) in self.parties.iter().enumerate() {
            let x = self.lane(number);
            let (shown, width) = self.name(number);
            line(&mut svg, "lane", (x, 42), (x, bottom));
            let _ = writeln!(
                svg,
                "<g><title>{}</title><rect class=\"party\" x=\"{}\" y=\"12\" width=\"{width}\" height=\"30\" rx=\"6\"/></g>",
                escape(name),
                x - width / 2
            );
            text(&mut svg, "name", x, 32, "middle", &shown);
        }
        svg
    }

    /// Where the words of a row's first line stand.
    fn baseline(&self, row: &Row, y: usize) -> usize {
        match row.place {
            Place::Between { .. } => y + 22,
            _ => y + 18,
        }
    }

    /// The row at `y`, and how high it is.
    fn row(&self, row: &Row, y: usize) -> (String, usize) {
        match row.place {
            Place::Between { from, to } => self.arrow(row, from, to, y),
            Place::Beside(lane) => self.note(row, lane, y),
            Place::Across => self.gap(row, y),
        }
    }

    fn arrow(&self, row: &Row, from: usize, to: usize, y: usize) -> (String, usize) {
        let mut svg = String::new();
        let (start, end) = (self.lane(from), self.lane(to));
        let middle = usize::midpoint(start, end);
        let room = (start.abs_diff(end) - 24) / LETTER;
        // Words wider than their arrow stand over the neighbouring lanes; a pixel border keeps them readable.
        let room = room.max(NOTE_WIDTH / LETTER / 2);
        let class = class(row.look);
        let stroke = y + 20;
        text(&mut svg, &format!("label {class}"), middle, stroke - 6, "middle", &row.label(room));
        let (tip, back) = if start < end { (end - 1, end - 10) } else { (end + 1, end + 10) };
        if row.look == Look::Broken {
            let at = usize::midpoint(middle, end);
            line(&mut svg, &format!("arrow {class}"), (start, stroke), (at, stroke));
            line(&mut svg, &format!("cross {class}"), (at - 5, stroke - 5), (at + 5, stroke + 5));
            line(&mut svg, &format!("cross {class}"), (at - 5, stroke + 5), (at + 5, stroke - 5));
        } else {
            line(&mut svg, &format!("arrow {class}"), (start, stroke), (back, stroke));
            let points = format!("{tip},{stroke} {back},{} {back},{}", stroke - 5, stroke + 5);
            let _ = writeln!(svg, "<polygon class=\"head {class}\" points=\"{points}\"/>");
        }
        if row.meaning().is_empty() {
            return (svg, 34);
        }
        text(&mut svg, "meaning", middle, stroke + 16, "middle", &cut(row.meaning(), room));
        (svg, 50)
    }

    fn note(&self, row: &Row, lane: usize, y: usize) -> (String, usize) {
        let mut svg = String::new();
        let x = self.lane(lane);
        let said = match row.meaning() {
            "" => row.label(usize::MAX),
            meaning => format!("{} · {meaning}", row.label(usize::MAX)),
        };
        let widest = self.pitch.saturating_sub(40).max(NOTE_WIDTH) / LETTER;
        let (lines, words_class) = match is_figure(&said) {
            true => (vec![said.trim_end().to_string()], "figure"),
            false => (wrap_most(&said, widest, NOTE_LINES), "words"),
        };
        let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        let width = longest * LETTER + 18;
        let height = lines.len() * LINE + 10;
        let left = if x + 12 + width <= self.width() { x + 12 } else { x.saturating_sub(12 + width) };
        let class = class(row.look);
        let _ = writeln!(svg, "<circle class=\"dot {class}\" cx=\"{x}\" cy=\"{}\" r=\"4\"/>", y + 13);
        let _ = writeln!(
            svg,
            "<rect class=\"note {class}\" x=\"{left}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"5\"/>"
        );
        for (number, words) in lines.iter().enumerate() {
            text(
                &mut svg,
                &format!("{words_class} {class}"),
                left + 9,
                y + 18 + number * LINE,
                "start",
                words,
            );
        }
        (svg, height + 8)
    }

    fn gap(&self, row: &Row, y: usize) -> (String, usize) {
        let mut svg = String::new();
        let width = self.width() - TIME_WIDTH;
        let _ = writeln!(
            svg,
            "<rect class=\"gap\" x=\"{TIME_WIDTH}\" y=\"{y}\" width=\"{width}\" height=\"26\"/>"
        );
        let middle = usize::midpoint(self.lane(0), self.lane(self.parties.len() - 1));
        text(&mut svg, "meaning", middle, y + 18, "middle", &format!("… {} …", row.text));
        (svg, 36)
    }
}

fn class(look: Look) -> &'static str {
    match look {
        Look::Connect => "connect",
        Look::Data => "data",
        Look::Finish => "finish",
        Look::Broken => "broken",
        Look::TimedOut => "wait",
        Look::Read => "read",
        Look::Note => "said",
        Look::Folded | Look::LeftOut => "folded",
    }
}

fn line(svg: &mut String, class: &str, from: (usize, usize), to: (usize, usize)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(svg, "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>");
}

fn text(svg: &mut String, class: &str, x: usize, y: usize, anchor: &str, words: &str) {
    let words = escape(words);
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" xml:space=\"preserve\">{words}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{a_conversation, note, sent};
    use crate::layout::lay_out;

    #[test]
    fn every_row_and_party_is_in_the_picture() {
        let picture = svg(&lay_out(&a_conversation()), "Listing 3-3");
        assert_eq!(picture.matches("class=\"party\"").count(), 2);
        assert_eq!(picture.matches("<polygon").count(), 4);
        assert_eq!(picture.matches("class=\"cross").count(), 2);
        assert_eq!(picture.matches("<circle").count(), 4);
        for words in ["connect", "pong\\n", "reads 5 of 9 bytes", "FIN", "String, 4 bytes", "1005.0"] {
            assert!(picture.contains(words), "{words}");
        }
    }

    #[test]
    fn bytes_names_and_notes_are_escaped() {
        let hostile = "</svg><script>alert(1)</script>";
        let picture =
            svg(&lay_out(&[sent(0, hostile, "b", hostile.as_bytes()), note(1, "b", hostile)]), hostile);
        assert!(!picture.contains("<script") && picture.contains("&lt;script&gt;"));
        assert_eq!(picture.matches("</svg>").count(), 1);
    }

    #[test]
    fn nothing_happened_is_no_picture() {
        assert_eq!(svg(&lay_out(&[]), "x"), "");
    }

    #[test]
    fn twelve_parties_and_one_can_be_drawn() {
        for parties in 1..=12 {
            let mut events = Vec::new();
            for number in 0..parties {
                events.push(note(
                    number,
                    &format!("party {number}"),
                    "a long story, told at length, twice and thrice",
                ));
                events.push(sent(number, &format!("party {number}"), "party 0", b"x"));
            }
            assert!(svg(&lay_out(&events), "x").ends_with("</svg>\n"));
        }
    }
}
