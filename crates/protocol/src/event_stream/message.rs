//! [`EventMessage`], a message of an event stream, and [`MessageDecoder`], which decodes a byte stream into messages.
//!
//! ```text
//! | total length u32 | headers length u32 | CRC-32 of these 8 bytes |      the prelude, 12 bytes
//! | headers: name length u8, name, type u8, value | ...            |
//! | payload                                                        |
//! | CRC-32 of everything before                                    |
//! ```
//! All numbers are big-endian.

use std::fmt;

use std::collections::HashSet;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::Crc;
use inia_core::{Error, ErrorKind, Result, Str};

/// The length of the prelude, in bytes.
const PRELUDE: usize = 12;
/// The length of the checksum at the end, in bytes.
const TRAILER: usize = 4;
/// The maximum length of the headers, in bytes.
const MAX_HEADERS: usize = 128 * 1024;
/// The maximum length of the payload, in bytes.
const MAX_PAYLOAD: usize = 24 * 1024 * 1024;

/// A message of an event stream.
///
/// ```
/// use inia_protocol::{EventHeader, EventMessage, MessageDecoder};
///
/// let message = EventMessage {
///     headers: vec![(":event-type".into(), EventHeader::String("Records".into()))],
///     payload: "a,b\n".into(),
/// };
/// let frame = message.encode()?;
///
/// let mut decoder = MessageDecoder::new();
/// decoder.push(&frame[..20]);
/// assert_eq!(decoder.next()?, None);
/// decoder.push(&frame[20..]);
/// assert_eq!(decoder.next()?, Some(message));
/// decoder.finish()?;
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct EventMessage {
    /// The headers in order, with unique names.
    pub headers: Vec<(Str, EventHeader)>,
    /// The payload.
    pub payload: Bytes,
}

/// Omits the payload, and the texts of headers that are members of the event.
impl fmt::Debug for EventMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers = fmt::from_fn(|f| {
            let mut map = f.debug_map();
            for (name, value) in &self.headers {
                match value {
                    EventHeader::String(text) if name.starts_with(':') => map.entry(name, text),
                    value => map.entry(name, value),
                };
            }
            map.finish()
        });
        f.debug_struct("EventMessage")
            .field("headers", &headers)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .finish()
    }
}

/// The value of a message header. `Debug` omits bytes and texts, which may be secrets.
#[derive(Clone, PartialEq)]
pub enum EventHeader {
    /// Types 0 and 1.
    Bool(bool),
    /// Type 2: 8 bits.
    Byte(i8),
    /// Type 3: 16 bits.
    Short(i16),
    /// Type 4: 32 bits.
    Int(i32),
    /// Type 5: 64 bits.
    Long(i64),
    /// Type 6: up to 65,535 bytes.
    Bytes(Bytes),
    /// Type 7: up to 65,535 bytes of UTF-8.
    String(Str),
    /// Type 8: milliseconds since 1970.
    Timestamp(i64),
    /// Type 9.
    Uuid([u8; 16]),
}

impl fmt::Debug for EventHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventHeader::Bool(value) => write!(f, "Bool({value})"),
            EventHeader::Byte(value) => write!(f, "Byte({value})"),
            EventHeader::Short(value) => write!(f, "Short({value})"),
            EventHeader::Int(value) => write!(f, "Int({value})"),
            EventHeader::Long(value) => write!(f, "Long({value})"),
            EventHeader::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            EventHeader::String(text) => write!(f, "String({} bytes)", text.len()),
            EventHeader::Timestamp(value) => write!(f, "Timestamp({value})"),
            EventHeader::Uuid(_) => f.write_str("Uuid(..)"),
        }
    }
}

