//! Endpoint rule sets: read, compiled, packed.

mod check;
mod pack;
mod parse;
pub(crate) mod program;

use crate::endpoint::Endpoint;
use crate::error::{DefinitionError, EndpointError};
use crate::evaluate;
use crate::parameter::{EndpointParams, Parameter};
use crate::partition::Partitions;
use program::Program;

/// A service's endpoint rule set, compiled.
///
/// ```
/// use inia_endpoint::{EndpointParams, Partitions, RuleSet};
///
/// let rule_set = RuleSet::from_json(br#"{
///     "version": "1.0",
///     "parameters": {
///         "Region": {"type": "String", "builtIn": "AWS::Region", "required": true},
///         "UseFIPS": {"type": "Boolean", "builtIn": "AWS::UseFIPS", "default": false}
///     },
///     "rules": [{
///         "conditions": [{"fn": "aws.partition", "argv": [{"ref": "Region"}], "assign": "Part"}],
///         "type": "tree",
///         "rules": [{
///             "conditions": [{"fn": "booleanEquals", "argv": [{"ref": "UseFIPS"}, true]}],
///             "type": "endpoint",
///             "endpoint": {"url": "https://demo-fips.{Region}.{Part#dnsSuffix}"}
///         }, {
///             "conditions": [],
///             "type": "endpoint",
///             "endpoint": {"url": "https://demo.{Region}.{Part#dnsSuffix}"}
///         }]
///     }]
/// }"#)?;
/// let partitions = Partitions::from_json(br#"{"partitions": [{"id": "aws", "regionRegex": "^us\\-\\w+\\-\\d+$",
///     "regions": {}, "outputs": {"dnsSuffix": "amazonaws.com"}}]}"#)?;
///
/// let mut params = EndpointParams::new(&rule_set);
/// params.set(rule_set.parameter_index("Region").unwrap(), "us-west-2");
/// assert_eq!(rule_set.evaluate(&partitions, &params)?.url, "https://demo.us-west-2.amazonaws.com");
///
/// let packed = rule_set.to_bytes();
/// assert_eq!(RuleSet::from_bytes(&packed)?, rule_set);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
/// botocore `endpoint_provider.py:RuleSet`;
/// <https://smithy.io/2.0/additional-specs/rules-engine/specification.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSet {
    program: Program,
}

impl RuleSet {
    /// Reads and compiles an `endpoint-rule-set-1.json`. Keys that are not known are ignored.
    ///
    /// # Errors
    /// The text is not JSON or not a rule set, names a function that is not known, or is absurdly large; the error names
    /// the place.
    pub fn from_json(text: &[u8]) -> Result<Self, DefinitionError> {
        parse::compile(text).map(|program| Self { program })
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. The bytes are checked in full and not kept.
    ///
    /// # Errors
    /// The bytes were not written by this version of the crate, or are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DefinitionError> {
        pack::read(bytes).map(|program| Self { program })
    }

    /// The packed form: about a tenth of the JSON, read in microseconds.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        pack::write(&self.program)
    }

    /// The version that the rule set states.
    #[must_use]
    pub fn version(&self) -> &str {
        self.program.texts.get(self.program.version)
    }

    /// What the rule set wants to know, in its own order. A parameter's place in this list is its number.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.program.parameters
    }

    /// The number of the parameter of this name, for [`EndpointParams::set`].
    #[must_use]
    pub fn parameter_index(&self, name: &str) -> Option<usize> {
        self.program
            .parameters
            .iter()
            .position(|parameter| *parameter.name == *name)
    }

    /// The endpoint for these parameters: that of the first rule whose conditions hold.
    ///
    /// # Errors
    /// A required parameter is missing, a value has the wrong type, an error rule matched, no rule matched, or a function
    /// was given what it cannot take. See [`EndpointErrorKind`](crate::EndpointErrorKind).
    ///
    /// # Source
    /// botocore `endpoint_provider.py:EndpointProvider.resolve_endpoint`
    pub fn evaluate(
        &self,
        partitions: &Partitions,
        params: &EndpointParams<'_>,
    ) -> Result<Endpoint, EndpointError> {
        evaluate::evaluate(&self.program, partitions, params)
    }
}
