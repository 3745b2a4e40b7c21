//! Lists services and operations, and describes shapes of an operation.

use inia::{Session, model::Operation, model::ServiceModel, model::kebab_case};

use crate::output;
use crate::status::CliError;

/// `inia services`.
pub(crate) fn services(session: &Session) -> Result<(), CliError> {
    print(
        session
            .available_services()
            .iter()
            .map(|name| name.to_string()),
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
