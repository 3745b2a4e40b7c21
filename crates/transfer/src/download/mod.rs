//! Downloads: in one request, or in ranges of one version of the object.

mod file;
mod journal;
mod ordered;
mod range;
mod resume;
mod sink;

use std::path::PathBuf;
use std::sync::Arc;

use inia_core::{Error, ErrorKind, Map, Result, Str, Value};
use inia_dispatch::detail::Algorithm;
use inia_dispatch::{ByteStream, Output};

use crate::TransferOutput;
use crate::checksum::{ObjectChecksum, PartChecksum};
use crate::context::TransferContext;
use crate::object::ObjectName;
use crate::retry::with_retries;

pub(crate) use file::download_to;
pub(crate) use ordered::download_in_order;
pub use sink::WriteAt;

/// Downloads an object to a file, which replaces an existing one when it is complete. Devices and pipes are written to in order.
pub(crate) async fn download_file(
    context: Arc<TransferContext>,
    object: ObjectName,
    path: PathBuf,
) -> Result<TransferOutput> {
    let transfer = async {
        if context.config.is_resumable {
            resume::download_file(&context, object, path).await
        } else {
            file::download_file(&context, object, path).await
        }
    };
    context.control.until_cancelled(transfer).await
}

/// The operations of a download.
pub(crate) const OPERATIONS: &[&str] = &["GetObject"];

/// Arguments that the first request checks, and that would not hold for the others.
const CONDITIONS: [&str; 4] = [
    "IfMatch",
    "IfModifiedSince",
    "IfNoneMatch",
    "IfUnmodifiedSince",
];

/// The version of an object that is downloaded.
#[derive(Clone, Debug)]
pub(crate) struct RemoteObject {
    pub(crate) name: ObjectName,
    pub(crate) length: u64,
    /// The ETag, if it is a strong one.
    pub(crate) etag: Option<Str>,
    /// The checksum of the object and its value.
    pub(crate) checksum: Option<(ObjectChecksum, String)>,
    /// The output of the first request.
    pub(crate) value: Value,
}

/// The response to the first request, whose body begins the object.
pub(crate) struct OpenedObject {
    pub(crate) remote: RemoteObject,
    pub(crate) body: Option<ByteStream>,
}

impl RemoteObject {
    fn new(name: ObjectName, output: &Output) -> Result<Self> {
        let length = output.int("ContentLength").ok();
        let length = length.and_then(|length| u64::try_from(length).ok());
        let length = length.or_else(|| output.body.as_ref()?.len());
        Ok(RemoteObject {
            length: length.ok_or_else(|| {
                Error::new(
                    ErrorKind::Stream,
                    format!("{name}: the response does not state the length of the object"),
                )
            })?,
            etag: output["ETag"]
                .as_str()
                .filter(|etag| !etag.starts_with("W/"))
                .map(Str::from),
            checksum: ObjectChecksum::of_object(&output.value),
            value: output.value.clone(),
            name,
        })
    }

    /// Returns true if the object is downloaded with one request: it is short, or has no ETag, without which its ranges could be those of
    /// different objects.
    fn is_short(&self, context: &TransferContext) -> bool {
        self.length < context.config.multipart_threshold || self.etag.is_none()
    }

    /// Returns the algorithm of the checksum of all bytes.
    fn full_checksum(&self) -> Option<Algorithm> {
        let (checksum, _) = self.checksum.as_ref()?;
        checksum.is_full_object.then_some(checksum.algorithm)
    }

    /// Returns the composite checksum, and its number of parts.
    fn composite(&self) -> Option<(ObjectChecksum, u64)> {
        let (checksum, value) = self.checksum.as_ref()?;
        let (_, parts) = value.split_once('-')?;
        Some((*checksum, parts.parse().ok()?))
    }

    /// Returns the parameters of a request for the rest of this version of the object.
    fn params(&self) -> Map {
        let mut params = self.name.params();
        if let Some(etag) = &self.etag {
            params.insert("IfMatch", etag.clone());
        }
        params
    }
}

/// Requests an object. The response tells its length and version, and begins with its first bytes.
pub(crate) async fn open(context: &Arc<TransferContext>, name: ObjectName) -> Result<OpenedObject> {
    let mut output = with_retries(context, || async {
        context.call("GetObject", name.params())?.send().await
    })
    .await?;
    let remote = RemoteObject::new(name, &output)?;
    context.progress.set_total(remote.length);
    Ok(OpenedObject {
        body: Some(output.body.take().unwrap_or_default()),
        remote,
    })
}

/// Requests the properties of an object, if its beginning may not be needed.
pub(crate) async fn head(context: &Arc<TransferContext>, name: ObjectName) -> Result<OpenedObject> {
    let output = context.send("HeadObject", &name.params()).await?;
    let remote = RemoteObject::new(name, &output)?;
    context.progress.set_total(remote.length);
    Ok(OpenedObject { remote, body: None })
}

/// Compares the checksum of the downloaded parts with that of the object.
fn verify(remote: &RemoteObject, parts: Option<&[PartChecksum]>) -> Result<()> {
    let Some((checksum, expected)) = &remote.checksum else {
        return Ok(());
    };
    // A composite covers the parts of the upload, which may be others than those of the download.
    let covers_parts = match remote.composite() {
        Some((_, count)) => parts.is_some_and(|parts| parts.len() as u64 == count),
        None => true,
    };
    match parts
        .filter(|_| covers_parts)
        .and_then(|parts| checksum.of_parts(parts))
    {
        Some(actual) if actual != *expected => Err(mismatch(remote, &actual)),
        _ => Ok(()),
    }
}

#[cold]
fn mismatch(remote: &RemoteObject, actual: &str) -> Error {
    let (name, expected) = match &remote.checksum {
        Some((checksum, expected)) => (checksum.algorithm.name(), expected.as_str()),
        None => ("checksum", ""),
    };
    Error::new(
        ErrorKind::Stream,
        format!(
            "{}: checksum mismatch: the {name} of the downloaded data is {actual}, but that of the object is {expected}",
            remote.name
        ),
    )
}
