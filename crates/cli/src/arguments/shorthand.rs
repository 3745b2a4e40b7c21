//! The AWS CLI's shorthand syntax: `Key=a,Value=b`, `Names=a,b,c`, `Deep={Key=a,List=[1,2]}`, `Text@=file://path`.
//!
//! ```text
//! parameter = pair *("," pair)
//! pair      = key ("=" / "@=") values
//! values    = list / map / text *("," text)
//! list      = "[" [value *("," value)] "]"
//! map       = "{" [key ("=" / "@=") value *("," key ("=" / "@=") value)] "}"
//! value     = list / map / text
//! text      = quoted by ' or ", with \ before the quote and before \, or characters up to the next comma, where "\," is a comma
//! ```
//! White space is allowed around keys, values and separators. `@=` means that the texts of the key may name files.
//!
//! # Source
//! The AWS CLI, `shorthand.py`. DIFFERENCE: a key that is repeated inside braces is an error, as it is outside; a text may contain
//! characters outside of the basic plane; an empty text before a brace is read; and an empty or escaped element before the next key,
//! which the AWS CLI drops, is an error.

/// Nesting limit of a value.
const MAX_DEPTH: u32 = 64;

/// A parsed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ShorthandValue {
    Text {
        text: String,
        /// True if the text may be a `file://` or `fileb://` path.
        is_path: bool,
    },
    List(Vec<ShorthandValue>),
    Map(Vec<(String, ShorthandValue)>),
}

/// Parses a parameter of pairs.
pub(super) fn parse(text: &str) -> Result<ShorthandValue, String> {
    ShorthandParser::new(text).parameter()
}

/// Parses a parameter that is a list: bare values, or pairs as its only element. The AWS CLI has no shorthand for lists of lists.
pub(super) fn parse_list(text: &str) -> Result<ShorthandValue, String> {
    let mut parser = ShorthandParser::new(text);
    if parser.starts_pair() {
        return parser.parameter();
    }
    let mut list = Vec::new();
    while !parser.is_at_end() {
        list.push(parser.value(MAX_DEPTH)?);
        parser.skip_spaces();
        if !parser.is_at_end() {
            parser.expect(',')?;
            parser.skip_spaces();
        }
    }
    Ok(ShorthandValue::List(list))
}

struct ShorthandParser<'a> {
    text: &'a str,
    /// Offset in bytes.
    position: usize,
    /// True if the key of the current value is followed by `@=`.
    is_path: bool,
}

