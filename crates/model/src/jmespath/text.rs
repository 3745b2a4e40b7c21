//! The JSON text that `to_string()` gives.

use std::fmt::Write as _;

use inia_core::{Value, push_ascii_json};

use super::found::{Found, text_of};
use super::limits::{Failure, Limits};

/// A result as compact JSON, as the reference implementation prints it: in ASCII, floats with a fraction or an exponent.
///
/// # Source
/// jmespath.py `functions.py:_func_to_string`.
pub(super) fn json(found: &Found<'_>, limits: &mut Limits) -> Result<String, Failure> {
    let mut out = String::new();
    write(found, &mut out, limits)?;
    Ok(out)
}

fn write(found: &Found<'_>, out: &mut String, limits: &mut Limits) -> Result<(), Failure> {
    limits.spend(1)?;
    if let Some(elements) = found.elements() {
        out.push('[');
        for (position, element) in elements.enumerate() {
            if position > 0 {
                out.push(',');
            }
            write(&element, out, limits)?;
        }
        out.push(']');
        return Ok(());
    }
    if let Some(entries) = found.entries() {
        out.push('{');
        for (position, (key, value)) in entries.enumerate() {
            if position > 0 {
                out.push(',');
            }
            limits.spend_on_text(key.len())?;
            push_ascii_json(out, &key);
            out.push(':');
            write(&value, out, limits)?;
        }
        out.push('}');
        return Ok(());
    }
    match found.value().unwrap_or(&Value::Null) {
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(integer) => out.push_str(&integer.to_string()),
        Value::BigInt(digits) => out.push_str(digits),
        Value::Float(float) => write_float(*float, out),
        value => match text_of(value) {
            Some(text) => {
                limits.spend_on_text(text.len())?;
                push_ascii_json(out, &text);
            }
            None => out.push_str("null"),
        },
    }
    Ok(())
}

/// The shortest digits that read back as the same float; an exponent below 0.0001 and from 1e16 on.
fn write_float(float: f64, out: &mut String) {
    if float.is_nan() {
        out.push_str("NaN");
    } else if float.is_infinite() {
        out.push_str(if float > 0.0 { "Infinity" } else { "-Infinity" });
    } else if float == 0.0 || (1e-4..1e16).contains(&float.abs()) {
        let _ = write!(out, "{float:?}");
    } else {
        let digits = format!("{float:e}");
        let (mantissa, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
        let (sign, exponent) = exponent
            .strip_prefix('-')
            .map_or(('+', exponent), |rest| ('-', rest));
        let _ = write!(out, "{mantissa}e{sign}{exponent:0>2}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    fn text(value: &Value) -> String {
        json(&Found::Ref(value), &mut Limits::new()).unwrap()
    }

    #[test]
    fn json_is_compact_and_ascii() {
        let value = json!({"é": ["a\"\\\n\u{1}", "𝄞", true, null, 1, 2.0]});
        assert_eq!(
            text(&value),
            r#"{"\u00e9":["a\"\\\n\u0001","\ud834\udd1e",true,null,1,2.0]}"#
        );
    }

    #[test]
    fn floats_look_as_python_prints_them() {
        for (float, wanted) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (123_456_789.125, "123456789.125"),
        ] {
            assert_eq!(text(&Value::Float(float)), wanted);
        }
    }
}
