//! [`MemberPool`]: the stack and arena in which parsers build structures.

use std::ops::RangeInclusive;
use std::sync::Arc;

use thin_vec::ThinVec;

use super::{Map, Name, Value};
use crate::chunks::{Chunks, SharedChunk};

/// A stack of the members of all structures that are being parsed, outer structures first.
///
/// Parsers push the members of all nesting levels and split off those of a structure when it is complete, so that no map has excess
/// capacity. Structures with a single member, such as unions, are stored in chunks instead.
///
/// ```
/// use inia_core::{MemberPool, Name, Value};
///
/// let mut members = MemberPool::new();
/// members.push(Name::intern("Outer"), Value::Int(1));
/// members.push(Name::intern("Inner"), Value::Int(2));
/// let inner = members.split_off(1);
/// assert_eq!(inner.get("Inner"), Some(&Value::Int(2)));
/// assert_eq!(members.len(), 1);
/// ```
#[derive(Debug)]
pub struct MemberPool {
    stack: ThinVec<(Name, Value)>,
    /// Scalars that are the single member of their structure. Boxing each would take longer than parsing it.
    scalars: Chunks<Vec<Value>>,
    /// Lists and maps that are the single member of their structure.
    containers: LevelChunks,
    /// Capacity of the first chunk of scalars.
    first_capacity: usize,
}

/// A chunk of values that maps and lists share; unset until its pool finishes it.
pub(super) type SharedValues = SharedChunk<Vec<Value>>;

/// Capacity of the largest chunk of scalars: a long-lived union keeps at most 24 KiB of other values alive.
const MAX_SCALARS: usize = 1024;

/// Typical input length per union, in bytes.
const BYTES_PER_UNION: usize = 32;

/// Capacities of the first chunk of lists and maps and of the largest: a long-lived union keeps only a few other containers alive.
const CONTAINER_CAPACITIES: RangeInclusive<usize> = 8..=32;

/// Chunks of values by nesting level. Pooled values within a chunk are of a deeper level, so that no chunk can refer to itself.
#[derive(Debug, Default)]
pub(super) struct LevelChunks(Vec<Chunks<Vec<Value>>>);

/// Number of nesting levels with chunks; deeper values are allocated individually.
const MAX_LEVELS: usize = 64;

impl LevelChunks {
    /// Returns the chunks of a level; `None` if it is too deep.
    #[inline]
    pub(super) fn level(&mut self, level: usize) -> Option<&mut Chunks<Vec<Value>>> {
        if self.0.len() <= level && level < MAX_LEVELS {
            self.0.resize_with(level + 1, Chunks::default);
        }
        self.0.get_mut(level)
    }
}

impl Default for MemberPool {
    fn default() -> Self {
        MemberPool::new()
    }
}

impl MemberPool {
    /// Creates an empty pool, without allocating.
    #[must_use]
    pub fn new() -> Self {
        Self::for_input_len(0)
    }

    /// Creates an empty pool for an input of `len` bytes, which determines the capacity of the first chunk.
    #[must_use]
    pub fn for_input_len(len: usize) -> Self {
        MemberPool {
            stack: ThinVec::new(),
            scalars: Chunks::default(),
            containers: LevelChunks::default(),
            first_capacity: (len / BYTES_PER_UNION).clamp(8, MAX_SCALARS),
        }
    }

