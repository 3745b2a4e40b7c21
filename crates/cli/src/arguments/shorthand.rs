//! The AWS CLI's shorthand syntax: `Key=a,Value=b`, `Names=a,b,c`, `Deep={Key=a,List=[1,2]}`.
//!
//! ```text
//! parameter = pair *("," pair)
//! pair      = key "=" values
//! values    = "[" [value *("," value)] "]" / "{" [pair *("," pair)] "}" / text *("," text)
//! text      = quoted by ' or ", or all characters up to the next comma, with \ as the escape character
//! ```
//!
//! # Source
//! The AWS CLI user guide, "Using shorthand syntax".

use inia::{List, Map, Value};

/// Nesting limit of a value.
const MAX_DEPTH: u32 = 64;

/// Parses a parameter: pairs, or bare values if `is_list`.
pub(super) fn parse(text: &str, is_list: bool) -> Result<Value, String> {
    let mut parser = ShorthandParser { text, position: 0 };
    let value = if is_list && !parser.starts_pair() {
        let mut list = List::new();
        while parser.position < text.len() {
            list.push(parser.value(MAX_DEPTH)?);
            if !parser.take(',') {
                break;
            }
        }
        Value::List(list)
    } else {
        Value::Map(parser.pairs(None, MAX_DEPTH)?)
    };
    if parser.position < text.len() {
        return Err(parser.expected("a comma"));
    }
    Ok(value)
}

struct ShorthandParser<'a> {
    text: &'a str,
    position: usize,
}

impl ShorthandParser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.position += expected.len_utf8();
        }
        found
    }

    fn expected(&self, what: &str) -> String {
        match self.peek() {
            Some(found) => format!(
                "expected {what} at character {}, found {found:?}",
                self.position + 1
            ),
            None => format!("expected {what} at the end"),
        }
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.position += self.peek().map_or(0, char::len_utf8);
        }
    }

    /// Reports whether a key and `=` follow.
    fn starts_pair(&self) -> bool {
        let rest = self.rest().trim_start();
        let key = rest.bytes().take_while(|byte| is_key(*byte)).count();
        key > 0 && rest.as_bytes().get(key) == Some(&b'=')
    }

    fn pairs(&mut self, end: Option<char>, depth: u32) -> Result<Map, String> {
        let mut map = Map::new();
        loop {
            self.skip_spaces();
            let start = self.position;
            self.position += self.rest().bytes().take_while(|byte| is_key(*byte)).count();
            let key = self
                .text
                .get(start..self.position)
                .unwrap_or_default()
                .to_owned();
            if key.is_empty() || !self.take('=') {
                return Err(self.expected("Key=Value"));
            }
            map.insert(key, self.values(end, depth)?);
            if !self.take(',') {
                return Ok(map);
            }
        }
    }

    /// Parses the values of a key: one, or several up to the next key.
    fn values(&mut self, end: Option<char>, depth: u32) -> Result<Value, String> {
        if self.rest().is_empty() || self.peek() == end || self.peek() == Some(',') {
            // An empty value before the end or the next pair is the empty string.
            let first = Value::from("");
            return Ok(if self.peek() == Some(',') && !self.is_pair_next() {
                self.collect_values(first, depth)?
            } else {
                first
            });
        }
        let first = self.value(depth)?;
        if matches!(first, Value::String(_)) {
            self.collect_values(first, depth)
        } else {
            Ok(first)
        }
    }

    fn collect_values(&mut self, first: Value, depth: u32) -> Result<Value, String> {
        let mut list = List::from_iter([first]);
        while self.peek() == Some(',') && !self.is_pair_next() {
            self.position += 1;
            list.push(self.value(depth)?);
        }
        Ok(if list.len() == 1 {
            list.pop().unwrap_or_default()
        } else {
            Value::List(list)
        })
    }

    fn is_pair_next(&self) -> bool {
        ShorthandParser {
            text: self.text,
            position: self.position + 1,
        }
        .starts_pair()
    }

    fn value(&mut self, depth: u32) -> Result<Value, String> {
        let depth = depth.checked_sub(1).ok_or("nesting too deep")?;
        self.skip_spaces();
        match self.peek() {
            Some('[') => {
                self.position += 1;
                let mut list = List::new();
                self.skip_spaces();
                while self.peek() != Some(']') {
                    list.push(self.value(depth)?);
                    self.skip_spaces();
                    if !self.take(',') {
                        break;
                    }
                }
                if self.take(']') {
                    Ok(Value::List(list))
                } else {
                    Err(self.expected("]"))
                }
            }
            Some('{') => {
                self.position += 1;
                self.skip_spaces();
                if self.take('}') {
                    return Ok(Value::map());
                }
                let map = self.pairs(Some('}'), depth)?;
                self.skip_spaces();
                if self.take('}') {
                    Ok(Value::Map(map))
                } else {
                    Err(self.expected("}"))
                }
            }
            Some(quote @ ('\'' | '"')) => self.quoted(quote),
            _ => Ok(self.bare()),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Value, String> {
        self.position += 1;
        let mut text = String::new();
        while let Some(character) = self.peek() {
            self.position += character.len_utf8();
            if character == quote {
                return Ok(Value::from(text));
            }
            match (character, self.peek()) {
                ('\\', Some(next)) if next == quote || next == '\\' => {
                    text.push(next);
                    self.position += next.len_utf8();
                }
                _ => text.push(character),
            }
        }
        Err(self.expected("the closing quote"))
    }

    fn bare(&mut self) -> Value {
        let mut text = String::new();
        while let Some(character) = self.peek() {
            if matches!(character, ',' | ']' | '}') {
                break;
            }
            self.position += character.len_utf8();
            match (character, self.peek()) {
                ('\\', Some(next)) => {
                    text.push(next);
                    self.position += next.len_utf8();
                }
                _ => text.push(character),
            }
        }
        Value::from(text.trim_end())
    }
}

fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'#' | b'/' | b':')
}

