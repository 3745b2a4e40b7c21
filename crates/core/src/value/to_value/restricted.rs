//! Serializers that accept only a few types: [`KeySerializer`] for map keys, and [`BinarySerializer`] for the content of this crate's
//! own types.

use std::fmt::Display;

use serde::ser::{Error as _, Impossible, Serialize, Serializer};

use super::{ListSerializer, ValueSerializer};
use crate::Str;
use crate::value::Value;
use crate::value::path_error::{PathError, PathResult};

/// Serializer methods that return an error.
macro_rules! reject {
    ($message:expr; $($method:ident($($argument:ty),*) -> $result:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> PathResult<$result> {
            Err(PathError::custom($message))
        }
    )*};
}

/// Serializes a map key into a string.
pub(super) struct KeySerializer;

const INVALID_KEY: &str = "map keys must be strings, numbers or booleans";

impl KeySerializer {
    fn text(value: &dyn Display) -> PathResult<Str> {
        Ok(Str::from(value.to_string()))
    }
}

macro_rules! keys {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> PathResult<Str> {
            KeySerializer::text(&value)
        }
    )*};
}

impl Serializer for KeySerializer {
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

    fn serialize_str(self, value: &str) -> PathResult<Str> {
        Ok(Str::from(value))
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> PathResult<Str> {
        Ok(Str::from_static(variant))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> PathResult<Str> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> PathResult<Str> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> PathResult<Str> {
        Err(PathError::custom(INVALID_KEY))
    }

    reject! { INVALID_KEY;
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

/// Serializes the binary form of a blob, timestamp or non-finite float: bytes, a tuple of integers, or a float.
pub(super) struct BinarySerializer(pub(super) ValueSerializer);

const RESERVED_NAME: &str = "newtype struct name is reserved for values of inia";

impl Serializer for BinarySerializer {
    type Ok = Value;
    type Error = PathError;
    type SerializeSeq = Impossible<Value, PathError>;
    type SerializeTuple = ListSerializer;
    type SerializeTupleStruct = Impossible<Value, PathError>;
    type SerializeTupleVariant = Impossible<Value, PathError>;
    type SerializeMap = Impossible<Value, PathError>;
    type SerializeStruct = Impossible<Value, PathError>;
    type SerializeStructVariant = Impossible<Value, PathError>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bytes(self, value: &[u8]) -> PathResult<Value> {
        self.0.serialize_bytes(value)
    }

    fn serialize_f64(self, value: f64) -> PathResult<Value> {
        self.0.serialize_f64(value)
    }

    fn serialize_tuple(self, len: usize) -> PathResult<ListSerializer> {
        self.0.serialize_tuple(len)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _value: &T) -> PathResult<Value> {
        Err(PathError::custom(RESERVED_NAME))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _value: &T,
    ) -> PathResult<Value> {
        Err(PathError::custom(RESERVED_NAME))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> PathResult<Value> {
        Err(PathError::custom(RESERVED_NAME))
    }

    reject! { RESERVED_NAME;
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
