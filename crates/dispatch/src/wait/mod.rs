//! Waiting: an operation is asked until its answers say that something has come about, or never will.
//!
//! # Source
//! botocore `waiter.py:Waiter`.

use std::future::IntoFuture;
use std::time::Duration;

use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result, Str, Value, json};
use inia_model::jmespath::Expression;
use inia_model::{Acceptor, AcceptorState, Answer, ErrorMatch, Matcher, WaiterModel};

use crate::resource::FillParams;
use crate::{Client, Output};

/// The time between an answer and the next question in a wait that no file describes.
const DELAY: Duration = Duration::from_secs(5);

/// How often a wait that no file describes asks in all.
const MAX_ATTEMPTS: u32 = 60;

impl Client {
    /// A wait that the service's definitions describe, by its name (`InstanceRunning`, `instance_running`).
    ///
    /// Nothing happens before it is awaited. Wrong names and parameters are told then, too.
    ///
    /// ```no_run
    /// # async fn example() -> inia_core::Result<()> {
    /// use std::time::Duration;
    ///
    /// use inia_dispatch::{Session, json};
    ///
    /// let ec2 = Session::load().await?.client("ec2")?;
    /// ec2.wait("InstanceRunning", json!({"InstanceIds": ["i-1"]})).delay(Duration::from_secs(5)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait(&self, waiter: &str, params: impl Into<Value>) -> Wait {
        Wait::new(
            self.clone(),
            self.waiter(waiter),
            WaitParams::Given(params.into()),
        )
    }

    /// A wait made up on the spot: until what a JMESPath expression finds in an operation's output meets a condition. It asks every
    /// 5 seconds, 60 times in all, unless told otherwise. An error of the service ends it, unless
    /// [`retry_on`](Wait::retry_on) says otherwise.
    ///
    /// ```no_run
    /// # async fn example() -> inia_core::Result<()> {
    /// use inia_dispatch::{Condition, Session, json};
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
        params: impl Into<Value>,
        expression: &str,
        condition: Condition,
    ) -> Wait {
        let model = Expression::compile(expression).and_then(|expression| {
            let operation = &self.model().operation(operation)?.name;
            let matcher = condition.matcher(expression);
            Ok(WaiterModel {
                name: Str::from(matcher.to_string()),
                operation: operation.clone(),
                delay: DELAY,
                max_attempts: MAX_ATTEMPTS,
                acceptors: Box::new([Acceptor {
                    state: AcceptorState::Success,
                    matcher,
                }]),
            })
        });
        Wait::new(self.clone(), model, WaitParams::Given(params.into()))
    }
}

/// What a wait made up on the spot waits for. Values are compared as JMESPath's `==` does.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The expression finds exactly this.
    Equals(Value),
    /// It finds a list with this element, a text with this part, or a map with this key.
    Contains(Value),
    /// It finds nothing that [contains](Condition::Contains) this.
    Lacks(Value),
}

impl Condition {
    /// The expression finds exactly this.
    pub fn equals(value: impl Into<Value>) -> Self {
        Condition::Equals(value.into())
    }

    /// The expression finds a list with this element, a text with this part, or a map with this key.
    pub fn contains(value: impl Into<Value>) -> Self {
        Condition::Contains(value.into())
    }

    /// The expression finds nothing that [contains](Condition::Contains) this.
    pub fn lacks(value: impl Into<Value>) -> Self {
        Condition::Lacks(value.into())
    }

    fn matcher(self, expression: Expression) -> Matcher {
        match self {
            Condition::Equals(value) => Matcher::Path(expression, value),
            Condition::Contains(value) => Matcher::Contains(expression, value),
            Condition::Lacks(value) => Matcher::Lacks(expression, value),
        }
    }
}

/// A wait, ready to be awaited. Dropping its future ends it.
///
/// It ends well with a [`Waited`], or with an error of the kind `Waiter` that has the last answer ([`Error::last`]) and how often was
/// asked ([`Error::attempts`]): the answers say that it will never be, or it took too long. Errors that are not the service's own
/// end it as they are.
#[must_use = "a wait does nothing before it is awaited"]
#[derive(Debug)]
pub struct Wait {
    client: Client,
    model: Result<WaiterModel>,
    params: WaitParams,
    /// The longest delay, where delays grow and are spread.
    max_delay: Option<Duration>,
}

/// The parameters that a wait asks with.
#[derive(Debug)]
pub(crate) enum WaitParams {
    Given(Value),
    /// A resource fills them in, for which it may have to be loaded.
    OfResource(FillParams),
}

/// A wait that ended well.
#[derive(Debug)]
pub struct Waited {
    /// How often was asked.
    pub attempts: u32,
    /// The answer that was waited for: an output, or the service's error, such as one that says that a thing is gone.
    pub answer: Result<Output>,
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

    fn changed(mut self, change: impl FnOnce(&mut WaiterModel)) -> Self {
        if let Ok(model) = &mut self.model {
            change(model);
        }
        self
    }

    /// Sets the time between an answer and the next question.
    pub fn delay(self, delay: Duration) -> Self {
        self.changed(|model| model.delay = delay)
    }

    /// Sets how often to ask in all; once at least.
    pub fn max_attempts(self, attempts: u32) -> Self {
        self.changed(|model| model.max_attempts = attempts)
    }

    /// Lets the delay double with every question up to `max_delay`, and spreads it: each is a random time between the first delay and
    /// what it has grown to.
    pub fn jitter(mut self, max_delay: Duration) -> Self {
        self.max_delay = Some(max_delay);
        self
    }

