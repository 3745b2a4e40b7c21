//! Resources: all definitions checked against their shapes and operations, the behavior of boto3, and a user-defined
//! resource for a service without resources in boto3.

mod higher;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use higher::{CannedTransport, SleepRecorder, catalog, host, paths};
use inia::host::OsFiles;
use inia::jmespath::Expression;
use inia::{
    ErrorKind, Value, json, model::IdentifierSource, model::Member, model::ParamPath,
    model::ParamSource, model::ResourceModel, model::ResourceParam, model::ResourceTarget,
    model::Resources, model::ServiceModel, model::Waiters, resource::Resource,
    resource::ResourceOutcome, resource::ResourcePart,
};

const SERVICES: [&str; 9] = [
    "cloudformation",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "glacier",
    "iam",
    "s3",
    "sns",
    "sqs",
];

/// Known problems of boto3's definitions; the resulting behavior is tested below.
const KNOWN_PROBLEMS: [&str; 3] = [
    "ec2.NetworkInterfaceAssociation.address: `AllocationId`: AllocationId not found",
    "iam.ServiceResource.Policy: Policy requires identifiers {\"arn\"}, got {\"policy_arn\"}",
    "iam.ServiceResource.create_signing_certificate: SigningCertificate requires identifiers {\"id\", \"user_name\"}, got {\"id\"}",
];

/// Definitions used by the checks of a resource.
struct Checker<'a> {
    model: &'a ServiceModel,
    resources: &'a Resources,
    waiters: Option<Waiters>,
    problems: Vec<String>,
}

impl Checker<'_> {
    fn check(&mut self, resource: &ResourceModel) {
        let name = format!("{}.{}", resource.service, resource.name);
        let data = resource.shape.map(|shape| Member {
            name: "data".into(),
            target: shape,
            traits: inia::model::Traits::default(),
        });
        let data = data.as_ref();
        let actions = resource.load.iter().chain(&resource.actions);
        for action in actions.chain(&resource.batch_actions) {
            let label = format!("{name}.{}", action.name);
            let Some(output) = self.request(
                &label,
                &action.request.operation,
                &action.request.params,
                data,
            ) else {
                continue;
            };
            self.path(&label, action.path.as_ref(), output.as_ref());
            if let Some(target) = &action.resource {
                self.target(&label, target, data, Some(&action.request.operation));
            }
        }
        for collection in &resource.collections {
            let label = format!("{name}.{}", collection.name);
            let request = &collection.request;
            self.request(&label, &request.operation, &request.params, data);
            self.target(&label, &collection.resource, data, Some(&request.operation));
        }
        for relation in resource.references.iter().chain(&resource.subresources) {
            let label = format!("{name}.{}", relation.name);
            self.target(&label, &relation.resource, data, None);
        }
        for waiter in &resource.waiters {
            let label = format!("{name}.{}", waiter.name);
            let target = self.waiters.as_ref().unwrap().waiter(&waiter.waiter);
            match target {
                Ok(target) => drop(self.request(&label, &target.operation, &waiter.params, data)),
                Err(error) => self.problems.push(format!("{label}: {error}")),
            }
        }
    }

    fn path(&mut self, label: &str, path: Option<&Expression>, root: Option<&Member>) {
        if let Some(path) = path
            && let Err(problem) = paths::check(self.model, root, path)
        {
            self.problems.push(format!("{label}: {problem}"));
        }
    }

    /// Checks a request and returns the output of its operation.
    fn request(
        &mut self,
        label: &str,
        operation: &str,
        params: &[ResourceParam],
        data: Option<&Member>,
    ) -> Option<Option<Member>> {
        let Ok(operation) = self.model.operation(operation) else {
            self.problems
                .push(format!("{label}: unknown operation {operation}"));
            return None;
        };
        for param in params {
            let target = Expression::compile(&param.target.as_str().replace("[]", "[0]")).unwrap();
            self.path(label, Some(&target), operation.input.as_ref());
            if let ParamSource::Data(path) = &param.source {
                self.path(label, Some(path), data);
            }
        }
        Some(operation.output.clone())
    }

    fn target(
        &mut self,
        label: &str,
        target: &ResourceTarget,
        data: Option<&Member>,
        operation: Option<&str>,
    ) {
        let made = match self.resources.resource(&target.resource) {
            Ok(made) => made,
            Err(error) => return self.problems.push(format!("{label}: {error}")),
        };
        let needed: BTreeSet<&str> = made.identifiers.iter().map(|one| &*one.name).collect();
        let actual: BTreeSet<&str> = target.identifiers.iter().map(|one| &*one.target).collect();
        if needed != actual {
            let name = &target.resource;
            let problem =
                format!("{label}: {name} requires identifiers {needed:?}, got {actual:?}");
            self.problems.push(problem);
        }
        let operation = operation.map(|name| self.model.operation(name).unwrap().clone());
        let side = |output: bool| {
            let operation = operation.as_ref()?;
            if output {
                operation.output.as_ref()
            } else {
                operation.input.as_ref()
            }
        };
        for identifier in &target.identifiers {
            match &identifier.source {
                IdentifierSource::Response(path) => self.path(label, Some(path), side(true)),
                IdentifierSource::RequestParameter(path) => {
                    self.path(label, Some(path), side(false))
                }
                IdentifierSource::Data(path) => self.path(label, Some(path), data),
                IdentifierSource::Identifier(_) | IdentifierSource::Input => {}
            }
        }
        let root = if operation.is_some() {
            side(true)
        } else {
            data
        };
        self.path(label, target.path.as_ref(), root);
    }
}

