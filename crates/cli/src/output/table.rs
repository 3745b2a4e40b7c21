//! `--output table`: a titled box of columns, with nested values in boxes below it.
//!
//! # Source
//! The AWS CLI user guide, "Table output format".

use std::borrow::Cow;
use std::collections::BTreeSet;

use inia::{Map, Value};
use unicode_width::UnicodeWidthStr as _;

use super::{escape_controls, is_scalar, scalar};

/// A titled box of rows.
struct TableSection {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    depth: usize,
}

/// Formats a value as boxes. For a terminal, control characters are escaped.
pub(super) fn render(title: &str, value: &Value, is_terminal: bool) -> String {
    let mut sections = Vec::new();
    collect(title, value, 0, &mut sections);
    if is_terminal {
        sections.iter_mut().for_each(TableSection::escape_controls);
    }
    let width = sections.iter().map(TableSection::width).max().unwrap_or(0);
    let mut text = String::new();
    for section in &sections {
        section.draw(width, &mut text);
    }
    if let Some(last) = sections.last() {
        text.push_str(&edge(last.depth, width, '-', '+', &last.widths(width)));
    }
    text
}

fn collect(title: &str, value: &Value, depth: usize, sections: &mut Vec<TableSection>) {
    match value {
        Value::Map(map) => {
            let row: Vec<(String, String)> = scalars(map);
            sections.push(TableSection {
                title: title.to_owned(),
                columns: Vec::new(),
                rows: row
                    .into_iter()
                    .map(|(name, cell)| vec![name, cell])
                    .collect(),
                depth,
            });
            collect_nested(map, depth, sections);
        }
        Value::List(list)
            if !list.is_empty() && list.iter().all(|value| matches!(value, Value::Map(_))) =>
        {
            let is_flat = list
                .iter()
                .all(|element| element.entries().all(|(_, value)| is_scalar(value)));
            if is_flat {
                let names: BTreeSet<&str> = list
                    .iter()
                    .flat_map(Value::entries)
                    .map(|(name, _)| name.as_str())
                    .collect();
                let row = |element: &Value| {
                    names
                        .iter()
                        .map(|name| scalar(&element[*name], ""))
                        .collect()
                };
                sections.push(TableSection {
                    title: title.to_owned(),
                    columns: names.iter().map(|&name| name.to_owned()).collect(),
                    rows: list.iter().map(row).collect(),
                    depth,
                });
            } else {
                for element in list {
                    collect(title, element, depth, sections);
                }
            }
        }
        Value::List(list) => {
            let row = |element: &Value| match element {
                Value::List(cells) => cells.iter().map(cell).collect(),
                other => vec![cell(other)],
            };
            sections.push(TableSection {
                title: title.to_owned(),
                columns: Vec::new(),
                rows: list.iter().map(row).collect(),
                depth,
            });
        }
        other => sections.push(TableSection {
            title: title.to_owned(),
            columns: Vec::new(),
            rows: vec![vec![scalar(other, "None")]],
            depth,
        }),
    }
}

fn collect_nested(map: &Map, depth: usize, sections: &mut Vec<TableSection>) {
    for (name, value) in map {
        if !is_scalar(value) {
            collect(name, value, depth + 1, sections);
        }
    }
}

fn scalars(map: &Map) -> Vec<(String, String)> {
    let row = map.iter().filter(|(_, value)| is_scalar(value));
    row.map(|(name, value)| (name.to_string(), scalar(value, "None")))
        .collect()
}

fn cell(value: &Value) -> String {
    if is_scalar(value) {
        scalar(value, "None")
    } else {
        value.to_json_string()
    }
}

