//! `inia sso login` and `logout` against a loopback server, and the credentials of a login.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use support::{CannedResponse, CommandResult, Request, Server, fresh_home, inia, run_command};

const CONFIG: &str = "\
[default]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = reader
region = us-east-1

[profile legacy]
sso_start_url = https://old.example/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = writer

[profile keys]
region = us-east-1

[sso-session corp]
sso_start_url = https://corp.example/start
sso_region = eu-west-1
sso_registration_scopes = sso:account:access, codewhisperer:completions
";

/// Values that must never be printed.
const SECRETS: [&str; 6] = [
    "the-client-secret",
    "the-device-code",
    "the-access-token",
    "the-refresh-token",
    "the-role-secret",
    "the-role-token",
];

/// SHA-1 of `corp`, computed with Python's `hashlib`.
const CORP: &str = "ee0bfd2552fbd840c02cc48b6e823320543c450f";

fn json_response(status: u16, body: &Value) -> CannedResponse {
    (status, "application/json", body.to_string().into_bytes())
}

/// Serves SSO, SSO OIDC and STS. The login is confirmed after `pending` token requests.
fn identity_center(pending: usize) -> Server {
    let token_requests = AtomicUsize::new(0);
    Server::start(move |request| {
        let path = request.target.split('?').next().unwrap();
        match path {
            "/client/register" => json_response(
                200,
                &json!({"clientId": "the-client", "clientSecret": "the-client-secret", "clientSecretExpiresAt": 4_000_000_000_u32}),
            ),
            "/device_authorization" => json_response(
                200,
                &json!({"deviceCode": "the-device-code", "userCode": "ABCD-EFGH", "verificationUri": "https://device.example/",
                    "verificationUriComplete": "https://device.example/?user_code=ABCD-EFGH", "expiresIn": 600, "interval": 1}),
            ),
            "/token" => {
                if token_requests.fetch_add(1, Ordering::SeqCst) < pending {
                    return json_response(
                        400,
                        &json!({"error": "authorization_pending", "error_description": "not yet"}),
                    );
                }
                json_response(
                    200,
                    &json!({"accessToken": "the-access-token", "expiresIn": 28_800, "refreshToken": "the-refresh-token", "tokenType": "Bearer"}),
                )
            }
            "/federation/credentials" => json_response(
                200,
                &json!({"roleCredentials": {"accessKeyId": "AKIDROLE", "secretAccessKey": "the-role-secret",
                    "sessionToken": "the-role-token", "expiration": 4_000_000_000_000_u64}}),
            ),
            "/logout" => json_response(200, &json!({})),
            _ => (
                200,
                "text/xml",
                b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                    .to_vec(),
            ),
        }
    })
}

fn home(test: &str) -> PathBuf {
    let home = fresh_home(test);
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/config"), CONFIG).unwrap();
    home
}

fn command(test: &str, server: &Server, line: &str) -> Command {
    let mut command = inia(test);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
        command.env_remove(name);
    }
    command
        .env("AWS_ENDPOINT_URL", &server.url)
        .args(line.split(' '));
    command
}

/// Runs a command line with `--debug` and asserts that no secret is printed.
fn run(test: &str, server: &Server, line: &str) -> CommandResult {
    let result = run_command(&mut command(test, server, &format!("{line} --debug")));
    for secret in SECRETS {
        let printed = format!("{}{}", result.stdout, result.stderr);
        assert!(
            !printed.contains(secret),
            "{line} shows {secret}: {printed}"
        );
    }
    result
}

fn targets(server: &Server) -> Vec<String> {
    server
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect()
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// Returns the JSON files of a folder, by name.
fn files(folder: &Path) -> Vec<(String, Value)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                serde_json::from_str(&text).unwrap(),
            )
        })
        .collect();
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    files
}

