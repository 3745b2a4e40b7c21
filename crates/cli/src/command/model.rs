//! `inia model`, `inia configure add-model` and `remove-model`: definition files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use inia::config::ConfigFiles;
use inia::model::ServiceModel;
use inia::ports::Host;
use inia::{Client, Error, ErrorKind, Session};

use crate::arguments::{Arguments, Arity, OptionGroup, OptionRow};
use crate::command::describe;
use crate::status::CliError;

/// The option of the commands for definition files.
#[derive(Debug, Default)]
struct ServiceNameOption {
    service_name: Option<String>,
}

impl OptionGroup for ServiceNameOption {
    const OPTIONS: &'static [OptionRow<Self>] = &[OptionRow {
        name: "service-name",
        arity: Arity::One,
        set: |options, value| {
            options.service_name = Some(value);
            Ok(())
        },
    }];
}

/// The option of `inia configure add-model`.
#[derive(Debug, Default)]
struct ServiceModelOption {
    service_model: Option<String>,
}

impl OptionGroup for ServiceModelOption {
    const OPTIONS: &'static [OptionRow<Self>] = &[OptionRow {
        name: "service-model",
        arity: Arity::One,
        set: |options, value| {
            options.service_model = Some(value);
            Ok(())
        },
    }];
}

/// `inia model check FILE`: prints a summary of a definition, and its problems.
pub(crate) fn check(mut arguments: Arguments) -> Result<(), CliError> {
    let options: ServiceNameOption = arguments.take()?;
    let [path] = arguments.finish("model check FILE")?;
    let host = inia::host::system_host();
    let text = read(&host, Path::new(&path))?;
    let stem = Path::new(&path).file_stem().unwrap_or_default();
    let name = options
        .service_name
        .unwrap_or_else(|| stem.to_string_lossy().into_owned());
    check_name(&name)?;
    let checked = CheckedModel::load(&name, &path, text)?;
    describe::print(checked.report())?;
    match checked.problems.len() {
        0 => Ok(()),
        count => Err(Error::new(ErrorKind::Model, format!("{path}: {count} problems")).into()),
    }
}

/// `inia configure add-model`: stores a definition in `~/.aws/models`.
///
/// # Source
/// AWS CLI `customizations/configure/addmodel.py:AddModelCommand`.
pub(crate) fn add(mut arguments: Arguments) -> Result<(), CliError> {
    let (options, model): (ServiceNameOption, ServiceModelOption) = arguments.take()?;
    arguments.finish::<0>("configure add-model")?;
    let Some(model) = model.service_model else {
        let usage = "usage: inia configure add-model --service-model JSON|file://FILE [--service-name NAME]";
        return Err(CliError::usage(usage));
    };
    let host = inia::host::system_host();
    let text = match model.strip_prefix("file://") {
        Some(path) => read(&host, Path::new(path))?,
        None => model.into_bytes(),
    };
    let name = options.service_name.as_deref().unwrap_or("definition");
    check_name(name)?;
    let checked = CheckedModel::load(name, "--service-model", text.clone())?;
    let metadata = checked.model.metadata();
    let name = match options.service_name {
        Some(name) => name,
        None => service_name(&metadata.service_id),
    };
    check_name(&name)?;
    check_name(&metadata.api_version)?;
    let folder = models_folder(&host)?;
    let path = if checked.is_smithy {
        folder.join(format!("{name}.json"))
    } else {
        folder
            .join(&name)
            .join(&*metadata.api_version)
            .join("service-2.json")
    };
    host.files
        .write_private(&path, &text)
        .map_err(|error| file_error(&path, &error))?;
    for problem in &checked.problems {
        eprintln!("{name}: {problem}");
    }
    Ok(())
}

/// `inia configure remove-model`: removes a definition from `~/.aws/models`.
pub(crate) fn remove(mut arguments: Arguments) -> Result<(), CliError> {
    let options: ServiceNameOption = arguments.take()?;
    arguments.finish::<0>("configure remove-model")?;
    let Some(name) = options.service_name else {
        return Err(CliError::usage(
            "usage: inia configure remove-model --service-name NAME",
        ));
    };
    check_name(&name)?;
    let host = inia::host::system_host();
    let folder = models_folder(&host)?;
    let mut paths = vec![folder.join(format!("{name}.json"))];
    let versions = host.files.list(&folder.join(&name));
    paths.extend(
        versions
            .iter()
            .map(|version| version.join("service-2.json")),
    );
    let mut removed = 0;
    for path in paths {
        match host.files.remove(&path) {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(file_error(&path, &error)),
        }
    }
    match removed {
        0 => {
            let message = format!("{name} has no definition in {}", folder.display());
            Err(Error::new(ErrorKind::Model, message).into())
        }
        _ => Ok(()),
    }
}

