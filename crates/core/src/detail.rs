//! Implementation details that inia's other crates share. Not covered by the stability of the public items.
//!
//! ```text
//! arenas    TextPool, BytePool, MemberPool, ItemPool, RowPool: values of one document while it is parsed
//! text      FloatText, base64, JSON strings
//! ```
//! A value from an arena is readable at once, or when the arena is dropped: see each function.

pub use crate::base64::{base64_len, encode_base64, write_base64};
pub use crate::float::FloatText;
pub use crate::text::TextPool;
pub use crate::value::wrapper::{BINARY, NUMBER, SET};
pub use crate::value::{
    BytePool, ItemMark, ItemPool, MemberMark, MemberPool, RowKeys, RowPool, RowSlot,
    blob_from_base64, pooled_blob_from_base64, write_json_string,
};
