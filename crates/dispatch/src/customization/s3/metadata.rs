//! Metadata of objects: header values that are not ASCII are encoded words (RFC 2047), which S3 returns unchanged.
//!
//! ```text
//! x-amz-meta-author: =?UTF-8?B?Wm/Dqw==?=
//! ```

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia_core::{Error, Problem, Result, Value};

use crate::customization::{OutputStage, ParamsStage};

/// Bytes of text in an encoded word, which has at most 75 characters: `=?UTF-8?B?` and `?=` with 60 characters of base64.
const WORD_BYTES: usize = 45;

/// Encodes metadata that a header cannot carry, and rejects names that are not ASCII.
///
/// DIFFERENCE: botocore rejects values that are not ASCII.
pub(in crate::customization) fn encode(stage: &mut ParamsStage<'_>) -> Result<()> {
    let operation = &stage.operation.name;
    let Some(Value::Map(metadata)) = stage
        .params
        .as_map_mut()
        .and_then(|params| params.get_mut("Metadata"))
    else {
        return Ok(());
    };
    let mut problems = Vec::new();
    for (name, value) in metadata.iter_mut() {
        if !name.is_ascii() {
            problems.push(Problem {
                path: format!("Metadata.{name}"),
                message: "names of metadata must be ASCII, because they are sent as headers".into(),
            });
        }
        if let Some(text) = value.as_str().filter(|text| needs_encoding(text)) {
            *value = Value::from(encode_words(text));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::from_problems(operation, problems))
    }
}

/// Decodes the encoded words of metadata.
pub(in crate::customization) fn decode(stage: &mut OutputStage<'_>) -> Result<()> {
    if let Some(Value::Map(metadata)) = stage
        .output
        .as_map_mut()
        .and_then(|output| output.get_mut("Metadata"))
    {
        for (_, value) in metadata.iter_mut() {
            if let Some(text) = value.as_str().and_then(decode_words) {
                *value = Value::from(text);
            }
        }
    }
    Ok(())
}

/// Returns true for text that is not printable ASCII, or that would be decoded as encoded words.
fn needs_encoding(text: &str) -> bool {
    !text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) || text.contains("=?")
}

fn encode_words(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(WORD_BYTES);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (word, tail) = rest.split_at(end);
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str("=?UTF-8?B?");
        BASE64_STANDARD.encode_string(word, &mut words);
        words.push_str("?=");
        rest = tail;
    }
    words
}

/// Decodes the encoded words of a text; `None` if it has none, or one that cannot be decoded.
fn decode_words(text: &str) -> Option<String> {
    let mut decoded = String::new();
    // Adjacent words are joined before they are decoded, because a character may be split between them.
    let mut pending: Option<(Charset, Vec<u8>)> = None;
    let mut rest = text;
    let mut has_words = false;
    while let Some(start) = rest.find("=?") {
        let (before, word) = rest.split_at(start);
        let (charset, bytes, tail) = parse_word(word)?;
        let joins = before.trim().is_empty()
            && pending
                .as_ref()
                .is_some_and(|(pending, _)| *pending == charset);
        match &mut pending {
            Some((_, pending)) if joins => pending.extend_from_slice(&bytes),
            _ => {
                flush(&mut pending, &mut decoded)?;
                decoded.push_str(before);
                pending = Some((charset, bytes));
            }
        }
        has_words = true;
        rest = tail;
    }
    flush(&mut pending, &mut decoded)?;
    decoded.push_str(rest);
    has_words.then_some(decoded)
}

/// A character set of encoded words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Charset {
    Utf8,
    Latin1,
}

fn flush(pending: &mut Option<(Charset, Vec<u8>)>, decoded: &mut String) -> Option<()> {
    match pending.take() {
        None => {}
        Some((Charset::Utf8, bytes)) => decoded.push_str(std::str::from_utf8(&bytes).ok()?),
        Some((Charset::Latin1, bytes)) => decoded.extend(bytes.into_iter().map(char::from)),
    }
    Some(())
}

/// Parses an encoded word at the start of a text: `=?charset?encoding?text?=`. Returns its bytes, and the text after it.
fn parse_word(text: &str) -> Option<(Charset, Vec<u8>, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (encoded, rest) = rest.split_once("?=")?;
    let charset = match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => Charset::Utf8,
        "iso-8859-1" => Charset::Latin1,
        _ => return None,
    };
    let bytes = match encoding {
        "B" | "b" => BASE64_STANDARD.decode(encoded).ok()?,
        "Q" | "q" => decode_quoted(encoded)?,
        _ => return None,
    };
    Some((charset, bytes, rest))
}

/// Decodes the encoding `Q`: `=xx` is a byte, and `_` a space.
fn decode_quoted(text: &str) -> Option<Vec<u8>> {
    let spaced: Vec<u8> = text
        .bytes()
        .map(|byte| if byte == b'_' { b' ' } else { byte })
        .collect();
    let mut bytes = Vec::with_capacity(spaced.len());
    let mut rest = spaced.as_slice();
    while let [first, tail @ ..] = rest {
        if *first != b'=' {
            bytes.push(*first);
            rest = tail;
            continue;
        }
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let [high, low, after @ ..] = tail else {
            return None;
        };
        bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
        rest = after;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_survive_a_round_trip() {
        let long = "Zoë ✓ ".repeat(40);
        for text in ["Zoë", "✓", "a\nb", "=?UTF-8?B?eA==?=", "\u{1f42c}", &long] {
            assert!(needs_encoding(text), "{text}");
            let encoded = encode_words(text);
            assert!(encoded.is_ascii() && encoded.split(' ').all(|word| word.len() <= 75));
            assert_eq!(decode_words(&encoded).as_deref(), Some(text));
        }
        for text in ["", "plain", "tab\there", "a = b ? c"] {
            assert!(!needs_encoding(text), "{text}");
            assert_eq!(decode_words(text), None);
        }
    }

    #[test]
    fn decodes_what_other_programs_send() {
        for (text, expected) in [
            // The example of the S3 user guide.
            (
                "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KR?=",
                Some("Ã\u{84}MÃ\u{84}ZÃ\u{95}Ã\u{91}"),
            ),
            ("=?utf-8?q?Zo=C3=AB_x?=", Some("Zoë x")),
            ("=?ISO-8859-1?Q?Zo=EB?=", Some("Zoë")),
            ("by =?UTF-8?Q?Zo=C3=AB?= and Al", Some("by Zoë and Al")),
            // A character that is split between two words.
            ("=?UTF-8?B?4pw=?= =?UTF-8?B?kw==?=", Some("✓")),
            ("=?UTF-8?Q?=ZZ?=", None),
            ("=?UTF-8?B?wg==?=", None),
            ("=?KOI8-R?B?eA==?=", None),
            ("=?", None),
            ("a =? b", None),
        ] {
            assert_eq!(decode_words(text).as_deref(), expected, "{text}");
        }
    }
}
