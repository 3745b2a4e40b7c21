//! Access to the members of a service response.

use crate::Value;

/// Returns a member, or null if it does not exist.
pub(super) fn member<'a>(response: &'a Value, name: &str) -> &'a Value {
    static NULL: Value = Value::Null;
    response.get(name).unwrap_or(&NULL)
}

/// Returns the value of a non-empty string member.
pub(super) fn text<'a>(response: &'a Value, name: &str) -> Option<&'a str> {
    member(response, name)
        .as_str()
        .filter(|text| !text.is_empty())
}

/// Returns the value of an integer member.
pub(super) fn integer(response: &Value, name: &str) -> Option<i64> {
    member(response, name).as_i64()
}
