//! [`Timestamp`]: a moment in time, and its forms on the wire.

mod civil;
mod format;
mod parse;
mod serde;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use format::TimestampText;

use crate::{Error, ErrorKind, Result};

/// A moment in time in UTC, to the nanosecond.
///
/// What AWS's formats can say, and botocore's timestamps can hold, are the years 1 to 9999: [`Timestamp::MIN`] to
/// [`Timestamp::MAX`]. Whatever is parsed lies within them. [`Timestamp::new`] takes any number of seconds all the
/// same, and every moment has a text: beyond those years, [`format`](Self::format) writes ISO 8601's expanded years
/// (`+12345-01-01T00:00:00Z`, `-0001-...`), which no service takes; [`try_format`](Self::try_format) and
/// [`in_range`](Self::in_range) tell.
///
/// ```
/// use inia_core::{Timestamp, TimestampFormat};
///
/// let moment = Timestamp::parse_lenient("Sun, 30 Aug 2015 12:36:00 GMT")?;
/// assert_eq!(moment, Timestamp::new(1_440_938_160, 0));
/// assert_eq!(moment.format(TimestampFormat::Iso8601), "2015-08-30T12:36:00Z");
/// assert_eq!(moment.format(TimestampFormat::UnixTimestamp), "1440938160");
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

/// How a timestamp is written on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampFormat {
    /// `2015-08-30T12:36:00Z`, with a fraction where there is one.
    Iso8601,
    /// `Sun, 30 Aug 2015 12:36:00 GMT`, without a fraction.
    Rfc822,
    /// Seconds since 1970, with a fraction where there is one.
    UnixTimestamp,
}

/// How much of a fraction of a second is written on the wire. What is finer is cut off, never rounded up.
///
/// # Source
/// botocore `serialize.py:create_serializer`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimestampPrecision {
    /// Microseconds where there are any: `.250000` in ISO 8601, `.25` in seconds since 1970.
    #[default]
    Default,
    /// Milliseconds always: `.250` and `.000`, `.25` and `.0`.
    Millisecond,
    /// Microseconds where there are any in ISO 8601, whole seconds since 1970.
    Legacy,
}

const NANOSECONDS: u32 = 1_000_000_000;

impl Timestamp {
    /// 0001-01-01T00:00:00Z, the first moment that every format can say.
    pub const MIN: Timestamp = Timestamp {
        seconds: -62_135_596_800,
        nanoseconds: 0,
    };

    /// 9999-12-31T23:59:59.999999999Z, the last moment that every format can say.
    pub const MAX: Timestamp = Timestamp {
        seconds: 253_402_300_799,
        nanoseconds: NANOSECONDS - 1,
    };

    /// A moment from seconds since 1970-01-01T00:00:00Z and nanoseconds after that second; a billion nanoseconds and more
    /// count as seconds.
    #[must_use]
    #[inline]
    pub const fn new(seconds: i64, nanoseconds: u32) -> Self {
        Timestamp {
            seconds: seconds.saturating_add((nanoseconds / NANOSECONDS) as i64),
            nanoseconds: nanoseconds % NANOSECONDS,
        }
    }

    /// As [`new`](Self::new), within the years that every format can say.
    ///
    /// # Errors
    /// [`ErrorKind::Parse`]: the moment lies before [`Timestamp::MIN`] or after [`Timestamp::MAX`].
    pub fn try_new(seconds: i64, nanoseconds: u32) -> Result<Self> {
        let moment = Timestamp::new(seconds, nanoseconds);
        if moment.in_range() {
            Ok(moment)
        } else {
            Err(out_of_range(&seconds))
        }
    }

    /// A moment from milliseconds since 1970, as event streams and many services count.
    #[must_use]
    pub const fn from_millis(milliseconds: i64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is 0 to 999")]
        let rest = milliseconds.rem_euclid(1000) as u32;
        Timestamp {
            seconds: milliseconds.div_euclid(1000),
            nanoseconds: rest * 1_000_000,
        }
    }

