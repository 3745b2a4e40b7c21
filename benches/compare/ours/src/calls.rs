//! Whole calls over a canned transport.

use std::hint::black_box;
use std::sync::Arc;

use bench_harness::{Bench, Case};
use inia::config::{ChecksumMode, Config};
use inia::{Client, Credentials, protocol::Protocol, Session, transport::Transport, Value};

use crate::canned::Canned;
use crate::value::{difference, untag};

/// Maximum length of a streaming body in bytes.
const BODY_LIMIT: usize = 1 << 30;

/// Cases with this prefix are also measured in a second wire format: the one of the generated SDK, which differs from
/// botocore's order of preference.
const SECOND_FORMAT: (&str, Protocol) = ("cloudwatch.", Protocol::RpcV2Cbor);

/// Measures each case of the fixtures.
pub fn measure(bench: &mut Bench) {
    for case in bench.fixtures().cases() {
        if bench.is_selected(&case.name) {
            measure_case(bench, &case, &case.name, None);
        }
        let (prefix, protocol) = SECOND_FORMAT;
        let name = format!("{}+{protocol}", case.name);
        if case.name.starts_with(prefix) && bench.is_selected(&name) {
            measure_case(bench, &case, &name, Some(protocol));
        }
    }
}

fn measure_case(bench: &mut Bench, case: &Case, name: &str, protocol: Option<Protocol>) {
    let dump = bench.options().dump.as_ref().map(|folder| {
        std::fs::create_dir_all(folder).expect("a folder for requests");
        folder.join(name)
    });
    let canned = |protocol: Protocol| {
        let reply = bench.fixtures().reply(&case.name, protocol.name());
        Arc::new(Canned::new(&reply, dump))
    };
    let client = client(case, protocol, canned);
    // Shared by all calls, like the clone of a prepared builder in the generated SDK.
    let params = Arc::new(untag(
        &bench.fixtures().params(&case.name),
        bench.fixtures(),
    ));
    let output = bench
        .runtime()
        .block_on(async { client.call(&case.operation, params.clone()).await })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    if let Some(expected) = bench.fixtures().expected(&case.name) {
        let expected = untag(&expected, bench.fixtures());
        if let Some(difference) = difference(&output.value, &expected) {
            panic!("{name}: unexpected output: {difference}");
        }
    }
    let streams = output.body.is_some();
    drop(output);
    let call = async || {
        let mut output = client
            .call(&case.operation, params.clone())
            .await
            .expect("a response");
        if streams {
            let body = output.body.take().expect("a body");
            black_box(body.collect(BODY_LIMIT).await.expect("a whole body"));
        }
        black_box(output);
    };
    bench.measure(name, call, || drop(black_box(params.clone())));
}

/// Returns the client of a case: fixed region and credentials, one attempt, otherwise defaults.
pub fn client<T: Transport + 'static>(
    case: &Case,
    protocol: Option<Protocol>,
    transport: impl FnOnce(Protocol) -> Arc<T>,
) -> Client {
    let mut config = config(&case.client).max_attempts(1);
    if let Some(protocol) = protocol {
        config = config.protocol(protocol.name());
    }
    let session = |transport: Option<Arc<T>>| {
        let mut builder = Session::builder()
            .region("us-east-1")
            .credentials(credentials());
        if let Some(transport) = transport {
            builder = builder.transport(transport);
        }
        builder.build().expect("a session")
    };
    let protocol = protocol.unwrap_or_else(|| {
        let client = session(None).client(&case.service).expect("a client");
        Protocol::of(client.model().metadata()).expect("a known wire format")
    });
    session(Some(transport(protocol)))
        .client_with(&case.service, &config)
        .expect("a client")
}

/// Returns the credentials of all peers.
pub fn credentials() -> Credentials {
    Credentials::new(
        "AKIDEXAMPLE00000000",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        None,
    )
}

fn config(options: &serde_json::Value) -> Config {
    let mut config = Config::new();
    for (name, value) in options.as_object().into_iter().flatten() {
        let mode = || {
            let mode = value.as_str().expect("a mode");
            ChecksumMode::from_name(mode).expect("a mode")
        };
        config = match name.as_str() {
            "request_checksum_calculation" => config.request_checksum_calculation(mode()),
            "response_checksum_validation" => config.response_checksum_validation(mode()),
            "disable_request_compression" => {
                config.disable_request_compression(value.as_bool().expect("a boolean"))
            }
            other => panic!("cases.json: unknown option {other}"),
        };
    }
    config
}

/// Returns the parameters of a case and its client over `transport`.
pub fn case_setup<T: Transport + 'static>(
    bench: &Bench,
    name: &str,
    transport: impl FnOnce(&bench_harness::Reply) -> T,
) -> (Client, String, Value) {
    let cases = bench.fixtures().cases();
    let case = cases
        .iter()
        .find(|case| case.name == name)
        .unwrap_or_else(|| panic!("no case {name}"));
    let client = client(case, None, |protocol| {
        Arc::new(transport(&bench.fixtures().reply(name, protocol.name())))
    });
    let params = untag(&bench.fixtures().params(name), bench.fixtures());
    (client, case.operation.clone(), params)
}
