//! The tokens that a pagination is stopped and resumed with, as botocore writes them.
//!
//! ```text
//! base64( {"Marker": "m1", "boto_truncate_amount": 2} )                     2 items of the page after m1 were seen already
//! base64( {"Key": {"Id": "/w=="}, "boto_encoded_keys": [["Key", "Id"]]} )   the value at that place is bytes
//! m1___2                                                                    the form before that, still read
//! ```
//!
//! # Source
//! botocore `paginate.py:TokenEncoder`, `TokenDecoder`.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use inia_core::{Blob, List, Map, Str, Value, push_ascii_json};

/// The entry of a token that tells how many items of its page were seen.
const SEEN: &str = "boto_truncate_amount";

/// The entry of a token that tells where bytes stand in it.
const BYTES: &str = "boto_encoded_keys";

/// What goes between the parts of a token of the old form.
const OLD_SEPARATOR: &str = "___";

/// Where a pagination starts or stopped.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// The value of each token parameter; null for none.
    pub(super) tokens: Map,
    /// How many items of the page that the tokens lead to were seen already; `None` at the start of a page.
    pub(super) seen: Option<usize>,
}

impl Place {
    /// The place as an opaque text.
    pub(super) fn encode(&self) -> String {
        let mut paths = List::new();
        let mut token = Map::with_capacity(self.tokens.len() + 2);
        for (name, value) in &self.tokens {
            let value = without_bytes(value, &mut vec![Value::from(name)], &mut paths);
            token.push(name.clone(), value);
        }
        if let Some(seen) = self.seen {
            token.insert(SEEN, seen);
        }
        if !paths.is_empty() {
            token.insert(BYTES, paths);
        }
        let mut json = String::new();
        write_json(&Value::Map(token), &mut json);
        BASE64.encode(json)
    }

    /// The place that a text stands for: our own or botocore's, of the new form or the old; any other text is the service's own
    /// token. `names` are the token parameters.
    ///
    /// # Errors
    /// What is wrong with it.
    ///
    /// # Source
    /// botocore `paginate.py:PageIterator._parse_starting_token`. DIFFERENCE: a service's own token that happens to be a JSON object in
    /// base64 is taken for what it is; botocore would send its entries as parameters.
    pub(super) fn decode(text: &str, names: &[Str]) -> Result<Place, String> {
        match decoded(text, names) {
            Some(place) => Ok(place),
            None => old_form(text, names),
        }
    }
}

/// A token of the new form, if the text is one.
fn decoded(text: &str, names: &[Str]) -> Option<Place> {
    let json = BASE64.decode(text.trim()).ok()?;
    let mut token: Value = serde_json::from_slice(&json).ok()?;
    if let Some(paths) = token.as_map_mut()?.remove(BYTES) {
        for path in paths.items() {
            let place = at(&mut token, path)?;
            *place = Value::Blob(Blob::from(BASE64.decode(place.as_str()?).ok()?));
        }
    }
    let token = token.as_map_mut()?;
    let seen = match token.remove(SEEN) {
        None => None,
        Some(seen) => Some(usize::try_from(seen.as_i64()?).ok()?),
    };
    if token.is_empty() || token.keys().any(|name| !names.contains(name)) {
        return None;
    }
    let tokens = names
        .iter()
        .map(|name| (name.clone(), token.remove(name).unwrap_or_default()))
        .collect();
    Some(Place { tokens, seen })
}

/// The part of a token that a path of names and positions leads to.
fn at<'t>(token: &'t mut Value, path: &Value) -> Option<&'t mut Value> {
    let mut place = token;
    for step in path.items() {
        place = match (place, step) {
            (Value::Map(map), Value::String(name)) => map.get_mut(name)?,
            (Value::List(list), Value::Int(position)) => {
                list.get_mut(usize::try_from(*position).ok()?)?
            }
            _ => return None,
        };
    }
    Some(place)
}

