//! The pages: their structure. Looks are in `tour.css`; there are no scripts and nothing is fetched from elsewhere.

use std::path::Path;

use crate::article::{anchor, article, has_failed, inline, mark, resolve, row_article, rows_table};
use crate::docs::{Chapter, Listing, MapRow};
use crate::markdown::{self, escape};
use crate::run::Run;

pub const STYLE: &str = include_str!("tour.css");
const BOOK: &str = "Network Programming with Go, in Rust one can step through";

/// A chapter whose listings have been run.
pub struct Told<'a> {
    pub chapter: &'a Chapter,
    /// The runs of each listing, in the chapter's order.
    pub runs: Vec<Vec<Run>>,
    /// The runs of each row, if the chapter has no listings; else none.
    pub rows: Vec<Vec<Run>>,
}

impl Told<'_> {
    fn listings(&self) -> impl Iterator<Item = (&Listing, &Vec<Run>)> {
        self.chapter.listings.iter().zip(&self.runs)
    }

    /// The rows with their runs; none if the chapter has listings.
    fn rows(&self) -> impl Iterator<Item = (&MapRow, &Vec<Run>)> {
        self.chapter.rows.iter().zip(&self.rows)
    }

    /// How many listings, or rows told instead of them, have a failed run.
    pub fn failures(&self) -> usize {
        self.runs.iter().chain(&self.rows).filter(|runs| has_failed(runs)).count()
    }
}

/// The front page.
pub fn index(told: &[Told<'_>]) -> String {
    let mut main = format!("<h1>{BOOK}</h1>\n");
    main.push_str(
        "<p class=\"lead\">Every picture on these pages was drawn from what happened when the listing’s test ran: who \
         connected, who sent which bytes, who waited in vain. The text and the pictures go with the sources.</p>\n",
    );
    for chapter in told {
        let name = chapter.chapter.name();
        main.push_str(&format!(
            "<section class=\"card\"><h2><a href=\"{name}.html\">Chapter {}: {}</a></h2>\n<p class=\"count\">{}</p>\n<ol class=\"listings\">\n",
            chapter.chapter.number,
            escape(&chapter.chapter.title),
            count(chapter)
        ));
        for (listing, runs) in chapter.listings() {
            main.push_str(&format!(
                "<li>{} <a href=\"{name}.html#{}\"><span class=\"number\">{}</span> {}</a></li>\n",
                mark(runs),
                anchor(listing),
                escape(&listing.numbers.join(", ")),
                inline(&listing.title)
            ));
        }
        for (row, runs) in chapter.rows() {
            let id = escape(&row.id);
            main.push_str(&format!(
                "<li>{} <a href=\"{name}.html#row-{id}\"><span class=\"number\">{id}</span> {}</a></li>\n",
                mark(runs),
                inline(&row.what)
            ));
        }
        main.push_str("</ol></section>\n");
    }
    page("Contents", &main, &navigation(told, None), "")
}

fn count(told: &Told<'_>) -> String {
    let (all, failed) = (told.runs.len(), told.failures());
    if told.chapter.listings.is_empty() {
        let rows = told.chapter.rows.len();
        let rows = if rows == 1 { "1 row".to_string() } else { format!("{rows} rows") };
        return match failed {
            0 => format!("{rows}, no listings"),
            _ => format!("{rows}, no listings, <strong class=\"bad\">{failed} failed</strong>"),
        };
    }
    let rows = told.chapter.rows_without_listing().count();
    let more = if rows > 0 { format!("; {rows} more without one") } else { String::new() };
    let listings = if all == 1 { "1 listing".to_string() } else { format!("{all} listings") };
    if failed > 0 {
        format!("{listings}, <strong class=\"bad\">{failed} failed</strong>{more}")
    } else {
        format!("{listings}{more}")
    }
}

/// A chapter's page.
pub fn chapter(told: &Told<'_>, all: &[Told<'_>], root: &Path) -> String {
    let chapter = told.chapter;
    let resolve = |target: &str| resolve(target);
    let mut main = format!(
        "<p class=\"above\">Chapter {}</p>\n<h1>{}</h1>\n<p class=\"count\">{}</p>\n",
        chapter.number,
        escape(&chapter.title),
        count(told)
    );
    main.push_str(&markdown::html(&chapter.before, &resolve));
    if chapter.listings.is_empty() {
        main.push_str("<h2 id=\"rows\">Row by row</h2>\n");
        for (row, runs) in told.rows() {
            main.push_str(&row_article(row, runs, root));
        }
    } else {
        main.push_str("<h2 id=\"listings\">Listing by listing</h2>\n");
        for (listing, runs) in told.listings() {
            main.push_str(&article(chapter, listing, runs, root));
        }
        main.push_str(&rows_table(chapter, root));
    }
    main.push_str(&markdown::html(&chapter.after, &resolve));
    main.push_str(&neighbours(told, all));
    page(&format!("Chapter {}: {}", chapter.number, chapter.title), &main, &navigation(all, Some(told)), "")
}

