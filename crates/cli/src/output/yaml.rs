//! `--output yaml`: block style.

use inia::Value;

use super::control::{is_control, push_escape};

/// Formats a value as a YAML document.
pub(super) fn render(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Map(map) if !map.is_empty() => write(value, 0, &mut text),
        Value::List(list) if !list.is_empty() => write(value, 0, &mut text),
        _ => {
            text.push_str(&scalar(value));
            text.push('\n');
        }
    }
    text
}

fn write(value: &Value, indent: usize, text: &mut String) {
    let margin = " ".repeat(indent);
    match value {
        Value::Map(map) => {
            for (name, value) in map {
                text.push_str(&margin);
                text.push_str(&string(name));
                text.push(':');
                // Lists are indented like their key, maps one level deeper.
                let deeper = if matches!(value, Value::List(_)) {
                    indent
                } else {
                    indent + 2
                };
                write_after(value, deeper, text);
            }
        }
        Value::List(list) => {
            for value in list {
                text.push_str(&margin);
                text.push('-');
                match value {
                    Value::Map(map) if !map.is_empty() => {
                        // The first entry is written on the line of the dash.
                        let mut block = String::new();
                        write(value, indent + 2, &mut block);
                        text.push(' ');
                        text.push_str(block.trim_start_matches(' '));
                    }
                    _ => write_after(value, indent + 2, text),
                }
            }
        }
        _ => {}
    }
}

fn write_after(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            text.push('\n');
            write(value, indent, text);
        }
        Value::List(list) if !list.is_empty() => {
            text.push('\n');
            write(value, indent, text);
        }
        _ => {
            text.push(' ');
            text.push_str(&scalar(value));
            text.push('\n');
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Map(_) => "{}".to_owned(),
        Value::List(_) => "[]".to_owned(),
        Value::String(text) => string(text),
        Value::Null => "null".to_owned(),
        Value::Float(number) if number.is_finite() => float(&value.to_json_string()),
        // Timestamps, blobs, NaN and the infinities are strings, as in JSON.
        other => match other
            .to_json_string()
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
        {
            Some(text) => string(text),
            None => other.to_json_string(),
        },
    }
}

/// Adds the fraction without which YAML 1.1 reads `1e+20` as a string.
fn float(json: &str) -> String {
    match json.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let fraction = if mantissa.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with(['+', '-']) {
                ""
            } else {
                "+"
            };
            format!("{mantissa}{fraction}e{sign}{exponent}")
        }
        None => json.to_owned(),
    }
}

/// Writes a string plain if YAML reads it back as the same string, else in double quotes.
fn string(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text.chars().all(|c| {
            c.is_alphanumeric()
                || matches!(
                    c,
                    '-' | '_' | '.' | '/' | '+' | '@' | '$' | ' ' | '(' | ')' | '='
                )
        })
        && text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '_' | '$'))
        && !text.ends_with(' ')
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            _ if is_escaped(character) => push_escape(&mut quoted, character),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Reports whether a character must be escaped: those that YAML does not allow in a document, line breaks of YAML 1.1, byte order
/// marks, and controls that a terminal would interpret.
///
/// # Source
/// YAML 1.2.2, 5.1 (`c-printable`); YAML 1.1, 5.4 (line breaks).
fn is_escaped(character: char) -> bool {
    is_control(character)
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

#[cfg(test)]
mod tests {
    use inia::json;

    use super::*;

    #[test]
    fn writes_blocks_and_quotes_ambiguous_strings() {
        let value =
            json!({"A": [{"B": "x", "C": ["1", 2]}, "no"], "D": {}, "E": {"F": null}, "G": "a: b"});
        assert_eq!(
            render(&value),
            "A:\n- B: x\n  C:\n  - \"1\"\n  - 2\n- \"no\"\nD: {}\nE:\n  F: null\nG: \"a: b\"\n"
        );
        assert_eq!(render(&json!("x")), "x\n");
    }
}
