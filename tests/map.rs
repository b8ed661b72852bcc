//! The maps in `docs/` are true and complete: every row and listing has its line, and every file, item and test named there
//! exists. Every check takes text and gives complaints; `tests/sources/page.rs` reads the pages.
//!
//! A cell names a file and then what to look for in it, each in backticks: `src/ch03_tcp/dial.rs` `dial`, `Dialer::timeout`.
//! A test cell may instead name a program, as `src/bin/ch04_ping.rs` or by the command `cargo run --bin ch04_ping`. A row we leave
//! out says `not ours:` and why, where others say what.

mod sources;

use std::collections::HashMap;

use sources::declared::declares;
use sources::page::{self, Listing, Row};
use sources::{assert_none, read};

/// What a chapter's map must hold.
struct Chapter {
    number: u32,
    /// Rows by prefix and last number: `("N3", 15)` is N3.1 to N3.15.
    rows: &'static [(&'static str, u32)],
    listings: u32,
}

/// N1 to N4 are the notes; they stand with the chapter they belong to.
const CHAPTERS: &[Chapter] = &[
    Chapter { number: 1, rows: &[("1", 20)], listings: 0 },
    Chapter { number: 2, rows: &[("2", 55)], listings: 7 },
    Chapter { number: 3, rows: &[("3", 41), ("N3", 15), ("N4", 12)], listings: 12 },
    Chapter { number: 4, rows: &[("4", 43), ("N1", 5), ("N2", 16)], listings: 27 },
    Chapter { number: 5, rows: &[("5", 27)], listings: 10 },
    // R is what the RFCs add to the book's TFTP.
    Chapter { number: 6, rows: &[("6", 30), ("R", 18)], listings: 13 },
    Chapter { number: 7, rows: &[("7", 41)], listings: 16 },
    // Rows H.18 to H.22 are the client's and stand in chapter 9's map with the others.
    Chapter { number: 8, rows: &[("8", 44)], listings: 11 },
    // H is what HTTP asks of either side beside the book.
    Chapter { number: 9, rows: &[("9", 52), ("H", 25)], listings: 20 },
];

impl Chapter {
    fn page(&self) -> String {
        format!("docs/ch{:02}.md", self.number)
    }

    fn tests(&self) -> String {
        format!("tests/ch{:02}", self.number)
    }

    /// The chapter's tests: the files of their folder, which are modules of `tests/chNN.rs`.
    fn tests_source(&self) -> String {
        let files = std::fs::read_dir(sources::root().join(self.tests())).into_iter().flatten().flatten();
        files.map(|file| std::fs::read_to_string(file.path()).unwrap_or_default()).collect()
    }

    fn row_ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for (prefix, last) in self.rows {
            for number in 1..=*last {
                ids.push(format!("{prefix}.{number}"));
            }
        }
        ids
    }

    fn all_listings(&self) -> Vec<Listing> {
        (1..=self.listings).map(|number| Listing { chapter: self.number, number }).collect()
    }
}

// --- is everything there, once? -------------------------------------------------------------------------------------

fn row_complaints(wanted: &[String], rows: &[Row]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut seen: HashMap<&str, &Row> = HashMap::new();
    for row in rows {
        if !wanted.contains(&row.id) {
            complaints.push(format!("{}: there is no row {}", row.place, row.id));
        }
        if let Some(first) = seen.insert(&row.id, row) {
            complaints.push(format!("{}: row {} stands at {} already", row.place, row.id, first.place));
        }
    }
    for id in wanted {
        if !seen.contains_key(id.as_str()) {
            complaints.push(format!("row {id} is in no map"));
        }
    }
    complaints
}

/// Each listing stands in some row's second cell.
fn listing_complaints(wanted: &[Listing], rows: &[Row]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut seen = Vec::new();
    for row in rows {
        match page::listings_of_cell(&row.listing) {
            Some(listings) => seen.extend(listings),
            None => complaints.push(format!("{}: `{}` is no list of listings", row.place, row.listing)),
        }
    }
    complaints.extend(coverage_complaints("the maps", wanted, &seen));
    complaints
}

fn coverage_complaints(place: &str, wanted: &[Listing], seen: &[Listing]) -> Vec<String> {
    let mut complaints = Vec::new();
    for listing in wanted {
        if !seen.contains(listing) {
            complaints.push(format!("{place}: Listing {listing} is missing"));
        }
    }
    for listing in seen {
        if !wanted.contains(listing) {
            complaints.push(format!("{place}: there is no Listing {listing}"));
        }
    }
    complaints
}

