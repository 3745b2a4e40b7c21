//! Converts option texts to values of a shape.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia::{Blob, Kind, List, Map, Member, ServiceModel, Shape, Value};

use super::shorthand;
use crate::command::decode;
use crate::status::CliError;

/// Text of an option: literal, or the contents of the file it names.
#[derive(Debug)]
pub(crate) enum ArgumentText {
    /// Literal text or the contents of a `file://` path.
    Plain(String),
    /// Contents of a `fileb://` path.
    Bytes(Vec<u8>),
}

impl ArgumentText {
    /// Resolves `file://` and `fileb://`.
    pub(crate) fn read(text: &str) -> Result<Self, CliError> {
        let read = |path: &str| {
            std::fs::read(path)
                .map_err(|error| CliError::usage(format!("{text}: cannot read the file: {error}")))
        };
        if let Some(path) = text.strip_prefix("fileb://") {
            return read(path).map(ArgumentText::Bytes);
        }
        if let Some(path) = text.strip_prefix("file://") {
            let bytes = read(path)?;
            return String::from_utf8(bytes)
                .map(ArgumentText::Plain)
                .map_err(|_| {
                    CliError::usage(format!(
                        "{text}: the file is not UTF-8; use fileb:// for binary data"
                    ))
                });
        }
        Ok(ArgumentText::Plain(text.to_owned()))
    }

    /// Returns the raw bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            ArgumentText::Plain(text) => text.as_bytes(),
            ArgumentText::Bytes(bytes) => bytes,
        }
    }
}

/// Returns the value of an option from its texts.
pub(super) fn option_value(
    model: &ServiceModel,
    member: &Member,
    option: &str,
    texts: &[ArgumentText],
) -> Result<Value, CliError> {
    let shape = model.shape(member.target);
    match &shape.kind {
        Kind::List(element) => {
            if let [only] = texts
                && looks_like(only, b'[')
            {
                return from_json(model, member, option, only);
            }
            let values = texts
                .iter()
                .map(|text| element_value(model, element, option, text))
                .collect::<Result<List, _>>()?;
            Ok(Value::List(values))
        }
        Kind::Map { .. } => {
            let mut map = Map::new();
            for text in texts {
                match element_value(model, member, option, text)? {
                    Value::Map(entries) => map.extend(entries),
                    _ => {
                        return Err(CliError::usage(format!(
                            "{option}: expected Key=Value pairs or a JSON object"
                        )));
                    }
                }
            }
            Ok(Value::Map(map))
        }
        _ => match texts {
            [only] => element_value(model, member, option, only),
            _ => Err(CliError::usage(format!(
                "{option}: expected one value, got {}",
                texts.len()
            ))),
        },
    }
}

fn element_value(
    model: &ServiceModel,
    member: &Member,
    option: &str,
    text: &ArgumentText,
) -> Result<Value, CliError> {
    let shape = model.shape(member.target);
    match &shape.kind {
        Kind::Structure(_) if shape.traits.is_document() => from_json(model, member, option, text),
        Kind::Structure(_) | Kind::Map { .. } if looks_like(text, b'{') => {
            from_json(model, member, option, text)
        }
        Kind::List(_) if looks_like(text, b'[') => from_json(model, member, option, text),
        Kind::Structure(_) | Kind::Map { .. } | Kind::List(_) => {
            let parsed =
                shorthand::parse(plain(option, text)?, matches!(shape.kind, Kind::List(_)))
                    .map_err(|message| CliError::usage(format!("{option}: {message}")))?;
            coerce(model, member, option, parsed)
        }
        _ => scalar(shape, option, text),
    }
}

fn plain<'a>(option: &str, text: &'a ArgumentText) -> Result<&'a str, CliError> {
    match text {
        ArgumentText::Plain(text) => Ok(text),
        ArgumentText::Bytes(_) => Err(CliError::usage(format!(
            "{option}: fileb:// is only for blobs; use file:// for text"
        ))),
    }
}

fn looks_like(text: &ArgumentText, first: u8) -> bool {
    text.bytes().trim_ascii_start().first() == Some(&first)
}

fn from_json(
    model: &ServiceModel,
    member: &Member,
    option: &str,
    text: &ArgumentText,
) -> Result<Value, CliError> {
    let mut value: Value = serde_json::from_str(plain(option, text)?)
        .map_err(|error| CliError::usage(format!("{option}: invalid JSON: {error}")))?;
    decode::value_in_place(model, member, &mut value)?;
    Ok(value)
}

fn scalar(shape: &Shape, option: &str, text: &ArgumentText) -> Result<Value, CliError> {
    if let (Kind::Blob, ArgumentText::Bytes(bytes)) = (&shape.kind, text) {
        return Ok(Value::Blob(Blob::from(bytes.as_slice())));
    }
    let text = plain(option, text)?;
    let wrong = |expected: &str| CliError::usage(format!("{option}: {text:?} is not {expected}"));
    Ok(match &shape.kind {
        Kind::Integer | Kind::Long => {
            Value::Int(text.trim().parse().map_err(|_| wrong("a 64-bit integer"))?)
        }
        Kind::Float | Kind::Double => Value::Float(match text.trim() {
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            number => number.parse().map_err(|_| wrong("a number"))?,
        }),
        Kind::Boolean => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(wrong("true or false")),
        },
        Kind::Blob => blob_from_text(text)
            .map_err(|message| CliError::usage(format!("{option}: {message}")))?,
        _ => Value::from(text),
    })
}

/// Decodes a blob from base64, its form on the command line and in JSON.
pub(crate) fn blob_from_text(text: &str) -> Result<Value, String> {
    BASE64_STANDARD
        .decode(text.trim().as_bytes())
        .map(|bytes| Value::Blob(Blob::from(bytes)))
        .map_err(|error| {
            format!("invalid base64 for a blob ({error}); use fileb:// to read bytes from a file")
        })
}

/// Converts the strings of a shorthand value to the types of its shape.
fn coerce(
    model: &ServiceModel,
    member: &Member,
    option: &str,
    value: Value,
) -> Result<Value, CliError> {
    let shape = model.shape(member.target);
    Ok(match (&shape.kind, value) {
        (Kind::Structure(structure), Value::Map(map)) => {
            let mut coerced = Map::new();
            for (name, value) in map {
                let option = format!("{option}: {name}");
                let value = match structure.member(&name) {
                    Some(member) => coerce(model, member, &option, value)?,
                    None => value,
                };
                coerced.insert(name, value);
            }
            Value::Map(coerced)
        }
        (Kind::Map { value: element, .. }, Value::Map(map)) => {
            let mut coerced = Map::new();
            for (name, value) in map {
                let value = coerce(model, element, option, value)?;
                coerced.insert(name, value);
            }
            Value::Map(coerced)
        }
        (Kind::List(element), Value::List(list)) => Value::List(
            list.into_iter()
                .map(|value| coerce(model, element, option, value))
                .collect::<Result<List, _>>()?,
        ),
        // A single value is accepted for a list of one.
        (Kind::List(element), value) => {
            Value::List(List::from_iter([coerce(model, element, option, value)?]))
        }
        (_, Value::String(text)) => scalar(shape, option, &ArgumentText::read(&text)?)?,
        (_, other) => other,
    })
}