impl TableSection {
    fn escape_controls(&mut self) {
        let cells = self.rows.iter_mut().flatten();
        for text in cells.chain(&mut self.columns).chain([&mut self.title]) {
            if let Cow::Owned(escaped) = escape_controls(text) {
                *text = escaped;
            }
        }
    }

    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        Some(&self.columns)
            .filter(|columns| !columns.is_empty())
            .into_iter()
            .chain(&self.rows)
    }

    /// Returns the minimum width of each column, with a space on each side.
    fn min_widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = Vec::new();
        for line in self.lines() {
            for (position, cell) in line.iter().enumerate() {
                let width = cell.width() + 2;
                match widths.get_mut(position) {
                    Some(widest) => *widest = (*widest).max(width),
                    None => widths.push(width),
                }
            }
        }
        widths
    }

    /// Returns the minimum inner width of the box.
    fn width(&self) -> usize {
        let min_widths = self.min_widths();
        let inner = min_widths.iter().sum::<usize>() + min_widths.len().saturating_sub(1);
        inner.max(self.title.width() + 2) + self.depth * 2
    }

    /// Returns the column widths for a box of the given width; the last column takes the remaining space.
    fn widths(&self, width: usize) -> Vec<usize> {
        let mut widths = self.min_widths();
        let inner = width.saturating_sub(self.depth * 2);
        let used = widths.iter().sum::<usize>() + widths.len().saturating_sub(1);
        if let Some(last) = widths.last_mut() {
            *last += inner.saturating_sub(used);
        }
        widths
    }

    fn draw(&self, width: usize, text: &mut String) {
        let inner = width.saturating_sub(self.depth * 2);
        let widths = self.widths(width);
        let margin = "|".repeat(self.depth);
        text.push_str(&edge(self.depth, width, '-', '-', &[]));
        let space = inner.saturating_sub(self.title.width());
        let (before, after) = (space / 2, space - space / 2);
        let title = format!("{:before$}{}{:after$}", "", self.title, "");
        text.push_str(&format!("{margin}|{title}|{margin}\n"));
        if self.rows.is_empty() {
            return;
        }
        text.push_str(&edge(self.depth, width, '-', '+', &widths));
        for (number, line) in self.lines().enumerate() {
            let mut drawn = String::new();
            for (position, column) in widths.iter().enumerate() {
                if position > 0 {
                    drawn.push('|');
                }
                let cell = line.get(position).map_or("", String::as_str);
                let space = column.saturating_sub(cell.width() + 1);
                drawn.push_str(&format!(" {cell}{:space$}", ""));
            }
            text.push_str(&format!("{margin}|{drawn}|{margin}\n"));
            if number == 0 && !self.columns.is_empty() {
                text.push_str(&edge(self.depth, width, '-', '+', &widths));
            }
        }
    }
}

/// Draws a horizontal line with a crossing at each column border.
fn edge(depth: usize, width: usize, line: char, crossing: char, columns: &[usize]) -> String {
    let inner = width.saturating_sub(depth * 2);
    let mut drawn = String::new();
    if columns.is_empty() {
        drawn.extend(std::iter::repeat_n(line, inner));
    }
    for (position, column) in columns.iter().enumerate() {
        if position > 0 {
            drawn.push(crossing);
        }
        drawn.extend(std::iter::repeat_n(line, *column));
    }
    let margin = "|".repeat(depth);
    let corner = if columns.is_empty() { line } else { crossing };
    format!("{margin}{corner}{drawn}{corner}{margin}\n")
}

#[cfg(test)]
mod tests {
    use inia::json;

    use super::*;

    #[test]
    fn draws_nested_lists_as_nested_boxes() {
        let drawn = render(
            "ListUsers",
            &json!({"IsTruncated": false, "Users": [{"Id": "1", "Name": "ana"}, {"Id": "22"}]}),
            false,
        );
        let widths: BTreeSet<usize> = drawn.lines().map(|line| line.chars().count()).collect();
        assert_eq!(
            widths.len(),
            1,
            "all lines must have the same width:\n{drawn}"
        );
        assert!(drawn.contains(" ana "), "{drawn}");
    }
}
