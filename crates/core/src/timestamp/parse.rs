//! Parses timestamps.

use chrono::NaiveDate;

use super::civil::SECONDS_PER_DAY;
use super::{Timestamp, TimestampFormat};

/// Parses a timestamp in a specific format.
pub(super) fn strict(text: &str, format: TimestampFormat) -> Option<Timestamp> {
    match format {
        TimestampFormat::Iso8601 => {
            canonical(text.as_bytes()).or_else(|| iso8601(text.trim().as_bytes()))
        }
        TimestampFormat::Rfc822 => http_date(text.trim().as_bytes()),
        TimestampFormat::UnixTimestamp => number(text.trim()),
    }
}

/// Parses a timestamp in any format. A plain number is seconds since 1970.
pub(super) fn lenient(text: &str) -> Option<Timestamp> {
    if let Some(timestamp) = canonical(text.as_bytes()) {
        return Some(timestamp);
    }
    let text = text.trim();
    number(text)
        .or_else(|| iso8601(text.as_bytes()))
        .or_else(|| http_date(text.as_bytes()))
}

/// Fast path for `2015-08-30T12:36:00Z`, with or without a fraction, which is the form of nearly all timestamps.
#[inline]
fn canonical(text: &[u8]) -> Option<Timestamp> {
    let (
        &[
            y1,
            y2,
            y3,
            y4,
            b'-',
            m1,
            m2,
            b'-',
            d1,
            d2,
            b'T',
            h1,
            h2,
            b':',
            n1,
            n2,
            b':',
            s1,
            s2,
        ],
        rest,
    ) = text.split_first_chunk::<19>()?
    else {
        return None;
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let date = date(year, two(m1, m2)?, two(d1, d2)?)?;
    let time = time(two(h1, h2)?, two(n1, n2)?, two(s1, s2)?)?;
    let (nanoseconds, rest) = match rest {
        [b'Z'] => (0, rest),
        [b'.', digits @ ..] => fraction(digits)?,
        _ => return None,
    };
    if rest != b"Z" {
        return None;
    }
    to_timestamp(date, time, nanoseconds, 0)
}

#[inline]
fn digit(byte: u8) -> Option<u32> {
    let value = byte.wrapping_sub(b'0');
    (value < 10).then_some(u32::from(value))
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u32> {
    Some(digit(tens)? * 10 + digit(ones)?)
}

#[inline]
fn date(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let year = i32::try_from(year).ok().filter(|year| *year > 0)?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// Returns the second of the day. A leap second is the first second of the next minute.
#[inline]
fn time(hour: u32, minute: u32, second: u32) -> Option<i64> {
    let valid = hour < 24 && minute < 60 && second <= 60;
    valid.then(|| i64::from(hour * 3600 + minute * 60 + second))
}

/// Parses the digits of a fraction, at least one, of which nine count. Returns nanoseconds and the remaining text.
#[inline]
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let mut nanoseconds = 0;
    let mut weight = 100_000_000;
    let mut rest = text;
    while let [byte, tail @ ..] = rest
        && let Some(digit) = digit(*byte)
    {
        nanoseconds += digit * weight;
        weight /= 10;
        rest = tail;
    }
    (rest.len() < text.len()).then_some((nanoseconds, rest))
}

#[inline]
fn to_timestamp(
    date: NaiveDate,
    second_of_day: i64,
    nanoseconds: u32,
    offset: i64,
) -> Option<Timestamp> {
    let seconds = i64::from(date.to_epoch_days()) * SECONDS_PER_DAY + second_of_day - offset;
    let timestamp = Timestamp {
        seconds,
        nanoseconds,
    };
    timestamp.in_range().then_some(timestamp)
}

/// Parses seconds since 1970: `1440938160`, `-1.5`, `1.44e9`.
fn number(text: &str) -> Option<Timestamp> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let mut whole: i64 = 0;
    let mut rest = digits;
    while let [byte, tail @ ..] = rest
        && let Some(digit) = digit(*byte)
    {
        whole = whole.checked_mul(10)?.checked_add(i64::from(digit))?;
        rest = tail;
    }
    let has_digits = rest.len() < digits.len();
    let (nanoseconds, rest) = match rest {
        [b'.'] if has_digits => (0, [].as_slice()),
        [b'.', tail @ ..] => fraction(tail)?,
        rest if has_digits => (0, rest),
        _ => return None,
    };
    match rest {
        [] if negative && nanoseconds > 0 => {
            Timestamp::try_new(-whole - 1, 1_000_000_000 - nanoseconds).ok()
        }
        [] if negative => Timestamp::try_new(-whole, nanoseconds).ok(),
        [] => Timestamp::try_new(whole, nanoseconds).ok(),
        [b'e' | b'E', b'0'..=b'9' | b'+' | b'-', ..] => {
            Timestamp::from_f64(text.parse().ok()?).ok()
        }
        _ => None,
    }
}

/// A cursor over a date and time.
struct DateTimeCursor<'t> {
    rest: &'t [u8],
}

