//! Paginators: all definitions checked against their shapes, and pagination with a client.

mod higher;

use futures_util::StreamExt as _;
use higher::{CannedTransport, catalog, paths};
use inia::{ErrorKind, Value, json, model::PaginatorModel, model::Paginators, model::ServiceModel};

/// Returns the problems of a paginator definition.
fn problems(model: &ServiceModel, paginator: &PaginatorModel) -> Vec<String> {
    let label = format!("{} {}", model.name(), paginator.operation);
    let Ok(operation) = model.operation(&paginator.operation) else {
        return vec![format!("{label}: unknown operation")];
    };
    let mut problems = Vec::new();
    let input = model.input(operation);
    for name in paginator.input_tokens.iter().chain(&paginator.limit_key) {
        if input.and_then(|input| input.member(name)).is_none() {
            problems.push(format!("{label}: {name} is not a parameter"));
        }
    }
    let keys = paginator
        .result_keys
        .iter()
        .chain(&paginator.non_aggregate_keys);
    let expressions = keys
        .map(|key| key.expression())
        .chain(&paginator.output_tokens)
        .chain(&paginator.more_results);
    for expression in expressions {
        if let Err(problem) = paths::check(model, operation.output.as_ref(), expression) {
            problems.push(format!("{label}: {problem}"));
        }
    }
    problems
}

#[test]
fn all_paginators_match_their_shapes() {
    let catalog = catalog();
    let (mut shipped, mut all_problems) = (0, Vec::new());
    for service in catalog.services() {
        let model = catalog.service(&service, None).unwrap();
        let Some(paginators) = Paginators::load(&catalog, &model).unwrap() else {
            continue;
        };
        for operation in paginators.operations() {
            shipped += 1;
            match paginators.find(operation) {
                Ok(Some(matches)) if !matches.result_keys.is_empty() => {
                    all_problems.extend(problems(&model, &matches))
                }
                other => all_problems.push(format!("{service} {operation}: {other:?}")),
            }
        }
    }
    assert_eq!(all_problems, Vec::<String>::new());
    assert_eq!(shipped, 3449);
}

#[test]
fn infers_paginators_from_tokens() {
    let catalog = catalog();
    let (mut inferred, mut of_one_list, mut all_problems) = (0, 0, Vec::new());
    for service in catalog.services() {
        let model = catalog.service(&service, None).unwrap();
        let shipped = Paginators::load(&catalog, &model).unwrap();
        for operation in model.operations() {
            let matches =
                PaginatorModel::for_operation(shipped.as_ref(), &model, operation).unwrap();
            let Some(matches) = matches.filter(|matches| matches.inferred) else {
                continue;
            };
            inferred += 1;
            let output = model.output(operation).unwrap();
            let kind = |member: &inia::model::Member| model.shape(member.target).kind.name();
            let lists = output
                .members
                .iter()
                .filter(|member| kind(member) == "list");
            of_one_list += usize::from(lists.count() == 1 && matches.result_keys.len() == 1);
            all_problems.extend(problems(&model, &matches));
        }
    }
    assert_eq!(all_problems, Vec::<String>::new());
    assert!(inferred >= 882, "{inferred} inferred");
    assert!(of_one_list >= 810, "{of_one_list} with one list");
}

fn queues() -> Vec<Value> {
    vec![
        json!({"QueueUrls": ["a", "b"], "NextToken": "t1"}),
        json!({"QueueUrls": [], "NextToken": "t2"}),
        json!({"QueueUrls": ["c"]}),
    ]
}

#[tokio::test]
async fn streams_pages() {
    let server = CannedTransport::pages(queues());
    let sqs = server.client("sqs");
    let pages = sqs
        .paginate("list_queues", json!({"QueueNamePrefix": "x"}))
        .page_size(2);
    assert!(!pages.is_inferred());
    let pages: Vec<_> = pages.map(|page| page.unwrap().value).collect().await;
    assert_eq!(pages, queues());
    assert_eq!(
        server.params(),
        [
            json!({"QueueNamePrefix": "x", "MaxResults": 2}),
            json!({"QueueNamePrefix": "x", "MaxResults": 2, "NextToken": "t1"}),
            json!({"QueueNamePrefix": "x", "MaxResults": 2, "NextToken": "t2"}),
        ]
    );
}

