//! ByteReader and writer of packed forms: bytes, little-endian base-128 integers and strings.
//!
//! Every read is bounds-checked, and a count is checked against the remaining bytes before anything is allocated for it.

use crate::error::DefinitionError;

/// Writes a packed form.
#[derive(Debug, Default)]
pub(crate) struct ByteWriter {
    bytes: Vec<u8>,
}

impl ByteWriter {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.byte(u8::from(flag));
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes seven bits per byte, least significant first, with the high bit set on all bytes but the last.
    pub(crate) fn int(&mut self, value: impl Into<u64>) {
        let mut rest = value.into();
        loop {
            let low = (rest & 0x7f) as u8;
            rest >>= 7;
            if rest == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80);
        }
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.int(count as u64);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.raw(text.as_bytes());
    }

    pub(crate) fn optional_text(&mut self, text: Option<&str>) {
        self.flag(text.is_some());
        if let Some(text) = text {
            self.text(text);
        }
    }
}

/// Reads a packed form.
#[derive(Debug)]
pub(crate) struct ByteReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> ByteReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    #[cold]
    pub(crate) fn error(&self, message: &str) -> DefinitionError {
        DefinitionError::new(format_args!("byte {}", self.position), message)
    }

    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DefinitionError> {
        let Some(&byte) = self.bytes.get(self.position) else {
            return Err(self.error("unexpected end of the packed form"));
        };
        self.position += 1;
        Ok(byte)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, DefinitionError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.error("flag must be 0 or 1")),
        }
    }

    pub(crate) fn raw(&mut self, length: usize) -> Result<&'a [u8], DefinitionError> {
        let end = self.position.checked_add(length);
        let Some(slice) = end.and_then(|end| self.bytes.get(self.position..end)) else {
            return Err(self.error("unexpected end of the packed form"));
        };
        self.position += length;
        Ok(slice)
    }

    pub(crate) fn int(&mut self) -> Result<u64, DefinitionError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.error("integer too long"))
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Result<u16, DefinitionError> {
        // Fast path: nearly all integers in a packed form fit in one byte.
        if let Some(&byte) = self.bytes.get(self.position)
            && byte < 0x80
        {
            self.position += 1;
            return Ok(u16::from(byte));
        }
        let value = self.int()?;
        u16::try_from(value).map_err(|_| self.error("integer out of range"))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DefinitionError> {
        let value = self.int()?;
        u32::try_from(value).map_err(|_| self.error("integer out of range"))
    }

    /// Reads a count of items of at least `size` bytes each. A count that exceeds the remaining bytes is an error.
    pub(crate) fn count(&mut self, size: usize) -> Result<usize, DefinitionError> {
        let count = self.int()?;
        match usize::try_from(count) {
            Ok(count)
                if count
                    .checked_mul(size)
                    .is_some_and(|bytes| bytes <= self.remaining()) =>
            {
                Ok(count)
            }
            _ => Err(self.error("count exceeds the remaining bytes")),
        }
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, DefinitionError> {
        let length = self.count(1)?;
        let bytes = self.raw(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.error("string is not UTF-8"))
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<&'a str>, DefinitionError> {
        if self.flag()? {
            self.text().map(Some)
        } else {
            Ok(None)
        }
    }

    pub(crate) fn end(&self) -> Result<(), DefinitionError> {
        if self.remaining() == 0 {
            Ok(())
        } else {
            Err(self.error("trailing bytes after the packed form"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_round_trip() {
        let numbers = [
            0,
            1,
            127,
            128,
            300,
            65_535,
            65_536,
            u64::from(u32::MAX),
            u64::MAX,
        ];
        let mut writer = ByteWriter::default();
        for number in numbers {
            writer.int(number);
        }
        let bytes = writer.into_bytes();
        let mut reader = ByteReader::new(&bytes);
        for number in numbers {
            assert_eq!(reader.int().unwrap(), number);
        }
        reader.end().unwrap();
    }

    #[test]
    fn rejects_overlong_integers_and_counts() {
        assert!(ByteReader::new(&[0xff; 11]).int().is_err());
        assert!(
            ByteReader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02])
                .int()
                .is_err()
        );
        assert!(ByteReader::new(&[0x80, 0x80, 0x04]).u16().is_err());
        assert!(ByteReader::new(&[200]).count(1).is_err());
        assert!(ByteReader::new(&[5, b'a']).text().is_err());
        assert!(ByteReader::new(&[1, 0xff]).text().is_err());
        assert!(ByteReader::new(&[2]).flag().is_err());
    }
}