#[test]
fn all_definitions_match_their_service() {
    let catalog = catalog();
    assert_eq!(Resources::services(&catalog), SERVICES);
    let mut problems = Vec::new();
    let (mut kinds, mut parts) = (0, 0);
    for service in SERVICES {
        let model = catalog.service(service, None).unwrap();
        let resources = Resources::load(&catalog, &model).unwrap();
        let mut checker = Checker {
            model: &model,
            resources: &resources,
            waiters: Waiters::load(&catalog, &model).unwrap(),
            problems: Vec::new(),
        };
        let all = resources
            .names()
            .map(|name| resources.resource(name).unwrap());
        for resource in all.chain([resources.service().unwrap()]) {
            checker.check(resource);
            kinds += 1;
            parts +=
                resource.actions.len() + resource.batch_actions.len() + resource.collections.len();
            parts += resource.waiters.len()
                + resource.references.len()
                + usize::from(resource.load.is_some());
        }
        problems.append(&mut checker.problems);
    }
    problems.sort();
    assert_eq!(problems, KNOWN_PROBLEMS);
    assert_eq!(kinds, 89);
    // 318 actions, 15 batch actions, 87 collections, 17 waiters, 29 data references and 60 loads.
    assert!(parts >= 500, "{parts}");
}

#[test]
fn constructs_every_resource() {
    let server = CannedTransport::pages([]);
    for service in SERVICES {
        let root = server.client(service).resource().unwrap();
        assert_eq!(root.to_string(), format!("{service}.ServiceResource()"));
        assert_eq!(root.describe()["resource"], "ServiceResource");
        for relation in &root.model().subresources {
            let resource = with_identifiers(&root, &relation.name);
            assert_eq!(*resource.name(), *relation.resource.resource);
            for subresource in &resource.model().subresources {
                let below = with_identifiers(&resource, &subresource.name);
                assert_eq!(*below.name(), *subresource.resource.resource);
            }
            for collection in &resource.model().collections {
                let shown = resource.collection(&collection.name).to_string();
                assert!(shown.contains("Collection("), "{shown}");
            }
            let description = resource.describe();
            let load = resource.model().load.is_some();
            assert!(
                description["load"].is_null() != load || service == "s3",
                "{resource}"
            );
            assert_parts(&resource, &description);
        }
    }
    assert_eq!(server.requests(), []);
}

/// Creates a sub-resource with as many identifiers as it requires.
fn with_identifiers(resource: &Resource, name: &str) -> Resource {
    let relation = resource.model().subresource(name).unwrap();
    let count = relation.resource.inputs().count();
    let identifiers: Vec<String> = (1..=count).map(|number| format!("id-{number}")).collect();
    resource.get(name, identifiers).unwrap()
}

/// Asserts that each described name has the described kind.
fn assert_parts(resource: &Resource, description: &Value) {
    for (kind, part) in [
        ("identifiers", ResourcePart::Identifier),
        ("actions", ResourcePart::Action),
        ("sub_resources", ResourcePart::Subresource),
        ("references", ResourcePart::Reference),
        ("collections", ResourcePart::Collection),
        ("waiters", ResourcePart::Waiter),
        ("attributes", ResourcePart::Attribute),
    ] {
        for entry in description[kind].items() {
            let name = entry["name"].as_str().unwrap();
            assert_eq!(resource.part(name), Some(part), "{resource} {name}");
        }
    }
    assert_eq!(resource.part("nothing_like_it"), None);
}

fn resource(server: &Arc<CannedTransport>, service: &str) -> Resource {
    server.session().build().unwrap().resource(service).unwrap()
}

#[test]
fn identifiers_are_positional_or_named() {
    let server = CannedTransport::pages([]);
    let s3 = resource(&server, "s3");
    let object = s3.get("Object", ["b", "k"]).unwrap();
    assert_eq!(object.to_string(), "s3.Object(bucket_name='b', key='k')");
    let bucket = s3.get("bucket", "b").unwrap();
    assert_eq!(bucket.get("Object", ["k"]).unwrap(), object);
    assert_eq!(bucket.get("Object", json!({"Key": "k"})).unwrap(), object);
    assert_eq!(
        s3.get("Object", json!({"key": "k", "bucket_name": "b"}))
            .unwrap(),
        object
    );
    assert_eq!(object.identifier("Key"), Some(&json!("k")));
    let identifiers: Vec<_> = object
        .identifiers()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(identifiers, ["bucket_name", "key"]);

    for (identifiers, message) in [
        (
            json!(["k", "l"]),
            "s3.Object: too many identifiers (3); expected identifiers: bucket_name, key",
        ),
        (
            json!([]),
            "s3.Object: `key` is missing; expected identifiers: bucket_name, key",
        ),
        (
            json!({"kee": "k"}),
            "s3.Object: unknown identifier `kee`; expected identifiers: bucket_name, key",
        ),
        (
            json!([["k"]]),
            "s3.Object: `key` must be a single value; expected identifiers: bucket_name, key",
        ),
    ] {
        let error = bucket.get("Object", identifiers).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Resource);
        assert_eq!(error.to_string(), message);
    }
    let error = bucket.get("Objekt", ["k"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "s3.Bucket has no sub-resource \"Objekt\"; did you mean Object?"
    );
}

