//! `inia <service> wait <name>`: asks until what is waited for has come about, and prints nothing.

use inia::{Client, did_you_mean, kebab_case};

use crate::arguments::{Arguments, OperationArguments};
use crate::command::describe;
use crate::status::Failure;

/// Lists the names of a service's waiters.
pub(crate) fn list(client: &Client) -> Result<(), Failure> {
    describe::print(names(client)?)
}

/// Waits for what the rest of the command line describes.
pub(crate) async fn run(
    mut arguments: Arguments,
    client: Client,
    name: &str,
) -> Result<(), Failure> {
    let known = names(&client)?;
    if !known.iter().any(|waiter| waiter == name) {
        return Err(Failure::usage(format!(
            "{}: no waiter {name:?}{}",
            client.service_name(),
            did_you_mean(name, known.iter().map(String::as_str))
        )));
    }
    let waiter = client.waiter(name)?;
    let model = std::sync::Arc::clone(client.model());
    let operation = model.operation(&waiter.operation)?;
    if arguments.takes_help() {
        return describe::operation(&model, operation);
    }
    let given = OperationArguments::read(&mut arguments, &model, operation)?;
    if let Some(word) = given.words.first() {
        return Err(Failure::usage(format!("{word:?} belongs to no option")));
    }
    match client.wait(name, given.params).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::Call {
            operation: operation.name.to_string(),
            error,
        }),
    }
}

fn names(client: &Client) -> Result<Vec<String>, Failure> {
    let waiters = client.waiters()?;
    Ok(waiters.map_or_else(Vec::new, |waiters| {
        waiters.names().map(|name| kebab_case(name)).collect()
    }))
}
