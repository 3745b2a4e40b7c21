//! `inia configure` over config files in a home folder per test.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::{fresh_home, inia, run_command, run_with_input};

/// Creates a home folder with the given files.
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

/// Returns the command without keys or region in its environment.
fn configure(test: &str) -> Command {
    let mut command = inia(test);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
        command.env_remove(name);
    }
    command.arg("configure");
    command
}

/// Runs a command line and returns its output.
fn run(test: &str, line: &str) -> String {
    let result = run_command(configure(test).args(line.split(' ')));
    assert_eq!((result.status, result.stderr.as_str()), (0, ""), "{line}");
    result.stdout
}

fn text(home: &std::path::Path, name: &str) -> String {
    std::fs::read_to_string(home.join(".aws").join(name)).unwrap()
}

#[test]
fn set_changes_only_one_value() {
    let before =
        "# mine\n[default]\nregion = us-east-1  # home\ntool_setting = kept\n\n[plugins]\nx = y\n";
    let home = home("set", before, "");
    run("set", "set region eu-west-1");
    run("set", "set default.s3.addressing_style path");
    run("set", "set profile.dev.region eu-north-1");
    run("set", "set sso-session.corp.sso_region us-east-1");
    run(
        "set",
        "set services.local.s3.endpoint_url http://127.0.0.1:9000",
    );
    run(
        "set",
        "set aws_secret_access_key of-the-default --profile default",
    );
    run("set", "set region ap-south-1 --profile dev");
    assert_eq!(
        text(&home, "config"),
        "# mine\n[default]\nregion = eu-west-1\ntool_setting = kept\ns3 =\n    addressing_style = path\n\n[plugins]\nx = y\n\
         [profile dev]\nregion = ap-south-1\n[sso-session corp]\nsso_region = us-east-1\n\
         [services local]\ns3 =\n    endpoint_url = http://127.0.0.1:9000\n"
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
        assert_eq!(run("set", &format!("get {name}")), format!("{value}\n"));
    }
    assert_eq!(run("set", "list-profiles"), "default\ndev\n");
}

#[cfg(unix)]
#[test]
fn set_keeps_file_modes_and_symlinks() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = home("modes", "[default]\nregion = us-east-1\n", "");
    let aws = home.join(".aws");
    std::fs::rename(aws.join("config"), home.join("real")).unwrap();
    std::os::unix::fs::symlink(home.join("real"), aws.join("config")).unwrap();
    run("modes", "set region eu-west-1");
    run("modes", "set aws_access_key_id AKIDEXAMPLE");
    assert!(
        std::fs::symlink_metadata(aws.join("config"))
            .unwrap()
            .is_symlink()
    );
    for path in [home.join("real"), aws.join("credentials")] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    let files: Vec<_> = std::fs::read_dir(&aws).unwrap().collect();
    assert_eq!(files.len(), 2, "no temporary file is files: {files:?}");
}

