//! User data of EC2 instances, in EC2 and Auto Scaling.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia_core::{Result, Value};

use super::ParamsStage;

/// Encodes user data in base64.
pub(super) fn encode_user_data(stage: &mut ParamsStage<'_>) -> Result<()> {
    if let Some(data) = stage
        .params
        .as_map_mut()
        .and_then(|params| params.get_mut("UserData"))
    {
        match data {
            Value::String(text) => *data = Value::from(BASE64_STANDARD.encode(text.as_bytes())),
            Value::Blob(bytes) => *data = Value::from(BASE64_STANDARD.encode(&**bytes)),
            _ => {}
        }
    }
    Ok(())
}
