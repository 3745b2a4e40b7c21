//! Errors: invalid definitions, and parameters that resolve to no endpoint.

use std::fmt;

/// An invalid rule set, `partitions.json` or `endpoints.json`.
///
/// Names the location of the error: a JSON path (`$.rules[3].conditions[0].fn`), or a byte offset in a packed form.
///
/// ```
/// use inia_endpoint::RuleSet;
///
/// let error = RuleSet::from_json(br#"{"version":"1.0","parameters":{},"rules":[{"type":"leaf"}]}"#).unwrap_err();
/// assert_eq!(error.location(), "$.rules[0].type");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionError {
    location: String,
    message: String,
}

impl DefinitionError {
    #[cold]
    pub(crate) fn new(location: impl fmt::Display, message: impl fmt::Display) -> Self {
        Self {
            location: location.to_string(),
            message: message.to_string(),
        }
    }

    /// Returns the location of the error: a JSON path, or `byte 17` of a packed form.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Returns the error message, without the location.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at {})", self.message, self.location)
    }
}

impl std::error::Error for DefinitionError {}

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

    #[test]
    fn display_includes_the_location() {
        let error = DefinitionError::new("$.rules", "must be a list");
        assert_eq!(error.to_string(), "must be a list (at $.rules)");
    }
}
