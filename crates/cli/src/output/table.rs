//! `--output table`: a titled box of columns, with nested values in boxes below it.
//!
//! # Source
//! The AWS CLI, `table.py` and `formatter.py:TableFormatter`. DIFFERENCE: rows of different lengths, with which the AWS CLI fails,
//! are filled up with empty cells.

use std::borrow::Cow;
use std::collections::BTreeSet;

use inia::{List, Map, Value};
use unicode_width::UnicodeWidthChar as _;

use super::ambiguous::is_ambiguous;
use super::{escape_controls, is_scalar, scalar};

/// Space on both sides of a cell.
const PADDING: usize = 4;

/// Style of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableStyle {
    /// Width of the terminal. In wider tables, a row that is alone is written as a column.
    pub(super) width: usize,
    pub(super) is_colored: bool,
    /// True if control characters in cells are escaped, because they would control the terminal.
    pub(super) is_escaped: bool,
}

impl Default for TableStyle {
    fn default() -> Self {
        TableStyle {
            width: 80,
            is_colored: false,
            is_escaped: false,
        }
    }
}

/// A titled box.
#[derive(Default)]
struct TableSection {
    title: String,
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
    depth: usize,
}

/// Formats a value as boxes; empty if it has nothing to show.
pub(super) fn render(title: &str, value: &Value, style: TableStyle) -> String {
    let mut table = Table {
        sections: Vec::new(),
        style,
    };
    if !table.add(Some(title), value, 0) {
        return String::new();
    }
    table.draw()
}

struct Table {
    sections: Vec<TableSection>,
    style: TableStyle,
}

/// Reports whether Python takes a value for false.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(number) => *number == 0,
        Value::Float(number) => *number == 0.0,
        Value::String(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

impl Table {
    fn add(&mut self, title: Option<&str>, value: &Value, depth: usize) -> bool {
        if is_empty(value) {
            return false;
        }
        if let Some(title) = title {
            self.begin(title, depth);
        }
        match value {
            Value::List(list) if matches!(list.first(), Some(Value::Map(_))) => {
                self.add_maps(title.unwrap_or_default(), list, depth);
            }
            Value::List(list) => {
                for element in list {
                    match element {
                        Value::List(cells) if cells.iter().all(is_scalar) => {
                            self.row(cells.iter().map(scalar));
                        }
                        element if is_scalar(element) => self.row([scalar(element)]),
                        element => {
                            self.add(None, element, 0);
                        }
                    }
                }
            }
            Value::Map(map) => self.add_map(map, depth),
            // A scalar is not shown: only its title is.
            _ => {}
        }
        true
    }

    fn add_map(&mut self, map: &Map, depth: usize) {
        let (headers, nested) = split(std::iter::once(map));
        let cells = headers
            .iter()
            .map(|name| map.get(name).map_or_else(String::new, scalar));
        match headers.iter().next() {
            Some(only) if headers.len() == 1 => {
                let cells: Vec<String> = std::iter::once((*only).to_owned()).chain(cells).collect();
                self.row(cells);
            }
            Some(_) => {
                let cells: Vec<String> = cells.collect();
                self.headers(&headers);
                self.row(cells);
            }
            None => {}
        }
        for name in nested {
            if let Some(value) = map.get(name) {
                self.add(Some(name), value, depth + 1);
            }
        }
    }

    fn add_maps(&mut self, title: &str, list: &List, depth: usize) {
        let maps = || list.iter().filter_map(Value::as_map);
        let (headers, nested) = split(maps());
        self.headers(&headers);
        for (position, map) in maps().enumerate() {
            if position > 0 && !nested.is_empty() {
                self.begin(title, depth);
                self.headers(&headers);
            }
            let cell = |name: &&str| match map.get(name) {
                None => String::new(),
                Some(value) if is_scalar(value) => scalar(value),
                Some(value) => value.to_json_string(),
            };
            self.row(headers.iter().map(cell));
            for name in &nested {
                if let Some(value) = map.get(name) {
                    self.add(Some(name), value, depth + 1);
                }
            }
        }
    }

    fn begin(&mut self, title: &str, depth: usize) {
        let title = self.shown(title);
        self.sections.push(TableSection {
            title,
            depth,
            ..TableSection::default()
        });
    }

    fn headers(&mut self, names: &BTreeSet<&str>) {
        let headers = names.iter().map(|name| self.shown(name)).collect();
        if let Some(section) = self.sections.last_mut() {
            section.headers = headers;
        }
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let row = cells.into_iter().map(|cell| self.shown(&cell)).collect();
        if let Some(section) = self.sections.last_mut() {
            section.rows.push(row);
        }
    }

    fn shown(&self, text: &str) -> String {
        match self.style.is_escaped {
            true => match escape_controls(text) {
                Cow::Owned(escaped) => escaped,
                Cow::Borrowed(text) => text.to_owned(),
            },
            false => text.to_owned(),
        }
    }

    fn draw(mut self) -> String {
        if self.width() > self.style.width {
            self.sections.iter_mut().for_each(TableSection::turn);
        }
        let width = self.width();
        let mut drawing = TableDrawing {
            text: String::new(),
            style: self.style,
        };
        drawing.push(&("-".repeat(width) + "\n"));
        for section in &self.sections {
            drawing.section(section, width);
        }
        drawing.text
    }

    fn width(&self) -> usize {
        let widths = self.sections.iter().map(TableSection::min_width);
        widths.max().unwrap_or(0)
    }
}

/// Returns the names of scalars, and those of other values.
fn split<'v>(maps: impl Iterator<Item = &'v Map>) -> (BTreeSet<&'v str>, BTreeSet<&'v str>) {
    let mut scalars = BTreeSet::new();
    let mut nested = BTreeSet::new();
    for (name, value) in maps.flat_map(Map::iter) {
        if is_scalar(value) {
            scalars.insert(name.as_str());
        } else {
            nested.insert(name.as_str());
        }
    }
    (scalars, nested)
}

