//! Documents by class, after Nicolas Seriot's test suite for JSON parsers: what every parser must take, what every parser must
//! refuse, and what RFC 8259 leaves to the parser, with what we decide. The cases are our own.

use super::super::*;

/// What every parser must take, and how we print it.
const ACCEPTED: &[(&str, &str)] = &[
    // Words, and blanks around them.
    ("null", "null"),
    ("true", "true"),
    ("false", "false"),
    (" \t\r\nnull \t\r\n", "null"),
    // Arrays.
    ("[]", "[]"),
    ("[ ]", "[]"),
    ("[\n]", "[]"),
    ("[[]]", "[[]]"),
    ("[[],[[]],[]]", "[[],[[]],[]]"),
    ("[1]", "[1]"),
    ("[ 1 , 2 ]", "[1,2]"),
    ("[null,true,false]", "[null,true,false]"),
    ("[1,\"1\",{},[]]", "[1,\"1\",{},[]]"),
    ("[\t1\n,\r2 ]", "[1,2]"),
    // Objects.
    ("{}", "{}"),
    ("{ }", "{}"),
    ("{\"\":0}", "{\"\":0}"),
    ("{\"a\":1}", "{\"a\":1}"),
    ("{ \"a\" : 1 }", "{\"a\":1}"),
    ("{\"a\"\n:\t1\r}", "{\"a\":1}"),
    ("{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}"),
    ("{\"a\":{\"a\":{\"a\":{}}}}", "{\"a\":{\"a\":{\"a\":{}}}}"),
    ("{\"a\":[],\"b\":{},\"c\":null}", "{\"a\":[],\"b\":{},\"c\":null}"),
    ("{\"a\\u0062\":1}", "{\"ab\":1}"),
    ("{\"\\n\":1}", "{\"\\n\":1}"),
    ("{\"a\":\"}\"}", "{\"a\":\"}\"}"),
    // Numbers keep their digits.
    ("0", "0"),
    ("-0", "-0"),
    ("7", "7"),
    ("-7", "-7"),
    ("10", "10"),
    ("100", "100"),
    ("1.0", "1.0"),
    ("0.0", "0.0"),
    ("-0.0", "-0.0"),
    ("0.10", "0.10"),
    ("1e1", "1e1"),
    ("1E1", "1E1"),
    ("1e+1", "1e+1"),
    ("1e-1", "1e-1"),
    ("1e01", "1e01"),
    ("0e0", "0e0"),
    ("0E+0", "0E+0"),
    ("1.5e3", "1.5e3"),
    ("-1.5E-3", "-1.5E-3"),
    ("123456789", "123456789"),
    ("18446744073709551615", "18446744073709551615"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("18446744073709551616", "18446744073709551616"),
    ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"),
    ("[1e2,3]", "[1e2,3]"),
    // Strings.
    ("\"\"", "\"\""),
    ("\" \"", "\" \""),
    ("\"a\"", "\"a\""),
    ("\"abcdefghijklmnop\"", "\"abcdefghijklmnop\""),
    ("\"\\\"\"", "\"\\\"\""),
    ("\"\\\\\"", "\"\\\\\""),
    ("\"\\/\"", "\"/\""),
    ("\"/\"", "\"/\""),
    ("\"\\b\\f\\n\\r\\t\"", "\"\\b\\f\\n\\r\\t\""),
    ("\"\\u0000\"", "\"\\u0000\""),
    ("\"\\u001f\"", "\"\\u001f\""),
    ("\"\\u0020\"", "\" \""),
    ("\"\\u0022\"", "\"\\\"\""),
    ("\"\\u005C\"", "\"\\\\\""),
    ("\"\\u0041\\u00e9\\u00E9\"", "\"Aéé\""),
    ("\"\\u20ac\"", "\"€\""),
    ("\"\\ud83d\\udc39\"", "\"🐹\""),
    ("\"\\uD83D\\uDC39\"", "\"🐹\""),
    ("\"\\ud800\\udc00\"", "\"\u{10000}\""),
    ("\"\\udbff\\udfff\"", "\"\u{10ffff}\""),
    ("\"\\ud7ff\\ue000\"", "\"\u{d7ff}\u{e000}\""),
    ("\"\\ufffe\\uffff\"", "\"\u{fffe}\u{ffff}\""),
    ("\"\\\\u0041\"", "\"\\\\u0041\""),
    ("\"\\\\\\\"\"", "\"\\\\\\\"\""),
    ("\"\u{7f}\"", "\"\u{7f}\""),
    ("\"\u{80}\"", "\"\u{80}\""),
    ("\"é€🐹\"", "\"é€🐹\""),
    ("\"\u{2028}\u{2029}\"", "\"\u{2028}\u{2029}\""),
    ("\"\u{feff}\"", "\"\u{feff}\""),
    ("\"<>&'\"", "\"<>&'\""),
    ("\"[1,{\"", "\"[1,{\""),
    ("\"// no comment\"", "\"// no comment\""),
    ("[\"a\",\"b\\n\",\"c\"]", "[\"a\",\"b\\n\",\"c\"]"),
];

/// What every parser must refuse, and the byte where we do.
const REFUSED: &[(&[u8], usize)] = &[
    // Nothing, words that are none.
    (b"", 0),
    (b" ", 1),
    (b"nul", 3),
    (b"nulk", 3),
    (b"nullx", 4),
    (b"True", 0),
    (b"TRUE", 0),
    (b"tru", 3),
    (b"fals ", 4),
    (b"undefined", 0),
    (b"NaN", 0),
    (b"nan", 1),
    (b"Infinity", 0),
    (b"-Infinity", 1),
    (b"a", 0),
    (b"'a'", 0),
    (b"`a`", 0),
    (b"\x00", 0),
    (b"\x0cnull", 0),
    (b"\xa0null", 0),
    (b"\xef\xbb\xbfnull", 0),
    (b"\xff\xfen\x00", 0),
    (b"/* a */ null", 0),
    (b"null // a", 5),
    (b"# a", 0),
    (b"*", 0),
    // More than one value.
    (b"null null", 5),
    (b"1 2", 2),
    (b"[],", 2),
    (b"[]]", 2),
    (b"{}}", 2),
    (b"{}[]", 2),
    (b"\"a\"x", 3),
    (b"1]", 1),
    // Arrays.
    (b"[", 1),
    (b"]", 0),
    (b"[1", 2),
    (b"[1,", 3),
    (b"[1,]", 3),
    (b"[,1]", 1),
    (b"[,]", 1),
    (b"[1,,2]", 3),
    (b"[1 2]", 3),
    (b"[1;2]", 2),
    (b"[1:2]", 2),
    (b"[1}", 2),
    (b"[\"a\"", 4),
    (b"[\"a\":1]", 4),
    (b"[a]", 1),
    (b"[-]", 2),
    (b"[\x0b1]", 1),
    (b"[[]", 3),
    (b"[}", 1),
    (b"[1,\n2", 5),
    // Objects.
    (b"{", 1),
    (b"}", 0),
    (b"{]", 1),
    (b"{,}", 1),
    (b"{a:1}", 1),
    (b"{'a':1}", 1),
    (b"{1:1}", 1),
    (b"{null:1}", 1),
    (b"{[]:1}", 1),
    (b"{\"a\"}", 4),
    (b"{\"a\",1}", 4),
    (b"{\"a\":}", 5),
    (b"{\"a\"::1}", 5),
    (b"{\"a\"=1}", 4),
    (b"{\"a\" 1}", 5),
    (b"{\"a\":1", 6),
    (b"{\"a\":1,", 7),
    (b"{\"a\":1,}", 7),
    (b"{\"a\":1,,\"b\":2}", 7),
    (b"{\"a\":1 \"b\":2}", 7),
    (b"{\"a\":1]", 6),
    (b"{\"a\":1:2}", 6),
    (b"{\"a\":1,2}", 7),
    (b"{\"a\"", 4),
    (b"{\"a\":", 5),
    (b"{\"a", 3),
    (b"{\"a\":/**/1}", 5),
    // Numbers.
    (b"-", 1),
    (b"+1", 0),
    (b"--1", 1),
    (b"+-1", 0),
    (b"01", 1),
    (b"00", 1),
    (b"-01", 2),
    (b"-00", 2),
    (b"012.5", 1),
    (b".5", 0),
    (b"-.5", 1),
    (b"1.", 2),
    (b"-1.", 3),
    (b"0.", 2),
    (b"1.e1", 2),
    (b"1..2", 2),
    (b"1.2.3", 3),
    (b"1e", 2),
    (b"1E", 2),
    (b"1e+", 3),
    (b"1e-", 3),
    (b"1eE2", 2),
    (b"1e1.5", 3),
    (b"1e1e1", 3),
    (b"0e", 2),
    (b"0x1f", 1),
    (b"1_000", 1),
    (b"1,000", 1),
    (b"1 000", 2),
    (b"1f", 1),
    (b"1n", 1),
    (b"- 1", 1),
    (b"1-", 1),
    (b"1+2", 1),
    (b"-NaN", 1),
    (b"-a", 1),
    (b"\xef\xbc\x91", 0),
    // Strings.
    (b"\"", 1),
    (b"\"a", 2),
    (b"\"\\", 2),
    (b"\"\\\"", 3),
    (b"\"\\a\"", 2),
    (b"\"\\x41\"", 2),
    (b"\"\\'\"", 2),
    (b"\"\\0\"", 2),
    (b"\"\\U0041\"", 2),
    (b"\"\\\n\"", 2),
    (b"\"\\\xc3\xa9\"", 2),
    (b"\"\\u\"", 3),
    (b"\"\\u1\"", 3),
    (b"\"\\u123\"", 3),
    (b"\"\\u12 4\"", 3),
    (b"\"\\u00g0\"", 3),
    (b"\"\\u+123\"", 3),
    (b"\"a\nb\"", 2),
    (b"\"a\tb\"", 2),
    (b"\"a\x00b\"", 2),
    (b"\"\x1f\"", 1),
    (b"\"12345678\x019\"", 9),
    (b"{\"a\nb\":1}", 3),
    (b"\\u0022a\"", 0),
    // Bytes that are no UTF-8.
    (b"\"\xff\"", 1),
    (b"\"a\x80\"", 2),
    (b"\"\xc3\"", 1),
    (b"\"\xe2\x82\"", 1),
    (b"\"\xf0\x9f\x90\"", 1),
    (b"\"\xc0\xaf\"", 1),
    (b"\"\xe0\x80\xaf\"", 1),
    (b"\"\xed\xa0\x80\"", 1),
    (b"\"\xf4\x90\x80\x80\"", 1),
    (b"\"\\n\xff\"", 3),
    (b"{\"\xff\":1}", 2),
    (b"\xff", 0),
];

/// What the RFC leaves to the parser: how we print it, or `None` if we refuse.
const UNDECIDED: &[(&[u8], Option<&str>)] = &[
    (b"1e400", Some("1e400")),
    (b"-1e400", Some("-1e400")),
    (b"1e-400", Some("1e-400")),
    (
        b"0.4e006699999999999999999999999999999999999999999999",
        Some("0.4e006699999999999999999999999999999999999999999999"),
    ),
    (b"9007199254740993", Some("9007199254740993")),
    (b"0.1000000000000000055511151231257827", Some("0.1000000000000000055511151231257827")),
    (b"{\"a\":1,\"a\":2}", Some("{\"a\":2}")),
    (b"{\"a\":1,\"b\":2,\"a\":3}", Some("{\"a\":3,\"b\":2}")),
    (b"{\"a\":1,\"\\u0061\":2}", Some("{\"a\":2}")),
    (b"\"\\ud800\"", None),
    (b"\"\\udc00\"", None),
    (b"\"\\ud800\\ud800\"", None),
    (b"\"\\udc00\\ud800\"", None),
    (b"\"\\ud800a\"", None),
    (b"\"\\ud800\\n\"", None),
    (b"\"\\ud800\\u0041\"", None),
    (b"\"\\ud800\\u00\"", None),
    (b"\"\\uDBFF\\u\"", None),
    (b"\xef\xbb\xbf{}", None),
    (b"\xfe\xff\x00n", None),
];

#[test]
fn what_every_parser_must_take_is_taken_and_printed_right() {
    for (text, printed) in ACCEPTED {
        let value = parse_text(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(to_string(&value), *printed, "{text:?}");
        assert_eq!(parse_text(printed).unwrap(), value, "{text:?}");
    }
}

#[test]
fn what_every_parser_must_refuse_is_refused_where_it_goes_wrong() {
    for (bytes, offset) in REFUSED {
        let shown = String::from_utf8_lossy(bytes);
        match parse(bytes) {
            Ok(value) => panic!("{shown:?} was taken for {value}"),
            Err(error) => assert_eq!(error.offset, *offset as u64, "{shown:?}: {error}"),
        }
    }
}

#[test]
fn what_is_left_open_is_decided_as_the_page_says() {
    for (bytes, wanted) in UNDECIDED {
        let printed = parse(bytes).ok().map(|value| to_string(&value));
        assert_eq!(printed.as_deref(), *wanted, "{:?}", String::from_utf8_lossy(bytes));
    }
}

/// A reader that gives a byte at a time stops the parser at every place where it can stop.
#[test]
fn a_byte_at_a_time_gives_the_same_as_all_at_once() {
    struct ByteByByte<'a>(&'a [u8]);
    impl std::io::Read for ByteByByte<'_> {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(1);
            std::io::Read::read(&mut self.0, &mut buf[..count])
        }
    }
    let accepted = ACCEPTED.iter().map(|(text, _)| text.as_bytes());
    let refused = REFUSED.iter().map(|(bytes, _)| *bytes);
    for bytes in accepted.chain(refused).chain(UNDECIDED.iter().map(|(bytes, _)| *bytes)) {
        let mut reader = ByteByByte(bytes);
        let mut decoder = Decoder::new(&mut reader);
        let mut first = None;
        let streamed = loop {
            match decoder.decode() {
                Ok(Some(value)) if first.is_none() => first = Some(value),
                Ok(Some(_)) => break None, // a second value: no document
                Ok(None) => break first,
                Err(DecodeError::Json(_)) => break None,
                Err(DecodeError::Read(error)) => panic!("{error}"),
            }
        };
        assert_eq!(streamed, parse(bytes).ok(), "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn the_tables_are_as_long_as_they_should_be() {
    assert!(ACCEPTED.len() + REFUSED.len() + UNDECIDED.len() >= 240);
}