    /// Returns the number of members on the stack.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stack.len()
    }

    /// Returns true if the stack is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }

    /// Pushes a member. Its structure must not have a member of this name yet.
    #[inline]
    pub fn push(&mut self, name: Name, value: Value) {
        self.stack.push((name, value));
    }

    /// Returns the index of a member of the structure that starts at index `start`.
    #[must_use]
    pub fn position(&self, start: usize, name: Name) -> Option<usize> {
        let mut members = self.stack.iter().skip(start);
        members
            .position(|(key, _)| *key == name)
            .map(|at| start + at)
    }

    /// Returns the value of a member of the structure that starts at index `start`.
    #[must_use]
    pub fn get_mut(&mut self, start: usize, name: Name) -> Option<&mut Value> {
        let position = self.position(start, name)?;
        self.stack.get_mut(position).map(|(_, value)| value)
    }

    /// Removes a member, if present, of the structure that starts at index `start`. Keeps the order of the others.
    pub fn remove(&mut self, start: usize, name: Name) {
        if let Some(position) = self.position(start, name) {
            self.stack.remove(position);
        }
    }

    /// Returns a structure with a single member, such as a union, at nesting level `level`. It is stored in a chunk, and its member
    /// reads as null until the pool is dropped or starts the next chunk.
    ///
    /// Values from this pool within `value` must be of a deeper level.
    ///
    /// ```
    /// use inia_core::{Map, MemberPool, Name, Value};
    ///
    /// let mut members = MemberPool::new();
    /// let inner = members.single(1, Name::intern("S"), Value::from("text"));
    /// let outer = members.single(0, Name::intern("M"), Value::Map(inner));
    /// drop(members);
    /// assert_eq!(Value::Map(outer)["M"]["S"], "text");
    /// ```
    #[must_use]
    #[inline]
    pub fn single(&mut self, level: usize, name: Name, value: Value) -> Map {
        if matches!(value, Value::List(_) | Value::Map(_)) {
            return self.single_container(level, name, value);
        }
        self.single_scalar(name, || value)
    }

    /// Returns a structure with a single scalar member like [`single`](Self::single). `make` creates the value directly in the chunk.
    #[must_use]
    #[inline(always)]
    pub fn single_scalar(&mut self, name: Name, make: impl FnOnce() -> Value) -> Map {
        let (values, chunk) = self
            .scalars
            .reserve(1, &(self.first_capacity..=MAX_SCALARS));
        push_pooled(values, chunk, name, make())
    }

    fn single_container(&mut self, level: usize, name: Name, value: Value) -> Map {
        match self.containers.level(level) {
            Some(chunks) => {
                let (values, chunk) = chunks.reserve(1, &CONTAINER_CAPACITIES);
                push_pooled(values, chunk, name, value)
            }
            None => Map::of_member(name, value),
        }
    }

    /// Removes the members from index `start` on and returns them as a map without excess capacity.
    #[must_use]
    #[inline]
    pub fn split_off(&mut self, start: usize) -> Map {
        match self.stack.len().saturating_sub(start) {
            0 => Map::new(),
            1 => match self.stack.pop() {
                Some((name, value)) => Map::of_member(name, value),
                None => Map::new(),
            },
            _ => Map::of_members(self.stack.split_off(start)),
        }
    }

    /// Removes the members from index `start` on and returns them as a map at nesting level `level`. A single member is stored in a
    /// chunk, as by [`single`](Self::single).
    #[must_use]
    #[inline]
    pub fn split_off_nested(&mut self, start: usize, level: usize) -> Map {
        if self.stack.len().checked_sub(start) == Some(1)
            && let Some((name, value)) = self.stack.pop()
        {
            return self.single(level, name, value);
        }
        self.split_off(start)
    }
}

/// Appends `value` to a chunk and returns a map with this single member. Chunks have at most 1024 values, so the index fits 16 bits.
#[inline(always)]
fn push_pooled(
    values: &Arc<SharedValues>,
    chunk: &mut Vec<Value>,
    name: Name,
    value: Value,
) -> Map {
    let index = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
    chunk.push(value);
    Map::of_pooled(name, Arc::clone(values), index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_off_members_as_maps() {
        let [a, b, c] = ["a", "b", "c"].map(Name::intern);
        let mut members = MemberPool::new();
        for (name, value) in [(a, 1), (b, 2), (c, 3), (a, 4)] {
            members.push(name, Value::Int(value));
        }
        assert_eq!(members.split_off(3), Map::from_iter([("a", 4)]));
        members.remove(1, a);
        members.remove(1, b);
        assert_eq!(members.len(), 2);
        assert_eq!(members.get_mut(0, c), Some(&mut Value::Int(3)));
        assert_eq!(members.split_off(0), Map::from_iter([("c", 3), ("a", 1)]));
        assert_eq!(members.split_off(0), Map::new());
    }

    #[test]
    fn pools_nested_unions() {
        let name = Name::intern("only");
        let mut members = MemberPool::new();
        let mut unions: Vec<Map> = (0..100)
            .map(|i| members.single(3, name, Value::Int(i)))
            .collect();
        for level in (0..MAX_LEVELS + 2).rev() {
            unions = unions
                .into_iter()
                .map(|union| members.single(level, name, Value::Map(union)))
                .collect();
        }
        drop(members);
        for (number, union) in (0..).zip(unions) {
            let mut value = &Value::Map(union);
            for _ in 0..MAX_LEVELS + 3 {
                value = &value["only"];
            }
            assert_eq!(*value, Value::Int(number));
        }
    }
}
