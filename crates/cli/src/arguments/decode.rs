//! Decodes parameters from JSON, in which blobs are base64.

use inia::dynamodb::is_attribute_value;
use inia::{
    ByteStream, Error, ErrorKind, Result, Value, model::Kind, model::Member, model::Operation,
    model::ServiceModel, model::snake_case,
};

use super::form::ValueForm;

/// Nesting limit. Deeper values are left as they are and fail validation.
const MAX_DEPTH: u32 = 200;

/// Decodes all blobs of the parameters in place and removes the streaming body.
pub(crate) fn params(
    model: &ServiceModel,
    operation: &Operation,
    params: &mut Value,
) -> Result<Option<ByteStream>> {
    let form = ValueForm::default();
    BlobDecoder { model, form }.params_in_place(operation, params)?;
    let Some(member) = model.streaming_input(operation) else {
        return Ok(None);
    };
    let Some(map) = params.as_map_mut() else {
        return Ok(None);
    };
    let body = map
        .remove(&member.name)
        .or_else(|| map.remove(&snake_case(&member.name)));
    match body {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Blob(blob)) => Ok(Some(ByteStream::from(blob.into_bytes()))),
        Some(other) => {
            // Not a string, so not base64; validation reports it.
            map.insert(member.name.clone(), other);
            Ok(None)
        }
    }
}

/// Decodes all blobs of a value in place.
pub(crate) fn value_in_place(
    model: &ServiceModel,
    member: &Member,
    value: &mut Value,
) -> Result<()> {
    let form = ValueForm::default();
    BlobDecoder { model, form }.value_in_place(member, value)
}

/// Decodes the blobs of parameters.
pub(super) struct BlobDecoder<'m> {
    pub(super) model: &'m ServiceModel,
    /// Native values stay as they are.
    pub(super) form: ValueForm,
}

impl BlobDecoder<'_> {
    pub(super) fn value_in_place(&self, member: &Member, value: &mut Value) -> Result<()> {
        self.decode(member, value, &member.name, MAX_DEPTH)
    }

    pub(super) fn params_in_place(&self, operation: &Operation, params: &mut Value) -> Result<()> {
        match &operation.input {
            Some(input) => self.decode(input, params, "", MAX_DEPTH),
            None => Ok(()),
        }
    }

    fn decode(&self, member: &Member, value: &mut Value, path: &str, depth: u32) -> Result<()> {
        let Some(depth) = depth.checked_sub(1) else {
            return Ok(());
        };
        let shape = self.model.shape(member.target);
        match (&shape.kind, &mut *value) {
            (Kind::Structure(_), _)
                if self.form.is_native && is_attribute_value(self.model, member.target) =>
            {
                Ok(())
            }
            (Kind::Structure(_), _) if shape.traits.is_document() => Ok(()),
            (Kind::Structure(structure), Value::Map(map)) => {
                for (name, value) in map.iter_mut() {
                    let target = structure.member(name).or_else(|| {
                        structure
                            .members
                            .iter()
                            .find(|member| snake_case(&member.name) == **name)
                    });
                    if let Some(member) = target {
                        let path = if path.is_empty() {
                            name.to_string()
                        } else {
                            format!("{path}.{name}")
                        };
                        self.decode(member, value, &path, depth)?;
                    }
                }
                Ok(())
            }
            (Kind::Structure(_), Value::List(events)) if shape.traits.is_event_stream() => {
                for (position, event) in events.iter_mut().enumerate() {
                    self.decode(member, event, &format!("{path}[{position}]"), depth)?;
                }
                Ok(())
            }
            (Kind::List(element), Value::List(list)) => {
                for (position, value) in list.iter_mut().enumerate() {
                    self.decode(element, value, &format!("{path}[{position}]"), depth)?;
                }
                Ok(())
            }
            (Kind::Map { value: element, .. }, Value::Map(map)) => {
                for (name, value) in map.iter_mut() {
                    self.decode(element, value, &format!("{path}.{name}"), depth)?;
                }
                Ok(())
            }
            (Kind::Blob, Value::String(text)) => {
                let decoded = self.form.binary.blob(text);
                *value = decoded.map_err(|message| {
                    Error::new(ErrorKind::Validation, format!("{path}: {message}"))
                })?;
                Ok(())
            }
            (Kind::Float | Kind::Double, Value::String(text)) => {
                let number = match &**text {
                    "NaN" => f64::NAN,
                    "Infinity" => f64::INFINITY,
                    "-Infinity" => f64::NEG_INFINITY,
                    _ => return Ok(()),
                };
                *value = Value::Float(number);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
