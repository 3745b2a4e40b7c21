//! YAML: `--output yaml`, and `--cli-input-yaml`.
//!
//! # Source
//! The AWS CLI, `formatter.py:YAMLDumper`, which uses libyaml and the types of ruamel.yaml.

use inia::{List, Map, Value};
use libyaml_safer::{
    Emitter, Encoding, Event, EventData, MappingStyle, Parser, ScalarStyle, SequenceStyle,
};

/// Formats a value as a YAML document; a scalar is JSON, since YAML would end it with a line of dots.
pub(crate) fn render(value: &Value, is_sorted: bool) -> String {
    match value {
        Value::Map(_) | Value::List(_) => {}
        scalar => return scalar.to_json_string() + "\n",
    }
    let mut events = vec![
        Event::stream_start(Encoding::Utf8),
        Event::document_start(None, &[], true),
    ];
    push(value, is_sorted, &mut events);
    events.push(Event::document_end(true));
    events.push(Event::stream_end());
    let mut text = Vec::new();
    let mut emitter = Emitter::new();
    emitter.set_output(&mut text);
    emitter.set_unicode(true);
    for event in events {
        // The events are complete, and memory accepts everything.
        if emitter.emit(event).is_err() {
            break;
        }
    }
    drop(emitter);
    String::from_utf8(text).unwrap_or_default()
}

fn push(value: &Value, is_sorted: bool, events: &mut Vec<Event>) {
    match value {
        Value::Map(map) => {
            let style = match map.is_empty() {
                true => MappingStyle::Flow,
                false => MappingStyle::Block,
            };
            events.push(Event::mapping_start(None, None, true, style));
            let mut entries: Vec<_> = map.iter().collect();
            if is_sorted {
                entries.sort_unstable_by_key(|(name, _)| name.as_str());
            }
            for (name, value) in entries {
                push_string(name, events);
                push(value, is_sorted, events);
            }
            events.push(Event::mapping_end());
        }
        Value::List(list) => {
            let style = match list.is_empty() {
                true => SequenceStyle::Flow,
                false => SequenceStyle::Block,
            };
            events.push(Event::sequence_start(None, None, true, style));
            list.iter()
                .for_each(|element| push(element, is_sorted, events));
            events.push(Event::sequence_end());
        }
        Value::String(text) => push_string(text, events),
        Value::Float(number) if number.is_nan() => push_plain(".nan", events),
        Value::Float(number) if number.is_infinite() => {
            push_plain(if *number > 0.0 { ".inf" } else { "-.inf" }, events);
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            push_plain(&value.to_json_string(), events);
        }
        // Timestamps and blobs are strings, as in JSON.
        other => {
            let json = other.to_json_string();
            push_string(json.trim_matches('"'), events);
        }
    }
}

fn push_string(text: &str, events: &mut Vec<Event>) {
    // A string that YAML reads as another type is quoted.
    let is_plain = plain_type(text) == PlainType::String;
    events.push(Event::scalar(
        None,
        None,
        text,
        is_plain,
        true,
        ScalarStyle::Any,
    ));
}

fn push_plain(text: &str, events: &mut Vec<Event>) {
    events.push(Event::scalar(
        None,
        None,
        text,
        true,
        false,
        ScalarStyle::Plain,
    ));
}

/// The type that YAML 1.2 takes a plain text for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlainType {
    String,
    Null,
    Bool(bool),
    Integer,
    Float,
    /// Timestamps and special keys.
    Other,
}

/// Returns the type of a plain text.
///
/// # Source
/// ruamel.yaml, `resolver.py:implicit_resolvers` for YAML 1.2.
fn plain_type(text: &str) -> PlainType {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return PlainType::Null,
        "true" | "True" | "TRUE" => return PlainType::Bool(true),
        "false" | "False" | "FALSE" => return PlainType::Bool(false),
        "=" | "<<" | "!" | "&" | "*" => return PlainType::Other,
        ".nan" | ".NaN" | ".NAN" => return PlainType::Float,
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return PlainType::Float;
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '_') {
        return PlainType::String;
    }
    if is_integer(unsigned) {
        PlainType::Integer
    } else if is_float(unsigned) {
        PlainType::Float
    } else if is_timestamp(text) {
        PlainType::Other
    } else {
        PlainType::String
    }
}

