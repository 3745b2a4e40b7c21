//! API Gateway.

use inia_core::Result;

use super::RequestStage;

/// Requests JSON responses: API Gateway returns HAL by default.
pub(super) fn accept_json(stage: &mut RequestStage<'_>) -> Result<()> {
    if !stage.request.headers.contains("accept") {
        stage.request.headers.set("accept", "application/json");
    }
    Ok(())
}
