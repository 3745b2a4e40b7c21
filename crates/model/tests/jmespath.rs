//! Property tests of JMESPath expressions, including hostile ones.

use inia_core::{Blob, Timestamp, Value, json};
use inia_model::jmespath::Expression;
use proptest::prelude::*;

fn document() -> Value {
    json!({
        "a": [{"b": 1, "c": "x"}, {"b": 2.5, "c": "y"}, {"b": null}, [1, [2, [3]]]],
        "b": {"c": {"a": "deep"}, "a": [3, 1, 2]},
        "c": "text",
        "at": Timestamp::new(1_440_938_160, 0),
        "data": Blob::from(vec![1, 2, 3]),
        "big": u64::MAX,
        "nan": f64::NAN,
    })
}

/// Tokens of the language in any order.
fn token_sequences() -> impl Strategy<Value = String> {
    let words = vec![
        "a",
        "b",
        "c",
        "at",
        "data",
        "big",
        "nan",
        "\"a\"",
        ".",
        "*",
        "[",
        "]",
        "[]",
        "[?",
        "(",
        ")",
        "{",
        "}",
        ",",
        ":",
        "@",
        "&",
        "&&",
        "|",
        "||",
        "!",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "0",
        "-1",
        "2",
        "'x'",
        "`1`",
        "`[1,\"x\"]`",
        "`{}`",
        "`x",
        "length(",
        "sort(",
        "sort_by(",
        "max_by(",
        "map(&",
        "join(",
        "to_string(",
        "to_number(",
        "merge(",
        "keys(",
        "reverse(",
        "contains(",
        "sum(",
        "avg(",
        "type(",
        "not_null(",
        " ",
        "é",
    ];
    prop::collection::vec(prop::sample::select(words), 0..24).prop_map(|words| words.concat())
}

/// Expressions that compile, of all kinds.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a", "b", "c", "at", "data", "big", "nan", "@", "*", "'x'", "`1.5`", "`[3, 1]`", "`null`",
        "a[0]", "b.a",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(5, 40, 3, |inner| {
            let two = (inner.clone(), inner.clone());
            prop_oneof![
                (
                    two.clone(),
                    prop::sample::select(vec![" | ", " || ", " && ", " == ", " < ", " != "])
                )
                    .prop_map(|((one, other), operator)| format!("({one}){operator}({other})")),
                (
                    inner.clone(),
                    prop::sample::select(vec![
                        ".a", ".*", "[]", "[*]", "[*].b", "[-1]", "[::-1]", "[1:3].c"
                    ])
                )
                    .prop_map(|(one, rest)| format!("({one}){rest}")),
                two.clone()
                    .prop_map(|(one, other)| format!("({one})[?{other}]")),
                two.clone()
                    .prop_map(|(one, other)| format!("[{one}, {other}]")),
                two.clone()
                    .prop_map(|(one, other)| format!("{{a: {one}, b: {other}}}")),
                (
                    inner.clone(),
                    prop::sample::select(vec![
                        "length",
                        "sort",
                        "sum",
                        "avg",
                        "max",
                        "reverse",
                        "keys",
                        "values",
                        "to_string",
                        "to_number",
                        "to_array",
                        "type",
                        "abs",
                        "ceil",
                        "floor",
                        "min"
                    ])
                )
                    .prop_map(|(one, function)| format!("{function}({one})")),
                (
                    two.clone(),
                    prop::sample::select(vec!["sort_by", "max_by", "min_by"])
                )
                    .prop_map(|((one, other), function)| format!("{function}({one}, &({other}))")),
                (
                    two,
                    prop::sample::select(vec![
                        "contains",
                        "starts_with",
                        "ends_with",
                        "join",
                        "merge",
                        "not_null"
                    ])
                )
                    .prop_map(|((one, other), function)| format!("{function}({one}, {other})")),
                inner.prop_map(|one| format!("!{one}")),
            ]
        })
}

proptest! {
    #[test]
    fn compiling_any_text_does_not_panic(text in prop_oneof![token_sequences(), any::<String>()]) {
        match Expression::compile(&text) {
            Ok(expression) => {
                let _ = expression.search(&document());
                let _ = expression.field_paths();
            }
            Err(error) => prop_assert!(error.to_string().contains("at column ")),
        }
    }

    #[test]
    fn search_returns_a_result_or_an_error_naming_a_function(text in expressions()) {
        let expression = Expression::compile(&text).unwrap();
        let document = document();
        match expression.search(&document) {
            Ok(found) => {
                // A search is deterministic, and its result can be serialized.
                let again = expression.search(&document).unwrap();
                prop_assert_eq!(found.to_json_string(), again.to_json_string());
            }
            Err(error) => prop_assert!(error.to_string().contains("()")),
        }
        prop_assert!(expression.field_paths().iter().all(|path| !path.is_empty()));
    }

    #[test]
    fn sort_returns_ascending_order(numbers in prop::collection::vec(prop_oneof![any::<i64>().prop_map(Value::from), any::<f64>().prop_map(Value::from), any::<i128>().prop_map(Value::from)], 0..30)) {
        let document = json!({"list": numbers});
        let sorted = Expression::compile("sort(list)").unwrap();
        let sorted = sorted.search(&document).unwrap();
        let pair = Expression::compile("one <= other").unwrap();
        for pair_of in sorted.as_list().unwrap().windows(2) {
            let numbers = json!({"one": &pair_of[0], "other": &pair_of[1]});
            let nan = pair_of.iter().any(|number| number.as_f64().is_some_and(f64::is_nan));
            prop_assert!(nan || *pair.search(&numbers).unwrap() == true);
        }
    }
}
