//! Binds the parameters of an endpoint rule set to the inputs of a call, and resolves endpoints.
//!
//! # Source
//! botocore `regions.py:EndpointRulesetResolver`, `args.py:compute_endpoint_resolver_builtin_defaults`.

use std::borrow::Cow;
use std::sync::Arc;

use inia_core::config::{
    AccountIdEndpointMode, AddressingStyle, ClientSettings, RegionalEndpoints,
};
use inia_core::{Error, ErrorKind, Result, Str, Value, json};
use inia_endpoint::{
    BuiltIn, Endpoint, EndpointCache, EndpointError, EndpointParams, ParameterValue, Partitions,
    RuleSet,
};
use inia_model::jmespath::Expression;
use inia_model::{Operation, ServiceModel, snake_case};

use crate::region::missing_region;

/// Evaluates a service's rule set, and caches the endpoints.
#[derive(Debug)]
pub(crate) struct EndpointResolver {
    rule_set: Arc<RuleSet>,
    partitions: Arc<Partitions>,
    cache: EndpointCache,
    /// True if the service has no rules of its own, so that the host of its endpoint is a guess.
    pub(crate) is_regional: bool,
}

/// The endpoint rules of a service.
#[derive(Clone, Debug)]
pub(crate) struct EndpointRules {
    pub(crate) rule_set: Arc<RuleSet>,
    /// True if the rules are those of [`regional_rule_set`].
    pub(crate) is_regional: bool,
}

/// Source of each rule set parameter's value, for one operation.
#[derive(Debug)]
pub(crate) struct EndpointBinding {
    sources: Box<[(usize, ParameterSource)]>,
    /// True if a parameter is the region.
    uses_region: bool,
    /// True if a parameter depends on the account id of the credentials.
    pub(crate) uses_account_id: bool,
    /// The input member bound to the parameter `AccountId`, if any.
    pub(crate) account_id_member: Option<Str>,
    /// True if no parameter depends on the call's input, so that all calls of a client go to one endpoint.
    pub(crate) is_fixed: bool,
}

#[derive(Debug)]
enum ParameterSource {
    /// A constant of the operation (`staticContextParams`).
    Static(Value),
    /// An input member, with a built-in as fallback (`contextParam`).
    Member(Str, Option<BuiltIn>),
    /// A JMESPath expression over the input (`operationContextParams`).
    Path(Expression),
    /// A client setting by its name in snake case, with a built-in as fallback (`clientContextParams`).
    Client(String, Option<BuiltIn>),
    BuiltIn(BuiltIn),
}

/// Endpoint parameters of a call that may differ from the client's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EndpointOverrides<'a> {
    /// S3's addressing style.
    pub(crate) force_path_style: Option<bool>,
    /// The region of the call; the client's if it has no other.
    pub(crate) region: Option<&'a str>,
    pub(crate) account_id: Option<&'a str>,
}

impl EndpointResolver {
    pub(crate) fn new(rules: EndpointRules, partitions: Arc<Partitions>) -> Self {
        EndpointResolver {
            rule_set: rules.rule_set,
            is_regional: rules.is_regional,
            partitions,
            cache: EndpointCache::default(),
        }
    }

    /// Returns `true` if the rule set has a parameter for the account id endpoint mode.
    pub(crate) fn has_account_id_mode(&self) -> bool {
        let mut parameters = self.rule_set.parameters().iter();
        parameters.any(|parameter| parameter.built_in() == Some(&BuiltIn::AccountIdEndpointMode))
    }

    /// Binds each parameter to its source. Precedence: the operation's constants, input members and paths, client settings, built-ins.
    pub(crate) fn bind(
        &self,
        model: &ServiceModel,
        operation: &Operation,
    ) -> Result<EndpointBinding> {
        let mut sources = Vec::new();
        let mut uses_account_id = false;
        let mut uses_region = false;
        let mut account_id_member = None;
        let input = model.input(operation);
        for (index, parameter) in self.rule_set.parameters().iter().enumerate() {
            let name = parameter.name();
            let built_in = parameter
                .built_in()
                .cloned()
                .or_else(|| implied_built_in(name));
            uses_account_id |= built_in == Some(BuiltIn::AccountId);
            uses_region |= built_in == Some(BuiltIn::Region);
            let constant = operation
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
            let source = if let Some((_, value)) = constant {
                ParameterSource::Static(value.clone())
            } else if let Some(member) = member {
                if name == "AccountId" {
                    account_id_member = Some(member.name.clone());
                }
                ParameterSource::Member(member.name.clone(), built_in)
            } else if let Some((_, path)) = path {
                let expression = Expression::compile(path).map_err(|error| {
                    let message = format!(
                        "{} {}: operation context parameter {name}",
                        model.name(),
                        operation.name
                    );
                    Error::new(ErrorKind::Model, message).with_source(error)
                })?;
                ParameterSource::Path(expression)
            } else if client {
                ParameterSource::Client(snake_case(name), built_in)
            } else if let Some(built_in) = built_in {
                ParameterSource::BuiltIn(built_in)
            } else {
                continue;
            };
            sources.push((index, source));
        }
        let depends_on_input = sources.iter().any(|(_, source)| {
            matches!(
                source,
                ParameterSource::Member(..) | ParameterSource::Path(_)
            )
        });
        Ok(EndpointBinding {
            is_fixed: !uses_account_id && !depends_on_input,
            sources: sources.into(),
            uses_region,
            uses_account_id,
            account_id_member,
        })
    }

