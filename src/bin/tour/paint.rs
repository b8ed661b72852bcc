//! The terminal: its colours, its width, a line of cells to draw on, and markdown as plain text.

use std::io::IsTerminal;

use crate::words::wrap;

/// What a character is part of; a colour where the terminal has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Plain,
    Faint,
    Strong,
    Code,
    Good,
    Bad,
    Data,
    Wait,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Ink::Plain => "0",
            Ink::Faint => "2",
            Ink::Strong => "1",
            Ink::Code | Ink::Data => "36",
            Ink::Good => "32",
            Ink::Bad => "31",
            Ink::Wait => "33",
        }
    }
}

/// How this terminal wants it.
#[derive(Clone, Copy, Debug)]
pub struct Paper {
    pub width: usize,
    pub has_colour: bool,
}

const USUAL_WIDTH: usize = 100;
const NARROWEST: usize = 60;
const WIDEST: usize = 140;

impl Paper {
    /// Colour for a terminal unless `NO_COLOR` is set; the width from `COLUMNS`.
    pub fn here() -> Paper {
        let wants_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        Paper {
            width: columns.unwrap_or(USUAL_WIDTH).clamp(NARROWEST, WIDEST),
            has_colour: std::io::stdout().is_terminal() && !wants_none,
        }
    }

    /// `text` in `ink`.
    pub fn ink(&self, ink: Ink, text: &str) -> String {
        if self.has_colour && ink != Ink::Plain {
            format!("\x1b[{}m{text}\x1b[0m", ink.code())
        } else {
            text.to_string()
        }
    }
}

/// A line of the picture, cell by cell.
pub struct Line {
    cells: Vec<(char, Ink)>,
}

impl Line {
    pub fn new(width: usize) -> Line {
        Line { cells: vec![(' ', Ink::Plain); width] }
    }

    /// Writes `text` from column `x` on; what does not fit is lost.
    pub fn put(&mut self, x: usize, text: &str, ink: Ink) {
        for (offset, character) in text.chars().enumerate() {
            if let Some(cell) = self.cells.get_mut(x + offset) {
                *cell = (character, ink);
            }
        }
    }

    /// The line without blanks at its end.
    pub fn finish(&self, paper: &Paper) -> String {
        let end = self.cells.iter().rposition(|(character, _)| *character != ' ').map_or(0, |last| last + 1);
        let mut text = String::new();
        let mut piece = String::new();
        let mut ink = Ink::Plain;
        for (character, its_ink) in &self.cells[..end] {
            if *its_ink != ink {
                text.push_str(&paper.ink(ink, &piece));
                piece.clear();
                ink = *its_ink;
            }
            piece.push(*character);
        }
        text.push_str(&paper.ink(ink, &piece));
        text
    }
}

/// Markdown paragraphs as text of at most `width` columns, each line indented by `indent`.
pub fn prose(markdown: &str, width: usize, indent: usize, paper: &Paper) -> String {
    let margin = " ".repeat(indent);
    let mut text = String::new();
    for block in markdown.split("\n\n") {
        let block = block.trim_matches('\n');
        if block.trim().is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        for paragraph in paragraphs(block) {
            for (number, line) in paragraph.iter().enumerate() {
                let hang = if number > 0 && paragraph[0].starts_with("- ") { "  " } else { "" };
                let lines = if is_literal(block) {
                    vec![line.clone()]
                } else {
                    wrap(&links_spelled_out(line), width - indent)
                };
                for line in lines {
                    text.push_str(&format!("{margin}{hang}{}\n", inline(&line, paper)));
                }
            }
        }
    }
    text
}

fn is_literal(block: &str) -> bool {
    block.starts_with("```") || block.starts_with('|')
}

/// A block is one paragraph, a list of them, or literal lines.
fn paragraphs(block: &str) -> Vec<Vec<String>> {
    if is_literal(block) {
        return vec![block.lines().filter(|line| !line.starts_with("```")).map(String::from).collect()];
    }
    let mut paragraphs: Vec<String> = Vec::new();
    for line in block.lines() {
        let starts_item = line.starts_with("- ") || line.starts_with("* ");
        match paragraphs.last_mut() {
            Some(paragraph) if !starts_item => {
                paragraph.push(' ');
                paragraph.push_str(line.trim());
            }
            _ => paragraphs.push(line.trim().to_string()),
        }
    }
    paragraphs.into_iter().map(|paragraph| vec![paragraph]).collect()
}

/// `[words](place)` as `words (place)`.
fn links_spelled_out(text: &str) -> String {
    let mut spelled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        spelled.push_str(before);
        let parts = after.split_once("](").and_then(|(words, after)| Some((words, after.split_once(')')?)));
        match parts.filter(|(words, _)| !words.contains(['[', '`'])) {
            Some((words, (target, after))) => {
                spelled.push_str(&format!("{words} ({})", target.trim_start_matches("../")));
                rest = after;
            }
            None => {
                spelled.push('[');
                rest = after;
            }
        }
    }
    spelled + rest
}

/// One line: `code` and **bold** in ink where there is ink; without, the marks of code stay, because they are the only mark.
pub fn inline(line: &str, paper: &Paper) -> String {
    let mut text = String::new();
    for (number, piece) in line.split('`').enumerate() {
        if number % 2 == 1 {
            let shown = if paper.has_colour { piece.to_string() } else { format!("`{piece}`") };
            text.push_str(&paper.ink(Ink::Code, &shown));
            continue;
        }
        for (number, piece) in piece.split("**").enumerate() {
            let ink = if number % 2 == 1 { Ink::Strong } else { Ink::Plain };
            text.push_str(&paper.ink(ink, piece));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Paper = Paper { width: 80, has_colour: false };
    const COLOUR: Paper = Paper { width: 80, has_colour: true };

    #[test]
    fn a_line_ends_where_its_text_ends() {
        let mut line = Line::new(10);
        line.put(2, "ab", Ink::Good);
        line.put(9, "cut off", Ink::Plain);
        assert_eq!(line.finish(&PLAIN), "  ab     c");
        assert_eq!(line.finish(&COLOUR), "  \x1b[32mab\x1b[0m     c");
    }

    #[test]
    fn prose_is_wrapped_and_keeps_lists_and_literal_text() {
        let text = prose("one two\nthree\n\n- a\n- b\n  c\n\n```text\n  x  y\n```", 14, 2, &PLAIN);
        assert_eq!(text, "  one two\n  three\n\n  - a\n  - b c\n\n    x  y\n");
    }

    #[test]
    fn links_are_spelled_out() {
        assert_eq!(
            prose("see [the text](../src/a.rs), a[0] and [b]", 60, 0, &PLAIN),
            "see the text (src/a.rs), a[0] and [b]\n"
        );
    }

    #[test]
    fn code_keeps_its_marks_where_there_is_no_colour() {
        assert_eq!(inline("call `f` **now**", &PLAIN), "call `f` now");
        assert_eq!(inline("call `f`", &COLOUR), "call \x1b[36mf\x1b[0m");
    }
}
