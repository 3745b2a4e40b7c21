//! [`Client`]: calls the operations of one service by name.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_core::Stream;
use futures_util::StreamExt as _;

use inia_core::config::{ClientSettings, Config};
use inia_core::ports::BoxFuture;
use inia_core::{
    Credentials, Error, ErrorKind, Result, Str, Token, UserAgentFeatures, Value, from_value,
};
use inia_model::{Operation, OperationTable, ServiceModel};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::definitions::Definitions;
use crate::dynamodb::NativeOperation;
use crate::event_stream::{EventInput, start_duplex};
use crate::interceptor::Interceptor;
use crate::params::{Params, ParamsValue};
use crate::pipeline::resume::BodyResumer;
use crate::pipeline::{CallOptions, Service, collect_body};
use crate::session::ClientOptions;
use crate::transport::Transport;
use crate::{ByteStream, EventReceiver, EventSender, Output, Presign, RetryOptions, Session};

/// A client of one service: cheap to clone, and safe to share between tasks and threads.
///
/// ```no_run
/// # use inia_dispatch as inia;
/// use inia::{Session, json};
///
/// # async fn example() -> inia_core::Result<()> {
/// let session = Session::load().await?;
/// let sqs = session.client("sqs")?;
/// let queues = sqs.call("ListQueues", json!({"MaxResults": 10})).await?;
/// for url in queues["QueueUrls"].items() {
///     println!("{url}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<ClientInner>,
    /// True if parameters and outputs have native values in place of attribute values.
    is_native: bool,
}

struct ClientInner {
    service: Service,
    session: Session,
    definitions: Definitions,
    options: ClientOptions,
    /// Clients of calls with settings of their own, the most recently used last.
    derived: Mutex<Vec<(Config, Client)>>,
    /// The attribute values of each operation, for native clients.
    native: OnceLock<OperationTable<NativeOperation>>,
}

/// Maximum number of derived clients that a client keeps.
const MAX_DERIVED: usize = 32;

impl Client {
    pub(crate) fn new(service: Service, session: Session, options: ClientOptions) -> Self {
        Client {
            inner: Arc::new(ClientInner {
                service,
                session,
                definitions: Definitions::default(),
                options,
                derived: Mutex::default(),
                native: OnceLock::new(),
            }),
            is_native: false,
        }
    }

    /// Returns this client with native values in place of DynamoDB's attribute values: `"a"` for `{"S": "a"}`, `1.5` for `{"N": "1.5"}`.
    ///
    /// Parameters, outputs and the details of service errors are converted, in all operations that have attribute values. Connections and
    /// settings are shared. [`dynamodb`](crate::dynamodb) describes the values and conditions. The clients of DynamoDB's resources are
    /// native. A client of a service without attribute values stays as it is.
    ///
    /// ```no_run
    /// # use inia_dispatch as inia;
    /// # async fn example() -> inia_core::Result<()> {
    /// use inia::dynamodb::Attr;
    /// use inia::{Session, json};
    ///
    /// let dynamodb = Session::load().await?.client("dynamodb")?.native();
    /// let user = json!({"id": "u-1", "age": 36, "tags": ["a", "b"]});
    /// dynamodb.call("PutItem", json!({"TableName": "users", "Item": user})).await?;
    /// let adults = json!({"TableName": "users", "FilterExpression": Attr("age").gte(18)});
    /// let mut users = dynamodb.paginate("Scan", adults).items();
    /// while let Some(user) = users.next().await {
    ///     println!("{}", user?["id"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Source
    /// boto3 `dynamodb/transform.py:register_high_level_interface`.
    #[must_use]
    pub fn native(&self) -> Client {
        self.with_native_values(true)
    }

    /// Returns true if this client has native values: see [`native`](Self::native).
    #[must_use]
    pub fn is_native(&self) -> bool {
        self.is_native
    }

