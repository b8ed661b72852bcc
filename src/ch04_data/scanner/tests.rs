//! Tokens however the stream is cut.

use super::*;

/// Gives at most `chunk` bytes per read, as a network may.
struct Chunks<'a> {
    bytes: &'a [u8],
    chunk: usize,
}

impl Read for Chunks<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.chunk.min(buf.len()).min(self.bytes.len());
        buf[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

fn tokens(bytes: &[u8], chunk: usize, split: fn(&[u8], bool) -> Step) -> Vec<Vec<u8>> {
    let mut scanner = Scanner::new(Chunks { bytes, chunk }).split(split);
    let mut tokens = Vec::new();
    while let Some(token) = scanner.token().unwrap() {
        tokens.push(token.to_vec());
    }
    assert!(scanner.token().unwrap().is_none(), "the end stays the end");
    tokens
}

/// The tokens must be `expected` for every way to cut the stream into equal chunks.
fn assert_tokens(bytes: &[u8], split: fn(&[u8], bool) -> Step, expected: &[&[u8]]) {
    for chunk in 1..=bytes.len().max(1) {
        assert_eq!(tokens(bytes, chunk, split), expected, "{:?} in chunks of {chunk}", bytes.escape_ascii());
    }
}

#[test]
fn lines_keep_empty_ones_lose_their_ends_and_include_an_unterminated_tail() {
    assert_tokens(b"one\r\n\ntwo\n\r\nthree", scan_lines, &[b"one", b"", b"two", b"", b"three"]);
    assert_tokens(b"\n\n\n", scan_lines, &[b"", b"", b""]);
    assert_tokens(b"", scan_lines, &[]);
    assert_tokens(b"end\n", scan_lines, &[b"end"]);
    assert_tokens(b"end\r", scan_lines, &[b"end"]);
    assert_tokens(b"a\rb\r\r\nc", scan_lines, &[b"a\rb\r", b"c"]);
}

#[test]
fn words_are_separated_by_any_white_space_and_never_empty() {
    assert_tokens(b"  Don't\t\tpanic.\r\n ", scan_words, &[b"Don't", b"panic."]);
    assert_tokens(b" \n\x0b\x0c ", scan_words, &[]);
    assert_tokens(
        "äh\u{a0}öh\u{2003}\u{3000}üh\u{85}\u{200b}x".as_bytes(),
        scan_words,
        &[
            "äh".as_bytes(),
            "öh".as_bytes(),
            "üh".as_bytes(),
            "\u{200b}x".as_bytes(), // a zero-width space is not white space to Unicode
        ],
    );
}

#[test]
fn bytes_that_are_no_text_are_parts_of_words() {
    // 0xe2 0x80 begins U+2003, a space, and 0xa9 alone is a continuation byte.
    assert_tokens(b"\xff \xe2\x80 x\xa9", scan_words, &[b"\xff", b"\xe2\x80", b"x\xa9"]);
    assert_tokens(b"x\xe2\x80", scan_words, &[b"x\xe2\x80"]);
}

#[test]
fn every_byte_is_a_token_of_scan_bytes() {
    assert_tokens(b"a \n", scan_bytes, &[b"a", b" ", b"\n"]);
}

#[test]
fn a_split_function_of_ones_own_may_have_state() {
    let mut next_width = 0;
    let mut scanner = Scanner::new(&b"abbccc..."[..]).split(move |data, at_end| {
        let width = next_width + 1;
        if data.len() < width && !at_end {
            return Step::MORE;
        }
        next_width = width;
        let width = width.min(data.len());
        Step { advance: width, token: Some(0..width) }
    });
    let mut seen = Vec::new();
    while let Some(text) = scanner.text().unwrap() {
        seen.push(text.to_string());
    }
    assert_eq!(seen, ["a", "bb", "ccc", "..."]);
}

#[test]
fn the_limit_counts_the_delimiter_and_holds_for_every_chunk_size() {
    for chunk in 1..=20 {
        let fits = Chunks { bytes: b"1234567\n12\n", chunk };
        let mut scanner = Scanner::new(fits).with_limit(8);
        assert_eq!(scanner.text().unwrap(), Some("1234567"), "chunks of {chunk}");
        assert_eq!(scanner.text().unwrap(), Some("12"));

        let long = Chunks { bytes: b"ok\n12345678\n12\n", chunk };
        let mut scanner = Scanner::new(long).with_limit(8);
        assert_eq!(scanner.text().unwrap(), Some("ok"), "chunks of {chunk}");
        for _ in 0..2 {
            let error = scanner.text().unwrap_err();
            assert!(matches!(error, ScanError::TokenTooLong { limit: 8 }), "{error}, again and again");
        }
    }
}

#[test]
fn white_space_before_a_word_does_not_count_against_the_limit() {
    for chunk in 1..=40 {
        let bytes = b"                              word             x";
        let mut scanner = Scanner::new(Chunks { bytes, chunk }).split(scan_words).with_limit(5);
        assert_eq!(scanner.text().unwrap(), Some("word"), "chunks of {chunk}");
        assert_eq!(scanner.text().unwrap(), Some("x"));
        assert_eq!(scanner.text().unwrap(), None);
    }
}

#[test]
fn the_buffer_grows_to_the_default_limit_and_no_further() {
    let mut fits = vec![b'x'; MAX_TOKEN_BYTES - 1];
    fits.extend_from_slice(b"\nnext\n");
    let mut scanner = Scanner::new(&fits[..]);
    assert_eq!(scanner.token().unwrap().unwrap().len(), MAX_TOKEN_BYTES - 1);
    assert_eq!(scanner.text().unwrap(), Some("next"));

    let mut endless = Scanner::new(io::repeat(b'x'));
    let error = io::Error::from(endless.token().unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert_eq!(endless.buffer.len(), MAX_TOKEN_BYTES);
}

#[test]
fn bad_utf8_matters_only_to_who_wants_text_and_the_scan_goes_on_behind_it() {
    let bytes = b"good\nb\xffd\nmore\n";
    assert_eq!(tokens(bytes, 4, scan_lines)[1], b"b\xffd");
    let mut scanner = Scanner::new(&bytes[..]);
    assert_eq!(scanner.text().unwrap(), Some("good"));
    let error = scanner.text().unwrap_err();
    assert!(matches!(error, ScanError::NotText { valid: 1 }));
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidData);
    assert_eq!(scanner.text().unwrap(), Some("more"));
}

#[test]
fn a_failing_connection_is_an_error_and_what_was_read_is_kept_for_the_next_try() {
    struct Script(Vec<io::Result<&'static [u8]>>);
    impl Read for Script {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let piece = if self.0.is_empty() { &b""[..] } else { self.0.remove(0)? };
            buf[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }
    let timed_out = || Err(io::ErrorKind::TimedOut.into());
    let interrupted = || Err(io::ErrorKind::Interrupted.into());
    let reset = || Err(io::ErrorKind::ConnectionReset.into());
    let script = vec![Ok(&b"ha"[..]), timed_out(), interrupted(), Ok(b"lf\ncut of"), reset()];
    let mut scanner = Scanner::new(Script(script));
    let error = scanner.text().unwrap_err();
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
    assert_eq!(scanner.text().unwrap(), Some("half"));
    assert_eq!(io::Error::from(scanner.text().unwrap_err()).kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn a_split_function_that_lies_is_an_error_and_no_panic() {
    let lies = [
        Step { advance: 99, token: None },
        Step { advance: 1, token: Some(0..99) },
        Step { advance: 0, token: Some(0..0) },
        #[allow(clippy::reversed_empty_ranges)]
        Step { advance: 1, token: Some(2..1) },
    ];
    for lie in lies {
        let told = lie.clone();
        let mut scanner = Scanner::new(&b"abc"[..]).split(move |_, _| told.clone());
        assert!(matches!(scanner.token(), Err(ScanError::BadSplit)), "{lie:?}");
    }
}

#[test]
fn texts_end_after_the_first_error() {
    let texts: Vec<_> = Scanner::new(&b"one\n\xff\nthree\n"[..]).texts().collect();
    assert_eq!(texts.len(), 2);
    assert_eq!(texts[0].as_deref().unwrap(), "one");
    assert!(texts[1].is_err());
}
