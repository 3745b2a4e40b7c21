//! [`FakeServer`]: an HTTP server on this machine that knows every operation of every definition.
//!
//! ```text
//! request --> fault? --> service, protocol --> operation --> parameters --> signature? --> rule, or a minimal output --> response
//! ```

mod connection;
mod directory;
mod fault;
mod http_request;
mod sample;
mod script;
mod signature;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use inia_core::{Credentials, Error, ErrorKind, Result, Str};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::isolation::isolated_session;
use super::stub_client::{StubRule, StubSession};
use super::stub_rules::StubCall;
use crate::SessionBuilder;
use connection::Handler;
use directory::ServiceDirectory;
pub use fault::Fault;

/// An HTTP server on 127.0.0.1 that answers the requests of any AWS client: this crate's, botocore's, another SDK's.
///
/// It finds the service and the operation of a request, parses it by the definition, and returns what the rules of its
/// [`StubSession`] say; without a rule, the smallest valid output. All six wire formats are supported, over HTTP/1.1.
///
/// The service is found by the target, the signing name or the path of a request. If a request is unsigned, or several services share its
/// signing name, the client's endpoint URL must name the service: [`url_of`](Self::url_of).
///
/// The server ends when it is dropped.
///
/// ```
/// use inia_dispatch::json;
/// use inia_dispatch::testing::FakeServer;
///
/// # fn main() -> inia_core::Result<()> {
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// let server = FakeServer::builder().start().await?;
/// server.on("dynamodb", "GetItem")?.returns(json!({"Item": {"Name": {"S": "Inia"}}}));
///
/// let session = server.session().build()?;
/// let item = json!({"TableName": "users", "Key": {"Id": {"S": "7"}}});
/// let user = session.client("dynamodb")?.call("GetItem", item).await?;
/// assert_eq!(user["Item"]["Name"]["S"], "Inia");
/// // Without a rule: the smallest valid output.
/// let bucket = session.client("s3")?.call("GetBucketVersioning", json!({"Bucket": "logs"})).await?;
/// assert_eq!(bucket.value, json!({}));
/// assert_eq!(server.calls().len(), 2);
/// # Ok(())
/// # })
/// # }
/// ```
pub struct FakeServer {
    address: SocketAddr,
    stubs: StubSession,
    accepting: JoinHandle<()>,
}

impl FakeServer {
    /// Returns a builder.
    pub fn builder() -> FakeServerBuilder {
        FakeServerBuilder::default()
    }

    /// Returns the endpoint URL, such as `http://127.0.0.1:4566`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the endpoint URL of one service, for clients whose requests do not identify it.
    #[must_use]
    pub fn url_of(&self, service: &str) -> String {
        format!("http://{}{}{service}", self.address, directory::PREFIX)
    }

    /// Returns the builder of a session whose clients call this server, with test credentials and the region `us-east-1`.
    pub fn session(&self) -> SessionBuilder {
        isolated_session().endpoint_url(self.url())
    }

    /// Adds a rule for an operation of a service.
    ///
    /// # Errors
    /// As [`Session::client`](crate::Session::client).
    pub fn on(&self, service: &str, operation: &str) -> Result<StubRule> {
        Ok(self.stubs.service(service)?.on(operation))
    }

    /// Returns the rules and calls of the server.
    #[must_use]
    pub fn stubs(&self) -> &StubSession {
        &self.stubs
    }

    /// Returns the calls so far, in order, with the parameters that the requests had.
    #[must_use]
    pub fn calls(&self) -> Vec<StubCall> {
        self.stubs.calls()
    }

    /// Waits until the server ends, which it does not by itself.
    pub async fn wait(mut self) {
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl fmt::Debug for FakeServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Builds a [`FakeServer`].
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `start` is called"]
pub struct FakeServerBuilder {
    port: u16,
    services: Vec<Str>,
    faults: Vec<Fault>,
    keys: Vec<Credentials>,
    script: Option<String>,
    stubs: Option<StubSession>,
}

impl FakeServerBuilder {
    /// Sets the port. The default is a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Serves this service, and others only if it is called for them too. The default is all services.
    pub fn service(mut self, service: impl Into<Str>) -> Self {
        self.services.push(service.into());
        self
    }

    /// Fails some requests. Each fault occurs independently of the others; of several, the one that was added first is used.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Verifies the SigV4 signatures of requests, in headers or in the query, with these credentials. Called for several access keys, it
    /// accepts each. Requests that have another signature, or none, are refused.
    pub fn verify_signatures(mut self, credentials: Credentials) -> Self {
        self.keys.push(credentials);
        self
    }

    /// Adds rules from a script: a JSON object a line.
    ///
    /// ```text
    /// {"service":"sqs","operation":"ListQueues","with":{"QueueNamePrefix":"a"},"returns":{"QueueUrls":["https://q/a"]}}
    /// {"service":"sqs","operation":"SendMessage","fails":{"code":"QueueDoesNotExist","message":"no such queue"},"delay_ms":20,"times":1}
    /// ```
    pub fn script(mut self, script: impl Into<String>) -> Self {
        self.script = Some(script.into());
        self
    }

    /// Sets the rules, and the definitions of their session.
    pub fn stubs(mut self, stubs: StubSession) -> Self {
        self.stubs = Some(stubs);
        self
    }

    /// Starts the server, on the runtime of the caller.
    ///
    /// # Errors
    /// `Config`: the port is taken, or a line of the script is wrong. `Model`: a service is unknown.
    pub async fn start(self) -> Result<FakeServer> {
        let stubs = match self.stubs {
            Some(stubs) => stubs,
            None => StubSession::new()?,
        };
        if let Some(script) = &self.script {
            script::add_rules(&stubs, script)?;
        }
        let catalog = Arc::clone(stubs.session().catalog());
        let directory = ServiceDirectory::new(catalog, self.services)?;
        let address = (Ipv4Addr::LOCALHOST, self.port);
        let unavailable = |error: std::io::Error| {
            let message = format!("cannot listen on 127.0.0.1:{}", self.port);
            Error::new(ErrorKind::Config, message).with_source(error)
        };
        let listener = TcpListener::bind(address).await.map_err(unavailable)?;
        let address = listener.local_addr().map_err(unavailable)?;
        let handler = Arc::new(Handler {
            directory,
            stubs: stubs.clone(),
            faults: self.faults,
            keys: self.keys,
        });
        Ok(FakeServer {
            address,
            stubs,
            accepting: tokio::spawn(connection::accept(listener, handler)),
        })
    }
}