/// Returns the number of columns of a text: wide and ambiguous characters take two.
fn text_width(text: &str) -> usize {
    let is_wide = |c: char| c.width() == Some(2) || is_ambiguous(c);
    text.chars().map(|c| 1 + usize::from(is_wide(c))).sum()
}

impl TableSection {
    /// Writes a single row as a column.
    fn turn(&mut self) {
        if let [row] = self.rows.as_mut_slice()
            && !self.headers.is_empty()
        {
            let headers = std::mem::take(&mut self.headers);
            let cells = std::mem::take(row);
            let pairs = headers.into_iter().zip(cells);
            self.rows = pairs.map(|(header, cell)| vec![header, cell]).collect();
        }
    }

    /// Returns the width of the longest cell of each column, with padding.
    fn columns(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = Vec::new();
        let headers = Some(&self.headers).filter(|headers| !headers.is_empty());
        for line in headers.into_iter().chain(&self.rows) {
            for (position, cell) in line.iter().enumerate() {
                let width = text_width(cell) + PADDING;
                match widths.get_mut(position) {
                    Some(widest) => *widest = width.max(*widest),
                    None => widths.push(width),
                }
            }
        }
        widths
    }

    /// Returns the width of the whole box, with the margins of its depth.
    fn min_width(&self) -> usize {
        let margins = 2 * self.depth + 2;
        let columns: usize = self.columns().iter().sum();
        margins + columns.max(text_width(&self.title))
    }

    /// Returns the widths of the columns, scaled to the width of the box.
    ///
    /// # Source
    /// `table.py:Section.calculate_column_widths`, which rounds half to even.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "widths are small"
    )]
    fn scaled_columns(&self, width: usize) -> Vec<usize> {
        let columns = self.columns();
        let total: usize = columns.iter().sum();
        if total == 0 {
            return columns;
        }
        let factor = width as f64 / total as f64;
        let mut scaled: Vec<usize> = columns
            .iter()
            .map(|column| (factor * *column as f64).round_ties_even() as usize)
            .collect();
        let mut sum: usize = scaled.iter().sum();
        while sum > width {
            for column in &mut scaled {
                if sum > width {
                    *column = column.saturating_sub(1);
                    sum -= 1;
                }
            }
        }
        while sum < width {
            for column in scaled.iter_mut().rev() {
                if sum < width {
                    *column += 1;
                    sum += 1;
                }
            }
        }
        scaled
    }
}

