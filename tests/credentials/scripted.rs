//! Service calls handled by a function; all calls are recorded.

// Each test suite is a separate crate and uses a part of this module.
#![allow(dead_code)]

use std::sync::{Arc, Mutex};

use inia_core::ports::{BoxFuture, Invoke, InvokeOptions};
use inia_core::{Result, Value};
use serde_json::Value as Json;

/// A recorded call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) params: Json,
    pub(crate) options: InvokeOptions,
}

type Respond = Box<dyn Fn(&Call) -> Result<Json> + Send + Sync>;

/// An `Invoke` port that responds through a function.
#[derive(Clone)]
pub(crate) struct ScriptedInvoke {
    respond: Arc<Respond>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl ScriptedInvoke {
    pub(crate) fn new(respond: impl Fn(&Call) -> Result<Json> + Send + Sync + 'static) -> Self {
        ScriptedInvoke {
            respond: Arc::new(Box::new(respond)),
            calls: Arc::default(),
        }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Returns the response to a call.
    pub(crate) fn respond(&self, call: &Call) -> Result<Json> {
        (self.respond)(call)
    }

    /// Returns the `Invoke` port for a session builder.
    pub(crate) fn invoke(&self) -> Arc<dyn Invoke> {
        Arc::new(self.clone())
    }
}

impl std::fmt::Debug for ScriptedInvoke {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScriptedInvoke")
    }
}

impl Invoke for ScriptedInvoke {
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
        let response = (self.respond)(&call);
        self.calls.lock().unwrap().push(call);
        Box::pin(std::future::ready(
            response.map(|json| serde_json::from_value(json).unwrap()),
        ))
    }
}

/// Returns a response of AssumeRole and similar operations: keys named after the role, valid for one hour after `now`.
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
