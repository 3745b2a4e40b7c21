//! Bounds-checked decoding of numbers, blocks and record tables in an archive.

/// Cursor over a slice. Every read past the end returns `None`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedReader {
    bytes: &'static [u8],
}

impl PackedReader {
    pub(crate) const fn new(bytes: &'static [u8]) -> Self {
        PackedReader { bytes }
    }

    /// Creates a reader from a position to the end.
    pub(crate) fn at(bytes: &'static [u8], position: usize) -> Option<Self> {
        bytes.get(position..).map(PackedReader::new)
    }

    /// Returns the remaining bytes.
    pub(crate) fn rest(self) -> &'static [u8] {
        self.bytes
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Option<&'static [u8]> {
        let (front, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(front)
    }

    /// Reads a variable-length number: seven bits per byte, the lowest first.
    #[inline]
    pub(crate) fn number(&mut self) -> Option<u64> {
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

    /// Reads a size or position.
    #[inline]
    pub(crate) fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// Reads a count of items of at least one byte each, which is at most the number of remaining bytes.
    pub(crate) fn count(&mut self) -> Option<usize> {
        let count = self.size()?;
        (count <= self.bytes.len()).then_some(count)
    }

    #[inline]
    pub(crate) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// Reads a signed number, zigzag-encoded.
    pub(crate) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// Reads four bytes, little-endian: an entry of a table.
    pub(crate) fn fixed(&mut self) -> Option<usize> {
        let bytes: [u8; 4] = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    pub(crate) fn float(&mut self) -> Option<f64> {
        let bytes: [u8; 8] = self.take(8)?.try_into().ok()?;
        Some(f64::from_bits(u64::from_le_bytes(bytes)))
    }

    /// Reads a length and as many bytes.
    pub(crate) fn block(&mut self) -> Option<&'static [u8]> {
        let length = self.size()?;
        self.take(length)
    }

    /// Reads a length and as many bytes of UTF-8.
    pub(crate) fn plain(&mut self) -> Option<&'static str> {
        std::str::from_utf8(self.block()?).ok()
    }
}

/// Sequence of length-prefixed records, with a table of the position of every sixteenth.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RecordTable {
    count: usize,
    positions: &'static [u8],
    bytes: &'static [u8],
}

/// Number of records between two entries of the table.
pub(crate) const STRIDE: usize = 16;

impl RecordTable {
    pub(crate) fn read(reader: &mut PackedReader) -> Option<RecordTable> {
        let count = reader.count()?;
        let positions = reader.take(count.div_ceil(STRIDE).checked_mul(4)?)?;
        let bytes = reader.block()?;
        Some(RecordTable {
            count,
            positions,
            bytes,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<PackedReader> {
        if index >= self.count {
            return None;
        }
        let position = PackedReader::at(self.positions, index / STRIDE * 4)?.fixed()?;
        let mut reader = PackedReader::at(self.bytes, position)?;
        for _ in 0..index % STRIDE {
            reader.block()?;
        }
        reader.block().map(PackedReader::new)
    }
}
