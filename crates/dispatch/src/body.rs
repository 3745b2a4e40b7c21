//! [`ByteStream`]: bytes that arrive bit by bit, on their way in or out.

use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt;
use inia_core::{Error, ErrorKind, Result};
use tokio::io::AsyncReadExt;

/// How many bytes of a file are read at a time.
const CHUNK: usize = 64 * 1024;

/// The body of an upload or a download: bytes in memory, a file, or any stream.
///
/// Nothing is buffered beyond a chunk. Bytes and files can be sent again when an attempt fails; a stream cannot.
///
/// ```
/// use inia_dispatch::ByteStream;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let body = ByteStream::from("hello");
/// assert_eq!(body.len(), Some(5));
/// assert_eq!(body.collect(1024).await?, "hello");
/// # Ok::<(), inia_core::Error>(())
/// # }).unwrap();
/// ```
pub struct ByteStream(Inner);

/// A stream that only ever one task reads: the mutex is never waited for, and makes the body `Sync`.
type BoxStream = Mutex<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>>;

enum Inner {
    Bytes(Option<Bytes>),
    File {
        path: PathBuf,
        start: u64,
        length: u64,
        stream: Option<BoxStream>,
    },
    Stream {
        stream: BoxStream,
        length: Option<u64>,
    },
}

impl ByteStream {
    /// No bytes.
    #[must_use]
    pub fn empty() -> Self {
        ByteStream(Inner::Bytes(None))
    }

    /// A file, read when it is sent and never held in memory.
    ///
    /// # Errors
    /// `Stream`: the file is not there or is not a file.
    pub async fn from_path(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let metadata = tokio::fs::metadata(&path)
            .await
            .map_err(|error| file_error(&path, error))?;
        if !metadata.is_file() {
            return Err(Error::new(
                ErrorKind::Stream,
                format!("{}: not a file", path.display()),
            ));
        }
        Ok(ByteStream(Inner::File {
            path,
            start: 0,
            length: metadata.len(),
            stream: None,
        }))
    }

    /// A part of a file: `length` bytes from `start` on.
    ///
    /// # Errors
    /// `Stream`: the file is not there or is shorter.
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
        Ok(ByteStream(Inner::File {
            path,
            start,
            length,
            stream: None,
        }))
    }

    /// Any stream of byte chunks, with its length in bytes where that is known.
    pub fn from_stream(
        stream: impl Stream<Item = Result<Bytes>> + Send + 'static,
        length: Option<u64>,
    ) -> Self {
        ByteStream(Inner::Stream {
            stream: Mutex::new(Box::pin(stream)),
            length,
        })
    }

    /// The length in bytes, where it is known.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match &self.0 {
            Inner::Bytes(bytes) => Some(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Inner::File { length, .. } => Some(*length),
            Inner::Stream { length, .. } => *length,
        }
    }

    /// Whether the length is known to be nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The same bytes once more, from the start; `None` for a stream, which can be read only once.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Inner::Bytes(bytes) => Some(ByteStream(Inner::Bytes(bytes.clone()))),
            Inner::File {
                path,
                start,
                length,
                ..
            } => Some(ByteStream(Inner::File {
                path: path.clone(),
                start: *start,
                length: *length,
                stream: None,
            })),
            Inner::Stream { .. } => None,
        }
    }

    /// The bytes, where all of them are in memory already.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Inner::Bytes(bytes) => Some(bytes.as_deref().unwrap_or_default()),
            _ => None,
        }
    }

    /// The bytes where all of them are in memory, else the stream again.
    ///
    /// # Errors
    /// The stream itself, untouched.
    pub fn into_bytes(self) -> std::result::Result<Bytes, Self> {
        match self.0 {
            Inner::Bytes(bytes) => Ok(bytes.unwrap_or_default()),
            other => Err(ByteStream(other)),
        }
    }

    /// Reads everything into memory, at most `limit` bytes.
    ///
    /// # Errors
    /// `Stream`: more than `limit` bytes, or reading failed.
    pub async fn collect(self, limit: usize) -> Result<Bytes> {
        let mut this = match self.into_bytes() {
            Ok(bytes) if bytes.len() <= limit => return Ok(bytes),
            Ok(_) => return Err(too_long(limit)),
            Err(this) => this,
        };
        let Some(first) = this.next().await.transpose()? else {
            return Ok(Bytes::new());
        };
        let Some(second) = this.next().await.transpose()? else {
            return if first.len() <= limit {
                Ok(first)
            } else {
                Err(too_long(limit))
            };
        };
        let expected = this
            .len()
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(0);
        // What a server announces is believed up to a point.
        const MOST_AHEAD: usize = 64 << 20;
        let expected = expected.min(limit).min(MOST_AHEAD);
        let mut collected = BytesMut::with_capacity(expected.max(first.len() + second.len()));
        collected.extend_from_slice(&first);
        collected.extend_from_slice(&second);
        while collected.len() <= limit {
            match this.next().await.transpose()? {
                Some(chunk) => collected.extend_from_slice(&chunk),
                None => return Ok(collected.freeze()),
            }
        }
        Err(too_long(limit))
    }

    /// Writes everything to a file, chunk by chunk, and says how many bytes that were.
    ///
    /// # Errors
    /// `Stream`: reading or writing failed.
    pub async fn write_to(mut self, path: impl Into<PathBuf>) -> Result<u64> {
        use tokio::io::AsyncWriteExt as _;
        let path = path.into();
        let mut file = tokio::fs::File::create(&path)
            .await
            .map_err(|error| file_error(&path, error))?;
        let mut written = 0;
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            file.write_all(&chunk)
                .await
                .map_err(|error| file_error(&path, error))?;
            written += chunk.len() as u64;
        }
        file.flush()
            .await
            .map_err(|error| file_error(&path, error))?;
        Ok(written)
    }
}