impl<'t> DateTimeCursor<'t> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn eat(&mut self, byte: u8) -> bool {
        let matched = self.peek() == Some(byte);
        if matched {
            self.skip(1);
        }
        matched
    }

    fn skip_spaces(&mut self) -> bool {
        let before = self.rest.len();
        while self.eat(b' ') {}
        self.rest.len() < before
    }

    fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn take_while(&mut self, accept: impl Fn(&u8) -> bool) -> &'t [u8] {
        let len = self.rest.iter().take_while(|byte| accept(byte)).count();
        let (run, rest) = self.rest.split_at_checked(len).unwrap_or_default();
        self.rest = rest;
        run
    }

    /// Parses a number of `min` to `max` digits.
    fn number(&mut self, min: usize, max: usize) -> Option<u32> {
        let digits = self
            .rest
            .iter()
            .take(max)
            .take_while(|byte| byte.is_ascii_digit());
        let len = digits.count();
        if len < min {
            return None;
        }
        let value = self.rest.iter().take(len).filter_map(|byte| digit(*byte));
        let value = value.fold(0, |value, digit| value * 10 + digit);
        self.skip(len);
        Some(value)
    }

    /// Returns the number of digits that follow.
    fn digits(&self) -> usize {
        self.rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    }

    /// Parses `12:36:00.5`, `12:36`, `12`, `123600.5` or `1236`. Returns the second of the day and nanoseconds.
    fn time(&mut self) -> Option<(i64, u32)> {
        let basic = self.digits() > 2;
        let hour = if basic {
            self.number(2, 2)?
        } else {
            self.number(1, 2)?
        };
        let mut minute = 0;
        let mut second = 0;
        let mut nanoseconds = 0;
        if basic || self.eat(b':') {
            minute = if basic {
                self.number(2, 2)?
            } else {
                self.number(1, 2)?
            };
            let seconds_follow = if basic {
                self.digits() > 0
            } else {
                self.eat(b':')
            };
            if seconds_follow {
                second = if basic {
                    self.number(2, 2)?
                } else {
                    self.number(1, 2)?
                };
                if self.eat(b'.') || self.eat(b',') {
                    (nanoseconds, self.rest) = fraction(self.rest)?;
                }
            }
        }
        Some((time(hour, minute, second)?, nanoseconds))
    }

    /// Parses an optional offset or named zone. Returns seconds east of UTC, 0 if there is none.
    fn zone(&mut self) -> Option<i64> {
        match self.peek() {
            Some(sign @ (b'+' | b'-')) => {
                self.skip(1);
                let hours = self.number(2, 2)?;
                let colon = self.eat(b':');
                let minutes = if colon || self.digits() > 0 {
                    self.number(2, 2)?
                } else {
                    0
                };
                let seconds = time(hours, minutes, 0)?;
                Some(if sign == b'-' { -seconds } else { seconds })
            }
            Some(byte) if byte.is_ascii_alphabetic() => {
                let name = self.take_while(u8::is_ascii_alphabetic);
                let zone = ZONES
                    .iter()
                    .find(|(zone, _)| zone.as_bytes().eq_ignore_ascii_case(name))?;
                Some(zone.1 * 3600)
            }
            _ => Some(0),
        }
    }

    /// Parses the English name of a month, in full or abbreviated to three letters.
    fn month(&mut self) -> Option<u32> {
        let name = self.take_while(u8::is_ascii_alphabetic);
        let matches = |month: &&str| {
            let short = month.as_bytes().get(..3).unwrap_or_default();
            month.as_bytes().eq_ignore_ascii_case(name) || short.eq_ignore_ascii_case(name)
        };
        let index = MONTHS.iter().position(matches)?;
        u32::try_from(index + 1).ok()
    }

    /// Parses a year of four digits, or of two digits: 1970 to 2069.
    fn year(&mut self) -> Option<u32> {
        match self.digits() {
            4 => self.number(4, 4),
            2 => self
                .number(2, 2)
                .map(|year| if year < 70 { year + 2000 } else { year + 1900 }),
            _ => None,
        }
    }
}

static MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

static WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// Time zones of RFC 822, in hours. Military letters other than Z are left out, because their sign is used inconsistently.
static ZONES: [(&str, i64); 12] = [
    ("Z", 0),
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
];

/// Parses ISO 8601 variants: extended or basic, separated by `T` or a space, with any precision and an optional offset.
fn iso8601(text: &[u8]) -> Option<Timestamp> {
    let mut cursor = DateTimeCursor { rest: text };
    let date = match cursor.digits() {
        4 => {
            let year = cursor.number(4, 4)?;
            let separator = cursor
                .peek()
                .filter(|byte| matches!(byte, b'-' | b'/' | b'.'))?;
            cursor.skip(1);
            let month = cursor.number(1, 2)?;
            if !cursor.eat(separator) {
                return None;
            }
            date(year, month, cursor.number(1, 2)?)?
        }
        // Basic format: a date, or a date and time, without separators.
        8 | 12 | 14 => date(
            cursor.number(4, 4)?,
            cursor.number(2, 2)?,
            cursor.number(2, 2)?,
        )?,
        _ => return None,
    };
    if cursor.at_end() {
        return to_timestamp(date, 0, 0, 0);
    }
    let separated = cursor.eat(b'T') || cursor.eat(b't') || cursor.skip_spaces();
    if !separated && cursor.digits() == 0 {
        return None;
    }
    let (second, nanoseconds) = cursor.time()?;
    cursor.skip_spaces();
    let offset = cursor.zone()?;
    cursor
        .at_end()
        .then(|| to_timestamp(date, second, nanoseconds, offset))
        .flatten()
}

/// Parses HTTP and mail dates: `Sun, 30 Aug 2015 12:36:00 GMT`, `Sunday, 30-Aug-15 12:36:00 GMT`, `Sun Aug 30 12:36:00 2015`.
/// Ignores the day of the week. Time and zone are optional.
fn http_date(text: &[u8]) -> Option<Timestamp> {
    let mut cursor = DateTimeCursor { rest: text };
    weekday(&mut cursor);
    let (date, clock, offset) = if cursor.digits() > 0 {
        let day = cursor.number(1, 2)?;
        date_separator(&mut cursor)?;
        let month = cursor.month()?;
        date_separator(&mut cursor)?;
        let date = date(cursor.year()?, month, day)?;
        let (clock, offset) = clock(&mut cursor)?;
        (date, clock, offset)
    } else {
        let month = cursor.month()?;
        date_separator(&mut cursor)?;
        let day = cursor.number(1, 2)?;
        cursor.eat(b',');
        if !cursor.skip_spaces() {
            return None;
        }
        if cursor.digits() == 4 {
            let date = date(cursor.year()?, month, day)?;
            let (clock, offset) = clock(&mut cursor)?;
            (date, clock, offset)
        } else {
            let clock = cursor.time()?;
            cursor.skip_spaces();
            let offset = if cursor.digits() > 0 {
                0
            } else {
                cursor.zone()?
            };
            cursor.skip_spaces();
            (date(cursor.year()?, month, day)?, clock, offset)
        }
    };
    let (second, nanoseconds) = clock;
    cursor
        .at_end()
        .then(|| to_timestamp(date, second, nanoseconds, offset))
        .flatten()
}

/// Skips a leading day of the week and its separator.
fn weekday(cursor: &mut DateTimeCursor<'_>) {
    let before = cursor.rest;
    let name = cursor.take_while(u8::is_ascii_alphabetic);
    let is_weekday = name.len() >= 3
        && WEEKDAYS.iter().any(|day| {
            let start = day.as_bytes().get(..name.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(name))
        });
    let comma = cursor.eat(b',');
    if !is_weekday || !(cursor.skip_spaces() || comma) {
        cursor.rest = before;
    }
}

fn date_separator(cursor: &mut DateTimeCursor<'_>) -> Option<()> {
    (cursor.eat(b'-') || cursor.skip_spaces()).then_some(())
}

/// Parses the optional time and zone after a date.
fn clock(cursor: &mut DateTimeCursor<'_>) -> Option<((i64, u32), i64)> {
    if cursor.at_end() {
        return Some(((0, 0), 0));
    }
    if !cursor.skip_spaces() {
        return None;
    }
    let clock = cursor.time()?;
    cursor.skip_spaces();
    Some((clock, cursor.zone()?))
}
