//! Introspection: operations and resources as text and as data, for the command and for tools.

mod operation;
mod resource;

pub use operation::{Description, DescriptionNode};
