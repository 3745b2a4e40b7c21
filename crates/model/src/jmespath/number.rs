//! Numbers of every kind: how they compare, and what functions make of them.

use std::cmp::Ordering;

use inia_core::Value;

/// How two numbers compare, exactly; `None` where one is NaN or no number.
pub(super) fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Int(one), Value::Int(other)) => Some(one.cmp(other)),
        (Value::Float(one), Value::Float(other)) => one.partial_cmp(other),
        (Value::Int(one), Value::Float(other)) => compare_mixed(*one, *other),
        (Value::Float(one), Value::Int(other)) => {
            compare_mixed(*other, *one).map(Ordering::reverse)
        }
        (Value::BigInt(one), Value::BigInt(other)) => Some(compare_digits(one, other)),
        (Value::BigInt(one), Value::Int(other)) => Some(compare_digits(one, &other.to_string())),
        (Value::Int(one), Value::BigInt(other)) => Some(compare_digits(&one.to_string(), other)),
        (Value::BigInt(_), Value::Float(other)) => one.as_f64()?.partial_cmp(other),
        (Value::Float(one), Value::BigInt(_)) => one.partial_cmp(&other.as_f64()?),
        _ => None,
    }
}

/// The bound above which a float is beyond every `i64`: two to the 63rd.
const BEYOND_I64: f64 = 9_223_372_036_854_775_808.0;

#[expect(
    clippy::cast_possible_truncation,
    reason = "the float is within the range, and its fraction is looked at afterwards"
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

fn compare_digits(one: &str, other: &str) -> Ordering {
    let (one_negative, one) = split_sign(one);
    let (other_negative, other) = split_sign(other);
    let magnitude = one.len().cmp(&other.len()).then_with(|| one.cmp(other));
    match (one_negative, other_negative) {
        (false, false) => magnitude,
        (true, true) => magnitude.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// The sign and the digits, without zeros in front; zero itself has no sign and no digits.
fn split_sign(text: &str) -> (bool, &str) {
    let digits = text.strip_prefix('-');
    let (negative, digits) = digits.map_or((false, text), |digits| (true, digits));
    let digits = digits.trim_start_matches('0');
    (negative && !digits.is_empty(), digits)
}

/// The number without its sign.
pub(super) fn abs(number: &Value) -> Value {
    match number {
        Value::Int(integer) => Value::from(i128::from(*integer).abs()),
        Value::BigInt(digits) => Value::BigInt(digits.strip_prefix('-').unwrap_or(digits).into()),
        Value::Float(float) => Value::Float(float.abs()),
        _ => Value::Null,
    }
}

/// The smallest integer that is not less.
pub(super) fn ceil(number: &Value) -> Value {
    match number {
        Value::Float(float) => integer(float.ceil()),
        other => other.clone(),
    }
}

/// The largest integer that is not greater.
pub(super) fn floor(number: &Value) -> Value {
    match number {
        Value::Float(float) => integer(float.floor()),
        other => other.clone(),
    }
}

/// A float without a fraction as an integer. NaN and the infinities stay what they are.
fn integer(float: f64) -> Value {
    if !float.is_finite() {
        return Value::Float(float);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the float has no fraction and is within the range"
    )]
    if (-BEYOND_I64..BEYOND_I64).contains(&float) {
        Value::Int(float as i64)
    } else {
        Value::BigInt(format!("{float:.0}").into())
    }
}

/// The sum: an integer while all numbers are, and the sum fits 128 bits.
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

/// The number a text stands for; null where it stands for none.
///
/// DIFFERENCE: `nan`, `inf` and digits apart by `_`, which Python reads as numbers, are none.
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
    fn numbers_of_all_kinds_compare_exactly() {
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
        for (i, one) in ordered.iter().enumerate() {
            for (j, other) in ordered.iter().enumerate() {
                assert_eq!(compare(one, other), Some(i.cmp(&j)), "{one:?} {other:?}");
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
    fn text_is_read_as_a_number() {
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
    fn arithmetic_leaves_64_bits_without_loss() {
        assert_eq!(abs(&Value::Int(i64::MIN)), big("9223372036854775808"));
        let two = [Value::Int(i64::MAX), Value::Int(1)];
        assert_eq!(sum(&two), big("9223372036854775808"));
        assert_eq!(ceil(&Value::Float(1e19)), big("10000000000000000000"));
        assert_eq!(floor(&Value::Float(-1.5)), Value::Int(-2));
    }
}
