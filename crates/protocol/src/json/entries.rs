//! [`Entries`]: the entries of one map, whose names are not known ahead.
//!
//! They are guessed, though. Most maps of an answer have the same names in the same order as others before them; such maps share
//! their names, and only their values are kept for each.

use inia_core::{Map, Result, Rows, Slot, Str, Value};

use super::lexer::{Lexer, push_key};
use super::values::Values;
use crate::layout::{Fields, Target};
use crate::literal::Literal;
use crate::names::{NameFilter, head_of};

/// How many entries a map may have before it gets a hash index. One with more does not share its names.
pub(super) const UNINDEXED: usize = 32;

/// The names that maps of a text have had.
#[derive(Debug, Default)]
pub(super) struct KnownNames(Vec<Known>);

/// How many kinds of maps are told apart.
const KINDS: usize = 16;

/// A kind of maps: they are nested this deep, and have values that are read as this and a first name of this head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    level: usize,
    values: Target,
    first: u64,
}

#[derive(Debug)]
struct Known {
    kind: Kind,
    /// What the last map had that was not as guessed: its names are shared from the second such map on.
    fingerprint: u64,
    /// Not here while there is a map that may have these names.
    guess: Option<Box<Guess>>,
}

/// Names that a map may have.
#[derive(Debug)]
struct Guess {
    kind: Kind,
    /// What is to be read for each of them.
    entries: Box<[Expected]>,
    /// The maps that have them.
    rows: Rows,
}

/// An entry that a map may have.
#[derive(Debug)]
struct Expected {
    /// Its name, as it stands before the value.
    key: Literal,
    /// The beginning of its value, where that is a structure: the member which was all that the last one had, as DynamoDB's
    /// attributes have their type. The member's position, and what stands before its value.
    opening: Option<(usize, Literal)>,
}

impl KnownNames {
    /// Takes what the map that begins here may have.
    fn guess(&mut self, level: usize, values: Target, lexer: &Lexer<'_>) -> Option<Box<Guess>> {
        let mut known = self.0.iter_mut();
        let known = known.find(|known| {
            known.kind.level == level
                && known.kind.values == values
                && known
                    .guess
                    .as_ref()
                    .is_some_and(|guess| guess.is_next(lexer))
        })?;
        known.guess.take()
    }

    fn of(&mut self, kind: Kind) -> Option<&mut Known> {
        self.0.iter_mut().find(|known| known.kind == kind)
    }

    /// Puts back what a map had, or had not.
    fn put_back(&mut self, guess: Box<Guess>) {
        if let Some(known) = self.of(guess.kind) {
            known.guess = Some(guess);
        }
    }

    /// Learns the names of a map, from the second one that has them on.
    fn learn(&mut self, kind: Kind, fingerprint: u64, map: &Map, fields: Option<&Fields>) {
        match self.of(kind) {
            Some(known) if known.fingerprint == fingerprint => {
                known.guess = Some(Box::new(Guess::new(kind, map, fields)));
            }
            Some(known) => known.fingerprint = fingerprint,
            None => {
                self.0.truncate(KINDS - 1);
                self.0.push(Known {
                    kind,
                    fingerprint,
                    guess: None,
                });
            }
        }
    }
}

impl Guess {
    fn new(kind: Kind, map: &Map, fields: Option<&Fields>) -> Self {
        let mut text = Vec::with_capacity(64);
        let entries = map.iter().map(|(name, value)| {
            text.clear();
            push_key(&mut text, name);
            let key = Literal::new(&text);
            let only = fields.and_then(|fields| fields.only(value.as_map()?));
            let opening = only.map(|(position, field)| {
                text.push(b'{');
                field.key.push_to(&mut text);
                (position, Literal::new(&text))
            });
            Expected { key, opening }
        });
        Guess {
            kind,
            entries: entries.collect(),
            rows: Rows::new(map.keys().cloned().collect()),
        }
    }

    /// Whether the first name is what stands next in a text.
    fn is_next(&self, lexer: &Lexer<'_>) -> bool {
        let first = self.entries.first();
        first.is_some_and(|expected| lexer.sees(&expected.key).is_some())
    }

