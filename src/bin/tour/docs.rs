//! The chapters' texts, and what the tour reads out of them: listings with their story, and the map from rows to code and
//! tests. `docs/chNN.md` is the only place where this text stands.

use std::fmt;

use crate::cells::{self, Code, Test};

/// The chapters there are: number, title, text.
const CHAPTERS: &[(u32, &str, &str)] = &[
    (1, "An overview of networked systems", include_str!("../../../docs/ch01.md")),
    (2, "Resource location and traffic routing", include_str!("../../../docs/ch02.md")),
    (3, "Reliable TCP data streams", include_str!("../../../docs/ch03.md")),
    (4, "Sending TCP data", include_str!("../../../docs/ch04.md")),
    (5, "Unreliable UDP communication", include_str!("../../../docs/ch05.md")),
    (6, "Ensuring UDP reliability", include_str!("../../../docs/ch06.md")),
    (7, "Unix domain sockets", include_str!("../../../docs/ch07.md")),
    (8, "Writing HTTP clients", include_str!("../../../docs/ch08.md")),
    (9, "Building HTTP services", include_str!("../../../docs/ch09.md")),
];

/// A chapter as the tour needs it.
#[derive(Debug)]
pub struct Chapter {
    pub number: u32,
    pub title: String,
    /// Markdown before the listings and after them, for the page.
    pub before: String,
    pub after: String,
    pub listings: Vec<Listing>,
    pub rows: Vec<MapRow>,
}

/// A listing of the book, or two that belong together.
#[derive(Debug)]
pub struct Listing {
    /// `3-8`; more than one where the text treats them together.
    pub numbers: Vec<String>,
    pub title: String,
    /// Markdown: what it shows.
    pub text: String,
    /// Markdown: what to change, and which test then fails. Empty if the text proposes nothing.
    pub try_next: String,
}

/// A line of the map.
#[derive(Debug)]
pub struct MapRow {
    /// `3.28`, or `N2.8` for the notes.
    pub id: String,
    /// The listings it belongs to; none for what the book says without one.
    pub listings: Vec<String>,
    /// Markdown.
    pub what: String,
    pub code: Vec<Code>,
    /// The cell as it stands, for what is not code: a reason, a crate of the standard library.
    pub code_text: String,
    pub tests: Vec<Test>,
    /// Commands named instead of tests.
    pub commands: Vec<String>,
}

/// A text that is not in the form the tour reads.
#[derive(Debug, PartialEq, Eq)]
pub struct DocsError {
    pub chapter: u32,
    pub line: usize,
    pub what: String,
}

impl fmt::Display for DocsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "docs/ch{:02}.md, line {}: {}", self.chapter, self.line, self.what)
    }
}

/// All chapters.
pub fn chapters() -> Result<Vec<Chapter>, DocsError> {
    let mut chapters = Vec::new();
    for (number, title, text) in CHAPTERS {
        chapters.push(parse(*number, title, text)?);
    }
    Ok(chapters)
}

impl Chapter {
    /// `ch03`.
    pub fn name(&self) -> String {
        format!("ch{:02}", self.number)
    }

    /// The map's rows of a listing.
    pub fn rows_of<'a>(&'a self, listing: &'a Listing) -> impl Iterator<Item = &'a MapRow> {
        self.rows.iter().filter(|row| row_is_of(row, listing))
    }

    /// The rows that no listing shows.
    pub fn rows_without_listing(&self) -> impl Iterator<Item = &MapRow> {
        self.rows.iter().filter(|row| !self.listings.iter().any(|listing| row_is_of(row, listing)))
    }

    /// The tests that tell a listing's story: those named after it, or, if none is, those of its rows.
    pub fn tests_of(&self, listing: &Listing) -> Vec<Test> {
        let mut named = Vec::new();
        for number in &listing.numbers {
            let prefix = format!("listing_{}_", number.replace('-', "_"));
            for test in self.rows.iter().flat_map(|row| &row.tests) {
                if test.name.starts_with(&prefix) && !named.contains(test) {
                    named.push(test.clone());
                }
            }
        }
        if named.is_empty() {
            for test in self.rows_of(listing).flat_map(|row| &row.tests) {
                if !named.contains(test) {
                    named.push(test.clone());
                }
            }
        }
        named
    }

    /// The code of a listing, each piece once.
    pub fn code_of(&self, listing: &Listing) -> Vec<Code> {
        let mut all: Vec<Code> = Vec::new();
        for code in self.rows_of(listing).flat_map(|row| &row.code) {
            if !all.contains(code) {
                all.push(code.clone());
            }
        }
        all
    }
}

