//! `inia configure` over config files in a home folder of each test's own.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod support;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use support::{ended, fresh_home, inia};

/// A home folder with the two files as given.
fn home(test: &str, config: &str, credentials: &str) -> PathBuf {
    let home = fresh_home(test);
    let aws = home.join(".aws");
    for (name, text) in [("config", config), ("credentials", credentials)] {
        if !text.is_empty() {
            std::fs::create_dir_all(&aws).unwrap();
            std::fs::write(aws.join(name), text).unwrap();
        }
    }
    home
}

/// The command without keys or region in its environment.
fn configure(test: &str) -> Command {
    let mut command = inia(test);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
        command.env_remove(name);
    }
    command.arg("configure");
    command
}

/// Runs the words of a line, and gives what it printed.
fn prints(test: &str, line: &str) -> String {
    let ended = ended(configure(test).args(line.split(' ')));
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{line}");
    ended.stdout
}

fn text(home: &std::path::Path, name: &str) -> String {
    std::fs::read_to_string(home.join(".aws").join(name)).unwrap()
}

#[test]
fn set_changes_one_value_and_nothing_else() {
    let before =
        "# mine\n[default]\nregion = us-east-1  # home\ntool_setting = kept\n\n[plugins]\nx = y\n";
    let home = home("set", before, "");
    prints("set", "set region eu-west-1");
    prints("set", "set default.s3.addressing_style path");
    prints("set", "set profile.dev.region eu-north-1");
    prints("set", "set sso-session.corp.sso_region us-east-1");
    prints(
        "set",
        "set services.local.s3.endpoint_url http://127.0.0.1:9000",
    );
    prints(
        "set",
        "set aws_secret_access_key of-the-default --profile default",
    );
    prints("set", "set region ap-south-1 --profile dev");
    assert_eq!(
        text(&home, "config"),
        "# mine\n[default]\nregion = eu-west-1\ntool_setting = kept\ns3 =\n  addressing_style = path\n\n[plugins]\nx = y\n\n\
         [profile dev]\nregion = ap-south-1\n\n[sso-session corp]\nsso_region = us-east-1\n\n\
         [services local]\ns3 =\n  endpoint_url = http://127.0.0.1:9000\n"
    );
    assert_eq!(
        text(&home, "credentials"),
        "[default]\naws_secret_access_key = of-the-default\n"
    );
    for (name, value) in [
        ("region", "eu-west-1"),
        ("default.s3.addressing_style", "path"),
        ("s3.addressing_style", "path"),
        ("profile.dev.region", "ap-south-1"),
        ("dev.region", "ap-south-1"),
        ("sso-session.corp.sso_region", "us-east-1"),
        ("services.local.s3.endpoint_url", "http://127.0.0.1:9000"),
        ("default.aws_secret_access_key", "of-the-default"),
        ("tool_setting", "kept"),
    ] {
        assert_eq!(prints("set", &format!("get {name}")), format!("{value}\n"));
    }
    assert_eq!(prints("set", "list-profiles"), "default\ndev\n");
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_and_links_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = home("modes", "[default]\nregion = us-east-1\n", "");
    let aws = home.join(".aws");
    std::fs::rename(aws.join("config"), home.join("real")).unwrap();
    std::os::unix::fs::symlink(home.join("real"), aws.join("config")).unwrap();
    prints("modes", "set region eu-west-1");
    prints("modes", "set aws_access_key_id AKIDEXAMPLE");
    assert!(
        std::fs::symlink_metadata(aws.join("config"))
            .unwrap()
            .is_symlink()
    );
    for path in [home.join("real"), aws.join("credentials")] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    let left: Vec<_> = std::fs::read_dir(&aws).unwrap().collect();
    assert_eq!(left.len(), 2, "no temporary file is left: {left:?}");
}

#[test]
fn what_is_not_set_has_a_status_of_its_own() {
    home("absent", "[default]\nregion = us-east-1\n", "");
    let absent = ended(configure("absent").args(["get", "output"]));
    assert_eq!(
        (
            absent.status,
            absent.stdout.as_str(),
            absent.stderr.as_str()
        ),
        (1, "", "")
    );
    let unknown = ended(configure("absent").args(["get", "region", "--profile", "nobody"]));
    assert_eq!(unknown.status, 253);
    assert!(unknown.stderr.contains("nobody"), "{unknown:?}");
    for line in [
        "get",
        "get a b",
        "set region",
        "get a..b",
        "lst",
        "set a.b.c.d e",
    ] {
        let wrong = ended(configure("absent").args(line.split(' ')));
        assert_eq!(wrong.status, 252, "{line}: {wrong:?}");
    }
}

#[test]
fn a_broken_file_is_told_by_line_and_left_alone() {
    let broken = "[default]\nregion = us-east-1\n[profile\n";
    let home = home("broken", broken, "");
    for line in [
        "set region eu-west-1",
        "get region",
        "list",
        "list-profiles",
    ] {
        let ended = ended(configure("broken").args(line.split(' ')));
        assert_eq!(ended.status, 253, "{line}: {ended:?}");
        assert!(ended.stderr.contains("config:3: "), "{line}: {ended:?}");
    }
    assert_eq!(text(&home, "config"), broken);
}

#[test]
fn values_that_could_not_be_read_back_are_refused() {
    let home = home("refused", "[default]\nregion = us-east-1\n", "");
    for (name, value) in [
        ("region", "a\nb = c"),
        ("re gion", "x"),
        ("output", "a # b"),
    ] {
        let ended = ended(configure("refused").args(["set", name, value]));
        assert_eq!(ended.status, 253, "{name}: {ended:?}");
    }
    assert_eq!(text(&home, "config"), "[default]\nregion = us-east-1\n");
}

