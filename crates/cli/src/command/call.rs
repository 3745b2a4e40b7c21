//! `inia <service> <operation>`: a single call.

use std::path::Path;

use futures_util::StreamExt as _;
use inia::jmespath::Expression;
use inia::{Client, Operation, Output, ServiceModel, Value};
use tokio::io::AsyncWriteExt as _;

use crate::arguments::{Arguments, GlobalOptions, OperationArguments, OutputFormat};
use crate::command::skeleton;
use crate::output;
use crate::status::CliError;

/// File name for standard output.
pub(crate) const STANDARD_OUTPUT: &str = "-";

/// Makes the call that the remaining arguments describe and prints its output.
pub(crate) async fn run(
    mut arguments: Arguments,
    client: Client,
    operation: &Operation,
) -> Result<(), CliError> {
    let model = std::sync::Arc::clone(client.model());
    let options = OperationArguments::read(&mut arguments, &model, operation)?;
    let format = output_format(&arguments.global, &client)?;
    let query = arguments
        .global
        .query
        .as_deref()
        .map(Expression::compile)
        .transpose()?;
    if options.skeleton {
        return output::print(
            &skeleton::of(&model, operation),
            OutputFormat::Json,
            &operation.name,
        );
    }
    let outfile = outfile(&model, operation, &options)?;
    let in_operation = |error| CliError::Call {
        operation: operation.name.to_string(),
        error,
    };
    let body = options.open_body().await?;
    let pages = !options.paging.off && body.is_none() && is_paginated(&client, operation);
    let value = if pages && !has_pagination_params(&client, operation, &options.params) {
        let mut paginator = client.paginate(&operation.name, options.params);
        if let Some(size) = options.paging.page_size {
            paginator = paginator.page_size(size);
        }
        if let Some(max) = options.paging.max_items {
            paginator = paginator.max_items(max);
        }
        if let Some(token) = options.paging.starting_token {
            paginator = paginator.starting_token(token);
        }
        paginator.build_full_result().await.map_err(in_operation)?
    } else {
        let mut call = client.call(&operation.name, options.params);
        if let Some(body) = body {
            call = call.body(body);
        }
        let response = call.send().await.map_err(in_operation)?;
        receive(response, outfile.as_deref(), &model, operation).await?
    };
    if outfile.as_deref() == Some(STANDARD_OUTPUT) {
        // The streaming body is already on standard output; printing the value would corrupt it.
        return Ok(());
    }
    let value = match &query {
        Some(query) => query.search(&value)?.into_owned(),
        None => value,
    };
    // An operation without output prints nothing.
    if model.output(operation).is_none() && value.entries().len() == 0 && query.is_none() {
        return Ok(());
    }
    output::print(&value, format, &operation.name)
}

/// Returns the output format: from `--output`, else `AWS_DEFAULT_OUTPUT`, else the profile's `output`.
pub(crate) fn output_format(
    global: &GlobalOptions,
    client: &Client,
) -> Result<OutputFormat, CliError> {
    if let Some(format) = global.output {
        return Ok(format);
    }
    let settings = client.session().settings();
    let configured = settings.env().var("AWS_DEFAULT_OUTPUT").or_else(|| {
        settings
            .profile()
            .and_then(|profile| profile.get("output"))
            .map(str::to_owned)
    });
    match configured.as_deref().map(str::trim) {
        None | Some("") => Ok(OutputFormat::Json),
        Some(name) => OutputFormat::from_name(name).ok_or_else(|| {
            CliError::usage(format!(
                "configured output format {name:?}: expected json, text, table or yaml"
            ))
        }),
    }
}

/// Returns the file for a streaming output.
pub(crate) fn outfile(
    model: &ServiceModel,
    operation: &Operation,
    options: &OperationArguments,
) -> Result<Option<String>, CliError> {
    let streams = model.streaming_output(operation).is_some();
    match (streams, options.positionals.as_slice()) {
        (true, [file]) => Ok(Some(file.clone())),
        (true, []) => Err(CliError::usage(format!(
            "{} returns a stream: add a file name after the options, or - for standard output",
            operation.name
        ))),
        (_, []) => Ok(None),
        (_, [argument, ..]) => Err(CliError::unexpected(argument)),
    }
}

/// Reports whether the parameters contain a pagination token or limit, which disables automatic pagination.
fn has_pagination_params(client: &Client, operation: &Operation, params: &Value) -> bool {
    client.paginator(&operation.name).is_ok_and(|paginator| {
        let tokens = paginator.input_tokens.iter().map(|token| token.as_str());
        let limit = paginator.limit_key.iter().map(|limit| limit.as_str());
        tokens.chain(limit).any(|name| params.get(name).is_some())
    })
}

/// Reports whether the service defines a paginator for the operation. Paginators inferred from member names are used
/// only on request.
fn is_paginated(client: &Client, operation: &Operation) -> bool {
    client
        .paginator(&operation.name)
        .is_ok_and(|paginator| !paginator.inferred)
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
