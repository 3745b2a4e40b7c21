//! Converts option texts to values of a shape.

use inia::{
    Blob, List, Map, Str, Value, model::Kind, model::Member, model::Operation, model::ServiceModel,
    model::Shape, model::Structure,
};

use super::decode::BlobDecoder;
use super::form::ValueForm;
use super::paramfile::{self, ArgumentText};
use super::shorthand::{self, ShorthandValue};
use crate::status::CliError;

/// An option of an operation, for messages and for the rules of single options.
#[derive(Clone, Copy)]
pub(super) struct OptionContext<'c> {
    pub(super) model: &'c ServiceModel,
    pub(super) operation: &'c Operation,
    /// Name without dashes.
    pub(super) option: &'c str,
    pub(super) form: ValueForm,
}

/// String shapes whose value may be binary: S3's customer keys and the user data of instances, which inia encodes.
const BINARY_STRINGS: [&str; 4] = [
    "CopySourceSSECustomerKey",
    "RunInstancesUserData",
    "SSECustomerKey",
    "XmlStringUserData",
];

/// Lists of structures with one member, whose elements may be that member's value alone: service, operation and option.
///
/// # Source
/// The AWS CLI, `argprocess.py:ParamShorthand._uses_old_list_case`.
const SINGLE_MEMBER_LISTS: &[(&str, &str, &str)] = &[
    ("elb", "DeregisterInstancesFromLoadBalancer", "instances"),
    ("elb", "DescribeInstanceHealth", "instances"),
    ("elb", "RegisterInstancesWithLoadBalancer", "instances"),
    ("elb", "RemoveTags", "tags"),
    ("firehose", "PutRecordBatch", "records"),
    (
        "workspaces",
        "RebootWorkspaces",
        "reboot-workspace-requests",
    ),
    (
        "workspaces",
        "RebuildWorkspaces",
        "rebuild-workspace-requests",
    ),
    (
        "workspaces",
        "TerminateWorkspaces",
        "terminate-workspace-requests",
    ),
];

impl<'c> OptionContext<'c> {
    /// Returns the value of an option from its texts.
    ///
    /// A single text may name a file. Of several texts, none does: so it is in the AWS CLI.
    pub(super) fn value(self, member: &Member, texts: &[String]) -> Result<Value, CliError> {
        match texts {
            [text] if !paramfile::is_literal(self.model.name(), self.option) => {
                self.value_of(member, &[ArgumentText::load(text)?])
            }
            _ => {
                let texts: Vec<ArgumentText> =
                    texts.iter().cloned().map(ArgumentText::Plain).collect();
                self.value_of(member, &texts)
            }
        }
    }

    fn value_of(self, member: &Member, texts: &[ArgumentText]) -> Result<Value, CliError> {
        let shape = self.model.shape(member.target);
        match (&shape.kind, texts) {
            (Kind::List(_), [only]) if looks_like(only, b'[') => self.json(member, only),
            (Kind::List(element), _) => {
                let single = self.single_member(element);
                let values = texts.iter().map(|text| match single {
                    Some(single) => self.single_member_value(single, element, text),
                    None => self.element(element, text),
                });
                Ok(Value::List(values.collect::<Result<List, _>>()?))
            }
            (Kind::Map { .. }, _) => {
                let mut map = Map::new();
                for text in texts {
                    let Value::Map(entries) = self.element(member, text)? else {
                        return Err(self.error("expected Key=Value pairs or a JSON object"));
                    };
                    for (name, value) in entries {
                        if map.contains_key(&name) {
                            return Err(self.error(format!("the key {name} is given twice")));
                        }
                        map.insert(name, value);
                    }
                }
                Ok(Value::Map(map))
            }
            (_, [only]) => self.element(member, only),
            _ => Err(self.error(format!("expected one value, got {}", texts.len()))),
        }
    }

