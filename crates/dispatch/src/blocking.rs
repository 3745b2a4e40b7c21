//! A blocking API for programs without an async runtime.
//!
//! ```no_run
//! # use inia_dispatch as inia;
//! use inia::{blocking, json};
//!
//! # fn main() -> inia_core::Result<()> {
//! let session = blocking::Session::load()?;
//! let queues = session.client("sqs")?.call("ListQueues", json!({}))?;
//! for url in queues["QueueUrls"].items() {
//!     println!("{url}");
//! }
//! for page in session.iterate(session.client("sqs")?.asynchronous().paginate("ListQueues", json!({}))) {
//!     println!("{}", page?.value);
//! }
//! let ec2 = session.client("ec2")?;
//! ec2.wait("InstanceRunning", json!({"InstanceIds": ["i-1"]}))?;
//! let bucket = session.resource("s3")?.get("Bucket", ["logs"])?;
//! session.run(bucket.action("create", json!({})))?;
//! for object in session.iterate(bucket.collection("objects").iter()) {
//!     println!("{}", object?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Within an async runtime, every method that blocks returns an error of kind `Config`: use the asynchronous
//! [`Session`](crate::Session) there.

use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::StreamExt as _;
use inia_core::config::Config;
use inia_core::{Error, ErrorKind, Result};
use tokio::runtime::{Handle, Runtime};

use crate::{Output, Params, Presign, PresignedRequest, Resource, SessionBuilder, WaitOutcome};

/// A [`Session`](crate::Session) with its own runtime.
#[derive(Clone, Debug)]
pub struct Session {
    session: crate::Session,
    runtime: Arc<BlockingRuntime>,
}

/// The runtime of a session. It is shut down without waiting, so that it can be dropped anywhere.
#[derive(Debug)]
struct BlockingRuntime(Option<Runtime>);

impl BlockingRuntime {
    fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .thread_name("inia")
            .build();
        let runtime = runtime.map_err(|error| {
            Error::new(ErrorKind::Config, "cannot start the runtime").with_source(error)
        })?;
        Ok(BlockingRuntime(Some(runtime)))
    }

    fn run<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        match &self.0 {
            Some(runtime) if Handle::try_current().is_err() => runtime.block_on(future),
            _ => Err(Error::new(
                ErrorKind::Config,
                "a blocking call within an async runtime: use the asynchronous Session and await the call",
            )),
        }
    }
}

impl Drop for BlockingRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Session {
    /// Loads a session from the environment and the files in `~/.aws`.
    ///
    /// # Errors
    /// As [`Session::load`](crate::Session::load).
    pub fn load() -> Result<Self> {
        Session::from_builder(crate::Session::builder())
    }

    /// Loads a session from a builder.
    ///
    /// # Errors
    /// As [`SessionBuilder::load`], and `Config` if the runtime cannot start its thread.
    pub fn from_builder(builder: SessionBuilder) -> Result<Self> {
        let runtime = BlockingRuntime::start()?;
        let session = runtime.run(builder.load())?;
        Ok(Session {
            session,
            runtime: Arc::new(runtime),
        })
    }

    /// Returns a client for a service.
    ///
    /// # Errors
    /// As [`Session::client`](crate::Session::client).
    pub fn client(&self, service: &str) -> Result<Client> {
        self.client_with(service, &Config::new())
    }

    /// Returns a client with settings that override the session's.
    ///
    /// # Errors
    /// As [`Session::client_with`](crate::Session::client_with).
    pub fn client_with(&self, service: &str, config: &Config) -> Result<Client> {
        Ok(Client {
            client: self.session.client_with(service, config)?,
            runtime: Arc::clone(&self.runtime),
        })
    }

    /// Returns the asynchronous session.
    #[must_use]
    pub fn asynchronous(&self) -> &crate::Session {
        &self.session
    }

    /// Returns the service resource of a service. [`run`](Self::run) its actions, and [`iterate`](Self::iterate) its collections.
    ///
    /// # Errors
    /// As [`Session::resource`](crate::Session::resource).
    pub fn resource(&self, service: &str) -> Result<Resource> {
        self.session.resource(service)
    }

