//! Reserved newtype struct names that carry types outside serde's data model.
//!
//! serde has no timestamps, and many formats have no bytes. Such a value is therefore wrapped in a newtype struct with a reserved
//! name. Other formats ignore the name and serialize the content; the serializer and deserializer of [`Value`](crate::Value)
//! recognize it and pass the value itself.

/// Requested by the `Deserialize` implementation of [`Value`](crate::Value).
pub(crate) const VALUE: &str = "$inia_core::Value";

/// A [`Timestamp`](crate::Timestamp): a string in human-readable formats, seconds and nanoseconds in binary formats.
pub(crate) const TIMESTAMP: &str = "$inia_core::Timestamp";

/// A [`Blob`](crate::Blob): base64 in human-readable formats, bytes in binary formats.
pub(crate) const BLOB: &str = "$inia_core::Blob";

/// The digits of an integer beyond 128 bits.
pub(crate) const DIGITS: &str = "$inia_core::Digits";

/// A float that is NaN or infinite: a string in human-readable formats, a float in binary formats.
pub(crate) const NON_FINITE: &str = "$inia_core::NonFinite";
