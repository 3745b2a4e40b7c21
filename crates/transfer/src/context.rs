//! [`TransferContext`]: client, configuration and limits of a transfer.

use std::sync::Arc;

use inia_core::{Error, ErrorKind, Map, Result, UserAgentFeatures, Value};
use inia_dispatch::{Call, Client};
use tokio::sync::Semaphore;

use crate::TransferControl;
use crate::arguments::ExtraArgs;
use crate::bandwidth::Bandwidth;
use crate::buffer::BufferPool;
use crate::config::{MIB, TransferConfig};
use crate::gate::RequestGate;
use crate::progress::ProgressTracker;

/// Resources that all transfers of a manager share.
#[derive(Debug)]
pub(crate) struct SharedLimits {
    pub(crate) gate: RequestGate,
    pub(crate) bandwidth: Option<Bandwidth>,
    /// Memory for parts, in KiB.
    memory: Arc<Semaphore>,
    memory_size: u32,
    pub(crate) buffers: Arc<BufferPool>,
}

/// A reservation of memory for a part.
pub(crate) type MemoryPermit = tokio::sync::OwnedSemaphorePermit;

impl SharedLimits {
    pub(crate) fn new(config: &TransferConfig) -> Self {
        let kibibytes = u32::try_from(config.max_memory.max(MIB) >> 10).unwrap_or(u32::MAX >> 4);
        let kibibytes = kibibytes.min(u32::MAX >> 4);
        SharedLimits {
            gate: RequestGate::new(config.concurrency),
            bandwidth: config.max_bandwidth.map(Bandwidth::new),
            memory: Arc::new(Semaphore::new(kibibytes as usize)),
            memory_size: kibibytes,
            buffers: Arc::default(),
        }
    }

    /// Waits for memory. A part that is longer than all of it gets all of it.
    pub(crate) async fn reserve(&self, bytes: u64) -> Result<MemoryPermit> {
        let permit = Arc::clone(&self.memory).acquire_many_owned(self.permits_for(bytes));
        permit.await.map_err(|error| {
            Error::new(ErrorKind::Stream, "no memory can be reserved").with_source(error)
        })
    }

    /// Reserves memory if it is free.
    pub(crate) fn try_reserve(&self, bytes: u64) -> Option<MemoryPermit> {
        let permit = Arc::clone(&self.memory).try_acquire_many_owned(self.permits_for(bytes));
        permit.ok()
    }

    /// Returns the memory of a part in KiB, at most all of it.
    fn permits_for(&self, bytes: u64) -> u32 {
        let kibibytes = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        kibibytes.min(self.memory_size)
    }
}

/// Client, configuration, arguments and state that the tasks of a transfer share.
#[derive(Debug)]
pub(crate) struct TransferContext {
    pub(crate) client: Client,
    pub(crate) config: TransferConfig,
    pub(crate) shared: Arc<SharedLimits>,
    pub(crate) arguments: ExtraArgs,
    pub(crate) control: TransferControl,
    pub(crate) progress: Arc<ProgressTracker>,
}

impl TransferContext {
    /// Returns a call of an operation with these parameters and the extra arguments that apply to it.
    pub(crate) fn call(&self, operation: &str, params: Map) -> Result<Call> {
        call_with(&self.client, &self.arguments, operation, params)
    }
}

/// Returns a call of an operation with these parameters and the extra arguments that apply to it.
pub(crate) fn call_with(
    client: &Client,
    arguments: &ExtraArgs,
    operation: &str,
    params: Map,
) -> Result<Call> {
    let mut all = arguments.for_operation(client, operation)?;
    for (name, value) in params {
        all.insert(name, value);
    }
    let call = client.call(operation, Value::Map(all));
    Ok(call.features(UserAgentFeatures::S3_TRANSFER))
}

/// Returns the error of a task that ended without a result: the runtime is shut down, or a callback panicked.
#[cold]
pub(crate) fn task_error(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::Cancelled, "the transfer's task ended early").with_source(error)
}

/// Runs a function that blocks, such as reading a file, on another thread.
pub(crate) async fn unblock<T: Send + 'static>(
    run: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(run).await {
        Ok(result) => result,
        Err(error) => Err(task_error(error)),
    }
}
