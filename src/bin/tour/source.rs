//! The sources, when they are there: on which line a named piece of code stands.

use std::fs;
use std::path::{Path, PathBuf};

/// Where this program was built. `None` when that is gone, as it is for an installed program.
pub fn root() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    if root.join("Cargo.toml").is_file() && root.join("src").is_dir() { Some(root) } else { None }
}

/// The line, from 1, on which `item` of `file` is defined. `None` if either is not there.
pub fn line_of(root: &Path, file: &str, item: &str) -> Option<usize> {
    let text = fs::read_to_string(root.join(file)).ok()?;
    find(&text, item)
}

/// `file:line` if the line is known.
pub fn place(root: Option<&Path>, file: &str, item: &str) -> String {
    match root.and_then(|root| line_of(root, file, item)) {
        Some(line) => format!("{file}:{line}"),
        None => file.to_string(),
    }
}

fn find(text: &str, item: &str) -> Option<usize> {
    let (owner, name) = match item.rsplit_once("::") {
        Some((path, name)) => (path.rsplit("::").next().unwrap_or(path), name),
        None => ("", item),
    };
    if name.is_empty() {
        return None;
    }
    let begin =
        if owner.is_empty() { 0 } else { text.lines().position(|line| opens(line, owner)).unwrap_or(0) };
    let from_owner = text.lines().skip(begin).position(|line| defines(line, name)).map(|line| line + begin);
    from_owner.or_else(|| text.lines().position(|line| defines(line, name))).map(|line| line + 1)
}

/// Whether the line begins what belongs to the type, trait or module `owner`.
fn opens(line: &str, owner: &str) -> bool {
    let is_block = line.trim_start().starts_with("impl") || line.contains("trait ") || line.contains("mod ");
    is_block && !is_comment(line) && has_word(line, owner)
}

const KEYWORDS: [&str; 10] =
    ["fn ", "struct ", "enum ", "trait ", "const ", "static ", "type ", "mod ", "union ", "macro_rules! "];

fn defines(line: &str, name: &str) -> bool {
    if is_comment(line) {
        return false;
    }
    for keyword in KEYWORDS {
        let after = line.find(keyword).map(|at| line[at + keyword.len()..].trim_start());
        if let Some(rest) = after.and_then(|after| after.strip_prefix(name)) {
            return !rest.starts_with(is_letter);
        }
    }
    // A variant, a field or an item of a trait's table: the name at the line's beginning.
    let rest = line.trim_start().trim_start_matches("pub ").strip_prefix(name);
    rest.is_some_and(|rest| {
        rest.starts_with([':', ',', '(', ' ', '{']) && !rest.starts_with("::") && line.starts_with("    ")
    })
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !is_letter(c)).any(|part| part == word)
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
//! fn dial_any is told of here.
pub fn dial_any_one() {}
pub(crate) fn dial_any<T>(a: T) {}
pub const MAX: usize = 1;
struct A;
struct B;
impl A {
    fn new() {}
}
impl fmt::Display for B {
    pub async fn new() {}
}
enum E {
    TooLong { length: usize },
}
";

    #[test]
    fn an_item_is_found_where_it_is_defined() {
        let lines = ["dial_any", "MAX", "B", "A::new", "B::new", "E::TooLong", "conn::E", "nowhere", ""]
            .map(|item| find(TEXT, item));
        let expected = [Some(3), Some(4), Some(6), Some(8), Some(11), Some(14), Some(13), None, None];
        assert_eq!(lines, expected);
    }
}