#[tokio::test]
async fn requests_pages_lazily() {
    let server = CannedTransport::pages(queues());
    let sqs = server.client("sqs");
    let mut items = sqs.paginate("ListQueues", json!({})).items();
    assert_eq!(server.requests().len(), 0);
    for expected in ["a", "b"] {
        assert_eq!(items.next().await.unwrap().unwrap(), expected);
        assert_eq!(server.requests().len(), 1);
    }
    assert_eq!(items.next().await.unwrap().unwrap(), "c");
    assert_eq!(server.requests().len(), 3);
    assert!(items.next().await.is_none());
    assert!(items.next().await.is_none());
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn resumes_from_a_token() {
    let server = CannedTransport::pages(queues());
    let sqs = server.client("sqs");
    let mut first = sqs.paginate("ListQueues", json!({})).max_items(1).items();
    assert_eq!(first.next().await.unwrap().unwrap(), "a");
    assert!(first.next().await.is_none());
    let token = first.resume_token().unwrap();
    // botocore's TokenEncoder output for {"NextToken": None, "boto_truncate_amount": 1}.
    assert_eq!(
        token,
        "eyJOZXh0VG9rZW4iOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAxfQ=="
    );

    let server = CannedTransport::pages(queues());
    let sqs = server.client("sqs");
    let rest = sqs
        .paginate("ListQueues", json!({}))
        .starting_token(token)
        .items();
    assert_eq!(rest.collect().await.unwrap(), ["b", "c"]);

    let server = CannedTransport::pages(queues()[2..].to_vec());
    let sqs = server.client("sqs");
    let rest = sqs
        .paginate("ListQueues", json!({}))
        .starting_token("t2")
        .build_full_result();
    assert_eq!(rest.await.unwrap(), json!({"QueueUrls": ["c"]}));
    assert_eq!(server.params(), [json!({"NextToken": "t2"})]);
}

#[tokio::test]
async fn the_full_result_has_a_resume_token() {
    let server = CannedTransport::pages(queues());
    let sqs = server.client("sqs");
    let full = sqs
        .paginate("ListQueues", json!({}))
        .max_items(2)
        .build_full_result()
        .await
        .unwrap();
    // botocore's TokenEncoder output for {"NextToken": "t1"}.
    assert_eq!(
        full,
        json!({"QueueUrls": ["a", "b"], "NextToken": "eyJOZXh0VG9rZW4iOiAidDEifQ=="})
    );
}

#[tokio::test]
async fn searches_pages() {
    let tables = [
        json!({"TableNames": ["abc", "defg"], "LastEvaluatedTableName": "defg"}),
        json!({"TableNames": ["hij"]}),
    ];
    for (expression, expected) in [
        ("TableNames", json!(["abc", "defg", "hij"])),
        ("TableNames[?length(@) > `3`]", json!(["defg"])),
        ("length(TableNames)", json!([2, 1])),
        ("LastEvaluatedTableName", json!(["defg", null])),
        ("Nothing[].here", json!([null, null])),
    ] {
        let dynamodb = CannedTransport::pages(tables.clone()).client("dynamodb");
        let matches = dynamodb
            .paginate("ListTables", json!({}))
            .search(expression)
            .collect()
            .await
            .unwrap();
        assert_eq!(Value::from(matches), expected, "{expression}");
    }
    let dynamodb = CannedTransport::pages(tables).client("dynamodb");
    let mut matches = dynamodb.paginate("ListTables", json!({})).search("a[");
    let error = matches.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert!(matches.next().await.is_none());
}

#[tokio::test]
async fn requires_a_result_key_among_several() {
    let page = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key></Contents>\
                <CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListBucketResult>";
    let list = || {
        let s3 = CannedTransport::new([(200, page)]).client("s3");
        s3.paginate("ListObjectsV2", json!({"Bucket": "b", "Delimiter": "/"}))
    };
    let objects = list().items().collect().await.unwrap();
    assert_eq!(objects, [json!({"Key": "k"})]);
    let prefixes = list().items_of("CommonPrefixes").collect().await.unwrap();
    assert_eq!(prefixes, [json!({"Prefix": "p/"})]);
    let mut all_problems = list().items_of("CommonPrefix");
    let error = all_problems.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pagination);
    assert!(
        error.to_string().contains("did you mean CommonPrefixes?"),
        "{error}"
    );
    assert!(all_problems.next().await.is_none());
}

