//! Converts members of the fixtures' parameters to generated types.

use serde_json::Value;

/// Returns a string member.
pub fn text(of: &Value, name: &str) -> Option<String> {
    of[name].as_str().map(str::to_owned)
}

/// Returns an integer member.
pub fn integer(of: &Value, name: &str) -> Option<i32> {
    of[name]
        .as_i64()
        .map(|number| i32::try_from(number).expect("an i32"))
}

/// Returns a boolean member.
pub fn flag(of: &Value, name: &str) -> Option<bool> {
    of[name].as_bool()
}

/// Returns the converted items of a list member.
pub fn list<T>(of: &Value, name: &str, make: impl Fn(&Value) -> T) -> Option<Vec<T>> {
    let items = of[name].as_array()?;
    Some(items.iter().map(make).collect())
}

/// Returns a list of strings.
pub fn texts(of: &Value, name: &str) -> Option<Vec<String>> {
    list(of, name, |item| item.as_str().expect("a text").to_owned())
}
