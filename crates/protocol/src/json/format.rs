//! [`JsonFormat`], the protocols `json` and `rest-json`.
//!
//! ```text
//! POST /                                            200
//! x-amz-target: DynamoDB_20120810.GetItem           {"Item": {"id": {"S": "1"}}}
//! content-type: application/x-amz-json-1.0
//!
//! {"TableName": "t", "Key": {"id": {"S": "1"}}}
//!
//! 400
//! x-amzn-errortype: NotFound:http://internal.amazon.com/     or "__type" or "code" in the body
//! x-amzn-query-error: AWS.Test.NonExistent;Sender            if the service was a query service before
//!
//! {"__type": "com.amazon.test#NotFound", "message": "There is no such thing.", "Name": "x"}
//! ```
//! `rest-json` has members in the path, query string and headers, and no target.
//!
//! # Source
//! Smithy's [`awsJson1_1`](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html) and
//! [`restJson1`](https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html); botocore `serialize.py:JSONSerializer`
//! and `RestJSONSerializer`, `parsers.py:JSONParser` and `RestJSONParser`.

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Map, Result, Str, Value};
use inia_model::{Member, Operation, ServiceModel, ShapeId};

use super::decoder::JsonDecoder;
use super::lexer::key_text;
use super::read_json;
use super::writer::JsonSyntax;
use crate::body::{BodySyntax, BodyWriter};
use crate::format::{BodyPart, CONTENT_TYPE, FixedParts, WireFormat, push_query_mode};
use crate::mismatch::{settle, settle_members};
use crate::scalar::utf8_text;
use crate::service_error::{ErrorParts, code_of};
use crate::shape::{KeyDecode, KeyEncode, Shapes, ValueType};
use crate::strictness::Strictness;
use crate::{Headers, Response};

/// The JSON protocols for one service.
#[derive(Debug)]
pub(crate) struct JsonFormat {
    /// `true` for `rest-json`.
    is_rest: bool,
    decode: Shapes<KeyDecode>,
    encode: Shapes<KeyEncode>,
}

impl JsonFormat {
    pub(crate) fn new(model: Arc<ServiceModel>, is_rest: bool) -> Self {
        JsonFormat {
            is_rest,
            decode: Shapes::new(Arc::clone(&model), KeyDecode(key_text)),
            encode: Shapes::new(model, KeyEncode(JsonSyntax::key)),
        }
    }

    fn is_union(&self, member: &Member) -> bool {
        self.encode.model.shape(member.target).traits.is_union()
    }
}

impl WireFormat for JsonFormat {
    fn media_type(&self) -> Str {
        Str::from_static("application/json")
    }

    fn fixed_parts(&self, operation: &Operation) -> FixedParts {
        if self.is_rest {
            return FixedParts::default();
        }
        let metadata = self.encode.model.metadata();
        let prefix = metadata.target_prefix.as_deref().unwrap_or_default();
        let version = metadata.json_version.as_deref().unwrap_or("1.0");
        let mut headers = Headers::new();
        headers.push("x-amz-target", format!("{prefix}.{}", operation.name));
        headers.push(CONTENT_TYPE, format!("application/x-amz-json-{version}"));
        push_query_mode(&mut headers, metadata);
        FixedParts {
            path: Some("/".to_owned()),
            headers,
            ..FixedParts::default()
        }
    }

    /// DIFFERENCE: an absent union has no body, as the Smithy specification says; botocore writes `{}`, a union without a
    /// member.
    fn write(
        &self,
        _: &FixedParts,
        part: BodyPart<'_>,
        strictness: Strictness,
        capacity: usize,
    ) -> Result<Vec<u8>> {
        match part {
            BodyPart::None(Some(member)) if self.is_union(member) => Ok(Vec::new()),
            BodyPart::None(_) => Ok(b"{}".to_vec()),
            part => BodyWriter::<JsonSyntax>::new(&self.encode, strictness, capacity).body(part),
        }
    }

    fn read_members(&self, shape: ShapeId, body: &Bytes, _: bool, map: &mut Map) -> Result<()> {
        let body_only = self.is_rest;
        let decoder = JsonDecoder::new(utf8_text("JSON", body)?, &self.decode);
        if decoder.members(shape, map, body_only)? {
            settle_members(&self.decode.model, shape, map, body_only);
        }
        Ok(())
    }

    fn read_member(&self, member: &Member, body: &Bytes) -> Result<Value> {
        let decoder = JsonDecoder::new(utf8_text("JSON", body)?, &self.decode);
        let (mut value, has_mismatch) = decoder.member(member)?;
        if has_mismatch {
            let target = ValueType::of(&self.decode.model, member);
            settle(&self.decode.model, &member.name, target, &mut value, false);
        }
        Ok(value)
    }

    /// # Source
    /// botocore `parsers.py:BaseJSONParser._do_error_parse` and `RestJSONParser._inject_error_code`.
    fn error_parts(&self, response: &Response) -> ErrorParts {
        let (body, text) = match read_json(response.body.clone()) {
            _ if response.body.is_empty() => (Map::new(), None),
            Ok(Value::Map(map)) => (map, None),
            // A body that is not a JSON object is the message.
            _ => (
                Map::new(),
                Some(Str::from(String::from_utf8_lossy(&response.body))),
            ),
        };
        let in_header = || response.headers.get("x-amzn-errortype").map(Str::from);
        let in_type = || code_of(body.get("__type"));
        let in_code = || code_of(body.get("code")).or_else(|| code_of(body.get("Code")));
        let code = if self.is_rest {
            in_header().or_else(in_code).or_else(in_type)
        } else {
            in_type().or_else(in_header).or_else(in_code)
        };
        ErrorParts::keyed(response, code, &body, text)
    }
}
