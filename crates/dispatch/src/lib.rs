//! Makes AWS calls from service definitions: validates, resolves the endpoint, serializes, signs, sends, retries, and parses.

#![forbid(unsafe_code)]

mod auth;
pub mod blocking;
mod body;
mod checksum;
mod client;
mod customization;
mod definitions;
pub mod dynamodb;
mod endpoint;
mod event_stream;
mod explain;
mod fault;
pub mod host;
mod identity;
mod interceptor;
mod metrics;
mod output;
mod paginate;
mod params;
mod pipeline;
mod presign;
mod presign_post;
mod redact;
mod region;
mod resource;
mod retry;
mod runtime;
mod saved_file;
mod scrub;
mod session;
mod sign;
#[cfg(feature = "testing")]
pub mod testing;
mod transport;
mod url;
mod user_agent;
mod wait;

/// Parts that inia's own crates share. Not covered by semantic versioning.
#[doc(hidden)]
pub mod detail {
    pub use crate::body::BodyPace;
    pub use crate::checksum::{Algorithm, Hasher};
    pub use crate::saved_file::SavedFile;
}

pub use body::ByteStream;
pub use client::{Call, Client};
pub use event_stream::{EventReceiver, EventSender, EventStream};
pub use explain::{Explain, Explanation};
pub use inia_core::json;
pub use interceptor::{CallContext, Interceptor, RetryDecision};
pub use output::{Output, ResponseMetadata};
pub use paginate::{PageItems, Paginator, SearchResults};
pub use params::Params;
pub use presign::{Presign, PresignedRequest};
pub use presign_post::{PresignPost, PresignedPost};
pub use resource::{
    Action, Collection, CollectionItems, CollectionPages, Resource, ResourceOutcome, ResourcePart,
};
pub use retry::{Backoff, FailedAttempt, RetryClassifier, RetryOptions};
pub use session::{Session, SessionBuilder};
pub use transport::{
    CaBundle, HttpVersion, HyperTransport, ProxySettings, StallLimit, TlsSettings, Transport,
    TransportSettings, WireBody, WireOperation, WireRequest, WireResponse,
};
pub use wait::{Condition, Wait, WaitOutcome};
