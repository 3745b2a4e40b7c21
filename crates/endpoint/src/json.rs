//! An ordered JSON tree that borrows from its input, and the JSON paths of error messages.
//!
//! Definitions are small and read once, so a tree is simplest and lets errors name the exact JSON path. The order of keys
//! is significant: parameters are checked, and regions are listed, in the order of the file.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::DefinitionError;

/// A JSON value; maps keep the order of the input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'de> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'de, str>),
    List(Vec<Json<'de>>),
    Map(Vec<(Cow<'de, str>, Json<'de>)>),
}

/// Parses JSON text. Depth is bounded by `serde_json`'s own limit (128).
pub(crate) fn parse(text: &[u8]) -> Result<Json<'_>, DefinitionError> {
    serde_json::from_slice(text).map_err(|error| DefinitionError::new("$", error))
}

impl<'de> Json<'de> {
    /// Returns the value of `key`; the last one if the key is repeated, as Python's JSON reader does.
    pub(crate) fn get(&self, key: &str) -> Option<&Json<'de>> {
        match self {
            Json::Map(entries) => entries
                .iter()
                .rev()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Returns the value of `key`.
    ///
    /// # Errors
    /// The key is missing.
    pub(crate) fn required(
        &self,
        key: &str,
        path: &JsonPath<'_>,
    ) -> Result<&Json<'de>, DefinitionError> {
        self.get(key).ok_or_else(|| path.missing(key))
    }

    pub(crate) fn map(
        &self,
        path: &JsonPath<'_>,
    ) -> Result<&[(Cow<'de, str>, Json<'de>)], DefinitionError> {
        match self {
            Json::Map(entries) => Ok(entries),
            other => Err(path.mismatch("an object", other)),
        }
    }

    pub(crate) fn list(&self, path: &JsonPath<'_>) -> Result<&[Json<'de>], DefinitionError> {
        match self {
            Json::List(items) => Ok(items),
            other => Err(path.mismatch("a list", other)),
        }
    }

    pub(crate) fn text(&self, path: &JsonPath<'_>) -> Result<&str, DefinitionError> {
        match self {
            Json::Text(text) => Ok(text),
            other => Err(path.mismatch("a string", other)),
        }
    }

    pub(crate) fn bool(&self, path: &JsonPath<'_>) -> Result<bool, DefinitionError> {
        match self {
            Json::Bool(value) => Ok(*value),
            other => Err(path.mismatch("a boolean", other)),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Int(_) | Json::Float(_) => "a number",
            Json::Text(_) => "a string",
            Json::List(_) => "a list",
            Json::Map(_) => "an object",
        }
    }
}

/// The path of a value in a JSON document: a chain of keys and indexes to the root, on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) enum JsonPath<'a> {
    Root,
    Key(&'a JsonPath<'a>, &'a str),
    Index(&'a JsonPath<'a>, usize),
}

impl<'a> JsonPath<'a> {
    pub(crate) fn key(&'a self, key: &'a str) -> JsonPath<'a> {
        JsonPath::Key(self, key)
    }

    pub(crate) fn index(&'a self, index: usize) -> JsonPath<'a> {
        JsonPath::Index(self, index)
    }

    #[cold]
    pub(crate) fn error(&self, message: impl fmt::Display) -> DefinitionError {
        DefinitionError::new(self, message)
    }

    #[cold]
    pub(crate) fn mismatch(&self, expected: &str, actual: &Json<'_>) -> DefinitionError {
        self.error(format_args!("must be {expected}, not {}", actual.kind()))
    }

    #[cold]
    pub(crate) fn missing(&self, key: &str) -> DefinitionError {
        self.error(format_args!("`{key}` is missing"))
    }
}

impl fmt::Display for JsonPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonPath::Root => f.write_str("$"),
            JsonPath::Key(parent, key) => {
                let plain = !key.is_empty()
                    && key
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
                if plain {
                    write!(f, "{parent}.{key}")
                } else {
                    write!(f, "{parent}[{key:?}]")
                }
            }
            JsonPath::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor).map(Key)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "integers beyond i64 are kept as JSON readers keep them"
        )]
        Ok(i64::try_from(value).map_or(Json::Float(value as f64), Json::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Json::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            entries.push((key, map.next_value()?));
        }
        Ok(Json::Map(entries))
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_borrows_unescaped_strings() {
        let json = parse(br#"{"b":1,"a":[null,true,"x","\u0041",1.5,18446744073709551615],"b":2}"#)
            .unwrap();
        let entries = json.map(&JsonPath::Root).unwrap();
        assert_eq!(entries[0].0, "b");
        assert_eq!(entries[1].0, "a");
        assert_eq!(json.get("b"), Some(&Json::Int(2)));
        let items = entries[1].1.list(&JsonPath::Root).unwrap();
        assert!(matches!(&items[2], Json::Text(Cow::Borrowed("x"))));
        assert!(matches!(&items[3], Json::Text(Cow::Owned(text)) if text == "A"));
        assert_eq!(items[4], Json::Float(1.5));
    }

    #[test]
    fn displays_json_paths() {
        let root = JsonPath::Root;
        let rules = root.key("rules");
        let third = rules.index(3);
        let odd = third.key("a b");
        assert_eq!(odd.to_string(), "$.rules[3][\"a b\"]");
    }

    #[test]
    fn rejects_deep_nesting() {
        let mut text = vec![b'['; 100_000];
        text.extend(vec![b']'; 100_000]);
        assert!(parse(&text).is_err());
    }
}
