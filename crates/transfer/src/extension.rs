//! boto3's transfer methods on clients and resources.
//!
//! # Source
//! boto3 `s3/inject.py`.

use std::path::PathBuf;

use inia_core::{Error, ErrorKind, Result, Str};
use inia_dispatch::{ByteStream, Client, Resource};
use tokio::io::AsyncWrite;

use crate::{CopySource, TransferManager, TransferRequest};

/// boto3's transfer methods on a client of S3. Each uses a [`TransferManager`] of its own with the default configuration.
///
/// ```no_run
/// # async fn example() -> inia_core::Result<()> {
/// use inia_dispatch::Session;
/// use inia_transfer::{ClientTransfers as _, CopySource};
///
/// let s3 = Session::load().await?.client("s3")?;
/// s3.upload_file("boto.jpg", "photos", "2026/boto.jpg").await?;
/// s3.copy(CopySource::new("photos", "2026/boto.jpg"), "archive", "boto.jpg").await?;
/// s3.download_file("archive", "boto.jpg", "copy.jpg").await?;
/// # Ok(())
/// # }
/// ```
pub trait ClientTransfers {
    /// Uploads a file: see [`TransferManager::upload_file`].
    fn upload_file(
        &self,
        filename: impl Into<PathBuf>,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
    ) -> TransferRequest;

    /// Uploads bytes or a stream: see [`TransferManager::upload_fileobj`].
    fn upload_fileobj(
        &self,
        body: impl Into<ByteStream>,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
    ) -> TransferRequest;

    /// Downloads an object to a file: see [`TransferManager::download_file`].
    fn download_file(
        &self,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
        filename: impl Into<PathBuf>,
    ) -> TransferRequest;

    /// Downloads an object to a writer: see [`TransferManager::download_fileobj`].
    fn download_fileobj(
        &self,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> TransferRequest;

    /// Copies an object: see [`TransferManager::copy`].
    fn copy(
        &self,
        source: CopySource,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
    ) -> TransferRequest;
}

impl ClientTransfers for Client {
    fn upload_file(
        &self,
        filename: impl Into<PathBuf>,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
    ) -> TransferRequest {
        TransferManager::new(self).upload_file(filename, bucket, key)
    }

    fn upload_fileobj(
        &self,
        body: impl Into<ByteStream>,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
    ) -> TransferRequest {
        TransferManager::new(self).upload_fileobj(body, bucket, key)
    }

    fn download_file(
        &self,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
        filename: impl Into<PathBuf>,
    ) -> TransferRequest {
        TransferManager::new(self).download_file(bucket, key, filename)
    }

    fn download_fileobj(
        &self,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> TransferRequest {
        TransferManager::new(self).download_fileobj(bucket, key, writer)
    }

    fn copy(
        &self,
        source: CopySource,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
    ) -> TransferRequest {
        TransferManager::new(self).copy(source, bucket, key)
    }
}

/// The key of a transfer of a resource: text for a `Bucket`, and `()` for an `Object`, which has its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceKey(Option<Str>);

impl From<()> for ResourceKey {
    fn from((): ()) -> Self {
        ResourceKey(None)
    }
}

impl From<&str> for ResourceKey {
    fn from(key: &str) -> Self {
        ResourceKey(Some(key.into()))
    }
}

impl From<String> for ResourceKey {
    fn from(key: String) -> Self {
        ResourceKey(Some(key.into()))
    }
}

impl From<Str> for ResourceKey {
    fn from(key: Str) -> Self {
        ResourceKey(Some(key))
    }
}

/// boto3's transfer methods on the resources `Bucket`, `Object` and `ObjectSummary` of S3.
///
/// ```no_run
/// # async fn example() -> inia_core::Result<()> {
/// use inia_dispatch::Session;
/// use inia_transfer::ResourceTransfers as _;
///
/// let bucket = Session::load().await?.resource("s3")?.get("Bucket", ["photos"])?;
/// bucket.upload_file("boto.jpg", "2026/boto.jpg").await?;
/// let object = bucket.get("Object", ["2026/boto.jpg"])?;
/// object.download_file((), "copy.jpg").await?;
/// # Ok(())
/// # }
/// ```
pub trait ResourceTransfers {
    /// Uploads a file: see [`TransferManager::upload_file`].
    fn upload_file(
        &self,
        filename: impl Into<PathBuf>,
        key: impl Into<ResourceKey>,
    ) -> TransferRequest;

