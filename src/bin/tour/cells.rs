//! The cells of the map: which code, which tests.
//!
//! A cell names a file and then what is in it: `` `src/ch03_tcp/fan_out.rs` `dial_any`, `race` ``. Several files may follow
//! each other.

/// A piece of code the map points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// From the crate's root: `src/ch03_tcp/fan_out.rs`.
    pub file: String,
    /// `dial_any`, `Pinger::run`; empty for the whole file.
    pub item: String,
}

/// A test the map points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    pub file: String,
    pub name: String,
}

/// Where cargo finds a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file of `tests/`.
    Integration(String),
    /// The library.
    Library,
    /// A program of `src/bin/`.
    Program(String),
}

impl Test {
    pub fn target(&self) -> Target {
        let path = self.file.trim_end_matches(".rs");
        if let Some(rest) = path.strip_prefix("tests/") {
            Target::Integration(rest.split('/').next().unwrap_or(rest).to_string())
        } else if let Some(rest) = path.strip_prefix("src/bin/") {
            Target::Program(rest.split('/').next().unwrap_or(rest).to_string())
        } else {
            Target::Library
        }
    }

    /// The name by which the test's program knows it. It begins with its module, which is its file.
    pub fn full_name(&self) -> String {
        let path = self.file.trim_end_matches(".rs");
        let module = match self.target() {
            // `tests/hostile/ch03.rs` is the module `ch03` of the program `hostile`.
            Target::Integration(program) => {
                path.trim_start_matches("tests/").trim_start_matches(&program).to_string()
            }
            Target::Program(program) => {
                path.trim_start_matches("src/bin/").trim_start_matches(&program).to_string()
            }
            Target::Library => path.trim_start_matches("src/").to_string(),
        };
        let mut name = String::new();
        for part in module.split('/') {
            if !matches!(part, "" | "mod" | "main" | "lib") {
                name.push_str(part);
                name.push_str("::");
            }
        }
        match self.target() {
            Target::Integration(_) => name + &self.name,
            _ if self.name.contains("::") => name + &self.name,
            _ => format!("{name}tests::{}", self.name),
        }
    }

    /// What to tell cargo, to run this test and no other.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = match self.target() {
            Target::Integration(name) => vec!["--test".to_string(), name],
            Target::Library => vec!["--lib".to_string()],
            Target::Program(name) => vec!["--bin".to_string(), name],
        };
        for word in ["--", "--exact", &self.full_name(), "--nocapture"] {
            arguments.push(word.to_string());
        }
        arguments
    }

    /// The command that runs it alone, for people.
    pub fn command(&self) -> String {
        format!("cargo test {}", self.arguments().join(" "))
    }
}

/// The cells of a table's line. A bar inside code or after a backslash does not end a cell.
pub fn split(line: &str) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = vec![String::new()];
    let (mut is_code, mut is_escaped) = (false, false);
    for character in line.chars() {
        let last = cells.len() - 1;
        match character {
            '|' if is_escaped => {
                cells[last].pop();
                cells[last].push('|');
            }
            '|' if !is_code => cells.push(String::new()),
            _ => cells[last].push(character),
        }
        is_code ^= character == '`';
        is_escaped = character == '\\';
    }
    if cells.len() > 1 && cells[cells.len() - 1].trim().is_empty() {
        cells.pop();
    }
    cells.iter().map(|cell| cell.trim().to_string()).collect()
}

/// The words between backticks.
fn spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2).map(str::trim).filter(|span| !span.is_empty())
}

fn is_file(span: &str) -> bool {
    !span.contains(' ') && span.contains('/') && span.ends_with(".rs")
}

/// A name of Rust, with its path: `Pinger::run`.
fn is_name(span: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    span.chars().all(is_letter) && span.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
}

/// What the code cell names.
pub fn code(cell: &str) -> Vec<Code> {
    let mut named: Vec<Code> = Vec::new();
    let mut file: Option<&str> = None;
    for span in spans(cell) {
        let item = span.trim_end_matches("()");
        if is_file(span) {
            file = Some(span);
            named.push(Code { file: span.to_string(), item: String::new() });
        } else if let Some(file) = file.filter(|_| is_name(item)) {
            // The file alone is not worth a line if something in it is named.
            named.retain(|code| code.file != file || !code.item.is_empty());
            named.push(Code { file: file.to_string(), item: item.to_string() });
        }
    }
    named
}

/// The tests and the commands that the test cell names.
pub fn tests(cell: &str) -> (Vec<Test>, Vec<String>) {
    let mut tests = Vec::new();
    let mut commands = Vec::new();
    let mut file: Option<&str> = None;
    for span in spans(cell) {
        match file {
            _ if is_file(span) => file = Some(span),
            Some(file) if is_name(span) => {
                tests.push(Test { file: file.to_string(), name: span.to_string() });
            }
            _ => commands.push(span.to_string()),
        }
    }
    (tests, commands)
}

