//! The two ways this crate can fail: a definition that cannot be used, and parameters that lead to no endpoint.

use std::fmt;

/// A rule set, a partitions file or an endpoints file that cannot be used.
///
/// It says where: a JSON path (`$.rules[3].conditions[0].fn`) for JSON, a byte offset for the packed form.
///
/// ```
/// use inia_endpoint::RuleSet;
///
/// let error = RuleSet::from_json(br#"{"version":"1.0","parameters":{},"rules":[{"type":"leaf"}]}"#).unwrap_err();
/// assert_eq!(error.place(), "$.rules[0].type");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionError {
    place: String,
    message: String,
}

impl DefinitionError {
    #[cold]
    pub(crate) fn new(place: impl fmt::Display, message: impl fmt::Display) -> Self {
        Self {
            place: place.to_string(),
            message: message.to_string(),
        }
    }

    /// Where in the definition the problem is: a JSON path, or `byte 17` of a packed form.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong there.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at {})", self.message, self.place)
    }
}

impl std::error::Error for DefinitionError {}

/// Why an [`EndpointError`] came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointErrorKind {
    /// An error rule matched: the service's own words say what is wrong with the parameters.
    Rule,
    /// A required parameter has neither a value nor a default.
    MissingParameter,
    /// A parameter was given a value of another type than the rule set declares.
    ParameterType,
    /// No rule matched the parameters.
    NoMatch,
    /// A rule could not be evaluated: a function was given a value of the wrong type, a template names a variable that
    /// is not set, or the result is larger than any endpoint can be.
    Evaluation,
    /// No partition knows the region.
    UnknownRegion,
    /// The service needs a region, and none was given.
    NoRegion,
    /// The service has no FIPS or dual-stack endpoint there.
    NoVariant,
}

/// The parameters lead to no endpoint.
///
/// # Source
/// botocore `exceptions.py:EndpointResolutionError`; the texts are botocore's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointError(Box<Detail>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Detail {
    kind: EndpointErrorKind,
    message: String,
}

impl EndpointError {
    #[cold]
    pub(crate) fn new(kind: EndpointErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Detail {
            kind,
            message: message.into(),
        }))
    }

    #[cold]
    pub(crate) fn evaluation(message: impl Into<String>) -> Self {
        Self::new(EndpointErrorKind::Evaluation, message)
    }

    /// What went wrong, for programs.
    #[must_use]
    pub fn kind(&self) -> EndpointErrorKind {
        self.0.kind
    }

    /// What went wrong, for people. For [`EndpointErrorKind::Rule`] this is the rule's message, unchanged.
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
    fn errors_are_small_enough_to_return_by_value() {
        assert_eq!(size_of::<EndpointError>(), size_of::<usize>());
    }

    #[test]
    fn display_names_the_place() {
        let error = DefinitionError::new("$.rules", "must be a list");
        assert_eq!(error.to_string(), "must be a list (at $.rules)");
    }
}