/// A loaded definition, and its problems.
struct CheckedModel {
    model: Arc<ServiceModel>,
    is_smithy: bool,
    paginators: usize,
    waiters: usize,
    problems: Vec<String>,
}

impl CheckedModel {
    fn load(name: &str, path: &str, text: Vec<u8>) -> Result<Self, CliError> {
        let start = text.get(..512).unwrap_or(&text);
        let is_smithy = start.windows(8).any(|word| word == b"\"smithy\"");
        let builder = || {
            let files = ConfigFiles::parse("", "")?;
            Ok::<_, Error>(Session::builder().config_files(files).region("us-east-1"))
        };
        // A name of its own, so that the definition is loaded even if a newer version of the service is built in.
        let is_taken = builder()?.build()?.service_model(name).is_ok();
        let name = if is_taken {
            format!("{name}-file")
        } else {
            name.to_owned()
        };
        let session = builder()?.definition(name.as_str(), text).build();
        let session = session.map_err(|error| error.at(path))?;
        let model = session.service_model(&name)?;
        let invalid = model.invalid_operations();
        let mut checked = CheckedModel {
            problems: invalid
                .map(|(operation, problem)| {
                    format!("operation {operation} cannot be used: {problem}")
                })
                .collect(),
            model: Arc::clone(&model),
            is_smithy,
            paginators: 0,
            waiters: 0,
        };
        match session.client(&name) {
            Ok(client) => checked.check_parts(&client)?,
            Err(error) => checked.problems.push(error.to_string()),
        }
        Ok(checked)
    }

    fn check_parts(&mut self, client: &Client) -> Result<(), Error> {
        if let Some(paginators) = client.paginators()? {
            for operation in paginators.operations() {
                self.paginators += 1;
                self.add(paginators.find(operation).map(|_| ()));
            }
        }
        if let Some(waiters) = client.waiters()? {
            for name in waiters.names() {
                self.waiters += 1;
                self.add(waiters.waiter(name).map(|_| ()));
            }
        }
        Ok(())
    }

    fn add(&mut self, result: Result<(), Error>) {
        self.problems
            .extend(result.err().map(|error| error.to_string()));
    }

    fn report(&self) -> Vec<String> {
        let metadata = self.model.metadata();
        let format = if self.is_smithy {
            "Smithy model"
        } else {
            "definition"
        };
        let mut lines = vec![format!(
            "{} {}: {format}, {}, {} operations, {} shapes, {} paginators, {} waiters",
            metadata.service_id,
            metadata.api_version,
            metadata.protocol,
            self.model.operation_count(),
            self.model.shape_count(),
            self.paginators,
            self.waiters
        )];
        lines.extend(self.problems.iter().cloned());
        lines
    }
}

/// Returns the name of a service for its id, as the folders of AWS's definitions are named.
fn service_name(service_id: &str) -> String {
    service_id.trim().to_ascii_lowercase().replace(' ', "-")
}

fn check_name(name: &str) -> Result<(), CliError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !name.is_empty() && !name.starts_with('.') && name.chars().all(is_plain) {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "invalid name {name:?}: only letters, digits, '-', '_' and '.' are allowed; set --service-name"
    )))
}

fn models_folder(host: &Host) -> Result<PathBuf, CliError> {
    let home = host.env.home();
    home.map(|home| home.join(".aws").join("models"))
        .ok_or_else(|| Error::new(ErrorKind::Config, "there is no home folder: set HOME").into())
}

fn read(host: &Host, path: &Path) -> Result<Vec<u8>, CliError> {
    host.files
        .read(path)
        .map_err(|error| file_error(path, &error))
}

fn file_error(path: &Path, error: &std::io::Error) -> CliError {
    Error::new(ErrorKind::Config, format!("{}: {error}", path.display())).into()
}
