//! [`MapEntries`], the entries of a map, with key prediction.
//!
//! Most maps of a response have the same keys in the same order as an earlier one. Such maps share their keys, and only
//! their values are stored for each.

use inia_core::detail::{RowPool, RowSlot};
use inia_core::{Map, Result, Str, Value};

use super::JsonBuilder;
use crate::json::lexer::{JsonLexer, push_key};
use crate::shape::{DecodeStructure, Literal, NameFilter, ValueType, head_word};

/// The number of entries beyond which a map gets a hash index and no longer shares its keys.
pub(in crate::json) const INDEX_THRESHOLD: usize = 32;

/// The keys of earlier maps in the same document.
#[derive(Debug, Default)]
pub(in crate::json) struct KeyCache(Vec<CachedKeys>);

/// The number of map kinds with an entry in the cache.
const MAX_KINDS: usize = 16;

/// A kind of maps: nesting depth, type of the values, and the [`head_word`] of the first key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct MapKind {
    depth: u32,
    target: ValueType,
    first: u64,
}

#[derive(Debug)]
struct CachedKeys {
    kind: MapKind,
    /// The fingerprint of the keys of the last map that was not predicted. Its keys are cached when a second map has
    /// the same ones.
    fingerprint: u64,
    /// Absent while a map that is being read uses it.
    prediction: Option<Box<Prediction>>,
}

/// The predicted entries of a map.
#[derive(Debug)]
struct Prediction {
    kind: MapKind,
    /// The predicted entries in order.
    entries: Box<[PredictedEntry]>,
    /// The values of the maps that have these keys.
    rows: RowPool,
}

/// A predicted entry.
#[derive(Debug)]
struct PredictedEntry {
    /// The encoded key with its colon.
    key: Literal,
    /// If the value was a structure with one member, as the type of DynamoDB attributes is: the position of that
    /// member, and the encoded bytes up to its value.
    opening: Option<(usize, Literal)>,
}

impl KeyCache {
    /// Takes the prediction for the map at the lexer's position.
    fn take_prediction(
        &mut self,
        depth: u32,
        target: ValueType,
        lexer: &JsonLexer<'_>,
    ) -> Option<Box<Prediction>> {
        let mut cached = self.0.iter_mut();
        let cached = cached.find(|cached| {
            cached.kind.depth == depth
                && cached.kind.target == target
                && cached
                    .prediction
                    .as_ref()
                    .is_some_and(|prediction| prediction.is_next(lexer))
        })?;
        cached.prediction.take()
    }

    fn entry_of(&mut self, kind: MapKind) -> Option<&mut CachedKeys> {
        self.0.iter_mut().find(|cached| cached.kind == kind)
    }

    /// Returns a prediction to the cache.
    fn put_back(&mut self, prediction: Box<Prediction>) {
        if let Some(cached) = self.entry_of(prediction.kind) {
            cached.prediction = Some(prediction);
        }
    }

    /// Records the keys of a map, and creates a prediction at the second map that has them.
    fn record(
        &mut self,
        kind: MapKind,
        fingerprint: u64,
        map: &Map,
        layout: Option<&DecodeStructure>,
    ) {
        match self.entry_of(kind) {
            Some(cached) if cached.fingerprint == fingerprint => {
                cached.prediction = Some(Box::new(Prediction::new(kind, map, layout)));
            }
            Some(cached) => cached.fingerprint = fingerprint,
            None => {
                self.0.truncate(MAX_KINDS - 1);
                self.0.push(CachedKeys {
                    kind,
                    fingerprint,
                    prediction: None,
                });
            }
        }
    }
}

impl Prediction {
    fn new(kind: MapKind, map: &Map, layout: Option<&DecodeStructure>) -> Self {
        let mut text = Vec::with_capacity(64);
        let entries = map.iter().map(|(name, value)| {
            text.clear();
            push_key(&mut text, name);
            let key = Literal::new(&text);
            let only_member = layout.and_then(|layout| layout.only_member(value.as_map()?));
            let opening = only_member.map(|(position, member)| {
                text.push(b'{');
                member.wire.push_to(&mut text);
                (position, Literal::new(&text))
            });
            PredictedEntry { key, opening }
        });
        Prediction {
            kind,
            entries: entries.collect(),
            rows: RowPool::new(map.keys().cloned().collect()),
        }
    }

