//! [`Link`]: one connection over HTTP/1.1.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Context;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper_rustls::MaybeHttpsStream;

use super::body::RequestBody;
use super::connect::Hop;

type Stream = MaybeHttpsStream<Hop>;

/// A connection that carries one request at a time. It has no task: whoever waits for something of it [drives](Link::drive) it.
///
/// Between requests nobody does. That the server closed it meanwhile is found out before the next request is written.
pub(super) struct Link {
    sender: SendRequest<RequestBody>,
    /// What moves the bytes; `None` once it has ended, by which those who wait for it learn why.
    connection: Option<Connection<Stream, RequestBody>>,
}

impl Link {
    pub(super) fn new(
        sender: SendRequest<RequestBody>,
        connection: Connection<Stream, RequestBody>,
    ) -> Self {
        Link {
            sender,
            connection: Some(connection),
        }
    }

    /// Moves what bytes can be moved.
    pub(super) fn drive(&mut self, context: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && Pin::new(connection).poll(context).is_ready()
        {
            self.connection = None;
        }
    }

    /// Whether it is good for another request, as far as can be told.
    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// # Errors
    /// With the request where nothing of it was written.
    pub(super) fn exchange(
        &mut self,
        request: Request<RequestBody>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<RequestBody>>>> {
        let answer = self.sender.try_send_request(request);
        async move {
            let mut answer = pin!(answer);
            poll_fn(|context| {
                self.drive(context);
                answer.as_mut().poll(context)
            })
            .await
        }
    }
}