/// A file of the sources, with an anchor per line.
pub fn code_page(file: &str, source: &str) -> String {
    let up = "../".repeat(file.matches('/').count() + 1);
    let mut main = format!("<h1 class=\"file\">{}</h1>\n<pre class=\"source\"><code>", escape(file));
    for (index, line) in source.lines().enumerate() {
        let number = index + 1;
        let is_comment = line.trim_start().starts_with("//");
        let class = if is_comment { " class=\"comment\"" } else { "" };
        main.push_str(&format!(
            "<a id=\"L{number}\" href=\"#L{number}\">{number:>4}</a> <span{class}>{}</span>\n",
            escape(line)
        ));
    }
    main.push_str("</code></pre>\n");
    page(file, &main, "", &up)
}

fn page(title: &str, main: &str, navigation: &str, up: &str) -> String {
    let contents = if navigation.is_empty() { "" } else { "<a href=\"#contents\">Contents</a>" };
    let class = if navigation.is_empty() { "page wide" } else { "page" };
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"{up}tour.css\">\n</head>\n<body>\n\
         <header class=\"bar\"><a href=\"{up}index.html\">{BOOK}</a>{contents}</header>\n\
         <div class=\"{class}\">\n<main>\n{main}</main>\n{navigation}</div>\n</body>\n</html>\n"
    )
}

