//! [`Timestamp`]: a moment in time, and its forms on the wire.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// A moment in time in UTC, to the nanosecond.
///
/// ```
/// use inia_core::{Timestamp, TimestampFormat};
///
/// let moment = Timestamp::new(1_440_938_160, 0);
/// assert_eq!(moment.format(TimestampFormat::Iso8601), "2015-08-30T12:36:00Z");
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
    /// `Sun, 30 Aug 2015 12:36:00 GMT`.
    Rfc822,
    /// Seconds since 1970, with a fraction where there is one.
    UnixTimestamp,
}

impl Timestamp {
    /// A moment from seconds since 1970-01-01T00:00:00Z and nanoseconds after that second.
    #[must_use]
    pub const fn new(seconds: i64, nanoseconds: u32) -> Self {
        Timestamp {
            seconds,
            nanoseconds,
        }
    }

    /// The moment a text in a wire format stands for.
    ///
    /// # Errors
    /// [`ErrorKind::Parse`](crate::ErrorKind::Parse): the text is in another format.
    pub fn parse(text: &str, format: TimestampFormat) -> crate::Result<Self> {
        let moment = match format {
            TimestampFormat::Iso8601 => DateTime::parse_from_rfc3339(text)
                .ok()
                .or_else(|| DateTime::parse_from_rfc3339(&format!("{text}T00:00:00Z")).ok()),
            TimestampFormat::Rfc822 => DateTime::parse_from_rfc2822(text).ok(),
            TimestampFormat::UnixTimestamp => {
                let seconds = text.parse().ok();
                return seconds
                    .map(|seconds| Timestamp::new(seconds, 0))
                    .ok_or_else(|| unreadable(text));
            }
        };
        moment
            .map(|moment| Timestamp::new(moment.timestamp(), moment.timestamp_subsec_nanos()))
            .ok_or_else(|| unreadable(text))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after the whole second: 0..1,000,000,000.
    #[must_use]
    pub const fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// The moment in a wire format.
    #[must_use]
    pub fn format(self, format: TimestampFormat) -> String {
        let moment =
            DateTime::<Utc>::from_timestamp(self.seconds, self.nanoseconds).unwrap_or_default();
        match format {
            TimestampFormat::Iso8601 => moment.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            TimestampFormat::Rfc822 => moment.format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            TimestampFormat::UnixTimestamp => self.seconds.to_string(),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format(TimestampFormat::Iso8601))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format(TimestampFormat::Iso8601))
    }
}

#[cold]
fn unreadable(text: &str) -> crate::Error {
    crate::Error::new(crate::ErrorKind::Parse, format!("`{text}` is no timestamp"))
}
