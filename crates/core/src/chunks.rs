//! [`Chunks`]: arena storage for the short strings, blobs and values of a response.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

/// A chunk that its users share; unset while it is being filled.
pub(crate) type SharedChunk<C> = OnceLock<C>;

/// A growable buffer that serves as a chunk: a `String`, or a vector of bytes or values.
pub(crate) trait Chunk {
    fn with_capacity(capacity: usize) -> Self;
    fn len(&self) -> usize;
    fn capacity(&self) -> usize;
    fn shrink_to_fit(&mut self);
}

impl Chunk for String {
    fn with_capacity(capacity: usize) -> Self {
        String::with_capacity(capacity)
    }

    #[inline]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.capacity()
    }

    fn shrink_to_fit(&mut self) {
        self.shrink_to_fit();
    }
}

impl<T> Chunk for Vec<T> {
    fn with_capacity(capacity: usize) -> Self {
        Vec::with_capacity(capacity)
    }

    #[inline]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.capacity()
    }

    fn shrink_to_fit(&mut self) {
        self.shrink_to_fit();
    }
}

/// Chunks that are filled one after the other. A chunk costs two allocations for any number of items, and an item that outlives
/// its response keeps only its own chunk alive.
///
/// A chunk reads as empty until the next one is started or the `Chunks` is dropped.
pub(crate) struct Chunks<C: Chunk> {
    /// The chunk that is being filled: the cell that its items point to, and its contents so far.
    current: Option<(Arc<SharedChunk<C>>, C)>,
}

impl<C: Chunk> Chunks<C> {
    pub(crate) const fn new() -> Self {
        Chunks { current: None }
    }

    /// Returns a chunk with capacity for `additional` more items. `capacities` are those of the first chunk and of the largest:
    /// chunks start small, for small responses, and each is four times as large as the previous one.
    #[inline]
    pub(crate) fn reserve(
        &mut self,
        additional: usize,
        capacities: &RangeInclusive<usize>,
    ) -> (&Arc<SharedChunk<C>>, &mut C) {
        let is_full = match &self.current {
            Some((_, chunk)) => chunk.len() + additional > chunk.capacity(),
            None => true,
        };
        if is_full {
            self.finish_and_grow(additional, capacities);
        }
        let (shared, chunk) = self
            .current
            .get_or_insert_with(|| (Arc::default(), C::with_capacity(additional)));
        (shared, chunk)
    }

    /// Returns the chunk that is being filled.
    #[inline]
    pub(crate) fn current(&mut self) -> Option<(&Arc<SharedChunk<C>>, &mut C)> {
        self.current
            .as_mut()
            .map(|(shared, chunk)| (&*shared, chunk))
    }

    /// Returns the length of the chunk that is being filled.
    #[inline]
    pub(crate) fn current_len(&self) -> usize {
        self.current.as_ref().map_or(0, |(_, chunk)| chunk.len())
    }

    #[cold]
    fn finish_and_grow(&mut self, additional: usize, capacities: &RangeInclusive<usize>) {
        let capacity = (self.current_len() * 4)
            .clamp(*capacities.start(), *capacities.end())
            .max(additional);
        self.finish();
        self.current = Some((Arc::default(), C::with_capacity(capacity)));
    }

    /// Publishes the chunk that is being filled, so that its items can be read. The next item starts another chunk.
    pub(crate) fn finish(&mut self) {
        if let Some((shared, mut chunk)) = self.current.take() {
            // A response that is kept for long should not hold unused capacity.
            if chunk.capacity() - chunk.len() > chunk.capacity() / 8 {
                chunk.shrink_to_fit();
            }
            // Cannot fail: the cell is set nowhere else.
            let _ = shared.set(chunk);
        }
    }
}

impl<C: Chunk> Default for Chunks<C> {
    fn default() -> Self {
        Chunks::new()
    }
}

impl<C: Chunk> Drop for Chunks<C> {
    fn drop(&mut self) {
        self.finish();
    }
}

impl<C: Chunk> fmt::Debug for Chunks<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks")
            .field("current_len", &self.current_len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_grow_up_to_the_limit_and_keep_their_items() {
        let capacities = 2..=20;
        let mut chunks = Chunks::<Vec<u32>>::new();
        let mut kept = Vec::new();
        for number in 0..100 {
            let (shared, chunk) = chunks.reserve(1, &capacities);
            kept.push((Arc::clone(shared), chunk.len()));
            chunk.push(number);
        }
        let (long, _) = chunks.reserve(30, &capacities);
        let long = Arc::clone(long);
        assert!(long.get().is_none());
        drop(chunks);
        assert!(long.get().is_some());
        for (number, (chunk, index)) in (0..).zip(kept) {
            let chunk = chunk.get().unwrap();
            assert!(chunk.len() <= 20);
            assert_eq!(chunk[index], number);
        }
    }
}
