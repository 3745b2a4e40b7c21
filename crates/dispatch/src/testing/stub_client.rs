//! [`StubClient`]: a client whose calls a test answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result, ServiceError, Str, Value};
use inia_model::{Operation, ServiceModel};

use super::isolation::isolated_session;
use super::stub_answer::{StubAnswer, stub_error, validate_output};
use super::stub_rules::{CallRule, StubCall, StubRules};
use crate::pipeline::{CallStub, Service, StubbedCall};
use crate::{Client, Output, Params, Session, SessionBuilder};

/// Maximum size of a streaming request body in the call log, in bytes.
const MAX_BODY_BYTES: usize = 64 << 20;

/// Stubs the calls of one service: its client validates parameters, and a test's rules return the outputs. Nothing is sent, and neither
/// the environment nor files are read.
///
/// Outputs and modeled errors are validated against the definition as well, so that a test cannot drift from the service. A mistake in a
/// rule does not panic: every call fails with it, and so does [`verify`](Self::verify).
///
/// Rules are tried in the order in which they were added. A call that none accepts is an error of kind `Config` that lists the rules.
/// Calls are not retried: an answer is the outcome of a whole call. Pages, waiters and resources make calls, so that they can be
/// stubbed too.
///
/// ```
/// use inia_dispatch::json;
/// use inia_dispatch::testing::StubClient;
///
/// # fn main() -> inia_core::Result<()> {
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let stub = StubClient::new("dynamodb")?;
/// let key = json!({"Id": {"S": "7"}});
/// stub.on("GetItem")
///     .with(json!({"TableName": "users", "Key": key}))
///     .returns(json!({"Item": {"Name": {"S": "Inia"}}}));
/// stub.on("PutItem")
///     .fails("ConditionalCheckFailedException", "the conditional request failed");
///
/// // The code under test takes a client.
/// let client = stub.client();
/// let user = client.call("GetItem", json!({"TableName": "users", "Key": {"Id": {"S": "7"}}})).await?;
/// assert_eq!(user["Item"]["Name"]["S"], "Inia");
/// let put = client.call("PutItem", json!({"TableName": "users", "Item": {}})).await;
/// assert_eq!(put.unwrap_err().code(), Some("ConditionalCheckFailedException"));
///
/// assert_eq!(stub.calls()[0].params["TableName"], "users");
/// stub.verify()?;
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Source
/// botocore `stub.py:Stubber`. DIFFERENCE: answers are chosen by operation and parameters, not only by their order.
#[derive(Clone, Debug)]
pub struct StubClient {
    session: StubSession,
    client: Client,
}

impl StubClient {
    /// Creates a stub of a service, in the region `us-east-1`.
    ///
    /// # Errors
    /// `Model`: the service is unknown.
    pub fn new(service: &str) -> Result<Self> {
        StubSession::new()?.service(service)
    }

    /// Returns the client.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Adds a rule for an operation, by its name as in the definition or in snake case. Without further methods, it accepts all parameters
    /// and returns an empty output.
    pub fn on(&self, operation: &str) -> StubRule {
        let model = self.client.model();
        let mut rules = self.session.rules();
        let found = model.operation(operation);
        let (index, rule) = match found {
            Ok(operation) => {
                let rule = CallRule::new(model.name().clone(), operation.name.clone());
                (Some(operation.index), Some(rules.add(rule)))
            }
            Err(error) => {
                rules.add_mistake(&error);
                (None, None)
            }
        };
        drop(rules);
        StubRule {
            session: self.session.clone(),
            model: Arc::clone(model),
            operation: index,
            rule,
        }
    }

    /// Returns the calls of the service so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<StubCall> {
        let mut calls = self.session.calls();
        let service = self.client.service_name();
        calls.retain(|call| call.service == *service);
        calls
    }

    /// Checks that each rule was used as often as it requires, and that no other calls were made: see [`StubSession::verify`].
    ///
    /// # Errors
    /// As [`StubSession::verify`].
    pub fn verify(&self) -> Result<()> {
        self.session.verify()
    }
}

