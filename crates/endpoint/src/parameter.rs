//! The parameters of a rule set: declarations and values.

use std::fmt;

use inia_core::Str;
use inia_core::packed::{Packed, PackedReader, PackedWriter, packed_enum, packed_struct};

use crate::error::{EndpointError, EndpointErrorKind};

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParameterType {
    /// `string`
    String,
    /// `boolean`
    Boolean,
    /// `stringArray`
    StringArray,
}

impl ParameterType {
    fn noun(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Boolean => "a boolean",
            Self::StringArray => "a list of strings",
        }
    }
}

/// A built-in: a parameter value that the SDK supplies from its configuration.
///
/// # Source
/// botocore `regions.py:EndpointResolverBuiltins`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuiltIn {
    /// `AWS::Region`, a string: the client's region.
    Region,
    /// `AWS::UseFIPS`, a boolean.
    UseFips,
    /// `AWS::UseDualStack`, a boolean.
    UseDualStack,
    /// `SDK::Endpoint`, a string: the custom endpoint.
    SdkEndpoint,
    /// `AWS::Auth::AccountId`, a string: the account of the credentials.
    AccountId,
    /// `AWS::Auth::AccountIdEndpointMode`, a string: `preferred`, `disabled` or `required`.
    AccountIdEndpointMode,
    /// `AWS::STS::UseGlobalEndpoint`, a boolean.
    StsUseGlobalEndpoint,
    /// `AWS::S3::UseGlobalEndpoint`, a boolean.
    S3UseGlobalEndpoint,
    /// `AWS::S3::Accelerate`, a boolean.
    S3Accelerate,
    /// `AWS::S3::ForcePathStyle`, a boolean.
    S3ForcePathStyle,
    /// `AWS::S3::UseArnRegion`, a boolean.
    S3UseArnRegion,
    /// `AWS::S3::DisableMultiRegionAccessPoints`, a boolean.
    S3DisableMultiRegionAccessPoints,
    /// `AWS::S3::DisableS3ExpressSessionAuth`, a boolean.
    S3DisableExpressSessionAuth,
    /// `AWS::S3Control::UseArnRegion`, a boolean.
    S3ControlUseArnRegion,
    /// An unknown built-in; botocore fails a call that needs its value.
    Other(Str),
}

const BUILT_INS: [(&str, BuiltIn); 14] = [
    ("AWS::Region", BuiltIn::Region),
    ("AWS::UseFIPS", BuiltIn::UseFips),
    ("AWS::UseDualStack", BuiltIn::UseDualStack),
    ("SDK::Endpoint", BuiltIn::SdkEndpoint),
    ("AWS::Auth::AccountId", BuiltIn::AccountId),
    (
        "AWS::Auth::AccountIdEndpointMode",
        BuiltIn::AccountIdEndpointMode,
    ),
    ("AWS::STS::UseGlobalEndpoint", BuiltIn::StsUseGlobalEndpoint),
    ("AWS::S3::UseGlobalEndpoint", BuiltIn::S3UseGlobalEndpoint),
    ("AWS::S3::Accelerate", BuiltIn::S3Accelerate),
    ("AWS::S3::ForcePathStyle", BuiltIn::S3ForcePathStyle),
    ("AWS::S3::UseArnRegion", BuiltIn::S3UseArnRegion),
    (
        "AWS::S3::DisableMultiRegionAccessPoints",
        BuiltIn::S3DisableMultiRegionAccessPoints,
    ),
    (
        "AWS::S3::DisableS3ExpressSessionAuth",
        BuiltIn::S3DisableExpressSessionAuth,
    ),
    (
        "AWS::S3Control::UseArnRegion",
        BuiltIn::S3ControlUseArnRegion,
    ),
];

impl BuiltIn {
    /// Returns the built-in of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let row = BUILT_INS.iter().find(|(row_name, _)| *row_name == name);
        row.map_or_else(
            || Self::Other(name.into()),
            |(_, built_in)| built_in.clone(),
        )
    }

    /// Returns the name as spelled in rule sets.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => BUILT_INS
                .iter()
                .find(|(_, built_in)| built_in == known)
                .map_or("", |(name, _)| name),
        }
    }
}

impl Packed for BuiltIn {
    fn write(&self, out: &mut PackedWriter<'_>) {
        out.text(self.name());
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        reader.text().map(|name| Self::from_name(&name))
    }
}

impl fmt::Display for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The default value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterDefault {
    /// The default of a string.
    String(Str),
    /// The default of a boolean.
    Boolean(bool),
    /// The default of a list of strings.
    StringArray(Box<[Str]>),
}

/// A parameter declared by a rule set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub(crate) name: Str,
    pub(crate) kind: ParameterType,
    pub(crate) required: bool,
    pub(crate) built_in: Option<BuiltIn>,
    pub(crate) default: Option<ParameterDefault>,
    pub(crate) deprecation: Option<Str>,
    pub(crate) is_read: bool,
    /// True if the value can affect the result, and so is part of the cache key: it is read or required.
    pub(crate) is_keyed: bool,
}

packed_enum!(ParameterType { 0 = String, 1 = Boolean, 2 = StringArray });
packed_enum!(ParameterDefault { 0 = String(text), 1 = Boolean(value), 2 = StringArray(items) });
packed_struct!(Parameter { name, kind } optional {
    required, built_in, default, deprecation
} computed { is_read, is_keyed });

impl Parameter {
    /// Returns the name, which context parameters of operations and clients refer to.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the type.
    #[must_use]
    pub fn kind(&self) -> ParameterType {
        self.kind
    }