/// `3-8` as chapter and number.
pub fn listing_number(word: &str) -> Option<(u32, u32)> {
    let (chapter, number) = word.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number(chapter) && is_number(number) {
        Some((chapter.parse().ok()?, number.parse().ok()?))
    } else {
        None
    }
}

/// No chapter has more listings than this.
const MAX_RANGE: u32 = 99;

/// The listings a cell or heading names, `4-4 to 4-6` being three; a dash names none.
pub fn listing_numbers(cell: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    let (mut is_range, mut first) = (false, 0);
    for word in cell.split([' ', ',', '/', ';']) {
        if let Some((chapter, last)) = listing_number(word) {
            let from = if is_range { first + 1 } else { last };
            // Both ends are in our own texts; a bound keeps a slip of the pen from filling memory.
            for number in from.max(last.saturating_sub(MAX_RANGE))..=last {
                numbers.push(format!("{chapter}-{number}"));
            }
            first = last;
        }
        is_range = word == "to";
    }
    numbers
}

/// `3.28`; `N2.8` for the notes; `R.13` for what the RFCs add to chapter 6, `H.13` for what HTTP asks beside chapters 8 and 9.
pub fn is_row_id(word: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((group, row)) = word.split_once('.') else { return false };
    let chapter = group.strip_prefix('N').unwrap_or(group);
    is_number(row) && (matches!(group, "R" | "H") || is_number(chapter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_in_code_or_after_a_backslash_does_not_end_a_cell() {
        assert_eq!(split("| a | b \\| c | `d | e` |"), ["a", "b | c", "`d | e`"]);
        assert_eq!(split("|---|---|"), ["---", "---"]);
        assert_eq!(split("| a |  |"), ["a", ""]);
    }

    #[test]
    fn a_cell_names_files_and_what_is_in_them() {
        let named = code("`src/a/b.rs` `f`, `T::g()`; `src/a/c.rs`; `x + y`");
        let mut words = Vec::new();
        for code in &named {
            words.push(format!("{} {}", code.file, code.item));
        }
        assert_eq!(words, ["src/a/b.rs f", "src/a/b.rs T::g", "src/a/c.rs "]);
        assert!(code("`TcpListener` of the standard library").is_empty());
    }

    #[test]
    fn what_is_no_test_is_a_command() {
        let (named, commands) = tests("`tests/ch03.rs` `listing_3_8_wins`; `cargo run --bin ch04_ping`");
        assert_eq!(named, [Test { file: "tests/ch03.rs".into(), name: "listing_3_8_wins".into() }]);
        assert_eq!(commands, ["cargo run --bin ch04_ping"]);
    }

    #[test]
    fn a_test_is_run_alone_by_its_full_name() {
        let test = |file: &str, name: &str| Test { file: file.into(), name: name.into() }.command();
        assert_eq!(test("tests/ch03.rs", "x"), "cargo test --test ch03 -- --exact x --nocapture");
        assert_eq!(
            test("tests/hostile/ch03.rs", "x"),
            "cargo test --test hostile -- --exact ch03::x --nocapture"
        );
        assert_eq!(
            test("src/ch03_tcp/dial.rs", "x"),
            "cargo test --lib -- --exact ch03_tcp::dial::tests::x --nocapture"
        );
        assert_eq!(test("src/base/mod.rs", "x"), "cargo test --lib -- --exact base::tests::x --nocapture");
        assert_eq!(
            test("src/bin/tour/docs.rs", "inner::x"),
            "cargo test --bin tour -- --exact docs::inner::x --nocapture"
        );
    }

    #[test]
    fn numbers_and_ids_are_told_apart() {
        assert_eq!(listing_number("3-8"), Some((3, 8)));
        for word in ["3-", "-8", "3.8", "3-8a", "+3-8", "–"] {
            assert_eq!(listing_number(word), None, "{word}");
        }
        assert!(is_row_id("3.28") && is_row_id("N2.8") && is_row_id("R.13"));
        assert!(!is_row_id("R.") && !is_row_id("R13") && !is_row_id("R.1.3"));
        assert!(!is_row_id("3-8") && !is_row_id("M2.8") && !is_row_id("3."));
        assert_eq!(listing_numbers("3-2, 3-3 and 3-4"), ["3-2", "3-3", "3-4"]);
        assert_eq!(listing_numbers("4-4 to 4-6, 4-9"), ["4-4", "4-5", "4-6", "4-9"]);
        assert!(listing_numbers("–").is_empty());
    }
}
