//! What expressions work with while a rule set is evaluated.

use crate::arn::{self, Arn};
use crate::partition::Partition;
use crate::url::ParsedUrl;

/// A value that expressions work with. Nothing in it is owned.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'e> {
    Unset,
    Bool(bool),
    Text(&'e str),
    Texts(Texts<'e>),
    Partition(&'e Partition),
    Arn(&'e Arn<'e>),
    Url(&'e ParsedUrl<'e>),
}

/// A list of texts, wherever it comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Texts<'e> {
    Borrowed(&'e [&'e str]),
    Owned(&'e [Box<str>]),
    /// A resource, split as ARNs are.
    Resource(&'e str),
}

/// A value that is kept until the evaluation ends.
#[derive(Debug)]
pub(crate) enum Memo<'e> {
    Plain(Value<'e>),
    Text(Box<str>),
    Texts(Box<[&'e str]>),
    Arn(Box<Arn<'e>>),
    Url(Box<ParsedUrl<'e>>),
}

impl<'e> Memo<'e> {
    pub(crate) fn value(&'e self) -> Value<'e> {
        match self {
            Self::Plain(value) => *value,
            Self::Text(text) => Value::Text(text),
            Self::Texts(texts) => Value::Texts(Texts::Borrowed(texts)),
            Self::Arn(arn) => Value::Arn(arn),
            Self::Url(url) => Value::Url(url),
        }
    }
}

impl<'e> Texts<'e> {
    pub(crate) fn item(self, index: i16) -> Option<&'e str> {
        fn pick<T>(mut items: impl DoubleEndedIterator<Item = T>, index: i16) -> Option<T> {
            match usize::try_from(index) {
                Ok(index) => items.nth(index),
                Err(_) => items.rev().nth(usize::from(index.unsigned_abs()) - 1),
            }
        }
        match self {
            Texts::Borrowed(items) => pick(items.iter(), index).copied(),
            Texts::Owned(items) => pick(items.iter(), index).map(|item| &**item),
            Texts::Resource(resource) => match usize::try_from(index) {
                Ok(number) => arn::resource_part(resource, number),
                Err(_) => pick(arn::resource_id(resource), index),
            },
        }
    }

    fn is_empty(self) -> bool {
        match self {
            Texts::Borrowed(items) => items.is_empty(),
            Texts::Owned(items) => items.is_empty(),
            Texts::Resource(_) => false,
        }
    }
}

impl Value<'_> {
    /// Whether `not` makes it false, as Python has it.
    pub(crate) fn is_truthy(self) -> bool {
        match self {
            Value::Unset | Value::Bool(false) => false,
            Value::Text(text) => !text.is_empty(),
            Value::Texts(texts) => !texts.is_empty(),
            Value::Bool(true) | Value::Partition(_) | Value::Arn(_) | Value::Url(_) => true,
        }
    }

    pub(crate) fn noun(self) -> &'static str {
        match self {
            Value::Unset => "unset",
            Value::Bool(_) => "a boolean",
            Value::Text(_) => "a string",
            Value::Texts(_) => "a list of strings",
            Value::Partition(_) => "a partition",
            Value::Arn(_) => "an ARN",
            Value::Url(_) => "a URL",
        }
    }
}
