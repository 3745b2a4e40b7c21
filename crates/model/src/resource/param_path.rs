//! [`ParamPath`]: a path to a value in the parameters of a call.

use inia_core::{List, Map, Value};

/// Largest index in a path, so that a file cannot cause large allocations.
const MAX_INDEX: usize = 9_999;

/// A path in parameters, such as `Filters[0].Values[0]` or `Delete.Objects[].Key`.
///
/// `[]` appends an element. `[*]` is the index of the resource in its batch, so that several paths can set members of
/// one element.
///
/// ```
/// # mod inia { pub use inia_core::*; pub mod model { pub use inia_model::*; } }
/// use inia::json;
/// use inia::model::ParamPath;
///
/// let mut params = json!({});
/// ParamPath::parse("Filters[0].Name")?.set(&mut params, json!("vpc-id"), None);
/// ParamPath::parse("Filters[0].Values[0]")?.set(&mut params, json!("vpc-1"), None);
/// assert_eq!(params, json!({"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}]}));
/// # Ok::<(), String>(())
/// ```
///
/// # Source
/// boto3 `resources/params.py:build_param_structure`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamPath {
    text: Box<str>,
    segments: Box<[ParamPathSegment]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ParamPathSegment {
    name: Box<str>,
    index: Option<ElementIndex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ElementIndex {
    /// `[]`
    New,
    /// `[*]`
    Batch,
    /// `[0]`
    Fixed(usize),
}

impl ParamPath {
    /// Parses a path.
    ///
    /// # Errors
    /// A description of the problem.
    pub fn parse(text: &str) -> Result<Self, String> {
        let segments: Result<Box<[ParamPathSegment]>, String> =
            text.split('.').map(segment).collect();
        Ok(ParamPath {
            text: text.into(),
            segments: segments
                .map_err(|problem| format!("invalid parameter path `{text}`: {problem}"))?,
        })
    }

    /// Returns the path as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the name of the top-level parameter.
    #[must_use]
    pub fn parameter(&self) -> &str {
        self.segments.first().map_or("", |segment| &segment.name)
    }

    /// Sets a value, creating missing maps and lists on the path. `batch` is the index of the resource in its batch, if
    /// there is one.
    pub fn set(&self, params: &mut Value, value: Value, batch: Option<usize>) {
        let mut slot = params;
        for segment in &self.segments {
            if slot.as_map().is_none() {
                *slot = Value::Map(Map::new());
            }
            let Some(map) = slot.as_map_mut() else { return };
            slot = map.get_or_insert_with(&segment.name, || Value::Null);
            let Some(index) = segment.index else {
                continue;
            };
            if slot.as_list().is_none() {
                *slot = Value::List(List::new());
            }
            let Value::List(list) = slot else { return };
            let position = match index {
                ElementIndex::New => list.len(),
                ElementIndex::Batch => batch.unwrap_or(list.len()),
                ElementIndex::Fixed(position) => position,
            };
            while list.len() <= position {
                list.push(Value::Map(Map::new()));
            }
            let Some(found) = list.get_mut(position) else {
                return;
            };
            slot = found;
        }
        *slot = value;
    }
}

fn segment(text: &str) -> Result<ParamPathSegment, String> {
    let (name, index) = match text.split_once('[') {
        None => (text, None),
        Some((name, rest)) => {
            let inside = rest.strip_suffix(']').ok_or("missing `]`")?;
            let index = match inside {
                "" => ElementIndex::New,
                "*" => ElementIndex::Batch,
                digits => match digits.parse() {
                    Ok(position) if position <= MAX_INDEX => ElementIndex::Fixed(position),
                    _ => return Err(format!("invalid index `[{digits}]`")),
                },
            };
            (name, Some(index))
        }
    };
    if name.is_empty() {
        return Err("missing name".to_owned());
    }
    Ok(ParamPathSegment {
        name: name.into(),
        index,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    fn build(entries: &[(&str, Value, Option<usize>)]) -> Value {
        let mut params = Value::Null;
        for (path, value, batch) in entries {
            ParamPath::parse(path)
                .unwrap()
                .set(&mut params, value.clone(), *batch);
        }
        params
    }

    #[test]
    fn sets_values_at_paths() {
        for (entries, expected) in [
            (vec![("foo", json!("bar"), None)], json!({"foo": "bar"})),
            (
                vec![("foo.bar.baz", json!(1), None)],
                json!({"foo": {"bar": {"baz": 1}}}),
            ),
            (vec![("foo[0]", json!("a"), None)], json!({"foo": ["a"]})),
            (
                vec![("foo[]", json!("a"), None), ("foo[]", json!("b"), None)],
                json!({"foo": ["a", "b"]}),
            ),
            (
                vec![
                    ("foo.bar[0].baz", json!(1), None),
                    ("foo.bar[1].qux", json!(2), None),
                ],
                json!({"foo": {"bar": [{"baz": 1}, {"qux": 2}]}}),
            ),
            (
                vec![("foo[2]", json!("c"), None)],
                json!({"foo": [{}, {}, "c"]}),
            ),
            (
                vec![
                    ("E[*].Id", json!("a"), Some(0)),
                    ("E[*].Handle", json!("A"), Some(0)),
                    ("E[*].Id", json!("b"), Some(1)),
                    ("E[*].Handle", json!("B"), Some(1)),
                ],
                json!({"E": [{"Id": "a", "Handle": "A"}, {"Id": "b", "Handle": "B"}]}),
            ),
            (
                vec![("E[*]", json!("a"), None), ("E[*]", json!("b"), None)],
                json!({"E": ["a", "b"]}),
            ),
            (
                vec![("foo", json!("text"), None), ("foo.bar", json!(1), None)],
                json!({"foo": {"bar": 1}}),
            ),
            (
                vec![("a[].b[].c", json!(1), None)],
                json!({"a": [{"b": [{"c": 1}]}]}),
            ),
        ] {
            assert_eq!(build(&entries), expected);
        }
    }

    #[test]
    fn rejects_invalid_paths() {
        for (path, problem) in [
            ("", "missing name"),
            ("a..b", "missing name"),
            ("[0]", "missing name"),
            ("a[0", "missing `]`"),
            ("a[x]", "invalid index `[x]`"),
            ("a[-1]", "invalid index `[-1]`"),
            ("a[99999999]", "invalid index `[99999999]`"),
            ("a[0]b", "missing `]`"),
        ] {
            let error = ParamPath::parse(path).unwrap_err();
            assert!(error.contains(problem), "{path}: {error}");
        }
    }
}