    /// A moment from a number of seconds since 1970, to the nearest microsecond (of two, the even one): a float of seconds
    /// knows no more of a moment of today.
    ///
    /// # Errors
    /// [`ErrorKind::Parse`]: the number is NaN, or the moment before [`Timestamp::MIN`] or after [`Timestamp::MAX`].
    ///
    /// # Source
    /// botocore `utils.py:_parse_timestamp_with_tzinfo`, Python's `datetime.fromtimestamp`.
    pub fn from_f64(seconds: f64) -> Result<Self> {
        // No float of this size has a fraction, and every moment in range is far below it.
        const LIMIT: f64 = 1e15;
        if seconds.is_nan() || seconds.abs() >= LIMIT {
            return Err(out_of_range(&seconds));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the whole is below the limit, the fraction below a million"
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

    /// The moment a text in a wire format stands for, in any variant of that format:
    ///
    /// - [`Iso8601`](TimestampFormat::Iso8601): date and time, extended or basic, with an offset or none (UTC), at any
    ///   precision; a date alone is its midnight.
    /// - [`Rfc822`](TimestampFormat::Rfc822): the three forms of an HTTP date and those of mail.
    /// - [`UnixTimestamp`](TimestampFormat::UnixTimestamp): a decimal number.
    ///
    /// A fraction may have any number of digits, of which nine count.
    ///
    /// # Errors
    /// [`ErrorKind::Parse`]: the text is not in the format, or the moment beyond the years 1 to 9999.
    #[inline]
    pub fn parse(text: &str, format: TimestampFormat) -> Result<Self> {
        parse::strict(text, format).ok_or_else(|| unreadable(text, Some(format)))
    }

    /// The moment a text in any format stands for: a number of seconds since 1970, ISO 8601, or an HTTP date, as
    /// [`parse`](Self::parse) takes them. What is a number is seconds, even `20150830`.
    ///
    /// This is how botocore reads every timestamp of an answer, whatever format the model says, and every text given for a
    /// timestamp.
    ///
    /// ```
    /// use inia_core::Timestamp;
    ///
    /// let moment = Timestamp::new(1_440_938_160, 0);
    /// for text in [
    ///     "2015-08-30T12:36:00Z",
    ///     "2015-08-30 14:36+02:00",
    ///     "20150830T123600.000Z",
    ///     "Sun, 30 Aug 2015 12:36:00 GMT",
    ///     "Sun Aug 30 12:36:00 2015",
    ///     "1440938160",
    ///     "1.44093816e9",
    /// ] {
    ///     assert_eq!(Timestamp::parse_lenient(text)?, moment, "{text}");
    /// }
    /// assert!(Timestamp::parse_lenient("yesterday").is_err());
    /// # Ok::<(), inia_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parse`]: the text is in none of the formats, or the moment beyond the years 1 to 9999.
    ///
    /// # Source
    /// botocore `utils.py:parse_timestamp`.
    ///
    /// DIFFERENCE: botocore's parser also guesses at dates such as `08/30/2015`, `10 AM` and `12:36`, and fills in
    /// what is missing from today's date; these are errors here. A zone's name that is not UTC is taken for UTC
    /// there, and for what RFC 822 says here. Nanoseconds are kept, where botocore has microseconds.
    #[inline]
    pub fn parse_lenient(text: &str) -> Result<Self> {
        parse::lenient(text).ok_or_else(|| unreadable(text, None))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    #[inline]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after the whole second: 0..1,000,000,000.
    #[must_use]
    #[inline]
    pub const fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// Milliseconds since 1970, rounded down; the nearest an `i64` can hold where it cannot hold them.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.seconds
            .saturating_mul(1000)
            .saturating_add((self.nanoseconds / 1_000_000) as i64)
    }

    /// Seconds since 1970 as the float nearest to the moment's whole microseconds.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "below the limit every number of microseconds is a float; beyond it the nearest one is the answer"
    )]
    pub fn as_f64(self) -> f64 {
        /// Two to the 53rd microseconds, the year 2255.
        const EXACT: i64 = 9_007_199_254;
        let micros = i64::from(self.nanoseconds / 1000);
        if micros == 0 {
            self.seconds as f64
        } else if self.seconds.abs() < EXACT {
            // One division of two exact numbers is rounded once; adding a fraction to the seconds would round twice.
            (self.seconds * 1_000_000 + micros) as f64 / 1e6
        } else {
            let text = self.text(TimestampFormat::UnixTimestamp, TimestampPrecision::Default);
            text.parse().unwrap_or(self.seconds as f64)
        }
    }