    /// Returns the parameters of a call as they are sent: with attribute values in place of native values, and expressions in place of
    /// conditions. A client that is not [native](Self::native) returns them unchanged.
    ///
    /// ```
    /// # use inia_dispatch as inia;
    /// use inia::dynamodb::Attr;
    /// use inia::{Session, json};
    ///
    /// # fn main() -> inia_core::Result<()> {
    /// let dynamodb = Session::builder().region("eu-west-1").build()?.client("dynamodb")?.native();
    /// let params = json!({"TableName": "users", "Item": {"id": "a"}, "ConditionExpression": Attr("id").not_exists()});
    /// assert_eq!(
    ///     dynamodb.wire_params("PutItem", params)?,
    ///     json!({
    ///         "TableName": "users", "Item": {"id": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(#n0)",
    ///         "ExpressionAttributeNames": {"#n0": "id"},
    ///     })
    /// );
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Model`: there is no such operation. `Validation`: all values that cannot be converted, with their paths.
    pub fn wire_params(&self, operation: &str, params: impl Into<Params>) -> Result<Value> {
        let operation = self.model().operation(operation)?;
        let mut params = params.into().into_value()?;
        if let Some(native) = self.native_operation(operation) {
            native.encode(operation, &mut params)?;
        }
        Ok(params)
    }

    /// Returns this client with or without native values.
    pub(crate) fn with_native_values(&self, is_native: bool) -> Client {
        Client {
            inner: Arc::clone(&self.inner),
            is_native,
        }
    }

    /// Returns the attribute values of an operation; `None` if the client is not native.
    pub(crate) fn native_operation(&self, operation: &Operation) -> Option<&NativeOperation> {
        if !self.is_native {
            return None;
        }
        let table = self.inner.native.get_or_init(|| {
            let operations = self.model().operation_count();
            OperationTable::new(operations)
        });
        let make = || NativeOperation::new(self.model(), operation);
        let native = table.get_or_init(operation, make);
        native.filter(|native| !native.is_plain())
    }

    /// Returns a client with settings that override those of this one. It shares the credentials, the retry quota and the rate limit.
    ///
    /// ```no_run
    /// # async fn example(ec2: inia_dispatch::Client) -> inia_core::Result<()> {
    /// # use inia_core as inia;
    /// use inia::{config::Config, json};
    ///
    /// let ireland = ec2.with_config(&Config::new().region("eu-west-1"))?;
    /// ireland.call("DescribeInstances", json!({})).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Session::client`].
    pub fn with_config(&self, config: &Config) -> Result<Client> {
        let mut options = self.inner.options.clone();
        options.config = options.config.merge(config);
        self.with_options(options)
    }

    /// Returns a client with the same settings whose transport is wrapped, for example to log or change requests and responses. See
    /// [`SessionBuilder::wrap_transport`](crate::SessionBuilder::wrap_transport) for an example.
    ///
    /// # Errors
    /// As [`Session::client`].
    pub fn wrap_transport(
        &self,
        wrap: impl Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync + 'static,
    ) -> Result<Client> {
        let mut options = self.inner.options.clone();
        options.wrap_transport = Some(match options.wrap_transport {
            Some(inner) => Arc::new(move |transport| wrap(inner(transport))),
            None => Arc::new(wrap),
        });
        self.with_options(options)
    }

    /// Returns a client with the same settings and one more interceptor.
    ///
    /// # Errors
    /// As [`Session::client`].
    pub fn with_interceptor(&self, interceptor: impl Interceptor + 'static) -> Result<Client> {
        let mut options = self.inner.options.clone();
        options.interceptors.push(interceptor);
        self.with_options(options)
    }

    fn with_options(&self, options: ClientOptions) -> Result<Client> {
        let client = self.session().make_client(self.service_name(), options)?;
        Ok(client.with_native_values(self.is_native))
    }

    /// Returns the client for a call with settings of its own. Clients are kept, because a program often calls with the same ones.
    fn derive(&self, config: &Config) -> Result<Client> {
        let derived = || {
            let derived = &self.inner.derived;
            derived.lock().unwrap_or_else(PoisonError::into_inner)
        };
        {
            let mut derived = derived();
            let found = derived.iter().position(|(known, _)| known == config);
            if let Some(index) = found {
                let entry = derived.remove(index);
                let client = entry.1.clone();
                derived.push(entry);
                return Ok(client.with_native_values(self.is_native));
            }
        }
        let client = self.with_config(config)?;
        let mut derived = derived();
        if derived.len() >= MAX_DERIVED {
            derived.remove(0);
        }
        derived.push((config.clone(), client.clone()));
        Ok(client)
    }

    /// Returns the service's name, such as `dynamodb`.
    #[must_use]
    pub fn service_name(&self) -> &Str {
        self.inner.service.model.name()
    }

    /// Returns the service's definition.
    #[must_use]
    pub fn model(&self) -> &Arc<ServiceModel> {
        &self.inner.service.model
    }

    /// Returns the client's resolved settings.
    #[must_use]
    pub fn settings(&self) -> &ClientSettings {
        &self.inner.service.settings
    }

