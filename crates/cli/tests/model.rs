//! Definition files: `inia model check`, `inia configure add-model` and `remove-model`, `inia services --sources`.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

mod support;

use support::{fresh_home, inia, run_command};

const WEATHER: &str = include_str!("../../../tests/smithy/weather.json");

const TINY: &str = r#"{"metadata": {"protocol": "json", "serviceId": "Tiny Thing", "apiVersion": "2026-01-01", "endpointPrefix": "tiny"},
    "operations": {"Good": {"http": {}}, "Bad": {"http": {}, "input": {"shape": "In"}}}, "shapes": {"In": {"type": "tensor"}}}"#;

#[test]
fn a_smithy_model_is_added_used_listed_and_removed() {
    let home = fresh_home("add-model");
    let file = home.join("weather.json");
    std::fs::write(&file, WEATHER).unwrap();
    let run = |line: &str| run_command(inia("add-model").args(line.split(' ')));
    let url = format!("file://{}", file.display());
    let added = run(&format!(
        "configure add-model --service-model {url} --service-name weather"
    ));
    assert_eq!((added.status, added.stderr.as_str()), (0, ""));
    let stored = home.join(".aws/models/weather.json");
    assert_eq!(std::fs::read_to_string(&stored).unwrap(), WEATHER);
    assert_eq!(
        run("weather").stdout,
        "get-forecast\nget-station\nlist-stations\n"
    );
    let sources = run("services --sources").stdout;
    let line = format!("weather\t2026-01-01\t{}\n", stored.display());
    assert!(sources.contains(&line), "{sources}");
    assert!(sources.contains("sqs\t2012-11-05\tbuilt in\n"), "{sources}");
    assert_eq!(
        run("configure remove-model --service-name weather").status,
        0
    );
    assert!(!stored.exists());
    let removed = run("configure remove-model --service-name weather");
    assert!(
        removed.stderr.contains("weather has no definition in"),
        "{}",
        removed.stderr
    );
}

#[test]
fn a_botocore_definition_is_stored_under_its_service_id_and_version() {
    let home = fresh_home("add-definition");
    let added = run_command(inia("add-definition").args([
        "configure",
        "add-model",
        "--service-model",
        TINY,
    ]));
    assert_eq!(added.status, 0, "{}", added.stderr);
    assert!(
        added
            .stderr
            .contains("operation Bad cannot be used: shape In"),
        "{}",
        added.stderr
    );
    assert!(
        home.join(".aws/models/tiny-thing/2026-01-01/service-2.json")
            .exists()
    );
    let listed = run_command(inia("add-definition").arg("tiny-thing"));
    assert_eq!(listed.stdout, "good\n");
}

#[test]
fn check_prints_a_summary_and_fails_if_there_are_problems() {
    let home = fresh_home("model-check");
    let file = home.join("tiny.json");
    std::fs::write(&file, TINY).unwrap();
    let checked = run_command(inia("model-check").args(["model", "check"]).arg(&file));
    assert_ne!(checked.status, 0);
    assert!(
        checked
            .stdout
            .starts_with("Tiny Thing 2026-01-01: definition, json, 1 operations"),
        "{}",
        checked.stdout
    );
    assert!(
        checked.stdout.contains("operation Bad cannot be used"),
        "{}",
        checked.stdout
    );
    std::fs::write(&file, WEATHER).unwrap();
    let checked = run_command(inia("model-check").args(["model", "check"]).arg(&file));
    assert_eq!(checked.status, 0, "{}", checked.stderr);
    assert!(
        checked
            .stdout
            .contains("Smithy model, rest-json, 3 operations"),
        "{}",
        checked.stdout
    );
    assert!(
        checked.stdout.contains("1 paginators, 1 waiters"),
        "{}",
        checked.stdout
    );
}

#[test]
fn the_command_uses_the_api_version_of_the_profile() {
    let home = fresh_home("api-version");
    for (version, operation) in [("2016-01-01", "Old"), ("2026-01-01", "New")] {
        let folder = home.join(".aws/models/dated").join(version);
        std::fs::create_dir_all(&folder).unwrap();
        let text = TINY
            .replace("2026-01-01", version)
            .replace("Good", operation);
        std::fs::write(folder.join("service-2.json"), text).unwrap();
    }
    assert_eq!(
        run_command(inia("api-version").arg("dated")).stdout,
        "new\n"
    );
    std::fs::write(
        home.join(".aws/config"),
        "[default]\napi_versions =\n  dated = 2016-01-01\n",
    )
    .unwrap();
    assert_eq!(
        run_command(inia("api-version").arg("dated")).stdout,
        "old\n"
    );
}
