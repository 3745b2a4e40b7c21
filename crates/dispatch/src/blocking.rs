//! The same calls for programs without a runtime: scripts, and code that may wait.
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
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::{Output, Presign, PresignedRequest, SessionBuilder};

/// A [`Session`](crate::Session) with a runtime of its own.
#[derive(Clone, Debug)]
pub struct Session {
    session: crate::Session,
    runtime: Arc<Runtime>,
}

impl Session {
    /// The session that the environment and `~/.aws` describe.
    ///
    /// # Errors
    /// As [`Session::load`](crate::Session::load).
    pub fn load() -> Result<Self> {
        Session::from_builder(crate::Session::builder())
    }

    /// The session that a builder describes.
    ///
    /// # Errors
    /// As [`SessionBuilder::load`], and `Config` where the system gives no thread.
    pub fn from_builder(builder: SessionBuilder) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .thread_name("inia")
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Config, "no runtime can be started").with_source(error)
            })?;
        let session = runtime.block_on(builder.load())?;
        Ok(Session {
            session,
            runtime: Arc::new(runtime),
        })
    }

    /// A client of a service.
    ///
    /// # Errors
    /// As [`Session::client`](crate::Session::client).
    pub fn client(&self, service: &str) -> Result<Client> {
        self.client_with(service, &Config::new())
    }

    /// A client with settings of its own.
    ///
    /// # Errors
    /// As [`Session::client_with`](crate::Session::client_with).
    pub fn client_with(&self, service: &str, config: &Config) -> Result<Client> {
        Ok(Client {
            client: self.session.client_with(service, config)?,
            runtime: Arc::clone(&self.runtime),
        })
    }

    /// The session for code that does not block.
    #[must_use]
    pub fn asynchronous(&self) -> &crate::Session {
        &self.session
    }

    /// Waits for a future on the session's runtime: for streams, paginators and all else that has no face here.
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
    /// Makes a call and waits for it. A streaming body is read into the output, up to 1 GiB.
    ///
    /// # Errors
    /// As [`Call::collect`](crate::Call::collect).
    pub fn call(&self, operation: &str, params: impl Serialize + 'static) -> Result<Output> {
        self.runtime
            .block_on(self.client.call(operation, params).collect())
    }

    /// Makes a call that was built with [`Client::call`](crate::Client::call), with its streams as they are.
    ///
    /// # Errors
    /// As [`Call::send`](crate::Call::send).
    pub fn send(&self, call: crate::Call) -> Result<Output> {
        self.runtime.block_on(call.into_future())
    }

    /// Signs a call without making it.
    ///
    /// # Errors
    /// As [`Presign::sign`](crate::Presign::sign).
    pub fn presign(
        &self,
        operation: &str,
        params: impl Serialize + 'static,
        expires_in: Duration,
    ) -> Result<PresignedRequest> {
        self.runtime
            .block_on(self.client.presign(operation, params, expires_in).sign())
    }

    /// Signs a call that was built with [`Client::presign`](crate::Client::presign).
    ///
    /// # Errors
    /// As [`Presign::sign`](crate::Presign::sign).
    pub fn sign(&self, presign: Presign) -> Result<PresignedRequest> {
        self.runtime.block_on(presign.sign())
    }

    /// The client for code that does not block.
    #[must_use]
    pub fn asynchronous(&self) -> &crate::Client {
        &self.client
    }
}
