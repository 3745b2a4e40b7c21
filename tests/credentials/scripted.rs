//! Calls of services answered by a function, with every call kept.

// Each suite is a program of its own and uses a part of this.
#![allow(dead_code)]

use std::sync::{Arc, Mutex};

use inia_core::config::Settings;
use inia_core::ports::{BoxFuture, Host, Invoke, InvokeOptions};
use inia_core::{Result, Value};
use serde_json::Value as Json;

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) params: Json,
    pub(crate) options: InvokeOptions,
}

type Answer = Box<dyn Fn(&Call) -> Result<Json> + Send + Sync>;

/// Services that answer by a function.
#[derive(Clone)]
pub(crate) struct Scripted {
    answer: Arc<Answer>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Scripted {
    pub(crate) fn new(answer: impl Fn(&Call) -> Result<Json> + Send + Sync + 'static) -> Self {
        Scripted {
            answer: Arc::new(Box::new(answer)),
            calls: Arc::default(),
        }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// What a call is answered.
    pub(crate) fn answer(&self, call: &Call) -> Result<Json> {
        (self.answer)(call)
    }

    /// The way to call services, for a session's builder.
    pub(crate) fn invoke(
        &self,
    ) -> impl FnOnce(&Host, &Settings) -> Arc<dyn Invoke> + Send + 'static + use<> {
        let scripted = self.clone();
        move |_, _| Arc::new(scripted)
    }
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl Invoke for Scripted {
    fn call<'a>(
        &'a self,
        service: &'a str,
        operation: &'a str,
        params: Value,
        options: InvokeOptions,
    ) -> BoxFuture<'a, Result<Value>> {
        let call = Call {
            service: service.to_owned(),
            operation: operation.to_owned(),
            params: serde_json::to_value(&params).unwrap(),
            options,
        };
        let answer = (self.answer)(&call);
        self.calls.lock().unwrap().push(call);
        Box::pin(std::future::ready(
            answer.map(|json| serde_json::from_value(json).unwrap()),
        ))
    }
}

/// What AssumeRole and its kin answer: keys that tell the role, good for an hour after a moment.
pub(crate) fn assumed(call: &Call, now: i64) -> Json {
    let arn = call.params["RoleArn"].as_str().unwrap();
    let name = arn.rsplit('/').next().unwrap();
    let expires = inia_core::Timestamp::new(now + 3600, 0);
    serde_json::json!({
        "AssumedRoleUser": {"Arn": format!("arn:aws:sts::123456789012:assumed-role/{name}/session")},
        "Credentials": {
            "AccessKeyId": format!("AKID-{name}"),
            "SecretAccessKey": format!("secret-of-{name}"),
            "SessionToken": format!("token-of-{name}"),
            "Expiration": expires.to_string(),
        }
    })
}
