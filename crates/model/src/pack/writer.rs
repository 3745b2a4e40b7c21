//! Encodes numbers, blocks and record tables of an archive.

use crate::packed::reader::STRIDE;

/// Writes the format that [`PackedReader`](crate::packed::reader::PackedReader) reads.
#[derive(Debug, Default)]
pub(super) struct PackedWriter {
    pub(super) bytes: Vec<u8>,
}

impl PackedWriter {
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

    /// Sizes are checked against `u32::MAX` once, when the archive is finished.
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

    /// Writes records with their position table.
    pub(super) fn records<'r>(&mut self, records: impl ExactSizeIterator<Item = &'r [u8]>) {
        self.size(records.len());
        let mut body = PackedWriter::default();
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
    use crate::packed::reader::{PackedReader, RecordTable};

    fn read(writer: PackedWriter) -> PackedReader {
        PackedReader::new(writer.bytes.leak())
    }

    #[test]
    fn decodes_encoded_numbers() {
        let mut writer = PackedWriter::default();
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
    fn rejects_unterminated_numbers() {
        assert_eq!(PackedReader::new(&[0x80; 20]).number(), None);
        assert_eq!(PackedReader::new(&[0x80; 3]).number(), None);
        assert_eq!(PackedReader::new(&[0x05, 1, 2]).block(), None);
    }

    #[test]
    fn finds_records_by_index() {
        let mut writer = PackedWriter::default();
        let records: Vec<Vec<u8>> = (0..100u8).map(|i| vec![i; usize::from(i)]).collect();
        writer.records(records.iter().map(Vec::as_slice));
        let records = RecordTable::read(&mut read(writer)).unwrap();
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
