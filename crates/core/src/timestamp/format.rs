//! Writes timestamps as text.

use std::fmt;
use std::ops::Deref;

use chrono::Datelike;

use super::civil::{self, SECONDS_PER_DAY};
use super::{Timestamp, TimestampFormat, TimestampPrecision};

/// A formatted timestamp, stored inline without a heap allocation.
///
/// ```
/// use inia_core::{Timestamp, TimestampFormat, TimestampPrecision};
///
/// let mut body = b"{\"When\":".to_vec();
/// let timestamp = Timestamp::new(1_440_938_160, 250_000_000);
/// let text = timestamp.text(TimestampFormat::UnixTimestamp, TimestampPrecision::Default);
/// body.extend_from_slice(text.as_bytes());
/// assert_eq!(body, b"{\"When\":1440938160.25");
/// ```
#[derive(Clone, Copy)]
pub struct TimestampText {
    bytes: [u8; CAPACITY],
    len: usize,
}

/// Fits the longest text: the latest timestamp, `+292277026596-12-04T15:30:07.999999999Z`, has 40 bytes.
const CAPACITY: usize = 48;

impl TimestampText {
    const fn new() -> Self {
        TimestampText {
            bytes: [0; CAPACITY],
            len: 0,
        }
    }

    /// Returns the text as ASCII bytes.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Returns the text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if let Some(free) = self.bytes.get_mut(self.len..end) {
            free.copy_from_slice(bytes);
            self.len = end;
        }
    }

    /// Appends a dot and a fraction of a second with `digits` digits.
    fn push_fraction(&mut self, number: u32, digits: usize) {
        let mut text = [b'0'; 10];
        let mut rest = number;
        for digit in text.iter_mut().take(digits + 1).skip(1).rev() {
            *digit = digit_of(rest % 10);
            rest /= 10;
        }
        if let Some(dot) = text.first_mut() {
            *dot = b'.';
        }
        self.push(text.get(..=digits).unwrap_or_default());
    }

    /// Appends a number without padding.
    #[cold]
    fn push_number(&mut self, number: u64) {
        self.push(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Appends a year as four digits, or as an expanded year of ISO 8601 if it is outside 1 to 9999.
    #[inline]
    fn push_year(&mut self, year: i64) {
        match u32::try_from(year) {
            Ok(year @ 1..=9999) => {
                let [a, b] = two_digits(year / 100);
                let [c, d] = two_digits(year % 100);
                self.push(&[a, b, c, d]);
            }
            _ => self.push_expanded_year(year),
        }
    }

    #[cold]
    fn push_expanded_year(&mut self, year: i64) {
        self.push(match year {
            0 => b"",
            1.. => b"+",
            _ => b"-",
        });
        let magnitude = year.unsigned_abs();
        for limit in [1000, 100, 10] {
            if magnitude < limit {
                self.push(b"0");
            }
        }
        self.push_number(magnitude);
    }
}

#[inline]
fn digit_of(number: u32) -> u8 {
    let digit = (number % 10) as u8;
    b'0' + digit
}

/// Returns the two digits of a number below 100.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "callers pass numbers below 100"
)]
fn two_digits(number: u32) -> [u8; 2] {
    let tens = number / 10;
    [b'0' + tens as u8, b'0' + (number - tens * 10) as u8]
}

impl Deref for TimestampText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for TimestampText {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for TimestampText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for TimestampText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Formats a timestamp in a wire format.
#[inline]
pub(super) fn wire(
    timestamp: Timestamp,
    format: TimestampFormat,
    precision: TimestampPrecision,
) -> TimestampText {
    match format {
        TimestampFormat::Iso8601 => match precision {
            TimestampPrecision::Millisecond => {
                iso8601(timestamp, timestamp.nanoseconds / 1_000_000, 3)
            }
            TimestampPrecision::Default | TimestampPrecision::Legacy => {
                match timestamp.nanoseconds / 1000 {
                    0 => iso8601(timestamp, 0, 0),
                    microseconds => iso8601(timestamp, microseconds, 6),
                }
            }
        },
        TimestampFormat::Rfc822 => rfc822(timestamp),
        TimestampFormat::UnixTimestamp => unix(timestamp, precision),
    }
}

/// Formats a timestamp as ISO 8601 at full precision.
pub(super) fn display(timestamp: Timestamp) -> TimestampText {
    match timestamp.nanoseconds {
        0 => iso8601(timestamp, 0, 0),
        nanoseconds if nanoseconds % 1000 == 0 => iso8601(timestamp, nanoseconds / 1000, 6),
        nanoseconds => iso8601(timestamp, nanoseconds, 9),
    }
}

/// Returns days since 1970 and the second of the day.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the second of a day is 0 to 86,399"
)]
fn split(seconds: i64) -> (i64, u32) {
    (
        seconds.div_euclid(SECONDS_PER_DAY),
        seconds.rem_euclid(SECONDS_PER_DAY) as u32,
    )
}

