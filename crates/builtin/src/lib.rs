//! The definitions of `data/`, packed and embedded: `definitions.inia`, which `cargo xtask models` writes.
//!
//! # Selecting services
//!
//! If the environment variable `INIA_SERVICES` is set at build time, only the services that it names are embedded:
//!
//! ```sh
//! INIA_SERVICES=sts,sqs cargo build --release
//! ```
//!
//! To embed the same services in every build, set it in `.cargo/config.toml`:
//!
//! ```toml
//! [env]
//! INIA_SERVICES = "sts,sqs"
//! ```
//!
//! An unknown service name fails the build. Partitions, regions and the dictionary of names are shared by all services and are
//! always embedded: half a megabyte. A program that loads its own definitions from a folder of `AWS_DATA_PATH` does not need this
//! crate: disable the default feature `builtin` of `inia`. The section "Small programs" of `README.md` describes further ways to
//! reduce the size of a program.
//!
//! # Example
//!
//! ```
//! let catalog = inia_model::Catalog::new(inia_builtin::archive());
//! for name in catalog.services() {
//!     println!("{name}");
//! }
//! ```

#![forbid(unsafe_code)]

use std::sync::LazyLock;

use inia_model::Archive;

/// Returns the packed definitions. They are read and decompressed lazily, and not copied.
#[must_use]
pub fn archive() -> Archive {
    static ARCHIVE: LazyLock<Archive> = LazyLock::new(|| {
        // Never empty: a test compares these bytes with `data/`.
        Archive::open(BYTES).unwrap_or_else(|_| Archive::empty())
    });
    *ARCHIVE
}

/// The archive of all services, as written by `cargo xtask models`.
#[cfg(not(service_subset))]
static BYTES: &[u8] = include_bytes!("../definitions.inia");

/// The archive of the selected services, as written by the build script.
#[cfg(service_subset)]
static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/definitions.inia"));

#[cfg(test)]
#[path = "../select.rs"]
mod select;

#[cfg(test)]
mod tests {
    use inia_model::{Archive, Catalog};

    use super::select::select_services;

    static ALL: &[u8] = include_bytes!("../definitions.inia");

    #[test]
    fn opens_all_built_in_services() {
        let catalog = Catalog::new(super::archive());
        let names = catalog.services();
        assert!(!names.is_empty());
        for name in names {
            let service = catalog.service(&name, None).unwrap();
            assert!(service.operations().len() > 0, "{name}");
        }
    }

    fn selected(names: &[&str]) -> Catalog {
        let bytes = select_services(ALL, names).unwrap();
        assert!(bytes.len() < ALL.len());
        Catalog::new(Archive::open(bytes.leak()).unwrap())
    }

    #[test]
    fn selected_services_equal_those_of_the_full_archive() {
        let all = Catalog::new(Archive::open(ALL).unwrap());
        // More names than the stride of the record table, spread over the archive, with duplicates.
        let names = all.services();
        let names: Vec<&str> = names.iter().step_by(20).map(|name| &**name).collect();
        assert!(names.len() > 16);
        let some = selected(&[names.clone(), names[..2].to_vec()].concat());
        assert_eq!(some.services(), names);
        let kinds = ["paginators-1", "waiters-2", "endpoint-rule-set-1"];
        for name in names {
            assert_eq!(
                *all.service(name, None).unwrap(),
                *some.service(name, None).unwrap()
            );
            for kind in kinds {
                let definition = |catalog: &Catalog| catalog.definition(name, None, kind).unwrap();
                assert_eq!(definition(&all), definition(&some), "{name} {kind}");
            }
        }
        for kind in [
            "partitions",
            "endpoints",
            "_retry",
            "sdk-default-configuration",
        ] {
            assert_eq!(
                all.shared(kind).unwrap(),
                some.shared(kind).unwrap(),
                "{kind}"
            );
        }
    }

    #[test]
    fn selects_services_by_any_name() {
        let some = selected(&["runtime.sagemaker", "SQS", "Lex Runtime V2"]);
        assert_eq!(
            some.services(),
            ["lexv2-runtime", "sagemaker-runtime", "sqs"]
        );
        assert!(some.service("runtime.sagemaker", None).is_ok());
    }

    #[test]
    fn errors_name_services_that_were_not_selected() {
        let some = selected(&["sqs"]);
        for name in ["stepfunctions", "sfn", "SFN"] {
            let error = some.service(name, None).unwrap_err().to_string();
            assert!(
                error.contains("add stepfunctions to INIA_SERVICES"),
                "{error}"
            );
        }
        let error = some.service("sqz", None).unwrap_err();
        assert_eq!(error.to_string(), "no service \"sqz\"; did you mean sqs?");
    }

    #[test]
    fn finds_services_by_service_id_and_class_name() {
        let catalog = Catalog::new(super::archive());
        for service in catalog.services() {
            let model = catalog.service(&service, None).unwrap();
            // Two services have the class name PinpointSMSVoice.
            let own = [
                service.to_uppercase(),
                model.metadata().service_id.to_string(),
            ];
            for name in own.iter().filter(|_| *service != *"sms-voice") {
                assert_eq!(
                    *catalog.service(name, None).unwrap().name(),
                    service,
                    "{name}"
                );
            }
        }
        for (name, service) in [
            ("sfn", "stepfunctions"),
            ("SFN", "stepfunctions"),
            ("eventbridge", "events"),
            ("CloudWatchEvents", "events"),
            ("cloudwatchlogs", "logs"),
            ("CloudWatchLogs", "logs"),
            ("elasticloadbalancingv2", "elbv2"),
            ("ElasticLoadBalancingv2", "elbv2"),
            ("lexruntimev2", "lexv2-runtime"),
            ("Lex Runtime V2", "lexv2-runtime"),
            ("lex_runtime_v2", "lexv2-runtime"),
            ("CognitoIdentityProvider", "cognito-idp"),
            ("DynamoDB", "dynamodb"),
            ("s3api", "s3"),
            ("deploy", "codedeploy"),
            ("runtime.sagemaker", "sagemaker-runtime"),
        ] {
            assert_eq!(catalog.service(name, None).unwrap().name(), service);
            assert!(!catalog.api_versions(name, "endpoint-rule-set-1").is_empty());
        }
        let error = catalog.service("evntbridge", None).unwrap_err().to_string();
        assert!(error.contains("did you mean eventbridge"), "{error}");
        for name in ["", "..", "../sqs/x", "é"] {
            assert!(catalog.service(name, None).is_err(), "{name}");
        }
    }

    #[test]
    fn rejects_unknown_services() {
        for name in ["sqz", "partitions"] {
            let error = select_services(ALL, &["sqs", name]).unwrap_err();
            assert_eq!(error, format!("unknown service {name:?}"));
        }
        assert!(select_services(ALL, &[""]).is_err());
        assert!(select_services(b"inia\x01", &["sqs"]).is_err());
        assert!(select_services(&ALL[..1000], &["sqs"]).is_err());
    }
}
