//! botocore's endpoint suites, one trial per case:
//!
//! - `<service>/<number> <documentation>`: `tests/functional/endpoint-rules/<service>/endpoint-tests-1.json`, against the
//!   rule set in `data/`
//! - `rule_functions/<file>/<number> <documentation>`: `tests/unit/data/endpoints/{valid-rules,test-cases}`
//!
//! They are part of botocore's source archive, in the folder named by `INIA_PEERS` or in `target/peers`. Each case is
//! evaluated with the rule set compiled from JSON, with its packed form, and with a decision diagram of the same rules.
//!
//! If the suite is not available, it is reported as one ignored trial, or as a failure if `CI=true`.
#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value by a missing key returns null"
)]

#[path = "endpoint_rules/diagram.rs"]
mod diagram;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, LazyLock, OnceLock};

use inia_core::Str;
use inia_core::packed::{from_bytes, to_bytes};
use inia_endpoint::{
    Endpoint, EndpointError, EndpointParams, Parameter, ParameterValue, Partitions, RuleSet,
};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Map, Value};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = match suites() {
        Ok(trials) if !trials.is_empty() => trials,
        Ok(_) => vec![unavailable(
            "botocore's source archive is not in INIA_PEERS or target/peers",
        )],
        Err(error) => vec![unavailable(&error)],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Returns the trial that reports an unavailable suite.
fn unavailable(reason: &str) -> Trial {
    let reason = reason.to_owned();
    let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
    Trial::test("endpoint/(data is not there)", || Err(Failed::from(reason)))
        .with_ignored_flag(!required)
}

fn suites() -> Result<Vec<Trial>, String> {
    let Some(botocore) = botocore() else {
        return Ok(Vec::new());
    };
    let mut trials = services(&botocore.join("tests/functional/endpoint-rules"))?;
    trials.extend(rule_functions(&botocore.join("tests/unit/data/endpoints"))?);
    trials.push(Trial::test(
        "s3/(parameters that no rule reads)",
        s3_unread_parameters,
    ));
    Ok(trials)
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the unpacked botocore source archive, any version.
fn botocore() -> Option<PathBuf> {
    let peers = std::env::var_os("INIA_PEERS")
        .map_or_else(|| workspace().join("target/peers"), PathBuf::from);
    entries(&peers).ok()?.into_iter().find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("botocore-") && path.join("tests").is_dir()
    })
}

/// Returns the cases of each service in `data/`.
fn services(tests: &Path) -> Result<Vec<Trial>, String> {
    let mut trials = Vec::new();
    for folder in entries(&workspace().join("data"))? {
        let Some(rule_set) = newest_rule_set(&folder) else {
            continue;
        };
        let service = name_of(&folder);
        let cases = tests.join(&service).join("endpoint-tests-1.json");
        if !cases.is_file() {
            let missing = format!("{} does not exist", cases.display());
            trials.push(Trial::test(format!("{service}/(no cases)"), || {
                Err(missing.into())
            }));
            continue;
        }
        trials.extend(cases_of(&service, rule_set, &cases)?);
    }
    Ok(trials)
}

/// Returns the cases for the functions of rule sets.
fn rule_functions(folder: &Path) -> Result<Vec<Trial>, String> {
    let mut trials = Vec::new();
    for cases in entries(&folder.join("test-cases"))? {
        let rule_set = folder
            .join("valid-rules")
            .join(cases.file_name().unwrap_or_default());
        let name = cases.file_stem().unwrap_or_default().to_string_lossy();
        trials.extend(cases_of(
            &format!("rule_functions/{name}"),
            rule_set,
            &cases,
        )?);
    }
    Ok(trials)
}

/// botocore excludes these parameters from its cache key by name; inia derives them from the rule set.
///
/// # Source
/// botocore `endpoint_provider.py:S3_UNREFERENCED_PARAMS`
fn s3_unread_parameters() -> Result<(), Failed> {
    let file = newest_rule_set(&workspace().join("data/s3")).ok_or("S3 is not in data/")?;
    let rule_set = RuleSet::from_json(&read(&file)?).map_err(|error| error.to_string())?;
    let unread = rule_set
        .parameters()
        .iter()
        .filter(|parameter| !parameter.is_read());
    let mut names: Vec<&str> = unread.map(Parameter::name).collect();
    names.sort_unstable();
    equal(
        "unread parameters",
        &names,
        &vec!["CopySource", "Key", "Prefix"],
    )
}

fn newest_rule_set(service: &Path) -> Option<PathBuf> {
    let versions = entries(service).ok()?;
    let mut files = versions
        .into_iter()
        .map(|version| version.join("endpoint-rule-set-1.json"));
    files.rfind(|file| file.is_file())
}

fn cases_of(name: &str, rule_set: PathBuf, cases: &Path) -> Result<Vec<Trial>, String> {
    let subject = Arc::new(LazyRuleSet::new(rule_set));
    let Value::Object(mut suite) = read_json(cases)? else {
        return Err(format!("{} is not an object", cases.display()));
    };
    let Some(Value::Array(cases)) = suite.remove("testCases") else {
        return Err(format!("{} has no cases", cases.display()));
    };
    let trials = cases.into_iter().enumerate().map(|(index, case)| {
        let documentation = case["documentation"].as_str().unwrap_or_default();
        let subject = Arc::clone(&subject);
        Trial::test(format!("{name}/{index:04} {documentation}"), move || {
            subject.check(&case)
        })
    });
    Ok(trials.collect())
}

