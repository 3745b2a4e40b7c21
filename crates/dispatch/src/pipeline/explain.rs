//! The steps of a call up to its signed request, for an explanation of the call.

use std::sync::Arc;

use inia_core::Result;
use inia_model::Operation;

use super::request::ResolvedEndpoint;
use super::{CallOptions, Service};
use crate::customization::CallState;
use crate::endpoint::{EndpointOverrides, EndpointTrace};
use crate::params::ParamsValue;
use crate::transport::WireRequest;

/// The first request of a call, and what it depends on.
pub(crate) struct ExplainedRequest {
    pub(crate) request: WireRequest,
    pub(crate) resolved: Arc<ResolvedEndpoint>,
    pub(crate) endpoint: EndpointTrace,
    /// The region that the endpoint was resolved for.
    pub(crate) region: Option<String>,
    /// True if a customization replaced the auth scheme.
    pub(crate) has_custom_scheme: bool,
    /// True if the request is signed with the session of a directory bucket.
    pub(crate) uses_bucket_session: bool,
    pub(crate) max_attempts: u32,
}

impl Service {
    /// Prepares and signs the first request of a call. Nothing is sent: the options have credentials and a token, and are offline.
    pub(crate) async fn explain_request(
        &self,
        operation: &Operation,
        mut params: ParamsValue,
        mut options: CallOptions,
    ) -> Result<ExplainedRequest> {
        let plan = self.plan(operation)?;
        let mut state = CallState::default();
        self.complete_params(operation, plan, &mut params, &options, &mut state)?;
        let streamed = plan
            .streaming_input
            .as_deref()
            .filter(|_| options.stream.is_some());
        let serialized = self.validate(operation, &mut params, streamed.as_slice())?;
        self.apply_cached_bucket_region(&mut state);
        let mut prepared = self
            .prepare(operation, plan, &params, serialized, &mut options, &state)
            .await?;
        let uses_bucket_session = prepared.session_bucket.take().is_some();
        let request = self.sign_first(plan, &mut prepared, &options).await?;
        let settings = &self.settings;
        let region = state
            .region
            .as_deref()
            .or(plan.region.as_deref())
            .or(settings.region.as_deref());
        let account_id = options
            .credentials
            .as_ref()
            .and_then(|credentials| credentials.account_id.as_deref());
        let overrides = EndpointOverrides {
            force_path_style: state.force_path_style,
            region,
            account_id,
        };
        let endpoint = self
            .resolver
            .trace(&plan.endpoint, &params, settings, overrides)?;
        Ok(ExplainedRequest {
            request,
            resolved: prepared.resolved,
            endpoint,
            region: region.map(str::to_owned),
            has_custom_scheme: plan.hooks.scheme.is_some(),
            uses_bucket_session,
            max_attempts: self.max_attempts(&options),
        })
    }
}
