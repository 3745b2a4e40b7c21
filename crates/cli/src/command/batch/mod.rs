//! `inia batch`: reads one call per line on standard input and writes one result per line on standard output.
//!
//! ```text
//! -> {"id":"17","service":"sqs","operation":"SendMessage","params":{..},"region":"us-east-1","endpoint_url":"http://127.0.0.1:5000",
//!     "credentials":{"access_key_id":"..","secret_access_key":"..","session_token":null,"bearer_token":null},"config":{..}}
//! <- {"id":"17","ok":true,"result":{..},"metadata":{"http_status":200,"request_id":"..","headers":{..},"attempts":1}}
//! <- {"id":"18","ok":false,"error":{"kind":"service","code":"..","shape":"..","message":"..","http_status":400,"details":{..}},"metadata":{..}}
//! ```
//! Results are written in the order of completion. An invalid line gets a result with `ok` false, and the next lines
//! are read.

mod call;
mod result;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use inia::{Client, Result, Session};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Semaphore, mpsc};

use call::BatchCall;

/// Maximum length of an input line, in bytes. Blobs are part of the line.
const LINE_LIMIT: usize = 256 * 1024 * 1024;

/// Capacity of the channel of results that wait to be written.
const RESULT_CAPACITY: usize = 64;

/// Maximum number of cached clients. Each set of credentials may need a client.
const MAX_CLIENTS: usize = 1000;

/// Cache of clients by service, region, endpoint, credentials and config.
pub(super) struct ClientCache {
    session: Session,
    clients: Mutex<HashMap<String, Client>>,
}

impl ClientCache {
    fn get(&self, call: &BatchCall) -> Result<Client> {
        let key = call.client_key();
        if let Some(client) = self
            .clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Ok(client.clone());
        }
        let client = self
            .session
            .client_with(&call.service, &call.client_config()?)?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MAX_CLIENTS {
            clients.clear();
        }
        clients.insert(key, client.clone());
        Ok(client)
    }
}

/// Reads calls from `input` to its end and writes their results to `output`, at most `concurrency` calls at a time.
///
/// # Errors
/// If reading or writing fails.
pub(crate) async fn run(
    session: Session,
    mut input: impl AsyncBufRead + Unpin,
    output: impl AsyncWrite + Unpin + Send + 'static,
    concurrency: usize,
) -> std::io::Result<()> {
    let clients = Arc::new(ClientCache {
        session,
        clients: Mutex::default(),
    });
    let permits = Arc::new(Semaphore::new(concurrency.max(1)));
    let (results, receiver) = mpsc::channel(RESULT_CAPACITY);
    let writer = tokio::spawn(write(receiver, output));
    let mut line = Vec::new();
    loop {
        line.clear();
        let line_read = read_line(&mut input, &mut line).await?;
        if line_read == LineRead::End {
            break;
        }
        if line_read == LineRead::Whole && line.trim_ascii().is_empty() {
            continue;
        }
        let text = std::mem::take(&mut line);
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            break;
        };
        let (clients, results) = (Arc::clone(&clients), results.clone());
        tokio::spawn(async move {
            let result_line = match line_read {
                LineRead::TooLong => {
                    result::not_a_call(&format!("the line exceeds {LINE_LIMIT} bytes"))
                }
                _ => call::run(&clients, &text).await,
            };
            drop(permit);
            // The channel is closed if the reader of our output is gone; the result is dropped.
            let _ = results.send(result_line).await;
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
enum LineRead {
    Whole,
    TooLong,
    End,
}

/// Reads one line without its line break. A line beyond the limit is skipped.
async fn read_line(
    input: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> std::io::Result<LineRead> {
    let mut too_long = false;
    let mut read_any = false;
    loop {
        let buffer = input.fill_buf().await?;
        if buffer.is_empty() {
            return Ok(match (read_any, too_long) {
                (false, _) => LineRead::End,
                (true, true) => LineRead::TooLong,
                (true, false) => LineRead::Whole,
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
            return Ok(if too_long {
                LineRead::TooLong
            } else {
                LineRead::Whole
            });
        }
    }
}
