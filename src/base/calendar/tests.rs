//! Known dates, the edges of the calendar, and texts that lie.

use super::*;
use crate::base::random::Seeded;

/// Moments with a known date. The seconds are those of `date -u -d … +%s`.
const KNOWN: [(i64, &str, Weekday); 18] = [
    (0, "1970-01-01T00:00:00Z", Weekday::Thursday),
    (-1, "1969-12-31T23:59:59Z", Weekday::Wednesday),
    (-14_182_940, "1969-07-20T20:17:40Z", Weekday::Sunday),
    (68_169_600, "1972-02-29T00:00:00Z", Weekday::Tuesday),
    (951_782_399, "2000-02-28T23:59:59Z", Weekday::Monday),
    (951_782_400, "2000-02-29T00:00:00Z", Weekday::Tuesday),
    (951_868_800, "2000-03-01T00:00:00Z", Weekday::Wednesday),
    (1_000_000_000, "2001-09-09T01:46:40Z", Weekday::Sunday),
    (1_232_673_803, "2009-01-23T01:23:23Z", Weekday::Friday),
    (1_234_567_890, "2009-02-13T23:31:30Z", Weekday::Friday),
    (1_283_102_719, "2010-08-29T17:25:19Z", Weekday::Sunday),
    (2_147_483_647, "2038-01-19T03:14:07Z", Weekday::Tuesday),
    (4_107_542_399, "2100-02-28T23:59:59Z", Weekday::Sunday),
    (4_107_542_400, "2100-03-01T00:00:00Z", Weekday::Monday),
    (253_402_300_799, "9999-12-31T23:59:59Z", Weekday::Friday),
    (-62_135_596_800, "0001-01-01T00:00:00Z", Weekday::Monday),
    (-62_167_219_200, "0000-01-01T00:00:00Z", Weekday::Saturday),
    (-11_644_473_600, "1601-01-01T00:00:00Z", Weekday::Monday),
];

#[test]
fn known_moments_have_their_known_dates_both_ways() {
    for (seconds, text, weekday) in KNOWN {
        let time = Timestamp::from_unix(seconds, 0);
        assert_eq!(time.rfc3339(), text);
        assert_eq!(time.weekday, weekday, "{text}");
        assert_eq!(time.unix_seconds(), seconds, "{text}");
        assert_eq!(Timestamp::parse_rfc3339(text), Ok(time));
    }
}

#[test]
fn every_day_of_eight_hundred_years_follows_the_day_before() {
    let mut time = Timestamp::date(1600, 1, 1).unwrap();
    while time.year < 2400 {
        let next = Timestamp::from_unix(time.unix_seconds() + SECONDS_IN_A_DAY, 0);
        let expected = if time.day < days_in_month(time.year, time.month) {
            (time.year, time.month, time.day + 1)
        } else if time.month < 12 {
            (time.year, time.month + 1, 1)
        } else {
            (time.year + 1, 1, 1)
        };
        assert_eq!((next.year, next.month, next.day), expected);
        assert_eq!(next.unix_seconds(), time.unix_seconds() + SECONDS_IN_A_DAY);
        let after = Weekday::ALL.iter().position(|day| *day == time.weekday).unwrap() + 1;
        assert_eq!(next.weekday, Weekday::ALL[after % 7]);
        time = next;
    }
}

#[test]
fn leap_years_are_those_of_the_gregorian_calendar() {
    for year in [2024, 2000, 1600, 0, -4, -400, 2400] {
        assert!(is_leap_year(year), "{year}");
        assert_eq!(days_in_month(year, 2), 29);
    }
    for year in [2023, 1900, 2100, 2200, -100, 1] {
        assert!(!is_leap_year(year), "{year}");
        assert_eq!(days_in_month(year, 2), 28);
    }
    assert_eq!((days_in_month(2024, 0), days_in_month(2024, 13)), (0, 0));
}

#[test]
fn the_ends_of_the_range_come_back_as_they_went() {
    for seconds in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX, 1 << 55, -(1 << 55)] {
        assert_eq!(Timestamp::from_unix(seconds, 999_999_999).unix_seconds(), seconds);
    }
    assert_eq!(Timestamp::from_unix(i64::MAX, u32::MAX).unix_seconds(), i64::MAX);
    let mut beyond = Timestamp::from_unix(0, 0);
    beyond.year = i64::MAX;
    assert_eq!(beyond.unix_seconds(), i64::MAX);
    assert!(Timestamp::date(i64::MIN, 1, 1).is_err());
}

#[test]
fn moments_before_1970_count_their_nanoseconds_forwards() {
    let quarter = UNIX_EPOCH - Duration::from_millis(250);
    let time = Timestamp::from(quarter);
    assert_eq!((time.unix_seconds(), time.nanos), (-1, 750_000_000));
    assert_eq!(time.rfc3339(), "1969-12-31T23:59:59.75Z");
    assert_eq!(time.to_system_time(), Some(quarter));
    let whole = UNIX_EPOCH - Duration::from_secs(1);
    assert_eq!(Timestamp::from(whole), Timestamp::from_unix(-1, 0));
    assert_eq!(Timestamp::from_unix(0, 2_500_000_000), Timestamp::from_unix(2, 500_000_000));
}

