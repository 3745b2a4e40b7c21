//! Dictionary encoding of text.
//!
//! Names in AWS's definitions are concatenated from few words (`DescribeInstancesRequest`) that repeat across services.
//! A text is a sequence of codes, each the index of a word and a bit for whether more codes follow; frequent words and
//! whole names have the smallest indexes. Unlike compressed text it can be decoded from any position, and a text of one
//! word is not copied: it is a slice of the archive.

use inia_core::Str;

use super::reader::{PackedReader, RecordTable};

/// Code index for literal text. Index 0 is the empty word.
pub(crate) const LITERAL_CODE: usize = 1;

/// Code index of the first word in the dictionary.
pub(crate) const FIRST_WORD_CODE: usize = 2;

/// Dictionary for decoding.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dictionary(RecordTable);

impl Dictionary {
    pub(crate) fn read(reader: &mut PackedReader) -> Option<Dictionary> {
        RecordTable::read(reader).map(Dictionary)
    }

    /// Reads a code and returns its word, and whether more codes follow.
    fn word(&self, reader: &mut PackedReader) -> Option<(&'static str, bool)> {
        let code: usize = reader.int()?;
        let word = match code >> 1 {
            0 => "",
            LITERAL_CODE => reader.text()?,
            index => std::str::from_utf8(self.0.get(index - FIRST_WORD_CODE)?.rest()).ok()?,
        };
        Some((word, code & 1 == 1))
    }

    /// Reads a text.
    pub(crate) fn text(&self, reader: &mut PackedReader) -> Option<Str> {
        let (first, mut more) = self.word(reader)?;
        if !more {
            return Some(Str::from_static(first));
        }
        // Most names are short enough to be assembled on the stack.
        let mut buffer = [0; 64];
        let mut length = 0;
        let mut word = first;
        loop {
            let end = length + word.len();
            let Some(slot) = buffer.get_mut(length..end) else {
                return self.long_text(buffer.get(..length)?, word, more, reader);
            };
            slot.copy_from_slice(word.as_bytes());
            length = end;
            if !more {
                return std::str::from_utf8(buffer.get(..length)?)
                    .ok()
                    .map(Str::from);
            }
            (word, more) = self.word(reader)?;
        }
    }

    #[cold]
    fn long_text(
        &self,
        start: &[u8],
        word: &str,
        mut more: bool,
        reader: &mut PackedReader,
    ) -> Option<Str> {
        let mut text = String::from_utf8(start.to_vec()).ok()?;
        text.push_str(word);
        while more {
            let word;
            (word, more) = self.word(reader)?;
            text.push_str(word);
        }
        Some(Str::from(text))
    }
}
