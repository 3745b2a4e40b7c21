//! [`Explain`]: a call as it would be made, and why, without making it.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use inia_core::config::{RetryMode, SettingSource, setting};
use inia_core::ports::BoxFuture;
use inia_core::{
    ChainExplanation, Credentials, List, Map, ProviderOutcome, Result, Str, Token, Value,
    is_secret_name,
};
use inia_model::Operation;

use crate::auth::AuthScheme;
use crate::client::{Call, Client};
use crate::customization::customizations_of;
use crate::params::Params;
use crate::pipeline::{ExplainedRequest, SecretMembers, Service};
use crate::scrub::Scrubber;
use crate::transport::{WireBody, WireRequest};

/// Maximum length of a body in an explanation, in bytes.
const MAX_BODY: usize = 64 << 10;

/// Maximum number of delays in an explanation.
const MAX_DELAYS: u32 = 19;

/// A builder of an explanation, ready to be awaited.
#[derive(Debug)]
#[must_use = "an explanation does nothing until it is awaited"]
pub struct Explain {
    call: Call,
    with_credentials: bool,
}

impl Client {
    /// Explains a call without making it: the request as it would be sent, its endpoint and auth scheme, and where settings and credentials
    /// come from. Nothing is sent.
    ///
    /// ```
    /// # mod inia { pub use inia_core::*; pub use inia_dispatch::*; }
    /// use inia::{Credentials, Session, json};
    ///
    /// # fn main() -> inia_core::Result<()> {
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let session = Session::builder()
    ///     .region("eu-west-1")
    ///     .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
    ///     .build()?;
    /// let sqs = session.client("sqs")?;
    /// let explained = sqs.explain("ListQueues", json!({"MaxResults": 10})).await?;
    /// let value = explained.to_value();
    /// assert_eq!(value["request"]["url"], "https://sqs.eu-west-1.amazonaws.com/");
    /// assert_eq!(value["request"]["body"], r#"{"MaxResults":10}"#);
    /// assert_eq!(value["auth"]["scheme"], "sigv4");
    /// assert_eq!(value["credentials"]["source"], "static");
    /// println!("{explained}");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn explain(&self, operation: &str, params: impl Into<Params>) -> Explain {
        self.call(operation, params).explain()
    }
}

impl Call {
    /// Explains this call, with its overrides, instead of making it: see [`Client::explain`].
    pub fn explain(self) -> Explain {
        Explain {
            call: self,
            with_credentials: false,
        }
    }
}

impl Explain {
    /// Loads the credentials as a call does, also over the network and from commands. Without this, providers that need either are not
    /// asked, and the request is signed with placeholder credentials.
    pub fn with_credentials(mut self) -> Self {
        self.with_credentials = true;
        self
    }

    /// Explains the call.
    ///
    /// # Errors
    /// The errors of a call before its request is sent: `Validation`, `Endpoint`, `Model`, `Config`.
    pub async fn load(self) -> Result<Explanation> {
        let (client, operation, params, mut options) = self.call.into_parts()?;
        let service = client.service();
        let operation = client.operation_at(operation?)?;
        let in_call = |error| service.in_call(error, operation);
        let mut params = params.into_params_value().map_err(in_call)?;
        if let Some(native) = client.native_operation(operation)
            && native.has_input()
        {
            native.encode(operation, params.to_mut()).map_err(in_call)?;
        }
        let online = self.with_credentials;
        let identities = client.session().identities();
        let signing_name = service.model.metadata().signing_name();
        let credentials = match &options.credentials {
            Some(credentials) => ChainExplanation::given(Credentials::clone(credentials)),
            None => identities.explain_credentials(online).await,
        };
        let token = match &options.token {
            Some(token) => ChainExplanation::given(Token::clone(token)),
            None => identities.explain_token(Some(signing_name), online).await,
        };
        let found = credentials.found.clone();
        options.credentials =
            Some(Arc::new(found.unwrap_or_else(|| {
                Credentials::new("EXPLAINED", "none", None)
            })));
        options.token = Some(Arc::new(
            token.found.clone().unwrap_or_else(|| Token::new("none")),
        ));
        options.offline = true;
        let explained = service
            .explain_request(operation, params, options)
            .await
            .map_err(in_call)?;

        let mut value = Map::new();
        let metadata = service.model.metadata();
        value.insert("service", service.model.name());
        value.insert("operation", &operation.name);
        value.insert("api_version", &metadata.api_version);
        value.insert("protocol", service.codec.protocol().name());
        value.insert("request", request(service, operation, &explained.request));
        value.insert("endpoint", endpoint(service, &explained));
        value.insert("auth", auth(service, operation, &explained));
        let identity = match explained.resolved.auth.scheme {
            AuthScheme::None => Value::Null,
            AuthScheme::Bearer => identity(&token, |_| Map::new()),
            _ => identity(&credentials, credentials_facts),
        };
        value.insert("credentials", identity);
        value.insert("settings", settings(&client));
        value.insert("retries", retries(service, operation, &explained));
        let rows = customizations_of(service.model.name(), &operation.name);
        let rows = rows.map(|row| {
            let mut map = Map::new();
            map.insert("step", row.hook.step());
            map.insert("source", row.source);
            Value::Map(map)
        });
        value.insert("customizations", rows.collect::<List>());
        Ok(Explanation(Value::Map(value)))
    }
}

