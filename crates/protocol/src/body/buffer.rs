//! [`Buffer`]: bytes that are written at places which the caller keeps.

use crate::names::head_of;

/// A buffer whose end its user keeps, and hands to each function that writes and gets back from it.
///
/// A number that is handed on stays in a register, where the length of a `Vec` would be stored and loaded with each of the many
/// small pieces that a body is made of. For the same reason a piece is copied as a whole number of words where there is room:
/// what is written behind its end is overwritten by the next one.
#[derive(Debug)]
pub(crate) struct Buffer {
    /// Behind the end, zeros and what is to be overwritten.
    bytes: Vec<u8>,
}

/// What is copied with two moves that may overlap, without a call.
pub(crate) const SHORT: usize = 32;

/// The room for a short string, and two bytes around or before it.
pub(crate) type Window = [u8; SHORT + 2];

/// How many zeros are written ahead.
const AHEAD: usize = 1024;

impl Buffer {
    /// A buffer with room for `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        Buffer {
            bytes: Vec::with_capacity(capacity + SHORT + size_of::<Window>()),
        }
    }

    /// The bytes in front of an end.
    pub(crate) fn into_vec(mut self, end: usize) -> Vec<u8> {
        self.bytes.truncate(end);
        self.bytes
    }

    /// The `N` bytes at a place, to be written, where they are there already.
    #[inline(always)]
    fn room<const N: usize>(&mut self, at: usize) -> Option<&mut [u8; N]> {
        // No buffer is longer than this says, and it says that the end is behind the beginning.
        let at = at & (usize::MAX >> 1);
        self.bytes.get_mut(at..at + N)?.first_chunk_mut()
    }

    /// The `N` bytes at a place, to be written.
    #[inline(always)]
    #[expect(clippy::expect_used, reason = "there is room")]
    pub(crate) fn window<const N: usize>(&mut self, at: usize) -> &mut [u8; N] {
        if self.room::<N>(at).is_none() {
            self.grow(at + N);
        }
        self.room(at).expect("N bytes are there")
    }

    /// The bytes at a place, to be written.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "there is room")]
    pub(crate) fn slice(&mut self, at: usize, length: usize) -> &mut [u8] {
        let end = at + length;
        if end > self.bytes.len() {
            self.grow(end);
        }
        &mut self.bytes[at..end]
    }

    /// Makes room up to an end, and somewhat beyond: zeros are written shortly before what takes their place, so that they are
    /// still near to the processor.
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

    /// Writes a byte in the place of one that has been written.
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

    /// Writes a piece and, behind it, what `write` writes to a window, if it gives the length of that. `None` also where there is
    /// no room yet, and for a long piece.
    #[inline(always)]
    pub(crate) fn piece_and(
        &mut self,
        at: usize,
        piece: &Piece,
        write: impl FnOnce(&mut Window) -> Option<usize>,
    ) -> Option<usize> {
        let room: &mut [u8; SHORT + size_of::<Window>()] = self.room(at)?;
        *room.first_chunk_mut()? = piece.head;
        let length = piece.length as usize;
        if length > SHORT {
            return None;
        }
        let written = write(room.get_mut(length..)?.first_chunk_mut()?)?;
        Some(at + length + written)
    }

    /// Writes a piece.
    #[inline]
    pub(crate) fn piece(&mut self, at: usize, piece: &Piece) -> usize {
        *self.window(at) = piece.head;
        if piece.length as usize > SHORT {
            self.put(at + SHORT, &piece.rest);
        }
        at + piece.length as usize
    }
}

/// Copies at most 32 bytes to the beginning of a window.
#[inline(always)]
#[expect(
    clippy::indexing_slicing,
    reason = "a text of that length has that place"
)]
pub(crate) fn put_short(window: &mut [u8; SHORT], bytes: &[u8]) {
    let length = bytes.len();
    if length > SHORT {
        return;
    }
    // Two copies that may overlap, where they have the same bytes.
    if let (Some(head), Some(tail)) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>()) {
        window[..16].copy_from_slice(head);
        window[length - 16..length].copy_from_slice(tail);
    } else if let (Some(head), Some(tail)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        window[..8].copy_from_slice(head);
        window[length - 8..length].copy_from_slice(tail);
    } else {
        window[..8].copy_from_slice(&head_of(bytes).to_le_bytes());
    }
}

/// Bytes that are written often, ready to be copied as they are.
#[derive(Debug)]
pub(crate) struct Piece {
    head: [u8; SHORT],
    /// What does not go into the head.
    rest: Box<[u8]>,
    length: u32,
}

impl Piece {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let (start, rest) = bytes.split_at(bytes.len().min(SHORT));
        let mut head = [0; SHORT];
        put_short(&mut head, start);
        Piece {
            head,
            rest: rest.into(),
            length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_every_length_are_written_one_behind_the_other() {
        let texts: Vec<Vec<u8>> = (0..80_u8)
            .map(|length| (0..length).map(|at| length ^ at).collect())
            .collect();
        let mut out = Buffer::new(0);
        let mut at = 0;
        for text in &texts {
            at = out.put(at, text);
            at = out.piece(at, &Piece::new(text));
            at = out.byte(at, b'|');
        }
        let expected: Vec<u8> = texts
            .iter()
            .flat_map(|text| [text.as_slice(), text, b"|"].concat())
            .collect();
        assert_eq!(out.into_vec(at), expected);
    }
}
