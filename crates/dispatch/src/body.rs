//! [`ByteStream`]: the streaming body of a request or response.

use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt;
use inia_core::{Error, ErrorKind, Result, Str};
use inia_model::ServiceModel;
use tokio::io::AsyncReadExt;

/// Size of a chunk read from a file, in bytes.
const FILE_CHUNK_SIZE: usize = 64 * 1024;

/// The body of an upload or a download: bytes in memory, a file, or any stream.
///
/// At most one chunk is buffered. Bytes and files are replayed when an attempt fails; a stream cannot be.
///
/// ```
/// # use inia_dispatch as inia;
/// use inia::ByteStream;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let body = ByteStream::from("hello");
/// assert_eq!(body.len(), Some(5));
/// assert_eq!(body.collect(1024).await?, "hello");
/// # Ok::<(), inia_core::Error>(())
/// # }).unwrap();
/// ```
pub struct ByteStream {
    kind: ByteStreamKind,
    /// The call whose response this is.
    call: Option<StreamedCall>,
}

/// A boxed stream. The mutex makes it `Sync`, and is never locked: access is through `&mut` only.
type SyncBoxStream = Mutex<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>>;

/// Observes the chunks of a body while it is sent, and delays them.
#[doc(hidden)]
pub trait BodyPace: Send + Sync {
    /// Called before the first chunk of each attempt.
    fn start(&self);

    /// Called before each chunk. Returns the time to wait before it is sent.
    fn delay(&self, length: usize) -> Duration;
}

/// Size of a chunk of a paced body, in bytes.
const PACED_CHUNK_SIZE: usize = 64 * 1024;

/// Bytes that are sent chunk by chunk, at a pace.
struct PacedBytes {
    bytes: Bytes,
    pace: Arc<dyn BodyPace>,
    /// Offset of the next chunk; `None` before the first one.
    next: Option<usize>,
    /// The delay of the next chunk.
    timer: Option<Mutex<Pin<Box<tokio::time::Sleep>>>>,
}

impl PacedBytes {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let start = match self.next {
            Some(start) => start,
            None => {
                self.pace.start();
                self.next = Some(0);
                0
            }
        };
        let end = start.saturating_add(PACED_CHUNK_SIZE).min(self.bytes.len());
        if start == end {
            return Poll::Ready(None);
        }
        if self.timer.is_none() {
            let delay = self.pace.delay(end - start);
            if !delay.is_zero() {
                self.timer = Some(Mutex::new(Box::pin(tokio::time::sleep(delay))));
            }
        }
        if let Some(timer) = &mut self.timer {
            let timer = timer.get_mut().unwrap_or_else(PoisonError::into_inner);
            futures_util::ready!(timer.as_mut().poll(context));
            self.timer = None;
        }
        self.next = Some(end);
        Poll::Ready(Some(Ok(self.bytes.slice(start..end))))
    }
}

enum ByteStreamKind {
    Bytes(Option<Bytes>),
    Paced(PacedBytes),
    File {
        path: PathBuf,
        start: u64,
        length: u64,
        stream: Option<SyncBoxStream>,
    },
    Stream {
        stream: SyncBoxStream,
        length: Option<u64>,
    },
    Restartable(Pin<Box<dyn RestartableStream>>),
}

/// A stream that may be read again from the start, until it is too late.
pub(crate) trait RestartableStream: Stream<Item = Result<Bytes>> + Send + Sync {
    /// Returns the same stream from the start, if that is still possible.
    fn restart(&self) -> Option<Pin<Box<dyn RestartableStream>>>;
}

/// The call of a streaming response, for errors.
#[derive(Clone, Debug)]
pub(crate) struct StreamedCall {
    pub(crate) names: Arc<CallNames>,
    pub(crate) attempts: u32,
}

/// The names of an operation and its service, its definition, and the region.
#[derive(Debug)]
pub(crate) struct CallNames {
    pub(crate) service: Str,
    pub(crate) operation: Str,
    pub(crate) region: Option<Str>,
    pub(crate) model: Arc<ServiceModel>,
    /// The index of the operation in the model.
    pub(crate) index: u32,
}

