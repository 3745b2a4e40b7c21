//! [`TransferControl`]: pauses, resumes and cancels a transfer.

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use inia_core::{Error, ErrorKind, Result};
use tokio::sync::watch;

/// Pauses, resumes and cancels a transfer. Cheap to clone.
///
/// ```no_run
/// # async fn example(transfers: inia_transfer::TransferManager) -> inia_core::Result<()> {
/// let transfer = transfers.upload_file("disk.img", "backups", "disk.img").start();
/// let control = transfer.control();
/// control.pause();
/// control.resume();
/// control.cancel();
/// assert!(transfer.await.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TransferControl(Arc<watch::Sender<TransferState>>);

/// The state that a control asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TransferState {
    Running,
    Paused,
    Cancelled,
}

impl TransferControl {
    pub(crate) fn new() -> Self {
        TransferControl(Arc::new(watch::Sender::new(TransferState::Running)))
    }

    /// Pauses the transfer: no part is begun, and no further bytes of a download are read. Parts of uploads that are being sent are
    /// completed.
    pub fn pause(&self) {
        self.set(TransferState::Paused);
    }

    /// Resumes a paused transfer.
    pub fn resume(&self) {
        self.set(TransferState::Running);
    }

    /// Cancels the transfer: it ends with an error of kind [`Cancelled`](ErrorKind::Cancelled), after the parts of an upload are
    /// aborted and the temporary file of a download is removed. A [resumable](crate::TransferRequest::resumable) transfer keeps them.
    pub fn cancel(&self) {
        self.set(TransferState::Cancelled);
    }

    fn set(&self, state: TransferState) {
        self.0.send_if_modified(|current| {
            let is_change = *current != state && *current != TransferState::Cancelled;
            if is_change {
                *current = state;
            }
            is_change
        });
    }

    /// Returns true if the transfer is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        *self.0.borrow() == TransferState::Paused
    }

    /// Returns true if the transfer was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow() == TransferState::Cancelled
    }

    /// Waits while the transfer is paused.
    ///
    /// # Errors
    /// `Cancelled`: the transfer was cancelled.
    pub(crate) async fn checkpoint(&self) -> Result<()> {
        let state = *self.0.borrow();
        match state {
            TransferState::Running => return Ok(()),
            TransferState::Cancelled => return Err(cancelled()),
            TransferState::Paused => {}
        }
        let mut changes = self.0.subscribe();
        let state = changes
            .wait_for(|state| *state != TransferState::Paused)
            .await
            .map(|state| *state);
        match state {
            Ok(TransferState::Cancelled) => Err(cancelled()),
            _ => Ok(()),
        }
    }

    /// Runs a future until it is done or the transfer is cancelled.
    pub(crate) async fn until_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut changes = self.0.subscribe();
        let stop = changes.wait_for(|state| *state == TransferState::Cancelled);
        match select(pin!(stop), pin!(work)).await {
            Either::Left(_) => Err(cancelled()),
            Either::Right((result, _)) => result,
        }
    }
}

#[cold]
fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the transfer was cancelled")
}