/// A session whose clients are stubs, for programs that take a [`Session`] or use more than one service.
///
/// ```
/// use inia_dispatch::json;
/// use inia_dispatch::testing::StubSession;
///
/// # fn main() -> inia_core::Result<()> {
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let stubs = StubSession::new()?;
/// stubs.service("sqs")?.on("ListQueues").returns(json!({"QueueUrls": ["https://sqs.test/q"]}));
/// stubs.service("s3")?.on("GetObject").returns(json!({"Body": "hello"}));
///
/// let session = stubs.session();
/// let queues = session.client("sqs")?.call("ListQueues", ()).await?;
/// assert_eq!(queues["QueueUrls"][0], "https://sqs.test/q");
/// let object = json!({"Bucket": "logs", "Key": "a"});
/// let body = session.client("s3")?.call("GetObject", object).await?.body.unwrap();
/// assert_eq!(body.collect(1024).await?, "hello");
/// stubs.verify()?;
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StubSession {
    rules: Arc<Mutex<StubRules>>,
    session: Session,
}

impl StubSession {
    /// Creates a session in the region `us-east-1` with test credentials and the built-in definitions. It reads neither the environment
    /// nor files.
    ///
    /// # Errors
    /// `Model`: the definitions are invalid.
    pub fn new() -> Result<Self> {
        StubSession::from_builder(isolated_session())
    }

    /// Creates a session from a builder: with its region, settings, definitions and ports.
    ///
    /// # Errors
    /// As [`SessionBuilder::build`].
    pub fn from_builder(builder: SessionBuilder) -> Result<Self> {
        let rules = Arc::new(Mutex::new(StubRules::default()));
        let stub = Arc::new(SessionStub(Arc::clone(&rules)));
        let session = builder.stub(stub).build()?;
        Ok(StubSession { rules, session })
    }

    /// Returns the session.
    #[must_use]
    pub fn session(&self) -> Session {
        self.session.clone()
    }

    /// Returns a stub of a service.
    ///
    /// # Errors
    /// As [`Session::client`].
    pub fn service(&self, service: &str) -> Result<StubClient> {
        Ok(StubClient {
            client: self.session.client(service)?,
            session: self.clone(),
        })
    }

    /// Returns all calls so far, in order, including those that no rule accepted.
    #[must_use]
    pub fn calls(&self) -> Vec<StubCall> {
        self.rules().calls.clone()
    }

    /// Checks that the rules are valid, that each was used as often as it requires (each of its answers once, or
    /// [`times`](StubRule::times)), and that no other calls were made.
    ///
    /// # Errors
    /// `Config`: the message lists everything that differs.
    pub fn verify(&self) -> Result<()> {
        self.rules().verify()
    }

    /// Returns an error if a rule is wrong.
    #[cfg(feature = "fake")]
    pub(super) fn check_rules(&self) -> Result<()> {
        self.rules().check()
    }

    /// Records a call, and returns its answer and the time until it; `None` if no rule accepts the call.
    #[cfg(feature = "fake")]
    pub(super) fn answer_or_none(&self, call: StubCall) -> Result<Option<(StubAnswer, Duration)>> {
        self.rules().answer_or_none(call)
    }

    fn rules(&self) -> MutexGuard<'_, StubRules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A rule of a [`StubClient`], to which its methods add conditions and answers.
///
/// Several answers are returned in their order, and the last one is repeated.
#[derive(Clone, Debug)]
pub struct StubRule {
    session: StubSession,
    model: Arc<ServiceModel>,
    /// The index of the operation, if it exists.
    operation: Option<u32>,
    /// The index of the rule, if it exists.
    rule: Option<usize>,
}

impl StubRule {
    /// Accepts only calls with these parameters. Calls may have others, also in nested structures, but not those
    /// that are null here.
    pub fn with(self, params: impl Into<Params>) -> Self {
        let params = self.expected_params(params.into());
        self.change(params, |rule, params| rule.contains = Some(params))
    }

    /// Accepts only calls with these and no other parameters.
    pub fn with_exactly(self, params: impl Into<Params>) -> Self {
        let params = self.expected_params(params.into());
        self.change(params, |rule, params| rule.equals = Some(params))
    }

    /// Accepts only calls whose parameters match a condition.
    pub fn matching(self, matches: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.change(Ok(()), |rule, ()| rule.matches = Some(Arc::new(matches)))
    }

    /// Returns an output. A streaming member is text or bytes, and an event stream a list of events.
    pub fn returns(self, output: impl Into<Params>) -> Self {
        let answer = output.into().into_value().and_then(|mut value| {
            validate_output(&self.model, self.operation()?, &mut value)?;
            Ok(StubAnswer::Output(Arc::new(value)))
        });
        self.answer(answer)
    }

