//! [`PaddedLiteral`], a fixed byte string for fast writing.

use super::head_word;

/// The length up to which bytes are copied with two overlapping moves, without a call.
pub(crate) const SHORT: usize = 32;

/// A byte string that is written often, padded for a copy of fixed size.
#[derive(Debug)]
pub(crate) struct PaddedLiteral {
    pub(crate) head: [u8; SHORT],
    /// The bytes beyond the head.
    pub(crate) rest: Box<[u8]>,
    pub(crate) length: u32,
}

impl PaddedLiteral {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let (start, rest) = bytes.split_at(bytes.len().min(SHORT));
        let mut head = [0; SHORT];
        put_short(&mut head, start);
        PaddedLiteral {
            head,
            rest: rest.into(),
            length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        }
    }
}

/// Copies at most 32 bytes to the start of a window.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "the indices are within the length")]
pub(crate) fn put_short(window: &mut [u8; SHORT], bytes: &[u8]) {
    let length = bytes.len();
    if length > SHORT {
        return;
    }
    // Two overlapping copies.
    if let (Some(head), Some(tail)) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>()) {
        window[..16].copy_from_slice(head);
        window[length - 16..length].copy_from_slice(tail);
    } else if let (Some(head), Some(tail)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        window[..8].copy_from_slice(head);
        window[length - 8..length].copy_from_slice(tail);
    } else {
        window[..8].copy_from_slice(&head_word(bytes).to_le_bytes());
    }
}
