//! Conversions from Rust types to [`Value`], and comparisons with them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::{Blob, List, Map, Value};
use crate::{Str, Timestamp};

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

macro_rules! from_small_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value {
            fn from(value: $integer) -> Self {
                Value::Int(i64::from(value))
            }
        }
    )*};
}

from_small_integers!(i8, i16, i32, i64, u8, u16, u32);

macro_rules! from_large_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value {
            fn from(value: $integer) -> Self {
                match i64::try_from(value) {
                    Ok(value) => Value::Int(value),
                    Err(_) => Value::BigInt(value.to_string().into()),
                }
            }
        }
    )*};
}

from_large_integers!(u64, usize, isize, i128, u128);

impl From<f32> for Value {
    fn from(value: f32) -> Self {
        Value::Float(f64::from(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::String(Str::from(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::String(Str::from(value))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Value::String(Str::from(value))
    }
}

impl From<Str> for Value {
    fn from(value: Str) -> Self {
        Value::String(value)
    }
}

impl From<&Str> for Value {
    fn from(value: &Str) -> Self {
        Value::String(value.clone())
    }
}

impl From<Cow<'_, str>> for Value {
    fn from(value: Cow<'_, str>) -> Self {
        Value::String(Str::from(value))
    }
}

impl From<char> for Value {
    fn from(value: char) -> Self {
        Value::String(Str::from(value))
    }
}

impl From<&Value> for Value {
    fn from(value: &Value) -> Self {
        value.clone()
    }
}

impl From<Blob> for Value {
    fn from(value: Blob) -> Self {
        Value::Blob(value)
    }
}

impl From<bytes::Bytes> for Value {
    fn from(value: bytes::Bytes) -> Self {
        Value::Blob(Blob::from(value))
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Value::Timestamp(value)
    }
}

impl From<List> for Value {
    fn from(value: List) -> Self {
        Value::List(value)
    }
}

impl From<Map> for Value {
    fn from(value: Map) -> Self {
        Value::Map(value)
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(values: Vec<V>) -> Self {
        Value::List(values.into_iter().collect())
    }
}

impl<V: Clone + Into<Value>> From<&[V]> for Value {
    fn from(values: &[V]) -> Self {
        Value::List(values.iter().cloned().collect())
    }
}

impl<V: Clone + Into<Value>> From<&Vec<V>> for Value {
    fn from(values: &Vec<V>) -> Self {
        Value::from(values.as_slice())
    }
}

impl<K: Into<Str>, V: Into<Value>> From<BTreeMap<K, V>> for Value {
    fn from(entries: BTreeMap<K, V>) -> Self {
        Value::Map(entries.into_iter().collect())
    }
}

/// The order of entries is unspecified; use a [`BTreeMap`] if it matters.
impl<K: Into<Str>, V: Into<Value>, S> From<HashMap<K, V, S>> for Value {
    fn from(entries: HashMap<K, V, S>) -> Self {
        Value::Map(entries.into_iter().collect())
    }
}

impl<V: Into<Value>, const N: usize> From<[V; N]> for Value {
    fn from(values: [V; N]) -> Self {
        Value::List(values.into_iter().collect())
    }
}

impl<V: Into<Value>> FromIterator<V> for Value {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        Value::List(values.into_iter().collect())
    }
}

impl PartialEq<str> for Value {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(*other)
    }
}

impl PartialEq<i64> for Value {
    fn eq(&self, other: &i64) -> bool {
        self.as_i64() == Some(*other)
    }
}

/// An integer is equal to the float of the same number.
impl PartialEq<f64> for Value {
    fn eq(&self, other: &f64) -> bool {
        self.as_f64() == Some(*other)
    }
}

impl PartialEq<String> for Value {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == Some(other.as_str())
    }
}

impl PartialEq<bool> for Value {
    fn eq(&self, other: &bool) -> bool {
        self.as_bool() == Some(*other)
    }
}
