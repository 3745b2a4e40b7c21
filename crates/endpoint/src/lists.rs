//! Lists of numbers, each stored once and known by its number.

use crate::bytes::{Reader, Writer};
use crate::error::DefinitionError;

/// The number of a list.
pub(crate) type ListId = u16;

/// The lists of a definition, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lists {
    items: Box<[u16]>,
    ends: Box<[u32]>,
}

impl Lists {
    /// `None` where they hold more than four billion numbers.
    pub(crate) fn new(lists: &[Box<[u16]>]) -> Option<Self> {
        let mut items = Vec::new();
        let mut ends = Vec::with_capacity(lists.len());
        for list in lists {
            items.extend_from_slice(list);
            ends.push(u32::try_from(items.len()).ok()?);
        }
        Some(Self {
            items: items.into_boxed_slice(),
            ends: ends.into_boxed_slice(),
        })
    }

    /// The list of this number; empty where there is none.
    #[inline]
    pub(crate) fn get(&self, id: ListId) -> &[u16] {
        self.find(id).unwrap_or_default()
    }

    pub(crate) fn find(&self, id: ListId) -> Option<&[u16]> {
        let (first, end) = self.span(id)?;
        self.items.get(first as usize..end as usize)
    }

    /// Where the items of a list begin and end, for [`items`](Self::items).
    pub(crate) fn span(&self, id: ListId) -> Option<(u32, u32)> {
        let index = usize::from(id);
        let end = *self.ends.get(index)?;
        match index.checked_sub(1) {
            Some(before) => Some((*self.ends.get(before)?, end)),
            None => Some((0, end)),
        }
    }

    /// The items between two places; empty where there are none such.
    #[inline]
    pub(crate) fn items(&self, first: u32, end: u32) -> &[u16] {
        self.items
            .get(first as usize..end as usize)
            .unwrap_or_default()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.count(self.ends.len());
        for (_, id) in self.ends.iter().zip(0u16..) {
            let list = self.get(id);
            writer.count(list.len());
            for &number in list {
                writer.int(number);
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DefinitionError> {
        let count = reader.count(1)?;
        if count > usize::from(u16::MAX) {
            return Err(reader.error("the lists are too many"));
        }
        let mut ends = Vec::with_capacity(count);
        let mut items = Vec::with_capacity(count * 3);
        for _ in 0..count {
            let length = reader.count(1)?;
            for _ in 0..length {
                items.push(reader.u16()?);
            }
            ends.push(
                u32::try_from(items.len()).map_err(|_| reader.error("the lists are too long"))?,
            );
        }
        Ok(Self {
            items: items.into_boxed_slice(),
            ends: ends.into_boxed_slice(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_round_trip() {
        let lists = Lists::new(&[Box::from([1, 500]), Box::from([]), Box::from([7])]).unwrap();
        let mut writer = Writer::default();
        lists.write(&mut writer);
        let bytes = writer.into_bytes();
        let again = Lists::read(&mut Reader::new(&bytes)).unwrap();
        assert_eq!(again, lists);
        assert_eq!(
            [again.get(0), again.get(1), again.get(2), again.get(3)],
            [&[1, 500][..], &[], &[7], &[]]
        );
        assert_eq!(again.span(2), Some((2, 3)));
        assert_eq!(again.items(0, 3), [1, 500, 7]);
        assert!(again.find(3).is_none());
        for length in 0..bytes.len() {
            assert!(Lists::read(&mut Reader::new(&bytes[..length])).is_err());
        }
    }
}