    /// Resolves the endpoint of a call.
    pub(crate) fn resolve(
        &self,
        binding: &EndpointBinding,
        params: &Value,
        settings: &ClientSettings,
        overrides: EndpointOverrides<'_>,
    ) -> Result<Arc<Endpoint>> {
        self.with_values(binding, params, settings, overrides, |values| {
            self.cache
                .resolve(&self.rule_set, &self.partitions, values)
                .map_err(endpoint_error)
        })
    }

    /// Returns the parameters of the rule set for a call, and the rules that apply to them.
    pub(crate) fn trace(
        &self,
        binding: &EndpointBinding,
        params: &Value,
        settings: &ClientSettings,
        overrides: EndpointOverrides<'_>,
    ) -> Result<EndpointTrace> {
        self.with_values(binding, params, settings, overrides, |values| {
            Ok(EndpointTrace {
                parameters: values.named_values(&self.rule_set),
                rules: self
                    .rule_set
                    .trace(&self.partitions, values)
                    .map_err(endpoint_error)?,
            })
        })
    }

    /// Passes the values of the rule set's parameters to `use_values`.
    fn with_values<T>(
        &self,
        binding: &EndpointBinding,
        params: &Value,
        settings: &ClientSettings,
        overrides: EndpointOverrides<'_>,
        use_values: impl FnOnce(&EndpointParams<'_>) -> Result<T>,
    ) -> Result<T> {
        if binding.uses_region && overrides.region.is_none() {
            return Err(missing_region());
        }
        // Path results may be owned, and have to outlive the endpoint parameters that borrow from them.
        let path_results: Vec<Cow<'_, Value>> = binding
            .sources
            .iter()
            .filter_map(|(_, source)| match source {
                ParameterSource::Path(expression) => Some(expression.search(params)),
                _ => None,
            })
            .collect::<Result<_>>()?;
        let mut path_results = path_results.iter();
        let mut values = EndpointParams::new(&self.rule_set);
        for (index, source) in &binding.sources {
            let value = match source {
                ParameterSource::Static(value) => parameter_value(value),
                ParameterSource::Path(_) => path_results
                    .next()
                    .map_or(ParameterValue::Unset, |value| parameter_value(value)),
                ParameterSource::Member(name, built_in) => {
                    match params.get(name).map(parameter_value) {
                        Some(value) if value != ParameterValue::Unset => value,
                        _ => built_in.as_ref().map_or(ParameterValue::Unset, |name| {
                            built_in_value(name, settings, overrides)
                        }),
                    }
                }
                ParameterSource::Client(name, built_in) => {
                    match settings
                        .client_context_params
                        .get(name)
                        .map(parameter_value)
                    {
                        Some(value) if value != ParameterValue::Unset => value,
                        _ => built_in.as_ref().map_or(ParameterValue::Unset, |name| {
                            built_in_value(name, settings, overrides)
                        }),
                    }
                }
                ParameterSource::BuiltIn(name) => built_in_value(name, settings, overrides),
            };
            if value != ParameterValue::Unset {
                values.set(*index, value);
            }
        }
        use_values(&values)
    }
}

/// The parameters of a rule set, and the rules that apply to them.
#[derive(Debug)]
pub(crate) struct EndpointTrace {
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) rules: Vec<String>,
}

#[cold]
fn endpoint_error(error: EndpointError) -> Error {
    Error::new(ErrorKind::Endpoint, error.message().to_owned())
}

/// Returns the built-in of a parameter whose rule set declares none.
///
/// # Source
/// botocore `args.py:ClientArgsCreator._build_endpoint_resolver`.
fn implied_built_in(parameter: &str) -> Option<BuiltIn> {
    (parameter == "DisableS3ExpressSessionAuth").then_some(BuiltIn::S3DisableExpressSessionAuth)
}

fn parameter_value(value: &Value) -> ParameterValue<'_> {
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
        BuiltIn::Region => overrides.region.into(),
        // A custom endpoint is used as is: FIPS and dual-stack variants do not apply to it.
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
            .s3_disable_multiregion_access_points
            .unwrap_or(false)
            .into(),
        BuiltIn::S3DisableExpressSessionAuth => settings.s3_disable_express_session_auth.into(),
        _ => ParameterValue::Unset,
    }
}

