//! Canonical XML for comparing documents: sorted attributes, no white space around text, no empty elements.
//!
//! Minimal and independent of the parser under test.

/// Returns the canonical form; `None` if the text is not a document.
pub fn canonical(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut open: Vec<String> = Vec::new();
    while !rest.is_empty() {
        let Some(tag) = rest.strip_prefix('<') else {
            let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
            out.push_str(&unescape(text.trim()));
            rest = after;
            continue;
        };
        let (tag, after) = tag.split_once('>')?;
        rest = after;
        if tag.starts_with(['?', '!']) {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop()? != name.trim() {
                return None;
            }
            out.push_str(&format!("</{}>", name.trim()));
            continue;
        }
        let (tag, empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        out.push_str(&format!("<{name}"));
        for (key, value) in sorted_attributes(attributes)? {
            out.push_str(&format!(" {key}={value:?}"));
        }
        out.push('>');
        if empty {
            out.push_str(&format!("</{name}>"));
        } else {
            open.push(name.to_owned());
        }
    }
    open.is_empty().then_some(out)
}

fn sorted_attributes(text: &str) -> Option<Vec<(String, String)>> {
    let mut attributes = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after.get(1..)?.split_once(quote)?;
        attributes.push((key.trim().to_owned(), unescape(value)));
        rest = after.trim_start();
    }
    attributes.sort();
    Some(attributes)
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = after.split_once(';').unwrap_or(("", after));
        match entity {
            "lt" => out.push('<'),
            "gt" => out.push('>'),
            "amp" => out.push('&'),
            "quot" => out.push('"'),
            "apos" => out.push('\''),
            _ => {
                let number =
                    entity
                        .strip_prefix('#')
                        .and_then(|digits| match digits.strip_prefix('x') {
                            Some(digits) => u32::from_str_radix(digits, 16).ok(),
                            None => digits.parse().ok(),
                        });
                out.extend(number.and_then(char::from_u32));
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}
