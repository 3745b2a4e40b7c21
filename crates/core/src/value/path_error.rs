//! [`PathError`]: the error of [`to_value`](super::to_value) and [`from_value`](super::from_value).

use std::fmt;

use crate::{Error, ErrorKind, Str};

/// A result with a [`PathError`].
pub(super) type PathResult<T> = std::result::Result<T, PathError>;

/// A message and the path to the value that caused it. The path is built from the inside out while the error propagates.
#[derive(Debug)]
pub(super) struct PathError(Box<PathErrorImpl>);

#[derive(Debug)]
struct PathErrorImpl {
    message: String,
    /// The innermost segment first.
    segments: Vec<PathSegment>,
}

#[derive(Debug)]
enum PathSegment {
    Field(Str),
    Position(usize),
}

impl PathError {
    #[cold]
    fn new(message: String) -> Self {
        PathError(Box::new(PathErrorImpl {
            message,
            segments: Vec::new(),
        }))
    }

    /// Prepends a map key to the path.
    #[cold]
    pub(super) fn in_field(mut self, name: &Str) -> Self {
        self.0.segments.push(PathSegment::Field(name.clone()));
        self
    }

    /// Prepends a list index to the path.
    #[cold]
    pub(super) fn in_element(mut self, position: usize) -> Self {
        self.0.segments.push(PathSegment::Position(position));
        self
    }

    #[cold]
    pub(super) fn into_error(self, kind: ErrorKind) -> Error {
        Error::new(kind, self.to_string())
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.segments.iter().rev().enumerate() {
            match segment {
                PathSegment::Field(name) if index == 0 => f.write_str(name)?,
                PathSegment::Field(name) => write!(f, ".{name}")?,
                PathSegment::Position(position) => write!(f, "[{position}]")?,
            }
        }
        if !self.0.segments.is_empty() {
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
