//! What a peer sends who means no good.

use std::time::Instant;

use super::super::*;
use super::values::{random_text, random_value};
use crate::base::random::Seeded;

/// More than any thread's stack holds frames for.
const BOMB: usize = 1_000_000;

/// More than 128 KiB of stack hold frames for.
const DEEP: usize = 100_000;

#[test]
fn a_million_brackets_are_too_deep_and_that_is_all() {
    for bomb in ["[", "{\"a\":", "[{\"a\":"] {
        let text = bomb.repeat(BOMB);
        let error = parse_text(&text).unwrap_err();
        assert_eq!(error.kind, JsonErrorKind::TooDeep { limit: MAX_DEPTH });
        assert!(error.to_string().contains("more than 512 deep"), "{error}");
        let mut reader = text.as_bytes();
        let streamed = Decoder::new(&mut reader).decode().unwrap_err();
        assert_eq!(streamed.to_string(), error.to_string());
    }
}

#[test]
fn as_deep_as_allowed_is_taken_and_one_deeper_not() {
    let nest = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse_text(&nest(MAX_DEPTH)).is_ok());
    assert_eq!(parse_text(&nest(MAX_DEPTH + 1)).unwrap_err().offset, MAX_DEPTH as u64);
}

#[test]
fn a_deep_value_is_parsed_printed_copied_compared_and_dropped_on_a_small_stack() {
    let work = || {
        let limits = Limits { depth: 2 * DEEP, bytes: 100 * DEEP };
        let options = ParseOptions { limits, ..ParseOptions::default() };
        let text = "[{\"a\":".repeat(DEEP / 2) + "1" + &"}]".repeat(DEEP / 2);
        let value = parse_with(text.as_bytes(), &options).unwrap();
        assert_eq!(to_string(&value), text);
        let copy = value.clone();
        assert!(copy == value);
        let mut built = Value::Null;
        for level in 0..DEEP {
            built = if level % 2 == 0 { vec![built].into() } else { Object::from([("a", built)]).into() };
        }
        assert!(built != value);
        drop(built);
        // Errors drop what was built so far.
        assert!(parse_with(&text.as_bytes()[..text.len() - 1], &options).is_err());
    };
    std::thread::Builder::new().stack_size(128 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn ten_megabytes_of_string_come_through() {
    for (inside, size) in [("a", 1), ("\\n", 1), ("é", 2)] {
        let text = format!("\"{}\"", inside.repeat(10_000_000 / inside.len()));
        let value = parse_text(&text).unwrap();
        assert_eq!(value.as_str().unwrap().len(), 10_000_000 / inside.len() * size);
        assert!(to_string(&value) == text);
    }
}

#[test]
fn a_document_beyond_the_limit_is_refused_at_it() {
    let options = ParseOptions { limits: Limits { depth: 4, bytes: 10 }, ..ParseOptions::default() };
    assert!(parse_with(b"[1,2,3,45]", &options).is_ok());
    let error = parse_with(b"[1,2,3,456]", &options).unwrap_err();
    assert_eq!((error.kind, error.offset), (JsonErrorKind::TooLong { limit: 10 }, 10));
    // In a stream the limit is each value's own, and blanks count.
    let mut reader = &b"[1,2,3,45][1,2,3,45]         [1]"[..];
    let mut decoder = Decoder::with(&mut reader, options);
    assert!(decoder.decode().is_ok() && decoder.decode().is_ok());
    let DecodeError::Json(error) = decoder.decode().unwrap_err() else { panic!("it reads") };
    assert_eq!((error.kind, error.offset), (JsonErrorKind::TooLong { limit: 10 }, 30));
}

#[test]
fn a_number_may_be_long_but_not_endless() {
    assert!(parse_text(&"1".repeat(MAX_NUMBER_BYTES)).is_ok());
    let text = "1".repeat(MAX_NUMBER_BYTES + 1);
    assert_eq!(parse_text(&text).unwrap_err().kind, JsonErrorKind::NumberTooLong);
    let mut reader = text.as_bytes();
    let error = Decoder::new(&mut reader).decode().unwrap_err();
    assert!(error.to_string().contains("a number of more than 4096 bytes came"), "{error}");
}

#[test]
fn many_keys_the_same_or_not_take_no_longer_than_their_number() {
    let begin = Instant::now();
    let mut different = String::from("{\"k0\":0");
    let mut same = String::from("{\"k\":0");
    for number in 1..50_000 {
        different.push_str(&format!(",\"k{number}\":{number}"));
        same.push_str(&format!(",\"k\":{number}"));
    }
    let different = parse_text(&(different + "}")).unwrap();
    assert_eq!(different.as_object().unwrap().len(), 50_000);
    assert_eq!(to_string(&parse_text(&(same + "}")).unwrap()), "{\"k\":49999}");
    // Each with each would be more than a thousand million comparisons.
    assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
}

#[test]
fn cut_at_any_byte_it_is_an_end_that_came_too_early() {
    let text = r#" {"a": [1.5e-3, true, null, "x\u00e9\ud83d\udc39€"], "b": {"c": -0}} "#;
    let whole = text.trim_end().len();
    for cut in 0..whole {
        let cut = &text.as_bytes()[..cut];
        let error = parse(cut).unwrap_err();
        assert!(
            matches!(error.kind, JsonErrorKind::Ended { .. }),
            "{:?}: {error}",
            String::from_utf8_lossy(cut)
        );
        let mut reader = cut;
        match Decoder::new(&mut reader).decode() {
            Ok(None) => assert!(cut.iter().all(|byte| *byte == b' ')),
            Err(DecodeError::Json(streamed)) => assert_eq!(streamed, error),
            other => panic!("{other:?}"),
        }
    }
    assert!(parse(&text.as_bytes()[..whole]).is_ok());
}

#[test]
fn nothing_that_is_changed_at_random_panics_and_what_is_taken_prints_and_reads_back() {
    let mut random = Seeded::new(8259);
    let mut taken = 0;
    for _ in 0..2_000 {
        let mut bytes = to_string(&random_value(&mut random, 4)).into_bytes();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len() as u64) as usize;
            match random.below(3) {
                0 => bytes[at] = random.below(256) as u8,
                1 => bytes.insert(at, b"[]{},:\"\\0-.eu "[random.below(14) as usize]),
                _ => drop(bytes.remove(at)),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let Ok(value) = parse(&bytes) else { continue };
        assert_eq!(parse_text(&to_string(&value)).unwrap(), value);
        taken += 1;
    }
    assert!(taken > 100, "{taken}: the changes are too coarse to try anything");
}

#[test]
fn any_bytes_at_all_are_a_value_or_an_error() {
    let mut random = Seeded::new(7);
    for _ in 0..2_000 {
        let mut bytes = vec![0; random.below(40) as usize];
        random.fill(&mut bytes);
        let _ = parse(&bytes);
        let text = random_text(&mut random);
        assert_eq!(
            parse_text(&to_string(&Value::from(text.as_str()))).unwrap().as_str(),
            Some(text.as_str())
        );
    }
}
