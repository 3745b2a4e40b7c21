//! [`JsonLexer`], the tokens of a JSON text, strictly by RFC 8259.
//!
//! It works on bytes that are valid UTF-8, eight at a time if possible.

use std::ops::Range;

use inia_core::detail::{TextPool, write_json_string};
use inia_core::{Error, ErrorKind, Result, Str, Value};

use crate::shape::Literal;
use crate::shape::head_word;

/// The position of a string in the text, between its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct StringSpan {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) has_escapes: bool,
}

/// A position in a JSON text.
#[derive(Debug)]
pub(super) struct JsonLexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    position: usize,
    /// The arena of the strings that were read.
    strings: TextPool,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Returns a word with the high bit set in each byte that ends a run of plain text in a string: a quote, a backslash,
/// or a control character. The lowest bit that is set is exact; those above it may be set by a borrow.
#[inline]
fn specials(word: u64) -> u64 {
    let quotes = word ^ (ONES * b'"' as u64);
    let escapes = word ^ (ONES * b'\\' as u64);
    let found = (quotes.wrapping_sub(ONES) & !quotes)
        | (escapes.wrapping_sub(ONES) & !escapes)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    found & HIGHS
}

/// The key of an entry: its span and its first bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonKey {
    pub(super) span: StringSpan,
    /// The key's [`head_word`]; for a key with escapes, that of the raw text.
    pub(super) head: u64,
}

/// Encodes a key with its colon in the usual form, without white space.
pub(super) fn key_text(name: &str) -> Vec<u8> {
    let mut text = Vec::new();
    push_key(&mut text, name);
    text
}

/// Appends a key with its colon in the usual form, without white space.
pub(super) fn push_key(text: &mut Vec<u8>, name: &str) {
    write_json_string(name, text);
    text.push(b':');
}

impl<'t> JsonLexer<'t> {
    /// Creates a lexer at the start of a text.
    pub(super) fn new(text: &'t str) -> Self {
        JsonLexer {
            text,
            bytes: text.as_bytes(),
            position: 0,
            strings: TextPool::for_input_len(text.len()),
        }
    }

    /// Returns an error at the current position.
    #[cold]
    pub(super) fn malformed(&self, message: &str) -> Error {
        Error::new(
            ErrorKind::Parse,
            format!("JSON at byte {}: {message}", self.position),
        )
    }

