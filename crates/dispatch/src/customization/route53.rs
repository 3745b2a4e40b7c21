//! Route 53.

use inia_core::{Result, Value};

use super::ParamsStage;

/// The shapes of ids that answers give as paths (`/hostedzone/Z1`) and requests take bare.
const ID_SHAPES: [&str; 3] = ["ChangeId", "DelegationSetId", "ResourceId"];

/// Takes the last segment of ids, so that an answer's can be a request's.
pub(super) fn last_segment_of_ids(stage: &mut ParamsStage<'_>) -> Result<()> {
    let Some(input) = stage.model.input(stage.operation) else {
        return Ok(());
    };
    let Some(params) = stage.params.as_map_mut() else {
        return Ok(());
    };
    for member in &input.members {
        if ID_SHAPES.contains(&&*stage.model.shape(member.target).name)
            && let Some(value) = params.get_mut(&member.name)
            && let Some((_, last)) = value.as_str().and_then(|id| id.rsplit_once('/'))
        {
            *value = Value::from(last);
        }
    }
    Ok(())
}
