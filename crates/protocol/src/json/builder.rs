//! [`JsonBuilder`], the JSON parser without shapes and the stacks of values under construction.

mod entries;

use inia_core::detail::{BytePool, ItemPool, MemberPool};
use inia_core::{Map, Result, Value};

use super::lexer::JsonLexer;
use crate::shape::ValueType;

use entries::KeyCache;
pub(super) use entries::MapEntries;

/// The nesting limit of arrays and objects, which fits the stack of a small thread.
///
/// DIFFERENCE: botocore's limit is Python's recursion limit, about 1,000 calls.
pub(super) const MAX_DEPTH: u32 = 512;

/// Builds the values of one document.
///
/// The members, entries and items of all containers that are being read are kept on one stack each and split off when a
/// container is complete, so that each is allocated once, at its exact size. Members of unions, items of short lists
/// and values of maps with shared keys are not readable before this is dropped.
#[derive(Debug)]
pub(super) struct JsonBuilder<'t> {
    pub(super) lexer: JsonLexer<'t>,
    pub(super) members: MemberPool,
    pub(super) entries: Map,
    pub(super) items: ItemPool,
    pub(super) key_cache: KeyCache,
    pub(super) blobs: BytePool,
}

/// Parses any JSON text.
pub(super) fn document(text: &str) -> Result<Value> {
    let mut builder = JsonBuilder::new(text);
    let value = builder.any(MAX_DEPTH)?;
    builder.lexer.end()?;
    Ok(value)
}

impl<'t> JsonBuilder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        JsonBuilder {
            lexer: JsonLexer::new(text),
            members: MemberPool::for_input_len(text.len()),
            entries: Map::new(),
            items: ItemPool::for_input_len(text.len()),
            key_cache: KeyCache::default(),
            blobs: BytePool::default(),
        }
    }

    /// Enters a level.
    #[inline]
    pub(super) fn descend(&self, depth: u32) -> Result<u32> {
        match depth.checked_sub(1) {
            Some(depth) => Ok(depth),
            None => Err(self.lexer.malformed("nested too deeply")),
        }
    }

    /// Parses any value; `depth` is the number of levels that may still be entered.
    pub(super) fn any(&mut self, depth: u32) -> Result<Value> {
        match self.lexer.peek() {
            b'"' => {
                let span = self.lexer.string()?;
                self.lexer.text(span).map(Value::String)
            }
            b'{' => {
                let depth = self.descend(depth)?;
                self.lexer.advance();
                let mut entries = MapEntries::new(self, depth, ValueType::Document);
                if !self.lexer.eat(b'}') {
                    loop {
                        let name = entries.key(self)?;
                        let value = self.any(depth)?;
                        entries.add(self, name, value);
                        if !self.lexer.comma_or(b'}')? {
                            break;
                        }
                    }
                }
                Ok(Value::Map(entries.finish(self, None)))
            }
            b'[' => {
                let depth = self.descend(depth)?;
                self.lexer.advance();
                let mark = self.items.begin();
                if !self.lexer.eat(b']') {
                    loop {
                        let value = self.any(depth)?;
                        self.items.push(value);
                        if !self.lexer.comma_or(b']')? {
                            break;
                        }
                    }
                }
                Ok(Value::List(self.items.finish(mark)))
            }
            b't' => self.lexer.word("true").map(|()| Value::Bool(true)),
            b'f' => self.lexer.word("false").map(|()| Value::Bool(false)),
            b'n' => self.lexer.word("null").map(|()| Value::Null),
            _ => self.lexer.number_value(),
        }
    }

    /// Skips a value.
    pub(super) fn skip(&mut self, depth: u32) -> Result<()> {
        match self.lexer.peek() {
            b'"' => {
                let span = self.lexer.string()?;
                self.lexer.check(span)
            }
            b'{' => {
                let depth = self.descend(depth)?;
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
                let depth = self.descend(depth)?;
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
