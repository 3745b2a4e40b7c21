//! The six wire formats: parameters to a request, and a response to a value.
//!
//! Dropping the request is measured. A response is parsed from a new buffer, as from a connection; dropping the value
//! is not measured.
//!
//! | path | work |
//! |---|---|
//! | `query/serialize PutMetricData` | a form of 1,000 metrics with three dimensions each |
//! | `query/parse GetCallerIdentity` | 0.4 KB: the minimum cost of a response |
//! | `ec2/serialize RunInstances` | a form of 70 pairs |
//! | `ec2/parse RunInstances` | one instance, 5 KB |
//! | `ec2/parse DescribeInstances` | 1,000 instances, 5.2 MB |
//! | `json/serialize PutItem` | an item of 20 attributes |
//! | `json/serialize SendMessage` | two strings |
//! | `json/serialize BatchWriteItem` | the items of the Query response |
//! | `json/parse GetItem` | an item of 20 attributes, 1.3 KB |
//! | `json/parse SendMessage` | two strings |
//! | `json/parse Query` | 1.0 MB of such items |
//! | `rest-json/serialize CreateFunction` | nested structures and maps, 1 KB |
//! | `rest-json/parse ListFunctions` | 50 functions |
//! | `rest-xml/serialize PutBucketLifecycleConfiguration` | ten rules |
//! | `rest-xml/parse ListObjectsV2` | 1,000 objects, 348 KB, references in most keys and every tag |
//! | `cbor/serialize PutMetricData` | 1,000 metrics with three dimensions each |
//! | `cbor/parse GetMetricData` | ten metrics of 100 timestamps and numbers |

use std::sync::Arc;

use bytes::Bytes;
use ciborium::Value as Cbor;
use inia::{List, Value, json, model::ServiceModel, protocol::Headers, protocol::Protocol};
use inia_protocol::{Codec, Input, Request, Response};

use crate::fixtures::Fixtures;
use crate::measure::Measure;
use crate::model::built_in;

/// Minimum body size in bytes for fewer repetitions.
const LONG: usize = 100_000;

/// A service, its codec and one of its operations.
struct CodecSetup {
    model: Arc<ServiceModel>,
    codec: Codec,
    operation: u32,
}

impl CodecSetup {
    fn new(protocol: Protocol, service: &str, operation: &str) -> CodecSetup {
        let model = built_in()
            .service(service, None)
            .expect("a built-in service");
        CodecSetup {
            operation: model.operation(operation).expect("the operation").index,
            codec: protocol.codec(Arc::clone(&model)),
            model,
        }
    }

    fn serialize(&self, params: &Value) -> Request {
        let operation = self.model.operation_at(self.operation);
        self.codec
            .serialize(operation.expect("the operation"), Input::from(params))
            .expect("valid parameters")
    }

    fn parse(&self, response: Response) -> Value {
        let operation = self.model.operation_at(self.operation);
        self.codec
            .parse(operation.expect("the operation"), response)
            .expect("a valid response")
    }
}

fn response(body: &[u8]) -> Response {
    Response {
        status: 200,
        headers: Headers::new(),
        body: Bytes::copy_from_slice(body),
    }
}

/// Measures the paths of this group.
pub fn paths(measure: &mut Measure) {
    use Protocol::{Ec2, Json, Query, RestJson, RestXml, RpcV2Cbor};
    if let Some(fixtures) = Fixtures::find() {
        let params = |case: &str| fixtures.params(case);
        let body = |case: &str| fixtures.body(case);
        serialize(measure, Query, "cloudwatch.PutMetricData", 5, params);
        parse(measure, Query, "sts.GetCallerIdentity", body);
        serialize(measure, Ec2, "ec2.RunInstances", 50, params);
        parse(measure, Ec2, "ec2.RunInstances", body);
        parse(measure, Ec2, "ec2.DescribeInstances", body);
        serialize(measure, Json, "dynamodb.PutItem", 50, params);
        serialize(measure, Json, "sqs.SendMessage", 50, params);
        serialize(measure, Json, "dynamodb.BatchWriteItem", 2, |_| {
            batch(&body("dynamodb.Query"))
        });
        parse(measure, Json, "dynamodb.GetItem", body);
        parse(measure, Json, "sqs.SendMessage", body);
        parse(measure, Json, "dynamodb.Query", body);
        parse(measure, RestXml, "s3.ListObjectsV2", body);
        serialize(measure, RpcV2Cbor, "cloudwatch.PutMetricData", 5, params);
    }
    serialize(measure, RestJson, "lambda.CreateFunction", 50, |_| {
        function()
    });
    parse(measure, RestJson, "lambda.ListFunctions", |_| functions());
    serialize(
        measure,
        RestXml,
        "s3.PutBucketLifecycleConfiguration",
        50,
        |_| lifecycle(),
    );
    parse(measure, RpcV2Cbor, "cloudwatch.GetMetricData", |_| {
        metrics()
    });
}

/// Returns the group name of a wire format.
fn group(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::RpcV2Cbor => "cbor",
        other => other.name(),
    }
}

/// Measures the serialization of `case` (`service.Operation`) with parameters created by `params` if selected.
fn serialize(
    measure: &mut Measure,
    protocol: Protocol,
    case: &str,
    repeats: usize,
    params: impl FnOnce(&str) -> Value,
) {
    let (service, operation) = case.split_once('.').expect("a service and an operation");
    let path = measure.path(format!("{}/serialize {operation}", group(protocol)));
    path.repeats(repeats).work(|| {
        let (setup, params) = (CodecSetup::new(protocol, service, operation), params(case));
        move || setup.serialize(&params)
    });
}

