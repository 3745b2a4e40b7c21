//! Reading CBOR, RFC 8949: from bytes straight to values.

use bytes::Bytes;
use inia_core::{Blob, Error, ErrorKind, List, Map, Result, Str, Timestamp, Value};

use crate::literal::Literal;

/// How deep items may be nested: what stays within the stack of a small thread.
///
/// DIFFERENCE: botocore goes as deep as Python's recursion limit, about 1,000 calls.
pub(crate) const MAX_DEPTH: u32 = 512;

/// How many elements a container is given room for before they are there: what a length claims is not believed.
const MAX_RESERVED: usize = 1024;

/// Reads one CBOR item, which must be all there is, as a value.
///
/// Tag 1 makes a timestamp, tags 2 and 3 an integer; other tags say nothing here, and what they are on is read. Entries of maps
/// that are null stay.
///
/// # Errors
/// `Parse`: the bytes are not one item of CBOR, or it is nested too deep.
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
    let mut reader = Reader::new(&bytes);
    let value = reader.any(MAX_DEPTH)?;
    reader.end()?;
    Ok(value)
}

/// The head of an item: its major type, and what its length or value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    Unsigned(u64),
    /// -1 minus the number.
    Negative(u64),
    Bytes(Length),
    Text(Length),
    Array(Length),
    Map(Length),
    Tag(u64),
    Bool(bool),
    /// Null or undefined.
    Null,
    Float(FloatBits),
    Break,
}

/// A float as it stands, so that [`Head`] can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FloatBits(u64);

impl FloatBits {
    pub(crate) fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// The length of an item: in bytes, elements or entries; `None` where a break ends it.
pub(crate) type Length = Option<u64>;

/// A place in a text of CBOR.
#[derive(Debug)]
pub(crate) struct Reader<'t> {
    whole: &'t Bytes,
    bytes: &'t [u8],
    position: usize,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(whole: &'t Bytes) -> Self {
        Reader {
            whole,
            bytes: whole,
            position: 0,
        }
    }

    /// Fails unless everything has been read.
    pub(crate) fn end(&self) -> Result<()> {
        if self.position == self.bytes.len() {
            Ok(())
        } else {
            Err(self.broken("there is more than one item"))
        }
    }

