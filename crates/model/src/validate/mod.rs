//! Parameter validation before a request is sent.
//!
//! A single pass over parameters and shapes finds all problems. Alternative spellings (`queue_name` for `QueueName`,
//! `"NaN"` for a float) are first converted in place, so that serializers see only the names of the model.
//!
//! | shape | valid values |
//! |---|---|
//! | structure | map with members of the structure only, and all required ones |
//! | union | map with exactly one member |
//! | document | anything but a blob or a timestamp, to any depth |
//! | list, map | list, map; with nulls only if the shape is sparse |
//! | string | string; any document value for a `jsonvalue` in a header |
//! | blob | blob, or string, which is encoded as UTF-8 |
//! | boolean | boolean |
//! | integer, long | integer of any size |
//! | float, double | float, integer, or one of the strings `NaN`, `Infinity` and `-Infinity` |
//! | timestamp | timestamp, number of seconds since 1970, or a string for [`Timestamp::parse_lenient`](inia_core::Timestamp::parse_lenient) |
//!
//! `min` is the only constraint that is checked, as in botocore: AWS raises maximum lengths and values, and extends
//! patterns and enumerations, before definitions are updated. A null member counts as absent.

mod display;
mod normalize;
mod problem_path;
mod validator;

use inia_core::{Error, ErrorKind, Result, Value};

use crate::{Member, Operation, ServiceModel};
use normalize::normalize;
use problem_path::{PathStep, ProblemPath};
use validator::ParamValidator;

/// Maximum nesting depth of parameters. DynamoDB's 32 levels of attributes need 96.
const MAX_DEPTH: usize = 256;

/// Maximum number of reported problems; validation stops after it.
const MAX_PROBLEMS: usize = 100;

impl ServiceModel {
    /// Validates the parameters of a call, and converts alternative spellings in place.
    ///
    /// `supplied` names members of the input that are passed separately: a streaming body or an event stream.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::json;
    /// # let model = inia_model::ServiceModel::from_json("tiny", br#"{
    /// #     "metadata": {"protocol": "json", "endpointPrefix": "tiny"},
    /// #     "operations": {"Tag": {"http": {}, "input": {"shape": "TagRequest"}}},
    /// #     "shapes": {
    /// #         "TagRequest": {"type": "structure", "required": ["Arn"], "members": {"Arn": {"shape": "Text"}, "Tags": {"shape": "Tags"}}},
    /// #         "Tags": {"type": "list", "member": {"shape": "Tag"}},
    /// #         "Tag": {"type": "structure", "required": ["Key"], "members": {"Key": {"shape": "Text"}}},
    /// #         "Text": {"type": "string"}}
    /// # }"#)?;
    /// let tag = model.operation("Tag")?;
    /// let mut params = json!({"arn": "arn:aws:..", "tags": [{"Key": "team"}]});
    /// model.validate(tag, &mut params, &[])?;
    /// assert_eq!(params["Tags"][0]["Key"], "team");
    ///
    /// let error = model.validate(tag, &mut json!({"Tags": [{"Kex": "team"}, {"Key": 5}]}), &[]).unwrap_err();
    /// let problems: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
    /// assert_eq!(problems, [
    ///     "Arn: missing required parameter",
    ///     "Tags[0].Key: missing required parameter",
    ///     "Tags[0].Kex: unknown parameter; did you mean Key?",
    ///     "Tags[1].Key: invalid type, value: 5, type: integer, valid types: string",
    /// ]);
    /// # Ok::<(), inia_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Validation`: all problems with their paths.
    ///
    /// # Source
    /// botocore `validate.py:ParamValidator`. DIFFERENCE: a boolean is not an integer (in Python it is one); a null
    /// member is an absent one (so that an `Option` can be serialized directly), and nulls are allowed in sparse lists
    /// and maps; problems in a document have their full path; unknown parameters of an operation without input are
    /// reported, not dropped.
    pub fn validate(
        &self,
        operation: &Operation,
        params: &mut Value,
        supplied: &[&str],
    ) -> Result<()> {
        if params.is_null() {
            *params = Value::map();
        }
        if self.validate_as_is(operation, params, supplied)? {
            return Ok(());
        }
        if let Some(input) = &operation.input {
            normalize(self, input, params, 0);
        }
        let mut validator = ParamValidator::new(self);
        validator.is_normalized = true;
        validator.input(operation, params, supplied);
        validator.finish(operation)
    }

    /// Validates the parameters of a call without changing them. Returns `false` if there are alternative spellings,
    /// which require [`validate`](Self::validate).
    ///
    /// # Errors
    /// As for [`validate`](Self::validate).
    pub fn validate_as_is(
        &self,
        operation: &Operation,
        params: &Value,
        supplied: &[&str],
    ) -> Result<bool> {
        let mut validator = ParamValidator::new(self);
        validator.input(operation, params, supplied);
        if validator.needs_normalizing {
            return Ok(false);
        }
        validator.finish(operation).map(|()| true)
    }

    /// Validates an event of an operation's input stream, a map of one event's name to the event, and converts alternative
    /// spellings in place. `index` is the number of events before it, for the paths of problems.
    ///
    /// # Errors
    /// `Validation`: all problems with their paths, such as `AudioStream[0].AudioEvent`. `Model`: the input has no event stream.
    pub fn validate_event(
        &self,
        operation: &Operation,
        event: &mut Value,
        index: usize,
    ) -> Result<()> {
        let Some(stream) = self.event_stream_input(operation) else {
            return Err(Error::new(
                ErrorKind::Model,
                format!("the input of {} has no event stream", operation.name),
            ));
        };
        let mut validator = ParamValidator::new(self);
        validator.event(stream, event, index);
        if validator.needs_normalizing {
            normalize(self, stream, event, 0);
            validator = ParamValidator::new(self);
            validator.is_normalized = true;
            validator.event(stream, event, index);
        }
        validator.finish(operation)
    }

    /// Returns whether the value of a member is valid without conversion of alternative spellings.
    #[must_use]
    pub fn is_valid_member(&self, member: &Member, value: &Value) -> bool {
        let mut validator = ParamValidator::new(self);
        validator.is_certainly_valid(member, value) || {
            let path = ProblemPath::ROOT;
            validator.value(member, value, &path.then(PathStep::Name(&member.name)));
            validator.problems.is_empty() && !validator.needs_normalizing
        }
    }
}

#[cfg(test)]
mod tests;
