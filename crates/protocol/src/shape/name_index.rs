//! Lookup of member names: [`MemberNameIndex`] for names known in advance, [`NameFilter`] to detect repeated names
//! among others.

/// A hash table from a fixed set of names to their positions. A lookup costs about as much as one comparison.
///
/// As the set is fixed, the constructor picks the hash factor with the fewest collisions, usually none.
#[derive(Debug)]
pub(crate) struct MemberNameIndex {
    names: Box<[Box<[u8]>]>,
    /// A power of two in length, at least twice the number of names.
    slots: Box<[NameSlot]>,
    shift: u32,
    factor: u64,
}

/// A slot of the hash table. For a name of at most eight bytes, head and length identify it.
#[derive(Clone, Copy, Debug, Default)]
struct NameSlot {
    /// The name's [`head_word`].
    head: u64,
    length: u32,
    /// The name's position plus one, or 0 for an empty slot.
    entry: u32,
}

/// Candidate hash factors: odd, with random bits.
const FACTORS: [u64; 8] = [
    0x9e37_79b9_7f4a_7c15,
    0xff51_afd7_ed55_8ccd,
    0xc4ce_b9fe_1a85_ec53,
    0xbf58_476d_1ce4_e5b9,
    0x94d0_49bb_1331_11eb,
    0xd6e8_feb8_6659_fd93,
    0xa076_1d64_78bd_642f,
    0xe703_7ed1_a0b4_28db,
];

impl MemberNameIndex {
    /// Builds an index of names in the order of their positions. Of equal names the last one is found.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a [u8]>) -> Self {
        let names: Box<[Box<[u8]>]> = names
            .take(usize::from(u16::MAX) - 1)
            .map(Into::into)
            .collect();
        let size = (names.len() * 2).next_power_of_two().max(4);
        let mut best = MemberNameIndex {
            names,
            slots: vec![NameSlot::default(); size].into(),
            shift: 64 - size.trailing_zeros(),
            factor: 0,
        };
        let mut fewest = usize::MAX;
        for factor in FACTORS {
            let collisions = best.collisions(factor);
            if collisions < fewest {
                (fewest, best.factor) = (collisions, factor);
            }
            if fewest == 0 {
                break;
            }
        }
        best.insert_all();
        best
    }

    /// Returns the number of collisions with a factor.
    fn collisions(&self, factor: u64) -> usize {
        let mut taken = vec![false; self.slots.len()];
        let slots = self.names.iter().map(|name| {
            let slot = first_slot(head_word(name), name.len(), factor, self.shift);
            taken
                .get_mut(slot)
                .map(|taken| std::mem::replace(taken, true))
        });
        slots.filter(|taken| *taken == Some(true)).count()
    }

    /// Inserts all names.
    fn insert_all(&mut self) {
        for position in (0..self.names.len()).rev() {
            let Some(name) = self.names.get(position) else {
                continue;
            };
            if self.get(name).is_some() {
                continue;
            }
            let head = head_word(name);
            let mut index = first_slot(head, name.len(), self.factor, self.shift);
            while self.slots.get(index).is_some_and(|taken| taken.entry != 0) {
                index = (index + 1) & (self.slots.len() - 1);
            }
            let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
            if let (Some(slot), Ok(entry)) =
                (self.slots.get_mut(index), u32::try_from(position + 1))
            {
                *slot = NameSlot {
                    head,
                    length,
                    entry,
                };
            }
        }
    }

    /// Returns the position of a name.
    #[inline]
    pub(crate) fn get(&self, name: &[u8]) -> Option<usize> {
        self.get_by_head(name, head_word(name))
    }

    /// Returns the position of a name of at most eight bytes, given by its [`head_word`] and length.
    #[inline(always)]
    pub(crate) fn get_short(&self, head: u64, length: usize) -> Option<usize> {
        self.find(head, length, |_| true)
    }

    /// Returns the position of a name whose [`head_word`] is `head`.
    #[inline(always)]
    pub(crate) fn get_by_head(&self, name: &[u8], head: u64) -> Option<usize> {
        self.find(head, name.len(), |other| {
            name.len() <= 8 || is_same(other, name)
        })
    }

    /// Returns the position of the name with this head and length for which `is_match` holds.
    #[inline(always)]
    fn find(&self, head: u64, length: usize, is_match: impl Fn(&[u8]) -> bool) -> Option<usize> {
        let mut index = first_slot(head, length, self.factor, self.shift);
        loop {
            let slot = self.slots.get(index)?;
            let position = (slot.entry as usize).checked_sub(1)?;
            if slot.head == head
                && slot.length as usize == length
                && is_match(self.names.get(position)?)
            {
                return Some(position);
            }
            index = (index + 1) & (self.slots.len() - 1);
        }
    }
}

