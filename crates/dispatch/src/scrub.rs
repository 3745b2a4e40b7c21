//! [`Scrubber`]: removes secrets from HTTP messages before they are recorded or printed.
//!
//! A value is secret if the definition marks its member as sensitive, or if its name says so. Values are found by their names in the
//! body, in all of its structures: rather too many than too few. Idempotency tokens of requests are removed as well, because they differ
//! from run to run.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use bytes::Bytes;
use inia_core::{Blob, Str, Timestamp, Value, is_secret_name};
#[cfg(feature = "testing")]
use inia_model::Location;
use inia_model::{Kind, Member, Operation, ServiceModel, ShapeId, Structure};
use inia_protocol::{Headers, read_cbor};
use serde_json::Value as Json;

use crate::pipeline::SecretMembers;

/// Replaces a secret. It is valid base64, for blobs.
const REDACTED: &str = "REDACTED";

/// Maximum number of shapes that are searched for sensitive members.
const MAX_SHAPES: usize = 20_000;

/// Start of a CDATA section, after `<`.
const CDATA: &str = "![CDATA[";

/// Headers whose values depend on the bytes of the body.
const BODY_HEADERS: [&str; 4] = ["content-length", "content-md5", "x-amz-crc32", "etag"];

/// Removes the secrets of an operation's requests or responses.
pub(crate) struct Scrubber<'m> {
    structure: Option<&'m Structure>,
    /// Names of secret members on the wire.
    names: BTreeSet<Str>,
    /// Names of members that are kept, although they are sensitive.
    kept: &'m [Str],
    /// True if the whole body is secret.
    has_secret_payload: bool,
}

impl<'m> Scrubber<'m> {
    pub(crate) fn of_request(
        model: &'m ServiceModel,
        operation: &Operation,
        kept: &'m [Str],
    ) -> Self {
        let structure = model.input(operation);
        Scrubber::new(model, structure, operation.input.as_ref(), kept, true)
    }

    #[cfg(feature = "testing")]
    pub(crate) fn of_response(
        model: &'m ServiceModel,
        operation: &Operation,
        status: u16,
        kept: &'m [Str],
    ) -> Self {
        let structure = model.output(operation);
        let mut scrubber = Scrubber::new(model, structure, operation.output.as_ref(), kept, false);
        // The payload of an error is a document.
        scrubber.has_secret_payload &= status < 300;
        for id in &operation.errors {
            scrubber.add_names(model, *id, false, &mut HashSet::new());
        }
        scrubber
    }

    fn new(
        model: &'m ServiceModel,
        structure: Option<&'m Structure>,
        member: Option<&Member>,
        kept: &'m [Str],
        is_request: bool,
    ) -> Self {
        let mut scrubber = Scrubber {
            structure,
            names: BTreeSet::new(),
            kept,
            has_secret_payload: false,
        };
        if let Some(member) = member {
            scrubber.add_names(model, member.target, is_request, &mut HashSet::new());
        }
        let payload = structure.and_then(Structure::payload_member);
        if let Some(payload) = payload.filter(|payload| payload.traits.is_sensitive())
            && !scrubber.keeps(&payload.name)
        {
            match model.structure(payload) {
                None => scrubber.has_secret_payload = true,
                Some(structure) => {
                    let members = structure.members.iter();
                    scrubber
                        .names
                        .extend(members.map(|member| member.wire_name().clone()));
                }
            }
        }
        scrubber
    }

    /// Adds the names of the sensitive members of a shape and all shapes below it.
    fn add_names(
        &mut self,
        model: &ServiceModel,
        root: ShapeId,
        is_request: bool,
        seen: &mut HashSet<ShapeId>,
    ) {
        let mut shapes = vec![root];
        while let Some(id) = shapes.pop() {
            if !seen.insert(id) || seen.len() > MAX_SHAPES {
                continue;
            }
            match &model.shape(id).kind {
                Kind::Structure(structure) => {
                    for member in &structure.members {
                        let is_token = is_request && member.traits.is_idempotency_token();
                        if (is_token || is_sensitive(model, member)) && !self.keeps(&member.name) {
                            self.names.insert(member.wire_name().clone());
                            self.names.insert(member.name.clone());
                            self.names.extend(member.traits.query_name.clone());
                        }
                        shapes.push(member.target);
                    }
                }
                Kind::List(element) => shapes.push(element.target),
                Kind::Map { value, .. } => shapes.push(value.target),
                _ => {}
            }
        }
    }

