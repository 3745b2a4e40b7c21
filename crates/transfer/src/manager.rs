//! [`TransferManager`]: starts transfers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use inia_core::{Result, Str, Value};
use inia_dispatch::{ByteStream, Client};
use tokio::io::AsyncWrite;

use crate::arguments::ExtraArgs;
use crate::config::TransferConfig;
use crate::context::{SharedLimits, TransferContext};
use crate::control::TransferControl;
use crate::copy::{self, CopySource};
use crate::delete::{self, DeleteFailure, DeleteOutput, DeleteTarget};
use crate::download::{self, WriteAt};
use crate::list::{self, ObjectListing};
use crate::object::ObjectName;
use crate::progress::ProgressTracker;
use crate::source::UploadSource;
use crate::transfer::TransferRequest;
use crate::{compare, upload};

/// Transfers objects of S3 and services like it. Cheap to clone. All transfers of a manager and its clones share its limits.
///
/// ```no_run
/// # async fn example(s3: inia_dispatch::Client) -> inia_core::Result<()> {
/// # mod inia { pub mod transfer { pub use inia_transfer::*; } }
/// use inia::transfer::TransferManager;
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

    pub(crate) fn with_resumable(mut self, is_resumable: bool) -> Self {
        self.config.is_resumable = is_resumable;
        self
    }

    /// Returns the context of a transfer.
    ///
    /// # Errors
    /// `Validation`: unknown extra arguments.
    pub(crate) fn context(
        self,
        operations: &[&str],
        arguments: Value,
        control: TransferControl,
        progress: Arc<ProgressTracker>,
    ) -> Result<Arc<TransferContext>> {
        let arguments = ExtraArgs::new(&self.client, operations, arguments)?;
        Ok(Arc::new(TransferContext {
            client: self.client,
            config: self.config,
            shared: self.shared,
            arguments,
            control,
            progress,
        }))
    }

    /// Uploads a file. A pipe or a device is read to its end.
    ///
    /// The file is hashed while it is read, and the service verifies the checksum. A file that changes meanwhile is an error. If the
    /// upload fails or is cancelled, its parts are removed, unless it is [resumable](TransferRequest::resumable).
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
        self.upload(
            UploadSource::Path(path.into()),
            ObjectName::new(bucket, key),
        )
    }

    /// Uploads bytes or a stream, whose length need not be known: a [`ByteStream`] from bytes, a file, a reader or any stream.
    ///
    /// ```no_run
    /// # async fn example(transfers: inia_transfer::TransferManager) -> inia_core::Result<()> {
    /// # use inia_dispatch as inia;
    /// use inia::ByteStream;
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
        self.upload(
            UploadSource::Body(body.into()),
            ObjectName::new(bucket, key),
        )
    }

    fn upload(&self, source: UploadSource, object: ObjectName) -> TransferRequest {
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
        let object = ObjectName::new(bucket, key);
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
        let object = ObjectName::new(bucket, key);
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
        let object = ObjectName::new(bucket, key);
        let writer: Arc<dyn WriteAt> = Arc::new(writer);
        TransferRequest::new(self, download::OPERATIONS, move |context| {
            download::download_to(context, object, writer)
        })
    }

    /// Copies an object within the service, in parts if it is long, between buckets, regions and accounts. Its metadata, other
    /// properties and tags are copied, unless `MetadataDirective` or `TaggingDirective` is `REPLACE`.
    ///
    /// # Errors
    /// As the calls of `HeadObject`, `CopyObject` or the operations of a multipart upload; `Stream` if the source was changed meanwhile
    /// or the checksums of source and copy differ, `Validation` for unknown extra arguments, `Cancelled`.
    ///
    /// # Source
    /// boto3 `s3/inject.py:copy`.
    pub fn copy(
        &self,
        source: CopySource,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
    ) -> TransferRequest {
        self.copy_from(&self.client, source, bucket, key)
    }

    /// Copies an object whose properties another client reads, such as one of the source's region, as boto3's `SourceClient`.
    ///
    /// # Errors
    /// As [`copy`](Self::copy).
    pub fn copy_from(
        &self,
        source_client: &Client,
        source: CopySource,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
    ) -> TransferRequest {
        let object = ObjectName::new(bucket, key);
        let source_client = source_client.clone();
        TransferRequest::new(self, copy::OPERATIONS, move |context| {
            copy::copy(context, source_client, source, object)
        })
    }

    /// Deletes the objects of a stream, 1,000 with a request, and several requests at a time.
    ///
    /// An object that cannot be deleted is in the output; it does not end the deletion.
    ///
    /// ```no_run
    /// # async fn example(transfers: inia_transfer::TransferManager) -> inia_core::Result<()> {
    /// use futures_util::StreamExt as _;
    ///
    /// let old = transfers.list("logs", "2019/").map(|object| Ok(object?.key.into()));
    /// let output = transfers.delete("logs", old).await?;
    /// println!("{} deleted, {} failed", output.deleted, output.failed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As a call of `DeleteObjects`; the error of the stream.
    pub fn delete(
        &self,
        bucket: impl Into<Str>,
        objects: impl Stream<Item = Result<DeleteTarget>> + Send + 'static,
    ) -> TransferRequest<DeleteOutput> {
        let bucket = bucket.into();
        TransferRequest::new(self, delete::OPERATIONS, move |context| {
            delete::delete(context, bucket, objects, None)
        })
    }

    /// Deletes the objects of a stream, and calls a function with each batch: the objects that were deleted, and those that were not.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub fn delete_with(
        &self,
        bucket: impl Into<Str>,
        objects: impl Stream<Item = Result<DeleteTarget>> + Send + 'static,
        on_batch: impl Fn(&[DeleteTarget], &[DeleteFailure]) + Send + Sync + 'static,
    ) -> TransferRequest<DeleteOutput> {
        let bucket = bucket.into();
        TransferRequest::new(self, delete::OPERATIONS, move |context| {
            delete::delete(context, bucket, objects, Some(Arc::new(on_batch)))
        })
    }

    /// Lists the objects of a bucket whose keys begin with a prefix, in the order of their keys. The folders of a large bucket with few
    /// of them are listed at the same time.
    ///
    /// ```no_run
    /// # async fn example(transfers: inia_transfer::TransferManager) -> inia_core::Result<()> {
    /// let mut objects = transfers.list("logs", "2026/");
    /// while let Some(object) = objects.next().await {
    ///     let object = object?;
    ///     println!("{} {}", object.size, object.key);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self, bucket: impl Into<Str>, prefix: impl Into<Str>) -> ObjectListing {
        self.list_with(bucket, prefix, Value::Null)
    }

    /// Lists objects with extra arguments of `ListObjectsV2`, such as `MaxKeys`, `StartAfter`, `FetchOwner` or `RequestPayer`.
    pub fn list_with(
        &self,
        bucket: impl Into<Str>,
        prefix: impl Into<Str>,
        arguments: impl Into<Value>,
    ) -> ObjectListing {
        let manager = self.clone();
        let arguments = arguments.into();
        let context = move || {
            let progress = Arc::new(ProgressTracker::new(None));
            let control = TransferControl::new();
            manager.context(list::OPERATIONS, arguments, control, progress)
        };
        ObjectListing::new(context, bucket.into(), prefix.into())
    }

    /// Returns true if a file has the contents of an object, by the object's checksum or the MD5 in its ETag. False if the object has
    /// neither of these, or a checksum of parts of unknown size.
    ///
    /// # Errors
    /// As a call of `HeadObject`; `Stream` if the file cannot be read.
    pub fn has_same_contents(
        &self,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
        path: impl Into<PathBuf>,
    ) -> TransferRequest<bool> {
        let object = ObjectName::new(bucket, key);
        let path = path.into();
        TransferRequest::new(self, compare::OPERATIONS, move |context| {
            compare::has_same_contents(context, object, path)
        })
    }
}