fn is_integer(text: &str) -> bool {
    let is_all = |digits: &str, of: fn(u8) -> bool| {
        !digits.is_empty() && digits.bytes().all(|byte| byte == b'_' || of(byte))
    };
    if let Some(digits) = text.strip_prefix("0b") {
        return is_all(digits, |byte| matches!(byte, b'0' | b'1'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return is_all(digits, |byte| byte.is_ascii_hexdigit());
    }
    let digits = text.strip_prefix("0o").unwrap_or(text);
    let is_octal = digits.len() < text.len();
    is_all(digits, |byte| byte.is_ascii_digit())
        && (!is_octal || digits.bytes().all(|byte| !matches!(byte, b'8' | b'9')))
}

fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let is_digits = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let has_sign = |text: &str| text.starts_with(['-', '+']);
    let is_exponent = |text: &str| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let exponent_fits = |must_have_sign: bool| match exponent {
        None => true,
        Some(exponent) => is_exponent(exponent) && (!must_have_sign || has_sign(exponent)),
    };
    match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && is_digits(fraction) && exponent_fits(true),
        Some((whole, fraction)) => {
            whole.starts_with(|c: char| c.is_ascii_digit())
                && is_digits(whole)
                && is_digits(fraction)
                && exponent_fits(false)
        }
        None => {
            exponent.is_some()
                && mantissa.starts_with(|c: char| c.is_ascii_digit())
                && is_digits(mantissa)
                && exponent_fits(false)
        }
    }
}

/// Reports whether a text is a date, or a date and a time.
fn is_timestamp(text: &str) -> bool {
    let mut rest = TextRest(text);
    if !(rest.digits(4, 4) && rest.take("-")) {
        return false;
    }
    let start = rest.0;
    if rest.digits(2, 2) && rest.take("-") && rest.digits(2, 2) && rest.0.is_empty() {
        return true;
    }
    rest = TextRest(start);
    if !(rest.digits(1, 2) && rest.take("-") && rest.digits(1, 2)) {
        return false;
    }
    let time = rest.0.trim_start_matches([' ', '\t']);
    if time.len() == rest.0.len() && !(rest.take("T") || rest.take("t")) {
        return false;
    }
    if time.len() < rest.0.len() {
        rest = TextRest(time);
    }
    if !(rest.digits(1, 2)
        && rest.take(":")
        && rest.digits(2, 2)
        && rest.take(":")
        && rest.digits(2, 2))
    {
        return false;
    }
    if rest.take(".") {
        rest = TextRest(rest.0.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    rest = TextRest(rest.0.trim_start_matches([' ', '\t']));
    if rest.0.is_empty() || rest.0 == "Z" {
        return true;
    }
    let zone = rest.take("+") || rest.take("-");
    zone && rest.digits(1, 2)
        && (rest.0.is_empty() || (rest.take(":") && rest.digits(2, 2) && rest.0.is_empty()))
}

/// The part of a text that is not matched yet.
#[derive(Clone, Copy)]
struct TextRest<'t>(&'t str);

impl TextRest<'_> {
    fn take(&mut self, text: &str) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn digits(&mut self, min: usize, max: usize) -> bool {
        let count = self
            .0
            .bytes()
            .take(max)
            .take_while(u8::is_ascii_digit)
            .count();
        let is_enough = count >= min;
        if is_enough {
            self.0 = self.0.get(count..).unwrap_or_default();
        }
        is_enough
    }
}

/// Nesting limit of YAML input.
const MAX_DEPTH: u32 = 100;

/// Parses a YAML document. Aliases are not supported, which could make a small text large.
///
/// # Errors
/// A message with the position.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let mut reader = YamlReader { parser };
    loop {
        let (event, _) = reader.next()?;
        match event {
            EventData::StreamStart { .. } | EventData::DocumentStart { .. } => {}
            EventData::StreamEnd => return Ok(Value::Null),
            event => return reader.value(event, MAX_DEPTH),
        }
    }
}

struct YamlReader<'r, 'b> {
    parser: Parser<&'r mut &'b [u8]>,
}

impl YamlReader<'_, '_> {
    fn next(&mut self) -> Result<(EventData, u64), String> {
        let event = self.parser.parse().map_err(|error| error.to_string())?;
        Ok((event.data, event.start_mark.line + 1))
    }