    fn element(self, member: &Member, text: &ArgumentText) -> Result<Value, CliError> {
        let shape = self.model.shape(member.target);
        match &shape.kind {
            Kind::Structure(_) if shape.traits.is_document() => self.json(member, text),
            Kind::Structure(_) | Kind::Map { .. } if looks_like(text, b'{') => {
                self.json(member, text)
            }
            Kind::List(_) if looks_like(text, b'[') => self.json(member, text),
            Kind::Structure(structure) if self.is_value_only(structure, text) => {
                let mut map = Map::new();
                map.insert("Value", self.plain(text)?);
                Ok(Value::Map(map))
            }
            Kind::Structure(_) | Kind::Map { .. } => {
                let parsed = shorthand::parse(self.plain(text)?);
                let parsed = parsed.map_err(|message| self.error(message))?;
                self.coerce(member, parsed)
            }
            Kind::List(_) => {
                let parsed = shorthand::parse_list(self.plain(text)?);
                let parsed = parsed.map_err(|message| self.error(message))?;
                self.coerce(member, parsed)
            }
            _ => self.scalar(shape, text),
        }
    }

    /// Reports whether a text is the value of a structure whose only member is the string `Value`.
    ///
    /// # Source
    /// The AWS CLI, `argprocess.py:ParamShorthandParser._handle_special_cases`.
    fn is_value_only(self, structure: &Structure, text: &ArgumentText) -> bool {
        let [member] = &*structure.members else {
            return false;
        };
        let is_string = matches!(self.model.shape(member.target).kind, Kind::String);
        &*member.name == "Value" && is_string && !text.bytes().contains(&b'=')
    }

