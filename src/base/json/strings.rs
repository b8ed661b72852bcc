//! The inside of strings: plain runs in one step, escapes one by one.

use super::error::{Fault, JsonErrorKind};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Where from `at` on the first byte stands that is a quote, a backslash or a control character; the end if none does.
///
/// Eight bytes at a time: `x - ones & !x & high` has its lowest set bit in the lowest byte of `x` that is zero.
#[inline]
pub(super) fn plain_run(bytes: &[u8], mut at: usize) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        let below_blank = word.wrapping_sub(ONES * 0x20) & !word;
        let found =
            quote.wrapping_sub(ONES) & !quote | backslash.wrapping_sub(ONES) & !backslash | below_blank;
        if found & HIGH != 0 {
            return at + (found & HIGH).trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        at += 1;
    }
    at
}

/// What a search for the closing quote remembers when the input pauses inside the string.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Search {
    /// Bytes behind the opening quote that need not be looked at again.
    pub done: usize,
    /// Whether there was a backslash among them.
    pub escaped: bool,
}

/// Where the closing quote stands of the string whose first byte is at `start`; `None` if the input ends before it.
pub(super) fn find_end(bytes: &[u8], start: usize, search: &mut Search) -> Result<Option<usize>, Fault> {
    let mut at = start + search.done;
    loop {
        at = plain_run(bytes, at);
        search.done = at - start;
        match bytes.get(at) {
            None => return Ok(None),
            Some(b'"') => return Ok(Some(at)),
            Some(b'\\') => search.escaped = true,
            Some(&came) => return Err(Fault { kind: JsonErrorKind::ControlCharacter { came }, at }),
        }
        match bytes.get(at + 1) {
            None => return Ok(None),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u') => at += 2,
            Some(&came) => return Err(Fault { kind: JsonErrorKind::UnknownEscape { came }, at: at + 1 }),
        }
    }
}

/// The text of `bytes[start..end]`, which has no escapes.
pub(super) fn plain(bytes: &[u8], start: usize, end: usize) -> Result<&str, Fault> {
    std::str::from_utf8(&bytes[start..end])
        .map_err(|error| Fault { kind: JsonErrorKind::NotUtf8, at: start + error.valid_up_to() })
}

/// The text of `bytes[start..end]`, which [`find_end`] went over. A lone surrogate becomes U+FFFD if `replace`.
pub(super) fn unescape(bytes: &[u8], start: usize, end: usize, replace: bool) -> Result<String, Fault> {
    let inside = &bytes[..end];
    let mut text = String::with_capacity(end - start);
    let mut at = start;
    while at < end {
        let run = plain_run(inside, at);
        text.push_str(plain(inside, at, run)?);
        let Some(letter) = inside.get(run + 1) else { break };
        at = run + 2;
        text.push(match letter {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let (character, next) = unicode_escape(inside, at, replace)?;
                at = next;
                character
            }
            itself => char::from(*itself),
        });
    }
    Ok(text)
}

/// The character of the four digits at `at`, and of the second half of its surrogate pair behind them; where they end.
fn unicode_escape(inside: &[u8], at: usize, replace: bool) -> Result<(char, usize), Fault> {
    let bad = Fault { kind: JsonErrorKind::BadUnicodeEscape, at };
    let Some(half) = four_digits(inside, at) else { return Err(bad) };
    if let Some(character) = char::from_u32(u32::from(half)) {
        return Ok((character, at + 4));
    }
    if half < 0xdc00 && inside.get(at + 4..at + 6) == Some(b"\\u") {
        if let Some(low @ 0xdc00..=0xdfff) = four_digits(inside, at + 6) {
            let code = 0x1_0000 + ((u32::from(half) - 0xd800) << 10) + (u32::from(low) - 0xdc00);
            return Ok((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), at + 10));
        }
    }
    if replace {
        return Ok((char::REPLACEMENT_CHARACTER, at + 4));
    }
    Err(Fault { kind: JsonErrorKind::LoneSurrogate { half }, at: at - 2 })
}

fn four_digits(bytes: &[u8], at: usize) -> Option<u16> {
    let mut number = 0;
    for byte in bytes.get(at..at + 4)? {
        number = number << 4 | char::from(*byte).to_digit(16)? as u16;
    }
    Some(number)
}

/// The text in quotes. `html` also escapes what Go's encoder escapes so that JSON can stand inside a script element.
pub(super) fn write(text: &str, html: bool, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut at = 0;
    loop {
        let run = if html { html_run(bytes, at) } else { plain_run(bytes, at) };
        out.extend_from_slice(&bytes[at..run]);
        let Some(&byte) = bytes.get(run) else { break };
        at = run + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0xe2 => {
                // The line and paragraph separators, U+2028 and U+2029: html_run stops at nothing else with this byte.
                out.extend_from_slice(if bytes[run + 2] == 0xa8 { b"\\u2028" } else { b"\\u2029" });
                at = run + 3;
            }
            other => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(DIGITS[usize::from(other >> 4)]);
                out.push(DIGITS[usize::from(other & 15)]);
            }
        }
    }
    out.push(b'"');
}

/// As [`plain_run`], and also up to `<`, `>`, `&` and the two separators.
fn html_run(bytes: &[u8], mut at: usize) -> usize {
    loop {
        at = html_word_run(bytes, at);
        match bytes.get(at) {
            None | Some(0..=0x1f | b'"' | b'\\' | b'<' | b'>' | b'&') => return at,
            Some(0xe2) if matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])) => return at,
            _ => at += 1,
        }
    }
}

/// Over as many whole words as have none of the bytes that [`html_run`] looks at. One bit set makes `<` and `>` equal, another
/// `"` and `&`.
fn html_word_run(bytes: &[u8], mut at: usize) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        let angle = (word | (ONES * 2)) ^ (ONES * b'>' as u64);
        let quote = (word | (ONES * 4)) ^ (ONES * b'&' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        let separator = word ^ (ONES * 0xe2);
        let mut found = word.wrapping_sub(ONES * 0x20) & !word;
        for zero_where_found in [angle, quote, backslash, separator] {
            found |= zero_where_found.wrapping_sub(ONES) & !zero_where_found;
        }
        if found & HIGH != 0 {
            return at + (found & HIGH).trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at
}
