//! Bits, bytes and seconds, computed exactly.
//!
//! ```text
//! 100 Mbps = 100,000,000 bits per second = 12,500,000 bytes per second = 12.5 MB/s
//! 100 MB   = 100,000,000 bytes = 800,000,000 bits;  at 100 Mbps 8 seconds
//! ```
//!
//! Rates are counted in bits, amounts of data in bytes, and both in powers of ten: a small b is a bit, a large B a byte, M
//! is a million. (Memory is counted in powers of two: MiB.) Mixing up b and B makes an error of eight, so the text forms
//! here refuse what is not clear.
//!
//! Book: "The Hierarchical Layers of the OSI Reference Model", layer 1; "Bandwidth vs. Latency".

use std::fmt;
use std::time::Duration;

/// A rate: bits per second, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate {
    bits: u64,
}

/// Why a text is no rate or amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// It does not begin with a decimal number.
    NoNumber(String),
    /// The unit is none of those we take.
    NoSuchUnit {
        /// The unit as given.
        unit: String,
        /// What we take.
        wanted: &'static str,
    },
    /// Not a whole number of bits or bytes, or none.
    NotWhole(String),
    /// More than 64 bits hold.
    TooLarge(String),
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnitError::NoNumber(text) => write!(f, "{text:?} does not begin with a number such as 12.5"),
            UnitError::NoSuchUnit { unit, wanted } => {
                write!(f, "there is no unit {unit:?}; we take {wanted}")
            }
            UnitError::NotWhole(text) => write!(f, "{text:?} is not a whole number of units, 1 or more"),
            UnitError::TooLarge(text) => write!(f, "{text:?} is more than 64 bits hold"),
        }
    }
}

impl std::error::Error for UnitError {}

const RATES: [(&str, u64); 12] = [
    ("bps", 1),
    ("kbps", 1_000),
    ("Mbps", 1_000_000),
    ("Gbps", 1_000_000_000),
    ("bit/s", 1),
    ("kbit/s", 1_000),
    ("Mbit/s", 1_000_000),
    ("Gbit/s", 1_000_000_000),
    ("B/s", 8),
    ("kB/s", 8_000),
    ("MB/s", 8_000_000),
    ("GB/s", 8_000_000_000),
];

const AMOUNTS: [(&str, u64); 4] = [("B", 1), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)];

impl Rate {
    /// So many bits per second; zero counts as one, so that everything comes to an end.
    pub const fn bits(bits: u64) -> Rate {
        Rate { bits: if bits == 0 { 1 } else { bits } }
    }

    /// Thousands of bits per second.
    pub const fn kilobits(count: u32) -> Rate {
        Rate::bits(count as u64 * 1_000)
    }

    /// Millions of bits per second.
    pub const fn megabits(count: u32) -> Rate {
        Rate::bits(count as u64 * 1_000_000)
    }

    /// Thousands of millions of bits per second.
    pub const fn gigabits(count: u32) -> Rate {
        Rate::bits(count as u64 * 1_000_000_000)
    }

    /// Reads `100Mbps`, `1 Gbit/s`, `12.5MB/s`.
    ///
    /// # Errors
    /// A [`UnitError`]; for `100MBps`, of which nobody knows whether bits or bytes are meant, as well.
    pub fn parse(text: &str) -> Result<Rate, UnitError> {
        let wanted = "bps, kbps, Mbps, Gbps, bit/s, B/s and so on";
        Ok(Rate::bits(parse(text, &RATES, wanted)?))
    }

    /// Bits per second.
    pub fn bits_per_second(self) -> u64 {
        self.bits
    }

    /// In bytes, for people: `12.5 MB/s`.
    pub fn in_bytes(self) -> String {
        // Eighths have three decimals.
        let thousandths = u128::from(self.bits) * 125;
        scaled(thousandths, 1_000, &["B/s", "kB/s", "MB/s", "GB/s"])
    }

    /// How long `bytes` take to go by, rounded up to a nanosecond.
    pub fn time_for(self, bytes: u64) -> Duration {
        let nanos = (u128::from(bytes) * 8 * 1_000_000_000).div_ceil(u128::from(self.bits));
        let second = 1_000_000_000;
        let seconds = u64::try_from(nanos / second).unwrap_or(u64::MAX);
        Duration::new(seconds, (nanos % second) as u32)
    }

    /// How many whole bytes go by in `time`.
    pub fn bytes_in(self, time: Duration) -> u64 {
        let bits = u128::from(self.bits).saturating_mul(time.as_nanos()) / 1_000_000_000;
        u64::try_from(bits / 8).unwrap_or(u64::MAX)
    }
}

/// `100 Mbps`, `2.5 Gbps`, `56 kbps`: exact, all decimals shown.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&scaled(u128::from(self.bits), 1, &["bps", "kbps", "Mbps", "Gbps"]))
    }
}

/// An amount of data in bytes: `100MB`, `1.5 kB`.
///
/// # Errors
/// A [`UnitError`]; for `100Mb`, which is bits, as well.
pub fn parse_amount(text: &str) -> Result<u64, UnitError> {
    parse(text, &AMOUNTS, "B, kB, MB and GB, which are bytes")
}

