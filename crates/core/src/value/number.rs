//! [`Number`]: exact decimal numbers.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::wrapper::{NUMBER, WrapperNames, content};
use super::{Map, Value};
use crate::{Error, ErrorKind, Result, Str};

/// An exact decimal number of up to 38 significant digits, which is what a DynamoDB number holds.
///
/// As a [`Value`] it is an integer, or a float if the float's shortest decimal text is this number. Any other number, which a float would
/// round, is a map with the entry `$number` and the digits as text.
///
/// | number | value |
/// |---|---|
/// | `12` | [`Value::Int`] |
/// | `12345678901234567890` | [`Value::BigInt`] |
/// | `1.5` | [`Value::Float`] |
/// | `3.14159265358979323846` | `{"$number": "3.14159265358979323846"}` |
///
/// ```
/// use inia_core::{Number, Value, json};
///
/// let price: Number = "0.10".parse()?;
/// assert_eq!(price, "0.1".parse()?);
/// assert_eq!(Value::from(price), 0.1);
/// let pi: Number = "3.14159265358979323846".parse()?;
/// assert_eq!(Value::from(pi.clone()), json!({"$number": "3.14159265358979323846"}));
/// assert_eq!(Number::from_value(&Value::from(pi.clone())), Some(pi));
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Source
/// boto3 `dynamodb/types.py:DYNAMODB_CONTEXT`.
#[derive(Clone)]
pub struct Number(Str);

/// Maximum number of significant digits.
const MAX_DIGITS: usize = 38;

/// Maximum exponent of the first digit.
const MAX_EXPONENT: i32 = 126;

/// Minimum exponent of the last digit.
const MIN_EXPONENT: i32 = -165;

/// Number of significant digits that every float preserves.
const FLOAT_DIGITS: usize = 15;

/// Number of digits that every 64-bit integer has room for.
const INT_DIGITS: usize = 18;

impl Number {
    /// Returns the number as decimal text: in scientific notation with `E` if it has zeros that are not significant, or more than six
    /// zeros after the point.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text.
    #[must_use]
    pub fn into_text(self) -> Str {
        self.0
    }

    /// Returns the nearest float.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// Returns the number as a 64-bit integer; `None` if it is not integral or beyond 64 bits.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        let decimal = Decimal::parse(&self.0)?.normalized();
        let zeros = usize::try_from(decimal.exponent).ok()?;
        let text = format!(
            "{}{}{}",
            decimal.sign(),
            decimal.digits,
            "0".repeat(zeros.min(MAX_DIGITS))
        );
        text.parse().ok()
    }

    /// Returns the number of a value: an integer, a finite float, or a map with the entry `$number`. `None` for any other value, and
    /// for a number with too many digits or out of range.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Number> {
        match value {
            Value::Int(value) => Some(Number::from(*value)),
            Value::Float(value) => Number::try_from(*value).ok(),
            Value::BigInt(digits) => digits.parse().ok(),
            Value::Map(map) => number_text(map)?.parse().ok(),
            _ => None,
        }
    }

    /// Returns the value of a number's text. A text that is not a number is kept in an entry `$number`.
    #[doc(hidden)]
    #[must_use]
    pub fn text_to_value(text: &Str) -> Value {
        let unsigned = text.strip_prefix('-').unwrap_or(text).as_bytes();
        if !unsigned.is_empty() && unsigned.iter().all(u8::is_ascii_digit) {
            if unsigned.len() <= INT_DIGITS {
                let digits = unsigned.iter();
                let value = digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
                let is_negative = unsigned.len() != text.len();
                return Value::Int(if is_negative { -value } else { value });
            }
            if let Ok(value) = text.parse() {
                return Value::Int(value);
            }
            let digits = text.trim_start_matches(['-', '0']);
            let sign = if text.starts_with('-') { "-" } else { "" };
            return Value::BigInt(format!("{sign}{digits}").into());
        }
        if is_short_fraction(unsigned)
            && let Ok(float) = text.parse()
        {
            return Value::Float(float);
        }
        match Decimal::parse(text).and_then(|decimal| decimal.into_float(text)) {
            Some(float) => Value::Float(float),
            None => wrapped(text.clone()),
        }
    }
}

/// Returns true for digits with a point, of which a float preserves all: the fast path of most numbers that are not integers.
fn is_short_fraction(unsigned: &[u8]) -> bool {
    let digits = unsigned.iter().filter(|byte| byte.is_ascii_digit()).count();
    let points = unsigned.iter().filter(|byte| **byte == b'.').count();
    (1..=FLOAT_DIGITS).contains(&digits) && points == 1 && digits + points == unsigned.len()
}

fn wrapped(text: Str) -> Value {
    Value::Map(Map::of_member(
        WrapperNames::get().number,
        Value::String(text),
    ))
}

