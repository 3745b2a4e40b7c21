//! Clients without a region: services with one endpoint per partition need none, and neither do S3 and custom endpoints; all others say
//! what to set.

use std::sync::{Arc, Mutex};

use inia::config::Config;
use inia::ports::BoxFuture;
use inia::{
    ByteStream, Client, Credentials, ErrorKind, Result, Session, Value, json, protocol::Headers,
    transport::Transport, transport::WireRequest, transport::WireResponse,
};
use inia_model::{Kind, Member, ServiceModel, Structure};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on};

/// Service, operation, host and signing scope of the services whose clients need no region.
///
/// # Source
/// botocore 1.44.5, a client of each service with keys alone.
const WITHOUT_REGION: &[(&str, &str, &str, &str)] = &[
    (
        "account",
        "GetAccountInformation",
        "account.us-east-1.amazonaws.com",
        "us-east-1/account",
    ),
    (
        "billingconductor",
        "ListAccountAssociations",
        "billingconductor.us-east-1.amazonaws.com",
        "us-east-1/billingconductor",
    ),
    (
        "budgets",
        "DescribeBudgetActionsForAccount",
        "budgets.amazonaws.com",
        "us-east-1/budgets",
    ),
    (
        "ce",
        "GetAnomalyMonitors",
        "ce.us-east-1.amazonaws.com",
        "us-east-1/ce",
    ),
    (
        "chime",
        "GetGlobalSettings",
        "chime.us-east-1.amazonaws.com",
        "us-east-1/chime",
    ),
    (
        "cloudfront",
        "DeleteRealtimeLogConfig",
        "cloudfront.amazonaws.com",
        "us-east-1/cloudfront",
    ),
    (
        "health",
        "DescribeAffectedEntitiesForOrganization",
        "global.health.amazonaws.com",
        "us-east-1/health",
    ),
    (
        "iam",
        "CreateAccessKey",
        "iam.amazonaws.com",
        "us-east-1/iam",
    ),
    (
        "importexport",
        "ListJobs",
        "importexport.amazonaws.com",
        "us-east-1/IngestionService",
    ),
    (
        "networkmanager",
        "CreateGlobalNetwork",
        "networkmanager.us-west-2.amazonaws.com",
        "us-west-2/networkmanager",
    ),
    (
        "notificationscontacts",
        "ListEmailContacts",
        "notifications-contacts.us-east-1.api.aws",
        "us-east-1/notifications-contacts",
    ),
    (
        "organizations",
        "CreateOrganization",
        "organizations.us-east-1.amazonaws.com",
        "us-east-1/organizations",
    ),
    (
        "route53",
        "GetCheckerIpRanges",
        "route53.amazonaws.com",
        "us-east-1/route53",
    ),
    ("s3", "ListBuckets", "s3.amazonaws.com", "us-east-1/s3"),
    (
        "savingsplans",
        "DescribeSavingsPlans",
        "savingsplans.amazonaws.com",
        "us-east-1/savingsplans",
    ),
    (
        "shield",
        "CreateSubscription",
        "shield.us-east-1.amazonaws.com",
        "us-east-1/shield",
    ),
    (
        "sts",
        "GetCallerIdentity",
        "sts.amazonaws.com",
        "us-east-1/sts",
    ),
    (
        "support",
        "DescribeCases",
        "support.us-east-1.amazonaws.com",
        "us-east-1/support",
    ),
    (
        "taxsettings",
        "DeleteTaxRegistration",
        "tax.us-east-1.amazonaws.com",
        "us-east-1/tax",
    ),
    (
        "waf",
        "GetChangeToken",
        "waf.amazonaws.com",
        "us-east-1/waf",
    ),
];

/// Refuses every request, and records its URL and authorization.
#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<(String, String)>>);

impl Recorder {
    fn client(self: &Arc<Self>, service: &str, region: Option<&str>, config: Config) -> Client {
        let mut builder = Session::builder()
            .host(FakePorts::new(FakeEnv::default(), 1_767_323_045).host())
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
            .config(&config)
            .transport(self.clone());
        if let Some(region) = region {
            builder = builder.region(region.to_owned());
        }
        builder.build().unwrap().client(service).unwrap()
    }

    /// Returns the host and the signing scope of the last request.
    fn last(&self) -> (String, String) {
        let requests = self.0.lock().unwrap();
        let (url, authorization) = requests.last().unwrap();
        let host = url.split('/').nth(2).unwrap().to_owned();
        let scope = authorization
            .split("Credential=")
            .nth(1)
            .map_or("", |scope| scope.split(',').next().unwrap());
        let scope: Vec<&str> = scope.split('/').collect();
        (
            host,
            scope
                .get(2..4)
                .map_or(String::new(), |scope| scope.join("/")),
        )
    }
}

impl Transport for Recorder {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let authorization = request.headers.get("authorization").unwrap_or_default();
        self.0
            .lock()
            .unwrap()
            .push((request.url, authorization.to_owned()));
        Box::pin(std::future::ready(Ok(WireResponse {
            status: 400,
            headers: Headers::new(),
            body: ByteStream::empty(),
        })))
    }
}

/// Returns values for the required members of a structure.
fn samples(model: &ServiceModel, structure: &Structure, depth: u32) -> inia::Map {
    let member = |index: &u32| &structure.members[*index as usize];
    structure
        .required
        .iter()
        .map(member)
        .map(|member| (member.name.clone(), sample(model, member, depth)))
        .collect()
}

