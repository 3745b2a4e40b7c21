//! A moment as text.

use std::fmt;
use std::ops::Deref;

use super::civil::{self, Date, SECONDS_PER_DAY};
use super::{Timestamp, TimestampFormat, TimestampPrecision};

/// A timestamp in one of its forms: text on the stack, to be appended wherever it goes without touching the heap.
///
/// ```
/// use inia_core::{Timestamp, TimestampFormat, TimestampPrecision};
///
/// let mut body = b"{\"When\":".to_vec();
/// let moment = Timestamp::new(1_440_938_160, 250_000_000);
/// let text = moment.text(TimestampFormat::UnixTimestamp, TimestampPrecision::Default);
/// body.extend_from_slice(text.as_bytes());
/// assert_eq!(body, b"{\"When\":1440938160.25");
/// ```
#[derive(Clone, Copy)]
pub struct TimestampText {
    bytes: [u8; CAPACITY],
    len: usize,
}

/// The longest form is that of the last moment an `i64` can count to: `+292277026596-12-04T15:30:07.999999999Z`.
const CAPACITY: usize = 48;

impl TimestampText {
    const fn new() -> Self {
        TimestampText {
            bytes: [0; CAPACITY],
            len: 0,
        }
    }

    /// The text as bytes, all of them ASCII.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The text.
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

    /// Two digits of a number below 100.
    #[inline]
    fn push_two(&mut self, number: u32) {
        self.push(&two_digits(number));
    }

    /// A fraction of a second and the dot before it.
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

    /// Any number.
    #[cold]
    fn push_number(&mut self, number: u64) {
        self.push(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Four digits, or more and a sign for a year that has no four digits.
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

#[inline]
fn two_digits(number: u32) -> [u8; 2] {
    [digit_of(number / 10), digit_of(number)]
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

/// The moment in a wire format.
#[inline]
pub(super) fn wire(
    moment: Timestamp,
    format: TimestampFormat,
    precision: TimestampPrecision,
) -> TimestampText {
    match format {
        TimestampFormat::Iso8601 => match precision {
            TimestampPrecision::Millisecond => iso8601(moment, moment.nanoseconds / 1_000_000, 3),
            TimestampPrecision::Default | TimestampPrecision::Legacy => {
                match moment.nanoseconds / 1000 {
                    0 => iso8601(moment, 0, 0),
                    microseconds => iso8601(moment, microseconds, 6),
                }
            }
        },
        TimestampFormat::Rfc822 => rfc822(moment),
        TimestampFormat::UnixTimestamp => unix(moment, precision),
    }
}

/// The moment with all that is known of it.
pub(super) fn display(moment: Timestamp) -> TimestampText {
    match moment.nanoseconds {
        0 => iso8601(moment, 0, 0),
        nanoseconds if nanoseconds % 1000 == 0 => iso8601(moment, nanoseconds / 1000, 6),
        nanoseconds => iso8601(moment, nanoseconds, 9),
    }
}

/// Days since 1970 and seconds of the day.
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

#[inline]
fn iso8601(moment: Timestamp, fraction: u32, digits: usize) -> TimestampText {
    let (days, second) = split(moment.seconds);
    let Date { year, month, day } = civil::date(days);
    let mut text = TimestampText::new();
    text.push_year(year);
    let [m, n] = two_digits(month);
    let [d, e] = two_digits(day);
    let [h, i] = two_digits(second / 3600);
    let [k, l] = two_digits(second / 60 % 60);
    let [s, t] = two_digits(second % 60);
    text.push(&[b'-', m, n, b'-', d, e, b'T', h, i, b':', k, l, b':', s, t]);
    if digits > 0 {
        text.push_fraction(fraction, digits);
    }
    text.push(b"Z");
    text
}

const WEEKDAYS: &[u8; 21] = b"SunMonTueWedThuFriSat";
const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

fn name(names: &'static [u8], index: usize) -> &'static [u8] {
    names.get(index * 3..index * 3 + 3).unwrap_or_default()
}

fn rfc822(moment: Timestamp) -> TimestampText {
    let (days, second) = split(moment.seconds);
    let Date { year, month, day } = civil::date(days);
    let mut text = TimestampText::new();
    text.push(name(WEEKDAYS, civil::weekday(days)));
    text.push(b", ");
    text.push_two(day);
    text.push(b" ");
    text.push(name(MONTHS, month as usize - 1));
    text.push(b" ");
    text.push_year(year);
    let [h, i] = two_digits(second / 3600);
    let [k, l] = two_digits(second / 60 % 60);
    let [s, t] = two_digits(second % 60);
    text.push(&[b' ', h, i, b':', k, l, b':', s, t, b' ', b'G', b'M', b'T']);
    text
}

/// Seconds since 1970 with as many digits of the fraction as it has.
fn unix(moment: Timestamp, precision: TimestampPrecision) -> TimestampText {
    let microseconds = match precision {
        TimestampPrecision::Default => moment.nanoseconds / 1000,
        TimestampPrecision::Millisecond => moment.nanoseconds / 1_000_000 * 1000,
        TimestampPrecision::Legacy => 0,
    };
    let mut text = TimestampText::new();
    // The fraction counts up from the whole second; in writing it counts away from zero.
    let (negative, whole, mut fraction) = if moment.seconds < 0 && microseconds > 0 {
        (
            true,
            (moment.seconds + 1).unsigned_abs(),
            1_000_000 - microseconds,
        )
    } else {
        (
            moment.seconds < 0,
            moment.seconds.unsigned_abs(),
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
