//! Introspection: operations and resources as text and as data, for the command and for tools.

mod json_schema;
mod operation;
mod resource;

pub use json_schema::ReadOnlySource;
pub use operation::{Description, DescriptionNode};
