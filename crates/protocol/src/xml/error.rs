//! Error responses in XML, in any of their envelopes.
//!
//! ```text
//! query, rest-xml   <ErrorResponse><Error><Type/><Code/><Message/>..</Error><RequestId/></ErrorResponse>
//! ec2               <Response><Errors><Error><Code/><Message/>..</Error></Errors><RequestID/></Response>
//! rest-xml of S3    <Error><Code/><Message/>..<RequestId/></Error>
//! ```
//!
//! # Source
//! botocore `parsers.py`: the `_do_error_parse` and `_get_error_root` of `QueryParser`, `EC2QueryParser` and `RestXMLParser`.

use inia_core::{Map, Result, Str, Value};
use inia_model::ShapeId;

use super::decoder::XmlDecoder;
use super::layout::XmlShapes;
use super::reader::{XmlEvent, XmlReader};
use crate::Response;
use crate::scalar::utf8_text;
use crate::service_error::{ErrorParts, is_generic, parse_fault};

/// The names of the element with the request id.
const REQUEST_IDS: [&str; 3] = ["RequestId", "RequestID", "requestId"];

/// An error response without shapes.
struct XmlError {
    /// The children of the error element.
    error: Map,
    /// The children of the root element.
    root: Map,
}

impl XmlError {
    /// Parses an error response. Returns `None` if it is not XML.
    fn read(text: &str) -> Option<Self> {
        let mut reader = XmlReader::new(text);
        let tag = reader.root().ok()?;
        let mut root = reader.untyped(&tag, 1).ok()?;
        reader.end().ok()?;
        let child = |value: &Value, name| match value.get(name)? {
            // Of several errors the first one counts.
            Value::List(errors) => errors.first().cloned(),
            error => Some(error.clone()),
        };
        let error = match tag.local_name() {
            b"Error" => Some(root.clone()),
            _ => child(&root, "Error").or_else(|| child(&child(&root, "Errors")?, "Error")),
        };
        let map = |value: Option<Value>| match value {
            Some(Value::Map(map)) => map,
            _ => Map::new(),
        };
        Some(XmlError {
            error: map(error),
            root: map(Some(root.take())),
        })
    }
}

/// Returns the text of the first of these children.
fn text_of(map: &Map, names: &[&str]) -> Option<Str> {
    names.iter().find_map(|name| match map.get(name)? {
        Value::String(text) => Some(text.clone()),
        _ => None,
    })
}

/// Returns the parts of an error response; none if the response is not in the format.
pub(crate) fn error_parts(response: &Response) -> ErrorParts {
    if is_generic(response.status, &response.body) {
        return ErrorParts::default();
    }
    let text = std::str::from_utf8(&response.body).ok();
    let Some(XmlError { error, root }) = text.and_then(XmlError::read) else {
        return ErrorParts::default();
    };
    let code = text_of(&error, &["Code"]).filter(|code| !code.is_empty());
    let message = text_of(&error, &["Message", "message"]);
    let message = message.filter(|message| !message.is_empty());
    ErrorParts {
        message: message.or_else(|| code.as_ref().map(|_| Str::new())),
        code,
        fault: text_of(&error, &["Type"]).and_then(|fault| parse_fault(&fault)),
        request_id: text_of(&root, &REQUEST_IDS).or_else(|| text_of(&error, &REQUEST_IDS)),
    }
}

/// Parses the members of a modeled error from an error response.
///
/// # Errors
/// `Parse`: the text is not XML.
pub(crate) fn error_members(text: &str, shapes: &XmlShapes, shape: ShapeId) -> Result<Map> {
    let mut decoder = XmlDecoder::new(text, shapes);
    let mut tag = decoder.reader.root()?;
    while tag.local_name() != b"Error" {
        match decoder.reader.next()? {
            XmlEvent::Child(child) if matches!(child.local_name(), b"Error" | b"Errors") => {
                tag = child;
            }
            XmlEvent::Child(child) => decoder.reader.skip_content(&child, 2)?,
            XmlEvent::End => return Ok(Map::new()),
        }
    }
    let target = shapes.target(shape);
    let value = decoder.value(target, &tag, 3)?;
    match decoder.finish(target, value) {
        (Value::Map(members), _) => Ok(members),
        _ => Ok(Map::new()),
    }
}

/// Returns the name of the root element of an XML body, without its prefix, or `None` if the body does not start as
/// XML.
///
/// Some S3 operations return errors with status 200; the root element tells them apart.
///
/// ```
/// assert_eq!(inia_protocol::xml_root_name(b"<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>"), Some("Error"));
/// assert_eq!(inia_protocol::xml_root_name(b"{}"), None);
/// ```
///
/// # Source
/// botocore `handlers.py:_looks_like_special_case_error`.
#[must_use]
pub fn xml_root_name(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let root = XmlReader::new(text).root().ok()?;
    std::str::from_utf8(root.local_name()).ok()
}

/// Returns the text of the root element of an XML body.
///
/// S3's GetBucketLocation returns a root element with only text, which no shape describes.
///
/// ```
/// let body = b"<LocationConstraint xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>eu-west-1</LocationConstraint>";
/// assert_eq!(inia_protocol::xml_root_text(body)?, "eu-west-1");
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Errors
/// `Parse`: the body is not XML.
///
/// # Source
/// botocore `handlers.py:parse_get_bucket_location`.
pub fn xml_root_text(body: &[u8]) -> Result<Str> {
    let text = utf8_text("XML", body)?;
    let mut reader = XmlReader::new(text);
    let root = reader.root()?;
    let content = reader.text(&root, 1)?;
    let content = Str::from(reader.resolve(content));
    reader.end()?;
    Ok(content)
}

/// Returns the text of a child of the error element in an XML body, modeled or not, such as the `Region` in S3's
/// redirects.
///
/// ```
/// let body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>";
/// assert_eq!(inia_protocol::xml_error_field(body, "Region").as_deref(), Some("eu-west-1"));
/// ```
#[must_use]
pub fn xml_error_field(body: &[u8], name: &str) -> Option<Str> {
    let error = XmlError::read(std::str::from_utf8(body).ok()?)?;
    text_of(&error.error, &[name])
}

#[cfg(test)]
mod tests {
    use inia_core::Fault;

    use super::*;

    #[test]
    fn parses_every_envelope() {
        let inner = "<Type>Sender</Type><Code>C</Code><Message>M</Message>";
        for document in [
            format!(
                "<ErrorResponse xmlns='u'><Error>{inner}</Error><RequestId>id</RequestId></ErrorResponse>"
            ),
            format!(
                "<Response><Errors><Error>{inner}</Error><Error><Code>D</Code></Error></Errors><RequestID>id</RequestID></Response>"
            ),
            format!(
                "<?xml version='1.0'?>\n<Error>{inner}<RequestId>id</RequestId><HostId>h</HostId></Error>"
            ),
        ] {
            let response = Response {
                status: 400,
                body: document.clone().into(),
                ..Response::default()
            };
            let parts = error_parts(&response);
            assert_eq!(parts.code.as_deref(), Some("C"), "{document}");
            assert_eq!(parts.message.as_deref(), Some("M"), "{document}");
            assert_eq!(parts.fault, Some(Fault::Sender), "{document}");
            assert_eq!(parts.request_id.as_deref(), Some("id"), "{document}");
            assert_eq!(
                xml_error_field(document.as_bytes(), "Code").as_deref(),
                Some("C")
            );
        }
        assert!(XmlError::read("<html/>").unwrap().error.is_empty());
    }
}
