//! The little markdown the chapters' texts use, as HTML: headings, paragraphs, lists, fenced code, tables, `code`, **bold**,
//! *emphasis* and links. Everything else is text, and all text is escaped: some of it came from a peer.

use crate::cells;

/// `text` for the inside of an element or of an attribute in quotes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML has no way to write these; HTML takes them as errors.
            c if c.is_control() && c != '\n' && c != '\t' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Where links of a text lead on a page: the texts link files of the sources.
pub type Resolve<'a> = &'a dyn Fn(&str) -> String;

/// Blocks of markdown as HTML.
pub fn html(markdown: &str, resolve: Resolve<'_>) -> String {
    let lines: Vec<&str> = markdown.lines().collect();
    let mut html = String::new();
    let mut at = 0;
    while at < lines.len() {
        let end = block_end(&lines, at);
        html.push_str(&block(&lines[at..end], resolve));
        at = end;
    }
    html
}

#[derive(Clone, Copy, PartialEq)]
enum Block {
    Blank,
    Heading,
    Fence,
    List,
    Numbered,
    Table,
    Paragraph,
}

fn kind(line: &str) -> Block {
    let text = line.trim_start();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match text {
        "" => Block::Blank,
        _ if text.starts_with("```") => Block::Fence,
        _ if line.starts_with('#') && line.trim_start_matches('#').starts_with(' ') => Block::Heading,
        _ if text.starts_with("- ") || text.starts_with("* ") => Block::List,
        _ if digits > 0 && text[digits..].starts_with(". ") => Block::Numbered,
        _ if text.starts_with('|') => Block::Table,
        _ => Block::Paragraph,
    }
}

/// The line after the block that begins at `at`.
fn block_end(lines: &[&str], at: usize) -> usize {
    let first = kind(lines[at]);
    let mut end = at + 1;
    while end < lines.len() {
        let next = kind(lines[end]);
        let goes_on = match first {
            Block::Blank | Block::Heading => false,
            Block::Fence => {
                if next == Block::Fence {
                    return end + 1;
                }
                true
            }
            // An indented line goes on with its item.
            Block::List | Block::Numbered => next == first || next == Block::Paragraph,
            Block::Table => next == Block::Table,
            Block::Paragraph => next == Block::Paragraph,
        };
        if !goes_on {
            break;
        }
        end += 1;
    }
    end
}

fn block(lines: &[&str], resolve: Resolve<'_>) -> String {
    match kind(lines[0]) {
        Block::Blank => String::new(),
        Block::Heading => heading(lines[0], resolve),
        Block::Fence => fence(lines),
        Block::List => list(lines, "ul", resolve),
        Block::Numbered => list(lines, "ol", resolve),
        Block::Table => table(lines, resolve),
        Block::Paragraph => format!("<p>{}</p>\n", inline(&lines.join("\n"), resolve)),
    }
}

fn heading(line: &str, resolve: Resolve<'_>) -> String {
    let words = line.trim_start_matches('#');
    let level = (line.len() - words.len()).clamp(2, 6);
    format!("<h{level}>{}</h{level}>\n", inline(words.trim(), resolve))
}

fn fence(lines: &[&str]) -> String {
    let last = lines.len() - usize::from(lines.len() > 1 && kind(lines[lines.len() - 1]) == Block::Fence);
    let mut html = String::from("<pre><code>");
    for line in &lines[1..last.max(1)] {
        html.push_str(&escape(line));
        html.push('\n');
    }
    html + "</code></pre>\n"
}

fn list(lines: &[&str], element: &str, resolve: Resolve<'_>) -> String {
    let mut items: Vec<String> = Vec::new();
    for line in lines {
        let text = line.trim_start();
        match (kind(line), items.last_mut()) {
            (Block::Paragraph, Some(item)) => {
                item.push('\n');
                item.push_str(text);
            }
            _ => items.push(text.split_once(' ').map_or(text, |(_, rest)| rest).to_string()),
        }
    }
    let mut html = format!("<{element}>\n");
    for item in items {
        html.push_str(&format!("<li>{}</li>\n", inline(&item, resolve)));
    }
    html + &format!("</{element}>\n")
}

fn table(lines: &[&str], resolve: Resolve<'_>) -> String {
    let mut html = String::from("<div class=\"scroll\"><table>\n");
    for (number, line) in lines.iter().enumerate() {
        let cells = cells::split(line);
        if number == 1 && cells.iter().all(|cell| cell.trim_matches([':', '-']).is_empty()) {
            continue;
        }
        let element = if number == 0 { "th" } else { "td" };
        html.push_str("<tr>");
        for cell in cells {
            html.push_str(&format!("<{element}>{}</{element}>", inline(&cell, resolve)));
        }
        html.push_str("</tr>\n");
    }
    html + "</table></div>\n"
}

