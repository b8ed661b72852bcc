//! A zone file cut into entries of words: comments gone, parentheses resolved, quotes kept together (RFC 1035 §5.1).
//!
//! ```text
//! @  3600 IN SOA ns1 admin (   ; this comment
//!        7 900 900 1800 60 )   ; and this line end
//! one entry: @ 3600 IN SOA ns1 admin 7 900 900 1800 60
//! ```

use super::error::{ZoneError, ZoneProblem};

/// A word of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it says, escapes still in it, quotes not.
    pub text: String,
    /// Whether it stood in quotes; then it is neither `@` nor a keyword.
    pub quoted: bool,
    /// Its line, from 1.
    pub line: usize,
}

/// One record or directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it begins.
    pub line: usize,
    /// Whether it begins with a blank: its name is the one before.
    pub begins_blank: bool,
    /// Its words, at least one.
    pub words: Vec<Word>,
}

/// The entries of a zone file.
///
/// # Errors
/// [`ZoneProblem::QuoteNotClosed`], [`ZoneProblem::ParenthesisNotClosed`], [`ZoneProblem::ParenthesisAstray`].
pub fn entries(text: &str) -> Result<Vec<Entry>, ZoneError> {
    let mut entries = Vec::new();
    let mut open: Option<Entry> = None;
    let mut inside = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let mut entry = open.take().unwrap_or_else(|| Entry {
            line: number,
            begins_blank: line.starts_with([' ', '\t']),
            words: Vec::new(),
        });
        let problem = |problem| ZoneError { line: number, problem };
        scan_line(line, number, &mut entry.words, &mut inside).map_err(problem)?;
        if inside.is_some() {
            open = Some(entry);
        } else if !entry.words.is_empty() {
            entries.push(entry);
        }
    }
    match inside {
        Some(line) => Err(ZoneError { line, problem: ZoneProblem::ParenthesisNotClosed }),
        None => Ok(entries),
    }
}

/// Appends the words of one line. `inside` is the line in which a parenthesis opened.
fn scan_line(
    line: &str,
    number: usize,
    words: &mut Vec<Word>,
    inside: &mut Option<usize>,
) -> Result<(), ZoneProblem> {
    let mut left = line;
    while let Some(first) = left.chars().next() {
        match first {
            ';' => return Ok(()),
            '(' | ')' if (first == '(') == inside.is_some() => return Err(ZoneProblem::ParenthesisAstray),
            '(' => *inside = Some(number),
            ')' => *inside = None,
            '"' => {
                let length = quoted_length(&left[1..]).ok_or(ZoneProblem::QuoteNotClosed)?;
                words.push(Word { text: left[1..1 + length].to_string(), quoted: true, line: number });
                left = &left[1 + length..];
            }
            _ if first.is_whitespace() => {}
            _ => {
                let length = word_length(left);
                words.push(Word { text: left[..length].to_string(), quoted: false, line: number });
                left = &left[length..];
                continue;
            }
        }
        left = &left[left.chars().next().map_or(0, char::len_utf8)..];
    }
    Ok(())
}

/// Bytes up to the closing quote; `None` if there is none. A quote behind a backslash does not close.
fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' if !escaped => return Some(at),
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    None
}

/// Bytes up to what ends a word.
fn word_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        let ends = letter.is_whitespace() || matches!(letter, ';' | '(' | ')' | '"');
        if ends && !escaped {
            return at;
        }
        escaped = letter == '\\' && !escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<Vec<String>> {
        let found = entries(text).unwrap();
        found.into_iter().map(|entry| entry.words.into_iter().map(|word| word.text).collect()).collect()
    }

    fn problem(text: &str) -> (usize, ZoneProblem) {
        let error = entries(text).unwrap_err();
        (error.line, error.problem)
    }

    #[test]
    fn comments_and_empty_lines_are_nothing() {
        assert_eq!(texts("\n ; a comment\na b;c\n\t\n"), [["a", "b"]]);
    }

    #[test]
    fn parentheses_make_one_entry_of_many_lines() {
        let found = entries("\na (1 ; one\n\n 2\n) 3\n b").unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].line, 2);
        assert_eq!(found[0].words.len(), 4);
        assert_eq!(found[0].words[2].line, 4);
        assert!(!found[0].begins_blank);
        assert!(found[1].begins_blank);
    }

    #[test]
    fn what_is_quoted_is_one_word_and_hides_the_rest_of_the_grammar() {
        assert_eq!(
            texts(r#"a "b ;( c" "" "d\"e" f\;g h\\;i"#),
            [["a", "b ;( c", "", r#"d\"e"#, r"f\;g", r"h\\"]]
        );
        assert_eq!(texts(r#"a"b"c"#), [["a", "b", "c"]]);
    }

    #[test]
    fn what_is_not_closed_is_said_with_the_line_where_it_opened() {
        assert_eq!(problem("a\nb (\nc\n"), (2, ZoneProblem::ParenthesisNotClosed));
        assert_eq!(problem("a\nb \"c\nd\"\n"), (2, ZoneProblem::QuoteNotClosed));
        assert_eq!(problem("a ( b ( c ) )"), (1, ZoneProblem::ParenthesisAstray));
        assert_eq!(problem("a\nb )"), (2, ZoneProblem::ParenthesisAstray));
        assert_eq!(problem("\"a\\\""), (1, ZoneProblem::QuoteNotClosed));
    }
}
