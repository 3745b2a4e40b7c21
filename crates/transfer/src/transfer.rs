//! [`TransferRequest`] and [`Transfer`]: a transfer before and after it is started.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use inia_core::ports::BoxFuture;
use inia_core::{Error, Result, Value};
use tokio::task::JoinHandle;

use crate::context::{TransferContext, task_error};
use crate::progress::{ProgressCallback, ProgressTracker};
use crate::{Progress, ProgressStream, TransferControl, TransferManager};

/// The result of a transfer.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TransferOutput {
    /// The output of the operation that completed an upload or a copy (`PutObject`, `CompleteMultipartUpload`, `CopyObject`); of
    /// `HeadObject` or `GetObject` for a download.
    pub value: Value,
    /// Size of the object, in bytes.
    pub bytes: u64,
    /// Number of parts; 1 for an object that was transferred in one request.
    pub parts: u32,
    /// Number of bytes that an earlier run transferred.
    pub resumed_bytes: u64,
}

type Job<T> = Box<dyn FnOnce(Arc<TransferContext>) -> BoxFuture<'static, Result<T>> + Send>;

/// A transfer that is not started yet. Awaiting it starts it, and waits for its end.
///
/// ```no_run
/// # async fn example(transfers: inia_transfer::TransferManager) -> inia_core::Result<()> {
/// # use inia_core as inia;
/// use inia::json;
///
/// transfers
///     .upload_file("report.pdf", "reports", "2026/report.pdf")
///     .extra_args(json!({"ContentType": "application/pdf", "Metadata": {"team": "river"}}))
///     .on_progress(|progress| println!("{} bytes", progress.bytes))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a transfer does nothing until it is started or awaited"]
pub struct TransferRequest<T = TransferOutput> {
    manager: TransferManager,
    arguments: Value,
    operations: &'static [&'static str],
    callback: Option<ProgressCallback>,
    job: Job<T>,
}

impl<T: Send + 'static> TransferRequest<T> {
    pub(crate) fn new<F>(
        manager: &TransferManager,
        operations: &'static [&'static str],
        job: impl FnOnce(Arc<TransferContext>) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        TransferRequest {
            manager: manager.clone(),
            arguments: Value::Null,
            operations,
            callback: None,
            job: Box::new(|context| Box::pin(job(context))),
        }
    }

    /// Returns a transfer that fails when it is started.
    pub(crate) fn failed(manager: &TransferManager, error: Error) -> Self {
        TransferRequest::new(manager, &[], move |_| std::future::ready(Err(error)))
    }

    /// Sets extra arguments, as boto3's `ExtraArgs`: parameters of the operations of the transfer, such as `ContentType`, `Metadata`,
    /// `SSECustomerKey` or `VersionId`. Each is passed to every operation that it applies to.
    pub fn extra_args(mut self, arguments: impl Into<Value>) -> Self {
        self.arguments = arguments.into();
        self
    }

    /// Calls a function whenever the transfer makes progress.
    pub fn on_progress(mut self, callback: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.callback = Some(Arc::new(callback));
        self
    }

    /// Lets a transfer in parts that failed, was cancelled or was killed go on where it ended, when it is requested again: finished parts
    /// are not sent twice. Its parts and a journal are kept until then. Uploads from files and downloads to files are resumed, if the
    /// file and the object are unchanged; other transfers begin anew.
    pub fn resumable(mut self, is_resumable: bool) -> Self {
        self.manager = self.manager.with_resumable(is_resumable);
        self
    }

    /// Starts the transfer on the runtime.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(self) -> Transfer<T> {
        let TransferRequest {
            manager,
            arguments,
            operations,
            callback,
            job,
        } = self;
        let control = TransferControl::new();
        let progress = Arc::new(ProgressTracker::new(callback));
        let task_control = control.clone();
        let task_progress = Arc::clone(&progress);
        let task = tokio::spawn(async move {
            let context = manager.context(operations, arguments, task_control, task_progress)?;
            job(context).await
        });
        Transfer {
            task,
            control,
            progress,
            is_done: false,
        }
    }
}

impl<T: Send + 'static> IntoFuture for TransferRequest<T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'static, Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        // Started when it is polled, which is on a runtime.
        Box::pin(async move { self.start().await })
    }
}

impl<T> fmt::Debug for TransferRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransferRequest")
            .field("operations", &self.operations)
            .finish_non_exhaustive()
    }
}

/// A running transfer: a future of its output. If it is dropped, the transfer is cancelled.
#[must_use = "the transfer is cancelled when this is dropped"]
pub struct Transfer<T = TransferOutput> {
    task: JoinHandle<Result<T>>,
    control: TransferControl,
    progress: Arc<ProgressTracker>,
    is_done: bool,
}

impl<T> Transfer<T> {
    /// Returns the control that pauses and cancels the transfer.
    #[must_use]
    pub fn control(&self) -> TransferControl {
        self.control.clone()
    }

    /// Returns the progress.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.get()
    }

    /// Returns the progress as a stream, which ends with the transfer.
    #[must_use]
    pub fn progress_stream(&self) -> ProgressStream {
        ProgressStream::new(&self.progress)
    }
}

impl<T> Future for Transfer<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let result = futures_util::ready!(Pin::new(&mut self.task).poll(context));
        self.is_done = true;
        Poll::Ready(result.unwrap_or_else(|error| Err(task_error(error))))
    }
}

impl<T> Drop for Transfer<T> {
    fn drop(&mut self) {
        if !self.is_done {
            self.control.cancel();
        }
    }
}

impl<T> fmt::Debug for Transfer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
