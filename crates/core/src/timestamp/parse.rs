//! Text as a moment.

use super::civil::{self, Date, SECONDS_PER_DAY};
use super::{Timestamp, TimestampFormat};

/// A text in one format.
pub(super) fn strict(text: &str, format: TimestampFormat) -> Option<Timestamp> {
    match format {
        TimestampFormat::Iso8601 => {
            canonical(text.as_bytes()).or_else(|| iso8601(text.trim().as_bytes()))
        }
        TimestampFormat::Rfc822 => http_date(text.trim().as_bytes()),
        TimestampFormat::UnixTimestamp => number(text.trim()),
    }
}

/// A text in any format. What is a number is seconds since 1970 before it is anything else.
pub(super) fn lenient(text: &str) -> Option<Timestamp> {
    if let Some(moment) = canonical(text.as_bytes()) {
        return Some(moment);
    }
    let text = text.trim();
    number(text)
        .or_else(|| iso8601(text.as_bytes()))
        .or_else(|| http_date(text.as_bytes()))
}

/// `2015-08-30T12:36:00Z`, with or without a fraction: what nearly every timestamp looks like, read without a look back.
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
    assemble(date, time, nanoseconds, 0)
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
fn date(year: u32, month: u32, day: u32) -> Option<Date> {
    let date = Date {
        year: i64::from(year),
        month,
        day,
    };
    let fits = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && day >= 1
        && (day <= 28 || day <= civil::days_in_month(date.year, month));
    fits.then_some(date)
}

/// Seconds of the day. A leap second is the first one of the next minute.
#[inline]
fn time(hour: u32, minute: u32, second: u32) -> Option<i64> {
    let fits = hour < 24 && minute < 60 && second <= 60;
    fits.then(|| i64::from(hour * 3600 + minute * 60 + second))
}

/// At least one digit of a fraction, of which nine count, and what follows them.
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
fn assemble(date: Date, second_of_day: i64, nanoseconds: u32, offset: i64) -> Option<Timestamp> {
    let seconds = civil::days(date) * SECONDS_PER_DAY + second_of_day - offset;
    let moment = Timestamp {
        seconds,
        nanoseconds,
    };
    moment.in_range().then_some(moment)
}

/// Seconds since 1970: `1440938160`, `-1.5`, `1.44e9`.
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
    let counted = rest.len() < digits.len();
    let (nanoseconds, rest) = match rest {
        [b'.'] if counted => (0, [].as_slice()),
        [b'.', tail @ ..] => fraction(tail)?,
        rest if counted => (0, rest),
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

/// What is left of a text that is read piece by piece.
struct Reader<'t> {
    rest: &'t [u8],
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.skip(1);
        }
        found
    }

    fn spaces(&mut self) -> bool {
        let before = self.rest.len();
        while self.eat(b' ') {}
        self.rest.len() < before
    }

    fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn run(&mut self, accept: impl Fn(&u8) -> bool) -> &'t [u8] {
        let len = self.rest.iter().take_while(|byte| accept(byte)).count();
        let (run, rest) = self.rest.split_at_checked(len).unwrap_or_default();
        self.rest = rest;
        run
    }

    /// A number of at least and at most so many digits.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self
            .rest
            .iter()
            .take(most)
            .take_while(|byte| byte.is_ascii_digit());
        let len = digits.count();
        if len < least {
            return None;
        }
        let value = self.rest.iter().take(len).filter_map(|byte| digit(*byte));
        let value = value.fold(0, |value, digit| value * 10 + digit);
        self.skip(len);
        Some(value)
    }

    /// How many digits come next.
    fn digits(&self) -> usize {
        self.rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    }

    /// `12:36:00.5`, `12:36`, `12`, `123600.5`, `1236`: seconds of the day and nanoseconds.
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

    /// The zone, if there is one: seconds east of Greenwich. Without one a time is in UTC.
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
                let name = self.run(u8::is_ascii_alphabetic);
                let zone = ZONES
                    .iter()
                    .find(|(zone, _)| zone.as_bytes().eq_ignore_ascii_case(name))?;
                Some(zone.1 * 3600)
            }
            _ => Some(0),
        }
    }

    /// A month by its English name, whole or cut to three letters.
    fn month(&mut self) -> Option<u32> {
        let name = self.run(u8::is_ascii_alphabetic);
        let named = |month: &&str| {
            let short = month.as_bytes().get(..3).unwrap_or_default();
            month.as_bytes().eq_ignore_ascii_case(name) || short.eq_ignore_ascii_case(name)
        };
        let index = MONTHS.iter().position(named)?;
        u32::try_from(index + 1).ok()
    }

    /// A year of four digits, or of two: 1970 to 2069.
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