impl StreamedCall {
    /// Adds the call to an error.
    #[cold]
    pub(crate) fn error(&self, error: Error) -> Error {
        let names = &self.names;
        error
            .in_call(
                &names.service,
                Some(&names.operation),
                names.region.as_ref(),
            )
            .with_attempts(self.attempts)
    }
}

impl ByteStream {
    const fn new(kind: ByteStreamKind) -> Self {
        ByteStream { kind, call: None }
    }

    /// Sets the call whose response this is.
    pub(crate) fn of_call(mut self, call: StreamedCall) -> Self {
        self.call = Some(call);
        self
    }

    /// Returns bytes whose chunks are observed and delayed. They can be replayed.
    #[doc(hidden)]
    pub fn paced(bytes: Bytes, pace: Arc<dyn BodyPace>) -> Self {
        ByteStream::new(ByteStreamKind::Paced(PacedBytes {
            bytes,
            pace,
            next: None,
            timer: None,
        }))
    }

    /// Returns an empty body.
    #[must_use]
    pub fn empty() -> Self {
        ByteStream::new(ByteStreamKind::Bytes(None))
    }

    /// Returns the contents of a file, read in chunks when it is sent. A pipe or a device such as `/dev/stdin` is a stream of unknown
    /// length, which can be read only once.
    ///
    /// # Errors
    /// `Stream`: the file does not exist, cannot be opened, or is a folder.
    pub async fn from_path(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let metadata = tokio::fs::metadata(&path)
            .await
            .map_err(|error| file_error(&path, error))?;
        if metadata.is_dir() {
            return Err(Error::new(
                ErrorKind::Stream,
                format!("{}: is a folder", path.display()),
            ));
        }
        if !metadata.is_file() {
            let file = tokio::fs::File::open(&path)
                .await
                .map_err(|error| file_error(&path, error))?;
            return Ok(ByteStream::from_reader(file, None));
        }
        Ok(ByteStream::new(ByteStreamKind::File {
            path,
            start: 0,
            length: metadata.len(),
            stream: None,
        }))
    }

    /// Returns a range of a file: `length` bytes from offset `start`.
    ///
    /// # Errors
    /// `Stream`: the file does not exist or is shorter.
    pub async fn from_path_range(
        path: impl Into<PathBuf>,
        start: u64,
        length: u64,
    ) -> Result<Self> {
        let path = path.into();
        let metadata = tokio::fs::metadata(&path)
            .await
            .map_err(|error| file_error(&path, error))?;
        if start
            .checked_add(length)
            .is_none_or(|end| end > metadata.len())
        {
            let message = format!("{}: shorter than {start} + {length} bytes", path.display());
            return Err(Error::new(ErrorKind::Stream, message));
        }
        Ok(ByteStream::new(ByteStreamKind::File {
            path,
            start,
            length,
            stream: None,
        }))
    }

    /// Wraps a stream that may be read again from the start.
    pub(crate) fn from_restartable(stream: Pin<Box<dyn RestartableStream>>) -> Self {
        ByteStream::new(ByteStreamKind::Restartable(stream))
    }

    /// Wraps any stream of byte chunks, with its length in bytes if it is known.
    pub fn from_stream(
        stream: impl Stream<Item = Result<Bytes>> + Send + 'static,
        length: Option<u64>,
    ) -> Self {
        ByteStream::new(ByteStreamKind::Stream {
            stream: Mutex::new(Box::pin(stream)),
            length,
        })
    }

    /// Returns the contents of a reader, such as the standard input, with their length in bytes if it is known.
    ///
    /// ```
    /// # use inia_dispatch as inia;
    /// use inia::ByteStream;
    ///
    /// let body = ByteStream::from_reader(&b"hello"[..], None);
    /// assert_eq!(body.len(), None);
    /// ```
    pub fn from_reader(
        reader: impl tokio::io::AsyncRead + Send + Unpin + 'static,
        length: Option<u64>,
    ) -> Self {
        let chunks = futures_util::stream::try_unfold(reader, |mut reader| async move {
            let mut chunk = BytesMut::with_capacity(FILE_CHUNK_SIZE);
            match reader.read_buf(&mut chunk).await {
                Ok(0) => Ok(None),
                Ok(_) => Ok(Some((chunk.freeze(), reader))),
                Err(error) => {
                    Err(Error::new(ErrorKind::Stream, "cannot read the body").with_source(error))
                }
            }
        });
        ByteStream::from_stream(chunks, length)
    }

