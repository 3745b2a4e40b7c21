//! Transports of a session: one per distinct settings, wrapped, or the caller's own.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use inia::config::{ClientCertificate, Config, Proxies, ProxyConfig};
use inia::ports::{BoxFuture, Files, Host};
use inia::{
    Credentials, ErrorKind, Result, Session, SessionBuilder, host, json, protocol::Headers,
    transport::Transport, transport::WireRequest, transport::WireResponse,
};

fn builder() -> SessionBuilder {
    Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "a secret", None))
        .config(&Config::new().proxies(Proxies::new()))
}

/// A transport that counts its instances and requests, and responds by itself.
#[derive(Debug)]
struct Counted {
    alive: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
    _inner: Arc<dyn Transport>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Transport for Counted {
    fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(WireResponse {
            status: 200,
            headers: Headers::new(),
            body: "{}".into(),
        })))
    }
}

#[derive(Clone, Default)]
struct Counts {
    alive: Arc<AtomicUsize>,
    made: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
}

impl Counts {
    fn wrap(&self) -> impl Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync + 'static {
        let counts = self.clone();
        move |inner| {
            counts.alive.fetch_add(1, Ordering::SeqCst);
            counts.made.fetch_add(1, Ordering::SeqCst);
            Arc::new(Counted {
                alive: Arc::clone(&counts.alive),
                sent: Arc::clone(&counts.sent),
                _inner: inner,
            })
        }
    }
}

#[tokio::test]
async fn wrapped_transports_see_the_requests_of_all_clients() {
    let counts = Counts::default();
    let session = builder().wrap_transport(counts.wrap()).build().unwrap();
    let slow = Config::new().connect_timeout(Duration::from_secs(9));
    for client in [
        session.client("sqs").unwrap(),
        session.client("dynamodb").unwrap(),
        session.client_with("sqs", &slow).unwrap(),
    ] {
        let operation = match client.service_name().as_str() {
            "sqs" => "ListQueues",
            _ => "ListTables",
        };
        client.call(operation, json!({})).await.unwrap();
    }
    assert_eq!(counts.sent.load(Ordering::SeqCst), 3);
    // One transport per distinct settings.
    assert_eq!(counts.made.load(Ordering::SeqCst), 2);
}

#[test]
fn unused_transports_are_dropped() {
    let counts = Counts::default();
    let session = builder().wrap_transport(counts.wrap()).build().unwrap();
    let client = |seconds| {
        let config = Config::new().connect_timeout(Duration::from_secs(seconds));
        session.client_with("sqs", &config).unwrap()
    };
    let kept = client(1);
    for seconds in 2..200 {
        client(seconds);
        client(199);
    }
    assert_eq!(counts.made.load(Ordering::SeqCst), 199);
    // Those of the cache, and that of the client.
    assert_eq!(counts.alive.load(Ordering::SeqCst), 65);
    drop(kept);
    assert_eq!(counts.alive.load(Ordering::SeqCst), 64);
}

#[test]
fn a_transport_that_cannot_honor_an_option_is_an_error() {
    let counts = Counts::default();
    let transport = || {
        let inner: Arc<dyn Transport> =
            Arc::new(inia::transport::HyperTransport::new(Default::default()));
        counts.wrap()(inner)
    };
    let session = builder().transport(transport()).build().unwrap();
    for (name, config) in [
        ("ca_bundle", Config::new().ca_bundle("/ca.pem")),
        ("verify", Config::new().verify(false)),
        (
            "connect_timeout",
            Config::new().connect_timeout(Duration::from_secs(1)),
        ),
        (
            "max_pool_connections",
            Config::new().max_pool_connections(1),
        ),
        ("tcp_keepalive", Config::new().tcp_keepalive(true)),
        (
            "proxies",
            Config::new().proxies(Proxies::new().with("http", "p:1")),
        ),
        (
            "proxies_config",
            Config::new().proxies_config(ProxyConfig::default()),
        ),
        (
            "client_cert",
            Config::new().client_cert(ClientCertificate {
                certificate: "/client.pem".into(),
                key: None,
            }),
        ),
    ] {
        let error = session.client_with("sqs", &config).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(name), "{error}");
        assert!(error.to_string().contains("wrap_transport"), "{error}");
    }
    // The read timeout is part of each request, and no proxies are no wish.
    let config = Config::new()
        .read_timeout(Duration::from_secs(1))
        .proxies(Proxies::new());
    session.client_with("sqs", &config).unwrap();
}

/// The files of the system; counts how often they are read.
#[derive(Debug)]
struct CountingFiles {
    files: Arc<dyn Files>,
    reads: Arc<AtomicUsize>,
}

impl Files for CountingFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path.ends_with("bundle.pem") {
            self.reads.fetch_add(1, Ordering::SeqCst);
        }
        self.files.read(path)
    }

    fn modified(&self, path: &Path) -> Option<SystemTime> {
        self.files.modified(path)
    }

    fn write_private(&self, path: &Path, contents: &[u8]) -> io::Result<()> {
        self.files.write_private(path, contents)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.files.remove(path)
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        self.files.list(folder)
    }
}

#[test]
fn a_ca_bundle_is_read_once_for_all_clients() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle.pem");
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    std::fs::write(&bundle, params.self_signed(&key).unwrap().pem()).unwrap();
    let reads = Arc::new(AtomicUsize::new(0));
    let system = host::system_host();
    let session = builder()
        .host(Host {
            files: Arc::new(CountingFiles {
                files: Arc::clone(&system.files),
                reads: Arc::clone(&reads),
            }),
            ..system
        })
        .build()
        .unwrap();
    for seconds in 1..100 {
        let config = Config::new()
            .ca_bundle(&bundle)
            .connect_timeout(Duration::from_secs(seconds));
        session.client_with("sqs", &config).unwrap();
    }
    assert_eq!(reads.load(Ordering::SeqCst), 1);
}

#[test]
fn calls_in_a_runtime_without_drivers_are_errors() {
    let call = || {
        let config = Config::new().max_attempts(1);
        let session = builder().endpoint_url("http://127.0.0.1:9").config(&config);
        let sqs = session.build().unwrap().client("sqs").unwrap();
        sqs.call("ListQueues", json!({})).send()
    };
    let without_timer =
        |builder: &mut tokio::runtime::Builder| builder.enable_io().build().unwrap();
    let without_io = |builder: &mut tokio::runtime::Builder| builder.enable_time().build().unwrap();
    let bare = |builder: &mut tokio::runtime::Builder| builder.build().unwrap();
    let runtimes: [fn(&mut tokio::runtime::Builder) -> tokio::runtime::Runtime; 3] =
        [without_timer, without_io, bare];
    for make in runtimes {
        for mut builder in [
            tokio::runtime::Builder::new_current_thread(),
            tokio::runtime::Builder::new_multi_thread(),
        ] {
            let error = make(&mut builder).block_on(call()).unwrap_err();
            assert_eq!(
                (error.kind(), error.attempts()),
                (ErrorKind::Config, 0),
                "{error}"
            );
            assert!(error.to_string().contains("enable_all"), "{error}");
        }
    }
    // Without any runtime.
    let error = futures_util::FutureExt::now_or_never(call())
        .unwrap()
        .unwrap_err();
    assert!(error.to_string().contains("enable_all"), "{error}");
}
