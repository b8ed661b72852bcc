//! The pieces of a page: a listing or a row with its pictures, the table of the map, links into the sources.

use std::path::Path;

use crate::cells::{Code, Test};
use crate::docs::{self, Chapter, Listing, MapRow};
use crate::layout;
use crate::markdown::{self, escape};
use crate::run::{Run, Verdict};
use crate::source;
use crate::svg;

// --- a listing ------------------------------------------------------------------------------------------------------

/// Whether one of the runs has failed.
pub fn has_failed(runs: &[Run]) -> bool {
    runs.iter().any(Run::has_failed)
}

/// Where a listing stands on its page.
pub fn anchor(listing: &Listing) -> String {
    format!("listing-{}", escape(&listing.numbers[0]))
}

/// A mark for how the runs ended.
pub fn mark(runs: &[Run]) -> String {
    if has_failed(runs) {
        "<span class=\"mark bad\" title=\"failed\">✕</span>".to_string()
    } else if runs.iter().any(|run| run.verdict == Verdict::Passed) {
        "<span class=\"mark good\" title=\"passed\">✓</span>".to_string()
    } else {
        "<span class=\"mark\" title=\"not run\">–</span>".to_string()
    }
}

/// A listing.
pub fn article(chapter: &Chapter, listing: &Listing, runs: &[Run], root: &Path) -> String {
    let numbers = escape(&listing.numbers.join(", "));
    let name = if listing.numbers.len() == 1 { "Listing" } else { "Listings" };
    let mut html = format!(
        "<article id=\"{}\">\n<p class=\"above\">{name} {numbers} {}</p>\n<h3>{}</h3>\n",
        anchor(listing),
        mark(runs),
        inline(&listing.title)
    );
    html.push_str(&markdown::html(&listing.text, &|target| resolve(target)));
    html.push_str("<dl class=\"places\">\n");
    for code in chapter.code_of(listing) {
        html.push_str(&format!("<dt>code</dt><dd>{}</dd>\n", code_link(&code, root)));
    }
    for run in runs {
        html.push_str(&format!("<dt>test</dt><dd>{}</dd>\n", test_link(&run.test, root)));
    }
    html.push_str("</dl>\n");
    for run in runs {
        html.push_str(&outcome(run, &format!("{name} {}", listing.numbers.join(", "))));
    }
    if !listing.try_next.is_empty() {
        let proposal = markdown::html(&docs::as_sentence(&listing.try_next), &|target| resolve(target));
        html.push_str(&format!("<aside class=\"try\"><p class=\"above\">Try next</p>\n{proposal}</aside>\n"));
    }
    html.push_str("<pre class=\"commands\"><code>");
    html.push_str(&format!("cargo run -- {}\n", escape(&listing.numbers[0])));
    for run in runs {
        html.push_str(&format!("{}\n", escape(&run.test.command())));
    }
    html.push_str(&format!("make debug L={}\n</code></pre>\n</article>\n", escape(&listing.numbers[0])));
    html
}

/// A row told as a listing is, in a chapter that has none.
pub fn row_article(row: &MapRow, runs: &[Run], root: &Path) -> String {
    let id = escape(&row.id);
    let mut html = format!(
        "<article id=\"row-{id}\">\n<p class=\"above\">Row {id} {}</p>\n<h3>{}</h3>\n<dl class=\"places\">\n",
        mark(runs),
        inline(&row.what)
    );
    if row.code.is_empty() {
        html.push_str(&format!("<dt>code</dt><dd>{}</dd>\n", inline(&row.code_text)));
    }
    for code in &row.code {
        html.push_str(&format!("<dt>code</dt><dd>{}</dd>\n", code_link(code, root)));
    }
    for test in &row.tests {
        html.push_str(&format!("<dt>test</dt><dd>{}</dd>\n", test_link(test, root)));
    }
    html.push_str("</dl>\n");
    for run in runs {
        html.push_str(&outcome(run, &format!("Row {}", row.id)));
    }
    html.push_str(&format!("<pre class=\"commands\"><code>cargo run -- {id}\n"));
    for test in &row.tests {
        html.push_str(&format!("{}\n", escape(&test.command())));
    }
    for command in &row.commands {
        html.push_str(&format!("{}\n", escape(command)));
    }
    html + "</code></pre>\n</article>\n"
}

