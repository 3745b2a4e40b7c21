//! Character and entity references such as `&amp;`.

use memchr::memchr;

/// The maximum length of a reference: `&#x10ffff;` with some leading zeros.
const MAX_REFERENCE: usize = 32;

/// Appends the character of the reference at the start of `rest` and returns the reference's length.
pub(super) fn push_reference(
    text: &mut String,
    rest: &str,
) -> std::result::Result<usize, &'static str> {
    let bytes = rest.as_bytes();
    let window = bytes.get(..MAX_REFERENCE).unwrap_or(bytes);
    let end = memchr(b';', window).ok_or("`&` without a reference")?;
    let name = rest.get(1..end).unwrap_or_default();
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => numeric_reference(name).ok_or("invalid character reference")?,
    };
    text.push(character);
    Ok(end + 1)
}

fn numeric_reference(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let (digits, radix) = match digits.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    if digits.starts_with('+') {
        return None;
    }
    u32::from_str_radix(digits, radix)
        .ok()
        .filter(|&code| code != 0)
        .and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_references() {
        for (text, expected) in [
            ("&lt;b", Some(("<", 4))),
            ("&quot;", Some(("\"", 6))),
            ("&#9;", Some(("\t", 4))),
            ("&#x0000e9;", Some(("\u{e9}", 10))),
            ("&#X41;", None),
            ("&#+65;", None),
            ("&#x+41;", None),
            ("&#;", None),
            ("&#0;", None),
            ("&#x110000;", None),
            ("&;", None),
            ("&amp", None),
            ("&AMP;", None),
            ("&nbsp;", None),
            ("&#x00000000000000000000000000000041;", None),
        ] {
            let mut out = String::new();
            let length = push_reference(&mut out, text).ok();
            assert_eq!(
                length.map(|length| (out.as_str(), length)),
                expected,
                "{text}"
            );
        }
    }
}
