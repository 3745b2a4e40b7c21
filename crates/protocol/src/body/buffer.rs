//! [`Buffer`]: bytes that are written at places which the caller keeps.

use crate::names::head_of;

/// A buffer whose end its user keeps, and hands to each function that writes and gets back from it.
///
/// A number that is handed on stays in a register, where the length of a `Vec` would be stored and loaded with each of the many
/// small pieces that a body is made of. For the same reason a piece is copied as a whole number of words where there is room:
/// what is written behind its end is overwritten by the next one.
#[derive(Debug)]
pub(crate) struct Buffer {
    /// Zeros where nothing was written yet.
    bytes: Vec<u8>,
}

/// What is copied with two moves that may overlap, without a call.
pub(crate) const SHORT: usize = 32;

/// The room for a short string, and two bytes around or before it.
pub(crate) const WINDOW: usize = SHORT + 2;

impl Buffer {
    /// A buffer with room for `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        Buffer {
            bytes: vec![0; capacity + SHORT],
        }
    }

    /// The bytes in front of an end.
    pub(crate) fn into_vec(mut self, end: usize) -> Vec<u8> {
        self.bytes.truncate(end);
        self.bytes
    }

    /// The `N` bytes at a place, to be written.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "there is room")]
    #[expect(clippy::expect_used, reason = "the slice has that length")]
    pub(crate) fn window<const N: usize>(&mut self, at: usize) -> &mut [u8; N] {
        let end = at + N;
        if end > self.bytes.len() {
            self.grow(end);
        }
        self.bytes[at..end]
            .first_chunk_mut()
            .expect("N bytes are there")
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

    #[cold]
    #[inline(never)]
    fn grow(&mut self, end: usize) {
        let size = (end + SHORT).max(self.bytes.len() * 2);
        self.bytes.resize(size, 0);
    }

    /// Writes a byte.
    #[inline(always)]
    pub(crate) fn byte(&mut self, at: usize, byte: u8) -> usize {
        *self.window(at) = [byte];
        at + 1
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

    /// Writes a piece and, behind it, what `write` writes to a short window, if it gives the length of that.
    #[inline(always)]
    #[expect(
        clippy::indexing_slicing,
        reason = "a piece and a window have that much room"
    )]
    #[expect(clippy::expect_used, reason = "the slice has that length")]
    pub(crate) fn piece_and(
        &mut self,
        at: usize,
        piece: &Piece,
        write: impl FnOnce(&mut [u8; WINDOW]) -> Option<usize>,
    ) -> Option<usize> {
        if !piece.rest.is_empty() {
            return None;
        }
        let room: &mut [u8; SHORT + WINDOW] = self.window(at);
        room[..SHORT].copy_from_slice(&piece.head);
        // Always true of its length, and says so to the compiler.
        let length = usize::from(piece.length) & (SHORT - 1);
        let window = room[length..length + WINDOW]
            .first_chunk_mut()
            .expect("it has that length");
        write(window).map(|written| at + length + written)
    }

    /// Writes a piece.
    #[inline(always)]
    pub(crate) fn piece(&mut self, at: usize, piece: &Piece) -> usize {
        *self.window(at) = piece.head;
        let at = at + usize::from(piece.length);
        if piece.rest.is_empty() {
            at
        } else {
            self.put(at, &piece.rest)
        }
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
    /// How many bytes of the head there are.
    length: u8,
    /// What does not go into the head.
    rest: Box<[u8]>,
}

impl Piece {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let (start, rest) = bytes.split_at(bytes.len().min(SHORT - 1));
        let mut head = [0; SHORT];
        put_short(&mut head, start);
        Piece {
            head,
            #[expect(clippy::cast_possible_truncation, reason = "it is below 32")]
            length: start.len() as u8,
            rest: rest.into(),
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
