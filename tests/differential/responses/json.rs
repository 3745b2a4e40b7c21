//! Responses in JSON.

use inia_core::TimestampFormat;
use inia_model::{Kind, Member, Structure};

use super::{FormattedTimestamp, ResponseGenerator};
use crate::differential::params::{Extent, document};
use crate::differential::scalars::{Alphabet, float, integer};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

impl<'m> ResponseGenerator<'m> {
    pub(super) fn json_body(
        &mut self,
        output: Option<&'m Structure>,
        payload: Option<&'m Member>,
    ) -> Vec<u8> {
        let mut out = String::new();
        match (output, payload) {
            (_, Some(payload)) => self.json_value(payload, &mut out, 0),
            (None, _) if self.random.chance(50) => {}
            (None, _) => out.push_str("{}"),
            (Some(_), _) if self.extent == Extent::Required && self.random.chance(10) => {}
            (Some(structure), _) => {
                let is_union = self
                    .operation
                    .output
                    .as_ref()
                    .is_some_and(|output| output.traits.is_union());
                self.json_structure(structure, is_union, &mut out, 0, |_, _| {});
            }
        }
        out.into_bytes()
    }

    /// Writes optional white space.
    fn gap(&mut self, out: &mut String) {
        if self.random.chance(5) {
            out.push_str(*self.random.pick(&[" ", "\n  ", "\t", "\r\n"]));
        }
    }

    /// Writes a structure; `first` writes preceding members, each followed by a comma.
    pub(super) fn json_structure(
        &mut self,
        structure: &'m Structure,
        is_union: bool,
        out: &mut String,
        depth: usize,
        first: impl FnOnce(&mut Self, &mut String),
    ) {
        out.push('{');
        first(self, out);
        let is_rest = depth == 0 && self.is_rest();
        let unknown = if is_union { 5 } else { 10 };
        if self.random.chance(unknown) {
            out.push_str(r#""UnknownMember": {"a": [1, null, "b"]},"#);
            if is_union {
                out.pop();
                out.push('}');
                return;
            }
        }
        if is_union && self.random.chance(10) {
            out.push_str(r#""__type": "com.example#Union","#);
        }
        for member in self.members(structure, is_union, depth) {
            if is_rest && member.traits.location.is_some() {
                continue;
            }
            self.gap(out);
            json_string(member.wire_name(), out, None);
            self.gap(out);
            out.push(':');
            self.gap(out);
            let code = self
                .error_code
                .clone()
                .filter(|_| depth == 0 && member.wire_name().eq_ignore_ascii_case("code"));
            if let Some(code) = code {
                // Some parsers use this member as the code of an error.
                json_string(&code, out, None);
            } else if !is_union && self.random.chance(4) {
                out.push_str("null");
            } else {
                self.json_value(member, out, depth);
            }
            self.gap(out);
            out.push(',');
        }
        if is_union && self.random.chance(10) {
            out.push_str(r#""AnotherMember": null,"#);
        }
        if out.ends_with(',') {
            out.pop();
        }
        out.push('}');
    }

    pub(super) fn json_value(&mut self, member: &'m Member, out: &mut String, depth: usize) {
        match &self.model.shape(member.target).kind {
            Kind::Structure(_) if member.traits.is_document() => {
                out.push_str(&document(self.random, 0).to_json_string())
            }
            Kind::Structure(inner) => {
                self.json_structure(inner, member.traits.is_union(), out, depth + 1, |_, _| {})
            }
            Kind::List(item) => {
                out.push('[');
                for index in 0..self.length(depth) {
                    if index > 0 {
                        out.push(',');
                    }
                    self.gap(out);
                    if self.random.chance(3) {
                        out.push_str("null");
                    } else {
                        self.json_value(item, out, depth + 1);
                    }
                }
                self.gap(out);
                out.push(']');
            }
            Kind::Map { key, value } => {
                out.push('{');
                for index in 0..self.length(depth) {
                    if index > 0 {
                        out.push(',');
                    }
                    let key = format!("{}{index}", self.string(key, Alphabet::Any));
                    json_string(&key, out, Some(self));
                    out.push(':');
                    if member.traits.is_sparse() && self.random.chance(30) {
                        out.push_str("null");
                    } else {
                        self.json_value(value, out, depth + 1);
                    }
                }
                out.push('}');
            }
            Kind::String => {
                let text = self.string(member, Alphabet::Any);
                json_string(&text, out, Some(self));
            }
            Kind::Blob => {
                let length = self.random.below(40);
                let bytes = self.random.bytes(length);
                json_string(&BASE64.encode(bytes), out, Some(self));
            }
            Kind::Boolean => out.push_str(*self.random.pick(&["true", "false"])),
            kind @ (Kind::Integer | Kind::Long) => {
                let long = matches!(kind, Kind::Long);
                if long && self.random.chance(2) {
                    out.push_str("123456789012345678901234567890");
                } else {
                    out.push_str(&integer(self.random, long).to_string());
                }
            }
            kind @ (Kind::Float | Kind::Double) => {
                let number = float(self.random, matches!(kind, Kind::Float));
                match number {
                    _ if number.is_nan() => out.push_str("\"NaN\""),
                    f64::INFINITY => out.push_str("\"Infinity\""),
                    f64::NEG_INFINITY => out.push_str("\"-Infinity\""),
                    _ => out.push_str(&match self.random.below(4) {
                        0 => format!("{number}"),
                        1 => format!("{number:E}"),
                        _ => format!("{number:?}"),
                    }),
                }
            }
            Kind::Timestamp => match self.timestamp(member, TimestampFormat::UnixTimestamp) {
                FormattedTimestamp::Number(number) => out.push_str(&number),
                FormattedTimestamp::Text(text) => json_string(&text, out, Some(self)),
            },
        }
    }
}

/// Writes a string. With a generator, characters are randomly escaped even if not required.
pub(super) fn json_string(
    text: &str,
    out: &mut String,
    mut generator: Option<&mut ResponseGenerator<'_>>,
) {
    out.push('"');
    for character in text.chars() {
        let escaped = generator
            .as_mut()
            .is_some_and(|generator| generator.random.chance(5));
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' if escaped => out.push_str("\\/"),
            '\n' if escaped => out.push_str("\\n"),
            _ if escaped || character < ' ' => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
