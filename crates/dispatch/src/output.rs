//! [`Output`]: the result of a call.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use inia_core::{Error, ErrorKind, List, Map, Result, Str, Timestamp, Value};
use inia_model::ServiceModel;
use inia_protocol::Headers;
use serde::{Serialize, Serializer};

use crate::ByteStream;
use crate::redact::Redacted;

/// The result of a call: the output value, response metadata, and a body or event stream. Dereferences to its value.
///
/// `Debug` omits the members that the definition marks as sensitive. A [`Value`] prints them.
#[derive(Default)]
#[non_exhaustive]
pub struct Output {
    /// The operation's output; an empty map if it has none.
    pub value: Value,
    /// Metadata of the HTTP response.
    pub metadata: ResponseMetadata,
    /// The streaming body, if the operation returns one. Read it to its end or drop it.
    pub body: Option<ByteStream>,
    /// The event stream, if the operation returns one.
    pub events: Option<crate::EventStream>,
    /// The definition of the value.
    pub(crate) definition: Option<OutputDefinition>,
}

/// The model of an output, and the index of its operation.
#[derive(Clone)]
pub(crate) struct OutputDefinition {
    pub(crate) model: Arc<ServiceModel>,
    pub(crate) operation: u32,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let member = self.definition.as_ref().and_then(|definition| {
            let operation = definition.model.operation_at(definition.operation)?;
            Some((&*definition.model, operation.output.as_ref()?))
        });
        f.debug_struct("Output")
            .field("value", &Redacted::new(&self.value, member))
            .field("metadata", &self.metadata)
            .field("body", &self.body)
            .field("events", &self.events)
            .finish()
    }
}

/// Metadata of the HTTP response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseMetadata {
    /// The HTTP status.
    pub http_status: u16,
    /// The request id, if the response has one.
    pub request_id: Option<Str>,
    /// The response headers, names in lower case.
    pub headers: Headers,
    /// Number of attempts, including the successful one.
    pub attempts: u32,
}

impl Output {
    /// Returns the string at a path of the output, such as `QueueUrl` or `Messages[0].Body`.
    ///
    /// The other accessors take such a path as well. Indexing (`output["QueueUrl"]`) returns null for a member that is missing; these
    /// methods return an error that names its path.
    ///
    /// ```no_run
    /// # async fn example(sqs: inia_dispatch::Client) -> inia_core::Result<()> {
    /// # use inia_dispatch as inia;
    /// use inia::json;
    ///
    /// let queue = sqs.call("CreateQueue", json!({"QueueName": "jobs"})).await?;
    /// let url = queue.str("QueueUrl")?;
    /// let received = sqs.call("ReceiveMessage", json!({"QueueUrl": url})).await?;
    /// println!("{}", received.str("Messages[0].Body")?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Parse`: the output has no such member, or it has another type. The message names the path.
    pub fn str(&self, path: &str) -> Result<&str> {
        self.typed(path, "a string", Value::as_str)
    }

    /// Returns the integer at a path: see [`str`](Self::str).
    ///
    /// # Errors
    /// As [`str`](Self::str).
    pub fn int(&self, path: &str) -> Result<i64> {
        self.typed(path, "an integer", Value::as_i64)
    }

    /// Returns the number at a path: see [`str`](Self::str).
    ///
    /// # Errors
    /// As [`str`](Self::str).
    pub fn float(&self, path: &str) -> Result<f64> {
        self.typed(path, "a number", Value::as_f64)
    }

    /// Returns the boolean at a path: see [`str`](Self::str).
    ///
    /// # Errors
    /// As [`str`](Self::str).
    pub fn bool(&self, path: &str) -> Result<bool> {
        self.typed(path, "a boolean", Value::as_bool)
    }

    /// Returns the timestamp at a path: see [`str`](Self::str).
    ///
    /// # Errors
    /// As [`str`](Self::str).
    pub fn timestamp(&self, path: &str) -> Result<Timestamp> {
        self.typed(path, "a timestamp", Value::as_timestamp)
    }

    /// Returns the bytes at a path: see [`str`](Self::str).
    ///
    /// # Errors
    /// As [`str`](Self::str).
    pub fn blob(&self, path: &str) -> Result<&[u8]> {
        self.typed(path, "a blob", Value::as_blob)
    }

