//! [`Entries`]: the entries of one map, whose names are not known ahead.
//!
//! They are guessed, though. Most maps of an answer have the same names in the same order as others before them; such maps share
//! their names, and only their values are kept for each.

use std::cell::RefCell;
use std::rc::Rc;

use inia_core::{Keys, Map, Result, Rows, Str, Value};

use super::lexer::key_text;
use super::values::Values;
use crate::literal::Literal;
use crate::names::{NameFilter, head_of};

/// How many entries a map may have before it gets a hash index. One with more does not share its names.
pub(super) const UNINDEXED: usize = 32;

/// The names that maps of a text have had, by the first of them.
#[derive(Debug, Default)]
pub(super) struct KnownNames([Known; 8]);

#[derive(Debug, Default)]
struct Known {
    /// What the last map had that was not as guessed: its names are shared from the second such map on.
    fingerprint: u64,
    guess: Option<Rc<Guess>>,
}

/// Names that a map may have.
#[derive(Debug)]
struct Guess {
    keys: Keys,
    /// As they stand before their values.
    literals: Box<[Literal]>,
    /// The maps that have them.
    rows: RefCell<Rows>,
}

impl KnownNames {
    /// What is known of maps whose first name has this head.
    #[inline]
    fn of(&mut self, first: u64) -> Option<&mut Known> {
        self.0.get_mut((mixed(first, 0) >> 61) as usize)
    }
}

impl Guess {
    fn new(map: &Map) -> Self {
        let keys: Keys = map.keys().cloned().collect();
        Guess {
            rows: RefCell::new(Rows::new(keys.clone())),
            keys,
            literals: map
                .keys()
                .map(|name| Literal::new(&key_text(name)))
                .collect(),
        }
    }

    /// Whether this is the first name.
    fn begins_with(&self, raw: &[u8]) -> bool {
        let first = self.keys.names().first();
        first.is_some_and(|name| name.as_bytes() == raw)
    }
}

