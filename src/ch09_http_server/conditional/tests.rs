//! Conditions alone, in their order, and damaged.

use super::*;

const BEFORE: &str = "Fri, 23 Jan 2009 01:23:22 GMT";
const THEN: &str = "Fri, 23 Jan 2009 01:23:23 GMT";
const AFTER: &str = "Fri, 23 Jan 2009 01:23:24 GMT";

const WHOLE: Verdict = Verdict::Proceed { ranges: false };
const PROCEED: Verdict = Verdict::Proceed { ranges: true };

fn validators(tag: &str) -> Validators {
    let mut modified = Timestamp::parse_http_date(THEN).unwrap();
    // Files change between two seconds, and no date says so.
    modified.nanos = 999_999_999;
    Validators { etag: EntityTag::parse(tag.as_bytes()), modified: Some(modified) }
}

fn verdict(method: Method, fields: &[(&str, &str)]) -> Verdict {
    let mut header = Header::new();
    for (name, value) in fields {
        header.add(name, *value);
    }
    evaluate(&method, &header, &validators("\"a,b\""))
}

#[test]
fn tags_have_quotes_and_nothing_in_them_that_ends_a_line() {
    let tag = |weak, opaque: &[u8]| Some(EntityTag { weak, opaque: opaque.to_vec() });
    for (text, parsed) in [
        (&b"\"a\""[..], tag(false, b"a")),
        (b"W/\"a\"", tag(true, b"a")),
        (b"\"\"", tag(false, b"")),
        (b"\"a,\\b\"", tag(false, b"a,\\b")),
        (b"\"\xff\"", tag(false, b"\xff")),
        (b"", None),
        (b"\"", None),
        (b"a", None),
        (b"\"a", None),
        (b"a\"", None),
        (b"w/\"a\"", None),
        (b"W/ \"a\"", None),
        (b"W/a", None),
        (b"W/", None),
        (b"\"a b\"", None),
        (b"\"a\tb\"", None),
        (b"\"a\"b", None),
        (b"\"a\" ", None),
        (b"*", None),
    ] {
        assert_eq!(EntityTag::parse(text), parsed, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn strong_is_the_same_bytes_and_weak_the_same_meaning() {
    // The table of RFC 9110, 8.8.3.2.
    for (one, other, strongly, weakly) in [
        ("W/\"1\"", "W/\"1\"", false, true),
        ("W/\"1\"", "W/\"2\"", false, false),
        ("W/\"1\"", "\"1\"", false, true),
        ("\"1\"", "\"1\"", true, true),
    ] {
        let (one, other) =
            (EntityTag::parse(one.as_bytes()).unwrap(), EntityTag::parse(other.as_bytes()).unwrap());
        assert_eq!((one.is_strongly(&other), one.is_weakly(&other)), (strongly, weakly));
        assert_eq!((other.is_strongly(&one), other.is_weakly(&one)), (strongly, weakly));
    }
}

#[test]
fn one_condition_alone() {
    use Verdict::{Failed, NotModified};
    #[rustfmt::skip]
    let cases = [
        ("If-Match", "\"a,b\"", PROCEED), ("If-Match", "*", PROCEED), ("If-Match", " * ", PROCEED), ("If-Match", "\"x\", \"a,b\"", PROCEED),
        ("If-Match", "W/\"a,b\"", Failed), ("If-Match", "\"x\"", Failed), ("If-Match", "", Failed), ("If-Match", "x, \"a,b\"", Failed),
        ("If-None-Match", "\"a,b\"", NotModified), ("If-None-Match", "W/\"a,b\"", NotModified), ("If-None-Match", "*", NotModified),
        ("If-None-Match", "\"x\" ,, W/\"y\",\t\"a,b\"", NotModified), ("If-None-Match", "\"a\", \"b\"", PROCEED),
        ("If-None-Match", "a,b", PROCEED), ("If-None-Match", "\"a,b", PROCEED), ("If-None-Match", "", PROCEED), ("If-None-Match", "*, \"x\"", PROCEED),
        ("If-Unmodified-Since", BEFORE, Failed), ("If-Unmodified-Since", THEN, PROCEED), ("If-Unmodified-Since", AFTER, PROCEED),
        ("If-Unmodified-Since", "yesterday", PROCEED),
        ("If-Modified-Since", BEFORE, PROCEED), ("If-Modified-Since", THEN, NotModified), ("If-Modified-Since", AFTER, NotModified),
        ("If-Modified-Since", "Friday, 23-Jan-09 01:23:23 GMT", NotModified), ("If-Modified-Since", "0", PROCEED),
        ("If-Range", "\"a,b\"", PROCEED), ("If-Range", "W/\"a,b\"", WHOLE), ("If-Range", "\"x\"", WHOLE), ("If-Range", "*", WHOLE),
        ("If-Range", THEN, PROCEED), ("If-Range", BEFORE, WHOLE), ("If-Range", AFTER, WHOLE), ("If-Range", "", WHOLE),
    ];
    for (name, value, expected) in cases {
        assert_eq!(verdict(Method::GET, &[(name, value)]), expected, "{name}: {value}");
        assert_eq!(verdict(Method::HEAD, &[(name, value)]), expected, "{name}: {value}");
    }
}

#[test]
fn the_order_of_conditions_is_that_of_the_rfc() {
    use Verdict::{Failed, NotModified};
    let none_match = ("If-None-Match", "\"a,b\"");
    for (fields, expected) in [
        // The first that fails decides.
        (vec![("If-Match", "\"x\""), none_match], Failed),
        (vec![("If-Match", "*"), none_match], NotModified),
        (vec![("If-Unmodified-Since", BEFORE), none_match], Failed),
        // A tag says more than a date, so the date beside it is not looked at.
        (vec![("If-Match", "*"), ("If-Unmodified-Since", BEFORE)], PROCEED),
        (vec![("If-None-Match", "\"x\""), ("If-Modified-Since", AFTER)], PROCEED),
        (vec![none_match, ("If-Modified-Since", BEFORE)], NotModified),
        (vec![none_match, ("If-Range", "\"x\"")], NotModified),
        // A field that comes twice: a list goes on, a date is none.
        (vec![("If-None-Match", "\"x\""), none_match], NotModified),
        (vec![("If-None-Match", "x"), none_match], NotModified),
        (vec![("If-Modified-Since", AFTER), ("If-Modified-Since", AFTER)], PROCEED),
        (vec![("If-Range", THEN), ("If-Range", THEN)], WHOLE),
    ] {
        assert_eq!(verdict(Method::GET, &fields), expected, "{fields:?}");
    }
}

#[test]
fn to_methods_that_change_something_it_is_412_and_dates_of_reading_mean_nothing() {
    for method in [Method::PUT, Method::POST, Method::DELETE] {
        assert_eq!(verdict(method.clone(), &[("If-None-Match", "*")]), Verdict::Failed);
        assert_eq!(verdict(method.clone(), &[("If-Modified-Since", AFTER)]), PROCEED);
        assert_eq!(verdict(method, &[("If-Match", "\"x\"")]), Verdict::Failed);
    }
}

#[test]
fn without_validators_only_the_star_matches_and_dates_are_no_conditions() {
    let nothing = Validators::default();
    for (name, value, expected) in [
        ("If-Match", "\"a\"", Verdict::Failed),
        ("If-Match", "*", PROCEED),
        ("If-None-Match", "*", Verdict::NotModified),
        ("If-None-Match", "\"a\"", PROCEED),
        ("If-Unmodified-Since", BEFORE, PROCEED),
        ("If-Modified-Since", AFTER, PROCEED),
        ("If-Range", THEN, WHOLE),
        ("If-Range", "\"a\"", WHOLE),
        ("If-Range", "nonsense", WHOLE),
    ] {
        assert_eq!(
            evaluate(&Method::GET, &Header::from([(name, value)]), &nothing),
            expected,
            "{name}: {value}"
        );
    }
}
