//! `inia run`: reads one call per line on standard input and writes one result per line on standard output.
//!
//! ```text
//! -> {"id":"17","service":"sqs","operation":"SendMessage","params":{..},"region":"us-east-1","endpoint_url":"http://127.0.0.1:5000",
//!     "credentials":{"access_key_id":"..","secret_access_key":"..","session_token":null,"bearer_token":null},"config":{..}}
//! <- {"id":"17","ok":true,"result":{..},"metadata":{"http_status":200,"request_id":"..","headers":{..},"attempts":1}}
//! <- {"id":"18","ok":false,"error":{"kind":"service","code":"..","shape":"..","message":"..","http_status":400,"details":{..}},"metadata":{..}}
//! ```
//! Results are written in the order of completion. An invalid line gets a result with `ok` false, and the next lines
//! are read. If an event stream ends with an error, the line has the events before it in `events`.
//!
//! A line is read when a call may start, and the place of a call is free when its result is written. If the results
//! are not read, neither lines are read nor calls made.

mod call;
mod client_cache;
mod result;

use std::io::IsTerminal as _;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use inia::Session;
use tokio::io::{AsyncBufRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::arguments::{Arguments, Arity, OptionGroup, OptionRow, SessionOptions};
use crate::command::line_reader::{self, InputLine, read_line};
use crate::output::escape_controls;
use crate::signal::Signals;
use crate::status::CliError;

use client_cache::ClientCache;

/// Default number of concurrent calls.
const CONCURRENCY: usize = 16;

/// The option of `inia run`.
#[derive(Debug, Default)]
struct RunOptions {
    concurrency: Option<usize>,
}

impl OptionGroup for RunOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[OptionRow {
        name: "concurrency",
        arity: Arity::One,
        set: |options, number| {
            let is_valid = |number: &usize| (1..=Semaphore::MAX_PERMITS).contains(number);
            let parsed = number.parse().ok().filter(is_valid);
            options.concurrency = Some(parsed.ok_or_else(|| {
                CliError::usage(format!(
                    "--concurrency: {number:?} is not a positive integer"
                ))
            })?);
            Ok(())
        },
    }];
}

/// Runs `inia run` with the remaining arguments.
pub(crate) async fn run(mut arguments: Arguments, signals: &mut Signals) -> Result<(), CliError> {
    let (session, run): (SessionOptions, RunOptions) = arguments.take()?;
    arguments.finish::<0>("run")?;
    let session = signals.interrupt(session.load()).await?;
    let concurrency = run.concurrency.unwrap_or(CONCURRENCY);
    let input = tokio::io::BufReader::new(tokio::io::stdin());
    run_calls(session, input, tokio::io::stdout(), concurrency, signals).await
}

/// Reports whether the remaining arguments can be those of `inia run`, which has no positionals.
pub(crate) fn is_complete(arguments: &Arguments) -> bool {
    let mut ahead = arguments.clone();
    // Errors are reported when the line is parsed.
    let _ = ahead.take::<RunOptions>();
    !matches!(ahead.positional(), Ok(Some(_)))
}

/// A result line, with the place of its call.
type ResultLine = (Vec<u8>, OwnedSemaphorePermit);

/// Reads calls from `input` to its end, and writes their results to `output`. After a signal, no further line is read;
/// the calls that are made end, and their results are written. A second signal ends the command at once.
async fn run_calls(
    session: Session,
    input: impl AsyncBufRead + Unpin,
    output: impl AsyncWrite + Unpin + Send + 'static,
    concurrency: usize,
    signals: &mut Signals,
) -> Result<(), CliError> {
    let (results, receiver) = mpsc::unbounded_channel();
    let mut writer = tokio::spawn(write_results(receiver, output));
    let mut read = Ok(());
    let mut received = None;
    {
        let reading = pin!(start_calls(session, input, results, concurrency));
        let signal = pin!(signals.next());
        match select(select(reading, &mut writer), signal).await {
            Either::Left((Either::Left((ended, _)), _)) => read = ended,
            // The reader of our output is gone.
            Either::Left((Either::Right((written, _)), _)) => return Ok(finished(written)?),
            Either::Right((signal, _)) => received = Some(signal),
        }
        // Dropping the sender of results ends the writer after the last result.
    }
    loop {
        match select(&mut writer, pin!(signals.next())).await {
            Either::Left((written, _)) => {
                finished(written)?;
                read?;
                return received.map_or(Ok(()), |signal| Err(CliError::Signal(signal)));
            }
            Either::Right((signal, _)) if received.is_some() => {
                return Err(CliError::Signal(signal));
            }
            Either::Right((signal, _)) => received = Some(signal),
        }
    }
}

fn finished(written: Result<std::io::Result<()>, tokio::task::JoinError>) -> std::io::Result<()> {
    written.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

/// Starts a call for each line of the input, at most `concurrency` at a time.
async fn start_calls(
    session: Session,
    mut input: impl AsyncBufRead + Unpin,
    results: mpsc::UnboundedSender<ResultLine>,
    concurrency: usize,
) -> std::io::Result<()> {
    let clients = Arc::new(ClientCache::new(session));
    let places = Arc::new(Semaphore::new(concurrency));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let line = loop {
            match read_line(&mut input).await? {
                InputLine::End => return Ok(()),
                InputLine::Text(text) if text.trim_ascii().is_empty() => {}
                line => break line,
            }
        };
        let (clients, results) = (Arc::clone(&clients), results.clone());
        tokio::spawn(async move {
            let result_line = match line {
                InputLine::Text(text) => call::run(&clients, &text).await,
                _ => result::not_a_call(&format!(
                    "the line exceeds {} bytes",
                    line_reader::MAX_LINE_BYTES
                )),
            };
            // The channel is closed if the reader of our output is gone; the result is dropped.
            let _ = results.send((result_line, place));
        });
    }
    Ok(())
}

async fn write_results(
    mut results: mpsc::UnboundedReceiver<ResultLine>,
    mut output: impl AsyncWrite + Unpin,
) -> std::io::Result<()> {
    let is_terminal = std::io::stdout().is_terminal();
    while let Some((mut line, place)) = results.recv().await {
        if is_terminal {
            line = escape_controls(&String::from_utf8_lossy(&line))
                .into_owned()
                .into_bytes();
        }
        line.push(b'\n');
        output.write_all(&line).await?;
        output.flush().await?;
        drop(place);
    }
    Ok(())
}
