//! [`Found`]: an intermediate result, borrowed from the document wherever it can be.

use std::borrow::Cow;
use std::rc::Rc;

use inia_core::{List, Map, MapIter, Str, Value};

use super::limits::{Failure, Limits};

/// What a part of an expression found or made.
///
/// Cheap to clone: a reference, a scalar, or a shared collection of these. A projection over a page of results gathers
/// references, and only what the whole expression ends with is ever copied.
#[derive(Clone, Debug)]
pub(super) enum Found<'a> {
    /// A part of the document or a literal of the expression.
    Ref(&'a Value),
    /// A string, number, boolean or null the expression made.
    Scalar(Value),
    /// A list the expression made.
    List(Rc<Made<Vec<Found<'a>>>>),
    /// A map the expression made.
    Map(Rc<Made<Entries<'a>>>),
}

pub(super) type Entries<'a> = Vec<(Str, Found<'a>)>;

/// A collection the expression made, and how deep those within it nest.
#[derive(Debug)]
pub(super) struct Made<T> {
    depth: usize,
    parts: T,
}

/// The types of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Type {
    /// The type's name, as `type()` gives it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Type::Null => "null",
            Type::Boolean => "boolean",
            Type::Number => "number",
            Type::String => "string",
            Type::Array => "array",
            Type::Object => "object",
        }
    }
}

/// The type of a value. A blob and a timestamp are strings, as they are at every JSON boundary.
fn type_of(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Boolean,
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => Type::Number,
        Value::String(_) | Value::Blob(_) | Value::Timestamp(_) => Type::String,
        Value::List(_) => Type::Array,
        Value::Map(_) => Type::Object,
    }
}

/// The text of a value whose type is string.
pub(super) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Timestamp(moment) => Some(Cow::Owned(moment.to_string())),
        Value::Blob(bytes) => Some(Cow::Owned(bytes.to_base64())),
        _ => None,
    }
}

impl<'a> Found<'a> {
    pub(super) const NULL: Found<'a> = Found::Scalar(Value::Null);

    /// A list made of parts.
    pub(super) fn list(parts: Vec<Found<'a>>) -> Result<Self, Failure> {
        let depth = depth_above(parts.iter())?;
        Ok(Found::List(Rc::new(Made { depth, parts })))
    }

    /// A map made of entries.
    pub(super) fn map(parts: Entries<'a>) -> Result<Self, Failure> {
        let depth = depth_above(parts.iter().map(|(_, part)| part))?;
        Ok(Found::Map(Rc::new(Made { depth, parts })))
    }

    fn depth(&self) -> usize {
        match self {
            Found::Ref(_) | Found::Scalar(_) => 0,
            Found::List(list) => list.depth,
            Found::Map(map) => map.depth,
        }
    }