impl EventMessage {
    /// Returns the value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&EventHeader> {
        self.headers
            .iter()
            .find(|(key, _)| *key == *name)
            .map(|(_, value)| value)
    }

    /// Returns the text of a string header.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&Str> {
        match self.header(name)? {
            EventHeader::String(text) => Some(text),
            _ => None,
        }
    }

    /// Encodes the message as a frame.
    ///
    /// # Errors
    /// `Stream`: a header name is empty or longer than 255 bytes, a header value is longer than 65,535 bytes, or
    /// headers or payload exceed the limits of a frame.
    pub fn encode(&self) -> Result<Bytes> {
        let mut frame = BytesMut::new();
        self.encode_to(&mut frame)?;
        Ok(frame.freeze())
    }

    /// Appends the message as a frame.
    ///
    /// # Errors
    /// As [`encode`](Self::encode); `out` is unchanged then.
    pub fn encode_to(&self, out: &mut BytesMut) -> Result<()> {
        let start = out.len();
        let result = self.append_to(out);
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    fn append_to(&self, out: &mut BytesMut) -> Result<()> {
        if self.payload.len() > MAX_PAYLOAD {
            return Err(malformed(
                "the payload of the message is longer than 24 MiB",
            ));
        }
        out.reserve(PRELUDE + 128 + self.payload.len() + TRAILER);
        let start = out.len();
        out.put_bytes(0, PRELUDE);
        for (name, value) in &self.headers {
            encode_header(out, name, value)?;
        }
        let headers = out.len() - start - PRELUDE;
        if headers > MAX_HEADERS {
            return Err(malformed(
                "the headers of the message are longer than 128 KiB",
            ));
        }
        let total = PRELUDE + headers + self.payload.len() + TRAILER;
        let mut prelude = [0; PRELUDE];
        // Both lengths are below 2^32, as their limits were checked.
        let mut lengths = &mut prelude[..];
        lengths.put_u32(u32::try_from(total).unwrap_or(u32::MAX));
        lengths.put_u32(u32::try_from(headers).unwrap_or(u32::MAX));
        let sum = crc(prelude.get(..8).unwrap_or_default());
        if let Some(mut sum_field) = prelude.get_mut(8..) {
            sum_field.put_u32(sum);
        }
        if let Some(place) = out.get_mut(start..start + PRELUDE) {
            place.copy_from_slice(&prelude);
        }
        out.extend_from_slice(&self.payload);
        let sum = crc(out.get(start..).unwrap_or_default());
        out.put_u32(sum);
        Ok(())
    }
}

fn encode_header(out: &mut BytesMut, name: &str, value: &EventHeader) -> Result<()> {
    let length = u8::try_from(name.len())
        .ok()
        .filter(|length| *length > 0)
        .ok_or_else(|| malformed("a header name is empty or longer than 255 bytes"))?;
    out.put_u8(length);
    out.extend_from_slice(name.as_bytes());
    match value {
        EventHeader::Bool(true) => out.put_u8(0),
        EventHeader::Bool(false) => out.put_u8(1),
        EventHeader::Byte(number) => {
            out.put_u8(2);
            out.put_i8(*number);
        }
        EventHeader::Short(number) => {
            out.put_u8(3);
            out.put_i16(*number);
        }
        EventHeader::Int(number) => {
            out.put_u8(4);
            out.put_i32(*number);
        }
        EventHeader::Long(number) => {
            out.put_u8(5);
            out.put_i64(*number);
        }
        EventHeader::Bytes(bytes) => {
            out.put_u8(6);
            encode_bytes(out, bytes)?;
        }
        EventHeader::String(text) => {
            out.put_u8(7);
            encode_bytes(out, text.as_bytes())?;
        }
        EventHeader::Timestamp(milliseconds) => {
            out.put_u8(8);
            out.put_i64(*milliseconds);
        }
        EventHeader::Uuid(uuid) => {
            out.put_u8(9);
            out.extend_from_slice(uuid);
        }
    }
    Ok(())
}

fn encode_bytes(out: &mut BytesMut, bytes: &[u8]) -> Result<()> {
    let length = u16::try_from(bytes.len())
        .map_err(|_| malformed("a header value is longer than 65,535 bytes"))?;
    out.put_u16(length);
    out.extend_from_slice(bytes);
    Ok(())
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cold]
fn malformed(message: &'static str) -> Error {
    Error::new(ErrorKind::Stream, message)
}

/// Decodes messages from a byte stream that arrives in chunks.
///
/// The buffer grows by what is pushed: call [`MessageDecoder::next`] until it returns `None` after each push.
///
/// # Source
/// botocore `eventstream.py:EventStreamBuffer`.
#[derive(Default)]
pub struct MessageDecoder {
    buffer: BytesMut,
    has_failed: bool,
}

