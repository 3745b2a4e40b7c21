//! Paginators: the parameters and results that carry the state from page to page.
//!
//! ```text
//! {"pagination": {
//!     "ListObjects": {
//!         "input_token": "Marker",                              token parameter, or an array of them
//!         "output_token": "NextMarker || Contents[-1].Key",     JMESPath to each token in a page
//!         "more_results": "IsTruncated",                        JMESPath to whether there is a next page
//!         "limit_key": "MaxKeys",                               page size parameter
//!         "result_key": ["Contents", "CommonPrefixes"],         JMESPath to the listed items, one or several
//!         "non_aggregate_keys": ["Name", "Prefix"]              JMESPath to values that are equal on all pages
//!     }
//! }}
//! ```
//!
//! # Source
//! botocore `paginate.py:PaginatorModel`, `Paginator`.

mod infer;
mod result_key;

pub use result_key::ResultKey;

use inia_core::{Result, Str, Value};

use crate::catalog::Catalog;
use crate::definition_file::Definition;
use crate::jmespath::Expression;
use crate::{Operation, ServiceModel};
use inia_core::definition_node::DefinitionNode;

/// Pagination of an operation.
///
/// ```
/// # mod inia { pub use inia_core::*; pub mod model { pub use inia_model::*; } }
/// use inia::json;
/// use inia::model::Paginators;
///
/// let file = Paginators::from_value("my/paginators-1.json", json!({"pagination": {
///     "ListUsers": {"input_token": "Marker", "output_token": "Marker", "more_results": "IsTruncated", "limit_key": "MaxItems",
///                   "result_key": "Users"}
/// }}))?;
/// let users = file.find("ListUsers")?.unwrap();
/// assert_eq!(users.input_tokens[0], "Marker");
/// assert_eq!(users.result_keys[0].as_str(), "Users");
/// assert!(!users.inferred);
/// assert!(file.find("ListGroups")?.is_none());
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PaginatorModel {
    /// Name of the operation.
    pub operation: Str,
    /// `input_token`: parameters that take the token of a page.
    pub input_tokens: Box<[Str]>,
    /// `output_token`: an expression for each input token that finds the next token in a page.
    pub output_tokens: Box<[Expression]>,
    /// `result_key`: the listed items. Items are counted by the first key.
    pub result_keys: Box<[ResultKey]>,
    /// `limit_key`: the page size parameter.
    pub limit_key: Option<Str>,
    /// `more_results`: true in a page that has a next page. If absent, the presence of a token decides.
    pub more_results: Option<Expression>,
    /// `non_aggregate_keys`: values that are equal on all pages.
    pub non_aggregate_keys: Box<[ResultKey]>,
    /// True if the paginator is inferred from member names, since AWS ships none for the operation.
    pub inferred: bool,
}

impl PaginatorModel {
    /// Returns the paginator of an operation: the shipped one, or else one inferred from the names of the operation's
    /// members. `None` if the operation has no pages.
    ///
    /// # Errors
    /// `Model`: the shipped paginator is invalid; the message has the file and the location.
    pub fn for_operation(
        shipped: Option<&Paginators>,
        model: &ServiceModel,
        operation: &Operation,
    ) -> Result<Option<Self>> {
        match shipped {
            Some(shipped) => match shipped.find(&operation.name)? {
                Some(found) => Ok(Some(found)),
                None => Ok(Self::infer(model, operation)),
            },
            None => Ok(Self::infer(model, operation)),
        }
    }

    fn parse(operation: &str, node: &DefinitionNode<'_, '_>) -> Result<Self> {
        let text = |node: &DefinitionNode<'_, '_>| node.string().cloned();
        let key = |node: &DefinitionNode<'_, '_>| Expression::from_node(node).map(ResultKey::from);
        let keys = |name: &str| match node.get(name) {
            Some(keys) => keys.one_or_more(key),
            None => Ok(Box::default()),
        };
        let input_tokens = node.require("input_token")?.one_or_more(text)?;
        let output_token = node.require("output_token")?;
        let output_tokens = output_token.one_or_more(Expression::from_node)?;
        if input_tokens.is_empty() || input_tokens.len() != output_tokens.len() {
            return Err(output_token.error(format_args!(
                "{} output tokens for {} input tokens",
                output_tokens.len(),
                input_tokens.len()
            )));
        }
        Ok(PaginatorModel {
            operation: Str::from(operation),
            input_tokens,
            output_tokens,
            result_keys: keys("result_key")?,
            limit_key: node.get("limit_key").map(|node| text(&node)).transpose()?,
            more_results: node
                .get("more_results")
                .map(|node| Expression::from_node(&node))
                .transpose()?,
            non_aggregate_keys: keys("non_aggregate_keys")?,
            inferred: false,
        })
    }
}

/// Paginators that are shipped with a service: a `paginators-1` file.
///
/// Each paginator is parsed on use, so that an invalid one does not affect the others.
#[derive(Clone, Debug)]
pub struct Paginators {
    origin: String,
    definition: Value,
}

