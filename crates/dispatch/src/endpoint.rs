//! Binding a call to its service's endpoint rule set: which value fills which parameter.
//!
//! # Source
//! botocore `regions.py:EndpointRulesetResolver`, `args.py:compute_endpoint_resolver_builtin_defaults`.

use std::borrow::Cow;
use std::sync::Arc;

use inia_core::config::{
    AccountIdEndpointMode, AddressingStyle, ClientSettings, RegionalEndpoints,
};
use inia_core::{Error, ErrorKind, Result, Str, Value};
use inia_endpoint::{
    BuiltIn, Endpoint, EndpointCache, EndpointParams, ParameterValue, Partitions, RuleSet,
};
use inia_model::jmespath::Expression;
use inia_model::{Operation, ServiceModel, snake_case};

/// A service's rule set with the partitions it is evaluated in, and the endpoints found so far.
#[derive(Debug)]
pub(crate) struct EndpointResolver {
    rule_set: Arc<RuleSet>,
    partitions: Arc<Partitions>,
    cache: EndpointCache,
}

/// Where the value of each parameter of the rule set comes from, for one operation.
#[derive(Debug)]
pub(crate) struct EndpointBinding {
    sources: Box<[(usize, Source)]>,
    /// Whether any parameter wants the account id of the credentials.
    pub(crate) wants_account_id: bool,
    /// Whether no parameter depends on what a call is given, so that all calls of a client go to one endpoint.
    pub(crate) is_fixed: bool,
}

#[derive(Debug)]
enum Source {
    /// Fixed by the operation.
    Static(Value),
    /// The input's member of this name, or where it is absent the next source.
    Member(Str, Option<BuiltIn>),
    /// What a JMESPath finds in the input.
    Path(Expression),
    /// What the client was built with, by its name in snake case.
    Client(String, Option<BuiltIn>),
    BuiltIn(BuiltIn),
}

/// What a call may decide differently from its client.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EndpointOverrides<'a> {
    /// S3's addressing, where the bucket's name decides.
    pub(crate) force_path_style: Option<bool>,
    pub(crate) region: Option<&'a str>,
    pub(crate) account_id: Option<&'a str>,
}

impl EndpointResolver {
    pub(crate) fn new(rule_set: Arc<RuleSet>, partitions: Arc<Partitions>) -> Self {
        EndpointResolver {
            rule_set,
            partitions,
            cache: EndpointCache::default(),
        }
    }

    /// Works out where each parameter's value comes from: the operation's fixed values first, then the input's members and
    /// paths, then the client's own, then built-ins.
    pub(crate) fn bind(
        &self,
        model: &ServiceModel,
        operation: &Operation,
    ) -> Result<EndpointBinding> {
        let mut sources = Vec::new();
        let mut wants_account_id = false;
        let input = model.input(operation);
        for (index, parameter) in self.rule_set.parameters().iter().enumerate() {
            let name = parameter.name();
            let built_in = parameter.built_in().cloned().or_else(|| implied(name));
            wants_account_id |= built_in == Some(BuiltIn::AccountId);
            let fixed = operation
                .static_context
                .iter()
                .find(|(param, _)| **param == *name);
            let member = input.and_then(|input| {
                input
                    .members
                    .iter()
                    .find(|member| member.traits.context_param.as_deref() == Some(name))
            });
            let path = operation
                .operation_context
                .iter()
                .find(|(param, _)| **param == *name);
            let client = model
                .metadata()
                .client_context
                .iter()
                .any(|(param, _)| **param == *name);
            let source = if let Some((_, value)) = fixed {
                Source::Static(value.clone())
            } else if let Some(member) = member {
                Source::Member(member.name.clone(), built_in)
            } else if let Some((_, path)) = path {
                let expression = Expression::compile(path).map_err(|error| {
                    let place = format!(
                        "{} {}: operation context parameter {name}",
                        model.name(),
                        operation.name
                    );
                    Error::new(ErrorKind::Model, place).with_source(error)
                })?;
                Source::Path(expression)
            } else if client {
                Source::Client(snake_case(name), built_in)
            } else if let Some(built_in) = built_in {
                Source::BuiltIn(built_in)
            } else {
                continue;
            };
            sources.push((index, source));
        }
        let of_call = |source: &Source| matches!(source, Source::Member(..) | Source::Path(_));
        Ok(EndpointBinding {
            is_fixed: !wants_account_id && !sources.iter().any(|(_, source)| of_call(source)),
            sources: sources.into(),
            wants_account_id,
        })
    }