    /// Waits for anything that can be awaited: a call, an action or an attribute of a resource, a wait.
    ///
    /// # Errors
    /// The error of the future; `Config` within an async runtime.
    pub fn run<T>(&self, future: impl IntoFuture<Output = Result<T>>) -> Result<T> {
        self.runtime.run(future.into_future())
    }

    /// Returns an iterator over a stream: the pages or items of a pagination, the resources of a collection, or events.
    pub fn iterate<T>(
        &self,
        stream: impl Stream<Item = Result<T>>,
    ) -> impl Iterator<Item = Result<T>> {
        let runtime = Arc::clone(&self.runtime);
        let mut stream = Box::pin(stream);
        let mut is_running = true;
        std::iter::from_fn(move || {
            if !is_running {
                return None;
            }
            let next = runtime.run(async { stream.next().await.transpose() });
            is_running = matches!(next, Ok(Some(_)));
            next.transpose()
        })
    }
}

/// A [`Client`](crate::Client) whose calls block.
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::Client,
    runtime: Arc<BlockingRuntime>,
}

impl Client {
    /// Makes a call. A streaming body is read into the output value, up to 1 GiB.
    ///
    /// # Errors
    /// As [`Call::collect`](crate::Call::collect).
    pub fn call(&self, operation: &str, params: impl Into<Params>) -> Result<Output> {
        self.runtime
            .run(self.client.call(operation, params).collect())
    }

    /// Makes a call built with [`Client::call`](crate::Client::call). Streaming bodies stay streams.
    ///
    /// # Errors
    /// As [`Call::send`](crate::Call::send).
    pub fn send(&self, call: crate::Call) -> Result<Output> {
        self.runtime.run(call.into_future())
    }

    /// Waits until a condition of the service is met: see [`Client::wait`](crate::Client::wait).
    ///
    /// # Errors
    /// As [`Wait`](crate::Wait).
    pub fn wait(&self, waiter: &str, params: impl Into<Params>) -> Result<WaitOutcome> {
        self.runtime
            .run(self.client.wait(waiter, params).into_future())
    }

    /// Builds a presigned URL.
    ///
    /// # Errors
    /// As [`Presign::sign`](crate::Presign::sign).
    pub fn presign(
        &self,
        operation: &str,
        params: impl Into<Params>,
        expires_in: Duration,
    ) -> Result<PresignedRequest> {
        self.runtime
            .run(self.client.presign(operation, params, expires_in).sign())
    }

    /// Builds a presigned URL from a builder made by [`Client::presign`](crate::Client::presign).
    ///
    /// # Errors
    /// As [`Presign::sign`](crate::Presign::sign).
    pub fn sign(&self, presign: Presign) -> Result<PresignedRequest> {
        self.runtime.run(presign.sign())
    }

    /// Returns the asynchronous client.
    #[must_use]
    pub fn asynchronous(&self) -> &crate::Client {
        &self.client
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use inia_core::json;

    use super::*;

    fn session() -> Result<Session> {
        Session::from_builder(crate::Session::builder().region("us-east-1"))
    }

    #[test]
    fn iterates_over_streams_until_the_first_error() {
        let session = session().unwrap();
        let error = || Error::new(ErrorKind::Stream, "broken");
        let items = stream::iter([Ok(1), Ok(2), Err(error()), Ok(3)]);
        let items: Vec<Result<i32>> = session.iterate(items).collect();
        assert!(matches!(items.as_slice(), [Ok(1), Ok(2), Err(_)]));
        assert_eq!(session.run(async { Ok(1) }).unwrap(), 1);
        assert_eq!(session.resource("s3").unwrap().service_name(), "s3");
    }

    #[test]
    fn a_blocking_call_within_a_runtime_is_an_error() {
        let outer = session().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async move {
            assert_eq!(session().unwrap_err().kind(), ErrorKind::Config);
            let client = outer.client("sqs").unwrap();
            for error in [
                client.call("ListQueues", json!({})).unwrap_err(),
                outer.run(async { Ok(()) }).unwrap_err(),
                outer
                    .iterate(stream::iter([Ok(())]))
                    .next()
                    .unwrap()
                    .unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            }
            // Dropping a runtime that waits for its threads would panic here.
            drop((outer, client));
        });
    }
}
