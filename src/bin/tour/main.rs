//! The tour: tells the book's listings one by one, runs each one's test, and draws what really happened on the wire.
//!
//! `cargo run` shows the contents. Reading order of the program:
//!
//! 1. [`args`], [`docs`], [`cells`]  what is asked for; the chapters' texts and their maps
//! 2. [`source`], [`run`]            where the code stands; a test run alone, its events
//! 3. [`pairing`], [`layout`], [`fold`]  events become the rows of a picture
//! 4. [`words`], [`paint`], [`draw`], [`tell`]  the terminal
//! 5. [`svg`], [`markdown`], [`article`], [`html`], [`pages`]  the pages

mod args;
mod article;
mod cells;
mod docs;
mod draw;
#[cfg(test)]
mod fixture;
mod fold;
mod html;
mod layout;
mod markdown;
mod pages;
mod paint;
mod pairing;
mod run;
mod source;
mod svg;
mod tell;
mod words;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use args::{Wanted, What};
use docs::{Chapter, Listing, MapRow};
use paint::Paper;
use run::Runner;
use tell::Teller;

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let wanted = match args::parse(&arguments) {
        Ok(wanted) => wanted,
        Err(error) => return wrong_usage(&error.to_string()),
    };
    let chapters = match docs::chapters() {
        Ok(chapters) => chapters,
        Err(error) => {
            say(&format!("tour: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match show(&wanted, &chapters) {
        Ok(code) => code,
        // The reader has seen enough: `cargo run -- all | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("tour: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// A line on standard error. Not eprintln!, which panics when nobody reads it.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn wrong_usage(words: &str) -> ExitCode {
    say(&format!("tour: {words}\n{}", args::USAGE));
    ExitCode::from(2)
}

fn show(wanted: &Wanted, chapters: &[Chapter]) -> io::Result<ExitCode> {
    let what = match wanted {
        Wanted::Help => {
            io::stdout().write_all(args::USAGE.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        Wanted::Contents => &[],
        Wanted::Terminal(what) | Wanted::Pages { what, .. } => what.as_slice(),
    };
    let items = match find(chapters, what) {
        Ok(items) => items,
        Err(error) => return Ok(wrong_usage(&error)),
    };
    let root = source::root();
    let runner = root.as_deref().map(Runner::new);
    match wanted {
        Wanted::Pages { directory, .. } => {
            write_pages(directory, chapters, &items, root.as_deref(), runner.as_ref())
        }
        _ => tell_all(chapters, &items, root.as_deref(), runner.as_ref()),
    }
}

// --- what was asked for ---------------------------------------------------------------------------------------------

/// One thing to tell.
enum Item<'a> {
    Listing(&'a Chapter, &'a Listing),
    Row(&'a Chapter, &'a MapRow),
    /// What a chapter has beside its listings.
    Rest(&'a Chapter),
    /// What stands before the rows of a chapter without listings.
    Opening(&'a Chapter),
}

impl<'a> Item<'a> {
    fn chapter(&self) -> &'a Chapter {
        match self {
            Item::Listing(chapter, _) | Item::Row(chapter, _) => chapter,
            Item::Rest(chapter) | Item::Opening(chapter) => chapter,
        }
    }
}

/// The things named, in their order. The error is a sentence for the person who named them.
fn find<'a>(chapters: &'a [Chapter], what: &[What]) -> Result<Vec<Item<'a>>, String> {
    let mut items = Vec::new();
    for wanted in what {
        match wanted {
            What::All => chapters.iter().for_each(|chapter| add_chapter(&mut items, chapter)),
            What::Chapter(number) => {
                let chapter = chapters.iter().find(|chapter| chapter.number == *number);
                add_chapter(&mut items, chapter.ok_or_else(|| no_chapter(chapters, *number))?);
            }
            What::Listing(number) => items.push(find_listing(chapters, number)?),
            What::Row(id) => items.push(find_row(chapters, id)?),
        }
    }
    Ok(items)
}

/// A chapter without listings is told row by row.
fn add_chapter<'a>(items: &mut Vec<Item<'a>>, chapter: &'a Chapter) {
    if chapter.listings.is_empty() {
        items.push(Item::Opening(chapter));
        for row in &chapter.rows {
            items.push(Item::Row(chapter, row));
        }
        return;
    }
    for listing in &chapter.listings {
        items.push(Item::Listing(chapter, listing));
    }
    items.push(Item::Rest(chapter));
}

fn no_chapter(chapters: &[Chapter], number: u32) -> String {
    let names: Vec<String> = chapters.iter().map(Chapter::name).collect();
    format!("there is no chapter {number} here yet; there are {}", names.join(", "))
}

fn find_listing<'a>(chapters: &'a [Chapter], number: &String) -> Result<Item<'a>, String> {
    for chapter in chapters {
        if let Some(listing) = chapter.listings.iter().find(|listing| listing.numbers.contains(number)) {
            return Ok(Item::Listing(chapter, listing));
        }
    }
    let (chapter_number, _) = cells::listing_number(number).unwrap_or_default();
    let Some(chapter) = chapters.iter().find(|chapter| chapter.number == chapter_number) else {
        return Err(no_chapter(chapters, chapter_number));
    };
    if chapter.listings.is_empty() {
        let first = chapter.rows.first().map_or("", |row| row.id.as_str());
        return Err(format!(
            "chapter {chapter_number} has no listings; its rows have numbers such as {first}"
        ));
    }
    let numbers: Vec<&str> =
        chapter.listings.iter().flat_map(|listing| &listing.numbers).map(String::as_str).collect();
    Err(format!("there is no listing {number}; chapter {chapter_number} has {}", numbers.join(" ")))
}

