//! The tour's few arguments.

use std::fmt;
use std::path::PathBuf;

use crate::cells;

pub const USAGE: &str = "\
usage: cargo run                      the contents
       cargo run -- WHAT…             tell it, run it, draw what happened
       cargo run -- --html DIR        the same as pages, a chapter each
       cargo run -- --html DIR WHAT…  only the chapters named

WHAT is a listing (3-8), a chapter (ch03), a row of a chapter's map (3.28, N2.8), or all.
";

/// What somebody wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    All,
    Chapter(u32),
    /// `3-8`.
    Listing(String),
    /// `3.28`, `N2.8`.
    Row(String),
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    Help,
    Contents,
    Terminal(Vec<What>),
    Pages { directory: PathBuf, what: Vec<What> },
}

/// A command line the tour does not understand.
#[derive(Debug, PartialEq, Eq)]
pub struct ArgsError(pub String);

impl fmt::Display for ArgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads the arguments after the program's name. Flags take one dash or two, a value after `=` or as the next argument.
pub fn parse(arguments: &[String]) -> Result<Wanted, ArgsError> {
    let mut what = Vec::new();
    let mut directory = None;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let flag = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'));
        match flag {
            None => what.push(parse_what(argument)?),
            Some("h" | "help") => return Ok(Wanted::Help),
            Some("html") => {
                let Some(value) = rest.next() else {
                    return Err(ArgsError("--html needs a directory".into()));
                };
                directory = Some(PathBuf::from(value));
            }
            Some(flag) => match flag.strip_prefix("html=") {
                Some(value) if !value.is_empty() => directory = Some(PathBuf::from(value)),
                Some(_) => return Err(ArgsError("--html needs a directory".into())),
                None => return Err(ArgsError(format!("there is no flag {argument}"))),
            },
        }
    }
    Ok(match directory {
        Some(directory) => Wanted::Pages { directory, what },
        None if what.is_empty() => Wanted::Contents,
        None => Wanted::Terminal(what),
    })
}

fn parse_what(word: &str) -> Result<What, ArgsError> {
    if word == "all" {
        return Ok(What::All);
    }
    if let Some(number) = word.strip_prefix("ch").and_then(|number| number.parse().ok()) {
        return Ok(What::Chapter(number));
    }
    if let Some((chapter, number)) = cells::listing_number(word) {
        return Ok(What::Listing(format!("{chapter}-{number}")));
    }
    if cells::is_row_id(word) {
        return Ok(What::Row(word.to_string()));
    }
    Err(ArgsError(format!("{word:?} is no listing (3-8), chapter (ch03) or row (3.28)")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Wanted, ArgsError> {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        parse(&words)
    }

    #[test]
    fn no_argument_asks_for_the_contents() {
        assert_eq!(parsed(""), Ok(Wanted::Contents));
        for help in ["-h", "--help", "3-8 -h"] {
            assert_eq!(parsed(help), Ok(Wanted::Help));
        }
    }

    #[test]
    fn several_things_may_be_asked_for_at_once() {
        let what = vec![
            What::Listing("3-8".into()),
            What::Chapter(4),
            What::Row("3.16".into()),
            What::Row("N2.8".into()),
            What::All,
        ];
        assert_eq!(parsed("3-8 ch04 3.16 N2.8 all"), Ok(Wanted::Terminal(what)));
    }

    #[test]
    fn pages_may_be_asked_for_in_every_spelling() {
        for line in ["--html out ch03", "-html out ch03", "--html=out ch03", "ch03 -html=out"] {
            let what = vec![What::Chapter(3)];
            assert_eq!(parsed(line), Ok(Wanted::Pages { directory: "out".into(), what }), "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let errors = [
            ("--colour", "there is no flag --colour"),
            ("--html", "needs a directory"),
            ("--html=", "needs a directory"),
            ("fan-out", "\"fan-out\" is no listing"),
            ("3", "is no listing"),
            ("chapter3", "is no listing"),
        ];
        for (line, part) in errors {
            let error = parsed(line).unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
