//! [`ResumeToken`]: the token that a pagination is resumed with, in botocore's format.
//!
//! ```text
//! base64( {"Marker": "m1", "boto_truncate_amount": 2} )                     skip 2 items of the page after m1
//! base64( {"Key": {"Id": "/w=="}, "boto_encoded_keys": [["Key", "Id"]]} )   the value at that path is bytes
//! m1___2                                                                    deprecated format, still accepted
//! ```
//!
//! # Source
//! botocore `paginate.py:TokenEncoder`, `TokenDecoder`.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use inia_core::{Blob, List, Map, Str, Value, push_ascii_json};

/// Key of the number of items to skip.
const SKIP_KEY: &str = "boto_truncate_amount";

/// Key of the paths to values that are bytes.
const BYTES_KEY: &str = "boto_encoded_keys";

/// Separator in the deprecated format.
const DEPRECATED_SEPARATOR: &str = "___";

/// The point at which a pagination is resumed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ResumeToken {
    /// Value of each token parameter; null for none.
    pub(super) tokens: Map,
    /// Number of items to skip on the first page; `None` at the start of a page.
    pub(super) skip: Option<usize>,
}

impl ResumeToken {
    /// Encodes the token as opaque text.
    pub(super) fn encode(&self) -> String {
        let mut paths = List::new();
        let mut token = Map::with_capacity(self.tokens.len() + 2);
        for (name, value) in &self.tokens {
            let value = encode_bytes(value, &mut vec![Value::from(name)], &mut paths);
            token.push(name.clone(), value);
        }
        if let Some(skip) = self.skip {
            token.insert(SKIP_KEY, skip);
        }
        if !paths.is_empty() {
            token.insert(BYTES_KEY, paths);
        }
        let mut json = String::new();
        write_json(&Value::Map(token), &mut json);
        BASE64.encode(json)
    }

    /// Decodes a token of either format, from this crate or botocore. Any other text is the service's own token. `names` are the
    /// token parameters.
    ///
    /// # Errors
    /// A message about an invalid token.
    ///
    /// # Source
    /// botocore `paginate.py:PageIterator._parse_starting_token`. DIFFERENCE: a service's own token that is a base64 JSON object is used
    /// unchanged; botocore sends its entries as parameters.
    pub(super) fn decode(text: &str, names: &[Str]) -> Result<ResumeToken, String> {
        match decode_json(text, names) {
            Some(token) => Ok(token),
            None => decode_deprecated(text, names),
        }
    }
}

/// Decodes a base64 JSON token; `None` if the text is not one.
fn decode_json(text: &str, names: &[Str]) -> Option<ResumeToken> {
    let json = BASE64.decode(text.trim()).ok()?;
    let mut token: Value = serde_json::from_slice(&json).ok()?;
    if let Some(paths) = token.as_map_mut()?.remove(BYTES_KEY) {
        for path in paths.items() {
            let value = value_at(&mut token, path)?;
            *value = Value::Blob(Blob::from(BASE64.decode(value.as_str()?).ok()?));
        }
    }
    let token = token.as_map_mut()?;
    let skip = match token.remove(SKIP_KEY) {
        None => None,
        Some(skip) => Some(usize::try_from(skip.as_i64()?).ok()?),
    };
    if token.is_empty() || token.keys().any(|name| !names.contains(name)) {
        return None;
    }
    let tokens = names
        .iter()
        .map(|name| (name.clone(), token.remove(name).unwrap_or_default()))
        .collect();
    Some(ResumeToken { tokens, skip })
}

/// Returns the value at a path of keys and indices.
fn value_at<'t>(token: &'t mut Value, path: &Value) -> Option<&'t mut Value> {
    let mut value = token;
    for segment in path.items() {
        value = match (value, segment) {
            (Value::Map(map), Value::String(name)) => map.get_mut(name)?,
            (Value::List(list), Value::Int(index)) => {
                list.get_mut(usize::try_from(*index).ok()?)?
            }
            _ => return None,
        };
    }
    Some(value)
}

/// Decodes a token of the deprecated format: the value of each parameter, then the number of items to skip.
fn decode_deprecated(text: &str, names: &[Str]) -> Result<ResumeToken, String> {
    let mut parts: Vec<&str> = text.split(DEPRECATED_SEPARATOR).collect();
    let mut skip = None;
    if parts.len() == names.len() + 1 {
        match parts.last().and_then(|last| last.parse().ok()) {
            Some(number) => {
                skip = Some(number);
                parts.pop();
            }
            // The separator is part of the service's own token.
            None => parts = vec![text],
        }
    }
    if parts.len() > names.len() {
        return Err(format!(
            "invalid starting token {text:?}: it has {} parts for {} parameters",
            parts.len(),
            names.len()
        ));
    }
    let mut parts = parts.into_iter();
    let tokens = names.iter().map(|name| {
        let part = parts.next().filter(|part| *part != "None");
        (name.clone(), Value::from(part))
    });
    Ok(ResumeToken {
        tokens: tokens.collect(),
        skip,
    })
}

