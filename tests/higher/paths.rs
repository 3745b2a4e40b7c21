//! Checks JMESPath expressions against the shapes of a service.

use inia::jmespath::{Expression, FieldStep};
use inia::{model::Kind, model::Member, model::ServiceModel, model::ShapeId};

/// Checks that all members read by an expression exist in a member's shape.
pub(crate) fn check(
    model: &ServiceModel,
    root: Option<&Member>,
    path: &Expression,
) -> Result<(), String> {
    let root = root.ok_or_else(|| format!("`{path}`: no structure to resolve in"))?;
    for field_path in path.field_paths() {
        follow(model, root.target, &field_path)
            .ok_or_else(|| format!("`{path}`: {field_path} not found"))?;
    }
    Ok(())
}

/// Reports whether the steps resolve. A step with several shapes resolves if one of them does.
fn follow(model: &ServiceModel, shape: ShapeId, steps: &[FieldStep]) -> Option<()> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(());
    };
    match (step, &model.shape(shape).kind) {
        (FieldStep::Field(_) | FieldStep::Value, Kind::Map { value, .. }) => {
            follow(model, value.target, rest)
        }
        (FieldStep::Field(name), Kind::Structure(structure)) => {
            follow(model, structure.member(name)?.target, rest)
        }
        (FieldStep::Value, Kind::Structure(structure)) => structure
            .members
            .iter()
            .find_map(|member| follow(model, member.target, rest)),
        (FieldStep::Element, Kind::List(element)) => follow(model, element.target, rest),
        (FieldStep::Flatten, Kind::List(element)) => {
            let mut target = element.target;
            while let Kind::List(element) = &model.shape(target).kind {
                target = element.target;
            }
            follow(model, target, rest)
        }
        _ => None,
    }
}