/// Measures the parsing of `case` (`service.Operation`) from a response with `body`.
fn parse(
    measure: &mut Measure,
    protocol: Protocol,
    case: &str,
    body: impl FnOnce(&str) -> Vec<u8>,
) {
    let (service, operation) = case.split_once('.').expect("a service and an operation");
    let body = body(case);
    let path = measure.path(format!("{}/parse {operation}", group(protocol)));
    let repeats = if body.len() > LONG { 2 } else { 50 };
    path.bytes(body.len()).repeats(repeats).fresh(|| {
        let setup = CodecSetup::new(protocol, service, operation);
        // Computes cached data before the measurement.
        setup.parse(response(&body));
        (|| response(&body), move |response| setup.parse(response))
    });
}

/// Returns the items of a Query response as a BatchWriteItem request.
fn batch(response_value: &[u8]) -> Value {
    let setup = CodecSetup::new(Protocol::Json, "dynamodb", "Query");
    let response_value = setup.parse(response(response_value));
    let items = response_value["Items"].items();
    let requests = items.map(|item| json!({"PutRequest": {"Item": item.clone()}}));
    json!({"RequestItems": {"bench-table": requests.collect::<List>()}})
}

fn function() -> Value {
    json!({
        "FunctionName": "resize-images",
        "Runtime": "python3.13",
        "Role": "arn:aws:iam::123456789012:role/lambda-role",
        "Handler": "app.handler",
        "Code": {"S3Bucket": "bench-bucket", "S3Key": "functions/resize-images.zip", "S3ObjectVersion": "null"},
        "Description": "Resizes the images that are put into a bucket",
        "Timeout": 30,
        "MemorySize": 512,
        "Publish": true,
        "VpcConfig": {
            "SubnetIds": ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"],
            "SecurityGroupIds": ["sg-0123456789abcdef0"],
        },
        "Environment": {"Variables": {"STAGE": "prod", "BUCKET": "bench-bucket", "QUALITY": "85", "LOG_LEVEL": "info"}},
        "TracingConfig": {"Mode": "Active"},
        "Tags": {"Team": "platform & infra", "CostCenter": "1234", "Owner": "ops@example.com"},
        "Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:pillow:7"],
        "Architectures": ["arm64"],
        "EphemeralStorage": {"Size": 512},
        "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "LogGroup": "/aws/lambda/resize-images"},
    })
}

/// Returns a response that lists 50 such functions.
fn functions() -> Vec<u8> {
    let function = |number: i64| {
        json!({
            "FunctionName": format!("function-{number:04}"),
            "FunctionArn": format!("arn:aws:lambda:us-east-1:123456789012:function:function-{number:04}"),
            "Runtime": "python3.13",
            "Role": "arn:aws:iam::123456789012:role/lambda-role",
            "Handler": "app.handler",
            "CodeSize": 4_213_107 + number,
            "Description": "Resizes the images that are put into a bucket",
            "Timeout": 30,
            "MemorySize": 512,
            "LastModified": "2026-03-01T12:00:00.000+0000",
            "CodeSha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "Version": "$LATEST",
            "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": false},
            "Environment": {"Variables": {"STAGE": "prod", "BUCKET": "bench-bucket", "QUALITY": "85"}},
            "TracingConfig": {"Mode": "PassThrough"},
            "RevisionId": format!("{number:08x}-1111-4222-a333-444444444444"),
            "PackageType": "Zip",
            "Architectures": ["arm64"],
            "EphemeralStorage": {"Size": 512},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "LoggingConfig": {"LogFormat": "JSON", "LogGroup": format!("/aws/lambda/function-{number:04}")},
        })
    };
    let functions = (0..50).map(function).collect::<List>();
    let mut body = Vec::new();
    json!({"NextMarker": "a marker of some length", "Functions": functions}).write_json(&mut body);
    body
}

fn lifecycle() -> Value {
    let rule = |number: i64| {
        json!({
            "ID": format!("rule-{number}"),
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": format!("logs/{number} & more/"), "Tags": [{"Key": "stage", "Value": "prod"}]}},
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER"}],
            "Expiration": {"Days": 365},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        })
    };
    let rules = (0..10).map(rule).collect::<List>();
    json!({"Bucket": "bench-bucket", "LifecycleConfiguration": {"Rules": rules}})
}

/// Returns a response with ten metrics of 100 timestamps and numbers each.
fn metrics() -> Vec<u8> {
    let map = |entries: Vec<(&str, Cbor)>| {
        let entries = entries.into_iter();
        Cbor::Map(entries.map(|(name, value)| (name.into(), value)).collect())
    };
    let moment = |number: u32| Cbor::Tag(1, Box::new(Cbor::Float(1.77e9 + f64::from(number * 60))));
    let metric = |number: u32| {
        map(vec![
            ("Id", format!("m{number}").into()),
            (
                "Label",
                format!("host-{number:04}.example.com latency").into(),
            ),
            ("Timestamps", Cbor::Array((0..100).map(moment).collect())),
            (
                "Values",
                Cbor::Array(
                    (0..100)
                        .map(|value| (f64::from(value) * 1.37).into())
                        .collect(),
                ),
            ),
            ("StatusCode", "Complete".into()),
        ])
    };
    let response_value = map(vec![(
        "MetricDataResults",
        Cbor::Array((0..10).map(metric).collect()),
    )]);
    let mut body = Vec::new();
    ciborium::into_writer(&response_value, &mut body).expect("CBOR");
    body
}