/// Omits the data.
impl fmt::Debug for MessageDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageDecoder")
            .field("buffer", &format_args!("{} bytes", self.buffer.len()))
            .field("has_failed", &self.has_failed)
            .finish()
    }
}

impl MessageDecoder {
    /// Creates a decoder at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next chunk of the stream.
    pub fn push(&mut self, chunk: &[u8]) {
        if !self.has_failed {
            self.buffer.extend_from_slice(chunk);
        }
    }

    /// Returns the next message, or `None` if it has not arrived in full.
    ///
    /// # Errors
    /// `Stream`: a checksum does not match, a length exceeds its limit, or a header is malformed. The stream cannot be
    /// resynchronized: all later calls fail too.
    // Not an `Iterator`: `next` is fallible, and `None` is not the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is fallible, and `None` is not the end"
    )]
    pub fn next(&mut self) -> Result<Option<EventMessage>> {
        if self.has_failed {
            return Err(malformed("the event stream failed earlier"));
        }
        let result = self.take();
        if result.is_err() {
            self.has_failed = true;
            self.buffer = BytesMut::new();
        }
        result
    }

    fn take(&mut self) -> Result<Option<EventMessage>> {
        let Some(mut prelude) = self.buffer.get(..PRELUDE) else {
            return Ok(None);
        };
        let sum = crc(prelude.get(..8).unwrap_or_default());
        let total = prelude.get_u32() as usize;
        let headers = prelude.get_u32() as usize;
        if prelude.get_u32() != sum {
            return Err(malformed("prelude checksum mismatch"));
        }
        if headers > MAX_HEADERS {
            return Err(malformed("message headers exceed 128 KiB"));
        }
        let Some(payload) = total.checked_sub(PRELUDE + headers + TRAILER) else {
            return Err(malformed("inconsistent message lengths"));
        };
        if payload > MAX_PAYLOAD {
            return Err(malformed("message payload exceeds 24 MiB"));
        }
        if self.buffer.len() < total {
            self.buffer.reserve(total - self.buffer.len());
            return Ok(None);
        }
        let mut frame = self.buffer.split_to(total).freeze();
        let mut trailer = frame.split_off(total - TRAILER);
        if crc(&frame) != trailer.get_u32() {
            return Err(malformed("message checksum mismatch"));
        }
        frame.advance(PRELUDE);
        let payload = frame.split_off(headers);
        Ok(Some(EventMessage {
            headers: decode_headers(frame)?,
            payload,
        }))
    }

    /// Checks that the stream may end here.
    ///
    /// # Errors
    /// `Stream`: the stream failed before, or ends within a message.
    pub fn finish(&self) -> Result<()> {
        if self.has_failed {
            return Err(malformed("the event stream failed earlier"));
        }
        if self.buffer.is_empty() {
            Ok(())
        } else {
            Err(malformed("the event stream ends within a message"))
        }
    }
}

fn decode_headers(mut bytes: Bytes) -> Result<Vec<(Str, EventHeader)>> {
    /// Number of headers from which a set finds duplicates.
    const MANY: usize = 32;
    let mut headers: Vec<(Str, EventHeader)> = Vec::new();
    let mut names = HashSet::new();
    while bytes.has_remaining() {
        let length = usize::from(bytes.get_u8());
        if length == 0 {
            return Err(malformed("empty header name"));
        }
        let name = decode_text(take(&mut bytes, length)?)?;
        let kind = take(&mut bytes, 1)?.get_u8();
        let value = match kind {
            0 => EventHeader::Bool(true),
            1 => EventHeader::Bool(false),
            2 => EventHeader::Byte(take(&mut bytes, 1)?.get_i8()),
            3 => EventHeader::Short(take(&mut bytes, 2)?.get_i16()),
            4 => EventHeader::Int(take(&mut bytes, 4)?.get_i32()),
            5 => EventHeader::Long(take(&mut bytes, 8)?.get_i64()),
            6 => EventHeader::Bytes(take_counted(&mut bytes)?),
            7 => EventHeader::String(decode_text(take_counted(&mut bytes)?)?),
            8 => EventHeader::Timestamp(take(&mut bytes, 8)?.get_i64()),
            9 => {
                let mut uuid = [0; 16];
                take(&mut bytes, 16)?.copy_to_slice(&mut uuid);
                EventHeader::Uuid(uuid)
            }
            _ => return Err(malformed("unknown header type")),
        };
        if headers.len() == MANY {
            names.extend(headers.iter().map(|(name, _)| name.clone()));
        }
        let is_duplicate = if headers.len() < MANY {
            headers.iter().any(|(key, _)| *key == name)
        } else {
            !names.insert(name.clone())
        };
        if is_duplicate {
            return Err(malformed("duplicate header"));
        }
        headers.push((name, value));
    }
    Ok(headers)
}