    #[cold]
    pub(crate) fn broken(&self, message: &str) -> Error {
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
            None => Err(self.broken("it ends too early")),
        }
    }

    /// Reads the head of the next item.
    #[inline]
    pub(crate) fn head(&mut self) -> Result<Head> {
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
                    2 => Ok(Head::Bytes(None)),
                    3 => Ok(Head::Text(None)),
                    4 => Ok(Head::Array(None)),
                    5 => Ok(Head::Map(None)),
                    _ => Err(self.broken("an integer or tag without a value")),
                };
            }
            _ => return Err(self.broken("a reserved length")),
        };
        Ok(match major {
            0 => Head::Unsigned(argument),
            1 => Head::Negative(argument),
            2 => Head::Bytes(Some(argument)),
            3 => Head::Text(Some(argument)),
            4 => Head::Array(Some(argument)),
            5 => Head::Map(Some(argument)),
            _ => Head::Tag(argument),
        })
    }

    fn simple(&mut self, info: u8) -> Result<Head> {
        Ok(match info {
            20 => Head::Bool(false),
            21 => Head::Bool(true),
            22 | 23 => Head::Null,
            25 => float(half(u16::from_be_bytes(self.take()?))),
            26 => float(f64::from(f32::from_be_bytes(self.take()?))),
            27 => float(f64::from_be_bytes(self.take()?)),
            31 => Head::Break,
            _ => return Err(self.broken("an unknown simple value")),
        })
    }

    /// Takes the next bytes.
    #[inline]
    fn slice(&mut self, length: u64) -> Result<&'t [u8]> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        match usize::try_from(length)
            .ok()
            .and_then(|length| rest.get(..length))
        {
            Some(slice) => {
                self.position += slice.len();
                Ok(slice)
            }
            None => Err(self.broken("a string is longer than what is left")),
        }
    }

    /// The bytes of a byte string whose head has been read, shared with the whole where they are in one piece.
    pub(crate) fn blob(&mut self, length: Length) -> Result<Bytes> {
        match length {
            Some(length) => self.slice(length).map(|slice| self.whole.slice_ref(slice)),
            None => self.chunks(false).map(Bytes::from),
        }
    }

    /// The bytes of a text string whose head has been read, where they are in one piece.
    #[inline]
    pub(crate) fn raw_text(&mut self, length: Length) -> Result<Option<&'t [u8]>> {
        match length {
            Some(length) => self.slice(length).map(Some),
            None => Ok(None),
        }
    }

    /// The text of a text string whose head has been read.
    #[inline]
    pub(crate) fn text(&mut self, length: Length) -> Result<Str> {
        match length {
            Some(length) => {
                let slice = self.slice(length)?;
                self.utf8(slice)
            }
            None => {
                let chunks = self.chunks(true)?;
                self.utf8(&chunks)
            }
        }
    }

    #[inline]
    pub(crate) fn utf8(&self, bytes: &[u8]) -> Result<Str> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Str::from(text)),
            Err(_) => Err(self.broken("a text is not UTF-8")),
        }
    }

    /// The pieces of a string whose head, of no length, has been read.
    pub(crate) fn chunks(&mut self, is_text: bool) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let piece = match self.head()? {
                Head::Break => return Ok(all),
                Head::Text(Some(length)) if is_text => self.slice(length)?,
                Head::Bytes(Some(length)) if !is_text => self.slice(length)?,
                _ => return Err(self.broken("a piece of a string is not of its kind")),
            };
            // Each piece of a text must be text by itself.
            if is_text && std::str::from_utf8(piece).is_err() {
                return Err(self.broken("a text is not UTF-8"));
            }
            all.extend_from_slice(piece);
        }
    }

    /// The next item as whatever it is; `depth` is how many levels may still be entered.
    pub(crate) fn any(&mut self, depth: u32) -> Result<Value> {
        let head = self.head()?;
        self.any_after(head, depth)
    }

    /// An item whose head has been read.
    pub(crate) fn any_after(&mut self, head: Head, depth: u32) -> Result<Value> {
        Ok(match head {
            Head::Unsigned(number) => unsigned(number),
            Head::Negative(number) => negative(number),
            Head::Bytes(length) => Value::Blob(Blob::from(self.blob(length)?)),
            Head::Text(length) => Value::String(self.text(length)?),
            Head::Bool(value) => Value::Bool(value),
            Head::Null => Value::Null,
            Head::Float(bits) => Value::Float(bits.value()),
            Head::Break => return Err(self.broken("a break where an item should be")),
            Head::Tag(tag) => {
                let depth = self.deeper(depth)?;
                let value = self.any(depth)?;
                self.tagged(tag, value)?
            }
            Head::Array(length) => {
                let depth = self.deeper(depth)?;
                let mut list = List::with_capacity(reserve(length));
                let mut count = 0;
                while let Some(head) = self.element(length, &mut count)? {
                    list.push(self.any_after(head, depth)?);
                }
                Value::List(list)
            }
            Head::Map(length) => {
                let depth = self.deeper(depth)?;
                let mut map = Map::with_capacity(reserve(length).min(16));
                let mut count = 0;
                while let Some(head) = self.element(length, &mut count)? {
                    let key = self.key(head)?;
                    map.insert(key, self.any(depth)?);
                }
                Value::Map(map)
            }
        })
    }

    /// One level less to enter.
    pub(crate) fn deeper(&self, depth: u32) -> Result<u32> {
        depth
            .checked_sub(1)
            .ok_or_else(|| self.broken("it is nested too deep"))
    }

    /// The head of the next element of a container, of which `count` have been read; `None` at its end.
    #[inline]
    pub(crate) fn element(&mut self, length: Length, count: &mut u64) -> Result<Option<Head>> {
        match length {
            Some(length) if *count >= length => return Ok(None),
            Some(_) => {
                *count += 1;
                return self.head().map(Some);
            }
            None => {}
        }
        match self.head()? {
            Head::Break => Ok(None),
            head => Ok(Some(head)),
        }
    }

    /// Takes a key, if precisely that is what stands here.
    #[inline]
    pub(crate) fn takes(&mut self, key: &Literal) -> bool {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        match key.begins(rest) {
            Some(length) => {
                self.position += length;
                true
            }
            None => false,
        }
    }

    /// The key of a map's entry, whose head has been read.
    pub(crate) fn key(&mut self, head: Head) -> Result<Str> {
        match head {
            Head::Text(length) => self.text(length),
            _ => Err(self.broken("the key of an entry is not text")),
        }
    }

    /// What a tag makes of an item.
    pub(crate) fn tagged(&self, tag: u64, value: Value) -> Result<Value> {
        match (tag, &value) {
            (1, Value::Int(seconds)) => Ok(Value::Timestamp(Timestamp::new(*seconds, 0))),
            (1, Value::Float(seconds)) => Timestamp::from_f64(*seconds)
                .map(Value::Timestamp)
                .map_err(|error| self.broken(error.message())),
            (1, _) => Err(self.broken("a timestamp is not a number")),
            (2, Value::Blob(bytes)) => Ok(big_integer(bytes, false)),
            (3, Value::Blob(bytes)) => Ok(big_integer(bytes, true)),
            _ => Ok(value),
        }
    }

    /// Passes over an item whose head has been read.
    pub(crate) fn skip(&mut self, head: Head, depth: u32) -> Result<()> {
        match head {
            Head::Unsigned(_) | Head::Negative(_) | Head::Bool(_) | Head::Null | Head::Float(_) => {
                Ok(())
            }
            Head::Bytes(length) => self.blob(length).map(drop),
            Head::Text(Some(length)) => self.slice(length).map(drop),
            Head::Text(None) => self.chunks(true).map(drop),
            Head::Break => Err(self.broken("a break where an item should be")),
            Head::Tag(_) => {
                let depth = self.deeper(depth)?;
                let head = self.head()?;
                self.skip(head, depth)
            }
            Head::Array(length) => {
                let depth = self.deeper(depth)?;
                let mut count = 0;
                while let Some(head) = self.element(length, &mut count)? {
                    self.skip(head, depth)?;
                }
                Ok(())
            }
            Head::Map(length) => {
                let depth = self.deeper(depth)?;
                let mut count = 0;
                while let Some(head) = self.element(length, &mut count)? {
                    self.skip(head, depth)?;
                    let head = self.head()?;
                    self.skip(head, depth)?;
                }
                Ok(())
            }
        }
    }
}

