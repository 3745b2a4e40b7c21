//! A call of `inia batch`.

use inia::config::{Config, UNSIGNED};
use inia::{Credentials, Error, ErrorKind, Map, Output, Result, Token, Value};

use super::{ClientCache, result};
use crate::command::decode;

/// A call read from an input line.
pub(super) struct BatchCall {
    id: Option<Value>,
    pub(super) service: String,
    operation: String,
    params: Value,
    region: Option<String>,
    endpoint_url: Option<String>,
    credentials: CallCredentials,
    config: Value,
}

/// Credentials of a call.
enum CallCredentials {
    /// No `credentials`: those of the session.
    Session,
    /// `null`: the request is not signed.
    Unsigned,
    Keys(Box<Credentials>),
    Bearer(Token),
}

/// Makes the call of an input line and returns its result line.
pub(super) async fn run(clients: &ClientCache, line: &[u8]) -> Vec<u8> {
    let value: Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(error) => return result::not_a_call(&format!("the line is not valid JSON: {error}")),
    };
    let id = value.get("id").cloned();
    let call = match BatchCall::read(value) {
        Ok(call) => call,
        Err(error) => return result::failed(id.as_ref(), &error),
    };
    match call.send(clients).await {
        Ok(output) => result::succeeded(call.id.as_ref(), &output),
        Err(error) => result::failed(call.id.as_ref(), &error),
    }
}

impl BatchCall {
    fn read(value: Value) -> Result<Self> {
        let Value::Map(mut line) = value else {
            return Err(invalid(
                "a call must be an object with `service` and `operation`",
            ));
        };
        let id = line.remove("id");
        let service = required(&mut line, "service")?;
        let operation = required(&mut line, "operation")?;
        let params = match line.remove("params") {
            None | Some(Value::Null) => Value::map(),
            Some(params @ Value::Map(_)) => params,
            Some(other) => {
                return Err(invalid(format!(
                    "params: expected an object, got a {}",
                    other.type_name()
                )));
            }
        };
        let region = optional(&mut line, "region")?;
        let endpoint_url = optional(&mut line, "endpoint_url")?;
        let credentials = match line.remove("credentials") {
            None => CallCredentials::Session,
            Some(Value::Null) => CallCredentials::Unsigned,
            Some(Value::Map(credentials)) => read_credentials(credentials)?,
            Some(_) => return Err(invalid("credentials: expected an object or null")),
        };
        let config = line.remove("config").unwrap_or_default();
        if let Some((name, _)) = line.iter().next() {
            let keys = [
                "config",
                "credentials",
                "endpoint_url",
                "id",
                "operation",
                "params",
                "region",
                "service",
            ];
            return Err(invalid(format!(
                "unknown key {name:?} in a call{}",
                inia::did_you_mean(name, keys)
            )));
        }
        Ok(BatchCall {
            id,
            service,
            operation,
            params,
            region,
            endpoint_url,
            credentials,
            config,
        })
    }

    /// Cache key of the client: all settings that clients differ in.
    pub(super) fn client_key(&self) -> String {
        let credentials = match &self.credentials {
            CallCredentials::Session => "session",
            CallCredentials::Unsigned => "none",
            CallCredentials::Keys(_) => "keys",
            CallCredentials::Bearer(_) => "bearer",
        };
        let bearer = match &self.credentials {
            CallCredentials::Bearer(token) => token.token.expose(),
            _ => "",
        };
        let parts = [
            &*self.service,
            self.region.as_deref().unwrap_or_default(),
            self.endpoint_url.as_deref().unwrap_or_default(),
            credentials,
            bearer,
            &self.config.to_json_string(),
        ];
        parts.join("\n")
    }

    /// Returns the client settings of this call.
    pub(super) fn client_config(&self) -> Result<Config> {
        let mut config = Config::from_value(&self.config)?;
        if let Some(region) = &self.region {
            config = config.region(region);
        }
        if let Some(url) = &self.endpoint_url {
            config = config.endpoint_url(url);
        }
        match &self.credentials {
            CallCredentials::Unsigned => config = config.signature_version(UNSIGNED),
            CallCredentials::Bearer(_) if config.signature_version.is_none() => {
                config = config.signature_version("bearer");
            }
            _ => {}
        }
        Ok(config)
    }

    async fn send(&self, clients: &ClientCache) -> Result<Output> {
        let client = clients.get(self)?;
        let model = client.model();
        let operation = model.operation(&self.operation)?;
        let mut params = self.params.clone();
        let body = decode::params(model, operation, &mut params)?;
        let mut call = client.call(&operation.name, params);
        if let Some(body) = body {
            call = call.body(body);
        }
        match &self.credentials {
            CallCredentials::Keys(credentials) => call = call.credentials((**credentials).clone()),
            CallCredentials::Bearer(token) => call = call.token(token.clone()),
            CallCredentials::Session | CallCredentials::Unsigned => {}
        }
        call.collect().await
    }
}

fn read_credentials(mut credentials: Map) -> Result<CallCredentials> {
    let mut part = |name: &str| match credentials.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid(format!("credentials.{name}: expected a string"))),
    };
    let (id, secret) = (part("access_key_id")?, part("secret_access_key")?);
    let (session, bearer, account) = (
        part("session_token")?,
        part("bearer_token")?,
        part("account_id")?,
    );
    match (id, secret, bearer) {
        (Some(id), Some(secret), _) => {
            let mut keys = Credentials::new(&id, &secret, session.as_deref());
            keys.account_id = account;
            Ok(CallCredentials::Keys(Box::new(keys)))
        }
        (None, None, Some(token)) => Ok(CallCredentials::Bearer(Token::new(token.as_str()))),
        _ => Err(invalid(
            "credentials: expected access_key_id and secret_access_key, or bearer_token alone",
        )),
    }
}

fn required(line: &mut Map, name: &str) -> Result<String> {
    optional(line, name)?.ok_or_else(|| invalid(format!("missing required key {name}")))
}

fn optional(line: &mut Map, name: &str) -> Result<Option<String>> {
    match line.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.into())),
        Some(other) => Err(invalid(format!(
            "{name}: expected a string, got a {}",
            other.type_name()
        ))),
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Validation, message)
}