impl<'a> ShorthandParser<'a> {
    fn new(text: &'a str) -> Self {
        ShorthandParser {
            text,
            position: 0,
            is_path: false,
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    fn skip_spaces(&mut self) {
        // Python's `string.whitespace`.
        let is_space = |c: char| matches!(c, ' ' | '\t'..='\r');
        self.position = self.text.len() - self.rest().trim_start_matches(is_space).len();
    }

    fn expect(&mut self, expected: char) -> Result<(), String> {
        if self.peek() == Some(expected) {
            self.position += expected.len_utf8();
            return Ok(());
        }
        Err(self.expected(&format!("{expected:?}")))
    }

    fn expect_spaced(&mut self, expected: char) -> Result<(), String> {
        self.skip_spaces();
        self.expect(expected)?;
        self.skip_spaces();
        Ok(())
    }

    #[cold]
    fn expected(&self, what: &str) -> String {
        let before = self.text.get(..self.position).unwrap_or_default();
        match self.peek() {
            Some(found) => format!(
                "expected {what} at character {}, found {found:?}",
                before.chars().count() + 1
            ),
            None => format!("expected {what} at the end"),
        }
    }

    /// Reports whether a key and `=` or `@=` follow.
    fn starts_pair(&self) -> bool {
        let mut ahead = ShorthandParser::new(self.rest());
        !ahead.key().is_empty() && ahead.equals().is_ok()
    }

    fn parameter(&mut self) -> Result<ShorthandValue, String> {
        let mut pairs = Vec::new();
        loop {
            let key = self.key();
            self.equals()?;
            let value = self.values()?;
            add(&mut pairs, key, value)?;
            if self.is_at_end() {
                return Ok(ShorthandValue::Map(pairs));
            }
            self.expect_spaced(',')?;
        }
    }

    fn key(&mut self) -> &'a str {
        let is_key = |c: char| c.is_ascii_alphanumeric() || "-_.#/:".contains(c);
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches(is_key).len();
        self.position += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Reads the `=` or `@=` behind a key.
    fn equals(&mut self) -> Result<(), String> {
        self.is_path = self.expect_spaced('@').is_ok();
        self.expect_spaced('=')
    }

    /// Parses the values behind a key: one, or several up to the next key.
    fn values(&mut self) -> Result<ShorthandValue, String> {
        if matches!(self.peek(), Some('[' | '{')) {
            return self.value(MAX_DEPTH);
        }
        let first = self.text_value(is_start_character)?;
        let mut list = vec![first];
        loop {
            self.skip_spaces();
            if self.is_at_end() {
                break;
            }
            let comma = self.position;
            self.expect(',')?;
            self.skip_spaces();
            match self.next_text() {
                Ok(next) => list.push(next),
                Err(message) if self.is_at_end() => return Err(message),
                // The next pair follows the comma.
                Err(_) => {
                    self.position = comma;
                    break;
                }
            }
        }
        Ok(match list.len() {
            1 => list.swap_remove(0),
            _ => ShorthandValue::List(list),
        })
    }

    /// Parses a text behind a comma, which ends before a comma or at the end.
    fn next_text(&mut self) -> Result<ShorthandValue, String> {
        let text = match self.peek() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            _ => self
                .bare(is_start_character, is_next_character)
                .ok_or_else(|| self.expected("a value"))?,
        };
        self.skip_spaces();
        if self.is_at_end() || self.peek() == Some(',') {
            Ok(self.leaf(text))
        } else {
            Err(self.expected("','"))
        }
    }

    /// Parses a list, a map or a text inside of brackets or braces.
    fn value(&mut self, depth: u32) -> Result<ShorthandValue, String> {
        let depth = depth.checked_sub(1).ok_or("nesting too deep")?;
        match self.peek() {
            Some('[') => {
                self.expect_spaced('[')?;
                let mut list = Vec::new();
                while self.peek() != Some(']') {
                    list.push(self.value(depth)?);
                    self.separator(']')?;
                }
                self.expect(']')?;
                Ok(ShorthandValue::List(list))
            }
            Some('{') => {
                self.expect_spaced('{')?;
                let mut pairs = Vec::new();
                while self.peek() != Some('}') {
                    let key = self.key();
                    self.equals()?;
                    let value = self.value(depth)?;
                    self.separator('}')?;
                    add(&mut pairs, key, value)?;
                }
                self.expect('}')?;
                Ok(ShorthandValue::Map(pairs))
            }
            _ => self.text_value(is_nested_start_character),
        }
    }

    /// Reads the comma between two values, unless the list or map ends.
    fn separator(&mut self, end: char) -> Result<(), String> {
        self.skip_spaces();
        if self.peek() == Some(end) {
            return Ok(());
        }
        if self.is_at_end() {
            return Err(self.expected(&format!("{end:?}")));
        }
        self.expect(',')?;
        self.skip_spaces();
        Ok(())
    }

    /// Parses a text, which may be empty.
    fn text_value(&mut self, is_start: fn(char) -> bool) -> Result<ShorthandValue, String> {
        let text = match self.peek() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            _ => self.bare(is_start, is_first_character).unwrap_or_default(),
        };
        Ok(self.leaf(text))
    }

    fn leaf(&self, text: String) -> ShorthandValue {
        ShorthandValue::Text {
            text,
            is_path: self.is_path,
        }
    }

    /// Parses a text without quotes; `None` if there is none.
    fn bare(
        &mut self,
        is_start: fn(char) -> bool,
        is_character: fn(char) -> bool,
    ) -> Option<String> {
        let rest = self.rest();
        let mut end = 0;
        while let Some(tail) = rest.get(end..)
            && let Some(character) = tail.chars().next()
        {
            let accepts = if end == 0 { is_start } else { is_character };
            if is_escaped_comma(tail) {
                end += 2;
            } else if accepts(character) {
                end += character.len_utf8();
            } else {
                break;
            }
        }
        self.position += end;
        let text = rest.get(..end).filter(|text| !text.is_empty())?;
        Some(text.replace("\\,", ",").trim_end().to_owned())
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let body = self.rest().get(quote.len_utf8()..).unwrap_or_default();
        let mut quotes = body.match_indices(quote).map(|(position, _)| position);
        let is_escaped = |position: usize| {
            body.get(..position)
                .is_some_and(|text| text.ends_with('\\'))
        };
        let end = quotes.clone().find(|position| !is_escaped(*position));
        // If all quotes are escaped, the last one ends the text.
        let Some(end) = end.or_else(|| quotes.next_back()) else {
            self.position = self.text.len();
            return Err(self.expected("the closing quote"));
        };
        self.position += end + 2 * quote.len_utf8();
        let text = body.get(..end).unwrap_or_default();
        let text = text.replace(&format!("\\{quote}"), &quote.to_string());
        Ok(text.replace("\\\\", "\\"))
    }
}

