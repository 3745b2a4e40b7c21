//! [`Condition`]: conditions on the attributes of an item.
//!
//! # Source
//! boto3 `dynamodb/conditions.py`.

use std::ops::{BitAnd, BitOr, Not};

use inia_core::{List, Map, Str, Value, json};

/// A condition on the attributes of an item, for the parameters `KeyConditionExpression`, `FilterExpression` and `ConditionExpression` of a
/// [native client](crate::Client::native).
///
/// Conditions are made by the methods of [`Attr`] and [`Key`], and combined with `&`, `|` and `!`. A call sends their names and values as
/// placeholders, so that neither reserved words nor quotes matter.
///
/// ```
/// # use inia_dispatch as inia;
/// use inia::dynamodb::{Attr, Key};
/// use inia::json;
///
/// let params = json!({
///     "TableName": "orders",
///     "KeyConditionExpression": Key("customer").eq("c-7") & Key("at").between("2026-01", "2026-02"),
///     "FilterExpression": Attr("total").gt(100) | !Attr("tags").contains("test"),
/// });
/// # assert!(params["FilterExpression"].as_map().is_some());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a condition does nothing until it is part of a call's parameters"]
pub struct Condition(Vec<ConditionToken>);

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
enum ConditionToken {
    Text(Str),
    /// The name of an attribute, or a path to it.
    Attribute(Str),
    /// The name of a key attribute.
    Key(Str),
    Value(Value),
}

/// Entry name of a condition among parameters.
const CONDITION: &str = "$condition";

/// Entry names of the tokens of a condition.
const ATTRIBUTE: &str = "$attribute";
const KEY: &str = "$key";
const VALUE: &str = "$value";

/// The right side of a condition: a value, or another attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand(Vec<ConditionToken>);

impl<V: Into<Value>> From<V> for Operand {
    fn from(value: V) -> Self {
        Operand(vec![ConditionToken::Value(value.into())])
    }
}

/// An attribute of an item, by its name or path (`address.city`, `tags[0]`).
///
/// ```
/// # use inia_dispatch as inia;
/// use inia::dynamodb::Attr;
///
/// let is_new = Attr("id").not_exists();
/// let is_cheap = Attr("price").lt(Attr("limit")) & Attr("price").attribute_type("N");
/// # let _ = is_new & is_cheap;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Attr<N>(
    /// Name or path.
    pub N,
);

/// A key attribute, for the conditions of a query on its key.
#[derive(Clone, Copy, Debug)]
pub struct Key<N>(
    /// Name.
    pub N,
);

/// The size of an attribute: see [`Attr::size`].
#[derive(Clone, Debug)]
pub struct AttrSize(Operand);

impl<N: Into<Str>> From<Attr<N>> for Operand {
    fn from(attribute: Attr<N>) -> Self {
        Operand(vec![ConditionToken::Attribute(attribute.0.into())])
    }
}

impl<N: Into<Str>> From<Key<N>> for Operand {
    fn from(key: Key<N>) -> Self {
        Operand(vec![ConditionToken::Key(key.0.into())])
    }
}

impl From<AttrSize> for Operand {
    fn from(size: AttrSize) -> Self {
        size.0
    }
}

/// The conditions that attributes, keys and sizes have.
macro_rules! comparisons {
    () => {
        /// The attribute equals a value.
        pub fn eq(self, value: impl Into<Operand>) -> Condition {
            infix(self, " = ", value)
        }

        /// The attribute is less than a value.
        pub fn lt(self, value: impl Into<Operand>) -> Condition {
            infix(self, " < ", value)
        }

        /// The attribute is less than or equal to a value.
        pub fn lte(self, value: impl Into<Operand>) -> Condition {
            infix(self, " <= ", value)
        }

        /// The attribute is greater than a value.
        pub fn gt(self, value: impl Into<Operand>) -> Condition {
            infix(self, " > ", value)
        }

        /// The attribute is greater than or equal to a value.
        pub fn gte(self, value: impl Into<Operand>) -> Condition {
            infix(self, " >= ", value)
        }

        /// The attribute is at least `low` and at most `high`.
        pub fn between(self, low: impl Into<Operand>, high: impl Into<Operand>) -> Condition {
            let Condition(mut tokens) = infix(self, " BETWEEN ", low);
            tokens.push(text(" AND "));
            tokens.extend(high.into().0);
            Condition(tokens)
        }

        /// The string starts with a prefix.
        pub fn begins_with(self, prefix: impl Into<Operand>) -> Condition {
            function("begins_with", self, Some(prefix.into()))
        }
    };
}

