//! A [`Value`] from a [`Value`], through serde.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, VariantAccess, Visitor,
};

use super::from_value::{Source, visit_list, visit_map};
use super::path::PathError;
use super::{Value, private};
use crate::Timestamp;

type Outcome<T> = std::result::Result<T, PathError>;

/// Deserializes a [`Value`] from a [`Value`]: what serde has no word for goes as an enum of our own names.
#[derive(Clone, Copy)]
pub(super) struct Native<'de>(pub(super) &'de Value);

impl<'de> Deserializer<'de> for Native<'de> {
    type Error = PathError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Value::Timestamp(moment) => visitor.visit_enum(Own::Timestamp(*moment)),
            Value::BigInt(digits) => visitor.visit_enum(Own::Digits(digits)),
            Value::List(list) => visit_list(list, visitor, Native),
            Value::Map(map) => visit_map(map, visitor, Native),
            other => Source(other).deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What serde has no word for.
enum Own<'de> {
    Timestamp(Timestamp),
    Digits(&'de str),
}

impl<'de> EnumAccess<'de> for Own<'de> {
    type Error = PathError;
    type Variant = Own<'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Outcome<(T::Value, Own<'de>)> {
        let name = match self {
            Own::Timestamp(_) => private::TIMESTAMP,
            Own::Digits(_) => private::DIGITS,
        };
        let name: StrDeserializer<'_, PathError> = name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Own<'de> {
    type Error = PathError;

    fn unit_variant(self) -> Outcome<()> {
        Err(PathError::custom("the variant has content"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Outcome<T::Value> {
        match self {
            Own::Timestamp(moment) => seed.deserialize(Moment(moment)),
            Own::Digits(digits) => seed.deserialize(BorrowedStrDeserializer::new(digits)),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Outcome<V::Value> {
        self.unit_variant()
            .and(Err(PathError::custom("the variant is no tuple")))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Outcome<V::Value> {
        self.unit_variant()
            .and(Err(PathError::custom("the variant is no structure")))
    }
}

/// Deserializes a timestamp as machines write it: seconds and nanoseconds.
pub(super) struct Moment(pub(super) Timestamp);

impl<'de> Deserializer<'de> for Moment {
    type Error = PathError;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        let parts = [self.0.seconds(), i64::from(self.0.nanoseconds())];
        visitor.visit_seq(serde::de::value::SeqDeserializer::new(parts.into_iter()))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