    /// Returns the only member of the list's elements if an element may be the value of that member alone.
    fn single_member(self, element: &Member) -> Option<&'c Member> {
        let key = (&**self.model.name(), &*self.operation.name, self.option);
        if !SINGLE_MEMBER_LISTS.contains(&key) {
            return None;
        }
        match &self.model.shape(element.target).kind {
            Kind::Structure(structure) => match &*structure.members {
                [member] => Some(member),
                _ => None,
            },
            _ => None,
        }
    }

    fn single_member_value(
        self,
        single: &Member,
        element: &Member,
        text: &ArgumentText,
    ) -> Result<Value, CliError> {
        let names_member = text
            .bytes()
            .strip_prefix(single.name.as_bytes())
            .is_some_and(|rest| rest.starts_with(b"=") || rest.starts_with(b"@="));
        // DIFFERENCE: the AWS CLI takes `Data=x` for the value, too.
        let names_member = names_member && !crate::program::is_aws();
        if names_member || looks_like(text, b'{') {
            return self.element(element, text);
        }
        let value = self.scalar(self.model.shape(single.target), text)?;
        let mut map = Map::new();
        map.insert(single.name.clone(), value);
        Ok(Value::Map(map))
    }

    fn plain(self, text: &ArgumentText) -> Result<&str, CliError> {
        match text {
            ArgumentText::Plain(text) => Ok(text),
            ArgumentText::Bytes(_) => {
                Err(self.error("fileb:// is only for blobs; use file:// for text"))
            }
        }
    }

    fn json(self, member: &Member, text: &ArgumentText) -> Result<Value, CliError> {
        let value = parse_json(self.form.is_native, self.plain(text)?.as_bytes());
        let mut value = value.map_err(|message| self.error(message))?;
        let decoder = BlobDecoder {
            model: self.model,
            form: self.form,
        };
        decoder.value_in_place(member, &mut value)?;
        Ok(value)
    }

    fn scalar(self, shape: &Shape, text: &ArgumentText) -> Result<Value, CliError> {
        if let ArgumentText::Bytes(bytes) = text
            && (shape.kind == Kind::Blob || BINARY_STRINGS.contains(&shape.name.as_str()))
        {
            return Ok(Value::Blob(Blob::from(bytes.as_slice())));
        }
        let text = self.plain(text)?;
        let wrong = |expected: &str| self.error(format!("{text:?} is not {expected}"));
        Ok(match &shape.kind {
            Kind::Integer | Kind::Long => {
                Value::Int(text.trim().parse().map_err(|_| wrong("a 64-bit integer"))?)
            }
            Kind::Float | Kind::Double => Value::Float(match text.trim() {
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                number => number.parse().map_err(|_| wrong("a number"))?,
            }),
            Kind::Boolean if text.eq_ignore_ascii_case("true") => Value::Bool(true),
            Kind::Boolean if text.eq_ignore_ascii_case("false") => Value::Bool(false),
            Kind::Boolean => return Err(wrong("true or false")),
            Kind::Blob => self
                .form
                .binary
                .blob(text)
                .map_err(|message| self.error(message))?,
            _ => Value::from(text),
        })
    }

    /// Converts a shorthand value to the types of its shape. Texts are literal, unless their key is followed by `@=`.
    fn coerce(self, member: &Member, value: ShorthandValue) -> Result<Value, CliError> {
        let shape = self.model.shape(member.target);
        if shape.traits.is_document() {
            return Err(self.error(format!(
                "shorthand cannot express {}; write the whole value as JSON",
                member.name
            )));
        }
        Ok(match (&shape.kind, value) {
            (Kind::List(element), ShorthandValue::List(list)) => {
                let values = list.into_iter().map(|value| self.coerce(element, value));
                Value::List(values.collect::<Result<List, _>>()?)
            }
            // A single value is accepted for a list of one.
            (Kind::List(element), value) => {
                Value::List(List::from_iter([self.coerce(element, value)?]))
            }
            (Kind::Structure(structure), ShorthandValue::Map(entries)) => {
                self.coerce_map(entries, |name| structure.member(name))?
            }
            (Kind::Map { value: element, .. }, ShorthandValue::Map(entries)) => {
                self.coerce_map(entries, |_| Some(element))?
            }
            (_, ShorthandValue::Map(entries)) => self.coerce_map(entries, |_| None)?,
            (_, ShorthandValue::List(list)) => {
                let values = list.into_iter().map(|value| self.untyped(value));
                Value::List(values.collect::<Result<List, _>>()?)
            }
            (Kind::Structure(_) | Kind::Map { .. }, value) => self.untyped(value)?,
            (_, ShorthandValue::Text { text, is_path }) => {
                self.scalar(shape, &argument_text(text, is_path)?)?
            }
        })
    }

    fn coerce_map<'m>(
        self,
        entries: Vec<(String, ShorthandValue)>,
        member: impl Fn(&str) -> Option<&'m Member>,
    ) -> Result<Value, CliError> {
        let mut map = Map::new();
        for (name, value) in entries {
            let value = match member(&name) {
                Some(member) => self.coerce(member, value)?,
                None => self.untyped(value)?,
            };
            map.insert(Str::from(name), value);
        }
        Ok(Value::Map(map))
    }

    /// Converts a value that does not fit the shape; validation reports it.
    fn untyped(self, value: ShorthandValue) -> Result<Value, CliError> {
        Ok(match value {
            ShorthandValue::Text { text, is_path } => match argument_text(text, is_path)? {
                ArgumentText::Plain(text) => Value::from(text),
                ArgumentText::Bytes(bytes) => Value::Blob(Blob::from(bytes)),
            },
            ShorthandValue::List(list) => {
                let values = list.into_iter().map(|value| self.untyped(value));
                Value::List(values.collect::<Result<List, _>>()?)
            }
            ShorthandValue::Map(entries) => self.coerce_map(entries, |_| None)?,
        })
    }

    #[cold]
    pub(super) fn error(self, message: impl std::fmt::Display) -> CliError {
        if crate::program::is_aws() {
            return CliError::usage(format!(
                "Error parsing parameter '--{}': {message}",
                self.option
            ));
        }
        CliError::usage(format!("--{}: {message}", self.option))
    }
}

/// Returns a text, or the contents of the file that it names.
fn argument_text(text: String, is_path: bool) -> Result<ArgumentText, CliError> {
    if is_path {
        ArgumentText::load(&text)
    } else {
        Ok(ArgumentText::Plain(text))
    }
}

fn looks_like(text: &ArgumentText, first: u8) -> bool {
    text.bytes().trim_ascii_start().first() == Some(&first)
}

/// Parses JSON. Native values keep all digits of their numbers.
pub(super) fn parse_json(is_native: bool, text: &[u8]) -> Result<Value, String> {
    if is_native && let Ok(text) = std::str::from_utf8(text) {
        return inia::dynamodb::parse_json(text).map_err(|error| error.to_string());
    }
    serde_json::from_slice(text).map_err(|error| format!("invalid JSON: {error}"))
}
