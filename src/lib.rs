#![doc = include_str!("manual.md")]
#![forbid(unsafe_code)]

/// Pages whose examples are compiled as doctests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/cookbook.md")]
    struct Cookbook;
    #[doc = include_str!("../docs/dynamodb.md")]
    struct DynamoDb;
    #[cfg(feature = "fake")]
    #[doc = include_str!("../docs/testing-your-code.md")]
    struct TestingYourCode;
    #[doc = include_str!("../docs/retries.md")]
    struct Retries;
}

pub use inia_core::{
    Blob, Credentials, Error, ErrorKind, List, Map, Result, Str, Timestamp, TimestampFormat, Value,
    config, from_value, json, ports, to_value,
};
pub use inia_dispatch::{
    ByteStream, Call, Client, EventReceiver, EventSender, EventStream, Output, Params,
    ResponseMetadata, Session, SessionBuilder, blocking, host,
};
pub use inia_model::jmespath;

/// Credentials, tokens, and the chains of their providers.
pub mod credentials {
    pub use inia_core::{
        CredentialChain, Credentials, Lookup, Provider, ProviderChain, ProviderContext, Secret,
        SsoLogin, SsoLogout, Token, TokenChain, UserAgentFeatures,
    };
}

/// DynamoDB's native values, conditions, and tables.
#[doc(inline)]
pub use inia_dispatch::dynamodb;

/// Details of errors.
pub mod error {
    pub use inia_core::{Error, ErrorKind, Fault, Problem, Result, RetryClass, ServiceError};
}

/// Definitions: services, operations, shapes, paginators, waiters and resources as data.
pub mod model {
    pub use inia_model::{
        Acceptor, AcceptorState, Catalog, DefinitionOrigin, DefinitionSource, ErrorMatch,
        IdentifierSource, Kind, Location, Matcher, Member, Metadata, Operation, PaginatorModel,
        Paginators, ParamPath, ParamSource, ReadOnlySource, ResourceAction, ResourceAttribute,
        ResourceCollection, ResourceIdentifier, ResourceModel, ResourceParam, ResourceRelation,
        ResourceRequest, ResourceTarget, ResourceWaiter, Resources, ResultKey, ServiceModel, Shape,
        ShapeId, SmithyService, Structure, TargetIdentifier, Traits, WaiterModel, Waiters,
        did_you_mean, kebab_case, snake_case,
    };
}

/// Explanations of calls, which are not made.
pub mod explain {
    pub use inia_core::{ChainExplanation, ExplainedProvider, ProviderOutcome};
    pub use inia_dispatch::{Explain, Explanation};
}

/// Pages of operations, and the items on them.
pub mod paginate {
    pub use inia_dispatch::{PageItems, Paginator, SearchResults};
}

/// Presigned URLs and forms.
pub mod presign {
    pub use inia_dispatch::{Presign, PresignPost, PresignedPost, PresignedRequest};
}

/// Wire formats and the headers of messages.
pub mod protocol {
    pub use inia_protocol::{Headers, Protocol, Request};
}

/// boto3's resources: identifiers, attributes, actions, references, collections.
pub mod resource {
    pub use inia_dispatch::{
        Action, Collection, CollectionItems, CollectionPages, Resource, ResourceOutcome,
        ResourcePart,
    };
}

/// S3 transfers: files and streams of any size in parts, with checksums, progress and resume.
#[cfg(feature = "transfer")]
pub mod transfer {
    pub use inia_transfer::{
        ClientTransfers, CopySource, DeleteFailure, DeleteOutput, DeleteTarget, ListedObject,
        LocalEntry, LocalFile, LocalListing, ObjectListing, Progress, ProgressStream, ResourceKey,
        ResourceTransfers, SkippedFile, SyncChange, SyncDirection, SyncEntry, SyncOptions,
        SyncPlan, SyncStep, Transfer, TransferConfig, TransferControl, TransferManager,
        TransferOutput, TransferRequest, WriteAt, local_path,
    };
}

/// Test doubles: stubbed clients, and recorded HTTP exchanges.
#[cfg(feature = "testing")]
pub mod testing {
    #[cfg(feature = "fake")]
    pub use inia_dispatch::testing::{FakeServer, FakeServerBuilder, Fault};
    pub use inia_dispatch::testing::{
        Recorder, Replayer, StubCall, StubClient, StubRule, StubSession,
    };
}

/// Hooks into calls.
pub mod interceptor {
    pub use inia_dispatch::{CallContext, Interceptor, RetryDecision};
}

/// Retries: options, classifiers of errors, delays.
pub mod retry {
    pub use inia_dispatch::{Backoff, FailedAttempt, RetryClassifier, RetryOptions};
}

/// Connections: the HTTP transport, TLS, proxies, and transports of your own.
pub mod transport {
    pub use inia_dispatch::{
        CaBundle, HttpVersion, HyperTransport, ProxySettings, StallLimit, TlsSettings, Transport,
        TransportSettings, WireBody, WireOperation, WireRequest, WireResponse,
    };
}

/// Waits until something is in a state.
pub mod wait {
    pub use inia_dispatch::{Condition, Wait, WaitOutcome};
}
