//! [`Values`]: from JSON text to values, by what the text itself says.

use inia_core::{BytePool, Items, Map, Members, Result, Value};

use super::entries::{Entries, KnownNames};
use super::lexer::Lexer;
use crate::layout::Target;

/// How deep arrays and objects may be nested: what stays within the stack of a small thread.
///
/// DIFFERENCE: botocore goes as deep as Python's recursion limit, about 1,000 calls.
pub(super) const MAX_DEPTH: u32 = 512;

/// Makes values of one text.
///
/// The members, entries and items of all structures, maps and lists that are being read are gathered in one of each, and cut off
/// when they are complete: what is made takes just the room it needs. Members of unions, items of short lists and what maps of the
/// same names hold are not there until this is dropped.
#[derive(Debug)]
pub(super) struct Values<'t> {
    pub(super) lexer: Lexer<'t>,
    pub(super) members: Members,
    pub(super) entries: Map,
    pub(super) items: Items,
    pub(super) names: KnownNames,
    pub(super) blobs: BytePool,
}

/// How deep a container is nested in whose elements `depth` levels may still be entered.
#[inline]
pub(super) fn level(depth: u32) -> usize {
    (MAX_DEPTH - depth) as usize
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
            members: Members::for_text(text.len()),
            entries: Map::new(),
            items: Items::for_text(text.len()),
            names: KnownNames::default(),
            blobs: BytePool::default(),
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
                let mut entries = Entries::new(self, level(depth), Target::Document);
                if !self.lexer.eat(b'}') {
                    loop {
                        let name = entries.name(self)?;
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
                Ok(Value::List(
                    self.items.split_off_nested(start, level(depth)),
                ))
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
