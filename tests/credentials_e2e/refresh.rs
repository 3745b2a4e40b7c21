//! Concurrent calls with expiring credentials.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use inia::json;

use crate::fakes::logged;
use crate::loopback::{Server, response};
use crate::machine::{TestMachine, Trials, check, keys, runtime, signers, sts};

pub(crate) const TRIALS: Trials = &[
    (
        "a concurrent_calls calls with expired credentials refresh once",
        concurrent_calls,
    ),
    (
        "a concurrent_calls calls of many threads and clients refresh once",
        concurrent_threads,
    ),
    (
        "credentials that cannot be refreshed are used until they expire",
        outage,
    ),
    (
        "credentials that a service rejects as expired are refreshed",
        rejected,
    ),
];

/// Starts a container endpoint that returns `AKID-0`, `AKID-1`, ..., each valid for one hour.
fn counting() -> Server {
    let issued = AtomicUsize::new(0);
    Server::start(move |_| {
        let number = issued.fetch_add(1, Ordering::SeqCst);
        if number > 0 {
            // Delayed, so that all callers are waiting by then.
            std::thread::sleep(Duration::from_millis(200));
        }
        response(
            200,
            keys(
                &number.to_string(),
                3600 + i64::try_from(number).unwrap() * 7200,
            ),
        )
    })
}

fn machine(endpoint: &Server, services: &Server) -> TestMachine {
    TestMachine::new("")
        .env("AWS_ENDPOINT_URL_STS", &services.url)
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/creds", endpoint.url),
        )
}

/// Asserts that the first call was signed with the first keys, and all others with the second.
fn check_signers(services: &Server, calls: usize) {
    let signers = signers(services);
    assert_eq!(signers.len(), calls + 1);
    assert_eq!(signers[0].as_deref(), Some("AKID-0"));
    assert!(
        signers[1..]
            .iter()
            .all(|signer| signer.as_deref() == Some("AKID-1"))
    );
}

fn concurrent_calls() {
    let (endpoint, services) = (counting(), Server::start(sts));
    let machine = machine(&endpoint, &services);
    let ((), log) = logged(|| {
        runtime().block_on(async {
            let session = machine.session();
            let client = session.client("sts").unwrap();
            client.call("GetCallerIdentity", json!({})).await.unwrap();
            machine.clock.advance(7200);
            let calls = (0..1000).map(|_| client.call("GetCallerIdentity", json!({})).send());
            for result in join_all(calls).await {
                result.unwrap();
            }
        });
    });
    check("the log", &log);
    assert_eq!(endpoint.requests().len(), 2);
    check_signers(&services, 1000);
}

fn concurrent_threads() {
    let (endpoint, services) = (counting(), Server::start(sts));
    let machine = machine(&endpoint, &services);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(8)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let session = machine.session();
        let first = session.client("sts").unwrap();
        first.call("GetCallerIdentity", json!({})).await.unwrap();
        machine.clock.advance(7200);
        let calls = (0..1000).map(|_| {
            let session = session.clone();
            tokio::spawn(async move {
                let client = session.client("sts").unwrap();
                client.call("GetCallerIdentity", json!({})).await
            })
        });
        for result in join_all(calls.collect::<Vec<_>>()).await {
            result.unwrap().unwrap();
        }
    });
    assert_eq!(endpoint.requests().len(), 2);
    check_signers(&services, 1000);
}

fn outage() {
    let issued = AtomicUsize::new(0);
    let endpoint = Server::start(move |_| match issued.fetch_add(1, Ordering::SeqCst) {
        0 => response(200, keys("0", 3600)),
        _ => response(503, ""),
    });
    let services = Server::start(sts);
    let machine = machine(&endpoint, &services);
    runtime().block_on(async {
        let client = machine.session().client("sts").unwrap();
        client.call("GetCallerIdentity", json!({})).await.unwrap();
        // Within the last 15 minutes, existing credentials continue to be used.
        machine.clock.advance(3600 - 12 * 60);
        client.call("GetCallerIdentity", json!({})).await.unwrap();
        assert!(endpoint.requests().len() > 1);
        // Expired credentials are not used.
        machine.clock.advance(12 * 60 + 1);
        let error = client
            .call("GetCallerIdentity", json!({}))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), inia::ErrorKind::Credentials);
        let text = format!("{error:#} {error:?}");
        assert!(
            text.contains("container-role") && text.contains("503"),
            "{text}"
        );
        check("the error", &text);
    });
    assert_eq!(services.requests().len(), 2);
}

fn rejected() {
    let endpoint = counting();
    let services = Server::start(|request| match request.access_key() {
        Some("AKID-0") => response(
            403,
            "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>",
        ),
        _ => sts(request),
    });
    let services = Arc::new(services);
    let machine = machine(&endpoint, &services).env("AWS_MAX_ATTEMPTS", "2");
    runtime().block_on(async {
        let client = machine.session().client("sts").unwrap();
        // Even if the call itself is not retried, the next one has new keys.
        let first = client.call("GetCallerIdentity", json!({})).await;
        let second = client.call("GetCallerIdentity", json!({})).await;
        assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
        second.unwrap();
    });
    assert_eq!(endpoint.requests().len(), 2);
    assert!(signers(&services).contains(&Some("AKID-1".to_owned())));
}
