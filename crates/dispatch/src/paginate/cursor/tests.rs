use inia_core::{Blob, json};
use inia_model::Paginators;

use super::super::full_result::FullResult;
use super::*;

/// Requests and results of a pagination.
#[derive(Debug)]
struct Run {
    requests: Vec<Value>,
    pages: Vec<Value>,
    full: Value,
    resume: Option<String>,
    error: Option<Error>,
}

#[derive(Clone, Copy, Default)]
struct Options<'a> {
    page_size: Option<i64>,
    max_items: Option<usize>,
    start: Option<&'a str>,
}

fn model(paginator: &Value) -> Arc<PaginatorModel> {
    let file = json!({"pagination": {"List": paginator.clone()}});
    let file = Paginators::from_value("f", file).unwrap();
    Arc::new(file.find("List").unwrap().unwrap())
}

/// Paginates over the responses. The last one is repeated.
fn run(paginator: &Value, responses: &[Value], params: Value, options: Options<'_>) -> Run {
    let model = model(paginator);
    let start = options
        .start
        .map(|token| ResumeToken::decode(token, &model.input_tokens).unwrap());
    let page_size = options.page_size.map(Value::from);
    let mut cursor = PaginatorCursor::new(
        Arc::clone(&model),
        params,
        page_size,
        options.max_items,
        start,
    )
    .unwrap();
    let mut run = Run {
        requests: Vec::new(),
        pages: Vec::new(),
        full: Value::Null,
        resume: None,
        error: None,
    };
    let mut full = FullResult::new(&model);
    while let Some(request) = cursor.next_request() {
        assert!(run.requests.len() < 20, "the pagination does not end");
        match request {
            Ok(request) => run.requests.push(request),
            Err(error) => {
                run.error = Some(error);
                continue;
            }
        }
        let position = run.pages.len().min(responses.len() - 1);
        let mut page = responses[position].clone();
        cursor.accept(&mut page).unwrap();
        run.pages.push(page.clone());
        full.add(&model.result_keys, &mut page).unwrap();
    }
    run.resume = cursor.resume_token();
    run.full = full
        .finish(
            &model.result_keys,
            cursor.non_aggregate().clone(),
            run.resume.clone(),
        )
        .unwrap();
    run
}

fn simple() -> Value {
    json!({"input_token": "Marker", "output_token": "Marker", "result_key": "Users", "limit_key": "Max"})
}

fn two_tokens() -> Value {
    json!({"input_token": ["InMarker1", "InMarker2"], "output_token": ["Marker1", "Marker2"], "result_key": ["Users", "Groups"]})
}

fn users() -> Vec<Value> {
    vec![
        json!({"Users": ["User1"], "Marker": "m1"}),
        json!({"Users": ["User2"], "Marker": "m2"}),
        json!({"Users": ["User3"]}),
    ]
}

fn token(tokens: Value, skip: Option<usize>) -> String {
    let tokens = tokens.as_map().unwrap().clone();
    ResumeToken { tokens, skip }.encode()
}

#[test]
fn passes_tokens_to_the_next_request() {
    let run = run(
        &simple(),
        &users(),
        json!({"Path": "/"}),
        Options::default(),
    );
    assert_eq!(run.pages, users());
    assert_eq!(
        run.requests,
        [
            json!({"Path": "/"}),
            json!({"Path": "/", "Marker": "m1"}),
            json!({"Path": "/", "Marker": "m2"}),
        ]
    );
    assert_eq!(run.full, json!({"Users": ["User1", "User2", "User3"]}));
    assert_eq!(run.resume, None);
}

#[test]
fn empty_and_missing_tokens_end_the_pagination() {
    for last in [
        json!({"Users": ["User1"], "Marker": ""}),
        json!({"Marker": null}),
        json!({}),
    ] {
        let run = run(&simple(), &[last], json!({}), Options::default());
        assert_eq!(run.requests.len(), 1);
        assert!(run.error.is_none());
    }
}

