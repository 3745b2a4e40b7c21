//! `--output text`: lines of tab-separated values, each prefixed with the name of its parent member.
//!
//! # Source
//! The AWS CLI user guide, "Text output format".

use std::collections::BTreeSet;

use inia::{Map, Value};

use super::{is_scalar, scalar};

/// Formats a value as lines.
pub(super) fn render(value: &Value) -> String {
    let mut lines = String::new();
    write(value, None, None, &mut lines);
    lines
}

fn write(value: &Value, name: Option<&str>, columns: Option<&BTreeSet<&str>>, lines: &mut String) {
    match value {
        Value::Map(map) => write_map(map, name, columns, lines),
        Value::List(list) if list.iter().all(|value| matches!(value, Value::Map(_))) => {
            let columns: BTreeSet<&str> = list.iter().flat_map(scalar_names).collect();
            for element in list {
                write(element, name, Some(&columns), lines);
            }
        }
        Value::List(list) if list.iter().all(is_scalar) => match name {
            Some(name) => {
                for element in list {
                    line(lines, [name.to_uppercase(), scalar(element, "None")]);
                }
            }
            None => line(lines, list.iter().map(|element| scalar(element, "None"))),
        },
        Value::List(list) => {
            for element in list {
                write(element, name, None, lines);
            }
        }
        scalar_value => line(lines, [scalar(scalar_value, "None")]),
    }
}

fn write_map(map: &Map, name: Option<&str>, columns: Option<&BTreeSet<&str>>, lines: &mut String) {
    let own: BTreeSet<&str> = map
        .iter()
        .filter(|(_, value)| is_scalar(value))
        .map(|(name, _)| name.as_str())
        .collect();
    let columns = columns.unwrap_or(&own);
    if !columns.is_empty() {
        let cells = columns.iter().map(|column| {
            map.get(column)
                .map_or_else(String::new, |value| scalar(value, "None"))
        });
        line(lines, name.map(str::to_uppercase).into_iter().chain(cells));
    }
    let nested: std::collections::BTreeMap<&str, &Value> = map
        .iter()
        .filter(|(_, value)| !is_scalar(value))
        .map(|(name, value)| (name.as_str(), value))
        .collect();
    for (name, value) in nested {
        write(value, Some(name), None, lines);
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
    }
}