    /// Whether the moment lies within the years 1 to 9999, so that every format can say it.
    #[must_use]
    #[inline]
    pub const fn in_range(self) -> bool {
        Timestamp::MIN.seconds <= self.seconds && self.seconds <= Timestamp::MAX.seconds
    }

    /// The moment in a wire format, with the default precision.
    #[must_use]
    pub fn format(self, format: TimestampFormat) -> String {
        self.text(format, TimestampPrecision::Default)
            .as_str()
            .to_owned()
    }

    /// The moment in a wire format that can say it.
    ///
    /// # Errors
    /// [`ErrorKind::Validation`]: the moment is beyond the years 1 to 9999, and the format counts in years.
    pub fn try_format(self, format: TimestampFormat) -> Result<String> {
        if self.in_range() || format == TimestampFormat::UnixTimestamp {
            return Ok(self.format(format));
        }
        Err(Error::new(
            ErrorKind::Validation,
            format!("the timestamp {self} lies beyond the years 1 to 9999"),
        ))
    }

    /// The moment in a wire format as text on the stack: what the codecs append to their buffers.
    ///
    /// # Source
    /// botocore `serialize.py:Serializer._timestamp_iso8601`, `_timestamp_rfc822` and `_timestamp_unixtimestamp`.
    #[must_use]
    #[inline]
    pub fn text(self, format: TimestampFormat, precision: TimestampPrecision) -> TimestampText {
        format::wire(self, format, precision)
    }

    /// The moment in ISO 8601 with all that is known of it: without a fraction, or with six digits, or with nine where there are
    /// nanoseconds. This is how timestamps are printed, and how they stand at every JSON boundary.
    #[must_use]
    pub fn iso8601(self) -> TimestampText {
        format::display(self)
    }
}

#[cold]
fn out_of_range(seconds: &dyn fmt::Display) -> Error {
    Error::new(
        ErrorKind::Parse,
        format!("{seconds} seconds since 1970 lie beyond the years 1 to 9999"),
    )
}

#[cold]
fn unreadable(text: &str, format: Option<TimestampFormat>) -> Error {
    let wanted = match format {
        Some(TimestampFormat::Iso8601) => "a date and time such as 2015-08-30T12:36:00Z",
        Some(TimestampFormat::Rfc822) => "a date and time such as Sun, 30 Aug 2015 12:36:00 GMT",
        Some(TimestampFormat::UnixTimestamp) => "a number of seconds since 1970",
        None => {
            "a date and time such as 2015-08-30T12:36:00Z, an HTTP date, or a number of seconds since 1970"
        }
    };
    let shown: String = text.chars().take(64).collect();
    Error::new(
        ErrorKind::Parse,
        format!("`{shown}` is no timestamp of the years 1 to 9999; expected {wanted}"),
    )
}

impl FromStr for Timestamp {
    type Err = Error;

    /// As [`Timestamp::parse_lenient`].
    fn from_str(text: &str) -> Result<Self> {
        Timestamp::parse_lenient(text)
    }
}

/// The nearest moment that can be held, which is the moment itself for every clock there is.
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
/// The moment, where the system's clock cannot hold it.
impl TryFrom<Timestamp> for SystemTime {
    type Error = Timestamp;

    fn try_from(moment: Timestamp) -> std::result::Result<Self, Timestamp> {
        let whole = Duration::from_secs(moment.seconds.unsigned_abs());
        let base = if moment.seconds < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        base.and_then(|base| base.checked_add(Duration::from_nanos(moment.nanoseconds.into())))
            .ok_or(moment)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso8601())
    }
}

