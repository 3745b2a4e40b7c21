//! Paginators inferred from member names, for operations without a shipped paginator.

use super::{PaginatorModel, ResultKey};
use crate::jmespath::Expression;
use crate::page_members::{kind, more_results, result_paths};
use crate::{Operation, ServiceModel};

/// Pairs of token parameter and token result in shipped paginators, the most frequent first.
///
/// Names that are also used for other tokens (`token`, `ChangeToken`, `clientToken`) are left out.
const TOKEN_PAIRS: &[(&str, &str)] = &[
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

/// Page size parameters in shipped paginators.
const LIMIT_KEYS: &[&str] = &[
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

impl PaginatorModel {
    /// Infers a paginator from the member names of an operation, marked as [`inferred`](Self::inferred): there is a
    /// token parameter, and a result of the same type with the next token. `None` otherwise.
    ///
    /// The result keys are the lists of the output, with lists of errors last; if there are none, the only map of the
    /// output, or the only list in its nested structures. If there is none of these, the paginator has pages but no
    /// items.
    #[must_use]
    pub fn infer(model: &ServiceModel, operation: &Operation) -> Option<Self> {
        let (input, output) = (model.input(operation)?, model.output(operation)?);
        let (input_token, output_token) = TOKEN_PAIRS
            .iter()
            .find_map(|(from, to)| Some((input.member(from)?, output.member(to)?)))
            .filter(|(from, to)| kind(model, from) == kind(model, to))?;
        let result_keys = result_paths(model, output)
            .iter()
            .map(|text| ResultKey::compile(text))
            .collect::<Result<_, _>>()
            .ok()?;
        let more_results = more_results(model, output);
        let limit_key = LIMIT_KEYS.iter().find_map(|name| {
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

    /// Returns members from a short form such as `A:S B:L`.
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
        let paginator = infer(
            &members("NextToken:S"),
            &members(&format!("NextToken:S {output}")),
        );
        let paginator = paginator.unwrap();
        assert!(paginator.inferred);
        paginator
            .result_keys
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn finds_result_keys() {
        assert_eq!(keys("Things:L Name:S"), ["Things"]);
        assert_eq!(keys("Errors:L Things:L"), ["Things", "Errors"]);
        assert_eq!(keys("Tags:M Name:S"), ["Tags"]);
        assert_eq!(keys("Definition:D Name:S"), ["Definition.Items"]);
        assert_eq!(keys("One:D Two:D"), Vec::<String>::new());
        assert_eq!(keys("One:M Two:M"), Vec::<String>::new());
    }

    #[test]
    fn finds_tokens_limit_key_and_more_results_by_name() {
        let paginator = infer(
            &members("Marker:S Limit:I MaxResults:M"),
            &members("Items:L NextMarker:S IsTruncated:B Marker:S"),
        );
        let paginator = paginator.unwrap();
        assert_eq!(*paginator.input_tokens, ["Marker"]);
        assert_eq!(paginator.output_tokens[0].as_str(), "NextMarker");
        assert_eq!(paginator.limit_key.as_deref(), Some("Limit"));
        assert_eq!(paginator.more_results.unwrap().as_str(), "IsTruncated");
    }

    #[test]
    fn ignores_tokens_that_do_not_paginate() {
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