    /// Returns whether the first predicted key is next in the text.
    fn is_next(&self, lexer: &JsonLexer<'_>) -> bool {
        let first = self.entries.first();
        first.is_some_and(|next_entry| lexer.literal_len(&next_entry.key).is_some())
    }

    /// Returns the next predicted entry.
    #[inline(always)]
    fn next_entry(&self) -> Option<&PredictedEntry> {
        self.entries.get(self.rows.filled())
    }
}

/// Mixes two hash values.
#[inline]
fn mixed(one: u64, other: u64) -> u64 {
    (one ^ other.rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The entries of a map that is being read. Of duplicate keys the last one counts.
#[derive(Debug)]
pub(in crate::json) struct MapEntries {
    keys: KeySource,
    kind: MapKind,
    /// The index of the map's first entry in [`JsonBuilder::entries`].
    first_entry: usize,
    /// The fingerprint of the keys that were not predicted.
    fingerprint: u64,
    filter: NameFilter,
    /// The entries of a map with more than [`INDEX_THRESHOLD`], which has a hash index.
    indexed: Option<Box<Map>>,
}

/// The source of a map's keys.
#[derive(Debug)]
enum KeySource {
    /// All keys predicted so far.
    Predicted(Box<Prediction>),
    /// The map has its own keys.
    Own,
}

/// The key of an entry whose value comes next.
#[derive(Debug)]
pub(in crate::json) enum EntryKey {
    Predicted,
    Own(Str),
}

impl MapEntries {
    /// Starts a map of a nesting depth at its first entry; its values have the type `target`.
    pub(in crate::json) fn new(
        builder: &mut JsonBuilder<'_>,
        depth: u32,
        target: ValueType,
    ) -> Self {
        let prediction = builder
            .key_cache
            .take_prediction(depth, target, &builder.lexer);
        let mut kind = MapKind {
            depth,
            target,
            first: 0,
        };
        let keys = match prediction {
            Some(mut prediction) => {
                kind.first = prediction.kind.first;
                prediction.rows.begin();
                KeySource::Predicted(prediction)
            }
            None => KeySource::Own,
        };
        MapEntries {
            keys,
            kind,
            first_entry: builder.entries.len(),
            fingerprint: 0,
            filter: NameFilter::default(),
            indexed: None,
        }
    }

    /// Consumes the key of the next entry and the start of its value if both match the prediction. Returns the position
    /// of the member whose value comes next.
    #[inline(always)]
    pub(in crate::json) fn opening(&self, builder: &mut JsonBuilder<'_>) -> Option<usize> {
        let KeySource::Predicted(prediction) = &self.keys else {
            return None;
        };
        let (position, text) = prediction.next_entry()?.opening.as_ref()?;
        builder.lexer.consume_literal(text).then_some(*position)
    }

    /// Consumes the key of the next entry.
    #[inline(always)]
    pub(in crate::json) fn key(&mut self, builder: &mut JsonBuilder<'_>) -> Result<EntryKey> {
        if let KeySource::Predicted(prediction) = &self.keys
            && let Some(next_entry) = prediction.next_entry()
            && builder.lexer.consume_literal(&next_entry.key)
        {
            return Ok(EntryKey::Predicted);
        }
        self.own_key(builder)
    }

    #[inline(never)]
    fn own_key(&mut self, builder: &mut JsonBuilder<'_>) -> Result<EntryKey> {
        self.end_prediction(builder);
        let key = builder.lexer.key()?;
        if self.fingerprint == 0 {
            self.kind.first = key.head;
        }
        builder.lexer.own_text(key.span).map(EntryKey::Own)
    }

    /// Returns the slot for the value of an entry whose key was predicted.
    #[inline(always)]
    pub(in crate::json) fn slot(&mut self) -> Option<RowSlot<'_>> {
        match &mut self.keys {
            KeySource::Predicted(prediction) => prediction.rows.slot(),
            KeySource::Own => None,
        }
    }

    /// Adds an entry.
    #[inline]
    pub(in crate::json) fn add(
        &mut self,
        builder: &mut JsonBuilder<'_>,
        name: EntryKey,
        value: Value,
    ) {
        match name {
            EntryKey::Own(name) => self.add_own(builder, name, value),
            EntryKey::Predicted => {
                if let KeySource::Predicted(prediction) = &mut self.keys {
                    prediction.rows.push(value);
                }
            }
        }
    }

    fn add_own(&mut self, builder: &mut JsonBuilder<'_>, name: Str, value: Value) {
        if let Some(indexed) = &mut self.indexed {
            indexed.insert(name, value);
            return;
        }
        let head = head_word(name.as_bytes());
        self.fingerprint = mixed(self.fingerprint, head ^ name.len() as u64);
        if !self.filter.is_new(name.as_bytes(), head) {
            remove_earlier(&mut builder.entries, self.first_entry, &name);
        }
        builder.entries.push(name, value);
        if builder.entries.len() - self.first_entry > INDEX_THRESHOLD {
            let entries = builder.entries.split_off(self.first_entry);
            let mut indexed = Box::new(Map::with_capacity(entries.len() * 2));
            indexed.extend(entries);
            self.indexed = Some(indexed);
        }
    }

    /// Drops an entry whose key was consumed.
    pub(in crate::json) fn drop_entry(&mut self, builder: &mut JsonBuilder<'_>) {
        self.end_prediction(builder);
    }

    /// Ends the prediction: the entries read so far become ordinary ones.
    #[inline(never)]
    fn end_prediction(&mut self, builder: &mut JsonBuilder<'_>) {
        if let KeySource::Predicted(mut prediction) =
            std::mem::replace(&mut self.keys, KeySource::Own)
        {
            let own = prediction.rows.take();
            for (name, value) in prediction.rows.keys().names().iter().zip(own) {
                self.add_own(builder, name.clone(), value);
            }
            builder.key_cache.put_back(prediction);
        }
    }

    /// Builds the map; `layout` is the layout of its values if they are structures.
    #[inline]
    pub(in crate::json) fn finish(
        mut self,
        builder: &mut JsonBuilder<'_>,
        layout: Option<&DecodeStructure>,
    ) -> Map {
        if let KeySource::Predicted(mut prediction) = self.keys {
            if let Some(map) = prediction.rows.finish() {
                builder.key_cache.put_back(prediction);
                return map;
            }
            self.keys = KeySource::Predicted(prediction);
        }
        self.end_prediction(builder);
        if let Some(indexed) = self.indexed {
            return *indexed;
        }
        let map = builder.entries.split_off(self.first_entry);
        // A single key is not worth sharing.
        if map.len() > 1 {
            let cache = &mut builder.key_cache;
            cache.record(self.kind, self.fingerprint, &map, layout);
        }
        map
    }
}

/// Removes an earlier entry with the same key, from index `start` on: the last one counts.
#[cold]
fn remove_earlier(entries: &mut Map, start: usize, name: &str) {
    let exists = (start..entries.len()).any(|position| {
        entries
            .get_index(position)
            .is_some_and(|(key, _)| *key == *name)
    });
    if !exists {
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
    use super::super::document;
    use super::*;

    #[test]
    fn last_duplicate_key_counts() {
        let long = "a key of more than twenty-three bytes";
        for count in [2, INDEX_THRESHOLD, 3 * INDEX_THRESHOLD] {
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
    fn maps_do_not_depend_on_earlier_ones() {
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
        // Each pair in sequence, often enough for keys to be cached.
        for first in &maps {
            for second in &maps {
                let text = [first, first, first, second, second, first].map(String::as_str);
                let together = document(&format!("[{}]", text.join(","))).unwrap();
                assert_eq!(together.items().count(), text.len());
                for (text, parsed) in text.iter().zip(together.items()) {
                    let alone = document(text).unwrap();
                    assert_eq!(*parsed, alone, "{text}");
                    let keys = |value: &Value| -> Vec<Str> {
                        value.entries().map(|(name, _)| name.clone()).collect()
                    };
                    assert_eq!(keys(parsed), keys(&alone));
                }
            }
        }
    }
}