/// A rule set, loaded by the first of its cases.
struct LazyRuleSet {
    path: PathBuf,
    forms: OnceLock<Result<RuleSetForms, String>>,
}

struct RuleSetForms {
    compiled: RuleSet,
    unpacked: RuleSet,
    diagram: RuleSet,
}

static PARTITIONS: LazyLock<Result<Partitions, String>> = LazyLock::new(|| {
    let text = read(&workspace().join("data/partitions.json"))?;
    let partitions = Partitions::from_json(&text).map_err(|error| error.to_string())?;
    from_bytes(&to_bytes(&partitions)).ok_or_else(|| "unreadable partitions".to_owned())
});

impl LazyRuleSet {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            forms: OnceLock::new(),
        }
    }

    fn forms(&self) -> Result<&RuleSetForms, Failed> {
        let forms = self.forms.get_or_init(|| {
            let compiled =
                RuleSet::from_json(&read(&self.path)?).map_err(|error| error.to_string())?;
            let unpacked = from_bytes(&to_bytes(&compiled)).ok_or("unreadable rule set")?;
            let diagram = diagram::from_rule_set(&read_json(&self.path)?).to_string();
            let diagram = RuleSet::from_json(diagram.as_bytes());
            let diagram = diagram.map_err(|error| format!("decision diagram: {error}"))?;
            let diagram = from_bytes(&to_bytes(&diagram)).ok_or("unreadable decision diagram")?;
            Ok(RuleSetForms {
                compiled,
                unpacked,
                diagram,
            })
        });
        forms.as_ref().map_err(Failed::from)
    }

    fn check(&self, case: &Value) -> Result<(), Failed> {
        let forms = self.forms()?;
        equal("the unpacked rule set", &forms.unpacked, &forms.compiled)?;
        for rule_set in [&forms.compiled, &forms.unpacked, &forms.diagram] {
            check(rule_set, case)?;
        }
        Ok(())
    }
}

fn check(rule_set: &RuleSet, case: &Value) -> Result<(), Failed> {
    let partitions = PARTITIONS.as_ref().map_err(Failed::from)?;
    let no_params = Map::new();
    let case_params = case["params"].as_object().unwrap_or(&no_params);
    let mut params = EndpointParams::new(rule_set);
    for (name, value) in case_params {
        let index = rule_set
            .parameter_index(name)
            .ok_or_else(|| format!("unknown parameter {name}"))?;
        params.set(index, parameter(value)?);
    }
    let outcome = rule_set.evaluate(partitions, &params);
    match (case["expect"].get("endpoint"), case["expect"].get("error")) {
        (Some(endpoint), None) => check_endpoint(outcome, endpoint),
        (None, Some(error)) => equal(
            "error",
            &outcome.map_err(|error| error.to_string()),
            &Err(text(error)?),
        ),
        _ => Err("the case has neither an endpoint nor an error".into()),
    }
}

fn check_endpoint(
    outcome: Result<Endpoint, EndpointError>,
    expected: &Value,
) -> Result<(), Failed> {
    let endpoint =
        outcome.map_err(|error| format!("expected an endpoint, got the error {error:?}"))?;
    equal("url", &endpoint.url, &text(&expected["url"])?)?;

    let headers = endpoint
        .headers
        .iter()
        .map(|(name, values)| (name.clone(), Value::from(values.clone())));
    equal(
        "headers",
        &headers.collect::<Map<_, _>>(),
        &object(expected, "headers"),
    )?;

    let properties = endpoint
        .properties
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_json()));
    equal(
        "properties",
        &properties.collect::<Map<_, _>>(),
        &object(expected, "properties"),
    )?;

    let schemes = match endpoint.properties.get("authSchemes") {
        Some(schemes) => schemes.to_json(),
        None => Value::Array(Vec::new()),
    };
    let names = |name: &str| {
        let schemes = schemes.as_array().into_iter().flatten();
        schemes
            .map(|scheme| scheme[name].as_str().map(Str::from))
            .collect()
    };
    let typed = &endpoint.auth_schemes;
    equal(
        "names",
        &typed
            .iter()
            .map(|s| Some(s.name.clone()))
            .collect::<Vec<_>>(),
        &names("name"),
    )?;
    equal(
        "signing names",
        &typed.iter().map(|s| s.signing_name.clone()).collect(),
        &names("signingName"),
    )?;
    equal(
        "signing regions",
        &typed.iter().map(|s| s.signing_region.clone()).collect(),
        &names("signingRegion"),
    )
}

fn parameter(value: &Value) -> Result<ParameterValue<'_>, Failed> {
    match value {
        Value::String(text) => Ok(text.as_str().into()),
        Value::Bool(value) => Ok((*value).into()),
        Value::Array(items) => Ok(items
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .into()),
        other => Err(format!("{other} is not a parameter value").into()),
    }
}

fn equal<T: PartialEq + Debug>(label: &str, actual: &T, expected: &T) -> Result<(), Failed> {
    if actual == expected {
        return Ok(());
    }
    Err(format!("{label} differs\n   actual: {actual:?}\nexpected: {expected:?}").into())
}

fn object(value: &Value, key: &str) -> Map<String, Value> {
    value
        .get(key)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn text(value: &Value) -> Result<String, Failed> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("{value} is not a string").into())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn read_json(path: &Path) -> Result<Value, String> {
    serde_json::from_slice(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))
}

/// Returns the entries of a folder, sorted by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths: BTreeMap<_, _> = read
        .flatten()
        .map(|entry| (entry.file_name(), entry.path()))
        .collect();
    Ok(paths.into_values().collect())
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
