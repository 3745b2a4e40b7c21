//! Odd environments: keys with line ends, bytes that are not UTF-8, files that are pipes, and signals.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

mod support;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{Server, fresh_home, inia, run_command};

fn bytes(text: &[u8]) -> &OsStr {
    OsStr::from_bytes(text)
}

/// Writes a config file into a fresh home folder.
fn home(test: &str, config: &str) -> PathBuf {
    let home = fresh_home_of(test);
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/config"), config).unwrap();
    home
}

fn fresh_home_of(test: &str) -> PathBuf {
    support::home(test);
    fresh_home(test)
}

#[test]
fn line_ends_around_keys_are_trimmed() {
    let server = Server::always(
        200,
        "text/xml",
        "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>",
    );
    let result = run_command(
        inia("trimmed-keys")
            .env("AWS_ACCESS_KEY_ID", " AKID\n")
            .env("AWS_SECRET_ACCESS_KEY", "secret\r\n")
            .env("AWS_SESSION_TOKEN", "\tthe-token\n")
            .env("AWS_ENDPOINT_URL", format!("{}\n", server.url))
            .args(["sts", "get-caller-identity"]),
    );
    assert_eq!(result.status, 0, "{result:?}");
    let requests = server.requests();
    let header = |name: &str| {
        let mut headers = requests[0].headers.iter();
        headers.find(|(other, _)| other == name).unwrap().1.clone()
    };
    assert_eq!(header("x-amz-security-token"), "the-token");
    assert!(header("authorization").contains("Credential=AKID/"));
}

#[test]
fn arguments_that_are_not_utf8_are_named() {
    let result = run_command(
        inia("bad-argument")
            .args(["sqs", "get-queue-url", "--queue-name"])
            .arg(bytes(b"caf\xe9")),
    );
    assert_eq!(result.status, 252, "{result:?}");
    assert!(
        result
            .stderr
            .contains(r#"the argument "caf\xE9" is not valid UTF-8"#),
        "{result:?}"
    );
    let result = run_command(inia("bad-argument").arg(bytes(b"\xff")));
    assert_eq!(result.status, 252, "{result:?}");
}

#[test]
fn variables_that_are_not_utf8_are_named() {
    for name in [
        "AWS_PROFILE",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ENDPOINT_URL_SQS",
        "HTTPS_PROXY",
    ] {
        let result = run_command(
            inia("bad-variable")
                .env(name, bytes(b"caf\xe9"))
                .args(["sts", "get-caller-identity"]),
        );
        assert_ne!(result.status, 0);
        let expected = format!("the environment variable {name} is not valid UTF-8");
        assert!(result.stderr.contains(&expected), "{result:?}");
    }
    // Other variables do not matter.
    let result = run_command(
        inia("bad-variable")
            .env("LESS", bytes(b"caf\xe9"))
            .args(["services"]),
    );
    assert_eq!(result.status, 0, "{result:?}");
}

#[test]
fn home_folder_that_is_not_utf8_is_a_path() {
    let home = fresh_home_of("odd-home").join(bytes(b"caf\xe9"));
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(
        home.join(".aws/config"),
        "[profile x]\nregion = eu-north-1\n",
    )
    .unwrap();
    let result = run_command(inia("odd-home").env("HOME", &home).args([
        "configure",
        "get",
        "region",
        "--profile",
        "x",
    ]));
    assert_eq!(
        (result.status, &*result.stdout),
        (0, "eu-north-1\n"),
        "{result:?}"
    );
}

fn make_pipe(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let status = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(status.success());
}

/// Runs a command that must not wait for a pipe, and returns its error.
#[expect(clippy::panic, reason = "a command that waits fails the test")]
fn error_within_a_minute(command: &mut Command) -> String {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("the command waits for the pipe");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn pipes_as_config_cache_and_definition_files_are_named() {
    let home = home(
        "pipes",
        "[profile sso]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\nregion = us-east-1\n\
         [sso-session corp]\nsso_start_url = https://x\nsso_region = us-east-1\n",
    );
    let pipe = home.join("pipe");
    make_pipe(&pipe);
    let call = ["sts", "get-caller-identity"];
    for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        let error = error_within_a_minute(inia("pipes").env(variable, &pipe).args(call));
        assert!(error.contains(&*pipe.to_string_lossy()), "{error}");
        assert!(error.contains("not a regular file"), "{error}");
    }
    // SHA-1 of `corp`.
    let name = "ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
    make_pipe(&home.join(".aws/sso/cache").join(name));
    let error = error_within_a_minute(inia("pipes").args(call).args(["--profile", "sso"]));
    assert!(error.contains(name), "{error}");

    let definition = home.join(".aws/models/odd/2020-01-01/service-2.json");
    make_pipe(&definition);
    let error = error_within_a_minute(inia("pipes").args(["odd", "get"]));
    assert!(error.contains("service-2.json"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn signal_ends_the_command_and_its_credential_process() {
    let home = fresh_home_of("hanging");
    let pid_file = home.join("pid");
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    let config = format!(
        "[profile slow]\nregion = us-east-1\ncredential_process = sh -c \"echo $$ > {} ; exec sleep 60\"\n",
        pid_file.display()
    );
    std::fs::write(home.join(".aws/config"), config).unwrap();
    let mut child = inia("hanging")
        .args(["sts", "get-caller-identity", "--profile", "slow"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let wait_for = |condition: &mut dyn FnMut() -> bool| {
        let started = Instant::now();
        while !condition() {
            assert!(started.elapsed() < Duration::from_secs(30), "timed out");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let mut pid = String::new();
    wait_for(&mut || {
        pid = std::fs::read_to_string(&pid_file).unwrap_or_default();
        pid.ends_with('\n')
    });
    let signal = Command::new("kill").arg(child.id().to_string()).status();
    assert!(signal.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let process = PathBuf::from(format!("/proc/{}/stat", pid.trim()));
    wait_for(&mut || {
        let stat = std::fs::read_to_string(&process).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    });
}
