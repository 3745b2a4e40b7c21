//! Chance that can be had again: it comes from a seed and the names of what it is for.

/// A source of random choices.
pub struct Random(fastrand::Rng);

impl Random {
    /// The source for something that has names: the same seed and names give the same choices, whatever else is drawn.
    pub fn new(seed: u64, names: &[&str]) -> Self {
        // FNV-1a, with a byte between the names that no name holds.
        let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed;
        for name in names {
            for byte in name.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        Random(fastrand::Rng::with_seed(hash))
    }

    /// A number from 0 up to, and without, `end`; 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { self.0.usize(..end) }
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.0.u32(..100) < percent
    }

    /// One of several; there must be one.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Any integer.
    pub fn i64(&mut self) -> i64 {
        self.0.i64(..)
    }

    /// A number from 0 up to, and without, 1.
    pub fn unit(&mut self) -> f64 {
        self.0.f64()
    }

    /// So many bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill(&mut bytes);
        bytes
    }

    /// Changes the order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        self.0.shuffle(list);
    }
}
