//! [`Timestamp`]: a point in time, and its wire formats.
//!
//! chrono supplies the calendar: civil dates, leap years and weekdays. The wire formats are read and written here. Parsing accepts
//! botocore's variants, and both directions are faster: chrono takes 1.2 times the instructions to read ISO 8601 and 1.6 times to write
//! it (`timestamp/` in `cargo xtask bench paths`).

mod civil;
mod format;
mod parse;
mod serde;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, TimeZone, Utc};

pub use format::TimestampText;

use crate::{Error, ErrorKind, Result};

/// A point in time in UTC with nanosecond precision.
///
/// The wire formats of AWS, and botocore's timestamps, cover the years 1 to 9999: [`Timestamp::MIN`] to [`Timestamp::MAX`]. Parsed
/// timestamps are always within this range. [`Timestamp::new`] accepts any number of seconds, and [`format`](Self::format) writes
/// years outside the range as expanded years of ISO 8601 (`+12345-01-01T00:00:00Z`, `-0001-...`), which no service accepts. Check
/// with [`in_range`](Self::in_range) or format with [`try_format`](Self::try_format).
///
/// ```
/// # use inia_core as inia;
/// use inia::{Timestamp, TimestampFormat};
///
/// let timestamp = Timestamp::parse_lenient("Sun, 30 Aug 2015 12:36:00 GMT")?;
/// assert_eq!(timestamp, Timestamp::new(1_440_938_160, 0));
/// assert_eq!(timestamp.format(TimestampFormat::Iso8601), "2015-08-30T12:36:00Z");
/// assert_eq!(timestamp.format(TimestampFormat::UnixTimestamp), "1440938160");
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

/// Wire format of a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampFormat {
    /// `2015-08-30T12:36:00Z`, with a fraction if it is not zero.
    Iso8601,
    /// `Sun, 30 Aug 2015 12:36:00 GMT`, without a fraction.
    Rfc822,
    /// Seconds since 1970, with a fraction if it is not zero.
    UnixTimestamp,
}

/// Precision of the fraction of a second on the wire. Further digits are truncated.
///
/// # Source
/// botocore `serialize.py:create_serializer`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimestampPrecision {
    /// Microseconds, omitted if zero: `.250000` in ISO 8601, `.25` in seconds since 1970.
    #[default]
    Default,
    /// Milliseconds, never omitted: `.250` and `.000` in ISO 8601, `.25` and `.0` in seconds since 1970.
    Millisecond,
    /// Microseconds, omitted if zero, in ISO 8601; whole seconds since 1970.
    Legacy,
}

const NANOSECONDS: u32 = 1_000_000_000;

impl Timestamp {
    /// 0001-01-01T00:00:00Z, the earliest timestamp that every format can represent.
    pub const MIN: Timestamp = Timestamp {
        seconds: -62_135_596_800,
        nanoseconds: 0,
    };

    /// 9999-12-31T23:59:59.999999999Z, the latest timestamp that every format can represent.
    pub const MAX: Timestamp = Timestamp {
        seconds: 253_402_300_799,
        nanoseconds: NANOSECONDS - 1,
    };

    /// Creates a timestamp from seconds since 1970-01-01T00:00:00Z and nanoseconds after that second. Nanoseconds from 1,000,000,000
    /// on carry over into the seconds.
    #[must_use]
    #[inline]
    pub const fn new(seconds: i64, nanoseconds: u32) -> Self {
        Timestamp {
            seconds: seconds.saturating_add((nanoseconds / NANOSECONDS) as i64),
            nanoseconds: nanoseconds % NANOSECONDS,
        }
    }

    /// Creates a timestamp like [`new`](Self::new), and checks its range.
    ///
    /// # Errors
    /// [`ErrorKind::Parse`]: the timestamp is before [`Timestamp::MIN`] or after [`Timestamp::MAX`].
    pub fn try_new(seconds: i64, nanoseconds: u32) -> Result<Self> {
        let timestamp = Timestamp::new(seconds, nanoseconds);
        if timestamp.in_range() {
            Ok(timestamp)
        } else {
            Err(out_of_range(&seconds))
        }
    }