fn find_row<'a>(chapters: &'a [Chapter], id: &str) -> Result<Item<'a>, String> {
    for chapter in chapters {
        if let Some(row) = chapter.rows.iter().find(|row| row.id == id) {
            return Ok(Item::Row(chapter, row));
        }
    }
    Err(format!(
        "there is no row {id} in the maps of {}",
        chapters.iter().map(Chapter::name).collect::<Vec<_>>().join(", ")
    ))
}

// --- showing it -----------------------------------------------------------------------------------------------------

const NO_SOURCES: &str = "The sources this program was built from are not there any more. The texts are inside it, but \
                          nothing can be run or drawn; run the tour with `cargo run` in the sources.";

/// The runner, if it can run anything; otherwise says why it cannot.
fn ready(runner: Option<&Runner>) -> Option<&Runner> {
    let Some(runner) = runner else {
        say(&format!("tour: {NO_SOURCES}"));
        return None;
    };
    match runner.build() {
        Ok(()) => Some(runner),
        Err(error) => {
            say(&format!("tour: {error}"));
            None
        }
    }
}

fn tell_all(
    chapters: &[Chapter],
    items: &[Item<'_>],
    root: Option<&Path>,
    runner: Option<&Runner>,
) -> io::Result<ExitCode> {
    let mut out = io::stdout();
    let mut teller = Teller { paper: Paper::here(), out: &mut out, root, runner, failures: 0 };
    if items.is_empty() {
        teller.contents(chapters)?;
        return Ok(ExitCode::SUCCESS);
    }
    teller.runner = ready(runner);
    let cannot_run = teller.runner.is_none();
    for item in items {
        match item {
            Item::Listing(chapter, listing) => teller.listing(chapter, listing)?,
            Item::Row(chapter, row) => teller.row(chapter, row)?,
            Item::Rest(chapter) => teller.rows_without_listing(chapter)?,
            Item::Opening(chapter) => teller.opening(chapter)?,
        }
    }
    let failures = teller.failures;
    if failures > 0 {
        say(&format!("\ntour: {failures} of the tests failed"));
    }
    Ok(if failures > 0 || cannot_run { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn write_pages(
    directory: &Path,
    chapters: &[Chapter],
    items: &[Item<'_>],
    root: Option<&Path>,
    runner: Option<&Runner>,
) -> io::Result<ExitCode> {
    let (Some(root), Some(runner)) = (root, ready(runner)) else {
        return Ok(ExitCode::FAILURE);
    };
    let is_wanted = |chapter: &&Chapter| {
        items.is_empty() || items.iter().any(|item| item.chapter().number == chapter.number)
    };
    let wanted: Vec<&Chapter> = chapters.iter().filter(is_wanted).collect();
    let written = pages::write(directory, &wanted, root, runner)?;
    writeln!(io::stdout(), "{} pages; begin with {}", written.pages, written.index.display())?;
    if written.failures > 0 {
        say(&format!("tour: {} of the listings and rows failed", written.failures));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &str) -> Result<usize, String> {
        let chapters = [docs::parse(3, "TCP", fixture::CHAPTER).unwrap()];
        let words: Vec<String> = words.split(' ').map(String::from).collect();
        let Ok(Wanted::Terminal(what)) = args::parse(&words) else { return Err("not understood".into()) };
        find(&chapters, &what).map(|items| items.len())
    }

    #[test]
    fn what_there_is_is_found() {
        assert_eq!(found("3-1 3-3 3.14 N2.8"), Ok(4));
        assert_eq!(found("ch03"), Ok(3));
        assert_eq!(found("all 3-1"), Ok(4));
    }

    #[test]
    fn a_chapter_without_listings_is_told_row_by_row() {
        let chapter = docs::parse(1, "Networks", fixture::WITHOUT_LISTINGS).unwrap();
        let chapters = [chapter];
        let items = find(&chapters, &[What::Chapter(1)]).unwrap();
        assert!(matches!(items[..], [Item::Opening(_), Item::Row(..), Item::Row(..)]));
        let error = find(&chapters, &[What::Listing("1-1".into())]).err();
        assert_eq!(error.as_deref(), Some("chapter 1 has no listings; its rows have numbers such as 1.1"));
    }

    #[test]
    fn what_there_is_not_is_refused_in_one_line_that_helps() {
        let errors = [
            ("3-99", "there is no listing 3-99; chapter 3 has 3-1 3-2 3-3"),
            ("9-1", "there is no chapter 9 here yet; there are ch03"),
            ("ch09", "there is no chapter 9 here yet; there are ch03"),
            ("3.99", "there is no row 3.99 in the maps of ch03"),
        ];
        for (words, sentence) in errors {
            assert_eq!(found(words), Err(sentence.to_string()));
        }
    }
}
