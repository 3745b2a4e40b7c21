//! The signing time in the formats of AWS signatures.

use std::fmt;

use inia_core::{Timestamp, TimestampFormat};

/// The time of a signature, in whole seconds. It is formatted only once, because a signature contains the text four times.
///
/// ```
/// use inia_core::Timestamp;
/// use inia_signing::SigningTime;
///
/// let time = SigningTime::from(Timestamp::new(1_440_938_160, 0));
/// assert_eq!(time.as_str(), "20150830T123600Z");
/// assert_eq!(time.date(), "20150830");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SigningTime {
    timestamp: Timestamp,
    /// `20150830T123600Z`
    basic: [u8; 16],
}

impl From<Timestamp> for SigningTime {
    #[inline]
    fn from(timestamp: Timestamp) -> Self {
        Self {
            timestamp: Timestamp::new(timestamp.seconds(), 0),
            basic: timestamp.iso8601_basic(),
        }
    }
}

impl SigningTime {
    /// Returns the time in ISO 8601's basic format, as in `x-amz-date` and the string to sign: `20150830T123600Z`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.basic).unwrap_or_default()
    }

    /// Returns the date of the credential scope: `20150830`.
    #[must_use]
    pub fn date(&self) -> &str {
        self.as_str().get(..8).unwrap_or_default()
    }

    /// Returns the timestamp in whole seconds.
    pub(crate) fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// Returns the date of the credential scope as bytes, which compare faster than text.
    pub(crate) fn date_bytes(&self) -> [u8; 8] {
        let [y1, y2, y3, y4, m1, m2, d1, d2, ..] = self.basic;
        [y1, y2, y3, y4, m1, m2, d1, d2]
    }

    /// Returns the time in ISO 8601's extended format, `2015-08-30T12:36:00Z`, for version 2 signatures and POST policies.
    pub(crate) fn extended(&self) -> String {
        self.timestamp.format(TimestampFormat::Iso8601)
    }

    /// Returns the time in the format of a `Date` header, `Sun, 30 Aug 2015 12:36:00 GMT`.
    ///
    /// # Source
    /// botocore `auth.py:HmacV1Auth._get_date`
    pub(crate) fn http_date(&self) -> String {
        self.timestamp.format(TimestampFormat::Rfc822)
    }
}

impl fmt::Debug for SigningTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningTime({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_known_times() {
        for (seconds, basic, http) in [
            (-1, "19691231T235959Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
            (
                1_440_938_160,
                "20150830T123600Z",
                "Sun, 30 Aug 2015 12:36:00 GMT",
            ),
        ] {
            let time = SigningTime::from(Timestamp::new(seconds, 999_999_999));
            assert_eq!(time.as_str(), basic);
            assert_eq!(time.http_date(), http);
            assert!(!time.extended().contains('.'));
        }
    }
}