    /// Returns the session that created the client.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.inner.session
    }

    pub(crate) fn service(&self) -> &Service {
        &self.inner.service
    }

    pub(crate) fn definitions(&self) -> &Definitions {
        &self.inner.definitions
    }

    /// Returns a call of an operation, by its name as in the definition (`ListQueues`) or in snake case (`list_queues`).
    ///
    /// [`Params`] are a value, or a reference to anything that serde can serialize. Nothing happens until the call is awaited, which also
    /// reports invalid names and parameters.
    pub fn call(&self, operation: &str, params: impl Into<Params>) -> Call {
        let operation = self
            .model()
            .operation(operation)
            .map(|operation| operation.index);
        Call {
            client: self.clone(),
            operation,
            params: params.into(),
            options: CallOptions::default(),
            config: None,
            resumes_body: false,
            events: None,
        }
    }

    /// Returns a builder of a presigned URL: the signed request, which anyone who has the URL can send until it expires.
    ///
    /// An S3 `PutObject` is signed without its body, so any body can be sent to the URL.
    ///
    /// ```
    /// use std::time::Duration;
    /// # mod inia { pub use inia_core::*; pub use inia_dispatch::*; }
    /// use inia::{Credentials, Session, json};
    ///
    /// # fn main() -> inia_core::Result<()> {
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let session = Session::builder()
    ///     .region("eu-west-1")
    ///     .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
    ///     .load()
    ///     .await?;
    /// let photo = json!({"Bucket": "photos", "Key": "2026/boto.jpg"});
    /// let link = session
    ///     .client("s3")?
    ///     .presign("GetObject", photo, Duration::from_secs(900))
    ///     .await?;
    /// assert_eq!(link.method(), "GET");
    /// assert!(link.url().starts_with("https://photos.s3.eu-west-1.amazonaws.com/2026/boto.jpg?X-Amz-Algorithm="));
    ///
    /// // Most services of the query protocol accept GET too.
    /// let identity = session
    ///     .client("sts")?
    ///     .presign("GetCallerIdentity", json!({}), Duration::from_secs(60))
    ///     .method("GET")
    ///     .await?;
    /// assert!(identity.url().contains("Action=GetCallerIdentity"));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Source
    /// botocore `signers.py:generate_presigned_url`.
    pub fn presign(
        &self,
        operation: &str,
        params: impl Into<Params>,
        expires_in: Duration,
    ) -> Presign {
        let operation = self
            .model()
            .operation(operation)
            .map(|operation| operation.index);
        Presign::new(self.clone(), operation, params.into(), expires_in)
    }

    pub(crate) fn operation_at(&self, index: u32) -> Result<&Operation> {
        operation_at(self.service(), index)
    }

    /// Makes a call with typed parameters, and deserializes its output. A streaming body is read into its member of the output, up to
    /// 1 GiB, and so are the events of an event stream.
    ///
    /// # Errors
    /// As [`Call::send`]; also `Validation` if the parameters cannot be serialized, and `Parse` if the output does not match the
    /// type. The message names the path of the mismatch.
    pub async fn call_as<T: DeserializeOwned>(
        &self,
        operation: &str,
        params: impl Into<Params>,
    ) -> Result<T> {
        let call = self.call(operation, params);
        let index = call.operation.as_ref().ok().copied();
        let mut output = call.collect().await?;
        if let (Some(index), Some(events)) = (index, output.events.take())
            && let Some(member) = self.model().event_stream_output(self.operation_at(index)?)
        {
            let events = events.collect().await?;
            if let Some(map) = output.value.as_map_mut() {
                map.insert(member.name.clone(), events);
            }
        }
        from_value(output.value)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("service", self.service_name())
            .field("region", &self.settings().region)
            .field("is_native", &self.is_native)
            .finish_non_exhaustive()
    }
}

/// A builder of one call, ready to be awaited.
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct Call {
    client: Client,
    operation: Result<u32>,
    params: Params,
    options: CallOptions,
    /// Settings that override the client's.
    config: Option<Box<Config>>,
    resumes_body: bool,
    events: Option<Events>,
}

/// The events of a request, before the operation is known.
struct Events(std::sync::Mutex<Pin<Box<dyn Stream<Item = Params> + Send>>>);

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events(..)")
    }
}

impl Call {
    /// Sets the operation's streaming member. The stream is sent without buffering.
    pub fn body(mut self, body: impl Into<ByteStream>) -> Self {
        self.options.stream = Some(body.into());
        self
    }

