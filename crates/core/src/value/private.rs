//! The names under which our own types know each other through serde.
//!
//! serde has no timestamps, and many formats no bytes. Such a value is therefore wrapped in a newtype struct of a name that is
//! ours: foreign formats look through it to what stands for the value there, our own serializer and deserializer see the
//! name and pass the value itself.

/// A [`Value`](crate::Value) asks for itself by this name.
pub(crate) const VALUE: &str = "$inia_core::Value";

/// A [`Timestamp`](crate::Timestamp) is in a newtype struct of this name: a string to people, seconds and nanoseconds
/// to machines.
pub(crate) const TIMESTAMP: &str = "$inia_core::Timestamp";

/// A [`Blob`](crate::Blob) is in a newtype struct of this name: base64 to people, bytes to machines.
pub(crate) const BLOB: &str = "$inia_core::Blob";

/// The digits of an integer beyond 128 bits, on the way into a [`Value`](crate::Value).
pub(crate) const DIGITS: &str = "$inia_core::Digits";

/// A float that is NaN or infinite is in a newtype struct of this name: its name to people, itself to machines.
pub(crate) const NON_FINITE: &str = "$inia_core::NonFinite";
