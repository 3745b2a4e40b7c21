//! Values and member names in problem messages.

use std::fmt::{self, Write as _};

use inia_core::Value;

use crate::Structure;

/// Maximum number of listed member names.
const MAX_NAMES: usize = 20;

/// A value in a message: shortened, and redacted if sensitive.
pub(super) struct RedactedValue<'v> {
    pub(super) value: &'v Value,
    pub(super) is_sensitive: bool,
}

impl fmt::Display for RedactedValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 64;
        match self.value {
            _ if self.is_sensitive => f.write_str("(sensitive)"),
            Value::Null => f.write_str("null"),
            Value::Bool(value) => value.fmt(f),
            Value::Int(value) => value.fmt(f),
            Value::Float(value) => value.fmt(f),
            Value::BigInt(text) => truncated(text, LONGEST, f),
            Value::String(text) => {
                f.write_char('"')?;
                truncated(text, LONGEST, f)?;
                f.write_char('"')
            }
            Value::Timestamp(moment) => moment.fmt(f),
            Value::Blob(bytes) => write!(f, "({} bytes)", bytes.len()),
            Value::List(list) => write!(f, "({} values)", list.len()),
            Value::Map(map) => write!(f, "({} entries)", map.len()),
        }
    }
}

fn truncated(text: &str, longest: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut rest = text.chars();
    for character in rest.by_ref().take(longest) {
        f.write_char(character)?;
    }
    if rest.next().is_some() {
        f.write_str("...")?;
    }
    Ok(())
}

/// Names of a structure's members, limited to the first ones.
pub(super) struct MemberNames<'s>(pub(super) &'s Structure);

impl fmt::Display for MemberNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, member) in self.0.members.iter().take(MAX_NAMES).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(&member.name)?;
        }
        match self.0.members.len().checked_sub(MAX_NAMES) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}