#[test]
fn equality_is_by_kind_and_identifiers() {
    let (one, other) = (CannedTransport::pages([]), CannedTransport::pages([]));
    let (one, other) = (resource(&one, "s3"), resource(&other, "s3"));
    let bucket = one.get("Bucket", ["b"]).unwrap();
    assert_eq!(bucket, other.get("Bucket", ["b"]).unwrap());
    assert_ne!(bucket, one.get("Bucket", ["c"]).unwrap());
    let object = one.get("Object", ["b", "k"]).unwrap();
    let summary = one.get("ObjectSummary", ["b", "k"]).unwrap();
    assert_ne!(object, summary);
    #[expect(
        clippy::mutable_key_type,
        reason = "the hash of a resource depends only on its identifiers, which never change"
    )]
    let all: HashSet<Resource> = [
        bucket.clone(),
        other.get("Bucket", ["b"]).unwrap(),
        object,
        summary,
    ]
    .into();
    assert_eq!(all.len(), 3);
    assert_eq!(format!("{bucket:?}"), "s3.Bucket(name='b')");
}

#[test]
fn sub_resources_are_listed_in_order() {
    let server = CannedTransport::pages([]);
    let sqs = resource(&server, "sqs");
    assert_eq!(sqs.available_subresources(), ["Message", "Queue"]);
    let queue = sqs.get("Queue", ["u"]).unwrap();
    assert_eq!(queue.available_subresources(), ["Message"]);
    assert_eq!(queue.client().service_name(), "sqs");
}

fn instances(items: &[&str]) -> (u16, String) {
    let items: Vec<String> = items
        .iter()
        .map(|item| format!("<item><instancesSet><item>{item}</item></instancesSet></item>"))
        .collect();
    let items = items.concat();
    (
        200,
        format!(
            "<DescribeInstancesResponse><reservationSet>{items}</reservationSet></DescribeInstancesResponse>"
        ),
    )
}

fn form(body: &str) -> Vec<&str> {
    body.split('&')
        .filter(|part| !part.starts_with("Version="))
        .collect()
}

#[tokio::test]
async fn concurrent_reads_load_attributes_once() {
    let small =
        "<instanceId>i-1</instanceId><instanceType>t3.small</instanceType><vpcId>vpc-1</vpcId>";
    let large = "<instanceId>i-1</instanceId><instanceType>t3.large</instanceType>";
    let server = CannedTransport::new([
        instances(&[small]),
        (200, "<StopInstancesResponse/>".to_owned()),
        instances(&[large]),
        instances(&[small]),
    ]);
    let instance = resource(&server, "ec2").get("Instance", ["i-1"]).unwrap();
    assert!(instance.data().is_none());
    // Identifiers are available without loading, under either name.
    for name in ["id", "Id", "instance_id", "InstanceId"] {
        assert_eq!(instance.attribute(name).await.unwrap(), "i-1");
    }
    assert_eq!(server.requests().len(), 0);

    let tasks = (0..100).map(|_| {
        let instance = instance.clone();
        tokio::spawn(async move { instance.attribute("instance_type").await.unwrap() })
    });
    for target in futures_util::future::join_all(tasks).await {
        assert_eq!(target.unwrap(), "t3.small");
    }
    assert_eq!(instance.attribute("VpcId").await.unwrap(), "vpc-1");
    assert!(
        instance
            .attribute("public_ip_address")
            .await
            .unwrap()
            .is_null()
    );
    assert_eq!(server.requests().len(), 1);
    assert_eq!(
        form(&server.requests()[0].body),
        ["Action=DescribeInstances", "InstanceId.1=i-1"]
    );

    // An action may change the data, so it is reloaded.
    instance.action("stop", json!({})).await.unwrap();
    assert!(instance.data().is_none());
    assert_eq!(
        instance.attribute("instance_type").await.unwrap(),
        "t3.large"
    );
    instance.reload().await.unwrap();
    assert_eq!(
        instance.attribute("instance_type").await.unwrap(),
        "t3.small"
    );
    assert_eq!(server.requests().len(), 4);

    let error = instance.attribute("instance_typ").await.unwrap_err();
    assert!(
        error.to_string().contains("did you mean instance_type "),
        "{error}"
    );
}