#[test]
fn login_caches_a_token_for_calls_and_logout_removes_it() {
    let home = home("sso-session");
    let server = identity_center(1);
    let login = run("sso-session", &server, "sso login");
    assert_eq!(login.status, 0, "{login:?}");
    for shown in [
        "https://device.example/\n",
        "ABCD-EFGH\n",
        "?user_code=ABCD-EFGH\n",
        "Logged in to https://corp.example/start\n",
    ] {
        assert!(login.stdout.contains(shown), "{}", login.stdout);
    }
    assert_eq!(
        targets(&server),
        [
            "/client/register",
            "/device_authorization",
            "/token",
            "/token"
        ]
    );
    let requests = server.requests();
    assert_eq!(
        body(&requests[0]),
        json!({"clientName": "botocore-client-corp", "clientType": "public",
            "scopes": ["sso:account:access", "codewhisperer:completions"]})
    );
    assert_eq!(
        body(&requests[1]),
        json!({"clientId": "the-client", "clientSecret": "the-client-secret", "startUrl": "https://corp.example/start"})
    );
    assert_eq!(
        body(&requests[3]),
        json!({"clientId": "the-client", "clientSecret": "the-client-secret", "deviceCode": "the-device-code",
            "grantType": "urn:ietf:params:oauth:grant-type:device_code"})
    );
    for request in &requests {
        assert_eq!(request.header("authorization"), None, "{}", request.target);
    }

    let cache = home.join(".aws/sso/cache");
    let written = files(&cache);
    assert_eq!(written.len(), 2, "{written:?}");
    let (_, token) = written
        .iter()
        .find(|(name, _)| name == CORP)
        .unwrap_or_else(|| panic!("{written:?}"));
    for (member, value) in [
        ("startUrl", "https://corp.example/start"),
        ("region", "eu-west-1"),
        ("accessToken", "the-access-token"),
        ("refreshToken", "the-refresh-token"),
        ("clientId", "the-client"),
        ("clientSecret", "the-client-secret"),
        ("registrationExpiresAt", "2096-10-02T07:06:40Z"),
    ] {
        assert_eq!(token[member], value, "{member}");
    }
    assert!(token["expiresAt"].as_str().unwrap().ends_with('Z'));
    #[cfg(unix)]
    for (name, _) in &written {
        use std::os::unix::fs::PermissionsExt as _;
        let path = cache.join(format!("{name}.json"));
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let call = run(
        "sso-session",
        &server,
        "sts get-caller-identity --query Account --output text",
    );
    assert_eq!(
        (call.status, call.stdout.as_str()),
        (0, "123456789012\n"),
        "{call:?}"
    );
    let requests = server.requests();
    let credentials_request = &requests[4];
    assert_eq!(
        credentials_request.header("x-amz-sso_bearer_token"),
        Some("the-access-token")
    );
    let signed = requests[5].header("authorization").unwrap();
    assert!(signed.contains("Credential=AKIDROLE/"), "{signed}");

    // The second login reuses the client registration.
    assert_eq!(
        run(
            "sso-session",
            &server,
            "sso login --sso-session corp --no-browser"
        )
        .status,
        0
    );
    assert_eq!(targets(&server)[6..], ["/device_authorization", "/token"]);

    assert_eq!(files(&home.join(".aws/cli/cache")).len(), 1);
    let logout = run("sso-session", &server, "sso logout");
    assert_eq!(
        (logout.status, logout.stdout.as_str()),
        (0, ""),
        "{logout:?}"
    );
    let last = server.requests().pop().unwrap();
    assert_eq!(last.target, "/logout");
    assert_eq!(
        last.header("x-amz-sso_bearer_token"),
        Some("the-access-token")
    );
    assert!(files(&home.join(".aws/cli/cache")).is_empty());
    let left = files(&cache);
    assert!(
        left.iter()
            .all(|(_, file)| file.get("accessToken").is_none()),
        "{left:?}"
    );

    let call = run("sso-session", &server, "sts get-caller-identity");
    assert_eq!(call.status, 253, "{call:?}");
    assert!(call.stderr.contains("log in first"), "{call:?}");
}

#[test]
fn logs_in_to_the_start_url_of_a_profile() {
    let home = home("sso-legacy");
    let server = identity_center(0);
    let login = run("sso-legacy", &server, "sso login --profile legacy");
    assert_eq!(login.status, 0, "{login:?}");
    let register = body(&server.requests()[0]);
    assert_eq!(register.get("scopes"), None, "{register}");
    let written = files(&home.join(".aws/sso/cache"));
    let names: Vec<&str> = written.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"botocore-client-id-eu-west-1"), "{names:?}");
    let call = run(
        "sso-legacy",
        &server,
        "sts get-caller-identity --profile legacy --region us-east-1",
    );
    assert_eq!(call.status, 0, "{call:?}");
}

#[test]
fn rejects_invalid_logins() {
    home("sso-wrong");
    let server = Server::start(|request| match request.target.as_str() {
        "/client/register" => json_response(
            200,
            &json!({"clientId": "c", "clientSecret": "s", "clientSecretExpiresAt": 4_000_000_000_u32}),
        ),
        _ => json_response(
            400,
            &json!({"error": "invalid_request", "error_description": "no such portal"}),
        ),
    });
    for (line, status, message) in [
        (
            "sso login --profile keys",
            253,
            "neither sso_session nor sso_start_url",
        ),
        (
            "sso login --sso-session nope",
            253,
            "sso-session `nope` not found",
        ),
        ("sso login --browser", 252, "unknown option --browser"),
        ("sso login now", 252, "unexpected argument: now"),
        ("sso login", 254, "no such portal"),
    ] {
        let result = run("sso-wrong", &server, line);
        assert_eq!(result.status, status, "{line}: {result:?}");
        assert!(result.stderr.contains(message), "{line}: {result:?}");
    }
}
