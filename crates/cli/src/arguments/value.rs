//! Text of the command line as a value of a shape.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia::{Blob, Kind, List, Map, Member, ServiceModel, Shape, Value};

use super::shorthand;
use crate::command::decode;
use crate::status::Failure;

/// The text of an option: as it stands, or what the file it names holds.
#[derive(Debug)]
pub(crate) enum Text {
    /// Characters, from the line or by `file://`.
    Plain(String),
    /// Bytes, by `fileb://`.
    Bytes(Vec<u8>),
}

impl Text {
    /// Reads what `file://` and `fileb://` name.
    pub(crate) fn read(text: &str) -> Result<Self, Failure> {
        let read = |path: &str| {
            std::fs::read(path).map_err(|error| {
                Failure::usage(format!("{text}: the file cannot be read: {error}"))
            })
        };
        if let Some(path) = text.strip_prefix("fileb://") {
            return read(path).map(Text::Bytes);
        }
        if let Some(path) = text.strip_prefix("file://") {
            let bytes = read(path)?;
            return String::from_utf8(bytes).map(Text::Plain).map_err(|_| {
                Failure::usage(format!(
                    "{text}: the file is not UTF-8 text; fileb:// takes bytes"
                ))
            });
        }
        Ok(Text::Plain(text.to_owned()))
    }

    /// The bytes, whatever they mean.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Text::Plain(text) => text.as_bytes(),
            Text::Bytes(bytes) => bytes,
        }
    }
}

/// The value of an option from its texts.
pub(super) fn of_option(
    model: &ServiceModel,
    member: &Member,
    place: &str,
    texts: &[Text],
) -> Result<Value, Failure> {
    let shape = model.shape(member.target);
    match &shape.kind {
        Kind::List(element) => {
            if let [only] = texts
                && looks_like(only, b'[')
            {
                return from_json(model, member, place, only);
            }
            let values = texts
                .iter()
                .map(|text| of_element(model, element, place, text))
                .collect::<Result<List, _>>()?;
            Ok(Value::List(values))
        }
        Kind::Map { .. } => {
            let mut map = Map::new();
            for text in texts {
                match of_element(model, member, place, text)? {
                    Value::Map(entries) => map.extend(entries),
                    _ => {
                        return Err(Failure::usage(format!(
                            "{place}: expected Key=Value pairs or a JSON object"
                        )));
                    }
                }
            }
            Ok(Value::Map(map))
        }
        _ => match texts {
            [only] => of_element(model, member, place, only),
            _ => Err(Failure::usage(format!(
                "{place}: expected one value, got {}",
                texts.len()
            ))),
        },
    }
}

fn of_element(
    model: &ServiceModel,
    member: &Member,
    place: &str,
    text: &Text,
) -> Result<Value, Failure> {
    let shape = model.shape(member.target);
    match &shape.kind {
        Kind::Structure(_) if shape.traits.is_document() => from_json(model, member, place, text),
        Kind::Structure(_) | Kind::Map { .. } if looks_like(text, b'{') => {
            from_json(model, member, place, text)
        }
        Kind::List(_) if looks_like(text, b'[') => from_json(model, member, place, text),
        Kind::Structure(_) | Kind::Map { .. } | Kind::List(_) => {
            let parsed = shorthand::parse(plain(place, text)?, matches!(shape.kind, Kind::List(_)))
                .map_err(|message| Failure::usage(format!("{place}: {message}")))?;
            coerce(model, member, place, parsed)
        }
        _ => scalar(shape, place, text),
    }
}

fn plain<'a>(place: &str, text: &'a Text) -> Result<&'a str, Failure> {
    match text {
        Text::Plain(text) => Ok(text),
        Text::Bytes(_) => Err(Failure::usage(format!(
            "{place}: fileb:// is for blobs; file:// takes text"
        ))),
    }
}

fn looks_like(text: &Text, first: u8) -> bool {
    text.bytes().trim_ascii_start().first() == Some(&first)
}

fn from_json(
    model: &ServiceModel,
    member: &Member,
    place: &str,
    text: &Text,
) -> Result<Value, Failure> {
    let mut value: Value = serde_json::from_str(plain(place, text)?)
        .map_err(|error| Failure::usage(format!("{place}: this is not JSON: {error}")))?;
    decode::value_in_place(model, member, &mut value)?;
    Ok(value)
}

fn scalar(shape: &Shape, place: &str, text: &Text) -> Result<Value, Failure> {
    if let (Kind::Blob, Text::Bytes(bytes)) = (&shape.kind, text) {
        return Ok(Value::Blob(Blob::from(bytes.as_slice())));
    }
    let text = plain(place, text)?;
    let wrong = |what: &str| Failure::usage(format!("{place}: {text:?} is not {what}"));
    Ok(match &shape.kind {
        Kind::Integer | Kind::Long => Value::Int(
            text.trim()
                .parse()
                .map_err(|_| wrong("a whole number of up to 64 bits"))?,
        ),
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
        Kind::Blob => {
            blob_from_text(text).map_err(|why| Failure::usage(format!("{place}: {why}")))?
        }
        _ => Value::from(text),
    })
}

/// A blob in the form it has on a command line and in JSON: base64.
pub(crate) fn blob_from_text(text: &str) -> Result<Value, String> {
    BASE64_STANDARD
        .decode(text.trim().as_bytes())
        .map(|bytes| Value::Blob(Blob::from(bytes)))
        .map_err(|error| {
            format!(
                "a blob is base64 here, and this is not ({error}); fileb:// takes a file of bytes"
            )
        })
}

/// Brings the strings of a shorthand value to the types of its shape.
fn coerce(
    model: &ServiceModel,
    member: &Member,
    place: &str,
    value: Value,
) -> Result<Value, Failure> {
    let shape = model.shape(member.target);
    Ok(match (&shape.kind, value) {
        (Kind::Structure(structure), Value::Map(map)) => {
            let mut coerced = Map::new();
            for (name, value) in map {
                let place = format!("{place}: {name}");
                let value = match structure.member(&name) {
                    Some(member) => coerce(model, member, &place, value)?,
                    None => value,
                };
                coerced.insert(name, value);
            }
            Value::Map(coerced)
        }
        (Kind::Map { value: element, .. }, Value::Map(map)) => {
            let mut coerced = Map::new();
            for (name, value) in map {
                let value = coerce(model, element, place, value)?;
                coerced.insert(name, value);
            }
            Value::Map(coerced)
        }
        (Kind::List(element), Value::List(list)) => Value::List(
            list.into_iter()
                .map(|value| coerce(model, element, place, value))
                .collect::<Result<List, _>>()?,
        ),
        // One value may stand for a list of one.
        (Kind::List(element), value) => {
            Value::List(List::from_iter([coerce(model, element, place, value)?]))
        }
        (_, Value::String(text)) => scalar(shape, place, &Text::read(&text)?)?,
        (_, other) => other,
    })
}
