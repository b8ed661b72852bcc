//! Dates and times of day: from seconds since 1970 and back, and the forms protocols write them in.
//!
//! ```text
//! 2009-01-23T01:23:23.5Z            RFC 3339          JSON, logs
//! Fri, 23 Jan 2009 01:23:23 GMT     RFC 9110, 5.6.7   HTTP (IMF-fixdate)
//! Friday, 23-Jan-09 01:23:23 GMT    RFC 850           HTTP of 1991, read and never written
//! Fri Jan 23 01:23:23 2009          C's asctime       the same
//! 2009/01/23 01:23:23               Go's log package
//! Fri Jan 23 01:23:23 UTC 2009      date(1), the daytime service
//! ```
//! The calendar is the Gregorian, also for the years before it was invented. A day has 86,400 seconds, as in Unix time:
//! a leap second is the same moment as the second after it.
//!
//! We left out time zones by name: a [`Timestamp`] knows only its distance from UTC.

mod http;
mod parse;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::show::escaped;

/// Why a text or some numbers are not a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalendarError {
    /// The text does not have the form.
    NotThisForm {
        /// The text.
        text: String,
        /// An example of the form.
        form: &'static str,
    },
    /// The calendar has no such day.
    NoSuchDay {
        /// The year.
        year: i64,
        /// The month, 1 to 12 if there were one.
        month: u8,
        /// The day of the month.
        day: u8,
    },
    /// The clock has no such time.
    NoSuchTime {
        /// The hour.
        hour: u8,
        /// The minute.
        minute: u8,
        /// The second.
        second: u8,
    },
    /// The date is another day of the week than the text says.
    WrongWeekday {
        /// The day of the week the date has.
        really: Weekday,
        /// The text.
        text: String,
    },
}

/// Bytes of a refused text that an error shows. It comes from a peer, and an error is a line.
const MOST_SHOWN: usize = 64;

impl fmt::Display for CalendarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CalendarError::NotThisForm { text, form } => {
                write!(f, "{} is not a time of the form {form}", escaped(text.as_bytes(), MOST_SHOWN))
            }
            CalendarError::NoSuchDay { year, month, day } => {
                write!(f, "the calendar has no day {year:04}-{month:02}-{day:02}")
            }
            CalendarError::NoSuchTime { hour, minute, second } => {
                write!(f, "the clock has no time {hour:02}:{minute:02}:{second:02}")
            }
            CalendarError::WrongWeekday { really, text } => {
                let text = escaped(text.as_bytes(), MOST_SHOWN);
                write!(f, "{text} names the wrong day of the week, it was a {}", really.name())
            }
        }
    }
}

