//! [`Action`]: something a resource does.

use std::borrow::Cow;
use std::future::IntoFuture;
use std::sync::Arc;

use inia_core::ports::BoxFuture;
use inia_core::{Result, Value};
use inia_model::{ResourceAction, ResourceModel};

use super::extras::ActionExtra;
use super::outcome::found;
use super::params::update;
use super::{Outcome, Resource};
use crate::{ByteStream, Output};

/// Something a resource does, ready to be awaited.
#[must_use = "an action does nothing before it is awaited"]
#[derive(Debug)]
pub struct Action {
    resource: Resource,
    which: Result<Which>,
    params: Value,
    body: Option<ByteStream>,
}

#[derive(Debug)]
enum Which {
    /// By its place among the resource's actions.
    Modeled(usize),
    Extra(&'static ActionExtra),
}

impl Action {
    pub(super) fn new(resource: &Resource, name: &str, params: Value) -> Self {
        let which = match ActionExtra::of(resource.model(), name) {
            Some(extra) => Ok(Which::Extra(extra)),
            None => position(resource.model(), name).map(Which::Modeled),
        };
        Action {
            resource: resource.clone(),
            which,
            params,
            body: None,
        }
    }

    /// Gives the operation's streaming member as a stream; nothing of it is buffered.
    pub fn body(mut self, body: impl Into<ByteStream>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Does it. Data that were loaded are forgotten, for they may have changed.
    ///
    /// # Errors
    /// As a call of the operation; `Model` where the resource has no such action; `Resource` where data are needed that cannot be
    /// loaded, or the answer lacks what makes the resource that was to come of it.
    ///
    /// # Source
    /// boto3 `resources/action.py:ServiceAction`.
    pub async fn send(self) -> Result<Outcome> {
        let resource = self.resource;
        let position = match self.which? {
            Which::Modeled(position) => position,
            Which::Extra(extra) => return (extra.run)(&resource, self.params).await,
        };
        let model = Arc::clone(&resource.0.model);
        let Some(action) = model.actions.get(position) else {
            return Ok(Outcome::None);
        };
        let outcome = resource.perform(action, self.params, self.body).await?;
        if resource.can_load() {
            resource.0.data.clear();
        }
        Ok(outcome)
    }
}

fn position(model: &ResourceModel, name: &str) -> Result<usize> {
    let action = model.action(name)?;
    let position = model
        .actions
        .iter()
        .position(|one| std::ptr::eq(one, action));
    Ok(position.unwrap_or(usize::MAX))
}

impl IntoFuture for Action {
    type Output = Result<Outcome>;
    type IntoFuture = BoxFuture<'static, Result<Outcome>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl Resource {
    /// Makes an action's call, and of its answer what the action makes of it.
    pub(super) async fn perform(
        &self,
        action: &ResourceAction,
        given: Value,
        body: Option<ByteStream>,
    ) -> Result<Outcome> {
        let client = &self.0.client;
        let mut params = Value::map();
        self.fill_in(&action.request.params, &mut params, None)
            .await?;
        update(&mut params, given)?;
        let Some(target) = &action.resource else {
            let call = client.call(&action.request.operation, params);
            let output = match body {
                Some(body) => call.body(body).await?,
                None => call.await?,
            };
            return part(output, action).map(Outcome::from);
        };
        let call = client.call(&action.request.operation, params.clone());
        let output = match body {
            Some(body) => call.body(body).await?,
            None => call.await?,
        };
        let operation = client.model().operation(&action.request.operation)?;
        self.make(target, Some(operation), &params, Cow::Owned(output.value))
            .await
    }
}

/// The part of an output that an action is about.
pub(super) fn part(mut output: Output, action: &ResourceAction) -> Result<Output> {
    if let Some(path) = &action.path {
        output.value = found(path, Cow::Owned(output.value))?;
    }
    Ok(output)
}
