//! [`Literal`], a fixed byte string for fast comparison.

/// A fixed byte string, compared word by word. The words are stored inline, so a comparison rarely follows a pointer.
#[derive(Debug)]
pub(crate) struct Literal {
    /// The first eight bytes, zero-padded, and the mask of the bits in use.
    head: u64,
    mask: u64,
    /// The last eight bytes if there are more than eight.
    tail: u64,
    length: usize,
    /// All bytes if there are more than 16.
    long: Option<Box<[u8]>>,
}

impl Literal {
    pub(crate) fn new(text: &[u8]) -> Self {
        let mut head = [0; 8];
        let mut mask = [0; 8];
        for ((head, mask), byte) in head.iter_mut().zip(&mut mask).zip(text) {
            (*head, *mask) = (*byte, u8::MAX);
        }
        Literal {
            head: u64::from_le_bytes(head),
            mask: u64::from_le_bytes(mask),
            tail: text
                .last_chunk()
                .map_or(0, |tail| u64::from_le_bytes(*tail)),
            length: text.len(),
            long: (text.len() > 16).then(|| text.into()),
        }
    }

    /// Appends the bytes to `text`.
    pub(crate) fn push_to(&self, text: &mut Vec<u8>) {
        if let Some(long) = &self.long {
            text.extend_from_slice(long);
            return;
        }
        let (first, last) = (self.length.min(8), self.length.saturating_sub(8));
        text.extend(self.head.to_le_bytes().iter().take(first));
        text.extend(self.tail.to_le_bytes().iter().skip(8 - last));
    }

    /// Returns the literal's length if `text` starts with it. Near the end of `text`, with less than a word left, a
    /// match may be missed.
    #[inline(always)]
    pub(crate) fn match_start(&self, text: &[u8]) -> Option<usize> {
        let word = u64::from_le_bytes(*text.first_chunk()?);
        if word & self.mask != self.head {
            return None;
        }
        if self.length > 8 {
            let tail = text.get(self.length - 8..)?.first_chunk()?;
            if u64::from_le_bytes(*tail) != self.tail
                || self
                    .long
                    .as_ref()
                    .is_some_and(|long| !text.starts_with(long))
            {
                return None;
            }
        }
        Some(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_only_equal_bytes() {
        for length in 0..40_u8 {
            let text: Vec<u8> = (1..=length).collect();
            let literal = Literal::new(&text);
            let mut longer = text.clone();
            longer.extend_from_slice(b"and more");
            assert_eq!(literal.match_start(&longer), Some(text.len()), "{length}");
            for position in 0..text.len() {
                let mut other = longer.clone();
                other[position] ^= 0x80;
                assert_eq!(literal.match_start(&other), None, "{length} {position}");
            }
            assert_eq!(literal.match_start(&[]), None);
            let mut again = Vec::new();
            literal.push_to(&mut again);
            assert_eq!(again, text);
        }
    }
}
