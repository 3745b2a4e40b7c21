//! [`DefinitionNode`]: a value in a definition file together with its path, for error messages.
//!
//! An implementation detail of inia, shared by the crates that parse definitions.

use std::fmt;

use crate::{Error, ErrorKind, Map, Result, Str, Value};

/// A value in a definition file and its path in the file.
///
/// Paths are linked through stack frames and formatted only for an error.
#[derive(Clone, Copy, Debug)]
pub struct DefinitionNode<'v, 'p> {
    value: &'v Value,
    path: DefinitionPath<'p>,
}

#[derive(Clone, Copy, Debug)]
enum DefinitionPath<'p> {
    /// A whole document without a name.
    Document,
    File(&'p str),
    Member(&'p DefinitionPath<'p>, &'p str),
    Item(&'p DefinitionPath<'p>, usize),
}

impl fmt::Display for DefinitionPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefinitionPath::Document => f.write_str("$"),
            DefinitionPath::File(file) => f.write_str(file),
            DefinitionPath::Member(DefinitionPath::File(file), name) => write!(f, "{file}: {name}"),
            DefinitionPath::Member(parent, name) => {
                let mut bytes = name.bytes();
                let is_plain = bytes.all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
                if is_plain && !name.is_empty() {
                    write!(f, "{parent}.{name}")
                } else {
                    write!(f, "{parent}[{name:?}]")
                }
            }
            DefinitionPath::Item(parent, position) => write!(f, "{parent}[{position}]"),
        }
    }
}

impl<'v, 'p> DefinitionNode<'v, 'p> {
    /// Returns the node of a document without a name: paths begin with `$`.
    #[must_use]
    pub const fn document(value: &'v Value) -> Self {
        DefinitionNode {
            value,
            path: DefinitionPath::Document,
        }
    }

    /// Returns the node of a whole file.
    #[must_use]
    pub const fn root(file: &'p str, value: &'v Value) -> Self {
        DefinitionNode {
            value,
            path: DefinitionPath::File(file),
        }
    }