impl<N: Into<Str>> Key<N> {
    comparisons!();
}

impl AttrSize {
    comparisons!();
}

impl<N: Into<Str>> Attr<N> {
    comparisons!();

    /// The attribute does not equal a value.
    pub fn ne(self, value: impl Into<Operand>) -> Condition {
        infix(self, " <> ", value)
    }

    /// The attribute equals one of the values.
    pub fn is_in<O: Into<Operand>>(self, values: impl IntoIterator<Item = O>) -> Condition {
        let mut tokens = Operand::from(self).0;
        tokens.push(text(" IN ("));
        for (position, value) in values.into_iter().enumerate() {
            if position > 0 {
                tokens.push(text(", "));
            }
            tokens.extend(value.into().0);
        }
        tokens.push(text(")"));
        Condition(tokens)
    }

    /// The item has the attribute.
    pub fn exists(self) -> Condition {
        function("attribute_exists", self, None)
    }

    /// The item does not have the attribute.
    pub fn not_exists(self) -> Condition {
        function("attribute_not_exists", self, None)
    }

    /// The string has a substring, or the set or list an element.
    pub fn contains(self, value: impl Into<Operand>) -> Condition {
        function("contains", self, Some(value.into()))
    }

    /// The attribute is of a type, such as `S`, `N` or `SS`.
    pub fn attribute_type(self, name: impl Into<Operand>) -> Condition {
        function("attribute_type", self, Some(name.into()))
    }

    /// Returns the size of the attribute, to be compared: characters of a string, bytes of a blob, elements of a set, list or map.
    ///
    /// ```
    /// # use inia_dispatch as inia;
    /// use inia::dynamodb::Attr;
    ///
    /// let is_long = Attr("name").size().gt(100);
    /// # let _ = is_long;
    /// ```
    #[must_use]
    pub fn size(self) -> AttrSize {
        AttrSize(Operand(function("size", self, None).0))
    }
}

fn text(text: &'static str) -> ConditionToken {
    ConditionToken::Text(Str::from_static(text))
}

fn infix(left: impl Into<Operand>, operator: &'static str, right: impl Into<Operand>) -> Condition {
    let mut tokens = left.into().0;
    tokens.push(text(operator));
    tokens.extend(right.into().0);
    Condition(tokens)
}

fn function(
    name: &'static str,
    attribute: impl Into<Operand>,
    argument: Option<Operand>,
) -> Condition {
    let mut tokens = vec![text(name), text("(")];
    tokens.extend(attribute.into().0);
    if let Some(argument) = argument {
        tokens.push(text(", "));
        tokens.extend(argument.0);
    }
    tokens.push(text(")"));
    Condition(tokens)
}

fn combine(left: Condition, operator: &'static str, right: Condition) -> Condition {
    let mut tokens = Vec::with_capacity(left.0.len() + right.0.len() + 3);
    tokens.push(text("("));
    tokens.extend(left.0);
    tokens.push(text(operator));
    tokens.extend(right.0);
    tokens.push(text(")"));
    Condition(tokens)
}

/// Both conditions.
impl BitAnd for Condition {
    type Output = Condition;

    fn bitand(self, other: Condition) -> Condition {
        combine(self, " AND ", other)
    }
}

/// At least one of two conditions.
impl BitOr for Condition {
    type Output = Condition;

    fn bitor(self, other: Condition) -> Condition {
        combine(self, " OR ", other)
    }
}

/// The opposite.
impl Not for Condition {
    type Output = Condition;

    fn not(self) -> Condition {
        let mut tokens = vec![text("(NOT ")];
        tokens.extend(self.0);
        tokens.push(text(")"));
        Condition(tokens)
    }
}

/// Converts a condition into a parameter that native clients recognize.
impl From<Condition> for Value {
    fn from(condition: Condition) -> Value {
        let entry = |name: &'static str, value: Value| json!({name: value});
        let tokens = condition.0.into_iter().map(|token| match token {
            ConditionToken::Text(text) => Value::String(text),
            ConditionToken::Attribute(name) => entry(ATTRIBUTE, Value::String(name)),
            ConditionToken::Key(name) => entry(KEY, Value::String(name)),
            ConditionToken::Value(value) => entry(VALUE, value),
        });
        entry(CONDITION, Value::List(tokens.collect()))
    }
}

