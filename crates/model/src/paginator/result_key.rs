//! [`ResultKey`]: an expression for a part of a page that may be truncated, emptied or merged with other pages.

use std::borrow::Cow;
use std::fmt;

use inia_core::{Error, ErrorKind, Map, Result, Str, Value};

use crate::jmespath::{Expression, FieldStep};

/// Expression for the results of a page, or for values that are equal on all pages.
///
/// Every expression can be searched; only a path of names (`Buckets`, `ResultSet.Rows`) can be set.
///
/// ```
/// # mod inia { pub use inia_core::*; pub mod model { pub use inia_model::*; } }
/// use inia::json;
/// use inia::model::ResultKey;
///
/// let key = ResultKey::compile("DistributionList.Items")?;
/// let mut page = json!({});
/// key.set(&mut page, json!(["a", "b"]))?;
/// assert_eq!(page, json!({"DistributionList": {"Items": ["a", "b"]}}));
/// assert_eq!(*key.find(&page)?, json!(["a", "b"]));
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultKey {
    expression: Expression,
    /// Names on the path, if the expression is a path of names.
    names: Option<Box<[Str]>>,
}

impl ResultKey {
    /// Compiles a result key.
    ///
    /// # Errors
    /// `Validation`: invalid JMESPath expression.
    pub fn compile(text: &str) -> Result<Self> {
        Expression::compile(text).map(ResultKey::from)
    }

    /// Returns the expression.
    #[must_use]
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Returns the text of the expression.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.expression.as_str()
    }

    /// Returns the value in a page, or [`Value::Null`] if there is none.
    ///
    /// # Errors
    /// `Validation`: as [`Expression::search`].
    pub fn find<'a>(&'a self, page: &'a Value) -> Result<Cow<'a, Value>> {
        if self.names.is_some() {
            static NULL: Value = Value::Null;
            return Ok(Cow::Borrowed(
                self.expression.search_ref(page).unwrap_or(&NULL),
            ));
        }
        self.expression.search(page)
    }

    /// Returns the value in a page for mutation; `None` if there is none, or if the expression is not a path of names.
    #[must_use]
    pub fn find_mut<'a>(&self, page: &'a mut Value) -> Option<&'a mut Value> {
        self.names.as_ref()?;
        self.expression.search_mut(page)
    }

    /// Takes the value out of a page. The value is copied if the expression is not a path of names.
    ///
    /// # Errors
    /// `Validation`: as [`Expression::search`].
    pub fn take(&self, page: &mut Value) -> Result<Value> {
        if self.names.is_some() {
            return Ok(self
                .expression
                .search_mut(page)
                .map_or(Value::Null, Value::take));
        }
        Ok(self.expression.search(page)?.into_owned())
    }

    /// Sets the value in a page, creating missing maps on the path.
    ///
    /// # Errors
    /// `Model`: the expression is not a path of names. `Pagination`: a value on the path is not a map.
    ///
    /// # Source
    /// botocore `utils.py:set_value_from_jmespath`.
    pub fn set(&self, page: &mut Value, value: Value) -> Result<()> {
        let Some(names) = &self.names else {
            return Err(Error::new(
                ErrorKind::Model,
                format!(
                    "result key `{}` is not a path of names and cannot be set",
                    self.as_str()
                ),
            ));
        };
        let mut slot = page;
        for name in names {
            if slot.is_null() {
                *slot = Value::Map(Map::new());
            }
            let found = slot.type_name();
            let Some(map) = slot.as_map_mut() else {
                return Err(Error::new(
                    ErrorKind::Pagination,
                    format!(
                        "cannot set result key `{}`: the path contains a value of type {found}",
                        self.as_str()
                    ),
                ));
            };
            slot = map.get_or_insert_with(name, || Value::Null);
        }
        *slot = value;
        Ok(())
    }
}

impl From<Expression> for ResultKey {
    fn from(expression: Expression) -> Self {
        let names = if expression.is_path() {
            match expression.field_paths().as_slice() {
                [path] => path
                    .iter()
                    .map(|step| match step {
                        FieldStep::Field(name) => Some(name.clone()),
                        _ => None,
                    })
                    .collect(),
                _ => None,
            }
        } else {
            None
        };
        ResultKey { expression, names }
    }
}

impl fmt::Display for ResultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    fn key(text: &str) -> ResultKey {
        ResultKey::compile(text).unwrap()
    }

    #[test]
    fn sets_mutates_and_takes_values() {
        let mut page = json!({"A": null, "B": {"C": [1]}});
        key("A.X").set(&mut page, json!(5)).unwrap();
        *key("B.C").find_mut(&mut page).unwrap() = json!([2]);
        assert_eq!(page, json!({"A": {"X": 5}, "B": {"C": [2]}}));
        assert_eq!(key("B.C").take(&mut page).unwrap(), json!([2]));
        assert!(key("B.C").find(&page).unwrap().is_null());
        assert!(key("B.C").find_mut(&mut page).is_none());
        assert!(key("Nope.C").take(&mut page).unwrap().is_null());
    }

    #[test]
    fn accepts_quoted_names() {
        let mut page = json!({});
        key(r#""a-b"."c.d""#).set(&mut page, json!(1)).unwrap();
        assert_eq!(page, json!({"a-b": {"c.d": 1}}));
    }

    #[test]
    fn searches_but_does_not_set_other_expressions() {
        let mut page = json!({"A": [{"B": 1}, {"B": 2}]});
        for text in ["A[].B", "A[0].B", "@", "A || B"] {
            let key = key(text);
            let error = key.set(&mut page, json!(1)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Model, "{text}");
            assert!(key.find_mut(&mut page).is_none(), "{text}");
        }
        assert_eq!(key("A[].B").take(&mut page).unwrap(), json!([1, 2]));
        assert_eq!(page["A"].items().count(), 2);
    }

    #[test]
    fn rejects_scalar_on_the_path() {
        let error = key("A.B")
            .set(&mut json!({"A": "text"}), json!(1))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Pagination);
        assert!(error.to_string().contains("`A.B`"), "{error}");
    }
}