#[cfg(test)]
mod tests {
    use inia::json;

    use super::*;

    #[test]
    fn parses_all_shorthand_forms() {
        for (text, expected) in [
            ("Key=a,Value=b", json!({"Key": "a", "Value": "b"})),
            (
                "Name=tag,Values=a,b",
                json!({"Name": "tag", "Values": ["a", "b"]}),
            ),
            (
                "Values=a,b,Name=tag",
                json!({"Values": ["a", "b"], "Name": "tag"}),
            ),
            (
                "A={B=c,D=[1,2]},E=f",
                json!({"A": {"B": "c", "D": ["1", "2"]}, "E": "f"}),
            ),
            ("A='x,y=z',B=\"q\\\"r\"", json!({"A": "x,y=z", "B": "q\"r"})),
            ("A=x\\,y", json!({"A": "x,y"})),
            ("A=", json!({"A": ""})),
            ("A=,B=c", json!({"A": "", "B": "c"})),
            ("A=[]", json!({"A": []})),
            ("A=http://host:80/p?q", json!({"A": "http://host:80/p?q"})),
        ] {
            assert_eq!(parse(text, false).unwrap(), expected, "{text}");
        }
        assert_eq!(parse("a,b", true).unwrap(), json!(["a", "b"]));
    }

    #[test]
    fn errors_contain_the_position() {
        assert_eq!(
            parse("Key", false).unwrap_err(),
            "expected Key=Value at the end"
        );
        assert_eq!(parse("A=[a", false).unwrap_err(), "expected ] at the end");
        assert_eq!(parse("A={B=c", false).unwrap_err(), "expected } at the end");
        assert!(parse(&"A={".repeat(1000), false).is_err());
        assert!(parse("A='x", false).unwrap_err().contains("closing quote"));
    }
}