    /// Creates a timestamp from milliseconds since 1970.
    #[must_use]
    pub const fn from_millis(milliseconds: i64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is 0 to 999")]
        let subsecond = milliseconds.rem_euclid(1000) as u32;
        Timestamp {
            seconds: milliseconds.div_euclid(1000),
            nanoseconds: subsecond * 1_000_000,
        }
    }

    /// Creates a timestamp from seconds since 1970, rounded to the nearest microsecond (half to even), which is the precision of a
    /// float for dates near the present.
    ///
    /// # Errors
    /// [`ErrorKind::Parse`]: the number is NaN, or the timestamp is before [`Timestamp::MIN`] or after [`Timestamp::MAX`].
    ///
    /// # Source
    /// botocore `utils.py:_parse_timestamp_with_tzinfo`, Python's `datetime.fromtimestamp`.
    pub fn from_f64(seconds: f64) -> Result<Self> {
        // Well beyond `MAX`, and small enough for the casts below.
        const LIMIT: f64 = 1e15;
        if seconds.is_nan() || seconds.abs() >= LIMIT {
            return Err(out_of_range(&seconds));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the whole part is below LIMIT, the fraction at most a million"
        )]
        let (mut whole, mut micros) = (
            seconds.trunc() as i64,
            (seconds.fract() * 1e6).round_ties_even() as i32,
        );
        if micros < 0 {
            micros += 1_000_000;
            whole -= 1;
        }
        Timestamp::try_new(whole, micros.unsigned_abs() * 1000)
    }

    /// Parses a timestamp in any variant of a wire format:
    ///
    /// - [`Iso8601`](TimestampFormat::Iso8601): date and time, extended or basic, with an offset or without (UTC), at any precision;
    ///   a date alone means midnight.
    /// - [`Rfc822`](TimestampFormat::Rfc822): the three forms of an HTTP date, and mail dates.
    /// - [`UnixTimestamp`](TimestampFormat::UnixTimestamp): a decimal number.
    ///
    /// A fraction may have any number of digits; those after the ninth are ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Parse`]: the text does not match the format, or the year is outside 1 to 9999.
    #[inline]
    pub fn parse(text: &str, format: TimestampFormat) -> Result<Self> {
        parse::strict(text, format).ok_or_else(|| invalid(text, Some(format)))
    }

    /// Parses a timestamp in any format: seconds since 1970, ISO 8601, or an HTTP date, with the variants that
    /// [`parse`](Self::parse) accepts. A plain number is always seconds, even `20150830`.
    ///
    /// botocore parses every timestamp of a response this way, regardless of the modeled format, and every string passed as a
    /// timestamp parameter.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::Timestamp;
    ///
    /// let timestamp = Timestamp::new(1_440_938_160, 0);
    /// for text in [
    ///     "2015-08-30T12:36:00Z",
    ///     "2015-08-30 14:36+02:00",
    ///     "20150830T123600.000Z",
    ///     "Sun, 30 Aug 2015 12:36:00 GMT",
    ///     "Sun Aug 30 12:36:00 2015",
    ///     "1440938160",
    ///     "1.44093816e9",
    /// ] {
    ///     assert_eq!(Timestamp::parse_lenient(text)?, timestamp, "{text}");
    /// }
    /// assert!(Timestamp::parse_lenient("yesterday").is_err());
    /// # Ok::<(), inia_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parse`]: the text matches none of the formats, or the year is outside 1 to 9999.
    ///
    /// # Source
    /// botocore `utils.py:parse_timestamp`.
    ///
    /// DIFFERENCE: botocore's parser also accepts dates such as `08/30/2015`, `10 AM` and `12:36`, and completes them from the current
    /// date; these are errors here. botocore reads every named time zone as UTC; here the zones of RFC 822 have their offsets.
    /// Nanoseconds are preserved; botocore has microseconds only.
    #[inline]
    pub fn parse_lenient(text: &str) -> Result<Self> {
        parse::lenient(text).ok_or_else(|| invalid(text, None))
    }

    /// Returns whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    #[inline]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Returns nanoseconds after the whole second: 0 to 999,999,999.
    #[must_use]
    #[inline]
    pub const fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// Returns milliseconds since 1970, rounded down, saturating at the limits of `i64`.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.seconds
            .saturating_mul(1000)
            .saturating_add((self.nanoseconds / 1_000_000) as i64)
    }

    /// Returns seconds since 1970, truncated to microseconds, as the nearest float.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds are exact below EXACT; beyond it the nearest float is returned"
    )]
    pub fn as_f64(self) -> f64 {
        /// 2^53 microseconds in seconds: the year 2255.
        const EXACT: i64 = 9_007_199_254;
        let micros = i64::from(self.nanoseconds / 1000);
        if micros == 0 {
            self.seconds as f64
        } else if self.seconds.abs() < EXACT {
            // Dividing two exact numbers rounds once; adding a fraction to the seconds would round twice.
            (self.seconds * 1_000_000 + micros) as f64 / 1e6
        } else {
            let text = self.text(TimestampFormat::UnixTimestamp, TimestampPrecision::Default);
            text.parse().unwrap_or(self.seconds as f64)
        }
    }

    /// Returns true if the year is within 1 to 9999, so that every format can represent the timestamp.
    #[must_use]
    #[inline]
    pub const fn in_range(self) -> bool {
        Timestamp::MIN.seconds <= self.seconds && self.seconds <= Timestamp::MAX.seconds
    }

    /// Formats the timestamp in a wire format with the default precision.
    #[must_use]
    pub fn format(self, format: TimestampFormat) -> String {
        self.text(format, TimestampPrecision::Default)
            .as_str()
            .to_owned()
    }

    /// Formats the timestamp like [`format`](Self::format), if the format can represent it.
    ///
    /// # Errors
    /// [`ErrorKind::Validation`]: the year is outside 1 to 9999 and the format contains a year.
    pub fn try_format(self, format: TimestampFormat) -> Result<String> {
        if self.in_range() || format == TimestampFormat::UnixTimestamp {
            return Ok(self.format(format));
        }
        Err(Error::new(
            ErrorKind::Validation,
            format!("timestamp out of range: {self} is outside the years 1 to 9999"),
        ))
    }

    /// Formats the timestamp in a wire format without allocating.
    ///
    /// # Source
    /// botocore `serialize.py:Serializer._timestamp_iso8601`, `_timestamp_rfc822` and `_timestamp_unixtimestamp`.
    #[must_use]
    #[inline]
    pub fn text(self, format: TimestampFormat, precision: TimestampPrecision) -> TimestampText {
        format::wire(self, format, precision)
    }

    /// Formats the timestamp in ISO 8601 at full precision: without a fraction if it is zero, otherwise with six digits, or nine if
    /// there are nanoseconds. `Display` and JSON use this form.
    #[must_use]
    pub fn iso8601(self) -> TimestampText {
        format::display(self)
    }

    /// Formats the timestamp in ISO 8601's basic format, in ASCII and without the fraction: `20150830T123600Z`, as in the header
    /// `x-amz-date`. A timestamp outside the years 1 to 9999, which the format cannot represent, is written as the nearest one
    /// in range.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::Timestamp;
    ///
    /// assert_eq!(Timestamp::new(1_440_938_160, 0).iso8601_basic(), *b"20150830T123600Z");
    /// ```
    #[must_use]
    #[inline]
    pub fn iso8601_basic(self) -> [u8; 16] {
        format::basic(self.clamp(Timestamp::MIN, Timestamp::MAX))
    }
}