#[test]
fn now_lies_between_the_system_clock_before_and_after() {
    let before = SystemTime::now();
    let now = Timestamp::now().to_system_time().unwrap();
    assert!(before <= now && now <= SystemTime::now());
}

#[test]
fn each_form_is_written_as_its_readers_expect_it() {
    let time = Timestamp::date(2010, 8, 29).unwrap().at(17, 25, 19).unwrap();
    assert_eq!(time.http_date(), "Sun, 29 Aug 2010 17:25:19 GMT");
    assert_eq!(time.unix_date(), "Sun Aug 29 17:25:19 UTC 2010");
    assert_eq!(time.log_time(), "2010/08/29 17:25:19");
    let early = Timestamp::date(1994, 11, 6).unwrap().at(8, 49, 37).unwrap();
    assert_eq!(early.http_date(), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(early.unix_date(), "Sun Nov  6 08:49:37 UTC 1994");
    assert_eq!(early.unix_seconds(), 784_111_777);
}

#[test]
fn another_offset_shows_the_same_moment_on_another_clock() {
    let utc = Timestamp::date(2009, 12, 31).unwrap().at(23, 30, 0).unwrap();
    let berlin = utc.in_offset(3600);
    assert_eq!(berlin.rfc3339(), "2010-01-01T00:30:00+01:00");
    assert_eq!(berlin.log_time(), "2010/01/01 00:30:00");
    assert_eq!(berlin.weekday, Weekday::Friday);
    assert_eq!(berlin.http_date(), "Thu, 31 Dec 2009 23:30:00 GMT");
    assert_eq!(berlin.unix_date(), "Thu Dec 31 23:30:00 UTC 2009");
    assert_eq!(berlin.unix_seconds(), utc.unix_seconds());
    assert_eq!(utc.in_offset(-34_200).rfc3339(), "2009-12-31T14:00:00-09:30");
    assert_eq!(utc.in_offset(-1800).rfc3339(), "2009-12-31T23:00:00-00:30");
    // What RFC 3339 cannot write comes out as UTC.
    for offset in [1, 3599, 86_400, i32::MIN, i32::MAX] {
        assert_eq!(utc.in_offset(offset).rfc3339(), utc.rfc3339());
    }
}

#[test]
fn rfc_3339_examples_are_read() {
    let cases = [
        ("1985-04-12T23:20:50.52Z", 482_196_050, 520_000_000, 0),
        ("1996-12-19T16:39:57-08:00", 851_042_397, 0, -28_800),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_173, 870_000_000, 1200),
        ("1990-12-31T23:59:60Z", 662_688_000, 0, 0),
        ("1990-12-31T15:59:60-08:00", 662_688_000, 0, -28_800),
        ("2009-01-23t01:23:23z", 1_232_673_803, 0, 0),
        ("2009-01-23T01:23:23.123456789999Z", 1_232_673_803, 123_456_789, 0),
        ("2009-01-23T01:23:23-00:00", 1_232_673_803, 0, 0),
    ];
    for (text, seconds, nanos, offset) in cases {
        let time = Timestamp::parse_rfc3339(text).unwrap();
        assert_eq!(
            (time.unix_seconds(), time.nanos, time.offset_seconds),
            (seconds, nanos, offset),
            "{text}"
        );
        assert_eq!(time, Timestamp::from_unix(seconds, nanos).in_offset(offset), "{text}");
    }
}

#[test]
fn what_is_not_rfc_3339_is_refused_and_not_guessed_at() {
    let texts = [
        "",
        "2009-01-23",
        "2009-01-23T01:23:23",
        "2009-01-23 01:23:23Z",
        "2009-1-23T01:23:23Z",
        "2009-01-23T01:23Z",
        "2009-01-23T01:23:23.Z",
        "2009-01-23T01:23:23,5Z",
        "2009-01-23T01:23:23+0100",
        "2009-01-23T01:23:23+01",
        "2009-01-23T01:23:23Z ",
        " 2009-01-23T01:23:23Z",
        "+2009-01-23T01:23:23Z",
        "12009-01-23T01:23:23Z",
        "2009-01-23T01:23:23\u{2212}01:00",
        "２009-01-23T01:23:23Z",
        "2009-01-23T-1:23:23Z",
    ];
    for text in texts {
        let error = Timestamp::parse_rfc3339(text).unwrap_err();
        assert!(matches!(error, CalendarError::NotThisForm { .. }), "{text}: {error:?}");
    }
}

