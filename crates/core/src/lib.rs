//! Values, errors, timestamps, ports, sessions, configuration and the credential chain of inia.
//!
//! This crate contains nothing specific to a service and does no I/O of its own: environment, files, HTTP, clock and randomness are
//! reached through [`ports`].

#![forbid(unsafe_code)]

mod ascii_json;
mod base64;
mod chunks;
#[cfg(feature = "session")]
pub mod config;
#[cfg(feature = "session")]
mod credentials;
#[doc(hidden)]
pub mod definition_node;
#[doc(hidden)]
pub mod detail;
mod error;
mod float;
mod hex;
mod json_macro;
#[doc(hidden)]
pub mod packed;
mod percent;
pub mod ports;
#[cfg(feature = "session")]
mod refresh_cache;
mod secret;
mod suggestion;
mod text;
mod timestamp;
mod url;
#[cfg(feature = "session")]
mod user_agent;
mod value;

pub use ascii_json::push_ascii_json;
#[cfg(feature = "session")]
pub use credentials::{
    ChainExplanation, CredentialChain, Credentials, ExplainedProvider, Identities, Lookup,
    Provider, ProviderChain, ProviderContext, ProviderOutcome, SsoLogin, SsoLogout, Token,
    TokenChain,
};
pub use error::{Error, ErrorKind, Fault, Problem, Result, RetryClass, ServiceError};
pub use hex::{hex_digits, to_hex};
pub use percent::{is_unreserved, push_percent_encoded, push_percent_encoded_except};
#[cfg(feature = "session")]
pub use refresh_cache::{RefreshCache, RefreshCell, RefreshPolicy, Refreshable};
pub use secret::{Secret, is_secret_name};
pub use suggestion::did_you_mean;
pub use text::Str;
pub use timestamp::{Timestamp, TimestampFormat, TimestampPrecision, TimestampText};
pub use url::{HostPort, UrlParts};
#[cfg(feature = "session")]
pub use user_agent::UserAgentFeatures;
pub use value::{
    Blob, List, Map, MapIntoIter, MapIter, Name, Number, Set, Value, from_value, from_value_ref,
    to_value,
};