#[test]
fn empty_pages_with_a_token_do_not_end_the_pagination() {
    let responses = [
        json!({"Users": [], "Marker": "m1"}),
        json!({"Marker": "m2"}),
        json!({"Users": ["User1"]}),
    ];
    let run = run(&simple(), &responses, json!({}), Options::default());
    assert_eq!(run.requests.len(), 3);
    assert_eq!(run.full, json!({"Users": ["User1"]}));
}

#[test]
fn repeated_token_is_an_error_after_its_page() {
    let responses = [
        json!({"Marker": "m1"}),
        json!({"Marker": "m2"}),
        json!({"Marker": "m2"}),
    ];
    let run = run(&simple(), &responses, json!({}), Options::default());
    assert_eq!(run.pages.len(), 3);
    let error = run.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Pagination);
    assert!(error.to_string().contains("same token twice"), "{error}");
}

#[test]
fn tokens_in_a_circle_are_an_error_after_one_round() {
    for (circle, start) in [
        (&["a", "b"][..], None),
        (&["a", "b", "c", "a2", "b2"], None),
        // The first token comes back to the start.
        (&["b", "c"], Some("a")),
    ] {
        let responses: Vec<Value> = circle
            .iter()
            .chain(&[start.unwrap_or("a")])
            .map(|token| json!({"Users": [*token], "Marker": *token}))
            .collect();
        let options = Options {
            start,
            ..Options::default()
        };
        let run = run(&simple(), &responses, json!({}), options);
        assert_eq!(run.pages.len(), circle.len() + 1);
        let error = run.error.unwrap();
        assert!(error.to_string().contains("same token twice"), "{error}");
    }
}

#[test]
fn memory_for_tokens_is_bounded() {
    let mut seen = SeenTokens::default();
    let token = |number: usize| Map::from_iter([("Marker", Value::from(number))]);
    for number in 0..=MAX_SEEN_TOKENS {
        assert!(seen.insert(&token(number)));
    }
    assert_eq!(seen.hashes.len(), 1);
    assert!(!seen.insert(&token(MAX_SEEN_TOKENS)));
}

#[test]
fn more_results_flag_ends_the_pagination() {
    for (flag, page) in [
        (
            "IsTruncated",
            |more: bool, token: &str| json!({"Users": [1], "IsTruncated": more, "Marker": token}),
        ),
        (
            "Foo.IsTruncated",
            |more: bool, token: &str| json!({"Users": [1], "Foo": {"IsTruncated": more}, "Marker": token}),
        ),
    ] as [(&str, fn(bool, &str) -> Value); 2]
    {
        let mut paginator = simple();
        paginator.as_map_mut().unwrap().insert("more_results", flag);
        let responses = [
            page(true, "t1"),
            page(true, "t2"),
            page(false, "t3"),
            page(true, "t4"),
        ];
        let run = run(&paginator, &responses, json!({}), Options::default());
        assert_eq!(
            run.requests,
            [json!({}), json!({"Marker": "t1"}), json!({"Marker": "t2"})]
        );
    }
}

#[test]
fn output_token_may_be_an_expression() {
    let paginator = json!({"input_token": "next_marker", "output_token": ["NextMarker || Result.Contents[-1].Key"], "result_key": "Contents"});
    let responses = [
        json!({"NextMarker": "token1"}),
        json!({"Result": {"Contents": [{"Key": "first"}, {"Key": "Last"}]}}),
        json!({"other": "foo"}),
    ];
    let run = run(&paginator, &responses, json!({}), Options::default());
    assert_eq!(
        run.requests,
        [
            json!({}),
            json!({"next_marker": "token1"}),
            json!({"next_marker": "Last"})
        ]
    );
}