#[test]
fn days_and_times_that_do_not_exist_are_named() {
    let cases = [
        ("2009-02-29T00:00:00Z", "the calendar has no day 2009-02-29"),
        ("2100-02-29T00:00:00Z", "the calendar has no day 2100-02-29"),
        ("2009-04-31T00:00:00Z", "the calendar has no day 2009-04-31"),
        ("2009-00-10T00:00:00Z", "the calendar has no day 2009-00-10"),
        ("2009-13-10T00:00:00Z", "the calendar has no day 2009-13-10"),
        ("2009-01-00T00:00:00Z", "the calendar has no day 2009-01-00"),
        ("2009-01-01T24:00:00Z", "the clock has no time 24:00:00"),
        ("2009-01-01T23:60:00Z", "the clock has no time 23:60:00"),
        ("2009-01-01T23:59:61Z", "the clock has no time 23:59:61"),
        ("2009-01-01T12:00:60Z", "the clock has no time 12:00:60"),
        ("2008-12-31T23:59:60+01:00", "the clock has no time 23:59:60"),
        ("2009-01-01T00:00:00+24:00", "the clock has no time 24:00:00"),
        ("2009-01-01T00:00:00-00:60", "the clock has no time 00:60:00"),
    ];
    for (text, sentence) in cases {
        assert_eq!(Timestamp::parse_rfc3339(text).unwrap_err().to_string(), sentence);
    }
}

#[test]
fn http_dates_are_read_to_the_letter() {
    let time = Timestamp::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
    assert_eq!(time.unix_seconds(), 784_111_777);
    let leap = Timestamp::parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT").unwrap();
    assert_eq!(leap.http_date(), "Sun, 01 Jan 2017 00:00:00 GMT");
    let refused = [
        "",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "Sü, 06 Nov 1994 08:49:37 GMT",
    ];
    for text in refused {
        let error = Timestamp::parse_http_date(text).unwrap_err();
        assert!(matches!(error, CalendarError::NotThisForm { .. }), "{text}: {error:?}");
    }
}

#[test]
fn an_http_date_with_the_wrong_day_of_the_week_is_a_lie() {
    let error = Timestamp::parse_http_date("Mon, 06 Nov 1994 08:49:37 GMT").unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"Mon, 06 Nov 1994 08:49:37 GMT\" names the wrong day of the week, it was a Sunday"
    );
    let error = Timestamp::parse_http_date("Tue, 29 Feb 2100 00:00:00 GMT").unwrap_err();
    assert_eq!(error, CalendarError::NoSuchDay { year: 2100, month: 2, day: 29 });
}

#[test]
fn an_error_shows_the_beginning_of_a_long_text_on_one_line() {
    let error = Timestamp::parse_http_date(&"\r\n".repeat(10_000)).unwrap_err().to_string();
    assert!(error.len() < 300 && !error.contains('\n'), "{error}");
}

#[test]
fn a_text_cut_anywhere_is_refused() {
    let (rfc3339, http) = ("2009-01-23T01:23:23.5+01:00", "Fri, 23 Jan 2009 01:23:23 GMT");
    assert!(Timestamp::parse_rfc3339(rfc3339).is_ok() && Timestamp::parse_http_date(http).is_ok());
    for length in 0..rfc3339.len() {
        assert!(Timestamp::parse_rfc3339(&rfc3339[..length]).is_err(), "{length}");
    }
    for length in 0..http.len() {
        assert!(Timestamp::parse_http_date(&http[..length]).is_err(), "{length}");
    }
}

#[test]
fn random_moments_survive_every_form() {
    let mut random = Seeded::new(9);
    for _ in 0..5_000 {
        // The years 0 to 9999, which both forms can write.
        let seconds = random.below(253_402_300_800 + 62_167_219_200) as i64 - 62_167_219_200;
        let offset = (random.below(2879) as i32 - 1439) * 60;
        let utc = Timestamp::from_unix(seconds, random.below(1_000_000_000) as u32);
        let local = utc.in_offset(offset);
        if (0..=9999).contains(&local.year) {
            assert_eq!(Timestamp::parse_rfc3339(&local.rfc3339()), Ok(local));
        }
        let whole = Timestamp::from_unix(seconds, 0);
        assert_eq!(Timestamp::parse_http_date(&utc.http_date()), Ok(whole));
    }
}

#[test]
fn damaged_texts_never_panic() {
    let mut random = Seeded::new(10);
    let originals = ["2009-01-23T01:23:23.5+01:00", "Fri, 23 Jan 2009 01:23:23 GMT", "2016-12-31T23:59:60Z"];
    let pieces = ["0", "9", "-", ":", ".", "é", " ", "Z", "\u{0}", "29", "60"];
    for _ in 0..20_000 {
        let mut text: Vec<char> = originals[random.below(3) as usize].chars().collect();
        for _ in 0..=random.below(3) {
            let place = random.below(text.len() as u64) as usize;
            let piece = pieces[random.below(pieces.len() as u64) as usize];
            text.splice(place..=place, piece.chars());
        }
        let text: String = text.into_iter().collect();
        if let Ok(time) = Timestamp::parse_rfc3339(&text) {
            assert_eq!(Timestamp::parse_rfc3339(&time.rfc3339()), Ok(time), "{text}");
        }
        let _ = Timestamp::parse_http_date(&text);
    }
}
