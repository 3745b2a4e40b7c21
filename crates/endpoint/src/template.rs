//! Template strings: `https://{Region}.example.{PartitionResult#dnsSuffix}`.

use std::borrow::Cow;

/// A literal or a reference in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplatePart<'a> {
    Literal(Cow<'a, str>),
    /// A variable and its attributes, separated by `#`.
    Reference(&'a str),
}

/// Splits a template into its parts. Returns `None` if `text` is a plain string.
///
/// A string is a template if it contains a reference made of letters, digits, `_` and `#` only. In a template, `{{` and `}}` are escaped
/// braces.
///
/// DIFFERENCE: in botocore, a reference with a digit or `_` does not make a string a template; variables of decision diagrams have such
/// names.
///
/// # Errors
/// The message for unbalanced braces or an invalid reference.
///
/// # Source
/// botocore `endpoint_provider.py:RuleSetStandardLibrary.is_template`, `resolve_template_string`
pub(crate) fn parse(text: &str) -> Result<Option<Vec<TemplatePart<'_>>>, &'static str> {
    if !is_template(text) {
        return Ok(None);
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (literal, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
        push_literal(&mut parts, literal);
        if let Some(left) = tail.strip_prefix("{{") {
            push_literal(&mut parts, "{");
            rest = left;
        } else if let Some(left) = tail.strip_prefix("}}") {
            push_literal(&mut parts, "}");
            rest = left;
        } else if let Some(left) = tail.strip_prefix('{') {
            let (reference, left) = left.split_once('}').ok_or("`{` without `}`")?;
            if reference.contains(['{', '!', ':', '[']) {
                return Err("reference contains one of `{!:[`");
            }
            parts.push(TemplatePart::Reference(reference));
            rest = left;
        } else {
            return Err("`}` without `{`");
        }
    }
    push_literal(&mut parts, rest);
    Ok(Some(parts))
}

fn is_template(text: &str) -> bool {
    text.split('{').skip(1).any(|after| {
        let name = after.split('}').next().unwrap_or_default();
        name.len() < after.len()
            && !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_#".contains(&b))
    })
}

fn push_literal<'a>(parts: &mut Vec<TemplatePart<'a>>, literal: &'a str) {
    if literal.is_empty() {
        return;
    }
    if let Some(TemplatePart::Literal(last)) = parts.last_mut() {
        last.to_mut().push_str(literal);
    } else {
        parts.push(TemplatePart::Literal(Cow::Borrowed(literal)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> TemplatePart<'_> {
        TemplatePart::Literal(Cow::Borrowed(text))
    }

    #[test]
    fn splits_templates() {
        assert_eq!(
            parse("https://{Region}.x.{Part#dnsSuffix}")
                .unwrap()
                .unwrap(),
            [
                literal("https://"),
                TemplatePart::Reference("Region"),
                literal(".x."),
                TemplatePart::Reference("Part#dnsSuffix")
            ]
        );
        assert_eq!(
            parse("{a}{{b}}{c1}").unwrap().unwrap(),
            [
                TemplatePart::Reference("a"),
                literal("{b}"),
                TemplatePart::Reference("c1")
            ]
        );
    }

    #[test]
    fn variables_of_decision_diagrams_have_digits() {
        let parts = parse("{url_ssa_1#scheme}").unwrap().unwrap();
        assert_eq!(parts, [TemplatePart::Reference("url_ssa_1#scheme")]);
    }

    #[test]
    fn strings_without_references_are_not_templates() {
        for text in ["", "plain", "{{", "}", "{a b}", "{}", "{a", "a}"] {
            assert_eq!(parse(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn rejects_unbalanced_braces() {
        for text in ["{a}{", "{a}}", "{a}{b:c}", "{a}{b!r}", "{a}{b[0]}"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
