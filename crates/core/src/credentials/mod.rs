//! Credentials, tokens, and the providers that find them.

mod identity;

pub use identity::{Credentials, Token};
