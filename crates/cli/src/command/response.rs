//! Writes the body or the events of a response, and returns the value to print.

use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use inia::{ByteStream, EventStream, Output, Value, model::Operation, model::ServiceModel};
use tokio::io::AsyncWriteExt as _;

use crate::arguments::OperationArguments;
use crate::output::Printer;
use crate::status::CliError;

/// The file that a body is written to.
#[derive(Debug)]
pub(crate) enum Outfile {
    /// `-`: the body is printed, and nothing else.
    StandardOutput,
    /// Another file, device or pipe.
    File(PathBuf),
}

/// Names of standard output as a file. It is not opened again, so that the value can be printed after the body.
const STANDARD_OUTPUT_PATHS: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

impl Outfile {
    /// Returns the file that the positionals name, if the operation returns a body. A skeleton needs none.
    ///
    /// # Errors
    /// If it is missing, is a folder, or is in a folder that does not exist. The call is not made then, because its result would
    /// be lost.
    pub(crate) fn of(
        model: &ServiceModel,
        operation: &Operation,
        arguments: &OperationArguments,
    ) -> Result<Option<Self>, CliError> {
        let streams = model.streaming_output(operation).is_some();
        let file = match (streams, arguments.positionals.as_slice()) {
            (true, [file]) if file == "-" => return Ok(Some(Outfile::StandardOutput)),
            (true, [file]) => Path::new(file),
            (true, []) if arguments.skeleton.is_some() => return Ok(None),
            (true, []) => {
                return Err(CliError::usage(format!(
                    "{} returns a stream: add a file name after the options, or - for standard output",
                    operation.name
                )));
            }
            (_, []) => return Ok(None),
            (true, [_, argument, ..]) | (false, [argument, ..]) => {
                return Err(CliError::unexpected(argument));
            }
        };
        let folder = file.parent().unwrap_or(file);
        let problem = if file.is_dir() {
            "is a folder; add a file name"
        } else if !folder.as_os_str().is_empty() && !folder.is_dir() {
            "there is no such folder"
        } else {
            return Ok(Some(Outfile::File(file.to_owned())));
        };
        Err(CliError::usage(format!("{}: {problem}", file.display())))
    }

    /// Returns true if the body is printed, and nothing else.
    pub(crate) fn is_standard_output(&self) -> bool {
        matches!(self, Outfile::StandardOutput)
    }

    async fn write(&self, body: ByteStream) -> Result<(), CliError> {
        match self {
            Outfile::File(path)
                if !STANDARD_OUTPUT_PATHS
                    .iter()
                    .any(|open| path == Path::new(open)) =>
            {
                body.write_to(path).await?;
                Ok(())
            }
            _ => print_body(body).await,
        }
    }
}

async fn print_body(mut body: ByteStream) -> Result<(), CliError> {
    let mut stdout = tokio::io::stdout();
    while let Some(chunk) = body.next().await {
        stdout.write_all(&chunk?).await?;
    }
    stdout.flush().await?;
    Ok(())
}

/// Writes the body of a response to a file, or prints its events. Returns the value to print; `None` if everything was printed.
pub(crate) async fn receive(
    response: Output,
    outfile: Option<&Outfile>,
    operation: &Operation,
    printer: &Printer,
) -> Result<Option<Value>, CliError> {
    if let Some(events) = response.events {
        print_events(&response.value, events, operation, printer).await?;
        return Ok(None);
    }
    if let (Some(body), Some(file)) = (response.body, outfile) {
        file.write(body).await?;
        if file.is_standard_output() {
            return Ok(None);
        }
    }
    Ok(Some(response.value))
}

/// Prints events when they arrive, as JSON on one line each. The other members of the output, if there are any, come first.
///
/// DIFFERENCE: the AWS CLI has no operations with event streams except `s3api select-object-content`, which writes a file.
async fn print_events(
    value: &Value,
    mut events: EventStream,
    operation: &Operation,
    printer: &Printer,
) -> Result<(), CliError> {
    if value.entries().len() > 0 {
        printer.print_event(value, &operation.name)?;
    }
    while let Some(event) = events.next().await {
        let event = event.map_err(|error| CliError::Call {
            operation: operation.name.to_string(),
            error,
        })?;
        printer.print_event(&event, &operation.name)?;
    }
    Ok(())
}
