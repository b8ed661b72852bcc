//! Tells a listing or a row on the terminal: what it shows, where it stands, what happened when its test ran, what to try.

use std::io::{self, Write};
use std::path::Path;

use crate::cells::{Code, Test};
use crate::docs::{self, Chapter, Listing, MapRow};
use crate::draw;
use crate::layout;
use crate::paint::{self, Ink, Paper};
use crate::run::{Run, Runner, Verdict};
use crate::source;
use crate::words;

/// Text wider than this is hard to read.
const MEASURE: usize = 84;

/// The terminal, and the sources if they are there.
pub struct Teller<'a> {
    pub paper: Paper,
    pub out: &'a mut dyn Write,
    pub root: Option<&'a Path>,
    pub runner: Option<&'a Runner>,
    /// How many runs have failed so far.
    pub failures: usize,
}

impl Teller<'_> {
    /// The contents: what there is, and how to go on.
    pub fn contents(&mut self, chapters: &[Chapter]) -> io::Result<()> {
        writeln!(
            self.out,
            "{}",
            self.paper.ink(Ink::Strong, "Network Programming with Go, in Rust one can step through")
        )?;
        for chapter in chapters {
            let title = format!("Chapter {}: {}", chapter.number, chapter.title);
            writeln!(self.out, "\n{}", self.paper.ink(Ink::Strong, &title))?;
            for listing in &chapter.listings {
                writeln!(
                    self.out,
                    "  {:<6} {}",
                    listing.numbers.join(" "),
                    paint::inline(&listing.title, &self.paper)
                )?;
            }
            if chapter.listings.is_empty() {
                self.row_lines(&chapter.rows)?;
                continue;
            }
            let others = chapter.rows_without_listing().count();
            if others > 0 {
                let things = if others == 1 { "thing" } else { "things" };
                writeln!(self.out, "  {:<6} and {others} {things} the book says without a listing", "")?;
            }
        }
        let some = chapters.iter().find_map(|chapter| chapter.listings.first());
        let some = some.map_or("3-1", |listing| listing.numbers[0].as_str());
        writeln!(self.out, "\nGo on:")?;
        for (command, what) in [
            (format!("cargo run -- {some}"), "tell a listing, run its test, draw what happened"),
            ("cargo run -- ch03".to_string(), "a whole chapter; `all` for all of them"),
            ("cargo run -- 3.16".to_string(), "a row of a chapter's map (docs/ch03.md)"),
            ("cargo run -- --html DIR".to_string(), "the same as pages for a browser"),
            (format!("make debug L={some}"), "step through a listing"),
        ] {
            writeln!(self.out, "  {command:<26} {what}")?;
        }
        self.out.flush()
    }

    /// The head of a chapter that is told row by row.
    pub fn opening(&mut self, chapter: &Chapter) -> io::Result<()> {
        self.title(&chapter.number.to_string(), &chapter.title)?;
        self.subtitle(&format!(
            "Chapter {}; the book has no listings here, so we go row by row",
            chapter.number
        ))
    }

    fn row_lines<'r>(&mut self, rows: impl IntoIterator<Item = &'r MapRow>) -> io::Result<()> {
        for row in rows {
            let room = self.paper.width.saturating_sub(9);
            let what = words::cut(&row.what, room);
            writeln!(self.out, "  {:<6} {}", row.id, paint::inline(&what, &self.paper))?;
        }
        Ok(())
    }

    pub fn listing(&mut self, chapter: &Chapter, listing: &Listing) -> io::Result<()> {
        let numbers = listing.numbers.join(", ");
        self.title(&numbers, &listing.title)?;
        let name = if listing.numbers.len() == 1 { "Listing" } else { "Listings" };
        self.subtitle(&format!("{name} {numbers} of chapter {}, {}", chapter.number, chapter.title))?;
        self.prose(&listing.text)?;
        self.places(&chapter.code_of(listing), "\n")?;
        let tests = chapter.tests_of(listing);
        self.run_all(&tests)?;
        if !listing.try_next.is_empty() {
            writeln!(self.out, "\n  {}", self.paper.ink(Ink::Strong, "Try next"))?;
            self.prose(&docs::as_sentence(&listing.try_next))?;
        }
        self.commands(&tests, Some(&listing.numbers[0]))
    }

    pub fn row(&mut self, chapter: &Chapter, row: &MapRow) -> io::Result<()> {
        self.title(&row.id, &row.what)?;
        let listings = match row.listings.as_slice() {
            [] => "no listing".to_string(),
            listings => format!("listing {}", listings.join(", ")),
        };
        self.subtitle(&format!("Chapter {}, {}; {listings}", chapter.number, chapter.title))?;
        if row.code.is_empty() {
            self.prose(&row.code_text)?;
        }
        self.places(&row.code, "")?;
        self.run_all(&row.tests)?;
        self.commands(&row.tests, row.listings.first())?;
        for command in &row.commands {
            writeln!(self.out, "  also    {command}")?;
        }
        Ok(())
    }

    /// What a chapter's map has beside the listings, a line each.
    pub fn rows_without_listing(&mut self, chapter: &Chapter) -> io::Result<()> {
        let mut rows = chapter.rows_without_listing().peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        writeln!(
            self.out,
            "\n{}",
            self.paper.ink(Ink::Strong, &format!("Chapter {} without a listing", chapter.number))
        )?;
        self.row_lines(rows)?;
        writeln!(
            self.out,
            "  Each can be told and run by its number: cargo run -- {}",
            self.some_row(chapter)
        )
    }

    fn some_row(&self, chapter: &Chapter) -> String {
        chapter.rows_without_listing().next().map_or(String::new(), |row| row.id.clone())
    }

    // --- pieces -----------------------------------------------------------------------------------------------------

    fn title(&mut self, number: &str, title: &str) -> io::Result<()> {
        let rule = self.paper.ink(Ink::Faint, &"─".repeat(self.paper.width));
        writeln!(
            self.out,
            "\n{rule}\n{}  {}",
            self.paper.ink(Ink::Strong, number),
            paint::inline(title, &self.paper)
        )
    }

    fn subtitle(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}\n", self.paper.ink(Ink::Faint, text))
    }

    fn prose(&mut self, markdown: &str) -> io::Result<()> {
        write!(self.out, "{}", paint::prose(markdown, self.paper.width.min(MEASURE), 2, &self.paper))
    }

    fn places(&mut self, code: &[Code], before: &str) -> io::Result<()> {
        write!(self.out, "{before}")?;
        for piece in code {
            let place = source::place(self.root, &piece.file, &piece.item);
            writeln!(self.out, "  code    {place}  {}", self.paper.ink(Ink::Code, &piece.item))?;
        }
        Ok(())
    }

    fn run_all(&mut self, tests: &[Test]) -> io::Result<()> {
        for test in tests {
            let place = source::place(self.root, &test.file, &test.name);
            write!(self.out, "  test    {place}  {}", self.paper.ink(Ink::Code, &test.name))?;
            // A run may take seconds: what is known stands there meanwhile.
            self.out.flush()?;
            let Some(runner) = self.runner else {
                writeln!(self.out)?;
                continue;
            };
            let run = runner.run(test);
            self.verdict(&run)?;
            self.picture(&run)?;
        }
        if tests.is_empty() {
            writeln!(self.out, "  There is no test to run here.")?;
        }
        Ok(())
    }

    fn verdict(&mut self, run: &Run) -> io::Result<()> {
        let seconds = run.took.as_secs_f64();
        match &run.verdict {
            Verdict::Passed => {
                writeln!(self.out, "  {}", self.paper.ink(Ink::Good, &format!("passed in {seconds:.1} s")))
            }
            Verdict::Ignored => {
                let words = "not run: it needs a tool; make interop runs it";
                writeln!(self.out, "  {}", self.paper.ink(Ink::Wait, words))
            }
            Verdict::Failed(why) => {
                self.failures += 1;
                writeln!(self.out, "  {}", self.paper.ink(Ink::Bad, &format!("FAILED: {why}")))?;
                for line in run.output.lines() {
                    writeln!(self.out, "  {} {line}", self.paper.ink(Ink::Bad, "|"))?;
                }
                Ok(())
            }
        }
    }

    fn picture(&mut self, run: &Run) -> io::Result<()> {
        let picture = draw::draw(&layout::lay_out(&run.events), &self.paper);
        if !picture.is_empty() {
            write!(self.out, "\n{picture}")?;
        } else if run.verdict == Verdict::Passed {
            writeln!(self.out, "          Nothing to draw: the test reports no events.")?;
        }
        Ok(())
    }

    fn commands(&mut self, tests: &[Test], listing: Option<&String>) -> io::Result<()> {
        writeln!(self.out)?;
        for test in tests {
            writeln!(self.out, "  alone   {}", test.command())?;
        }
        if let Some(listing) = listing {
            writeln!(self.out, "  step    make debug L={listing}")?;
        }
        Ok(())
    }
}
