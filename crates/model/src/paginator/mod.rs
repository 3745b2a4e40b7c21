//! Paginators: which parameters and results of an operation carry it from page to page.
//!
//! ```text
//! {"pagination": {
//!     "ListObjects": {
//!         "input_token": "Marker",                              parameters that take a token: one or several
//!         "output_token": "NextMarker || Contents[-1].Key",     JMESPath to each token in a page
//!         "more_results": "IsTruncated",                        JMESPath to whether there is a next page at all
//!         "limit_key": "MaxKeys",                               the parameter that takes a page's size
//!         "result_key": ["Contents", "CommonPrefixes"],         JMESPath to what is listed: one or several
//!         "non_aggregate_keys": ["Name", "Prefix"]              JMESPath to what is the same on every page
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

use crate::catalog::{Catalog, Definition};
use crate::jmespath::Expression;
use crate::node::Node;
use crate::{Operation, ServiceModel};

/// How one operation is carried from page to page.
///
/// ```
/// use inia_core::json;
/// use inia_model::Paginators;
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
    /// The operation.
    pub operation: Str,
    /// `input_token`: the parameters that take a page's token.
    pub input_tokens: Box<[Str]>,
    /// `output_token`: where the next page's token for each of them stands in a page.
    pub output_tokens: Box<[Expression]>,
    /// `result_key`: what is listed. The first is what items are counted by.
    pub result_keys: Box<[ResultKey]>,
    /// `limit_key`: the parameter that takes the size of a page.
    pub limit_key: Option<Str>,
    /// `more_results`: what is true in a page that another one follows; where absent, a token says so.
    pub more_results: Option<Expression>,
    /// `non_aggregate_keys`: what is the same on every page.
    pub non_aggregate_keys: Box<[ResultKey]>,
    /// Whether AWS ships no paginator for the operation, and this one is told by the names of its members.
    pub inferred: bool,
}

impl PaginatorModel {
    /// The paginator of an operation: the one that is shipped with its service, or else one told by the names of the
    /// operation's members. `None` where there is nothing to be carried from page to page.
    ///
    /// # Errors
    /// `Model`: the shipped paginator is broken; the message has the file and the place in it.
    pub fn of(
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

    fn read(operation: &str, node: &Node<'_, '_>) -> Result<Self> {
        let text = |node: &Node<'_, '_>| node.string().cloned();
        let key = |node: &Node<'_, '_>| node.expression().map(ResultKey::from);
        let keys = |name: &str| match node.get(name) {
            Some(keys) => keys.one_or_more(key),
            None => Ok(Box::default()),
        };
        let input_tokens = node.need("input_token")?.one_or_more(text)?;
        let output_token = node.need("output_token")?;
        let output_tokens = output_token.one_or_more(|node| node.expression())?;
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
                .map(|node| node.expression())
                .transpose()?,
            non_aggregate_keys: keys("non_aggregate_keys")?,
            inferred: false,
        })
    }
}

/// The paginators that are shipped with a service: a `paginators-1` file.
///
/// Each is read when it is asked for, so that a broken one hurts no other.
#[derive(Clone, Debug)]
pub struct Paginators {
    place: String,
    definition: Value,
}

impl Paginators {
    /// The paginators of a service, in the API version of its model; `None` where it has no such file.
    ///
    /// # Errors
    /// `Model`: the file cannot be read or is no paginators file.
    pub fn load(catalog: &Catalog, model: &ServiceModel) -> Result<Option<Self>> {
        let version = &model.metadata().api_version;
        let found = catalog.definition(model.name(), Some(version), "paginators-1")?;
        found.as_ref().map(Self::from_definition).transpose()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `Model`: it is no JSON object with an object `pagination`.
    pub fn from_definition(definition: &Definition) -> Result<Self> {
        Self::from_value(&definition.place, definition.parse()?)
    }

    /// Takes what was read from a file; `place` is the file's name, for messages.
    ///
    /// # Errors
    /// `Model`: there is no object `pagination`.
    pub fn from_value(place: &str, definition: Value) -> Result<Self> {
        let root = Node::root(place, &definition);
        root.need("pagination")?.object()?;
        Ok(Paginators {
            place: place.to_owned(),
            definition,
        })
    }

    /// The names of the operations that have a paginator here.
    pub fn operations(&self) -> impl Iterator<Item = &Str> {
        self.definition
            .get("pagination")
            .and_then(Value::as_map)
            .into_iter()
            .flat_map(|map| map.keys())
    }

    /// The paginator of an operation, named as the definition spells it.
    ///
    /// # Errors
    /// `Model`: it is broken; the message has the file and the place in it.
    pub fn find(&self, operation: &str) -> Result<Option<PaginatorModel>> {
        let root = Node::root(&self.place, &self.definition);
        let all = root.need("pagination")?;
        all.get(operation)
            .map(|node| PaginatorModel::read(operation, &node))
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
    fn every_form_is_read() {
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
    fn what_is_broken_says_where_and_hurts_no_other() {
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
                "pagination.List: there is no `output_token`",
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