    /// Returns the length in bytes, if it is known.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match &self.kind {
            ByteStreamKind::Bytes(bytes) => {
                Some(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            ByteStreamKind::Paced(paced) => Some(paced.bytes.len() as u64),
            ByteStreamKind::File { length, .. } => Some(*length),
            ByteStreamKind::Stream { length, .. } => *length,
            ByteStreamKind::Restartable(_) => None,
        }
    }

    /// Returns true if the length is known to be zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Returns a second body with the same bytes, from the start; `None` for a stream, which can be read only once.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        match &self.kind {
            ByteStreamKind::Bytes(bytes) => {
                Some(ByteStream::new(ByteStreamKind::Bytes(bytes.clone())))
            }
            ByteStreamKind::Paced(paced) => Some(ByteStream::paced(
                paced.bytes.clone(),
                Arc::clone(&paced.pace),
            )),
            ByteStreamKind::File {
                path,
                start,
                length,
                ..
            } => Some(ByteStream::new(ByteStreamKind::File {
                path: path.clone(),
                start: *start,
                length: *length,
                stream: None,
            })),
            ByteStreamKind::Stream { .. } => None,
            ByteStreamKind::Restartable(stream) => {
                stream.restart().map(ByteStream::from_restartable)
            }
        }
    }

    /// Returns the bytes if the body is in memory.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.kind {
            ByteStreamKind::Bytes(bytes) => Some(bytes.as_deref().unwrap_or_default()),
            ByteStreamKind::Paced(paced) => Some(&paced.bytes),
            _ => None,
        }
    }

    /// Returns the bytes if the body is in memory.
    ///
    /// # Errors
    /// The body itself, unchanged, if it is a file or a stream.
    pub fn into_bytes(self) -> std::result::Result<Bytes, Self> {
        let ByteStream { kind, call } = self;
        match kind {
            ByteStreamKind::Bytes(bytes) => Ok(bytes.unwrap_or_default()),
            ByteStreamKind::Paced(paced) => Ok(paced.bytes),
            other => Err(ByteStream { kind: other, call }),
        }
    }

    /// Reads everything into memory, at most `limit` bytes.
    ///
    /// # Errors
    /// `Stream`: more than `limit` bytes, or reading failed.
    pub async fn collect(self, limit: usize) -> Result<Bytes> {
        self.read_up_to(limit).await?.ok_or_else(|| too_long(limit))
    }

    /// Reads everything into memory; returns `None` if there are more than `limit` bytes.
    pub(crate) async fn read_up_to(self, limit: usize) -> Result<Option<Bytes>> {
        let mut this = match self.into_bytes() {
            Ok(bytes) => return Ok((bytes.len() <= limit).then_some(bytes)),
            Err(this) => this,
        };
        let Some(first) = this.next().await.transpose()? else {
            return Ok(Some(Bytes::new()));
        };
        let Some(second) = this.next().await.transpose()? else {
            return Ok((first.len() <= limit).then_some(first));
        };
        let expected = this
            .len()
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(0);
        // `Content-Length` is not trusted for large allocations.
        const MAX_CAPACITY: usize = 64 << 20;
        let expected = expected.min(limit).min(MAX_CAPACITY);
        let mut collected = BytesMut::with_capacity(expected.max(first.len() + second.len()));
        collected.extend_from_slice(&first);
        collected.extend_from_slice(&second);
        while collected.len() <= limit {
            match this.next().await.transpose()? {
                Some(chunk) => collected.extend_from_slice(&chunk),
                None => return Ok(Some(collected.freeze())),
            }
        }
        Ok(None)
    }

    /// Returns a stream that ends with an error if it does not have exactly `length` bytes. Bytes and files have their own length.
    pub(crate) fn with_exact_length(self, length: u64) -> Self {
        match self.kind {
            ByteStreamKind::Stream { .. } => ByteStream::from_stream(
                ExactLength {
                    body: self,
                    last: None,
                    remaining: Some(length),
                    length,
                },
                Some(length),
            ),
            _ => self,
        }
    }
}

