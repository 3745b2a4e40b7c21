//! [`Dictionary`]: the words that texts are composed of.
//!
//! Names in AWS's definitions are concatenated from few words (`DescribeInstancesRequest`) that repeat across services. A text is a
//! sequence of codes, each the index of a word and a bit for whether more codes follow; frequent words and whole names have the
//! smallest indexes. Unlike compressed text it can be decoded from any position, and a text of one word is not copied: it is a
//! slice of the archive.

use super::bytes::{take_block, take_number};
use super::records::RecordTable;
use crate::Str;

/// Code index for literal text. Index 0 is the empty word.
pub const LITERAL_CODE: usize = 1;

/// Code index of the first word in the dictionary.
pub const FIRST_WORD_CODE: usize = 2;

/// Dictionary for decoding; without words by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dictionary(RecordTable);

#[derive(Clone, Copy)]
enum Word<'a> {
    Shared(&'static str),
    Literal(&'a str),
}

impl<'a> Word<'a> {
    fn as_str(self) -> &'a str {
        match self {
            Word::Shared(text) | Word::Literal(text) => text,
        }
    }
}

impl Dictionary {
    /// Creates the dictionary of a table of words.
    pub(super) const fn new(words: RecordTable) -> Dictionary {
        Dictionary(words)
    }

    /// Reads a code and returns its word, and whether more codes follow.
    #[inline]
    fn word<'a>(&self, bytes: &mut &'a [u8]) -> Option<(Word<'a>, bool)> {
        let code = usize::try_from(take_number(bytes)?).ok()?;
        let word = match code >> 1 {
            0 => Word::Shared(""),
            LITERAL_CODE => Word::Literal(std::str::from_utf8(take_block(bytes)?).ok()?),
            index => Word::Shared(std::str::from_utf8(self.0.get(index - FIRST_WORD_CODE)?).ok()?),
        };
        Some((word, code & 1 == 1))
    }

    /// Reads a text.
    pub(super) fn text(&self, bytes: &mut &[u8]) -> Option<Str> {
        let (first, mut more) = self.word(bytes)?;
        if !more {
            return Some(match first {
                Word::Shared(text) => Str::from_static(text),
                Word::Literal(text) => Str::from(text),
            });
        }
        // Most names are short enough to be assembled on the stack.
        let mut buffer = [0; 64];
        let mut length = 0;
        let mut word = first.as_str();
        loop {
            let end = length + word.len();
            let Some(slot) = buffer.get_mut(length..end) else {
                return self.long_text(buffer.get(..length)?, word, more, bytes);
            };
            slot.copy_from_slice(word.as_bytes());
            length = end;
            if !more {
                return std::str::from_utf8(buffer.get(..length)?)
                    .ok()
                    .map(Str::from);
            }
            let next;
            (next, more) = self.word(bytes)?;
            word = next.as_str();
        }
    }

    #[cold]
    fn long_text(
        &self,
        start: &[u8],
        word: &str,
        mut more: bool,
        bytes: &mut &[u8],
    ) -> Option<Str> {
        let mut text = String::from_utf8(start.to_vec()).ok()?;
        text.push_str(word);
        while more {
            let word;
            (word, more) = self.word(bytes)?;
            text.push_str(word.as_str());
        }
        Some(Str::from(text))
    }
}
