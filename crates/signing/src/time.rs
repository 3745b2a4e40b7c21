//! The instant a signature is made for, and the four ways AWS writes it.

use std::fmt;

/// Seconds of 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what four digits of a year can say.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;
const SECONDS_PER_DAY: i64 = 86_400;

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The instant a request is signed at: UTC, resolution one second, years 0000 to 9999.
///
/// It is formatted once, when it is made, because a signature needs the text in four places.
///
/// ```
/// use inia_signing::SigningTime;
///
/// let time = SigningTime::from_unix_seconds(1_440_938_160);
/// assert_eq!(time.as_str(), "20150830T123600Z");
/// assert_eq!(time.date(), "20150830");
/// assert_eq!(SigningTime::parse("20150830T123600Z"), Some(time));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SigningTime {
    seconds: i64,
    /// `20150830T123600Z`
    basic: [u8; 16],
}

/// A broken-down UTC time of the proleptic Gregorian calendar.
struct Civil {
    year: u32,
    /// 1 to 12
    month: u32,
    /// 1 to 31
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    /// 0 is Sunday
    weekday: u32,
}

impl SigningTime {
    /// The instant `seconds` after 1970-01-01T00:00:00Z. Instants outside the years 0000 to 9999, which
    /// the format cannot say, become the nearest one that it can.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Self {
        let seconds = seconds.clamp(FIRST, LAST);
        let civil = Civil::from_unix_seconds(seconds);
        let Civil {
            year,
            month,
            day,
            hour,
            minute,
            second,
            ..
        } = civil;
        let basic = [
            digit(year, 1000),
            digit(year, 100),
            digit(year, 10),
            digit(year, 1),
            digit(month, 10),
            digit(month, 1),
            digit(day, 10),
            digit(day, 1),
            b'T',
            digit(hour, 10),
            digit(hour, 1),
            digit(minute, 10),
            digit(minute, 1),
            digit(second, 10),
            digit(second, 1),
            b'Z',
        ];
        Self { seconds, basic }
    }

    /// Reads the format of the `x-amz-date` header, `20150830T123600Z`. Anything else, and any date the
    /// calendar does not have, is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: &[u8; 16] = text.as_bytes().try_into().ok()?;
        let mut numbers = [0_i64; 14];
        let digits = bytes
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != 8 && *at != 15);
        for (number, (_, byte)) in numbers.iter_mut().zip(digits) {
            *number = i64::from(byte.checked_sub(b'0').filter(|digit| *digit <= 9)?);
        }
        let [y1, y2, y3, y4, m1, m2, d1, d2, h1, h2, n1, n2, s1, s2] = numbers;
        let year = y1 * 1000 + y2 * 100 + y3 * 10 + y4;
        let (month, day) = (m1 * 10 + m2, d1 * 10 + d2);
        let seconds = days_from_civil(year, month, day) * SECONDS_PER_DAY
            + (h1 * 10 + h2) * 3600
            + (n1 * 10 + n2) * 60
            + (s1 * 10 + s2);
        // Formatting again rejects what is not a date, such as February 30th, and misplaced letters.
        Some(Self::from_unix_seconds(seconds)).filter(|time| time.basic == *bytes)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_seconds(&self) -> i64 {
        self.seconds
    }

    /// The basic ISO 8601 format of `x-amz-date` and of the string to sign: `20150830T123600Z`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.basic).unwrap_or_default()
    }

    /// The date of the credential scope: `20150830`.
    #[must_use]
    pub fn date(&self) -> &str {
        self.as_str().get(..8).unwrap_or_default()
    }

    /// The date of the credential scope as bytes, to compare cheaply.
    pub(crate) fn date_bytes(&self) -> [u8; 8] {
        let [y1, y2, y3, y4, m1, m2, d1, d2, ..] = self.basic;
        [y1, y2, y3, y4, m1, m2, d1, d2]
    }

    /// The extended ISO 8601 format, `2015-08-30T12:36:00Z`: version 2 signatures and POST policies.
    pub(crate) fn extended(&self) -> String {
        let Civil {
            year,
            month,
            day,
            hour,
            minute,
            second,
            ..
        } = Civil::from_unix_seconds(self.seconds);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// The format of a `Date` header, `Sun, 30 Aug 2015 12:36:00 GMT`, with the zone spelt as asked.
    ///
    /// # Source
    /// botocore `auth.py:SigV4Auth._set_necessary_date_headers` (`-0000`), `auth.py:HmacV1Auth._get_date` (`GMT`)
    pub(crate) fn http_date(&self, zone: &str) -> String {
        let civil = Civil::from_unix_seconds(self.seconds);
        let weekday = WEEKDAYS
            .get(civil.weekday as usize)
            .copied()
            .unwrap_or_default();
        let month = MONTHS
            .get(civil.month.wrapping_sub(1) as usize)
            .copied()
            .unwrap_or_default();
        let Civil {
            year,
            day,
            hour,
            minute,
            second,
            ..
        } = civil;
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} {zone}")
    }

    /// The instant `seconds` later.
    pub(crate) fn plus(&self, seconds: u64) -> Self {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Self::from_unix_seconds(self.seconds.saturating_add(seconds))
    }
}