    /// Sends events, maps of their name to their members, one after the other, and then ends the input stream.
    ///
    /// An operation whose input is an event stream also takes them as a list, as the parameter with the name of the stream.
    ///
    /// ```no_run
    /// # use inia_dispatch as inia;
    /// use inia::{Session, json};
    ///
    /// # async fn example() -> inia_core::Result<()> {
    /// let polly = Session::load().await?.client("polly")?;
    /// let voice = json!({"Engine": "generative", "OutputFormat": "mp3", "VoiceId": "Joanna"});
    /// let events = [json!({"TextEvent": {"Text": "Hello"}}), json!({"CloseStreamEvent": {}})];
    /// let output = polly.call("StartSpeechSynthesisStream", voice).events(events).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn events<E: Into<Params> + 'static>(
        self,
        events: impl IntoIterator<Item = E, IntoIter: Send + 'static>,
    ) -> Self {
        self.event_stream(futures_util::stream::iter(events))
    }

    /// Sends the events of a stream, such as the receiver of a channel, when they are ready, and ends the input stream with it. Events
    /// are taken from it only as fast as the service reads. An item may be a `Result<Value>`: its error ends the call.
    ///
    /// The call returns when the response begins; the events of the response are in [`Output::events`]. Dropping them cancels the
    /// call.
    pub fn event_stream<E: Into<Params> + 'static>(
        mut self,
        events: impl Stream<Item = E> + Send + 'static,
    ) -> Self {
        let events = events.map(Into::into);
        self.events = Some(Events(std::sync::Mutex::new(Box::pin(events))));
        self
    }

    /// Starts a call whose input is an event stream, and returns its two halves when its request is being sent: one sends events, the
    /// other receives the response and its events.
    ///
    /// Either side may end first. Use both at the same time, for example in two tasks: a service may stop reading events while
    /// its own are not received.
    ///
    /// ```no_run
    /// # use inia_dispatch as inia;
    /// use inia::{Session, json};
    ///
    /// # async fn example() -> inia_core::Result<()> {
    /// let lex = Session::load().await?.client("lexv2-runtime")?;
    /// let session = json!({"botId": "BOT", "botAliasId": "ALIAS", "localeId": "en_US", "sessionId": "s1"});
    /// let (mut send, mut receive) = lex.call("StartConversation", session).duplex().await?;
    /// send.send(json!({"ConfigurationEvent": {"responseContentType": "text/plain; charset=utf-8"}})).await?;
    /// send.send(json!({"TextInputEvent": {"text": "Hello"}})).await?;
    /// while let Some(event) = receive.next().await {
    ///     let event = event?;
    ///     println!("{event}");
    ///     if !event["IntentResultEvent"].is_null() {
    ///         send.send(json!({"DisconnectionEvent": {}})).await?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send), as far as errors occur before the request is sent; later ones are those of both halves. `Validation`
    /// if the input of the operation has no event stream. `Config` outside of a tokio runtime.
    pub async fn duplex(self) -> Result<(EventSender, EventReceiver)> {
        let client = self.client.clone();
        let operation = match &self.operation {
            Ok(index) => operation_at(client.service(), *index)?,
            Err(_) => {
                // The call reports the error.
                let failed = self.send().await;
                return Err(failed.err().unwrap_or_else(|| {
                    inia_core::Error::new(inia_core::ErrorKind::Model, "unknown operation")
                }));
            }
        };
        start_duplex(&client, operation, |input| {
            let mut call = self;
            call.options.events = Some(input);
            call.send()
        })
        .await
        .map_err(|error| client.service().in_call(error, operation))
    }

    /// Adds a header to the request. It is signed like the others.
    pub fn header(mut self, name: &str, value: impl Into<Str>) -> Self {
        self.options.headers.set(name.to_ascii_lowercase(), value);
        self
    }

    /// Signs with these credentials instead of the client's.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.options.credentials = Some(Arc::new(credentials));
        self
    }

    /// Adds an interceptor of this call.
    pub fn interceptor(mut self, interceptor: impl Interceptor + 'static) -> Self {
        let interceptors = &mut self.options.interceptors;
        interceptors.get_or_insert_default().push(interceptor);
        self
    }

    /// Sets how the call retries, in place of the client's options.
    pub fn retry(mut self, options: RetryOptions) -> Self {
        if let Some(mode) = options.mode {
            self = self.config(|config| config.retry_mode(mode));
        }
        self.options.retry = Some(options);
        self
    }

    /// Sets the timeout of the whole call: all its attempts and the delays between them, in place of
    /// [`Config::call_timeout`]. Zero is none. A streamed body is read after the call, and has the read timeout.
    ///
    /// ```no_run
    /// # async fn example(sqs: inia_dispatch::Client) -> inia_core::Result<()> {
    /// use std::time::Duration;
    /// # use inia_core as inia;
    /// use inia::json;
    ///
    /// let queues = sqs.call("ListQueues", json!({})).timeout(Duration::from_secs(2)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.timeout = Some(limit);
        self
    }

    /// Sets the timeout of each attempt, in place of [`Config::attempt_timeout`]. Zero is none. An attempt that exceeds it is retried.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.options.attempt_timeout = Some(limit);
        self
    }

    /// Changes settings for this call.
    ///
    /// The client keeps what it computes for the settings of up to 32 calls, so that further calls with the same ones are as fast as
    /// others. [`Client::with_config`] is for more of them.
    ///
    /// ```no_run
    /// # async fn example(s3: inia_dispatch::Client) -> inia_core::Result<()> {
    /// # use inia_core as inia;
    /// use inia::json;
    ///
    /// let object = json!({"Bucket": "logs", "Key": "2026/11.tar"});
    /// let call = s3.call("HeadObject", object).config(|config| config.use_dualstack_endpoint(true));
    /// call.await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn config(mut self, change: impl FnOnce(Config) -> Config) -> Self {
        let config = self.config.take().unwrap_or_default();
        self.config = Some(Box::new(change(*config)));
        self
    }

    /// Sets the region.
    pub fn region(self, region: impl Into<Str>) -> Self {
        self.config(|config| config.region(region))
    }

    /// Sets the endpoint.
    pub fn endpoint_url(self, url: impl Into<Str>) -> Self {
        self.config(|config| config.endpoint_url(url))
    }

    /// Signs with this bearer token instead of the client's.
    pub fn token(mut self, token: Token) -> Self {
        self.options.token = Some(Arc::new(token));
        self
    }

    /// Resumes a streaming body that breaks off: its rest is requested, at most five times without progress. The checksum of the whole
    /// body is verified. Only S3's `GetObject` supports this; it has no effect on other operations.
    ///
    /// ```no_run
    /// # use inia_dispatch as inia;
    /// use inia::{Session, json};
    ///
    /// # async fn example() -> inia_core::Result<()> {
    /// let s3 = Session::load().await?.client("s3")?;
    /// let backup = json!({"Bucket": "backups", "Key": "2026/11.tar"});
    /// let object = s3.call("GetObject", backup).resume_body().await?;
    /// if let Some(body) = object.body {
    ///     body.write_to("11.tar").await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume_body(mut self) -> Self {
        self.resumes_body = true;
        self
    }

    /// Returns the client, the index of the operation, the parameters and the overrides.
    ///
    /// # Errors
    /// `Config`: a setting that the call overrides is invalid.
    pub(crate) fn into_parts(mut self) -> Result<(Client, Result<u32>, Params, CallOptions)> {
        self.apply_config()?;
        Ok((self.client, self.operation, self.params, self.options))
    }

    /// Replaces the overrides of the call.
    pub(crate) fn with_options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Adds features to the user agent of this call.
    pub fn features(mut self, features: UserAgentFeatures) -> Self {
        self.options.features |= features;
        self
    }

    /// Makes the call.
    ///
    /// # Errors
    /// Any kind of error that a call has: see [`ErrorKind`](inia_core::ErrorKind).
    pub async fn send(mut self) -> Result<Output> {
        self.apply_config()?;
        let service = self.client.service();
        let operation = match self.operation {
            Ok(index) => operation_at(service, index)?,
            Err(error) => {
                let region = service.settings.region.as_ref();
                return Err(error.in_call(service.model.name(), None, region));
            }
        };
        match self.params.into_params_value() {
            Ok(mut params) => {
                let mut options = self.options;
                let events = self.events;
                match event_input(service, operation, events, &mut params) {
                    Ok(None) => {}
                    Ok(input) => options.events = input,
                    Err(error) => return Err(service.in_call(error, operation)),
                }
                if let Some(native) = self.client.native_operation(operation) {
                    // Boxed, so that the future of a plain call stays small.
                    let call = native_call(&self.client, operation, native, params, options);
                    return Box::pin(call).await;
                }
                if self.resumes_body && BodyResumer::supports(&self.client, operation) {
                    let params = params.share();
                    let resumer = BodyResumer::new(&self.client, operation, params, &options);
                    options.resumer = Some(Arc::new(resumer));
                }
                service.call(operation, params, options).await
            }
            Err(error) => Err(service.in_call(error, operation)),
        }
    }

    /// Makes the call and reads a streaming body into its member of the output value.
    ///
    /// # Errors
    /// As [`send`](Self::send); also `Stream` if reading the body fails or the body is longer than
    /// [`max_response_bytes`](inia_core::config::Config::max_response_bytes).
    pub async fn collect(mut self) -> Result<Output> {
        self.apply_config()?;
        let timeout = self.client.service().timeout(&self.options);
        let deadline = timeout.map(|limit| Instant::now() + limit);
        let client = self.client.clone();
        let index = self.operation.as_ref().ok().copied();
        let output = self.send().await?;
        let service = client.service();
        let member = match index {
            Some(index) => service
                .model
                .streaming_output(operation_at(service, index)?)
                .map(|member| member.name.clone()),
            None => None,
        };
        match member {
            Some(member) => {
                let body = collect_body(output, &member, service.settings.max_response_bytes);
                match deadline {
                    None => body.await,
                    Some(deadline) => tokio::time::timeout_at(deadline, body)
                        .await
                        .unwrap_or_else(|_| {
                            let message =
                                "the response body was not read within the call's timeout";
                            let error = Error::new(ErrorKind::Timeout, message);
                            Err(match index.map(|index| operation_at(service, index)) {
                                Some(Ok(operation)) => service.in_call(error, operation),
                                _ => error,
                            })
                        }),
                }
            }
            None => Ok(output),
        }
    }

    /// Replaces the client by one with the settings of the call.
    fn apply_config(&mut self) -> Result<()> {
        let Some(config) = self.config.take() else {
            return Ok(());
        };
        let service = self.client.service();
        let operation = match &self.operation {
            Ok(index) => Some(operation_at(service, *index)?.name.clone()),
            Err(_) => None,
        };
        let client = self.client.derive(&config).map_err(|error| {
            let region = service.settings.region.as_ref();
            error.in_call(service.model.name(), operation.as_ref(), region)
        })?;
        if let Some(operation) = operation {
            // The definition may be of another API version.
            let operation = client.model().operation(&operation);
            self.operation = operation.map(|operation| operation.index);
        }
        self.client = client;
        Ok(())
    }
}

