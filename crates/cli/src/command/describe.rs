//! Lists services and operations, and describes shapes of an operation.

use inia::{Session, model::Operation, model::ServiceModel, model::kebab_case};

use crate::arguments::{Arity, OptionGroup, OptionRow};
use crate::output;
use crate::status::CliError;

/// The option of `inia services`.
#[derive(Debug, Default)]
pub(crate) struct SourcesOption {
    sources: bool,
}

impl OptionGroup for SourcesOption {
    const OPTIONS: &'static [OptionRow<Self>] = &[OptionRow {
        name: "sources",
        arity: Arity::Flag,
        set: |options, _| {
            options.sources = true;
            Ok(())
        },
    }];
}

/// `inia services`: the names, or with `--sources` also the API version and the origin of each definition, separated by tabs.
pub(crate) fn services(session: &Session, options: SourcesOption) -> Result<(), CliError> {
    let services = session.available_services();
    if !options.sources {
        return print(services.iter().map(|name| name.to_string()));
    }
    print(
        services
            .iter()
            .map(|name| match session.definition_source(name) {
                Ok(source) => format!("{name}\t{}\t{}", source.api_version, source.origin),
                Err(error) => format!("{name}\t-\t{error}"),
            }),
    )
}

/// `inia <service>`.
pub(crate) fn operations(model: &ServiceModel) -> Result<(), CliError> {
    print(
        model
            .operations()
            .map(|operation| kebab_case(&operation.name)),
    )
}

/// `inia <service> <operation> help`.
pub(crate) fn operation(model: &ServiceModel, operation: &Operation) -> Result<(), CliError> {
    print([model.describe(operation).to_string().trim_end().to_owned()])
}

/// Prints lines on standard output.
pub(super) fn print(lines: impl IntoIterator<Item = String>) -> Result<(), CliError> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    output::write(&text)
}
