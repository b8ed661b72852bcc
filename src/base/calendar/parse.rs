//! Reading RFC 3339, and the cursor with which every form is read. Dates come from peers, so every field is checked.

use super::{CalendarError, Timestamp};

const RFC3339: &str = "2009-01-23T01:23:23.5+01:00";

impl Timestamp {
    /// Reads RFC 3339: `2009-01-23T01:23:23.5Z`, `2009-01-23T02:23:23+01:00`. `T` and `Z` may be small letters (5.6).
    /// Digits behind the nanoseconds are dropped. A leap second is read as the second after it.
    ///
    /// # Errors
    /// [`CalendarError::NotThisForm`], [`CalendarError::NoSuchDay`], [`CalendarError::NoSuchTime`] (for the time or the
    /// offset).
    pub fn parse_rfc3339(text: &str) -> Result<Timestamp, CalendarError> {
        let not_this_form = || CalendarError::NotThisForm { text: text.to_string(), form: RFC3339 };
        let mut cursor = Cursor(text.as_bytes());
        let (year, month, day) = rfc3339_date(&mut cursor).ok_or_else(not_this_form)?;
        let clock = cursor.clock().ok_or_else(not_this_form)?;
        let nanos = cursor.fraction().ok_or_else(not_this_form)?;
        let (ahead, hours, minutes) = cursor.offset().ok_or_else(not_this_form)?;
        if !cursor.0.is_empty() {
            return Err(not_this_form());
        }
        if hours > 23 || minutes > 59 {
            return Err(CalendarError::NoSuchTime { hour: hours, minute: minutes, second: 0 });
        }
        let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
        let offset = if ahead { seconds } else { -seconds };
        moment(Timestamp::date(year, month, day)?, clock, nanos, offset)
    }
}

fn rfc3339_date(cursor: &mut Cursor<'_>) -> Option<(i64, u8, u8)> {
    let year = cursor.year()?;
    cursor.one_of(b"-")?;
    let month = cursor.two_digits()?;
    cursor.one_of(b"-")?;
    let day = cursor.two_digits()?;
    cursor.one_of(b"Tt")?;
    Some((year, month, day))
}

/// The moment at which a clock `offset` seconds ahead of UTC shows `date` and the time.
pub(super) fn moment(
    date: Timestamp,
    clock: (u8, u8, u8),
    nanos: u32,
    offset: i32,
) -> Result<Timestamp, CalendarError> {
    let (hour, minute, second) = clock;
    let is_leap_second = second == 60;
    let shown = date.at(hour, minute, if is_leap_second { 59 } else { second })?;
    let mut moment = Timestamp { nanos, offset_seconds: offset, ..shown };
    if is_leap_second {
        // Leap seconds are put in before midnight of UTC, nowhere else.
        if (moment.unix_seconds() + 1) % 86_400 != 0 {
            return Err(CalendarError::NoSuchTime { hour, minute, second });
        }
        moment = Timestamp::from_unix(moment.unix_seconds() + 1, nanos).in_offset(offset);
    }
    Ok(moment)
}

/// What is left of the text. Bytes, because a peer may put any character at any place.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        if count > self.0.len() {
            return None;
        }
        let (taken, left) = self.0.split_at(count);
        self.0 = left;
        Some(taken)
    }

    pub(super) fn one_of(&mut self, allowed: &[u8]) -> Option<u8> {
        let byte = self.take(1)?[0];
        allowed.contains(&byte).then_some(byte)
    }

    pub(super) fn digit(&mut self) -> Option<u8> {
        Some(self.one_of(b"0123456789")? - b'0')
    }

    pub(super) fn two_digits(&mut self) -> Option<u8> {
        Some(self.digit()? * 10 + self.digit()?)
    }

    pub(super) fn year(&mut self) -> Option<i64> {
        Some(i64::from(self.two_digits()?) * 100 + i64::from(self.two_digits()?))
    }

    /// `01:23:23`
    pub(super) fn clock(&mut self) -> Option<(u8, u8, u8)> {
        let hour = self.two_digits()?;
        self.one_of(b":")?;
        let minute = self.two_digits()?;
        self.one_of(b":")?;
        Some((hour, minute, self.two_digits()?))
    }

    /// `.5`, or nothing; in nanoseconds.
    fn fraction(&mut self) -> Option<u32> {
        if self.0.first() != Some(&b'.') {
            return Some(0);
        }
        self.take(1)?;
        let mut worth = 100_000_000;
        let mut nanos = u32::from(self.digit()?) * worth;
        while self.0.first().is_some_and(u8::is_ascii_digit) {
            worth /= 10; // zero from the tenth digit on
            nanos += u32::from(self.digit()?) * worth;
        }
        Some(nanos)
    }

    /// `Z`, `+01:00`: whether ahead of UTC, hours, minutes.
    fn offset(&mut self) -> Option<(bool, u8, u8)> {
        let sign = self.one_of(b"Zz+-")?;
        if sign.eq_ignore_ascii_case(&b'Z') {
            return Some((true, 0, 0));
        }
        let hours = self.two_digits()?;
        self.one_of(b":")?;
        Some((sign == b'+', hours, self.two_digits()?))
    }
}
