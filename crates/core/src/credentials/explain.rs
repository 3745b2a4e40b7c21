//! Explains where credentials come from, without fetching them over the network.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Lookup, ProviderChain, ProviderContext};
use crate::ports::{
    BoxFuture, CommandOutput, Commands, Host, Http, HttpRequest, HttpResponse, Invoke,
    InvokeOptions,
};
use crate::{Error, ErrorKind, Refreshable, Result, Value};

/// The providers of a chain that were asked, in order, and the credentials or token of the last one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChainExplanation<T> {
    /// The providers that were asked.
    pub providers: Vec<ExplainedProvider>,
    /// The credentials or the token, if they were found.
    pub found: Option<T>,
}

impl<T> ChainExplanation<T> {
    /// Returns the explanation of an identity that no provider was asked for.
    #[must_use]
    pub fn given(identity: T) -> Self {
        ChainExplanation {
            providers: Vec::new(),
            found: Some(identity),
        }
    }
}

/// A provider of a chain, and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainedProvider {
    /// The provider's name.
    pub name: String,
    /// The outcome.
    pub outcome: ProviderOutcome,
}

/// The outcome of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderOutcome {
    /// It has credentials or a token.
    Found,
    /// It is not configured, for this reason.
    NotConfigured(String),
    /// It is configured, but failed.
    Failed(String),
    /// It has to make a request or run a command, which was not allowed. Its credentials are not known, and no further provider was
    /// asked.
    Online,
}

/// Asks the providers of a chain in order, as a call does. Unless `online`, no request is sent and no command is run.
pub(super) async fn explain<T: Refreshable>(
    chain: &ProviderChain<T>,
    context: &ProviderContext,
    online: bool,
) -> ChainExplanation<T> {
    let blocked = Arc::new(Blocked::default());
    let context = match online {
        true => context.clone(),
        false => ProviderContext {
            host: Host {
                http: Arc::clone(&blocked) as Arc<dyn Http>,
                commands: Arc::clone(&blocked) as Arc<dyn Commands>,
                ..context.host.clone()
            },
            invoke: Some(Arc::clone(&blocked) as Arc<dyn Invoke>),
            ..context.clone()
        },
    };
    let mut explanation = ChainExplanation {
        providers: Vec::new(),
        found: None,
    };
    for provider in chain.providers() {
        let result = provider.load(&context).await;
        let outcome = match result {
            Ok(Lookup::Found(found)) => {
                explanation.found = Some(found);
                ProviderOutcome::Found
            }
            _ if blocked.is_asked() => ProviderOutcome::Online,
            Ok(Lookup::NotConfigured(reason)) => ProviderOutcome::NotConfigured(reason.into()),
            Err(error) => ProviderOutcome::Failed(format!("{error:#}")),
        };
        let goes_on = matches!(outcome, ProviderOutcome::NotConfigured(_));
        explanation.providers.push(ExplainedProvider {
            name: provider.name().to_owned(),
            outcome,
        });
        if !goes_on {
            break;
        }
    }
    explanation
}

/// Ports that refuse, and remember that they were used.
#[derive(Debug, Default)]
struct Blocked(AtomicBool);

impl Blocked {
    fn is_asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn refuse<T>(&self) -> Result<T> {
        self.0.store(true, Ordering::Release);
        Err(Error::new(
            ErrorKind::Connection,
            "no request is sent to explain a call",
        ))
    }
}

impl Http for Blocked {
    fn send(&self, _: HttpRequest) -> BoxFuture<'_, Result<HttpResponse>> {
        Box::pin(std::future::ready(self.refuse()))
    }
}

impl Commands for Blocked {
    fn run(&self, _: &[String], _: Duration, _: usize) -> BoxFuture<'_, Result<CommandOutput>> {
        Box::pin(std::future::ready(self.refuse()))
    }
}

impl Invoke for Blocked {
    fn call<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: Value,
        _: InvokeOptions,
    ) -> BoxFuture<'a, Result<Value>> {
        Box::pin(std::future::ready(self.refuse()))
    }
}
