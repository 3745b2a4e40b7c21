//! ASCII-only JSON strings as Python's `json.dumps` writes them. botocore hashes, signs and returns such JSON as tokens.

use std::fmt::Write as _;

/// Appends `text` as a quoted JSON string. Characters outside ASCII are escaped, those beyond U+FFFF as a surrogate pair.
///
/// # Source
/// CPython `json/encoder.py:py_encode_basestring_ascii`.
///
/// # Examples
/// ```
/// let mut out = String::new();
/// inia_core::push_ascii_json(&mut out, "a\"é\u{1f600}\n");
/// assert_eq!(out, r#""a\"\u00e9\ud83d\ude00\n""#);
/// ```
pub fn push_ascii_json(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}
