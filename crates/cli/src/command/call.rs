//! `inia <service> <operation>`: a single call.

use std::path::Path;

use futures_util::StreamExt as _;
use inia::{Client, Operation, Output, PaginatorModel, ServiceModel, Session, Value};
use tokio::io::AsyncWriteExt as _;

use crate::arguments::{
    Arguments, OperationArguments, OutputOptions, PageLimits, PagingOptions, SinglePageOption,
};
use crate::command::skeleton;
use crate::output::Printer;
use crate::status::CliError;

/// File name for standard output.
pub(crate) const STANDARD_OUTPUT: &str = "-";

/// Makes the call that the remaining arguments describe and prints its output.
pub(crate) async fn run(
    arguments: Arguments,
    session: &Session,
    client: Client,
    operation: &Operation,
) -> Result<(), CliError> {
    let model = std::sync::Arc::clone(client.model());
    let (options, pages, arguments) = parse(arguments, &client, operation)?;
    let outfile = outfile(&model, operation, &arguments)?;
    if let Some(kind) = arguments.skeleton {
        return skeleton::print(
            kind,
            &model,
            operation,
            &arguments.params,
            &[],
            options,
            session,
        );
    }
    if outfile.as_deref() == Some(STANDARD_OUTPUT) {
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
            let mut call = client.call(&operation.name, arguments.params);
            if let Some(body) = body {
                call = call.body(body);
            }
            let response = call.send().await.map_err(in_operation)?;
            receive(response, outfile.as_deref(), &model, operation).await?
        }
    };
    if outfile.as_deref() == Some(STANDARD_OUTPUT) {
        return Ok(());
    }
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
            OperationArguments::parse(arguments, model, operation)?;
        return Ok((output, None, parsed));
    };
    let ((output, paging), mut parsed): ((_, PagingOptions), _) =
        OperationArguments::parse(arguments, model, operation)?;
    let pages = paging.resolve(&paginator, model, operation, &mut parsed)?;
    Ok((output, pages, parsed))
}

/// Returns the file for a streaming output. A skeleton needs none.
pub(crate) fn outfile(
    model: &ServiceModel,
    operation: &Operation,
    options: &OperationArguments,
) -> Result<Option<String>, CliError> {
    let streams = model.streaming_output(operation).is_some();
    match (streams, options.positionals.as_slice()) {
        (true, [file]) => Ok(Some(file.clone())),
        (true, []) if options.skeleton.is_some() => Ok(None),
        (true, []) => Err(CliError::usage(format!(
            "{} returns a stream: add a file name after the options, or - for standard output",
            operation.name
        ))),
        (_, []) => Ok(None),
        (true, [_, argument, ..]) | (false, [argument, ..]) => Err(CliError::unexpected(argument)),
    }
}

/// Writes a streaming output to `outfile` and returns the value to print.
pub(crate) async fn receive(
    mut response: Output,
    outfile: Option<&str>,
    model: &ServiceModel,
    operation: &Operation,
) -> Result<Value, CliError> {
    if let Some(events) = response.events.take() {
        let events = events.collect().await?;
        let member = model
            .event_stream_output(operation)
            .map(|member| member.name.clone());
        if let (Some(member), Some(map)) = (member, response.value.as_map_mut()) {
            map.insert(member, events);
        }
    }
    if let (Some(mut body), Some(file)) = (response.body.take(), outfile) {
        if file == STANDARD_OUTPUT {
            let mut stdout = tokio::io::stdout();
            while let Some(chunk) = body.next().await {
                stdout.write_all(&chunk?).await?;
            }
            stdout.flush().await?;
        } else {
            body.write_to(Path::new(file)).await?;
        }
    }
    Ok(response.value)
}
