//! Comparison, arithmetic and parsing of numbers of all kinds.

use std::cmp::Ordering;

use inia_core::Value;

/// Compares two numbers exactly; `None` if one of them is NaN or not a number.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Int(left), Value::Float(right)) => compare_mixed(*left, *right),
        (Value::Float(left), Value::Int(right)) => {
            compare_mixed(*right, *left).map(Ordering::reverse)
        }
        (Value::BigInt(left), Value::BigInt(right)) => Some(compare_digits(left, right)),
        (Value::BigInt(left), Value::Int(right)) => Some(compare_digits(left, &right.to_string())),
        (Value::Int(left), Value::BigInt(right)) => Some(compare_digits(&left.to_string(), right)),
        (Value::BigInt(_), Value::Float(right)) => left.as_f64()?.partial_cmp(right),
        (Value::Float(left), Value::BigInt(_)) => left.partial_cmp(&right.as_f64()?),
        _ => None,
    }
}

/// 2^63, the smallest positive float that no `i64` can represent.
const BEYOND_I64: f64 = 9_223_372_036_854_775_808.0;

#[expect(
    clippy::cast_possible_truncation,
    reason = "the float is in range, and its fraction is compared separately"
)]
fn compare_mixed(integer: i64, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float >= BEYOND_I64 {
        return Some(Ordering::Less);
    }
    if float < -BEYOND_I64 {
        return Some(Ordering::Greater);
    }
    let whole = integer.cmp(&(float.trunc() as i64));
    Some(whole.then_with(|| {
        0.0_f64
            .partial_cmp(&float.fract())
            .unwrap_or(Ordering::Equal)
    }))
}

fn compare_digits(left: &str, right: &str) -> Ordering {
    let (left_negative, left) = split_sign(left);
    let (right_negative, right) = split_sign(right);
    let magnitude = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
    match (left_negative, right_negative) {
        (false, false) => magnitude,
        (true, true) => magnitude.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// Splits a number into its sign and its digits without leading zeros; zero has no sign and no digits.
fn split_sign(text: &str) -> (bool, &str) {
    let digits = text.strip_prefix('-');
    let (negative, digits) = digits.map_or((false, text), |digits| (true, digits));
    let digits = digits.trim_start_matches('0');
    (negative && !digits.is_empty(), digits)
}

/// Returns the absolute value.
pub(super) fn abs(number: &Value) -> Value {
    match number {
        Value::Int(integer) => Value::from(i128::from(*integer).abs()),
        Value::BigInt(digits) => Value::BigInt(digits.strip_prefix('-').unwrap_or(digits).into()),
        Value::Float(float) => Value::Float(float.abs()),
        _ => Value::Null,
    }
}

/// Rounds up to an integer.
pub(super) fn ceil(number: &Value) -> Value {
    match number {
        Value::Float(float) => integer(float.ceil()),
        other => other.clone(),
    }
}

/// Rounds down to an integer.
pub(super) fn floor(number: &Value) -> Value {
    match number {
        Value::Float(float) => integer(float.floor()),
        other => other.clone(),
    }
}

/// Converts a float without a fraction into an integer. NaN and the infinities stay floats.
fn integer(float: f64) -> Value {
    if !float.is_finite() {
        return Value::Float(float);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the float has no fraction and is in range"
    )]
    if (-BEYOND_I64..BEYOND_I64).contains(&float) {
        Value::Int(float as i64)
    } else {
        Value::BigInt(format!("{float:.0}").into())
    }
}

/// Returns the sum, which is an integer if all numbers are integers and the sum fits 128 bits.
pub(super) fn sum(numbers: &[Value]) -> Value {
    let exact = numbers.iter().try_fold(0_i128, |sum, number| match number {
        Value::Int(integer) => sum.checked_add(i128::from(*integer)),
        Value::BigInt(digits) => sum.checked_add(digits.parse().ok()?),
        _ => None,
    });
    match exact {
        Some(sum) => Value::from(sum),
        None => Value::Float(numbers.iter().filter_map(Value::as_f64).sum()),
    }
}

/// Parses a number; null if the text is not a number.
///
/// DIFFERENCE: `nan`, `inf` and digits separated by `_`, which Python accepts, are not numbers.
pub(super) fn parse(text: &str) -> Value {
    let text = text.trim();
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => ("-", text.get(1..).unwrap_or_default()),
        Some(b'+') => ("", text.get(1..).unwrap_or_default()),
        _ => ("", text),
    };
    if digits.is_empty()
        || !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
    {
        return Value::Null;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let significant = digits.trim_start_matches('0');
        let significant = if significant.is_empty() {
            "0"
        } else {
            significant
        };
        return match format!("{sign}{significant}") {
            digits if digits == "-0" => Value::Int(0),
            digits => digits
                .parse()
                .map_or_else(|_| Value::BigInt(digits.into()), Value::Int),
        };
    }
    format!("{sign}{digits}")
        .parse()
        .map_or(Value::Null, Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn big(digits: &str) -> Value {
        Value::BigInt(digits.into())
    }

    #[test]
    fn compares_numbers_of_all_kinds_exactly() {
        let ordered = [
            Value::Float(f64::NEG_INFINITY),
            big("-100000000000000000000"),
            Value::Int(i64::MIN),
            Value::Int(-1),
            Value::Float(-0.5),
            Value::Int(0),
            Value::Float(0.5),
            Value::Int(1),
            Value::Int((1 << 53) + 1),
            Value::Int(i64::MAX),
            Value::Float(BEYOND_I64),
            big("9300000000000000000"),
            big("100000000000000000000"),
            Value::Float(f64::INFINITY),
        ];
        for (i, left) in ordered.iter().enumerate() {
            for (j, right) in ordered.iter().enumerate() {
                assert_eq!(compare(left, right), Some(i.cmp(&j)), "{left:?} {right:?}");
            }
        }
        let float = Value::Float(9_007_199_254_740_992.0);
        assert_eq!(
            compare(&Value::Int((1 << 53) + 1), &float),
            Some(Ordering::Greater)
        );
        assert_eq!(compare(&Value::Float(f64::NAN), &Value::Int(1)), None);
    }

    #[test]
    fn parses_numbers() {
        for (text, number) in [
            ("12", Value::Int(12)),
            ("-007", Value::Int(-7)),
            ("-0", Value::Int(0)),
            (" +5 ", Value::Int(5)),
            ("1.5e3", Value::Float(1500.0)),
            (".5", Value::Float(0.5)),
            ("99999999999999999999", big("99999999999999999999")),
            ("", Value::Null),
            ("-", Value::Null),
            ("nan", Value::Null),
            ("-inf", Value::Null),
            ("1_000", Value::Null),
            ("+-5", Value::Null),
            ("12a", Value::Null),
        ] {
            assert_eq!(parse(text), number, "{text:?}");
        }
    }

    #[test]
    fn arithmetic_beyond_64_bits_is_exact() {
        assert_eq!(abs(&Value::Int(i64::MIN)), big("9223372036854775808"));
        let two = [Value::Int(i64::MAX), Value::Int(1)];
        assert_eq!(sum(&two), big("9223372036854775808"));
        assert_eq!(ceil(&Value::Float(1e19)), big("10000000000000000000"));
        assert_eq!(floor(&Value::Float(-1.5)), Value::Int(-2));
    }
}
