//! XML: reading it straight into values, and writing it.

mod decode;
mod encode;
mod error;
mod layout;
mod reader;
mod reference;
mod structure;
mod tag;
mod writer;

pub(crate) use decode::{Decoder, RequestIdIn, text_of};
pub(crate) use encode::{Element, Encoder};
pub(crate) use error::parse_error;
pub use error::{xml_error_field, xml_root_name, xml_root_text};
pub(crate) use layout::Layouts;