/// Returns the events of a call, or those in its parameters.
fn event_input(
    service: &Service,
    operation: &Operation,
    events: Option<Events>,
    params: &mut ParamsValue,
) -> Result<Option<Arc<EventInput>>> {
    if let Some(Events(events)) = events {
        let encoder = service.event_encoder(operation)?;
        let events = events.into_inner().unwrap_or_else(PoisonError::into_inner);
        return Ok(Some(EventInput::from_events(encoder, events)));
    }
    let Some(member) = service.plan(operation)?.input_events() else {
        return Ok(None);
    };
    let snake_case = inia_model::snake_case(member);
    let names = [member.as_str(), snake_case.as_str()];
    let mut lists = names
        .into_iter()
        .filter(|name| matches!(params.get(name), Some(Value::List(_))));
    let Some(name) = lists.next() else {
        return Ok(None);
    };
    let list = params.to_mut().as_map_mut();
    let Some(Value::List(events)) = list.and_then(|map| map.remove(name)) else {
        return Ok(None);
    };
    let encoder = service.event_encoder(operation)?;
    let events = futures_util::stream::iter(events);
    Ok(Some(EventInput::from_events(encoder, events)))
}

/// Makes a call with native values.
async fn native_call(
    client: &Client,
    operation: &Operation,
    native: &NativeOperation,
    mut params: ParamsValue,
    options: CallOptions,
) -> Result<Output> {
    let service = client.service();
    if native.has_input() {
        let encoded = native.encode(operation, params.to_mut());
        encoded.map_err(|error| service.in_call(error, operation))?;
    }
    let result = service.call(operation, params, options).await;
    native.decode_result(client.model(), result)
}

fn operation_at(service: &Service, index: u32) -> Result<&Operation> {
    service.model.operation_at(index).ok_or_else(|| {
        Error::new(
            ErrorKind::Model,
            format!("{}: no operation at index {index}", service.model.name()),
        )
    })
}

impl IntoFuture for Call {
    type Output = Result<Output>;
    type IntoFuture = BoxFuture<'static, Result<Output>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
