//! The Python process that runs the package `awscli`.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value as Json, json};

use super::corpus::Case;

/// Region of all commands. In us-east-1, the versions of the AWS CLI use different endpoints.
pub(crate) const REGION: &str = "us-west-2";

/// Settings with which version 1 behaves as version 2 by default.
const CONFIG: [(&str, &str); 4] = [
    ("cli_timestamp_format", "iso8601"),
    ("cli_binary_format", "raw-in-base64-out"),
    ("cli_follow_urlparam", "false"),
    ("cli_pager", ""),
];

/// A request and its response.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) response: CannedResponse,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct CannedResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What a command did.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunResult {
    pub(crate) status: i64,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

pub(crate) struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    home: PathBuf,
    /// Results of former runs by case, and the file they are kept in.
    cache: Option<(HashMap<String, Json>, std::fs::File)>,
}

/// Returns the home folder for a case, with its configuration.
pub(crate) fn write_home(home: &Path, case: &Case) {
    let folder = home.join(".aws");
    let _ = std::fs::remove_dir_all(home);
    std::fs::create_dir_all(&folder).unwrap();
    let mut config = format!("[default]\n{}", case.config);
    for (name, value) in CONFIG {
        if !case.config.lines().any(|line| line.starts_with(name)) {
            config += &format!("{name} = {value}\n");
        }
    }
    std::fs::write(folder.join("config"), config).unwrap();
}

/// Environment variables of both sides.
pub(crate) fn environment(case: &Case) -> impl Iterator<Item = (&str, &str)> {
    let fixed = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_MAX_ATTEMPTS", "1"),
        ("PATH", "/usr/bin:/bin"),
    ];
    let own = case
        .environment
        .iter()
        .map(|(name, value)| (&**name, &**value));
    // A variable that the case has without a value is not set.
    fixed
        .into_iter()
        .filter(|(name, _)| !case.environment.contains_key(*name))
        .chain(own)
}

impl Peer {
    pub(crate) fn start(peers: &Path, number: usize) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("awscli-{number}"));
        std::fs::create_dir_all(&folder).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/peer.py");
        let botocore = std::fs::read_dir(peers)
            .unwrap()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with("botocore-") && path.is_dir()
            })
            .expect("the source archive of botocore");
        let home = folder.join("home");
        write_home(&home, &Case::default());
        let mut child = Command::new(peers.join("venv/bin/python"))
            .args(["-W", "ignore"])
            .arg(&script)
            .arg(folder.join("run"))
            .arg(botocore.join("botocore/data"))
            .env_clear()
            .env("HOME", &home)
            .envs(environment(&Case::default()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let cache = std::env::var_os("INIA_CLI_DIFFERENTIAL_CACHE").map(|path| {
            let path = PathBuf::from(path).join(format!("awscli-{number}.jsonl"));
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let results = text
                .lines()
                .map(|line| serde_json::from_str::<Json>(line).unwrap())
                .map(|row| {
                    (
                        row["key"].as_str().unwrap().to_owned(),
                        row["result"].clone(),
                    )
                })
                .collect();
            let file = std::fs::File::options()
                .append(true)
                .create(true)
                .open(path)
                .unwrap();
            (results, file)
        });
        Peer {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            home,
            cache,
        }
    }

    pub(crate) fn run(&mut self, case: &Case) -> RunResult {
        let files: BTreeMap<_, _> = case
            .files
            .iter()
            .map(|(name, contents)| (name, BASE64_STANDARD.encode(contents)))
            .collect();
        let mut environment: BTreeMap<_, _> = environment(case).collect();
        let home = self.home.to_str().unwrap().to_owned();
        environment.insert("HOME", &home);
        let responses: Vec<Json> = case
            .responses
            .iter()
            .map(|(status, body)| json!([status, {}, body]))
            .collect();
        let request = json!({
            "id": 0, "args": case.words, "env": environment, "stdin": case.stdin, "files": files, "responses": responses,
        });
        let mut key = request.clone();
        key["env"]["HOME"] = Json::Null;
        key["config"] = case.config.clone().into();
        let key = key.to_string();
        if let Some((results, _)) = &self.cache
            && let Some(result) = results.get(&key)
        {
            return RunResult::from_json(result);
        }
        write_home(&self.home, case);
        let mut request = request;
        // A driver that is shared by several cases has read the plain configuration and environment.
        request["fresh"] = (!case.config.is_empty() || !case.environment.is_empty()).into();
        writeln!(self.input, "{request}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let result: Json = serde_json::from_str(&line).expect("a result of the peer");
        if let Some((_, file)) = &mut self.cache {
            writeln!(file, "{}", json!({"key": key, "result": result})).unwrap();
        }
        RunResult::from_json(&result)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bytes(json: &Json) -> Vec<u8> {
    BASE64_STANDARD.decode(json.as_str().unwrap()).unwrap()
}

fn headers(json: &Json) -> Vec<(String, String)> {
    json.as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap().to_owned()))
        .collect()
}

impl RunResult {
    fn from_json(json: &Json) -> Self {
        let text = |name: &str| String::from_utf8_lossy(&bytes(&json[name])).into_owned();
        let exchange = |json: &Json| Exchange {
            method: json["method"].as_str().unwrap().to_owned(),
            url: json["url"].as_str().unwrap().to_owned(),
            headers: headers(&json["headers"]),
            body: bytes(&json["body"]),
            response: CannedResponse {
                status: u16::try_from(json["response"][0].as_u64().unwrap()).unwrap(),
                headers: headers(&json["response"][1]),
                body: bytes(&json["response"][2]),
            },
        };
        RunResult {
            status: json["status"].as_i64().unwrap(),
            stdout: text("stdout"),
            stderr: text("stderr"),
            exchanges: json["exchanges"]
                .as_array()
                .unwrap()
                .iter()
                .map(exchange)
                .collect(),
            files: json["files"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, contents)| (name.clone(), bytes(contents)))
                .collect(),
        }
    }
}
