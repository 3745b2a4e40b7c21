//! Encodes record tables of an archive.

use inia_core::packed::PackedWriter;

use crate::packed::reader::STRIDE;

/// Writes records with their position table.
pub(super) fn write_records<'r>(
    records: impl ExactSizeIterator<Item = &'r [u8]>,
    out: &mut PackedWriter,
) {
    out.size(records.len());
    let mut body = PackedWriter::default();
    for (index, record) in records.enumerate() {
        if index % STRIDE == 0 {
            // Sizes are checked against `u32::MAX` once, when the archive is finished.
            let position = u32::try_from(body.bytes.len()).unwrap_or(u32::MAX);
            out.raw(&position.to_le_bytes());
        }
        body.block(record);
    }
    out.block(&body.bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::reader::{PackedReader, RecordTable};

    #[test]
    fn finds_records_by_index() {
        let mut writer = PackedWriter::default();
        let records: Vec<Vec<u8>> = (0..100u8).map(|i| vec![i; usize::from(i)]).collect();
        write_records(records.iter().map(Vec::as_slice), &mut writer);
        let records = RecordTable::read(&mut PackedReader::new(writer.bytes.leak())).unwrap();
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
