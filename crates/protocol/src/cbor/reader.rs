//! The CBOR reader (RFC 8949): from bytes straight to values.

use bytes::Bytes;
use inia_core::{Blob, Error, ErrorKind, List, Map, Result, Str, Timestamp, Value};

use crate::shape::Literal;

/// The nesting limit of items, which fits the stack of a small thread.
///
/// DIFFERENCE: botocore's limit is Python's recursion limit, about 1,000 calls.
pub(crate) const MAX_DEPTH: u32 = 512;

/// The number of elements up to which capacity is reserved: a claimed length is not trusted.
const MAX_RESERVED: usize = 1024;

/// Parses exactly one CBOR item.
///
/// Tag 1 makes a timestamp, tags 2 and 3 an integer; other tags are ignored. Null entries of maps are kept. Text that is
/// not UTF-8 is a blob, and a key that is not text becomes text.
///
/// # Errors
/// `Parse`: the bytes are not one CBOR item, or the nesting is too deep.
///
/// ```
/// use inia_core::json;
/// use inia_protocol::read_cbor;
///
/// let item = read_cbor(vec![0xa1, 0x61, b'a', 0x82, 0x01, 0xf5].into())?;
/// assert_eq!(item, json!({"a": [1, true]}));
/// # Ok::<(), inia_core::Error>(())
/// ```
pub fn read_cbor(bytes: Bytes) -> Result<Value> {
    let mut reader = CborReader::new(&bytes);
    let value = reader.any(MAX_DEPTH)?;
    reader.end()?;
    Ok(value)
}

/// The head of an item: its major type and its length or value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemHead {
    Unsigned(u64),
    /// -1 minus the number.
    Negative(u64),
    Bytes(ItemLength),
    Text(ItemLength),
    Array(ItemLength),
    Map(ItemLength),
    Tag(u64),
    Bool(bool),
    /// Null or undefined.
    Null,
    Float(FloatBits),
    Break,
}

/// The bits of a float, so that [`ItemHead`] is `Eq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FloatBits(u64);

impl FloatBits {
    pub(crate) fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// The length of an item in bytes, elements or entries; `None` if a break ends it.
pub(crate) type ItemLength = Option<u64>;

/// A position in CBOR data.
#[derive(Debug)]
pub(crate) struct CborReader<'t> {
    body: &'t Bytes,
    bytes: &'t [u8],
    position: usize,
}

impl<'t> CborReader<'t> {
    pub(crate) fn new(body: &'t Bytes) -> Self {
        CborReader {
            body,
            bytes: body,
            position: 0,
        }
    }

    /// Returns an error unless all bytes were read.
    pub(crate) fn end(&self) -> Result<()> {
        if self.position == self.bytes.len() {
            Ok(())
        } else {
            Err(self.malformed("trailing bytes after the item"))
        }
    }

    #[cold]
    pub(crate) fn malformed(&self, message: &str) -> Error {
        Error::new(
            ErrorKind::Parse,
            format!("CBOR at byte {}: {message}", self.position),
        )
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self
            .bytes
            .get(self.position..)
            .and_then(|rest| rest.first_chunk::<N>())
        {
            Some(bytes) => {
                self.position += N;
                Ok(*bytes)
            }
            None => Err(self.malformed("unexpected end of input")),
        }
    }

    /// Reads the head of the next item.
    #[inline]
    pub(crate) fn head(&mut self) -> Result<ItemHead> {
        let [initial] = self.take::<1>()?;
        let (major, info) = (initial >> 5, initial & 0x1f);
        if major == 7 {
            return self.simple(info);
        }
        let argument = match info {
            0..24 => u64::from(info),
            24 => u64::from(u8::from_be_bytes(self.take()?)),
            25 => u64::from(u16::from_be_bytes(self.take()?)),
            26 => u64::from(u32::from_be_bytes(self.take()?)),
            27 => u64::from_be_bytes(self.take()?),
            31 => {
                return match major {
                    2 => Ok(ItemHead::Bytes(None)),
                    3 => Ok(ItemHead::Text(None)),
                    4 => Ok(ItemHead::Array(None)),
                    5 => Ok(ItemHead::Map(None)),
                    _ => Err(self.malformed("integer or tag of indefinite length")),
                };
            }
            _ => return Err(self.malformed("reserved length")),
        };
        Ok(match major {
            0 => ItemHead::Unsigned(argument),
            1 => ItemHead::Negative(argument),
            2 => ItemHead::Bytes(Some(argument)),
            3 => ItemHead::Text(Some(argument)),
            4 => ItemHead::Array(Some(argument)),
            5 => ItemHead::Map(Some(argument)),
            _ => ItemHead::Tag(argument),
        })
    }