// --- the section "Listing by listing" -------------------------------------------------------------------------------

fn walk_complaints(place: &str, wanted: &[Listing], text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut seen = Vec::new();
    for part in page::parts(text, "## Listing by listing") {
        let listings = page::listings_of_heading(&part.heading);
        if listings.is_empty() {
            complaints.push(format!("{place}: the heading `{}` begins with no listing", part.heading));
        }
        if !part.has_try {
            complaints.push(format!("{place}: `{}` has no paragraph that begins with `Try:`", part.heading));
        }
        for listing in listings {
            if seen.contains(&listing) {
                complaints.push(format!("{place}: Listing {listing} has two headings"));
            }
            seen.push(listing);
        }
    }
    complaints.extend(coverage_complaints(place, wanted, &seen));
    complaints
}

/// Each listing has its own test, so that `cargo test listing_3_8_` and `cargo run -- 3-8` find it.
fn listing_test_complaints(place: &str, wanted: &[Listing], source: &str) -> Vec<String> {
    let tests = page::test_names(source);
    let mut complaints = Vec::new();
    for listing in wanted {
        let start = format!("listing_{}_{}_", listing.chapter, listing.number);
        if !tests.iter().any(|name| name.starts_with(&start)) {
            complaints.push(format!("{place}: no test is named {start}…"));
        }
    }
    complaints
}

// --- do the files, items and tests exist? ---------------------------------------------------------------------------

/// Gives a file's text by its path; the tests below give made-up files.
type Files<'a> = &'a dyn Fn(&str) -> Option<String>;

fn cell_complaints(row: &Row, files: Files<'_>) -> Vec<String> {
    if let Some((_, reason)) = row.what.split_once("not ours:") {
        let missing = reason.trim().is_empty();
        return if missing { vec![format!("{}: `not ours:` and no reason", row.place)] } else { Vec::new() };
    }
    let mut complaints = Vec::new();
    complaints.extend(code_complaints(row, files));
    complaints.extend(test_complaints(row, files));
    complaints
}

fn code_complaints(row: &Row, files: Files<'_>) -> Vec<String> {
    let named = page::references(&row.code).files;
    if named.is_empty() {
        return vec![format!("{}: `{}` names no file in backticks", row.place, row.code)];
    }
    let mut complaints = Vec::new();
    for (path, items) in named {
        let Some(source) = files(&path) else {
            complaints.push(format!("{}: there is no file `{path}`", row.place));
            continue;
        };
        for item in items {
            if !declares(&path, &source, &item) {
                complaints.push(format!("{}: `{item}` is not in {path}", row.place));
            }
        }
    }
    complaints
}

fn test_complaints(row: &Row, files: Files<'_>) -> Vec<String> {
    let named = page::references(&row.test);
    if named.files.is_empty() && named.programs.is_empty() {
        return vec![format!("{}: `{}` names no test and no program", row.place, row.test)];
    }
    let mut complaints = Vec::new();
    for program in named.programs {
        let paths = [format!("src/bin/{program}.rs"), format!("src/bin/{program}/main.rs")];
        if !paths.iter().any(|path| files(path).is_some()) {
            complaints.push(format!("{}: there is no program {program}", row.place));
        }
    }
    for (path, names) in named.files {
        complaints.extend(test_file_complaints(&row.place, &path, &names, files));
    }
    complaints
}

fn test_file_complaints(place: &str, path: &str, names: &[String], files: Files<'_>) -> Vec<String> {
    let Some(source) = files(path) else { return vec![format!("{place}: there is no file `{path}`")] };
    let mut complaints = Vec::new();
    if names.is_empty() && !path.starts_with("src/bin/") {
        complaints.push(format!("{place}: which test of {path}?"));
    }
    let tests = page::test_names(&source);
    for name in names {
        // A unit test may be given with its module: tests::it_dials.
        let last = name.rsplit("::").next().unwrap_or(name);
        if !tests.iter().any(|test| test == last) {
            complaints.push(format!("{place}: {path} has no `#[test] fn {name}`"));
        }
    }
    complaints
}

