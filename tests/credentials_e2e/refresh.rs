//! Credentials that expire while many call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use inia::json;

use crate::fakes::logged;
use crate::loopback::{Server, answer};
use crate::world::{Trials, World, check, keys, runtime, signers, sts};

pub(crate) const TRIALS: Trials = &[
    (
        "a thousand calls with expired credentials cause one refresh",
        thousand,
    ),
    (
        "a thousand calls of many threads and clients cause one refresh",
        thousand_threads,
    ),
    (
        "credentials that cannot be refreshed are used until they expire, and no longer",
        outage,
    ),
    (
        "credentials that a service refuses as expired are refreshed",
        refused,
    ),
];

/// A container's endpoint that counts, and gives `AKID-0`, `AKID-1`... for an hour each.
fn counting() -> Server {
    let given = AtomicUsize::new(0);
    Server::start(move |_| {
        let number = given.fetch_add(1, Ordering::SeqCst);
        if number > 0 {
            // Not at once: everybody is to be there by then.
            std::thread::sleep(Duration::from_millis(200));
        }
        answer(
            200,
            keys(
                &number.to_string(),
                3600 + i64::try_from(number).unwrap() * 7200,
            ),
        )
    })
}

fn world(endpoint: &Server, services: &Server) -> World {
    World::new("")
        .env("AWS_ENDPOINT_URL_STS", &services.url)
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/creds", endpoint.url),
        )
}

/// That the first call was signed with the first keys, and all others with the second.
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

fn thousand() {
    let (endpoint, services) = (counting(), Server::start(sts));
    let world = world(&endpoint, &services);
    let ((), log) = logged(|| {
        runtime().block_on(async {
            let session = world.session();
            let client = session.client("sts").unwrap();
            client.call("GetCallerIdentity", json!({})).await.unwrap();
            world.clock.advance(7200);
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

fn thousand_threads() {
    let (endpoint, services) = (counting(), Server::start(sts));
    let world = world(&endpoint, &services);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(8)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let session = world.session();
        let first = session.client("sts").unwrap();
        first.call("GetCallerIdentity", json!({})).await.unwrap();
        world.clock.advance(7200);
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
    let given = AtomicUsize::new(0);
    let endpoint = Server::start(move |_| match given.fetch_add(1, Ordering::SeqCst) {
        0 => answer(200, keys("0", 3600)),
        _ => answer(503, ""),
    });
    let services = Server::start(sts);
    let world = world(&endpoint, &services);
    runtime().block_on(async {
        let client = world.session().client("sts").unwrap();
        client.call("GetCallerIdentity", json!({})).await.unwrap();
        // Within the last quarter of an hour, what there is is used on.
        world.clock.advance(3600 - 12 * 60);
        client.call("GetCallerIdentity", json!({})).await.unwrap();
        assert!(endpoint.requests().len() > 1);
        // Once they have expired, nothing is signed with them.
        world.clock.advance(12 * 60 + 1);
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

fn refused() {
    let endpoint = counting();
    let services = Server::start(|request| match request.access_key() {
        Some("AKID-0") => answer(
            403,
            "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>",
        ),
        _ => sts(request),
    });
    let services = Arc::new(services);
    let world = world(&endpoint, &services).env("AWS_MAX_ATTEMPTS", "2");
    runtime().block_on(async {
        let client = world.session().client("sts").unwrap();
        // Whether or not the call itself is made again, the next one has other keys.
        let first = client.call("GetCallerIdentity", json!({})).await;
        let second = client.call("GetCallerIdentity", json!({})).await;
        assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
        second.unwrap();
    });
    assert_eq!(endpoint.requests().len(), 2);
    assert!(signers(&services).contains(&Some("AKID-1".to_owned())));
}