    /// Returns the value.
    #[must_use]
    pub const fn value(&self) -> &'v Value {
        self.value
    }

    /// Returns a model error with the file and the path of this node.
    #[cold]
    pub fn error(&self, message: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Model, message.to_string()).at(self.path)
    }

    /// Returns the error for a value that is not of the `expected` type.
    #[cold]
    pub fn expected(&self, expected: &str) -> Error {
        let found = self.value.type_name();
        self.error(format_args!("expected {expected}, found {found}"))
    }

    /// Returns the member with a name, or `None` if it is absent or null.
    #[must_use]
    pub fn get<'n>(&'n self, name: &'n str) -> Option<DefinitionNode<'v, 'n>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(DefinitionNode {
            value,
            path: DefinitionPath::Member(&self.path, name),
        })
    }

    /// Returns the member with a name.
    ///
    /// # Errors
    /// `Model`: this is not an object, or the member is absent or null.
    pub fn require<'n>(&'n self, name: &'n str) -> Result<DefinitionNode<'v, 'n>> {
        self.object()?;
        self.get(name)
            .ok_or_else(|| self.error(format_args!("missing `{name}`")))
    }

    /// Returns the members of an object.
    ///
    /// # Errors
    /// `Model`: this is not an object.
    pub fn object(&self) -> Result<&'v Map> {
        self.value
            .as_map()
            .ok_or_else(|| self.expected("an object"))
    }

    /// Returns the entries of an object.
    ///
    /// # Errors
    /// `Model`: this is not an object.
    pub fn entries<'n>(
        &'n self,
    ) -> Result<impl Iterator<Item = (&'v Str, DefinitionNode<'v, 'n>)> + use<'v, 'n>>
    where
        'v: 'n,
    {
        Ok(self.object()?.iter().map(|(name, value)| {
            let path = DefinitionPath::Member(&self.path, name);
            (name, DefinitionNode { value, path })
        }))
    }

    /// Returns the items of an array.
    ///
    /// # Errors
    /// `Model`: this is not an array.
    pub fn items<'n>(&'n self) -> Result<impl ExactSizeIterator<Item = DefinitionNode<'v, 'n>>> {
        let list = self
            .value
            .as_list()
            .ok_or_else(|| self.expected("an array"))?;
        Ok(list
            .iter()
            .enumerate()
            .map(|(position, value)| DefinitionNode {
                value,
                path: DefinitionPath::Item(&self.path, position),
            }))
    }

    /// Returns a string.
    ///
    /// # Errors
    /// `Model`: this is not a string.
    pub fn string(&self) -> Result<&'v Str> {
        match self.value {
            Value::String(text) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    /// Returns a string as text.
    ///
    /// # Errors
    /// `Model`: this is not a string.
    pub fn str(&self) -> Result<&'v str> {
        self.string().map(Str::as_str)
    }

    /// Returns a boolean.
    ///
    /// # Errors
    /// `Model`: this is not a boolean.
    pub fn bool(&self) -> Result<bool> {
        self.value
            .as_bool()
            .ok_or_else(|| self.expected("a boolean"))
    }

    /// Returns a non-negative integer.
    ///
    /// # Errors
    /// `Model`: this is not an integer that fits in the type.
    pub fn unsigned<T: TryFrom<i64>>(&self) -> Result<T> {
        let number = self
            .value
            .as_i64()
            .and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| self.expected("a non-negative integer"))
    }

    /// Returns the string of a member, or `None` if the member is absent or null.
    ///
    /// # Errors
    /// `Model`: the member is not a string.
    pub fn optional_string(&self, name: &str) -> Result<Option<&'v Str>> {
        self.get(name).map(|node| node.string()).transpose()
    }

    /// Returns the text of a member, or `None` if the member is absent or null.
    ///
    /// # Errors
    /// `Model`: the member is not a string.
    pub fn optional_str(&self, name: &str) -> Result<Option<&'v str>> {
        self.get(name).map(|node| node.str()).transpose()
    }

    /// Returns the boolean of a member, or `None` if the member is absent or null.
    ///
    /// # Errors
    /// `Model`: the member is not a boolean.
    pub fn optional_bool(&self, name: &str) -> Result<Option<bool>> {
        self.get(name).map(|node| node.bool()).transpose()
    }

    /// Applies `read` to a single string, or to each item of an array.
    ///
    /// # Errors
    /// `Model`: this is neither; or those of `read`.
    pub fn one_or_more<T>(
        &self,
        read: impl Fn(&DefinitionNode<'v, '_>) -> Result<T>,
    ) -> Result<Box<[T]>> {
        match self.value {
            Value::String(_) => Ok(Box::new([read(self)?])),
            Value::List(_) => self.items()?.map(|item| read(&item)).collect(),
            _ => Err(self.expected("a string or an array of strings")),
        }
    }
}

/// Parses a JSON document without a name. Nesting is limited to 128 levels.
///
/// # Errors
/// `Model`: the text is not JSON.
pub fn parse_document(text: &[u8]) -> Result<Value> {
    serde_json::from_slice(text).map_err(|error| {
        Error::new(ErrorKind::Model, error.to_string()).at(DefinitionPath::Document)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn errors_have_file_and_path() {
        let file = json!({"a": {"b": [{"c": 5}]}});
        let root = DefinitionNode::root("s3/paginators-1.json", &file);
        let a = root.require("a").unwrap();
        let b = a.require("b").unwrap();
        let item = b.items().unwrap().next().unwrap();
        let c = item.require("c").unwrap();
        assert_eq!(
            c.string().unwrap_err().to_string(),
            "s3/paginators-1.json: a.b[0].c: expected a string, found integer"
        );
        assert_eq!(
            item.require("d").err().unwrap().to_string(),
            "s3/paginators-1.json: a.b[0]: missing `d`"
        );
        assert_eq!(
            b.require("c").err().unwrap().to_string(),
            "s3/paginators-1.json: a.b: expected an object, found list"
        );
    }

    #[test]
    fn paths_in_documents_quote_unusual_names() {
        let document = json!({"rules": [{"a b": 1}]});
        let root = DefinitionNode::document(&document);
        let rules = root.require("rules").unwrap();
        let rule = rules.items().unwrap().next().unwrap();
        let (_, odd) = rule.entries().unwrap().next().unwrap();
        assert_eq!(
            odd.string().unwrap_err().to_string(),
            "$.rules[0][\"a b\"]: expected a string, found integer"
        );
    }
}
