//! Decodes the parts of records.

use inia_core::{Str, Value};

use super::dictionary::Dictionary;
use super::reader::PackedReader;
use super::value;

/// A reader with the dictionary for texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordReader {
    pub(super) dictionary: Dictionary,
    pub(super) reader: PackedReader,
}

impl RecordReader {
    #[inline]
    pub(super) fn text(&mut self) -> Option<Str> {
        self.dictionary.text(&mut self.reader)
    }

    pub(super) fn text_if(&mut self, is_present: bool) -> Option<Option<Str>> {
        if is_present {
            self.text().map(Some)
        } else {
            Some(None)
        }
    }

    pub(super) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Box<[T]>> {
        let count = self.reader.count(1)?;
        let mut list = Vec::with_capacity(count.min(1024));
        for _ in 0..count {
            list.push(read(self)?);
        }
        Some(list.into())
    }

    pub(super) fn list_if<T>(
        &mut self,
        is_present: bool,
        read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Box<[T]>> {
        if is_present {
            self.list(read)
        } else {
            Some(Box::default())
        }
    }

    pub(super) fn pair(&mut self) -> Option<(Str, Value)> {
        Some((
            self.text()?,
            value::read(&self.dictionary, &mut self.reader)?,
        ))
    }

    pub(super) fn text_pair(&mut self) -> Option<(Str, Str)> {
        Some((self.text()?, self.text()?))
    }
}

/// Undecoded pattern and enumeration of a shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedTexts {
    pub(super) source: RecordReader,
    pub(super) has_pattern: bool,
    pub(super) has_values: bool,
}

impl PackedTexts {
    pub(crate) fn read(mut self) -> Option<(Option<Str>, Box<[Str]>)> {
        let pattern = self.source.text_if(self.has_pattern)?;
        let values = self.source.list_if(self.has_values, RecordReader::text)?;
        Some((pattern, values))
    }
}
