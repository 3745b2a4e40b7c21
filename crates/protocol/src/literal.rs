//! [`Literal`]: bytes that are expected somewhere, to be compared at once.

/// Bytes that are expected somewhere: most are told apart, or known to be there, by words that lie beside each other.
#[derive(Debug)]
pub(crate) struct Literal {
    /// The first eight bytes, or as many as there are, and which bits of a word they are.
    head: u64,
    mask: u64,
    /// The last eight bytes, where there are more.
    tail: u64,
    length: usize,
    /// All of them, where they are more than these two words show.
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

    /// Puts the bytes at the end of a text.
    pub(crate) fn push_to(&self, text: &mut Vec<u8>) {
        if let Some(long) = &self.long {
            text.extend_from_slice(long);
            return;
        }
        let (first, last) = (self.length.min(8), self.length.saturating_sub(8));
        text.extend(self.head.to_le_bytes().iter().take(first));
        text.extend(self.tail.to_le_bytes().iter().skip(8 - last));
    }

    /// How many bytes they are, if a text begins with them; at the end of a text, where less than a word is left, they may be
    /// overlooked.
    #[inline(always)]
    pub(crate) fn begins(&self, text: &[u8]) -> Option<usize> {
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
    fn a_literal_is_seen_where_it_stands_and_nowhere_else() {
        for length in 0..40_u8 {
            let text: Vec<u8> = (1..=length).collect();
            let literal = Literal::new(&text);
            let mut longer = text.clone();
            longer.extend_from_slice(b"and more");
            assert_eq!(literal.begins(&longer), Some(text.len()), "{length}");
            for position in 0..text.len() {
                let mut other = longer.clone();
                other[position] ^= 0x80;
                assert_eq!(literal.begins(&other), None, "{length} {position}");
            }
            assert_eq!(literal.begins(&[]), None);
            let mut again = Vec::new();
            literal.push_to(&mut again);
            assert_eq!(again, text);
        }
    }
}
