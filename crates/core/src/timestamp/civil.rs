//! Conversions between Unix days and chrono's civil dates.

use chrono::{Datelike, NaiveDate};

pub(super) const SECONDS_PER_DAY: i64 = 86_400;

/// Days in 400 years, after which the Gregorian calendar, including its weekdays, repeats.
const DAYS_PER_CYCLE: i64 = 146_097;

/// Returns the year and the date of a day counted from 1970-01-01.
///
/// Month, day and weekday are those of the date. Its own year differs from the returned one if the latter is outside chrono's range,
/// the years -262,143 to 262,142.
#[inline]
pub(super) fn date(days: i64) -> (i64, NaiveDate) {
    let date = i32::try_from(days)
        .ok()
        .and_then(NaiveDate::from_epoch_days);
    match date {
        Some(date) => (i64::from(date.year()), date),
        None => date_beyond_chrono(days),
    }
}

#[cold]
fn date_beyond_chrono(days: i64) -> (i64, NaiveDate) {
    let cycle = days.div_euclid(DAYS_PER_CYCLE);
    let day = i32::try_from(days.rem_euclid(DAYS_PER_CYCLE)).unwrap_or_default();
    let date = NaiveDate::from_epoch_days(day).unwrap_or_default();
    (cycle * 400 + i64::from(date.year()), date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_continue_beyond_the_range_of_chrono() {
        for boundary in [NaiveDate::MIN, NaiveDate::MAX] {
            let days = i64::from(boundary.to_epoch_days());
            for day in days - 500..days + 500 {
                let (year, date) = date(day);
                let (next_year, next_date) = super::date(day + 1);
                assert_eq!(next_date.weekday(), date.weekday().succ());
                if next_date.month0() == 0 && next_date.day() == 1 {
                    assert_eq!((next_year, date.month(), date.day()), (year + 1, 12, 31));
                } else {
                    assert_eq!(next_year, year);
                    assert_eq!(next_date.ordinal(), date.ordinal() + 1);
                }
            }
        }
    }

    #[test]
    fn both_paths_agree_within_the_range_of_chrono() {
        for day in (-800_000..3_000_000).step_by(997) {
            let (year, expected) = date(day);
            let (shifted_year, shifted) = date_beyond_chrono(day);
            assert_eq!(shifted_year, year);
            assert_eq!(shifted.ordinal(), expected.ordinal());
            assert_eq!(shifted.weekday(), expected.weekday());
        }
    }

    #[test]
    fn known_dates() {
        for (day, year, month, day_of_month, weekday) in [
            (0, 1970, 1, 1, chrono::Weekday::Thu),
            (16_677, 2015, 8, 30, chrono::Weekday::Sun),
            (11_016, 2000, 2, 29, chrono::Weekday::Tue),
            (-1, 1969, 12, 31, chrono::Weekday::Wed),
            (-719_162, 1, 1, 1, chrono::Weekday::Mon),
            (2_932_896, 9999, 12, 31, chrono::Weekday::Fri),
        ] {
            let (actual_year, date) = date(day);
            assert_eq!(
                (actual_year, date.month(), date.day()),
                (year, month, day_of_month)
            );
            assert_eq!(date.weekday(), weekday);
        }
    }
}
