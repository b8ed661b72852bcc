//! Reads a chapter's page in `docs/`: the table under "The map", the headings under "Listing by listing", and the names of
//! tests in a source.

use std::fmt;

use super::code_only;

/// A listing of the book: 3-8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Listing {
    /// The chapter.
    pub chapter: u32,
    /// The number within the chapter.
    pub number: u32,
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.chapter, self.number)
    }
}

/// A line of the map.
pub struct Row {
    /// `docs/ch03.md:120`, for complaints.
    pub place: String,
    /// The row's id: `3.27`, `N3.2`.
    pub id: String,
    /// The listings it belongs to.
    pub listing: String,
    /// What must be shown.
    pub what: String,
    /// Where it is shown.
    pub code: String,
    /// What proves it.
    pub test: String,
}

/// A piece of a section, from one `###` to the next.
pub struct Part {
    /// The heading without its hashes.
    pub heading: String,
    /// Whether a paragraph begins with `Try:`.
    pub has_try: bool,
}

/// The rows of the table under `## The map`; lines that are no row of five cells are complained of.
pub fn map_rows(page: &str, text: &str, complaints: &mut Vec<String>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, line) in section(text, "## The map") {
        if !line.trim_start().starts_with('|') {
            continue;
        }
        let place = format!("{page}:{number}");
        let cells = cells(line);
        let is_head = cells[0] == "row" || cells[0].chars().all(|c| matches!(c, '-' | ':'));
        match <[String; 5]>::try_from(cells) {
            Ok(_) if is_head => {}
            Ok([id, listing, what, code, test]) => rows.push(Row { place, id, listing, what, code, test }),
            Err(cells) => {
                complaints.push(format!("{place}: {} cells; a row of the map has five", cells.len()));
            }
        }
    }
    if rows.is_empty() {
        complaints.push(format!("{page}: there is no table under `## The map`"));
    }
    rows
}

/// The lines below the heading, up to the next of its rank, with their numbers; literal text (between ```) left out.
fn section<'a>(text: &'a str, heading: &str) -> Vec<(usize, &'a str)> {
    let mut lines = Vec::new();
    let (mut inside, mut is_literal) = (false, false);
    for (index, line) in text.lines().enumerate() {
        is_literal ^= line.trim_start().starts_with("```");
        if line.starts_with("## ") && !is_literal {
            inside = line.trim_end() == heading;
        } else if inside && !is_literal {
            lines.push((index + 1, line));
        }
    }
    lines
}

/// A table line's cells. A bar inside a cell is written `\|`, as GitHub wants it.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim().trim_start_matches('|').replace("\\|", "\u{1}");
    let line = line.strip_suffix('|').unwrap_or(&line);
    line.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
}

/// The pieces of a section, by its `###` headings.
pub fn parts(text: &str, heading: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (_, line) in section(text, heading) {
        if let Some(heading) = line.strip_prefix("### ") {
            parts.push(Part { heading: heading.to_string(), has_try: false });
        } else if let Some(part) = parts.last_mut() {
            part.has_try |= line.trim_start_matches('*').starts_with("Try:");
        }
    }
    parts
}

/// `3-8`, `4-2 and 4-3`, `4-2, 4-3`, `4-16 to 4-18`, or nothing (`—`); `None` if the cell says something else.
pub fn listings_of_cell(cell: &str) -> Option<Vec<Listing>> {
    let cell = cell.replace([';', '/'], ",").replace(',', ", ");
    let (listings, rest) = leading_listings(&cell);
    if matches!(rest, "" | "—" | "–" | "-") { Some(listings) } else { None }
}

/// The listings a heading begins with.
pub fn listings_of_heading(heading: &str) -> Vec<Listing> {
    leading_listings(heading).0
}

fn leading_listings(text: &str) -> (Vec<Listing>, &str) {
    let mut listings: Vec<Listing> = Vec::new();
    let mut rest = text.trim();
    let mut is_range = false;
    while !rest.is_empty() {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let word = word.trim_end_matches([',', ':', '.']);
        match (word, listing(word)) {
            (_, Some(end)) => {
                let first = listings.last().map_or(end.number, |last| last.number + 1);
                let first = if is_range { first } else { end.number };
                listings.extend((first..=end.number).map(|number| Listing { chapter: end.chapter, number }));
                is_range = false;
            }
            ("to", _) if !listings.is_empty() => is_range = true,
            ("and" | "", _) if !listings.is_empty() => {}
            _ => break,
        }
        rest = after.trim_start();
    }
    (listings, rest)
}

fn listing(word: &str) -> Option<Listing> {
    let (chapter, number) = word.split_once('-')?;
    Some(Listing { chapter: chapter.parse().ok()?, number: number.parse().ok()? })
}

/// What a cell names. Only what stands in backticks counts, as in the tour, which reads the same cells.
#[derive(Default)]
pub struct References {
    /// Files, each with the names that follow it. Names before the first file stand under an empty path.
    pub files: Vec<(String, Vec<String>)>,
    /// Programs, from `cargo run --bin ch04_ping`.
    pub programs: Vec<String>,
}

/// Reads a code cell or a test cell.
pub fn references(cell: &str) -> References {
    let mut found = References::default();
    for span in cell.split('`').skip(1).step_by(2) {
        if let Some((_, command)) = span.split_once("cargo run ") {
            found.programs.push(program_of(command));
        } else if is_path(span) {
            found.files.push((span.to_string(), Vec::new()));
        } else {
            if found.files.is_empty() {
                found.files.push((String::new(), Vec::new()));
            }
            let last = found.files.len() - 1;
            found.files[last].1.push(span.trim().to_string());
        }
    }
    found
}

/// The word after `--bin`; without one, cargo runs the tour.
fn program_of(command: &str) -> String {
    let mut words = command.split_whitespace();
    match words.find(|word| *word == "--bin") {
        Some(_) => words.next().unwrap_or("").to_string(),
        None => "tour".to_string(),
    }
}

fn is_path(span: &str) -> bool {
    !span.contains(' ') && span.contains('/') && (span.ends_with(".rs") || span.ends_with(".md"))
}

/// The names of the functions that carry `#[test]`.
pub fn test_names(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in code_only(source).lines() {
        let line = line.trim();
        is_test |= line.starts_with("#[test]");
        if let Some((_, after)) = line.split_once("fn ") {
            if is_test {
                names.push(after.split('(').next().unwrap_or(after).trim().to_string());
            }
            is_test = false;
        }
    }
    names
}
