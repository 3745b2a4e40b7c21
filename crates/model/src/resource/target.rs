//! [`ParamPath`]: where in the parameters of a call a value goes.

use inia_core::{List, Map, Value};

/// The largest position that a path may name: what a file says must not make a list of any length.
const MAX_POSITION: usize = 9_999;

/// A path into parameters, such as `Filters[0].Values[0]` or `Delete.Objects[].Key`.
///
/// `[]` appends an element. `[*]` is the element of the resource in its batch, so that several paths fill one element.
///
/// ```
/// use inia_core::json;
/// use inia_model::ParamPath;
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
    parts: Box<[Part]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    name: Box<str>,
    element: Option<Element>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    /// `[]`
    New,
    /// `[*]`
    OfBatch,
    /// `[0]`
    At(usize),
}

impl ParamPath {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Result<Box<[Part]>, String> = text.split('.').map(part).collect();
        Ok(ParamPath {
            text: text.into(),
            parts: parts
                .map_err(|problem| format!("`{text}` is no path to a parameter: {problem}"))?,
        })
    }

    /// The path as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of the parameter that the path leads into.
    #[must_use]
    pub fn parameter(&self) -> &str {
        self.parts.first().map_or("", |part| &part.name)
    }

    /// Puts a value there, with the maps and lists around it that are missing. `batch` is the position of the resource in its
    /// batch, if there is one.
    pub fn set(&self, params: &mut Value, value: Value, batch: Option<usize>) {
        let mut slot = params;
        for part in &self.parts {
            if slot.as_map().is_none() {
                *slot = Value::Map(Map::new());
            }
            let Some(map) = slot.as_map_mut() else { return };
            slot = map.get_or_insert_with(&part.name, || Value::Null);
            let Some(element) = part.element else {
                continue;
            };
            if slot.as_list().is_none() {
                *slot = Value::List(List::new());
            }
            let Value::List(list) = slot else { return };
            let position = match element {
                Element::New => list.len(),
                Element::OfBatch => batch.unwrap_or(list.len()),
                Element::At(position) => position,
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

fn part(text: &str) -> Result<Part, String> {
    let (name, element) = match text.split_once('[') {
        None => (text, None),
        Some((name, rest)) => {
            let inside = rest.strip_suffix(']').ok_or("`]` is missing")?;
            let element = match inside {
                "" => Element::New,
                "*" => Element::OfBatch,
                digits => match digits.parse() {
                    Ok(position) if position <= MAX_POSITION => Element::At(position),
                    _ => return Err(format!("`[{digits}]` is no position")),
                },
            };
            (name, Some(element))
        }
    };
    if name.is_empty() {
        return Err("a name is missing".to_owned());
    }
    Ok(Part {
        name: name.into(),
        element,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    fn built(entries: &[(&str, Value, Option<usize>)]) -> Value {
        let mut params = Value::Null;
        for (path, value, batch) in entries {
            ParamPath::parse(path)
                .unwrap()
                .set(&mut params, value.clone(), *batch);
        }
        params
    }

    #[test]
    fn values_go_where_the_path_leads() {
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
            assert_eq!(built(&entries), expected);
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for (path, problem) in [
            ("", "a name is missing"),
            ("a..b", "a name is missing"),
            ("[0]", "a name is missing"),
            ("a[0", "`]` is missing"),
            ("a[x]", "`[x]` is no position"),
            ("a[-1]", "`[-1]` is no position"),
            ("a[99999999]", "`[99999999]` is no position"),
            ("a[0]b", "`]` is missing"),
        ] {
            let error = ParamPath::parse(path).unwrap_err();
            assert!(error.contains(problem), "{path}: {error}");
        }
    }
}
