//! Whether a source declares what a page says is in it.

use super::{code_only, words};

const DECLARING: [&str; 8] = ["fn", "struct", "enum", "trait", "const", "static", "mod", "type"];

/// Whether `item` (`dial`, `Dialer::timeout`, `TlvError::TooLong`) is declared in the file.
pub fn declares(path: &str, source: &str, item: &str) -> bool {
    let code = code_only(source);
    let mut parts: Vec<&str> = item.trim_end_matches("()").split("::").collect();
    let Some(last) = parts.pop() else { return false };
    if parts.is_empty() {
        return is_declared(&code, last) || is_implemented(&code, last);
    }
    for owner in &parts {
        let is_module = path.split(['/', '.']).any(|folder| folder == *owner);
        if !(is_module || is_declared(&code, owner) || is_implemented(&code, owner)) {
            return false;
        }
    }
    is_declared(&code, last) || is_variant(&code, last)
}

fn is_declared(code: &str, name: &str) -> bool {
    words(code).windows(2).any(|pair| DECLARING.contains(&pair[0].1) && pair[1].1 == name)
}

fn is_implemented(code: &str, name: &str) -> bool {
    let is_header = |line: &&str| line.trim_start().starts_with("impl");
    code.lines().filter(is_header).any(|line| words(line).iter().any(|(_, word, _)| *word == name))
}

/// An enum's variant (`TooLong,` `TooLong {` `TooLong(`) or a struct's field (`length:`) begins its line.
fn is_variant(code: &str, name: &str) -> bool {
    let is_field = name.starts_with(char::is_lowercase);
    code.lines().any(|line| {
        let line = line.trim_start().trim_start_matches("pub ");
        let Some(after) = line.strip_prefix(name) else { return false };
        if is_field { after.starts_with(':') } else { after.is_empty() || after.starts_with([',', '(', ' ']) }
    })
}
