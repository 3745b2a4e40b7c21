//! The catalog with real definitions: as JSON, packed, and added by users.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inia_core::ports::Files;
use inia_core::{Error, ErrorKind, json};
use inia_endpoint::{EndpointsData, Partitions, RuleSet};
use inia_model::{Archive, ArchiveBuilder, Catalog, ServiceModel};

/// Returns the folder of the definitions.
fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

/// Reads files from disk; writes nothing.
#[derive(Debug)]
struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    }

    fn write_private(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn built_in() -> Catalog {
    Catalog::new(inia_builtin::archive())
}

/// Built-in definitions with additional user folders.
struct DropIn {
    folder: tempfile::TempDir,
}

impl DropIn {
    fn new() -> Self {
        DropIn {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn put(&self, path: &str, content: &[u8]) -> &Self {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    fn catalog(&self) -> Catalog {
        built_in().with_folders(Arc::new(Disk), vec![self.folder.path().to_owned()])
    }
}

fn model_error<T>(result: Result<T, Error>) -> String {
    let Err(error) = result else {
        panic!("expected an error");
    };
    assert_eq!(error.kind(), ErrorKind::Model);
    error.to_string()
}

const TINY: &str = r#"{
    "metadata": {"protocol": "json", "endpointPrefix": "tiny", "apiVersion": "2026-01-01", "serviceId": "Tiny"},
    "operations": {"Ping": {"http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "PingRequest"}}},
    "shapes": {"PingRequest": {"type": "structure", "members": {}}}
}"#;

#[test]
fn packed_and_json_definitions_are_equal() {
    println!("if data/ or the packed format has changed: run `cargo xtask models --pack`");
    let folders = Catalog::empty().with_folders(Arc::new(Disk), vec![data()]);
    let built_in = built_in();
    let names = folders.services();
    assert_eq!(names, built_in.services());
    assert_eq!(names.len(), 439);
    let mut operations = 0;
    for name in &names {
        let json = folders.service(name, None).unwrap();
        let packed = built_in.service(name, None).unwrap();
        assert_eq!(json.metadata(), packed.metadata(), "{name}");
        assert_eq!(json.shape_count(), packed.shape_count(), "{name}");
        for ((_, one), (_, two)) in json.shapes().zip(packed.shapes()) {
            assert_eq!(one, two, "{name}");
        }
        for (one, two) in json.operations().zip(packed.operations()) {
            assert_eq!(one, two, "{name}");
        }
        assert_eq!(*json, *packed, "{name}");
        operations += packed.operations().len();
        for kind in [
            "paginators-1",
            "waiters-2",
            "resources-1",
            "service-2.sdk-extras",
            "paginators-1.sdk-extras",
        ] {
            let value = |catalog: &Catalog| {
                let definition = catalog.definition(name, None, kind).unwrap();
                definition.map(|definition| definition.value().unwrap())
            };
            assert_eq!(value(&folders), value(&built_in), "{name} {kind}");
        }
        let rules = |catalog: &Catalog| {
            let definition = catalog
                .definition(name, None, "endpoint-rule-set-1")
                .unwrap()
                .unwrap();
            definition.load(RuleSet::from_json).unwrap()
        };
        assert_eq!(rules(&folders), rules(&built_in), "{name}");
    }
    assert_eq!(operations, 19_796);
    for kind in ["_retry", "sdk-default-configuration"] {
        let value = |catalog: &Catalog| catalog.shared(kind).unwrap().unwrap().value().unwrap();
        assert_eq!(value(&folders), value(&built_in), "{kind}");
    }
    let shared = |catalog: &Catalog, kind| catalog.shared(kind).unwrap().unwrap();
    let partitions = |catalog| shared(catalog, "partitions").load(Partitions::from_json);
    assert_eq!(
        partitions(&folders).unwrap(),
        partitions(&built_in).unwrap()
    );
    let endpoints = |catalog| shared(catalog, "endpoints").load(EndpointsData::from_json);
    assert_eq!(endpoints(&folders).unwrap(), endpoints(&built_in).unwrap());
    assert!(shared(&built_in, "partitions").is_compiled());
    assert!(shared(&built_in, "partitions").value().is_err());
}

#[test]
fn models_survive_a_json_round_trip() {
    // Empty extras make the catalog serialize a built-in model as JSON and load it again.
    let folder = DropIn::new();
    let original = built_in();
    for name in original.services() {
        let version = &original.api_versions(&name, "service-2")[0];
        folder.put(
            &format!("{name}/{version}/service-2.sdk-extras.json"),
            br#"{"merge": {}}"#,
        );
    }
    let written = folder.catalog();
    for name in original.services() {
        let (one, two) = (
            original.service(&name, None).unwrap(),
            written.service(&name, None).unwrap(),
        );
        for ((_, one), (_, two)) in one.shapes().zip(two.shapes()) {
            assert_eq!(one, two, "{name}");
        }
        for (one, two) in one.operations().zip(two.operations()) {
            assert_eq!(one, two, "{name}");
        }
        assert_eq!(*one, *two, "{name}");
    }
}

#[test]
fn finds_error_shapes_by_code_and_by_name() {
    let built_in = built_in();
    let iam = built_in.service("iam", None).unwrap();
    let id = iam.error_shape("NoSuchEntity").unwrap();
    assert_eq!(iam.shape(id).name, "NoSuchEntityException");
    let dynamodb = built_in.service("dynamodb", None).unwrap();
    let id = dynamodb
        .error_shape("ConditionalCheckFailedException")
        .unwrap();
    assert_eq!(dynamodb.shape(id).name, "ConditionalCheckFailedException");
    assert_eq!(dynamodb.error_shape("TableDescription"), None);
}

#[test]
fn finds_operations_in_any_spelling() {
    let ec2 = built_in().service("ec2", None).unwrap();
    for operation in ec2.operations() {
        for name in [
            operation.name.to_string(),
            inia_model::snake_case(&operation.name),
            inia_model::kebab_case(&operation.name),
        ] {
            assert_eq!(ec2.operation(&name).unwrap().name, operation.name);
        }
    }
    let error = model_error(ec2.operation("DescribeInstance"));
    assert!(error.contains("did you mean DescribeInstances"), "{error}");
}

#[test]
fn user_definitions_override_built_in_ones() {
    let folder = DropIn::new();
    folder.put("sqs/2012-11-05/service-2.json", TINY.as_bytes());
    let sqs = folder.catalog().service("sqs", None).unwrap();
    assert_eq!(sqs.operation_names().collect::<Vec<_>>(), ["Ping"]);
    // Files that the user definition does not include are the built-in ones.
    let paginators = folder
        .catalog()
        .definition("sqs", None, "paginators-1")
        .unwrap()
        .unwrap();
    assert!(
        paginators.origin.starts_with("built-in"),
        "{}",
        paginators.origin
    );
    // Other services are not affected.
    let s3 = folder.catalog().service("s3", None).unwrap();
    assert_eq!(*s3, *built_in().service("s3", None).unwrap());
}

#[test]
fn finds_new_services_in_user_folders() {
    let folder = DropIn::new();
    folder.put("tiny/2026-01-01/service-2.json", TINY.as_bytes());
    folder.put("not a service/2026-01-01/service-2.json", TINY.as_bytes());
    folder.put("no-model/2026-01-01/paginators-1.json", b"{}");
    folder.put("README.md", b"mine");
    let catalog = folder.catalog();
    assert_eq!(catalog.services().len(), 440);
    let tiny = catalog.service("tiny", None).unwrap();
    assert!(Arc::ptr_eq(
        &tiny,
        &catalog.service("tiny", Some("2026-01-01")).unwrap()
    ));
    assert_eq!(
        catalog
            .definition("tiny", None, "paginators-1")
            .unwrap()
            .map(|definition| definition.json().unwrap()),
        None
    );
    assert!(model_error(catalog.service("no-model", None)).contains("no service"));
}

#[test]
fn reads_compressed_definitions() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(TINY.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let folder = DropIn::new();
    folder.put("tiny/2026-01-01/service-2.json.gz", &gzip);
    folder.put("cut/2026-01-01/service-2.json.gz", &gzip[..gzip.len() / 2]);
    assert_eq!(
        folder
            .catalog()
            .service("tiny", None)
            .unwrap()
            .operations()
            .len(),
        1
    );
    let error = folder.catalog().service("cut", None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Model);
    let error = format!("{error:#}");
    assert!(error.contains("service-2.json.gz: "), "{error}");
}

#[test]
fn selects_among_api_versions() {
    let folder = DropIn::new();
    folder.put("sqs/2030-01-01/service-2.json", TINY.as_bytes());
    let catalog = folder.catalog();
    assert_eq!(
        catalog.api_versions("sqs", "service-2"),
        ["2012-11-05", "2030-01-01"]
    );
    assert_eq!(catalog.service("sqs", None).unwrap().operations().len(), 1);
    assert!(
        catalog
            .service("sqs", Some("2012-11-05"))
            .unwrap()
            .operation("SendMessage")
            .is_ok()
    );
    let error = model_error(catalog.service("sqs", Some("1999-01-01")));
    assert_eq!(
        error,
        "sqs has no API version \"1999-01-01\"; available: 2012-11-05, 2030-01-01"
    );
    // The newest paginators are those of the newest version that has paginators.
    assert!(
        catalog
            .definition("sqs", None, "paginators-1")
            .unwrap()
            .is_some()
    );
    assert!(
        catalog
            .definition("sqs", Some("2030-01-01"), "paginators-1")
            .unwrap()
            .is_none()
    );
}

#[test]
fn merges_extras() {
    let folder = DropIn::new();
    folder.put("tiny/2026-01-01/service-2.json", TINY.as_bytes());
    folder.put(
        "tiny/2026-01-01/service-2.sdk-extras.json",
        br#"{"version": 1.0, "merge": {"metadata": {"serviceId": "Changed"}, "shapes": {"New": {"type": "string"}}}}"#,
    );
    let tiny = folder.catalog().service("tiny", None).unwrap();
    assert_eq!(tiny.metadata().service_id, "Changed");
    assert_eq!(tiny.metadata().endpoint_prefix, "tiny");
    assert!(tiny.shape_id("New").is_some());

    // Extras without a definition apply to the built-in one.
    let folder = DropIn::new();
    folder.put(
        "sqs/2012-11-05/service-2.sdk-extras.json",
        br#"{"merge": {"operations": {"SendMessage": {"endpoint": {"hostPrefix": "there."}}}}}"#,
    );
    let sqs = folder.catalog().service("sqs", None).unwrap();
    let original = built_in().service("sqs", None).unwrap();
    assert_eq!(
        sqs.operation("SendMessage").unwrap().host_prefix.as_deref(),
        Some("there.")
    );
    assert!(sqs.shapes().eq(original.shapes()));

    // Built-in extras apply to user definitions.
    let json = std::fs::read(data().join("s3/2006-03-01/service-2.json")).unwrap();
    let folder = DropIn::new();
    folder.put("s3/2006-03-01/service-2.json", &json);
    let s3 = folder.catalog().service("s3", None).unwrap();
    assert_eq!(*s3, *built_in().service("s3", None).unwrap());
    assert_ne!(*s3, ServiceModel::from_json("s3", &json).unwrap());
}

#[test]
fn a_malformed_file_does_not_affect_other_services() {
    let folder = DropIn::new();
    let broken = TINY.replace("\"type\": \"structure\"", "\"type\": 3");
    folder.put("sqs/2012-11-05/service-2.json", broken.as_bytes());
    folder.put("sns/2010-03-31/service-2.json", b"{");
    folder.put("tiny/2026-01-01/service-2.json", TINY.as_bytes());
    folder.put("tiny/2026-01-01/paginators-1.json", b"\xff");
    let catalog = folder.catalog();
    assert_eq!(catalog.services().len(), 440);
    let error = model_error(catalog.service("sqs", None));
    for part in ["service-2.json: ", "shape PingRequest", "line 4 column"] {
        assert!(error.contains(part), "{error}");
    }
    let error = model_error(catalog.service("sns", None));
    assert!(error.contains("sns/2010-03-31/service-2.json"), "{error}");
    assert!(catalog.service("tiny", None).is_ok());
    assert!(catalog.service("s3", None).is_ok());
    let paginators = catalog
        .definition("tiny", None, "paginators-1")
        .unwrap()
        .unwrap();
    let error = model_error(paginators.value());
    assert!(
        error.contains("tiny/2026-01-01/paginators-1.json"),
        "{error}"
    );
    // The service loads once the file is corrected.
    folder.put("sns/2010-03-31/service-2.json", TINY.as_bytes());
    assert!(catalog.service("sns", None).is_ok());
}

#[test]
fn rejects_paths_as_service_names() {
    let folder = DropIn::new();
    folder.put("inside/tiny/2026-01-01/service-2.json", TINY.as_bytes());
    folder.put("tiny/2026-01-01/service-2.json", TINY.as_bytes());
    let catalog =
        built_in().with_folders(Arc::new(Disk), vec![folder.folder.path().join("inside")]);
    let absolute = folder.folder.path().join("tiny").display().to_string();
    for name in [
        "../tiny", "./tiny", "..", ".", "", "tiny/", "a/b", r"..\tiny", "tiny\0", "C:tiny",
        &absolute,
    ] {
        let error = model_error(catalog.service(name, None));
        assert!(error.contains("invalid service name"), "{error}");
        assert!(
            model_error(catalog.service(name, Some("2026-01-01"))).contains("invalid service name")
        );
        assert!(catalog.definition(name, None, "service-2").is_err());
        assert!(catalog.api_versions(name, "service-2").is_empty());
    }
    for version in ["../2026-01-01", "..", "", "/"] {
        assert!(catalog.service("tiny", Some(version)).is_err());
        assert!(
            catalog
                .definition("tiny", Some(version), "service-2")
                .unwrap()
                .is_none()
        );
    }
    for kind in ["../service-2", "", "/etc/passwd"] {
        assert!(catalog.definition("tiny", None, kind).unwrap().is_none());
        assert!(catalog.shared(kind).unwrap().is_none());
    }
}

#[test]
fn suggests_services_and_accepts_former_names() {
    let catalog = built_in();
    let error = model_error(catalog.service("dynamo", None));
    assert!(error.starts_with("no service \"dynamo\""), "{error}");
    let error = model_error(catalog.service("dynamodbb", None));
    assert!(error.contains("did you mean dynamodb"), "{error}");
    let sagemaker = catalog.service("runtime.sagemaker", None).unwrap();
    assert_eq!(sagemaker.name(), "sagemaker-runtime");
}

#[test]
fn concurrent_threads_load_a_service_once() {
    let catalog = built_in();
    let models: Vec<Arc<ServiceModel>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| catalog.service("ec2", None).unwrap()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(models.iter().all(|model| Arc::ptr_eq(model, &models[0])));
}

/// Deterministic pseudorandom numbers.
struct SeededRng(u64);

impl SeededRng {
    fn below(&mut self, limit: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    /// Truncates the bytes or changes some of them.
    fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        if self.below(4) == 0 {
            bytes.truncate(self.below(bytes.len()));
        } else {
            for _ in 0..=self.below(8) {
                let position = self.below(bytes.len());
                bytes[position] = match self.below(3) {
                    0 => bytes[position] ^ (1 << self.below(8)),
                    1 => b"\"{}[]:,0-\\nul9e"[self.below(15)],
                    _ => self.below(256) as u8,
                };
            }
        }
        bytes
    }
}

#[test]
fn damaged_json_never_panics() {
    let mut random = SeededRng(0x1234_5678);
    for service in [
        "sqs/2012-11-05",
        "sts/2011-06-15",
        "dynamodbstreams/2012-08-10",
    ] {
        let json = std::fs::read(data().join(service).join("service-2.json")).unwrap();
        for _ in 0..400 {
            if let Ok(model) = ServiceModel::from_json("damaged", &random.damage(&json)) {
                assert!(model.shapes().len() <= json.len());
            }
        }
    }
}

#[test]
fn damaged_archives_never_panic() {
    let mut builder = ArchiveBuilder::new();
    let sqs = built_in().service("sqs", None).unwrap();
    builder.add_model("sqs", "2012-11-05", sqs);
    let paginators = json!({"pagination": {"ListQueues": ["name".repeat(2000), 1.5, null]}});
    builder.add_value("sqs", "2012-11-05", "paginators-1", paginators);
    let bytes = builder.finish().unwrap();
    let mut random = SeededRng(0x8765_4321);
    for _ in 0..400 {
        let Ok(archive) = Archive::open(random.damage(&bytes).leak()) else {
            continue;
        };
        let catalog = Catalog::new(archive);
        for name in catalog.services() {
            if let Ok(model) = catalog.service(&name, None) {
                assert!(model.shapes().all(|(_, shape)| shape.name.len() <= 1 << 16));
                assert!(
                    model
                        .operations()
                        .all(|operation| operation.errors.len() <= bytes.len())
                );
                let _ = model.error_shape("QueueDoesNotExist");
            }
            let _ = catalog.definition(&name, None, "paginators-1");
        }
    }
}
