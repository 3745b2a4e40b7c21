//! What services need beyond their definitions: one table, keyed by service and operation.
//!
//! A row says when it acts (its [`Step`]) and where the rule comes from. The functions live in a file for each service that
//! has more than one or two.

mod alias;
mod autoscaling;
mod cloudformation;
mod cloudsearch;
mod cross_region;
mod ec2;
mod glacier;
mod iam;
mod machinelearning;
mod rest;
mod route53;
mod s3;
mod s3_control;
mod table;

use std::sync::Arc;

pub(crate) use cross_region::CrossRegionCopy;
use inia_core::{Result, ServiceError, Str, Value};
use inia_model::{Operation, ServiceModel};
use inia_protocol::{Headers, Request, Response};

use crate::ByteStream;
use crate::auth::AuthScheme;
use crate::url::BaseUrl;

/// One rule of one service.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The service's name.
    pub(crate) service: &'static str,
    /// The operations it holds for; empty for all.
    pub(crate) operations: &'static [&'static str],
    /// When it acts, and how.
    pub(crate) step: Step,
    /// Where the rule comes from.
    #[expect(dead_code, reason = "read by people")]
    pub(crate) source: &'static str,
}

/// When a rule acts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// On the parameters, before they are validated.
    Params(fn(&mut ParamsStage<'_>) -> Result<()>),
    /// On the request, before its checksum and signature.
    Request(fn(&mut RequestStage<'_>) -> Result<()>),
    /// On the auth scheme, where the caller chooses none.
    Scheme(AuthScheme),
    /// On the form of a request after the rules for requests: it carries a signed request to another region.
    CrossRegionCopy(CrossRegionCopy),
    /// On the whole answer, before it is parsed.
    Response(fn(&CallState, &mut Response)),
    /// On a parsed error; a region returned sends the call again, to there.
    Error(fn(&mut ErrorStage<'_>)),
    /// On the parsed output.
    Output(fn(&mut OutputStage<'_>) -> Result<()>),
}

/// What the rules of one call tell each other and the pipeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallState {
    /// The request is not sent: it becomes a URL for others.
    pub(crate) presigning: bool,
    /// The listing's keys were asked for URL-encoded by us, so they are decoded for the caller.
    pub(crate) decode_keys: bool,
    /// S3: whether the bucket goes into the path.
    pub(crate) force_path_style: Option<bool>,
    /// The region to call instead of the client's, as an answer said.
    pub(crate) region: Option<Str>,
    /// What lies in that region: calls for it go there at once the next time.
    pub(crate) redirect_key: Option<Str>,
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
    /// The endpoint's URL, which a rule may replace.
    pub(crate) endpoint_url: &'a mut Arc<BaseUrl>,
    /// The path that the oldest signature covers, where it is not the one that is sent.
    pub(crate) auth_path: &'a mut Option<String>,
}

/// A call's error.
pub(crate) struct ErrorStage<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) error: &'a mut ServiceError,
    pub(crate) response: &'a Response,
    pub(crate) state: &'a mut CallState,
    /// Set to send the call again with the changed state, without counting it as a retry.
    pub(crate) again: bool,
}

/// A call's parsed output.
pub(crate) struct OutputStage<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) model: &'a ServiceModel,
    pub(crate) output: &'a mut Value,
    /// The body as it came; empty where it is a stream.
    pub(crate) body: &'a [u8],
    pub(crate) headers: &'a Headers,
    pub(crate) state: &'a CallState,
}

/// The rules of one operation, by when they act.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) params: Vec<fn(&mut ParamsStage<'_>) -> Result<()>>,
    pub(crate) request: Vec<fn(&mut RequestStage<'_>) -> Result<()>>,
    pub(crate) cross_region_copy: Option<CrossRegionCopy>,
    pub(crate) scheme: Option<AuthScheme>,
    pub(crate) response: Vec<fn(&CallState, &mut Response)>,
    pub(crate) error: Vec<fn(&mut ErrorStage<'_>)>,
    pub(crate) output: Vec<fn(&mut OutputStage<'_>) -> Result<()>>,
}

impl Rules {
    /// The rules that hold for an operation of a service.
    pub(crate) fn of(service: &str, operation: &str) -> Rules {
        let mut rules = Rules::default();
        for rule in table::RULES {
            if rule.service != service
                || !(rule.operations.is_empty() || rule.operations.contains(&operation))
            {
                continue;
            }
            match rule.step {
                Step::Params(act) => rules.params.push(act),
                Step::Request(act) => rules.request.push(act),
                Step::Scheme(scheme) => rules.scheme = Some(scheme),
                Step::CrossRegionCopy(copy) => rules.cross_region_copy = Some(copy),
                Step::Response(act) => rules.response.push(act),
                Step::Error(act) => rules.error.push(act),
                Step::Output(act) => rules.output.push(act),
            }
        }
        rules
    }
}