/// What stands after `Try:`, with a capital at its beginning: it stands alone under a heading.
pub fn as_sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

fn row_is_of(row: &MapRow, listing: &Listing) -> bool {
    row.listings.iter().any(|number| listing.numbers.contains(number))
}

// --- reading --------------------------------------------------------------------------------------------------------

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Before,
    Listings,
    After,
    Map,
}

/// Reads one chapter's text.
pub fn parse(number: u32, title: &str, text: &str) -> Result<Chapter, DocsError> {
    let mut chapter = Chapter {
        number,
        title: title.to_string(),
        before: String::new(),
        after: String::new(),
        listings: Vec::new(),
        rows: Vec::new(),
    };
    let mut part = Part::Before;
    let mut is_literal = false;
    for (index, line) in text.lines().enumerate() {
        let error = |what: String| DocsError { chapter: number, line: index + 1, what };
        is_literal ^= line.trim_start().starts_with("```");
        let heading = if is_literal { None } else { heading(line) };
        match heading {
            Some((1, _)) => {}
            Some((2, words)) => part = part_under(words, part, &mut chapter, line),
            Some((3, words)) if part == Part::Listings => {
                chapter.listings.push(listing_heading(number, words).map_err(error)?);
            }
            _ if part == Part::Listings => add_to_listing(&mut chapter, line, is_literal),
            _ if part == Part::Map => {
                if line.starts_with('|') {
                    chapter.rows.extend(map_row(line).map_err(error)?);
                }
            }
            _ => add_line(if part == Part::Before { &mut chapter.before } else { &mut chapter.after }, line),
        }
    }
    if part != Part::Map && chapter.rows.is_empty() {
        let what = "the text has no section \"The map\"".to_string();
        return Err(DocsError { chapter: number, line: text.lines().count(), what });
    }
    for listing in &mut chapter.listings {
        listing.text = listing.text.trim().to_string();
        listing.try_next = listing.try_next.trim().to_string();
    }
    Ok(chapter)
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let words = line.trim_start_matches('#');
    let level = line.len() - words.len();
    if level > 0 && words.starts_with(' ') { Some((level, words.trim())) } else { None }
}

fn part_under(words: &str, before: Part, chapter: &mut Chapter, line: &str) -> Part {
    match words {
        "Listing by listing" => Part::Listings,
        "The map" => Part::Map,
        _ if before == Part::Before => {
            add_line(&mut chapter.before, line);
            Part::Before
        }
        _ => {
            add_line(&mut chapter.after, line);
            Part::After
        }
    }
}

fn add_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// `3-8 The first dialler …`, `4-2 and 4-3 Words …`, `4-4 to 4-6 A format`.
fn listing_heading(chapter: u32, words: &str) -> Result<Listing, String> {
    let mut rest = words;
    while let Some(word) = rest.split_whitespace().next() {
        let is_number = cells::listing_number(word.trim_end_matches([',', ':'])).is_some();
        if !is_number && (!matches!(word, "and" | "to") || rest.len() == words.len()) {
            break;
        }
        rest = rest[word.len()..].trim_start();
    }
    let numbers = cells::listing_numbers(&words[..words.len() - rest.len()].replace(':', " "));
    if numbers.is_empty() {
        return Err(format!(
            "a heading among the listings must begin with a listing's number, as in 3-8; it is {words:?}"
        ));
    }
    if let Some(stranger) = numbers.iter().find(|number| !number.starts_with(&format!("{chapter}-"))) {
        return Err(format!("listing {stranger} does not belong to chapter {chapter}"));
    }
    if rest.is_empty() {
        return Err(format!("listing {} has no title", numbers[0]));
    }
    Ok(Listing { numbers, title: rest.to_string(), text: String::new(), try_next: String::new() })
}

fn add_to_listing(chapter: &mut Chapter, line: &str, is_literal: bool) {
    // Words between the section's heading and the first listing belong to the chapter.
    let Some(listing) = chapter.listings.last_mut() else {
        return add_line(&mut chapter.before, line);
    };
    let proposal = line.strip_prefix("Try:").or_else(|| line.strip_prefix("**Try:**"));
    match proposal {
        Some(proposal) if !is_literal => add_line(&mut listing.try_next, proposal.trim()),
        _ if listing.try_next.is_empty() => add_line(&mut listing.text, line),
        _ => add_line(&mut listing.try_next, line),
    }
}