impl Paginators {
    /// Loads the paginators of a service in the API version of its model; `None` if there is no such file.
    ///
    /// # Errors
    /// `Model`: the file cannot be read or is not a paginators file.
    pub fn load(catalog: &Catalog, model: &ServiceModel) -> Result<Option<Self>> {
        let version = &model.metadata().api_version;
        let found = catalog.definition(model.name(), Some(version), "paginators-1")?;
        found.as_ref().map(Self::from_definition).transpose()
    }

    /// Parses a file.
    ///
    /// # Errors
    /// `Model`: not a JSON object with an object `pagination`.
    pub fn from_definition(definition: &Definition) -> Result<Self> {
        Self::from_value(&definition.origin, definition.value()?)
    }

    /// Creates paginators from a parsed file; `origin` is the file name, for error messages.
    ///
    /// # Errors
    /// `Model`: there is no object `pagination`.
    pub fn from_value(origin: &str, definition: Value) -> Result<Self> {
        let root = DefinitionNode::root(origin, &definition);
        root.require("pagination")?.object()?;
        Ok(Paginators {
            origin: origin.to_owned(),
            definition,
        })
    }

    /// Returns the names of the operations that have a paginator in the file.
    pub fn operations(&self) -> impl Iterator<Item = &Str> {
        self.definition
            .get("pagination")
            .and_then(Value::as_map)
            .into_iter()
            .flat_map(|map| map.keys())
    }

    /// Returns the paginator of an operation, with the name spelled as in the definition.
    ///
    /// # Errors
    /// `Model`: the paginator is invalid; the message has the file and the location.
    pub fn find(&self, operation: &str) -> Result<Option<PaginatorModel>> {
        let root = DefinitionNode::root(&self.origin, &self.definition);
        let all = root.require("pagination")?;
        all.get(operation)
            .map(|node| PaginatorModel::parse(operation, &node))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    fn file(paginator: Value) -> Paginators {
        Paginators::from_value("f.json", json!({"pagination": {"List": paginator}})).unwrap()
    }

    #[test]
    fn parses_all_fields() {
        let file = file(json!({
            "input_token": ["A", "B"], "output_token": ["NextA", "Page.NextB || Items[-1].Id"], "more_results": "Page.More",
            "limit_key": "Max", "result_key": ["Page.Items", "Prefixes"], "non_aggregate_keys": ["Name"], "future": {"x": 1}
        }));
        assert_eq!(file.operations().collect::<Vec<_>>(), ["List"]);
        let list = file.find("List").unwrap().unwrap();
        assert_eq!(list.operation, "List");
        assert_eq!(*list.input_tokens, ["A", "B"]);
        assert_eq!(list.output_tokens[1].as_str(), "Page.NextB || Items[-1].Id");
        let keys: Vec<&str> = list.result_keys.iter().map(ResultKey::as_str).collect();
        assert_eq!(keys, ["Page.Items", "Prefixes"]);
        assert_eq!(list.limit_key.as_deref(), Some("Max"));
        assert_eq!(list.more_results.unwrap().as_str(), "Page.More");
        assert_eq!(list.non_aggregate_keys[0].as_str(), "Name");
    }

    #[test]
    fn rejects_invalid_paginator_with_its_path_only() {
        let good = json!({"input_token": "T", "output_token": "T", "result_key": "R"});
        for (name, bad, message) in [
            (
                "input_token",
                json!(5),
                "f.json: pagination.List.input_token: expected a string or an array of strings, found integer",
            ),
            (
                "input_token",
                json!(["T", null]),
                "pagination.List.input_token[1]: expected a string",
            ),
            (
                "input_token",
                json!(["T", "U"]),
                "1 output tokens for 2 input tokens",
            ),
            (
                "input_token",
                json!([]),
                "1 output tokens for 0 input tokens",
            ),
            (
                "output_token",
                json!(null),
                "pagination.List: missing `output_token`",
            ),
            (
                "output_token",
                json!("a["),
                "pagination.List.output_token: invalid JMESPath",
            ),
            (
                "result_key",
                json!({}),
                "pagination.List.result_key: expected",
            ),
            (
                "more_results",
                json!("a b"),
                "pagination.List.more_results: invalid",
            ),
            (
                "limit_key",
                json!(1),
                "pagination.List.limit_key: expected a string",
            ),
        ] {
            let mut broken = good.clone();
            broken.as_map_mut().unwrap().insert(name, bad);
            let both = json!({"pagination": {"List": broken, "Good": good.clone()}});
            let file = Paginators::from_value("f.json", both).unwrap();
            let error = file.find("List").unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
            assert!(file.find("Good").unwrap().is_some());
        }
        for broken in [json!([]), json!({}), json!({"pagination": []})] {
            let error = Paginators::from_value("f.json", broken).unwrap_err();
            assert!(error.to_string().starts_with("f.json: "), "{error}");
        }
    }
}
