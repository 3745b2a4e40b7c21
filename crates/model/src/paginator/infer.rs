//! Paginators for operations that AWS ships none for, told by the names of their members.

use inia_core::Str;

use super::{PaginatorModel, ResultKey};
use crate::jmespath::Expression;
use crate::{Kind, Member, Operation, ServiceModel, Structure};

/// Parameters and results that carry a token, under the names that shipped paginators use, the commonest first.
///
/// Names that tokens of other kinds go by, too (`token`, `ChangeToken`, `clientToken`), are not among them.
const TOKENS: &[(&str, &str)] = &[
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("Marker", "NextMarker"),
    ("Marker", "Marker"),
    ("marker", "nextMarker"),
    ("marker", "marker"),
    ("NextMarker", "NextMarker"),
    ("pageToken", "nextPageToken"),
    ("PageToken", "NextPageToken"),
    ("NextPageToken", "NextPageToken"),
    ("nextPageToken", "nextPageToken"),
    ("position", "position"),
    ("startingToken", "nextToken"),
    ("StartingToken", "NextToken"),
    ("PaginationToken", "PaginationToken"),
    ("ContinuationToken", "NextContinuationToken"),
    ("ContinuationToken", "ContinuationToken"),
    ("continuationToken", "continuationToken"),
    ("ExclusiveStartKey", "LastEvaluatedKey"),
];

/// Parameters that take a page's size, as shipped paginators name them.
const LIMITS: &[&str] = &[
    "MaxResults",
    "maxResults",
    "MaxRecords",
    "Limit",
    "MaxItems",
    "PageSize",
    "limit",
    "pageSize",
    "maximumPageSize",
    "maxItems",
    "MaxKeys",
];

/// Results that say whether there is a next page, as shipped paginators name them.
const MORE_RESULTS: &[&str] = &["IsTruncated", "isTruncated", "Truncated", "hasMoreResults"];

/// What lists that tell of trouble, and not of what was asked for, have in their names.
const BESIDES: &[&str] = &["error", "failure", "warning", "skipped", "unprocessed"];

impl PaginatorModel {
    /// A paginator told by the names of an operation's members, marked as [`inferred`](Self::inferred): there is a parameter for a
    /// token, and a result of the same type that gives the next one. `None` where there is not.
    ///
    /// What is listed are the lists of the output, those that tell of errors last; where there is none, its only map, or the only
    /// list of its only structure that has one. Where that leaves nothing, there are pages but no items.
    #[must_use]
    pub fn infer(model: &ServiceModel, operation: &Operation) -> Option<Self> {
        let (input, output) = (model.input(operation)?, model.output(operation)?);
        let (input_token, output_token) = TOKENS
            .iter()
            .find_map(|(from, to)| Some((input.member(from)?, output.member(to)?)))
            .filter(|(from, to)| kind(model, from) == kind(model, to))?;
        let result_keys = listed(model, output)
            .iter()
            .map(|text| ResultKey::compile(text))
            .collect::<Result<_, _>>()
            .ok()?;
        let more_results = MORE_RESULTS
            .iter()
            .find(|name| output.member(name).map(|member| kind(model, member)) == Some("boolean"));
        let limit_key = LIMITS.iter().find_map(|name| {
            let member = input.member(name)?;
            let is_limit = matches!(kind(model, member), "integer" | "long" | "string");
            is_limit.then(|| member.name.clone())
        });
        Some(PaginatorModel {
            operation: operation.name.clone(),
            input_tokens: Box::new([input_token.name.clone()]),
            output_tokens: Box::new([Expression::compile(&output_token.name).ok()?]),
            result_keys,
            limit_key,
            more_results: match more_results {
                Some(name) => Some(Expression::compile(name).ok()?),
                None => None,
            },
            non_aggregate_keys: Box::default(),
            inferred: true,
        })
    }
}

fn kind(model: &ServiceModel, member: &Member) -> &'static str {
    model.shape(member.target).kind.name()
}

