//! [`Lease`]: a connection in use by one request.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hyper::body::Incoming;
use hyper::client::conn::http2;

use super::connection::{ConnectionState, Http1Connection, Http2Connection};
use super::{FINISH_TIMEOUT, PoolShared};
use crate::transport::connect::Forwarding;
use crate::transport::request_body::{RequestBody, UploadProgress};
use crate::transport::target::Target;

type Request = http::Request<RequestBody>;

/// A connection in use by one request. If it is dropped before [`finish`](Self::finish), an exclusive connection is closed.
pub(in crate::transport) struct Lease {
    pool: Arc<PoolShared>,
    target: Target,
    connection: Option<LeasedConnection>,
    link: Arc<ConnectionState>,
    is_reused: bool,
    upload: Option<UploadProgress>,
}

enum LeasedConnection {
    Http1(Http1Connection),
    Http2(http2::SendRequest<RequestBody>),
}

/// A request that failed without a response.
pub(in crate::transport) struct SendFailure {
    pub(in crate::transport) error: Option<Arc<hyper::Error>>,
    /// The body of a request of which nothing was sent.
    pub(in crate::transport) unsent: Option<RequestBody>,
}

impl Lease {
    pub(super) fn exclusive(
        pool: &Arc<PoolShared>,
        target: &Target,
        connection: Http1Connection,
        is_reused: bool,
    ) -> Self {
        Lease {
            pool: Arc::clone(pool),
            target: target.clone(),
            link: Arc::clone(&connection.link),
            connection: Some(LeasedConnection::Http1(connection)),
            is_reused,
            upload: None,
        }
    }

    pub(super) fn shared(
        pool: &Arc<PoolShared>,
        target: &Target,
        connection: Http2Connection,
        is_reused: bool,
    ) -> Self {
        connection.link.active.fetch_add(1, Ordering::Relaxed);
        Lease {
            pool: Arc::clone(pool),
            target: target.clone(),
            link: connection.link,
            connection: Some(LeasedConnection::Http2(connection.sender)),
            is_reused,
            upload: None,
        }
    }

    /// Returns the host and port for error messages.
    pub(in crate::transport) fn authority(&self) -> &str {
        self.target.authority()
    }

    /// Returns true if requests on this connection use HTTP/2.
    pub(in crate::transport) fn is_http2(&self) -> bool {
        matches!(self.connection, Some(LeasedConnection::Http2(_)))
    }

    /// Returns the forwarding proxy of the connection, if any.
    pub(in crate::transport) fn forwarding(&self) -> Option<&Forwarding> {
        self.link.forwarding.as_ref()
    }

    /// Returns true if the connection was open before the request.
    pub(in crate::transport) fn is_reused(&self) -> bool {
        self.is_reused
    }

    /// Returns the progress of the request body, unless it fits in one chunk.
    pub(in crate::transport) fn upload(&self) -> Option<&UploadProgress> {
        self.upload.as_ref()
    }

    /// Returns true if a byte arrived since the request was sent. Not known for HTTP/2.
    pub(in crate::transport) fn has_received(&self) -> bool {
        !self.is_http2() && !self.link.received.is_empty()
    }

    /// Returns the number of bytes of the response body that arrived beyond `length`. Not known for HTTP/2.
    pub(in crate::transport) fn excess(&self, length: u64) -> u64 {
        if self.is_http2() {
            return 0;
        }
        self.link.received.body().saturating_sub(length)
    }

    /// Sends a request and waits for the response headers.
    pub(in crate::transport) async fn send(
        &mut self,
        request: Request,
        upload: Option<UploadProgress>,
    ) -> Result<http::Response<Incoming>, SendFailure> {
        self.upload = upload;
        let sent = match &mut self.connection {
            Some(LeasedConnection::Http1(connection)) => {
                if let Err(error) = connection.sender.ready().await {
                    return Err(SendFailure {
                        error: self.link.cause().await.or_else(|| Some(Arc::new(error))),
                        unsent: Some(request.into_body()),
                    });
                }
                self.link.received.reset();
                connection.sender.try_send_request(request).await
            }
            Some(LeasedConnection::Http2(sender)) => {
                self.link.touch();
                sender.try_send_request(request).await
            }
            // Finishing a lease consumes it.
            None => {
                return Err(SendFailure {
                    error: None,
                    unsent: Some(request.into_body()),
                });
            }
        };
        sent.map_err(|mut error| SendFailure {
            unsent: error.take_message().map(Request::into_body),
            error: Some(Arc::new(error.into_error())),
        })
    }

    /// Ends the lease after the response body has been read.
    pub(in crate::transport) fn finish(mut self) {
        if self.is_http2() {
            return;
        }
        let Some(LeasedConnection::Http1(mut connection)) = self.connection.take() else {
            return;
        };
        // The server responded without reading the whole request.
        if self
            .upload
            .as_ref()
            .is_some_and(|upload| !upload.is_complete())
        {
            self.link.driver.abort();
            return;
        }
        if connection.sender.is_ready() {
            self.pool.put(&self.target, connection);
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (pool, target) = (Arc::clone(&self.pool), self.target.clone());
        runtime.spawn(async move {
            let ready = connection.sender.ready();
            if let Ok(Ok(())) = tokio::time::timeout(FINISH_TIMEOUT, ready).await {
                pool.put(&target, connection);
            } else {
                connection.link.driver.abort();
            }
        });
    }

    /// Ends the lease of a connection that no further request must use.
    pub(in crate::transport) fn discard(self) {
        if self.is_http2() {
            self.pool.forget_http2(&self.target, &self.link);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match self.connection.take() {
            Some(LeasedConnection::Http1(_)) => self.link.driver.abort(),
            Some(LeasedConnection::Http2(_)) => {
                self.link.active.fetch_sub(1, Ordering::Relaxed);
                self.link.touch();
            }
            None => {}
        }
    }
}