/// Placeholders for the names and values of the conditions in one structure.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    pub(super) names: PlaceholderTable,
    pub(super) values: PlaceholderTable,
}

#[derive(Debug, Default)]
pub(super) struct PlaceholderTable {
    /// The caller's placeholders.
    taken: Map,
    next: usize,
    pub(super) entries: Map,
}

impl PlaceholderTable {
    /// Creates a table for placeholders other than the caller's.
    ///
    /// DIFFERENCE: boto3 replaces the caller's placeholders `#n0` and `:v0`.
    pub(super) fn besides(taken: &Value) -> Self {
        PlaceholderTable {
            taken: taken.as_map().cloned().unwrap_or_default(),
            ..Self::default()
        }
    }

    fn add(&mut self, prefix: &str, value: Value) -> String {
        loop {
            let name = format!("{prefix}{}", self.next);
            self.next += 1;
            if !self.taken.contains_key(&name) {
                self.entries.insert(name.as_str(), value);
                return name;
            }
        }
    }
}

/// Returns the tokens of a parameter that is a condition.
pub(super) fn condition_tokens(value: &Value) -> Option<&List> {
    let map = value.as_map().filter(|map| map.len() == 1)?;
    map.get(CONDITION)?.as_list()
}

/// Builds the expression of a condition, and adds its placeholders.
///
/// # Errors
/// A message: the condition of a key has an attribute that is not a [`Key`].
pub(super) fn build_expression(
    tokens: &List,
    is_key_condition: bool,
    placeholders: &mut Placeholders,
) -> Result<String, String> {
    let mut expression = String::new();
    for token in tokens {
        match token {
            Value::String(text) => expression.push_str(text),
            token => match token.as_map().and_then(|map| map.get_index(0)) {
                Some((kind, Value::String(name))) if *kind == *ATTRIBUTE || *kind == *KEY => {
                    if is_key_condition && *kind != *KEY {
                        return Err(format!(
                            "{name} must be a Key: the condition of a key has no other attributes"
                        ));
                    }
                    push_name(&mut expression, name, &mut placeholders.names);
                }
                Some((kind, value)) if *kind == *VALUE => {
                    let placeholder = placeholders.values.add(":v", value.clone());
                    expression.push_str(&placeholder);
                }
                _ => return Err("invalid condition".to_owned()),
            },
        }
    }
    Ok(expression)
}