/// How many elements to make room for.
pub(crate) fn reserve(length: Length) -> usize {
    length.map_or(0, |length| {
        usize::try_from(length).map_or(MAX_RESERVED, |length| length.min(MAX_RESERVED))
    })
}

fn float(value: f64) -> Head {
    Head::Float(FloatBits(value.to_bits()))
}

/// A float of 16 bits.
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

/// An unsigned integer as a value.
pub(crate) fn unsigned(number: u64) -> Value {
    Value::from(number)
}

/// -1 minus a number, as a value.
pub(crate) fn negative(number: u64) -> Value {
    match i64::try_from(number) {
        Ok(number) => Value::Int(-1 - number),
        Err(_) => Value::from(-1 - i128::from(number)),
    }
}

/// The integer of big-endian bytes; for a negative one -1 minus it. Up to 16 bytes are exact digits, more stay digits too.
fn big_integer(bytes: &[u8], is_negative: bool) -> Value {
    let start = bytes
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(bytes.len());
    let bytes = bytes.get(start..).unwrap_or_default();
    // Decimal digits, least significant first, in groups of nine: quadratic, so only what is of sane length is converted.
    if bytes.len() > MAX_BIG_INTEGER {
        return Value::Blob(Blob::from(bytes));
    }
    let mut groups: Vec<u32> = vec![0];
    let mut carry_in = |byte: u32| {
        let mut carry = u64::from(byte);
        for group in &mut groups {
            let value = u64::from(*group) * 256 + carry;
            *group = u32::try_from(value % 1_000_000_000).unwrap_or_default();
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            groups.push(u32::try_from(carry).unwrap_or_default());
        }
    };
    for byte in bytes {
        carry_in(u32::from(*byte));
    }
    if is_negative {
        // -1 - n is -(n + 1).
        let mut position = 0;
        loop {
            match groups.get_mut(position) {
                Some(group) if *group == 999_999_999 => *group = 0,
                Some(group) => {
                    *group += 1;
                    break;
                }
                None => {
                    groups.push(1);
                    break;
                }
            }
            position += 1;
        }
    }
    let mut text = String::with_capacity(groups.len() * 9 + 1);
    if is_negative {
        text.push('-');
    }
    for (position, group) in groups.iter().rev().enumerate() {
        if position == 0 {
            text.push_str(&group.to_string());
        } else {
            text.push_str(&format!("{group:09}"));
        }
    }
    match text.parse::<i64>() {
        Ok(number) => Value::Int(number),
        Err(_) => Value::BigInt(text.into()),
    }
}

/// The length in bytes up to which big integers are turned into digits.
const MAX_BIG_INTEGER: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats() {
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
    fn a_claimed_length_is_not_believed() {
        for head in [0x9b, 0xbb, 0x5b, 0x7b] {
            let mut bytes = vec![head];
            bytes.extend_from_slice(&u64::MAX.to_be_bytes());
            assert!(read_cbor(bytes.into()).is_err());
        }
    }
}
