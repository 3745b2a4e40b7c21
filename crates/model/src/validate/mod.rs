//! Validation: whether parameters fit an operation, before anything is sent.
//!
//! One walk over parameters and shapes finds every problem. What is only spelt differently (`queue_name` for `QueueName`, `"NaN"`
//! for a float) is put right in place first, so that a serializer sees the model's own names and nothing else.
//!
//! | shape | values that fit |
//! |---|---|
//! | structure | map with the structure's members only, and all that are required |
//! | union | map with exactly one member |
//! | document | anything but a blob or a timestamp, to any depth |
//! | list, map | list, map; nulls in them only where the shape is sparse |
//! | string | string; anything a document may be where it is a `jsonvalue` in a header |
//! | blob | blob, or string, which stands for its UTF-8 bytes |
//! | boolean | boolean |
//! | integer, long | integer of any size |
//! | float, double | float, integer, or one of the strings `NaN`, `Infinity` and `-Infinity` |
//! | timestamp | timestamp, number of seconds since 1970, or a string that [`Timestamp::parse_lenient`] reads |
//!
//! `min` is the one constraint that is checked, as botocore does: the greatest lengths and values, patterns and enumerations of
//! a definition grow at AWS before they grow here. A null member counts as absent.

mod place;
mod printed;
mod respell;
mod walk;

use inia_core::{Result, Value};

use crate::{Member, Operation, ServiceModel};
use place::{Place, Step};
use respell::respell;
use walk::Walk;

/// How deep parameters may be nested. DynamoDB's 32 levels of attributes take 96.
const MAX_DEPTH: usize = 256;

/// How many problems are listed; the walk ends there.
const MAX_PROBLEMS: usize = 100;

impl ServiceModel {
    /// Checks the parameters of a call, and respells in place what is only written differently.
    ///
    /// `supplied` names the input's members that are given beside the parameters: a streaming body, an event stream.
    ///
    /// ```
    /// use inia_core::json;
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
    /// `Validation`, with all problems and their paths.
    ///
    /// # Source
    /// botocore `validate.py:ParamValidator`. DIFFERENCE: a boolean is no integer (in Python it is one); a null member is an absent
    /// one (so that an `Option` may be serialized as it stands), and nulls are allowed in sparse lists and maps; a document's
    /// problems have their whole path; unknown parameters of an operation without input are reported rather than dropped.
    pub fn validate(
        &self,
        operation: &Operation,
        params: &mut Value,
        supplied: &[&str],
    ) -> Result<()> {
        if params.is_null() {
            *params = Value::map();
        }
        if self.fits(operation, params, supplied)? {
            return Ok(());
        }
        if let Some(input) = &operation.input {
            respell(self, input, params, 0);
        }
        let mut walk = Walk::new(self);
        walk.is_respelt = true;
        walk.input(operation, params, supplied);
        walk.outcome(operation)
    }

    /// Checks the parameters of a call without changing them. `false` means that something is spelt differently, and
    /// [`validate`](Self::validate) is to decide.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn fits(&self, operation: &Operation, params: &Value, supplied: &[&str]) -> Result<bool> {
        let mut walk = Walk::new(self);
        walk.input(operation, params, supplied);
        if walk.must_respell {
            return Ok(false);
        }
        walk.outcome(operation).map(|()| true)
    }

    /// Whether the value of a member fits as it stands: nothing in it is wrong or spelt differently.
    #[must_use]
    pub fn fits_member(&self, member: &Member, value: &Value) -> bool {
        let mut walk = Walk::new(self);
        walk.plainly_fits(member, value) || {
            let place = Place::ROOT;
            walk.value(member, value, &place.then(Step::Name(&member.name)));
            walk.problems.is_empty() && !walk.must_respell
        }
    }
}

#[cfg(test)]
mod tests;
