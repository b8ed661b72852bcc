//! A sceptic's command lines.

use std::error::Error;

use super::*;
use crate::base::random::Seeded;

fn ping() -> Flags {
    let mut flags = Flags::new("ping", "[options] host:port");
    flags.about("Measures how long a TCP connection takes.\n");
    flags.int("c", 3, "number of pings: <= 0 means forever");
    flags.duration("i", Duration::from_secs(1), "time between pings");
    flags.string("name", "me", "who we are");
    flags.bool("v", "say more");
    flags.strings("header", "a header to send\nas name: value");
    flags
}

fn parse(arguments: &[&str]) -> Result<Parsed, FlagError> {
    ping().parse(arguments)
}

#[test]
fn without_arguments_every_flag_has_its_default() {
    let parsed = parse(&[]).unwrap();
    assert_eq!(parsed.int("c"), 3);
    assert_eq!(parsed.duration("i"), Duration::from_secs(1));
    assert_eq!(parsed.string("name"), "me");
    assert!(!parsed.bool("v"));
    assert!(parsed.strings("header").is_empty());
    assert!(parsed.rest().is_empty());
    assert!(!parsed.was_given("c"));
}

#[test]
fn a_value_stands_behind_an_equals_sign_or_is_the_next_argument() {
    for arguments in [&["-c", "5"][..], &["-c=5"], &["--c", "5"], &["--c=5"], &["-c=+5"], &["-c", "005"]] {
        let parsed = parse(arguments).unwrap();
        assert_eq!(parsed.int("c"), 5, "{arguments:?}");
        assert!(parsed.was_given("c") && parsed.rest().is_empty());
    }
}

#[test]
fn a_value_may_look_like_a_flag_or_hold_an_equals_sign() {
    assert_eq!(parse(&["-c", "-1"]).unwrap().int("c"), -1);
    assert_eq!(parse(&["-name", "-v"]).unwrap().string("name"), "-v");
    assert_eq!(parse(&["-name", "--"]).unwrap().string("name"), "--");
    assert_eq!(parse(&["-name=a=b"]).unwrap().string("name"), "a=b");
    assert_eq!(parse(&["-name="]).unwrap().string("name"), "");
    assert_eq!(parse(&["-name", ""]).unwrap().string("name"), "");
}

#[test]
fn a_boolean_flag_does_not_take_the_next_argument() {
    let parsed = parse(&["-v", "false"]).unwrap();
    assert!(parsed.bool("v"));
    assert_eq!(parsed.rest(), ["false"]);
    for word in ["0", "f", "F", "false", "FALSE", "False"] {
        assert!(!parse(&["-v", &format!("-v={word}")]).unwrap().bool("v"), "{word}");
    }
    for word in ["1", "t", "T", "true", "TRUE", "True"] {
        assert!(parse(&[&format!("--v={word}")]).unwrap().bool("v"), "{word}");
    }
}

#[test]
fn the_first_argument_that_is_no_flag_ends_the_flags() {
    let parsed = parse(&["-v", "host:80", "-c", "9"]).unwrap();
    assert_eq!(parsed.rest(), ["host:80", "-c", "9"]);
    assert_eq!(parsed.int("c"), 3);
    assert_eq!(parse(&["-", "-v"]).unwrap().rest(), ["-", "-v"]);
    assert_eq!(parse(&["", "-v"]).unwrap().rest(), ["", "-v"]);
}

#[test]
fn two_hyphens_end_the_flags_and_are_dropped_once() {
    let parsed = parse(&["-v", "--", "--", "-c"]).unwrap();
    assert_eq!(parsed.rest(), ["--", "-c"]);
    assert!(parse(&["--"]).unwrap().rest().is_empty());
}

#[test]
fn the_last_value_counts_and_repeated_texts_are_all_kept() {
    let parsed = parse(&["-c", "1", "-c", "2", "-header", "a: b", "--header=", "-header", "a: b"]).unwrap();
    assert_eq!(parsed.int("c"), 2);
    assert_eq!(parsed.strings("header"), ["a: b", "", "a: b"]);
    // The definition is not used up.
    assert!(parse(&[]).unwrap().strings("header").is_empty());
}

#[test]
fn help_is_asked_for_in_four_ways_unless_the_name_is_taken() {
    for help in ["-h", "-help", "--h", "--help"] {
        assert_eq!(parse(&["-v", help]).unwrap_err(), FlagError::HelpWanted, "{help}");
    }
    let mut flags = Flags::new("df", "");
    flags.bool("h", "sizes for people");
    assert!(flags.parse(["-h"]).unwrap().bool("h"));
    assert_eq!(parse(&["host", "-h"]).unwrap().rest(), ["host", "-h"]);
}

