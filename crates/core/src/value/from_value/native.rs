//! Deserialization of a [`Value`] from a [`Value`] through serde, without loss.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, VariantAccess, Visitor,
};

use super::{ValueDeserializer, visit_list, visit_map};
use crate::Timestamp;
use crate::value::path_error::{PathError, PathResult};
use crate::value::{Value, serde_token};

/// Deserializes a [`Value`] from a [`Value`]. Types outside serde's data model are passed as enum variants with reserved names.
#[derive(Clone, Copy)]
pub(super) struct NativeDeserializer<'de>(pub(super) &'de Value);

impl<'de> Deserializer<'de> for NativeDeserializer<'de> {
    type Error = PathError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        match self.0 {
            Value::Timestamp(timestamp) => visitor.visit_enum(NativeVariant::Timestamp(*timestamp)),
            Value::BigInt(digits) => visitor.visit_enum(NativeVariant::Digits(digits)),
            Value::List(list) => visit_list(list, visitor, NativeDeserializer),
            Value::Map(map) => visit_map(map, visitor, NativeDeserializer),
            other => ValueDeserializer(other).deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A value outside serde's data model.
enum NativeVariant<'de> {
    Timestamp(Timestamp),
    Digits(&'de str),
}

impl<'de> EnumAccess<'de> for NativeVariant<'de> {
    type Error = PathError;
    type Variant = NativeVariant<'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> PathResult<(T::Value, NativeVariant<'de>)> {
        let name = match self {
            NativeVariant::Timestamp(_) => serde_token::TIMESTAMP,
            NativeVariant::Digits(_) => serde_token::DIGITS,
        };
        let name: StrDeserializer<'_, PathError> = name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for NativeVariant<'de> {
    type Error = PathError;

    fn unit_variant(self) -> PathResult<()> {
        Err(PathError::custom("expected a newtype variant"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> PathResult<T::Value> {
        match self {
            NativeVariant::Timestamp(timestamp) => {
                seed.deserialize(TimestampDeserializer(timestamp))
            }
            NativeVariant::Digits(digits) => seed.deserialize(BorrowedStrDeserializer::new(digits)),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> PathResult<V::Value> {
        Err(PathError::custom("expected a newtype variant"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> PathResult<V::Value> {
        Err(PathError::custom("expected a newtype variant"))
    }
}

/// Deserializes the binary form of a timestamp: seconds and nanoseconds.
pub(super) struct TimestampDeserializer(pub(super) Timestamp);

impl<'de> Deserializer<'de> for TimestampDeserializer {
    type Error = PathError;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        let parts = [self.0.seconds(), i64::from(self.0.nanoseconds())];
        visitor.visit_seq(serde::de::value::SeqDeserializer::new(parts.into_iter()))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
