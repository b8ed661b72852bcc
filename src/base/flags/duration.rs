//! Lengths of time as Go writes and reads them: `300ms`, `1m30s`, `1.5h`, `369.174µs`.
//!
//! ```text
//! duration = "0" | { number unit }-      1h30m, 1.5h, .5s, 100ms20us
//! unit     = "ns" | "us" | "µs" | "ms" | "s" | "m" | "h"
//! ```
//! Go's `time.Duration` has a sign; a [`Duration`] has none, so a negative length is refused by name.

use std::fmt;
use std::time::Duration;

/// Nanoseconds of the longest duration, about 292 years: what Go holds in 63 bits. What we read, Go reads too.
pub const MAX_NANOSECONDS: u64 = i64::MAX as u64;

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationError {
    /// There is no text, or only a sign.
    Empty,
    /// A length less than zero.
    Negative,
    /// A number was expected and something else stands there.
    NoNumber {
        /// What stands there.
        found: String,
    },
    /// The number has no unit behind it. Only a bare `0` needs none.
    NoUnit,
    /// The unit is none of ours.
    UnknownUnit {
        /// What stands there.
        unit: String,
    },
    /// More than [`MAX_NANOSECONDS`].
    TooLong,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DurationError::Empty => f.write_str("it is empty"),
            DurationError::Negative => f.write_str("a length of time cannot be negative"),
            DurationError::NoNumber { found } => write!(f, "{found:?} does not begin with a number"),
            DurationError::NoUnit => {
                f.write_str("the number has no unit; there are ns, us, µs, ms, s, m and h")
            }
            DurationError::UnknownUnit { unit } => {
                write!(f, "{unit:?} is not a unit; there are ns, us, µs, ms, s, m and h")
            }
            DurationError::TooLong => f.write_str("it is longer than 292 years"),
        }
    }
}

impl std::error::Error for DurationError {}

/// Reads a duration in Go's form. Fractions of a nanosecond are dropped.
///
/// # Errors
/// A [`DurationError`] for everything Go's `time.ParseDuration` refuses, and for negative lengths.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let (negative, mut left) = match text.strip_prefix('-') {
        Some(left) => (true, left),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if left == "0" {
        return Ok(Duration::ZERO);
    }
    if left.is_empty() {
        return Err(DurationError::Empty);
    }
    let mut total: u64 = 0;
    while !left.is_empty() {
        let (nanos, behind) = number_and_unit(left)?;
        total =
            total.checked_add(nanos).filter(|sum| *sum <= MAX_NANOSECONDS).ok_or(DurationError::TooLong)?;
        left = behind;
    }
    if negative && total > 0 {
        return Err(DurationError::Negative);
    }
    Ok(Duration::from_nanos(total))
}

/// Takes one number with its unit from the front: its nanoseconds, and the text behind.
fn number_and_unit(text: &str) -> Result<(u64, &str), DurationError> {
    let (digits, behind) = split_digits(text);
    let (fraction, behind) = match behind.strip_prefix('.') {
        Some(behind) => split_digits(behind),
        None => ("", behind),
    };
    if digits.is_empty() && fraction.is_empty() {
        return Err(DurationError::NoNumber { found: text.to_string() });
    }
    let end = behind.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(behind.len());
    let (unit, behind) = behind.split_at(end);
    let unit = nanoseconds_of(unit)?;

    // No digits before the point (".5s") mean none; else only a number too great does not parse.
    let whole = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| DurationError::TooLong)? };
    let nanos = unit.checked_mul(whole).ok_or(DurationError::TooLong)?;
    // The fraction is less than one unit, at most an hour.
    let nanos = nanos.checked_add(fraction_of(unit, fraction)).ok_or(DurationError::TooLong)?;
    Ok((nanos, behind))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn nanoseconds_of(unit: &str) -> Result<u64, DurationError> {
    match unit {
        "ns" => Ok(1),
        // The micro sign and the Greek mu look alike, and keyboards give either.
        "us" | "\u{b5}s" | "\u{3bc}s" => Ok(1_000),
        "ms" => Ok(1_000_000),
        "s" => Ok(1_000_000_000),
        "m" => Ok(60_000_000_000),
        "h" => Ok(3_600_000_000_000),
        "" => Err(DurationError::NoUnit),
        other => Err(DurationError::UnknownUnit { unit: other.to_string() }),
    }
}

