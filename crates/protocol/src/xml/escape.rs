//! Escaping of text and attribute values.

/// Appends text, with references for markup characters and for those that a parser would normalize.
///
/// DIFFERENCE: botocore leaves line ends as they are except in a few S3 operations; a parser would turn each carriage
/// return into a line feed, so here line ends are always references.
///
/// # Source
/// Smithy's [XML bindings](https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html): CR, LF, NEL and LS.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    push_escaped(out, text, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        b'\n' => Some("&#xA;"),
        _ => None,
    });
}

/// Appends an attribute's value, for use between double quotes.
pub(crate) fn push_attribute(out: &mut Vec<u8>, text: &str) {
    push_escaped(out, text, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'\r' => Some("&#xD;"),
        b'\n' => Some("&#xA;"),
        b'\t' => Some("&#x9;"),
        _ => None,
    });
}

#[inline]
fn push_escaped(out: &mut Vec<u8>, text: &str, escape: impl Fn(u8) -> Option<&'static str>) {
    // The UTF-8 forms of U+0085 and U+2028.
    const NEL: &[u8] = "\u{85}".as_bytes();
    const LS: &[u8] = "\u{2028}".as_bytes();
    let mut rest = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = rest.get(at) {
        let (reference, length) = match byte {
            0xc2 if rest.get(at..).is_some_and(|r| r.starts_with(NEL)) => ("&#x85;", NEL.len()),
            0xe2 if rest.get(at..).is_some_and(|r| r.starts_with(LS)) => ("&#x2028;", LS.len()),
            _ => match escape(byte) {
                Some(reference) => (reference, 1),
                None => {
                    at += 1;
                    continue;
                }
            },
        };
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        out.extend_from_slice(reference.as_bytes());
        rest = rest.get(at + length..).unwrap_or_default();
        at = 0;
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_markup_and_line_ends() {
        let write = |push: fn(&mut Vec<u8>, &str), text: &str| {
            let mut out = Vec::new();
            push(&mut out, text);
            String::from_utf8(out).unwrap()
        };
        for (text, in_text, in_attribute) in [
            ("", "", ""),
            ("plain é", "plain é", "plain é"),
            ("<a & b>", "&lt;a &amp; b&gt;", "&lt;a &amp; b&gt;"),
            ("\"'", "\"'", "&quot;'"),
            ("a\r\nb\t", "a&#xD;&#xA;b\t", "a&#xD;&#xA;b&#x9;"),
            ("\u{85}Â\u{2028}‹", "&#x85;Â&#x2028;‹", "&#x85;Â&#x2028;‹"),
        ] {
            assert_eq!(write(push_text, text), in_text);
            assert_eq!(write(push_attribute, text), in_attribute);
        }
    }
}
