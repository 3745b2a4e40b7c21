//! [`CallStub`]: answers calls in place of the steps after validation.

use std::fmt;

use futures_util::StreamExt as _;
use inia_core::ports::BoxFuture;
use inia_core::{Result, Value};
use inia_model::Operation;

use super::{CallOptions, Service};
use crate::ByteStream;
use crate::customization::CallState;
use crate::event_stream::EventFrames;
use crate::output::Output;
use crate::params::ParamsValue;

/// Answers the calls of a session's clients in place of the services.
pub(crate) trait CallStub: Send + Sync + fmt::Debug {
    /// Answers a call with valid parameters.
    ///
    /// # Errors
    /// The error that the caller receives.
    fn call<'a>(
        &'a self,
        service: &'a Service,
        call: StubbedCall<'a>,
    ) -> BoxFuture<'a, Result<Output>>;
}

/// A call with valid parameters.
pub(crate) struct StubbedCall<'a> {
    pub(crate) operation: &'a Operation,
    /// The parameters as they were given, names as in the definition.
    pub(crate) params: Value,
    /// The streaming member.
    pub(crate) stream: Option<ByteStream>,
}

impl Service {
    /// Completes and validates the parameters of a call like any other, and lets the stub answer it.
    pub(super) async fn stubbed_call(
        &self,
        stub: &dyn CallStub,
        operation: &Operation,
        mut params: ParamsValue,
        options: CallOptions,
    ) -> Result<Output> {
        let plan = self.plan(operation)?;
        let mut given = Value::clone(&params);
        let state = &mut CallState::default();
        self.complete_params(operation, plan, &mut params, &options, state)?;
        let streamed = plan.input_events.as_deref().or_else(|| {
            plan.streaming_input
                .as_deref()
                .filter(|_| options.stream.is_some())
        });
        self.validate(operation, &mut params, streamed.as_slice())?;
        // Only converts alternative spellings: members that the steps above fill in may be missing.
        let _ = self.model.validate(operation, &mut given, &[]);
        if let Some(input) = &options.events {
            // Events are taken and not passed on; the caller may send them as long as it likes.
            let mut events = EventFrames::new(input, None);
            tokio::spawn(async move { while let Some(Ok(_)) = events.next().await {} });
        }
        let call = StubbedCall {
            operation,
            params: given,
            stream: options.stream,
        };
        stub.call(self, call).await
    }
}
