//! `inia batch`: one call a line on standard input, one result a line on standard output.
//!
//! ```text
//! -> {"id":"17","service":"sqs","operation":"SendMessage","params":{..},"region":"us-east-1","endpoint_url":"http://127.0.0.1:5000",
//!     "credentials":{"access_key_id":"..","secret_access_key":"..","session_token":null,"bearer_token":null},"config":{..}}
//! <- {"id":"17","ok":true,"result":{..},"metadata":{"http_status":200,"request_id":"..","headers":{..},"attempts":1}}
//! <- {"id":"18","ok":false,"error":{"kind":"service","code":"..","shape":"..","message":"..","http_status":400,"details":{..}},"metadata":{..}}
//! ```
//! Results come in the order of completion. A line that is no call gets a result with `ok` false, and the rest goes on.

mod call;
mod config;
mod result;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use inia::{Client, Result, Session};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Semaphore, mpsc};

use call::BatchCall;

/// The longest line that is read: what a call may carry in its blobs.
const LINE_LIMIT: usize = 256 * 1024 * 1024;

/// How many results may wait to be written.
const BACKLOG: usize = 64;

/// How many clients are kept: lines may name ever other credentials.
const MOST_CLIENTS: usize = 1000;

/// Clients by what makes them differ: service, region, endpoint, credentials and config.
pub(super) struct Clients {
    session: Session,
    known: Mutex<HashMap<String, Client>>,
}

impl Clients {
    fn get(&self, call: &BatchCall) -> Result<Client> {
        let key = call.client_key();
        if let Some(client) = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Ok(client.clone());
        }
        let client = self
            .session
            .client_with(&call.service, &call.client_config()?)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_CLIENTS {
            known.clear();
        }
        known.insert(key, client.clone());
        Ok(client)
    }
}

/// Reads calls from `input` to its end and writes their results to `output`, at most `concurrency` calls at a time.
///
/// # Errors
/// Reading or writing failed.
pub(crate) async fn run(
    session: Session,
    mut input: impl AsyncBufRead + Unpin,
    output: impl AsyncWrite + Unpin + Send + 'static,
    concurrency: usize,
) -> std::io::Result<()> {
    let clients = Arc::new(Clients {
        session,
        known: Mutex::default(),
    });
    let permits = Arc::new(Semaphore::new(concurrency.max(1)));
    let (results, waiting) = mpsc::channel(BACKLOG);
    let writer = tokio::spawn(write(waiting, output));
    let mut line = Vec::new();
    loop {
        line.clear();
        let found = read_line(&mut input, &mut line).await?;
        if found == Line::End {
            break;
        }
        if found == Line::Whole && line.trim_ascii().is_empty() {
            continue;
        }
        let text = std::mem::take(&mut line);
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            break;
        };
        let (clients, results) = (Arc::clone(&clients), results.clone());
        tokio::spawn(async move {
            let answer = match found {
                Line::TooLong => {
                    result::not_a_call(&format!("the line is longer than {LINE_LIMIT} bytes"))
                }
                _ => call::answer(&clients, &text).await,
            };
            drop(permit);
            // A writer that is gone has its reader gone: nobody waits for this.
            let _ = results.send(answer).await;
        });
        if writer.is_finished() {
            break;
        }
    }
    drop(results);
    writer
        .await
        .unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

async fn write(
    mut results: mpsc::Receiver<Vec<u8>>,
    mut output: impl AsyncWrite + Unpin,
) -> std::io::Result<()> {
    while let Some(mut line) = results.recv().await {
        line.push(b'\n');
        output.write_all(&line).await?;
        output.flush().await?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads one line without its end. Of a line beyond the limit the rest is passed over.
async fn read_line(
    input: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> std::io::Result<Line> {
    let mut too_long = false;
    let mut read_any = false;
    loop {
        let buffer = input.fill_buf().await?;
        if buffer.is_empty() {
            return Ok(match (read_any, too_long) {
                (false, _) => Line::End,
                (true, true) => Line::TooLong,
                (true, false) => Line::Whole,
            });
        }
        read_any = true;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let piece = buffer
            .get(..end.unwrap_or(buffer.len()))
            .unwrap_or_default();
        if line.len() + piece.len() > LINE_LIMIT {
            too_long = true;
            line.clear();
        }
        if !too_long {
            line.extend_from_slice(piece);
        }
        let used = end.map_or(buffer.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(if too_long { Line::TooLong } else { Line::Whole });
        }
    }
}
