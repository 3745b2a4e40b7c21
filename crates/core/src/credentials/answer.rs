//! Members of a service's answer.

use crate::Value;

/// A member; null where it is not there.
pub(super) fn member<'a>(answer: &'a Value, name: &str) -> &'a Value {
    static NULL: Value = Value::Null;
    answer.get(name).unwrap_or(&NULL)
}

/// The text of a member, where it is one and not empty.
pub(super) fn text<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    member(answer, name)
        .as_str()
        .filter(|text| !text.is_empty())
}

/// The whole number of a member.
pub(super) fn integer(answer: &Value, name: &str) -> Option<i64> {
    member(answer, name).as_i64()
}