#[test]
fn token_in_a_removed_item_is_kept() {
    let paginator = json!({"input_token": "M", "output_token": "Items[-1]", "result_key": "Items"});
    let responses = [
        json!({"Items": ["a", "b"]}),
        json!({"Items": ["c"]}),
        json!({}),
    ];
    let start = token(json!({"M": null}), Some(2));
    let options = Options {
        start: Some(&start),
        ..Options::default()
    };
    let run = run(&paginator, &responses, json!({}), options);
    assert_eq!(run.full, json!({"Items": ["c"]}));
}

#[test]
fn removes_parameters_without_a_token() {
    let paginator = json!({
        "input_token": ["StartName", "StartType", "StartId"], "output_token": ["NextName", "NextType", "NextId"], "result_key": "Foo"
    });
    let responses = [
        json!({"Foo": [1], "NextName": "aaa", "NextType": "A", "NextId": "id"}),
        json!({"Foo": [2], "NextName": "bbb", "NextType": "A"}),
        json!({"Foo": [3]}),
    ];
    let run = run(&paginator, &responses, json!({}), Options::default());
    assert_eq!(
        run.requests,
        [
            json!({}),
            json!({"StartName": "aaa", "StartType": "A", "StartId": "id"}),
            json!({"StartName": "bbb", "StartType": "A"}),
        ]
    );
}

#[test]
fn sends_the_page_size_with_every_request() {
    let options = Options {
        page_size: Some(1),
        ..Options::default()
    };
    let run = run(&simple(), &users(), json!({}), options);
    assert_eq!(
        run.requests,
        [
            json!({"Max": 1}),
            json!({"Max": 1, "Marker": "m1"}),
            json!({"Max": 1, "Marker": "m2"})
        ]
    );
    let error = PaginatorCursor::new(model(&two_tokens()), json!({}), Some(json!(5)), None, None)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pagination);
}

#[test]
fn max_items_ends_at_a_page_boundary() {
    for (max, expected, marker) in [
        (1, json!(["User1"]), "m1"),
        (2, json!(["User1", "User2"]), "m2"),
    ] {
        let options = Options {
            max_items: Some(max),
            ..Options::default()
        };
        let run = run(&simple(), &users(), json!({}), options);
        let next = token(json!({"Marker": marker}), None);
        assert_eq!(run.full, json!({"Users": expected, "NextToken": next}));
    }
    for max in [3, 10] {
        let options = Options {
            max_items: Some(max),
            ..Options::default()
        };
        let run = run(&simple(), &users(), json!({}), options);
        assert_eq!(run.full, json!({"Users": ["User1", "User2", "User3"]}));
    }
}

#[test]
fn max_items_ends_within_a_page_and_resumes_there() {
    let responses = [
        json!({"Users": ["User1", "User2", "User3"], "Marker": "m1"}),
        json!({"Users": ["User4", "User5", "User6"], "Marker": "m2"}),
        json!({"Users": ["User7"]}),
    ];
    let options = Options {
        max_items: Some(4),
        ..Options::default()
    };
    let first = run(&simple(), &responses, json!({}), options);
    let next = token(json!({"Marker": "m1"}), Some(1));
    assert_eq!(
        first.full,
        json!({"Users": ["User1", "User2", "User3", "User4"], "NextToken": next.as_str()})
    );

    // The resume token counts the items skipped before as well.
    let options = Options {
        max_items: Some(1),
        start: Some(&next),
        ..Options::default()
    };
    let second = run(&simple(), &responses[1..], json!({}), options);
    let next_but_one = token(json!({"Marker": "m1"}), Some(2));
    assert_eq!(
        second.full,
        json!({"Users": ["User5"], "NextToken": next_but_one})
    );

    let options = Options {
        start: Some(&next),
        ..Options::default()
    };
    let rest = run(&simple(), &responses[1..], json!({}), options);
    assert_eq!(rest.full, json!({"Users": ["User5", "User6", "User7"]}));
    assert_eq!(
        rest.requests,
        [json!({"Marker": "m1"}), json!({"Marker": "m2"})]
    );
}