/// The part of `unit` that the digits behind the point stand for, reckoned in floating point as Go does it: one third of
/// an hour, written with 19 digits, is to be 20 minutes and not a nanosecond less.
fn fraction_of(unit: u64, digits: &str) -> u64 {
    let mut numerator: u64 = 0;
    let mut denominator: f64 = 1.0;
    for digit in digits.bytes() {
        let digit = u64::from(digit - b'0');
        match numerator.checked_mul(10).and_then(|tenfold| tenfold.checked_add(digit)) {
            Some(longer) if longer <= MAX_NANOSECONDS => numerator = longer,
            // Digits this far behind the point are less than a nanosecond.
            _ => break,
        }
        denominator *= 10.0;
    }
    (numerator as f64 * (unit as f64 / denominator)) as u64
}

/// The duration in Go's form: `1.5s`, `369.174µs`, `1m30s`, `0s`. Below one second one unit and a fraction, from there on
/// hours, minutes and seconds without leading zeros.
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let nanos = duration.subsec_nanos();
    if seconds == 0 {
        return match nanos {
            0 => "0s".to_string(),
            1..=999 => format!("{nanos}ns"),
            1_000..=999_999 => format!("{}µs", with_fraction(u64::from(nanos / 1_000), nanos % 1_000, 3)),
            _ => format!("{}ms", with_fraction(u64::from(nanos / 1_000_000), nanos % 1_000_000, 6)),
        };
    }
    let last = format!("{}s", with_fraction(seconds % 60, nanos, 9));
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => last,
        (0, minutes) => format!("{minutes}m{last}"),
        (hours, minutes) => format!("{hours}h{minutes}m{last}"),
    }
}

