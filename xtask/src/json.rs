//! JSON objects that keep the key order of the source file.
//!
//! `serde_json` has this as a feature (`preserve_order`), but Cargo would enable it for the whole workspace.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Number;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Json>),
    Object(Object),
}

/// A JSON object in source order.
pub(crate) type Object = IndexMap<String, Json>;

impl Json {
    /// Returns the member `key` of an object; `None` for other values.
    pub(crate) fn get(&self, key: &str) -> Option<&Json> {
        self.as_object()?.get(key)
    }

    pub(crate) fn as_object(&self) -> Option<&Object> {
        match self {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(string) => Some(string),
            _ => None,
        }
    }

    /// Returns the members of the object at `key`, or none.
    pub(crate) fn members<'a>(&'a self, key: &str) -> impl Iterator<Item = (&'a str, &'a Json)> {
        self.get(key)
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Returns the items of the array at `key`, or none.
    pub(crate) fn items<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Json> {
        match self.get(key) {
            Some(Json::Array(items)) => items.as_slice(),
            _ => &[],
        }
        .iter()
    }

    /// Returns the string at `key`.
    pub(crate) fn string(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// Merges `other` into `self` as botocore merges `sdk-extras`: objects by key, other values are replaced.
    ///
    /// # Source
    /// botocore `utils.py:deep_merge`.
    pub(crate) fn merge(&mut self, other: &Json) {
        match (self, other) {
            (Json::Object(base), Json::Object(other)) => {
                for (key, value) in other {
                    match base.get_mut(key) {
                        Some(slot) => slot.merge(value),
                        None => {
                            base.insert(key.clone(), value.clone());
                        }
                    }
                }
            }
            (slot, other) => *slot = other.clone(),
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(bool) => serializer.serialize_bool(*bool),
            Json::Number(number) => number.serialize(serializer),
            Json::String(string) => serializer.serialize_str(string),
            Json::Array(items) => items.serialize(serializer),
            Json::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for (key, value) in object {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json, E> {
        Number::from_f64(value)
            .map(Json::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut object = Object::new();
        while let Some((key, value)) = map.next_entry::<String, Json>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("duplicate key `{key}`")));
            }
            object.insert(key, value);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Json {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn keeps_order_numbers_and_escapes() {
        let text = r#"{"z":1,"a":[-1,18446744073709551615,0.5,true,null],"ü\n":{"k":"v"}}"#;
        assert_eq!(serde_json::to_string(&parse(text)).unwrap(), text);
    }

    #[test]
    fn rejects_duplicate_keys() {
        let error = serde_json::from_str::<Json>(r#"{"a":1,"a":2}"#).unwrap_err();
        assert!(error.to_string().contains("duplicate key `a`"), "{error}");
    }

    #[test]
    fn merges_objects_and_replaces_other_values() {
        let mut base = parse(r#"{"a":{"x":1,"y":[1]},"b":2}"#);
        base.merge(&parse(r#"{"a":{"y":[2,3],"z":4},"b":{"c":5}}"#));
        assert_eq!(base, parse(r#"{"a":{"x":1,"y":[2,3],"z":4},"b":{"c":5}}"#));
    }
}
