//! One line's call.

use inia::config::{Config, UNSIGNED};
use inia::{Credentials, Map, Output, Result, Token, Value};

use super::{Clients, config, result};
use crate::command::decode;

/// A call as a line describes it.
pub(super) struct BatchCall {
    id: Option<Value>,
    pub(super) service: String,
    operation: String,
    params: Value,
    region: Option<String>,
    endpoint_url: Option<String>,
    credentials: GivenCredentials,
    config: Value,
}

/// What a line says of credentials.
enum GivenCredentials {
    /// Nothing: the session's own.
    Session,
    /// `null`: do not sign.
    Unsigned,
    Keys(Box<Credentials>),
    Bearer(Token),
}

/// Makes the call that a line describes, and answers its result line.
pub(super) async fn answer(clients: &Clients, line: &[u8]) -> Vec<u8> {
    let value: Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(error) => return result::not_a_call(&format!("the line is not JSON: {error}")),
    };
    let id = value.get("id").cloned();
    let call = match BatchCall::read(value) {
        Ok(call) => call,
        Err(error) => return result::failed(id.as_ref(), &error),
    };
    match call.make(clients).await {
        Ok(output) => result::succeeded(call.id.as_ref(), &output),
        Err(error) => result::failed(call.id.as_ref(), &error),
    }
}

impl BatchCall {
    fn read(value: Value) -> Result<Self> {
        let Value::Map(mut line) = value else {
            return Err(config::invalid(
                "a call is an object with `service` and `operation`",
            ));
        };
        let id = line.remove("id");
        let service = required(&mut line, "service")?;
        let operation = required(&mut line, "operation")?;
        let params = match line.remove("params") {
            None | Some(Value::Null) => Value::map(),
            Some(params @ Value::Map(_)) => params,
            Some(other) => {
                return Err(config::invalid(format!(
                    "params: expected an object, got a {}",
                    other.type_name()
                )));
            }
        };
        let region = optional(&mut line, "region")?;
        let endpoint_url = optional(&mut line, "endpoint_url")?;
        let credentials = match line.remove("credentials") {
            None => GivenCredentials::Session,
            Some(Value::Null) => GivenCredentials::Unsigned,
            Some(Value::Map(credentials)) => read_credentials(credentials)?,
            Some(_) => return Err(config::invalid("credentials: expected an object or null")),
        };
        let config = line.remove("config").unwrap_or_default();
        if let Some((name, _)) = line.iter().next() {
            let known = [
                "config",
                "credentials",
                "endpoint_url",
                "id",
                "operation",
                "params",
                "region",
                "service",
            ];
            return Err(config::invalid(format!(
                "a call has no {name:?}{}",
                inia::did_you_mean(name, known)
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

    /// What makes this call's client differ from others.
    pub(super) fn client_key(&self) -> String {
        let credentials = match &self.credentials {
            GivenCredentials::Session => "session",
            GivenCredentials::Unsigned => "none",
            GivenCredentials::Keys(_) => "keys",
            GivenCredentials::Bearer(_) => "bearer",
        };
        let bearer = match &self.credentials {
            GivenCredentials::Bearer(token) => token.token.expose(),
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

    /// The settings of this call's client.
    pub(super) fn client_config(&self) -> Result<Config> {
        let mut config = config::read(&self.config)?;
        if let Some(region) = &self.region {
            config = config.region(region);
        }
        if let Some(url) = &self.endpoint_url {
            config = config.endpoint_url(url);
        }
        match &self.credentials {
            GivenCredentials::Unsigned => config = config.signature_version(UNSIGNED),
            GivenCredentials::Bearer(_) if config.signature_version.is_none() => {
                config = config.signature_version("bearer");
            }
            _ => {}
        }
        Ok(config)
    }

    async fn make(&self, clients: &Clients) -> Result<Output> {
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
            GivenCredentials::Keys(credentials) => call = call.credentials((**credentials).clone()),
            GivenCredentials::Bearer(token) => call = call.token(token.clone()),
            GivenCredentials::Session | GivenCredentials::Unsigned => {}
        }
        call.collect().await
    }
}

fn read_credentials(mut credentials: Map) -> Result<GivenCredentials> {
    let mut part = |name: &str| match credentials.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(config::invalid(format!(
            "credentials.{name}: expected a string"
        ))),
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
            Ok(GivenCredentials::Keys(Box::new(keys)))
        }
        (None, None, Some(token)) => Ok(GivenCredentials::Bearer(Token {
            token: token.as_str().into(),
            expires: None,
        })),
        _ => Err(config::invalid(
            "credentials: access_key_id and secret_access_key belong together, or bearer_token stands alone",
        )),
    }
}

fn required(line: &mut Map, name: &str) -> Result<String> {
    optional(line, name)?.ok_or_else(|| config::invalid(format!("{name} is missing")))
}

fn optional(line: &mut Map, name: &str) -> Result<Option<String>> {
    match line.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.into())),
        Some(other) => Err(config::invalid(format!(
            "{name}: expected a string, got a {}",
            other.type_name()
        ))),
    }
}
