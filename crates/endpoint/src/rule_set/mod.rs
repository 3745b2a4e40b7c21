//! Endpoint rule sets and decision diagrams: compiler, validation.

mod diagram;
mod evaluate;
mod parse;
pub(crate) mod program;
mod validate;

use inia_core::packed::{Packed, PackedReader, PackedWriter};

use crate::endpoint::Endpoint;
use crate::error::EndpointError;
use crate::parameter::{EndpointParams, Parameter};
use crate::partition::Partitions;
use program::{Program, ProgramParts};

/// The compiled endpoint rule set of a service.
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
    /// Parses and compiles an `endpoint-rule-set-1.json`, or a decision diagram (the `endpointBdd` trait of Smithy models). Unknown keys
    /// are ignored.
    ///
    /// # Errors
    /// The input is not JSON or not a valid rule set, calls an unknown function, or is excessively large; the error names
    /// the JSON path.
    pub fn from_json(text: &[u8]) -> inia_core::Result<Self> {
        parse::compile(text).map(|program| Self { program })
    }

    /// Returns the `version` of the rule set.
    #[must_use]
    pub fn version(&self) -> &str {
        self.program.strings.get(self.program.version)
    }

    /// Returns the parameters, in the order of the rule set. A parameter's position is its index.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.program.parameters
    }

    /// Returns the index of the parameter named `name`, for [`EndpointParams::set`].
    #[must_use]
    pub fn parameter_index(&self, name: &str) -> Option<usize> {
        self.program
            .parameters
            .iter()
            .position(|parameter| *parameter.name == *name)
    }

    /// Resolves the endpoint for these parameters: the first rule whose conditions are all true applies.
    ///
    /// # Errors
    /// A required parameter is missing, a value has the wrong type, an error rule matched, no rule matched, or an argument
    /// of a function is invalid. See [`EndpointErrorKind`](crate::EndpointErrorKind).
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

    /// Returns the conditions of the rules that apply to these parameters, as text: from the first to the one that returns an endpoint
    /// or an error. Of a decision diagram, the conditions on the way to its result. For people: the form of the text is not fixed.
    ///
    /// # Errors
    /// As for [`evaluate`](Self::evaluate), except that a rule that returns an error ends the list.
    pub fn trace(
        &self,
        partitions: &Partitions,
        params: &EndpointParams<'_>,
    ) -> Result<Vec<String>, EndpointError> {
        evaluate::trace(&self.program, partitions, params)
    }
}

impl EndpointParams<'_> {
    /// Returns parameters that are all unset.
    #[must_use]
    pub fn new(rule_set: &RuleSet) -> Self {
        Self::unset(rule_set.parameters().len())
    }
}

impl Packed for RuleSet {
    fn write(&self, out: &mut PackedWriter<'_>) {
        self.program.parts().write(out);
        if let Some(diagram) = &self.program.diagram {
            diagram.write(out);
        }
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        let parts = ProgramParts::read(reader)?;
        // A rule set is the last part of its definition; rules without a diagram end here.
        let diagram = match reader.rest() {
            [] => None,
            _ => Some(Packed::read(reader)?),
        };
        let program = Program::new(parts, diagram).ok()?;
        Some(Self { program })
    }
}
