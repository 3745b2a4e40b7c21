//! [`Wait`]: calls an operation until its responses match a condition.
//!
//! # Source
//! botocore `waiter.py:Waiter`.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result, Str, UserAgentFeatures, Value, json};
use inia_model::jmespath::Expression;
use inia_model::{Acceptor, AcceptorState, ErrorMatch, Matcher, WaiterModel, WaiterResponse};

use crate::{Client, Output, Params};

/// Delay between two attempts of an ad hoc wait.
const DEFAULT_DELAY: Duration = Duration::from_secs(5);

/// Maximum number of attempts of an ad hoc wait.
const DEFAULT_MAX_ATTEMPTS: u32 = 60;

impl Client {
    /// Returns a wait defined by the service, by its name (`InstanceRunning`, `instance_running`).
    ///
    /// Nothing happens until it is awaited, which also reports invalid names and parameters.
    ///
    /// ```no_run
    /// # async fn example() -> inia_core::Result<()> {
    /// use std::time::Duration;
    ///
    /// # use inia_dispatch as inia;
    /// use inia::{Session, json};
    ///
    /// let ec2 = Session::load().await?.client("ec2")?;
    /// ec2.wait("InstanceRunning", json!({"InstanceIds": ["i-1"]})).delay(Duration::from_secs(5)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait(&self, waiter: &str, params: impl Into<Params>) -> Wait {
        Wait::new(
            self.clone(),
            self.waiter(waiter),
            WaitParams::Call(params.into()),
        )
    }

    /// Returns an ad hoc wait, until the result of a JMESPath expression over an operation's output meets a condition. By default it
    /// makes up to 60 attempts, 5 seconds apart. A service error ends it, unless [`retry_on`](Wait::retry_on) has its code.
    ///
    /// ```no_run
    /// # async fn example() -> inia_core::Result<()> {
    /// # mod inia { pub use inia_dispatch::*; pub mod wait { pub use inia_dispatch::*; } }
    /// use inia::{Session, json};
    /// use inia::wait::Condition;
    ///
    /// let dynamodb = Session::load().await?.client("dynamodb")?;
    /// dynamodb
    ///     .wait_until("DescribeTable", json!({"TableName": "t"}), "Table.TableStatus", Condition::equals("ACTIVE"))
    ///     .retry_on("ResourceNotFoundException")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_until(
        &self,
        operation: &str,
        params: impl Into<Params>,
        expression: &str,
        condition: Condition,
    ) -> Wait {
        let model = Expression::compile(expression).and_then(|expression| {
            let operation = &self.model().operation(operation)?.name;
            let matcher = condition.matcher(expression);
            Ok(WaiterModel {
                name: Str::from(matcher.to_string()),
                operation: operation.clone(),
                delay: DEFAULT_DELAY,
                max_delay: None,
                max_attempts: DEFAULT_MAX_ATTEMPTS,
                acceptors: Box::new([Acceptor {
                    state: AcceptorState::Success,
                    matcher,
                }]),
            })
        });
        Wait::new(self.clone(), model, WaitParams::Call(params.into()))
    }
}

/// The condition of an ad hoc wait. Values are compared as by JMESPath's `==`.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The expression result equals this value.
    Equals(Value),
    /// The expression result is a list with this element, a string with this substring, or a map with this key.
    Contains(Value),
    /// The expression result does not [contain](Condition::Contains) this value.
    NotContains(Value),
}

impl Condition {
    /// Returns a condition that the expression result equals a value.
    pub fn equals(value: impl Into<Value>) -> Self {
        Condition::Equals(value.into())
    }

    /// Returns a condition that the expression result is a list with this element, a string with this substring, or a map with this
    /// key.
    pub fn contains(value: impl Into<Value>) -> Self {
        Condition::Contains(value.into())
    }

    /// Returns a condition that the expression result does not [contain](Condition::contains) a value.
    pub fn not_contains(value: impl Into<Value>) -> Self {
        Condition::NotContains(value.into())
    }

    fn matcher(self, expression: Expression) -> Matcher {
        match self {
            Condition::Equals(value) => Matcher::Path(expression, value),
            Condition::Contains(value) => Matcher::Contains(expression, value),
            Condition::NotContains(value) => Matcher::NotContains(expression, value),
        }
    }
}

