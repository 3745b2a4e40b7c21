//! The packed forms of basic types, strings and values.

use super::{Packed, PackedPart, PackedReader, PackedWriter, packed_enum};
use crate::{Blob, List, Map, Str, Timestamp, TimestampFormat, Value};

macro_rules! packed_integers {
    ($($unsigned:ty)*; $($signed:ty)*) => {
        $(impl Packed for $unsigned {
            fn write(&self, out: &mut PackedWriter<'_>) {
                out.number(*self);
            }

            #[inline]
            fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
                reader.int()
            }
        })*
        $(impl Packed for $signed {
            fn write(&self, out: &mut PackedWriter<'_>) {
                out.signed((*self).into());
            }

            #[inline]
            fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
                reader.signed()?.try_into().ok()
            }
        })*
    };
}
packed_integers!(u8 u16 u32 u64; i16 i64);

impl Packed for bool {
    fn write(&self, out: &mut PackedWriter<'_>) {
        out.byte(u8::from(*self));
    }

    #[inline]
    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        match reader.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// Integers that are exact doubles, counted from 1; other numbers as 0 and their bits.
impl Packed for f64 {
    fn write(&self, out: &mut PackedWriter<'_>) {
        const LIMIT: f64 = 9_007_199_254_740_992.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and within 2^53"
        )]
        let integer = *self as u64;
        if self.is_sign_positive() && self.fract() == 0.0 && *self <= LIMIT {
            out.number(integer + 1);
        } else {
            out.byte(0);
            out.raw(&self.to_bits().to_le_bytes());
        }
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "only written for integers that a double holds exactly"
        )]
        match reader.number()?.checked_sub(1) {
            Some(integer) => Some(integer as f64),
            None => Some(f64::from_bits(u64::from_le_bytes(reader.array()?))),
        }
    }
}

impl Packed for Str {
    fn write(&self, out: &mut PackedWriter<'_>) {
        out.text(self);
    }

    #[inline]
    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        reader.text()
    }
}

impl<A: Packed, B: Packed> Packed for (A, B) {
    fn write(&self, out: &mut PackedWriter<'_>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        Some((A::read(reader)?, B::read(reader)?))
    }
}

impl<T: Packed> Packed for Box<T> {
    fn write(&self, out: &mut PackedWriter<'_>) {
        T::write(self, out);
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        T::read(reader).map(Box::new)
    }
}

impl<T: Packed> Packed for Option<T> {
    fn write(&self, out: &mut PackedWriter<'_>) {
        self.is_present().write(out);
        self.write_present(out);
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        if bool::read(reader)? {
            T::read(reader).map(Some)
        } else {
            Some(None)
        }
    }
}

impl<T: Packed> Packed for Vec<T> {
    fn write(&self, out: &mut PackedWriter<'_>) {
        out.list(self.iter());
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        reader.list(T::read)
    }
}

impl<T: Packed> Packed for Box<[T]> {
    fn write(&self, out: &mut PackedWriter<'_>) {
        out.list(self.iter());
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        reader.list(T::read).map(Vec::into_boxed_slice)
    }
}

impl PackedPart for bool {
    fn is_present(&self) -> bool {
        *self
    }

    fn write_present(&self, _out: &mut PackedWriter<'_>) {}

    fn read_present(_reader: &mut PackedReader<'_>) -> Option<Self> {
        Some(true)
    }
}

impl<T: Packed> PackedPart for Option<T> {
    fn is_present(&self) -> bool {
        self.is_some()
    }

    fn write_present(&self, out: &mut PackedWriter<'_>) {
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read_present(reader: &mut PackedReader<'_>) -> Option<Self> {
        T::read(reader).map(Some)
    }
}

impl<T: Packed> PackedPart for Box<[T]> {
    fn is_present(&self) -> bool {
        !self.is_empty()
    }

    fn write_present(&self, out: &mut PackedWriter<'_>) {
        self.write(out);
    }

    fn read_present(reader: &mut PackedReader<'_>) -> Option<Self> {
        Self::read(reader)
    }
}

packed_enum!(TimestampFormat { 1 = Iso8601, 2 = Rfc822, 3 = UnixTimestamp });

/// Maximum nesting depth of a value, equal to that of the JSON parser.
const MAX_DEPTH: usize = 128;

impl Packed for Value {
    fn write(&self, out: &mut PackedWriter<'_>) {
        match self {
            Value::Null => out.byte(0),
            Value::Bool(value) => out.byte(1 + u8::from(*value)),
            Value::Int(value) => {
                out.byte(3);
                out.signed(*value);
            }
            Value::BigInt(digits) => {
                out.byte(4);
                out.text(digits);
            }
            Value::Float(value) => {
                out.byte(5);
                value.write(out);
            }
            Value::String(text) => {
                out.byte(6);
                out.text(text);
            }
            Value::Blob(bytes) => {
                out.byte(7);
                out.block(bytes);
            }
            Value::Timestamp(moment) => {
                out.byte(8);
                out.signed(moment.seconds());
                out.number(u64::from(moment.nanoseconds()));
            }
            Value::List(list) => {
                out.byte(9);
                out.list(list.iter());
            }
            Value::Map(map) => {
                out.byte(10);
                map.write(out);
            }
        }
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        read_value(reader, MAX_DEPTH)
    }
}

impl Packed for Map {
    fn write(&self, out: &mut PackedWriter<'_>) {
        out.size(self.len());
        for (name, item) in self {
            out.text(name);
            item.write(out);
        }
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        read_map(reader, MAX_DEPTH)
    }
}

fn read_value(reader: &mut PackedReader<'_>, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    Some(match reader.byte()? {
        0 => Value::Null,
        1 => Value::Bool(false),
        2 => Value::Bool(true),
        3 => Value::Int(reader.signed()?),
        4 => Value::BigInt(reader.text()?.as_str().into()),
        5 => Value::Float(f64::read(reader)?),
        6 => Value::String(reader.text()?),
        7 => Value::Blob(Blob::from(reader.block()?)),
        8 => Value::Timestamp(Timestamp::new(reader.signed()?, reader.int()?)),
        9 => {
            let mut list = List::new();
            for _ in 0..reader.count()? {
                list.push(read_value(reader, depth)?);
            }
            Value::List(list)
        }
        10 => Value::Map(read_map(reader, depth)?),
        _ => return None,
    })
}

fn read_map(reader: &mut PackedReader<'_>, depth: usize) -> Option<Map> {
    let mut map = Map::new();
    for _ in 0..reader.count()? {
        map.insert(reader.text()?, read_value(reader, depth)?);
    }
    Some(map)
}
