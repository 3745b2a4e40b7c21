//! Days since 1970 as years, months and days of the Gregorian calendar, and back.
//!
//! Years are counted from March, so that the leap day is the last one: a year then starts at a fixed number of days, and the
//! months within it at multiples of 153 days for every five.
//!
//! # Source
//! <https://howardhinnant.github.io/date_algorithms.html>

/// Days of an era of 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

pub(super) const SECONDS_PER_DAY: i64 = 86_400;

/// A date of the Gregorian calendar, continued before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    /// 0 is the year before year 1.
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: u32,
    /// 1 to 31.
    pub(super) day: u32,
}

/// Days since 1970-01-01 of a date. The year has to be within a few billions.
#[inline]
pub(super) const fn days(date: Date) -> i64 {
    let year = if date.month <= 2 {
        date.year - 1
    } else {
        date.year
    };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let month = (date.month as i64 + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + date.day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA + day_of_era - EPOCH
}

/// The date of a number of days since 1970-01-01.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a month is 1 to 12 and a day 1 to 31 by the arithmetic above"
)]
pub(super) const fn date(days: i64) -> Date {
    let days = days + EPOCH;
    let era = days.div_euclid(ERA);
    let day_of_era = days.rem_euclid(ERA) as u32;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era as i64 + era * 400;
    Date {
        year: if month <= 2 { year + 1 } else { year },
        month,
        day,
    }
}

/// The day of the week of a number of days since 1970-01-01: 0 is Sunday.
pub(super) const fn weekday(days: i64) -> usize {
    // 1970-01-01 was a Thursday.
    (days.rem_euclid(7) as usize + 4) % 7
}

/// How many days a month has.
#[inline]
pub(super) const fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_an_era_follows_the_one_before() {
        let mut expected = Date {
            year: 1601,
            month: 1,
            day: 1,
        };
        let first = days(expected);
        for day in first..first + ERA + 400 {
            assert_eq!(date(day), expected);
            assert_eq!(days(expected), day);
            expected.day += 1;
            if expected.day > days_in_month(expected.year, expected.month) {
                expected.day = 1;
                expected.month += 1;
            }
            if expected.month > 12 {
                expected.month = 1;
                expected.year += 1;
            }
        }
    }

    #[test]
    fn known_days_are_right() {
        for (year, month, day, count, name) in [
            (1970, 1, 1, 0, 4),
            (2015, 8, 30, 16_677, 0),
            (2000, 2, 29, 11_016, 2),
            (1969, 12, 31, -1, 3),
            (1, 1, 1, -719_162, 1),
            (9999, 12, 31, 2_932_896, 5),
        ] {
            let known = Date { year, month, day };
            assert_eq!(days(known), count);
            assert_eq!(date(count), known);
            assert_eq!(weekday(count), name);
        }
    }
}
