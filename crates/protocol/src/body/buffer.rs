//! [`Buffer`], an output buffer with explicit write positions.

use crate::shape::{PaddedLiteral, SHORT, put_short};

/// A buffer whose write position is kept by the caller: each write takes the position and returns the next one.
///
/// The position stays in a register, while the length of a `Vec` would be stored and loaded for each of the many small
/// writes of a body. For the same reason writes copy whole words if there is room; the excess bytes are overwritten by
/// the next write.
#[derive(Debug)]
pub(crate) struct Buffer {
    /// The bytes after the write position are zeros or excess bytes.
    bytes: Vec<u8>,
}

/// Space for a short string and two bytes around or in front of it.
pub(crate) type Window = [u8; SHORT + 2];

/// The number of zeros that are written ahead.
const AHEAD: usize = 1024;

impl Buffer {
    /// Creates a buffer with room for `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        Buffer {
            bytes: Vec::with_capacity(capacity + SHORT + size_of::<Window>()),
        }
    }

    /// Returns the first `end` bytes.
    pub(crate) fn into_vec(mut self, end: usize) -> Vec<u8> {
        self.bytes.truncate(end);
        self.bytes
    }

    /// Returns `N` bytes to write to at a position, or `None` if the buffer is too short.
    #[inline(always)]
    fn room<const N: usize>(&mut self, at: usize) -> Option<&mut [u8; N]> {
        // No buffer is longer than `isize::MAX`; the mask tells the optimizer that `at + N` cannot overflow.
        let at = at & (usize::MAX >> 1);
        self.bytes.get_mut(at..at + N)?.first_chunk_mut()
    }

    /// Returns `N` bytes to write to at a position, growing the buffer if necessary.
    #[inline(always)]
    #[expect(clippy::expect_used, reason = "the buffer was grown")]
    pub(crate) fn window<const N: usize>(&mut self, at: usize) -> &mut [u8; N] {
        if self.room::<N>(at).is_none() {
            self.grow(at + N);
        }
        self.room(at).expect("N bytes are there")
    }

    /// Returns `length` bytes to write to at a position, growing the buffer if necessary.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "the buffer was grown")]
    pub(crate) fn slice(&mut self, at: usize, length: usize) -> &mut [u8] {
        let end = at + length;
        if end > self.bytes.len() {
            self.grow(end);
        }
        &mut self.bytes[at..end]
    }

    /// Grows the buffer to `end` and somewhat beyond. Zeros are written shortly before the bytes that replace them, so
    /// that they are still in the processor's cache.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, end: usize) {
        let (size, capacity) = (end + AHEAD, self.bytes.capacity());
        let fits = (end..size).contains(&capacity);
        self.bytes.resize(if fits { capacity } else { size }, 0);
    }

    /// Writes a byte.
    #[inline(always)]
    pub(crate) fn byte(&mut self, at: usize, byte: u8) -> usize {
        *self.window(at) = [byte];
        at + 1
    }

    /// Overwrites a byte.
    #[inline(always)]
    pub(crate) fn replace(&mut self, at: usize, byte: u8) {
        if let Some(old) = self.bytes.get_mut(at) {
            *old = byte;
        }
    }

    /// Writes bytes.
    #[inline]
    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) -> usize {
        if bytes.len() <= SHORT {
            put_short(self.window(at), bytes);
        } else {
            self.slice(at, bytes.len()).copy_from_slice(bytes);
        }
        at + bytes.len()
    }

    /// Writes a literal and the value that `write` puts after it, whose length `write` returns. Returns `None` if
    /// `write` does, if the buffer must grow first, or if the literal is long.
    #[inline(always)]
    pub(crate) fn literal_and(
        &mut self,
        at: usize,
        literal: &PaddedLiteral,
        write: impl FnOnce(&mut Window) -> Option<usize>,
    ) -> Option<usize> {
        let room: &mut [u8; SHORT + size_of::<Window>()] = self.room(at)?;
        *room.first_chunk_mut()? = literal.head;
        let length = literal.length as usize;
        if length > SHORT {
            return None;
        }
        let written = write(room.get_mut(length..)?.first_chunk_mut()?)?;
        Some(at + length + written)
    }

    /// Writes a literal.
    #[inline]
    pub(crate) fn literal(&mut self, at: usize, literal: &PaddedLiteral) -> usize {
        *self.window(at) = literal.head;
        if literal.length as usize > SHORT {
            self.put(at + SHORT, &literal.rest);
        }
        at + literal.length as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_bytes_of_every_length_in_sequence() {
        let texts: Vec<Vec<u8>> = (0..80_u8)
            .map(|length| (0..length).map(|at| length ^ at).collect())
            .collect();
        let mut out = Buffer::new(0);
        let mut at = 0;
        for text in &texts {
            at = out.put(at, text);
            at = out.literal(at, &PaddedLiteral::new(text));
            at = out.byte(at, b'|');
        }
        let expected: Vec<u8> = texts
            .iter()
            .flat_map(|text| [text.as_slice(), text, b"|"].concat())
            .collect();
        assert_eq!(out.into_vec(at), expected);
    }
}
