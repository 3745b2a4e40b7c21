//! Values of a JSON document with their paths, so that errors name the exact location.

use std::borrow::Cow;
use std::fmt;

use inia_core::{Error, ErrorKind, Map, Result, Str, Value};

/// Parses JSON. `serde_json` limits nesting to 128 levels.
pub(crate) fn parse(text: &[u8]) -> Result<Value> {
    serde_json::from_slice(text)
        .map_err(|error| Error::new(ErrorKind::Model, error.to_string()).at(JsonPath::Root))
}

/// A value of a JSON document and its path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonNode<'p, 'j> {
    value: &'j Value,
    path: JsonPath<'p>,
}

impl<'j> JsonNode<'_, 'j> {
    pub(crate) fn root(value: &'j Value) -> Self {
        JsonNode {
            value,
            path: JsonPath::Root,
        }
    }

    pub(crate) fn value(&self) -> &'j Value {
        self.value
    }

    /// Returns the member `key` of an object, unless it is missing or null.
    pub(crate) fn get<'a>(&'a self, key: &'a str) -> Option<JsonNode<'a, 'j>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(JsonNode {
            value,
            path: JsonPath::Key(&self.path, key),
        })
    }

    /// Returns the member `key` of an object.
    ///
    /// # Errors
    /// It is missing or null.
    pub(crate) fn required<'a>(&'a self, key: &'a str) -> Result<JsonNode<'a, 'j>> {
        self.get(key)
            .ok_or_else(|| self.error(format!("`{key}` is missing")))
    }

    pub(crate) fn map(&self) -> Result<&'j Map> {
        self.value.as_map().ok_or_else(|| self.mismatch("map"))
    }

    /// Returns the entries of an object, in order.
    pub(crate) fn entries(&self) -> Result<impl Iterator<Item = (&'j Str, JsonNode<'_, 'j>)>> {
        Ok(self.map()?.iter().map(|(key, value)| {
            let path = JsonPath::Key(&self.path, key);
            (key, JsonNode { value, path })
        }))
    }

    /// Returns the items of a list.
    pub(crate) fn items(&self) -> Result<impl ExactSizeIterator<Item = JsonNode<'_, 'j>>> {
        let list = self.value.as_list().ok_or_else(|| self.mismatch("list"))?;
        Ok(list.iter().enumerate().map(|(index, value)| JsonNode {
            value,
            path: JsonPath::Index(&self.path, index),
        }))
    }

    pub(crate) fn str(&self) -> Result<&'j str> {
        self.value.as_str().ok_or_else(|| self.mismatch("string"))
    }

    pub(crate) fn bool(&self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.mismatch("boolean"))
    }

    pub(crate) fn optional_str(&self, key: &str) -> Result<Option<&'j str>> {
        self.get(key).map(|node| node.str()).transpose()
    }

    pub(crate) fn optional_bool(&self, key: &str) -> Result<Option<bool>> {
        self.get(key).map(|node| node.bool()).transpose()
    }

    #[cold]
    pub(crate) fn error(&self, message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(ErrorKind::Model, message).at(self.path)
    }

    #[cold]
    pub(crate) fn mismatch(&self, expected: &str) -> Error {
        self.error(format!(
            "expected {expected}, got {}",
            self.value.type_name()
        ))
    }
}

/// The path of a value: a chain of keys and indexes to the root, on the stack.
#[derive(Clone, Copy, Debug)]
enum JsonPath<'p> {
    Root,
    Key(&'p JsonPath<'p>, &'p str),
    Index(&'p JsonPath<'p>, usize),
}

impl fmt::Display for JsonPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonPath::Root => f.write_str("$"),
            JsonPath::Key(parent, key) => {
                let is_plain = !key.is_empty()
                    && key
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
                if is_plain {
                    write!(f, "{parent}.{key}")
                } else {
                    write!(f, "{parent}[{key:?}]")
                }
            }
            JsonPath::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_start_with_the_json_path() {
        let value = parse(br#"{"rules": [{"a b": 1}]}"#).unwrap();
        let root = JsonNode::root(&value);
        let rules = root.required("rules").unwrap();
        let rule = rules.items().unwrap().next().unwrap();
        let (_, odd) = rule.entries().unwrap().next().unwrap();
        assert_eq!(
            odd.str().unwrap_err().to_string(),
            "$.rules[0][\"a b\"]: expected string, got integer"
        );
        assert_eq!(
            rule.required("c").unwrap_err().to_string(),
            "$.rules[0]: `c` is missing"
        );
    }

    #[test]
    fn rejects_deep_nesting() {
        let mut text = vec![b'['; 100_000];
        text.extend(vec![b']'; 100_000]);
        assert!(parse(&text).is_err());
    }
}
