//! JSON with secrets: parsed without quoting the text in errors, and written as Python does.

use serde_json::{Map, Value};

use crate::config::setting::trimmed;
use crate::{Error, ErrorKind, Result, Secret, Str, push_ascii_json};

/// A JSON object of a file, a process or a metadata service.
pub(crate) type Object = Map<String, Value>;

/// Parses an object. Errors contain the position but none of the text.
pub(crate) fn object(bytes: &[u8]) -> Result<Object> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Error::new(ErrorKind::Parse, "the JSON is not an object")),
        Err(error) => Err(Error::new(
            ErrorKind::Parse,
            format!(
                "invalid JSON at line {}, column {}",
                error.line(),
                error.column()
            ),
        )),
    }
}

/// Returns the value of a non-empty string, without the white space around it.
pub(crate) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    let text = object.get(name)?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

/// Returns the value of a required string.
///
/// # Errors
/// `Parse` if it is missing, empty or not a string.
pub(crate) fn required<'a>(object: &'a Object, name: &str) -> Result<&'a str> {
    text(object, name).ok_or_else(|| Error::new(ErrorKind::Parse, format!("`{name}` is missing")))
}

/// Removes a secret from the object and returns it, without the white space around it.
pub(crate) fn take_secret(object: &mut Object, name: &str) -> Option<Secret> {
    match object.remove(name)? {
        Value::String(text) => Some(Secret::from(trimmed(text))).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// Writes entries as `json.dumps(..., sort_keys=True)` does. The hash of this text is the name of a cache file.
///
/// `compact` corresponds to `separators=(',', ':')`.
pub(crate) fn python_dumps(entries: &[(&str, PythonValue)], compact: bool) -> String {
    let (comma, colon) = if compact { (",", ":") } else { (", ", ": ") };
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by_key(|(name, _)| *name);
    let mut text = String::from("{");
    for (position, (name, value)) in entries.iter().enumerate() {
        if position > 0 {
            text.push_str(comma);
        }
        push_ascii_json(&mut text, name);
        text.push_str(colon);
        match value {
            PythonValue::Text(value) => push_ascii_json(&mut text, value),
            PythonValue::Integer(value) => text.push_str(&value.to_string()),
            PythonValue::List(values) => {
                text.push('[');
                for (position, value) in values.iter().enumerate() {
                    if position > 0 {
                        text.push_str(comma);
                    }
                    push_ascii_json(&mut text, value);
                }
                text.push(']');
            }
        }
    }
    text.push('}');
    text
}

/// A value that [`python_dumps`] writes.
pub(crate) enum PythonValue {
    Text(Str),
    Integer(i64),
    List(Vec<Str>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_entries_as_python() {
        let entries = [
            ("b", PythonValue::Text("é\"\u{1f600}\u{7f}\n".into())),
            ("a", PythonValue::Integer(900)),
        ];
        assert_eq!(
            python_dumps(&entries, false),
            r#"{"a": 900, "b": "\u00e9\"\ud83d\ude00\u007f\n"}"#
        );
        assert_eq!(python_dumps(&entries[1..], true), r#"{"a":900}"#);
    }

    #[test]
    fn errors_omit_the_text() {
        for bytes in [&b"{\"a\": hidden}"[..], b"\"hidden\"", b"{\"a\": 1} hidden"] {
            let error = object(bytes).unwrap_err();
            assert!(!format!("{error:#} {error:?}").contains("hidden"));
        }
    }
}
