//! The [`json!`](crate::json) macro.

/// A [`Value`](crate::Value) in JSON's syntax, with Rust expressions wherever a value or a key may stand.
///
/// An expression may be anything that converts into a [`Value`](crate::Value), blobs and timestamps included.
///
/// ```
/// use inia_core::{Value, json};
///
/// let name = "jobs";
/// let params = json!({
///     "QueueName": name,
///     "tags": {"team": "river", "cost": null},
///     "Numbers": [1, 2.5, true, [], {}],
/// });
/// assert_eq!(params["tags"]["team"], "river");
/// assert_eq!(params["Numbers"][1], Value::Float(2.5));
/// ```
#[macro_export]
macro_rules! json {
    // List elements are gathered into `[done]`; a finished map key waits in `(key)`.
    (@list [$($done:expr,)*]) => { $crate::Value::from($crate::List::from_iter::<[$crate::Value; _]>([$($done,)*])) };
    (@list [$($done:expr,)*] null $(, $($rest:tt)*)?) => { $crate::json!(@list [$($done,)* $crate::Value::Null,] $($($rest)*)?) };
    (@list [$($done:expr,)*] [$($inner:tt)*] $(, $($rest:tt)*)?) => { $crate::json!(@list [$($done,)* $crate::json!([$($inner)*]),] $($($rest)*)?) };
    (@list [$($done:expr,)*] {$($inner:tt)*} $(, $($rest:tt)*)?) => { $crate::json!(@list [$($done,)* $crate::json!({$($inner)*}),] $($($rest)*)?) };
    (@list [$($done:expr,)*] $next:expr $(, $($rest:tt)*)?) => { $crate::json!(@list [$($done,)* $crate::Value::from($next),] $($($rest)*)?) };

    (@map $map:ident ()) => {};
    (@map $map:ident ($key:expr) : null $(, $($rest:tt)*)?) => { $map.insert($key, $crate::Value::Null); $crate::json!(@map $map () $($($rest)*)?); };
    (@map $map:ident ($key:expr) : [$($inner:tt)*] $(, $($rest:tt)*)?) => { $map.insert($key, $crate::json!([$($inner)*])); $crate::json!(@map $map () $($($rest)*)?); };
    (@map $map:ident ($key:expr) : {$($inner:tt)*} $(, $($rest:tt)*)?) => { $map.insert($key, $crate::json!({$($inner)*})); $crate::json!(@map $map () $($($rest)*)?); };
    (@map $map:ident ($key:expr) : $value:expr $(, $($rest:tt)*)?) => { $map.insert($key, $crate::Value::from($value)); $crate::json!(@map $map () $($($rest)*)?); };
    (@map $map:ident () $key:literal $($rest:tt)*) => { $crate::json!(@map $map ($key) $($rest)*); };
    (@map $map:ident () ($key:expr) $($rest:tt)*) => { $crate::json!(@map $map ($key) $($rest)*); };
    (@map $map:ident () $key:ident $($rest:tt)*) => { $crate::json!(@map $map ($key) $($rest)*); };

    (null) => { $crate::Value::Null };
    ([$($inner:tt)*]) => { $crate::json!(@list [] $($inner)*) };
    ({}) => { $crate::Value::map() };
    ({$($inner:tt)+}) => {{
        let mut map = $crate::Map::new();
        $crate::json!(@map map () $($inner)+);
        $crate::Value::Map(map)
    }};
    ($value:expr) => { $crate::Value::from($value) };
}
