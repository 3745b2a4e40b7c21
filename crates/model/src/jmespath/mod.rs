//! JMESPath over [`Value`]: the query language of paginators, waiters, resources and `--query`.
//!
//! ```
//! # mod inia { pub use inia_core::*; pub use inia_model::*; }
//! use inia::{jmespath::Expression, json};
//!
//! let page = json!({"Reservations": [
//!     {"Instances": [{"Id": "i-1", "State": {"Name": "running"}}, {"Id": "i-2", "State": {"Name": "stopped"}}]},
//!     {"Instances": [{"Id": "i-3", "State": {"Name": "running"}}]},
//! ]});
//! let running = Expression::compile("Reservations[].Instances[] | [?State.Name=='running'].Id")?;
//! assert_eq!(*running.search(&page)?, json!(["i-1", "i-3"]));
//! # Ok::<(), inia_core::Error>(())
//! ```
//!
//! Behavior beyond the specification:
//!
//! - Maps are ordered: `keys`, `values`, `*` and `merge` follow the order of the document.
//! - A result may be a timestamp or a blob. Operators and functions treat them as strings, as everywhere in JSON: ISO 8601 in
//!   UTC and base64. A timestamp compares by time with another timestamp and with a string that is an ISO 8601 date or date
//!   and time (`[?CreationDate > '2026-05-01']`), and by text with any other string.
//! - Integers of any size are exact numbers; `1` equals `1.0`.
//! - `<`, `<=`, `>` and `>=` also order strings, as in all common implementations.
//! - Text between backticks that is not JSON is a string, as in the first version of the language.
//! - Unknown functions, wrong argument counts and slices with a step of 0 are errors when an expression is compiled; wrong
//!   types are errors when it is evaluated.
//!
//! DIFFERENCE: if jmespath.py fails with a Python error, the result follows the specification: `contains` of a string and
//! a value that is not a string is false, and comparing the order of a number and a string is null. `&expression` outside of
//! function arguments is an error.
//!
//! Expressions are untrusted input: their length, their nesting and the work of one search are limited.
//!
//! # Source
//! <https://jmespath.org/specification.html>; if it is unclear, jmespath.py, which botocore uses.

mod ast;
mod budget;
mod compare;
mod eval;
mod eval_value;
mod field_paths;
mod functions;
mod json_text;
mod lexer;
mod number;
mod parser;
mod signature;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use inia_core::definition_node::DefinitionNode;
use inia_core::{Error, ErrorKind, Result, Value};

pub use field_paths::{FieldPath, FieldStep};

use ast::AstNode;
use budget::{EvalBudget, EvalError};
use eval::Evaluator;
use eval_value::EvalValue;
use lexer::SyntaxError;

/// A compiled JMESPath expression. It is cheap to clone and can be shared between threads and tasks.
#[derive(Clone)]
pub struct Expression(Arc<CompiledExpression>);

struct CompiledExpression {
    text: Box<str>,
    root: AstNode,
}

impl Expression {
    /// Compiles the expression of a definition.
    pub(crate) fn from_node(node: &DefinitionNode<'_, '_>) -> Result<Self> {
        Expression::compile(node.string()?).map_err(|error| node.error(error.message()))
    }