#[tokio::test]
async fn a_missing_resource_has_no_attributes() {
    let server = CannedTransport::new([instances(&[]), instances(&[])]);
    let instance = resource(&server, "ec2").get("Instance", ["i-9"]).unwrap();
    assert!(instance.load().await.unwrap().is_null());
    let error = instance.attribute("vpc_id").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Resource);
    assert_eq!(
        error.to_string(),
        "ec2.Instance(id='i-9'): the resource does not exist"
    );
    let tag = resource(&server, "iam")
        .get("SigningCertificate", ["u", "c"])
        .unwrap();
    let error = tag.attribute("status").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "iam.SigningCertificate(user_name='u', id='c'): the resource has no load operation"
    );
}

#[tokio::test]
async fn actions_fill_in_identifiers_and_return_resources() {
    let server = CannedTransport::pages([
        json!({"QueueUrl": "https://q/1"}),
        json!({"MessageId": "m-1"}),
        json!({"MessageId": "m-2"}),
        json!({"Messages": [{"MessageId": "m-1", "ReceiptHandle": "r-1", "Body": "hi"}, {"ReceiptHandle": "r-2"}]}),
        json!({}),
    ]);
    let sqs = resource(&server, "sqs");
    let queue = sqs
        .action("create_queue", json!({"QueueName": "q"}))
        .await
        .unwrap();
    let queue = queue.into_resource().unwrap();
    assert_eq!(queue.to_string(), "sqs.Queue(url='https://q/1')");

    let sent = queue
        .action("SendMessage", json!({"MessageBody": "hi"}))
        .await
        .unwrap();
    assert_eq!(sent.value()["MessageId"], "m-1");
    // The caller's parameters override those filled in.
    let elsewhere = json!({"MessageBody": "hi", "QueueUrl": "https://q/2"});
    let sent = queue
        .action("send-message", elsewhere)
        .await
        .unwrap()
        .into_output()
        .unwrap();
    assert_eq!(sent["MessageId"], "m-2");
    assert_eq!(sent.metadata.http_status, 200);

    let messages = queue
        .action("receive_messages", json!({"MaxNumberOfMessages": 2}))
        .await
        .unwrap();
    let messages = messages.into_resources().unwrap();
    assert_eq!(
        messages[0].to_string(),
        "sqs.Message(queue_url='https://q/1', receipt_handle='r-1')"
    );
    // Data from the response is not loaded again.
    assert_eq!(messages[0].attribute("body").await.unwrap(), "hi");
    assert!(messages[1].attribute("body").await.unwrap().is_null());

    let none = queue.action("receive_messages", json!({})).await.unwrap();
    assert!(matches!(&none, ResourceOutcome::Resources(none) if none.is_empty()));
    assert_eq!(
        server.params(),
        [
            json!({"QueueName": "q"}),
            json!({"QueueUrl": "https://q/1", "MessageBody": "hi"}),
            json!({"QueueUrl": "https://q/2", "MessageBody": "hi"}),
            json!({"QueueUrl": "https://q/1", "MaxNumberOfMessages": 2}),
            json!({"QueueUrl": "https://q/1"}),
        ]
    );
    let error = queue.action("send_massage", json!({})).await.unwrap_err();
    assert!(
        error.to_string().contains("did you mean send_message"),
        "{error}"
    );
    let error = queue
        .action("send_message", json!(["x"]))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
}

#[tokio::test]
async fn bodies_are_streamed() {
    let server = CannedTransport::new([(200, ""), (200, "text of the object")]);
    let object = resource(&server, "s3").get("Object", ["b", "k"]).unwrap();
    object
        .action("put", json!({}))
        .body("some text")
        .await
        .unwrap();
    let got = object
        .action("get", json!({}))
        .await
        .unwrap()
        .into_output()
        .unwrap();
    let body = got.body.unwrap().collect(100).await.unwrap();
    assert_eq!(&body[..], b"text of the object");
    let requests = server.requests();
    assert_eq!(requests[0].method, "PUT");
    assert!(requests[0].url.ends_with("/k"), "{}", requests[0].url);
    assert!(requests[0].body.contains("some text"));
}

#[tokio::test]
async fn data_references_other_resources() {
    let data = "<instanceId>i-1</instanceId><subnetId>subnet-1</subnetId>\
        <networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><status>in-use</status></item>\
        <item><networkInterfaceId>eni-2</networkInterfaceId></item></networkInterfaceSet>";
    let server = CannedTransport::new([instances(&[data])]);
    let instance = resource(&server, "ec2").get("Instance", ["i-1"]).unwrap();
    let subnet = instance
        .reference("subnet")
        .await
        .unwrap()
        .into_resource()
        .unwrap();
    assert_eq!(subnet.to_string(), "ec2.Subnet(id='subnet-1')");
    assert!(instance.reference("vpc").await.unwrap().is_none());
    let interfaces = instance.reference("NetworkInterfaces").await.unwrap();
    let interfaces = interfaces.into_resources().unwrap();
    assert_eq!(interfaces.len(), 2);
    // The instance's data includes that of its interfaces.
    assert_eq!(interfaces[0].attribute("status").await.unwrap(), "in-use");
    assert_eq!(server.requests().len(), 1);
    let error = instance.reference("vpcs").await.unwrap_err();
    assert!(error.to_string().contains("did you mean vpc?"), "{error}");
}

