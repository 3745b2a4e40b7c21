//! [`MemberPool`]: the stack and arena in which parsers build structures.

use std::ops::RangeInclusive;
use std::sync::Arc;

use thin_vec::ThinVec;

use super::{Map, Name, Value};
use crate::chunks::{Chunks, SharedChunk};

/// A stack of the members of all structures that are being parsed, outer structures first.
///
/// Parsers push the members of all nesting levels and take those of a structure when it is complete, so that no map has excess
/// capacity. Structures with a single member, such as unions, are stored in chunks instead.
///
/// ```
/// use inia_core::detail::MemberPool;
/// use inia_core::{Name, Value};
///
/// let mut members = MemberPool::new();
/// let outer = members.begin();
/// members.push(Name::intern("Outer"), Value::Int(1));
/// let inner = members.begin();
/// members.push(Name::intern("Inner"), Value::Int(2));
/// let inner = members.finish(inner);
/// let outer = members.finish(outer);
/// drop(members);
/// assert_eq!(inner.get("Inner"), Some(&Value::Int(2)));
/// assert_eq!(outer.len(), 1);
/// ```
#[derive(Debug)]
pub struct MemberPool {
    stack: ThinVec<(Name, Value)>,
    /// Number of structures that are being parsed.
    open: usize,
    /// Scalars that are the single member of their structure. Boxing each would take longer than parsing it.
    scalars: Chunks<Vec<Value>>,
    /// Lists and maps that are the single member of their structure.
    containers: LevelChunks,
    /// Capacity of the first chunk of scalars.
    first_capacity: usize,
}

/// A structure that is being parsed, from [`MemberPool::begin`] to one of the functions that finish it.
///
/// It is neither cloned nor created elsewhere, so that a structure is finished once, and those inside it are of a deeper level.
#[derive(Debug)]
#[must_use]
pub struct MemberMark(Mark);

/// A position on a stack, and the nesting level of the container that starts there.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) start: usize,
    level: usize,
}

impl Mark {
    /// Opens a container at a position.
    #[inline]
    pub(super) fn open(open: &mut usize, start: usize) -> Mark {
        *open += 1;
        Mark {
            start,
            level: *open - 1,
        }
    }

