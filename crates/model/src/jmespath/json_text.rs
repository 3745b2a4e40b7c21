//! JSON text for `to_string()`.

use inia_core::detail::FloatText;
use inia_core::{Value, push_ascii_json};

use super::budget::{EvalBudget, EvalError};
use super::eval_value::{EvalValue, text_of};

/// Returns a result as compact JSON in the format of the reference implementation: in ASCII, floats with a fraction or an exponent.
///
/// # Source
/// jmespath.py `functions.py:_func_to_string`.
pub(super) fn write_json(
    value: &EvalValue<'_>,
    budget: &mut EvalBudget,
) -> Result<String, EvalError> {
    let mut out = String::new();
    write(value, &mut out, budget)?;
    Ok(out)
}

fn write(
    value: &EvalValue<'_>,
    out: &mut String,
    budget: &mut EvalBudget,
) -> Result<(), EvalError> {
    budget.spend(1)?;
    if let Some(elements) = value.elements() {
        out.push('[');
        for (position, element) in elements.enumerate() {
            if position > 0 {
                out.push(',');
            }
            write(&element, out, budget)?;
        }
        out.push(']');
        return Ok(());
    }
    if let Some(entries) = value.entries() {
        out.push('{');
        for (position, (key, value)) in entries.enumerate() {
            if position > 0 {
                out.push(',');
            }
            budget.spend_on_text(key.len())?;
            push_ascii_json(out, &key);
            out.push(':');
            write(&value, out, budget)?;
        }
        out.push('}');
        return Ok(());
    }
    match value.value().unwrap_or(&Value::Null) {
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(integer) => out.push_str(&integer.to_string()),
        Value::BigInt(digits) => out.push_str(digits),
        Value::Float(float) => out.push_str(FloatText::new().format(*float)),
        value => match text_of(value) {
            Some(text) => {
                budget.spend_on_text(text.len())?;
                push_ascii_json(out, &text);
            }
            None => out.push_str("null"),
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    fn text(value: &Value) -> String {
        write_json(&EvalValue::Ref(value), &mut EvalBudget::new()).unwrap()
    }

    #[test]
    fn writes_compact_ascii_json() {
        let value = json!({"é": ["a\"\\\n\u{1}", "𝄞", true, null, 1, 2.0]});
        assert_eq!(
            text(&value),
            r#"{"\u00e9":["a\"\\\n\u0001","\ud834\udd1e",true,null,1,2.0]}"#
        );
    }

    #[test]
    fn writes_floats_as_python() {
        for (float, expected) in [
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
            assert_eq!(text(&Value::Float(float)), expected);
        }
    }
}
