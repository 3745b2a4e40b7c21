//! The [`json!`](crate::json) macro.

/// Builds a [`Value`](crate::Value) from JSON syntax. Keys and values may be Rust expressions.
///
/// A value expression is of any type that converts into a [`Value`](crate::Value), including blobs and timestamps.
///
/// ```
/// # use inia_core as inia;
/// use inia::{Value, json};
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
    // `[done]` accumulates list elements; `(key)` holds a parsed map key until its value follows.
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