/// A line of the table; `None` for its head.
fn map_row(line: &str) -> Result<Option<MapRow>, String> {
    let cells = cells::split(line);
    if cells[0] == "row" || cells[0].starts_with("--") || cells[0].starts_with(":-") {
        return Ok(None);
    }
    let [id, listings, what, code, tests] = cells.as_slice() else {
        return Err(format!("a row of the map has five cells, this has {}", cells.len()));
    };
    if !cells::is_row_id(id) {
        return Err(format!(
            "a row of the map begins with its id, as in 3.28 or N2.8; this begins with {id:?}"
        ));
    }
    let (tests, commands) = cells::tests(tests);
    Ok(Some(MapRow {
        id: id.clone(),
        listings: cells::listing_numbers(listings),
        what: what.clone(),
        code: cells::code(code),
        code_text: code.clone(),
        tests,
        commands,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::CHAPTER;

    fn chapter() -> Chapter {
        parse(3, "Reliable TCP data streams", CHAPTER).unwrap()
    }

    fn names(tests: &[Test]) -> Vec<&str> {
        tests.iter().map(|test| test.name.as_str()).collect()
    }

    #[test]
    fn the_texts_that_are_compiled_in_can_be_read() {
        for chapter in chapters().unwrap() {
            assert!(!chapter.rows.is_empty(), "chapter {}", chapter.number);
        }
    }

    #[test]
    fn listings_have_number_title_story_and_proposal() {
        let chapter = chapter();
        assert_eq!(chapter.listings.len(), 2);
        let first = &chapter.listings[0];
        assert_eq!(
            (first.numbers.join(" "), first.title.as_str()),
            ("3-1".into(), "A listener on a port the system chooses")
        );
        assert_eq!(first.text, "Binds port 0 of `127.0.0.1` and asks which port it **got**.");
        assert_eq!(first.try_next, "bind port 1 instead. `listing_3_1_port_is_chosen` then fails.");
        let second = &chapter.listings[1];
        assert_eq!(second.numbers, ["3-2", "3-3"]);
        assert!(second.text.ends_with("Second paragraph.") && second.try_next.is_empty());
    }

    #[test]
    fn what_stands_around_the_listings_is_kept_for_the_page() {
        let chapter = chapter();
        assert!(
            chapter.before.contains("## By the end you can")
                && chapter.before.contains("### 3-99 is no heading")
        );
        assert!(chapter.after.contains("Nowhere.") && !chapter.after.contains("3.13"));
    }

    #[test]
    fn a_listing_finds_its_tests_by_name_and_a_row_by_its_cell() {
        let chapter = chapter();
        assert_eq!(names(&chapter.tests_of(&chapter.listings[0])), ["listing_3_1_port_is_chosen"]);
        assert_eq!(
            names(&chapter.tests_of(&chapter.listings[1])),
            ["listing_3_2_accepts", "listing_3_3_reads"]
        );
        assert_eq!(names(&chapter.rows[1].tests), ["a_port_is_exclusive"]);
        let without: Vec<&str> = chapter.rows_without_listing().map(|row| row.id.as_str()).collect();
        assert_eq!(without, ["3.14", "N2.8"]);
    }

    #[test]
    fn a_listing_without_a_test_of_its_name_has_those_of_its_rows() {
        let text = CHAPTER.replace("listing_3_1_port_is_chosen`", "the_port_is_chosen`");
        let chapter = parse(3, "", &text).unwrap();
        assert_eq!(names(&chapter.tests_of(&chapter.listings[0])), ["the_port_is_chosen"]);
    }

    #[test]
    fn a_heading_may_cover_a_range() {
        assert_eq!(listing_heading(4, "4-4 to 4-6 A format").unwrap().numbers, ["4-4", "4-5", "4-6"]);
        let three = listing_heading(4, "4-16, 4-17 and 4-18: A proxy").unwrap();
        assert_eq!((three.numbers.len(), three.title.as_str()), (3, "A proxy"));
        assert_eq!(listing_heading(4, "4-1 and then some").unwrap().title, "then some");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let errors = [
            ("## Listing by listing\n\n### No number\n", 3, "must begin with a listing's number"),
            ("## Listing by listing\n### 4-1 Elsewhere\n", 2, "does not belong to chapter 3"),
            ("## Listing by listing\n### 3-1\n", 2, "has no title"),
            ("## The map\n| 3.1 | – | too few |\n", 2, "has five cells, this has 3"),
            ("## The map\n| three | – | a | b | c |\n", 2, "begins with its id"),
            ("# Chapter 3\n\nwords\n", 3, "no section \"The map\""),
        ];
        for (text, line, part) in errors {
            let error = parse(3, "", text).unwrap_err();
            assert_eq!(error.line, line, "{text:?}");
            assert!(error.to_string().contains(part), "{error}");
            assert!(error.to_string().starts_with("docs/ch03.md, line "));
        }
    }
}