#[cold]
fn out_of_range(seconds: &dyn fmt::Display) -> Error {
    Error::new(
        ErrorKind::Parse,
        format!("timestamp out of range: {seconds} s since 1970 is outside the years 1 to 9999"),
    )
}

#[cold]
fn invalid(text: &str, format: Option<TimestampFormat>) -> Error {
    let expected = match format {
        Some(TimestampFormat::Iso8601) => "a date and time such as 2015-08-30T12:36:00Z",
        Some(TimestampFormat::Rfc822) => "a date and time such as Sun, 30 Aug 2015 12:36:00 GMT",
        Some(TimestampFormat::UnixTimestamp) => "a number of seconds since 1970",
        None => {
            "a date and time such as 2015-08-30T12:36:00Z, an HTTP date, or a number of seconds since 1970"
        }
    };
    let excerpt: String = text.chars().take(64).collect();
    Error::new(
        ErrorKind::Parse,
        format!("invalid timestamp `{excerpt}`: expected {expected}, in the years 1 to 9999"),
    )
}

impl FromStr for Timestamp {
    type Err = Error;

    /// Same as [`Timestamp::parse_lenient`].
    fn from_str(text: &str) -> Result<Self> {
        Timestamp::parse_lenient(text)
    }
}

/// Saturates at the limits of `i64` seconds, which no system clock reaches.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Timestamp::new(
                i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                after.subsec_nanos(),
            ),
            Err(error) => {
                let before = error.duration();
                let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                match before.subsec_nanos() {
                    0 => Timestamp::new(-seconds, 0),
                    nanoseconds => Timestamp::new(-seconds - 1, NANOSECONDS - nanoseconds),
                }
            }
        }
    }
}