/// A stream whose length was stated in advance. The last chunk is held back until the stream has ended, because a transport reads no
/// further once it has all bytes.
struct ExactLength {
    body: ByteStream,
    last: Option<Bytes>,
    /// Bytes that are still expected; `None` after the end.
    remaining: Option<u64>,
    length: u64,
}

impl Stream for ExactLength {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(remaining) = self.remaining else {
            return Poll::Ready(None);
        };
        loop {
            match futures_util::ready!(self.body.poll_next_unpin(context)) {
                Some(Ok(chunk)) if chunk.is_empty() => {}
                Some(Ok(chunk)) => match remaining.checked_sub(chunk.len() as u64) {
                    Some(0) => {
                        self.remaining = Some(0);
                        self.last = Some(chunk);
                        return self.poll_next(context);
                    }
                    Some(left) => {
                        self.remaining = Some(left);
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                    None => {
                        self.remaining = None;
                        return Poll::Ready(Some(Err(wrong_length(self.length, None))));
                    }
                },
                Some(Err(error)) => {
                    self.remaining = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.remaining = None;
                    return Poll::Ready(match remaining {
                        0 => self.last.take().map(Ok),
                        left => Some(Err(wrong_length(self.length, Some(left)))),
                    });
                }
            }
        }
    }
}

/// Returns the error of a stream that does not have its stated length; `missing` bytes of it are missing, or there are too many.
#[cold]
fn wrong_length(stated: u64, missing: Option<u64>) -> Error {
    let message = match missing {
        Some(missing) => format!(
            "the body ended after {} of its stated {stated} bytes",
            stated.saturating_sub(missing)
        ),
        None => format!("the body is longer than its stated {stated} bytes"),
    };
    Error::new(ErrorKind::Stream, message)
}

#[cold]
fn too_long(limit: usize) -> Error {
    Error::new(
        ErrorKind::Stream,
        format!("the body is longer than {limit} bytes"),
    )
}

#[cold]
pub(crate) fn file_error(path: &std::path::Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Stream, path.display().to_string()).with_source(error)
}

fn read_file(path: PathBuf, start: u64, length: u64) -> SyncBoxStream {
    Mutex::new(Box::pin(futures_util::stream::try_unfold(
        (None, length, path),
        move |(file, remaining, path)| async move {
            if remaining == 0 {
                return Ok(None);
            }
            let mut file = match file {
                Some(file) => file,
                None => {
                    let mut file = tokio::fs::File::open(&path)
                        .await
                        .map_err(|error| file_error(&path, error))?;
                    if start > 0 {
                        use tokio::io::AsyncSeekExt as _;
                        let seek = file.seek(std::io::SeekFrom::Start(start)).await;
                        seek.map_err(|error| file_error(&path, error))?;
                    }
                    file
                }
            };
            let chunk_size = usize::try_from(remaining)
                .unwrap_or(FILE_CHUNK_SIZE)
                .min(FILE_CHUNK_SIZE);
            let mut chunk = BytesMut::with_capacity(chunk_size);
            let mut limited = (&mut file).take(chunk_size as u64);
            let read = limited
                .read_buf(&mut chunk)
                .await
                .map_err(|error| file_error(&path, error))?;
            if read == 0 {
                let message = format!("{}: the file ended {remaining} bytes early", path.display());
                return Err(Error::new(ErrorKind::Stream, message));
            }
            Ok(Some((
                chunk.freeze(),
                (Some(file), remaining - read as u64, path),
            )))
        },
    )))
}

impl Stream for ByteStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.poll_chunk(context);
        match (next, &self.call) {
            (Poll::Ready(Some(Err(error))), Some(call)) => {
                Poll::Ready(Some(Err(call.error(error))))
            }
            (next, _) => next,
        }
    }
}

impl ByteStream {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        match &mut self.kind {
            ByteStreamKind::Bytes(bytes) => {
                Poll::Ready(bytes.take().filter(|bytes| !bytes.is_empty()).map(Ok))
            }
            ByteStreamKind::Paced(paced) => paced.poll_chunk(context),
            ByteStreamKind::File {
                path,
                start,
                length,
                stream,
            } => {
                let stream = stream.get_or_insert_with(|| read_file(path.clone(), *start, *length));
                stream
                    .get_mut()
                    .unwrap_or_else(PoisonError::into_inner)
                    .poll_next_unpin(context)
            }
            ByteStreamKind::Stream { stream, .. } => stream
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner)
                .poll_next_unpin(context),
            ByteStreamKind::Restartable(stream) => stream.as_mut().poll_next(context),
        }
    }
}