#[test]
fn a_mistake_is_named_in_a_sentence() {
    let cases = [
        (&["-x"][..], "there is no flag -x"),
        (&["-cc"], "there is no flag -cc"),
        (&["--x=3"], "there is no flag -x"),
        (&["---c"], r#""---c" is not the form of a flag"#),
        (&["-=3"], r#""-=3" is not the form of a flag"#),
        (&["--=3"], r#""--=3" is not the form of a flag"#),
        (&["-c"], "flag -c needs a value: a whole number"),
        (&["-header"], "flag -header needs a value: a text"),
        (&["-c", "3x"], r#""3x" is not a value for flag -c, which takes a whole number"#),
        (&["-c="], r#""" is not a value for flag -c, which takes a whole number"#),
        (
            &["-c", "9223372036854775808"],
            r#""9223372036854775808" is not a value for flag -c, which takes a whole number"#,
        ),
        (&["-v=yes"], r#""yes" is not a value for flag -v, which takes true or false"#),
        (
            &["-i", "10"],
            r#""10" is not a value for flag -i, which takes a duration: the number has no unit; there are ns, us, µs, ms, s, m and h"#,
        ),
    ];
    for (arguments, sentence) in cases {
        assert_eq!(parse(arguments).unwrap_err().to_string(), sentence, "{arguments:?}");
    }
    let error = parse(&["-i=-1s"]).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "a length of time cannot be negative");
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_utf_8_is_an_error_and_no_panic() {
    use std::os::unix::ffi::OsStringExt;
    let argument = OsString::from_vec(b"-name=\xff".to_vec());
    let error = ping().parse([argument]).unwrap_err();
    assert_eq!(error, FlagError::NotUnicode { argument: "-name=\u{fffd}".to_string() });
}

#[test]
fn the_usage_lists_every_flag_in_columns_with_its_default() {
    let expected = "\
usage: ping [options] host:port

Measures how long a TCP connection takes.

options:
  -c int           number of pings: <= 0 means forever (default 3)
  -i duration      time between pings (default 1s)
  -name string     who we are (default \"me\")
  -v               say more
  -header string   a header to send
                   as name: value (may be repeated)
";
    assert_eq!(ping().usage(), expected);
    assert_eq!(Flags::new("true", "").usage(), "usage: true\n");
}

#[test]
fn a_default_of_nothing_is_not_shown() {
    let mut flags = Flags::new("p", "");
    flags.int("a", 0, "x");
    flags.duration("b", Duration::ZERO, "x");
    flags.string("c", "", "x");
    assert!(!flags.usage().contains("default"));
}

#[test]
#[should_panic(expected = "defined twice")]
fn two_flags_of_one_name_are_the_programs_mistake() {
    ping().bool("c", "");
}

#[test]
#[should_panic(expected = "cannot be the name")]
fn a_flag_without_a_name_is_the_programs_mistake() {
    ping().bool("", "");
}

#[test]
#[should_panic(expected = "flag -c is not a boolean")]
fn the_wrong_kind_is_the_programs_mistake() {
    parse(&[]).unwrap().bool("c");
}

#[test]
#[should_panic(expected = "flag -x is not defined")]
fn an_undefined_flag_is_the_programs_mistake() {
    parse(&[]).unwrap().int("x");
}

/// This test program, started again with this variable set, reads its own arguments as those of `ping`.
const AGAIN: &str = "NETPROG_TEST_FLAGS_AGAIN";

#[test]
fn a_mistake_ends_the_program_with_one_line_the_usage_and_code_2() {
    if std::env::var_os(AGAIN).is_some() {
        ping().parse_or_exit();
    }
    let name = "base::flags::tests::a_mistake_ends_the_program_with_one_line_the_usage_and_code_2";
    let program = std::env::current_exe().unwrap();
    let output = process::Command::new(program).args(["--exact", name]).env(AGAIN, "1").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let expected = format!("ping: there is no flag -exact\n{}", ping().usage());
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}

#[test]
fn random_arguments_never_panic() {
    let pieces = ["-", "--", "=", "c", "v", "i", "header", "3", "1s", "host", "é", "", "true"];
    let mut random = Seeded::new(8);
    for _ in 0..5_000 {
        let mut arguments = Vec::new();
        for _ in 0..random.below(5) {
            let mut argument = String::new();
            for _ in 0..random.below(5) {
                argument.push_str(pieces[random.below(pieces.len() as u64) as usize]);
            }
            arguments.push(argument);
        }
        let before = arguments.len();
        if let Ok(parsed) = ping().parse(arguments) {
            assert!(parsed.rest().len() <= before);
        }
    }
}
