//! [`Socket`]: a TCP connection whose state can be checked while an HTTP connection owns it.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A shared TCP connection.
#[derive(Clone, Debug)]
pub(super) struct Socket(Arc<Mutex<TcpStream>>);

/// State of an unused connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SocketState {
    Open,
    /// The peer has sent something.
    Readable,
    Closed,
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        Socket(Arc::new(Mutex::new(stream)))
    }

    fn stream(&self) -> MutexGuard<'_, TcpStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queries the operating system, because a runtime that was not running has not noticed yet that the peer closed the connection.
    pub(super) fn state(&self) -> SocketState {
        let stream = self.stream();
        match socket2::SockRef::from(&*stream).peek(&mut [MaybeUninit::uninit()]) {
            Ok(0) => SocketState::Closed,
            Ok(_) => SocketState::Readable,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => SocketState::Open,
            Err(_) => SocketState::Closed,
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream()).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream()).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream().is_write_vectored()
    }
}

/// A byte stream to a host: TCP, TLS, or TLS in the TLS of a proxy.
pub(super) trait ByteChannel: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteChannel for T {}

/// Number of bytes received since the last request was sent. A connection has one response at a time.
#[derive(Debug, Default)]
pub(super) struct ReceivedBytes {
    total: AtomicU64,
    /// Length of the header sections, including those of interim responses (1xx). 0 until the last one has ended.
    head: AtomicU64,
}

impl ReceivedBytes {
    /// Starts to count the bytes of the next response.
    pub(super) fn reset(&self) {
        self.total.store(0, Ordering::Relaxed);
        self.head.store(0, Ordering::Relaxed);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total.load(Ordering::Relaxed) == 0
    }

    /// Returns the number of bytes after the header section.
    pub(super) fn body(&self) -> u64 {
        match self.head.load(Ordering::Relaxed) {
            0 => 0,
            head => self.total.load(Ordering::Relaxed).saturating_sub(head),
        }
    }
}

/// Finds the end of the header section of a response: an empty line.
#[derive(Debug, Default)]
struct HeadScanner {
    /// Bytes of the current line, without its end. Only the first ones are kept: those of a status line up to its code.
    line: [u8; 10],
    line_length: usize,
    /// True if the status line has been read.
    has_status: bool,
    is_interim: bool,
}

impl HeadScanner {
    /// Scans the next bytes. Returns the number of bytes up to the end of the header section, if it is among them.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' => {
                    if self.end_line() {
                        return Some(index + 1);
                    }
                }
                b'\r' => {}
                byte => {
                    if let Some(kept) = self.line.get_mut(self.line_length) {
                        *kept = *byte;
                    }
                    self.line_length += 1;
                }
            }
        }
        None
    }

    /// Returns true if the line that has ended is the last one of the header section.
    fn end_line(&mut self) -> bool {
        let is_empty = self.line_length == 0;
        self.line_length = 0;
        if !is_empty {
            if !self.has_status {
                self.has_status = true;
                // The code follows `HTTP/1.1 `.
                self.is_interim = self.line.ends_with(b"1");
            }
            return false;
        }
        // Empty lines before the status line are ignored.
        let is_end = self.has_status && !self.is_interim;
        self.has_status = false;
        is_end
    }
}

/// A byte stream that counts what was received, and ignores that the peer reads no further: a server that refuses a long
/// request may respond and close the connection while the request is being sent.
pub(super) struct ObservedChannel {
    channel: Box<dyn ByteChannel>,
    received: Arc<ReceivedBytes>,
    /// `None` after the end of the header section.
    scanner: Option<HeadScanner>,
    /// Reported if the peer has sent no response either.
    write_error: Option<io::Error>,
}

impl ObservedChannel {
    pub(super) fn new(channel: Box<dyn ByteChannel>, received: Arc<ReceivedBytes>) -> Self {
        ObservedChannel {
            channel,
            received,
            scanner: None,
            write_error: None,
        }
    }

    /// Counts newly received bytes.
    fn count(&mut self, bytes: &[u8]) {
        let before = self
            .received
            .total
            .fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if before == 0 {
            self.scanner = Some(HeadScanner::default());
        }
        if let Some(scanner) = &mut self.scanner
            && let Some(end) = scanner.scan(bytes)
        {
            self.received
                .head
                .store(before + end as u64, Ordering::Relaxed);
            self.scanner = None;
        }
    }

    /// Writes with `write`. Once the peer has closed the connection, `ignored` is the result.
    fn poll_with<T>(
        &mut self,
        ignored: T,
        write: impl FnOnce(Pin<&mut Box<dyn ByteChannel>>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.write_error.is_some() {
            return Poll::Ready(Ok(ignored));
        }
        match write(Pin::new(&mut self.channel)) {
            Poll::Ready(Err(error)) if is_closed_by_peer(&error) => {
                self.write_error = Some(error);
                Poll::Ready(Ok(ignored))
            }
            written => written,
        }
    }
}

fn is_closed_by_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

impl AsyncRead for ObservedChannel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.channel).poll_read(context, buffer))?;
        if let Some(bytes @ [_, ..]) = buffer.filled().get(before..) {
            self.count(bytes);
        } else if let Some(error) = self.write_error.take() {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ObservedChannel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(bytes.len(), |channel| channel.poll_write(context, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_with((), |channel| channel.poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_with((), |channel| channel.poll_shutdown(context))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        self.poll_with(length, |channel| {
            channel.poll_write_vectored(context, slices)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.channel.is_write_vectored()
    }
}