    /// Returns the next byte after white space without consuming it, or 0 at the end.
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
                // No token starts with another byte up to a space.
                Some(&byte) if byte <= b' ' => return 1,
                Some(&byte) => return byte,
                None => return 0,
            }
        }
    }

    /// Consumes the byte that [`JsonLexer::peek`] returned.
    #[inline]
    pub(super) fn advance(&mut self) {
        self.position += 1;
    }

    /// Consumes a byte after white space if it is next.
    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == byte;
        if is_next {
            self.position += 1;
        }
        is_next
    }

    /// Consumes the comma after an element, or the bracket that ends the array or object; returns `true` for the comma.
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
        self.malformed(&format!("expected `{}`", char::from(byte)))
    }

    /// Consumes the key of an entry with its colon.
    #[inline]
    pub(super) fn key(&mut self) -> Result<JsonKey> {
        // Fast path: most keys are short, without white space around them, and fit into one word.
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
                    return Ok(JsonKey {
                        span: StringSpan {
                            start,
                            end,
                            has_escapes: false,
                        },
                        head: name & ((1 << bits) - 1),
                    });
                }
            }
        }
        self.key_slow()
    }

    /// Returns the length of a key with its colon if it is next in the text.
    #[inline(always)]
    pub(super) fn literal_len(&self, key: &Literal) -> Option<usize> {
        key.match_start(self.bytes.get(self.position..).unwrap_or_default())
    }

    /// Consumes a key with its colon if it is next in the text.
    #[inline(always)]
    pub(super) fn consume_literal(&mut self, key: &Literal) -> bool {
        match self.literal_len(key) {
            Some(length) => {
                self.position += length;
                true
            }
            None => false,
        }
    }

    /// Returns the [`head_word`] and length of the next key if it has at most six bytes and no white space around it.
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
        // The colon is in the word, or after it.
        let length = (bits / 8) as usize;
        let colon = self.bytes.get(self.position + length + 2);
        (colon == Some(&b':')).then_some((name & ((1 << bits) - 1), length))
    }

    /// Consumes the key that [`JsonLexer::short_key`] returned.
    #[inline(always)]
    pub(super) fn take_short_key(&mut self, length: usize) {
        self.position += length + 3;
    }

    #[inline(never)]
    fn key_slow(&mut self) -> Result<JsonKey> {
        if self.peek() != b'"' {
            return Err(self.malformed("expected a key"));
        }
        let span = self.string()?;
        if !self.eat(b':') {
            return Err(self.expected(b':'));
        }
        Ok(JsonKey {
            span,
            head: head_word(self.raw(span)),
        })
    }

    /// Returns the eight bytes at a position.
    #[inline]
    fn chunk(&self, position: usize) -> Option<[u8; 8]> {
        self.bytes
            .get(position..)
            .and_then(|rest| rest.first_chunk::<8>())
            .copied()
    }

    /// Returns an error unless only white space is left.
    pub(super) fn end(&mut self) -> Result<()> {
        match self.peek() {
            0 if self.position >= self.bytes.len() => Ok(()),
            _ => Err(self.malformed("trailing characters after the value")),
        }
    }

    /// Consumes a literal such as `null`, whose first letter was seen.
    #[inline]
    pub(super) fn word(&mut self, word: &'static str) -> Result<()> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            self.position += word.len();
            Ok(())
        } else {
            Err(self.malformed("expected a value"))
        }
    }

    /// Consumes a string, whose opening quote was seen, and returns its span.
    #[inline]
    pub(super) fn string(&mut self) -> Result<StringSpan> {
        let start = self.position + 1;
        let mut position = start;
        // Fast path: most strings are short and end within a few words.
        while let Some(chunk) = self.chunk(position) {
            let found = specials(u64::from_le_bytes(chunk));
            if found == 0 {
                position += 8;
                continue;
            }
            position += (found.trailing_zeros() / 8) as usize;
            if self.bytes.get(position) == Some(&b'"') {
                self.position = position + 1;
                return Ok(StringSpan {
                    start,
                    end: position,
                    has_escapes: false,
                });
            }
            break;
        }
        self.string_slow(start, position)
    }

    /// Consumes a string without escapes if it is next, and returns its range.
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

    /// As [`JsonLexer::plain_string`], for a string directly followed by the end of its object, which is consumed too.
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

    /// Returns a string without escapes as [`JsonLexer::text`] does.
    #[inline(always)]
    pub(super) fn slice(&mut self, range: Range<usize>) -> Str {
        self.strings.add(self.text.get(range).unwrap_or_default())
    }

    /// Consumes the rest of a string that may have escapes or is close to the end of the text.
    #[inline(never)]
    fn string_slow(&mut self, start: usize, mut position: usize) -> Result<StringSpan> {
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
                    return Err(self.malformed("control character in a string"));
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
                    return Err(self.malformed("unterminated string"));
                }
            }
        }
        self.position = position + 1;
        Ok(StringSpan {
            start,
            end: position,
            has_escapes,
        })
    }

    /// Returns the raw bytes of a string, with its escapes.
    #[inline]
    pub(super) fn raw(&self, span: StringSpan) -> &'t [u8] {
        self.bytes.get(span.start..span.end).unwrap_or_default()
    }

    /// Returns a string for a value. It is not readable before the whole document is read, as its arena is filled
    /// later.
    #[inline]
    pub(super) fn text(&mut self, span: StringSpan) -> Result<Str> {
        if span.has_escapes {
            let text = self.unescaped(span)?;
            Ok(self.strings.add(&text))
        } else {
            Ok(self.slice(span.start..span.end))
        }
    }

    /// Returns a string that is readable at once, as keys must be.
    #[inline]
    pub(super) fn own_text(&self, span: StringSpan) -> Result<Str> {
        if span.has_escapes {
            self.unescaped(span).map(Str::from)
        } else {
            let text = self.text.get(span.start..span.end);
            Ok(Str::from(text.unwrap_or_default()))
        }
    }

    /// Returns a string with its escapes replaced.
    ///
    /// An unpaired surrogate becomes U+FFFD, as it is not a character.
    #[cold]
    pub(super) fn unescaped(&self, span: StringSpan) -> Result<String> {
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
                _ => return Err(self.malformed("invalid escape in a string")),
            }
            rest = chars.as_str();
        }
        out.push_str(rest);
        Ok(out)
    }

    /// Parses the low surrogate after a high one; returns the character and the text that follows.
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

    /// Parses four hexadecimal digits; returns the number and the text that follows.
    fn hex<'a>(&self, text: &'a str) -> Result<(u32, &'a str)> {
        text.split_at_checked(4)
            .filter(|(digits, _)| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|(digits, rest)| Some((u32::from_str_radix(digits, 16).ok()?, rest)))
            .ok_or_else(|| self.malformed("invalid \\\\u escape in a string"))
    }

    /// Checks the escapes of a string that is skipped.
    #[inline]
    pub(super) fn check(&self, span: StringSpan) -> Result<()> {
        if span.has_escapes {
            self.unescaped(span).map(drop)
        } else {
            Ok(())
        }
    }

    /// Consumes a number, whose first byte was seen; returns its text and whether it has a fraction or exponent.
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
            return Err(self.malformed(if start == position {
                "expected a value"
            } else {
                "invalid number"
            }));
        }
        self.position = position;
        let text = self.text.get(start..position).unwrap_or_default();
        Ok((text, is_float))
    }

    /// Consumes a number, whose first byte was seen, as a value.
    pub(super) fn number_value(&mut self) -> Result<Value> {
        let (text, is_float) = self.number()?;
        Ok(number_of(text, is_float))
    }
}

/// Converts the text of a number to a value.
pub(super) fn number_of(text: &str, is_float: bool) -> Value {
    if is_float {
        return Value::Float(text.parse().unwrap_or(f64::NAN));
    }
    match text.parse::<i64>() {
        Ok(number) => Value::Int(number),
        Err(_) => Value::BigInt(text.into()),
    }
}
