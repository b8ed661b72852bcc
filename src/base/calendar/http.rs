//! Reading the three date forms of HTTP (RFC 9110, 5.6.7): the one that is written today, and two that old peers and old
//! files still have.

use super::parse::{Cursor, moment};
use super::{CalendarError, MONTHS, Timestamp, Weekday};

const HTTP_DATE: &str = "Fri, 23 Jan 2009 01:23:23 GMT";

/// What a date form says, before anybody looks whether there is such a day.
struct Parts {
    weekday: Weekday,
    year: i64,
    month: u8,
    day: u8,
    clock: (u8, u8, u8),
    /// Whether the year is the last two digits of one.
    two_digits: bool,
}

impl Timestamp {
    /// Reads an HTTP date in any of its three forms, every letter as it stands here: `Fri, 23 Jan 2009 01:23:23 GMT`,
    /// `Friday, 23-Jan-09 01:23:23 GMT`, `Fri Jan 23 01:23:23 2009`.
    ///
    /// # Errors
    /// [`CalendarError::NotThisForm`], [`CalendarError::NoSuchDay`], [`CalendarError::NoSuchTime`];
    /// [`CalendarError::WrongWeekday`] because RFC 5322, 3.3 wants the day the date implies.
    pub fn parse_http_date(text: &str) -> Result<Timestamp, CalendarError> {
        Timestamp::parse_http_date_at(text, Timestamp::now())
    }

    /// Reads like [`Timestamp::parse_http_date`] at the moment `now`, which decides the century of a year of two digits: it is
    /// the last such year that is not more than fifty years ahead.
    ///
    /// # Errors
    /// Those of [`Timestamp::parse_http_date`].
    pub fn parse_http_date_at(text: &str, now: Timestamp) -> Result<Timestamp, CalendarError> {
        let Some(mut parts) = parts(text) else {
            return Err(CalendarError::NotThisForm { text: text.to_string(), form: HTTP_DATE });
        };
        if parts.two_digits {
            parts.year = whole_year(&parts, now.in_offset(0));
        }
        let date = Timestamp::date(parts.year, parts.month, parts.day)?;
        if date.weekday != parts.weekday {
            return Err(CalendarError::WrongWeekday { really: date.weekday, text: text.to_string() });
        }
        moment(date, parts.clock, 0, 0)
    }
}

/// What follows the first three letters tells the forms apart: `Fri,`, `Fri `, `Friday`.
fn parts(text: &str) -> Option<Parts> {
    let mut cursor = Cursor(text.as_bytes());
    let parts = match text.as_bytes().get(3)? {
        b',' => imf_fixdate(&mut cursor)?,
        b' ' => asctime(&mut cursor)?,
        _ => rfc850(&mut cursor)?,
    };
    cursor.0.is_empty().then_some(parts)
}

fn imf_fixdate(cursor: &mut Cursor<'_>) -> Option<Parts> {
    let weekday = cursor.weekday(Weekday::short)?;
    cursor.exactly(b", ")?;
    let day = cursor.two_digits()?;
    cursor.exactly(b" ")?;
    let month = cursor.month()?;
    cursor.exactly(b" ")?;
    let year = cursor.year()?;
    cursor.exactly(b" ")?;
    let clock = cursor.clock()?;
    cursor.exactly(b" GMT")?;
    Some(Parts { weekday, year, month, day, clock, two_digits: false })
}

fn rfc850(cursor: &mut Cursor<'_>) -> Option<Parts> {
    let weekday = cursor.weekday(Weekday::name)?;
    cursor.exactly(b", ")?;
    let day = cursor.two_digits()?;
    cursor.exactly(b"-")?;
    let month = cursor.month()?;
    cursor.exactly(b"-")?;
    let year = i64::from(cursor.two_digits()?);
    cursor.exactly(b" ")?;
    let clock = cursor.clock()?;
    cursor.exactly(b" GMT")?;
    Some(Parts { weekday, year, month, day, clock, two_digits: true })
}

fn asctime(cursor: &mut Cursor<'_>) -> Option<Parts> {
    let weekday = cursor.weekday(Weekday::short)?;
    cursor.exactly(b" ")?;
    let month = cursor.month()?;
    cursor.exactly(b" ")?;
    let tens = cursor.one_of(b" 0123456789")?;
    let tens = if tens == b' ' { 0 } else { tens - b'0' };
    let day = tens * 10 + cursor.digit()?;
    cursor.exactly(b" ")?;
    let clock = cursor.clock()?;
    cursor.exactly(b" ")?;
    Some(Parts { weekday, year: cursor.year()?, month, day, clock, two_digits: false })
}

