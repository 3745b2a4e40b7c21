//! The XML reader and writer.

mod decoder;
mod encoder;
mod error;
mod escape;
mod layout;
mod reader;
mod reference;
mod structure;
mod tag;

pub(crate) use decoder::{RequestIdLocation, XmlDecoder, text_of};
pub(crate) use encoder::{XmlElement, XmlEncoder};
pub(crate) use error::parse_error;
pub use error::{xml_error_field, xml_root_name, xml_root_text};
pub(crate) use layout::{XmlDecode, XmlShapes};