fn objects(keys: &[&str], token: Option<&str>) -> (u16, String) {
    let contents: Vec<String> = keys
        .iter()
        .map(|key| format!("<Contents><Key>{key}</Key><Size>3</Size></Contents>"))
        .collect();
    let next = token
        .map(|token| format!("<NextMarker>{token}</NextMarker>"))
        .unwrap_or_default();
    let more = token.is_some();
    let body = format!(
        "<ListBucketResult><IsTruncated>{more}</IsTruncated>{next}{}</ListBucketResult>",
        contents.concat()
    );
    (200, body)
}

fn query(url: &str) -> BTreeSet<&str> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter(|part| *part != "encoding-type=url")
        .collect()
}

#[tokio::test]
async fn collections_are_lazy_and_filtered() {
    let pages = || {
        CannedTransport::new([
            objects(&["a", "b"], Some("b")),
            objects(&[], Some("c")),
            objects(&["d", "e"], None),
        ])
    };
    let server = pages();
    let bucket = resource(&server, "s3").get("Bucket", ["x"]).unwrap();
    let collection = bucket.collection("objects");
    assert_eq!(
        collection.to_string(),
        "s3.Bucket.objectsCollection(s3.Bucket(name='x'), s3.ObjectSummary)"
    );
    let all = collection.clone().all().iter().collect().await.unwrap();
    let keys: Vec<String> = all
        .iter()
        .map(|object| {
            object
                .identifier("key")
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(keys, ["a", "b", "d", "e"]);
    // The data comes from the list response.
    assert_eq!(all[0].attribute("size").await.unwrap(), 3);
    assert_eq!(server.requests().len(), 3);

    let server = pages();
    let bucket = resource(&server, "s3").get("Bucket", ["x"]).unwrap();
    let logs = bucket.collection("Objects").filter(json!({"Prefix": "l/"}));
    let three = logs
        .clone()
        .limit(3)
        .page_size(2)
        .iter()
        .collect()
        .await
        .unwrap();
    assert_eq!(three.len(), 3);
    let requests = server.requests();
    assert_eq!(
        query(&requests[0].url),
        ["max-keys=2", "prefix=l%2F"].into()
    );
    assert_eq!(
        query(&requests[1].url),
        ["marker=b", "max-keys=2", "prefix=l%2F"].into()
    );

    // Filtering a collection does not change the original.
    let server = pages();
    let bucket = resource(&server, "s3").get("Bucket", ["x"]).unwrap();
    let base = bucket.collection("objects").filter(json!({"Prefix": "a"}));
    let mut narrow = base
        .clone()
        .filter(json!({"Delimiter": "/"}))
        .limit(1)
        .iter();
    narrow.next().await.unwrap().unwrap();
    assert!(narrow.next().await.is_none());
    let mut pages = base.pages();
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 0);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(
        query(&requests[0].url),
        ["delimiter=%2F", "prefix=a"].into()
    );
    assert_eq!(query(&requests[1].url), ["prefix=a"].into());
}

#[tokio::test]
async fn filters_are_added_to_those_of_the_definition() {
    let server = CannedTransport::new([(200, "<DescribeVolumesResponse/>")]);
    let instance = resource(&server, "ec2").get("Instance", ["i-1"]).unwrap();
    let volumes = instance
        .collection("volumes")
        .filter(json!({"Filters": [{"Name": "size", "Values": ["8"]}]}))
        .filter(json!({"Filters": [{"Name": "status", "Values": ["in-use"]}], "DryRun": false}));
    assert!(volumes.iter().collect().await.unwrap().is_empty());
    assert_eq!(
        form(&server.requests()[0].body),
        [
            "Action=DescribeVolumes",
            "Filter.1.Name=attachment.instance-id",
            "Filter.1.Value.1=i-1",
            "Filter.2.Name=size",
            "Filter.2.Value.1=8",
            "Filter.3.Name=status",
            "Filter.3.Value.1=in-use",
            "DryRun=false",
        ]
    );
}

#[tokio::test]
async fn a_limit_counts_resources() {
    // Each reservation has two instances.
    let both = "<instanceId>i-1</instanceId></item><item><instanceId>i-2</instanceId>";
    let server = CannedTransport::new([instances(&[both, both])]);
    let ec2 = resource(&server, "ec2");
    let three = ec2
        .collection("instances")
        .limit(3)
        .iter()
        .collect()
        .await
        .unwrap();
    let names: Vec<String> = three.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "ec2.Instance(id='i-1')",
            "ec2.Instance(id='i-2')",
            "ec2.Instance(id='i-1')"
        ]
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn batch_actions_send_one_call_per_page() {
    let deleted = "<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>".to_owned();
    let server = CannedTransport::new([
        objects(&["a", "b"], Some("b")),
        (200, deleted.clone()),
        objects(&[], Some("c")),
        objects(&["d"], None),
        (200, deleted),
    ]);
    let bucket = resource(&server, "s3").get("Bucket", ["x"]).unwrap();
    let outputs = bucket
        .collection("objects")
        .batch("delete", json!({"RequestPayer": "requester"}))
        .await
        .unwrap();
    assert_eq!(outputs.len(), 2);
    assert_eq!(outputs[0]["Deleted"][0]["Key"], "a");
    let requests = server.requests();
    let of_keys = |keys: &[&str]| -> String {
        let objects: Vec<String> = keys
            .iter()
            .map(|key| format!("<Object><Key>{key}</Key></Object>"))
            .collect();
        objects.concat()
    };
    assert_eq!(requests[1].method, "POST");
    assert!(
        requests[1].body.contains(&of_keys(&["a", "b"])),
        "{}",
        requests[1].body
    );
    assert_eq!(requests[2].method, "GET");
    assert_eq!(requests[3].method, "GET");
    assert!(
        requests[4].body.contains(&of_keys(&["d"])),
        "{}",
        requests[4].body
    );
    let error = bucket
        .collection("objects")
        .batch("delte", json!({}))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("did you mean delete?"),
        "{error}"
    );
}

