//! `--input-events`: the events of a request, one JSON object a line.
//!
//! ```text
//! {"ConfigurationEvent": {"responseContentType": "audio/pcm"}}
//! {"AudioInputEvent": {"contentType": "audio/lpcm", "audioChunk": "fileb://speech.pcm"}}
//! ```
//! A blob is base64, or the path of a file behind `fileb://`: its event is repeated with each frame of the file.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, stream};
use inia::model::{Kind, Member, Operation, ServiceModel, snake_case};
use inia::{Blob, ByteStream, Error, ErrorKind, Result, Str, Value};
use tokio::io::{AsyncBufRead, BufReader};

use crate::arguments::{OperationArguments, decode};
use crate::command::line_reader::{InputLine, MAX_LINE_BYTES, read_line};
use crate::paths;
use crate::status::CliError;

/// Default of `--frame-bytes`: a quarter of a second of speech at 16 kHz and 16 bits.
const FRAME_BYTES: usize = 8000;

/// The path of the standard input.
const STANDARD_INPUT: &str = "-";

/// The events of a request.
pub(crate) struct InputEvents {
    source: EventSource,
    expander: EventExpander,
}

enum EventSource {
    /// Events of the command line.
    List(VecDeque<Value>),
    /// A file of lines, opened when the first is read.
    File(PathBuf),
    Lines(Box<EventLines>),
}

/// Lines of JSON.
struct EventLines {
    reader: Box<dyn AsyncBufRead + Send + Unpin>,
    number: usize,
}

/// Decodes events, and cuts the files that they name.
struct EventExpander {
    model: Arc<ServiceModel>,
    /// The event stream of the input.
    stream: Member,
    frame_bytes: usize,
    reads_standard_input: bool,
    file: Option<FramedFile>,
}

/// A file whose event is repeated with each of its frames.
struct FramedFile {
    event: Value,
    /// Names of the event and the member.
    member: [Str; 2],
    body: ByteStream,
    rest: BytesMut,
    is_ended: bool,
    name: String,
}

impl InputEvents {
    /// Returns the events that the options name; `None` if the operation takes none, or they are in the parameters.
    ///
    /// # Errors
    /// If they are missing or invalid.
    pub(crate) fn open(
        model: &Arc<ServiceModel>,
        operation: &Operation,
        arguments: &OperationArguments,
    ) -> std::result::Result<Option<Self>, CliError> {
        let Some(stream) = model.event_stream_input(operation) else {
            return Ok(None);
        };
        let options = &arguments.events;
        let Some(text) = &options.events else {
            if options.frame_bytes.is_some() {
                return Err(CliError::usage("--frame-bytes requires --input-events"));
            }
            if matches!(arguments.params.get(&stream.name), Some(Value::List(_))) {
                return Ok(None);
            }
            return Err(CliError::usage(format!(
                "the input of {} is an event stream: add --input-events file://EVENTS.jsonl, or - for standard input",
                operation.name
            )));
        };
        let source = match text.strip_prefix("file://") {
            _ if text == STANDARD_INPUT => EventSource::Lines(Box::new(EventLines {
                reader: Box::new(BufReader::new(tokio::io::stdin())),
                number: 0,
            })),
            Some(path) => {
                let path = paths::expand(path);
                if !path.exists() {
                    return Err(CliError::usage(format!("{text}: there is no such file")));
                }
                EventSource::File(path)
            }
            None if text.starts_with("fileb://") => {
                return Err(CliError::usage(format!(
                    "--input-events: {text} is binary: name it in the blob of an event, such as '{{\"Event\": {{\"Blob\": \"{text}\"}}}}'"
                )));
            }
            None => EventSource::List(parse_list(text)?),
        };
        Ok(Some(InputEvents {
            expander: EventExpander {
                model: Arc::clone(model),
                stream: stream.clone(),
                frame_bytes: options.frame_bytes.unwrap_or(FRAME_BYTES),
                reads_standard_input: matches!(source, EventSource::Lines(_)),
                file: None,
            },
            source,
        }))
    }

    /// Returns the events as a stream, which reads them when they are sent.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Value>> + Send + 'static {
        stream::try_unfold(self, |mut events| async move {
            Ok(events.next().await?.map(|event| (event, events)))
        })
    }

    async fn next(&mut self) -> Result<Option<Value>> {
        loop {
            if let Some(event) = self.expander.next_frame().await? {
                return Ok(Some(event));
            }
            let (event, line) = match &mut self.source {
                EventSource::List(events) => (events.pop_front(), None),
                EventSource::Lines(lines) => {
                    let event = lines.next().await?;
                    (event, Some(lines.number))
                }
                EventSource::File(path) => {
                    let file = tokio::fs::File::open(&*path);
                    let file = file.await.map_err(|error| cannot_read(path, error))?;
                    self.source = EventSource::Lines(Box::new(EventLines {
                        reader: Box::new(BufReader::new(file)),
                        number: 0,
                    }));
                    continue;
                }
            };
            let Some(event) = event else {
                return Ok(None);
            };
            let event = self.expander.expand(event).await;
            match (event, line) {
                (Ok(Some(event)), _) => return Ok(Some(event)),
                (Ok(None), _) => {}
                (Err(error), Some(line)) => return Err(error.at(format_args!("line {line}"))),
                (Err(error), None) => return Err(error),
            }
        }
    }
}

