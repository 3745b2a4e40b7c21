//! A call of `inia run`.

use inia::config::{Config, UNSIGNED};
use inia::{
    Blob, Client, Credentials, Error, ErrorKind, EventStream, List, Map, Output, Result, Str,
    Value, credentials::Token, model::Operation,
};

use super::ClientCache;
use super::result::{self, CallError, CallResult};
use crate::arguments::{decode, warn_unverified};

/// Keys of a line.
const KEYS: [&str; 9] = [
    "config",
    "credentials",
    "endpoint_url",
    "events",
    "id",
    "operation",
    "params",
    "region",
    "service",
];

/// Keys of `credentials`.
const CREDENTIAL_KEYS: [&str; 5] = [
    "access_key_id",
    "account_id",
    "bearer_token",
    "secret_access_key",
    "session_token",
];

/// A call read from an input line.
pub(super) struct LineCall {
    pub(super) service: String,
    operation: String,
    params: Value,
    region: Option<String>,
    endpoint_url: Option<String>,
    credentials: LineCredentials,
    config: Value,
    /// The events of the request.
    events: Option<List>,
}

/// Credentials of a call.
enum LineCredentials {
    /// No `credentials`: those of the session.
    Session,
    /// `null`: the request is not signed.
    Unsigned,
    /// A bearer token alone.
    Token(Token),
    /// Keys, and a token for operations whose auth scheme requires one.
    Keys(Box<Credentials>, Option<Token>),
}

/// The settings that the clients of two calls may differ in.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ClientKey {
    service: String,
    region: Option<String>,
    endpoint_url: Option<String>,
    /// Signature version that the credentials require.
    signature_version: Option<&'static str>,
    config: String,
}

/// Makes the call of an input line and returns its result line.
pub(super) async fn run(clients: &ClientCache, line: &[u8]) -> Vec<u8> {
    // Some shells begin their output with a byte order mark.
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    let value: Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(error) => return result::not_a_call(&format!("the line is not valid JSON: {error}")),
    };
    let id = value.get("id").cloned();
    let made = async { LineCall::read(value)?.make(clients).await };
    match made.await {
        Ok(result) => result.to_line(id.as_ref()),
        Err(error) => CallResult::from(error).to_line(id.as_ref()),
    }
}

impl LineCall {
    fn read(value: Value) -> Result<Self> {
        let Value::Map(mut line) = value else {
            return Err(invalid(
                "a call must be an object with `service` and `operation`",
            ));
        };
        line.remove("id");
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
            None => LineCredentials::Session,
            Some(Value::Null) => LineCredentials::Unsigned,
            Some(Value::Map(credentials)) => read_credentials(credentials)?,
            Some(_) => return Err(invalid("credentials: expected an object or null")),
        };
        let config = line.remove("config").unwrap_or_default();
        let events = match line.remove("events") {
            None | Some(Value::Null) => None,
            Some(Value::List(events)) => Some(events),
            Some(other) => {
                return Err(invalid(format!(
                    "events: expected a list, got a {}",
                    other.type_name()
                )));
            }
        };
        if let Some((name, _)) = line.iter().next() {
            return Err(invalid(format!(
                "unknown key {name:?} in a call{}",
                inia::model::did_you_mean(name, KEYS)
            )));
        }
        Ok(LineCall {
            service,
            operation,
            params,
            region,
            endpoint_url,
            credentials,
            config,
            events,
        })
    }

    /// Returns the cache key of the call's client.
    pub(super) fn client_key(&self) -> ClientKey {
        ClientKey {
            service: self.service.clone(),
            region: self.region.clone(),
            endpoint_url: self.endpoint_url.clone(),
            signature_version: self.signature_version(),
            config: self.config.to_json_string(),
        }
    }

    /// Returns the signature version that the credentials require, if the operation does not decide.
    fn signature_version(&self) -> Option<&'static str> {
        match self.credentials {
            LineCredentials::Unsigned => Some(UNSIGNED),
            LineCredentials::Token(_) => Some("bearer"),
            LineCredentials::Session | LineCredentials::Keys(..) => None,
        }
    }

    /// Returns the client settings of this call.
    pub(super) fn client_config(&self) -> Result<Config> {
        let mut config = Config::from_value(&self.config)?;
        if config.verify == Some(false) {
            warn_unverified("verify is false");
        }
        if let Some(region) = &self.region {
            config = config.region(region);
        }
        if let Some(url) = &self.endpoint_url {
            config = config.endpoint_url(url);
        }
        match self.signature_version() {
            Some(version) if version == UNSIGNED || config.signature_version.is_none() => {
                config = config.signature_version(version);
            }
            _ => {}
        }
        Ok(config)
    }

    /// Makes the call, and reads its body or its events.
    async fn make(&self, clients: &ClientCache) -> Result<CallResult> {
        let client = clients.get(self)?;
        let operation = client.model().operation(&self.operation)?;
        let output = self.send(&client, operation).await?;
        let metadata = output.metadata.clone();
        Ok(CallResult {
            outcome: receive(&client, operation, output).await,
            metadata: Some(metadata),
        })
    }

    async fn send(&self, client: &Client, operation: &Operation) -> Result<Output> {
        let model = client.model();
        let mut params = self.params.clone();
        let body = decode::params(model, operation, &mut params)?;
        let events = match (model.event_stream_input(operation), &self.events) {
            (None, None) => None,
            (None, Some(_)) => {
                return Err(invalid(format!(
                    "events: the input of {} has no event stream",
                    operation.name
                )));
            }
            (Some(member), None) if params.get(&member.name).is_none() => {
                return Err(invalid(format!(
                    "missing required key events: the input of {} is an event stream",
                    operation.name
                )));
            }
            (Some(_), None) => None,
            (Some(member), Some(events)) => {
                let mut events = Value::List(events.clone());
                decode::value_in_place(model, member, &mut events)?;
                events.as_list().cloned()
            }
        };
        let mut call = client.call(&operation.name, params);
        if let Some(events) = events {
            call = call.events(events);
        }
        if let Some(body) = body {
            call = call.body(body);
        }
        let (keys, token) = match &self.credentials {
            LineCredentials::Session | LineCredentials::Unsigned => (None, None),
            LineCredentials::Token(token) => (None, Some(token)),
            LineCredentials::Keys(keys, token) => (Some(keys), token.as_ref()),
        };
        if let Some(keys) = keys {
            call = call.credentials((**keys).clone());
        }
        if let Some(token) = token {
            call = call.token(token.clone());
        }
        call.send().await
    }
}