/// The zones RFC 822 names, in hours; military letters other than Z are left out, as they have been used both ways round.
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

/// ISO 8601 in its variants: extended and basic, `T` or a space, any precision of the time, any offset or none.
fn iso8601(text: &[u8]) -> Option<Timestamp> {
    let mut reader = Reader { rest: text };
    let date = match reader.digits() {
        4 => {
            let year = reader.number(4, 4)?;
            let separator = reader
                .peek()
                .filter(|byte| matches!(byte, b'-' | b'/' | b'.'))?;
            reader.skip(1);
            let month = reader.number(1, 2)?;
            if !reader.eat(separator) {
                return None;
            }
            date(year, month, reader.number(1, 2)?)?
        }
        // All digits of the date, or of the date and the time, in one.
        8 | 12 | 14 => date(
            reader.number(4, 4)?,
            reader.number(2, 2)?,
            reader.number(2, 2)?,
        )?,
        _ => return None,
    };
    if reader.at_end() {
        return assemble(date, 0, 0, 0);
    }
    let separated = reader.eat(b'T') || reader.eat(b't') || reader.spaces();
    if !separated && reader.digits() == 0 {
        return None;
    }
    let (second, nanoseconds) = reader.time()?;
    reader.spaces();
    let offset = reader.zone()?;
    reader
        .at_end()
        .then(|| assemble(date, second, nanoseconds, offset))
        .flatten()
}

/// The three forms of an HTTP date, and of a mail's: `Sun, 30 Aug 2015 12:36:00 GMT`, `Sunday, 30-Aug-15 12:36:00 GMT`,
/// `Sun Aug 30 12:36:00 2015`. The day of the week is not looked at, and everything from the time on may be absent.
fn http_date(text: &[u8]) -> Option<Timestamp> {
    let mut reader = Reader { rest: text };
    weekday(&mut reader);
    let (date, clock, offset) = if reader.digits() > 0 {
        let day = reader.number(1, 2)?;
        date_separator(&mut reader)?;
        let month = reader.month()?;
        date_separator(&mut reader)?;
        let date = date(reader.year()?, month, day)?;
        let (clock, offset) = clock(&mut reader)?;
        (date, clock, offset)
    } else {
        let month = reader.month()?;
        date_separator(&mut reader)?;
        let day = reader.number(1, 2)?;
        reader.eat(b',');
        if !reader.spaces() {
            return None;
        }
        if reader.digits() == 4 {
            let date = date(reader.year()?, month, day)?;
            let (clock, offset) = clock(&mut reader)?;
            (date, clock, offset)
        } else {
            let clock = reader.time()?;
            reader.spaces();
            let offset = if reader.digits() > 0 {
                0
            } else {
                reader.zone()?
            };
            reader.spaces();
            (date(reader.year()?, month, day)?, clock, offset)
        }
    };
    let (second, nanoseconds) = clock;
    reader
        .at_end()
        .then(|| assemble(date, second, nanoseconds, offset))
        .flatten()
}

/// Steps over the day of the week and what follows it, if the text starts with one.
fn weekday(reader: &mut Reader<'_>) {
    let before = reader.rest;
    let name = reader.run(u8::is_ascii_alphabetic);
    let known = name.len() >= 3
        && WEEKDAYS.iter().any(|day| {
            let start = day.as_bytes().get(..name.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(name))
        });
    let comma = reader.eat(b',');
    if !known || !(reader.spaces() || comma) {
        reader.rest = before;
    }
}

fn date_separator(reader: &mut Reader<'_>) -> Option<()> {
    (reader.eat(b'-') || reader.spaces()).then_some(())
}

/// The time after a date and its zone, if they are there.
fn clock(reader: &mut Reader<'_>) -> Option<((i64, u32), i64)> {
    if reader.at_end() {
        return Some(((0, 0), 0));
    }
    if !reader.spaces() {
        return None;
    }
    let clock = reader.time()?;
    reader.spaces();
    Some((clock, reader.zone()?))
}
