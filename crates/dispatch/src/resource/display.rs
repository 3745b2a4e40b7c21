//! Formatting and comparison of resources.

use std::fmt;
use std::hash::{Hash, Hasher};

use inia_core::{Value, is_secret_name};

use super::Resource;

/// Formats as boto3: `ec2.Instance(id='i-1')`.
///
/// DIFFERENCE: the secret of an access key pair, which boto3 prints, is omitted.
impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}(", self.service_name(), self.name())?;
        for (position, (name, value)) in self.identifiers().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            if is_secret_name(name) {
                write!(f, "{name}=..")?;
            } else {
                write!(f, "{name}={}", PythonRepr(value))?;
            }
        }
        f.write_str(")")
    }
}

/// Formats like [`Display`](fmt::Display).
impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Formats an identifier like Python's `repr`.
struct PythonRepr<'a>(&'a Value);

impl fmt::Display for PythonRepr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        let text = match self.0 {
            Value::String(text) => text,
            Value::Int(number) => return write!(f, "{number}"),
            Value::Bool(true) => return f.write_str("True"),
            Value::Bool(false) => return f.write_str("False"),
            other => return write!(f, "{other:?}"),
        };
        let quote = if text.contains('\'') && !text.contains('"') {
            '"'
        } else {
            '\''
        };
        f.write_char(quote)?;
        for character in text.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                quoted if quoted == quote => write!(f, "\\{quote}")?,
                control if control.is_control() => write!(f, "\\x{:02x}", u32::from(control))?,
                other => f.write_char(other)?,
            }
        }
        f.write_char(quote)
    }
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.service_name() == other.service_name()
            && self.name() == other.name()
            && self.0.identifiers == other.0.identifiers
    }
}

impl Eq for Resource {}

impl Hash for Resource {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.service_name().hash(state);
        self.name().hash(state);
        for (_, value) in self.identifiers() {
            match value {
                Value::String(text) => text.hash(state),
                Value::Int(number) => number.hash(state),
                // Other types hash alike; no service uses them as identifiers.
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    #[test]
    fn formats_identifiers_like_python() {
        for (value, printed) in [
            (json!("i-1"), "'i-1'"),
            (json!("it's"), "\"it's\""),
            (json!("it's \"it\""), "'it\\'s \"it\"'"),
            (json!("a\\b\nc\u{1}é"), "'a\\\\b\\nc\\x01é'"),
            (json!(5), "5"),
        ] {
            assert_eq!(PythonRepr(&value).to_string(), printed);
        }
    }
}
