//! The signing time in the formats of AWS signatures.

use std::fmt;

use inia_core::{Timestamp, TimestampFormat};

/// The time of a signature: UTC in whole seconds, years 1 to 9999.
///
/// It is formatted only once, because a signature contains the text four times.
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

/// Cuts off the fraction of a second. A timestamp outside the years 1 to 9999, which the format cannot represent, becomes
/// the nearest one in that range.
impl From<Timestamp> for SigningTime {
    #[inline]
    fn from(timestamp: Timestamp) -> Self {
        let seconds = timestamp.clamp(Timestamp::MIN, Timestamp::MAX).seconds();
        let timestamp = Timestamp::new(seconds, 0);
        let basic = match *timestamp.iso8601().as_bytes() {
            [
                y1,
                y2,
                y3,
                y4,
                _,
                m1,
                m2,
                _,
                d1,
                d2,
                t,
                h1,
                h2,
                _,
                n1,
                n2,
                _,
                s1,
                s2,
                z,
            ] => [y1, y2, y3, y4, m1, m2, d1, d2, t, h1, h2, n1, n2, s1, s2, z],
            // Every timestamp in range has the form of the pattern above.
            _ => [b'0'; 16],
        };
        Self { timestamp, basic }
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
            (
                i64::MAX,
                "99991231T235959Z",
                "Fri, 31 Dec 9999 23:59:59 GMT",
            ),
            (
                i64::MIN,
                "00010101T000000Z",
                "Mon, 01 Jan 0001 00:00:00 GMT",
            ),
        ] {
            let time = SigningTime::from(Timestamp::new(seconds, 999_999_999));
            assert_eq!(time.as_str(), basic);
            assert_eq!(time.http_date(), http);
        }
    }
}
