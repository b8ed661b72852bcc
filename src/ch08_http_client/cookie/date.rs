//! Dates in cookies. They were written in every form there is, so RFC 6265, 5.1.1 has no form: it looks for the first thing
//! that could be a time, a day, a month and a year, wherever they stand.
//!
//! ```text
//! Wed, 09-Jun-2021 10:18:14 GMT
//!      └┘ └─┘ └──┘ └──────┘       the rest is not looked at
//! ```

use crate::base::calendar::Timestamp;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The moment that a cookie's `Expires` means, always in UTC; `None` if there is none in it.
pub fn parse_cookie_date(text: &str) -> Option<Timestamp> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.as_bytes().split(|byte| is_delimiter(*byte)) {
        // In this order, and each only once: "10" is a day until there is one, then a year.
        if time.is_none() && clock(token).is_some() {
            time = clock(token);
        } else if day.is_none() && number(token, 1, 2).is_some() {
            day = number(token, 1, 2);
        } else if month.is_none() && month_of(token).is_some() {
            month = month_of(token);
        } else if year.is_none() {
            year = number(token, 2, 4);
        }
    }
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    if year < 1601 {
        return None;
    }
    let (hour, minute, second) = time?;
    Timestamp::date(i64::from(year), month?, day? as u8).ok()?.at(hour, minute, second).ok()
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

/// A number of so many digits at the beginning of the token; behind it stands anything but a digit.
fn number(token: &[u8], least: usize, most: usize) -> Option<u32> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits < least || digits > most {
        return None;
    }
    let mut value = 0;
    for digit in &token[..digits] {
        value = value * 10 + u32::from(digit - b'0');
    }
    Some(value)
}

/// `10:18:14`, each of one or two digits.
fn clock(token: &[u8]) -> Option<(u8, u8, u8)> {
    let mut fields = token.splitn(3, |byte| *byte == b':');
    let hour = whole_number(fields.next()?)?;
    let minute = whole_number(fields.next()?)?;
    let second = number(fields.next()?, 1, 2)?;
    Some((hour, minute, second as u8))
}

fn whole_number(field: &[u8]) -> Option<u8> {
    let all_digits = field.iter().all(u8::is_ascii_digit);
    number(field, 1, 2).filter(|_| all_digits).map(|value| value as u8)
}

/// 1 to 12, by the first three letters.
fn month_of(token: &[u8]) -> Option<u8> {
    let start = token.get(..3)?.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| month.as_bytes() == start)?;
    Some(index as u8 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        parse_cookie_date(text).map(|time| time.rfc3339())
    }

    #[test]
    fn one_moment_in_the_forms_servers_write() {
        for text in [
            "Wed, 09 Jun 2021 10:18:14 GMT",
            "Wed, 09-Jun-2021 10:18:14 GMT",
            "Wednesday, 09-Jun-21 10:18:14 GMT",
            "Wed Jun  9 10:18:14 2021",
            "9 june 2021 10:18:14",
            "2021 Jun 9 10:18:14",
            "10:18:14 9 JUNI 2021 or so",
            "09/Jun/2021;10:18:14",
            "Wed, 9th Jun 2021AD 10:18:14.999 PST",
            "Tue, 9 Jun 21 10:18:14 +0900",
            "\t9\"jun\"21|10:18:14~",
        ] {
            assert_eq!(read(text).as_deref(), Some("2021-06-09T10:18:14Z"), "{text}");
        }
        assert_eq!(read("1 Jan 70 0:0:0").as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(read("1 Jan 69 1:2:3").as_deref(), Some("2069-01-01T01:02:03Z"));
        assert_eq!(read("10 Jan 11 1:2:3 12 13").as_deref(), Some("2011-01-10T01:02:03Z"));
    }

    #[test]
    fn what_has_no_moment_in_it_has_none() {
        for text in [
            "",
            "tomorrow",
            "09 Jun 2021",
            "Jun 2021 10:18:14",
            "09 2021 10:18:14",
            "09 Jun 10:18:14",
            "09 Jun 1600 10:18:14",
            "09 Jun 20211 10:18:14",
            "32 Jun 2021 10:18:14",
            "31 Jun 2021 10:18:14",
            "0 Jun 2021 10:18:14",
            "29 Feb 2021 10:18:14",
            "09 Jun 2021 24:18:14",
            "09 Jun 2021 10:60:14",
            "09 Jun 2021 10:18:60",
            "09 Jun 2021 10:18",
            "09 Jun 2021 10:18:123",
            "09 Jun 2021 1x:18:14",
            "09 Jü 2021 10:18:14",
            "2021-06-09T10:18:14Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
