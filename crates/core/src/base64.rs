//! Base64, the text form of blobs.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::sync::LazyLock;

use base64::Engine as _;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use base64::engine::general_purpose::STANDARD as BASE64;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use base64::engine::{Simd, general_purpose::PAD};

/// Base64 with SIMD.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));

/// Encodes bytes as base64 with padding.
#[must_use]
pub fn encode_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Returns the length of bytes as base64.
#[must_use]
pub fn base64_len(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3) * 4
}

/// Encodes bytes as base64 into a buffer of [`base64_len`].
pub fn write_base64(text: &mut [u8], bytes: &[u8]) {
    // The only error is a buffer that is too short.
    let _ = BASE64.encode_slice(bytes, text);
}

/// Decodes base64, skipping bytes outside of the alphabet; `None` if the rest is not base64.
///
/// # Source
/// Python's `base64.b64decode`, which botocore uses.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; decoded_len(text)];
    if decode_to(text, &mut bytes) {
        return Some(bytes);
    }
    let is_kept = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let kept: Vec<u8> = text.iter().copied().filter(is_kept).collect();
    BASE64.decode(kept).ok()
}

/// Returns the decoded length of well-formed base64.
pub(crate) fn decoded_len(text: &[u8]) -> usize {
    let ends = text.iter().rev().take(2);
    let padding = ends.take_while(|byte| **byte == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding)
}

/// Decodes base64 into a buffer of its [`decoded_len`]; returns `false` if it is not well-formed.
pub(crate) fn decode_to(text: &[u8], bytes: &mut [u8]) -> bool {
    text.len().is_multiple_of(4) && BASE64.decode_slice(text, bytes).is_ok()
}
