//! [`ErrorAnswer`]: what an error says in XML, in any of its envelopes.
//!
//! ```text
//! query, rest-xml   <ErrorResponse><Error><Type/><Code/><Message/>..</Error><RequestId/></ErrorResponse>
//! ec2               <Response><Errors><Error><Code/><Message/>..</Error></Errors><RequestID/></Response>
//! rest-xml of S3    <Error><Code/><Message/>..<RequestId/></Error>
//! ```
//!
//! # Source
//! botocore `parsers.py`: the `_do_error_parse` and `_get_error_root` of `QueryParser`, `EC2QueryParser` and `RestXMLParser`.

use inia_core::{Fault, Map, Result, ServiceError, Str, Value};
use inia_model::{Operation, ServiceModel, ShapeId};

use super::decode::{Decoder, text_of};
use super::layout::Layouts;
use super::reader::{Next, Reader};
use super::tag::Tag;
use crate::Response;
use crate::error_code::{error_shape, fault, finish_error, is_generic, message_of, status_error};

/// The parts of an error answer that need no model.
#[derive(Debug, Default)]
pub(crate) struct ErrorAnswer<'t> {
    code: Str,
    message: Str,
    fault: Option<Fault>,
    request_id: Option<Str>,
    /// The element with the error's members, at its content.
    element: Option<(Reader<'t>, Tag<'t>)>,
}

impl<'t> ErrorAnswer<'t> {
    /// Reads an error answer.
    ///
    /// # Errors
    /// `Parse`: the text is no XML.
    fn read(text: &'t str) -> Result<Self> {
        let mut reader = Reader::new(text);
        let mut answer = ErrorAnswer::default();
        let root = reader.root()?;
        if root.local_name() == b"Error" {
            answer.read_error(&mut reader, &root)?;
        } else {
            each_child(&mut reader, &root, |reader, child| {
                match child.local_name() {
                    b"Error" if answer.element.is_none() => answer.read_error(reader, child),
                    b"Errors" => each_child(reader, child, |reader, child| {
                        if child.local_name() == b"Error" && answer.element.is_none() {
                            answer.read_error(reader, child)
                        } else {
                            reader.skip_content(child, 2)
                        }
                    }),
                    b"RequestId" | b"RequestID" | b"requestId" => {
                        answer.request_id = Some(text_at(reader, child)?);
                        Ok(())
                    }
                    _ => reader.skip_content(child, 1),
                }
            })?;
        }
        reader.end()?;
        Ok(answer)
    }

    fn read_error(&mut self, reader: &mut Reader<'t>, tag: &Tag<'t>) -> Result<()> {
        self.element = Some((reader.clone(), *tag));
        each_child(reader, tag, |reader, child| {
            let slot = match child.local_name() {
                b"Code" => &mut self.code,
                b"Message" | b"message" => &mut self.message,
                b"Type" => {
                    self.fault = fault(&text_at(reader, child)?);
                    return Ok(());
                }
                b"RequestId" => {
                    self.request_id = Some(text_at(reader, child)?);
                    return Ok(());
                }
                _ => return reader.skip_content(child, 3),
            };
            *slot = text_at(reader, child)?;
            Ok(())
        })
    }

    /// The members of a modeled error.
    ///
    /// # Errors
    /// `Parse`: a member is not what its shape allows.
    pub(crate) fn members(&self, text: &'t str, layouts: &Layouts, shape: ShapeId) -> Result<Map> {
        let Some((reader, tag)) = &self.element else {
            return Ok(Map::new());
        };
        let mut decoder = Decoder::new(text, layouts);
        decoder.reader = reader.clone();
        match decoder.value(layouts.target(shape), tag, 3)? {
            Value::Map(members) => Ok(members),
            _ => Ok(Map::new()),
        }
    }
}

/// Reads the answer of a call that failed; `members` reads the members of a modeled error.
pub(crate) fn parse_error(
    model: &ServiceModel,
    operation: &Operation,
    response: &Response,
    members: impl FnOnce(&ErrorAnswer<'_>, &str, ShapeId) -> Result<Map>,
) -> ServiceError {
    let mut error = status_error(response.status, &response.headers);
    if is_generic(response.status, &response.body) {
        return error;
    }
    let Ok(text) = text_of(&response.body) else {
        return error;
    };
    let Ok(answer) = ErrorAnswer::read(text) else {
        return error;
    };
    if answer.request_id.is_some() {
        error.request_id.clone_from(&answer.request_id);
    }
    if !answer.code.is_empty() || !answer.message.is_empty() {
        error.message.clone_from(&answer.message);
    }
    if !answer.code.is_empty() {
        error.code.clone_from(&answer.code);
    }
    error.fault = answer.fault;
    if let Some(shape) = error_shape(model, operation, &error.code)
        && let Ok(members) = members(&answer, text, shape)
    {
        if answer.message.is_empty() {
            let message = message_of(&members);
            if !message.is_empty() {
                error.message = message;
            }
        }
        error.details = members;
    }
    finish_error(model, operation, &mut error);
    error
}

/// Calls `visit` with each child of an element, which must read the child to its end.
fn each_child<'t>(
    reader: &mut Reader<'t>,
    tag: &Tag<'t>,
    mut visit: impl FnMut(&mut Reader<'t>, &Tag<'t>) -> Result<()>,
) -> Result<()> {
    if tag.is_empty() {
        return Ok(());
    }
    while let Next::Child(child) = reader.next()? {
        visit(reader, &child)?;
    }
    reader.close(tag)
}

fn text_at<'t>(reader: &mut Reader<'t>, tag: &Tag<'t>) -> Result<Str> {
    let text = reader.text(tag, 3)?;
    Ok(Str::from(reader.resolve(text)))
}

/// The name of the root element of an XML body, without its prefix; `None` where the body does not begin as XML.
///
/// Some S3 operations answer with status 200 and an error as the body: this tells the two apart.
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
    let root = Reader::new(text).root().ok()?;
    std::str::from_utf8(root.local_name()).ok()
}

/// The text of the root element of an XML body.
///
/// S3's GetBucketLocation answers with a root element that holds nothing but text, which no shape describes.
///
/// ```
/// let body = b"<LocationConstraint xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>eu-west-1</LocationConstraint>";
/// assert_eq!(inia_protocol::xml_root_text(body)?, "eu-west-1");
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Errors
/// `Parse`: the body is no XML.
///
/// # Source
/// botocore `handlers.py:parse_get_bucket_location`.
pub fn xml_root_text(body: &[u8]) -> Result<Str> {
    let text = text_of(body)?;
    let mut reader = Reader::new(text);
    let root = reader.root()?;
    let content = text_at(&mut reader, &root)?;
    reader.end()?;
    Ok(content)
}

/// The text of a child of the error in an XML body, modeled or not, such as the `Region` in S3's redirects.
///
/// ```
/// let body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>";
/// assert_eq!(inia_protocol::xml_error_field(body, "Region").as_deref(), Some("eu-west-1"));
/// ```
#[must_use]
pub fn xml_error_field(body: &[u8], name: &str) -> Option<Str> {
    let text = text_of(body).ok()?;
    let answer = ErrorAnswer::read(text).ok()?;
    let (mut reader, tag) = answer.element?;
    if tag.is_empty() {
        return None;
    }
    while let Next::Child(child) = reader.next().ok()? {
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
        let answer = ErrorAnswer::read(text).unwrap();
        (
            answer.code.as_str().to_owned(),
            answer.message.as_str().to_owned(),
            answer.fault,
            answer.request_id.map(String::from),
        )
    }

    #[test]
    fn every_envelope_is_opened() {
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