    /// The endpoint for a call.
    pub(crate) fn resolve(
        &self,
        binding: &EndpointBinding,
        params: &Value,
        settings: &ClientSettings,
        overrides: EndpointOverrides<'_>,
    ) -> Result<Arc<Endpoint>> {
        // What a path finds is a value of its own: it has to outlive the parameters that borrow from it.
        let found: Vec<Cow<'_, Value>> = binding
            .sources
            .iter()
            .filter_map(|(_, source)| match source {
                Source::Path(expression) => Some(expression.search(params)),
                _ => None,
            })
            .collect::<Result<_>>()?;
        let mut found = found.iter();
        let mut values = EndpointParams::new(&self.rule_set);
        for (index, source) in &binding.sources {
            let value = match source {
                Source::Static(value) => parameter(value),
                Source::Path(_) => found
                    .next()
                    .map_or(ParameterValue::Unset, |value| parameter(value)),
                Source::Member(name, built_in) => match params.get(name).map(parameter) {
                    Some(value) if value != ParameterValue::Unset => value,
                    _ => built_in.as_ref().map_or(ParameterValue::Unset, |name| {
                        built_in_value(name, settings, overrides)
                    }),
                },
                Source::Client(name, built_in) => {
                    match settings.client_context_params.get(name).map(parameter) {
                        Some(value) if value != ParameterValue::Unset => value,
                        _ => built_in.as_ref().map_or(ParameterValue::Unset, |name| {
                            built_in_value(name, settings, overrides)
                        }),
                    }
                }
                Source::BuiltIn(name) => built_in_value(name, settings, overrides),
            };
            if value != ParameterValue::Unset {
                values.set(*index, value);
            }
        }
        self.cache
            .resolve(&self.rule_set, &self.partitions, &values)
            .map_err(|error| Error::new(ErrorKind::Endpoint, error.message().to_owned()))
    }
}

/// The built-in that a parameter stands for although its rule set does not say so.
///
/// # Source
/// botocore `args.py:ClientArgsCreator._build_endpoint_resolver`.
fn implied(parameter: &str) -> Option<BuiltIn> {
    (parameter == "DisableS3ExpressSessionAuth").then_some(BuiltIn::S3DisableExpressSessionAuth)
}

fn parameter(value: &Value) -> ParameterValue<'_> {
    match value {
        Value::Bool(value) => ParameterValue::Boolean(*value),
        Value::String(value) => ParameterValue::String(value),
        Value::List(list) => {
            ParameterValue::StringArray(list.iter().filter_map(Value::as_str).collect())
        }
        _ => ParameterValue::Unset,
    }
}

fn built_in_value<'a>(
    built_in: &BuiltIn,
    settings: &'a ClientSettings,
    overrides: EndpointOverrides<'a>,
) -> ParameterValue<'a> {
    let custom = settings.endpoint_url.as_deref();
    match built_in {
        BuiltIn::Region => overrides.region.or(settings.region.as_deref()).into(),
        // A custom endpoint stands as it is: variants of the service's own do not apply.
        BuiltIn::UseFips => (settings.use_fips_endpoint && custom.is_none()).into(),
        BuiltIn::UseDualStack => (uses_dual_stack(settings) && custom.is_none()).into(),
        BuiltIn::SdkEndpoint => custom.into(),
        BuiltIn::AccountId => overrides.account_id.into(),
        BuiltIn::AccountIdEndpointMode => account_id_mode(settings.account_id_endpoint_mode).into(),
        BuiltIn::StsUseGlobalEndpoint => (settings.sts_regional_endpoints
            == RegionalEndpoints::Legacy
            && STS_LEGACY_REGIONS.contains(&settings.region.as_deref().unwrap_or_default()))
        .into(),
        BuiltIn::S3UseGlobalEndpoint => uses_s3_global(settings).into(),
        BuiltIn::S3Accelerate => settings.s3.use_accelerate_endpoint.unwrap_or(false).into(),
        BuiltIn::S3ForcePathStyle => overrides
            .force_path_style
            .unwrap_or_else(|| default_path_style(settings))
            .into(),
        BuiltIn::S3UseArnRegion => settings.s3.use_arn_region.unwrap_or(true).into(),
        BuiltIn::S3ControlUseArnRegion => settings.s3.use_arn_region.unwrap_or(false).into(),
        BuiltIn::S3DisableMultiRegionAccessPoints => settings
            .s3
            .disable_multiregion_access_points
            .unwrap_or(false)
            .into(),
        BuiltIn::S3DisableExpressSessionAuth => settings.s3_disable_express_session_auth.into(),
        _ => ParameterValue::Unset,
    }
}

