//! [`Values`]: from JSON text to values, by what the text itself says.

use inia_core::{List, Map, Result, SharedText, Str, Value};

use super::lexer::{Lexer, Span};
use crate::names::NameFilter;

/// How deep arrays and objects may be nested: what stays within the stack of a small thread.
///
/// DIFFERENCE: botocore goes as deep as Python's recursion limit, about 1,000 calls.
pub(super) const MAX_DEPTH: u32 = 512;

/// How many entries a map may have before it gets a hash index.
const UNINDEXED: usize = 32;

/// Makes values of one text. A list or map is made when its length is known, so that it takes no more room than it needs.
#[derive(Debug)]
pub(super) struct Values<'t> {
    pub(super) lexer: Lexer<'t>,
    /// Members and entries of the objects that are being read, innermost last.
    pub(super) entries: Vec<(Str, Value)>,
    /// Items of the arrays that are being read.
    pub(super) items: Vec<Value>,
}

/// Reads any JSON text as what it is.
pub(super) fn document(text: &SharedText) -> Result<Value> {
    let mut values = Values::new(text);
    let value = values.any(MAX_DEPTH)?;
    values.lexer.end()?;
    Ok(value)
}

impl<'t> Values<'t> {
    pub(super) fn new(text: &'t SharedText) -> Self {
        Values {
            lexer: Lexer::new(text),
            entries: Vec::with_capacity(64),
            items: Vec::with_capacity(64),
        }
    }

    /// One level less to enter.
    pub(super) fn deeper(&self, depth: u32) -> Result<u32> {
        depth
            .checked_sub(1)
            .ok_or_else(|| self.lexer.broken("it is nested too deep"))
    }

    /// Takes the key of an entry and the colon behind it.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Span> {
        if self.lexer.peek() != b'"' {
            return Err(self.lexer.broken("expected a key"));
        }
        let key = self.lexer.string()?;
        self.lexer.expect(b':')?;
        Ok(key)
    }

    /// Makes a list of the items from a place on.
    pub(super) fn take_list(&mut self, start: usize) -> Value {
        let mut list = List::with_capacity(self.items.len() - start);
        list.extend(self.items.drain(start..));
        Value::List(list)
    }

    /// Makes a map of the entries from a place on. Of entries with the same name the last one counts.
    pub(super) fn take_map(&mut self, start: usize) -> Value {
        let count = self.entries.len() - start;
        if count > UNINDEXED {
            let mut map = Map::with_capacity(count);
            for (name, value) in self.entries.drain(start..) {
                map.insert(name, value);
            }
            return Value::Map(map);
        }
        let mut filter = NameFilter::default();
        let mut map = Map::with_capacity(count);
        for (name, value) in self.entries.drain(start..) {
            if filter.is_new(&name) {
                map.push(name, value);
            } else {
                map.insert(name, value);
            }
        }
        Value::Map(map)
    }

    /// Reads any value as what it is.
    pub(super) fn any(&mut self, depth: u32) -> Result<Value> {
        match self.lexer.peek() {
            b'"' => {
                let span = self.lexer.string()?;
                self.lexer.text(span).map(Value::String)
            }
            b'{' => {
                let depth = self.deeper(depth)?;
                self.lexer.advance();
                let start = self.entries.len();
                if !self.lexer.eat(b'}') {
                    loop {
                        let key = self.key()?;
                        let name = self.lexer.text(key)?;
                        let value = self.any(depth)?;
                        self.entries.push((name, value));
                        if self.lexer.eat(b',') {
                            continue;
                        }
                        self.lexer.expect(b'}')?;
                        break;
                    }
                }
                Ok(self.take_map(start))
            }
            b'[' => {
                let depth = self.deeper(depth)?;
                self.lexer.advance();
                let start = self.items.len();
                if !self.lexer.eat(b']') {
                    loop {
                        let value = self.any(depth)?;
                        self.items.push(value);
                        if self.lexer.eat(b',') {
                            continue;
                        }
                        self.lexer.expect(b']')?;
                        break;
                    }
                }
                Ok(self.take_list(start))
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
                    let key = self.key()?;
                    self.lexer.check(key)?;
                    self.skip(depth)?;
                    if !self.lexer.eat(b',') {
                        return self.lexer.expect(b'}');
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
                    if !self.lexer.eat(b',') {
                        return self.lexer.expect(b']');
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