#[cold]
fn too_long(limit: usize) -> Error {
    Error::new(
        ErrorKind::Stream,
        format!("the body is longer than {limit} bytes"),
    )
}

#[cold]
fn file_error(path: &std::path::Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Stream, path.display().to_string()).with_source(error)
}

fn read_file(path: PathBuf, start: u64, length: u64) -> BoxStream {
    enum State {
        Closed(PathBuf),
        Open(tokio::fs::File),
    }
    Mutex::new(Box::pin(futures_util::stream::try_unfold(
        (State::Closed(path.clone()), length, path),
        move |(state, left, path)| async move {
            if left == 0 {
                return Ok(None);
            }
            let mut file = match state {
                State::Open(file) => file,
                State::Closed(path) => {
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
            let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            let mut chunk = BytesMut::with_capacity(wanted);
            let mut limited = (&mut file).take(wanted as u64);
            let read = limited
                .read_buf(&mut chunk)
                .await
                .map_err(|error| file_error(&path, error))?;
            if read == 0 {
                let message = format!("{}: ended {left} bytes early", path.display());
                return Err(Error::new(ErrorKind::Stream, message));
            }
            Ok(Some((
                chunk.freeze(),
                (State::Open(file), left - read as u64, path),
            )))
        },
    )))
}

impl Stream for ByteStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Inner::Bytes(bytes) => {
                Poll::Ready(bytes.take().filter(|bytes| !bytes.is_empty()).map(Ok))
            }
            Inner::File {
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
            Inner::Stream { stream, .. } => stream
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner)
                .poll_next_unpin(context),
        }
    }
}

impl From<Bytes> for ByteStream {
    fn from(bytes: Bytes) -> Self {
        ByteStream(Inner::Bytes(Some(bytes)))
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
        let form = match &self.0 {
            Inner::Bytes(_) => "bytes",
            Inner::File { .. } => "file",
            Inner::Stream { .. } => "stream",
        };
        f.debug_struct("ByteStream")
            .field("form", &form)
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
    fn a_file_is_read_in_chunks_and_again() {
        let folder = std::env::temp_dir().join(format!("inia-body-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("file");
        let contents: Vec<u8> = (0..200_000u32).map(|i| i as u8).collect();
        std::fs::write(&path, &contents).unwrap();
        run(async {
            let body = ByteStream::from_path(&path).await.unwrap();
            let again = body.try_clone().unwrap();
            assert_eq!(body.len(), Some(200_000));
            assert_eq!(body.collect(1 << 20).await.unwrap(), contents);
            assert_eq!(
                again.collect(1000).await.unwrap_err().kind(),
                ErrorKind::Stream
            );
            let part = ByteStream::from_path_range(&path, 100, 5).await.unwrap();
            assert_eq!(part.collect(10).await.unwrap(), contents[100..105]);
            assert!(
                ByteStream::from_path_range(&path, 199_999, 5)
                    .await
                    .is_err()
            );
        });
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_stream_cannot_be_read_twice() {
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