#[test]
fn max_items_may_be_zero() {
    let options = Options {
        max_items: Some(0),
        ..Options::default()
    };
    let run = run(&simple(), &users(), json!({}), options);
    let next = token(json!({"Marker": null}), Some(0));
    assert_eq!(run.full, json!({"Users": [], "NextToken": next}));
}

#[test]
fn supports_several_tokens_and_result_keys() {
    let responses = [
        json!({"Users": ["User1", "User2"], "Groups": ["Group1"], "Marker1": "m1", "Marker2": "m2"}),
        json!({"Users": ["User3", "User4"], "Groups": ["Group2"], "Marker1": "m3", "Marker2": "m4"}),
        json!({"Users": ["User5"], "Groups": ["Group3"]}),
    ];
    let options = Options {
        max_items: Some(3),
        ..Options::default()
    };
    let first = run(&two_tokens(), &responses, json!({}), options);
    let next = token(json!({"InMarker1": "m1", "InMarker2": "m2"}), Some(1));
    assert_eq!(
        first.full,
        json!({"Users": ["User1", "User2", "User3"], "Groups": ["Group1", "Group2"], "NextToken": next.as_str()})
    );

    // The other result keys were returned in full with the first part of the page.
    let options = Options {
        max_items: Some(1),
        start: Some(&next),
        ..Options::default()
    };
    let second = run(&two_tokens(), &responses[1..], json!({}), options);
    let last = token(json!({"InMarker1": "m3", "InMarker2": "m4"}), None);
    assert_eq!(
        second.full,
        json!({"Users": ["User4"], "Groups": [], "NextToken": last})
    );
    assert_eq!(
        second.requests,
        [json!({"InMarker1": "m1", "InMarker2": "m2"})]
    );
}

#[test]
fn other_result_keys_stay_if_no_items_are_skipped() {
    let responses = [json!({"Users": ["User1"], "Groups": ["Group1"]})];
    for start in ["m0", "m0___m1___0"] {
        let options = Options {
            start: Some(start),
            ..Options::default()
        };
        let run = run(&two_tokens(), &responses, json!({}), options);
        assert_eq!(run.full, json!({"Users": ["User1"], "Groups": ["Group1"]}));
    }
}

#[test]
fn other_result_keys_are_emptied_by_type() {
    let paginator = json!({"input_token": "Marker", "output_token": "Marker", "result_key": ["Users", "Beside"]});
    let start = token(json!({"Marker": null}), Some(1));
    let options = Options {
        start: Some(&start),
        ..Options::default()
    };
    for (beside, left) in [
        (json!(["Group1"]), json!([])),
        (json!("a"), json!("")),
        (json!(123), json!(123)),
        (json!({"k": 1}), json!({})),
    ] {
        let run = run(
            &paginator,
            &[json!({"Users": ["User1", "User2"], "Beside": beside})],
            json!({}),
            options,
        );
        assert_eq!(run.full, json!({"Users": ["User2"], "Beside": left}));
    }
}

#[test]
fn resumed_page_may_lack_results() {
    let options = Options {
        start: Some("m1___1"),
        ..Options::default()
    };
    let run = run(
        &simple(),
        &[json!({"other": "it happens"})],
        json!({}),
        options,
    );
    assert_eq!(run.full, json!({}));
    assert_eq!(run.pages, [json!({"other": "it happens"})]);
}

#[test]
fn joins_results_of_every_type() {
    let paginator = json!({"input_token": "Marker", "output_token": "Marker", "result_key": ["Key", "Count", "Log", "Map"]});
    let responses = [
        json!({"Key": ["a"], "Count": 1, "Log": "x", "Map": {"a": 1}, "Marker": "a"}),
        json!({"other": "ignored", "Marker": "_"}),
        json!({"Key": ["b", "c"], "Count": 2, "Log": "y", "Map": {"b": 2}, "Marker": "b"}),
        json!({"Key": ["d"], "Count": 3.5, "Log": "z", "Map": {"c": 3}}),
    ];
    let run = run(&paginator, &responses, json!({}), Options::default());
    assert_eq!(
        run.full,
        json!({"Key": ["a", "b", "c", "d"], "Count": 6.5, "Log": "xyz", "Map": {"a": 1, "b": 2, "c": 3}})
    );
}

