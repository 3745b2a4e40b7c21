//! [`DefinitionNode`]: a value in a definition file together with its path, for error messages.

use std::fmt;

use inia_core::{Error, ErrorKind, Result, Str, Value};

use crate::jmespath::Expression;

/// A value in a definition file and its path in the file.
///
/// Paths are linked through stack frames and formatted only for an error.
#[derive(Clone, Copy)]
pub(crate) struct DefinitionNode<'v, 'p> {
    value: &'v Value,
    path: DefinitionPath<'p>,
}

#[derive(Clone, Copy)]
enum DefinitionPath<'p> {
    File(&'p str),
    Member(&'p DefinitionPath<'p>, &'p str),
    Item(&'p DefinitionPath<'p>, usize),
}

impl fmt::Display for DefinitionPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefinitionPath::File(file) => f.write_str(file),
            DefinitionPath::Member(DefinitionPath::File(file), name) => write!(f, "{file}: {name}"),
            DefinitionPath::Member(parent, name) => write!(f, "{parent}.{name}"),
            DefinitionPath::Item(parent, position) => write!(f, "{parent}[{position}]"),
        }
    }
}

impl<'v, 'p> DefinitionNode<'v, 'p> {
    /// Returns the node of a whole file.
    pub(crate) fn root(file: &'p str, value: &'v Value) -> Self {
        DefinitionNode {
            value,
            path: DefinitionPath::File(file),
        }
    }

    pub(crate) fn value(&self) -> &'v Value {
        self.value
    }

    /// Returns a model error with the file and the path of this node.
    #[cold]
    pub(crate) fn error(&self, message: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Model, format!("{}: {message}", self.path))
    }

    #[cold]
    fn expected(&self, expected: &str) -> Error {
        let found = self.value.type_name();
        self.error(format_args!("expected {expected}, found {found}"))
    }

    /// Returns the member with a name, or `None` if it is absent or null.
    pub(crate) fn get<'n>(&'n self, name: &'n str) -> Option<DefinitionNode<'v, 'n>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(DefinitionNode {
            value,
            path: DefinitionPath::Member(&self.path, name),
        })
    }

    /// Returns the member with a name, or an error if it is absent or null.
    pub(crate) fn require<'n>(&'n self, name: &'n str) -> Result<DefinitionNode<'v, 'n>> {
        if self.value.as_map().is_none() {
            return Err(self.expected("an object"));
        }
        self.get(name)
            .ok_or_else(|| self.error(format_args!("missing `{name}`")))
    }

    /// Checks that this is an object.
    pub(crate) fn object(&self) -> Result<()> {
        match self.value {
            Value::Map(_) => Ok(()),
            _ => Err(self.expected("an object")),
        }
    }

    /// Returns the entries of an object.
    pub(crate) fn entries<'n>(
        &'n self,
    ) -> Result<impl Iterator<Item = (&'v Str, DefinitionNode<'v, 'n>)>>
    where
        'v: 'n,
    {
        let map = self
            .value
            .as_map()
            .ok_or_else(|| self.expected("an object"))?;
        Ok(map.iter().map(|(name, value)| {
            let path = DefinitionPath::Member(&self.path, name);
            (name, DefinitionNode { value, path })
        }))
    }

    /// Returns the items of an array.
    pub(crate) fn items<'n>(&'n self) -> Result<impl Iterator<Item = DefinitionNode<'v, 'n>>> {
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

    pub(crate) fn string(&self) -> Result<&'v Str> {
        match self.value {
            Value::String(text) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    pub(crate) fn unsigned(&self) -> Result<u32> {
        self.value
            .as_i64()
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| self.expected("a non-negative integer"))
    }

    /// Compiles a string as a JMESPath expression.
    pub(crate) fn expression(&self) -> Result<Expression> {
        Expression::compile(self.string()?).map_err(|error| self.error(error.message()))
    }

    /// Applies `read` to a single string, or to each item of an array.
    pub(crate) fn one_or_more<T>(
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

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

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
    fn rejects_invalid_expression_with_its_path() {
        let file = json!({"path": "a["});
        let root = DefinitionNode::root("f", &file);
        let error = root.require("path").unwrap().expression().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("f: path: invalid JMESPath expression `a[`"),
            "{error}"
        );
    }
}
