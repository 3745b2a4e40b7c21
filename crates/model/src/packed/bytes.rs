//! The bytes of an archive: how numbers are read without trusting them.

/// Reads from the front of a slice. Every read is `None` past the end, and nothing else can go wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    bytes: &'static [u8],
}

impl Reader {
    pub(super) const fn new(bytes: &'static [u8]) -> Self {
        Reader { bytes }
    }

    /// From a position to the end.
    pub(super) fn at(bytes: &'static [u8], position: usize) -> Option<Self> {
        bytes.get(position..).map(Reader::new)
    }

    /// What is left.
    pub(super) fn rest(self) -> &'static [u8] {
        self.bytes
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Option<&'static [u8]> {
        let (front, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(front)
    }

    /// A number of seven bits a byte, the lowest first.
    #[inline]
    pub(super) fn number(&mut self) -> Option<u64> {
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

    /// A number that counts or places something.
    #[inline]
    pub(super) fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// A count of things of at least one byte each: never more than there are bytes left.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = self.size()?;
        (count <= self.bytes.len()).then_some(count)
    }

    #[inline]
    pub(super) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// A number with a sign.
    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// Four bytes, the lowest first: what stands at a known place.
    pub(super) fn fixed(&mut self) -> Option<usize> {
        let bytes: [u8; 4] = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    pub(super) fn float(&mut self) -> Option<f64> {
        let bytes: [u8; 8] = self.take(8)?.try_into().ok()?;
        Some(f64::from_bits(u64::from_le_bytes(bytes)))
    }

    /// Bytes behind their length.
    pub(super) fn block(&mut self) -> Option<&'static [u8]> {
        let length = self.size()?;
        self.take(length)
    }

    /// Text behind its length, as it is.
    pub(super) fn plain(&mut self) -> Option<&'static str> {
        std::str::from_utf8(self.block()?).ok()
    }
}

/// The table of a run of records: where every sixteenth begins. Each record stands behind its length.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Records {
    count: usize,
    places: &'static [u8],
    bytes: &'static [u8],
}

/// How many records lie between two places that the table knows.
pub(super) const STRIDE: usize = 16;

impl Records {
    pub(super) fn read(reader: &mut Reader) -> Option<Records> {
        let count = reader.count()?;
        let places = reader.take(count.div_ceil(STRIDE).checked_mul(4)?)?;
        let bytes = reader.block()?;
        Some(Records {
            count,
            places,
            bytes,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<Reader> {
        if index >= self.count {
            return None;
        }
        let place = Reader::at(self.places, index / STRIDE * 4)?.fixed()?;
        let mut reader = Reader::at(self.bytes, place)?;
        for _ in 0..index % STRIDE {
            reader.block()?;
        }
        reader.block().map(Reader::new)
    }
}