/// Whether buckets go into the path where nothing about a bucket says otherwise.
pub(crate) fn default_path_style(settings: &ClientSettings) -> bool {
    if settings.s3.use_accelerate_endpoint == Some(true) {
        return false;
    }
    match (
        &settings.endpoint_url,
        settings
            .s3
            .addressing_style
            .unwrap_or(AddressingStyle::Auto),
    ) {
        (Some(url), style) if !url.contains("s3-accelerate") => style != AddressingStyle::Virtual,
        (_, style) => style == AddressingStyle::Path,
    }
}

fn account_id_mode(mode: AccountIdEndpointMode) -> &'static str {
    match mode {
        AccountIdEndpointMode::Preferred => "preferred",
        AccountIdEndpointMode::Required => "required",
        AccountIdEndpointMode::Disabled => "disabled",
    }
}

fn uses_dual_stack(settings: &ClientSettings) -> bool {
    settings.use_dualstack_endpoint || settings.s3.use_dualstack_endpoint == Some(true)
}

/// Whether us-east-1 means S3's global endpoint.
///
/// # Source
/// botocore `args.py:ClientArgsCreator._should_force_s3_global`.
fn uses_s3_global(settings: &ClientSettings) -> bool {
    let regional = settings
        .s3
        .us_east_1_regional_endpoint
        .unwrap_or(RegionalEndpoints::Legacy);
    matches!(
        settings.region.as_deref(),
        None | Some("us-east-1" | "aws-global")
    ) && regional == RegionalEndpoints::Legacy
}

/// The regions whose STS was one global endpoint before each had its own.
///
/// # Source
/// botocore `args.py:LEGACY_GLOBAL_STS_REGIONS`.
const STS_LEGACY_REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "aws-global",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "",
];

/// The rule set of a service that has none: the endpoint that was given, else the host its prefix and region make.
pub(crate) fn regional_rule_set(prefix: &str) -> Result<RuleSet> {
    // A prefix is text from a definition: it goes into the rules as JSON does it.
    let mut quoted = Vec::new();
    Value::from(format!(
        "https://{prefix}.{{Region}}.{{PartitionResult#dnsSuffix}}"
    ))
    .write_json(&mut quoted);
    let url = String::from_utf8_lossy(&quoted);
    let rules = format!(
        r#"{{"version": "1.0",
            "parameters": {{
                "Region": {{"builtIn": "AWS::Region", "required": false, "type": "string"}},
                "Endpoint": {{"builtIn": "SDK::Endpoint", "required": false, "type": "string"}}
            }},
            "rules": [
                {{"type": "endpoint", "conditions": [{{"fn": "isSet", "argv": [{{"ref": "Endpoint"}}]}}],
                  "endpoint": {{"url": {{"ref": "Endpoint"}}, "properties": {{}}, "headers": {{}}}}}},
                {{"type": "endpoint",
                  "conditions": [
                      {{"fn": "isSet", "argv": [{{"ref": "Region"}}]}},
                      {{"fn": "aws.partition", "argv": [{{"ref": "Region"}}], "assign": "PartitionResult"}}
                  ],
                  "endpoint": {{"url": {url}, "properties": {{}}, "headers": {{}}}}}},
                {{"type": "error", "conditions": [], "error": "Invalid Configuration: Missing Region"}}
            ]}}"#
    );
    RuleSet::from_json(rules.as_bytes())
        .map_err(|error| Error::new(ErrorKind::Model, error.to_string()))
}