/// A number that depends on all bits of two others.
#[inline]
fn mixed(one: u64, other: u64) -> u64 {
    (one ^ other.rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The entries of a map that is being read. Of entries with the same name the last one counts.
#[derive(Debug)]
pub(super) struct Entries {
    names: Names,
    /// Where the map's own begin: among all entries, and, as long as its names are guessed, among all items.
    first_entry: usize,
    first_item: usize,
    /// The first name's head.
    first: u64,
    /// Of the names that were not guessed.
    fingerprint: u64,
    filter: NameFilter,
    /// The entries of a map that has too many of them to be searched one by one.
    many: Option<Box<Map>>,
}

/// Where the names of a map come from.
#[derive(Debug)]
enum Names {
    /// No name has been read.
    Unread,
    /// So far all were as guessed.
    Guessed(Rc<Guess>),
    /// The map has its own.
    Own,
}

/// The name of an entry whose value is to be read.
#[derive(Debug)]
pub(super) enum EntryName {
    Guessed,
    Own(Str),
}

impl Entries {
    #[inline]
    pub(super) fn new(values: &Values<'_>) -> Self {
        Entries {
            names: Names::Unread,
            first_entry: values.entries.len(),
            first_item: values.items.len(),
            first: 0,
            fingerprint: 0,
            filter: NameFilter::default(),
            many: None,
        }
    }

    /// Takes the key of the next entry.
    #[inline(always)]
    pub(super) fn name(&mut self, values: &mut Values<'_>) -> Result<EntryName> {
        if let Names::Guessed(guess) = &self.names {
            let position = values.items.len() - self.first_item;
            if let Some(key) = guess.literals.get(position)
                && values.lexer.takes(key)
            {
                return Ok(EntryName::Guessed);
            }
        }
        self.any_name(values)
    }

    #[inline(never)]
    fn any_name(&mut self, values: &mut Values<'_>) -> Result<EntryName> {
        let key = values.lexer.key()?;
        match &self.names {
            Names::Own => {}
            Names::Unread => {
                self.first = key.head;
                self.names = Names::Own;
                let known = values.names.of(key.head);
                if let Some(guess) = known.and_then(|known| known.guess.clone())
                    && !key.span.has_escapes
                    && guess.begins_with(values.lexer.raw(key.span))
                {
                    self.names = Names::Guessed(guess);
                    return Ok(EntryName::Guessed);
                }
            }
            Names::Guessed(_) => self.stop_guessing(values),
        }
        values.lexer.own_text(key.span).map(EntryName::Own)
    }

    /// Adds an entry.
    #[inline]
    pub(super) fn add(&mut self, values: &mut Values<'_>, name: EntryName, value: Value) {
        match name {
            EntryName::Guessed => values.items.push(value),
            EntryName::Own(name) => self.add_own(values, name, value),
        }
    }

    fn add_own(&mut self, values: &mut Values<'_>, name: Str, value: Value) {
        if let Some(many) = &mut self.many {
            many.insert(name, value);
            return;
        }
        let head = head_of(name.as_bytes());
        self.fingerprint = mixed(self.fingerprint, head ^ name.len() as u64);
        if !self.filter.is_new(name.as_bytes(), head) {
            forget(&mut values.entries, self.first_entry, &name);
        }
        values.entries.push(name, value);
        if values.entries.len() - self.first_entry > UNINDEXED {
            let entries = values.entries.split_off(self.first_entry);
            let mut many = Box::new(Map::with_capacity(entries.len() * 2));
            many.extend(entries);
            self.many = Some(many);
        }
    }

    /// Leaves out an entry whose name was taken.
    pub(super) fn leave_out(&mut self, values: &mut Values<'_>) {
        self.stop_guessing(values);
    }

    /// What was read as guessed becomes entries like any others.
    #[inline(never)]
    fn stop_guessing(&mut self, values: &mut Values<'_>) {
        if let Names::Guessed(guess) = std::mem::replace(&mut self.names, Names::Own) {
            let items: Vec<Value> = values.items.drain(self.first_item).collect();
            for (name, value) in guess.keys.names().iter().zip(items) {
                self.add_own(values, name.clone(), value);
            }
        }
    }

    /// The map of the entries, which is nested this deep.
    #[inline]
    pub(super) fn finish(mut self, values: &mut Values<'_>, level: usize) -> Map {
        if let Names::Guessed(guess) = &self.names
            && values.items.len() - self.first_item == guess.keys.names().len()
        {
            let mut rows = guess.rows.borrow_mut();
            return values
                .items
                .split_off_keyed(self.first_item, level, &mut rows);
        }
        self.stop_guessing(values);
        if let Some(many) = self.many {
            return *many;
        }
        let map = values.entries.split_off(self.first_entry);
        // One name is not worth sharing.
        if map.len() > 1
            && let Some(known) = values.names.of(self.first)
        {
            if known.fingerprint == self.fingerprint {
                known.guess = Some(Rc::new(Guess::new(&map)));
            }
            known.fingerprint = self.fingerprint;
        }
        map
    }
}

/// Takes an earlier entry of a name away, among those from a place on, if there is one: the last one counts.
#[cold]
fn forget(entries: &mut Map, start: usize, name: &str) {
    let is_there = (start..entries.len()).any(|position| {
        entries
            .get_index(position)
            .is_some_and(|(key, _)| *key == *name)
    });
    if !is_there {
        return;
    }
    for (key, value) in entries.split_off(start) {
        if key != *name {
            entries.push(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::document;
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

    #[test]
    fn maps_are_what_they_say_whatever_those_before_them_were() {
        let long = "a name of more than twenty-three bytes";
        let maps = [
            r#"{"a":1,"b":2,"c":3}"#.to_owned(),
            r#"{"a":1,"b":2}"#.to_owned(),
            r#"{"a":1,"b":2,"c":3,"d":4}"#.to_owned(),
            r#"{"a":1,"b":2,"x":{"a":1,"b":2,"c":3}}"#.to_owned(),
            r#"{"a":1,"b":2,"a":3}"#.to_owned(),
            r#"{"a":1,"b":2,"c":3,"a":4}"#.to_owned(),
            r#"{"\u0061":1,"b":2,"c":3}"#.to_owned(),
            r#"{"a":1,"\u0062":2,"c":3}"#.to_owned(),
            r#"{"a":null,"b":null,"c":[{"a":1,"b":2,"c":3}]}"#.to_owned(),
            format!(r#"{{"{long} 1":1,"{long} 2":2}}"#),
            format!(r#"{{"{long} 1":1,"{long} 3":2}}"#),
            "{}".to_owned(),
            r#"{"a":1}"#.to_owned(),
        ];
        // Each one behind each other, so often that names are shared.
        for first in &maps {
            for second in &maps {
                let text = [first, first, first, second, second, first].map(String::as_str);
                let together = document(&format!("[{}]", text.join(","))).unwrap();
                assert_eq!(together.items().count(), text.len());
                for (text, found) in text.iter().zip(together.items()) {
                    let alone = document(text).unwrap();
                    assert_eq!(*found, alone, "{text}");
                    let names = |value: &Value| -> Vec<Str> {
                        value.entries().map(|(name, _)| name.clone()).collect()
                    };
                    assert_eq!(names(found), names(&alone));
                }
            }
        }
    }
}