    /// Compiles an expression.
    ///
    /// ```
    /// # use inia_model as inia;
    /// use inia::jmespath::Expression;
    ///
    /// let error = Expression::compile("Reservations[].Instances[?State=running]").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "invalid JMESPath expression `Reservations[].Instances[?State=running]` at column 32: \
    ///      unexpected `=`; compare with `==`"
    /// );
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Validation`]: the expression is invalid. The message contains the column (in characters, from 1) and a
    /// correction.
    pub fn compile(text: &str) -> Result<Expression> {
        match parser::parse(text) {
            Ok(root) => Ok(Expression(Arc::new(CompiledExpression {
                text: text.into(),
                root,
            }))),
            Err(problem) => Err(syntax_error(text, &problem)),
        }
    }

    /// Returns the text of the expression.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Evaluates the expression against a value. The result is borrowed if it is a part of the value, and [`Value::Null`] if
    /// there is no match.
    ///
    /// # Errors
    /// [`ErrorKind::Validation`]: an argument of a function has the wrong type, such as `length` of null, or the result is too
    /// large.
    pub fn search<'a>(&'a self, value: &'a Value) -> Result<Cow<'a, Value>> {
        if let Some(path) = self.0.root.path() {
            return Ok(eval::walk(path, value).map_or(Cow::Owned(Value::Null), Cow::Borrowed));
        }
        let mut evaluator = Evaluator::new();
        evaluator
            .eval(&self.0.root, &EvalValue::Ref(value))
            .and_then(|value| value.into_value(&mut evaluator.budget))
            .map_err(|error| self.failed(&error))
    }

    /// Returns `true` if the expression is a plain path of names and positions, such as `A.B[0].C`.
    #[must_use]
    pub fn is_path(&self) -> bool {
        self.0.root.path().is_some()
    }

    /// Returns the value at a [plain path](Self::is_path) by reference; `None` if it is null or missing, or if the expression is
    /// not a plain path. Does not copy and cannot fail.
    ///
    /// ```
    /// # mod inia { pub use inia_core::*; pub use inia_model::*; }
    /// use inia::{jmespath::Expression, json};
    ///
    /// let page = json!({"Queues": {"Urls": ["a", "b"]}});
    /// let path = Expression::compile("Queues.Urls[-1]").unwrap();
    /// assert_eq!(path.search_ref(&page), Some(&json!("b")));
    /// assert_eq!(path.search_ref(&json!({})), None);
    /// ```
    #[must_use]
    pub fn search_ref<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        eval::walk(self.0.root.path()?, value).filter(|value| !value.is_null())
    }

    /// Like [`search_ref`](Self::search_ref), for changing or taking the value in place.
    #[must_use]
    pub fn search_mut<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
        eval::walk_mut(self.0.root.path()?, value).filter(|value| !value.is_null())
    }

    /// Returns the parts of a document that the expression reads, as far as its text determines them. A model's shapes must
    /// have these members for the expression to match anything.
    #[must_use]
    pub fn field_paths(&self) -> Vec<FieldPath> {
        field_paths::field_paths(&self.0.root)
    }

    #[cold]
    fn failed(&self, error: &EvalError) -> Error {
        let text = shortened(&self.0.text);
        Error::new(
            ErrorKind::Validation,
            format!("JMESPath expression `{text}`: {}", error.0),
        )
    }
}

/// Returns `true` if two values are equal by the rules of `==`: integers and floats by value, a timestamp and a string by
/// time.
///
/// ```
/// # mod inia { pub use inia_core::*; pub use inia_model::*; }
/// use inia::{jmespath::equal, json};
///
/// assert!(equal(&json!(1), &json!(1.0)));
/// assert!(!equal(&json!(1), &json!(true)));
/// ```
#[must_use]
pub fn equal(left: &Value, right: &Value) -> bool {
    // Values that exceed the budget count as different.
    compare::equal(
        &EvalValue::Ref(left),
        &EvalValue::Ref(right),
        &mut EvalBudget::new(),
    )
    .unwrap_or(false)
}

#[cold]
fn syntax_error(text: &str, problem: &SyntaxError) -> Error {
    let before = text.get(..problem.position).unwrap_or(text);
    let column = before.chars().count() + 1;
    let shown = shortened(text);
    Error::new(
        ErrorKind::Validation,
        format!(
            "invalid JMESPath expression `{shown}` at column {column}: {}",
            problem.message
        ),
    )
}

/// Returns the text of an expression for a message, truncated if it is very long.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(300) {
        Some((end, _)) => Cow::Owned(format!("{}...", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

impl FromStr for Expression {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Expression::compile(text)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.as_str()).finish()
    }
}

