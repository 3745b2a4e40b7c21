//! [`Lexer`]: the tokens of a JSON text, RFC 8259 to the letter.
//!
//! It works on bytes that are known to be UTF-8, eight at a time where it can.

use std::ops::Range;

use inia_core::{Error, ErrorKind, Result, Str, TextPool, Value};

use super::writer::push_string;
use crate::literal::Literal;
use crate::names::head_of;

/// Where in a text a string lies, between its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) has_escapes: bool,
}

/// A place in a JSON text.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    position: usize,
    /// The strings that were read.
    strings: TextPool,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// A bit in each byte of a word that ends a run of plain text in a string: a quote, a backslash, or a control character.
/// The lowest bit that is set is exact; those above it may be set by a borrow.
#[inline]
fn specials(word: u64) -> u64 {
    let quotes = word ^ (ONES * b'"' as u64);
    let escapes = word ^ (ONES * b'\\' as u64);
    let found = (quotes.wrapping_sub(ONES) & !quotes)
        | (escapes.wrapping_sub(ONES) & !escapes)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    found & HIGHS
}

/// The key of an entry: where it lies, and its first bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) span: Span,
    /// As [`head_of`] has it; of a key with escapes, those of what stands in the text.
    pub(super) head: u64,
}

/// A key, as it mostly stands before its value.
pub(super) fn key_text(name: &str) -> Vec<u8> {
    let mut text = Vec::new();
    push_key(&mut text, name);
    text
}

/// Puts a key at the end of a text, as it mostly stands before its value.
pub(super) fn push_key(text: &mut Vec<u8>, name: &str) {
    push_string(text, name);
    text.push(b':');
}

impl<'t> Lexer<'t> {
    /// The beginning of a text.
    pub(super) fn new(text: &'t str) -> Self {
        Lexer {
            text,
            bytes: text.as_bytes(),
            position: 0,
            strings: TextPool::for_text(text.len()),
        }
    }

    /// An error at the place reached.
    #[cold]
    pub(super) fn broken(&self, message: &str) -> Error {
        Error::new(
            ErrorKind::Parse,
            format!("JSON at byte {}: {message}", self.position),
        )
    }

    /// The next byte, behind white space, without taking it; 0 at the end.
    #[inline]
    pub(super) fn peek(&mut self) -> u8 {
        match self.bytes.get(self.position) {
            Some(&byte) if byte > b' ' => byte,
            _ => self.peek_behind_space(),
        }
    }