/// # Errors
/// Returns the timestamp if `SystemTime` cannot represent it.
impl TryFrom<Timestamp> for SystemTime {
    type Error = Timestamp;

    fn try_from(timestamp: Timestamp) -> std::result::Result<Self, Timestamp> {
        let whole = Duration::from_secs(timestamp.seconds.unsigned_abs());
        let base = if timestamp.seconds < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        base.and_then(|base| base.checked_add(Duration::from_nanos(timestamp.nanoseconds.into())))
            .ok_or(timestamp)
    }
}

/// A leap second of chrono becomes the first second of the next minute.
///
/// ```
/// use chrono::{DateTime, Utc};
/// # use inia_core as inia;
/// use inia::Timestamp;
///
/// let time = DateTime::from_timestamp(1_440_938_160, 250_000_000).unwrap();
/// let timestamp = Timestamp::from(time);
/// assert_eq!(timestamp, Timestamp::new(1_440_938_160, 250_000_000));
/// assert_eq!(DateTime::<Utc>::try_from(timestamp), Ok(time));
/// ```
impl<Z: TimeZone> From<DateTime<Z>> for Timestamp {
    fn from(time: DateTime<Z>) -> Self {
        Timestamp::new(time.timestamp(), time.timestamp_subsec_nanos())
    }
}

/// # Errors
/// Returns the timestamp if it is outside the range of chrono, the years -262,143 to 262,142.
impl TryFrom<Timestamp> for DateTime<Utc> {
    type Error = Timestamp;

    fn try_from(timestamp: Timestamp) -> std::result::Result<Self, Timestamp> {
        DateTime::from_timestamp(timestamp.seconds, timestamp.nanoseconds).ok_or(timestamp)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso8601())
    }
}