/// Copies a value with bytes replaced by base64 text. The paths of the bytes are added to `byte_paths`.
fn encode_bytes(value: &Value, path: &mut Vec<Value>, byte_paths: &mut List) -> Value {
    match value {
        Value::Blob(bytes) => {
            byte_paths.push(Value::from(path.clone()));
            Value::from(bytes.to_base64())
        }
        Value::List(list) => {
            let mut copy = List::with_capacity(list.len());
            for (index, value) in list.iter().enumerate() {
                path.push(Value::from(index));
                copy.push(encode_bytes(value, path, byte_paths));
                path.pop();
            }
            Value::List(copy)
        }
        Value::Map(map) => {
            let mut copy = Map::with_capacity(map.len());
            for (name, value) in map {
                path.push(Value::from(name));
                copy.push(name.clone(), encode_bytes(value, path, byte_paths));
                path.pop();
            }
            Value::Map(copy)
        }
        other => other.clone(),
    }
}

/// Writes JSON with the spaces and escapes of Python's `json.dumps`, so that tokens equal botocore's byte for byte.
fn write_json(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Value::BigInt(digits) => out.push_str(digits),
        Value::Float(value) => {
            let _ = write!(out, "{value:?}");
        }
        Value::String(text) => push_ascii_json(out, text),
        Value::Timestamp(moment) => push_ascii_json(out, &moment.to_string()),
        Value::Blob(bytes) => push_ascii_json(out, &bytes.to_base64()),
        Value::List(list) => {
            out.push('[');
            for (position, value) in list.iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                write_json(value, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (position, (name, value)) in map.iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                push_ascii_json(out, name);
                out.push_str(": ");
                write_json(value, out);
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    fn token(tokens: Value, skip: impl Into<Option<usize>>) -> ResumeToken {
        ResumeToken {
            tokens: tokens.as_map().unwrap().clone(),
            skip: skip.into(),
        }
    }

    fn names(names: &[&str]) -> Vec<Str> {
        names.iter().map(|name| Str::from(*name)).collect()
    }

    #[test]
    fn tokens_equal_botocores() {
        // Each text is the output of botocore's TokenEncoder for the same values.
        for (tokens, skip, text) in [
            (json!({"Marker": "m1"}), None, "eyJNYXJrZXIiOiAibTEifQ=="),
            (
                json!({"Marker": null}),
                Some(1),
                "eyJNYXJrZXIiOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAxfQ==",
            ),
            (
                json!({"K": {"Id": {"S": "é\"𝄞"}, "N": [1, true, 2.5]}}),
                Some(12),
                "eyJLIjogeyJJZCI6IHsiUyI6ICJcdTAwZTlcIlx1ZDgzNFx1ZGQxZSJ9LCAiTiI6IFsxLCB0cnVlLCAyLjVdfSwgImJvdG9fdHJ1bmNhdGVfYW1vdW50IjogMTJ9",
            ),
            (
                json!({"K": {"a": Blob::from(vec![0xff]), "b": ["x", Blob::from(vec![0xfe])]}}),
                Some(1),
                "eyJLIjogeyJhIjogIi93PT0iLCAiYiI6IFsieCIsICIvZz09Il19LCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAxLCAiYm90b19lbmNvZGVkX2tleXMiOiBbWyJLIiwgImEiXSwgWyJLIiwgImIiLCAxXV19",
            ),
        ] {
            let token = token(tokens, skip);
            assert_eq!(token.encode(), text);
            let names: Vec<Str> = token.tokens.keys().cloned().collect();
            assert_eq!(ResumeToken::decode(text, &names), Ok(token));
        }
    }

    #[test]
    fn decodes_the_deprecated_format() {
        let one = names(&["Marker"]);
        let two = names(&["A", "B"]);
        for (text, names, expected) in [
            ("m1___0", &one, token(json!({"Marker": "m1"}), 0)),
            ("m1___3", &one, token(json!({"Marker": "m1"}), 3)),
            ("m1", &one, token(json!({"Marker": "m1"}), None)),
            ("None___2", &one, token(json!({"Marker": null}), 2)),
            ("m1___x", &one, token(json!({"Marker": "m1___x"}), None)),
            ("m0___m1___1", &two, token(json!({"A": "m0", "B": "m1"}), 1)),
            ("m0", &two, token(json!({"A": "m0", "B": null}), None)),
        ] {
            assert_eq!(ResumeToken::decode(text, names), Ok(expected), "{text}");
        }
        for text in ["does___not___work", "m1___m4___0"] {
            let error = ResumeToken::decode(text, &one).unwrap_err();
            assert!(error.contains("3 parts for 1 parameters"), "{error}");
        }
    }

    #[test]
    fn other_texts_are_tokens_of_the_service() {
        let names = names(&["NextToken"]);
        for json in [
            r#"{"v": 2, "key": "x"}"#,
            r#"{"NextToken": "x", "other": 1}"#,
            r#"{"NextToken": "x", "boto_truncate_amount": -1}"#,
            r#"{"NextToken": "x", "boto_encoded_keys": [["NextToken", 0]]}"#,
            r#"{"NextToken": "x", "boto_encoded_keys": [["Nope"]]}"#,
            "{}",
            "[1]",
            "5",
        ] {
            let text = BASE64.encode(json);
            let expected = token(json!({"NextToken": text.as_str()}), None);
            assert_eq!(ResumeToken::decode(&text, &names), Ok(expected), "{json}");
        }
    }
}
