//! A minimal XML tree for comparing documents, independent of the parser under test: it supports only the output of AWS
//! serializers.

/// An element or text.
#[derive(Debug, PartialEq)]
pub enum XmlNode {
    Element {
        name: String,
        attributes: Vec<(String, String)>,
        children: Vec<XmlNode>,
    },
    Text(String),
}

/// Returns the root element; `None` if the text is not a document.
pub fn parse(text: &str) -> Option<XmlNode> {
    // XML parsers normalize unescaped carriage returns.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut rest = text.as_str();
    let mut open: Vec<XmlNode> = vec![element(String::new(), Vec::new())];
    while !rest.is_empty() {
        let Some(tag) = rest.strip_prefix('<') else {
            let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
            add(open.last_mut()?, XmlNode::Text(unescape(text)?));
            rest = after;
            continue;
        };
        let (tag, after) = tag.split_at(end_of_tag(tag)?);
        rest = after.get(1..)?;
        if tag.starts_with('?') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            let closed = open.pop()?;
            match &closed {
                XmlNode::Element { name: opened, .. } if opened == name.trim() => {
                    add(open.last_mut()?, closed)
                }
                _ => return None,
            }
            continue;
        }
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, list) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        let element = element(name.to_owned(), attributes(list)?);
        if is_empty {
            add(open.last_mut()?, element);
        } else {
            open.push(element);
        }
    }
    match (open.pop()?, open.is_empty()) {
        (XmlNode::Element { mut children, .. }, true) => {
            children
                .retain(|child| !matches!(child, XmlNode::Text(text) if text.trim().is_empty()));
            let root = children.pop()?;
            children.is_empty().then_some(root)
        }
        _ => None,
    }
}

fn element(name: String, attributes: Vec<(String, String)>) -> XmlNode {
    XmlNode::Element {
        name,
        attributes,
        children: Vec::new(),
    }
}

fn add(to: &mut XmlNode, child: XmlNode) {
    if let XmlNode::Element { children, .. } = to {
        children.push(child);
    }
}

/// Returns the position of the `>` that ends a tag, ignoring quoted ones.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.char_indices()
        .find_map(|(position, character)| match (quote, character) {
            (None, '>') => Some(position),
            (None, '"' | '\'') => {
                quote = Some(character);
                None
            }
            (Some(open), _) if open == character => {
                quote = None;
                None
            }
            _ => None,
        })
}

fn attributes(text: &str) -> Option<Vec<(String, String)>> {
    let mut attributes = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after.get(1..)?.split_once(quote)?;
        // Unescaped white space in an attribute value is a space.
        let value = unescape(&value.replace(['\n', '\t'], " "))?;
        attributes.push((key.trim().to_owned(), value));
        rest = after.trim_start();
    }
    attributes.sort();
    Some(attributes)
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = after.split_once(';')?;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let digits = entity.strip_prefix('#')?;
                let number = match digits.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                    None => digits.parse().ok()?,
                };
                char::from_u32(number)?
            }
        });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