/// Same as [`Timestamp::iso8601`].
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.iso8601())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TimestampFormat::{Iso8601, Rfc822, UnixTimestamp};

    #[test]
    fn parses_format_variants() {
        for (text, expected) in [
            ("2015-08-30", "2015-08-30T00:00:00Z"),
            ("2015/08/30", "2015-08-30T00:00:00Z"),
            ("2015.08.30", "2015-08-30T00:00:00Z"),
            ("2015-8-3", "2015-08-03T00:00:00Z"),
            ("20150830T123600Z", "2015-08-30T12:36:00Z"),
            ("20150830T1236Z", "2015-08-30T12:36:00Z"),
            ("20150830123600", "2015-08-30T12:36:00Z"),
            ("20150830", "1970-08-22T05:27:10Z"),
            ("2015-08-30T12Z", "2015-08-30T12:00:00Z"),
            ("2015-08-30T12:36Z", "2015-08-30T12:36:00Z"),
            ("2015-08-30 12:36:00", "2015-08-30T12:36:00Z"),
            ("2015-08-30t12:36:00z", "2015-08-30T12:36:00Z"),
            ("2015-08-30T12:36:00+0530", "2015-08-30T07:06:00Z"),
            ("2015-08-30T12:36:00+05", "2015-08-30T07:36:00Z"),
            ("2015-08-30T12:36:00 -05:30", "2015-08-30T18:06:00Z"),
            (
                "2015-08-30T12:36:00.123456789Z",
                "2015-08-30T12:36:00.123456789Z",
            ),
            (
                "2015-08-30T12:36:00.1234567891234Z",
                "2015-08-30T12:36:00.123456789Z",
            ),
            ("2015-08-30T12:36:00,5Z", "2015-08-30T12:36:00.500000Z"),
            ("2015-08-30T1:2:3Z", "2015-08-30T01:02:03Z"),
            ("2014-07-02 20:21:11.0 UTC", "2014-07-02T20:21:11Z"),
            ("2014-07-02T20:21:11GMT", "2014-07-02T20:21:11Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("Sun, 30 Aug 2015 12:36:00 GMT", "2015-08-30T12:36:00Z"),
            ("Sunday, 30-Aug-15 12:36:00 GMT", "2015-08-30T12:36:00Z"),
            ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sun Aug 30 12:36:00 2015", "2015-08-30T12:36:00Z"),
            ("Sun Aug  9 12:36:00 2015", "2015-08-09T12:36:00Z"),
            ("Wed Jul  2 20:21:11 UTC 2014", "2014-07-02T20:21:11Z"),
            ("30 Aug 2015", "2015-08-30T00:00:00Z"),
            ("August 30, 2015", "2015-08-30T00:00:00Z"),
            ("Sun, 30 Aug 2015 12:36:00 -0700", "2015-08-30T19:36:00Z"),
            ("Sun, 30 Aug 2015 12:36:00 PDT", "2015-08-30T19:36:00Z"),
            ("Sun, 30 Aug 2015 12:36:00", "2015-08-30T12:36:00Z"),
            ("Sun, 30 Aug 2015 12:36 UTC", "2015-08-30T12:36:00Z"),
            (
                "Sun, 30 Aug 2015 12:36:00.5 GMT",
                "2015-08-30T12:36:00.500000Z",
            ),
            ("1440938160", "2015-08-30T12:36:00Z"),
            ("1440938160.25", "2015-08-30T12:36:00.250000Z"),
            ("1e9", "2001-09-09T01:46:40Z"),
            (" 5 ", "1970-01-01T00:00:05Z"),
            ("+5.", "1970-01-01T00:00:05Z"),
            (".5", "1970-01-01T00:00:00.500000Z"),
            ("-1.5", "1969-12-31T23:59:58.500000Z"),
            ("-1", "1969-12-31T23:59:59Z"),
            ("253402300799", "9999-12-31T23:59:59Z"),
            ("-62135596800", "0001-01-01T00:00:00Z"),
        ] {
            let timestamp = Timestamp::parse_lenient(text).unwrap();
            assert_eq!(timestamp.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn rejects_invalid_timestamps() {
        for text in [
            "",
            " ",
            "nan",
            "inf",
            "1_000",
            "0x10",
            "--5",
            "1e",
            "1e999",
            "12:36",
            "2015-08",
            "2015-W35-7",
            "2015-242",
            "2015-13-01",
            "2015-00-01",
            "2015-02-29",
            "2015-08-32",
            "0000-01-01T00:00:00Z",
            "2015-08-30T24:00:00Z",
            "2015-08-30T12:60:00Z",
            "2015-08-30T12:36:61Z",
            "2015-08-30T12:36:00.Z",
            "2015-08-30T12:36:00+24:00",
            "2015-08-30T12:36:00+00:00Z",
            "2015-08-30T12:36:00Z[UTC]",
            "2015-08-30T12:36:00-08:00:30",
            "2015-08-30T",
            "2015-08-30X12:36:00Z",
            "2015-08/30",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "253402300800",
            "-62135596801",
            "99999999999999999999",
            "08/30/2015",
            "Sun, 30 Aux 2015 12:36:00 GMT",
            "Sun, 31 Feb 2015 12:36:00 GMT",
            "Sun, 30 Aug 2015 12:36:00 GMT trailing",
            "Sun, 30 Aug 2015 12:36:00 XYZ",
            "30 Aug 015",
            "é",
            "2015-08-30T12:36:00é",
        ] {
            assert!(Timestamp::parse_lenient(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parse_rejects_other_formats() {
        assert!(Timestamp::parse("1440938160", Iso8601).is_err());
        assert!(Timestamp::parse("2015-08-30T12:36:00Z", UnixTimestamp).is_err());
        assert!(Timestamp::parse("2015-08-30T12:36:00Z", Rfc822).is_err());
        assert!(Timestamp::parse("Sun, 30 Aug 2015 12:36:00 GMT", Iso8601).is_err());
        let error = Timestamp::parse("tomorrow", Rfc822).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse);
        assert!(error.to_string().contains("Sun, 30 Aug 2015 12:36:00 GMT"));
    }

    #[test]
    fn precision_matches_botocore() {
        use TimestampPrecision::{Default, Legacy, Millisecond};
        let half = Timestamp::new(1_440_938_160, 250_000_999);
        let whole = Timestamp::new(1_440_938_160, 999);
        let before = Timestamp::new(-2, 500_000_000);
        for (timestamp, format, precision, expected) in [
            (half, Iso8601, Default, "2015-08-30T12:36:00.250000Z"),
            (half, Iso8601, Legacy, "2015-08-30T12:36:00.250000Z"),
            (half, Iso8601, Millisecond, "2015-08-30T12:36:00.250Z"),
            (whole, Iso8601, Default, "2015-08-30T12:36:00Z"),
            (whole, Iso8601, Millisecond, "2015-08-30T12:36:00.000Z"),
            (half, UnixTimestamp, Default, "1440938160.25"),
            (half, UnixTimestamp, Millisecond, "1440938160.25"),
            (half, UnixTimestamp, Legacy, "1440938160"),
            (whole, UnixTimestamp, Default, "1440938160"),
            (whole, UnixTimestamp, Millisecond, "1440938160.0"),
            (before, UnixTimestamp, Default, "-1.5"),
            (
                Timestamp::new(-1, 999_999_000),
                UnixTimestamp,
                Default,
                "-0.000001",
            ),
            (Timestamp::new(0, 1000), UnixTimestamp, Default, "0.000001"),
            (half, Rfc822, Default, "Sun, 30 Aug 2015 12:36:00 GMT"),
            (before, Rfc822, Millisecond, "Wed, 31 Dec 1969 23:59:58 GMT"),
        ] {
            assert_eq!(timestamp.text(format, precision).as_str(), expected);
        }
    }

    #[test]
    fn formats_timestamps_outside_the_range_as_expanded_years() {
        for (seconds, expected) in [
            (i64::MAX, "+292277026596-12-04T15:30:07Z"),
            (i64::MIN, "-292277022657-01-27T08:29:52Z"),
            (253_402_300_800, "+10000-01-01T00:00:00Z"),
            (-62_135_596_801, "0000-12-31T23:59:59Z"),
            (-62_167_219_201, "-0001-12-31T23:59:59Z"),
        ] {
            let timestamp = Timestamp::new(seconds, 0);
            assert_eq!(timestamp.format(Iso8601), expected);
            assert!(timestamp.try_format(Iso8601).is_err());
            assert!(timestamp.try_format(Rfc822).is_err());
            assert_eq!(
                timestamp.try_format(UnixTimestamp).unwrap(),
                seconds.to_string()
            );
            assert!(Timestamp::try_new(seconds, 0).is_err());
            assert!(timestamp.format(Rfc822).ends_with(" GMT"));
            let _ = (
                timestamp.as_f64(),
                timestamp.millis(),
                SystemTime::try_from(timestamp),
            );
        }
        let last = Timestamp::new(i64::MAX, u32::MAX);
        assert_eq!(
            last.iso8601().as_str(),
            "+292277026596-12-04T15:30:07.294967295Z"
        );
    }

    #[test]
    fn from_f64_rounds_to_microseconds() {
        for (seconds, expected) in [
            (1_398_796_238.123, (1_398_796_238, 123_000_000)),
            (1_398_796_238.1234567, (1_398_796_238, 123_457_000)),
            (1.003_690_999_999_999_9, (1, 3_691_000)),
            (-1.5, (-2, 500_000_000)),
            (-0.000_000_1, (0, 0)),
            (0.999_999_9, (1, 0)),
            (5.0, (5, 0)),
        ] {
            let timestamp = Timestamp::from_f64(seconds).unwrap();
            assert_eq!((timestamp.seconds(), timestamp.nanoseconds()), expected);
        }
        for seconds in [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e300,
            253_402_300_800.0,
        ] {
            assert!(Timestamp::from_f64(seconds).is_err());
        }
        assert!((Timestamp::new(1, 3_691_000).as_f64() - 1.003_691).abs() < f64::EPSILON);
        let far = Timestamp::new(253_402_300_799, 123_000_000);
        assert_eq!(far.as_f64().to_string(), "253402300799.123");
    }

    #[test]
    fn converts_from_and_to_chrono() {
        for (timestamp, text) in [
            (Timestamp::new(0, 0), "1970-01-01T00:00:00+00:00"),
            (
                Timestamp::new(-1, 999_999_999),
                "1969-12-31T23:59:59.999999999+00:00",
            ),
            (Timestamp::MIN, "0001-01-01T00:00:00+00:00"),
            (Timestamp::MAX, "9999-12-31T23:59:59.999999999+00:00"),
        ] {
            let time = DateTime::<Utc>::try_from(timestamp).unwrap();
            assert_eq!(time, DateTime::parse_from_rfc3339(text).unwrap());
            assert_eq!(Timestamp::from(time), timestamp);
        }
        let east = DateTime::parse_from_rfc3339("2015-08-30T14:36:00+02:00").unwrap();
        assert_eq!(Timestamp::from(east), Timestamp::new(1_440_938_160, 0));
        let leap = DateTime::parse_from_rfc3339("2016-12-31T23:59:60.5Z").unwrap();
        assert_eq!(
            Timestamp::from(leap),
            Timestamp::new(1_483_228_800, 500_000_000)
        );
    }

    #[test]
    fn chrono_conversion_reports_its_range() {
        for limit in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert_eq!(DateTime::<Utc>::try_from(Timestamp::from(limit)), Ok(limit));
        }
        let first = Timestamp::from(DateTime::<Utc>::MIN_UTC);
        let last = Timestamp::from(DateTime::<Utc>::MAX_UTC);
        for timestamp in [
            Timestamp::new(first.seconds() - 1, 0),
            Timestamp::new(last.seconds() + 1, 0),
            Timestamp::new(i64::MIN, 0),
            Timestamp::new(i64::MAX, 0),
        ] {
            assert_eq!(DateTime::<Utc>::try_from(timestamp), Err(timestamp));
        }
    }

    #[test]
    fn converts_from_and_to_system_time() {
        for timestamp in [
            Timestamp::new(0, 0),
            Timestamp::new(-2, 500_000_000),
            Timestamp::new(1_440_938_160, 1),
        ] {
            let time = SystemTime::try_from(timestamp).unwrap();
            assert_eq!(Timestamp::from(time), timestamp);
        }
        assert_eq!(Timestamp::from_millis(-1), Timestamp::new(-1, 999_000_000));
        assert_eq!(Timestamp::new(-1, 999_000_000).millis(), -1);
    }
}
