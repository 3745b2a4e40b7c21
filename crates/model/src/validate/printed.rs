//! What problems print: values, and names to choose from.

use std::fmt::{self, Write as _};

use inia_core::Value;

use crate::Structure;

/// How many names are listed where none is near a misspelt one.
const MAX_NAMES: usize = 20;

/// A value as a problem prints it: never long, and never a secret.
pub(super) struct Printed<'v> {
    pub(super) value: &'v Value,
    pub(super) is_secret: bool,
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 64;
        match self.value {
            _ if self.is_secret => f.write_str("(sensitive)"),
            Value::Null => f.write_str("null"),
            Value::Bool(value) => value.fmt(f),
            Value::Int(value) => value.fmt(f),
            Value::Float(value) => value.fmt(f),
            Value::BigInt(text) => abridged(text, LONGEST, f),
            Value::String(text) => {
                f.write_char('"')?;
                abridged(text, LONGEST, f)?;
                f.write_char('"')
            }
            Value::Timestamp(moment) => moment.fmt(f),
            Value::Blob(bytes) => write!(f, "({} bytes)", bytes.len()),
            Value::List(list) => write!(f, "({} values)", list.len()),
            Value::Map(map) => write!(f, "({} entries)", map.len()),
        }
    }
}

fn abridged(text: &str, longest: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut rest = text.chars();
    for character in rest.by_ref().take(longest) {
        f.write_char(character)?;
    }
    if rest.next().is_some() {
        f.write_str("...")?;
    }
    Ok(())
}

/// The names of a structure's members, the first ones of many.
pub(super) struct Names<'s>(pub(super) &'s Structure);

impl fmt::Display for Names<'_> {
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
