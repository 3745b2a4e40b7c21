//! [`NameIndex`]: positions by name, for names that are known ahead; [`NameFilter`]: whether names are new, for those that are not.

/// A hash table from a fixed set of names to their positions. Looking a name up costs about as much as comparing it once.
///
/// The names are known ahead, and so the factor of the hash is chosen that leaves the fewest of them out of their first slot: mostly
/// none.
#[derive(Debug)]
pub(crate) struct NameIndex {
    names: Box<[Box<[u8]>]>,
    /// A power of two long, at least twice as long as there are names.
    slots: Box<[Slot]>,
    shift: u32,
    factor: u64,
}

/// What is known of the name in a slot; of a short one, all.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Its [`head_of`].
    head: u64,
    length: u32,
    /// Its position plus one, 0 where free.
    entry: u32,
}

/// Factors to choose from: odd, and of random bits.
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

impl NameIndex {
    /// The index of names in the order of their positions; of equal names the last one is found.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names: Box<[Box<[u8]>]> = names
            .take(usize::from(u16::MAX) - 1)
            .map(|name| name.as_bytes().into())
            .collect();
        let size = (names.len() * 2).next_power_of_two().max(4);
        let mut best = NameIndex {
            names,
            slots: vec![Slot::default(); size].into(),
            shift: 64 - size.trailing_zeros(),
            factor: 0,
        };
        let mut fewest = usize::MAX;
        for factor in FACTORS {
            let displaced = best.displaced(factor);
            if displaced < fewest {
                (fewest, best.factor) = (displaced, factor);
            }
            if fewest == 0 {
                break;
            }
        }
        best.fill();
        best
    }

    /// How many names find their first slot taken, with a factor.
    fn displaced(&self, factor: u64) -> usize {
        let mut taken = vec![false; self.slots.len()];
        let slots = self.names.iter().map(|name| {
            let slot = first_slot(head_of(name), name.len(), factor, self.shift);
            taken
                .get_mut(slot)
                .map(|taken| std::mem::replace(taken, true))
        });
        slots.filter(|taken| *taken == Some(true)).count()
    }

    /// Gives each name its slot.
    fn fill(&mut self) {
        for position in (0..self.names.len()).rev() {
            let Some(name) = self.names.get(position) else {
                continue;
            };
            if self.get(name).is_some() {
                continue;
            }
            let head = head_of(name);
            let mut place = first_slot(head, name.len(), self.factor, self.shift);
            while self.slots.get(place).is_some_and(|taken| taken.entry != 0) {
                place = (place + 1) & (self.slots.len() - 1);
            }
            let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
            if let (Some(slot), Ok(entry)) =
                (self.slots.get_mut(place), u32::try_from(position + 1))
            {
                *slot = Slot {
                    head,
                    length,
                    entry,
                };
            }
        }
    }

    /// The position of a name.
    #[inline]
    pub(crate) fn get(&self, name: &[u8]) -> Option<usize> {
        self.get_by_head(name, head_of(name))
    }

    /// The position of a name of at most eight bytes, whose [`head_of`] is all there is of it.
    #[inline(always)]
    pub(crate) fn get_short(&self, head: u64, length: usize) -> Option<usize> {
        self.find(head, length, |_| true)
    }

    /// The position of a name whose [`head_of`] is known.
    #[inline(always)]
    pub(crate) fn get_by_head(&self, name: &[u8], head: u64) -> Option<usize> {
        self.find(head, name.len(), |other| {
            name.len() <= 8 || is_same(other, name)
        })
    }

    /// The position of a name of this head and length whose text is the one that is looked for.
    #[inline(always)]
    fn find(&self, head: u64, length: usize, is_it: impl Fn(&[u8]) -> bool) -> Option<usize> {
        let mut place = first_slot(head, length, self.factor, self.shift);
        loop {
            let slot = self.slots.get(place)?;
            let position = (slot.entry as usize).checked_sub(1)?;
            if slot.head == head
                && slot.length as usize == length
                && is_it(self.names.get(position)?)
            {
                return Some(position);
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }
}

/// Whether two names of one length and with the same first eight bytes are the same: most are told by their last eight.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.last_chunk::<8>() == other.last_chunk() && (one.len() <= 16 || one == other)
}

/// Where a name is looked for first.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the shift leaves as many bits as there are slots"
)]
fn first_slot(head: u64, length: usize, factor: u64, shift: u32) -> usize {
    ((head ^ (length as u64).rotate_right(8)).wrapping_mul(factor) >> shift) as usize
}

/// The first eight bytes of a name as a number, or as many as there are.
#[inline(always)]
pub(crate) fn head_of(name: &[u8]) -> u64 {
    if let Some(bytes) = name.first_chunk::<8>() {
        return u64::from_le_bytes(*bytes);
    }
    // Two reads that may overlap, where they read the same, instead of one for each byte.
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

/// Tells names that are surely new from names that may have been seen, with one look instead of one at each earlier name.
#[derive(Debug, Default)]
pub(crate) struct NameFilter([u64; 4]);

impl NameFilter {
    /// Whether a name has surely not been asked for before; of it, its length and its [`head_of`] are needed, and its end.
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
    fn every_name_is_found_and_no_other() {
        for count in [0, 1, 2, 7, 64, 500] {
            let names: Vec<String> = (0..count).map(|i| format!("Member{i}")).collect();
            let index = NameIndex::new(names.iter().map(String::as_str));
            for (position, name) in names.iter().enumerate() {
                assert_eq!(index.get(name.as_bytes()), Some(position));
            }
            for other in ["", "M", "Member", "Member-1", "Member500", "\0\0\0"] {
                assert_eq!(index.get(other.as_bytes()), None, "{other}");
            }
        }
    }

    #[test]
    fn names_with_a_zero_byte_are_told_apart_by_their_length() {
        let index = NameIndex::new(["a", "a\0"].into_iter());
        assert_eq!(index.get(b"a"), Some(0));
        assert_eq!(index.get(b"a\0"), Some(1));
    }

    #[test]
    fn of_equal_names_the_last_is_found() {
        let index = NameIndex::new(["a", "b", "a"].into_iter());
        assert_eq!(index.get(b"a"), Some(2));
    }
}
