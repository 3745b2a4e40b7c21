//! `iam create-virtual-mfa-device`: the seed is written to a file, and not printed.
//!
//! # Source
//! The AWS CLI, `customizations/iamvirtmfa.py`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia::Value;

/// Forms of the seed: members of the device.
pub(super) const BOOTSTRAP_METHODS: [&str; 2] = ["QRCodePNG", "Base32StringSeed"];

/// Removes the seed from an output, and returns its bytes in one form.
pub(super) fn take_seed(output: &mut Value, method: &str) -> Option<Vec<u8>> {
    let device = output.get_mut("VirtualMFADevice")?.as_map_mut()?;
    let seed = match device.get(method)? {
        Value::Blob(blob) => blob.to_bytes().to_vec(),
        Value::String(text) => BASE64_STANDARD.decode(text.as_bytes()).ok()?,
        _ => return None,
    };
    for method in BOOTSTRAP_METHODS {
        device.remove(method);
    }
    Some(seed)
}