/// The sequence that ends colors.
const RESET: &str = "\x1b[0m";

struct TableDrawing {
    text: String,
    style: TableStyle,
}

impl TableDrawing {
    fn section(&mut self, section: &TableSection, width: usize) {
        let width = width.saturating_sub(2 * section.depth);
        if !section.title.is_empty() {
            let title = centered(&section.title, width, true);
            self.line(&title, section.depth);
            if section.headers.is_empty() && section.rows.is_empty() {
                self.line(
                    &format!("+{}+", "-".repeat(width.saturating_sub(2))),
                    section.depth,
                );
            }
        }
        let columns = section.scaled_columns(width);
        if !section.headers.is_empty() {
            self.edge(&columns, section.depth);
            let mut line = String::new();
            for (position, (width, header)) in columns.iter().zip(&section.headers).enumerate() {
                line.push_str(&centered(header, *width, position == 0));
            }
            self.line(&line, section.depth);
        }
        if section.rows.is_empty() || columns.is_empty() {
            return;
        }
        self.edge(&columns, section.depth);
        for row in &section.rows {
            let mut line = String::new();
            for (position, width) in columns.iter().enumerate() {
                let cell = row.get(position).map_or("", String::as_str);
                line.push_str(&self.left_aligned(cell, *width, position == 0));
            }
            self.line(&line, section.depth);
        }
        self.edge(&columns, section.depth);
    }

    fn edge(&mut self, columns: &[usize], depth: usize) {
        let mut line = String::new();
        for (position, width) in columns.iter().enumerate() {
            let corners = if position == 0 { 2 } else { 1 };
            line.push_str(if position == 0 { "+" } else { "" });
            line.push_str(&"-".repeat(width.saturating_sub(corners)));
            line.push('+');
        }
        self.line(&line, depth);
    }

    /// Writes a line between the borders of the boxes around it.
    fn line(&mut self, line: &str, depth: usize) {
        let border = if self.style.is_colored {
            format!("\x1b[2m\x1b[33m|{RESET}").repeat(depth)
        } else {
            "|".repeat(depth)
        };
        for part in [&border, line, &border, "\n"] {
            self.push(part);
        }
    }

    /// Writes a text; colors are reset behind it.
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        if self.style.is_colored {
            self.text.push_str(RESET);
        }
    }

    fn left_aligned(&self, cell: &str, width: usize, is_first: bool) -> String {
        const LEFT_PADDING: usize = 2;
        let edges = 1 + usize::from(is_first);
        let used = text_width(cell) + edges;
        let padding = if width >= used + LEFT_PADDING {
            LEFT_PADDING
        } else {
            0
        };
        let rest = width.saturating_sub(used + padding);
        let edge = if is_first { "|" } else { "" };
        let shown = if self.style.is_colored {
            Cow::Owned(format!("\x1b[1m\x1b[34m{cell}{RESET}"))
        } else {
            Cow::Borrowed(cell)
        };
        format!("{edge}{:padding$}{shown}{:rest$}|", "", "")
    }
}

/// Returns a text in the middle of a cell. Its right edge is a bar, and its left one too if it is the first of a line.
fn centered(text: &str, width: usize, is_first: bool) -> String {
    let used = text_width(text);
    let before = (width / 2).saturating_sub(used / 2).saturating_sub(1);
    let edge = if is_first { "|" } else { "" };
    let after = width.saturating_sub(before + used + edge.len() + 1);
    format!("{edge}{:before$}{text}{:after$}|", "", "")
}

#[cfg(test)]
mod tests {
    use inia::json;

    use super::*;

    #[test]
    fn all_lines_have_the_same_width() {
        let value =
            json!({"IsTruncated": false, "Users": [{"Id": "1", "Name": "ana"}, {"Id": "22"}]});
        let drawn = render("ListUsers", &value, TableStyle::default());
        let widths: BTreeSet<usize> = drawn.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths.len(), 1, "{drawn}");
        assert!(drawn.contains(" ana "), "{drawn}");
    }

    #[test]
    fn empty_values_have_no_table() {
        for value in [json!(null), json!({}), json!([]), json!(""), json!(0)] {
            assert_eq!(render("X", &value, TableStyle::default()), "");
        }
    }
}
