//! Reads the basic units of the packed form from the front of a slice.

#[inline]
pub(super) fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

#[inline]
pub(super) fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(front)
}

/// Reads a variable-length integer: seven bits per byte, the lowest first, with the high bit set on all bytes but the last.
#[inline]
pub(super) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let first = take_byte(bytes)?;
    if first < 0x80 {
        return Some(u64::from(first));
    }
    let mut number = u64::from(first & 0x7f);
    for shift in (7..64).step_by(7) {
        let byte = take_byte(bytes)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Reads a count of items of at least one byte each. A count that exceeds the remaining bytes is invalid.
#[inline]
pub(super) fn take_count(bytes: &mut &[u8]) -> Option<usize> {
    let count = usize::try_from(take_number(bytes)?).ok()?;
    (count <= bytes.len()).then_some(count)
}

/// Reads a length and as many bytes.
#[inline]
pub(super) fn take_block<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_number(bytes)?).ok()?;
    take(bytes, length)
}
