//! Fakes of all ports, and capture of log output.

// Each test suite is a separate crate and uses a part of this module.
#![allow(dead_code)]

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use inia_core::ports::{
    BoxFuture, Clock, CommandOutput, Commands, Env, Files, Host, Http, HttpRequest, HttpResponse,
    Prompt, Rng,
};
use inia_core::{Error, ErrorKind, Result, Secret, Timestamp};

/// A fake environment.
#[derive(Debug, Default)]
pub(crate) struct FakeEnv {
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) home: Option<PathBuf>,
}

impl FakeEnv {
    pub(crate) fn of<N: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let own = |(name, value): (N, V)| (name.into(), value.into());
        FakeEnv {
            variables: variables.into_iter().map(own).collect(),
            home: None,
        }
    }
}

impl Env for FakeEnv {
    fn var(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn home(&self) -> Option<PathBuf> {
        self.home.clone()
    }
}

/// In-memory files, by path with forward slashes.
#[derive(Debug, Default)]
pub(crate) struct FakeFiles(pub(crate) Mutex<BTreeMap<String, Vec<u8>>>);

impl FakeFiles {
    pub(crate) fn put(&self, path: &str, contents: impl Into<Vec<u8>>) {
        self.0
            .lock()
            .unwrap()
            .insert(path.to_owned(), contents.into());
    }

    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let bytes = self.0.lock().unwrap().get(path).cloned()?;
        Some(String::from_utf8(bytes).unwrap())
    }

    /// Loads all files below a folder on disk, as if that folder were the root.
    pub(crate) fn load(&self, folder: &Path) {
        self.load_below(folder, folder);
    }

    fn load_below(&self, root: &Path, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.load_below(root, &path);
            } else {
                let below = path.strip_prefix(root).unwrap();
                let name = format!("/{}", key(below));
                self.put(&name, std::fs::read(&path).unwrap());
            }
        }
    }
}

fn key(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

impl Files for FakeFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let files = self.0.lock().unwrap();
        // 2 is ENOENT, so that the error has the text of the operating system.
        files
            .get(&key(path))
            .cloned()
            .ok_or_else(|| io::Error::from_raw_os_error(2))
    }

    fn write_private(&self, path: &Path, contents: &[u8]) -> io::Result<()> {
        self.put(&key(path), contents);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.lock().unwrap().remove(&key(path));
        Ok(())
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let prefix = format!("{}/", key(folder));
        let files = self.0.lock().unwrap();
        files
            .keys()
            .filter(|name| name.starts_with(&prefix))
            .map(PathBuf::from)
            .collect()
    }
}

/// A clock that advances only explicitly or by sleeping.
#[derive(Debug)]
pub(crate) struct FakeClock(AtomicI64);

impl FakeClock {
    pub(crate) fn at(seconds: i64) -> Self {
        FakeClock(AtomicI64::new(seconds))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::new(self.0.load(Ordering::SeqCst), 0)
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.advance(i64::try_from(time.as_secs()).unwrap());
        Box::pin(std::future::ready(()))
    }
}

/// A constant source of random bytes.
#[derive(Debug)]
pub(crate) struct FakeRng;

impl Rng for FakeRng {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0x5a);
    }
}

type Respond = Box<dyn Fn(&HttpRequest) -> Result<HttpResponse> + Send + Sync>;

/// An HTTP port that responds through a function and records requests.
pub(crate) struct FakeHttp {
    respond: Respond,
    pub(crate) requests: Mutex<Vec<HttpRequest>>,
}

impl FakeHttp {
    pub(crate) fn new(
        respond: impl Fn(&HttpRequest) -> Result<HttpResponse> + Send + Sync + 'static,
    ) -> Self {
        FakeHttp {
            respond: Box::new(respond),
            requests: Mutex::default(),
        }
    }

    /// Returns a network in which all connections fail.
    pub(crate) fn silent() -> Self {
        FakeHttp::new(|_| Err(Error::new(ErrorKind::Connection, "connection refused")))
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| format!("{} {}", request.method, request.url))
            .collect()
    }
}

impl std::fmt::Debug for FakeHttp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakeHttp")
    }
}

impl Http for FakeHttp {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse>> {
        let response = (self.respond)(&request);
        self.requests.lock().unwrap().push(request);
        Box::pin(std::future::ready(response))
    }
}

/// Returns a response with a status and a body.
pub(crate) fn response(status: u16, body: impl Into<Vec<u8>>) -> Result<HttpResponse> {
    Ok(HttpResponse {
        status,
        headers: Vec::new(),
        body: body.into().into(),
    })
}

