//! [`Name`]: interned member names.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use crate::Str;

/// An interned name of a structure member: one pointer wide and `Copy`.
///
/// A page of results repeats the same few names: a [`Str`] takes 24 bytes for each member of each structure, a `Name` 8. Interned
/// text is never freed. Only names in service definitions are interned, never names that a server sends, so memory is bounded by
/// the definitions in use.
///
/// ```
/// use inia_core::Name;
///
/// let name = Name::intern("QueueUrl");
/// assert_eq!(name, Name::intern("QueueUrl"));
/// assert_eq!(name.len(), 8);
/// ```
#[derive(Clone, Copy)]
pub struct Name(&'static InternedName);

struct InternedName {
    text: Str,
    index: NameIndex,
}

/// The index of a [`Name`]: 32 bits, to fit into one word with other data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameIndex(u32);

/// Names by index, in blocks that double in length. A block never moves once allocated, so that lookups need no lock.
static BLOCKS: [OnceLock<Box<[OnceLock<Name>]>>; 27] = [const { OnceLock::new() }; 27];

/// Length of the first block.
const FIRST_BLOCK: u64 = 64;

impl NameIndex {
    /// Returns the name; `None` if the index is unassigned.
    #[inline]
    pub(super) fn name(self) -> Option<Name> {
        let (block, offset) = self.location();
        BLOCKS.get(block)?.get()?.get(offset)?.get().copied()
    }

    /// Returns the block of the index, and the offset in the block.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "block and offset fit 32 bits, as the index does"
    )]
    fn location(self) -> (usize, usize) {
        let shifted = u64::from(self.0) + FIRST_BLOCK;
        let block = shifted.ilog2() - FIRST_BLOCK.ilog2();
        (block as usize, (shifted - (FIRST_BLOCK << block)) as usize)
    }

    fn assign(self, name: Name) {
        let (block, offset) = self.location();
        let Some(names) = BLOCKS.get(block) else {
            return;
        };
        let names =
            names.get_or_init(|| vec![OnceLock::new(); (FIRST_BLOCK as usize) << block].into());
        if let Some(slot) = names.get(offset) {
            // Cannot fail: each index is assigned once.
            let _ = slot.set(name);
        }
    }
}

impl Name {
    /// Interns `text` and returns its name.
    #[must_use]
    pub fn intern(text: &str) -> Name {
        static NAMES: LazyLock<Mutex<HashMap<&'static str, Name>>> = LazyLock::new(Mutex::default);
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = names.get(text) {
            return *name;
        }
        let interned: &'static InternedName = Box::leak(Box::new(InternedName {
            // Detached: interned text is never freed, and must not keep a chunk of a response alive.
            text: Str::from(text).detach(),
            index: NameIndex(u32::try_from(names.len()).unwrap_or(u32::MAX)),
        }));
        let name = Name(interned);
        interned.index.assign(name);
        names.insert(interned.text.as_str(), name);
        name
    }

    #[inline]
    pub(super) fn index(self) -> NameIndex {
        self.0.index
    }

    /// Returns the text.
    #[must_use]
    pub fn as_static(self) -> &'static Str {
        &self.0.text
    }
}

impl AsRef<[u8]> for Name {
    fn as_ref(&self) -> &[u8] {
        self.0.text.as_bytes()
    }
}

impl Deref for Name {
    type Target = Str;

    fn deref(&self) -> &Str {
        &self.0.text
    }
}

impl PartialEq for Name {
    /// Compares pointers: equal names are interned once.
    fn eq(&self, other: &Name) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Name {}

impl From<Name> for Str {
    fn from(name: Name) -> Str {
        name.0.text.clone()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.text, f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Value;
    use super::*;

    #[test]
    fn name_is_one_pointer_wide_and_interned_once() {
        assert_eq!(size_of::<Name>(), 8);
        assert_eq!(size_of::<(Name, Value)>(), 32);
        let name = Name::intern("a member name of more than 23 bytes");
        assert!(std::ptr::eq(
            name.as_static(),
            Name::intern("a member name of more than 23 bytes").as_static()
        ));
    }

    #[test]
    fn finds_names_by_index() {
        let names: Vec<Name> = (0..500)
            .map(|i| Name::intern(&format!("indexed{i}")))
            .collect();
        for name in names {
            assert_eq!(name.index().name(), Some(name));
        }
        assert_eq!(NameIndex(u32::MAX).name(), None);
    }
}