    fn keeps(&self, name: &str) -> bool {
        self.kept.iter().any(|kept| **kept == *name)
    }

    fn is_secret(&self, name: &str) -> bool {
        !self.keeps(name)
            && (is_secret_name(name)
                // Forms have names in capitals (`ec2`).
                || self.names.iter().any(|other| other.eq_ignore_ascii_case(name)))
    }

    pub(crate) fn url(&self, operation: &Operation, url: &str) -> Str {
        let members = SecretMembers(self.structure);
        let url = members.url(operation, url);
        // The time of a signature differs from run to run, and tokens do as well.
        let (base, query) = match url.split_once('?') {
            Some((base, query)) => (base, query),
            None => return Str::from(&*url),
        };
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if name == "X-Amz-Date" || self.names.contains(name) => {
                Cow::Owned(format!("{name}={REDACTED}"))
            }
            _ => Cow::Borrowed(pair),
        });
        let pairs: Vec<Cow<'_, str>> = pairs.collect();
        Str::from(format!("{base}?{}", pairs.join("&")))
    }

    #[cfg(feature = "testing")]
    pub(crate) fn headers(&self, headers: &Headers) -> Headers {
        let members = SecretMembers(self.structure);
        let scrub = |(name, value): &(Str, Str)| {
            let is_secret = members.contains(Location::Header, name) || self.is_secret(name);
            let value = if is_secret {
                Str::from_static(REDACTED)
            } else {
                value.clone()
            };
            (name.clone(), value)
        };
        headers.iter().map(scrub).collect()
    }

    /// Removes the secrets from a body. If there are any, the headers that depend on its bytes are removed too.
    pub(crate) fn body(&self, headers: &mut Headers, body: Bytes) -> Bytes {
        let scrubbed = self.scrubbed(headers.get("content-type").unwrap_or_default(), &body);
        match scrubbed {
            None => body,
            Some(scrubbed) => {
                for name in BODY_HEADERS {
                    headers.remove(name);
                }
                let checksums: Vec<Str> = headers
                    .iter()
                    .filter(|(name, _)| name.starts_with("x-amz-checksum-"))
                    .map(|(name, _)| name.clone())
                    .collect();
                for name in checksums {
                    headers.remove(&name);
                }
                scrubbed
            }
        }
    }

    /// Returns the body without its secrets; `None` if it has none.
    fn scrubbed(&self, content_type: &str, body: &Bytes) -> Option<Bytes> {
        if body.is_empty() {
            return None;
        }
        let first = body.trim_ascii_start().first();
        if self.has_secret_payload {
            return Some(Bytes::from_static(REDACTED.as_bytes()));
        }
        if content_type.contains("cbor") {
            return self.cbor(body);
        }
        let text = std::str::from_utf8(body).ok()?;
        if content_type.contains("x-www-form-urlencoded") {
            return self.form(text).map(Bytes::from);
        }
        match first {
            Some(b'{' | b'[') => self.json(text).map(Bytes::from),
            Some(b'<') => self.xml(text).map(Bytes::from),
            _ => None,
        }
    }

    fn json(&self, text: &str) -> Option<String> {
        let mut json: Json = serde_json::from_str(text).ok()?;
        let mut found = false;
        self.redact_members(&mut json, &mut found);
        found.then(|| json.to_string())
    }

    fn redact_members(&self, json: &mut Json, found: &mut bool) {
        match json {
            Json::Object(map) => {
                for (name, value) in map {
                    if self.is_secret(name) {
                        redact_leaves(value, found);
                    } else {
                        self.redact_members(value, found);
                    }
                }
            }
            Json::Array(items) => {
                for item in items {
                    self.redact_members(item, found);
                }
            }
            _ => {}
        }
    }

    /// Replaces the values of a form by the last word of their keys that is not a number: `Credentials.Password`, `Tag.1.Value`.
    fn form(&self, text: &str) -> Option<String> {
        let mut found = false;
        let pairs: Vec<Cow<'_, str>> = text
            .split('&')
            .map(|pair| {
                let Some((key, _)) = pair.split_once('=') else {
                    return Cow::Borrowed(pair);
                };
                if key.split('.').any(|word| self.is_secret(word)) {
                    found = true;
                    return Cow::Owned(format!("{key}={REDACTED}"));
                }
                Cow::Borrowed(pair)
            })
            .collect();
        found.then(|| pairs.join("&"))
    }

    /// Replaces the text of the elements with secret names, and that of all elements within.
    fn xml(&self, text: &str) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        let mut found = false;
        let mut rest = text;
        // The number of open elements since the secret one.
        let mut depth = 0_usize;
        while let Some((before, tag)) = rest.split_once('<') {
            if depth > 0 && !before.trim().is_empty() {
                out.push_str(REDACTED);
                found = true;
            } else {
                out.push_str(before);
            }
            if let Some(text) = tag.strip_prefix(CDATA).filter(|_| depth > 0) {
                out.push_str(REDACTED);
                found = true;
                rest = text.split_once("]]>").map_or("", |(_, after)| after);
                continue;
            }
            let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
            if tag.starts_with('/') {
                depth = depth.saturating_sub(1);
            } else if !tag.starts_with(['?', '!']) && !tag.ends_with('/') {
                let name = tag.split_ascii_whitespace().next().unwrap_or_default();
                if depth > 0 || self.is_secret(name) {
                    depth += 1;
                }
            }
            out.push('<');
            out.push_str(tag);
            out.push('>');
            rest = after;
        }
        out.push_str(rest);
        found.then_some(out)
    }

    fn cbor(&self, body: &Bytes) -> Option<Bytes> {
        let mut value = read_cbor(body.clone()).ok()?;
        let mut found = false;
        self.redact_entries(&mut value, false, &mut found);
        found.then(|| {
            let mut out = Vec::with_capacity(body.len());
            push_cbor(&mut out, &value);
            Bytes::from(out)
        })
    }

    fn redact_entries(&self, value: &mut Value, is_secret: bool, found: &mut bool) {
        match value {
            Value::Map(map) => {
                for (name, value) in map.iter_mut() {
                    let is_secret = is_secret || self.is_secret(name);
                    self.redact_entries(value, is_secret, found);
                }
            }
            Value::List(items) => {
                for item in items.iter_mut() {
                    self.redact_entries(item, is_secret, found);
                }
            }
            Value::Bool(_) | Value::Null => {}
            _ if !is_secret => {}
            leaf => {
                *found = true;
                *leaf = match leaf {
                    Value::String(_) => Value::from(REDACTED),
                    Value::Blob(_) => Value::Blob(Blob::from(REDACTED.as_bytes())),
                    Value::Timestamp(_) => Value::Timestamp(Timestamp::new(0, 0)),
                    _ => Value::Int(0),
                };
            }
        }
    }
}

