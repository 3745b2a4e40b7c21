//! `--output text`: lines of tab-separated values, which begin with the name of their member.
//!
//! # Source
//! The AWS CLI, `text.py`.

use std::collections::BTreeSet;

use inia::{Map, Value};

use super::{is_scalar, scalar};

/// Formats a value as lines.
pub(super) fn render(value: &Value) -> String {
    let mut lines = String::new();
    write(value, None, None, &mut lines);
    lines
}

/// `columns` are the scalars of a list's elements, so that all of them have the same columns.
fn write(value: &Value, name: Option<&str>, columns: Option<&BTreeSet<&str>>, lines: &mut String) {
    match value {
        Value::Map(map) => write_map(map, name, columns, lines),
        Value::List(list) if list.is_empty() => {}
        Value::List(list) if list.iter().any(|value| matches!(value, Value::Map(_))) => {
            let columns: BTreeSet<&str> = list.iter().flat_map(scalar_names).collect();
            for element in list {
                write(element, name, Some(&columns), lines);
            }
        }
        Value::List(list) => {
            let scalars: Vec<&Value> = list.iter().filter(|value| is_scalar(value)).collect();
            if !scalars.is_empty() {
                write_scalars(&scalars, name, lines);
            }
            for element in list.iter().filter(|value| !is_scalar(value)) {
                write(element, name, None, lines);
            }
        }
        value => line(lines, [scalar(value)]),
    }
}

fn write_scalars(scalars: &[&Value], name: Option<&str>, lines: &mut String) {
    match name {
        Some(name) => {
            for value in scalars {
                line(lines, [name.to_uppercase(), scalar(value)]);
            }
        }
        None => line(lines, scalars.iter().map(|value| scalar(value))),
    }
}

fn write_map(map: &Map, name: Option<&str>, columns: Option<&BTreeSet<&str>>, lines: &mut String) {
    let own: BTreeSet<&str> = map
        .iter()
        .filter(|(_, value)| is_scalar(value))
        .map(|(name, _)| name.as_str())
        .collect();
    let columns = columns.unwrap_or(&own);
    let mut nested: Vec<(&str, &Value)> = map
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(name, _)| !columns.contains(name))
        .collect();
    nested.sort_unstable_by_key(|(name, _)| *name);
    if !columns.is_empty() {
        let cell = |name: &&str| map.get(name).map_or_else(String::new, cell);
        let cells = columns.iter().map(cell);
        line(lines, name.map(str::to_uppercase).into_iter().chain(cells));
    }
    for (name, value) in nested {
        write(value, Some(name), None, lines);
    }
}

/// Returns the text of a column, which in some elements of a list is not a scalar.
fn cell(value: &Value) -> String {
    if is_scalar(value) {
        scalar(value)
    } else {
        value.to_json_string()
    }
}

fn scalar_names(value: &Value) -> impl Iterator<Item = &str> {
    value
        .entries()
        .filter(|(_, value)| is_scalar(value))
        .map(|(name, _)| name.as_str())
}

fn line(lines: &mut String, cells: impl IntoIterator<Item = String>) {
    for (position, cell) in cells.into_iter().enumerate() {
        if position > 0 {
            lines.push('\t');
        }
        lines.push_str(&cell);
    }
    lines.push('\n');
}

#[cfg(test)]
mod tests {
    use inia::json;

    use super::*;

    #[test]
    fn elements_of_a_list_share_columns() {
        let value = json!({"Users": [{"Name": "a", "Id": 1}, {"Name": "b"}], "Urls": ["x", "y"], "Truncated": false});
        assert_eq!(
            render(&value),
            "False\nURLS\tx\nURLS\ty\nUSERS\t1\ta\nUSERS\t\tb\n"
        );
        assert_eq!(render(&json!(["a", 1, null])), "a\t1\tNone\n");
        assert_eq!(render(&json!([["a", 1], ["b", 2]])), "a\t1\nb\t2\n");
        assert_eq!(render(&json!([["a"], "b", 1])), "b\t1\na\n");
        assert_eq!(render(&json!({"A": [], "B": {}})), "");
        assert_eq!(render(&json!(null)), "None\n");
    }
}