/// A builder of a wait, ready to be awaited. Dropping its future ends the wait.
///
/// It resolves to a [`WaitOutcome`]. If a response matches a failure state, or no attempt is left, it fails with an error of kind
/// `Waiter`, which has the last response ([`Error::last_response`]) and the number of attempts ([`Error::attempts`]). Errors other
/// than service errors are returned unchanged.
#[must_use = "a wait does nothing until it is awaited"]
#[derive(Debug)]
pub struct Wait {
    client: Client,
    model: Result<WaiterModel>,
    params: WaitParams,
    /// Maximum delay, if delays grow exponentially with jitter.
    max_delay: Option<Duration>,
}

/// The parameters of a wait.
pub(crate) enum WaitParams {
    Call(Params),
    /// Parameters that a resource fills in when the wait begins.
    Deferred(BoxFuture<'static, Result<Value>>),
}

impl fmt::Debug for WaitParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitParams::Call(params) => params.fmt(f),
            WaitParams::Deferred(_) => f.write_str("Deferred"),
        }
    }
}

/// The outcome of a successful wait.
#[derive(Debug)]
pub struct WaitOutcome {
    /// Number of attempts.
    pub attempts: u32,
    /// The result that matched: an output, or a service error, such as the one for a deleted resource.
    pub result: Result<Output>,
}

impl Wait {
    pub(crate) fn new(client: Client, model: Result<WaiterModel>, params: WaitParams) -> Self {
        Wait {
            client,
            model,
            params,
            max_delay: None,
        }
    }

    fn with_model(mut self, change: impl FnOnce(&mut WaiterModel)) -> Self {
        if let Ok(model) = &mut self.model {
            change(model);
        }
        self
    }

    /// Sets the delay between two attempts. The delays of a waiter that grow by its definition are then all equal.
    pub fn delay(self, delay: Duration) -> Self {
        self.with_model(|model| {
            model.delay = delay;
            model.max_delay = None;
        })
    }

    /// Sets the maximum number of attempts. At least one is made.
    pub fn max_attempts(self, attempts: u32) -> Self {
        self.with_model(|model| model.max_attempts = attempts)
    }

    /// Enables exponential backoff with jitter: each delay is a random time between the first delay and a maximum that doubles with
    /// every attempt, up to `max_delay`.
    pub fn jitter(mut self, max_delay: Duration) -> Self {
        self.max_delay = Some(max_delay);
        self
    }

    /// Retries on service errors with this code.
    pub fn retry_on(self, code: &str) -> Self {
        let acceptor = Acceptor {
            state: AcceptorState::Retry,
            matcher: Matcher::Error(ErrorMatch::Code(code.into())),
        };
        self.with_model(|model| {
            let acceptors = std::mem::take(&mut model.acceptors).into_iter();
            model.acceptors = acceptors.chain([acceptor]).collect();
        })
    }

    /// Returns the waiter definition; `None` if there is no such waiter, which awaiting the wait reports as an error.
    #[must_use]
    pub fn model(&self) -> Option<&WaiterModel> {
        self.model.as_ref().ok()
    }

    async fn run(self) -> Result<WaitOutcome> {
        let model = self.model?;
        let params = match self.params {
            WaitParams::Call(params) => params.into_value()?,
            WaitParams::Deferred(params) => params.await?,
        };
        let params = Arc::new(params);
        let service = self.client.service();
        let mut attempts = 0;
        loop {
            let result = self
                .client
                .call(&model.operation, Arc::clone(&params))
                .features(UserAgentFeatures::WAITER)
                .await;
            attempts += 1;
            let attempt = WaitAttempt {
                model: &model,
                attempts,
            };
            let response = match &result {
                Ok(output) => Some(WaiterResponse::Output(output, output.metadata.http_status)),
                Err(error) => error.service().map(WaiterResponse::Error),
            };
            let Some(response) = response else {
                // There is no response to match: the call itself failed.
                return result.map(|output| WaitOutcome {
                    attempts,
                    result: Ok(output),
                });
            };
            let matched = match attempt.matching_acceptor(response) {
                Ok(matched) => matched,
                Err(error) => {
                    let reason = "the response cannot be matched";
                    return Err(attempt.failure(reason, result, Some(error)));
                }
            };
            match matched {
                Some(acceptor) => match acceptor.state {
                    AcceptorState::Success => return Ok(WaitOutcome { attempts, result }),
                    AcceptorState::Failure => {
                        let reason = format!("terminal failure state: {}", acceptor.matcher);
                        return Err(attempt.failure(&reason, result, None));
                    }
                    AcceptorState::Retry => {}
                },
                None if result.is_err() => {
                    return Err(attempt.failure("unexpected service error", result, None));
                }
                None => {}
            }
            if attempts >= model.max_attempts {
                let reason = match matched {
                    Some(acceptor) => {
                        format!("max attempts exceeded; last match: {}", acceptor.matcher)
                    }
                    None => "max attempts exceeded".to_owned(),
                };
                return Err(attempt.failure(&reason, result, None));
            }
            drop(result);
            let delay = match self.max_delay.or(model.max_delay) {
                None => model.delay,
                Some(max_delay) => {
                    jittered_delay(model.delay, max_delay, attempts, service.rng.unit())
                }
            };
            service.clock.sleep(delay).await;
        }
    }
}

