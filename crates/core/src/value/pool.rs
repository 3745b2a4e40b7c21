//! [`ValuePool`]: where parsers gather the values that are a map's only entry.

use std::sync::{Arc, OnceLock};

use super::Value;

/// Values that stand side by side: none until the [`ValuePool`] that gathers them is done.
pub(super) type SharedValues = OnceLock<Box<[Value]>>;

/// Where the members of unions are gathered while a response is read.
///
/// DynamoDB's items are made of unions, dozens in each, and a union is a map of one value. In a pool it costs that value's own 24
/// bytes and a count; on the heap by itself it would cost an allocation, which takes longer than reading it.
///
/// What is gathered must not hold what the same pool gathers, or neither would ever be freed.
///
/// A value reads as null until the pool is dropped or has filled its chunk.
#[derive(Debug, Default)]
pub(super) struct ValuePool {
    /// The chunk that is being filled: what points to it, and the values so far.
    chunk: Option<(Arc<SharedValues>, Vec<Value>)>,
}

impl ValuePool {
    /// Takes a value in: the chunk it is in, of at most so many values, and its place there.
    #[inline]
    pub(super) fn add(&mut self, value: Value, most: u16) -> (Arc<SharedValues>, u16) {
        let (shared, chunk) = match &mut self.chunk {
            Some(chunk) if chunk.1.len() < chunk.1.capacity() => chunk,
            _ => self.next_chunk(most),
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a chunk's room is at most what 16 bits count"
        )]
        let place = chunk.len() as u16;
        chunk.push(value);
        (Arc::clone(shared), place)
    }

    /// Begins a chunk with four times as much room as the last one had.
    #[cold]
    fn next_chunk(&mut self, most: u16) -> &mut (Arc<SharedValues>, Vec<Value>) {
        let last = self.chunk.as_ref().map_or(0, |(_, chunk)| chunk.len());
        self.finish_chunk();
        let room = (last * 4).clamp(8, usize::from(most).max(8));
        self.chunk
            .insert((Arc::default(), Vec::with_capacity(room)))
    }

    fn finish_chunk(&mut self) {
        if let Some((shared, chunk)) = self.chunk.take() {
            // It is set here only, once.
            let _ = shared.set(chunk.into_boxed_slice());
        }
    }
}

impl Drop for ValuePool {
    fn drop(&mut self) {
        self.finish_chunk();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_holds_every_value_in_chunks_of_bounded_size() {
        let mut pool = ValuePool::default();
        let places: Vec<_> = (0..5000)
            .map(|number| pool.add(Value::Int(number), 100))
            .collect();
        drop(pool);
        for (number, (chunk, place)) in (0..).zip(places) {
            let chunk = chunk.get().unwrap();
            assert!(chunk.len() <= 100);
            assert_eq!(chunk[usize::from(place)], Value::Int(number));
        }
    }
}
