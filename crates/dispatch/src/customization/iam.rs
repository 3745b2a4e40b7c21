//! IAM.

use inia_core::{Result, Value};
use inia_model::{Kind, Member, ServiceModel};
use percent_encoding::percent_decode_str;

use super::OutputStage;

/// Maximum nesting depth of the output.
const MAX_DEPTH: u32 = 32;

/// Decodes URL-encoded policy documents into JSON values.
pub(super) fn decode_policies(stage: &mut OutputStage<'_>) -> Result<()> {
    if let Some(output) = &stage.operation.output {
        decode(stage.model, output, stage.output, MAX_DEPTH);
    }
    Ok(())
}

fn decode(model: &ServiceModel, member: &Member, value: &mut Value, depth: u32) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let shape = model.shape(member.target);
    match (&shape.kind, &mut *value) {
        (Kind::Structure(structure), Value::Map(map)) => {
            for member in &structure.members {
                if let Some(value) = map.get_mut(&member.name) {
                    decode(model, member, value, depth);
                }
            }
        }
        (Kind::List(element), Value::List(list)) => {
            for value in list.iter_mut() {
                decode(model, element, value, depth);
            }
        }
        (Kind::String, Value::String(text)) if shape.name == "policyDocumentType" => {
            let decoded = percent_decode_str(text).decode_utf8_lossy();
            if let Ok(document) = inia_protocol::read_json(decoded.into_owned().into()) {
                *value = document;
            }
        }
        _ => {}
    }
}
