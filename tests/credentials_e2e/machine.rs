//! A home folder, an environment and the real ports.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use inia::ports::{BoxFuture, Clock, Host, Http, HttpRequest, HttpResponse};
use inia::{Error, Output, Session, Timestamp, json};

use crate::fakes::{FakeEnv, logged};
use crate::loopback::{Reply, Request, Server, response};
use crate::secrets::Secrets;

/// Prefix of all secrets in these trials.
pub(crate) const SECRET: &str = "hush-";

pub(crate) type Trials = &'static [(&'static str, fn())];

/// The machine of a trial.
pub(crate) struct TestMachine {
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
    pub(crate) clock: Arc<ShiftedClock>,
    /// Port that replaces 169.254.170.2, the address of container credentials.
    pub(crate) task_port: Option<u16>,
}

impl TestMachine {
    pub(crate) fn new(config: &str) -> Self {
        let machine = TestMachine {
            home: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
            clock: Arc::default(),
            task_port: None,
        };
        machine.write(".aws/config", config);
        machine
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_MAX_ATTEMPTS", "1")
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.retain(|(variable, _)| variable != name);
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }

    pub(crate) fn host(&self) -> Host {
        let home = self.home.path().to_string_lossy().into_owned();
        let variables = self
            .variables
            .iter()
            .cloned()
            .chain([("HOME".to_owned(), home)]);
        Host {
            env: Arc::new(FakeEnv::of(variables)),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            http: Arc::new(TaskAddress {
                http: inia::host::PlainHttp::default(),
                port: self.task_port,
            }),
            ..inia::host::system_host()
        }
    }

    pub(crate) fn session(&self) -> Session {
        Session::builder().host(self.host()).build().unwrap()
    }

    /// Calls STS GetCallerIdentity with the default profile's credentials and asserts that no secret is printed.
    pub(crate) fn call(&self) -> Result<Output, Error> {
        let (result, log) = logged(|| {
            runtime().block_on(async {
                let session = Session::builder().host(self.host()).load().await?;
                let result = session
                    .client("sts")?
                    .call("GetCallerIdentity", json!({}))
                    .await;
                check("Debug", &format!("{session:?} {session:#?}"));
                result
            })
        });
        check("the log", &log);
        match &result {
            Ok(output) => check("the output", &format!("{output:?}")),
            Err(error) => check(
                "the error",
                &format!("{error} {error:#} {error:?} {error:#?}"),
            ),
        }
        result
    }

    /// Returns the full error of the call and asserts that it occurs within the limit.
    pub(crate) fn error_within(&self, limit: Duration) -> String {
        let started = Instant::now();
        let error = self.call().expect_err("no credentials are available");
        let took = started.elapsed();
        assert!(took < limit, "{took:?}: {error:#}");
        format!("{error:#}")
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Asserts that a text contains no secret.
pub(crate) fn check(label: &str, text: &str) {
    let mut secrets = Secrets::default();
    secrets.add(SECRET);
    secrets.check(label, text).unwrap();
}

#[track_caller]
pub(crate) fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "missing {part:?} in:\n{text}");
    }
}

/// The system clock with an offset.
#[derive(Debug, Default)]
pub(crate) struct ShiftedClock(AtomicI64);

impl ShiftedClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let now = inia::host::SystemClock.now();
        Timestamp::new(
            now.seconds() + self.0.load(Ordering::SeqCst),
            now.nanoseconds(),
        )
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        // Sleeps are shortened; their duration is not under test.
        Box::pin(tokio::time::sleep(time.min(Duration::from_millis(10))))
    }
}

/// Real HTTP, except that the address of container credentials is redirected to loopback.
#[derive(Debug)]
struct TaskAddress {
    http: inia::host::PlainHttp,
    port: Option<u16>,
}

impl Http for TaskAddress {
    fn send(&self, mut request: HttpRequest) -> BoxFuture<'_, inia::Result<HttpResponse>> {
        if let Some(port) = self.port {
            let here = format!("http://127.0.0.1:{port}/");
            request.url = request.url.replacen("http://169.254.170.2/", &here, 1);
        }
        self.http.send(request)
    }
}

/// Formats the time some seconds from now, as in credentials.
pub(crate) fn in_seconds(seconds: i64) -> String {
    let now = inia::host::SystemClock.now();
    Timestamp::new(now.seconds() + seconds, 0).to_string()
}

/// Fakes STS: role credentials with the key `AKID-<role>`, and the identity of the caller.
pub(crate) fn sts(request: &Request) -> Reply {
    let action = request.form("Action").unwrap_or_default().to_owned();
    if action == "GetCallerIdentity" {
        return response(
            200,
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
        );
    }
    let arn = request.form("RoleArn").unwrap_or_default();
    let role = arn.rsplit("%2F").next().unwrap_or_default().to_owned();
    let expires = in_seconds(3600);
    response(
        200,
        format!(
            "<{action}Response><{action}Result><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/{role}/s</Arn>\
             <AssumedRoleId>x</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>AKID-{role}</AccessKeyId>\
             <SecretAccessKey>{SECRET}secret-{role}</SecretAccessKey><SessionToken>{SECRET}token-{role}</SessionToken>\
             <Expiration>{expires}</Expiration></Credentials></{action}Result></{action}Response>"
        ),
    )
}

/// Returns keys in the format of a metadata service or container endpoint.
pub(crate) fn keys(name: &str, seconds: i64) -> String {
    format!(
        r#"{{"Code": "Success", "AccessKeyId": "AKID-{name}", "SecretAccessKey": "{SECRET}secret-{name}",
            "Token": "{SECRET}token-{name}", "Expiration": "{}"}}"#,
        in_seconds(seconds)
    )
}

/// Returns the feature ids in the user agents of the received requests, in order.
pub(crate) fn features(server: &Server) -> Vec<String> {
    let features = |request: &Request| {
        let mut components = request.header("user-agent")?.split(' ');
        components.find_map(|component| Some(component.strip_prefix("m/")?.to_owned()))
    };
    server
        .requests()
        .iter()
        .map(|request| features(request).unwrap_or_default())
        .collect()
}

/// Returns the access keys of the received requests, in order.
pub(crate) fn signers(server: &Server) -> Vec<Option<String>> {
    let requests = server.requests();
    let signer = |request: &Request| request.access_key().map(str::to_owned);
    requests.iter().map(signer).collect()
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
