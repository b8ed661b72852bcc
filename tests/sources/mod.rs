//! Reads this repository's own files, for the tests that hold it to its rules.

// Each test is its own program and uses a part of this.
#![allow(dead_code)]

pub mod declared;
pub mod page;

use std::fs;
use std::path::{Path, PathBuf};

/// The repository's top folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The file at `path`, which is relative to the top; `None` if there is no such text file.
pub fn read(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// Every `.rs` file below `folder` with its text, by path relative to the top, in order.
pub fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    collect(&root().join(folder), &mut paths);
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a source file is UTF-8");
        let relative = path.strip_prefix(root()).expect("the walk started below the top");
        files.push((relative.display().to_string().replace('\\', "/"), text));
    }
    files
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// The source with comments and the insides of strings and characters turned into spaces. Lines stay where they are, so
/// what is found in the result can be reported with its line in the source.
pub fn code_only(source: &str) -> String {
    let text: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < text.len() {
        let end = end_of_prose(&text, at);
        if end == at {
            code.push(text[at]);
            at += 1;
        } else {
            blank(&text[at..end], &mut code);
            at = end;
        }
    }
    code
}

fn blank(prose: &[char], code: &mut String) {
    for character in prose {
        code.push(if *character == '\n' { '\n' } else { ' ' });
    }
}

/// Where the comment or literal that starts at `at` ends; `at` itself if none starts there.
fn end_of_prose(text: &[char], at: usize) -> usize {
    let next = text.get(at + 1).copied();
    match (text[at], next) {
        ('/', Some('/')) => find(text, at, '\n'),
        ('/', Some('*')) => end_of_block_comment(text, at),
        ('"', _) => end_of_string(text, at + 1),
        ('\'', _) => end_of_character(text, at),
        ('r', Some('"' | '#')) if starts_a_literal(text, at) => end_of_raw_string(text, at),
        _ => at,
    }
}

fn find(text: &[char], from: usize, wanted: char) -> usize {
    let mut at = from;
    while at < text.len() && text[at] != wanted {
        at += 1;
    }
    at
}

/// Block comments nest in Rust.
fn end_of_block_comment(text: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut at = from;
    while at + 1 < text.len() {
        match (text[at], text[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn end_of_string(text: &[char], from: usize) -> usize {
    let mut at = from;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// `'a'` and `'\n'` are characters, `'a` is a lifetime.
fn end_of_character(text: &[char], at: usize) -> usize {
    if text.get(at + 1) == Some(&'\\') {
        // The character after the backslash may itself be a quote.
        return (find(text, at + 3, '\'') + 1).min(text.len());
    }
    if text.get(at + 2) == Some(&'\'') { at + 3 } else { at }
}

/// `r"` inside a word (`for"`) cannot be; `br"` and `cr"` can.
fn starts_a_literal(text: &[char], at: usize) -> bool {
    let mut start = at;
    if start > 0 && matches!(text[start - 1], 'b' | 'c') {
        start -= 1;
    }
    start == 0 || !is_word(text[start - 1])
}

fn end_of_raw_string(text: &[char], from: usize) -> usize {
    let mut at = from + 1;
    let mut hashes = 0;
    while text.get(at) == Some(&'#') {
        (hashes, at) = (hashes + 1, at + 1);
    }
    if text.get(at) != Some(&'"') {
        return from; // r#type: a raw identifier
    }
    at += 1;
    while at < text.len() {
        let closes =
            text[at] == '"' && text[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
        if closes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    text.len()
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The words of `code` (identifiers, keywords, numbers), each with its line number and with what follows it.
pub fn words(code: &str) -> Vec<(usize, &str, &str)> {
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line;
        while let Some(start) = rest.find(is_word) {
            let from_word = &rest[start..];
            let length = from_word.find(|c| !is_word(c)).unwrap_or(from_word.len());
            let (word, after) = from_word.split_at(length);
            found.push((index + 1, word, after));
            rest = after;
        }
    }
    found
}

/// Panics with every complaint on a line of its own.
#[track_caller]
pub fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}\n", complaints.len(), complaints.join("\n"));
}