/// Adds a pair, unless its key is there.
fn add(
    pairs: &mut Vec<(String, ShorthandValue)>,
    key: &str,
    value: ShorthandValue,
) -> Result<(), String> {
    if pairs.iter().any(|(other, _)| other == key) {
        return Err(format!(
            "the key {key} is given twice; separate the elements of a list by spaces, not by commas"
        ));
    }
    pairs.push((key.to_owned(), value));
    Ok(())
}

fn is_escaped_comma(text: &str) -> bool {
    text.starts_with("\\,")
}

/// Reports whether a text can start with a character.
fn is_start_character(character: char) -> bool {
    character > ' ' && !matches!(character, '"' | '\'' | ',' | '=' | '[' | '{')
}

/// Reports whether a text inside of brackets or braces can start with a character.
fn is_nested_start_character(character: char) -> bool {
    is_start_character(character) && !matches!(character, ']' | '}')
}

/// Reports whether a character is part of the text behind a key.
fn is_first_character(character: char) -> bool {
    is_text_character(character) && !matches!(character, ']' | '}')
}

/// Reports whether a character is part of a further text, which ends before the `=` of the next key.
fn is_next_character(character: char) -> bool {
    is_text_character(character) && character != '='
}

fn is_text_character(character: char) -> bool {
    (character.is_whitespace() || character > ' ') && !matches!(character, '"' | '\'' | ',')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    /// Represents a value as the table of cases does: texts of `@=` keys that name a file start with `@`.
    fn to_json(value: &ShorthandValue) -> Json {
        match value {
            ShorthandValue::Text { text, is_path } => {
                let names_file = text.starts_with("file://") || text.starts_with("fileb://");
                json!(if *is_path && names_file {
                    format!("@{text}")
                } else {
                    text.clone()
                })
            }
            ShorthandValue::List(list) => list.iter().map(to_json).collect(),
            ShorthandValue::Map(pairs) => pairs
                .iter()
                .map(|(key, value)| (key.clone(), to_json(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    /// Inputs that the AWS CLI rejects, misreads or truncates, with what is accepted here; null if they are errors.
    const DIFFERENCES: &[(&str, &str)] = &[
        ("A=😀", r#"{"A": "😀"}"#),
        ("A=a😀b", r#"{"A": "a😀b"}"#),
        ("A=a,😀", r#"{"A": ["a", "😀"]}"#),
        ("A=[😀]", r#"{"A": ["😀"]}"#),
        ("A={B=}", r#"{"A": {"B": ""}}"#),
        ("A={B=c,B=d}", "null"),
        ("A=[{B=c,B=d}]", "null"),
        ("A=b,,C=d", "null"),
        (r"A=b,C\,D=e", "null"),
    ];

    #[test]
    fn reads_shorthand_as_the_aws_cli_does() {
        // Input and result of awscli 1.46.3's `ShorthandParser`; null for an error.
        let cases: Vec<(String, Json)> =
            serde_json::from_str(include_str!("shorthand-cases.json")).unwrap();
        assert!(cases.len() > 200);
        let mut failures = Vec::new();
        for (input, expected) in &cases {
            let expected = DIFFERENCES
                .iter()
                .find(|(other, _)| other == input)
                .map_or_else(
                    || expected.clone(),
                    |(_, own)| serde_json::from_str(own).unwrap(),
                );
            let parsed = parse(input);
            let actual = parsed.as_ref().map_or(Json::Null, to_json);
            if actual != expected {
                failures.push(format!(
                    "{input:?}: {actual} ({parsed:?}), expected {expected}"
                ));
            }
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    #[test]
    fn errors_contain_the_position() {
        for (input, message) in [
            ("Key", "expected '=' at the end"),
            ("A=[a", "expected ']' at the end"),
            ("A={B=c", "expected '}' at the end"),
            ("A=é\"", "expected ',' at character 4, found '\"'"),
            ("A='x", "expected the closing quote at the end"),
            ("A=b,", "expected a value at the end"),
            (
                "Key=a,Value=b,Key=c,Value=d",
                "the key Key is given twice; separate the elements of a list by spaces, not by commas",
            ),
        ] {
            assert_eq!(parse(input).unwrap_err(), message, "{input}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let maps = "A={".repeat(100_000);
        let lists = "[".repeat(100_000);
        for result in [
            parse(&maps),
            parse(&format!("A={lists}")),
            parse_list(&lists),
        ] {
            assert_eq!(result.unwrap_err(), "nesting too deep");
        }
    }

    #[test]
    fn lists_of_lists_take_bare_values() {
        let parsed = parse_list("a, 'b,c',[d]").unwrap();
        assert_eq!(to_json(&parsed), json!(["a", "b,c", ["d"]]));
        assert_eq!(
            to_json(&parse_list("A=b,C=d").unwrap()),
            json!({"A": "b", "C": "d"})
        );
        assert!(parse_list("a,").is_ok_and(|value| to_json(&value) == json!(["a"])));
    }
}
