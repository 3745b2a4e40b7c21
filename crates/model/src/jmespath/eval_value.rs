//! [`EvalValue`]: an intermediate result, borrowed from the document if possible.

use std::borrow::Cow;
use std::rc::Rc;

use inia_core::{List, Map, MapIter, Str, Value};

use super::budget::{EvalBudget, EvalError};

/// An intermediate result of an evaluation.
///
/// Cheap to clone: a reference, a scalar, or a shared collection. A projection over a page collects references; only the
/// final result is copied.
#[derive(Clone, Debug)]
pub(super) enum EvalValue<'a> {
    /// A part of the document, or a literal of the expression.
    Ref(&'a Value),
    /// A computed string, number, boolean or null.
    Scalar(Value),
    /// A computed list.
    List(Rc<Computed<Vec<EvalValue<'a>>>>),
    /// A computed map.
    Map(Rc<Computed<EvalEntries<'a>>>),
}

pub(super) type EvalEntries<'a> = Vec<(Str, EvalValue<'a>)>;

/// A computed collection and its nesting depth.
#[derive(Debug)]
pub(super) struct Computed<T> {
    depth: usize,
    parts: T,
}

/// The data types of JMESPath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataType {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl DataType {
    /// Returns the name of the type, as `type()` does.
    pub(super) fn name(self) -> &'static str {
        match self {
            DataType::Null => "null",
            DataType::Boolean => "boolean",
            DataType::Number => "number",
            DataType::String => "string",
            DataType::Array => "array",
            DataType::Object => "object",
        }
    }
}

/// Returns the type of a value. Blobs and timestamps are strings, as everywhere in JSON.
fn type_of(value: &Value) -> DataType {
    match value {
        Value::Null => DataType::Null,
        Value::Bool(_) => DataType::Boolean,
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => DataType::Number,
        Value::String(_) | Value::Blob(_) | Value::Timestamp(_) => DataType::String,
        Value::List(_) => DataType::Array,
        Value::Map(_) => DataType::Object,
    }
}

/// Returns the text of a value of type string.
pub(super) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Timestamp(timestamp) => Some(Cow::Owned(timestamp.to_string())),
        Value::Blob(bytes) => Some(Cow::Owned(bytes.to_base64())),
        _ => None,
    }
}

impl<'a> EvalValue<'a> {
    pub(super) const NULL: EvalValue<'a> = EvalValue::Scalar(Value::Null);

    /// Creates a list.
    pub(super) fn list(parts: Vec<EvalValue<'a>>) -> Result<Self, EvalError> {
        let depth = depth_above(parts.iter())?;
        Ok(EvalValue::List(Rc::new(Computed { depth, parts })))
    }

    /// Creates a map.
    pub(super) fn map(parts: EvalEntries<'a>) -> Result<Self, EvalError> {
        let depth = depth_above(parts.iter().map(|(_, part)| part))?;
        Ok(EvalValue::Map(Rc::new(Computed { depth, parts })))
    }

    fn depth(&self) -> usize {
        match self {
            EvalValue::Ref(_) | EvalValue::Scalar(_) => 0,
            EvalValue::List(list) => list.depth,
            EvalValue::Map(map) => map.depth,
        }
    }