fn outcome(run: &Run, listing: &str) -> String {
    let mut html = String::new();
    if let Verdict::Failed(why) = &run.verdict {
        html.push_str(&format!(
            "<div class=\"banner\" role=\"alert\"><p><strong>Failed:</strong> <code>{}</code>: {}</p>\n",
            escape(&run.test.name),
            escape(why)
        ));
        if !run.output.is_empty() {
            html.push_str(&format!("<pre><code>{}</code></pre>\n", escape(&run.output)));
        }
        html.push_str("</div>\n");
    }
    if run.verdict == Verdict::Ignored {
        html.push_str(
            "<p class=\"count\">Not run here: it needs a tool. <code>make interop</code> runs it.</p>\n",
        );
    }
    let picture =
        svg::svg(&layout::lay_out(&run.events), &format!("{listing}: what happened in {}", run.test.name));
    if !picture.is_empty() {
        html.push_str(&format!(
            "<figure>\n<div class=\"scroll\" tabindex=\"0\">\n{picture}</div>\n<figcaption>What happened in \
             <code>{}</code>; {} events.</figcaption>\n</figure>\n",
            escape(&run.test.name),
            run.events.len()
        ));
    } else if run.verdict == Verdict::Passed {
        html.push_str("<p class=\"count\">Passed; the test reports no events that could be drawn.</p>\n");
    }
    html
}

// --- the map --------------------------------------------------------------------------------------------------------

/// The rows beside the listings, as a table.
pub fn rows_table(chapter: &Chapter, root: &Path) -> String {
    let mut rows = chapter.rows_without_listing().peekable();
    if rows.peek().is_none() {
        return String::new();
    }
    let mut html = String::from(
        "<h2 id=\"rows\">Without a listing</h2>\n<div class=\"scroll\" tabindex=\"0\"><table class=\"map\">\n\
         <tr><th>row</th><th>what</th><th>code</th><th>test or program</th></tr>\n",
    );
    for row in rows {
        html.push_str(&table_row(row, root));
    }
    html + "</table></div>\n"
}

fn table_row(row: &MapRow, root: &Path) -> String {
    let mut code: Vec<String> = row.code.iter().map(|code| code_link(code, root)).collect();
    if code.is_empty() {
        code.push(inline(&row.code_text));
    }
    let mut tests: Vec<String> = row.tests.iter().map(|test| test_link(test, root)).collect();
    for command in &row.commands {
        tests.push(format!("<code>{}</code>", escape(command)));
    }
    let id = escape(&row.id);
    format!(
        "<tr id=\"row-{id}\"><td class=\"number\">{id}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        inline(&row.what),
        code.join("<br>"),
        tests.join("<br>")
    )
}

fn code_link(code: &Code, root: &Path) -> String {
    let name = if code.item.is_empty() { &code.file } else { &code.item };
    link(&code.file, &code.item, name, root)
}

fn test_link(test: &Test, root: &Path) -> String {
    link(&test.file, &test.name, &test.name, root)
}

fn link(file: &str, item: &str, name: &str, root: &Path) -> String {
    let place = escape(&source::place(Some(root), file, item));
    let anchor = source::line_of(root, file, item).map_or(String::new(), |line| format!("#L{line}"));
    let name = format!("<code>{}</code>", escape(name));
    if !root.join(file).is_file() {
        return format!("{name} <span class=\"place\">{place}, not there</span>");
    }
    format!("<a href=\"code/{}.html{anchor}\">{name}</a> <span class=\"place\">{place}</span>", escape(file))
}

/// The texts link each other and the sources as files beside them; here they are pages.
pub fn resolve(target: &str) -> String {
    if target.starts_with('#') || target.contains("://") {
        return target.to_string();
    }
    let (path, fragment) =
        target.split_once('#').map_or((target, String::new()), |(path, rest)| (path, format!("#{rest}")));
    if let Some(chapter) = path.strip_suffix(".md").filter(|name| name.starts_with("ch")) {
        return format!("{chapter}.html{fragment}");
    }
    match path.strip_prefix("../") {
        Some(file) => format!("code/{file}.html{fragment}"),
        None => format!("code/docs/{path}.html{fragment}"),
    }
}

/// A line of markdown.
pub fn inline(text: &str) -> String {
    markdown::inline(text, &|target| resolve(target))
}