/// RFC 9110, 5.6.7: what seems more than fifty years ahead is in the past.
fn whole_year(parts: &Parts, now: Timestamp) -> i64 {
    let within_its_year = |time: Timestamp| (time.month, time.day, (time.hour, time.minute, time.second));
    let latest = now.year.saturating_add(50);
    let year = latest - (latest - parts.year).rem_euclid(100);
    if year == latest && (parts.month, parts.day, parts.clock) > within_its_year(now) {
        year - 100
    } else {
        year
    }
}

impl Cursor<'_> {
    fn exactly(&mut self, bytes: &[u8]) -> Option<()> {
        (self.take(bytes.len())? == bytes).then_some(())
    }

    fn weekday(&mut self, spelled: fn(Weekday) -> &'static str) -> Option<Weekday> {
        let weekday = *Weekday::ALL.iter().find(|day| self.0.starts_with(spelled(**day).as_bytes()))?;
        self.take(spelled(weekday).len())?;
        Some(weekday)
    }

    fn month(&mut self) -> Option<u8> {
        let name = self.take(3)?;
        let index = MONTHS.iter().position(|month| month.as_bytes() == name)?;
        Some(index as u8 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, now: &str) -> Result<String, CalendarError> {
        let now = Timestamp::parse_rfc3339(now).unwrap();
        Timestamp::parse_http_date_at(text, now).map(|time| time.rfc3339())
    }

    #[test]
    fn the_three_forms_of_rfc_9110_are_one_moment() {
        for text in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(at(text, "2009-01-23T01:23:23Z").unwrap(), "1994-11-06T08:49:37Z");
        }
        assert_eq!(at("Wed Nov 16 08:49:37 1994", "2009-01-23T00:00:00Z").unwrap(), "1994-11-16T08:49:37Z");
    }

    #[test]
    fn a_year_of_two_digits_is_the_last_one_not_more_than_fifty_years_ahead() {
        let cases = [
            // 2026 + 50: to the second in the future, one second more in the past
            ("Wednesday, 01-Jan-76 00:00:00 GMT", "2026-01-01T00:00:00Z", "2076-01-01T00:00:00Z"),
            ("Thursday, 01-Jan-76 00:00:01 GMT", "2026-01-01T00:00:00Z", "1976-01-01T00:00:01Z"),
            ("Saturday, 01-Jan-77 00:00:00 GMT", "2026-06-01T00:00:00Z", "1977-01-01T00:00:00Z"),
            ("Thursday, 31-Dec-99 23:59:59 GMT", "2100-01-01T00:00:00Z", "2099-12-31T23:59:59Z"),
            ("Friday, 01-Jan-10 00:00:00 GMT", "1970-01-01T00:00:00Z", "2010-01-01T00:00:00Z"),
            ("Saturday, 01-Jan-00 00:00:00 GMT", "1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z"),
            // On a clock ahead of UTC it is 2027 already
            ("Thursday, 31-Dec-76 23:30:00 GMT", "2027-01-01T00:30:00+01:00", "2076-12-31T23:30:00Z"),
        ];
        for (text, now, moment) in cases {
            assert_eq!(at(text, now).as_deref(), Ok(moment), "{text} in {now}");
        }
    }

    #[test]
    fn what_only_looks_like_an_old_form_is_refused() {
        for text in [
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 6-Nov-94 08:49:37 GMT",
            "Sunday, 06 Nov 94 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37",
            "Sunday, 06-Nov-94 08:49:37 UTC",
            "sunday, 06-Nov-94 08:49:37 GMT",
            "Sunday Nov  6 08:49:37 1994",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov  6 08:49:37 94",
            "Sun Nov  6 08:49:37 1994 GMT",
            "Sun Nov  6 08:49:37 UTC 1994",
            "Sun Nov  6 08:49:37 1994\n",
            "Sun",
            "",
        ] {
            let refused = at(text, "2009-01-23T00:00:00Z");
            assert!(matches!(refused, Err(CalendarError::NotThisForm { .. })), "{text}: {refused:?}");
        }
        for text in ["Monday, 06-Nov-94 08:49:37 GMT", "Mon Nov  6 08:49:37 1994"] {
            let refused = at(text, "2009-01-23T00:00:00Z");
            assert!(matches!(refused, Err(CalendarError::WrongWeekday { .. })), "{text}: {refused:?}");
        }
        let refused = at("Sun Feb 30 08:49:37 1994", "2009-01-23T00:00:00Z");
        assert!(matches!(refused, Err(CalendarError::NoSuchDay { .. })));
    }

    #[test]
    fn the_far_ends_of_the_calendar_do_not_overflow() {
        let text = "Sunday, 06-Nov-94 08:49:37 GMT";
        for seconds in [i64::MIN / 2, i64::MAX / 2, i64::MAX] {
            let _ = Timestamp::parse_http_date_at(text, Timestamp::from_unix(seconds, 0));
        }
    }
}
