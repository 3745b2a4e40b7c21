//! Idempotency tokens: parameters that are generated when the caller omits them.

use inia_core::{Map, Str, Value};

use crate::{Operation, ServiceModel};

/// Sets every idempotency token that is missing from the parameters of an operation to a new value from `token`, which
/// returns a UUID version 4.
///
/// Only members of the input itself are filled, and a null counts as missing. Parameters that are not a map are left
/// unchanged.
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