/// Paths to what an output lists.
fn listed(model: &ServiceModel, output: &Structure) -> Vec<String> {
    let of_kind = |structure: &Structure, wanted: &str| -> Vec<Str> {
        let members = structure.members.iter();
        members
            .filter(|member| kind(model, member) == wanted)
            .map(|member| member.name.clone())
            .collect()
    };
    let mut lists = of_kind(output, "list");
    if !lists.is_empty() {
        lists.sort_by_key(|name| {
            let name = name.to_lowercase();
            BESIDES.iter().any(|word| name.contains(word))
        });
        return lists.iter().map(Str::to_string).collect();
    }
    if let [map] = &*of_kind(output, "map") {
        return vec![map.to_string()];
    }
    let mut nested = Vec::new();
    for member in &output.members {
        if let Kind::Structure(inner) = &model.shape(member.target).kind {
            let lists = of_kind(inner, "list");
            nested.extend(lists.iter().map(|list| format!("{}.{list}", member.name)));
        }
    }
    if nested.len() == 1 {
        nested
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer(input: &str, output: &str) -> Option<PaginatorModel> {
        let json = format!(
            r#"{{"metadata": {{"protocol": "json", "endpointPrefix": "x"}},
                "operations": {{"List": {{"name": "List", "http": {{"method": "POST", "requestUri": "/"}},
                    "input": {{"shape": "In"}}, "output": {{"shape": "Out"}}}}}},
                "shapes": {{
                    "In": {{"type": "structure", "members": {{{input}}}}}, "Out": {{"type": "structure", "members": {{{output}}}}},
                    "S": {{"type": "string"}}, "I": {{"type": "integer"}}, "B": {{"type": "boolean"}},
                    "L": {{"type": "list", "member": {{"shape": "S"}}}},
                    "M": {{"type": "map", "key": {{"shape": "S"}}, "value": {{"shape": "S"}}}},
                    "D": {{"type": "structure", "members": {{"Items": {{"shape": "L"}}, "Name": {{"shape": "S"}}}}}}
                }}}}"#
        );
        let model = ServiceModel::from_json("x", json.as_bytes()).unwrap();
        PaginatorModel::infer(&model, model.operation("List").unwrap())
    }

    /// `A:S B:L` as members.
    fn members(text: &str) -> String {
        let members: Vec<String> = text
            .split_whitespace()
            .map(|member| {
                let (name, shape) = member.split_once(':').unwrap();
                format!(r#""{name}": {{"shape": "{shape}"}}"#)
            })
            .collect();
        members.join(",")
    }

    fn keys(output: &str) -> Vec<String> {
        let found = infer(
            &members("NextToken:S"),
            &members(&format!("NextToken:S {output}")),
        );
        let found = found.unwrap();
        assert!(found.inferred);
        found.result_keys.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_listed_is_found() {
        assert_eq!(keys("Things:L Name:S"), ["Things"]);
        assert_eq!(keys("Errors:L Things:L"), ["Things", "Errors"]);
        assert_eq!(keys("Tags:M Name:S"), ["Tags"]);
        assert_eq!(keys("Definition:D Name:S"), ["Definition.Items"]);
        assert_eq!(keys("One:D Two:D"), Vec::<String>::new());
        assert_eq!(keys("One:M Two:M"), Vec::<String>::new());
    }

    #[test]
    fn tokens_limits_and_flags_go_by_the_names_that_shipped_paginators_use() {
        let found = infer(
            &members("Marker:S Limit:I MaxResults:M"),
            &members("Items:L NextMarker:S IsTruncated:B Marker:S"),
        );
        let found = found.unwrap();
        assert_eq!(*found.input_tokens, ["Marker"]);
        assert_eq!(found.output_tokens[0].as_str(), "NextMarker");
        assert_eq!(found.limit_key.as_deref(), Some("Limit"));
        assert_eq!(found.more_results.unwrap().as_str(), "IsTruncated");
    }

    #[test]
    fn other_tokens_carry_nothing_from_page_to_page() {
        for (input, output) in [
            ("ChangeToken:S", "ChangeToken:S Items:L"),
            ("ClientToken:S", "ClientToken:S Items:L"),
            ("NextToken:S", "Items:L"),
            ("NextToken:S", "NextToken:M Items:L"),
            ("", "NextToken:S Items:L"),
        ] {
            assert_eq!(infer(&members(input), &members(output)), None);
        }
    }
}
