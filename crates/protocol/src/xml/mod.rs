//! XML: the protocol `rest-xml`, and the responses of `query` and `ec2`.

mod decoder;
mod encoder;
mod error;
mod escape;
mod format;
mod layout;
mod reader;
mod reference;
mod structure;
mod tag;

pub(crate) use decoder::{RequestIdLocation, XmlDecoder};
pub(crate) use error::{error_members, error_parts};
pub use error::{xml_error_field, xml_root_name, xml_root_text};
pub(crate) use format::XmlFormat;
pub(crate) use layout::{XmlDecode, XmlShapes};
