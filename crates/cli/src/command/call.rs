//! `inia <service> <operation>`: one call.

use std::path::Path;

use futures_util::StreamExt as _;
use inia::jmespath::Expression;
use inia::{Client, Operation, Output, ServiceModel, Value};
use tokio::io::AsyncWriteExt as _;

use crate::arguments::{Arguments, Global, OperationArguments, OutputFormat};
use crate::command::skeleton;
use crate::output;
use crate::status::Failure;

/// The file name that stands for standard output.
pub(crate) const STANDARD_OUTPUT: &str = "-";

/// Makes the call that the rest of the command line describes, and prints its answer.
pub(crate) async fn run(
    mut arguments: Arguments,
    client: Client,
    operation: &Operation,
) -> Result<(), Failure> {
    let model = std::sync::Arc::clone(client.model());
    let given = OperationArguments::read(&mut arguments, &model, operation)?;
    let format = output_format(&arguments.global, &client)?;
    let query = arguments
        .global
        .query
        .as_deref()
        .map(Expression::compile)
        .transpose()?;
    if given.skeleton {
        return output::print(
            &skeleton::of(&model, operation),
            OutputFormat::Json,
            &operation.name,
        );
    }
    let outfile = outfile(&model, operation, &given)?;
    let in_operation = |error| Failure::Call {
        operation: operation.name.to_string(),
        error,
    };
    let body = given.open_body().await?;
    let pages = !given.paging.off && body.is_none() && is_paginated(&client, operation);
    let value = if pages && !sets_pages_by_hand(&client, operation, &given.params) {
        let mut paginator = client.paginate(&operation.name, given.params);
        if let Some(size) = given.paging.page_size {
            paginator = paginator.page_size(size);
        }
        if let Some(most) = given.paging.max_items {
            paginator = paginator.max_items(most);
        }
        if let Some(token) = given.paging.starting_token {
            paginator = paginator.starting_token(token);
        }
        paginator.build_full_result().await.map_err(in_operation)?
    } else {
        let mut call = client.call(&operation.name, given.params);
        if let Some(body) = body {
            call = call.body(body);
        }
        let answer = call.send().await.map_err(in_operation)?;
        receive(answer, outfile.as_deref(), &model, operation).await?
    };
    if outfile.as_deref() == Some(STANDARD_OUTPUT) {
        // The stream stands there, and whoever reads it wants nothing behind it.
        return Ok(());
    }
    let value = match &query {
        Some(query) => query.search(&value)?.into_owned(),
        None => value,
    };
    // An operation that answers nothing prints nothing.
    if model.output(operation).is_none() && value.entries().len() == 0 && query.is_none() {
        return Ok(());
    }
    output::print(&value, format, &operation.name)
}

/// How answers are printed: as the option says, else `AWS_DEFAULT_OUTPUT`, else the profile's `output`.
pub(crate) fn output_format(global: &Global, client: &Client) -> Result<OutputFormat, Failure> {
    if let Some(format) = global.output {
        return Ok(format);
    }
    let settings = client.session().core().settings();
    let configured = settings.env().var("AWS_DEFAULT_OUTPUT").or_else(|| {
        settings
            .profile()
            .and_then(|profile| profile.get("output"))
            .map(str::to_owned)
    });
    match configured.as_deref().map(str::trim) {
        None | Some("") => Ok(OutputFormat::Json),
        Some(name) => OutputFormat::from_name(name).ok_or_else(|| {
            Failure::usage(format!(
                "the configured output {name:?} is none of json, text, table and yaml"
            ))
        }),
    }
}

/// The file that a streaming answer goes to.
pub(crate) fn outfile(
    model: &ServiceModel,
    operation: &Operation,
    given: &OperationArguments,
) -> Result<Option<String>, Failure> {
    let streams = model.streaming_output(operation).is_some();
    match (streams, given.words.as_slice()) {
        (true, [file]) => Ok(Some(file.clone())),
        (true, []) => Err(Failure::usage(format!(
            "{} answers with a stream: name a file for it behind the options, or - for standard output",
            operation.name
        ))),
        (_, []) => Ok(None),
        (_, [word, ..]) => Err(Failure::usage(format!("{word:?} belongs to no option"))),
    }
}

/// Whether the caller turns the pages: gave a token or a limit by the operation's own parameters.
fn sets_pages_by_hand(client: &Client, operation: &Operation, params: &Value) -> bool {
    client.paginator(&operation.name).is_ok_and(|paginator| {
        let tokens = paginator.input_tokens.iter().map(|token| token.as_str());
        let limit = paginator.limit_key.iter().map(|limit| limit.as_str());
        tokens.chain(limit).any(|name| params.get(name).is_some())
    })
}

/// Whether AWS says how the operation's pages are turned. A paginator inferred from names is not used unasked.
fn is_paginated(client: &Client, operation: &Operation) -> bool {
    client
        .paginator(&operation.name)
        .is_ok_and(|paginator| !paginator.inferred)
}

/// The value to print of an answer, its stream written to where it goes.
pub(crate) async fn receive(
    mut answer: Output,
    outfile: Option<&str>,
    model: &ServiceModel,
    operation: &Operation,
) -> Result<Value, Failure> {
    if let Some(events) = answer.events.take() {
        let events = events.collect().await?;
        let member = model
            .event_stream_output(operation)
            .map(|member| member.name.clone());
        if let (Some(member), Some(map)) = (member, answer.value.as_map_mut()) {
            map.insert(member, events);
        }
    }
    if let (Some(mut body), Some(file)) = (answer.body.take(), outfile) {
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
    Ok(answer.value)
}
