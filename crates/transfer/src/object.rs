//! [`ObjectName`]: a bucket and a key.

use std::fmt;

use inia_core::{Map, Str};

/// A bucket and the key of an object in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ObjectName {
    pub(crate) bucket: Str,
    pub(crate) key: Str,
}

impl ObjectName {
    pub(crate) fn new(bucket: impl Into<Str>, key: impl Into<Str>) -> Self {
        ObjectName {
            bucket: bucket.into(),
            key: key.into(),
        }
    }

    /// Returns the parameters `Bucket` and `Key`.
    pub(crate) fn params(&self) -> Map {
        let mut params = Map::new();
        params.insert("Bucket", self.bucket.clone());
        params.insert("Key", self.key.clone());
        params
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}
