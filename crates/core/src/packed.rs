//! Encoding of packed definitions: variable-length integers, flags, strings and blocks of bytes.

/// Cursor over packed bytes. Every read is bounds-checked and returns `None` past the end or for an invalid value.
#[derive(Clone, Copy, Debug)]
pub struct PackedReader<'a> {
    bytes: &'a [u8],
}

impl<'a> PackedReader<'a> {
    /// Creates a reader of all `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        PackedReader { bytes }
    }

    /// Creates a reader from a position to the end.
    #[must_use]
    pub fn at(bytes: &'a [u8], position: usize) -> Option<Self> {
        bytes.get(position..).map(PackedReader::new)
    }

    /// Returns the remaining bytes.
    #[must_use]
    #[inline]
    pub fn rest(self) -> &'a [u8] {
        self.bytes
    }

    /// Reads one byte.
    #[inline]
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    /// Reads a byte that is 0 or 1.
    #[inline]
    pub fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// Reads a number of bytes.
    #[inline]
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(front)
    }

    /// Reads an array of bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*front)
    }

    /// Reads a variable-length integer: seven bits per byte, the lowest first, with the high bit set on all bytes but the last.
    #[inline]
    pub fn number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Some(u64::from(first));
        }
        let mut number = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// Reads a variable-length integer of any type.
    #[inline]
    pub fn int<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.number()?).ok()
    }

    /// Reads a signed variable-length integer, zigzag-encoded.
    #[inline]
    pub fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// Reads the bits of a double.
    #[inline]
    pub fn float(&mut self) -> Option<f64> {
        self.array()
            .map(|bytes| f64::from_bits(u64::from_le_bytes(bytes)))
    }

    /// Reads a count of items of at least `size` bytes each. A count that exceeds the remaining bytes is invalid.
    #[inline]
    pub fn count(&mut self, size: usize) -> Option<usize> {
        let count: usize = self.int()?;
        (count.checked_mul(size)? <= self.bytes.len()).then_some(count)
    }

    /// Reads a length and as many bytes.
    #[inline]
    pub fn block(&mut self) -> Option<&'a [u8]> {
        let length = self.int()?;
        self.take(length)
    }

    /// Reads a length and as many bytes of UTF-8.
    #[inline]
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.block()?).ok()
    }

    /// Returns `Some` if no bytes remain.
    #[must_use]
    pub fn end(&self) -> Option<()> {
        self.bytes.is_empty().then_some(())
    }
}

/// Writes the format that [`PackedReader`] reads.
#[derive(Debug, Default)]
pub struct PackedWriter {
    /// The written bytes.
    pub bytes: Vec<u8>,
}

impl PackedWriter {
    /// Writes one byte.
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Writes a byte that is 0 or 1.
    pub fn flag(&mut self, flag: bool) {
        self.byte(u8::from(flag));
    }

    /// Writes bytes without their length.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes a variable-length integer.
    pub fn number(&mut self, number: impl Into<u64>) {
        let mut number = number.into();
        while number >= 0x80 {
            self.byte((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    /// Writes a size, a position or a count as a variable-length integer.
    pub fn size(&mut self, size: usize) {
        self.number(size as u64);
    }

    /// Writes a signed variable-length integer, zigzag-encoded.
    pub fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    /// Writes the bits of a double.
    pub fn float(&mut self, number: f64) {
        self.raw(&number.to_bits().to_le_bytes());
    }

    /// Writes a length and as many bytes.
    pub fn block(&mut self, bytes: &[u8]) {
        self.size(bytes.len());
        self.raw(bytes);
    }

    /// Writes a length and as many bytes of UTF-8.
    pub fn text(&mut self, text: &str) {
        self.block(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_integers() {
        let numbers = [0, 1, 127, 128, 300, 65_535, u64::from(u32::MAX), u64::MAX];
        let signed = [0, 1, -1, 63, -64, i64::MAX, i64::MIN];
        let mut writer = PackedWriter::default();
        numbers.into_iter().for_each(|number| writer.number(number));
        signed.into_iter().for_each(|number| writer.signed(number));
        writer.float(-0.5);
        writer.text("é");
        let mut reader = PackedReader::new(&writer.bytes);
        for number in numbers {
            assert_eq!(reader.number(), Some(number));
        }
        for number in signed {
            assert_eq!(reader.signed(), Some(number));
        }
        assert_eq!(reader.float(), Some(-0.5));
        assert_eq!(reader.text(), Some("é"));
        assert_eq!(reader.end(), Some(()));
    }

    #[test]
    fn rejects_invalid_values() {
        assert_eq!(PackedReader::new(&[0xff; 11]).number(), None);
        assert_eq!(PackedReader::new(&[0x80; 3]).number(), None);
        assert_eq!(PackedReader::new(&[0x80, 0x80, 0x04]).int::<u16>(), None);
        assert_eq!(PackedReader::new(&[200]).count(1), None);
        assert_eq!(PackedReader::new(&[2, 0, 0]).count(2), None);
        assert_eq!(PackedReader::new(&[5, b'a']).text(), None);
        assert_eq!(PackedReader::new(&[1, 0xff]).text(), None);
        assert_eq!(PackedReader::new(&[2]).flag(), None);
        assert_eq!(PackedReader::new(&[0]).end(), None);
    }
}