/// Appends the path of an attribute with a placeholder for each name. Indexes in brackets stay as they are.
///
/// # Source
/// boto3 `dynamodb/conditions.py:ATTR_NAME_REGEX`.
fn push_name(expression: &mut String, path: &str, names: &mut PlaceholderTable) {
    let mut rest = path;
    while !rest.is_empty() {
        let end = rest.find(['.', '[', ']']).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        let next_bracket = after.find(['[', ']']).and_then(|at| after.get(at..));
        let is_index = next_bracket.is_some_and(|bracket| bracket.starts_with(']'));
        if part.is_empty() || is_index {
            expression.push_str(part);
        } else {
            expression.push_str(&names.add("#n", Value::from(part)));
        }
        let separator = after.chars().next().map_or(0, char::len_utf8);
        let (separator, remaining) = after.split_at(separator);
        expression.push_str(separator);
        rest = remaining;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(condition: Condition, is_key: bool) -> Result<(String, Value, Value), String> {
        let value = Value::from(condition);
        let mut placeholders = Placeholders::default();
        let tokens = condition_tokens(&value).unwrap();
        let expression = build_expression(tokens, is_key, &mut placeholders)?;
        let entries = |table: PlaceholderTable| Value::Map(table.entries);
        Ok((
            expression,
            entries(placeholders.names),
            entries(placeholders.values),
        ))
    }

    #[test]
    fn conditions_have_the_expressions_of_boto3() {
        let a = || Attr("myattr");
        let one = json!({"#n0": "myattr"});
        for (condition, expression, names, values) in [
            (
                a().eq("foo"),
                "#n0 = :v0",
                one.clone(),
                json!({":v0": "foo"}),
            ),
            (
                a().ne("foo"),
                "#n0 <> :v0",
                one.clone(),
                json!({":v0": "foo"}),
            ),
            (a().lt(1), "#n0 < :v0", one.clone(), json!({":v0": 1})),
            (a().lte(1), "#n0 <= :v0", one.clone(), json!({":v0": 1})),
            (a().gt(1), "#n0 > :v0", one.clone(), json!({":v0": 1})),
            (a().gte(1), "#n0 >= :v0", one.clone(), json!({":v0": 1})),
            (
                a().begins_with("f"),
                "begins_with(#n0, :v0)",
                one.clone(),
                json!({":v0": "f"}),
            ),
            (
                a().between(1, 2),
                "#n0 BETWEEN :v0 AND :v1",
                one.clone(),
                json!({":v0": 1, ":v1": 2}),
            ),
            (
                a().is_in([1, 2, 3]),
                "#n0 IN (:v0, :v1, :v2)",
                one.clone(),
                json!({":v0": 1, ":v1": 2, ":v2": 3}),
            ),
            (
                a().exists(),
                "attribute_exists(#n0)",
                one.clone(),
                json!({}),
            ),
            (
                a().not_exists(),
                "attribute_not_exists(#n0)",
                one.clone(),
                json!({}),
            ),
            (
                a().contains("f"),
                "contains(#n0, :v0)",
                one.clone(),
                json!({":v0": "f"}),
            ),
            (
                a().size().gt(3),
                "size(#n0) > :v0",
                one.clone(),
                json!({":v0": 3}),
            ),
            (
                a().attribute_type("S"),
                "attribute_type(#n0, :v0)",
                one.clone(),
                json!({":v0": "S"}),
            ),
            (
                a().eq(Attr("other")),
                "#n0 = #n1",
                json!({"#n0": "myattr", "#n1": "other"}),
                json!({}),
            ),
            (
                !(a().eq(1) & Key("k").lt(2)) | a().exists(),
                "((NOT (#n0 = :v0 AND #n1 < :v1)) OR attribute_exists(#n2))",
                json!({"#n0": "myattr", "#n1": "k", "#n2": "myattr"}),
                json!({":v0": 1, ":v1": 2}),
            ),
            (
                Attr("a.b[0].c").eq(1),
                "#n0.#n1[0].#n2 = :v0",
                json!({"#n0": "a", "#n1": "b", "#n2": "c"}),
                json!({":v0": 1}),
            ),
            (
                Attr("é.50%[12][3]").exists(),
                "attribute_exists(#n0.#n1[12][3])",
                json!({"#n0": "é", "#n1": "50%"}),
                json!({}),
            ),
        ] {
            let expected = (expression.to_owned(), names, values);
            assert_eq!(built(condition, false).unwrap(), expected);
        }
        let key = Key("id").eq("a") & Key("at").begins_with("2026");
        let (expression, ..) = built(key, true).unwrap();
        assert_eq!(expression, "(#n0 = :v0 AND begins_with(#n1, :v1))");
        let wrong = Key("id").eq("a") & Attr("at").size().gt(1);
        assert!(built(wrong, true).unwrap_err().contains("at must be a Key"));
    }

    #[test]
    fn placeholders_of_the_caller_are_kept() {
        let value = Value::from(Attr("a").eq(1) & Attr("b").eq(2));
        let mut placeholders = Placeholders {
            names: PlaceholderTable::besides(&json!({"#n0": "mine"})),
            values: PlaceholderTable::besides(&json!({":v1": 9})),
        };
        let tokens = condition_tokens(&value).unwrap();
        let expression = build_expression(tokens, false, &mut placeholders).unwrap();
        assert_eq!(expression, "(#n1 = :v0 AND #n2 = :v2)");
        for odd in [json!("a"), json!({"a": []}), json!({CONDITION: 1})] {
            assert!(condition_tokens(&odd).is_none());
        }
        let odd = List::from_iter([json!({"x": 1})]);
        assert!(build_expression(&odd, false, &mut placeholders).is_err());
    }

    #[test]
    fn long_chains_of_conditions_are_flat() {
        let mut all = Attr("a").eq(0);
        for number in 1..2000 {
            all = all & Attr("a").eq(number);
        }
        let (expression, ..) = built(all, false).unwrap();
        assert!(expression.ends_with(":v1999)"));
    }
}
