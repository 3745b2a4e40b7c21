//! `inia <service> <operation>`: a single call.

use inia::{Client, Session, model::Operation, model::PaginatorModel};

use crate::arguments::{
    Arguments, OperationArguments, OutputOptions, PageLimits, PagingOptions, SinglePageOption,
};
use crate::command::input_events::InputEvents;
use crate::command::response::{Outfile, receive};
use crate::command::skeleton;
use crate::output::Printer;
use crate::status::CliError;

/// Makes the call that the remaining arguments describe and prints its output.
pub(crate) async fn run(
    arguments: Arguments,
    session: &Session,
    client: Client,
    operation: &Operation,
) -> Result<(), CliError> {
    let model = std::sync::Arc::clone(client.model());
    let (options, pages, arguments) = parse(arguments, &client, operation)?;
    let outfile = Outfile::of(&model, operation, &arguments)?;
    if let Some(kind) = arguments.skeleton {
        return skeleton::print(
            kind,
            &client,
            operation,
            &arguments.params,
            &[],
            options,
            session,
        );
    }
    if outfile.as_ref().is_some_and(Outfile::is_standard_output) {
        // Printing the value would corrupt the body.
        options.reject("the body is written to standard output")?;
    }
    let has_query = options.query.is_some();
    let printer = Printer::new(options, session)?;
    let in_operation = |error| CliError::Call {
        operation: operation.name.to_string(),
        error,
    };
    let body = arguments.open_body().await?;
    let events = InputEvents::open(&model, operation, &arguments)?;
    let value = match pages {
        Some(limits) if body.is_none() => {
            let mut paginator = client.paginate(&operation.name, arguments.params);
            if let Some(size) = limits.page_size {
                paginator = paginator.page_size(size);
            }
            if let Some(max) = limits.max_items {
                paginator = paginator.max_items(max);
            }
            if let Some(token) = limits.starting_token {
                paginator = paginator.starting_token(token);
            }
            paginator.build_full_result().await.map_err(in_operation)?
        }
        _ => {
            let call = client.call(&operation.name, arguments.params);
            let mut call = call.resume_body();
            if let Some(body) = body {
                call = call.body(body);
            }
            if let Some(events) = events {
                call = call.event_stream(events.into_stream());
            }
            let response = call.send().await.map_err(in_operation)?;
            match receive(response, outfile.as_ref(), &model, operation, &printer).await? {
                Some(value) => value,
                None => return Ok(()),
            }
        }
    };
    // An operation without output prints nothing.
    if model.output(operation).is_none() && value.entries().len() == 0 && !has_query {
        return Ok(());
    }
    printer.print(&value, &operation.name)
}

/// Parses the remaining arguments. Operations with a shipped paginator have paging options; inferred paginators are not used.
fn parse(
    arguments: Arguments,
    client: &Client,
    operation: &Operation,
) -> Result<(OutputOptions, Option<PageLimits>, OperationArguments), CliError> {
    let model = client.model();
    let paginator = client.paginator(&operation.name).ok();
    let shipped = |paginator: &std::sync::Arc<PaginatorModel>| !paginator.inferred;
    let Some(paginator) = paginator.filter(shipped) else {
        let ((output, SinglePageOption), parsed) =
            OperationArguments::parse(arguments, client, operation)?;
        return Ok((output, None, parsed));
    };
    let ((output, paging), mut parsed): ((_, PagingOptions), _) =
        OperationArguments::parse(arguments, client, operation)?;
    let pages = paging.resolve(&paginator, model, operation, &mut parsed)?;
    Ok((output, pages, parsed))
}
