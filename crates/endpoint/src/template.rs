//! Template strings: `https://{Region}.example.{PartitionResult#dnsSuffix}`.

use std::borrow::Cow;

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Literal(Cow<'a, str>),
    /// A variable and the attributes that follow it, separated by `#`.
    Reference(&'a str),
}

/// Splits a text into its pieces; `None` where it is no template and stands for itself.
///
/// A text is a template where it holds a reference made of letters and `#` only. In a template `{{` and `}}` are braces.
///
/// # Errors
/// What is wrong with the braces.
///
/// # Source
/// botocore `endpoint_provider.py:RuleSetStandardLibrary.is_template`, `resolve_template_string`
pub(crate) fn pieces(text: &str) -> Result<Option<Vec<Piece<'_>>>, &'static str> {
    if !is_template(text) {
        return Ok(None);
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (literal, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
        push_literal(&mut pieces, literal);
        if let Some(left) = tail.strip_prefix("{{") {
            push_literal(&mut pieces, "{");
            rest = left;
        } else if let Some(left) = tail.strip_prefix("}}") {
            push_literal(&mut pieces, "}");
            rest = left;
        } else if let Some(left) = tail.strip_prefix('{') {
            let (reference, left) = left.split_once('}').ok_or("a `{` has no `}`")?;
            if reference.contains(['{', '!', ':', '[']) {
                return Err("a reference holds one of `{!:[`");
            }
            pieces.push(Piece::Reference(reference));
            rest = left;
        } else {
            return Err("a `}` has no `{`");
        }
    }
    push_literal(&mut pieces, rest);
    Ok(Some(pieces))
}

fn is_template(text: &str) -> bool {
    text.split('{').skip(1).any(|after| {
        let name = after.split('}').next().unwrap_or_default();
        name.len() < after.len()
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'#')
    })
}

fn push_literal<'a>(pieces: &mut Vec<Piece<'a>>, literal: &'a str) {
    if literal.is_empty() {
        return;
    }
    if let Some(Piece::Literal(last)) = pieces.last_mut() {
        last.to_mut().push_str(literal);
    } else {
        pieces.push(Piece::Literal(Cow::Borrowed(literal)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Piece<'_> {
        Piece::Literal(Cow::Borrowed(text))
    }

    #[test]
    fn splits_templates() {
        assert_eq!(
            pieces("https://{Region}.x.{Part#dnsSuffix}")
                .unwrap()
                .unwrap(),
            [
                literal("https://"),
                Piece::Reference("Region"),
                literal(".x."),
                Piece::Reference("Part#dnsSuffix")
            ]
        );
        assert_eq!(
            pieces("{a}{{b}}{c1}").unwrap().unwrap(),
            [
                Piece::Reference("a"),
                literal("{b}"),
                Piece::Reference("c1")
            ]
        );
    }

    #[test]
    fn texts_without_references_stand_for_themselves() {
        for text in ["", "plain", "{{", "}", "{a1}", "{}", "{a", "a}"] {
            assert_eq!(pieces(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn unbalanced_braces_are_errors() {
        for text in ["{a}{", "{a}}", "{a}{b:c}", "{a}{b!r}", "{a}{b[0]}"] {
            assert!(pieces(text).is_err(), "{text}");
        }
    }
}