impl From<Bytes> for ByteStream {
    fn from(bytes: Bytes) -> Self {
        ByteStream::new(ByteStreamKind::Bytes(Some(bytes)))
    }
}

impl From<Vec<u8>> for ByteStream {
    fn from(bytes: Vec<u8>) -> Self {
        ByteStream::from(Bytes::from(bytes))
    }
}

impl From<&'static str> for ByteStream {
    fn from(text: &'static str) -> Self {
        ByteStream::from(Bytes::from_static(text.as_bytes()))
    }
}

impl From<String> for ByteStream {
    fn from(text: String) -> Self {
        ByteStream::from(Bytes::from(text))
    }
}

impl Default for ByteStream {
    fn default() -> Self {
        ByteStream::empty()
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            ByteStreamKind::Bytes(_) | ByteStreamKind::Paced(_) => "bytes",
            ByteStreamKind::File { .. } => "file",
            ByteStreamKind::Stream { .. } => "stream",
            ByteStreamKind::Restartable(_) => "stream",
        };
        f.debug_struct("ByteStream")
            .field("kind", &kind)
            .field("length", &self.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<F: std::future::Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn reads_and_replays_files_in_chunks() {
        let folder = std::env::temp_dir().join(format!("inia-body-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("file");
        let contents: Vec<u8> = (0..200_000u32).map(|i| i as u8).collect();
        std::fs::write(&path, &contents).unwrap();
        run(async {
            let body = ByteStream::from_path(&path).await.unwrap();
            let replay = body.try_clone().unwrap();
            assert_eq!(body.len(), Some(200_000));
            assert_eq!(body.collect(1 << 20).await.unwrap(), contents);
            assert_eq!(
                replay.collect(1000).await.unwrap_err().kind(),
                ErrorKind::Stream
            );
            let range = ByteStream::from_path_range(&path, 100, 5).await.unwrap();
            assert_eq!(range.collect(10).await.unwrap(), contents[100..105]);
            assert!(
                ByteStream::from_path_range(&path, 199_999, 5)
                    .await
                    .is_err()
            );
        });
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn streams_of_another_length_than_stated_end_with_an_error() {
        let read = |chunks: &[&'static str], length| {
            let chunks: Vec<Result<Bytes>> = chunks
                .iter()
                .map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())))
                .collect();
            let body = ByteStream::from_stream(futures_util::stream::iter(chunks), Some(length));
            let mut body = body.with_exact_length(length);
            run(async {
                let mut read = Vec::new();
                while let Some(chunk) = body.next().await {
                    match chunk {
                        Ok(chunk) => read.extend_from_slice(&chunk),
                        Err(error) => return (read, Some(error.to_string())),
                    }
                }
                (read, None)
            })
        };
        let longer = Some("the body is longer than its stated 3 bytes".to_owned());
        let shorter = |read| Some(format!("the body ended after {read} of its stated 3 bytes"));
        for (chunks, expected, error) in [
            (["ab", "", "c"].as_slice(), "abc", None),
            (&["abc"], "abc", None),
            // The last chunk is held back until the length is known to be right.
            (&["ab", "c", "d"], "ab", longer.clone()),
            (&["ab", "cd"], "ab", longer),
            (&["ab"], "ab", shorter(2)),
            (&[], "", shorter(0)),
        ] {
            assert_eq!(
                read(chunks, 3),
                (expected.as_bytes().to_vec(), error),
                "{chunks:?}"
            );
        }
        assert_eq!(read(&[], 0), (Vec::new(), None));
    }

    #[test]
    fn streams_cannot_be_replayed() {
        let chunks = [
            Ok(Bytes::from_static(b"a")),
            Ok(Bytes::from_static(b"b")),
            Ok(Bytes::from_static(b"c")),
        ];
        let stream = ByteStream::from_stream(futures_util::stream::iter(chunks), None);
        assert!(stream.try_clone().is_none());
        assert_eq!(run(stream.collect(3)).unwrap(), "abc");
    }
}