    /// The value, unless this is a collection the expression made.
    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Found::Ref(value) => Some(value),
            Found::Scalar(value) => Some(value),
            Found::List(_) | Found::Map(_) => None,
        }
    }

    pub(super) fn type_of(&self) -> Type {
        match self {
            Found::Ref(value) => type_of(value),
            Found::Scalar(value) => type_of(value),
            Found::List(_) => Type::Array,
            Found::Map(_) => Type::Object,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Found::Ref(Value::Null) | Found::Scalar(Value::Null))
    }

    /// Whether the language counts this as true: all but null, `false` and what is empty. 0 is true.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Found::List(list) => !list.parts.is_empty(),
            Found::Map(map) => !map.parts.is_empty(),
            Found::Ref(value) => is_true(value),
            Found::Scalar(value) => is_true(value),
        }
    }

    /// The text, where the type is string.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        text_of(self.value()?)
    }

    /// The value under a name of a map.
    pub(super) fn field(&self, name: &str) -> Option<Found<'a>> {
        match self {
            Found::Ref(Value::Map(map)) => map.get(name).map(Found::Ref),
            Found::Map(map) => {
                let found = map.parts.iter().find(|(key, _)| *key == *name);
                found.map(|(_, part)| part.clone())
            }
            _ => None,
        }
    }

    /// How many elements a list has.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Found::Ref(Value::List(list)) => Some(list.len()),
            Found::List(list) => Some(list.parts.len()),
            _ => None,
        }
    }

    /// The element of a list.
    pub(super) fn get(&self, position: usize) -> Option<Found<'a>> {
        match self {
            Found::Ref(Value::List(list)) => list.get(position).map(Found::Ref),
            Found::List(list) => list.parts.get(position).cloned(),
            _ => None,
        }
    }

    /// The elements of a list.
    pub(super) fn elements(&self) -> Option<Elements<'_, 'a>> {
        match self {
            Found::Ref(Value::List(list)) => Some(Elements::Refs(list.iter())),
            Found::List(list) => Some(Elements::Made(list.parts.iter())),
            _ => None,
        }
    }

    /// The entries of a map.
    pub(super) fn entries(&self) -> Option<EntriesIter<'_, 'a>> {
        match self {
            Found::Ref(Value::Map(map)) => Some(EntriesIter::Refs(map.iter())),
            Found::Map(map) => Some(EntriesIter::Made(map.parts.iter())),
            _ => None,
        }
    }

    /// The result as a value, borrowed if it is a part of the document.
    pub(super) fn into_value(self, limits: &mut Limits) -> Result<Cow<'a, Value>, Failure> {
        match self {
            Found::Ref(value) => Ok(Cow::Borrowed(value)),
            made => made.to_value(limits).map(Cow::Owned),
        }
    }

    fn to_value(&self, limits: &mut Limits) -> Result<Value, Failure> {
        limits.spend(1)?;
        Ok(match self {
            Found::Ref(value) => {
                limits.spend_on(value)?;
                (*value).clone()
            }
            Found::Scalar(value) => value.clone(),
            Found::List(made) => {
                let mut list = List::with_capacity(made.parts.len());
                for part in &made.parts {
                    list.push(part.to_value(limits)?);
                }
                Value::List(list)
            }
            Found::Map(made) => {
                let mut map = Map::with_capacity(made.parts.len());
                for (key, part) in &made.parts {
                    let part = part.to_value(limits)?;
                    // The keys are distinct; a long map is given its index here.
                    if map.len() < 16 {
                        map.push(key.clone(), part);
                    } else {
                        map.insert(key.clone(), part);
                    }
                }
                Value::Map(map)
            }
        })
    }
}

impl From<bool> for Found<'_> {
    fn from(value: bool) -> Self {
        Found::Scalar(Value::Bool(value))
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::String(text) => !text.is_empty(),
        Value::Blob(bytes) => !bytes.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) | Value::Timestamp(_) => true,
    }
}

/// The depth of a collection of these parts.
fn depth_above<'p, 'a: 'p>(parts: impl Iterator<Item = &'p Found<'a>>) -> Result<usize, Failure> {
    let depth = parts.map(Found::depth).max().unwrap_or(0) + 1;
    if depth > super::limits::MAX_RESULT_DEPTH {
        return Err(Failure::too_deep());
    }
    Ok(depth)
}

/// The elements of a list, in order.
pub(super) enum Elements<'s, 'a> {
    Refs(std::slice::Iter<'a, Value>),
    Made(std::slice::Iter<'s, Found<'a>>),
}

impl<'a> Iterator for Elements<'_, 'a> {
    type Item = Found<'a>;

    #[inline]
    fn next(&mut self) -> Option<Found<'a>> {
        match self {
            Elements::Refs(values) => values.next().map(Found::Ref),
            Elements::Made(parts) => parts.next().cloned(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Elements::Refs(values) => values.size_hint(),
            Elements::Made(parts) => parts.size_hint(),
        }
    }
}

impl ExactSizeIterator for Elements<'_, '_> {}

impl DoubleEndedIterator for Elements<'_, '_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Elements::Refs(values) => values.next_back().map(Found::Ref),
            Elements::Made(parts) => parts.next_back().cloned(),
        }
    }
}

/// The entries of a map, in order.
pub(super) enum EntriesIter<'s, 'a> {
    Refs(MapIter<'a>),
    Made(std::slice::Iter<'s, (Str, Found<'a>)>),
}

impl<'a> Iterator for EntriesIter<'_, 'a> {
    type Item = (Str, Found<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            EntriesIter::Refs(entries) => entries
                .next()
                .map(|(key, value)| (key.clone(), Found::Ref(value))),
            EntriesIter::Made(parts) => parts.next().cloned(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            EntriesIter::Refs(entries) => entries.size_hint(),
            EntriesIter::Made(parts) => parts.size_hint(),
        }
    }
}

impl ExactSizeIterator for EntriesIter<'_, '_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_found_value_is_no_wider_than_a_value() {
        // A projection gathers one of these for every element of a page.
        assert!(size_of::<Found<'_>>() <= size_of::<Value>() + 8);
    }
}