    /// Returns the value, unless this is a computed collection.
    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            EvalValue::Ref(value) => Some(value),
            EvalValue::Scalar(value) => Some(value),
            EvalValue::List(_) | EvalValue::Map(_) => None,
        }
    }

    pub(super) fn type_of(&self) -> DataType {
        match self {
            EvalValue::Ref(value) => type_of(value),
            EvalValue::Scalar(value) => type_of(value),
            EvalValue::List(_) => DataType::Array,
            EvalValue::Map(_) => DataType::Object,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(
            self,
            EvalValue::Ref(Value::Null) | EvalValue::Scalar(Value::Null)
        )
    }

    /// Returns `true` unless the value is null, `false` or empty. 0 is true.
    pub(super) fn is_true(&self) -> bool {
        match self {
            EvalValue::List(list) => !list.parts.is_empty(),
            EvalValue::Map(map) => !map.parts.is_empty(),
            EvalValue::Ref(value) => is_true(value),
            EvalValue::Scalar(value) => is_true(value),
        }
    }

    /// Returns the text if the type is string.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        text_of(self.value()?)
    }

    /// Returns the value of a key of a map.
    pub(super) fn field(&self, name: &str) -> Option<EvalValue<'a>> {
        match self {
            EvalValue::Ref(Value::Map(map)) => map.get(name).map(EvalValue::Ref),
            EvalValue::Map(map) => {
                let entry = map.parts.iter().find(|(key, _)| *key == *name);
                entry.map(|(_, part)| part.clone())
            }
            _ => None,
        }
    }

    /// Returns the number of elements of a list.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            EvalValue::Ref(Value::List(list)) => Some(list.len()),
            EvalValue::List(list) => Some(list.parts.len()),
            _ => None,
        }
    }

    /// Returns an element of a list.
    pub(super) fn get(&self, position: usize) -> Option<EvalValue<'a>> {
        match self {
            EvalValue::Ref(Value::List(list)) => list.get(position).map(EvalValue::Ref),
            EvalValue::List(list) => list.parts.get(position).cloned(),
            _ => None,
        }
    }

    /// Returns the elements of a list.
    pub(super) fn elements(&self) -> Option<EvalElements<'_, 'a>> {
        match self {
            EvalValue::Ref(Value::List(list)) => Some(EvalElements::Refs(list.iter())),
            EvalValue::List(list) => Some(EvalElements::Computed(list.parts.iter())),
            _ => None,
        }
    }

    /// Returns the entries of a map.
    pub(super) fn entries(&self) -> Option<EvalEntriesIter<'_, 'a>> {
        match self {
            EvalValue::Ref(Value::Map(map)) => Some(EvalEntriesIter::Refs(map.iter())),
            EvalValue::Map(map) => Some(EvalEntriesIter::Computed(map.parts.iter())),
            _ => None,
        }
    }

    /// Converts into a value, which is borrowed if it is a part of the document.
    pub(super) fn into_value(self, budget: &mut EvalBudget) -> Result<Cow<'a, Value>, EvalError> {
        match self {
            EvalValue::Ref(value) => Ok(Cow::Borrowed(value)),
            made => made.to_value(budget).map(Cow::Owned),
        }
    }

    fn to_value(&self, budget: &mut EvalBudget) -> Result<Value, EvalError> {
        budget.spend(1)?;
        Ok(match self {
            EvalValue::Ref(value) => {
                budget.spend_on(value)?;
                (*value).clone()
            }
            EvalValue::Scalar(value) => value.clone(),
            EvalValue::List(made) => {
                let mut list = List::with_capacity(made.parts.len());
                for part in &made.parts {
                    list.push(part.to_value(budget)?);
                }
                Value::List(list)
            }
            EvalValue::Map(made) => {
                let mut map = Map::with_capacity(made.parts.len());
                for (key, part) in &made.parts {
                    let part = part.to_value(budget)?;
                    // The keys are distinct. `insert` builds the index that a long map needs.
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

impl From<bool> for EvalValue<'_> {
    fn from(value: bool) -> Self {
        EvalValue::Scalar(Value::Bool(value))
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

/// Returns the nesting depth of a collection of these parts.
fn depth_above<'p, 'a: 'p>(
    parts: impl Iterator<Item = &'p EvalValue<'a>>,
) -> Result<usize, EvalError> {
    let depth = parts.map(EvalValue::depth).max().unwrap_or(0) + 1;
    if depth > super::budget::MAX_RESULT_DEPTH {
        return Err(EvalError::too_deep());
    }
    Ok(depth)
}

/// Iterator over the elements of a list.
pub(super) enum EvalElements<'s, 'a> {
    Refs(std::slice::Iter<'a, Value>),
    Computed(std::slice::Iter<'s, EvalValue<'a>>),
}

impl<'a> Iterator for EvalElements<'_, 'a> {
    type Item = EvalValue<'a>;

    #[inline]
    fn next(&mut self) -> Option<EvalValue<'a>> {
        match self {
            EvalElements::Refs(values) => values.next().map(EvalValue::Ref),
            EvalElements::Computed(parts) => parts.next().cloned(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            EvalElements::Refs(values) => values.size_hint(),
            EvalElements::Computed(parts) => parts.size_hint(),
        }
    }
}

impl ExactSizeIterator for EvalElements<'_, '_> {}

impl DoubleEndedIterator for EvalElements<'_, '_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            EvalElements::Refs(values) => values.next_back().map(EvalValue::Ref),
            EvalElements::Computed(parts) => parts.next_back().cloned(),
        }
    }
}

/// Iterator over the entries of a map.
pub(super) enum EvalEntriesIter<'s, 'a> {
    Refs(MapIter<'a>),
    Computed(std::slice::Iter<'s, (Str, EvalValue<'a>)>),
}

impl<'a> Iterator for EvalEntriesIter<'_, 'a> {
    type Item = (Str, EvalValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            EvalEntriesIter::Refs(entries) => entries
                .next()
                .map(|(key, value)| (key.clone(), EvalValue::Ref(value))),
            EvalEntriesIter::Computed(parts) => parts.next().cloned(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            EvalEntriesIter::Refs(entries) => entries.size_hint(),
            EvalEntriesIter::Computed(parts) => parts.size_hint(),
        }
    }
}

impl ExactSizeIterator for EvalEntriesIter<'_, '_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eval_value_is_at_most_one_word_larger_than_value() {
        // A projection creates one for every element of a page.
        assert!(size_of::<EvalValue<'_>>() <= size_of::<Value>() + 8);
    }
}
