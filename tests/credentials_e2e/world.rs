//! A home folder, an environment and the real ports.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use inia::ports::{BoxFuture, Clock, Host, Http, HttpRequest, HttpResponse};
use inia::{Error, Output, Session, SessionBuilder, Timestamp, json};

use crate::fakes::{FakeEnv, logged};
use crate::loopback::{Reply, Request, Server, answer};
use crate::secrets::Secrets;

/// What every secret of these trials begins with; nothing else does.
pub(crate) const SECRET: &str = "hush-";

pub(crate) type Trials = &'static [(&'static str, fn())];

/// A machine of a trial's own.
pub(crate) struct World {
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
    pub(crate) clock: Arc<ShiftedClock>,
    /// The port that stands for 169.254.170.2, the address of a task's credentials.
    pub(crate) task_port: Option<u16>,
}

impl World {
    pub(crate) fn new(config: &str) -> Self {
        let world = World {
            home: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
            clock: Arc::default(),
            task_port: None,
        };
        world.write(".aws/config", config);
        world
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_MAX_ATTEMPTS", "1")
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.retain(|(known, _)| known != name);
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
        SessionBuilder::over(self.host()).build().unwrap()
    }

    /// Calls STS GetCallerIdentity with the default profile's credentials, and looks for secrets in all that is printed.
    pub(crate) fn call(&self) -> Result<Output, Error> {
        let (result, log) = logged(|| {
            runtime().block_on(async {
                let session = SessionBuilder::over(self.host()).load().await?;
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

    /// The call's error in full, and that it came in time.
    pub(crate) fn error_within(&self, limit: Duration) -> String {
        let started = Instant::now();
        let error = self.call().expect_err("there are no credentials to be had");
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

/// Looks for secrets in a text.
pub(crate) fn check(what: &str, text: &str) {
    let mut secrets = Secrets::default();
    secrets.add(SECRET);
    secrets.check(what, text).unwrap();
}

#[track_caller]
pub(crate) fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

/// The machine's clock, moved.
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
        // Pauses between attempts are not what is measured here.
        Box::pin(tokio::time::sleep(time.min(Duration::from_millis(10))))
    }
}

/// Real HTTP, but for the address of a task's credentials, which is on no loopback.
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

/// A moment some seconds from now, as credentials have it.
pub(crate) fn in_seconds(seconds: i64) -> String {
    let now = inia::host::SystemClock.now();
    Timestamp::new(now.seconds() + seconds, 0).to_string()
}

/// STS: roles by their names, and the identity of whoever asks. Every role's keys are `AKID-<role>`.
pub(crate) fn sts(request: &Request) -> Reply {
    let action = request.form("Action").unwrap_or_default().to_owned();
    if action == "GetCallerIdentity" {
        return answer(
            200,
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
        );
    }
    let arn = request.form("RoleArn").unwrap_or_default();
    let role = arn.rsplit("%2F").next().unwrap_or_default().to_owned();
    let expires = in_seconds(3600);
    answer(
        200,
        format!(
            "<{action}Response><{action}Result><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/{role}/s</Arn>\
             <AssumedRoleId>x</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>AKID-{role}</AccessKeyId>\
             <SecretAccessKey>{SECRET}secret-{role}</SecretAccessKey><SessionToken>{SECRET}token-{role}</SessionToken>\
             <Expiration>{expires}</Expiration></Credentials></{action}Result></{action}Response>"
        ),
    )
}

/// Keys in the form of a metadata service or a container's endpoint.
pub(crate) fn keys(name: &str, seconds: i64) -> String {
    format!(
        r#"{{"Code": "Success", "AccessKeyId": "AKID-{name}", "SecretAccessKey": "{SECRET}secret-{name}",
            "Token": "{SECRET}token-{name}", "Expiration": "{}"}}"#,
        in_seconds(seconds)
    )
}

/// The access keys of what a server was asked, in order.
pub(crate) fn signers(server: &Server) -> Vec<Option<String>> {
    let requests = server.requests();
    let signer = |request: &Request| request.access_key().map(str::to_owned);
    requests.iter().map(signer).collect()
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