/// Parses events of the command line: one, or a list.
fn parse_list(text: &str) -> std::result::Result<VecDeque<Value>, CliError> {
    match serde_json::from_str(text) {
        Ok(Value::List(events)) => Ok(events.into_iter().collect()),
        Ok(event @ Value::Map(_)) => Ok(VecDeque::from([event])),
        Ok(other) => Err(CliError::usage(format!(
            "--input-events: expected an event or a list of events, got a {}",
            other.type_name()
        ))),
        Err(error) => Err(CliError::usage(format!(
            "--input-events: invalid JSON: {error}; a file of lines is written file://PATH"
        ))),
    }
}

impl EventLines {
    /// Returns the event of the next line that is not empty.
    async fn next(&mut self) -> Result<Option<Value>> {
        loop {
            self.number += 1;
            let at_line = |error: Error| error.at(format_args!("line {}", self.number));
            let line = read_line(&mut self.reader).await.map_err(|error| {
                at_line(Error::new(ErrorKind::Stream, "cannot read the events").with_source(error))
            })?;
            match line {
                InputLine::End => return Ok(None),
                InputLine::Text(text) if text.trim_ascii().is_empty() => {}
                InputLine::Text(text) => {
                    let event = serde_json::from_slice(&text);
                    return event.map(Some).map_err(|error| {
                        at_line(invalid(format!(
                            "invalid JSON: {error}; each line is one event"
                        )))
                    });
                }
                InputLine::TooLong => {
                    return Err(at_line(invalid(format!(
                        "longer than {MAX_LINE_BYTES} bytes"
                    ))));
                }
            }
        }
    }
}

impl EventExpander {
    /// Decodes an event. If it names a file, returns its first frame, and `None` if the file is empty.
    async fn expand(&mut self, mut event: Value) -> Result<Option<Value>> {
        let Some((member, path)) = self.named_file(&mut event)? else {
            decode::value_in_place(&self.model, &self.stream, &mut event)?;
            return Ok(Some(event));
        };
        // The rest of the event has its own blobs.
        decode::value_in_place(&self.model, &self.stream, &mut event)?;
        let body = if path == STANDARD_INPUT {
            if self.reads_standard_input {
                return Err(invalid(
                    "fileb://- is the standard input, which has the events",
                ));
            }
            self.reads_standard_input = true;
            ByteStream::from_reader(tokio::io::stdin(), None)
        } else {
            let body = ByteStream::from_path(paths::expand(&path)).await;
            body.map_err(|error| invalid(format!("fileb://{path}: {error:#}")))?
        };
        self.file = Some(FramedFile {
            event,
            member,
            body,
            rest: BytesMut::new(),
            is_ended: false,
            name: path,
        });
        self.next_frame().await
    }

    /// Takes the path of a file out of an event, with the names of the event and the member.
    fn named_file(&self, event: &mut Value) -> Result<Option<([Str; 2], String)>> {
        let mut found = None;
        let events = self.model.structure(&self.stream);
        let Some(map) = event.as_map_mut() else {
            return Ok(None);
        };
        for (event_name, members) in map.iter_mut() {
            let member = events.and_then(|events| {
                let mut members = events.members.iter();
                members.find(|member| is_name(event_name, &member.name))
            });
            let structure = member.and_then(|member| self.model.structure(member));
            let (Some(structure), Some(members)) = (structure, members.as_map_mut()) else {
                continue;
            };
            for (name, value) in members.iter_mut() {
                let mut shapes = structure.members.iter();
                let is_blob = shapes.any(|member| {
                    is_name(name, &member.name)
                        && matches!(self.model.shape(member.target).kind, Kind::Blob)
                });
                let path = value
                    .as_str()
                    .and_then(|text| text.strip_prefix("fileb://"));
                let Some(path) = path.filter(|_| is_blob).map(str::to_owned) else {
                    continue;
                };
                if found.is_some() {
                    return Err(invalid("an event can name one file only"));
                }
                *value = Value::Null;
                found = Some(([event_name.clone(), name.clone()], path));
            }
        }
        Ok(found)
    }

    /// Returns the event with the next frame of the file, if there is one.
    async fn next_frame(&mut self) -> Result<Option<Value>> {
        let Some(file) = &mut self.file else {
            return Ok(None);
        };
        let Some(frame) = file.next(self.frame_bytes).await? else {
            self.file = None;
            return Ok(None);
        };
        let [event_name, name] = &file.member;
        let mut event = file.event.clone();
        if let Some(members) = event.as_map_mut().and_then(|map| map.get_mut(event_name))
            && let Some(members) = members.as_map_mut()
        {
            members.insert(name.clone(), Blob::from(frame));
        }
        Ok(Some(event))
    }
}

impl FramedFile {
    /// Returns the next frame, which is shorter only at the end of the file.
    async fn next(&mut self, size: usize) -> Result<Option<Bytes>> {
        while self.rest.len() < size && !self.is_ended {
            match self.body.next().await.transpose() {
                Ok(Some(chunk)) => self.rest.extend_from_slice(&chunk),
                Ok(None) => self.is_ended = true,
                Err(error) => return Err(error.at(format_args!("fileb://{}", self.name))),
            }
        }
        let length = self.rest.len().min(size);
        if length == 0 {
            return Ok(None);
        }
        Ok(Some(self.rest.copy_to_bytes(length)))
    }
}

/// Reports whether a name is that of the model, as it is or in snake case.
fn is_name(name: &str, model_name: &str) -> bool {
    name == model_name || name == snake_case(model_name)
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Validation, message)
}

fn cannot_read(path: &Path, error: std::io::Error) -> Error {
    let message = format!("{}: cannot read the events", path.display());
    Error::new(ErrorKind::Stream, message).with_source(error)
}
