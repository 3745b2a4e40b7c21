//! Aliases of parameter names.

use inia_core::{Error, Problem, Result};

use super::ParamsStage;

/// Accepts `Filters` for EC2 operations whose member is named `Filter`.
pub(super) fn filters(stage: &mut ParamsStage<'_>) -> Result<()> {
    rename(stage, "Filters", "Filter")
}

/// Accepts `fromTime` for `from`.
pub(super) fn from_time(stage: &mut ParamsStage<'_>) -> Result<()> {
    rename(stage, "fromTime", "from")
}

/// Accepts `returnFields` for `return`.
pub(super) fn return_fields(stage: &mut ParamsStage<'_>) -> Result<()> {
    rename(stage, "returnFields", "return")
}

/// Moves a value from its alias to the member, if the operation has the member and not the alias.
fn rename(stage: &mut ParamsStage<'_>, alias: &'static str, member: &'static str) -> Result<()> {
    let Some(input) = stage.model.input(stage.operation) else {
        return Ok(());
    };
    if input.member(member).is_none() || input.member(alias).is_some() {
        return Ok(());
    }
    let Some(params) = stage.params.as_map_mut() else {
        return Ok(());
    };
    if !params.contains_key(alias) {
        return Ok(());
    }
    if params.contains_key(member) {
        let message = format!("is an alias of {member}, which is set too: set only one of them");
        return Err(Error::from_problems(
            &stage.operation.name,
            vec![Problem {
                path: alias.into(),
                message,
            }],
        ));
    }
    if let Some(value) = params.remove(alias) {
        params.insert(member, value);
    }
    Ok(())
}
