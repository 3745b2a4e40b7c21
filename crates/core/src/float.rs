//! [`FloatText`], floats as text.

use std::fmt;

/// A stack buffer that formats floats as Python does: the shortest digits that round-trip, with an exponent below
/// 0.0001 and from 10^16.
///
/// # Source
/// Python's `repr(float)`, which `json.dumps` and `str` use.
///
/// # Examples
/// ```
/// assert_eq!(inia_core::detail::FloatText::new().format(1e-5), "1e-05");
/// assert_eq!(inia_core::detail::FloatText::new().format(f64::NAN), "NaN");
/// ```
pub struct FloatText {
    digits: zmij::Buffer,
    /// The text of a float whose exponent notation differs from that of `digits`.
    rewritten: String,
}

impl FloatText {
    /// Creates an empty buffer.
    #[must_use]
    pub fn new() -> Self {
        FloatText {
            digits: zmij::Buffer::new(),
            rewritten: String::new(),
        }
    }

    /// Returns the text of a float; `NaN`, `Infinity` or `-Infinity` if it is not finite.
    #[inline]
    pub fn format(&mut self, value: f64) -> &str {
        // In this range neither notation has an exponent.
        if (1e-4..1e15).contains(&value.abs()) || value == 0.0 {
            return self.digits.format_finite(value);
        }
        self.format_with_exponent(value)
    }

    #[cold]
    fn format_with_exponent(&mut self, value: f64) -> &str {
        if !value.is_finite() {
            return non_finite(value).unwrap_or_default();
        }
        let text = self.digits.format_finite(value);
        let out = &mut self.rewritten;
        if let Some((digits, exponent)) = text.split_once('e') {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ("e-", exponent),
                None => ("e+", exponent.trim_start_matches('+')),
            };
            out.push_str(digits);
            out.push_str(sign);
            if exponent.len() < 2 {
                out.push('0');
            }
            out.push_str(exponent);
            return out;
        }
        let (sign, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => ("-", unsigned),
            None => ("", text),
        };
        if let Some(digits) = unsigned.strip_prefix("0.0000")
            && let Some((first, rest)) = digits.split_at_checked(1)
        {
            out.push_str(sign);
            out.push_str(first);
            if !rest.is_empty() {
                out.push('.');
                out.push_str(rest);
            }
            out.push_str("e-05");
            return out;
        }
        text
    }
}

impl Default for FloatText {
    fn default() -> Self {
        FloatText::new()
    }
}

impl fmt::Debug for FloatText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FloatText")
    }
}

/// Returns the name of a float that is NaN or infinite.
pub(crate) fn non_finite(value: f64) -> Option<&'static str> {
    if value.is_finite() {
        None
    } else if value.is_nan() {
        Some("NaN")
    } else if value > 0.0 {
        Some("Infinity")
    } else {
        Some("-Infinity")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_floats_as_python_does() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.5, "1.5"),
            (100.0, "100.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-0.000_012_5, "-1.25e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(FloatText::new().format(value), expected);
        }
    }
}
