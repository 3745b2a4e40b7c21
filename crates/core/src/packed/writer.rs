//! [`PackedWriter`]: writes the packed form.

use std::fmt::Debug;

use super::Packed;
use super::dictionary::LITERAL_CODE;
use super::records::RECORD_STRIDE;

/// Encodes texts with a dictionary, or counts them to build one.
pub trait TextSink: Debug {
    /// Writes the codes of a text, of which the first is `LITERAL_CODE` or a word.
    fn text(&mut self, text: &str, out: &mut PackedWriter<'_>);
}

/// Writes the form that [`PackedReader`](super::PackedReader) reads.
#[derive(Debug, Default)]
pub struct PackedWriter<'t> {
    /// The written bytes.
    pub bytes: Vec<u8>,
    texts: Option<&'t mut dyn TextSink>,
}

impl<'t> PackedWriter<'t> {
    /// Creates a writer that passes texts to `texts`; the default writer has no dictionary.
    pub fn with_texts(texts: &'t mut dyn TextSink) -> Self {
        PackedWriter {
            bytes: Vec::new(),
            texts: Some(texts),
        }
    }

    /// Returns the bytes that `write` writes, separately from those written so far.
    pub fn nested(&mut self, write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let before = std::mem::take(&mut self.bytes);
        write(self);
        std::mem::replace(&mut self.bytes, before)
    }

    /// Writes one byte.
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Writes bytes without their length.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes a variable-length integer.
    pub fn number(&mut self, number: impl Into<u64>) {
        let mut number = number.into();
        while number >= 0x80 {
            self.byte((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    /// Writes a size, a position or a count as a variable-length integer.
    pub fn size(&mut self, size: usize) {
        self.number(size as u64);
    }

    /// Writes a signed variable-length integer, zigzag-encoded.
    pub fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    /// Writes at most 64 flags as a variable-length integer, the first as the lowest bit.
    pub fn flags(&mut self, flags: &[bool]) {
        let bits = flags
            .iter()
            .rev()
            .fold(0, |bits, flag| bits << 1 | u64::from(*flag));
        self.number(bits);
    }

    /// Writes a length and as many bytes.
    pub fn block(&mut self, bytes: &[u8]) {
        self.size(bytes.len());
        self.raw(bytes);
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) {
        match self.texts.take() {
            Some(texts) => {
                texts.text(text, self);
                self.texts = Some(texts);
            }
            None if text.is_empty() => self.byte(0),
            None => {
                self.size(LITERAL_CODE << 1);
                self.block(text.as_bytes());
            }
        }
    }

    /// Writes a count and as many items.
    pub fn list<'i, T: Packed + 'i>(&mut self, items: impl ExactSizeIterator<Item = &'i T>) {
        self.size(items.len());
        items.for_each(|item| item.write(self));
    }

    /// Writes the records of a [`RecordTable`](super::RecordTable).
    pub fn records(&mut self, records: impl ExactSizeIterator<Item = impl AsRef<[u8]>>) {
        self.size(records.len());
        let mut body = PackedWriter::default();
        for (index, record) in records.enumerate() {
            if index % RECORD_STRIDE == 0 {
                // Sizes are checked against `u32::MAX` once, when the archive is finished.
                let position = u32::try_from(body.bytes.len()).unwrap_or(u32::MAX);
                self.raw(&position.to_le_bytes());
            }
            body.block(record.as_ref());
        }
        self.block(&body.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::PackedReader;

    #[test]
    fn round_trips_integers() {
        let numbers = [0, 1, 127, 128, 300, 65_535, u64::from(u32::MAX), u64::MAX];
        let signed = [0, 1, -1, 63, -64, i64::MAX, i64::MIN];
        let mut writer = PackedWriter::default();
        numbers.into_iter().for_each(|number| writer.number(number));
        signed.into_iter().for_each(|number| writer.signed(number));
        writer.text("é");
        writer.flags(&[true, false, true]);
        let mut reader = PackedReader::new(&writer.bytes);
        for number in numbers {
            assert_eq!(reader.number(), Some(number));
        }
        for number in signed {
            assert_eq!(reader.signed(), Some(number));
        }
        assert_eq!(reader.text().unwrap(), "é");
        assert_eq!(reader.number(), Some(5));
        assert!(reader.rest().is_empty());
    }
}
