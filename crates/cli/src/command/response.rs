//! Writes the body or the events of a response, and returns the value to print.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::join;
use futures_util::{Stream, StreamExt as _};
use inia::model::{Kind, Member, Operation, ServiceModel};
use inia::{ByteStream, Error, ErrorKind, EventStream, Output, Value};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

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
    /// Returns the file that the positionals name, if the operation returns a body or events. A skeleton and events need none.
    ///
    /// # Errors
    /// If it is missing, is a folder, or is in a folder that does not exist. The call is not made then, because its result would
    /// be lost.
    pub(crate) fn of(
        model: &ServiceModel,
        operation: &Operation,
        arguments: &OperationArguments,
    ) -> Result<Option<Self>, CliError> {
        let has_events = model.event_stream_output(operation).is_some();
        let streams = model.streaming_output(operation).is_some() || has_events;
        let file = match (streams, arguments.positionals.as_slice()) {
            (true, [file]) if file == "-" => return Ok(Some(Outfile::StandardOutput)),
            (true, [file]) => Path::new(file),
            (true, []) if arguments.skeleton.is_some() || has_events => return Ok(None),
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

    /// Returns true if the file is the standard output, by any name.
    fn is_printed(&self) -> bool {
        match self {
            Outfile::StandardOutput => true,
            Outfile::File(path) => STANDARD_OUTPUT_PATHS
                .iter()
                .any(|open| path == Path::new(open)),
        }
    }

    async fn write(&self, body: ByteStream) -> Result<(), CliError> {
        match self {
            Outfile::File(path) if !self.is_printed() => {
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
        stdout.flush().await?;
    }
    Ok(())
}

/// Writes the body of a response to a file, or prints its events. Returns the value to print; `None` if everything was printed.
pub(crate) async fn receive(
    response: Output,
    outfile: Option<&Outfile>,
    model: &ServiceModel,
    operation: &Operation,
    printer: &Printer,
) -> Result<Option<Value>, CliError> {
    if let Some(events) = response.events {
        let events = ReceivedEvents {
            events,
            model,
            operation,
        };
        match outfile {
            None => events.print(printer, None).await?,
            Some(file) => {
                let (payloads, receiver) = mpsc::channel(1);
                let body = ByteStream::from_stream(ReceiverStream(receiver), None);
                let (printed, written) = join(
                    events.print(printer, Some((file, payloads))),
                    file.write(body),
                )
                .await;
                // The file has the error of the events, too.
                printed?;
                written?;
            }
        }
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

/// The events of a response.
struct ReceivedEvents<'a> {
    events: EventStream,
    model: &'a ServiceModel,
    operation: &'a Operation,
}

/// Payloads for the file, one at a time.
type Payloads = mpsc::Sender<inia::Result<Bytes>>;

impl ReceivedEvents<'_> {
    /// Prints events when they arrive, as JSON on one line each. With a file, it gets the payloads; if it is the standard output,
    /// nothing else is printed.
    ///
    /// DIFFERENCE: the AWS CLI has no operations with event streams except `s3api select-object-content`, which prints no events.
    async fn print(
        mut self,
        printer: &Printer,
        file: Option<(&Outfile, Payloads)>,
    ) -> Result<(), CliError> {
        while let Some(event) = self.events.next().await {
            let event = match event {
                Ok(event) => event,
                Err(error) => {
                    if let Some((_, payloads)) = &file {
                        let failed =
                            Error::new(ErrorKind::Stream, "the events ended with an error");
                        // If the file could not be written, its own error is reported.
                        let _ = payloads.send(Err(failed)).await;
                    }
                    return Err(CliError::Call {
                        operation: self.operation.name.to_string(),
                        error,
                    });
                }
            };
            match &file {
                None => printer.print_event(event, &self.operation.name)?,
                Some((file, payloads)) => match self.payload(&event) {
                    Some(payload) => {
                        if payloads.send(Ok(payload)).await.is_err() {
                            return Ok(());
                        }
                    }
                    None if file.is_printed() => {}
                    None => printer.print_event(event, &self.operation.name)?,
                },
            }
        }
        Ok(())
    }

    /// Returns the bytes of an event: its payload, or its only member if that is a blob.
    fn payload(&self, event: &Value) -> Option<Bytes> {
        let stream = self.model.event_stream_output(self.operation)?;
        let (name, members) = event.entries().next()?;
        let member = self.model.structure(stream)?.member(name)?;
        let structure = self.model.structure(member)?;
        let is_bytes = |member: &Member| matches!(self.model.shape(member.target).kind, Kind::Blob);
        let payload = match &structure.members[..] {
            [only] if is_bytes(only) => only,
            members => members
                .iter()
                .find(|member| member.traits.is_event_payload() && is_bytes(member))?,
        };
        let bytes = members.get(&payload.name).and_then(Value::as_blob);
        Some(Bytes::copy_from_slice(bytes.unwrap_or_default()))
    }
}

/// The payloads of a channel as a stream.
struct ReceiverStream(mpsc::Receiver<inia::Result<Bytes>>);

impl Stream for ReceiverStream {
    type Item = inia::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