/// Returns the text of a number in its map form.
pub(super) fn number_text(map: &Map) -> Option<&Str> {
    match content(map, NUMBER)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// A parsed decimal number: its digits times ten to the power of its exponent.
#[derive(Debug)]
struct Decimal {
    is_negative: bool,
    /// Digits without leading zeros; `0` for zero.
    digits: String,
    exponent: i32,
}

impl Decimal {
    /// Parses digits with an optional sign, point and exponent.
    fn parse(text: &str) -> Option<Self> {
        let (is_negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            // Saturates: an exponent of more digits is far out of range.
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let fraction_digits = i32::try_from(fraction.len()).ok()?;
        let significant = digits.trim_start_matches('0');
        Some(Decimal {
            is_negative,
            digits: if significant.is_empty() {
                "0".to_owned()
            } else {
                significant.to_owned()
            },
            exponent: exponent.saturating_sub(fraction_digits),
        })
    }

    fn sign(&self) -> &'static str {
        if self.is_negative { "-" } else { "" }
    }

    fn is_zero(&self) -> bool {
        self.digits == "0"
    }

    /// Returns the exponent of the first digit.
    fn first_exponent(&self) -> i32 {
        let digits = i32::try_from(self.digits.len()).unwrap_or(i32::MAX);
        self.exponent.saturating_add(digits - 1)
    }

    /// Returns the number without trailing zeros. Zero has no sign.
    fn normalized(mut self) -> Self {
        if self.is_zero() {
            self.exponent = 0;
            self.is_negative = false;
            return self;
        }
        let significant = self.digits.trim_end_matches('0').len();
        let zeros = i32::try_from(self.digits.len() - significant).unwrap_or(i32::MAX);
        self.digits.truncate(significant);
        self.exponent = self.exponent.saturating_add(zeros);
        self
    }

    /// Returns the float whose shortest decimal text is this number.
    fn into_float(self, text: &str) -> Option<f64> {
        let float: f64 = text.parse().ok()?;
        let in_range = (-300..=300).contains(&self.first_exponent());
        if self.digits.len() <= FLOAT_DIGITS && in_range {
            return Some(float);
        }
        let shortest = Decimal::parse(&format!("{float:e}"))?.normalized();
        let exact = self.normalized();
        let is_equal = (exact.is_negative, exact.exponent, &exact.digits)
            == (shortest.is_negative, shortest.exponent, &shortest.digits);
        is_equal.then_some(float)
    }

    /// Checks the limits of DynamoDB.
    fn check(&self) -> Result<(), &'static str> {
        if self.digits.len() > MAX_DIGITS {
            return Err("has more than 38 significant digits");
        }
        if self.first_exponent() > MAX_EXPONENT || self.exponent < MIN_EXPONENT {
            return Err("is out of range");
        }
        Ok(())
    }

    /// Returns the text in Python's notation.
    ///
    /// # Source
    /// Python `decimal.Decimal.__str__`: the scientific string of the General Decimal Arithmetic specification.
    fn text(&self) -> String {
        let Decimal {
            digits, exponent, ..
        } = self;
        let sign = self.sign();
        let first = self.first_exponent();
        if *exponent <= 0 && first >= -6 {
            let fraction = exponent.unsigned_abs() as usize;
            let Some(whole) = digits.len().checked_sub(fraction).filter(|len| *len > 0) else {
                return format!("{sign}0.{digits:0>fraction$}");
            };
            let (whole, fraction) = digits.split_at(whole);
            let point = if fraction.is_empty() { "" } else { "." };
            return format!("{sign}{whole}{point}{fraction}");
        }
        let (head, tail) = digits.split_at(1);
        let point = if tail.is_empty() { "" } else { "." };
        format!("{sign}{head}{point}{tail}E{first:+}")
    }
}

/// Parses an exponent. One of more than six digits saturates.
fn parse_exponent(text: &str) -> Option<i32> {
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let exponent = match digits.len() {
        0 => 0,
        1..=6 => digits.parse().ok()?,
        _ => 1_000_000,
    };
    Some(if is_negative { -exponent } else { exponent })
}

/// Parses digits with an optional sign, decimal point and exponent.
impl FromStr for Number {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        /// Maximum length of a number in a message.
        const MAX_SHOWN: usize = 60;
        let decimal = Decimal::parse(text).ok_or("is not a decimal number");
        let decimal = decimal.and_then(|decimal| decimal.check().map(|()| decimal));
        match decimal {
            Ok(decimal) => Ok(Number(decimal.text().into())),
            Err(problem) => {
                let shown: String = text.chars().take(MAX_SHOWN).collect();
                let dots = if shown.len() < text.len() { "..." } else { "" };
                Err(Error::new(
                    ErrorKind::Validation,
                    format!("{shown}{dots} {problem}"),
                ))
            }
        }
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(value: $integer) -> Self {
                Number(value.to_string().into())
            }
        }
    )*};
}

from_integers!(i8, i16, i32, i64, u8, u16, u32, u64, usize, isize);

/// Converts a float into the number of its shortest decimal text.
impl TryFrom<f64> for Number {
    type Error = Error;

