//! The bytes of an archive: how numbers are written, and read again without trusting them.

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
const STRIDE: usize = 16;

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

/// Writes what [`Reader`] reads.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push((number & 0x7f) as u8);
    }

    pub(super) fn size(&mut self, size: usize) {
        self.number(size as u64);
    }

    pub(super) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    /// Sizes are checked against `u32::MAX` once, when an archive is finished.
    pub(super) fn fixed(&mut self, size: usize) {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        self.bytes.extend(size.to_le_bytes());
    }

    pub(super) fn float(&mut self, number: f64) {
        self.bytes.extend(number.to_bits().to_le_bytes());
    }

    pub(super) fn block(&mut self, bytes: &[u8]) {
        self.size(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes records with their table.
    pub(super) fn records<'r>(&mut self, records: impl ExactSizeIterator<Item = &'r [u8]>) {
        self.size(records.len());
        let mut body = Writer::default();
        for (index, record) in records.enumerate() {
            if index % STRIDE == 0 {
                self.fixed(body.bytes.len());
            }
            body.block(record);
        }
        self.block(&body.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(writer: Writer) -> Reader {
        Reader::new(writer.bytes.leak())
    }

    #[test]
    fn numbers_come_back() {
        let mut writer = Writer::default();
        let numbers = [
            0,
            1,
            127,
            128,
            16_383,
            16_384,
            u64::from(u32::MAX),
            u64::MAX,
        ];
        let signed = [0, -1, 1, i64::MIN, i64::MAX];
        numbers.iter().for_each(|&number| writer.number(number));
        signed.iter().for_each(|&number| writer.signed(number));
        writer.float(-0.5);
        let mut reader = read(writer);
        for number in numbers {
            assert_eq!(reader.number(), Some(number));
        }
        for number in signed {
            assert_eq!(reader.signed(), Some(number));
        }
        assert_eq!(reader.float(), Some(-0.5));
        assert_eq!(reader.byte(), None);
    }

    #[test]
    fn a_number_without_end_is_none() {
        assert_eq!(Reader::new(&[0x80; 20]).number(), None);
        assert_eq!(Reader::new(&[0x80; 3]).number(), None);
        assert_eq!(Reader::new(&[0x05, 1, 2]).block(), None);
    }

    #[test]
    fn records_are_found_by_their_index() {
        let mut writer = Writer::default();
        let records: Vec<Vec<u8>> = (0..100u8).map(|i| vec![i; usize::from(i)]).collect();
        writer.records(records.iter().map(Vec::as_slice));
        let records = Records::read(&mut read(writer)).unwrap();
        assert_eq!(records.len(), 100);
        for i in 0..100u8 {
            assert_eq!(
                records.get(usize::from(i)).unwrap().rest(),
                vec![i; usize::from(i)]
            );
        }
        assert!(records.get(100).is_none());
    }
}
