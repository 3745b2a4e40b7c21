//! Paths that JMESPath expressions read, followed through the shapes of a service.

use inia::jmespath::{Expression, Step};
use inia::{Kind, Member, ServiceModel, ShapeId};

/// Checks that all an expression reads is there in values of a member's shape.
pub(crate) fn check(
    model: &ServiceModel,
    root: Option<&Member>,
    path: &Expression,
) -> Result<(), String> {
    let root = root.ok_or_else(|| format!("`{path}`: there is no structure to look in"))?;
    for field_path in path.field_paths() {
        follow(model, root.target, &field_path)
            .ok_or_else(|| format!("`{path}`: {field_path} is not there"))?;
    }
    Ok(())
}

/// Whether the steps lead somewhere; a step to several shapes leads where one of them does.
fn follow(model: &ServiceModel, shape: ShapeId, steps: &[Step]) -> Option<()> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(());
    };
    match (step, &model.shape(shape).kind) {
        (Step::Field(_) | Step::Value, Kind::Map { value, .. }) => {
            follow(model, value.target, rest)
        }
        (Step::Field(name), Kind::Structure(structure)) => {
            follow(model, structure.member(name)?.target, rest)
        }
        (Step::Value, Kind::Structure(structure)) => structure
            .members
            .iter()
            .find_map(|member| follow(model, member.target, rest)),
        (Step::Element, Kind::List(element)) => follow(model, element.target, rest),
        (Step::Flatten, Kind::List(element)) => {
            let mut target = element.target;
            while let Kind::List(element) = &model.shape(target).kind {
                target = element.target;
            }
            follow(model, target, rest)
        }
        _ => None,
    }
}
