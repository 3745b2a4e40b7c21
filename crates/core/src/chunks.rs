//! [`Chunks`]: where the short pieces of a response are gathered while it is read.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

/// A chunk that is done: empty until then.
pub(crate) type Done<C> = OnceLock<C>;

/// What pieces are gathered in: a text, bytes, values.
pub(crate) trait Chunk {
    fn with_room(room: usize) -> Self;
    fn length(&self) -> usize;
    fn room(&self) -> usize;
    /// Gives back the room that is left.
    fn shrink(&mut self);
}

impl Chunk for String {
    fn with_room(room: usize) -> Self {
        String::with_capacity(room)
    }

    #[inline]
    fn length(&self) -> usize {
        self.len()
    }

    #[inline]
    fn room(&self) -> usize {
        self.capacity()
    }

    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl<T> Chunk for Vec<T> {
    fn with_room(room: usize) -> Self {
        Vec::with_capacity(room)
    }

    #[inline]
    fn length(&self) -> usize {
        self.len()
    }

    #[inline]
    fn room(&self) -> usize {
        self.capacity()
    }

    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

/// Chunks that are filled one after the other. A chunk costs two allocations, however many pieces it holds, and what is kept of a
/// response keeps no more than its chunks alive.
///
/// A chunk reads as empty until the next one is begun, or this is dropped.
pub(crate) struct Chunks<C: Chunk> {
    /// The chunk that is being filled: what its pieces point to, and what it holds so far.
    current: Option<(Arc<Done<C>>, C)>,
}

impl<C: Chunk> Chunks<C> {
    pub(crate) const fn new() -> Self {
        Chunks { current: None }
    }

    /// A chunk with room for `length` more. `rooms` are those of the first chunk and of the largest: small answers take little, and
    /// each chunk has four times as much as the last one.
    #[inline]
    pub(crate) fn with_room(
        &mut self,
        length: usize,
        rooms: &RangeInclusive<usize>,
    ) -> (&Arc<Done<C>>, &mut C) {
        let is_full = match &self.current {
            Some((_, chunk)) => chunk.length() + length > chunk.room(),
            None => true,
        };
        if is_full {
            self.finish_and_grow(length, rooms);
        }
        let (done, chunk) = self
            .current
            .get_or_insert_with(|| (Arc::default(), C::with_room(length)));
        (done, chunk)
    }

    /// The chunk that is being filled.
    #[inline]
    pub(crate) fn current(&mut self) -> Option<(&Arc<Done<C>>, &mut C)> {
        self.current.as_mut().map(|(done, chunk)| (&*done, chunk))
    }

    /// How long the chunk that is being filled is.
    #[inline]
    pub(crate) fn length(&self) -> usize {
        self.current.as_ref().map_or(0, |(_, chunk)| chunk.length())
    }

    #[cold]
    fn finish_and_grow(&mut self, length: usize, rooms: &RangeInclusive<usize>) {
        let last = self.length();
        self.finish();
        let room = (last * 4).clamp(*rooms.start(), *rooms.end()).max(length);
        self.current = Some((Arc::default(), C::with_room(room)));
    }

    /// Finishes the chunk that is being filled: the next piece begins another.
    pub(crate) fn finish(&mut self) {
        if let Some((done, mut chunk)) = self.current.take() {
            // A page that is kept is not to keep room for another.
            if chunk.room() - chunk.length() > chunk.room() / 8 {
                chunk.shrink();
            }
            // It is set here only, once.
            let _ = done.set(chunk);
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
            .field("length", &self.length())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_grow_to_their_largest_and_keep_what_they_hold() {
        let rooms = 2..=20;
        let mut chunks = Chunks::<Vec<u32>>::new();
        let mut kept = Vec::new();
        for number in 0..100 {
            let (done, chunk) = chunks.with_room(1, &rooms);
            kept.push((Arc::clone(done), chunk.len()));
            chunk.push(number);
        }
        let (long, _) = chunks.with_room(30, &rooms);
        let long = Arc::clone(long);
        assert!(long.get().is_none());
        drop(chunks);
        assert!(long.get().is_some());
        for (number, (chunk, place)) in (0..).zip(kept) {
            let chunk = chunk.get().unwrap();
            assert!(chunk.len() <= 20);
            assert_eq!(chunk[place], number);
        }
    }
}