/// Compares two names that have the same length and the same first eight bytes.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.last_chunk::<8>() == other.last_chunk() && (one.len() <= 16 || one == other)
}

/// Returns the slot at which the search for a name starts.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the shift leaves as many bits as there are slots"
)]
fn first_slot(head: u64, length: usize, factor: u64, shift: u32) -> usize {
    ((head ^ (length as u64).rotate_right(8)).wrapping_mul(factor) >> shift) as usize
}

/// Returns the first eight bytes of a name as a little-endian number, zero-padded if the name is shorter.
#[inline(always)]
pub(crate) fn head_word(name: &[u8]) -> u64 {
    if let Some(bytes) = name.first_chunk::<8>() {
        return u64::from_le_bytes(*bytes);
    }
    // Two overlapping reads instead of one per byte.
    if let (Some(start), Some(end)) = (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        let end = u64::from(u32::from_le_bytes(*end));
        return u64::from(u32::from_le_bytes(*start)) | end << (8 * (name.len() - 4));
    }
    match *name {
        [] => 0,
        [a] => u64::from(a),
        [a, b, ..] => {
            let end = u64::from(name.last().copied().unwrap_or_default());
            u64::from(u16::from_le_bytes([a, b])) | end << (8 * (name.len() - 1))
        }
    }
}

/// A Bloom filter of names: one test instead of a comparison with each earlier name.
#[derive(Debug, Default)]
pub(crate) struct NameFilter([u64; 4]);

impl NameFilter {
    /// Adds a name and returns whether it is certainly new. Only its length, [`head_word`] and last bytes are hashed.
    #[inline]
    pub(crate) fn is_new(&mut self, name: &[u8], head: u64) -> bool {
        let end = name
            .last_chunk::<4>()
            .map_or(0, |end| u32::from_le_bytes(*end));
        let mixed = (head ^ (u64::from(end) << 24) ^ name.len() as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            >> 56;
        let bit = 1 << (mixed & 63);
        let Some(word) = self.0.get_mut((mixed >> 6) as usize) else {
            return false;
        };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_all_names_and_no_others() {
        for count in [0, 1, 2, 7, 64, 500] {
            let names: Vec<String> = (0..count).map(|i| format!("Member{i}")).collect();
            let index = MemberNameIndex::new(names.iter().map(String::as_bytes));
            for (position, name) in names.iter().enumerate() {
                assert_eq!(index.get(name.as_bytes()), Some(position));
            }
            for other in ["", "M", "Member", "Member-1", "Member500", "\0\0\0"] {
                assert_eq!(index.get(other.as_bytes()), None, "{other}");
            }
        }
    }

    #[test]
    fn distinguishes_names_with_a_zero_byte_by_length() {
        let index = MemberNameIndex::new([&b"a"[..], b"a\0"].into_iter());
        assert_eq!(index.get(b"a"), Some(0));
        assert_eq!(index.get(b"a\0"), Some(1));
    }

    #[test]
    fn finds_the_last_of_equal_names() {
        let index = MemberNameIndex::new([&b"a"[..], b"b", b"a"].into_iter());
        assert_eq!(index.get(b"a"), Some(2));
    }
}
