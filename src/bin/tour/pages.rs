//! Writes the pages: runs every listing of the chapters asked for, then writes a page per chapter, one per source file, the
//! contents and the style sheet.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::docs::Chapter;
use crate::html::{self, Told};
use crate::run::Runner;

/// What was written.
pub struct Written {
    pub index: PathBuf,
    pub pages: usize,
    /// Listings of which a test failed.
    pub failures: usize,
}

/// Writes the pages of `chapters` into `directory`, which is made if it is not there.
///
/// # Errors
/// What the system says of the directory or of a file in it.
pub fn write(directory: &Path, chapters: &[&Chapter], root: &Path, runner: &Runner) -> io::Result<Written> {
    // First, so that a directory that cannot be written is known before minutes of tests.
    fs::create_dir_all(directory)?;
    write_file(&directory.join("tour.css"), html::STYLE)?;
    let mut told = Vec::new();
    for chapter in chapters {
        let rows = run_rows(chapter, runner);
        told.push(Told { chapter, runs: run_chapter(chapter, runner), rows });
    }
    let mut written = Written { index: directory.join("index.html"), pages: 1, failures: 0 };
    for one in &told {
        write_file(
            &directory.join(format!("{}.html", one.chapter.name())),
            &html::chapter(one, &told, root),
        )?;
        written.pages += 1;
        written.failures += one.failures();
    }
    write_file(&written.index, &html::index(&told))?;
    for folder in ["src", "tests", "docs"] {
        written.pages += write_sources(root, Path::new(folder), directory)?;
    }
    Ok(written)
}

fn run_chapter(chapter: &Chapter, runner: &Runner) -> Vec<Vec<crate::run::Run>> {
    let mut all = Vec::new();
    for listing in &chapter.listings {
        crate::say(&format!("running {} {}", listing.numbers.join(", "), listing.title));
        let mut runs = Vec::new();
        for test in chapter.tests_of(listing) {
            runs.push(runner.run(&test));
        }
        all.push(runs);
    }
    all
}

/// The runs of a chapter that has no listings, row by row. A test that proves several rows is run once, for the first.
fn run_rows(chapter: &Chapter, runner: &Runner) -> Vec<Vec<crate::run::Run>> {
    let mut all = Vec::new();
    if !chapter.listings.is_empty() {
        return all;
    }
    let mut seen = Vec::new();
    for row in &chapter.rows {
        crate::say(&format!("running {} {}", row.id, row.what));
        let mut runs = Vec::new();
        for test in &row.tests {
            if !seen.contains(test) {
                runs.push(runner.run(test));
                seen.push(test.clone());
            }
        }
        all.push(runs);
    }
    all
}

/// A page per source file below `folder`, so that every link into the code leads somewhere.
fn write_sources(root: &Path, folder: &Path, directory: &Path) -> io::Result<usize> {
    let mut pages = 0;
    if !root.join(folder).is_dir() {
        return Ok(0);
    }
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            pages += write_sources(root, &path, directory)?;
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
            let source = fs::read(entry.path())?;
            // On a page folders are told apart by `/`, whatever the system uses.
            let name = path.to_string_lossy().replace('\\', "/");
            let page = html::code_page(&name, &String::from_utf8_lossy(&source));
            let target = directory.join("code").join(folder);
            fs::create_dir_all(&target)?;
            write_file(&target.join(format!("{}.html", entry.file_name().to_string_lossy())), &page)?;
            pages += 1;
        }
    }
    Ok(pages)
}

fn write_file(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}
