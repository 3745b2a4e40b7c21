//! Reproducible random numbers, derived from a seed and names.

/// A source of random choices.
pub struct Random(fastrand::Rng);

impl Random {
    /// Creates a source from a seed and names. Choices do not depend on other sources.
    pub fn new(seed: u64, names: &[&str]) -> Self {
        // FNV-1a with a separator byte that occurs in no name.
        let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed;
        for name in names {
            for byte in name.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        Random(fastrand::Rng::with_seed(hash))
    }

    /// Returns a number in `0..end`; 0 if `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { self.0.usize(..end) }
    }

    /// Returns true with a probability of `percent`.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.0.u32(..100) < percent
    }

    /// Returns one of the items; the slice must not be empty.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Returns a random integer.
    pub fn i64(&mut self) -> i64 {
        self.0.i64(..)
    }

    /// Returns a number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        self.0.f64()
    }

    /// Returns random bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill(&mut bytes);
        bytes
    }

    /// Shuffles a list.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        self.0.shuffle(list);
    }
}
