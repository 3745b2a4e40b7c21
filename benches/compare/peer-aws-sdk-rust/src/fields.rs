//! Members of the fixtures' parameters, as the generated types want them.

use serde_json::Value;

/// A text member.
pub fn text(of: &Value, name: &str) -> Option<String> {
    of[name].as_str().map(str::to_owned)
}

/// An integer member.
pub fn integer(of: &Value, name: &str) -> Option<i32> {
    of[name]
        .as_i64()
        .map(|number| i32::try_from(number).expect("an i32"))
}

/// A boolean member.
pub fn flag(of: &Value, name: &str) -> Option<bool> {
    of[name].as_bool()
}

/// The items of a list member, each made into `T`.
pub fn list<T>(of: &Value, name: &str, make: impl Fn(&Value) -> T) -> Option<Vec<T>> {
    let items = of[name].as_array()?;
    Some(items.iter().map(make).collect())
}

/// A list of texts.
pub fn texts(of: &Value, name: &str) -> Option<Vec<String>> {
    list(of, name, |item| item.as_str().expect("a text").to_owned())
}