fn navigation(told: &[Told<'_>], here: Option<&Told<'_>>) -> String {
    let mut html = String::from("<nav id=\"contents\" aria-label=\"Contents\">\n");
    for chapter in told {
        let name = chapter.chapter.name();
        let is_here = here.is_some_and(|here| here.chapter.number == chapter.chapter.number);
        let current = if is_here { " aria-current=\"page\"" } else { "" };
        html.push_str(&format!(
            "<p class=\"chapter\"><a href=\"{name}.html\"{current}><span class=\"number\">{}</span> {}</a></p>\n",
            chapter.chapter.number,
            escape(&chapter.chapter.title)
        ));
        if !is_here {
            continue;
        }
        html.push_str("<ol class=\"listings\">\n");
        for (listing, runs) in chapter.listings() {
            html.push_str(&format!(
                "<li><a href=\"#{}\"><span class=\"number\">{}</span> {}</a> {}</li>\n",
                anchor(listing),
                escape(&listing.numbers.join(" ")),
                inline(&listing.title),
                if has_failed(runs) { mark(runs) } else { String::new() }
            ));
        }
        for (row, runs) in chapter.rows() {
            let id = escape(&row.id);
            html.push_str(&format!(
                "<li><a href=\"#row-{id}\"><span class=\"number\">{id}</span> {}</a> {}</li>\n",
                inline(&row.what),
                if has_failed(runs) { mark(runs) } else { String::new() }
            ));
        }
        html.push_str("</ol>\n");
    }
    html + "</nav>\n"
}

fn neighbours(told: &Told<'_>, all: &[Told<'_>]) -> String {
    let here = all.iter().position(|other| other.chapter.number == told.chapter.number).unwrap_or(0);
    let link = |index: Option<usize>, arrow: &str| {
        let other = index.and_then(|index| all.get(index)).map(|other| other.chapter);
        other.map_or(String::from("<span></span>"), |chapter| {
            format!("<a href=\"{}.html\">{arrow} {}</a>", chapter.name(), escape(&chapter.title))
        })
    };
    format!("<p class=\"neighbours\">{}{}</p>\n", link(here.checked_sub(1), "←"), link(Some(here + 1), "→"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::Test;
    use crate::docs;
    use crate::fixture::{CHAPTER, a_conversation};
    use crate::run::Verdict;
    use std::time::Duration;

    fn run(verdict: Verdict, output: &str) -> Run {
        let test = Test { file: "tests/ch03.rs".into(), name: "listing_3_1_port_is_chosen".into() };
        Run { test, verdict, events: a_conversation(), output: output.into(), took: Duration::ZERO }
    }

    fn page_with(verdict: Verdict, output: &str) -> String {
        let text = docs::parse(3, "Reliable <TCP>", CHAPTER).unwrap();
        let told =
            [Told { chapter: &text, runs: vec![vec![run(verdict, output)], Vec::new()], rows: Vec::new() }];
        chapter(&told[0], &told, Path::new("/nowhere")) + &index(&told)
    }

    #[test]
    fn a_page_has_its_listings_pictures_rows_and_no_scripts() {
        let page = page_with(Verdict::Passed, "");
        for part in [
            "id=\"listing-3-1\"",
            "id=\"listing-3-2\"",
            "Listings 3-2, 3-3",
            "<svg class=\"talk\"",
            "id=\"row-3.14\"",
            "Reliable &lt;TCP&gt;",
            "make debug L=3-1",
            "Nowhere.",
        ] {
            assert!(page.contains(part), "{part}");
        }
        for part in ["<script", "http://", "https://", "id=\"row-3.13\"", "class=\"banner\""] {
            assert!(!page.contains(part), "{part}");
        }
    }

    #[test]
    fn a_chapter_without_listings_has_its_rows_told_and_drawn() {
        let text = docs::parse(1, "Networks", crate::fixture::WITHOUT_LISTINGS).unwrap();
        let rows = vec![vec![run(Verdict::Passed, "")], vec![run(Verdict::Failed("no".into()), "")]];
        let told = [Told { chapter: &text, runs: Vec::new(), rows }];
        let page = chapter(&told[0], &told, Path::new("/nowhere")) + &index(&told);
        for part in [
            "<article id=\"row-1.1\">",
            "Row by row",
            "<svg class=\"talk\"",
            "ch01.html#row-1.2",
            "2 rows, no listings, <strong class=\"bad\">1 failed",
            "cargo run -- 1.2",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("Listing by listing"));
    }

    #[test]
    fn a_failure_stands_out_with_its_output_escaped() {
        let page = page_with(Verdict::Failed("the test failed".into()), "got <script>alert(1)</script>");
        assert!(page.contains("class=\"banner\"") && page.contains("got &lt;script&gt;"));
        assert!(page.contains("1 failed") && !page.contains("<script"));
    }

    #[test]
    fn links_between_texts_become_links_between_pages() {
        let pairs = [
            ("ch04.md", "ch04.html"),
            ("ch04.md#the-map", "ch04.html#the-map"),
            ("../src/base/conn.rs", "code/src/base/conn.rs.html"),
            ("errata.md", "code/docs/errata.md.html"),
            ("#x", "#x"),
            ("https://example.com/a.md", "https://example.com/a.md"),
        ];
        for (target, page) in pairs {
            assert_eq!(resolve(target), page);
        }
    }

    #[test]
    fn a_source_line_can_be_linked() {
        let page = code_page("src/base/conn.rs", "// a\nlet b: Vec<u8>;\n");
        assert!(page.contains("<a id=\"L2\" href=\"#L2\">   2</a> <span>let b: Vec&lt;u8&gt;;</span>"));
        assert!(page.contains("href=\"../../../tour.css\""));
    }
}