fn take(bytes: &mut Bytes, length: usize) -> Result<Bytes> {
    if bytes.len() < length {
        return Err(malformed("truncated header"));
    }
    Ok(bytes.split_to(length))
}

fn take_counted(bytes: &mut Bytes) -> Result<Bytes> {
    let length = usize::from(take(bytes, 2)?.get_u16());
    take(bytes, length)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "callers own the bytes and do not need them afterwards"
)]
fn decode_text(bytes: Bytes) -> Result<Str> {
    std::str::from_utf8(&bytes)
        .map(Str::from)
        .map_err(|_| malformed("a header is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> EventMessage {
        EventMessage {
            headers: vec![
                ("bool".into(), EventHeader::Bool(true)),
                ("off".into(), EventHeader::Bool(false)),
                ("byte".into(), EventHeader::Byte(-1)),
                ("short".into(), EventHeader::Short(-300)),
                ("int".into(), EventHeader::Int(70_000)),
                ("long".into(), EventHeader::Long(i64::MIN)),
                (
                    "bytes".into(),
                    EventHeader::Bytes(Bytes::from_static(b"\0\xff")),
                ),
                ("string".into(), EventHeader::String("dolphin".into())),
                (
                    "timestamp".into(),
                    EventHeader::Timestamp(1_440_938_160_123),
                ),
                ("uuid".into(), EventHeader::Uuid([7; 16])),
            ],
            payload: Bytes::from_static(b"payload"),
        }
    }

    #[test]
    fn decodes_any_chunking_of_the_stream() {
        let frame = sample().encode().unwrap();
        let stream = [&frame[..], &frame[..], &frame[..]].concat();
        for size in 1..stream.len() {
            let mut decoder = MessageDecoder::new();
            let mut messages = Vec::new();
            for chunk in stream.chunks(size) {
                decoder.push(chunk);
                while let Some(message) = decoder.next().unwrap() {
                    messages.push(message);
                }
            }
            decoder.finish().unwrap();
            assert_eq!(messages, [sample(), sample(), sample()]);
        }
    }

    #[test]
    fn detects_every_flipped_bit() {
        let frame = sample().encode().unwrap();
        for bit in 0..frame.len() * 8 {
            let mut bytes = frame.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut decoder = MessageDecoder::new();
            decoder.push(&bytes);
            match decoder.next() {
                Ok(Some(message)) => panic!("bit {bit}: {message:?}"),
                Ok(None) => assert!(decoder.finish().is_err()),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Stream),
            }
        }
    }

    #[test]
    fn many_headers_are_read_and_duplicates_found_in_short_time() {
        let header = |number: usize| (Str::from(format!("{number:x}")), EventHeader::Bool(true));
        let mut message = EventMessage {
            headers: (0..20_000).map(header).collect(),
            payload: Bytes::new(),
        };
        let decode = |message: &EventMessage| {
            let mut decoder = MessageDecoder::new();
            decoder.push(&message.encode().unwrap());
            decoder.next()
        };
        assert_eq!(decode(&message).unwrap().as_ref(), Some(&message));
        for duplicate in [0, 31, 32, 33, 19_999] {
            message.headers.push(header(duplicate));
            assert!(decode(&message).is_err(), "{duplicate}");
            message.headers.pop();
        }
        message.headers.truncate(3);
        message.headers.push(header(1));
        assert!(decode(&message).is_err());
    }

    #[test]
    fn rejects_excessive_lengths_early() {
        let mut frame = BytesMut::new();
        frame.put_u32(u32::MAX);
        frame.put_u32(0);
        frame.put_u32(crc(&frame));
        let mut decoder = MessageDecoder::new();
        decoder.push(&frame);
        assert!(decoder.next().is_err());
        assert!(decoder.next().is_err());
        assert!(decoder.finish().is_err());
    }
}