    /// Returns whether evaluation fails if the parameter has neither a value nor a default.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// Returns the built-in that supplies the value if neither the operation nor the client sets it.
    #[must_use]
    pub fn built_in(&self) -> Option<&BuiltIn> {
        self.built_in.as_ref()
    }

    /// Returns the default, which [`RuleSet::evaluate`](crate::RuleSet::evaluate) uses if the parameter is unset.
    #[must_use]
    pub fn default(&self) -> Option<&ParameterDefault> {
        self.default.as_ref()
    }

    /// Returns the deprecation message, if the parameter is deprecated.
    #[must_use]
    pub fn deprecation(&self) -> Option<&str> {
        self.deprecation.as_deref()
    }

    /// Returns whether any rule reads the parameter. An unread one (S3's `Key`) is not part of the cache key.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.is_read
    }
}

/// The borrowed value of a parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ParameterValue<'a> {
    /// No value: the default is used, if there is one.
    #[default]
    Unset,
    /// A string.
    String(&'a str),
    /// A boolean.
    Boolean(bool),
    /// A list of strings.
    StringArray(Vec<&'a str>),
}

impl<'a> From<&'a str> for ParameterValue<'a> {
    fn from(value: &'a str) -> Self {
        Self::String(value)
    }
}

impl From<bool> for ParameterValue<'_> {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl<'a> From<Vec<&'a str>> for ParameterValue<'a> {
    fn from(value: Vec<&'a str>) -> Self {
        Self::StringArray(value)
    }
}

impl<'a, T: Into<ParameterValue<'a>>> From<Option<T>> for ParameterValue<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unset, Into::into)
    }
}

/// Values for the parameters of one rule set, by parameter index.
///
/// ```
/// # use inia_endpoint::{EndpointParams, RuleSet};
/// # let rule_set = RuleSet::from_json(br#"{"version":"1.0","parameters":{"Region":{"type":"string"}},"rules":[]}"#)?;
/// let region = rule_set.parameter_index("Region").unwrap();    // once
/// let mut params = EndpointParams::new(&rule_set);             // for each call
/// params.set(region, "eu-west-1");
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointParams<'a> {
    values: Vec<ParameterValue<'a>>,
}

impl<'a> EndpointParams<'a> {
    pub(crate) fn unset(count: usize) -> Self {
        Self {
            values: vec![ParameterValue::Unset; count],
        }
    }

    /// Sets the value of the parameter at `index` (see [`RuleSet::parameter_index`](crate::RuleSet::parameter_index)). An index out of range is ignored.
    pub fn set(&mut self, index: usize, value: impl Into<ParameterValue<'a>>) {
        if let Some(slot) = self.values.get_mut(index) {
            *slot = value.into();
        }
    }

    /// Returns the value of the parameter at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> &ParameterValue<'a> {
        self.values.get(index).unwrap_or(&ParameterValue::Unset)
    }

    /// Returns all values, in the order of the rule set's parameters.
    #[must_use]
    pub fn values(&self) -> &[ParameterValue<'a>] {
        &self.values
    }

    /// Checks types and required parameters, as botocore's `process_input_parameters` does.
    pub(crate) fn check(&self, parameters: &[Parameter]) -> Result<(), EndpointError> {
        for (index, parameter) in parameters.iter().enumerate() {
            let type_matches = match self.get(index) {
                ParameterValue::Unset => {
                    if parameter.required && parameter.default.is_none() {
                        return Err(EndpointError::new(
                            EndpointErrorKind::MissingParameter,
                            format!(
                                "Cannot find value for required parameter {}",
                                parameter.name
                            ),
                        ));
                    }
                    true
                }
                ParameterValue::String(_) => parameter.kind == ParameterType::String,
                ParameterValue::Boolean(_) => parameter.kind == ParameterType::Boolean,
                ParameterValue::StringArray(_) => parameter.kind == ParameterType::StringArray,
            };
            if !type_matches {
                return Err(EndpointError::new(
                    EndpointErrorKind::ParameterType,
                    format!(
                        "Value ({}) is the wrong type. Must be {}.",
                        parameter.name,
                        parameter.kind.noun()
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Returns the values that are set, with the names of their parameters.
    #[must_use]
    pub fn named_values(&self, rule_set: &crate::RuleSet) -> Vec<(String, String)> {
        let parameters = rule_set.parameters().iter().zip(&self.values);
        let values = parameters.filter_map(|(parameter, value)| {
            let text = match value {
                ParameterValue::Unset => return None,
                ParameterValue::String(text) => (*text).to_owned(),
                ParameterValue::Boolean(value) => value.to_string(),
                ParameterValue::StringArray(items) => format!("{items:?}"),
            };
            Some((parameter.name().to_owned(), text))
        });
        values.collect()
    }

    /// Returns the values that are set, one per line, as botocore lists them when no rule matches.
    pub(crate) fn describe(&self, parameters: &[Parameter]) -> String {
        let lines = parameters
            .iter()
            .zip(&self.values)
            .filter_map(|(parameter, value)| {
                let name = &parameter.name;
                match value {
                    ParameterValue::Unset => None,
                    ParameterValue::String(text) => Some(format!("{name}: {text}")),
                    ParameterValue::Boolean(value) => {
                        Some(format!("{name}: {}", python_bool(*value)))
                    }
                    ParameterValue::StringArray(items) => Some(format!("{name}: {items:?}")),
                }
            });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Formats a boolean as Python does.
pub(crate) fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_ins_round_trip_by_name() {
        for (name, built_in) in &BUILT_INS {
            assert_eq!(BuiltIn::from_name(name), *built_in);
            assert_eq!(built_in.name(), *name);
        }
        assert_eq!(BuiltIn::from_name("AWS::New").to_string(), "AWS::New");
    }
}