    /// What is to be read next.
    #[inline(always)]
    fn expected(&self) -> Option<&Expected> {
        self.entries.get(self.rows.filled())
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
    kind: Kind,
    /// Where the map's own begin among all entries.
    first_entry: usize,
    /// Of the names that were not guessed.
    fingerprint: u64,
    filter: NameFilter,
    /// The entries of a map that has too many of them to be searched one by one.
    many: Option<Box<Map>>,
}

/// Where the names of a map come from.
#[derive(Debug)]
enum Names {
    /// So far all were as guessed.
    Guessed(Box<Guess>),
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
    /// Those of a map that is nested this deep and whose first entry stands next; its values are read as `target`.
    pub(super) fn new(values: &mut Values<'_>, level: usize, target: Target) -> Self {
        let guess = values.names.guess(level, target, &values.lexer);
        let mut kind = Kind {
            level,
            values: target,
            first: 0,
        };
        let names = match guess {
            Some(mut guess) => {
                kind.first = guess.kind.first;
                guess.rows.begin();
                Names::Guessed(guess)
            }
            None => Names::Own,
        };
        Entries {
            names,
            kind,
            first_entry: values.entries.len(),
            fingerprint: 0,
            filter: NameFilter::default(),
            many: None,
        }
    }

    /// Takes the key of the next entry and the beginning of its value, if that is as guessed: the position of the member whose
    /// value is next.
    #[inline(always)]
    pub(super) fn opening(&self, values: &mut Values<'_>) -> Option<usize> {
        let Names::Guessed(guess) = &self.names else {
            return None;
        };
        let (position, text) = guess.expected()?.opening.as_ref()?;
        values.lexer.takes(text).then_some(*position)
    }

    /// Takes the key of the next entry.
    #[inline(always)]
    pub(super) fn name(&mut self, values: &mut Values<'_>) -> Result<EntryName> {
        if let Names::Guessed(guess) = &self.names
            && let Some(expected) = guess.expected()
            && values.lexer.takes(&expected.key)
        {
            return Ok(EntryName::Guessed);
        }
        self.own_name(values)
    }

    #[inline(never)]
    fn own_name(&mut self, values: &mut Values<'_>) -> Result<EntryName> {
        self.stop_guessing(values);
        let key = values.lexer.key()?;
        if self.fingerprint == 0 {
            self.kind.first = key.head;
        }
        values.lexer.own_text(key.span).map(EntryName::Own)
    }

    /// Where the value of an entry goes whose name was as guessed.
    #[inline(always)]
    pub(super) fn slot(&mut self) -> Option<Slot<'_>> {
        match &mut self.names {
            Names::Guessed(guess) => guess.rows.slot(),
            Names::Own => None,
        }
    }

    /// Adds an entry.
    #[inline]
    pub(super) fn add(&mut self, values: &mut Values<'_>, name: EntryName, value: Value) {
        match name {
            EntryName::Own(name) => self.add_own(values, name, value),
            EntryName::Guessed => {
                if let Names::Guessed(guess) = &mut self.names {
                    guess.rows.push(value);
                }
            }
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
        if let Names::Guessed(mut guess) = std::mem::replace(&mut self.names, Names::Own) {
            let own = guess.rows.take();
            for (name, value) in guess.rows.keys().names().iter().zip(own) {
                self.add_own(values, name.clone(), value);
            }
            values.names.put_back(guess);
        }
    }

    /// The map of the entries; `fields` are what their values have, if they are structures.
    #[inline]
    pub(super) fn finish(mut self, values: &mut Values<'_>, fields: Option<&Fields>) -> Map {
        match self.names {
            Names::Guessed(mut guess) if guess.entries.len() == guess.rows.filled() => {
                let map = guess.rows.finish();
                values.names.put_back(guess);
                return map;
            }
            _ => self.stop_guessing(values),
        }
        if let Some(many) = self.many {
            return *many;
        }
        let map = values.entries.split_off(self.first_entry);
        // One name is not worth sharing.
        if map.len() > 1 {
            let names = &mut values.names;
            names.learn(self.kind, self.fingerprint, &map, fields);
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