#[tokio::test]
async fn rejects_invalid_collections() {
    let server = CannedTransport::pages([]);
    let bucket = resource(&server, "s3").get("Bucket", ["x"]).unwrap();
    let mut wrong = bucket.collection("object").iter();
    let error = wrong.next().await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("did you mean objects?"),
        "{error}"
    );
    assert!(wrong.next().await.is_none());
    let mut wrong = bucket.collection("objects").filter(json!([1])).iter();
    let error = wrong.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert_eq!(server.requests(), []);
}

#[tokio::test]
async fn waits_for_a_resource() {
    let state = |name: &str| {
        instances(&[&format!(
            "<instanceState><name>{name}</name></instanceState>"
        )])
    };
    let server = CannedTransport::new([state("pending"), state("running"), state("running")]);
    let clock = Arc::new(SleepRecorder::default());
    let session = server.session_over(host(clock.clone())).build().unwrap();
    let instance = session
        .resource("ec2")
        .unwrap()
        .get("Instance", ["i-1"])
        .unwrap();
    let waited = instance.wait_until("running", json!({})).await.unwrap();
    assert_eq!(waited.attempts, 2);
    assert_eq!(clock.seconds(), [15.0]);
    instance
        .wait_until(
            "wait_until_running",
            json!({"IncludeManagedResources": true}),
        )
        .await
        .unwrap();
    let requests = server.requests();
    assert_eq!(
        form(&requests[0].body),
        ["Action=DescribeInstances", "InstanceId.1=i-1"]
    );
    assert!(
        form(&requests[2].body).contains(&"IncludeManagedResources=true"),
        "{}",
        requests[2].body
    );
    let error = instance.wait_until("runing", json!({})).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "ec2.Instance has no waiter \"runing\"; did you mean running?"
    );
}

#[tokio::test]
async fn loads_a_bucket_from_the_list_of_buckets() {
    let listed = "<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name><CreationDate>2026-01-02T03:04:05Z</CreationDate></Bucket>\
                  <Bucket><Name>b</Name></Bucket></Buckets></ListAllMyBucketsResult>";
    let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    let broken = "<Error><Code>Nonsense</Code><Message>no</Message></Error>";
    let server = CannedTransport::new([(200, listed), (200, listed), (403, denied), (400, broken)]);
    let s3 = resource(&server, "s3");
    let bucket = s3.get("Bucket", ["a"]).unwrap();
    let created = bucket.attribute("creation_date").await.unwrap();
    assert_eq!(
        created.as_timestamp().unwrap().to_string(),
        "2026-01-02T03:04:05Z"
    );
    // Buckets that are not in the list have no data.
    for name in ["z", "a"] {
        let bucket = s3.get("Bucket", [name]).unwrap();
        assert!(bucket.attribute("creation_date").await.unwrap().is_null());
        assert!(bucket.attribute("creation_date").await.unwrap().is_null());
    }
    assert_eq!(server.requests().len(), 3);
    let error = s3.get("Bucket", ["a"]).unwrap().load().await.unwrap_err();
    assert_eq!(error.service().unwrap().code, "Nonsense");
    assert_eq!(bucket.describe()["load"]["operation"], "ListBuckets");
}

#[tokio::test]
async fn loads_an_object_summary_with_head_object() {
    let server = CannedTransport::new([(200, "")]);
    let summary = resource(&server, "s3")
        .get("ObjectSummary", ["b", "k"])
        .unwrap();
    let data = summary.load().await.unwrap();
    assert!(data.get("ContentLength").is_none());
    assert_eq!(server.requests()[0].method, "HEAD");
    assert_eq!(summary.describe()["load"]["operation"], "HeadObject");
}

