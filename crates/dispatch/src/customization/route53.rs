//! Route 53.

use inia_core::{Result, Value};

use super::ParamsStage;

/// Shapes of ids that responses return as paths (`/hostedzone/Z1`) and requests accept without the prefix.
const ID_SHAPES: [&str; 3] = ["ChangeId", "DelegationSetId", "ResourceId"];

/// Strips the path prefix of ids, so that ids from responses are accepted as parameters.
pub(super) fn strip_id_prefixes(stage: &mut ParamsStage<'_>) -> Result<()> {
    let Some(input) = stage.model.input(stage.operation) else {
        return Ok(());
    };
    let Some(params) = stage.params.as_map_mut() else {
        return Ok(());
    };
    for member in &input.members {
        if ID_SHAPES.contains(&&*stage.model.shape(member.target).name)
            && let Some(value) = params.get_mut(&member.name)
            && let Some((_, id)) = value.as_str().and_then(|id| id.rsplit_once('/'))
        {
            *value = Value::from(id);
        }
    }
    Ok(())
}