/// Reads the body or the events of a response, up to the client's `max_response_bytes`. Returns the output as JSON.
async fn receive(
    client: &Client,
    operation: &Operation,
    output: Output,
) -> Result<Vec<u8>, CallError> {
    let model = client.model();
    let limit = client.settings().max_response_bytes;
    let Output {
        mut value,
        body,
        events,
        ..
    } = output;
    if let (Some(body), Some(member)) = (body, model.streaming_output(operation)) {
        let bytes = body.collect(limit).await?;
        if let Some(map) = value.as_map_mut() {
            map.insert(member.name.clone(), Blob::from(bytes));
        }
    }
    let mut json = Vec::new();
    value.write_json(&mut json);
    if let (Some(events), Some(member)) = (events, model.event_stream_output(operation)) {
        let events = collect_events(events, limit).await?;
        add_member(&mut json, &member.name, &events);
    }
    Ok(json)
}

/// Returns the events as a JSON list of at most `limit` bytes.
async fn collect_events(mut events: EventStream, limit: usize) -> Result<Vec<u8>, CallError> {
    let mut list = b"[".to_vec();
    let failure = loop {
        let event = match events.next().await {
            None => break None,
            Some(Ok(event)) => event,
            Some(Err(error)) => break Some(error),
        };
        let end = list.len();
        if end > 1 {
            list.push(b',');
        }
        event.write_json(&mut list);
        if list.len() > limit {
            list.truncate(end);
            let message = format!("the events are longer than {limit} bytes");
            break Some(Error::new(ErrorKind::Stream, message));
        }
    };
    list.push(b']');
    match failure {
        None => Ok(list),
        Some(error) => Err(CallError {
            error,
            events: Some(list),
        }),
    }
}

/// Adds a member to a JSON object.
fn add_member(object: &mut Vec<u8>, name: &Str, value: &[u8]) {
    object.pop();
    if object.len() > 1 {
        object.push(b',');
    }
    Value::String(name.clone()).write_json(object);
    object.push(b':');
    object.extend_from_slice(value);
    object.push(b'}');
}

fn read_credentials(mut credentials: Map) -> Result<LineCredentials> {
    let mut part = |name: &str| match credentials.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid(format!("credentials.{name}: expected a string"))),
    };
    let (id, secret) = (part("access_key_id")?, part("secret_access_key")?);
    let (session, account) = (part("session_token")?, part("account_id")?);
    let token = part("bearer_token")?.map(|token| Token::new(token.as_str()));
    if let Some((name, _)) = credentials.iter().next() {
        return Err(invalid(format!(
            "credentials: unknown key {name:?}{}",
            inia::model::did_you_mean(name, CREDENTIAL_KEYS)
        )));
    }
    match (id, secret, token) {
        (Some(id), Some(secret), token) => {
            let mut keys = Credentials::new(&id, &secret, session.as_deref());
            keys.account_id = account;
            Ok(LineCredentials::Keys(Box::new(keys), token))
        }
        (None, None, Some(token)) => Ok(LineCredentials::Token(token)),
        _ => Err(invalid(
            "credentials: expected access_key_id and secret_access_key, or bearer_token, or all three",
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