impl fmt::Debug for SigningTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningTime({})", self.as_str())
    }
}

impl fmt::Display for SigningTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Civil {
    fn from_unix_seconds(seconds: i64) -> Self {
        let days = seconds.div_euclid(SECONDS_PER_DAY);
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY) as u32;
        // Count from 0000-03-01, so that a leap day is the last day of its (March to February) year, in
        // eras of 400 years, which all have the same number of days.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        Self {
            year: (year_of_era + era * 400 + i64::from(month <= 2)) as u32,
            month: month as u32,
            day: (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32,
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            weekday: (days + 4).rem_euclid(7) as u32,
        }
    }
}

/// Days from 1970-01-01 to a date; the inverse of [`Civil::from_unix_seconds`] for dates that exist.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The ASCII digit of `value` at `place` (1, 10, 100, 1000).
const fn digit(value: u32, place: u32) -> u8 {
    b'0' + (value / place % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_known_instants() {
        for (seconds, basic, http) in [
            (0, "19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, "19691231T235959Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
            (
                951_782_400,
                "20000229T000000Z",
                "Tue, 29 Feb 2000 00:00:00 GMT",
            ),
            (
                1_132_253_398,
                "20051117T184958Z",
                "Thu, 17 Nov 2005 18:49:58 GMT",
            ),
            (
                1_440_938_160,
                "20150830T123600Z",
                "Sun, 30 Aug 2015 12:36:00 GMT",
            ),
            (
                4_107_542_400,
                "21000301T000000Z",
                "Mon, 01 Mar 2100 00:00:00 GMT",
            ),
            (LAST, "99991231T235959Z", "Fri, 31 Dec 9999 23:59:59 GMT"),
            (FIRST, "00000101T000000Z", "Sat, 01 Jan 0000 00:00:00 GMT"),
        ] {
            let time = SigningTime::from_unix_seconds(seconds);
            assert_eq!(time.as_str(), basic);
            assert_eq!(time.http_date("GMT"), http);
            assert_eq!(SigningTime::parse(basic), Some(time));
        }
    }

    #[test]
    fn instants_outside_four_digit_years_are_clamped() {
        assert_eq!(
            SigningTime::from_unix_seconds(i64::MAX).as_str(),
            "99991231T235959Z"
        );
        assert_eq!(
            SigningTime::from_unix_seconds(i64::MIN).as_str(),
            "00000101T000000Z"
        );
        assert_eq!(
            SigningTime::from_unix_seconds(1)
                .plus(u64::MAX)
                .unix_seconds(),
            LAST
        );
    }

    #[test]
    fn every_day_of_four_centuries_survives_a_round_trip() {
        for day in -141_000..141_000 {
            let time = SigningTime::from_unix_seconds(day * SECONDS_PER_DAY + 86_399);
            assert_eq!(SigningTime::parse(time.as_str()), Some(time), "{time}");
        }
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in [
            "",
            "20150830",
            "20150830T123600",
            "20150830 123600Z",
            "20150230T000000Z",
            "20151301T000000Z",
            "20150030T000000Z",
            "20150830T246000Z",
            "2015083éT12360Z",
            "2015-08-30T12:36:00Z",
        ] {
            assert_eq!(SigningTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn extended_format() {
        assert_eq!(
            SigningTime::from_unix_seconds(1_403_253_623).extended(),
            "2014-06-20T08:40:23Z"
        );
    }
}
