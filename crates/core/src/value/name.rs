//! [`Name`]: a member's name, interned.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use crate::Str;

/// The name of a structure's member, interned: one pointer wide, and copied without counting references.
///
/// A page of results has the same few names over and over: as a [`Str`] each would take 24 bytes for every member of every
/// structure, as a `Name` it takes 8. Interned text is never freed. Only names that stand in definitions are interned, never
/// what a server sends, so there are no more of them than the definitions in use have.
///
/// ```
/// use inia_core::Name;
///
/// let name = Name::intern("QueueUrl");
/// assert_eq!(name, Name::intern("QueueUrl"));
/// assert_eq!(name.len(), 8);
/// ```
#[derive(Clone, Copy)]
pub struct Name(&'static Interned);

struct Interned {
    text: Str,
    number: NameNumber,
}

/// The number of a [`Name`]: half as wide as the name, for where it has to fit into a word with something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameNumber(u32);

/// Names by their number, each block twice as long as the one before: a block that is there never moves, so that no lock is
/// needed to read.
static BLOCKS: [OnceLock<Box<[OnceLock<Name>]>>; 27] = [const { OnceLock::new() }; 27];

/// How many names the first block has.
const FIRST_BLOCK: u64 = 64;

impl NameNumber {
    /// The name of this number.
    #[inline]
    pub(super) fn name(self) -> Option<Name> {
        let (block, place) = self.place();
        BLOCKS.get(block)?.get()?.get(place)?.get().copied()
    }

    /// The block of a number, and its place there.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the number has 32 bits, and so has what is left of it"
    )]
    fn place(self) -> (usize, usize) {
        let number = u64::from(self.0) + FIRST_BLOCK;
        let block = number.ilog2() - FIRST_BLOCK.ilog2();
        (block as usize, (number - (FIRST_BLOCK << block)) as usize)
    }

    fn give(self, name: Name) {
        let (block, place) = self.place();
        let Some(block_of_names) = BLOCKS.get(block) else {
            return;
        };
        let names = block_of_names
            .get_or_init(|| vec![OnceLock::new(); (FIRST_BLOCK as usize) << block].into());
        if let Some(slot) = names.get(place) {
            // Numbers are given once each.
            let _ = slot.set(name);
        }
    }
}

impl Name {
    /// The one name of this text.
    #[must_use]
    pub fn intern(text: &str) -> Name {
        static NAMES: LazyLock<Mutex<HashMap<&'static str, Name>>> = LazyLock::new(Mutex::default);
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(text) {
            return *known;
        }
        let interned: &'static Interned = Box::leak(Box::new(Interned {
            // Detached, since what is kept for good must not keep anything else.
            text: Str::from(text).detach(),
            number: NameNumber(u32::try_from(names.len()).unwrap_or(u32::MAX)),
        }));
        let name = Name(interned);
        interned.number.give(name);
        names.insert(interned.text.as_str(), name);
        name
    }

    #[inline]
    pub(super) fn number(self) -> NameNumber {
        self.0.number
    }

    /// The name as the string it is.
    #[must_use]
    pub fn as_shared(self) -> &'static Str {
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
    /// Interned, so equal names are one and the same.
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
    fn names_are_one_pointer_wide_and_interned_once() {
        assert_eq!(size_of::<Name>(), 8);
        assert_eq!(size_of::<(Name, Value)>(), 32);
        let name = Name::intern("a member name of more than 23 bytes");
        assert!(std::ptr::eq(
            name.as_shared(),
            Name::intern("a member name of more than 23 bytes").as_shared()
        ));
    }

    #[test]
    fn every_name_is_found_by_its_number() {
        let names: Vec<Name> = (0..500)
            .map(|i| Name::intern(&format!("numbered{i}")))
            .collect();
        for name in names {
            assert_eq!(name.number().name(), Some(name));
        }
        assert_eq!(NameNumber(u32::MAX).name(), None);
    }
}
