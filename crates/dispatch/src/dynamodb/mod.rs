//! DynamoDB's native values, conditions, and tables.
//!
//! A [native client](crate::Client::native) sends and returns plain values. Numbers keep all their digits, and sets stay sets:
//!
//! | attribute value | native value |
//! |---|---|
//! | `{"S": "a"}` | `"a"` |
//! | `{"N": "12"}`, `{"N": "1.5"}` | `12`, `1.5` |
//! | `{"N": "3.14159265358979323846"}`, which a float would round | `{"$number": "3.14159265358979323846"}`: a [`Number`] |
//! | `{"B": "AQID"}` | a blob; in JSON `{"$binary": "AQID"}` |
//! | `{"BOOL": true}`, `{"NULL": true}` | `true`, null |
//! | `{"L": [..]}`, `{"M": {..}}` | a list, a map |
//! | `{"SS": ["a"]}`, `{"NS": ["1"]}`, `{"BS": ["AQID"]}` | `{"$set": ["a"]}`: a [`Set`] |
//!
//! The forms with `$` are also the JSON forms, and come back unchanged. A map attribute whose only key is such a name has one more `$` in its
//! native form (`{"$$set": 1}`). A timestamp is not an attribute value.
//!
//! - [`Attr`] and [`Key`] make [`Condition`]s.
//! - [`Table`] reads and writes items as Rust types: [`BatchWriter`], [`BatchGet`] and [`ParallelScan`] for many of them.
//! - [`to_item`], [`from_item`], [`to_attribute`] and [`from_attribute`] convert values outside calls.
//! - [`cancellation_reasons`] says which items cancelled a transaction.
//!
//! # Source
//! boto3 `dynamodb/`.

mod attribute;
mod batch_get;
mod batch_writer;
mod condition;
mod json;
mod native;
mod parallel_scan;
mod table;
mod transaction;
mod unprocessed;

pub use attribute::{from_attribute, from_item, to_attribute, to_item};
pub use batch_get::BatchGet;
pub use batch_writer::BatchWriter;
pub use condition::{Attr, AttrSize, Condition, Key, Operand};
pub use inia_core::{Number, Set};
pub use json::{parse_json, with_binary_entries};
pub(crate) use native::NativeOperation;
pub use native::is_attribute_value;
pub use parallel_scan::ParallelScan;
pub use table::{ItemWrite, Table};
pub use transaction::{CancellationReason, cancellation_reasons};