/// A token of the old form: a part for each parameter, and one for how many items were seen.
fn old_form(text: &str, names: &[Str]) -> Result<Place, String> {
    let mut parts: Vec<&str> = text.split(OLD_SEPARATOR).collect();
    let mut seen = None;
    if parts.len() == names.len() + 1 {
        match parts.last().and_then(|last| last.parse().ok()) {
            Some(number) => {
                seen = Some(number);
                parts.pop();
            }
            // The service's own token has three underscores in it.
            None => parts = vec![text],
        }
    }
    if parts.len() > names.len() {
        return Err(format!(
            "{text:?} is no starting token: it has {} parts for {} parameters",
            parts.len(),
            names.len()
        ));
    }
    let mut parts = parts.into_iter();
    let tokens = names.iter().map(|name| {
        let part = parts.next().filter(|part| *part != "None");
        (name.clone(), Value::from(part))
    });
    Ok(Place {
        tokens: tokens.collect(),
        seen,
    })
}

/// A value with base64 text in the place of bytes; the paths to those are added to `found`.
fn without_bytes(value: &Value, path: &mut Vec<Value>, found: &mut List) -> Value {
    match value {
        Value::Blob(bytes) => {
            found.push(Value::from(path.clone()));
            Value::from(bytes.to_base64())
        }
        Value::List(list) => {
            let mut copy = List::with_capacity(list.len());
            for (position, value) in list.iter().enumerate() {
                path.push(Value::from(position));
                copy.push(without_bytes(value, path, found));
                path.pop();
            }
            Value::List(copy)
        }
        Value::Map(map) => {
            let mut copy = Map::with_capacity(map.len());
            for (name, value) in map {
                path.push(Value::from(name));
                copy.push(name.clone(), without_bytes(value, path, found));
                path.pop();
            }
            Value::Map(copy)
        }
        other => other.clone(),
    }
}

/// JSON with the spaces and escapes that Python's `json.dumps` writes, so that a token is botocore's to the letter.
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

    fn place(tokens: Value, seen: impl Into<Option<usize>>) -> Place {
        Place {
            tokens: tokens.as_map().unwrap().clone(),
            seen: seen.into(),
        }
    }

    fn names(names: &[&str]) -> Vec<Str> {
        names.iter().map(|name| Str::from(*name)).collect()
    }

    #[test]
    fn tokens_are_botocores_to_the_letter() {
        // Each text was made by botocore's TokenEncoder from the same values.
        for (tokens, seen, text) in [
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
            let place = place(tokens, seen);
            assert_eq!(place.encode(), text);
            let names: Vec<Str> = place.tokens.keys().cloned().collect();
            assert_eq!(Place::decode(text, &names), Ok(place));
        }
    }

    #[test]
    fn the_old_form_is_read() {
        let one = names(&["Marker"]);
        let two = names(&["A", "B"]);
        for (text, names, expected) in [
            ("m1___0", &one, place(json!({"Marker": "m1"}), 0)),
            ("m1___3", &one, place(json!({"Marker": "m1"}), 3)),
            ("m1", &one, place(json!({"Marker": "m1"}), None)),
            ("None___2", &one, place(json!({"Marker": null}), 2)),
            ("m1___x", &one, place(json!({"Marker": "m1___x"}), None)),
            ("m0___m1___1", &two, place(json!({"A": "m0", "B": "m1"}), 1)),
            ("m0", &two, place(json!({"A": "m0", "B": null}), None)),
        ] {
            assert_eq!(Place::decode(text, names), Ok(expected), "{text}");
        }
        for text in ["does___not___work", "m1___m4___0"] {
            let error = Place::decode(text, &one).unwrap_err();
            assert!(error.contains("3 parts for 1 parameters"), "{error}");
        }
    }

    #[test]
    fn what_is_no_token_of_ours_is_the_services_own() {
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
            let expected = place(json!({"NextToken": text.as_str()}), None);
            assert_eq!(Place::decode(&text, &names), Ok(expected), "{json}");
        }
    }
}
