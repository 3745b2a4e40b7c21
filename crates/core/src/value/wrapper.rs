//! Maps with one entry that represent values of types that [`Value`] does not have.
//!
//! | type | map |
//! |---|---|
//! | exact decimal number, see [`Number`](crate::Number) | `{"$number": "3.14159265358979323846"}` |
//! | set, see [`Set`](crate::Set) | `{"$set": ["a", "b"]}` |
//! | bytes in JSON, which has no blobs | `{"$binary": "AQID"}` |

use std::sync::LazyLock;

use super::{Map, Name, Value};

/// Entry name of a number that a float would round.
pub const NUMBER: &str = "$number";

/// Entry name of a set.
pub const SET: &str = "$set";

/// Entry name of bytes in JSON: base64.
pub const BINARY: &str = "$binary";

/// The entry names, interned.
#[derive(Debug)]
pub(super) struct WrapperNames {
    pub(super) number: Name,
    pub(super) set: Name,
}

impl WrapperNames {
    pub(super) fn get() -> &'static Self {
        static NAMES: LazyLock<WrapperNames> = LazyLock::new(|| WrapperNames {
            number: Name::intern(NUMBER),
            set: Name::intern(SET),
        });
        &NAMES
    }
}

/// Returns the value of a map's only entry, if it has this name.
pub(super) fn content<'v>(map: &'v Map, name: &str) -> Option<&'v Value> {
    let (key, value) = map.only_entry()?;
    (*key == *name).then_some(value)
}