impl std::error::Error for CalendarError {}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    const ALL: [Weekday; 7] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];

    /// The English name.
    pub fn name(self) -> &'static str {
        match self {
            Weekday::Monday => "Monday",
            Weekday::Tuesday => "Tuesday",
            Weekday::Wednesday => "Wednesday",
            Weekday::Thursday => "Thursday",
            Weekday::Friday => "Friday",
            Weekday::Saturday => "Saturday",
            Weekday::Sunday => "Sunday",
        }
    }

    /// The first three letters of the name.
    pub fn short(self) -> &'static str {
        &self.name()[..3]
    }

    /// 1970-01-01, day 0, was a Thursday.
    fn of_day(days: i64) -> Weekday {
        Weekday::ALL[(days + 3).rem_euclid(7) as usize]
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const SECONDS_IN_A_DAY: i64 = 86_400;

/// Whether the year has a 29 February.
pub fn is_leap_year(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// How many days the month (1 to 12) has; none if there is no such month.
pub fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// A moment as calendar and clock show it.
///
/// Two of them with different offsets can be the same moment; compare [`Timestamp::unix_seconds`] for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// The year; 0 is the year before 1.
    pub year: i64,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 59.
    pub second: u8,
    /// Nanoseconds after the second, less than a thousand million.
    pub nanos: u32,
    /// How far this clock is ahead of UTC, in seconds; negative to the west.
    pub offset_seconds: i32,
    /// The day of the week.
    pub weekday: Weekday,
}

impl Timestamp {
    /// This moment in UTC.
    pub fn now() -> Timestamp {
        Timestamp::from(SystemTime::now())
    }

    /// The moment `seconds` after (or before) the start of 1970 and `nanos` after that, in UTC. A thousand million
    /// nanoseconds and more are carried over.
    pub fn from_unix(seconds: i64, nanos: u32) -> Timestamp {
        let seconds = seconds.saturating_add(i64::from(nanos / 1_000_000_000));
        Timestamp::showing(seconds, nanos % 1_000_000_000, 0)
    }

    /// Calendar and clock after `seconds` of local time.
    fn showing(seconds: i64, nanos: u32, offset_seconds: i32) -> Timestamp {
        let days = seconds.div_euclid(SECONDS_IN_A_DAY);
        let of_day = seconds.rem_euclid(SECONDS_IN_A_DAY);
        let (year, month, day) = date_of_day(days);
        Timestamp {
            year,
            month,
            day,
            hour: (of_day / 3600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
            nanos,
            offset_seconds,
            weekday: Weekday::of_day(days),
        }
    }

    /// The start of a day in UTC.
    ///
    /// # Errors
    /// [`CalendarError::NoSuchDay`]
    pub fn date(year: i64, month: u8, day: u8) -> Result<Timestamp, CalendarError> {
        let exists = day >= 1 && day <= days_in_month(year, month);
        match i64::try_from(day_of_date(year, month, day) * i128::from(SECONDS_IN_A_DAY)) {
            Ok(seconds) if exists => Ok(Timestamp::from_unix(seconds, 0)),
            _ => Err(CalendarError::NoSuchDay { year, month, day }),
        }
    }

    /// The same day at another time: `Timestamp::date(2009, 1, 23)?.at(1, 23, 23)?`.
    ///
    /// # Errors
    /// [`CalendarError::NoSuchTime`]
    pub fn at(self, hour: u8, minute: u8, second: u8) -> Result<Timestamp, CalendarError> {
        if hour > 23 || minute > 59 || second > 59 {
            return Err(CalendarError::NoSuchTime { hour, minute, second });
        }
        Ok(Timestamp { hour, minute, second, nanos: 0, ..self })
    }

    /// The same moment on a clock `offset_seconds` ahead of UTC.
    pub fn in_offset(self, offset_seconds: i32) -> Timestamp {
        let local = self.unix_seconds().saturating_add(i64::from(offset_seconds));
        Timestamp::showing(local, self.nanos, offset_seconds)
    }

    /// Seconds since the start of 1970; negative before. The nanoseconds count on from there, before 1970 too.
    pub fn unix_seconds(&self) -> i64 {
        let of_day = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        let days = day_of_date(self.year, self.month, self.day);
        let seconds =
            days * i128::from(SECONDS_IN_A_DAY) + i128::from(of_day) - i128::from(self.offset_seconds);
        // Only fields set by hand to a year beyond 292 thousand million leave the range.
        seconds.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// The moment for the standard library; `None` if its clock does not reach so far.
    pub fn to_system_time(&self) -> Option<SystemTime> {
        let seconds = self.unix_seconds();
        let length = Duration::from_secs(seconds.unsigned_abs());
        let whole = if seconds < 0 { UNIX_EPOCH.checked_sub(length) } else { UNIX_EPOCH.checked_add(length) };
        whole?.checked_add(Duration::from_nanos(u64::from(self.nanos)))
    }

    /// `2009-01-23T01:23:23Z`, `2009-01-23T02:23:23.5+01:00`: RFC 3339. The fraction has as many digits as it needs.
    ///
    /// RFC 3339 has four digits for the year and whole minutes for the offset. Other years come out with more digits or a
    /// sign, other offsets as UTC.
    pub fn rfc3339(&self) -> String {
        let minutes = self.offset_seconds / 60;
        if self.offset_seconds % 60 != 0 || minutes.abs() >= 24 * 60 {
            return self.in_offset(0).rfc3339();
        }
        let Timestamp { year, month, day, hour, minute, second, .. } = self;
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if self.nanos > 0 {
            let fraction = format!(".{:09}", self.nanos);
            text.push_str(fraction.trim_end_matches('0'));
        }
        if minutes == 0 {
            text.push('Z');
        } else {
            let sign = if minutes < 0 { '-' } else { '+' };
            text.push_str(&format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60));
        }
        text
    }

    /// `Fri, 23 Jan 2009 01:23:23 GMT`: the form HTTP writes, IMF-fixdate (RFC 9110, 5.6.7). It is always UTC.
    pub fn http_date(&self) -> String {
        let Timestamp { year, month, day, hour, minute, second, weekday, .. } = self.in_offset(0);
        let (weekday, month) = (weekday.short(), MONTHS[usize::from(month) - 1]);
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }

    /// `2009/01/23 01:23:23`: the form of Go's log package, with this clock's own offset.
    pub fn log_time(&self) -> String {
        let Timestamp { year, month, day, hour, minute, second, .. } = self;
        format!("{year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}")
    }

    /// `Fri Jan 23 01:23:23 UTC 2009`: the form of date(1), always UTC. A day of one digit has a space before it.
    pub fn unix_date(&self) -> String {
        let Timestamp { year, month, day, hour, minute, second, weekday, .. } = self.in_offset(0);
        let (weekday, month) = (weekday.short(), MONTHS[usize::from(month) - 1]);
        format!("{weekday} {month} {day:2} {hour:02}:{minute:02}:{second:02} UTC {year:04}")
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Timestamp {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Timestamp::from_unix(seconds_of(after), after.subsec_nanos()),
            Err(error) => {
                let before = error.duration();
                // Nanoseconds count forwards: a quarter of a second before 1970 is second -1 and three quarters.
                match before.subsec_nanos() {
                    0 => Timestamp::from_unix(-seconds_of(before), 0),
                    nanos => Timestamp::from_unix(-seconds_of(before) - 1, 1_000_000_000 - nanos),
                }
            }
        }
    }
}

fn seconds_of(duration: Duration) -> i64 {
    // One less than the greatest, so that the negative may have one subtracted.
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX - 1)
}

// --- the calendar -----------------------------------------------------------------------------------------------------
//
// The calendar repeats after 400 years. Within these, years are counted from March: the leap day is then the last of its
// year, and the months' lengths from March on (31 30 31 30 31, twice, then 31 and the rest) follow a straight line of 153
// days in five months.

const DAYS_IN_400_YEARS: i64 = 146_097;

/// From 1 March of the year 0 to 1 January 1970.
const DAYS_BEFORE_1970: i64 = 719_468;

/// Days from the start of 1970 to the date. A number for months and days that do not exist, too; the callers check.
fn day_of_date(year: i64, month: u8, day: u8) -> i128 {
    let (years, months) = match i128::from(month) {
        month @ 3.. => (i128::from(year), month - 3),
        month => (i128::from(year) - 1, month + 9),
    };
    let year_of_cycle = years.rem_euclid(400);
    let leap_days = year_of_cycle / 4 - year_of_cycle / 100;
    let day_of_year = (153 * months + 2) / 5 + i128::from(day) - 1;
    let day_of_cycle = year_of_cycle * 365 + leap_days + day_of_year;
    years.div_euclid(400) * i128::from(DAYS_IN_400_YEARS) + day_of_cycle - i128::from(DAYS_BEFORE_1970)
}

/// The date of a day: year, month, day of the month. The opposite of [`day_of_date`].
fn date_of_day(days: i64) -> (i64, u8, u8) {
    let days = days + DAYS_BEFORE_1970;
    let day_of_cycle = days.rem_euclid(DAYS_IN_400_YEARS);
    // Without the leap days so far, every year has 365: one in 1,460 days, none in 36,524, one in the last day of all.
    let plain_days = day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096;
    let year_of_cycle = plain_days / 365;
    let day_of_year = day_of_cycle - (year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100);
    let months = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months + 2) / 5 + 1;
    let years = days.div_euclid(DAYS_IN_400_YEARS) * 400 + year_of_cycle;
    let (year, month) = if months < 10 { (years, months + 3) } else { (years + 1, months - 9) };
    (year, month as u8, day as u8)
}

#[cfg(test)]
mod tests;