/// `whole` and `part` with a point between; `part` has `width` digits, of which zeros at the end are dropped.
fn with_fraction(whole: u64, part: u32, width: usize) -> String {
    if part == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{part:0width$}");
    text.trim_end_matches('0').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    const MINUTE: u64 = 60_000_000_000;
    const HOUR: u64 = 60 * MINUTE;

    #[test]
    fn every_form_go_reads_means_the_same_here() {
        let cases = [
            ("0", 0),
            ("+0", 0),
            ("-0", 0),
            ("0s", 0),
            ("-0s", 0),
            ("5s", 5_000_000_000),
            ("+5s", 5_000_000_000),
            ("1478s", 1_478_000_000_000),
            ("5.0s", 5_000_000_000),
            ("5.6s", 5_600_000_000),
            ("5.s", 5_000_000_000),
            (".5s", 500_000_000),
            ("+.5s", 500_000_000),
            ("1.0040s", 1_004_000_000),
            ("100.00100s", 100_001_000_000),
            ("10ns", 10),
            ("1.9ns", 1),
            ("11us", 11_000),
            ("12\u{b5}s", 12_000),
            ("12\u{3bc}s", 12_000),
            ("300ms", 300_000_000),
            ("1m30s", 90_000_000_000),
            ("1.5h", HOUR + 30 * MINUTE),
            ("3h30m", 3 * HOUR + 30 * MINUTE),
            ("10.5s4m", 4 * MINUTE + 10_500_000_000),
            ("1h2m3s4ms5us6ns", HOUR + 2 * MINUTE + 3_004_005_006),
            ("39h9m14.425s", 39 * HOUR + 9 * MINUTE + 14_425_000_000),
            ("0.3333333333333333333h", 20 * MINUTE),
            ("0.100000000000000000000h", 6 * MINUTE),
            ("0.830103483285477580700h", 49 * MINUTE + 48_372_539_827),
            ("0.9223372036854775807h", 55 * MINUTE + 20_413_933_267),
            ("00000000000000000000001s", 1_000_000_000),
            ("52763797000ns", 52_763_797_000),
            ("9007199254740993ns", 9_007_199_254_740_993),
            ("9223372036854775807ns", MAX_NANOSECONDS),
            ("9223372036854775.807us", MAX_NANOSECONDS),
            ("9223372036s854ms775us807ns", MAX_NANOSECONDS),
        ];
        for (text, nanos) in cases {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_its_reason() {
        let no_number = |found: &str| DurationError::NoNumber { found: found.to_string() };
        let no_such_unit = |unit: &str| DurationError::UnknownUnit { unit: unit.to_string() };
        let cases = [
            ("", DurationError::Empty),
            ("-", DurationError::Empty),
            ("+", DurationError::Empty),
            ("-2s", DurationError::Negative),
            ("-1ns", DurationError::Negative),
            ("3", DurationError::NoUnit),
            ("10", DurationError::NoUnit),
            ("-3", DurationError::NoUnit),
            ("00", DurationError::NoUnit),
            ("1s5", DurationError::NoUnit),
            ("1.5", DurationError::NoUnit),
            ("s", no_number("s")),
            (".", no_number(".")),
            ("-.", no_number(".")),
            (".s", no_number(".s")),
            ("+.s", no_number(".s")),
            ("--2s", no_number("-2s")),
            ("+-2s", no_number("-2s")),
            (" 1s", no_number(" 1s")),
            ("1.2.3s", DurationError::NoUnit),
            ("1s ", no_such_unit("s ")),
            ("1d", no_such_unit("d")),
            ("1S", no_such_unit("S")),
            ("1e3s", no_such_unit("e")),
            ("1s-5s", no_such_unit("s-")),
            ("\u{85}\u{85}", no_number("\u{85}\u{85}")),
            ("hello \u{ffff} world", no_number("hello \u{ffff} world")),
            ("١s", no_number("١s")),
            ("9223372036854775808ns", DurationError::TooLong),
            ("9223372036854775.808us", DurationError::TooLong),
            ("9223372036854ms775us808ns", DurationError::TooLong),
            ("3000000h", DurationError::TooLong),
            ("99999999999999999999999s", DurationError::TooLong),
            ("18446744073709551615h", DurationError::TooLong),
        ];
        for (text, error) in cases {
            assert_eq!(parse_duration(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn the_reasons_are_sentences() {
        assert_eq!(
            parse_duration("10").unwrap_err().to_string(),
            "the number has no unit; there are ns, us, µs, ms, s, m and h"
        );
        assert_eq!(parse_duration("-2s").unwrap_err().to_string(), "a length of time cannot be negative");
    }

    #[test]
    fn durations_are_written_as_go_writes_them() {
        let cases = [
            (0, "0s"),
            (1, "1ns"),
            (999, "999ns"),
            (1_000, "1µs"),
            (1_100, "1.1µs"),
            (369_174, "369.174µs"),
            (999_999, "999.999µs"),
            (2_200_000, "2.2ms"),
            (300_000_000, "300ms"),
            (1_000_000_000, "1s"),
            (1_500_000_000, "1.5s"),
            (3_300_000_000, "3.3s"),
            (MINUTE, "1m0s"),
            (90_000_000_000, "1m30s"),
            (4 * MINUTE + 5_001_000_000, "4m5.001s"),
            (HOUR, "1h0m0s"),
            (5 * HOUR + 6 * MINUTE + 7_001_000_000, "5h6m7.001s"),
            (8 * MINUTE + 1, "8m0.000000001s"),
            (MAX_NANOSECONDS, "2562047h47m16.854775807s"),
        ];
        for (nanos, text) in cases {
            assert_eq!(format_duration(Duration::from_nanos(nanos)), text);
        }
        assert_eq!(format_duration(Duration::MAX), "5124095576030431h0m15.999999999s");
    }

    #[test]
    fn what_was_written_is_read_back_to_the_nanosecond() {
        let mut random = Seeded::new(6);
        for _ in 0..5_000 {
            let nanos = random.next_u64() >> (1 + random.below(63));
            let duration = Duration::from_nanos(nanos);
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration), "{nanos}");
        }
    }

    #[test]
    fn random_text_never_panics() {
        let pieces = ["0", "9", "1", "99999999999", ".", "-", "+", "n", "s", "µ", "m", "h", "us", " ", "é"];
        let mut random = Seeded::new(7);
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..random.below(10) {
                text.push_str(pieces[random.below(pieces.len() as u64) as usize]);
            }
            if let Ok(duration) = parse_duration(&text) {
                assert!(duration.as_nanos() <= u128::from(MAX_NANOSECONDS), "{text}");
            }
        }
    }
}