impl IntoFuture for Explain {
    type Output = Result<Explanation>;
    type IntoFuture = BoxFuture<'static, Result<Explanation>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.load())
    }
}

/// A call as it would be made, without secrets. `Display` prints it as indented text.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation(Value);

impl Explanation {
    /// Returns the explanation as data.
    ///
    /// | member | content |
    /// |---|---|
    /// | `service`, `operation`, `api_version`, `protocol` | |
    /// | `request` | `method`, `url`, `headers`, `body` as text if it is, `body_bytes`; secrets are replaced |
    /// | `endpoint` | `url`, `region`, `parameters` of the rule set, and the `rules` whose conditions are true, from the first to the one that returned the endpoint |
    /// | `auth` | `scheme`, `signing_name`, `region`, `reason` |
    /// | `credentials` | `source`, and all `providers` that were asked with their outcomes; null for a request without signature |
    /// | `settings` | those that are not defaults, with `name`, `value` and `source` |
    /// | `retries` | `mode`, `max_attempts`, and the maximum delay before each of the first 19 retries of a transient error, in seconds |
    /// | `customizations` | the `step` that each changes, and its `source` |
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.0.clone()
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_entries(f, &self.0, 0)
    }
}

/// Writes a map, one entry a line, with nested maps and lists indented.
fn write_entries(f: &mut fmt::Formatter<'_>, value: &Value, indent: usize) -> fmt::Result {
    for (name, value) in value.entries() {
        match value {
            Value::Map(map) if map.is_empty() => {}
            Value::List(items) if items.is_empty() => {}
            Value::Map(_) => {
                writeln!(f, "{:indent$}{name}:", "")?;
                write_entries(f, value, indent + 2)?;
            }
            Value::List(items) => {
                writeln!(f, "{:indent$}{name}:", "")?;
                for item in items {
                    writeln!(f, "{:indent$}  {}", "", item_text(item))?;
                }
            }
            Value::Null => writeln!(f, "{:indent$}{name}: none", "")?,
            value => writeln!(f, "{:indent$}{name}: {}", "", item_text(value))?,
        }
    }
    Ok(())
}

/// Returns a scalar as text, and a map as its values on one line.
fn item_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        Value::Map(map) => {
            let parts: Vec<String> = map.values().map(item_text).collect();
            parts.join(": ")
        }
        other => other.to_json_string(),
    }
}

/// Returns the request without its secrets.
fn request(service: &Service, operation: &Operation, request: &WireRequest) -> Map {
    let model = &service.model;
    let scrubber = Scrubber::of_request(model, operation, &[]);
    let mut map = Map::new();
    map.insert("method", &request.method);
    map.insert("url", scrubber.url(operation, &request.url));
    let members = SecretMembers(model.input(operation));
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        let is_secret =
            is_secret_name(name) || members.contains(inia_model::Location::Header, name);
        let value = match is_secret {
            true if **name == *"authorization" => without_signature(value),
            true => "<redacted>".to_owned(),
            false => value.to_string(),
        };
        headers.insert(name.clone(), value);
    }
    map.insert("headers", headers);
    match &request.body {
        WireBody::Stream(stream) => {
            map.insert("body", "<stream>");
            if let Some(length) = stream.len() {
                map.insert("body_bytes", length);
            }
        }
        WireBody::Bytes(bytes) => {
            map.insert("body_bytes", bytes.len());
            if let Some(text) = body_text(&scrubber, request, bytes) {
                map.insert("body", text);
            }
        }
    }
    map
}

