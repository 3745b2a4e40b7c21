//! Text in an archive: runs of words from one dictionary.
//!
//! The names of AWS's definitions are words of a small language put together (`DescribeInstancesRequest`), and the same in many
//! services. A text is a run of codes, each a word's number with a bit that says whether more follow; frequent words and
//! whole names have the small numbers. Unlike compressed text it is read from any place, and a text of one word costs nothing:
//! it is a slice of the archive.

use inia_core::Str;

use super::bytes::{Reader, Records};

/// The number that announces letters as they are; the empty word has the number before.
pub(super) const LITERAL: usize = 1;

/// The first number of the words.
pub(super) const FIRST: usize = 2;

/// The dictionary, for reading.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Words(Records);

impl Words {
    pub(super) fn read(reader: &mut Reader) -> Option<Words> {
        Records::read(reader).map(Words)
    }

    /// The word that the next code stands for, and whether more follow.
    fn word(&self, reader: &mut Reader) -> Option<(&'static str, bool)> {
        let code = reader.size()?;
        let word = match code >> 1 {
            0 => "",
            LITERAL => reader.plain()?,
            number => std::str::from_utf8(self.0.get(number - FIRST)?.rest()).ok()?,
        };
        Some((word, code & 1 == 1))
    }

    /// The next text.
    pub(super) fn text(&self, reader: &mut Reader) -> Option<Str> {
        let (first, mut more) = self.word(reader)?;
        if !more {
            return Some(Str::from_static(first));
        }
        // Names are short: they are put together without touching the heap.
        let mut name = [0; 64];
        let mut length = 0;
        let mut word = first;
        loop {
            let end = length + word.len();
            let Some(place) = name.get_mut(length..end) else {
                return self.long_text(name.get(..length)?, word, more, reader);
            };
            place.copy_from_slice(word.as_bytes());
            length = end;
            if !more {
                return std::str::from_utf8(name.get(..length)?).ok().map(Str::from);
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
        reader: &mut Reader,
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