#[tokio::test]
async fn creates_and_deletes_instance_tags() {
    let server = CannedTransport::new([
        (200, "<CreateTagsResponse/>"),
        (200, "<DeleteTagsResponse/>"),
    ]);
    let ec2 = resource(&server, "ec2");
    let params = json!({"Resources": ["i-1", "i-2"], "Tags": [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": "w"}]});
    let tags = ec2
        .action("create_tags", params)
        .await
        .unwrap()
        .into_resources()
        .unwrap();
    let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
    assert_eq!(
        tags,
        [
            "ec2.Tag(resource_id='i-1', key='k', value='v')",
            "ec2.Tag(resource_id='i-1', key='l', value='w')",
            "ec2.Tag(resource_id='i-2', key='k', value='v')",
            "ec2.Tag(resource_id='i-2', key='l', value='w')",
        ]
    );
    let instance = ec2.get("Instance", ["i-1"]).unwrap();
    assert_eq!(instance.part("delete_tags"), Some(ResourcePart::Action));
    let untag = json!({"Tags": [{"Key": "k"}], "Resources": ["i-9"]});
    instance.action("delete_tags", untag).await.unwrap();
    assert_eq!(
        form(&server.requests()[1].body),
        ["Action=DeleteTags", "ResourceId.1=i-1", "Tag.1.Key=k"]
    );
    let description = instance.describe();
    let extra = description["actions"]
        .items()
        .find(|action| action["name"] == "delete_tags");
    assert_eq!(extra.unwrap()["filled_in"], json!(["Resources"]));
}

#[tokio::test]
async fn inconsistent_definitions_behave_as_in_boto3() {
    // The path to the address matches nothing, so there is no address.
    let interfaces = "<DescribeNetworkInterfacesResponse><networkInterfaceSet><item><association>\
        <associationId>eipassoc-1</associationId></association></item></networkInterfaceSet></DescribeNetworkInterfacesResponse>";
    let certificate = "<UploadSigningCertificateResponse><UploadSigningCertificateResult><Certificate><CertificateId>c</CertificateId>\
        </Certificate></UploadSigningCertificateResult></UploadSigningCertificateResponse>";
    let server = CannedTransport::new([(200, interfaces), (200, certificate)]);
    let ec2 = resource(&server, "ec2");
    let association = ec2
        .get("NetworkInterfaceAssociation", ["eipassoc-1"])
        .unwrap();
    assert!(association.reference("address").await.unwrap().is_none());

    // The call is made, but the certificate has no user name.
    let iam = resource(&server, "iam");
    let params = json!({"CertificateBody": "x"});
    let error = iam
        .action("create_signing_certificate", params)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Resource);
    assert_eq!(
        error.to_string(),
        "iam.SigningCertificate: `user_name` is missing; expected identifiers: user_name, id"
    );
    assert_eq!(server.requests().len(), 2);

    // The definition has `PolicyArn` where the identifier is `Arn`; identifiers of callers are positional.
    let policy = iam.get("Policy", ["arn:1"]).unwrap();
    assert_eq!(policy.to_string(), "iam.Policy(arn='arn:1')");
    assert_eq!(iam.get("Policy", json!({"arn": "arn:1"})).unwrap(), policy);
}

#[test]
fn resolves_name_collisions_as_in_boto3() {
    let catalog = catalog();
    let names = |service: &str, resource: &str| -> Vec<String> {
        let model = catalog.service(service, None).unwrap();
        let resources = Resources::load(&catalog, &model).unwrap();
        let target = resources.resource(resource).unwrap();
        let names = target
            .attributes
            .iter()
            .map(|attribute| attribute.name.to_string());
        names.collect()
    };
    // In boto3, `key_pair.name` is the identifier and `KeyName` an additional alias.
    assert!(names("ec2", "KeyPair").contains(&"key_name".to_owned()));
    // The reference `vpc` and the attribute `VpcId` coexist, as does `Image.Description`.
    assert!(names("ec2", "Instance").contains(&"vpc_id".to_owned()));
    // `Metric` has the identifiers `namespace` and `name`; the member `Namespace` is an identifier.
    assert!(!names("cloudwatch", "Metric").contains(&"namespace".to_owned()));
    // A network interface has a reference `association` and an attribute of the same name.
    assert!(names("ec2", "NetworkInterface").contains(&"association_attribute".to_owned()));
    assert!(names("ec2", "RouteTable").contains(&"associations_attribute".to_owned()));
    assert!(names("ec2", "Instance").contains(&"network_interfaces_attribute".to_owned()));
    assert!(names("iam", "InstanceProfile").contains(&"roles_attribute".to_owned()));
}

#[test]
fn lists_services_with_resources_for_one_without() {
    let server = CannedTransport::pages([]);
    let error = server.client("kms").resource().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Model);
    assert_eq!(
        error.to_string(),
        "kms has no resources; services with resources: cloudformation, cloudwatch, dynamodb, ec2, glacier, iam, s3, sns, sqs"
    );
    let description = server
        .client("s3")
        .describe_resource(Some("Bucket"))
        .unwrap();
    assert_eq!(description["collections"][1]["name"], "object_versions");
    assert!(
        server
            .client("s3")
            .describe_resource(Some("Bukket"))
            .is_err()
    );
}

/// RDS has no resources in boto3; a user definition adds some.
#[tokio::test]
async fn loads_a_user_definition() {
    let models = tempfile::tempdir().unwrap();
    let folder = models.path().join("rds").join("2014-10-31");
    std::fs::create_dir_all(&folder).unwrap();
    let definition = include_str!("higher/rds.resources-1.json");
    std::fs::write(folder.join("resources-1.json"), definition).unwrap();
    let folders = vec![models.path().to_owned()];
    let catalog = catalog().with_folders(Arc::new(OsFiles), folders);
    assert!(
        Resources::services(&catalog)
            .iter()
            .any(|service| *service == "rds")
    );

    let described = |instances: &[(&str, &str)], marker: Option<&str>| {
        let instances: Vec<String> = instances
            .iter()
            .map(|(id, status)| {
                format!(
                    "<DBInstance><DBInstanceIdentifier>{id}</DBInstanceIdentifier><DBInstanceStatus>{status}</DBInstanceStatus>\
                     <DBInstanceArn>arn:{id}</DBInstanceArn></DBInstance>"
                )
            })
            .collect();
        let marker = marker
            .map(|marker| format!("<Marker>{marker}</Marker>"))
            .unwrap_or_default();
        format!(
            "<DescribeDBInstancesResponse><DescribeDBInstancesResult>{marker}<DBInstances>{}</DBInstances></DescribeDBInstancesResult>\
             </DescribeDBInstancesResponse>",
            instances.concat()
        )
    };
    let stopped = "<StopDBInstanceResponse><StopDBInstanceResult><DBInstance><DBInstanceStatus>stopping</DBInstanceStatus></DBInstance>\
                   </StopDBInstanceResult></StopDBInstanceResponse>";
    let snapshots = "<DescribeDBSnapshotsResponse><DescribeDBSnapshotsResult><DBSnapshots><DBSnapshot>\
        <DBSnapshotIdentifier>s</DBSnapshotIdentifier></DBSnapshot></DBSnapshots></DescribeDBSnapshotsResult></DescribeDBSnapshotsResponse>";
    let server = CannedTransport::new([
        (
            200,
            described(&[("a", "available"), ("b", "creating")], Some("m")),
        ),
        (200, described(&[("c", "available")], None)),
        (200, stopped.to_owned()),
        (200, described(&[("a", "stopping")], None)),
        (200, "<AddTagsToResourceResponse/>".to_owned()),
        (200, described(&[("b", "available")], None)),
        (200, snapshots.to_owned()),
    ]);
    let session = server.session().catalog(Arc::new(catalog)).build().unwrap();
    assert!(
        session
            .available_resources()
            .iter()
            .any(|service| *service == "rds")
    );
    let rds = session.resource("rds").unwrap();

    let all = rds
        .collection("db_instances")
        .iter()
        .collect()
        .await
        .unwrap();
    let names: Vec<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "rds.DBInstance(id='a')",
            "rds.DBInstance(id='b')",
            "rds.DBInstance(id='c')"
        ]
    );
    let [a, b, _] = &all[..] else { panic!() };
    assert_eq!(
        a.attribute("db_instance_status").await.unwrap(),
        "available"
    );
    assert_eq!(a.attribute("db_instance_identifier").await.unwrap(), "a");
    assert!(a.reference("cluster").await.unwrap().is_none());

    let stopping = a.action("stop", json!({})).await.unwrap();
    assert_eq!(
        stopping.value()["DBInstance"]["DBInstanceStatus"],
        "stopping"
    );
    // The name to tag is in the data, which is reloaded.
    a.action("add_tags", json!({"Tags": [{"Key": "k", "Value": "v"}]}))
        .await
        .unwrap();
    b.wait_until("available", json!({})).await.unwrap();
    let snapshots = b.collection("snapshots").iter().collect().await.unwrap();
    assert_eq!(
        snapshots[0].to_string(),
        "rds.DBSnapshot(instance_id='b', id='s')"
    );
    assert_eq!(b.get("Snapshot", ["s"]).unwrap(), snapshots[0]);

    let bodies: Vec<String> = server
        .requests()
        .iter()
        .map(|request| form(&request.body).join(" "))
        .collect();
    assert_eq!(
        bodies,
        [
            "Action=DescribeDBInstances",
            "Action=DescribeDBInstances Marker=m",
            "Action=StopDBInstance DBInstanceIdentifier=a",
            "Action=DescribeDBInstances DBInstanceIdentifier=a",
            "Action=AddTagsToResource ResourceName=arn%3Aa Tags.Tag.1.Key=k Tags.Tag.1.Value=v",
            "Action=DescribeDBInstances DBInstanceIdentifier=b",
            "Action=DescribeDBSnapshots DBInstanceIdentifier=b",
        ]
    );
}

#[test]
fn a_path_in_a_definition_cannot_create_huge_lists() {
    assert!(ParamPath::parse("a[99999999]").is_err());
}