    /// Uploads bytes or a stream: see [`TransferManager::upload_fileobj`].
    fn upload_fileobj(
        &self,
        body: impl Into<ByteStream>,
        key: impl Into<ResourceKey>,
    ) -> TransferRequest;

    /// Downloads an object to a file: see [`TransferManager::download_file`].
    fn download_file(
        &self,
        key: impl Into<ResourceKey>,
        filename: impl Into<PathBuf>,
    ) -> TransferRequest;

    /// Downloads an object to a writer: see [`TransferManager::download_fileobj`].
    fn download_fileobj(
        &self,
        key: impl Into<ResourceKey>,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> TransferRequest;

    /// Copies an object to this one: see [`TransferManager::copy`].
    fn copy(&self, source: CopySource, key: impl Into<ResourceKey>) -> TransferRequest;
}

impl ResourceTransfers for Resource {
    fn upload_file(
        &self,
        filename: impl Into<PathBuf>,
        key: impl Into<ResourceKey>,
    ) -> TransferRequest {
        with_object(self, key.into(), |manager, bucket, key| {
            manager.upload_file(filename, bucket, key)
        })
    }

    fn upload_fileobj(
        &self,
        body: impl Into<ByteStream>,
        key: impl Into<ResourceKey>,
    ) -> TransferRequest {
        with_object(self, key.into(), |manager, bucket, key| {
            manager.upload_fileobj(body, bucket, key)
        })
    }

    fn download_file(
        &self,
        key: impl Into<ResourceKey>,
        filename: impl Into<PathBuf>,
    ) -> TransferRequest {
        with_object(self, key.into(), |manager, bucket, key| {
            manager.download_file(bucket, key, filename)
        })
    }

    fn download_fileobj(
        &self,
        key: impl Into<ResourceKey>,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> TransferRequest {
        with_object(self, key.into(), |manager, bucket, key| {
            manager.download_fileobj(bucket, key, writer)
        })
    }

    fn copy(&self, source: CopySource, key: impl Into<ResourceKey>) -> TransferRequest {
        with_object(self, key.into(), |manager, bucket, key| {
            manager.copy(source, bucket, key)
        })
    }
}

/// Returns a transfer of the object of a resource, or one that fails because the resource has none.
fn with_object(
    resource: &Resource,
    key: ResourceKey,
    make: impl FnOnce(&TransferManager, Str, Str) -> TransferRequest,
) -> TransferRequest {
    let manager = TransferManager::new(resource.client());
    match object_of(resource, key) {
        Ok((bucket, key)) => make(&manager, bucket, key),
        Err(error) => TransferRequest::failed(&manager, error),
    }
}

fn object_of(resource: &Resource, key: ResourceKey) -> Result<(Str, Str)> {
    let identifier = |name: &str| {
        let value = resource.identifier(name)?;
        value.as_str().map(Str::from)
    };
    let invalid = |problem: &str| Error::new(ErrorKind::Resource, format!("{resource}: {problem}"));
    match (resource.name().as_str(), key.0) {
        ("Bucket", Some(key)) => {
            let bucket = identifier("Name").ok_or_else(|| invalid("the bucket has no name"))?;
            Ok((bucket, key))
        }
        ("Bucket", None) => Err(invalid("transfers of a bucket require a key")),
        ("Object" | "ObjectSummary", None) => {
            let object = identifier("BucketName").zip(identifier("Key"));
            object.ok_or_else(|| invalid("the object has no bucket or key"))
        }
        ("Object" | "ObjectSummary", Some(_)) => Err(invalid(
            "the object has its own key: pass () in place of one",
        )),
        _ => Err(invalid(
            "has no transfers; only Bucket, Object and ObjectSummary of S3 have",
        )),
    }
}
