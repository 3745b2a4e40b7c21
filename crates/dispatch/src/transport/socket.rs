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
    /// The status line up to the first digit of its code.
    line: [u8; 10],
    /// Length of the current line without its end.
    line_length: usize,
    /// True if the status line has been read.
    has_status: bool,
    is_interim: bool,
}

impl HeadScanner {
    /// Scans the next bytes. Returns the number of bytes up to the end of the header section, if it is among them.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            self.add(bytes.get(start..end).unwrap_or_default());
            start = end + 1;
            if self.end_line() {
                return Some(start);
            }
        }
        self.add(bytes.get(start..).unwrap_or_default());
        None
    }

    /// Adds a part of the current line.
    fn add(&mut self, part: &[u8]) {
        let part = part.strip_suffix(b"\r").unwrap_or(part);
        if !self.has_status {
            let rest = self.line.get_mut(self.line_length..).unwrap_or_default();
            for (kept, byte) in rest.iter_mut().zip(part) {
                *kept = *byte;
            }
        }
        self.line_length += part.len();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_section_ends_with_an_empty_line_however_it_is_split() {
        for (head, body) in [
            ("HTTP/1.1 200 OK\r\na: b\r\n\r\n", "x\r\n\r\n"),
            ("HTTP/1.1 200 OK\na: b\n\n", "\n"),
            ("\r\nHTTP/1.0 500\r\n\r\n", ""),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
                "HTTP/1.1 1",
            ),
        ] {
            let text = format!("{head}{body}");
            for size in 1..=text.len() {
                let mut scanner = HeadScanner::default();
                let mut before = 0;
                let found = text.as_bytes().chunks(size).find_map(|chunk| {
                    let end = scanner.scan(chunk).map(|end| before + end);
                    before += chunk.len();
                    end
                });
                assert_eq!(found, Some(head.len()), "{head:?} {size}");
            }
        }
        assert_eq!(
            HeadScanner::default().scan(b"HTTP/1.1 200 OK\r\na: b\r\n"),
            None
        );
    }
}