fn body_text(scrubber: &Scrubber<'_>, request: &WireRequest, bytes: &Bytes) -> Option<String> {
    if bytes.is_empty() || bytes.len() > MAX_BODY {
        return None;
    }
    let scrubbed = scrubber.body(&mut request.headers.clone(), bytes.clone());
    String::from_utf8(scrubbed.to_vec()).ok()
}

/// Returns an authorization header without the access key and the signature: the scheme, the scope and the signed headers remain.
fn without_signature(header: &str) -> String {
    let Some((scheme, rest)) = header.split_once(' ') else {
        return "<redacted>".to_owned();
    };
    let parts = rest.split(',').filter_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        match name {
            "Credential" => {
                let scope = value.split_once('/').map_or("", |(_, scope)| scope);
                Some(format!("Credential=<redacted>/{scope}"))
            }
            "SignedHeaders" => Some(part.trim().to_owned()),
            _ => Some(format!("{name}=<redacted>")),
        }
    });
    let parts: Vec<String> = parts.collect();
    match parts.is_empty() || !scheme.starts_with("AWS") {
        true => format!("{scheme} <redacted>"),
        false => format!("{scheme} {}", parts.join(", ")),
    }
}

fn endpoint(service: &Service, explained: &ExplainedRequest) -> Map {
    let mut map = Map::new();
    map.insert("url", explained.resolved.url.as_str());
    map.insert("region", explained.region.as_deref().map(Str::from));
    if let Some(url) = &service.settings.endpoint_url {
        map.insert("custom_url", url);
    }
    let mut parameters = Map::new();
    for (name, value) in &explained.endpoint.parameters {
        parameters.insert(Str::from(&**name), value.as_str());
    }
    map.insert("parameters", parameters);
    map.insert("rules", explained.endpoint.rules.iter().collect::<List>());
    map
}

fn auth(service: &Service, operation: &Operation, explained: &ExplainedRequest) -> Map {
    let auth = &explained.resolved.auth;
    let mut map = Map::new();
    map.insert("scheme", auth.scheme.name());
    if auth.scheme == AuthScheme::None {
        map.insert("reason", auth_reason(service, operation, explained));
        return map;
    }
    map.insert("signing_name", &auth.signing_name);
    map.insert("region", &auth.region);
    map.insert("reason", auth_reason(service, operation, explained));
    if explained.uses_bucket_session {
        map.insert(
            "session",
            "the call creates a session for the bucket and signs with its credentials",
        );
    }
    map
}

/// Returns the reason for the auth scheme.
fn auth_reason(
    service: &Service,
    operation: &Operation,
    explained: &ExplainedRequest,
) -> &'static str {
    let settings = &service.settings;
    if settings.is_unsigned() {
        return "the client is unsigned";
    }
    if operation.auth_type.as_deref() == Some("none") {
        return "the operation is unsigned by its definition";
    }
    if settings.signature_version.is_some() {
        return "the setting signature_version";
    }
    if explained.has_custom_scheme {
        return "a customization of the service";
    }
    if !settings.auth_scheme_preference.is_empty() {
        return "the setting auth_scheme_preference";
    }
    if !explained.resolved.endpoint.auth_schemes.is_empty() {
        return "the auth schemes of the endpoint";
    }
    match (&operation.auth, &operation.auth_type) {
        (Some(_), _) => "the auth trait of the operation",
        (None, Some(_)) => "the authtype of the operation",
        (None, None) => "the auth schemes of the service",
    }
}