/// Returns true if the client's settings select path-style addressing of buckets.
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

/// Returns true if us-east-1 means S3's global endpoint.
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

/// Regions that use STS's global endpoint in the `legacy` mode.
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

/// Returns whether a model has a source for every required parameter of a rule set that has no default and is not built in. A definition
/// of an older release may lack the parameters that newer rules require.
pub(crate) fn has_sources(rules: &RuleSet, model: &ServiceModel) -> bool {
    let mut required = rules.parameters().iter().filter(|parameter| {
        parameter.is_required() && parameter.default().is_none() && parameter.built_in().is_none()
    });
    required.all(|parameter| {
        let name = parameter.name();
        let is_set = |(param, _): &(Str, _)| **param == *name;
        let is_client = model.metadata().client_context.iter().any(is_set);
        is_client
            || model.operations().any(|operation| {
                operation
                    .static_context
                    .iter()
                    .any(|(param, _)| **param == *name)
                    || operation.operation_context.iter().any(is_set)
                    || model.input(operation).is_some_and(|input| {
                        let mut members = input.members.iter();
                        members.any(|member| member.traits.context_param.as_deref() == Some(name))
                    })
            })
    })
}

/// Returns a rule set for a service without one: the custom endpoint, or else `https://{prefix}.{region}.{dns suffix}`, with `-fips` after
/// the prefix and the dual-stack suffix if the client asks for them and the partition has them.
pub(crate) fn regional_rule_set(prefix: &str) -> Result<RuleSet> {
    let is_true =
        |parameter: &str| json!({"fn": "booleanEquals", "argv": [{"ref": (parameter)}, true]});
    let supports = |attribute: &str| {
        let attribute = json!({"fn": "getAttr", "argv": [{"ref": "PartitionResult"}, (attribute)]});
        json!({"fn": "booleanEquals", "argv": [true, (attribute)]})
    };
    let endpoint = |conditions: Value, variant: &str, suffix: &str| {
        let url = format!("https://{prefix}{variant}.{{Region}}.{{PartitionResult#{suffix}}}");
        json!({"type": "endpoint", "conditions": (conditions), "endpoint": {"url": (url), "properties": {}, "headers": {}}})
    };
    let error = |conditions: Value, message: &str| json!({"type": "error", "conditions": (conditions), "error": (message)});
    let (fips, dual_stack) = (is_true("UseFIPS"), is_true("UseDualStack"));
    let (has_fips, has_dual_stack) = (supports("supportsFIPS"), supports("supportsDualStack"));
    let in_partition = json!([
        endpoint(
            json!([
                (fips.clone()),
                (dual_stack.clone()),
                (has_fips.clone()),
                (has_dual_stack.clone())
            ]),
            "-fips",
            "dualStackDnsSuffix"
        ),
        error(
            json!([(fips.clone()), (dual_stack.clone())]),
            "FIPS and DualStack are enabled, but this partition does not support one or both"
        ),
        endpoint(json!([(fips.clone()), (has_fips)]), "-fips", "dnsSuffix"),
        error(
            json!([(fips)]),
            "FIPS is enabled but this partition does not support FIPS"
        ),
        endpoint(
            json!([(dual_stack.clone()), (has_dual_stack)]),
            "",
            "dualStackDnsSuffix"
        ),
        error(
            json!([(dual_stack)]),
            "DualStack is enabled but this partition does not support DualStack"
        ),
        endpoint(json!([]), "", "dnsSuffix")
    ]);
    let boolean = |built_in: &str| json!({"builtIn": (built_in), "required": true, "default": false, "type": "boolean"});
    let rules = json!({
        "version": "1.0",
        "parameters": {
            "Region": {"builtIn": "AWS::Region", "required": false, "type": "string"},
            "Endpoint": {"builtIn": "SDK::Endpoint", "required": false, "type": "string"},
            "UseFIPS": (boolean("AWS::UseFIPS")),
            "UseDualStack": (boolean("AWS::UseDualStack"))
        },
        "rules": [
            {
                "type": "endpoint",
                "conditions": [{"fn": "isSet", "argv": [{"ref": "Endpoint"}]}],
                "endpoint": {"url": {"ref": "Endpoint"}, "properties": {}, "headers": {}}
            },
            {
                "type": "tree",
                "conditions": [
                    {"fn": "isSet", "argv": [{"ref": "Region"}]},
                    {"fn": "aws.partition", "argv": [{"ref": "Region"}], "assign": "PartitionResult"}
                ],
                "rules": (in_partition)
            },
            {"type": "error", "conditions": [], "error": "Invalid Configuration: Missing Region"}
        ]
    });
    RuleSet::from_json(rules.to_json_string().as_bytes())
        .map_err(|error| Error::new(ErrorKind::Model, error.to_string()))
}
