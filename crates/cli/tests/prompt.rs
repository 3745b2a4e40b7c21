//! Prompts for MFA codes.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

mod support;

use std::io::Write as _;
use std::process::{Command, Stdio};

use support::{Server, fresh_home};

const CONFIG: &str = "\
[default]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/me
region = us-east-1
[profile keys]
aws_access_key_id = AKIDKEYS
aws_secret_access_key = the-secret-key
";

const ROLE: &str = "\
<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>the-role-secret</SecretAccessKey>\
<SessionToken>the-role-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";

/// Runs a call without a terminal, with the given standard input.
fn call(test: &str, server: &Server, input: &str) -> std::process::Output {
    let home = fresh_home(test);
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/config"), CONFIG).unwrap();
    let mut child = Command::new("setsid")
        .args(["--wait", env!("CARGO_BIN_EXE_inia")])
        .args(["sts", "get-caller-identity", "--debug"])
        .env_clear()
        .env("HOME", home)
        .env("AWS_ENDPOINT_URL", &server.url)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn sts() -> Server {
    Server::start(|request| {
        let body = match request.body.starts_with(b"Action=AssumeRole&") {
            true => ROLE,
            false => {
                "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"
            }
        };
        (200, "text/xml", body.as_bytes().to_vec())
    })
}

#[test]
fn reads_the_code_from_standard_input_without_a_terminal() {
    let server = sts();
    let output = call("mfa", &server, "123456\n");
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    let prompt = "Enter MFA code for arn:aws:iam::123456789012:mfa/me: ";
    assert!(printed.contains(prompt), "{printed}");
    assert!(!printed.contains(": :"), "{printed}");
    for secret in [
        "123456\n",
        "the-secret-key",
        "the-role-secret",
        "the-role-token",
    ] {
        assert!(!printed.contains(secret), "{secret}: {printed}");
    }
    let requests = server.requests();
    let body = String::from_utf8_lossy(&requests.first().unwrap().body).into_owned();
    assert!(body.contains("TokenCode=123456"), "{body}");
    assert!(
        body.contains("SerialNumber=arn%3Aaws%3Aiam%3A%3A123456789012%3Amfa%2Fme"),
        "{body}"
    );
    let signed = requests
        .last()
        .unwrap()
        .header("authorization")
        .unwrap_or_default()
        .to_owned();
    assert!(signed.contains("Credential=AKIDROLE/"), "{signed}");
}

#[test]
fn missing_input_is_an_error() {
    let server = sts();
    let output = call("mfa-no-input", &server, "");
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(253), "{printed}");
    assert!(printed.contains("mfa/me: no input"), "{printed}");
    assert!(!printed.contains(": :"), "{printed}");
    assert!(server.requests().is_empty());
}
