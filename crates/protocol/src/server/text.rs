//! Texts of URLs and forms: percent-decoding, and conversion to values.

use inia_core::{Str, Value};

use crate::scalar::scalar_from_text;
use crate::shape::ValueType;

/// Decodes `%XX`. An invalid escape stays as it is.
pub(super) fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        bytes = rest;
        let escaped = match (first, rest) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                out.push(high << 4 | low);
                bytes = rest.get(2..).unwrap_or_default();
            }
            None => out.push(*first),
        }
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// Returns the names and values of a query string or form. `+` is a space.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| percent_decode(&text.replace('+', " "));
        (decode(name), decode(value))
    })
}

/// Returns a text as a value of a type. Text that does not match it stays text.
pub(super) fn scalar(target: ValueType, text: &str) -> Value {
    match target {
        ValueType::String => Value::from(text),
        target => scalar_from_text(target, text).unwrap_or_else(|| Value::from(Str::from(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_escapes_and_keeps_invalid_ones() {
        for (text, expected) in [
            ("a%20b", "a b"),
            ("%C3%A9", "é"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("", ""),
        ] {
            assert_eq!(percent_decode(text), expected);
        }
        let pairs: Vec<_> = pairs("a=1&b&c=x+y%2B&&=z").collect();
        let expected = [("a", "1"), ("b", ""), ("c", "x y+"), ("", "z")];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
