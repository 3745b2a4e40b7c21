//! [`XmlErrorResponse`], error responses in XML, in any of their envelopes.
//!
//! ```text
//! query, rest-xml   <ErrorResponse><Error><Type/><Code/><Message/>..</Error><RequestId/></ErrorResponse>
//! ec2               <Response><Errors><Error><Code/><Message/>..</Error></Errors><RequestID/></Response>
//! rest-xml of S3    <Error><Code/><Message/>..<RequestId/></Error>
//! ```
//!
//! # Source
//! botocore `parsers.py`: the `_do_error_parse` and `_get_error_root` of `QueryParser`, `EC2QueryParser` and `RestXMLParser`.

use inia_core::{Fault, Map, Result, Str, Value};
use inia_model::ShapeId;

use super::decoder::XmlDecoder;
use super::layout::XmlShapes;
use super::reader::{XmlEvent, XmlReader};
use super::tag::StartTag;
use crate::Response;
use crate::scalar::utf8_text;
use crate::service_error::{ErrorParts, is_generic, parse_fault};

/// The parts of an error response that need no model.
#[derive(Debug, Default)]
pub(crate) struct XmlErrorResponse<'t> {
    code: Str,
    message: Str,
    fault: Option<Fault>,
    request_id: Option<Str>,
    /// The element with the error's members, and a reader at its content.
    element: Option<(XmlReader<'t>, StartTag<'t>)>,
}

impl<'t> XmlErrorResponse<'t> {
    /// Parses an error response.
    ///
    /// # Errors
    /// `Parse`: the text is not XML.
    fn read(text: &'t str) -> Result<Self> {
        let mut reader = XmlReader::new(text);
        let mut error = XmlErrorResponse::default();
        let root = reader.root()?;
        if root.local_name() == b"Error" {
            error.read_error(&mut reader, &root)?;
        } else {
            for_each_child(&mut reader, &root, |reader, child| {
                match child.local_name() {
                    b"Error" if error.element.is_none() => error.read_error(reader, child),
                    b"Errors" => for_each_child(reader, child, |reader, child| {
                        if child.local_name() == b"Error" && error.element.is_none() {
                            error.read_error(reader, child)
                        } else {
                            reader.skip_content(child, 2)
                        }
                    }),
                    b"RequestId" | b"RequestID" | b"requestId" => {
                        error.request_id = Some(text_at(reader, child)?);
                        Ok(())
                    }
                    _ => reader.skip_content(child, 1),
                }
            })?;
        }
        reader.end()?;
        Ok(error)
    }

    fn read_error(&mut self, reader: &mut XmlReader<'t>, tag: &StartTag<'t>) -> Result<()> {
        self.element = Some((reader.clone(), *tag));
        for_each_child(reader, tag, |reader, child| {
            let field = match child.local_name() {
                b"Code" => &mut self.code,
                b"Message" | b"message" => &mut self.message,
                b"Type" => {
                    self.fault = parse_fault(&text_at(reader, child)?);
                    return Ok(());
                }
                b"RequestId" => {
                    self.request_id = Some(text_at(reader, child)?);
                    return Ok(());
                }
                _ => return reader.skip_content(child, 3),
            };
            *field = text_at(reader, child)?;
            Ok(())
        })
    }
}

/// Parses the members of a modeled error from an error response.
///
/// # Errors
/// `Parse`: the text is not XML.
pub(crate) fn error_members(text: &str, shapes: &XmlShapes, shape: ShapeId) -> Result<Map> {
    let Some((reader, tag)) = XmlErrorResponse::read(text)?.element else {
        return Ok(Map::new());
    };
    let mut decoder = XmlDecoder::new(text, shapes);
    decoder.reader = reader;
    let target = shapes.target(shape);
    let value = decoder.value(target, &tag, 3)?;
    match decoder.finish(target, value) {
        (Value::Map(members), _) => Ok(members),
        _ => Ok(Map::new()),
    }
}

/// Returns the parts of an error response; none if the response is not in the format.
pub(crate) fn error_parts(response: &Response) -> ErrorParts {
    let text = std::str::from_utf8(&response.body);
    let (false, Ok(text)) = (is_generic(response.status, &response.body), text) else {
        return ErrorParts::default();
    };
    let Ok(error) = XmlErrorResponse::read(text) else {
        return ErrorParts::default();
    };
    let (has_code, has_message) = (!error.code.is_empty(), !error.message.is_empty());
    ErrorParts {
        code: has_code.then_some(error.code),
        message: (has_code || has_message).then_some(error.message),
        fault: error.fault,
        request_id: error.request_id,
    }
}

/// Calls `visit` with each child of an element, which must consume the child.
fn for_each_child<'t>(
    reader: &mut XmlReader<'t>,
    tag: &StartTag<'t>,
    mut visit: impl FnMut(&mut XmlReader<'t>, &StartTag<'t>) -> Result<()>,
) -> Result<()> {
    if tag.is_empty() {
        return Ok(());
    }
    while let XmlEvent::Child(child) = reader.next()? {
        visit(reader, &child)?;
    }
    reader.close(tag)
}

fn text_at<'t>(reader: &mut XmlReader<'t>, tag: &StartTag<'t>) -> Result<Str> {
    let text = reader.text(tag, 3)?;
    Ok(Str::from(reader.resolve(text)))
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
    let content = text_at(&mut reader, &root)?;
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
    let text = utf8_text("XML", body).ok()?;
    let parsed = XmlErrorResponse::read(text).ok()?;
    let (mut reader, tag) = parsed.element?;
    if tag.is_empty() {
        return None;
    }
    while let XmlEvent::Child(child) = reader.next().ok()? {
        if child.local_name() == name.as_bytes() {
            return text_at(&mut reader, &child).ok();
        }
        reader.skip_content(&child, 3).ok()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &str) -> (String, String, Option<Fault>, Option<String>) {
        let text = document;
        let parsed = XmlErrorResponse::read(text).unwrap();
        (
            parsed.code.as_str().to_owned(),
            parsed.message.as_str().to_owned(),
            parsed.fault,
            parsed.request_id.map(String::from),
        )
    }

    #[test]
    fn parses_every_envelope() {
        let expected = (
            "C".to_owned(),
            "M".to_owned(),
            Some(Fault::Sender),
            Some("id".to_owned()),
        );
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
            assert_eq!(read(&document), expected, "{document}");
        }
        assert_eq!(read("<html/>").0, "");
    }
}
