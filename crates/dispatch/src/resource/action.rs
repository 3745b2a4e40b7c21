//! [`Action`]: an action of a resource.

use std::borrow::Cow;
use std::future::IntoFuture;
use std::sync::Arc;

use inia_core::ports::BoxFuture;
use inia_core::{Result, Value};
use inia_model::{ResourceAction, ResourceModel};

use super::customizations::CustomAction;
use super::outcome::take_result;
use super::params::override_params;
use super::{Resource, ResourceOutcome};
use crate::{ByteStream, Call, Output, Params};

/// A builder of a resource action, ready to be awaited.
#[must_use = "an action does nothing until it is awaited"]
#[derive(Debug)]
pub struct Action {
    resource: Resource,
    kind: Result<ActionKind>,
    params: Params,
    options: ActionOptions,
}

/// Options of the call that an action makes.
#[derive(Debug, Default)]
struct ActionOptions {
    body: Option<ByteStream>,
    resumes_body: bool,
}

#[derive(Debug)]
enum ActionKind {
    /// Index of an action in the resource definition.
    Modeled(usize),
    Custom(&'static CustomAction),
}

impl Action {
    pub(super) fn new(resource: &Resource, name: &str, params: Params) -> Self {
        let kind = match CustomAction::find(resource.model(), name) {
            Some(action) => Ok(ActionKind::Custom(action)),
            None => position(resource.model(), name).map(ActionKind::Modeled),
        };
        Action {
            resource: resource.clone(),
            kind,
            params,
            options: ActionOptions::default(),
        }
    }

    /// Sets the operation's streaming member. The stream is sent without buffering.
    pub fn body(mut self, body: impl Into<ByteStream>) -> Self {
        self.options.body = Some(body.into());
        self
    }

    /// Resumes a streaming body that breaks off: see [`Call::resume_body`](crate::Call::resume_body).
    pub fn resume_body(mut self) -> Self {
        self.options.resumes_body = true;
        self
    }

    /// Performs the action. The resource's loaded data are cleared, because they may have changed.
    ///
    /// # Errors
    /// As a call of the operation; `Model` if the resource has no such action; `Resource` if the action needs data that cannot be
    /// loaded, or the response lacks an identifier of the resulting resource.
    ///
    /// # Source
    /// boto3 `resources/action.py:ServiceAction`.
    pub async fn send(self) -> Result<ResourceOutcome> {
        let resource = self.resource;
        let kind = self.kind?;
        let params = self.params.into_value()?;
        let position = match kind {
            ActionKind::Modeled(position) => position,
            ActionKind::Custom(action) => return (action.run)(&resource, params).await,
        };
        let model = Arc::clone(&resource.0.model);
        let Some(action) = model.actions.get(position) else {
            return Ok(ResourceOutcome::None);
        };
        let outcome = resource.perform(action, params, self.options).await?;
        if resource.can_load() {
            resource.0.data.clear();
        }
        Ok(outcome)
    }
}

impl ActionOptions {
    fn apply(self, mut call: Call) -> Call {
        if let Some(body) = self.body {
            call = call.body(body);
        }
        if self.resumes_body {
            call = call.resume_body();
        }
        call
    }
}

fn position(model: &ResourceModel, name: &str) -> Result<usize> {
    let action = model.action(name)?;
    let position = model
        .actions
        .iter()
        .position(|other| std::ptr::eq(other, action));
    Ok(position.unwrap_or(usize::MAX))
}

impl IntoFuture for Action {
    type Output = Result<ResourceOutcome>;
    type IntoFuture = BoxFuture<'static, Result<ResourceOutcome>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl Resource {
    /// Makes the call of an action, and builds its outcome from the response.
    async fn perform(
        &self,
        action: &ResourceAction,
        overrides: Value,
        options: ActionOptions,
    ) -> Result<ResourceOutcome> {
        let client = &self.0.client;
        let mut params = Value::map();
        self.fill_in(&action.request.params, &mut params, None)
            .await?;
        override_params(&mut params, overrides)?;
        let Some(target) = &action.resource else {
            let output = options
                .apply(client.call(&action.request.operation, params))
                .await?;
            return apply_path(output, action).map(ResourceOutcome::from);
        };
        let call = client.call(&action.request.operation, params.clone());
        let output = options.apply(call).await?;
        let operation = client.model().operation(&action.request.operation)?;
        self.build_resources(target, Some(operation), &params, Cow::Owned(output.value))
            .await
    }
}

/// Reduces an output to the result of the action's path, if it has one.
pub(super) fn apply_path(mut output: Output, action: &ResourceAction) -> Result<Output> {
    if let Some(path) = &action.path {
        output.value = take_result(path, Cow::Owned(output.value))?;
    }
    Ok(output)
}
