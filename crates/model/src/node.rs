//! [`Node`]: a part of a definition file that knows where it stands, so that every problem names its place.

use std::fmt;

use inia_core::{Error, ErrorKind, Result, Str, Value};

use crate::jmespath::Expression;

/// A part of a definition file, and where it stands.
///
/// Places are linked to the parts around them and only written out when something is wrong.
#[derive(Clone, Copy)]
pub(crate) struct Node<'v, 'p> {
    value: &'v Value,
    place: Place<'p>,
}

#[derive(Clone, Copy)]
enum Place<'p> {
    File(&'p str),
    Member(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File(file) => f.write_str(file),
            Place::Member(Place::File(file), name) => write!(f, "{file}: {name}"),
            Place::Member(parent, name) => write!(f, "{parent}.{name}"),
            Place::Item(parent, position) => write!(f, "{parent}[{position}]"),
        }
    }
}

impl<'v, 'p> Node<'v, 'p> {
    /// The whole of a file.
    pub(crate) fn root(file: &'p str, value: &'v Value) -> Self {
        Node {
            value,
            place: Place::File(file),
        }
    }

    pub(crate) fn value(&self) -> &'v Value {
        self.value
    }

    /// Something is wrong with this part.
    #[cold]
    pub(crate) fn error(&self, message: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Model, format!("{}: {message}", self.place))
    }

    #[cold]
    fn expected(&self, what: &str) -> Error {
        let found = self.value.type_name();
        self.error(format_args!("expected {what}, found {found}"))
    }

    /// The member of a name, where it is there and not null.
    pub(crate) fn get<'n>(&'n self, name: &'n str) -> Option<Node<'v, 'n>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Node {
            value,
            place: Place::Member(&self.place, name),
        })
    }

    /// The member of a name, which must be there.
    pub(crate) fn need<'n>(&'n self, name: &'n str) -> Result<Node<'v, 'n>> {
        if self.value.as_map().is_none() {
            return Err(self.expected("an object"));
        }
        self.get(name)
            .ok_or_else(|| self.error(format_args!("there is no `{name}`")))
    }

    /// That this is an object.
    pub(crate) fn object(&self) -> Result<()> {
        match self.value {
            Value::Map(_) => Ok(()),
            _ => Err(self.expected("an object")),
        }
    }

    /// The entries of an object.
    pub(crate) fn entries<'n>(&'n self) -> Result<impl Iterator<Item = (&'v Str, Node<'v, 'n>)>>
    where
        'v: 'n,
    {
        let map = self
            .value
            .as_map()
            .ok_or_else(|| self.expected("an object"))?;
        Ok(map.iter().map(|(name, value)| {
            let place = Place::Member(&self.place, name);
            (name, Node { value, place })
        }))
    }

    /// The items of an array.
    pub(crate) fn items<'n>(&'n self) -> Result<impl Iterator<Item = Node<'v, 'n>>> {
        let list = self
            .value
            .as_list()
            .ok_or_else(|| self.expected("an array"))?;
        Ok(list.iter().enumerate().map(|(position, value)| Node {
            value,
            place: Place::Item(&self.place, position),
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
            .ok_or_else(|| self.expected("a whole number that is not negative"))
    }

    /// The JMESPath expression that a string is.
    pub(crate) fn expression(&self) -> Result<Expression> {
        Expression::compile(self.string()?).map_err(|error| self.error(error.message()))
    }

    /// What `read` makes of the string that is here, or of each in an array.
    pub(crate) fn one_or_more<T>(
        &self,
        read: impl Fn(&Node<'v, '_>) -> Result<T>,
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
    fn errors_say_where() {
        let file = json!({"a": {"b": [{"c": 5}]}});
        let root = Node::root("s3/paginators-1.json", &file);
        let a = root.need("a").unwrap();
        let b = a.need("b").unwrap();
        let item = b.items().unwrap().next().unwrap();
        let c = item.need("c").unwrap();
        assert_eq!(
            c.string().unwrap_err().to_string(),
            "s3/paginators-1.json: a.b[0].c: expected a string, found integer"
        );
        assert_eq!(
            item.need("d").err().unwrap().to_string(),
            "s3/paginators-1.json: a.b[0]: there is no `d`"
        );
        assert_eq!(
            b.need("c").err().unwrap().to_string(),
            "s3/paginators-1.json: a.b: expected an object, found list"
        );
    }

    #[test]
    fn a_broken_expression_is_shown_with_its_place() {
        let file = json!({"path": "a["});
        let root = Node::root("f", &file);
        let error = root.need("path").unwrap().expression().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("f: path: invalid JMESPath expression `a[`"),
            "{error}"
        );
    }
}