    fn simple(&mut self, info: u8) -> Result<ItemHead> {
        Ok(match info {
            20 => ItemHead::Bool(false),
            21 => ItemHead::Bool(true),
            22 | 23 => ItemHead::Null,
            25 => float(half(u16::from_be_bytes(self.take()?))),
            26 => float(f64::from(f32::from_be_bytes(self.take()?))),
            27 => float(f64::from_be_bytes(self.take()?)),
            31 => ItemHead::Break,
            // Simple values that are not assigned count as undefined.
            0..20 => ItemHead::Null,
            24 if self.take::<1>()?[0] >= 32 => ItemHead::Null,
            _ => return Err(self.malformed("invalid simple value")),
        })
    }

    /// Consumes the next bytes.
    #[inline]
    pub(crate) fn slice(&mut self, length: u64) -> Result<&'t [u8]> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        match usize::try_from(length)
            .ok()
            .and_then(|length| rest.get(..length))
        {
            Some(slice) => {
                self.position += slice.len();
                Ok(slice)
            }
            None => Err(self.malformed("a string exceeds the input")),
        }
    }

    /// Reads a byte string whose head was read; shares the body's bytes unless it is in chunks.
    pub(crate) fn blob(&mut self, length: ItemLength) -> Result<Bytes> {
        match length {
            Some(length) => self.slice(length).map(|slice| self.body.slice_ref(slice)),
            None => self.chunks(false).map(Bytes::from),
        }
    }

    /// Reads a text string whose head was read. It is a blob if it is not UTF-8.
    #[inline]
    pub(crate) fn text_value(&mut self, length: ItemLength) -> Result<Value> {
        let chunks;
        let bytes = match length {
            Some(length) => self.slice(length)?,
            None => {
                chunks = self.chunks(true)?;
                &chunks
            }
        };
        Ok(match std::str::from_utf8(bytes) {
            Ok(text) => Value::String(Str::from(text)),
            Err(_) => Value::Blob(Blob::from(bytes)),
        })
    }

    /// Reads and joins the chunks of a string of indefinite length, whose head was read.
    pub(crate) fn chunks(&mut self, is_text: bool) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let chunk = match self.head()? {
                ItemHead::Break => return Ok(all),
                ItemHead::Text(Some(length)) if is_text => self.slice(length)?,
                ItemHead::Bytes(Some(length)) if !is_text => self.slice(length)?,
                _ => return Err(self.malformed("a string has a chunk of another type")),
            };
            all.extend_from_slice(chunk);
        }
    }

    /// Reads any item; `depth` is the number of levels that may still be entered.
    pub(crate) fn any(&mut self, depth: u32) -> Result<Value> {
        let head = self.head()?;
        self.any_after(head, depth)
    }

    /// Reads any item whose head was read.
    pub(crate) fn any_after(&mut self, head: ItemHead, depth: u32) -> Result<Value> {
        Ok(match head {
            ItemHead::Unsigned(number) => unsigned(number),
            ItemHead::Negative(number) => negative(number),
            ItemHead::Bytes(length) => Value::Blob(Blob::from(self.blob(length)?)),
            ItemHead::Text(length) => self.text_value(length)?,
            ItemHead::Bool(value) => Value::Bool(value),
            ItemHead::Null => Value::Null,
            ItemHead::Float(bits) => Value::Float(bits.value()),
            ItemHead::Break => return Err(self.malformed("unexpected break")),
            ItemHead::Tag(tag) => {
                let depth = self.descend(depth)?;
                let value = self.any(depth)?;
                tagged(tag, value)
            }
            ItemHead::Array(length) => {
                let depth = self.descend(depth)?;
                let mut list = List::with_capacity(reserve(length));
                let mut count = 0;
                while let Some(head) = self.element(length, &mut count)? {
                    list.push(self.any_after(head, depth)?);
                }
                Value::List(list)
            }
            ItemHead::Map(length) => {
                let depth = self.descend(depth)?;
                let mut map = Map::with_capacity(reserve(length).min(16));
                let mut count = 0;
                while let Some(head) = self.element(length, &mut count)? {
                    let key = self.key(head, depth)?;
                    map.insert(key, self.any(depth)?);
                }
                Value::Map(map)
            }
        })
    }

    /// Enters a level.
    pub(crate) fn descend(&self, depth: u32) -> Result<u32> {
        depth
            .checked_sub(1)
            .ok_or_else(|| self.malformed("nested too deeply"))
    }

    /// Reads the head of the next element of a container, of which `count` were read; `None` at its end.
    #[inline]
    pub(crate) fn element(
        &mut self,
        length: ItemLength,
        count: &mut u64,
    ) -> Result<Option<ItemHead>> {
        match length {
            Some(length) if *count >= length => return Ok(None),
            Some(_) => {
                *count += 1;
                return self.head().map(Some);
            }
            None => {}
        }
        match self.head()? {
            ItemHead::Break => Ok(None),
            head => Ok(Some(head)),
        }
    }

    /// Consumes a key if it is next.
    #[inline]
    pub(crate) fn consume_if(&mut self, key: &Literal) -> bool {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        match key.match_start(rest) {
            Some(length) => {
                self.position += length;
                true
            }
            None => false,
        }
    }

    /// Reads the key of a map entry, whose head was read. A key that is not text becomes its JSON text.
    #[inline]
    pub(crate) fn key(&mut self, head: ItemHead, depth: u32) -> Result<Str> {
        let key = match head {
            ItemHead::Text(length) => self.text_value(length)?,
            head => self.any_after(head, depth)?,
        };
        Ok(match key {
            Value::String(text) => text,
            other => unusual_key(&other),
        })
    }
}

