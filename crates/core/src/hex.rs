//! Hexadecimal text.

/// Returns the two lower-case hexadecimal digits of a byte, computed without a branch.
///
/// ```
/// assert_eq!(inia_core::hex_digits(0x0f), *b"0f");
/// ```
#[must_use]
#[inline]
pub const fn hex_digits(byte: u8) -> [u8; 2] {
    const fn digit(nibble: u8) -> u8 {
        b'0' + nibble + (nibble > 9) as u8 * (b'a' - b'0' - 10)
    }
    [digit(byte >> 4), digit(byte & 0xf)]
}

/// Returns bytes in lower-case hexadecimal digits.
///
/// ```
/// assert_eq!(inia_core::to_hex(&[0, 0x1f, 0xa0]), "001fa0");
/// ```
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| hex_digits(*byte));
    digits.map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_every_byte() {
        for byte in 0..=255 {
            assert_eq!(to_hex(&[byte]), format!("{byte:02x}"));
        }
    }
}
