//! Values, errors, ports, sessions, configuration and the credential chain of inia.
//!
//! This crate knows no service by name and opens no socket: the world is reached through [`ports`].

#![forbid(unsafe_code)]

pub mod config;
mod credentials;
mod error;
mod json_macro;
pub mod ports;
mod secret;
mod text;
mod timestamp;
mod value;

pub use credentials::{Credentials, Token};
pub use error::{Error, ErrorKind, Fault, Problem, Result, ServiceError};
pub use secret::Secret;
pub use text::{SharedText, Str};
pub use timestamp::{Timestamp, TimestampFormat, TimestampPrecision, TimestampText};
pub use value::{Blob, List, Map, MapIntoIter, MapIter, Value};