/// A line's worth of markdown.
pub fn inline(text: &str, resolve: Resolve<'_>) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        html.push_str(&escape(&rest[..at]));
        let (piece, length) = mark(&rest[at..], resolve);
        html.push_str(&piece);
        rest = &rest[at + length..];
    }
    html + &escape(rest)
}

/// The mark at the beginning of `text`, and how many bytes it takes. A mark that does not end is text.
fn mark(text: &str, resolve: Resolve<'_>) -> (String, usize) {
    for (sign, element) in [("`", "code"), ("**", "strong"), ("*", "em")] {
        let inner = text.strip_prefix(sign).and_then(|rest| rest.find(sign).map(|end| &rest[..end]));
        if let Some(inner) =
            inner.filter(|inner| !inner.is_empty() && (sign == "`" || !inner.starts_with(' ')))
        {
            let content = if sign == "`" { escape(inner) } else { inline(inner, resolve) };
            return (format!("<{element}>{content}</{element}>"), inner.len() + 2 * sign.len());
        }
    }
    if let Some(link) = link(text, resolve) {
        return link;
    }
    let first = text.chars().next().map_or(1, char::len_utf8);
    (escape(&text[..first]), first)
}

fn link(text: &str, resolve: Resolve<'_>) -> Option<(String, usize)> {
    let middle = text.strip_prefix('[')?.find("](")? + 1;
    let target = &text[middle + 2..];
    let target = &target[..target.find(')')?];
    let words = inline(&text[1..middle], resolve);
    let length = middle + 2 + target.len() + 1;
    if is_safe(target) {
        Some((format!("<a href=\"{}\">{words}</a>", escape(&resolve(target))), length))
    } else {
        Some((words, length))
    }
}

/// A link to a page or within the sources; nothing a browser would run.
fn is_safe(target: &str) -> bool {
    let before_path = target.split(['/', '#', '?']).next().unwrap_or(target);
    !before_path.contains(':') || target.starts_with("https://") || target.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(markdown: &str) -> String {
        html(markdown, &|target| target.to_string())
    }

    #[test]
    fn what_a_peer_sent_cannot_become_markup() {
        let hostile = "<script>alert('1')</script> & \"\u{1b}";
        assert_eq!(escape(hostile), "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;\u{fffd}");
        for markdown in [
            hostile,
            "`<script>`",
            "**<script>**",
            "- <script>",
            "| <script> |",
            "## <script>",
            "[<script>](x)",
            "```\n<script>\n```",
            "[a](\"><script>)",
            "*<script>",
            "[<script>",
        ] {
            let html = plain(markdown);
            assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{markdown:?}: {html}");
        }
    }

    #[test]
    fn a_link_cannot_run_anything() {
        assert_eq!(plain("[a](javascript:alert(1))"), "<p>a)</p>\n");
        assert_eq!(
            plain("[a](https://example.com/?a=b&c)"),
            "<p><a href=\"https://example.com/?a=b&amp;c\">a</a></p>\n"
        );
        assert_eq!(plain("[a](ch04.md#x:y)"), "<p><a href=\"ch04.md#x:y\">a</a></p>\n");
    }

    #[test]
    fn blocks_are_told_apart() {
        let html = plain(
            "one\ntwo\n\n- a\n- b\n  c\n\n1. x\n\n```text\n**no**\n```\n\n### T\n| a | b |\n|---|---|\n| c | `d` |",
        );
        assert_eq!(
            html,
            "<p>one\ntwo</p>\n<ul>\n<li>a</li>\n<li>b\nc</li>\n</ul>\n<ol>\n<li>x</li>\n</ol>\n\
             <pre><code>**no**\n</code></pre>\n<h3>T</h3>\n<div class=\"scroll\"><table>\n<tr><th>a</th><th>b</th></tr>\n\
             <tr><td>c</td><td><code>d</code></td></tr>\n</table></div>\n"
        );
    }

    #[test]
    fn marks_nest_and_those_that_do_not_end_are_text() {
        assert_eq!(
            plain("**a `b` c** *d* 2 * 3 * 4"),
            "<p><strong>a <code>b</code> c</strong> <em>d</em> 2 * 3 * 4</p>\n"
        );
        assert_eq!(plain("`a"), "<p>`a</p>\n");
        assert_eq!(plain("[a] (b)"), "<p>[a] (b)</p>\n");
        assert_eq!(plain("```\nunended"), "<pre><code>unended\n</code></pre>\n");
        assert_eq!(plain("```"), "<pre><code></code></pre>\n");
    }
}
