//! Record tables in an archive.

/// Cursor over an archive, which is static.
pub(crate) type PackedReader = inia_core::packed::PackedReader<'static>;

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
        let count = reader.count(1)?;
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
        let position = PackedReader::at(self.positions, index / STRIDE * 4)?.array()?;
        let mut reader = PackedReader::at(self.bytes, u32::from_le_bytes(position) as usize)?;
        for _ in 0..index % STRIDE {
            reader.block()?;
        }
        reader.block().map(PackedReader::new)
    }
}