    /// Closes a container. Returns its level, or `None` if one inside it is still open: such a container must not share a chunk,
    /// which could come to refer to itself.
    #[inline]
    pub(super) fn close(&self, open: &mut usize) -> Option<usize> {
        let is_innermost = *open == self.level + 1;
        *open = self.level;
        is_innermost.then_some(self.level)
    }
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
            open: 0,
            scalars: Chunks::default(),
            containers: LevelChunks::default(),
            first_capacity: (len / BYTES_PER_UNION).clamp(8, MAX_SCALARS),
        }
    }

    /// Starts a structure.
    #[inline]
    pub fn begin(&mut self) -> MemberMark {
        MemberMark(Mark::open(&mut self.open, self.stack.len()))
    }

    /// Returns the number of members that a structure has so far.
    #[must_use]
    #[inline]
    pub fn count(&self, mark: &MemberMark) -> usize {
        self.stack.len().saturating_sub(mark.0.start)
    }

    /// Pushes a member of the innermost structure, which must not have one of this name yet.
    #[inline]
    pub fn push(&mut self, name: Name, value: Value) {
        self.stack.push((name, value));
    }

    fn position(&self, mark: &MemberMark, name: Name) -> Option<usize> {
        let mut members = self.stack.iter().skip(mark.0.start);
        members
            .position(|(key, _)| *key == name)
            .map(|at| mark.0.start + at)
    }

    /// Returns whether a structure has a member.
    #[must_use]
    pub fn contains(&self, mark: &MemberMark, name: Name) -> bool {
        self.position(mark, name).is_some()
    }

    /// Returns the value of a member of a structure.
    #[must_use]
    pub fn get_mut(&mut self, mark: &MemberMark, name: Name) -> Option<&mut Value> {
        let position = self.position(mark, name)?;
        self.stack.get_mut(position).map(|(_, value)| value)
    }

    /// Removes a member of a structure, if present. Keeps the order of the others.
    pub fn remove(&mut self, mark: &MemberMark, name: Name) {
        if let Some(position) = self.position(mark, name) {
            self.stack.remove(position);
        }
    }

    /// Finishes a structure without members on the stack, with a single member, as [`finish`](Self::finish) does.
    #[must_use]
    #[inline]
    #[expect(clippy::needless_pass_by_value, reason = "the structure is finished")]
    pub fn finish_single(&mut self, mark: MemberMark, name: Name, value: Value) -> Map {
        let level = mark.0.close(&mut self.open);
        if matches!(value, Value::List(_) | Value::Map(_)) {
            return self.single_container(level, name, value);
        }
        self.single_scalar(name, || value)
    }

    /// Returns a structure with a single scalar member like [`finish_single`](Self::finish_single). `make` creates the value directly in
    /// the chunk.
    #[must_use]
    #[inline(always)]
    pub fn single_scalar(&mut self, name: Name, make: impl FnOnce() -> Value) -> Map {
        let (values, chunk) = self
            .scalars
            .reserve(1, &(self.first_capacity..=MAX_SCALARS));
        push_pooled(values, chunk, name, make())
    }

    fn single_container(&mut self, level: Option<usize>, name: Name, value: Value) -> Map {
        match level.and_then(|level| self.containers.level(level)) {
            Some(chunks) => {
                let (values, chunk) = chunks.reserve(1, &CONTAINER_CAPACITIES);
                push_pooled(values, chunk, name, value)
            }
            None => Map::of_member(name, value),
        }
    }

    /// Finishes a structure and returns it as a map without excess capacity. A single member is stored in a chunk, and reads as null
    /// until the pool is dropped or starts the next chunk.
    #[must_use]
    #[inline]
    pub fn finish(&mut self, mark: MemberMark) -> Map {
        if self.count(&mark) == 1
            && let Some((name, value)) = self.stack.pop()
        {
            return self.finish_single(mark, name, value);
        }
        self.finish_owned(mark)
    }

    /// Finishes a structure and returns it as a map that is readable at once.
    #[must_use]
    #[inline]
    #[expect(clippy::needless_pass_by_value, reason = "the structure is finished")]
    pub fn finish_owned(&mut self, mark: MemberMark) -> Map {
        mark.0.close(&mut self.open);
        match self.count(&mark) {
            0 => Map::new(),
            1 => match self.stack.pop() {
                Some((name, value)) => Map::of_member(name, value),
                None => Map::new(),
            },
            _ => Map::of_members(self.stack.split_off(mark.0.start)),
        }
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
    fn finishes_structures_as_maps() {
        let [a, b, c] = ["a", "b", "c"].map(Name::intern);
        let mut members = MemberPool::new();
        let outer = members.begin();
        for (name, value) in [(a, 1), (b, 2), (c, 3)] {
            members.push(name, Value::Int(value));
        }
        let inner = members.begin();
        members.push(a, Value::Int(4));
        assert!(!members.contains(&inner, b));
        assert_eq!(members.finish_owned(inner), Map::from_iter([("a", 4)]));
        members.remove(&outer, a);
        members.remove(&outer, a);
        assert_eq!(members.count(&outer), 2);
        *members.get_mut(&outer, c).unwrap() = Value::Int(5);
        assert_eq!(members.finish(outer), Map::from_iter([("b", 2), ("c", 5)]));
        let empty = members.begin();
        assert_eq!(members.finish(empty), Map::new());
    }

    #[test]
    fn pools_nested_unions() {
        let name = Name::intern("only");
        let depth = MAX_LEVELS + 3;
        let mut members = MemberPool::new();
        let unions: Vec<Map> = (0..100)
            .map(|number| {
                let mut marks: Vec<MemberMark> = (0..depth).map(|_| members.begin()).collect();
                let mut value = Value::Int(number);
                while let Some(mark) = marks.pop() {
                    value = Value::Map(members.finish_single(mark, name, value));
                }
                value.as_map().unwrap().clone()
            })
            .collect();
        drop(members);
        for (number, union) in (0..).zip(unions) {
            let mut value = &Value::Map(union);
            for _ in 0..depth {
                value = &value["only"];
            }
            assert_eq!(*value, Value::Int(number));
        }
    }

    #[test]
    fn structures_finished_out_of_order_share_no_chunk() {
        let name = Name::intern("only");
        let mut members = MemberPool::new();
        let outer = members.begin();
        let inner = members.begin();
        let first = members.finish_single(outer, name, Value::map());
        let second = members.finish_single(inner, name, Value::Map(first));
        assert_eq!(
            second.get("only").unwrap().clone(),
            Value::Map(Map::from_iter([("only", Value::map())]))
        );
    }
}
