//! Profiles, services, regions and partitions of a session, and sharing between threads.

use inia::config::{Config, ConfigFiles};
use inia::{Credentials, ErrorKind, Session, json};

fn session() -> Session {
    let files = ConfigFiles::parse(
        "[default]\nregion = eu-west-1\n[profile dev]\nregion = us-west-2\n",
        "[ci]\naws_access_key_id = AKID\naws_secret_access_key = secret\n",
    )
    .unwrap();
    Session::builder()
        .core(|core| core.config_files(files).profile("dev"))
        .credentials(Credentials::new("AKID", "secret", None))
        .build()
        .unwrap()
}

#[test]
fn lists_services_regions_and_partitions() {
    let session = session();
    assert_eq!(session.available_profiles(), ["default", "dev", "ci"]);
    assert_eq!(session.available_services().len(), 439);
    assert_eq!(session.available_resources().len(), 9);
    let partitions = session.available_partitions().unwrap();
    assert!(
        partitions.iter().any(|partition| partition == "aws-cn"),
        "{partitions:?}"
    );
    let regions = session.available_regions("ec2", "aws").unwrap();
    assert!(
        regions.iter().any(|region| region == "eu-north-1"),
        "{regions:?}"
    );
    let china = session.available_regions("ec2", "aws-cn").unwrap();
    assert_eq!(china, ["cn-north-1", "cn-northwest-1"]);
    for (region, partition) in [
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eu-west-99", "aws"),
    ] {
        assert_eq!(session.partition_for_region(region).unwrap(), partition);
    }
    for error in [
        session.partition_for_region("nowhere").unwrap_err(),
        session.available_regions("ec3", "aws").unwrap_err(),
        session.client("ec3").unwrap_err(),
        session.resource("lambda").unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Model, "{error}");
    }
}

#[test]
fn explicit_settings_override_the_environment() {
    let session = session();
    assert_eq!(session.region().unwrap().as_deref(), Some("us-west-2"));
    let config = Config::new().region("eu-north-1");
    let client = session.client_with("sqs", &config).unwrap();
    assert_eq!(client.settings().region.as_deref(), Some("eu-north-1"));
    let client = session.client("sqs").unwrap();
    assert_eq!(client.settings().region.as_deref(), Some("us-west-2"));
}

#[test]
fn threads_share_a_session() {
    let session = session();
    std::thread::scope(|scope| {
        for service in ["s3", "ec2", "sqs", "iam", "sns", "s3", "ec2", "sqs"] {
            let session = &session;
            scope.spawn(move || {
                let client = session.client(service).unwrap();
                assert_eq!(client.service_name(), service);
                let resource = session.clone().resource(service).unwrap();
                assert_eq!(resource.name(), "ServiceResource");
            });
        }
    });
    let config = Config::new().endpoint_url("http://127.0.0.1:1");
    let bucket = session.resource_with("s3", &config).unwrap();
    let bucket = bucket.get("Bucket", json!(["logs"])).unwrap();
    assert_eq!(bucket.to_string(), "s3.Bucket(name='logs')");
}
