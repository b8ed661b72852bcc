//! Bytes for people: text with escapes, and the hexdump.

/// The bytes as quoted text, as Go's `%q` writes it: printable ASCII as it is, the rest escaped. More than `most` bytes are
/// cut, and `…` says so.
pub fn escaped(bytes: &[u8], most: usize) -> String {
    let mut text = String::from("\"");
    for byte in &bytes[..bytes.len().min(most)] {
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            0x20..=0x7e => text.push(char::from(*byte)),
            other => text.push_str(&format!("\\x{other:02x}")),
        }
    }
    text.push('"');
    if bytes.len() > most {
        text.push('…');
    }
    text
}

/// A line of text as it is, but for control characters, which could move a terminal's cursor or change its colours: they are
/// escaped. A tab does no more than it seems to and stays. What is no UTF-8 becomes U+FFFD.
pub fn printable(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len());
    for character in String::from_utf8_lossy(line).chars() {
        if character.is_control() && character != '\t' {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    text
}

/// The text in quotes, as `{:?}` writes it. More than `most` characters are cut, and `…` says so: a message that repeats what
/// somebody wrote must not grow with it.
pub fn quoted(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

/// The bytes in lines of sixteen: offset, hexadecimal, ASCII; what does not print is a dot. No bytes, no lines.
///
/// ```text
/// 00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|
/// ```
/// This is the form of `hexdump -C` and of Go's `hex.Dump`.
pub fn hexdump(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (row, line) in bytes.chunks(ROW).enumerate() {
        text.push_str(&format!("{:08x}  {:<48}  |{}|\n", row * ROW, hex_columns(line), ascii(line)));
    }
    text
}

/// Bytes in a line of a hexdump.
const ROW: usize = 16;

fn hex_columns(line: &[u8]) -> String {
    let mut columns = String::new();
    for (index, byte) in line.iter().enumerate() {
        if index > 0 {
            columns.push(' ');
        }
        if index == ROW / 2 {
            columns.push(' ');
        }
        columns.push_str(&format!("{byte:02x}"));
    }
    columns
}

fn ascii(line: &[u8]) -> String {
    let mut text = String::new();
    for byte in line {
        let printable = matches!(byte, 0x20..=0x7e);
        text.push(if printable { char::from(*byte) } else { '.' });
    }
    text
}

/// A number of bytes for people: `1 byte`, `64 bytes`, `1.5 KiB`, `16 MiB`. From 1024 on it is rounded to a tenth, and a
/// KiB is 1024 bytes.
pub fn bytes_count(count: u64) -> String {
    if count < 1024 {
        let word = if count == 1 { "byte" } else { "bytes" };
        return format!("{count} {word}");
    }
    let mut unit: u128 = 1024;
    let mut name = "KiB";
    for larger in ["MiB", "GiB", "TiB", "PiB", "EiB"] {
        // 1023.96 KiB would be rounded to "1024 KiB".
        if tenths(count, unit) < 10_240 {
            break;
        }
        unit *= 1024;
        name = larger;
    }
    let tenths = tenths(count, unit);
    match tenths % 10 {
        0 => format!("{} {name}", tenths / 10),
        tenth => format!("{}.{tenth} {name}", tenths / 10),
    }
}

fn tenths(count: u64, unit: u128) -> u128 {
    (u128::from(count) * 10 + unit / 2) / unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_text_keeps_ascii_and_says_when_it_was_cut() {
        assert_eq!(escaped(b"a\"\\\r\n\t\x00\xff", 99), r#""a\"\\\r\n\t\x00\xff""#);
        assert_eq!(escaped(b"abc", 3), "\"abc\"");
        assert_eq!(escaped(b"abc", 2), "\"ab\"…");
        assert_eq!(escaped(b"", 0), "\"\"");
    }

    #[test]
    fn a_printable_line_keeps_its_text_and_moves_no_cursor() {
        assert_eq!(printable("a\tπ \"\\".as_bytes()), "a\tπ \"\\");
        assert_eq!(printable(b"\x1b[2J\r\x00\xff"), "\\u{1b}[2J\\r\\u{0}\u{fffd}");
    }

    #[test]
    fn quoted_text_is_cut_between_characters_and_says_so() {
        assert_eq!(quoted("grü\n", 4), "\"grü\\n\"");
        assert_eq!(quoted("grüße", 3), "\"grü\"…");
        assert_eq!(quoted("", 0), "\"\"");
    }

    #[test]
    fn a_hexdump_has_sixteen_bytes_a_line_and_aligns_the_last() {
        let dump = hexdump(b"GET / HTTP/1.1\r\n\r\n\x7f~");
        let lines: Vec<&str> = dump.lines().collect();
        assert_eq!(
            lines,
            [
                "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|",
                "00000010  0d 0a 7f 7e                                       |...~|",
            ]
        );
        assert!(dump.ends_with("|\n"));
    }

    #[test]
    fn a_hexdump_of_any_length_keeps_its_columns() {
        assert_eq!(hexdump(&[]), "");
        for length in 1..=48 {
            let dump = hexdump(&vec![b'x'; length]);
            assert_eq!(dump.lines().count(), length.div_ceil(16), "{length} bytes");
            for line in dump.lines() {
                assert_eq!(line.find('|'), Some(60), "{length} bytes: {line}");
            }
        }
    }

    #[test]
    fn byte_counts_are_singular_plural_or_rounded_to_a_tenth() {
        let cases = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (64, "64 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (1025, "1 KiB"),
            (1536, "1.5 KiB"),
            (65_535, "64 KiB"),
            (1_048_575, "1 MiB"),
            (16 << 20, "16 MiB"),
            ((1 << 40) - 1, "1 TiB"),
            (u64::MAX, "16 EiB"),
        ];
        for (count, text) in cases {
            assert_eq!(bytes_count(count), text, "{count}");
        }
    }
}