/// Expressions are equal if their texts are.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Expression {}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::{Blob, Timestamp, json};

    fn search(text: &str, value: &Value) -> Value {
        let expression = Expression::compile(text).unwrap();
        expression.search(value).unwrap().into_owned()
    }

    fn error(text: &str, value: &Value) -> String {
        let expression = Expression::compile(text).unwrap();
        expression.search(value).unwrap_err().to_string()
    }

    #[test]
    fn borrows_parts_of_the_document() {
        let page = json!({"a": {"b": [1, 2]}});
        let expression = Expression::compile("a.b").unwrap();
        assert!(matches!(
            expression.search(&page).unwrap(),
            Cow::Borrowed(_)
        ));
        let expression = Expression::compile("x || a.b[1]").unwrap();
        assert!(matches!(
            expression.search(&page).unwrap(),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn expressions_are_shared_between_threads() {
        fn shared<T: Send + Sync + Clone + 'static>() {}
        shared::<Expression>();
    }

    #[test]
    fn searches_plain_paths_in_place() {
        let mut page = json!({"a": [{"b": 1}, {"b": null}]});
        let path = Expression::compile("a[0].b").unwrap();
        *path.search_mut(&mut page).unwrap() = json!(5);
        assert_eq!(path.search_ref(&page), Some(&json!(5)));
        assert!(
            Expression::compile("a[1].b")
                .unwrap()
                .search_ref(&page)
                .is_none()
        );
        assert!(!Expression::compile("a[*].b").unwrap().is_path());
        assert_eq!(
            Expression::compile("@").unwrap().search_ref(&page),
            Some(&page)
        );
    }

    #[test]
    fn timestamps_compare_by_time_and_are_strings() {
        let older = Timestamp::new(1_777_000_000, 0);
        let newer = Timestamp::new(1_777_000_000, 500_000_000);
        let page = json!({"items": [{"at": newer, "n": 1}, {"at": older, "n": 2}]});
        assert_eq!(search("sort_by(items, &at)[].n", &page), json!([2, 1]));
        assert_eq!(search("items[?at > '2026-04-24'].n", &page), json!([1, 2]));
        assert_eq!(
            search("items[?at == '2026-04-24T05:06:40+02:00'].n", &page),
            json!([2])
        );
        assert_eq!(
            search("items[?starts_with(at, '2026-04')].n", &page),
            json!([1, 2])
        );
        assert_eq!(search("max(items[].at)", &page), Value::from(newer));
        assert_eq!(search("type(items[0].at)", &page), json!("string"));
        assert_eq!(
            search("to_string(items[1].at)", &page),
            json!("2026-04-24T03:06:40Z")
        );
    }

    #[test]
    fn blobs_are_base64_text() {
        let page = json!({"data": Blob::from(vec![1, 2, 3])});
        assert_eq!(search("data", &page), page["data"]);
        assert_eq!(search("data == 'AQID'", &page), json!(true));
        assert_eq!(search("to_string(@)", &page), json!(r#"{"data":"AQID"}"#));
    }

    #[test]
    fn integers_of_any_size_stay_exact() {
        let page = json!({"n": [i64::MAX, 1], "big": u64::MAX});
        assert_eq!(search("sum(n)", &page), Value::from(1_u64 << 63));
        assert_eq!(search("big == `18446744073709551615`", &page), json!(true));
        assert_eq!(search("big > n[0]", &page), json!(true));
        assert_eq!(search("`1` == `1.0`", &page), json!(true));
        assert_eq!(search("`1` == `true`", &page), json!(false));
    }

    #[test]
    fn errors_name_the_invalid_argument() {
        let page = json!({"a": null, "b": [1, "x"]});
        assert_eq!(
            error("length(a)", &page),
            "JMESPath expression `length(a)`: argument 1 of length() must be a string, an array or an object, not null"
        );
        assert!(error("sort(b)", &page).contains("not an array of number and string"));
        assert!(error("sort_by(b, &@)", &page).contains("must return a number for every element"));
    }

    #[test]
    fn syntax_errors_have_a_column_and_a_hint() {
        for (text, column, hint) in [
            ("", 1, "expected a name"),
            ("foo.", 5, "found the end"),
            ("é'x", 1, "double quotes"),
            ("'é' é", 5, "double quotes"),
            ("foo-bar", 4, "double quotes"),
            ("foo.1", 5, "[1]"),
            ("foo[bar]", 4, "[?condition]"),
            ("foo[?a=='b'", 12, "`]`"),
            ("lenght(a)", 1, "did you mean length?"),
            ("length(a, b)", 1, "takes 1 argument, 2 given"),
            ("sort_by(a, b)", 12, "put `&` before it"),
            ("length(&a)", 8, "remove the `&`"),
            ("&a", 1, "sort_by(list, &name)"),
            ("a[::0]", 5, "cannot be 0"),
            ("a['x']", 3, "a position"),
            ("\"a", 1, "missing closing"),
            ("abs(a,)", 7, "expected a name"),
            ("a[99999999999999999999]", 3, "too large"),
        ] {
            let error = Expression::compile(text).unwrap_err().to_string();
            assert!(
                error.contains(&format!("at column {column}:")),
                "{text}: {error}"
            );
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn limits_length_and_nesting() {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("!", ""),
            ("{a:", "}"),
            ("a[?", "]"),
            ("abs(", ")"),
            ("*.", ""),
        ] {
            let text = format!("{}a{}", open.repeat(50_000), close.repeat(50_000));
            let error = Expression::compile(&text).unwrap_err().to_string();
            assert!(
                error.contains("nests deeper") || error.contains("longer than"),
                "{error}"
            );
        }
        for operator in ["==", "[*].a[*]"] {
            let text = format!("a{}", format!("{operator}a").repeat(300));
            let _ = Expression::compile(&text);
        }
        assert!(Expression::compile(&"a==".repeat(1000)).is_err());
        assert!(Expression::compile(&"a".repeat(300_000)).is_err());
    }

    #[test]
    fn searches_expressions_of_maximum_depth() {
        let page = json!({"a": [1], "b": {"a": 1}});
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("!", ""),
            ("{a:", "}"),
            ("@[?", "]"),
            ("to_array(", ")"),
            ("*.", ""),
            ("a[*].", ""),
            ("sort_by([@], &", ")"),
        ] {
            let text = format!("{}a{}", open.repeat(120), close.repeat(120));
            let expression = Expression::compile(&text).unwrap();
            let _ = expression.search(&page);
            let _ = expression.field_paths();
        }
    }

    #[test]
    fn long_chains_do_not_count_as_nesting() {
        let page = json!({"a": [1]});
        for operator in ["||", "&&", "|"] {
            let text = format!("a{}", format!("{operator}@").repeat(50_000));
            Expression::compile(&text).unwrap().search(&page).unwrap();
        }
        for (start, step) in [("a", ".a"), ("a", "[0]"), ("@", "[]")] {
            let text = format!("{start}{}", step.repeat(50_000));
            let expression = Expression::compile(&text).unwrap();
            expression.search(&page).unwrap();
            assert!(expression.field_paths().len() <= 1);
        }
    }

    #[test]
    fn limits_the_work_of_a_search() {
        let page = json!({"a": "text"});
        let doubling = format!("@{}", "|[@,@]".repeat(200));
        assert!(error(&doubling, &page).contains("more than"));
        let flattening = format!("[@]{}", "|[@,@][]".repeat(200));
        assert!(error(&flattening, &page).contains("more than"));
        let deepening = format!("@{}", "|[@]".repeat(10_000));
        assert!(error(&deepening, &page).contains("nests deeper"));
        let text = format!("a{}", "|join('',[@,@])".repeat(200));
        assert!(error(&text, &page).contains("more than"));
        let quoting = format!("@{}", "|to_string([@])".repeat(200));
        assert!(error(&quoting, &page).contains("more than"));
        let comparing = format!("@{} | @ == @", "|[@,@]".repeat(100));
        assert!(error(&comparing, &page).contains("more than"));
    }
}
