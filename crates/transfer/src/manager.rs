//! [`TransferManager`]: starts transfers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use inia_core::Str;
use inia_dispatch::{ByteStream, Client};
use tokio::io::AsyncWrite;

use crate::config::TransferConfig;
use crate::context::SharedLimits;
use crate::download::{self, WriteAt};
use crate::object::ObjectName;
use crate::source::UploadSource;
use crate::transfer::TransferRequest;
use crate::upload;

/// Transfers objects of S3 and services like it. Cheap to clone. All transfers of a manager and its clones share its limits.
///
/// ```no_run
/// # async fn example(s3: inia_dispatch::Client) -> inia_core::Result<()> {
/// use inia_transfer::TransferManager;
///
/// let transfers = TransferManager::new(&s3).part_size(16 << 20).concurrency(20).max_bandwidth(50 << 20);
/// let upload = transfers.upload_file("disk.img", "backups", "disk.img").start();
/// let mut progress = upload.progress_stream();
/// tokio::spawn(async move {
///     while let Some(progress) = progress.next().await {
///         println!("{} of {:?} bytes, {:.0} bytes/s", progress.bytes, progress.total, progress.rate);
///     }
/// });
/// upload.await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TransferManager {
    client: Client,
    config: TransferConfig,
    shared: Arc<SharedLimits>,
}

impl TransferManager {
    /// Returns a manager with the default configuration.
    #[must_use]
    pub fn new(client: &Client) -> Self {
        TransferManager::with_config(client, TransferConfig::new())
    }

    /// Returns a manager with a configuration.
    #[must_use]
    pub fn with_config(client: &Client, config: TransferConfig) -> Self {
        TransferManager {
            client: client.clone(),
            shared: Arc::new(SharedLimits::new(&config)),
            config,
        }
    }

    /// Returns the client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the configuration.
    #[must_use]
    pub fn config(&self) -> &TransferConfig {
        &self.config
    }

    /// Sets the size of a part: see [`TransferConfig::part_size`].
    #[must_use]
    pub fn part_size(self, bytes: u64) -> Self {
        TransferManager::with_config(&self.client, self.config.part_size(bytes))
    }

    /// Sets the size from which an object is transferred in parts: see [`TransferConfig::multipart_threshold`].
    #[must_use]
    pub fn multipart_threshold(self, bytes: u64) -> Self {
        TransferManager::with_config(&self.client, self.config.multipart_threshold(bytes))
    }

    /// Sets the maximum number of concurrent requests: see [`TransferConfig::concurrency`].
    #[must_use]
    pub fn concurrency(self, requests: usize) -> Self {
        TransferManager::with_config(&self.client, self.config.concurrency(requests))
    }

    /// Sets the maximum size of the parts in memory: see [`TransferConfig::max_memory`].
    #[must_use]
    pub fn max_memory(self, bytes: u64) -> Self {
        TransferManager::with_config(&self.client, self.config.max_memory(bytes))
    }

    /// Sets the maximum rate: see [`TransferConfig::max_bandwidth`].
    #[must_use]
    pub fn max_bandwidth(self, bytes_per_second: u64) -> Self {
        TransferManager::with_config(&self.client, self.config.max_bandwidth(bytes_per_second))
    }

    /// Sets the delay after the first failure of a part: see [`TransferConfig::retry_delay`].
    #[must_use]
    pub fn retry_delay(self, delay: Duration) -> Self {
        TransferManager::with_config(&self.client, self.config.retry_delay(delay))
    }

    pub(crate) fn into_parts(self) -> (Client, TransferConfig, Arc<SharedLimits>) {
        (self.client, self.config, self.shared)
    }

    /// Uploads a file. A pipe or a device is read to its end.
    ///
    /// The file is hashed while it is read, and the service verifies the checksum. A file that changes meanwhile is an error. If the
    /// upload fails or is cancelled, its parts are removed.
    ///
    /// # Errors
    /// As the calls of `PutObject` or the operations of a multipart upload; `Stream` if the file cannot be read or was changed,
    /// `Validation` for unknown extra arguments, `Cancelled`.
    ///
    /// # Source
    /// boto3 `s3/inject.py:upload_file`.
    pub fn upload_file(
        &self,
        path: impl Into<PathBuf>,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
    ) -> TransferRequest {
        self.upload(UploadSource::Path(path.into()), bucket.into(), key.into())
    }

    /// Uploads bytes or a stream, whose length need not be known: a [`ByteStream`] from bytes, a file, a reader or any stream.
    ///
    /// ```no_run
    /// # async fn example(transfers: inia_transfer::TransferManager) -> inia_core::Result<()> {
    /// use inia_dispatch::ByteStream;
    ///
    /// let (reader, _writer) = tokio::io::duplex(1 << 16);
    /// let body = ByteStream::from_reader(reader, None);
    /// transfers.upload_fileobj(body, "logs", "today.txt").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The parts of a stream of unknown length double in size every 1,000 parts.
    ///
    /// # Errors
    /// As [`upload_file`](Self::upload_file).
    ///
    /// # Source
    /// boto3 `s3/inject.py:upload_fileobj`.
    pub fn upload_fileobj(
        &self,
        body: impl Into<ByteStream>,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
    ) -> TransferRequest {
        self.upload(UploadSource::Body(body.into()), bucket.into(), key.into())
    }

    fn upload(&self, source: UploadSource, bucket: Str, key: Str) -> TransferRequest {
        let object = ObjectName { bucket, key };
        TransferRequest::new(self, upload::OPERATIONS, move |context| {
            upload::upload(context, source, object)
        })
    }

    /// Downloads an object to a file.
    ///
    /// The object is written to a temporary file in the same folder, which replaces the file when it is complete and its checksum is
    /// verified. All ranges are of one version of the object: if it changes meanwhile, that is an error. A pipe or a device is written
    /// to in order.
    ///
    /// # Errors
    /// As a call of `GetObject`; `Stream` if the file cannot be written, the object was changed, or its checksum does not match,
    /// `Validation` for unknown extra arguments, `Cancelled`.
    ///
    /// # Source
    /// boto3 `s3/inject.py:download_file`.
    pub fn download_file(
        &self,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
        path: impl Into<PathBuf>,
    ) -> TransferRequest {
        let object = ObjectName {
            bucket: bucket.into(),
            key: key.into(),
        };
        let path = path.into();
        TransferRequest::new(self, download::OPERATIONS, move |context| {
            download::download_file(context, object, path)
        })
    }

    /// Downloads an object to a writer, in order. Parts are received ahead, as many as fit into memory.
    ///
    /// # Errors
    /// As [`download_file`](Self::download_file). Bytes that were written before a failure stay written.
    ///
    /// # Source
    /// boto3 `s3/inject.py:download_fileobj`.
    pub fn download_fileobj(
        &self,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> TransferRequest {
        let object = ObjectName {
            bucket: bucket.into(),
            key: key.into(),
        };
        TransferRequest::new(self, download::OPERATIONS, move |context| {
            download::download_in_order(context, object, writer)
        })
    }

    /// Downloads an object to a writer that accepts bytes at any position, from several threads.
    ///
    /// # Errors
    /// As [`download_file`](Self::download_file).
    pub fn download_to(
        &self,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
        writer: impl WriteAt,
    ) -> TransferRequest {
        let object = ObjectName {
            bucket: bucket.into(),
            key: key.into(),
        };
        let writer: Arc<dyn WriteAt> = Arc::new(writer);
        TransferRequest::new(self, download::OPERATIONS, move |context| {
            download::download_to(context, object, writer)
        })
    }
}