    /// Returns the list at a path: see [`str`](Self::str).
    ///
    /// # Errors
    /// As [`str`](Self::str).
    pub fn list(&self, path: &str) -> Result<&List> {
        self.typed(path, "a list", Value::as_list)
    }

    /// Returns the map or structure at a path: see [`str`](Self::str).
    ///
    /// # Errors
    /// As [`str`](Self::str).
    pub fn map(&self, path: &str) -> Result<&Map> {
        self.typed(path, "a map", Value::as_map)
    }

    fn typed<'a, T>(
        &'a self,
        path: &str,
        expected: &str,
        convert: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T> {
        let value = match value_at(&self.value, path) {
            Some(value) if !value.is_null() => value,
            _ => return Err(output_error(path, "missing in the output")),
        };
        convert(value).ok_or_else(|| {
            let problem = format!("expected {expected}, got {}", value.type_name());
            output_error(path, &problem)
        })
    }
}

#[cold]
fn output_error(path: &str, problem: &str) -> Error {
    Error::new(ErrorKind::Parse, format!("{path}: {problem}"))
}

/// Returns the value at a path of names, separated by dots, and indexes (`Messages[0].Body`). A member whose name is the path takes
/// precedence, because the keys of a map may contain dots.
fn value_at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if let Some(member) = value.get(path) {
        return Some(member);
    }
    let mut value = value;
    for step in path.split('.') {
        let (name, indexes) = step.split_at(step.find('[').unwrap_or(step.len()));
        if !name.is_empty() {
            value = value.get(name)?;
        }
        for index in indexes.split_terminator(']') {
            let index = index.strip_prefix('[')?.parse().ok()?;
            value = value.items().as_slice().get::<usize>(index)?;
        }
    }
    Some(value)
}

/// Serializes the output value.
impl Serialize for Output {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl Deref for Output {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

impl From<Output> for Value {
    fn from(output: Output) -> Value {
        output.value
    }
}

/// Headers that carry a request id, most common first.
const REQUEST_ID_HEADERS: [&str; 3] = ["x-amzn-requestid", "x-amz-request-id", "x-amz-id-2"];

/// Returns the request id in the response headers.
pub(crate) fn request_id(headers: &Headers) -> Option<Str> {
    REQUEST_ID_HEADERS
        .iter()
        .find_map(|name| headers.get_shared(name).cloned())
}

#[cfg(test)]
mod tests {
    use inia_core::json;

    use super::*;

    #[test]
    fn accessors_return_members_or_name_their_path() {
        let output = Output {
            value: json!({
                "QueueUrl": "https://q", "Count": 3, "Ratio": 0.5, "Empty": null, "Fifo": true,
                "Messages": [{"Body": "a"}, {"Body": "b", "Ids": [[1], [2]]}],
                "Attributes": {"a.b[0]": "dotted"},
            }),
            ..Output::default()
        };
        assert_eq!(output.str("QueueUrl").unwrap(), "https://q");
        assert_eq!(output.str("Messages[1].Body").unwrap(), "b");
        assert_eq!(output.int("Messages[1].Ids[1][0]").unwrap(), 2);
        assert_eq!(output.int("Count").unwrap(), 3);
        assert_eq!(output.float("Ratio").unwrap(), 0.5);
        assert!(output.bool("Fifo").unwrap());
        assert_eq!(output.list("Messages").unwrap().len(), 2);
        assert_eq!(output.map("Messages[0]").unwrap().len(), 1);
        for (path, message) in [
            ("QueueArn", "QueueArn: missing in the output"),
            ("Empty", "Empty: missing in the output"),
            (
                "Messages[2].Body",
                "Messages[2].Body: missing in the output",
            ),
            ("Messages[x]", "Messages[x]: missing in the output"),
            ("Count", "Count: expected a string, got integer"),
            ("Messages[0]", "Messages[0]: expected a string, got map"),
        ] {
            let error = output.str(path).unwrap_err();
            assert_eq!(
                (error.kind(), error.to_string()),
                (ErrorKind::Parse, message.to_owned())
            );
        }
        let text = serde_json::to_string(&Output {
            value: json!({"a": [1]}),
            ..Output::default()
        });
        assert_eq!(text.unwrap(), r#"{"a":[1]}"#);
    }
}
