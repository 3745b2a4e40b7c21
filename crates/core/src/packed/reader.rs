//! [`PackedReader`]: reads the packed form.

use super::bytes::{take, take_block, take_byte, take_count, take_number};
use super::dictionary::Dictionary;
use super::records::RecordTable;
use super::{Packed, PackedPart};
use crate::Str;

/// Cursor over packed bytes. Every read is bounds-checked and returns `None` past the end or for an invalid value.
#[derive(Clone, Copy, Debug)]
pub struct PackedReader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) dictionary: Dictionary,
}

impl<'a> PackedReader<'a> {
    /// Creates a reader of all `bytes`, which were written without a dictionary.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_dictionary(bytes, Dictionary::default())
    }

    /// Creates a reader of all `bytes`, which were written with a dictionary.
    #[must_use]
    #[inline]
    pub const fn with_dictionary(bytes: &'a [u8], dictionary: Dictionary) -> Self {
        PackedReader { bytes, dictionary }
    }

    /// Returns the dictionary of the texts.
    #[must_use]
    pub const fn dictionary(&self) -> Dictionary {
        self.dictionary
    }

    /// Returns the remaining bytes.
    #[must_use]
    #[inline]
    pub const fn rest(self) -> &'a [u8] {
        self.bytes
    }

    /// Reads one byte.
    #[inline]
    pub fn byte(&mut self) -> Option<u8> {
        take_byte(&mut self.bytes)
    }

    /// Reads a number of bytes.
    #[inline]
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        take(&mut self.bytes, length)
    }

    /// Reads an array of bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*front)
    }

    /// Reads a variable-length integer.
    #[inline]
    pub fn number(&mut self) -> Option<u64> {
        take_number(&mut self.bytes)
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

    /// Reads a count of items of at least one byte each. A count that exceeds the remaining bytes is invalid.
    #[inline]
    pub fn count(&mut self) -> Option<usize> {
        take_count(&mut self.bytes)
    }

    /// Reads a length and as many bytes.
    #[inline]
    pub fn block(&mut self) -> Option<&'a [u8]> {
        take_block(&mut self.bytes)
    }

    /// Reads a text.
    #[inline]
    pub fn text(&mut self) -> Option<Str> {
        self.dictionary.text(&mut self.bytes)
    }

    /// Reads a count and as many items, each with `read`.
    #[inline]
    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.count()?;
        // The count may be wrong in damaged input: a long list grows as it is read.
        let mut items = Vec::with_capacity(count.min(4096));
        for _ in 0..count {
            items.push(read(self)?);
        }
        Some(items)
    }

    /// Reads an optional field whose presence is the lowest of `flags`, which are shifted.
    #[inline]
    pub fn part<T: PackedPart>(&mut self, flags: &mut u64) -> Option<T> {
        let is_present = *flags & 1 == 1;
        *flags >>= 1;
        if is_present {
            T::read_present(self)
        } else {
            Some(T::default())
        }
    }

    /// Reads a value that takes all remaining bytes.
    #[must_use]
    pub fn whole<T: Packed>(mut self) -> Option<T> {
        let value = T::read(&mut self)?;
        self.bytes.is_empty().then_some(value)
    }
}

impl PackedReader<'static> {
    /// Reads a table of records, which are not checked.
    pub fn records(&mut self) -> Option<RecordTable> {
        RecordTable::read(&mut self.bytes)
    }

    /// Reads the dictionary of other texts.
    pub fn words(&mut self) -> Option<Dictionary> {
        self.records().map(Dictionary::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_invalid_values() {
        assert_eq!(PackedReader::new(&[0xff; 11]).number(), None);
        assert_eq!(PackedReader::new(&[0x80; 3]).number(), None);
        assert_eq!(PackedReader::new(&[0x80, 0x80, 0x04]).int::<u16>(), None);
        assert_eq!(PackedReader::new(&[200]).count(), None);
        assert_eq!(PackedReader::new(&[3, 0, 0]).count(), None);
        assert_eq!(PackedReader::new(&[2, 5, b'a']).text(), None);
        assert_eq!(PackedReader::new(&[2, 1, 0xff]).text(), None);
        assert_eq!(PackedReader::new(&[4]).text(), None);
        assert_eq!(PackedReader::new(&[2]).whole::<bool>(), None);
        assert_eq!(PackedReader::new(&[0, 0]).whole::<bool>(), None);
    }
}
