//! The packed form of definitions: a compact encoding of values and Rust types that is decoded in place.
//!
//! A type is written and read by its [`Packed`] implementation, which [`packed_struct!`](crate::packed_struct) and
//! [`packed_enum!`](crate::packed_enum) derive from one list of fields. Texts are sequences of words of a [`Dictionary`] that all
//! definitions of an archive share. Reading is bounds-checked and never panics: damaged input reads as `None`.
//!
//! An implementation detail of inia: the form may change with every version.

mod bytes;
mod dictionary;
mod reader;
mod records;
mod types;
mod writer;

pub use dictionary::{Dictionary, FIRST_WORD_CODE, LITERAL_CODE};
pub use reader::PackedReader;
pub use records::{RECORD_STRIDE, RecordTable};
pub use writer::{PackedWriter, TextSink};

pub use crate::{packed_enum, packed_struct};

/// A type with a packed form.
pub trait Packed: Sized {
    /// Writes the value.
    fn write(&self, out: &mut PackedWriter<'_>);

    /// Reads a value; `None` if the bytes are not one.
    fn read(reader: &mut PackedReader<'_>) -> Option<Self>;
}

/// A type that is written as an `optional` field of a packed struct: as one bit if it has its default value.
pub trait PackedPart: Default {
    /// Returns whether the value differs from the default.
    fn is_present(&self) -> bool;

    /// Writes a value that is present.
    fn write_present(&self, out: &mut PackedWriter<'_>);

    /// Reads a value that is present.
    fn read_present(reader: &mut PackedReader<'_>) -> Option<Self>;
}

/// Returns the packed form of a value, without a dictionary.
#[must_use]
pub fn to_bytes(value: &impl Packed) -> Vec<u8> {
    let mut out = PackedWriter::default();
    value.write(&mut out);
    out.bytes
}

/// Reads the bytes that [`to_bytes`] returned for a value of the same type.
#[must_use]
pub fn from_bytes<T: Packed>(bytes: &[u8]) -> Option<T> {
    PackedReader::new(bytes).whole()
}

/// Implements [`Packed`] for a struct: the named fields, then the presence of the optional fields as bits, the first as the
/// lowest, and those that are present. Computed fields have their default value when read.
#[doc(hidden)]
#[macro_export]
macro_rules! packed_struct {
    ($name:ident { $($field:ident),* $(,)? } $(optional { $($part:ident),* $(,)? })? $(computed { $($computed:ident),* $(,)? })?) => {
        impl $crate::packed::Packed for $name {
            fn write(&self, out: &mut $crate::packed::PackedWriter<'_>) {
                let $name { $($field,)* $($($part,)*)? $($($computed: _,)*)? } = self;
                $($crate::packed::Packed::write($field, out);)*
                $(
                    out.flags(&[$($crate::packed::PackedPart::is_present($part)),*]);
                    $(if $crate::packed::PackedPart::is_present($part) {
                        $crate::packed::PackedPart::write_present($part, out);
                    })*
                )?
            }

            fn read(reader: &mut $crate::packed::PackedReader<'_>) -> Option<Self> {
                $(let $field = $crate::packed::Packed::read(reader)?;)*
                $(
                    let mut flags = reader.number()?;
                    $(let $part = reader.part(&mut flags)?;)*
                    let _ = flags;
                )?
                Some($name { $($field,)* $($($part,)*)? $($($computed: Default::default(),)*)? })
            }
        }
    };
}

/// Implements [`Packed`] for an enum: the number of the variant, then its content.
#[doc(hidden)]
#[macro_export]
macro_rules! packed_enum {
    ($name:ident { $($number:literal = $variant:ident $(($($item:ident),*))? $({ $($field:ident),* })?),* $(,)? }) => {
        impl $crate::packed::Packed for $name {
            fn write(&self, out: &mut $crate::packed::PackedWriter<'_>) {
                match self {
                    $($name::$variant $(($($item),*))? $({ $($field),* })? => {
                        out.byte($number);
                        $($($crate::packed::Packed::write($item, out);)*)?
                        $($($crate::packed::Packed::write($field, out);)*)?
                    })*
                }
            }

            fn read(reader: &mut $crate::packed::PackedReader<'_>) -> Option<Self> {
                Some(match reader.byte()? {
                    $($number => {
                        $($(let $item = $crate::packed::Packed::read(reader)?;)*)?
                        $($(let $field = $crate::packed::Packed::read(reader)?;)*)?
                        $name::$variant $(($($item),*))? $({ $($field),* })?
                    })*
                    _ => return None,
                })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Str, Value, json};

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Everything {
        name: Str,
        numbers: (u16, u32),
        floats: Vec<f64>,
        flag: bool,
        text: Option<Str>,
        list: Box<[i16]>,
        value: Option<Value>,
        derived: u32,
    }
    packed_struct!(Everything { name, numbers, floats } optional { flag, text, list, value } computed { derived });

    #[derive(Clone, Debug, PartialEq)]
    enum Choice {
        Nothing,
        Pair(bool, Option<u64>),
        Named { everything: Box<Everything> },
    }
    packed_enum!(Choice { 0 = Nothing, 1 = Pair(first, second), 7 = Named { everything } });

    fn choices() -> Vec<Choice> {
        let everything = Everything {
            name: "première".into(),
            numbers: (300, u32::MAX),
            floats: vec![
                0.0,
                1.0,
                63.0,
                9_007_199_254_740_992.0,
                -0.0,
                -1.0,
                0.5,
                f64::INFINITY,
            ],
            flag: true,
            text: Some(Str::new()),
            list: Box::new([0, -1, i16::MAX, i16::MIN]),
            value: Some(json!({
                "a": [null, true, false, -5, 1.5, "t", {}],
                "n": Value::BigInt("123456789012345678901234567890".into()),
                "b": crate::Blob::from(vec![0, 255]),
                "t": crate::Timestamp::new(-1, 5),
            })),
            derived: 0,
        };
        vec![
            Choice::Nothing,
            Choice::Pair(true, None),
            Choice::Pair(false, Some(u64::MAX)),
            Choice::Named {
                everything: Box::default(),
            },
            Choice::Named {
                everything: Box::new(everything),
            },
        ]
    }

    #[test]
    fn values_round_trip_and_truncated_ones_are_rejected() {
        let bytes = to_bytes(&choices());
        assert_eq!(from_bytes::<Vec<Choice>>(&bytes), Some(choices()));
        for length in 0..bytes.len() {
            assert_eq!(
                from_bytes::<Vec<Choice>>(&bytes[..length]),
                None,
                "{length}"
            );
        }
        assert_eq!(from_bytes::<Choice>(&[3]), None);
        assert_eq!(from_bytes::<Choice>(&[0, 0]), None);
    }

    #[test]
    fn sign_of_zero_is_kept() {
        for float in [0.0_f64, -0.0] {
            let again: f64 = from_bytes(&to_bytes(&float)).unwrap();
            assert_eq!(again.to_bits(), float.to_bits());
        }
    }

    #[test]
    fn deep_values_are_rejected() {
        let mut bytes = [9, 1].repeat(1000);
        bytes.push(0);
        assert_eq!(from_bytes::<Value>(&bytes), None);
    }
}