/// Appends a CBOR item. Its heads are not the shortest, but valid.
fn push_cbor(out: &mut Vec<u8>, value: &Value) {
    let head = |out: &mut Vec<u8>, major: u8, argument: u64| {
        out.push(major << 5 | 27);
        out.extend_from_slice(&argument.to_be_bytes());
    };
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(flag) => out.push(0xf4 | u8::from(*flag)),
        Value::Int(number) => match u64::try_from(*number) {
            Ok(number) => head(out, 0, number),
            Err(_) => head(out, 1, !number.cast_unsigned()),
        },
        // Only integers beyond 64 bits with a sign become these.
        Value::BigInt(digits) => match digits.parse() {
            Ok(number) => head(out, 0, number),
            Err(_) => push_cbor(out, &Value::Float(value.as_f64().unwrap_or_default())),
        },
        Value::Float(number) => {
            out.push(0xfb);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::Timestamp(time) => {
            out.push(0xc1);
            push_cbor(out, &Value::Float(time.as_f64()));
        }
        Value::Blob(blob) => {
            head(out, 2, blob.len() as u64);
            out.extend_from_slice(blob);
        }
        Value::String(text) => {
            head(out, 3, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
        Value::List(items) => {
            head(out, 4, items.len() as u64);
            for item in items {
                push_cbor(out, item);
            }
        }
        Value::Map(map) => {
            head(out, 5, map.len() as u64);
            for (name, value) in map {
                head(out, 3, name.len() as u64);
                out.extend_from_slice(name.as_bytes());
                push_cbor(out, value);
            }
        }
    }
}

/// Returns true if the member is sensitive, or its elements are.
fn is_sensitive(model: &ServiceModel, member: &Member) -> bool {
    if member.traits.is_sensitive() {
        return true;
    }
    match &model.shape(member.target).kind {
        Kind::List(element) => element.traits.is_sensitive(),
        Kind::Map { key, value } => key.traits.is_sensitive() || value.traits.is_sensitive(),
        _ => false,
    }
}

fn redact_leaves(json: &mut Json, found: &mut bool) {
    match json {
        Json::Object(map) => {
            for value in map.values_mut() {
                redact_leaves(value, found);
            }
        }
        Json::Array(items) => {
            for item in items {
                redact_leaves(item, found);
            }
        }
        Json::String(text) => {
            *found = true;
            *text = REDACTED.to_owned();
        }
        Json::Number(number) => {
            *found = true;
            *number = 0.into();
        }
        Json::Bool(_) | Json::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use inia_core::json;

    use super::*;

    fn scrubbed(content_type: &str, body: &[u8]) -> String {
        let scrubber = Scrubber {
            structure: None,
            names: ["Pin".into(), "Plan".into()].into(),
            kept: &["SessionToken".into()],
            has_secret_payload: false,
        };
        let body = Bytes::copy_from_slice(body);
        let scrubbed = scrubber.scrubbed(content_type, &body).unwrap_or(body);
        String::from_utf8_lossy(&scrubbed).into_owned()
    }

    #[test]
    fn secrets_are_removed_from_all_kinds_of_bodies() {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        for (content_type, body, expected) in [
            (
                "application/json",
                r#"{"A":"b","Pin":"1","N":1}"#,
                r#"{"A":"b","N":1,"Pin":"REDACTED"}"#,
            ),
            (
                "",
                r#"{"Plan":{"A":"b","N":7,"L":["c"]}}"#,
                r#"{"Plan":{"A":"REDACTED","L":["REDACTED"],"N":0}}"#,
            ),
            (
                "",
                r#"{"SecretAccessKey":"b","SessionToken":"t"}"#,
                r#"{"SecretAccessKey":"REDACTED","SessionToken":"t"}"#,
            ),
            ("", r#"{"A":1.0}"#, r#"{"A":1.0}"#),
            (
                form,
                "A=b&X.Pin=1&Plan.1.A=2&Password=p",
                "A=b&X.Pin=REDACTED&Plan.1.A=REDACTED&Password=REDACTED",
            ),
            (
                "text/xml",
                "<?xml?><R><A>b</A><Pin>1</Pin><Plan><B>2</B><C/></Plan><A>c</A></R>",
                "<?xml?><R><A>b</A><Pin>REDACTED</Pin><Plan><B>REDACTED</B><C/></Plan><A>c</A></R>",
            ),
            (
                "text/xml",
                "<R><A><![CDATA[b]]></A><Pin>1<![CDATA[<2>]]></Pin><A>c</A></R>",
                "<R><A><![CDATA[b]]></A><Pin>REDACTEDREDACTED</Pin><A>c</A></R>",
            ),
            ("text/plain", "Pin", "Pin"),
        ] {
            assert_eq!(scrubbed(content_type, body.as_bytes()), expected);
        }
    }

    #[test]
    fn secrets_in_cbor_are_replaced() {
        let scrubber = Scrubber {
            structure: None,
            names: ["Pin".into(), "Plan".into()].into(),
            kept: &[],
            has_secret_payload: false,
        };
        let time = Timestamp::new(1_767_225_600, 0);
        // "c" is also the head of a text of three bytes; "Pin" is also a name.
        let body = json!({"Pin": "c", "Pig": "c", "A": {"pin": "Pin", "N": [-7, 1.5, u64::MAX, true, null, time]},
            "Plan": {"Pin": 7, "B": [Blob::from(vec![1, 2])], "T": time, "None": null}});
        let mut bytes = Vec::new();
        push_cbor(&mut bytes, &body);
        assert_eq!(read_cbor(bytes.clone().into()).unwrap(), body);
        let scrubbed = scrubber.cbor(&bytes.into()).unwrap();
        let expected = json!({"Pin": "REDACTED", "Pig": "c", "A": {"pin": "REDACTED", "N": [-7, 1.5, u64::MAX, true, null, time]},
            "Plan": {"Pin": 0, "B": [Blob::from("REDACTED".as_bytes())], "T": Timestamp::new(0, 0), "None": null}});
        assert_eq!(read_cbor(scrubbed).unwrap(), expected);
        // A text in two chunks, of which each has a part of the secret.
        let chunked = b"\xa1\x63Pin\x7f\x6212\x6234\xff";
        let scrubbed = scrubber.cbor(&Bytes::from_static(chunked)).unwrap();
        assert_eq!(read_cbor(scrubbed).unwrap(), json!({"Pin": "REDACTED"}));
        assert!(
            scrubber
                .cbor(&Bytes::from_static(b"\xa1\x61A\x61b"))
                .is_none()
        );
    }
}