/// Returns the delay after a number of attempts; `jitter` (0 to 1) selects it between the first delay and its exponential maximum.
///
/// # Source
/// <https://smithy.io/2.0/additional-specs/waiters.html#waiter-retries>.
fn jittered_delay(delay: Duration, max_delay: Duration, attempts: u32, jitter: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(30);
    let longest = delay.saturating_mul(1 << doublings).min(max_delay);
    let shortest = delay.min(longest);
    shortest + (longest - shortest).mul_f64(jitter.clamp(0.0, 1.0))
}

/// One attempt of a wait.
struct WaitAttempt<'a> {
    model: &'a WaiterModel,
    attempts: u32,
}

impl<'a> WaitAttempt<'a> {
    /// Returns the first acceptor that matches a response.
    fn matching_acceptor(&self, response: WaiterResponse<'_>) -> Result<Option<&'a Acceptor>> {
        for acceptor in &self.model.acceptors {
            if acceptor.matcher.matches(response)? {
                return Ok(Some(acceptor));
            }
        }
        Ok(None)
    }

    #[cold]
    fn failure(&self, reason: &str, result: Result<Output>, cause: Option<Error>) -> Error {
        let WaiterModel {
            name, operation, ..
        } = self.model;
        let times = if self.attempts == 1 { "time" } else { "times" };
        let message = format!(
            "waiting for {name}: {reason} ({operation} called {} {times})",
            self.attempts
        );
        let error = Error::new(ErrorKind::Waiter, message).with_attempts(self.attempts);
        match (result, cause) {
            (Ok(output), None) => error.with_last_response(output.value),
            (Ok(output), Some(cause)) => error.with_last_response(output.value).with_source(cause),
            (Err(service_error), cause) => {
                let error = error.with_last_response(error_response(&service_error));
                error.with_source(cause.unwrap_or(service_error))
            }
        }
    }
}

/// Returns a service error as a value, in the form of botocore's error responses.
fn error_response(error: &Error) -> Value {
    match error.service() {
        Some(error) => json!({
            "Error": {"Code": &error.code, "Message": &error.message},
            "ResponseMetadata": {"HTTPStatusCode": error.http_status, "RequestId": error.request_id.clone()},
        }),
        None => Value::Null,
    }
}

impl IntoFuture for Wait {
    type Output = Result<WaitOutcome>;
    type IntoFuture = BoxFuture<'static, Result<WaitOutcome>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jittered_delays_grow_up_to_the_maximum() {
        let seconds = Duration::from_secs;
        let delay = |attempts, jitter| jittered_delay(seconds(2), seconds(30), attempts, jitter);
        for (attempts, shortest, longest) in [
            (1, 2, 2),
            (2, 2, 4),
            (3, 2, 8),
            (4, 2, 16),
            (5, 2, 30),
            (u32::MAX, 2, 30),
        ] {
            assert_eq!(delay(attempts, 0.0), seconds(shortest));
            assert_eq!(delay(attempts, 1.0), seconds(longest));
        }
        assert_eq!(delay(3, 0.5), seconds(5));
        // A maximum below the first delay takes precedence.
        assert_eq!(jittered_delay(seconds(9), seconds(3), 1, 0.5), seconds(3));
    }
}