    /// Returns an output that is computed from the parameters. It is validated when it is returned.
    pub fn answers(self, answer: impl Fn(&Value) -> Result<Value> + Send + Sync + 'static) -> Self {
        self.answer(Ok(StubAnswer::Function(Arc::new(answer))))
    }

    /// Fails with an error of the service. A modeled error has its HTTP status and its retry classification.
    pub fn fails(self, code: &str, message: &str) -> Self {
        self.fails_with_details(code, message, ())
    }

    /// Fails with an error of the service that has modeled members, such as `CancellationReasons`.
    pub fn fails_with_details(self, code: &str, message: &str, details: impl Into<Params>) -> Self {
        let answer = details.into().into_value().and_then(|details| {
            let error = stub_error(&self.model, self.operation()?, code, message, details)?;
            Ok(StubAnswer::ServiceError(Arc::new(error)))
        });
        self.answer(answer)
    }

    /// Fails with this error of the service, which is not validated.
    pub fn fails_with(self, error: ServiceError) -> Self {
        self.answer(Ok(StubAnswer::ServiceError(Arc::new(error))))
    }

    /// Fails with an error that is not a response, such as [`ErrorKind::Timeout`].
    pub fn fails_without_response(self, kind: ErrorKind, message: impl Into<Str>) -> Self {
        self.answer(Ok(StubAnswer::Failure(kind, message.into())))
    }

    /// Waits before each answer, by the session's clock: tests with tokio's paused time do not wait.
    pub fn delay(self, delay: Duration) -> Self {
        self.change(Ok(()), |rule, ()| rule.delay = delay)
    }

    /// Accepts this number of calls, and requires it.
    pub fn times(self, times: usize) -> Self {
        self.change(Ok(()), |rule, ()| rule.times = Some(times))
    }

    /// Does not require any calls.
    pub fn optional(self) -> Self {
        self.change(Ok(()), |rule, ()| rule.is_optional = true)
    }

    fn operation(&self) -> Result<&Operation> {
        let operation = self
            .operation
            .and_then(|index| self.model.operation_at(index));
        operation.ok_or_else(|| Error::new(ErrorKind::Model, "the rule has no operation"))
    }

    /// Checks the names and types of expected parameters, of which required ones may be absent.
    fn expected_params(&self, params: Params) -> Result<Value> {
        let mut params = params.into_value()?;
        let operation = self.operation()?;
        if let Err(error) = self.model.validate(operation, &mut params, &[]) {
            let problems: Vec<_> = error
                .problems()
                .iter()
                .filter(|problem| !problem.message.starts_with("missing required parameter"))
                .cloned()
                .collect();
            if !problems.is_empty() {
                let error = Error::from_problems(&operation.name, problems);
                return Err(error.at("expected parameters"));
            }
        }
        Ok(params)
    }

    fn answer(self, answer: Result<StubAnswer>) -> Self {
        self.change(answer, |rule, answer| rule.answers.push(answer))
    }

    /// Changes the rule, or records a mistake. A rule of an unknown operation has one mistake already.
    fn change<T>(self, value: Result<T>, change: impl FnOnce(&mut CallRule, T)) -> Self {
        if let Some(index) = self.rule {
            let mut rules = self.session.rules();
            match value {
                Ok(value) => {
                    if let Some(rule) = rules.rule_mut(index) {
                        change(rule, value);
                    }
                }
                Err(error) => rules.add_mistake(&error),
            }
        }
        self
    }
}

/// Answers the calls of a session by its rules.
#[derive(Debug)]
struct SessionStub(Arc<Mutex<StubRules>>);

impl CallStub for SessionStub {
    fn call<'a>(
        &'a self,
        service: &'a Service,
        call: StubbedCall<'a>,
    ) -> BoxFuture<'a, Result<Output>> {
        Box::pin(async move {
            let StubbedCall {
                operation,
                params,
                stream,
            } = call;
            let body = match stream {
                Some(stream) => Some(stream.collect(MAX_BODY_BYTES).await?),
                None => None,
            };
            let log = StubCall {
                service: service.model.name().clone(),
                operation: operation.name.clone(),
                params: params.clone(),
                body,
            };
            let (answer, delay) = {
                let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                rules.answer(log)?
            };
            if !delay.is_zero() {
                service.clock.sleep(delay).await;
            }
            answer.into_output(service, operation, &params)
        })
    }
}