    fn try_from(value: f64) -> Result<Self> {
        if !value.is_finite() {
            return Err(Error::new(
                ErrorKind::Validation,
                "NaN and the infinities are not numbers",
            ));
        }
        let mut buffer = crate::float::FloatText::new();
        buffer.format(value).parse()
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        Number::text_to_value(&number.0)
    }
}

impl From<&Number> for Value {
    fn from(number: &Number) -> Value {
        Number::text_to_value(&number.0)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Compares the numbers: `1.0` equals `1`.
impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        if self.0 == other.0 {
            return true;
        }
        let parts = |number: &Number| {
            let decimal = Decimal::parse(&number.0)?.normalized();
            Some((decimal.is_negative, decimal.digits, decimal.exponent))
        };
        parts(self) == parts(other)
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if let Some(decimal) = Decimal::parse(&self.0).map(Decimal::normalized) {
            decimal.is_negative.hash(state);
            decimal.digits.hash(state);
            decimal.exponent.hash(state);
        }
    }
}

/// Serializes like its [`Value`].
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        Value::from(self).serialize(serializer)
    }
}

/// Deserializes an integer, a float, or a map with the entry `$number`.
impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Number::from_value(&value).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "expected a number of up to 38 digits, got {}",
                value.type_name()
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{from_value, json, to_value};

    #[test]
    fn numbers_have_the_text_that_boto3_sends() {
        for (text, expected) in [
            ("0", "0"),
            ("-0", "-0"),
            ("+7", "7"),
            ("007", "7"),
            ("1.50", "1.50"),
            (".5", "0.5"),
            ("5.", "5"),
            ("0.00", "0.00"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1E-7"),
            ("0.00000012", "1.2E-7"),
            ("1e5", "1E+5"),
            ("12e5", "1.2E+6"),
            ("1E-130", "1E-130"),
            ("-12.34e-2", "-0.1234"),
            (
                "12345678901234567890123456789012345678",
                "12345678901234567890123456789012345678",
            ),
            ("1e126", "1E+126"),
        ] {
            let number: Number = text.parse().unwrap();
            assert_eq!(number.as_str(), expected, "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "e5",
            "1e",
            "1e+",
            "abc",
            "NaN",
            "Infinity",
            "1_000",
            " 1",
            "0x1",
            "1.2.3",
            "123456789012345678901234567890123456789",
            "1e127",
            "1e-166",
            "1e99999999999",
            "1٣",
        ] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
        assert!(Number::try_from(f64::NAN).is_err());
        assert!(Number::try_from(1e300).is_err());
        assert_eq!(Number::try_from(1e20).unwrap().as_str(), "1E+20");
        assert_eq!(Number::try_from(0.1).unwrap().as_str(), "0.1");
    }

    #[test]
    fn numbers_are_plain_values_if_nothing_is_lost() {
        for (text, value) in [
            ("12", json!(12)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("9223372036854775807", json!(i64::MAX)),
            ("9223372036854775808", json!(9_223_372_036_854_775_808_u64)),
            ("0.1", json!(0.1)),
            ("-123456789.012345", json!(-123_456_789.012_345)),
            ("0.000001", json!(0.000_001)),
            ("-2.50", json!(-2.5)),
            ("1E+2", json!(100.0)),
            ("0.30000000000000004", json!(0.30000000000000004)),
            (
                "0.12345678901234567890",
                json!({"$number": "0.12345678901234567890"}),
            ),
            (
                "1.0000000000000000001",
                json!({"$number": "1.0000000000000000001"}),
            ),
        ] {
            let number: Number = text.parse().unwrap();
            assert_eq!(Value::from(&number), value, "{text}");
            assert_eq!(Number::from_value(&value), Some(number.clone()), "{text}");
            assert_eq!(to_value(&number).unwrap(), value);
            assert_eq!(from_value::<Number>(value).unwrap(), number);
        }
        assert_eq!(
            Number::text_to_value(&"1e400".into()),
            json!({"$number": "1e400"})
        );
        assert_eq!(
            Number::text_to_value(&"odd".into()),
            json!({"$number": "odd"})
        );
        assert_eq!("1E+3".parse::<Number>().unwrap().to_i64(), Some(1000));
        assert_eq!("1.5".parse::<Number>().unwrap().to_i64(), None);
        assert_eq!("1E+100".parse::<Number>().unwrap().to_i64(), None);
    }

    #[test]
    fn a_number_becomes_a_float_field_but_no_integer_field() {
        let exact = json!({"$number": "0.12345678901234567890"});
        assert_eq!(
            from_value::<f64>(exact.clone()).unwrap(),
            0.123_456_789_012_345_68
        );
        assert!(from_value::<i64>(exact).is_err());
        let equal = ["1", "1.0", "10E-1"].map(|text| text.parse::<Number>().unwrap());
        let hashes: std::collections::HashSet<Number> = equal.into_iter().collect();
        assert_eq!(hashes.len(), 1);
    }
}