#[test]
fn values_that_are_set_at_once_are_all_kept() {
    const PROCESSES: usize = 40;
    let home = home("at-once", "[default]\nregion = us-east-1\n", "");
    // The remains of a process that was killed while it wrote the file.
    let aws = home.join(".aws");
    std::fs::write(aws.join("config.4711-0badcafe"), "half").unwrap();
    std::fs::write(aws.join("config.bak-00000000"), "mine").unwrap();
    let children: Vec<_> = (0..PROCESSES)
        .map(|number| {
            let (name, value) = (format!("profile.p{number}.region"), format!("r{number}"));
            let mut command = configure("at-once");
            command.args(["set", &name, &value]).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let written = text(&home, "config");
    for number in 0..PROCESSES {
        let section = format!("[profile p{number}]\nregion = r{number}\n");
        assert!(written.contains(&section), "{number}: {written}");
    }
    assert!(written.starts_with("[default]\nregion = us-east-1\n"));
    let mut names: Vec<_> = std::fs::read_dir(&aws)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["config", "config.bak-00000000"]);
}

#[test]
fn profiles_of_any_name_are_found_again() {
    let home = home("names", "", "");
    for (name, heading) in [
        ("Acme Prod", "[profile 'Acme Prod']"),
        ("zoë", "[profile zoë]"),
        ("[PROD]-x", "[profile [PROD]-x]"),
        ("O'Brien", "[profile 'O'\"'\"'Brien']"),
        (r"DOM\user", r"[profile 'DOM\user']"),
    ] {
        let set = |key: &str, value: &str| {
            let line = ["set", key, value, "--profile", name];
            assert_eq!(
                run_command(configure("names").args(line)).status,
                0,
                "{name}"
            );
        };
        set("region", "eu-west-1");
        set("s3.addressing_style", "path");
        set("aws_access_key_id", "AKIDEXAMPLE");
        assert!(text(&home, "config").contains(heading), "{name}");
        for (key, value) in [
            ("region", "eu-west-1\n"),
            ("s3.addressing_style", "path\n"),
            ("aws_access_key_id", "AKIDEXAMPLE\n"),
        ] {
            let result = run_command(configure("names").args(["get", key, "--profile", name]));
            assert_eq!(
                (result.status, result.stdout.as_str()),
                (0, value),
                "{name}"
            );
        }
        configure_with_input("names", &["--profile", name], "\n\nus-east-2\n\n");
        let result = run_command(configure("names").args(["get", "region", "--profile", name]));
        assert_eq!(result.stdout, "us-east-2\n", "{name}");
    }
    assert_eq!(
        run("names", "list-profiles"),
        "Acme Prod\nzoë\n[PROD]-x\nO'Brien\nDOM\\user\n"
    );
}

#[test]
fn settings_of_the_aws_cli_itself_have_sections_of_their_own() {
    let home = home("preview", "[profile preview]\nsdb = profile\n", "");
    run("preview", "set preview.cloudfront true");
    run(
        "preview",
        "set plugins.endpoint awscli_plugin_endpoint --profile preview",
    );
    assert_eq!(
        text(&home, "config"),
        "[profile preview]\nsdb = profile\n[preview]\ncloudfront = true\n[plugins]\nendpoint = awscli_plugin_endpoint\n"
    );
    assert_eq!(run("preview", "get preview.cloudfront"), "true\n");
    assert_eq!(run("preview", "get preview.sdb"), "profile\n");
    let absent = run_command(configure("preview").args(["get", "plugins.other"]));
    assert_eq!((absent.status, absent.stderr.as_str()), (1, ""));
}

#[test]
fn get_of_sub_properties_exits_with_1() {
    home(
        "nested",
        "[default]\ns3 =\n    addressing_style = path\n",
        "",
    );
    for name in ["s3", "default.s3", "profile.default.s3"] {
        let result = run_command(configure("nested").args(["get", name]));
        assert_eq!(
            (result.status, result.stdout.as_str()),
            (1, ""),
            "{result:?}"
        );
        assert!(result.stderr.contains("has sub-properties"), "{result:?}");
    }
}

#[test]
fn get_of_an_unset_value_exits_with_1() {
    home("absent", "[default]\nregion = us-east-1\n", "");
    let absent = run_command(configure("absent").args(["get", "output"]));
    assert_eq!(
        (
            absent.status,
            absent.stdout.as_str(),
            absent.stderr.as_str()
        ),
        (1, "", "")
    );
    let unknown = run_command(configure("absent").args(["get", "region", "--profile", "missing"]));
    assert_eq!(unknown.status, 253);
    assert!(unknown.stderr.contains("missing"), "{unknown:?}");
    for line in [
        "get",
        "get a b",
        "set region",
        "get a..b",
        "lst",
        "set a.b.c.d e",
    ] {
        let wrong = run_command(configure("absent").args(line.split(' ')));
        assert_eq!(wrong.status, 252, "{line}: {wrong:?}");
    }
}

#[test]
fn reports_the_line_of_a_malformed_file_and_keeps_it() {
    let broken = "[default]\nregion = us-east-1\n[profile\n";
    let home = home("broken", broken, "");
    for line in [
        "set region eu-west-1",
        "get region",
        "list",
        "list-profiles",
    ] {
        let result = run_command(configure("broken").args(line.split(' ')));
        assert_eq!(result.status, 253, "{line}: {result:?}");
        assert!(result.stderr.contains("config:3: "), "{line}: {result:?}");
    }
    assert_eq!(text(&home, "config"), broken);
}

#[test]
fn rejects_values_that_cannot_be_read_back() {
    let home = home("refused", "[default]\nregion = us-east-1\n", "");
    for (name, value) in [
        ("region", "a\nb = c"),
        ("re gion", "x"),
        ("output", "a # b"),
    ] {
        let result = run_command(configure("refused").args(["set", name, value]));
        assert_eq!(result.status, 253, "{name}: {result:?}");
    }
    assert_eq!(text(&home, "config"), "[default]\nregion = us-east-1\n");
}

/// Feeds input to `inia configure` and returns its output.
fn configure_with_input(test: &str, profile: &[&str], input: &str) -> String {
    let result = run_with_input(configure(test).args(profile), input.as_bytes());
    assert_eq!(result.status, 0, "{result:?}");
    result.stdout
}

#[test]
fn prompts_show_current_values_and_empty_input_keeps_them() {
    let home = home("questions", "", "");
    let printed = configure_with_input(
        "questions",
        &[],
        "AKIDEXAMPLE1234\nwJalrXUtnFEMI5678\neu-west-1\njson\n",
    );
    assert_eq!(
        printed,
        "AWS Access Key ID [None]: AWS Secret Access Key [None]: Default region name [None]: Default output format [None]: "
    );
    let credentials = "[default]\naws_access_key_id = AKIDEXAMPLE1234\naws_secret_access_key = wJalrXUtnFEMI5678\n";
    assert_eq!(text(&home, "credentials"), credentials);
    assert_eq!(
        text(&home, "config"),
        "[default]\nregion = eu-west-1\noutput = json\n"
    );

    let printed = configure_with_input("questions", &[], "\n\nus-east-2\n\n");
    assert_eq!(
        printed,
        "AWS Access Key ID [****************1234]: AWS Secret Access Key [****************5678]: \
         Default region name [eu-west-1]: Default output format [json]: "
    );
    assert_eq!(text(&home, "credentials"), credentials);
    assert_eq!(
        text(&home, "config"),
        "[default]\nregion = us-east-2\noutput = json\n"
    );

    configure_with_input("questions", &["--profile", "dev"], "\n\nap-south-1\n\n");
    assert!(text(&home, "config").ends_with("\n[profile dev]\nregion = ap-south-1\n"));
}

#[test]
fn end_of_input_changes_nothing() {
    let home = home("cut", "[default]\nregion = us-east-1\n", "");
    let result = run_with_input(&mut configure("cut"), b"AKID\n");
    assert_eq!(result.status, 255, "{result:?}");
    assert!(!home.join(".aws/credentials").exists());
}

#[test]
fn list_prints_the_source_of_each_value() {
    let home = home(
        "list",
        "[default]\nregion = us-east-1\n",
        "[default]\naws_access_key_id = AKIDEXAMPLE1234\naws_secret_access_key = wJalrXUtnFEMI5678\n",
    );
    let config = home.join(".aws/config");
    assert_eq!(
        run("list", "list"),
        format!(
            "NAME       : VALUE                : TYPE                    : LOCATION\n\
             profile    : <not set>            : None                    : None\n\
             access_key : ****************1234 : shared-credentials-file :\n\
             secret_key : ****************5678 : shared-credentials-file :\n\
             region     : us-east-1            : config-file             : {}\n",
            config.display()
        )
    );
    let result = run_command(
        configure("list")
            .args([
                "list",
                "--output",
                "json",
                "--query",
                "[].{name: name, value: value, type: type, location: location}",
            ])
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_PROFILE", "default"),
    );
    let rows: serde_json::Value = serde_json::from_str(&result.stdout).unwrap();
    assert_eq!(
        rows[3],
        serde_json::json!({"name": "region", "value": "eu-west-1", "type": "env", "location": "AWS_REGION"})
    );
    assert_eq!(rows[0]["location"], "AWS_PROFILE");
}

#[test]
fn exports_credentials_in_every_format() {
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
        assert_eq!(run("export", &line), expected);
    }
    let printed = run("export", "export-credentials --profile temporary");
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        printed,
        serde_json::json!({"Version": 1, "AccessKeyId": "AKIDT", "SecretAccessKey": "s", "SessionToken": "t",
            "Expiration": "2099-01-02T03:04:05Z"})
    );
    let unknown = run_command(configure("export").args(["export-credentials", "--format", "csh"]));
    assert_eq!(unknown.status, 252);
}

#[test]
fn detects_an_export_within_an_export() {
    let inia = env!("CARGO_BIN_EXE_inia");
    home(
        "chain",
        &format!(
            "[profile outer]\ncredential_process = \"{inia}\" configure export-credentials --profile inner\n\
             [profile loop]\ncredential_process = \"{inia}\" configure export-credentials --profile loop\n"
        ),
        "[inner]\naws_access_key_id = AKIDINNER\naws_secret_access_key = s\n",
    );
    let printed = run("chain", "export-credentials --profile outer");
    assert!(printed.contains("AKIDINNER"), "{printed}");
    let result = run_command(configure("chain").args(["export-credentials", "--profile", "loop"]));
    assert_eq!(result.status, 253);
    assert!(result.stderr.contains("loop -> loop"), "{}", result.stderr);
}
