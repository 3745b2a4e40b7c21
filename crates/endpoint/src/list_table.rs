//! Table of interned lists of indexes.

use inia_core::Result;
use inia_core::packed::{Packed, PackedReader, PackedWriter};

use crate::interner::too_large;

/// The index of a list in its [`ListTable`].
pub(crate) type ListId = u16;

/// The lists of a definition, stored back to back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListTable {
    items: Box<[u16]>,
    ends: Box<[u32]>,
}

impl ListTable {
    /// Creates the table of `lists`.
    ///
    /// # Errors
    /// The lists have more than `u32::MAX` items in total.
    pub(crate) fn new<'a>(lists: impl ExactSizeIterator<Item = &'a Vec<u16>>) -> Result<Self> {
        let mut items = Vec::new();
        let mut ends = Vec::with_capacity(lists.len());
        for list in lists {
            items.extend_from_slice(list);
            ends.push(u32::try_from(items.len()).map_err(|_| too_large())?);
        }
        Ok(Self {
            items: items.into_boxed_slice(),
            ends: ends.into_boxed_slice(),
        })
    }

    /// Returns the list of this index, or an empty list if there is none.
    #[inline]
    pub(crate) fn get(&self, id: ListId) -> &[u16] {
        self.find(id).unwrap_or_default()
    }

    pub(crate) fn find(&self, id: ListId) -> Option<&[u16]> {
        let (first, end) = self.span(id)?;
        self.items.get(first as usize..end as usize)
    }

    /// Returns the start and end of a list for [`items`](Self::items).
    pub(crate) fn span(&self, id: ListId) -> Option<(u32, u32)> {
        let index = usize::from(id);
        let end = *self.ends.get(index)?;
        match index.checked_sub(1) {
            Some(before) => Some((*self.ends.get(before)?, end)),
            None => Some((0, end)),
        }
    }

    /// Returns the items of a range from [`span`](Self::span), or an empty list if it is out of bounds.
    #[inline]
    pub(crate) fn items(&self, first: u32, end: u32) -> &[u16] {
        self.items
            .get(first as usize..end as usize)
            .unwrap_or_default()
    }
}

impl Packed for ListTable {
    fn write(&self, out: &mut PackedWriter<'_>) {
        out.size(self.ends.len());
        for (_, id) in self.ends.iter().zip(0u16..) {
            out.list(self.get(id).iter());
        }
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        let mut items = Vec::new();
        let ends = reader.list(|reader| {
            for _ in 0..reader.count()? {
                items.push(reader.int()?);
            }
            u32::try_from(items.len()).ok()
        })?;
        (ends.len() <= usize::from(u16::MAX)).then(|| Self {
            items: items.into_boxed_slice(),
            ends: ends.into_boxed_slice(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::packed::{from_bytes, to_bytes};

    #[test]
    fn lists_round_trip() {
        let lists = ListTable::new([vec![1, 500], vec![], vec![7]].iter()).unwrap();
        let bytes = to_bytes(&lists);
        let again: ListTable = from_bytes(&bytes).unwrap();
        assert_eq!(again, lists);
        assert_eq!(
            [again.get(0), again.get(1), again.get(2), again.get(3)],
            [&[1, 500][..], &[], &[7], &[]]
        );
        assert_eq!(again.span(2), Some((2, 3)));
        assert_eq!(again.items(0, 3), [1, 500, 7]);
        assert!(again.find(3).is_none());
        for length in 0..bytes.len() {
            assert!(from_bytes::<ListTable>(&bytes[..length]).is_none());
        }
    }
}
