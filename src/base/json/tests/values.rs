//! Values: making them, looking into them, numbers, options, errors, and there and back at random.

use super::super::*;
use crate::base::random::Seeded;

pub fn random_text(random: &mut Seeded) -> String {
    const CHARACTERS: &[char] =
        &['a', 'Z', '0', ' ', '"', '\\', '/', '\n', '\u{1}', '<', '&', 'é', '€', '\u{2028}', '🐹'];
    (0..random.below(20)).map(|_| CHARACTERS[random.below(CHARACTERS.len() as u64) as usize]).collect()
}

pub fn random_value(random: &mut Seeded, depth: u32) -> Value {
    match random.below(if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => Value::from(random.chance(0.5)),
        2 => Value::from(random.next_u64() as i64 >> random.below(64)),
        3 => Value::try_from(f64::from_bits(random.next_u64())).unwrap_or_default(),
        4 => Value::from(random_text(random)),
        5 => (0..random.below(6)).map(|_| random_value(random, depth - 1)).collect::<Vec<_>>().into(),
        _ => {
            let mut object = Object::new();
            for _ in 0..random.below(6) {
                object.insert(random_text(random), random_value(random, depth - 1));
            }
            object.into()
        }
    }
}

#[test]
fn what_is_printed_reads_back_in_every_format() {
    let mut random = Seeded::new(1);
    for _ in 0..2_000 {
        let value = random_value(&mut random, 5);
        for format in [Format::COMPACT, Format::AS_GO, Format::pretty("\t"), Format::pretty("")] {
            assert_eq!(parse_text(&format.to_string(&value)).unwrap(), value);
        }
        assert_eq!(value.clone(), value);
    }
}