/// Explains where credentials or a token come from.
fn identity<T>(explanation: &ChainExplanation<T>, facts: impl Fn(&T) -> Map) -> Value {
    let mut map = Map::new();
    let providers = &explanation.providers;
    let source = match (&explanation.found, providers.last()) {
        (Some(_), None) => "the call",
        (Some(_), Some(provider)) => &provider.name,
        (None, Some(provider)) if provider.outcome == ProviderOutcome::Online => {
            "not fetched: the provider asks the network or a command"
        }
        (None, _) => "none",
    };
    map.insert("source", source);
    if let Some(found) = &explanation.found {
        map.append(facts(found));
    }
    let providers = providers.iter().map(|provider| {
        let mut map = Map::new();
        map.insert("name", provider.name.as_str());
        map.insert(
            "outcome",
            match &provider.outcome {
                ProviderOutcome::Found => "found",
                ProviderOutcome::NotConfigured(reason) => reason,
                ProviderOutcome::Failed(error) => error,
                ProviderOutcome::Online => "not asked without --with-credentials",
                _ => "",
            },
        );
        Value::Map(map)
    });
    map.insert("providers", providers.collect::<List>());
    Value::Map(map)
}

/// Returns what may be shown of credentials: the end of the access key, as the AWS CLI does.
fn credentials_facts(credentials: &Credentials) -> Map {
    let mut map = Map::new();
    let key = &credentials.access_key_id;
    let end: String = key
        .chars()
        .skip(key.chars().count().saturating_sub(4))
        .collect();
    map.insert("access_key_id", format!("****************{end}"));
    map.insert("is_temporary", credentials.session_token.is_some());
    if let Some(expires) = credentials.expires {
        map.insert("expires", expires.to_string());
    }
    if let Some(account) = &credentials.account_id {
        map.insert("account_id", account);
    }
    map
}

/// Returns the settings that are not defaults, with their sources.
fn settings(client: &Client) -> List {
    let mut list = List::new();
    let mut add = |name: &str, value: String, source: String| {
        let mut map = Map::new();
        map.insert("name", name);
        map.insert(
            "value",
            match is_secret_name(name) {
                true => "<redacted>".to_owned(),
                false => without_userinfo(&value),
            },
        );
        map.insert("source", source);
        list.push(Value::Map(map));
    };
    let session = client.session();
    let in_code = client.service().options.set_options();
    for (name, value) in &in_code {
        add(name, value.clone(), "code".to_owned());
    }
    for row in setting::all() {
        // Credentials have a section of their own.
        let is_key = [
            &setting::ACCESS_KEY_ID,
            &setting::SECRET_ACCESS_KEY,
            &setting::SESSION_TOKEN,
        ]
        .iter()
        .any(|key| key.name == row.name);
        if is_key {
            continue;
        }
        if in_code.iter().any(|(name, _)| *name == row.name) {
            continue;
        }
        match session.settings().lookup(row) {
            None | Some((_, SettingSource::Default)) => {}
            Some((value, source)) => add(row.name, value.to_string(), source.to_string()),
        }
    }
    let settings = client.settings();
    if let Some(url) = &settings.endpoint_url
        && !in_code.iter().any(|(name, _)| *name == "endpoint_url")
    {
        let source = "AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL or endpoint_url of the profile";
        add("endpoint_url", url.to_string(), source.to_owned());
    }
    list
}

/// Removes the user name and password of a URL.
fn without_userinfo(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let at = rest.get(..end).and_then(|authority| authority.rfind('@'));
    let rest = at.and_then(|at| rest.get(at + 1..)).unwrap_or(rest);
    format!("{scheme}://{rest}")
}

fn retries(service: &Service, operation: &Operation, explained: &ExplainedRequest) -> Map {
    let mut map = Map::new();
    map.insert(
        "mode",
        match service.retry.mode() {
            RetryMode::Standard => "standard",
            RetryMode::Adaptive => "adaptive",
            RetryMode::Legacy => "legacy",
        },
    );
    map.insert("max_attempts", i64::from(explained.max_attempts));
    let delays = (1..explained.max_attempts.min(MAX_DELAYS + 1)).map(|attempt| {
        let delay: Duration =
            service
                .retry
                .max_delay(service.model.name(), &operation.name, attempt);
        Value::from(delay.as_secs_f64())
    });
    map.insert("max_delays", delays.collect::<List>());
    map
}