#[tokio::test]
async fn page_size_is_a_string_if_the_parameter_is_one() {
    let page = "<ListHostedZonesResponse><HostedZones/><IsTruncated>false</IsTruncated></ListHostedZonesResponse>";
    let server = CannedTransport::new([(200, page)]);
    let route53 = server.client("route53");
    let mut pages = route53.paginate("ListHostedZones", json!({})).page_size(7);
    pages.next().await.unwrap().unwrap();
    let url = &server.requests()[0].url;
    assert!(url.ends_with("/hostedzone?maxitems=7"), "{url}");
}

#[tokio::test]
async fn marks_inferred_paginators() {
    let pages = [
        json!({"Tags": {"a": "1", "b": "2"}, "NextToken": "t"}),
        json!({"Tags": {"c": "3"}}),
    ];
    let video = CannedTransport::pages(pages).client("kinesisvideo");
    let tags = video.paginate("ListTagsForStream", json!({"StreamName": "s"}));
    assert!(tags.is_inferred());
    let tags = tags.items().collect().await.unwrap();
    assert_eq!(
        tags,
        [json!({"a": "1"}), json!({"b": "2"}), json!({"c": "3"})]
    );
}

#[tokio::test]
async fn errors_end_the_pagination() {
    // A repeated token: the pages are returned, then the error.
    let page = json!({"QueueUrls": ["a"], "NextToken": "t"});
    let sqs = CannedTransport::pages([page.clone(), page.clone(), page]).client("sqs");
    let mut pages = sqs.paginate("ListQueues", json!({}));
    assert!(pages.next().await.unwrap().is_ok());
    assert!(pages.next().await.unwrap().is_ok());
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pagination);
    assert!(pages.next().await.is_none());

    // A service error after the first page.
    let failure = r#"{"__type": "InvalidAddress", "message": "no"}"#;
    let page = json!({"QueueUrls": ["a"], "NextToken": "t"}).to_json();
    let sqs =
        CannedTransport::new([(200, page.to_string()), (400, failure.to_owned())]).client("sqs");
    let mut items = sqs.paginate("ListQueues", json!({})).items();
    assert_eq!(items.next().await.unwrap().unwrap(), "a");
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.service().unwrap().code, "InvalidAddress");
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn rejects_invalid_pagination() {
    let server = CannedTransport::pages([]);
    let sqs = server.client("sqs");
    for (pages, kind, message) in [
        (
            sqs.paginate("ListQueue", json!({})),
            ErrorKind::Model,
            "did you mean ListQueues?",
        ),
        (
            sqs.paginate("SendMessage", json!({})),
            ErrorKind::Pagination,
            "SendMessage cannot be paginated",
        ),
        (
            sqs.paginate("ListQueues", json!({}))
                .starting_token("a___b___c"),
            ErrorKind::Pagination,
            "invalid starting token",
        ),
        (
            sqs.paginate("ListQueues", json!({"QueueNamePrefix": 5})),
            ErrorKind::Validation,
            "QueueNamePrefix",
        ),
    ] {
        let mut pages = pages;
        let error = pages.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
        assert!(pages.next().await.is_none());
    }
    assert_eq!(server.requests(), []);
    let kms = server.client("kms");
    let sized = kms
        .paginate("DescribeCustomKeyStores", json!({}))
        .page_size(1);
    assert!(sized.model().is_some());
}