#[test]
fn a_pretty_object_has_a_line_per_member_as_gos_has() {
    let value = parse_text(r#"{"a":[1,{"b":null}],"c":{},"d":[]}"#).unwrap();
    let wanted = "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}";
    assert_eq!(to_string_pretty(&value, "  "), wanted);
    assert_eq!(format!("{value:#}"), wanted);
    assert_eq!(format!("{value}"), r#"{"a":[1,{"b":null}],"c":{},"d":[]}"#);
    assert_eq!(format!("{:?}", value.as_object()), r#"Some({"a": [1,{"b":null}], "c": {}, "d": []})"#);
}

#[test]
fn an_object_keeps_its_order_and_a_key_its_place() {
    let mut object = Object::from([("b", Value::from(1)), ("a", Value::from(2))]);
    assert_eq!(object.insert("b", 3), Some(Value::from(1)));
    assert_eq!(object.insert("c", "x"), None);
    assert_eq!(object.iter().map(|(key, _)| key).collect::<String>(), "bac");
    object.push("a", 4);
    assert_eq!(to_string(&object.clone().into()), r#"{"b":3,"a":2,"c":"x","a":4}"#);
    assert_eq!(object.get("a"), Some(&Value::from(4)));
    assert_eq!(object.remove("a"), Some(Value::from(4)));
    assert_eq!((object.len(), object.remove("a"), object.contains_key("c")), (2, None, true));
}

#[test]
fn a_key_twice_is_what_the_option_says() {
    let with = |duplicates| {
        let options = ParseOptions { duplicates, ..ParseOptions::default() };
        parse_with(br#"[{"a":1,"b":2,"a":[3],"b":4,"a":5}]"#, &options)
    };
    assert_eq!(to_string(&with(Duplicates::LastWins).unwrap()), r#"[{"a":5,"b":4}]"#);
    assert_eq!(to_string(&with(Duplicates::Keep).unwrap()), r#"[{"a":1,"b":2,"a":[3],"b":4,"a":5}]"#);
    let error = with(Duplicates::Refuse).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 34: the object that ends here has the key \"a\" twice");
}

#[test]
fn half_a_surrogate_pair_is_what_the_option_says() {
    let options = ParseOptions { surrogates: LoneSurrogates::Replace, ..ParseOptions::default() };
    let text = |bytes| parse_with(bytes, &options).unwrap().into_string().unwrap();
    assert_eq!(text(br#""a\ud800b""#), "a\u{fffd}b");
    assert_eq!(text(br#""\ud800\ud83d\udc39\udc00""#), "\u{fffd}🐹\u{fffd}");
    assert_eq!(text(br#""\ud800\u0041""#), "\u{fffd}A");
    let error = parse(br#""a\uD800b""#).unwrap_err();
    assert_eq!((error.kind, error.offset), (JsonErrorKind::LoneSurrogate { half: 0xd800 }, 2));
}

#[test]
fn a_field_is_found_without_case_as_gos_decoder_does() {
    let value = parse_text(r#"{"first":"a","FIRST":"b","First":"c","LAST":"d"}"#).unwrap();
    let found = |key| value.get_ignoring_case(key).and_then(Value::as_str);
    assert_eq!((found("First"), found("first"), found("fIRST")), (Some("c"), Some("a"), Some("c")));
    assert_eq!((found("Last"), found("Middle"), Value::Null.get_ignoring_case("a")), (Some("d"), None, None));
}

/// The examples of RFC 6901 section 5, and what is no pointer.
#[test]
fn a_pointer_finds_what_it_names_and_never_panics() {
    let text = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
    let mut value = parse_text(text).unwrap();
    let found = |pointer| value.pointer(pointer).map(to_string);
    for (pointer, wanted) in [
        ("/foo/0", "\"bar\""),
        ("/", "0"),
        ("/a~1b", "1"),
        ("/i\\j", "5"),
        ("/k\"l", "6"),
        ("/ ", "7"),
        ("/m~0n", "8"),
    ] {
        assert_eq!(found(pointer).as_deref(), Some(wanted), "{pointer}");
    }
    assert_eq!(found("").as_deref(), Some(text));
    for nothing in [
        "foo",
        "/bar",
        "/foo/2",
        "/foo/-",
        "/foo/00",
        "/foo/+1",
        "/foo/",
        "/foo/0/x",
        "/m~n",
        "/m~",
        "/foo/99999999999999999999",
    ] {
        assert_eq!(found(nothing), None, "{nothing}");
    }
    *value.pointer_mut("/foo/1").unwrap() = Value::from(9);
    assert_eq!(value.get("foo").and_then(|foo| foo.at(1)), Some(&Value::from(9)));
    assert_eq!((value.at(0), value.get("foo").and_then(|foo| foo.get("x"))), (None, None));
}

#[test]
fn a_number_says_what_it_fits_into() {
    let number = |text| parse_text(text).unwrap().as_number().unwrap().clone();
    assert_eq!(number("18446744073709551615").to_u64(), Ok(u64::MAX));
    assert_eq!(number("-9223372036854775808").to_i64(), Ok(i64::MIN));
    assert_eq!((number("-0").to_u64(), number("-0").to_i64()), (Ok(0), Ok(0)));
    for (text, of) in [("18446744073709551616", "u64"), ("-1", "u64")] {
        assert_eq!(number(text).to_u64(), Err(NumberError::OutOfRange { digits: text.to_string(), of }));
    }
    assert!(number("9223372036854775808").to_i64().is_err());
    for text in ["1.0", "1e2", "1E2"] {
        assert_eq!(number(text).to_i64(), Err(NumberError::NotAnInteger { digits: text.to_string() }));
    }
    assert_eq!(number("1e2").to_f64(), Ok(100.0));
    assert_eq!(number("1e400").to_f64().unwrap_err().to_string(), "1e400 came, which f64 cannot hold");
    assert_eq!(number("1e-400").to_f64(), Ok(0.0));
}

#[test]
fn a_float_has_the_digits_go_gives_it() {
    let floats = [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1.5e20, "150000000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-1.25e-9, "-1.25e-9"),
        (f64::MAX, "1.7976931348623157e+308"),
        (5e-324, "5e-324"),
        (9007199254740993.0, "9007199254740992"),
    ];
    for (float, digits) in floats {
        assert_eq!(Number::from_f64(float).unwrap().as_str(), digits);
    }
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Value::try_from(float).unwrap_err(), NumberError::NotFinite);
    }
}

#[test]
fn an_error_says_where_what_came_and_what_we_take() {
    let says = |text: &str| parse_text(text).unwrap_err().to_string();
    assert_eq!(says("{\n \"é\": +1}"), "line 2, column 7: '+' came, wanted a value");
    assert_eq!(says("[1 2]"), "line 1, column 4: '2' came, wanted ',' or ']'");
    assert_eq!(says("{\"a\":1 x"), "line 1, column 8: 'x' came, wanted ',' or '}'");
    assert_eq!(says("{a"), "line 1, column 2: 'a' came, wanted a key in quotes or '}'");
    assert_eq!(says("{}\n{}"), "line 2, column 1: '{' came behind the value, wanted the end");
    assert_eq!(says(""), "line 1, column 1: the input ends where a value should come");
    assert_eq!(says("\u{feff}1"), "line 1, column 1: a byte order mark came, wanted UTF-8 without one");
    assert_eq!(
        says("\"\t\""),
        "line 1, column 2: the control character 0x09 came in a string, wanted \\u0009"
    );
    assert_eq!(says("007"), "line 1, column 2: a number began with a zero and another digit came");
}

#[test]
fn a_value_has_the_size_the_limits_reckon_with() {
    assert_eq!(size_of::<Value>(), 32);
}

#[test]
fn what_is_inside_can_be_taken_out() {
    assert_eq!(Value::from("a").into_string().as_deref(), Some("a"));
    assert_eq!(Value::from(vec![Value::from(1)]).into_array().map(|items| items.len()), Some(1));
    assert_eq!(Value::from(Object::new()).into_object(), Some(Object::new()));
    assert_eq!((Value::Null.into_string(), Value::Null.kind()), (None, "null"));
}
