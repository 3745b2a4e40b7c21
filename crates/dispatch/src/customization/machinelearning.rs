//! Machine Learning.

use std::sync::Arc;

use inia_core::{Result, Value};

use super::RequestStage;
use crate::url::BaseUrl;

/// Sends `Predict` to the endpoint in the parameter `PredictEndpoint`.
pub(super) fn send_to_predict_endpoint(stage: &mut RequestStage<'_>) -> Result<()> {
    if let Some(endpoint) = stage.params.get("PredictEndpoint").and_then(Value::as_str) {
        *stage.endpoint_url = Arc::new(BaseUrl::parse(endpoint)?);
    }
    Ok(())
}
