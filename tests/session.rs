//! Profiles, services, regions and partitions of a session, and sharing between threads.

mod fakes;

use std::path::Path;

use fakes::{FakeEnv, FakePorts, logged};
use inia::config::{Config, ConfigFiles};
use inia::ports::Host;
use inia::{Credentials, ErrorKind, Session, SessionBuilder, json};

fn session() -> Session {
    let files = ConfigFiles::parse(
        "[default]\nregion = eu-west-1\n[profile dev]\nregion = us-west-2\n",
        "[ci]\naws_access_key_id = AKID\naws_secret_access_key = secret\n",
    )
    .unwrap();
    Session::builder()
        .config_files(files)
        .profile("dev")
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

/// Writes a definition of a service, and returns the folder of definitions.
fn definitions(root: &Path, service: &str) -> String {
    let folder = root.join(service);
    let version = folder.join(service).join("2026-01-01");
    std::fs::create_dir_all(&version).unwrap();
    let definition = json!({
        "metadata": {"apiVersion": "2026-01-01", "endpointPrefix": service, "protocol": "json", "serviceId": service},
        "operations": {}, "shapes": {}
    });
    std::fs::write(version.join("service-2.json"), definition.to_json_string()).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// Returns a builder over real files, with `AWS_DATA_PATH` and `data_path` of the profile.
fn with_data_paths(variable: &str, key: &str) -> SessionBuilder {
    let env = [("AWS_DATA_PATH", variable)];
    let env = env.into_iter().filter(|(_, value)| !value.is_empty());
    let host = Host {
        files: inia::host::system_host().files,
        ..FakePorts::new(FakeEnv::of(env), 0).host()
    };
    let files = ConfigFiles::parse(&format!("[default]\ndata_path = {key}"), "").unwrap();
    Session::builder().host(host).config_files(files)
}

#[test]
fn data_path_is_read_from_code_environment_and_profile() {
    let root = tempfile::tempdir().unwrap();
    let folders = ["from-code", "from-env", "from-file"].map(|name| definitions(root.path(), name));
    let [code, env, file] = &folders;
    let services = |builder: SessionBuilder| {
        let mut services = builder.build().unwrap().available_services();
        services.retain(|service| service.starts_with("from-"));
        services
    };
    assert_eq!(services(with_data_paths("", file)), ["from-file"]);
    assert_eq!(services(with_data_paths(env, file)), ["from-env"]);
    let both = format!("{code}:{file}");
    let session = with_data_paths(env, file)
        .data_path(both)
        .region("us-east-1");
    let session = session.build().unwrap();
    assert!(session.client("from-code").is_ok() && session.client("from-file").is_ok());
    assert!(session.client("from-env").is_err());
}

#[test]
fn a_missing_folder_of_the_data_path_is_logged_once() {
    let root = tempfile::tempdir().unwrap();
    let folder = definitions(root.path(), "service");
    let missing = root.path().join("gone").display().to_string();
    let path = format!("{folder}:{missing}");
    let load = || {
        with_data_paths(&path, "")
            .build()
            .unwrap()
            .available_services()
    };
    let (services, log) = logged(load);
    assert!(services.iter().any(|name| name == "service"));
    assert!(log.contains("WARN") && log.contains(&missing), "{log}");
    assert!(!log.contains(&format!("{folder};")), "{log}");
    assert!(!logged(load).1.contains(&missing));
}
