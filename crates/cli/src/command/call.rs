//! `inia <service> <operation>`: a single call.

use inia::model::{Operation, PaginatorModel};
use inia::paginate::Paginator;
use inia::{Client, Map, Session, Value, json};

use crate::arguments::{
    Arguments, ExplainOptions, InputRules, OperationArguments, OutputFormat, OutputOptions,
    PageLimits, PagingOptions, SinglePageOption,
};
use crate::command::input_events::InputEvents;
use crate::command::response::{Outfile, receive};
use crate::command::skeleton;
use crate::customization::{self, OperationCommand};
use crate::output::{self, PageOutput, Printer};
use crate::status::CliError;

/// Makes the call that the remaining arguments describe and prints its output.
pub(crate) async fn run(
    mut arguments: Arguments,
    session: &Session,
    client: Client,
    operation: &Operation,
    name: &str,
) -> Result<(), CliError> {
    let model = std::sync::Arc::clone(client.model());
    let command = OperationCommand {
        model: &model,
        operation,
        name,
    };
    let explain: ExplainOptions = arguments.take()?;
    explain.check()?;
    let (options, pages, mut arguments) = parse(arguments, &client, session, command)?;
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
    if outfile.as_ref().is_some_and(Outfile::is_standard_output) && !explain.explain {
        // Printing the value would corrupt the body.
        options.reject("the body is written to standard output")?;
    }
    // People read an explanation as text, unless they ask for a format.
    let is_text = options.query.is_none() && options.format.is_none();
    let printer = Printer::new(options, session)?;
    let in_operation = |error| CliError::Call {
        operation: operation.name.to_string(),
        error,
    };
    let output_files = customization::output_files(command, &arguments.kept)?;
    customization::complete(&client, command, &arguments.kept, &mut arguments.params).await?;
    let body = arguments.open_body().await?;
    if explain.explain {
        let mut call = client.call(&operation.name, arguments.params);
        if let Some(body) = body {
            call = call.body(body);
        }
        let mut explanation = call.explain();
        if explain.with_credentials {
            explanation = explanation.with_credentials();
        }
        let explanation = explanation.await.map_err(in_operation)?;
        if is_text {
            return output::write(&explanation.to_string());
        }
        return printer.print(explanation.to_value(), &operation.name);
    }
    let events = InputEvents::open(&model, operation, &arguments)?;
    let mut value = match pages {
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
            match printer.format() {
                OutputFormat::Text | OutputFormat::YamlStream => {
                    return print_pages(paginator, &printer, command).await;
                }
                _ => paginator.build_full_result().await.map_err(in_operation)?,
            }
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
    customization::apply_to_output(&output_files, &mut value)?;
    printer.prepare(&model, operation, &mut value);
    printer.print(value, &operation.name)
}

/// Prints the pages one by one. A query is applied to each of them.
///
/// # Source
/// The AWS CLI, `formatter.py:TextFormatter` and `StreamedYAMLFormatter`.
async fn print_pages(
    mut paginator: Paginator,
    printer: &Printer,
    command: OperationCommand<'_>,
) -> Result<(), CliError> {
    let title = &command.operation.name;
    let is_text = printer.format() == OutputFormat::Text;
    let mut output = PageOutput::default();
    let mut is_first = true;
    while let Some(page) = paginator.next().await {
        let mut page = match page {
            Ok(page) => page,
            Err(error) => {
                printer.finish_pages(output)?;
                return Err(CliError::Call {
                    operation: title.to_string(),
                    error,
                });
            }
        };
        printer.prepare(command.model, command.operation, &mut page.value);
        let Some(model) = paginator.model().filter(|_| is_text) else {
            printer.print_page(page.value, title, &mut output)?;
            continue;
        };
        // The values that are the same on all pages come with the first one.
        let mut shown = match paginator.non_aggregate_part() {
            Some(Value::Map(part)) if std::mem::take(&mut is_first) => part.clone(),
            _ => Map::new(),
        };
        for key in &model.result_keys {
            let value = key.find(&page.value)?.into_owned();
            set_at(&mut shown, key.as_str(), value);
        }
        printer.print_page(Value::Map(shown), title, &mut output)?;
    }
    if let Some(token) = paginator.resume_token().filter(|_| is_text) {
        // DIFFERENCE: the AWS CLI prints None if a query has no result here.
        if crate::program::is_aws() || !printer.has_query() {
            let token = json!({"NextToken": {"NextToken": token}});
            printer.print_page(token, title, &mut output)?;
        }
    }
    printer.finish_pages(output)
}

/// Sets the value at a path of names, which are separated by dots.
fn set_at(map: &mut Map, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            map.insert(path, value);
        }
        Some((name, rest)) => {
            if let Some(inner) = map.get_or_insert_with(name, Value::map).as_map_mut() {
                set_at(inner, rest, value);
            }
        }
    }
}

/// Parses the remaining arguments. Operations with a shipped paginator have paging options; inferred paginators are not used.
fn parse(
    mut arguments: Arguments,
    client: &Client,
    session: &Session,
    command: OperationCommand<'_>,
) -> Result<(OutputOptions, Option<PageLimits>, OperationArguments), CliError> {
    let paginator = client.paginator(&command.operation.name).ok();
    let shipped = |paginator: &std::sync::Arc<PaginatorModel>| !paginator.inferred;
    let rules = InputRules {
        form: arguments.value_form(session, client)?,
        ..InputRules::default()
    };
    let Some(paginator) = paginator.filter(shipped) else {
        let ((output, SinglePageOption), parsed) =
            OperationArguments::parse(arguments, command, rules)?;
        return Ok((output, None, parsed));
    };
    let ((output, paging), mut parsed): ((_, PagingOptions), _) =
        OperationArguments::parse(arguments, command, rules)?;
    let pages = paging.resolve(&paginator, command, &mut parsed)?;
    Ok((output, pages, parsed))
}
