//! Shared parts of the packed forms of rule sets, partitions and `endpoints.json`.

use inia_core::packed::{PackedReader, PackedWriter};
use inia_core::{Error, ErrorKind, Result};

/// Returns the bytes that `write` appends to `header`.
pub(crate) fn encode(header: &[u8], write: impl FnOnce(&mut PackedWriter)) -> Vec<u8> {
    let mut writer = PackedWriter::default();
    writer.raw(header);
    write(&mut writer);
    writer.bytes
}

/// Reads the bytes that [`encode`] returned for the same `header`.
pub(crate) fn decode<T>(
    header: &[u8],
    bytes: &[u8],
    read: impl FnOnce(&mut PackedReader<'_>) -> Option<T>,
) -> Result<T> {
    let read_all = || {
        let mut reader = PackedReader::new(bytes.strip_prefix(header)?);
        let result = read(&mut reader)?;
        reader.end().map(|()| result)
    };
    read_all().ok_or_else(|| {
        let message = "the packed definition is damaged or was written by another version";
        Error::new(ErrorKind::Model, message)
    })
}

/// Writes the number of items and the items.
pub(crate) fn write_all<T>(
    items: &[T],
    writer: &mut PackedWriter,
    mut write: impl FnMut(&T, &mut PackedWriter),
) {
    writer.size(items.len());
    items.iter().for_each(|item| write(item, writer));
}

/// Reads a number of items of at least `size` bytes each, and the items.
pub(crate) fn read_all<'a, T>(
    reader: &mut PackedReader<'a>,
    size: usize,
    mut read: impl FnMut(&mut PackedReader<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let count = reader.count(size)?;
    // The count may be wrong in damaged input: a long list grows as it is read.
    let mut items = Vec::with_capacity(count.min(4096));
    for _ in 0..count {
        items.push(read(reader)?);
    }
    Some(items)
}

pub(crate) fn write_optional_text(text: Option<&str>, writer: &mut PackedWriter) {
    writer.flag(text.is_some());
    if let Some(text) = text {
        writer.text(text);
    }
}

pub(crate) fn read_optional_text<'a>(reader: &mut PackedReader<'a>) -> Option<Option<&'a str>> {
    match reader.flag()? {
        true => reader.text().map(Some),
        false => Some(None),
    }
}
