//! EC2.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia_core::{Result, Value};

use super::OutputStage;

/// Decodes the console output from base64.
pub(super) fn decode_console_output(stage: &mut OutputStage<'_>) -> Result<()> {
    if let Some(console) = stage
        .output
        .as_map_mut()
        .and_then(|output| output.get_mut("Output"))
        && let Some(encoded) = console.as_str()
        && let Ok(bytes) = BASE64_STANDARD.decode(encoded.trim())
    {
        *console = Value::from(String::from_utf8_lossy(&bytes).into_owned());
    }
    Ok(())
}