/// Returns the year, and the digits of month, day, hour, minute and second.
#[inline]
fn year_and_digits(seconds: i64) -> (i64, [u8; 10]) {
    let (days, second) = split(seconds);
    let (year, date) = civil::date(days);
    let [m, n] = two_digits(date.month());
    let [d, e] = two_digits(date.day());
    let [h, i] = two_digits(second / 3600);
    let [k, l] = two_digits(second / 60 % 60);
    let [s, t] = two_digits(second % 60);
    (year, [m, n, d, e, h, i, k, l, s, t])
}

/// Formats a timestamp of the years 1 to 9999 in ISO 8601's basic format.
#[inline]
pub(super) fn basic(timestamp: Timestamp) -> [u8; 16] {
    let (year, [m, n, d, e, h, i, k, l, s, t]) = year_and_digits(timestamp.seconds);
    let year = u32::try_from(year).unwrap_or_default();
    let [a, b] = two_digits(year / 100);
    let [y, z] = two_digits(year % 100);
    [a, b, y, z, m, n, d, e, b'T', h, i, k, l, s, t, b'Z']
}

#[inline]
fn iso8601(timestamp: Timestamp, fraction: u32, digits: usize) -> TimestampText {
    let (year, [m, n, d, e, h, i, k, l, s, t]) = year_and_digits(timestamp.seconds);
    let mut text = TimestampText::new();
    text.push_year(year);
    text.push(&[
        b'-', m, n, b'-', d, e, b'T', h, i, b':', k, l, b':', s, t, b'Z',
    ]);
    if digits > 0 {
        // Moves the `Z` behind the fraction. Timestamps without a fraction are written in one piece.
        text.len -= 1;
        text.push_fraction(fraction, digits);
        text.push(b"Z");
    }
    text
}

const WEEKDAYS: [[u8; 3]; 7] = [
    *b"Sun", *b"Mon", *b"Tue", *b"Wed", *b"Thu", *b"Fri", *b"Sat",
];

const MONTHS: [[u8; 3]; 12] = [
    *b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct",
    *b"Nov", *b"Dec",
];

fn abbreviation(names: &[[u8; 3]], index: u32) -> [u8; 3] {
    names.get(index as usize).copied().unwrap_or_default()
}

fn rfc822(timestamp: Timestamp) -> TimestampText {
    let (days, second) = split(timestamp.seconds);
    let (year, date) = civil::date(days);
    let mut text = TimestampText::new();
    let [u, v, w] = abbreviation(&WEEKDAYS, date.weekday().num_days_from_sunday());
    let [d, e] = two_digits(date.day());
    let [m, n, o] = abbreviation(&MONTHS, date.month0());
    text.push(&[u, v, w, b',', b' ', d, e, b' ', m, n, o, b' ']);
    text.push_year(year);
    let [h, i] = two_digits(second / 3600);
    let [k, l] = two_digits(second / 60 % 60);
    let [s, t] = two_digits(second % 60);
    text.push(&[b' ', h, i, b':', k, l, b':', s, t, b' ', b'G', b'M', b'T']);
    text
}

/// Formats seconds since 1970, with a fraction of as many digits as needed.
fn unix(timestamp: Timestamp, precision: TimestampPrecision) -> TimestampText {
    let microseconds = match precision {
        TimestampPrecision::Default => timestamp.nanoseconds / 1000,
        TimestampPrecision::Millisecond => timestamp.nanoseconds / 1_000_000 * 1000,
        TimestampPrecision::Legacy => 0,
    };
    let mut text = TimestampText::new();
    // The stored fraction counts upwards from the whole second; the decimal fraction counts away from zero.
    let (negative, whole, mut fraction) = if timestamp.seconds < 0 && microseconds > 0 {
        (
            true,
            (timestamp.seconds + 1).unsigned_abs(),
            1_000_000 - microseconds,
        )
    } else {
        (
            timestamp.seconds < 0,
            timestamp.seconds.unsigned_abs(),
            microseconds,
        )
    };
    if negative {
        text.push(b"-");
    }
    text.push(itoa::Buffer::new().format(whole).as_bytes());
    if fraction > 0 {
        let mut digits = 6;
        while fraction % 10 == 0 {
            fraction /= 10;
            digits -= 1;
        }
        text.push_fraction(fraction, digits);
    } else if precision == TimestampPrecision::Millisecond {
        text.push(b".0");
    }
    text
}