#[cold]
fn unusual_key(key: &Value) -> Str {
    match key {
        Value::Blob(bytes) => lossy_text(bytes),
        other => Str::from(other.to_json_string()),
    }
}

/// Returns bytes as text.
#[inline]
pub(crate) fn lossy_text(bytes: &[u8]) -> Str {
    Str::from(String::from_utf8_lossy(bytes))
}

/// Applies a tag to an item. An item that does not match its tag stays as it is.
fn tagged(tag: u64, value: Value) -> Value {
    let tagged = match (tag, &value) {
        (1, Value::Int(seconds)) => Timestamp::try_new(*seconds, 0).ok().map(Value::Timestamp),
        (1, Value::Float(seconds)) => Timestamp::from_f64(*seconds).ok().map(Value::Timestamp),
        (2 | 3, Value::Blob(bytes)) => big_integer(bytes, tag == 3),
        _ => None,
    };
    tagged.unwrap_or(value)
}

/// Returns the capacity to reserve for a container.
pub(crate) fn reserve(length: ItemLength) -> usize {
    length.map_or(0, |length| {
        usize::try_from(length).map_or(MAX_RESERVED, |length| length.min(MAX_RESERVED))
    })
}

fn float(value: f64) -> ItemHead {
    ItemHead::Float(FloatBits(value.to_bits()))
}

/// Decodes a float of 16 bits.
///
/// # Source
/// RFC 8949, appendix D.
fn half(bits: u16) -> f64 {
    let exponent = i32::from((bits >> 10) & 0x1f);
    let mantissa = f64::from(bits & 0x3ff);
    let magnitude = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// Converts an unsigned integer to a value.
pub(crate) fn unsigned(number: u64) -> Value {
    Value::from(number)
}

/// Converts -1 minus a number to a value.
pub(crate) fn negative(number: u64) -> Value {
    match i64::try_from(number) {
        Ok(number) => Value::Int(-1 - number),
        Err(_) => Value::from(-1 - i128::from(number)),
    }
}

/// Converts big-endian bytes to an integer, or to -1 minus it if negative. Returns `None` for more than 127 bits.
fn big_integer(bytes: &[u8], is_negative: bool) -> Option<Value> {
    let start = bytes.iter().position(|byte| *byte != 0);
    let bytes = bytes.get(start.unwrap_or(bytes.len())..)?;
    let mut number = [0; size_of::<u128>()];
    let end = number.len().checked_sub(bytes.len())?;
    number.get_mut(end..)?.copy_from_slice(bytes);
    let number = i128::try_from(u128::from_be_bytes(number)).ok()?;
    Some(Value::from(if is_negative { -1 - number } else { number }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_half_floats() {
        for (bits, expected) in [
            (0x0000, 0.0),
            (0x8000, -0.0),
            (0x3c00, 1.0),
            (0x3e00, 1.5),
            (0xc400, -4.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x0400, 6.103_515_625e-5),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits).to_bits(), f64::to_bits(expected), "{bits:04x}");
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn big_integers_become_digits() {
        let item = |bytes: &[u8]| read_cbor(Bytes::copy_from_slice(bytes)).unwrap();
        assert_eq!(
            item(&[0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
            Value::BigInt("18446744073709551616".into())
        );
        assert_eq!(
            item(&[0xc3, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
            Value::BigInt("-18446744073709551617".into())
        );
        assert_eq!(item(&[0xc2, 0x40]), Value::Int(0));
        assert_eq!(item(&[0xc3, 0x41, 0]), Value::Int(-1));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| {
            let mut bytes = vec![0x81; depth];
            bytes.push(0x00);
            read_cbor(bytes.into())
        };
        assert!(nested(500).is_ok());
        assert!(nested(513).is_err());
        assert!(nested(1_000_000).is_err());
        assert!(read_cbor(vec![0xc1; 1_000_000].into()).is_err());
    }

    #[test]
    fn does_not_trust_claimed_lengths() {
        for head in [0x9b, 0xbb, 0x5b, 0x7b] {
            let mut bytes = vec![head];
            bytes.extend_from_slice(&u64::MAX.to_be_bytes());
            assert!(read_cbor(bytes.into()).is_err());
        }
    }
}