/// As [`Timestamp::iso8601`].
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
    fn every_variant_botocore_reads_in_practice_is_read() {
        for (text, wanted) in [
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
            let moment = Timestamp::parse_lenient(text).unwrap();
            assert_eq!(moment.to_string(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_timestamp_is_an_error() {
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
    fn a_format_reads_no_other() {
        assert!(Timestamp::parse("1440938160", Iso8601).is_err());
        assert!(Timestamp::parse("2015-08-30T12:36:00Z", UnixTimestamp).is_err());
        assert!(Timestamp::parse("2015-08-30T12:36:00Z", Rfc822).is_err());
        assert!(Timestamp::parse("Sun, 30 Aug 2015 12:36:00 GMT", Iso8601).is_err());
        let error = Timestamp::parse("tomorrow", Rfc822).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse);
        assert!(error.to_string().contains("Sun, 30 Aug 2015 12:36:00 GMT"));
    }

    #[test]
    fn precision_is_as_botocore_writes_it() {
        use TimestampPrecision::{Default, Legacy, Millisecond};
        let half = Timestamp::new(1_440_938_160, 250_000_999);
        let whole = Timestamp::new(1_440_938_160, 999);
        let before = Timestamp::new(-2, 500_000_000);
        for (moment, format, precision, wanted) in [
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
            assert_eq!(moment.text(format, precision).as_str(), wanted);
        }
    }

    #[test]
    fn moments_beyond_the_calendar_have_a_text_and_no_panic() {
        for (seconds, wanted) in [
            (i64::MAX, "+292277026596-12-04T15:30:07Z"),
            (i64::MIN, "-292277022657-01-27T08:29:52Z"),
            (253_402_300_800, "+10000-01-01T00:00:00Z"),
            (-62_135_596_801, "0000-12-31T23:59:59Z"),
            (-62_167_219_201, "-0001-12-31T23:59:59Z"),
        ] {
            let moment = Timestamp::new(seconds, 0);
            assert_eq!(moment.format(Iso8601), wanted);
            assert!(moment.try_format(Iso8601).is_err());
            assert!(moment.try_format(Rfc822).is_err());
            assert_eq!(
                moment.try_format(UnixTimestamp).unwrap(),
                seconds.to_string()
            );
            assert!(Timestamp::try_new(seconds, 0).is_err());
            assert!(moment.format(Rfc822).ends_with(" GMT"));
            let _ = (
                moment.as_f64(),
                moment.millis(),
                SystemTime::try_from(moment),
            );
        }
        let last = Timestamp::new(i64::MAX, u32::MAX);
        assert_eq!(
            last.iso8601().as_str(),
            "+292277026596-12-04T15:30:07.294967295Z"
        );
    }

    #[test]
    fn floats_are_read_to_the_microsecond() {
        for (seconds, wanted) in [
            (1_398_796_238.123, (1_398_796_238, 123_000_000)),
            (1_398_796_238.1234567, (1_398_796_238, 123_457_000)),
            (1.003_690_999_999_999_9, (1, 3_691_000)),
            (-1.5, (-2, 500_000_000)),
            (-0.000_000_1, (0, 0)),
            (0.999_999_9, (1, 0)),
            (5.0, (5, 0)),
        ] {
            let moment = Timestamp::from_f64(seconds).unwrap();
            assert_eq!((moment.seconds(), moment.nanoseconds()), wanted);
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
    fn moments_and_the_systems_clock_convert() {
        for moment in [
            Timestamp::new(0, 0),
            Timestamp::new(-2, 500_000_000),
            Timestamp::new(1_440_938_160, 1),
        ] {
            let time = SystemTime::try_from(moment).unwrap();
            assert_eq!(Timestamp::from(time), moment);
        }
        assert_eq!(Timestamp::from_millis(-1), Timestamp::new(-1, 999_000_000));
        assert_eq!(Timestamp::new(-1, 999_000_000).millis(), -1);
    }
}