    #[inline(never)]
    fn peek_behind_space(&mut self) -> u8 {
        loop {
            match self.bytes.get(self.position) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.position += 1,
                // No other byte up to a space begins anything.
                Some(&byte) if byte <= b' ' => return 1,
                Some(&byte) => return byte,
                None => return 0,
            }
        }
    }

    /// Takes the byte that [`Lexer::peek`] saw.
    #[inline]
    pub(super) fn advance(&mut self) {
        self.position += 1;
    }

    /// Takes a byte, behind white space, if it is next.
    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == byte;
        if is_next {
            self.position += 1;
        }
        is_next
    }

    /// Takes the comma behind an element, or the bracket that ends the array or object; whether it was the comma.
    #[inline]
    pub(super) fn comma_or(&mut self, bracket: u8) -> Result<bool> {
        let next = self.peek();
        if next == b',' {
            self.position += 1;
            Ok(true)
        } else if next == bracket {
            self.position += 1;
            Ok(false)
        } else {
            Err(self.expected(bracket))
        }
    }

    #[cold]
    fn expected(&self, byte: u8) -> Error {
        self.broken(&format!("expected `{}`", char::from(byte)))
    }

    /// Takes the key of an entry and the colon behind it.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Key> {
        // Most keys are short, and nothing stands around them: one word shows all there is to see.
        if let Some(chunk) = self.chunk(self.position) {
            let word = u64::from_le_bytes(chunk);
            let name = word >> 8;
            let found = specials(name | (u64::from(b' ') << 56));
            if word & 0xff == u64::from(b'"') && found != 0 {
                let bits = found.trailing_zeros() & !7;
                let start = self.position + 1;
                let end = start + (bits / 8) as usize;
                if self.bytes.get(end..end + 2) == Some(b"\":") {
                    self.position = end + 2;
                    return Ok(Key {
                        span: Span {
                            start,
                            end,
                            has_escapes: false,
                        },
                        head: name & ((1 << bits) - 1),
                    });
                }
            }
        }
        self.key_slowly()
    }

    /// How long a key with its colon is, if precisely that is what stands here.
    #[inline(always)]
    pub(super) fn sees(&self, key: &Literal) -> Option<usize> {
        key.begins(self.bytes.get(self.position..).unwrap_or_default())
    }

    /// Takes a key with its colon, if precisely that is what stands here.
    #[inline(always)]
    pub(super) fn takes(&mut self, key: &Literal) -> bool {
        match self.sees(key) {
            Some(length) => {
                self.position += length;
                true
            }
            None => false,
        }
    }

    /// The key that stands here, if it has at most six bytes and nothing stands around it: as [`head_of`] has it, and its length.
    /// It may have escapes.
    #[inline(always)]
    pub(super) fn short_key(&self) -> Option<(u64, usize)> {
        let word = u64::from_le_bytes(self.chunk(self.position)?);
        let name = word >> 8;
        let quotes = name ^ (ONES * b'"' as u64);
        let found = quotes.wrapping_sub(ONES) & !quotes & HIGHS;
        if word & 0xff != u64::from(b'"') || found == 0 {
            return None;
        }
        let bits = found.trailing_zeros() & !7;
        // The colon is in the word, or behind it.
        let length = (bits / 8) as usize;
        let colon = self.bytes.get(self.position + length + 2);
        (colon == Some(&b':')).then_some((name & ((1 << bits) - 1), length))
    }

    /// Takes the key that [`Lexer::short_key`] saw.
    #[inline(always)]
    pub(super) fn take_short_key(&mut self, length: usize) {
        self.position += length + 3;
    }

    #[inline(never)]
    fn key_slowly(&mut self) -> Result<Key> {
        if self.peek() != b'"' {
            return Err(self.broken("expected a key"));
        }
        let span = self.string()?;
        if !self.eat(b':') {
            return Err(self.expected(b':'));
        }
        Ok(Key {
            span,
            head: head_of(self.raw(span)),
        })
    }

    /// The eight bytes at a place.
    #[inline]
    fn chunk(&self, position: usize) -> Option<[u8; 8]> {
        self.bytes
            .get(position..)
            .and_then(|rest| rest.first_chunk::<8>())
            .copied()
    }

    /// Fails unless there is nothing but white space left.
    pub(super) fn end(&mut self) -> Result<()> {
        match self.peek() {
            0 if self.position >= self.bytes.len() => Ok(()),
            _ => Err(self.broken("there is more than one value")),
        }
    }

    /// Takes a word such as `null`, whose first letter was seen.
    #[inline]
    pub(super) fn word(&mut self, word: &'static str) -> Result<()> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            self.position += word.len();
            Ok(())
        } else {
            Err(self.broken("expected a value"))
        }
    }

    /// Takes a string, whose opening quote was seen: where it lies.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Span> {
        let start = self.position + 1;
        let mut position = start;
        // Most strings are short, and end within a few words.
        while let Some(chunk) = self.chunk(position) {
            let found = specials(u64::from_le_bytes(chunk));
            if found == 0 {
                position += 8;
                continue;
            }
            position += (found.trailing_zeros() / 8) as usize;
            if self.bytes.get(position) == Some(&b'"') {
                self.position = position + 1;
                return Ok(Span {
                    start,
                    end: position,
                    has_escapes: false,
                });
            }
            break;
        }
        self.string_slowly(start, position)
    }

    /// Takes a string without escapes, if that is what stands here: where it lies.
    #[inline(always)]
    pub(super) fn plain_string(&mut self) -> Option<Range<usize>> {
        if self.bytes.get(self.position) != Some(&b'"') {
            return None;
        }
        let start = self.position + 1;
        let mut end = start;
        loop {
            let found = specials(u64::from_le_bytes(self.chunk(end)?));
            if found == 0 {
                end += 8;
                continue;
            }
            end += (found.trailing_zeros() / 8) as usize;
            if self.bytes.get(end) != Some(&b'"') {
                return None;
            }
            self.position = end + 1;
            return Some(start..end);
        }
    }

    /// As [`Lexer::plain_string`], of a string behind which nothing but the end of its object stands; that is taken, too.
    #[inline(always)]
    pub(super) fn last_plain_string(&mut self) -> Option<Range<usize>> {
        let start = self.position;
        let range = self.plain_string()?;
        if self.bytes.get(self.position) == Some(&b'}') {
            self.position += 1;
            Some(range)
        } else {
            self.position = start;
            None
        }
    }

    /// The text of a string without escapes that becomes a value, as [`Lexer::text`].
    #[inline(always)]
    pub(super) fn slice(&mut self, range: Range<usize>) -> Str {
        self.strings.add(self.text.get(range).unwrap_or_default())
    }

    /// The rest of a string from a place behind which it may have escapes, or the text ends soon.
    #[inline(never)]
    fn string_slowly(&mut self, start: usize, mut position: usize) -> Result<Span> {
        let mut has_escapes = false;
        loop {
            match self.bytes.get(position) {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    position += 2;
                }
                Some(0..0x20) => {
                    self.position = position;
                    return Err(self.broken("a control character in a string"));
                }
                Some(_) => {
                    position += 1;
                    while let Some(chunk) = self.chunk(position)
                        && specials(u64::from_le_bytes(chunk)) == 0
                    {
                        position += 8;
                    }
                }
                None => {
                    self.position = self.bytes.len();
                    return Err(self.broken("a string does not end"));
                }
            }
        }
        self.position = position + 1;
        Ok(Span {
            start,
            end: position,
            has_escapes,
        })
    }

    /// The bytes of a string without its escapes being replaced.
    #[inline]
    pub(super) fn raw(&self, span: Span) -> &'t [u8] {
        self.bytes.get(span.start..span.end).unwrap_or_default()
    }

    /// The text of a string that becomes a value: not to be looked at before the whole text is read.
    #[inline]
    pub(super) fn text(&mut self, span: Span) -> Result<Str> {
        if span.has_escapes {
            let text = self.unescaped(span)?;
            Ok(self.strings.add(&text))
        } else {
            Ok(self.slice(span.start..span.end))
        }
    }

    /// The text of a string that is looked at while others are still to be read, as keys are.
    #[inline]
    pub(super) fn own_text(&self, span: Span) -> Result<Str> {
        if span.has_escapes {
            self.unescaped(span).map(Str::from)
        } else {
            let text = self.text.get(span.start..span.end);
            Ok(Str::from(text.unwrap_or_default()))
        }
    }

    /// The text of a string, with its escapes replaced.
    ///
    /// A surrogate without its other half becomes U+FFFD: there is no such character, and a text must be able to hold what is read.
    #[cold]
    pub(super) fn unescaped(&self, span: Span) -> Result<String> {
        let mut out = String::with_capacity(span.end - span.start);
        let mut rest = self.text.get(span.start..span.end).unwrap_or_default();
        while let Some((plain, escaped)) = rest.split_once('\\') {
            out.push_str(plain);
            let mut chars = escaped.chars();
            match chars.next() {
                Some(quoted @ ('"' | '\\' | '/')) => out.push(quoted),
                Some('b') => out.push('\u{8}'),
                Some('f') => out.push('\u{c}'),
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('u') => {
                    let (unit, after) = self.hex(chars.as_str())?;
                    let (character, after) = match unit {
                        0xd800..0xdc00 => self.low_surrogate(unit, after)?,
                        _ => (char::from_u32(unit), after),
                    };
                    out.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
                    rest = after;
                    continue;
                }
                _ => return Err(self.broken("an unknown escape in a string")),
            }
            rest = chars.as_str();
        }
        out.push_str(rest);
        Ok(out)
    }

    /// The character of a high surrogate and what follows it.
    fn low_surrogate<'a>(&self, high: u32, after: &'a str) -> Result<(Option<char>, &'a str)> {
        let Some(digits) = after.strip_prefix("\\u") else {
            return Ok((None, after));
        };
        let (low, behind) = self.hex(digits)?;
        match low {
            0xdc00..0xe000 => {
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                Ok((char::from_u32(code), behind))
            }
            _ => Ok((None, after)),
        }
    }

    /// The number of four hexadecimal digits, and what is behind them.
    fn hex<'a>(&self, text: &'a str) -> Result<(u32, &'a str)> {
        text.split_at_checked(4)
            .filter(|(digits, _)| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|(digits, rest)| Some((u32::from_str_radix(digits, 16).ok()?, rest)))
            .ok_or_else(|| self.broken("an escape in a string lacks its four digits"))
    }

    /// Checks the escapes of a string whose text is not wanted.
    #[inline]
    pub(super) fn check(&self, span: Span) -> Result<()> {
        if span.has_escapes {
            self.unescaped(span).map(drop)
        } else {
            Ok(())
        }
    }

    /// Takes a number, whose first byte was seen: its text, and whether it has a fraction or exponent.
    pub(super) fn number(&mut self) -> Result<(&'t str, bool)> {
        let start = self.position;
        let mut position = start;
        let digits = |mut position: usize| {
            let start = position;
            while self.bytes.get(position).is_some_and(u8::is_ascii_digit) {
                position += 1;
            }
            (position, position > start)
        };
        if self.bytes.get(position) == Some(&b'-') {
            position += 1;
        }
        let is_zero = self.bytes.get(position) == Some(&b'0');
        let (end, has_digits) = digits(position);
        let mut is_valid = has_digits && (!is_zero || end == position + 1);
        position = end;
        let mut is_float = false;
        if self.bytes.get(position) == Some(&b'.') {
            is_float = true;
            let (end, has_digits) = digits(position + 1);
            is_valid &= has_digits;
            position = end;
        }
        if matches!(self.bytes.get(position), Some(b'e' | b'E')) {
            is_float = true;
            position += 1;
            if matches!(self.bytes.get(position), Some(b'+' | b'-')) {
                position += 1;
            }
            let (end, has_digits) = digits(position);
            is_valid &= has_digits;
            position = end;
        }
        if !is_valid {
            return Err(self.broken(if start == position {
                "expected a value"
            } else {
                "a number is not written as JSON has it"
            }));
        }
        self.position = position;
        let text = self.text.get(start..position).unwrap_or_default();
        Ok((text, is_float))
    }

    /// Takes a number, whose first byte was seen, as a value.
    pub(super) fn number_value(&mut self) -> Result<Value> {
        let (text, is_float) = self.number()?;
        if is_float {
            return Ok(Value::Float(text.parse().unwrap_or(f64::NAN)));
        }
        Ok(match text.parse::<i64>() {
            Ok(number) => Value::Int(number),
            Err(_) => Value::BigInt(text.into()),
        })
    }
}
