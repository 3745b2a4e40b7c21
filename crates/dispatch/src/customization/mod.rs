//! Customizations of services: one table, keyed by service and operation.
//!
//! Each row has a [`Hook`] and its source. The functions are in one file per service.

mod alias;
mod apigateway;
mod cloudformation;
mod cloudsearch;
mod cross_region;
mod dynamodb;
mod ec2;
mod glacier;
mod health;
mod iam;
mod importexport;
mod machinelearning;
mod route53;
mod s3;
mod s3_control;
mod sso_oidc;
mod table;
mod user_data;

use std::sync::Arc;

pub(crate) use cross_region::CrossRegionCopy;
use inia_core::{Result, ServiceError, Str, Value};
use inia_model::{Operation, ServiceModel};
use inia_protocol::{Headers, Request, Response};

use crate::ByteStream;
use crate::auth::AuthScheme;
use crate::url::BaseUrl;

/// A row of the customization table.
#[derive(Debug)]
pub(crate) struct Customization {
    /// The service's name.
    pub(crate) service: &'static str,
    /// Names of the operations; empty for all.
    pub(crate) operations: &'static [&'static str],
    pub(crate) hook: Hook,
    /// The code that the customization comes from.
    pub(crate) source: &'static str,
}

/// The point in a call at which a customization runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hook {
    /// Changes or checks the parameters before validation.
    Params(fn(&mut ParamsStage<'_>) -> Result<()>),
    /// Changes the serialized request before its checksum and signature.
    Request(fn(&mut RequestStage<'_>) -> Result<()>),
    /// Replaces the auth scheme, unless the client sets one.
    Scheme(AuthScheme),
    /// Returns the region to call and to sign for instead of the client's, if it differs.
    Region(fn(&str) -> Option<&'static str>),
    /// Returns the signing name for the client's region, if it is not that of the definition. The endpoint's takes precedence.
    SigningName(fn(&str) -> Option<&'static str>),
    /// Adds a presigned URL of the source region to the form, after the request hooks.
    CrossRegionCopy(CrossRegionCopy),
    /// Checks or changes a buffered response before it is parsed.
    Response(fn(&mut Response) -> Result<()>),
    /// Treats a malformed document in a response with status 200 as a server error (status 500), which is retried.
    RetryMalformed,
    /// Changes a parsed error, or redirects the call to another region.
    Error(fn(&mut ErrorStage<'_>)),
    /// Changes the parsed output.
    Output(fn(&mut OutputStage<'_>) -> Result<()>),
}

impl Hook {
    /// Returns the step of a call that the hook changes.
    pub(crate) const fn step(&self) -> &'static str {
        match self {
            Hook::Params(_) => "parameters",
            Hook::Request(_) | Hook::CrossRegionCopy(_) => "request",
            Hook::Scheme(_) => "auth scheme",
            Hook::Region(_) => "region",
            Hook::SigningName(_) => "signing name",
            Hook::Response(_) => "response",
            Hook::RetryMalformed => "retry",
            Hook::Error(_) => "error",
            Hook::Output(_) => "output",
        }
    }
}

/// Returns the customizations of an operation, in the order of the table.
pub(crate) fn customizations_of<'a>(
    service: &'a str,
    operation: &'a str,
) -> impl Iterator<Item = &'static Customization> + 'a {
    table::CUSTOMIZATIONS.iter().filter(move |row| {
        row.service == service && (row.operations.is_empty() || row.operations.contains(&operation))
    })
}

/// State that the hooks of one call share with each other and the pipeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallState {
    /// True if the request is presigned rather than sent.
    pub(crate) presigning: bool,
    /// S3: true if the pipeline requested URL-encoded keys, which have to be decoded in the output.
    pub(crate) decode_keys: bool,
    /// S3: overrides the addressing style.
    pub(crate) force_path_style: Option<bool>,
    /// Region of a redirect, instead of the client's.
    pub(crate) region: Option<Str>,
    /// S3: name of the bucket, the key of the bucket region cache.
    pub(crate) bucket: Option<Str>,
    /// Number of attempts before the request was prepared again, for another region or endpoint.
    pub(crate) attempts: u32,
}

/// A call's parameters before validation.
pub(crate) struct ParamsStage<'a> {
    pub(crate) model: &'a ServiceModel,
    pub(crate) operation: &'a Operation,
    pub(crate) params: &'a mut Value,
    pub(crate) state: &'a mut CallState,
}

/// A call's request before its checksum and signature.
pub(crate) struct RequestStage<'a> {
    pub(crate) model: &'a ServiceModel,
    pub(crate) operation: &'a Operation,
    pub(crate) params: &'a Value,
    pub(crate) request: &'a mut Request,
    pub(crate) stream: &'a mut Option<ByteStream>,
    /// The endpoint's URL, which a hook may replace.
    pub(crate) endpoint_url: &'a mut Arc<BaseUrl>,
    /// The path that the HMAC-SHA1 signature covers, if it differs from the request's path.
    pub(crate) auth_path: &'a mut Option<String>,
}

/// A call's error.
pub(crate) struct ErrorStage<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) error: &'a mut ServiceError,
    pub(crate) response: &'a Response,
    pub(crate) state: &'a mut CallState,
    /// The client's region.
    pub(crate) region: Option<&'a str>,
    /// Set by a hook to redirect the call to the region in `state`. A redirect does not count as a retry.
    pub(crate) redirect: bool,
}

/// A call's parsed output.
pub(crate) struct OutputStage<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) model: &'a ServiceModel,
    pub(crate) output: &'a mut Value,
    /// The raw body; empty if it is a stream.
    pub(crate) body: &'a [u8],
    pub(crate) headers: &'a Headers,
    pub(crate) state: &'a CallState,
}

/// The hooks of one operation.
#[derive(Debug, Default)]
pub(crate) struct OperationHooks {
    pub(crate) params: Vec<fn(&mut ParamsStage<'_>) -> Result<()>>,
    pub(crate) request: Vec<fn(&mut RequestStage<'_>) -> Result<()>>,
    pub(crate) cross_region_copy: Option<CrossRegionCopy>,
    pub(crate) scheme: Option<AuthScheme>,
    pub(crate) region: Option<fn(&str) -> Option<&'static str>>,
    pub(crate) signing_name: Option<fn(&str) -> Option<&'static str>>,
    pub(crate) response: Vec<fn(&mut Response) -> Result<()>>,
    pub(crate) retries_malformed: bool,
    pub(crate) error: Vec<fn(&mut ErrorStage<'_>)>,
    pub(crate) output: Vec<fn(&mut OutputStage<'_>) -> Result<()>>,
}

impl OperationHooks {
    /// Collects the hooks of an operation from the table, in its order.
    pub(crate) fn new(service: &str, operation: &str) -> OperationHooks {
        let mut hooks = OperationHooks::default();
        for row in customizations_of(service, operation) {
            match row.hook {
                Hook::Params(hook) => hooks.params.push(hook),
                Hook::Request(hook) => hooks.request.push(hook),
                Hook::Scheme(scheme) => hooks.scheme = Some(scheme),
                Hook::Region(hook) => hooks.region = Some(hook),
                Hook::SigningName(hook) => hooks.signing_name = Some(hook),
                Hook::CrossRegionCopy(copy) => hooks.cross_region_copy = Some(copy),
                Hook::Response(hook) => hooks.response.push(hook),
                Hook::RetryMalformed => hooks.retries_malformed = true,
                Hook::Error(hook) => hooks.error.push(hook),
                Hook::Output(hook) => hooks.output.push(hook),
            }
        }
        hooks
    }
}