/// A line of `.debug/stops`: listing, file, function.
fn stop_complaints(text: &str, files: Files<'_>) -> Vec<String> {
    let mut complaints = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let source = fields.get(1).and_then(|path| files(path)).unwrap_or_default();
        if fields.len() != 3 || !declares(fields[1], &source, fields[2]) {
            complaints.push(format!(".debug/stops: `{line}` names no function that is there"));
        }
    }
    complaints
}

// --- the maps themselves --------------------------------------------------------------------------------------------

#[test]
fn the_maps_are_true_and_complete() {
    let mut complaints = Vec::new();
    let (mut rows, mut ids, mut listings) = (Vec::new(), Vec::new(), Vec::new());
    for chapter in CHAPTERS {
        let text = read(&chapter.page()).unwrap_or_default();
        rows.extend(page::map_rows(&chapter.page(), &text, &mut complaints));
        ids.extend(chapter.row_ids());
        listings.extend(chapter.all_listings());
    }
    complaints.extend(row_complaints(&ids, &rows));
    complaints.extend(listing_complaints(&listings, &rows));
    for row in &rows {
        complaints.extend(cell_complaints(row, &read));
    }
    assert_none(&complaints);
}

#[test]
fn every_listing_is_walked_through_and_ends_in_something_to_try() {
    let mut complaints = Vec::new();
    for chapter in CHAPTERS {
        let text = read(&chapter.page()).unwrap_or_default();
        complaints.extend(walk_complaints(&chapter.page(), &chapter.all_listings(), &text));
    }
    assert_none(&complaints);
}

#[test]
fn every_listing_has_a_test_of_its_name() {
    let mut complaints = Vec::new();
    for chapter in CHAPTERS {
        let source = chapter.tests_source();
        complaints.extend(listing_test_complaints(&chapter.tests(), &chapter.all_listings(), &source));
    }
    assert_none(&complaints);
}

#[test]
fn the_debugger_stops_at_functions_that_exist() {
    let text = read(".debug/stops").expect("there is such a file");
    assert_none(&stop_complaints(&text, &read));
}

// --- the checks find what they are for ------------------------------------------------------------------------------

const DIAL: &str = "pub struct Dialer;\nimpl Dialer {\n    pub fn timeout(&self) {}\n}\npub enum E {\n    TooLong { n: u8 },\n}\nfn f() {\n    called();\n}\n\
                    // fn gone() {}\n#[test]\nfn it_dials() {}\n#[test]\n#[ignore = \"needs nc\"]\nfn nc_dials() {}\nfn not_a_test() {}\n";

fn fixture(path: &str) -> Option<String> {
    match path {
        "src/ch03_tcp/dial.rs" | "tests/ch03.rs" => Some(DIAL.to_string()),
        "src/bin/ch03_serve.rs" => Some("fn main() {}\n".to_string()),
        _ => None,
    }
}

fn row(id: &str, listing: &str, what: &str, code: &str, test: &str) -> Row {
    let text = format!("## The map\n| {id} | {listing} | {what} | {code} | {test} |\n");
    let mut complaints = Vec::new();
    let row = page::map_rows("page", &text, &mut complaints).pop();
    assert_none(&complaints);
    row.expect("one row")
}

fn ids(list: &str) -> Vec<String> {
    list.split(' ').map(str::to_string).collect()
}

fn listings(list: &str) -> Vec<Listing> {
    page::listings_of_cell(list).expect("a list of listings")
}

#[test]
fn a_missing_row_a_row_twice_and_an_unknown_row_are_found() {
    let one = || row("3.1", "—", "w", "c", "t");
    let two = || row("N3.2", "—", "w", "c", "t");
    assert!(row_complaints(&ids("3.1 N3.2"), &[two(), one()]).is_empty());
    assert_eq!(row_complaints(&ids("3.1 N3.2"), &[one()]), ["row N3.2 is in no map"]);
    assert_eq!(row_complaints(&ids("3.1"), &[one(), one()]), ["page:2: row 3.1 stands at page:2 already"]);
    assert_eq!(row_complaints(&ids("3.1"), &[one(), two()]), ["page:2: there is no row N3.2"]);
}

#[test]
fn a_listing_in_no_row_and_an_unknown_listing_are_found() {
    let rows = [row("3.1", "3-1", "w", "c", "t"), row("3.2", "3-2; 3-3", "w", "c", "t")];
    assert!(listing_complaints(&listings("3-1 to 3-3"), &rows).is_empty());
    assert_eq!(listing_complaints(&listings("3-1 to 3-4"), &rows), ["the maps: Listing 3-4 is missing"]);
    assert_eq!(listing_complaints(&listings("3-1, 3-2"), &rows), ["the maps: there is no Listing 3-3"]);
    assert_eq!(listing_complaints(&[], &[row("3.1", "Fig 3-1", "w", "c", "t")]).len(), 1);
}

