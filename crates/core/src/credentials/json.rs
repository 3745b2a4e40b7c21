//! JSON that holds secrets: read so that no error repeats it, and written as Python does.

use serde_json::{Map, Value};

use crate::{Error, ErrorKind, Result, Secret, Str, push_ascii_json};

/// An object of a file, of a process or of a metadata service.
pub(crate) type Object = Map<String, Value>;

/// Reads an object. Errors say where it stops being one and repeat none of it.
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

/// The text under a name, where it is one and not empty.
pub(crate) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// The text under a name.
///
/// # Errors
/// `Parse` where it is missing or not a text.
pub(crate) fn required<'a>(object: &'a Object, name: &str) -> Result<&'a str> {
    text(object, name).ok_or_else(|| Error::new(ErrorKind::Parse, format!("`{name}` is missing")))
}

/// The secret under a name, taken out of the object.
pub(crate) fn take_secret(object: &mut Object, name: &str) -> Option<Secret> {
    match object.remove(name)? {
        Value::String(text) if !text.is_empty() => Some(Secret::from(text)),
        _ => None,
    }
}

/// Entries as `json.dumps(..., sort_keys=True)` writes them: the hash of this text names a cache file.
///
/// `compact` is for the calls that also give `separators=(',', ':')`.
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
    fn entries_are_written_as_python_writes_them() {
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
    fn errors_repeat_nothing() {
        for bytes in [&b"{\"a\": hidden}"[..], b"\"hidden\"", b"{\"a\": 1} hidden"] {
            let error = object(bytes).unwrap_err();
            assert!(!format!("{error:#} {error:?}").contains("hidden"));
        }
    }
}