#[test]
fn supports_nested_result_keys_and_non_aggregate_keys() {
    let paginator = json!({
        "input_token": "T", "output_token": "T", "result_key": "Result.Key", "non_aggregate_keys": ["Outer", "Result.Inner"]
    });
    let responses = [
        json!({"Result": {"Key": ["foo"], "Inner": "v1"}, "Outer": "v2", "T": "t1"}),
        json!({"Result": {"Key": ["bar", "baz"], "Inner": "v3"}, "Outer": "v4", "T": "t2"}),
        json!({"Result": {"Key": ["qux"], "Inner": "v5"}, "Outer": "v6"}),
    ];
    let run = run(&paginator, &responses, json!({}), Options::default());
    assert_eq!(
        run.full,
        json!({"Result": {"Key": ["foo", "bar", "baz", "qux"], "Inner": "v1"}, "Outer": "v2"})
    );
}

#[test]
fn tokens_may_contain_bytes() {
    let marker = |byte: u8| json!({"key": ["foo", Blob::from(vec![byte])]});
    let responses = [
        json!({"Users": ["User1", "User2"], "Marker": marker(0xff)}),
        json!({"Users": ["User3", "User4"], "Marker": marker(0xfe)}),
        json!({"Users": ["User5"]}),
    ];
    let options = Options {
        max_items: Some(3),
        ..Options::default()
    };
    let first = run(&simple(), &responses, json!({}), options);
    let start = first.resume.unwrap();
    let options = Options {
        start: Some(&start),
        ..Options::default()
    };
    let rest = run(&simple(), &responses[1..], json!({}), options);
    assert_eq!(rest.full, json!({"Users": ["User4", "User5"]}));
    assert_eq!(rest.requests[0], json!({"Marker": marker(0xff)}));
}

#[test]
fn strings_and_maps_are_truncated_like_lists() {
    for (items, head, tail) in [
        (json!("aéc"), json!("aé"), json!("c")),
        (
            json!({"a": 1, "b": 2, "c": 3}),
            json!({"a": 1, "b": 2}),
            json!({"c": 3}),
        ),
    ] {
        let page = json!({"Users": items});
        let options = Options {
            max_items: Some(2),
            ..Options::default()
        };
        let first = run(&simple(), std::slice::from_ref(&page), json!({}), options);
        assert_eq!(first.full["Users"], head);
        let start = first.resume.unwrap();
        let options = Options {
            start: Some(&start),
            ..Options::default()
        };
        assert_eq!(
            run(&simple(), &[page], json!({}), options).full["Users"],
            tail
        );
    }
}

#[test]
fn items_are_elements_entries_or_the_value_itself() {
    let list = |value: Value| items(value).into_iter().collect::<Vec<Value>>();
    assert_eq!(list(json!(["a", "b"])), [json!("a"), json!("b")]);
    assert_eq!(
        list(json!({"a": 1, "b": 2})),
        [json!({"a": 1}), json!({"b": 2})]
    );
    assert_eq!(list(json!("text")), [json!("text")]);
    assert!(list(json!(null)).is_empty());
}

#[test]
fn result_that_cannot_be_truncated_is_an_error() {
    let paginator = json!({"input_token": "T", "output_token": "T", "result_key": "Items[].Name"});
    let model = model(&paginator);
    let mut cursor = PaginatorCursor::new(model, json!({}), None, Some(1), None).unwrap();
    cursor.next_request().unwrap().unwrap();
    let mut page = json!({"Items": [{"Name": 1}, {"Name": 2}]});
    assert_eq!(
        cursor.accept(&mut page).unwrap_err().kind(),
        ErrorKind::Model
    );
    assert!(cursor.next_request().is_none());
}
