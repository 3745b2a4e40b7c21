//! [`Values`]: from JSON text to values, by what the text itself says.

use inia_core::{List, Map, Members, Result, Str, Value};

use super::lexer::{Key, Lexer};
use crate::names::NameFilter;

/// How deep arrays and objects may be nested: what stays within the stack of a small thread.
///
/// DIFFERENCE: botocore goes as deep as Python's recursion limit, about 1,000 calls.
pub(super) const MAX_DEPTH: u32 = 512;

/// How many entries a map may have before it gets a hash index.
const UNINDEXED: usize = 32;

/// Makes values of one text.
///
/// The members, entries and items of all structures, maps and lists that are being read are gathered in one of each, and cut off
/// when they are complete: what is made takes just the room it needs.
#[derive(Debug)]
pub(super) struct Values<'t> {
    pub(super) lexer: Lexer<'t>,
    pub(super) members: Members,
    pub(super) entries: Map,
    pub(super) items: List,
}

/// Reads any JSON text as what it is.
pub(super) fn document(text: &str) -> Result<Value> {
    let mut values = Values::new(text);
    let value = values.any(MAX_DEPTH)?;
    values.lexer.end()?;
    Ok(value)
}

impl<'t> Values<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Values {
            lexer: Lexer::new(text),
            members: Members::new(),
            entries: Map::new(),
            items: List::new(),
        }
    }

    /// One level less to enter.
    #[inline]
    pub(super) fn deeper(&self, depth: u32) -> Result<u32> {
        match depth.checked_sub(1) {
            Some(depth) => Ok(depth),
            None => Err(self.lexer.broken("it is nested too deep")),
        }
    }

    /// Takes an earlier entry of a name away, among those from a place on, if there is one: the last one counts.
    #[cold]
    pub(super) fn forget(&mut self, start: usize, name: &str) {
        let is_there = (start..self.entries.len()).any(|position| {
            self.entries
                .get_index(position)
                .is_some_and(|(key, _)| *key == *name)
        });
        if !is_there {
            return;
        }
        for (key, value) in self.entries.split_off(start) {
            if key != *name {
                self.entries.push(key, value);
            }
        }
    }

    /// Reads any value as what it is; `depth` is how many levels may still be entered.
    pub(super) fn any(&mut self, depth: u32) -> Result<Value> {
        match self.lexer.peek() {
            b'"' => {
                let span = self.lexer.string()?;
                self.lexer.text(span).map(Value::String)
            }
            b'{' => {
                let depth = self.deeper(depth)?;
                self.lexer.advance();
                let mut entries = Entries::new(self);
                if !self.lexer.eat(b'}') {
                    loop {
                        let key = self.lexer.key()?;
                        let name = self.lexer.own_text(key.span)?;
                        let value = self.any(depth)?;
                        entries.add(self, key, name, value);
                        if !self.lexer.comma_or(b'}')? {
                            break;
                        }
                    }
                }
                Ok(Value::Map(entries.finish(self)))
            }
            b'[' => {
                let depth = self.deeper(depth)?;
                self.lexer.advance();
                let start = self.items.len();
                if !self.lexer.eat(b']') {
                    loop {
                        let value = self.any(depth)?;
                        self.items.push(value);
                        if !self.lexer.comma_or(b']')? {
                            break;
                        }
                    }
                }
                Ok(Value::List(self.items.split_off(start)))
            }
            b't' => self.lexer.word("true").map(|()| Value::Bool(true)),
            b'f' => self.lexer.word("false").map(|()| Value::Bool(false)),
            b'n' => self.lexer.word("null").map(|()| Value::Null),
            _ => self.lexer.number_value(),
        }
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self, depth: u32) -> Result<()> {
        match self.lexer.peek() {
            b'"' => {
                let span = self.lexer.string()?;
                self.lexer.check(span)
            }
            b'{' => {
                let depth = self.deeper(depth)?;
                self.lexer.advance();
                if self.lexer.eat(b'}') {
                    return Ok(());
                }
                loop {
                    let key = self.lexer.key()?;
                    self.lexer.check(key.span)?;
                    self.skip(depth)?;
                    if !self.lexer.comma_or(b'}')? {
                        return Ok(());
                    }
                }
            }
            b'[' => {
                let depth = self.deeper(depth)?;
                self.lexer.advance();
                if self.lexer.eat(b']') {
                    return Ok(());
                }
                loop {
                    self.skip(depth)?;
                    if !self.lexer.comma_or(b']')? {
                        return Ok(());
                    }
                }
            }
            b't' => self.lexer.word("true"),
            b'f' => self.lexer.word("false"),
            b'n' => self.lexer.word("null"),
            _ => self.lexer.number().map(drop),
        }
    }
}

/// The entries of a map whose names are not known ahead. Of entries with the same name the last one counts.
#[derive(Debug)]
pub(super) struct Entries {
    start: usize,
    filter: NameFilter,
    /// The entries of a map that has too many of them to be searched one by one.
    many: Option<Box<Map>>,
}

impl Entries {
    pub(super) fn new(values: &Values<'_>) -> Self {
        Entries {
            start: values.entries.len(),
            filter: NameFilter::default(),
            many: None,
        }
    }

    #[inline]
    pub(super) fn add(&mut self, values: &mut Values<'_>, key: Key, name: Str, value: Value) {
        if let Some(many) = &mut self.many {
            many.insert(name, value);
            return;
        }
        if !self.filter.is_new(values.lexer.raw(key.span), key.head) || key.span.has_escapes {
            values.forget(self.start, &name);
        }
        values.entries.push(name, value);
        if values.entries.len() - self.start > UNINDEXED {
            self.index(values);
        }
    }

    #[cold]
    fn index(&mut self, values: &mut Values<'_>) {
        let entries = values.entries.split_off(self.start);
        let mut many = Box::new(Map::with_capacity(entries.len() * 2));
        many.extend(entries);
        self.many = Some(many);
    }

    #[inline]
    pub(super) fn finish(self, values: &mut Values<'_>) -> Map {
        match self.many {
            None => values.entries.split_off(self.start),
            Some(many) => *many,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_keys_the_last_counts_however_long_they_are_and_many() {
        let long = "a key of more than twenty-three bytes";
        for count in [2, UNINDEXED, 3 * UNINDEXED] {
            let entries: Vec<String> = (0..count)
                .flat_map(|i| {
                    let key = format!("{long} {i}");
                    [
                        format!("{key:?}:\"{key} once\""),
                        format!("{key:?}:\"{key} again\""),
                    ]
                })
                .collect();
            let value = document(&format!("{{{}}}", entries.join(","))).unwrap();
            assert_eq!(value.entries().count(), count);
            for (key, value) in value.entries() {
                assert_eq!(*value, Value::from(format!("{key} again")));
            }
        }
    }
}