fn sample(model: &ServiceModel, member: &Member, depth: u32) -> Value {
    let shape = model.shape(member.target);
    match &shape.kind {
        Kind::Structure(structure) if depth < 8 => samples(model, structure, depth + 1).into(),
        Kind::List(element) if depth < 8 => Value::from(vec![sample(model, element, depth + 1)]),
        Kind::Map { .. } => Value::map(),
        Kind::Boolean => Value::from(true),
        Kind::Integer | Kind::Long | Kind::Float | Kind::Double | Kind::Timestamp => Value::from(1),
        _ => Value::from("aaa"),
    }
}

#[test]
fn services_with_one_endpoint_need_no_region() {
    for (service, operation, host, scope) in WITHOUT_REGION {
        let recorder = Arc::new(Recorder::default());
        let client = recorder.client(service, None, Config::new().parameter_validation(false));
        let operation = client.model().operation(operation).unwrap();
        let model = client.model();
        let params = model
            .input(operation)
            .map(|input| samples(model, input, 0))
            .unwrap_or_default();
        let error = block_on(client.call(&operation.name, Value::from(params)).send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Service, "{service}: {error:#}");
        assert_eq!(
            recorder.last(),
            ((*host).to_owned(), (*scope).to_owned()),
            "{service}"
        );
    }
}

#[test]
fn all_other_services_say_what_to_set() {
    let recorder = Arc::new(Recorder::default());
    let session = recorder
        .client("sqs", None, Config::new())
        .session()
        .clone();
    let mut regional = 0;
    for service in session.available_services() {
        let has_none = |(name, ..): &(&str, &str, &str, &str)| **name == *service;
        // CodeCatalyst needs no region either, but a token.
        if WITHOUT_REGION.iter().any(has_none) || service == "codecatalyst" {
            continue;
        }
        let client = recorder.client(&service, None, Config::new().parameter_validation(false));
        let mut operations = client.model().operations();
        let operation = operations
            .find(|operation| client.model().event_stream_input(operation).is_none())
            .unwrap();
        let error = block_on(client.call(&operation.name, json!({})).send()).unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Config, 0),
            "{service}: {error:#}"
        );
        assert!(
            error.to_string().contains("AWS_REGION"),
            "{service}: {error}"
        );
        regional += 1;
    }
    assert!(regional > 400, "{regional}");
}

#[test]
fn custom_endpoints_need_no_region() {
    let config = || Config::new().endpoint_url("http://127.0.0.1:5000");
    for (service, operation, name) in [
        ("sqs", "ListQueues", "sqs"),
        ("s3", "ListBuckets", "s3"),
        ("iam", "ListUsers", "iam"),
        ("sts", "GetCallerIdentity", "sts"),
        ("ec2", "DescribeRegions", "ec2"),
    ] {
        let recorder = Arc::new(Recorder::default());
        let client = recorder.client(service, None, config());
        block_on(client.call(operation, json!({})).send()).unwrap_err();
        let expected = ("127.0.0.1:5000".to_owned(), format!("us-east-1/{name}"));
        assert_eq!(recorder.last(), expected);
    }
}

#[test]
fn signing_scopes_differ_from_the_region_and_name() {
    let custom = || Config::new().endpoint_url("http://127.0.0.1:5000");
    for (service, operation, region, config, host, scope) in [
        (
            "health",
            "DescribeEvents",
            "eu-west-1",
            Config::new(),
            "health.us-east-1.amazonaws.com",
            "us-east-1/health",
        ),
        (
            "health",
            "DescribeEvents",
            "us-east-1",
            Config::new(),
            "health.us-east-1.amazonaws.com",
            "us-east-1/health",
        ),
        (
            "health",
            "DescribeEvents",
            "ap-southeast-2",
            custom(),
            "127.0.0.1:5000",
            "us-east-1/health",
        ),
        (
            "health",
            "DescribeEvents",
            "us-gov-west-1",
            Config::new(),
            "health.us-gov-west-1.amazonaws.com",
            "us-gov-west-1/health",
        ),
        (
            "importexport",
            "ListJobs",
            "eu-west-1",
            Config::new(),
            "importexport.amazonaws.com",
            "us-east-1/IngestionService",
        ),
        (
            "importexport",
            "ListJobs",
            "eu-west-1",
            custom(),
            "127.0.0.1:5000",
            "eu-west-1/IngestionService",
        ),
        (
            "rds",
            "DescribeDBInstances",
            "us-east-1",
            Config::new(),
            "rds.us-east-1.amazonaws.com",
            "us-east-1/rds",
        ),
        (
            "rds",
            "DescribeDBInstances",
            "us-east-2",
            Config::new(),
            "rds.us-east-2.amazonaws.com",
            "us-east-2/rds",
        ),
    ] {
        let recorder = Arc::new(Recorder::default());
        let client = recorder.client(service, Some(region), config);
        block_on(client.call(operation, json!({})).send()).unwrap_err();
        assert_eq!(
            recorder.last(),
            (host.to_owned(), scope.to_owned()),
            "{service} {region}"
        );
    }
}

#[test]
fn account_prefixes_are_left_off_where_the_host_has_no_subdomains() {
    for (url, host) in [
        ("http://127.0.0.1:5000", "127.0.0.1:5000"),
        ("http://localhost:5000", "localhost:5000"),
        ("http://gateway:5000", "123456789012.gateway:5000"),
    ] {
        let recorder = Arc::new(Recorder::default());
        let client = recorder.client(
            "s3control",
            Some("us-west-2"),
            Config::new().endpoint_url(url),
        );
        let call = client.call("ListJobs", json!({"AccountId": "123456789012"}));
        block_on(call.send()).unwrap_err();
        assert_eq!(
            recorder.last(),
            (host.to_owned(), "us-west-2/s3".to_owned())
        );
    }
}
