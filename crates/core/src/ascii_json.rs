//! JSON texts in ASCII alone, as Python's `json.dumps` writes them: what botocore hashes, signs or hands out as a token is such a text.

use std::fmt::Write as _;

/// Appends a string of JSON in ASCII: everything beyond it is escaped, astral characters as two halves.
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
