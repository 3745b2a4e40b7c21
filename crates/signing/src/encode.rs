//! Percent-encoding by AWS's rule: every byte except RFC 3986's unreserved characters, in upper-case hexadecimal.

use std::borrow::Cow;

/// Returns `true` for RFC 3986's unreserved characters, which AWS does not encode.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Appends `text` percent-encoded, except unreserved characters: AWS's `UriEncode`.
///
/// # Source
/// botocore `utils.py:percent_encode`
pub(crate) fn push_encoded(out: &mut String, text: &str) {
    push_encoded_except(out, text, is_unreserved);
}

/// Appends a path percent-encoded, except unreserved characters and slashes. A path that is already encoded
/// is encoded a second time: its `%` becomes `%25`.
///
/// # Source
/// botocore `auth.py:SigV4Auth._normalize_url_path`
pub(crate) fn push_encoded_path(out: &mut String, path: &str) {
    push_encoded_except(out, path, |byte| is_unreserved(byte) || byte == b'/');
}

fn push_encoded_except(out: &mut String, text: &str, kept: impl Fn(u8) -> bool) {
    if text.bytes().all(&kept) {
        out.push_str(text);
        return;
    }
    for byte in text.bytes() {
        if kept(byte) {
            out.push(char::from(byte))
        } else {
            push_escape(out, byte)
        }
    }
}

/// Percent-encodes the raw characters left in text that is already encoded. Delimiters accepted by `kept` stay, and
/// so does a `%` that precedes two hexadecimal digits.
///
/// Text that is fully encoded, as every serializer of inia writes it, is returned borrowed.
///
/// DIFFERENCE: botocore signs S3 paths and query strings exactly as they are on the wire. AWS computes the signature
/// over the encoded form, so a raw character would always fail with a signature mismatch.
pub(crate) fn complete_encoding(text: &str, kept: impl Fn(u8) -> bool) -> Cow<'_, str> {
    if text.bytes().all(|byte| is_unreserved(byte) || kept(byte)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if is_unreserved(byte) || kept(byte) {
            out.push(char::from(byte));
            continue;
        }
        let mut ahead = rest.clone();
        match (byte, ahead.next(), ahead.next()) {
            (b'%', Some(high), Some(low))
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                out.push('%');
                out.push(char::from(high));
                out.push(char::from(low));
                rest = ahead;
            }
            _ => push_escape(&mut out, byte),
        }
    }
    Cow::Owned(out)
}

/// Decodes percent-escapes. A `%` without two digits stays as it is; invalid UTF-8 becomes U+FFFD.
///
/// # Source
/// Python `urllib.parse.unquote`, as botocore `auth.py:HmacV1Auth.unquote_v` uses it
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let escaped = if byte == b'%' {
            ahead
                .next()
                .and_then(hex_value)
                .zip(ahead.next().and_then(hex_value))
        } else {
            None
        };
        match escaped {
            Some((high, low)) => {
                out.push(high << 4 | low);
                rest = ahead;
            }
            None => out.push(byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

fn hex_value(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn push_escape(out: &mut String, byte: u8) {
    let upper = |nibble| char::from(crate::digest::hex_digit(nibble).to_ascii_uppercase());
    out.push('%');
    out.push(upper(byte >> 4));
    out.push(upper(byte & 0xf));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_all_but_unreserved_characters() {
        let mut out = String::new();
        push_encoded(&mut out, "aZ09-._~ /+%:ሴ");
        assert_eq!(out, "aZ09-._~%20%2F%2B%25%3A%E1%88%B4");
    }

    #[test]
    fn encodes_a_path_twice() {
        let mut out = String::new();
        push_encoded_path(&mut out, "/a%2Fb/@c ~");
        assert_eq!(out, "/a%252Fb/%40c%20~");
    }

    #[test]
    fn completes_partial_encoding() {
        let slash = |byte| byte == b'/';
        assert!(matches!(
            complete_encoding("/a/b-~", slash),
            Cow::Borrowed("/a/b-~")
        ));
        assert_eq!(
            complete_encoding("/a%20b c%zz%2", slash),
            "/a%20b%20c%25zz%252"
        );
        assert_eq!(complete_encoding("ሴ%", slash), "%E1%88%B4%25");
    }

    #[test]
    fn decodes_as_python() {
        assert_eq!(decode("plain"), "plain");
        assert_eq!(decode("a%20b%2Fc%zz%e1%88%b4%"), "a b/c%zzሴ%");
        assert_eq!(decode("%ff"), "\u{fffd}");
    }
}