#[test]
fn a_file_an_item_and_a_test_that_do_not_exist_are_found() {
    let found = |code: &str, test: &str| cell_complaints(&row("3.1", "—", "w", code, test), &fixture).len();
    let code = "`src/ch03_tcp/dial.rs` `Dialer`, `Dialer::timeout()`, `dial::Dialer`, `E::TooLong`";
    let test = "`tests/ch03.rs` `it_dials`, `nc_dials`; `src/bin/ch03_serve.rs`";
    assert_eq!(found(code, test), 0);
    assert_eq!(found("`src/ch03_tcp/dial.rs`", "`src/ch03_tcp/dial.rs` `tests::it_dials`"), 0);
    assert_eq!(found(code, "`cargo run --bin ch03_serve -- echo`"), 0);

    for code in ["`src/ch03_tcp/gone.rs`", "`Dialer`", "src/ch03_tcp/dial.rs", "—"] {
        assert_eq!(found(code, test), 1, "{code}");
    }
    for item in ["gone", "Dialer::gone", "Gone::timeout", "Dial", "E::TooShort", "E::called", "SO_LINGER=1"] {
        assert_eq!(found(&format!("`src/ch03_tcp/dial.rs` `{item}`"), test), 1, "{item}");
    }
    for name in ["not_a_test", "gone", "it_", "it_…"] {
        assert_eq!(found(code, &format!("`tests/ch03.rs` `{name}`")), 1, "{name}");
    }
    for test in ["`tests/ch03.rs`", "`src/bin/gone.rs`", "`cargo run --bin gone`", "by eye", "`make interop`"]
    {
        assert_eq!(found(code, test), 1, "{test}");
    }
}

#[test]
fn a_row_left_out_needs_a_reason() {
    let found = |what: &str| cell_complaints(&row("3.12", "—", what, "—", "—"), &fixture).len();
    assert_eq!(found("not ours: the picture needs Wireshark"), 0);
    assert_eq!(found("not ours:"), 1);
    assert_eq!(found("Wireshark"), 2);
}

#[test]
fn a_listing_without_a_heading_or_without_something_to_try_is_found() {
    let text = "## Listing by listing\n### 4-1 Reading\nText.\n\nTry: 1.\n### 4-2 and 4-3 Words\n**Try:** 2.\n\
                ### 4-4 to 4-6 TLV\n```text\n### 4-9 is no heading here\n```\nTry: 3.\n## The map\n### 4-7 Not here\n";
    let found = |wanted: &str, text: &str| walk_complaints("page", &listings(wanted), text);
    assert!(found("4-1 to 4-6", text).is_empty());
    assert_eq!(found("4-1 to 4-7", text), ["page: Listing 4-7 is missing"]);
    assert_eq!(found("4-1 to 4-5", text), ["page: there is no Listing 4-6"]);
    assert_eq!(found("4-1 to 4-6", &text.replace("Try: 3.", "To try: 3.")).len(), 1);
    assert_eq!(
        found("4-1 to 4-6", &text.replace("4-4 to", "4-3 to")),
        ["page: Listing 4-3 has two headings"]
    );
}

#[test]
fn a_listing_without_its_test_is_found() {
    let source = "#[test]\nfn listing_4_1_reads() {}\nfn listing_4_2_is_no_test() {}\n#[test]\nfn listing_4_10_sends() {}\n";
    assert!(listing_test_complaints("page", &listings("4-1, 4-10"), source).is_empty());
    assert_eq!(listing_test_complaints("page", &listings("4-1 to 4-3"), source).len(), 2);
}

#[test]
fn a_stop_at_a_function_that_is_gone_is_found() {
    let found = |line: &str| stop_complaints(line, &fixture).len();
    assert_eq!(found("# listing, file, function\n\n3-3  src/ch03_tcp/dial.rs  timeout\n"), 0);
    assert_eq!(found("3-3  src/ch03_tcp/dial.rs  gone\n"), 1);
    assert_eq!(found("3-3  src/ch03_tcp/gone.rs  timeout\n"), 1);
    assert_eq!(found("3-3\n"), 1);
}