    fn value(&mut self, event: EventData, depth: u32) -> Result<Value, String> {
        let depth = depth.checked_sub(1).ok_or("nesting too deep")?;
        match event {
            EventData::Scalar {
                value,
                style,
                tag,
                plain_implicit,
                ..
            } => scalar_value(&value, style, tag.as_deref(), plain_implicit),
            EventData::SequenceStart { .. } => {
                let mut list = List::new();
                loop {
                    match self.next()?.0 {
                        EventData::SequenceEnd => return Ok(Value::List(list)),
                        event => list.push(self.value(event, depth)?),
                    }
                }
            }
            EventData::MappingStart { .. } => {
                let mut map = Map::new();
                loop {
                    let (event, line) = self.next()?;
                    let key = match event {
                        EventData::MappingEnd => return Ok(Value::Map(map)),
                        EventData::Scalar { value, .. } => value,
                        _ => return Err(format!("line {line}: a key must be a text")),
                    };
                    let event = self.next()?.0;
                    let value = self.value(event, depth)?;
                    if map.insert(key.as_str(), value).is_some() {
                        return Err(format!("line {line}: the key {key} is given twice"));
                    }
                }
            }
            EventData::Alias { anchor } => Err(format!("the alias *{anchor} is not supported")),
            _ => Err("unexpected end of the document".to_owned()),
        }
    }
}

fn scalar_value(
    text: &str,
    style: ScalarStyle,
    tag: Option<&str>,
    is_implicit: bool,
) -> Result<Value, String> {
    if tag == Some("tag:yaml.org,2002:binary") {
        use base64::Engine as _;
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        return base64::prelude::BASE64_STANDARD
            .decode(compact)
            .map(|bytes| Value::Blob(inia::Blob::from(bytes)))
            .map_err(|error| format!("!!binary: invalid base64: {error}"));
    }
    if style != ScalarStyle::Plain || !is_implicit {
        return Ok(Value::from(text));
    }
    let digits = text.replace('_', "");
    let number = || match digits.parse::<f64>() {
        Ok(number) => Value::Float(number),
        Err(_) => Value::from(text),
    };
    Ok(match plain_type(text) {
        PlainType::Null => Value::Null,
        PlainType::Bool(value) => Value::Bool(value),
        PlainType::Integer => integer(&digits).map_or_else(|| Value::from(text), Value::Int),
        PlainType::Float if text.ends_with(['f', 'F']) => {
            Value::Float(match text.starts_with('-') {
                true => f64::NEG_INFINITY,
                false => f64::INFINITY,
            })
        }
        PlainType::Float if text.starts_with(".n") || text.starts_with(".N") => {
            Value::Float(f64::NAN)
        }
        PlainType::Float => number(),
        PlainType::String | PlainType::Other => Value::from(text),
    })
}

fn integer(digits: &str) -> Option<i64> {
    let (sign, unsigned) = match digits.strip_prefix('-') {
        Some(unsigned) => (-1, unsigned),
        None => (1, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let (radix, digits) = match unsigned.get(..2) {
        Some("0b") => (2, unsigned.get(2..)?),
        Some("0x") => (16, unsigned.get(2..)?),
        Some("0o") => (8, unsigned.get(2..)?),
        _ => (10, unsigned),
    };
    i64::from_str_radix(digits, radix).ok()?.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use inia::json;

    use super::*;

    #[test]
    fn writes_blocks_with_sorted_keys_and_quotes_other_types() {
        let value = json!({"D": {}, "A": [{"C": ["1", 2], "B": "x"}, "no"], "E": {"F": null}, "G": "a: b", "H": [[1], []]});
        assert_eq!(
            render(&value, true),
            "A:\n- B: x\n  C:\n  - '1'\n  - 2\n- no\nD: {}\nE:\n  F: null\nG: 'a: b'\nH:\n- - 1\n- []\n"
        );
        assert_eq!(render(&json!("x"), true), "\"x\"\n");
    }

    #[test]
    fn reads_what_it_writes() {
        let value = json!({"A": [1, -2, 1.5, true, null, "true", "1", "a\nb", "", {"B": []}], "C": {"é": "x: y"}});
        assert_eq!(parse(&render(&value, true)).unwrap(), value);
        assert_eq!(parse("a: !!binary YQ==\nb: 0x1F").unwrap()["b"], 31);
        for invalid in ["a: [", "a: 1\na: 2", "a: &x 1\nb: *x", "? [a]\n: 1"] {
            assert!(parse(invalid).is_err(), "{invalid}");
        }
        assert!(parse(&"[".repeat(1000)).is_err());
    }
}
