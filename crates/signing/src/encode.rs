//! Percent-encoding of text that is already partly encoded.

use std::borrow::Cow;

use inia_core::is_unreserved;
use percent_encoding::percent_encode_byte;

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
    for (at, byte) in text.bytes().enumerate() {
        let starts_escape = || {
            let digits = text.as_bytes().get(at + 1..at + 3);
            byte == b'%' && digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        };
        if is_unreserved(byte) || kept(byte) || starts_escape() {
            out.push(char::from(byte));
        } else {
            out.push_str(percent_encode_byte(byte));
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