/// The commands of the recorded cases, which were recorded with a shell.
#[derive(Debug, Default)]
pub(crate) struct FakeCommands {
    /// Outcome of every command, instead of its own.
    pub(crate) outcome: Option<CommandOutcome>,
    pub(crate) commands: Mutex<Vec<Vec<String>>>,
}

#[derive(Clone, Debug)]
pub(crate) enum CommandOutcome {
    Prints(String),
    Fails(i32, String),
    Hangs,
    PrintsTooMuch,
}

impl Commands for FakeCommands {
    fn run(
        &self,
        arguments: &[String],
        _timeout: Duration,
        _limit: usize,
    ) -> BoxFuture<'_, Result<CommandOutput>> {
        self.commands.lock().unwrap().push(arguments.to_vec());
        let prints = |stdout: Vec<u8>| {
            Ok(CommandOutput {
                status: Some(0),
                stdout,
                stderr: Vec::new(),
            })
        };
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = match (&self.outcome, words.as_slice()) {
            (Some(CommandOutcome::Prints(text)), _) => prints(text.clone().into_bytes()),
            (Some(CommandOutcome::Fails(status, complaint)), _) => Ok(CommandOutput {
                status: Some(*status),
                stdout: Vec::new(),
                stderr: complaint.clone().into_bytes(),
            }),
            (Some(CommandOutcome::Hangs), _) => {
                Err(Error::new(ErrorKind::Timeout, "the command did not end"))
            }
            (Some(CommandOutcome::PrintsTooMuch), _) => Err(Error::new(
                ErrorKind::Credentials,
                "the command printed more than 65536 bytes",
            )),
            (None, ["echo", text, "|", "base64", "--decode"]) => {
                use base64::Engine as _;
                let engine = base64::engine::general_purpose::STANDARD;
                prints(engine.decode(text).unwrap())
            }
            (None, ["echo", text]) => prints(format!("{text}\n").into_bytes()),
            (None, ["exit", status]) => Ok(CommandOutput {
                status: Some(status.parse().unwrap()),
                stdout: Vec::new(),
                stderr: Vec::new(),
            }),
            (None, other) => Err(Error::new(
                ErrorKind::Credentials,
                format!("unknown command {other:?}"),
            )),
        };
        Box::pin(std::future::ready(output))
    }
}

/// A prompt that returns prepared inputs in order.
#[derive(Debug, Default)]
pub(crate) struct FakePrompt {
    pub(crate) inputs: Mutex<VecDeque<String>>,
    pub(crate) questions: Mutex<Vec<String>>,
}

impl Prompt for FakePrompt {
    fn secret(&self, question: &str) -> BoxFuture<'_, Result<Secret>> {
        self.questions.lock().unwrap().push(question.to_owned());
        let input = self.inputs.lock().unwrap().pop_front();
        let input = input
            .map(Secret::from)
            .ok_or_else(|| Error::new(ErrorKind::Credentials, "no prompt available"));
        Box::pin(std::future::ready(input))
    }
}

/// The fakes of all ports.
#[derive(Debug)]
pub(crate) struct FakePorts {
    pub(crate) env: Arc<FakeEnv>,
    pub(crate) files: Arc<FakeFiles>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) http: Arc<FakeHttp>,
    pub(crate) commands: Arc<FakeCommands>,
    pub(crate) prompt: Arc<FakePrompt>,
}

impl FakePorts {
    /// Creates ports with an environment and a time, no files and no network.
    pub(crate) fn new(env: FakeEnv, now: i64) -> Self {
        FakePorts {
            env: Arc::new(env),
            files: Arc::default(),
            clock: Arc::new(FakeClock::at(now)),
            http: Arc::new(FakeHttp::silent()),
            commands: Arc::default(),
            prompt: Arc::default(),
        }
    }

    pub(crate) fn http(mut self, http: FakeHttp) -> Self {
        self.http = Arc::new(http);
        self
    }

    pub(crate) fn host(&self) -> Host {
        Host {
            env: self.env.clone(),
            files: self.files.clone(),
            clock: self.clock.clone(),
            rng: Arc::new(FakeRng),
            http: self.http.clone(),
            commands: self.commands.clone(),
            prompt: self.prompt.clone(),
        }
    }
}

/// Polls a future to completion.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::yield_now();
    }
}

/// Runs a function and returns its log output at all levels.
pub(crate) fn logged<T>(run: impl FnOnce() -> T) -> (T, String) {
    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let buffer = Buffer::default();
    let writer = buffer.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let result = tracing::subscriber::with_default(subscriber, run);
    let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    (result, text)
}