/// Answers the questions of `inia configure`, and gives what it printed.
fn answer(test: &str, profile: &[&str], answers: &str) -> String {
    let mut child = configure(test)
        .args(profile)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(answers.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn questions_show_what_there_is_and_keep_it_where_nothing_is_answered() {
    let home = home("questions", "", "");
    let asked = answer(
        "questions",
        &[],
        "AKIDEXAMPLE1234\nwJalrXUtnFEMI5678\neu-west-1\njson\n",
    );
    assert_eq!(
        asked,
        "AWS Access Key ID [None]: AWS Secret Access Key [None]: Default region name [None]: Default output format [None]: "
    );
    let credentials = "[default]\naws_access_key_id = AKIDEXAMPLE1234\naws_secret_access_key = wJalrXUtnFEMI5678\n";
    assert_eq!(text(&home, "credentials"), credentials);
    assert_eq!(
        text(&home, "config"),
        "[default]\nregion = eu-west-1\noutput = json\n"
    );

    let asked = answer("questions", &[], "\n\nus-east-2\n\n");
    assert_eq!(
        asked,
        "AWS Access Key ID [****************1234]: AWS Secret Access Key [****************5678]: \
         Default region name [eu-west-1]: Default output format [json]: "
    );
    assert_eq!(text(&home, "credentials"), credentials);
    assert_eq!(
        text(&home, "config"),
        "[default]\nregion = us-east-2\noutput = json\n"
    );

    answer("questions", &["--profile", "dev"], "\n\nap-south-1\n\n");
    assert!(text(&home, "config").ends_with("\n[profile dev]\nregion = ap-south-1\n"));
}

#[test]
fn the_end_of_the_input_changes_nothing() {
    let home = home("cut", "[default]\nregion = us-east-1\n", "");
    let mut child = configure("cut")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"AKID\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(255));
    assert!(!home.join(".aws/credentials").exists());
}

#[test]
fn list_says_where_each_value_comes_from() {
    let home = home(
        "list",
        "[default]\nregion = us-east-1\n",
        "[default]\naws_access_key_id = AKIDEXAMPLE1234\naws_secret_access_key = wJalrXUtnFEMI5678\n",
    );
    let config = home.join(".aws/config");
    assert_eq!(
        prints("list", "list"),
        format!(
            "NAME       : VALUE                : TYPE                    : LOCATION\n\
             profile    : <not set>            : None                    : None\n\
             access_key : ****************1234 : shared-credentials-file :\n\
             secret_key : ****************5678 : shared-credentials-file :\n\
             region     : us-east-1            : config-file             : {}\n",
            config.display()
        )
    );
    let ended = ended(
        configure("list")
            .args(["list", "--output", "json", "--query", "x"])
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_PROFILE", "default"),
    );
    let rows: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        rows[3],
        serde_json::json!({"name": "region", "value": "eu-west-1", "type": "env", "location": "AWS_REGION"})
    );
    assert_eq!(rows[0]["location"], "AWS_PROFILE");
}

#[test]
fn credentials_are_exported_in_every_format() {
    home(
        "export",
        "[profile temporary]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"AKIDT\", \"SecretAccessKey\": \"s\", \
         \"SessionToken\": \"t\", \"Expiration\": \"2099-01-02T03:04:05Z\"}'\n",
        "[default]\naws_access_key_id = AKID\naws_secret_access_key = a/b+c=\n",
    );
    for (format, expected) in [
        (
            "env",
            "export AWS_ACCESS_KEY_ID=AKID\nexport AWS_SECRET_ACCESS_KEY=a/b+c=\n",
        ),
        (
            "env-no-export",
            "AWS_ACCESS_KEY_ID=AKID\nAWS_SECRET_ACCESS_KEY=a/b+c=\n",
        ),
        (
            "powershell",
            "$Env:AWS_ACCESS_KEY_ID='AKID'\n$Env:AWS_SECRET_ACCESS_KEY='a/b+c='\n",
        ),
        (
            "windows-cmd",
            "set AWS_ACCESS_KEY_ID=AKID\nset AWS_SECRET_ACCESS_KEY=a/b+c=\n",
        ),
        (
            "fish",
            "set -gx AWS_ACCESS_KEY_ID AKID\nset -gx AWS_SECRET_ACCESS_KEY a/b+c=\n",
        ),
    ] {
        let line = format!("export-credentials --format {format}");
        assert_eq!(prints("export", &line), expected);
    }
    let printed = prints("export", "export-credentials --profile temporary");
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        printed,
        serde_json::json!({"Version": 1, "AccessKeyId": "AKIDT", "SecretAccessKey": "s", "SessionToken": "t",
            "Expiration": "2099-01-02T03:04:05Z"})
    );
    let unknown = ended(configure("export").args(["export-credentials", "--format", "csh"]));
    assert_eq!(unknown.status, 252);
}

#[test]
fn one_command_exports_what_another_asks_it_for() {
    let inia = env!("CARGO_BIN_EXE_inia");
    home(
        "chain",
        &format!(
            "[profile outer]\ncredential_process = \"{inia}\" configure export-credentials --profile inner\n\
             [profile loop]\ncredential_process = \"{inia}\" configure export-credentials --profile loop\n"
        ),
        "[inner]\naws_access_key_id = AKIDINNER\naws_secret_access_key = s\n",
    );
    let printed = prints("chain", "export-credentials --profile outer");
    assert!(printed.contains("AKIDINNER"), "{printed}");
    let ended = ended(configure("chain").args(["export-credentials", "--profile", "loop"]));
    assert_eq!(ended.status, 253);
    assert!(ended.stderr.contains("loop -> loop"), "{}", ended.stderr);
}