/// `value / per` in the largest of the units it reaches, each a thousand times the one before.
fn scaled(value: u128, per: u128, units: &[&str]) -> String {
    let mut unit = per;
    let mut index = 0;
    while index + 1 < units.len() && value >= unit * 1_000 {
        unit *= 1_000;
        index += 1;
    }
    let (whole, mut rest) = (value / unit, value % unit);
    let mut text = whole.to_string();
    if rest > 0 {
        text.push('.');
    }
    while rest > 0 {
        rest *= 10;
        text.push_str(&(rest / unit).to_string());
        rest %= unit;
    }
    format!("{text} {}", units[index])
}

fn parse(text: &str, units: &[(&str, u64)], wanted: &'static str) -> Result<u64, UnitError> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim_start();
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        if number.is_empty() {
            return Err(UnitError::NoNumber(text.to_string()));
        }
        return Err(UnitError::NoSuchUnit { unit: unit.to_string(), wanted });
    };
    let (value, per) = decimal(number).ok_or_else(|| UnitError::NoNumber(text.to_string()))?;
    let total = value.checked_mul(u128::from(*factor));
    let total = total.ok_or_else(|| UnitError::TooLarge(text.to_string()))?;
    if total % per != 0 || total == 0 {
        return Err(UnitError::NotWhole(text.to_string()));
    }
    u64::try_from(total / per).map_err(|_| UnitError::TooLarge(text.to_string()))
}

/// `12.5` as 125 / 10.
fn decimal(number: &str) -> Option<(u128, u128)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // Eighteen digits on each side keep what follows within 128 bits.
    if !is_number(whole) || !is_number(fraction) || whole.len() > 20 || fraction.len() > 9 {
        return None;
    }
    let per = 10u128.pow(fraction.len() as u32);
    let value = whole.parse::<u128>().ok()? * per + fraction.parse::<u128>().ok()?;
    Some((value, per))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_shown_exactly_in_bits_and_in_bytes() {
        let cases = [
            (Rate::megabits(100), "100 Mbps", "12.5 MB/s"),
            (Rate::gigabits(1), "1 Gbps", "125 MB/s"),
            (Rate::bits(56_000), "56 kbps", "7 kB/s"),
            (Rate::bits(1_234_567), "1.234567 Mbps", "154.320875 kB/s"),
            (Rate::bits(1), "1 bps", "0.125 B/s"),
            (Rate::bits(999), "999 bps", "124.875 B/s"),
        ];
        for (rate, bits, bytes) in cases {
            assert_eq!((rate.to_string().as_str(), rate.in_bytes().as_str()), (bits, bytes));
        }
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        for rate in [1, 8, 999, 1_000, 56_000, 1_234_567, 100_000_000, 2_500_000_000, u64::MAX] {
            let rate = Rate::bits(rate);
            if rate.bits < 1_000_000_000_000 {
                assert_eq!(Rate::parse(&rate.to_string()), Ok(rate), "{rate}");
            }
            assert!(rate.in_bytes().ends_with("/s"));
        }
        assert_eq!(Rate::parse("12.5MB/s"), Ok(Rate::megabits(100)));
        assert_eq!(parse_amount("1.5 kB"), Ok(1_500));
    }

    #[test]
    fn what_could_be_bits_or_bytes_is_refused() {
        let wrong_unit = |text: &str| matches!(Rate::parse(text), Err(UnitError::NoSuchUnit { .. }));
        assert!(wrong_unit("100MBps") && wrong_unit("100 mbps") && wrong_unit("100"));
        assert!(matches!(parse_amount("100Mb"), Err(UnitError::NoSuchUnit { .. })));
        for text in ["", "fast", "Mbps", "1.2.3 Mbps", ".5 Mbps", "5. Mbps", "-1 Mbps"] {
            assert!(Rate::parse(text).is_err(), "{text:?}");
        }
        assert!(matches!(Rate::parse("0 Mbps"), Err(UnitError::NotWhole(_))));
        assert!(matches!(Rate::parse("1.5 bps"), Err(UnitError::NotWhole(_))));
        assert!(matches!(Rate::parse("99999999999999999999 Gbps"), Err(UnitError::TooLarge(_))));
        assert!(Rate::parse(&format!("{} bps", "9".repeat(1000))).is_err());
    }

    #[test]
    fn times_are_rounded_up_to_the_nanosecond_and_the_extremes_do_not_overflow() {
        assert_eq!(Rate::bits(3).time_for(1), Duration::from_nanos(2_666_666_667));
        assert_eq!(Rate::gigabits(1).time_for(0), Duration::ZERO);
        assert_eq!(Rate::bits(0).time_for(u64::MAX), Duration::new(u64::MAX, 0));
        assert_eq!(Rate::bits(u64::MAX).bytes_in(Duration::MAX), u64::MAX);
        assert_eq!(Rate::megabits(100).bytes_in(Duration::from_secs(1)), 12_500_000);
    }
}
