//! `inia <service> wait <name>`: polls until the waiter succeeds; prints nothing.

use inia::{Client, did_you_mean, kebab_case};

use crate::arguments::{Arguments, OperationArguments};
use crate::command::describe;
use crate::status::CliError;

/// Lists the waiters of a service.
pub(crate) fn list(client: &Client) -> Result<(), CliError> {
    describe::print(names(client)?)
}

/// Runs the waiter with the remaining arguments.
pub(crate) async fn run(
    mut arguments: Arguments,
    client: Client,
    name: &str,
) -> Result<(), CliError> {
    let known = names(&client)?;
    if !known.iter().any(|waiter| waiter == name) {
        return Err(CliError::usage(format!(
            "{}: unknown waiter {name:?}{}",
            client.service_name(),
            did_you_mean(name, known.iter().map(String::as_str))
        )));
    }
    let waiter = client.waiter(name)?;
    let model = std::sync::Arc::clone(client.model());
    let operation = model.operation(&waiter.operation)?;
    if arguments.next_is_help() {
        return describe::operation(&model, operation);
    }
    let options = OperationArguments::read(&mut arguments, &model, operation)?;
    if let Some(argument) = options.positionals.first() {
        return Err(CliError::unexpected(argument));
    }
    match client.wait(name, options.params).await {
        Ok(_) => Ok(()),
        Err(error) => Err(CliError::Call {
            operation: operation.name.to_string(),
            error,
        }),
    }
}

fn names(client: &Client) -> Result<Vec<String>, CliError> {
    let waiters = client.waiters()?;
    Ok(waiters.map_or_else(Vec::new, |waiters| {
        waiters.names().map(|name| kebab_case(name)).collect()
    }))
}
