//! Percent-encoding with the unreserved characters of AWS.

use percent_encoding::percent_encode_byte;

/// RFC 3986's unreserved characters as a lookup table, which is faster than comparisons.
const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::indexing_slicing,
            reason = "the loop ends at 256, the length of the table"
        )]
        {
            let ascii = byte as u8;
            table[byte] =
                ascii.is_ascii_alphanumeric() || matches!(ascii, b'-' | b'.' | b'_' | b'~');
        }
        byte += 1;
    }
    table
};

/// Returns `true` for RFC 3986's unreserved characters: letters, digits and `-._~`.
#[must_use]
#[inline]
#[expect(
    clippy::indexing_slicing,
    reason = "the table has an entry for every byte"
)]
pub const fn is_unreserved(byte: u8) -> bool {
    UNRESERVED[byte as usize]
}

/// Appends text percent-encoded in upper-case hexadecimal, except RFC 3986's unreserved characters: AWS's `UriEncode`.
///
/// ```
/// let mut query = String::from("key=");
/// inia_core::push_percent_encoded(&mut query, "a/b c~é");
/// assert_eq!(query, "key=a%2Fb%20c~%C3%A9");
/// ```
///
/// # Source
/// botocore `utils.py:percent_encode`.
#[inline]
pub fn push_percent_encoded(out: &mut String, text: &str) {
    push_percent_encoded_except(out, text, |_| false);
}

/// Appends text percent-encoded, except unreserved characters and the ASCII characters that `keep` accepts.
///
/// ```
/// let mut path = String::new();
/// inia_core::push_percent_encoded_except(&mut path, "/a b", |byte| byte == b'/');
/// assert_eq!(path, "/a%20b");
/// ```
#[inline]
pub fn push_percent_encoded_except(out: &mut String, text: &str, keep: impl Fn(u8) -> bool) {
    // Characters that are kept are ASCII, so that runs of them start and end at character boundaries.
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        if !(is_unreserved(byte) || byte.is_ascii() && keep(byte)) {
            out.push_str(text.get(start..at).unwrap_or_default());
            out.push_str(percent_encode_byte(byte));
            start = at + 1;
        }
    }
    out.push_str(text.get(start..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_all_but_unreserved_characters() {
        let mut out = String::new();
        push_percent_encoded(&mut out, "aZ09-._~ /+%:ሴ");
        assert_eq!(out, "aZ09-._~%20%2F%2B%25%3A%E1%88%B4");
    }

    #[test]
    fn never_keeps_part_of_a_character() {
        let mut out = String::new();
        push_percent_encoded_except(&mut out, "é", |_| true);
        assert_eq!(out, "%C3%A9");
    }
}
