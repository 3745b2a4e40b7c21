//! Endpoint traits: the rules of a service, and the sources of their parameters.
//!
//! # Source
//! <https://smithy.io/2.0/additional-specs/rules-engine/index.html>.

use inia_core::{Str, Value, json};

use super::ast::AstShape;
use super::traits::{Trait, Traits};
use crate::definition::raw::{
    RawContextKind, RawOperationContext, RawPairs, RawStaticContext, RawText,
};

/// Returns the endpoint rules of a service: its rule set, or else its decision diagram.
///
/// A service that is not one of AWS's and has no rules gets rules that require an endpoint URL. `None` for a service of AWS without
/// rules, whose hosts have a common form.
pub(super) fn rules(service: &AstShape<'_>, name: &str) -> Option<Value> {
    let traits = &service.traits;
    let rules = traits.get(Trait::EndpointRuleSet);
    let rules = rules.or_else(|| traits.get(Trait::EndpointBdd));
    if let Some(rules) = rules {
        return Some(rules.clone());
    }
    if traits.has(Trait::Service) {
        return None;
    }
    let message = format!(
        "{name} has no endpoint rules: set its URL with --endpoint-url, AWS_ENDPOINT_URL, or endpoint_url in the profile"
    );
    Some(json!({
        "version": "1.0",
        "parameters": {"Endpoint": {"builtIn": "SDK::Endpoint", "required": false, "type": "string"}},
        "rules": [
            {
                "type": "endpoint",
                "conditions": [{"fn": "isSet", "argv": [{"ref": "Endpoint"}]}],
                "endpoint": {"url": {"ref": "Endpoint"}, "properties": {}, "headers": {}}
            },
            {"type": "error", "conditions": [], "error": (message)}
        ]
    }))
}

/// Returns the parameters that are set on a client, with their types.
pub(super) fn client_context<'s>(traits: &'s Traits) -> RawPairs<'s, RawContextKind> {
    let params = entries(traits, Trait::ClientContextParams);
    let params = params.filter_map(|(name, param)| {
        let kind = Str::from(param.get("type")?.as_str()?);
        Some((RawText::from(name.as_str()), RawContextKind { kind }))
    });
    RawPairs(params.collect())
}

/// Returns the parameters with fixed values of an operation.
pub(super) fn static_context<'s>(traits: &'s Traits) -> RawPairs<'s, RawStaticContext> {
    let params = entries(traits, Trait::StaticContextParams);
    let params = params.filter_map(|(name, param)| {
        let value = param.get("value")?.clone();
        Some((RawText::from(name.as_str()), RawStaticContext { value }))
    });
    RawPairs(params.collect())
}

/// Returns the parameters of an operation that are found in its input.
pub(super) fn operation_context<'s>(traits: &'s Traits) -> RawPairs<'s, RawOperationContext> {
    let params = entries(traits, Trait::OperationContextParams);
    let params = params.filter_map(|(name, param)| {
        let path = Str::from(param.get("path")?.as_str()?);
        Some((RawText::from(name.as_str()), RawOperationContext { path }))
    });
    RawPairs(params.collect())
}

fn entries(traits: &Traits, id: Trait) -> impl Iterator<Item = (&Str, &Value)> {
    let params = traits.get(id).and_then(Value::as_map);
    params.into_iter().flat_map(|params| params.iter())
}
