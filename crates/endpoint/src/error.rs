//! [`EndpointError`]: parameters that resolve to no endpoint.

use std::fmt;

/// The cause of an [`EndpointError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointErrorKind {
    /// An error rule matched. The message comes from the rule set and describes the problem with the parameters.
    Rule,
    /// A required parameter has neither a value nor a default.
    MissingParameter,
    /// The type of a value differs from the parameter's type in the rule set.
    ParameterType,
    /// No rule matched the parameters.
    NoMatch,
    /// A rule could not be evaluated: an argument of a function has the wrong type, a template references an unset
    /// variable, or the result is too large.
    Evaluation,
    /// The region is in no partition.
    UnknownRegion,
    /// The service requires a region, and none is set.
    NoRegion,
    /// The service has no FIPS or dual-stack endpoint in the region.
    NoVariant,
}

/// The parameters resolve to no endpoint.
///
/// # Source
/// botocore `exceptions.py:EndpointResolutionError`; the messages are botocore's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointError(Box<EndpointErrorDetail>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct EndpointErrorDetail {
    kind: EndpointErrorKind,
    message: String,
}

impl EndpointError {
    #[cold]
    pub(crate) fn new(kind: EndpointErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(EndpointErrorDetail {
            kind,
            message: message.into(),
        }))
    }

    #[cold]
    pub(crate) fn evaluation(message: impl Into<String>) -> Self {
        Self::new(EndpointErrorKind::Evaluation, message)
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> EndpointErrorKind {
        self.0.kind
    }

    /// Returns the error message. For [`EndpointErrorKind::Rule`] this is the message of the rule, unchanged.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for EndpointError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_error_is_pointer_sized() {
        assert_eq!(size_of::<EndpointError>(), size_of::<usize>());
    }
}
