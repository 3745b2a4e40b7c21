//! Values of expressions during the evaluation of a rule set.

use inia_core::Str;

use crate::arn::{self, Arn};
use crate::partition::Partition;
use crate::url::ParsedUrl;

/// The value of an expression. Everything in it is borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RuleValue<'e> {
    Unset,
    Bool(bool),
    String(&'e str),
    StringArray(StringArray<'e>),
    Partition(&'e Partition),
    Arn(&'e Arn<'e>),
    Url(&'e ParsedUrl<'e>),
}

/// A list of strings from a parameter, a default, `split` or the resource of an ARN.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StringArray<'e> {
    Borrowed(&'e [&'e str]),
    Owned(&'e [Str]),
    /// The resource of an ARN, split on access.
    Resource(&'e str),
}

/// The memoized value of an expression, kept until the evaluation ends.
#[derive(Debug)]
pub(crate) enum Memo<'e> {
    Plain(RuleValue<'e>),
    String(Box<str>),
    StringArray(Box<[&'e str]>),
    Arn(Box<Arn<'e>>),
    Url(Box<ParsedUrl<'e>>),
}

impl<'e> Memo<'e> {
    pub(crate) fn value(&'e self) -> RuleValue<'e> {
        match self {
            Self::Plain(value) => *value,
            Self::String(text) => RuleValue::String(text),
            Self::StringArray(texts) => RuleValue::StringArray(StringArray::Borrowed(texts)),
            Self::Arn(arn) => RuleValue::Arn(arn),
            Self::Url(url) => RuleValue::Url(url),
        }
    }
}

impl<'e> StringArray<'e> {
    pub(crate) fn item(self, index: i16) -> Option<&'e str> {
        fn pick<T>(mut items: impl DoubleEndedIterator<Item = T>, index: i16) -> Option<T> {
            match usize::try_from(index) {
                Ok(index) => items.nth(index),
                Err(_) => items.rev().nth(usize::from(index.unsigned_abs()) - 1),
            }
        }
        match self {
            StringArray::Borrowed(items) => pick(items.iter(), index).copied(),
            StringArray::Owned(items) => pick(items.iter(), index).map(Str::as_str),
            StringArray::Resource(resource) => match usize::try_from(index) {
                Ok(number) => arn::resource_part(resource, number),
                Err(_) => pick(arn::resource_id(resource), index),
            },
        }
    }

    fn is_empty(self) -> bool {
        match self {
            StringArray::Borrowed(items) => items.is_empty(),
            StringArray::Owned(items) => items.is_empty(),
            StringArray::Resource(_) => false,
        }
    }
}

impl RuleValue<'_> {
    /// Returns whether the value is truthy in Python, so that `not` returns false.
    pub(crate) fn is_truthy(self) -> bool {
        match self {
            RuleValue::Unset | RuleValue::Bool(false) => false,
            RuleValue::String(text) => !text.is_empty(),
            RuleValue::StringArray(texts) => !texts.is_empty(),
            RuleValue::Bool(true)
            | RuleValue::Partition(_)
            | RuleValue::Arn(_)
            | RuleValue::Url(_) => true,
        }
    }

    pub(crate) fn noun(self) -> &'static str {
        match self {
            RuleValue::Unset => "unset",
            RuleValue::Bool(_) => "a boolean",
            RuleValue::String(_) => "a string",
            RuleValue::StringArray(_) => "a list of strings",
            RuleValue::Partition(_) => "a partition",
            RuleValue::Arn(_) => "an ARN",
            RuleValue::Url(_) => "a URL",
        }
    }
}
