//! Serializers that take only a few kinds of values: map keys, and the content of our own types.

use std::fmt::Display;

use serde::ser::{Error as _, Impossible, Serialize, Serializer};

use super::Value;
use super::path::PathError;
use super::to_value::{ToList, ToValue};
use crate::Str;

type Outcome<T> = std::result::Result<T, PathError>;

/// A serializer of only a few kinds of values: the others are refused with a message.
macro_rules! refuse {
    ($message:expr; $($method:ident($($argument:ty),*) -> $result:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Outcome<$result> {
            Err(PathError::custom($message))
        }
    )*};
}

/// Serializes a map's key into a string.
pub(super) struct ToKey;

const KEY: &str = "a key of a map has to be a string, a number or a boolean";

impl ToKey {
    fn text(value: &dyn Display) -> Outcome<Str> {
        Ok(Str::from(value.to_string()))
    }
}

macro_rules! keys {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Outcome<Str> {
            ToKey::text(&value)
        }
    )*};
}

impl Serializer for ToKey {
    type Ok = Str;
    type Error = PathError;
    type SerializeSeq = Impossible<Str, PathError>;
    type SerializeTuple = Impossible<Str, PathError>;
    type SerializeTupleStruct = Impossible<Str, PathError>;
    type SerializeTupleVariant = Impossible<Str, PathError>;
    type SerializeMap = Impossible<Str, PathError>;
    type SerializeStruct = Impossible<Str, PathError>;
    type SerializeStructVariant = Impossible<Str, PathError>;

    keys!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128,
        serialize_f32 f32, serialize_f64 f64, serialize_bool bool, serialize_char char
    );

    fn serialize_str(self, value: &str) -> Outcome<Str> {
        Ok(Str::from(value))
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Outcome<Str> {
        Ok(Str::from_static(variant))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome<Str> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Outcome<Str> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Outcome<Str> {
        Err(PathError::custom(KEY))
    }

    refuse! { KEY;
        serialize_bytes(&[u8]) -> Str;
        serialize_none() -> Str;
        serialize_unit() -> Str;
        serialize_unit_struct(&'static str) -> Str;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

/// Serializes what one of our own types is to a machine: bytes, a float, or a few integers.
pub(super) struct Machine(pub(super) ToValue);

const OWN: &str = "this name of a newtype struct is reserved for values";

impl Serializer for Machine {
    type Ok = Value;
    type Error = PathError;
    type SerializeSeq = Impossible<Value, PathError>;
    type SerializeTuple = ToList;
    type SerializeTupleStruct = Impossible<Value, PathError>;
    type SerializeTupleVariant = Impossible<Value, PathError>;
    type SerializeMap = Impossible<Value, PathError>;
    type SerializeStruct = Impossible<Value, PathError>;
    type SerializeStructVariant = Impossible<Value, PathError>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bytes(self, value: &[u8]) -> Outcome<Value> {
        self.0.serialize_bytes(value)
    }

    fn serialize_f64(self, value: f64) -> Outcome<Value> {
        self.0.serialize_f64(value)
    }

    fn serialize_tuple(self, len: usize) -> Outcome<ToList> {
        self.0.serialize_tuple(len)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _value: &T) -> Outcome<Value> {
        Err(PathError::custom(OWN))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _value: &T,
    ) -> Outcome<Value> {
        Err(PathError::custom(OWN))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Outcome<Value> {
        Err(PathError::custom(OWN))
    }

    refuse! { OWN;
        serialize_bool(bool) -> Value;
        serialize_i8(i8) -> Value;
        serialize_i16(i16) -> Value;
        serialize_i32(i32) -> Value;
        serialize_i64(i64) -> Value;
        serialize_u8(u8) -> Value;
        serialize_u16(u16) -> Value;
        serialize_u32(u32) -> Value;
        serialize_u64(u64) -> Value;
        serialize_f32(f32) -> Value;
        serialize_char(char) -> Value;
        serialize_str(&str) -> Value;
        serialize_none() -> Value;
        serialize_unit() -> Value;
        serialize_unit_struct(&'static str) -> Value;
        serialize_unit_variant(&'static str, u32, &'static str) -> Value;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}
