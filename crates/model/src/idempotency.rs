//! Idempotency tokens: parameters that are filled in where the caller leaves them open.

use inia_core::{Map, Str, Value};

use crate::{Operation, ServiceModel};

/// Gives every idempotency token of an operation that the parameters leave open a fresh value from `token`, which makes a UUID
/// of version 4 a call.
///
/// Only the members of the input itself are looked at, and a null counts as open. Parameters that are no map stay as they are.
///
/// ```
/// use inia_core::json;
/// use inia_model::{ServiceModel, fill_idempotency_tokens};
///
/// let model = ServiceModel::from_json("tiny", br#"{
///     "metadata": {"protocol": "json", "endpointPrefix": "tiny"},
///     "operations": {"Make": {"http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "MakeRequest"}}},
///     "shapes": {"MakeRequest": {"type": "structure", "members": {"Token": {"shape": "Token", "idempotencyToken": true}}},
///                "Token": {"type": "string"}}
/// }"#)?;
/// let mut params = json!({});
/// fill_idempotency_tokens(&model, model.operation("Make")?, &mut params, || "a-token".into());
/// assert_eq!(params["Token"], "a-token");
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Source
/// botocore `handlers.py:generate_idempotent_uuid`.
pub fn fill_idempotency_tokens(
    model: &ServiceModel,
    operation: &Operation,
    params: &mut Value,
    mut token: impl FnMut() -> Str,
) {
    let Some(input) = model.input(operation) else {
        return;
    };
    for member in &input.members {
        if !member.traits.is_idempotency_token() {
            continue;
        }
        if params.is_null() {
            *params = Value::Map(Map::new());
        }
        let Value::Map(map) = params else { return };
        match map.get_mut(&member.name) {
            Some(Value::Null) => {
                map.insert(member.name.clone(), token());
            }
            Some(_) => {}
            None => map.push(member.name.clone(), Value::String(token())),
        }
    }
}
