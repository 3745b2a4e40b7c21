//! [`RecordTable`]: records that are found by index.

use super::bytes::{take, take_block, take_count};

/// Sequence of length-prefixed records, with a table of the position of every eighth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordTable {
    count: usize,
    positions: &'static [u8],
    bytes: &'static [u8],
}

/// Number of records between two entries of the table.
pub const RECORD_STRIDE: usize = 8;

impl RecordTable {
    pub(super) fn read(bytes: &mut &'static [u8]) -> Option<RecordTable> {
        let count = take_count(bytes)?;
        let positions = take(bytes, count.div_ceil(RECORD_STRIDE).checked_mul(4)?)?;
        let bytes = take_block(bytes)?;
        Some(RecordTable {
            count,
            positions,
            bytes,
        })
    }

    /// Returns the number of records.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Returns true if the table has no records.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the record at an index.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'static [u8]> {
        if index >= self.count {
            return None;
        }
        let position = self
            .positions
            .get(index / RECORD_STRIDE * 4..)?
            .first_chunk()?;
        let mut bytes = self.bytes.get(u32::from_le_bytes(*position) as usize..)?;
        for _ in 0..index % RECORD_STRIDE {
            take_block(&mut bytes)?;
        }
        take_block(&mut bytes)
    }
}

#[cfg(test)]
mod tests {
    use crate::packed::{PackedReader, PackedWriter};

    #[test]
    fn finds_records_by_index() {
        let mut out = PackedWriter::default();
        out.records((0..100u8).map(|i| vec![i; usize::from(i)]));
        let records = PackedReader::new(out.bytes.leak()).records().unwrap();
        assert_eq!(records.len(), 100);
        for i in 0..100u8 {
            assert_eq!(
                records.get(usize::from(i)).unwrap(),
                vec![i; usize::from(i)]
            );
        }
        assert!(records.get(100).is_none());
    }
}
