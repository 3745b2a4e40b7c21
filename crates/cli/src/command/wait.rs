//! `inia <service> wait <name>`: polls until the waiter succeeds; prints nothing.

use inia::{Client, Session, model::did_you_mean, model::kebab_case};

use crate::arguments::{Arguments, InputRules, OperationArguments, OutputOptions, SkeletonKind};
use crate::command::{describe, skeleton};
use crate::customization::OperationCommand;
use crate::status::CliError;

/// Lists the waiters of a service.
pub(crate) fn list(client: &Client) -> Result<(), CliError> {
    describe::print(names(client)?)
}

/// Describes the parameters of a waiter.
pub(crate) fn describe(client: &Client, name: &str) -> Result<(), CliError> {
    check(client, name)?;
    let waiter = client.waiter(name)?;
    let model = client.model();
    describe::operation(model, model.operation(&waiter.operation)?)
}

/// Runs the waiter with the remaining arguments.
pub(crate) async fn run(
    mut arguments: Arguments,
    session: &Session,
    client: Client,
    name: &str,
) -> Result<(), CliError> {
    check(&client, name)?;
    let waiter = client.waiter(name)?;
    let model = std::sync::Arc::clone(client.model());
    let operation = model.operation(&waiter.operation)?;
    let operation_name = kebab_case(&operation.name);
    let command = OperationCommand {
        model: &model,
        operation,
        name: &operation_name,
    };
    let rules = InputRules {
        form: arguments.value_form(session, &client)?,
        ..InputRules::default()
    };
    let ((), options) = OperationArguments::parse(arguments, command, rules)?;
    if let Some(argument) = options.positionals.first() {
        return Err(CliError::unexpected(argument));
    }
    match options.skeleton {
        Some(SkeletonKind::Output) => Err(CliError::usage(
            "--generate-cli-skeleton output has no effect: a waiter prints nothing",
        )),
        Some(kind) => {
            let output = OutputOptions::default();
            skeleton::print(
                kind,
                &client,
                operation,
                &options.params,
                &[],
                output,
                session,
            )
        }
        None => match client.wait(name, options.params).await {
            Ok(_) => Ok(()),
            Err(error) => Err(CliError::Call {
                operation: operation.name.to_string(),
                error,
            }),
        },
    }
}

fn check(client: &Client, name: &str) -> Result<(), CliError> {
    let known = names(client)?;
    if known.iter().any(|waiter| waiter == name) {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "{}: unknown waiter {name:?}{}",
        client.service_name(),
        did_you_mean(name, known.iter().map(String::as_str))
    )))
}

fn names(client: &Client) -> Result<Vec<String>, CliError> {
    let waiters = client.waiters()?;
    Ok(waiters.map_or_else(Vec::new, |waiters| {
        waiters.names().map(|name| kebab_case(name)).collect()
    }))
}
