//! Escapes characters that control a terminal or reorder its text.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Replaces the control characters of a text other than line breaks and tabs by `\u001b` and the like. In JSON and YAML this is
/// the escape of the same character, as these formats have such characters in quoted strings only.
pub(crate) fn escape_controls(text: &str) -> Cow<'_, str> {
    let is_escaped = |c: char| is_control(c) && !matches!(c, '\n' | '\t');
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_escaped(character) {
            push_escape(&mut escaped, character);
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Writes the `\u` escape of a character of the basic plane.
pub(super) fn push_escape(text: &mut String, character: char) {
    let _ = write!(text, "\\u{:04x}", u32::from(character));
}

/// Reports whether a character is a C0 or C1 control, or a bidirectional formatting character.
pub(crate) fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_controls_a_terminal() {
        for (text, expected) in [
            (
                "\x1b[31mred\x1b]0;title\x07",
                "\\u001b[31mred\\u001b]0;title\\u0007",
            ),
            ("a\u{9b}31m\u{85}\x7f", "a\\u009b31m\\u0085\\u007f"),
            (
                "user\u{202e}txt.exe\u{2069}\u{200f}\u{61c}",
                "user\\u202etxt.exe\\u2069\\u200f\\u061c",
            ),
            ("back\x08\rspace", "back\\u0008\\u000dspace"),
        ] {
            assert_eq!(escape_controls(text), expected);
        }
        let harmless = "tab\tline\n grüße 日本 👩‍👩‍👧";
        assert!(matches!(escape_controls(harmless), Cow::Borrowed(_)));
    }
}