    /// Asks again after an error of this code.
    pub fn retry_on(self, code: &str) -> Self {
        let acceptor = Acceptor {
            state: AcceptorState::Retry,
            matcher: Matcher::Error(ErrorMatch::Code(code.into())),
        };
        self.changed(|model| {
            let before = std::mem::take(&mut model.acceptors).into_iter();
            model.acceptors = before.chain([acceptor]).collect();
        })
    }

    /// What is waited for; `None` where there is no such waiter, which awaiting it tells as an error.
    #[must_use]
    pub fn model(&self) -> Option<&WaiterModel> {
        self.model.as_ref().ok()
    }

    async fn run(self) -> Result<Waited> {
        let model = self.model?;
        let params = match self.params {
            WaitParams::Given(params) => params,
            WaitParams::OfResource(fill) => fill.filled().await?,
        };
        let service = self.client.service();
        let mut attempts = 0;
        loop {
            let answer = self.client.call(&model.operation, params.clone()).await;
            attempts += 1;
            let trial = Trial {
                model: &model,
                attempts,
            };
            let view = match &answer {
                Ok(output) => Some(Answer::Output(output, output.metadata.http_status)),
                Err(error) => error.service().map(Answer::Error),
            };
            let Some(view) = view else {
                // The service answered nothing: the error is the call's own.
                return answer.map(|answer| Waited {
                    attempts,
                    answer: Ok(answer),
                });
            };
            let matched = match trial.matched(view) {
                Ok(matched) => matched,
                Err(error) => {
                    return Err(trial.failed("its answer cannot be searched", answer, Some(error)));
                }
            };
            match matched {
                Some(acceptor) => match acceptor.state {
                    AcceptorState::Success => return Ok(Waited { attempts, answer }),
                    AcceptorState::Failure => {
                        let reason = format!("it will not come about: {}", acceptor.matcher);
                        return Err(trial.failed(&reason, answer, None));
                    }
                    AcceptorState::Retry => {}
                },
                None if answer.is_err() => {
                    return Err(trial.failed("the service answered with an error", answer, None));
                }
                None => {}
            }
            if attempts >= model.max_attempts {
                let reason = match matched {
                    Some(acceptor) => format!("it took too long: {} still", acceptor.matcher),
                    None => "it took too long".to_owned(),
                };
                return Err(trial.failed(&reason, answer, None));
            }
            drop(answer);
            let delay = match self.max_delay {
                None => model.delay,
                Some(max_delay) => spread(model.delay, max_delay, attempts, service.rng.unit()),
            };
            service.clock.sleep(delay).await;
        }
    }
}

/// The delay after so many questions: between the first delay and what it has grown to, as chance (0 to 1) has it.
///
/// # Source
/// <https://smithy.io/2.0/additional-specs/waiters.html#waiter-retries>.
fn spread(delay: Duration, max_delay: Duration, attempts: u32, chance: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(30);
    let grown = delay.saturating_mul(1 << doublings).min(max_delay);
    let least = delay.min(grown);
    least + (grown - least).mul_f64(chance.clamp(0.0, 1.0))
}

/// One question and its answer.
struct Trial<'a> {
    model: &'a WaiterModel,
    attempts: u32,
}

impl<'a> Trial<'a> {
    /// The first rule that an answer matches.
    fn matched(&self, answer: Answer<'_>) -> Result<Option<&'a Acceptor>> {
        for acceptor in &self.model.acceptors {
            if acceptor.matcher.matches(answer)? {
                return Ok(Some(acceptor));
            }
        }
        Ok(None)
    }

    #[cold]
    fn failed(&self, reason: &str, answer: Result<Output>, cause: Option<Error>) -> Error {
        let WaiterModel {
            name, operation, ..
        } = self.model;
        let times = if self.attempts == 1 { "time" } else { "times" };
        let message = format!(
            "waiting for {name}: {reason} ({operation} asked {} {times})",
            self.attempts
        );
        let error = Error::new(ErrorKind::Waiter, message).with_attempts(self.attempts);
        match (answer, cause) {
            (Ok(output), None) => error.with_last(output.value),
            (Ok(output), Some(cause)) => error.with_last(output.value).with_source(cause),
            (Err(answer), cause) => {
                let error = error.with_last(told(&answer));
                error.with_source(cause.unwrap_or(answer))
            }
        }
    }
}

/// What a service's error says, as a value.
fn told(error: &Error) -> Value {
    match error.service() {
        Some(said) => json!({
            "Error": {"Code": &said.code, "Message": &said.message},
            "ResponseMetadata": {"HTTPStatusCode": said.http_status, "RequestId": said.request_id.clone()},
        }),
        None => Value::Null,
    }
}

impl IntoFuture for Wait {
    type Output = Result<Waited>;
    type IntoFuture = BoxFuture<'static, Result<Waited>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_are_spread() {
        let seconds = Duration::from_secs;
        let spread = |attempts, chance| spread(seconds(2), seconds(30), attempts, chance);
        for (attempts, least, most) in [
            (1, 2, 2),
            (2, 2, 4),
            (3, 2, 8),
            (4, 2, 16),
            (5, 2, 30),
            (u32::MAX, 2, 30),
        ] {
            assert_eq!(spread(attempts, 0.0), seconds(least));
            assert_eq!(spread(attempts, 1.0), seconds(most));
        }
        assert_eq!(spread(3, 0.5), seconds(5));
        // A longest delay below the first one wins.
        assert_eq!(super::spread(seconds(9), seconds(3), 1, 0.5), seconds(3));
    }
}
