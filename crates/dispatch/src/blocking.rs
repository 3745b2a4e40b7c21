//! A blocking API for programs without an async runtime.
//!
//! ```no_run
//! use inia_dispatch::{blocking, json};
//!
//! # fn main() -> inia_core::Result<()> {
//! let session = blocking::Session::load()?;
//! let queues = session.client("sqs")?.call("ListQueues", json!({}))?;
//! for url in queues["QueueUrls"].items() {
//!     println!("{url}");
//! }
//! # Ok(())
//! # }
//! ```

use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use inia_core::config::Config;
use inia_core::{Error, ErrorKind, Result};
use tokio::runtime::Runtime;

use crate::{Output, Params, Presign, PresignedRequest, SessionBuilder};

/// A [`Session`](crate::Session) with its own runtime.
#[derive(Clone, Debug)]
pub struct Session {
    session: crate::Session,
    runtime: Arc<Runtime>,
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
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .thread_name("inia")
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Config, "cannot start the runtime").with_source(error)
            })?;
        let session = runtime.block_on(builder.load())?;
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

    /// Runs a future on the session's runtime: for streams, paginators and anything else without a blocking method.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

/// A [`Client`](crate::Client) whose calls block.
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::Client,
    runtime: Arc<Runtime>,
}

impl Client {
    /// Makes a call. A streaming body is read into the output value, up to 1 GiB.
    ///
    /// # Errors
    /// As [`Call::collect`](crate::Call::collect).
    pub fn call(&self, operation: &str, params: impl Into<Params>) -> Result<Output> {
        self.runtime
            .block_on(self.client.call(operation, params).collect())
    }

    /// Makes a call built with [`Client::call`](crate::Client::call). Streaming bodies stay streams.
    ///
    /// # Errors
    /// As [`Call::send`](crate::Call::send).
    pub fn send(&self, call: crate::Call) -> Result<Output> {
        self.runtime.block_on(call.into_future())
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
            .block_on(self.client.presign(operation, params, expires_in).sign())
    }

    /// Builds a presigned URL from a builder made by [`Client::presign`](crate::Client::presign).
    ///
    /// # Errors
    /// As [`Presign::sign`](crate::Presign::sign).
    pub fn sign(&self, presign: Presign) -> Result<PresignedRequest> {
        self.runtime.block_on(presign.sign())
    }

    /// Returns the asynchronous client.
    #[must_use]
    pub fn asynchronous(&self) -> &crate::Client {
        &self.client
    }
}
