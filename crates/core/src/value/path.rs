//! The error of [`to_value`](super::to_value) and [`from_value`](super::from_value): what is wrong, and where.

use std::fmt;

use crate::{Error, ErrorKind, Str};

/// A message and the way to the value it is about, which grows from the inside out as the error is passed up.
#[derive(Debug)]
pub(super) struct PathError(Box<PathErrorImpl>);

#[derive(Debug)]
struct PathErrorImpl {
    message: String,
    /// The innermost step first.
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Field(Str),
    Position(usize),
}

impl PathError {
    #[cold]
    fn new(message: String) -> Self {
        PathError(Box::new(PathErrorImpl {
            message,
            steps: Vec::new(),
        }))
    }

    /// The same error, within a map's entry.
    #[cold]
    pub(super) fn in_field(mut self, name: &Str) -> Self {
        self.0.steps.push(Step::Field(name.clone()));
        self
    }

    /// The same error, within a list's element.
    #[cold]
    pub(super) fn in_element(mut self, position: usize) -> Self {
        self.0.steps.push(Step::Position(position));
        self
    }

    #[cold]
    pub(super) fn into_error(self, kind: ErrorKind) -> Error {
        Error::new(kind, self.to_string())
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.steps.iter().rev().enumerate() {
            match step {
                Step::Field(name) if index == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Position(position) => write!(f, "[{position}]")?,
            }
        }
        if !self.0.steps.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for PathError {}

impl serde::ser::Error for PathError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        PathError::new(message.to_string())
    }
}

impl serde::de::Error for PathError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        PathError::new(message.to_string())
    }
}
