//! `cargo xtask smithy`: converts the definitions of `data/` to Smithy models, loads these, and compares the shape graphs.

mod compare;
mod convert;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use inia_model::{ServiceModel, SmithyService};

use crate::json::Json;
use convert::ServiceFiles;

/// Services whose service shape has another name than the target of their requests, since names of shapes have no dots.
const DOTTED_TARGETS: &str = "targetPrefix with a namespace";

/// Converts all services, or one, and compares.
pub(crate) fn run(root: &Path, only: Option<&str>) -> Result<()> {
    let report = RoundTripReport::of(root, only)?;
    if report.services == 0 {
        bail!("no service {}", only.unwrap_or_default());
    }
    report.print()
}

/// Writes the Smithy models of all services; returns the folder of the tree.
pub(crate) fn write(root: &Path) -> Result<PathBuf> {
    RoundTripReport::of(root, None)?;
    Ok(root.join(TREE))
}

/// Folder of the Smithy models.
const TREE: &str = "target/smithy";

/// Returns the services of a folder of definitions, each with the folder of its newest version.
fn services(data: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut services = Vec::new();
    for service in sorted(data)? {
        if let Some(version) = sorted(&service).unwrap_or_default().pop() {
            services.push((file_name(&service), version));
        }
    }
    Ok(services)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[derive(Default)]
struct RoundTripReport {
    services: usize,
    operations: usize,
    bytes: usize,
    loading: Duration,
    dotted: Vec<String>,
    differences: Vec<String>,
}

impl RoundTripReport {
    /// Converts all services, or one, into a tree of Smithy models, and compares.
    fn of(root: &Path, only: Option<&str>) -> Result<Self> {
        let tree = root.join(TREE);
        let mut report = RoundTripReport::default();
        for (name, version) in services(&root.join("data"))? {
            if only.is_some_and(|only| only != name) {
                continue;
            }
            let text = match report.service(&name, &version) {
                Ok(text) => text,
                Err(error) => {
                    report.differences.push(format!("{name}: {error:#}"));
                    continue;
                }
            };
            let version_name = file_name(&version);
            let folder = tree.join(&name).join("service").join(&version_name);
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join(format!("{name}-{version_name}.json")), text)?;
        }
        Ok(report)
    }

    /// Converts a service, loads the result and compares. Returns the Smithy model.
    fn service(&mut self, name: &str, version: &Path) -> Result<String> {
        let definition = version.join("service-2.json");
        let text = std::fs::read(&definition).with_context(|| definition.display().to_string())?;
        let file = |kind: &str| -> Result<Option<Json>> {
            let path = version.join(format!("{kind}.json"));
            match std::fs::read(&path) {
                Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error).with_context(|| path.display().to_string()),
            }
        };
        let files = ServiceFiles {
            model: serde_json::from_slice(&text)?,
            paginators: file("paginators-1")?,
            waiters: file("waiters-2")?,
            rules: file("endpoint-rule-set-1")?,
        };
        let model = serde_json::to_string(&convert::convert(name, &files))?;
        let started = Instant::now();
        let smithy = SmithyService::from_json(name, model.as_bytes())?;
        self.loading += started.elapsed();
        self.services += 1;
        self.operations += smithy.model.operation_count();
        self.bytes += model.len();
        let own = ServiceModel::from_json(name, &text)?;
        let target = &own.metadata().target_prefix;
        if target.is_some() && *target != smithy.model.metadata().target_prefix {
            self.dotted.push(name.to_owned());
        }
        let differences = compare::differences(&own, &smithy.model);
        let differences = differences.into_iter();
        self.differences
            .extend(differences.map(|difference| format!("{name}: {difference}")));
        Ok(model)
    }

    fn print(&self) -> Result<()> {
        println!(
            "{} services, {} operations, {} MB of Smithy models in {TREE}, loaded in {:?}",
            self.services,
            self.operations,
            self.bytes / 1_000_000,
            self.loading
        );
        println!("{DOTTED_TARGETS}: {}", self.dotted.join(", "));
        for difference in &self.differences {
            println!("{difference}");
        }
        match self.differences.len() {
            0 => Ok(()),
            count => bail!("{count} differences"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Services with every protocol, and with the traits that few have.
    const SAMPLE: [&str; 14] = [
        "sqs",
        "sns",
        "s3",
        "dynamodb",
        "lambda",
        "route53",
        "cloudwatch",
        "sts",
        "kinesis",
        "lexv2-runtime",
        "apigateway",
        "s3control",
        "bedrock-runtime",
        "timestream-query",
    ];

    #[test]
    fn a_definition_converted_to_smithy_has_the_same_shape_graph() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
        let mut report = RoundTripReport::default();
        for (name, version) in services(&data).unwrap() {
            if SAMPLE.contains(&name.as_str()) {
                report.service(&name, &version).unwrap();
            }
        }
        assert_eq!(report.services, SAMPLE.len());
        assert_eq!(report.differences, Vec::<String>::new());
    }
}
