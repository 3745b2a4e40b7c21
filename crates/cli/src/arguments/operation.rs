//! Options of an operation, derived from its input shape.

use std::collections::HashSet;

use inia::{
    ByteStream, Client, Map, Value, model::Kind, model::Member, model::Operation,
    model::ServiceModel, model::kebab_case,
};

use super::decode::BlobDecoder;
use super::option::{Arity, OptionGroup, OptionRow, OptionSet};
use super::paramfile::{self, ArgumentText};
use super::value::OptionContext;
use super::{Arguments, GlobalOptions};
use crate::status::CliError;

/// Options of every command that takes the parameters of an operation.
#[derive(Debug, Default)]
pub(super) struct InputOptions {
    json: Option<ArgumentText>,
    skeleton: Option<SkeletonKind>,
}

impl InputOptions {
    /// Returns the parameters in `--cli-input-json`.
    fn params(&self, client: &Client) -> Result<Value, CliError> {
        let Some(text) = &self.json else {
            return Ok(Value::map());
        };
        let params = parse_json(client.is_native(), text.bytes());
        match params.map_err(|error| CliError::usage(format!("--cli-input-json: {error}")))? {
            params @ Value::Map(_) => Ok(params),
            _ => Err(CliError::usage("--cli-input-json: expected a JSON object")),
        }
    }
}

/// Parses JSON. Native values keep all digits of their numbers.
pub(super) fn parse_json(is_native: bool, text: &[u8]) -> Result<Value, String> {
    if is_native && let Ok(text) = std::str::from_utf8(text) {
        return inia::dynamodb::parse_json(text).map_err(|error| error.to_string());
    }
    serde_json::from_slice(text).map_err(|error| format!("invalid JSON: {error}"))
}

impl OptionGroup for InputOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[
        OptionRow {
            name: "cli-input-json",
            arity: Arity::One,
            set: |options, text| {
                options.json = Some(ArgumentText::load(&text)?);
                Ok(())
            },
        },
        OptionRow {
            name: "generate-cli-skeleton",
            arity: Arity::Choice(&["input", "yaml-input", "output"]),
            set: |options, kind| {
                options.skeleton = Some(match kind.as_str() {
                    "" | "input" => SkeletonKind::Input,
                    "yaml-input" => SkeletonKind::YamlInput,
                    "output" => SkeletonKind::Output,
                    _ => {
                        return Err(CliError::usage(format!(
                            "--generate-cli-skeleton: {kind:?} is not one of input, yaml-input and output"
                        )));
                    }
                });
                Ok(())
            },
        },
    ];
}

/// Options of operations whose input is an event stream.
#[derive(Debug, Default)]
pub(crate) struct EventOptions {
    /// The events: JSON, the path of a file of lines behind `file://`, or `-`.
    pub(crate) events: Option<String>,
    /// Size of the frames that a binary file is cut into, in bytes.
    pub(crate) frame_bytes: Option<usize>,
}

/// Maximum value of `--frame-bytes`: that of the payload of an event.
const MAX_FRAME_BYTES: usize = 24 << 20;

impl OptionGroup for EventOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[
        OptionRow {
            name: "input-events",
            arity: Arity::One,
            set: |options, events| {
                options.events = Some(events);
                Ok(())
            },
        },
        OptionRow {
            name: "frame-bytes",
            arity: Arity::One,
            set: |options, number| {
                let parsed = number.parse().ok();
                let parsed = parsed.filter(|size| (1..=MAX_FRAME_BYTES).contains(size));
                options.frame_bytes = Some(parsed.ok_or_else(|| {
                    CliError::usage(format!(
                        "--frame-bytes: {number:?} is not a number of bytes from 1 to {MAX_FRAME_BYTES}"
                    ))
                })?);
                Ok(())
            },
        },
    ];
}

/// Value of `--generate-cli-skeleton`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SkeletonKind {
    /// Parameters as JSON.
    Input,
    /// Parameters as YAML.
    YamlInput,
    /// A sample output, after validation of the parameters.
    Output,
}

/// Parameters of a call, and the remaining arguments.
#[derive(Debug, Default)]
pub(crate) struct OperationArguments {
    pub(crate) params: Value,
    /// Path of the file with the streaming body.
    pub(crate) body: Option<String>,
    /// Positional arguments; the file for a streaming output.
    pub(crate) positionals: Vec<String>,
    /// If set, the skeleton is printed instead of a call.
    pub(crate) skeleton: Option<SkeletonKind>,
    /// The events of the request, if the input of the operation is an event stream.
    pub(crate) events: EventOptions,
}

impl OperationArguments {
    /// Parses the rest of the line as options of an operation, after those of the set `S`.
    ///
    /// # Errors
    /// If the line has options that are in neither, or invalid values.
    pub(crate) fn parse<S: OptionSet>(
        mut arguments: Arguments,
        client: &Client,
        operation: &Operation,
    ) -> Result<(S, Self), CliError> {
        let model = client.model();
        let (set, input): (S, InputOptions) = arguments.take()?;
        let events = model.event_stream_input(operation);
        let event_options = match events {
            Some(_) => arguments.take()?,
            None => EventOptions::default(),
        };
        let members = MemberOptions::new(model, operation, client.is_native());
        let names = || {
            let own = S::names().into_iter().chain(InputOptions::names());
            let own = own.chain(
                EventOptions::names()
                    .into_iter()
                    .filter(|_| events.is_some()),
            );
            members.names().chain(own.map(str::to_owned)).collect()
        };
        let rest = arguments.finish_with(|name| members.arity(name), names)?;
        let mut parsed = OperationArguments {
            params: Value::map(),
            body: None,
            positionals: rest.positionals,
            skeleton: input.skeleton,
            events: event_options,
        };
        let mut params = Map::new();
        let mut complex = HashSet::new();
        let streaming = model.streaming_input(operation);
        for (name, values) in rest.options {
            let Some(option) = members.find(&name) else {
                continue;
            };
            let member = option.member;
            let kind = &model.shape(member.target).kind;
            let is_complex = matches!(kind, Kind::Structure(_) | Kind::List(_) | Kind::Map { .. });
            if is_complex && !complex.insert(&member.name) {
                return Err(CliError::usage(format!(
                    "--{name} is given twice; write all its values behind one --{name}"
                )));
            }
            if events.is_some_and(|events| events.name == member.name) {
                return Err(CliError::usage(format!(
                    "--{name} is an event stream: pass its events with --input-events file://EVENTS.jsonl, or - for standard input"
                )));
            }
            if streaming.is_some_and(|streaming| streaming.name == member.name) {
                parsed.body = values.into_iter().next();
            } else if matches!(kind, Kind::Boolean) {
                params.insert(member.name.clone(), option.flag);
            } else {
                let value = members.context(&name).value(member, &values)?;
                params.insert(member.name.clone(), value);
            }
        }
        // Options override `--cli-input-json`.
        parsed.params = input.params(client)?;
        let decoder = BlobDecoder {
            model,
            is_native: client.is_native(),
        };
        decoder.params_in_place(operation, &mut parsed.params)?;
        if let Some(map) = parsed.params.as_map_mut() {
            map.extend(params);
        }
        Ok((set, parsed))
    }

    /// Sets the parameter with this option name; returns false if the operation has none.
    pub(super) fn set_option(
        &mut self,
        model: &ServiceModel,
        operation: &Operation,
        name: &str,
        text: &str,
    ) -> Result<bool, CliError> {
        let members = MemberOptions::new(model, operation, false);
        let Some(option) = members.find(name) else {
            return Ok(false);
        };
        let value = members
            .context(name)
            .value(option.member, &[text.to_owned()])?;
        if let Some(map) = self.params.as_map_mut() {
            map.insert(option.member.name.clone(), value);
        }
        Ok(true)
    }

    /// Opens the streaming body.
    pub(crate) async fn open_body(&self) -> Result<Option<ByteStream>, CliError> {
        match &self.body {
            None => Ok(None),
            Some(path) if path == STANDARD_INPUT => {
                Ok(Some(ByteStream::from_reader(tokio::io::stdin(), None)))
            }
            Some(path) => {
                let path = path
                    .strip_prefix("fileb://")
                    .or_else(|| path.strip_prefix("file://"))
                    .unwrap_or(path);
                let body = ByteStream::from_path(paramfile::expand(path)).await;
                Ok(Some(
                    body.map_err(|error| CliError::usage(format!("{error:#}")))?,
                ))
            }
        }
    }
}

/// The path of a body that is read from the standard input.
const STANDARD_INPUT: &str = "-";

/// The options of an operation's members.
struct MemberOptions<'m> {
    model: &'m ServiceModel,
    operation: &'m Operation,
    options: Vec<(String, &'m Member)>,
    is_native: bool,
}

/// The member of an option, and the value of the option as a flag.
struct MemberOption<'m> {
    member: &'m Member,
    flag: bool,
}

impl<'m> MemberOptions<'m> {
    fn new(model: &'m ServiceModel, operation: &'m Operation, is_native: bool) -> Self {
        let members = model
            .input(operation)
            .into_iter()
            .flat_map(|input| &input.members);
        let option = |member: &'m Member| {
            let name = option_name(model.name(), &operation.name, &member.name);
            (name, member)
        };
        MemberOptions {
            model,
            operation,
            options: members.map(option).collect(),
            is_native,
        }
    }

    fn find(&self, name: &str) -> Option<MemberOption<'m>> {
        let member = |name: &str| {
            let mut options = self.options.iter();
            let option = options.find(|(option, _)| option == name);
            option.map(|(_, member)| *member)
        };
        match member(name) {
            Some(member) => Some(MemberOption { member, flag: true }),
            // A boolean member also has a `--no-` option.
            None => member(name.strip_prefix("no-")?)
                .filter(|member| matches!(self.model.shape(member.target).kind, Kind::Boolean))
                .map(|member| MemberOption {
                    member,
                    flag: false,
                }),
        }
    }

    fn arity(&self, name: &str) -> Option<Arity> {
        let option = self.find(name)?;
        Some(match &self.model.shape(option.member.target).kind {
            Kind::Boolean => Arity::Flag,
            Kind::List(_) | Kind::Map { .. } => Arity::Many,
            _ => Arity::One,
        })
    }

    fn names(&self) -> impl Iterator<Item = String> {
        self.options.iter().map(|(name, _)| name.clone())
    }

    fn context<'c>(&'c self, option: &'c str) -> OptionContext<'c> {
        OptionContext {
            model: self.model,
            operation: self.operation,
            option,
            is_native: self.is_native,
        }
    }
}

/// Options of parameters with the name of a global option: service, operation, and both names.
///
/// # Source
/// The AWS CLI, `customizations/argrename.py`.
const RENAMED: &[(&str, &str, &str, &str)] = &[
    ("cloudsearchdomain", "Search", "query", "search-query"),
    ("cloudsearchdomain", "Suggest", "query", "suggest-query"),
    ("datapipeline", "QueryObjects", "query", "objects-query"),
    (
        "glue",
        "GetUnfilteredPartitionMetadata",
        "region",
        "resource-region",
    ),
    (
        "glue",
        "GetUnfilteredPartitionsMetadata",
        "region",
        "resource-region",
    ),
    (
        "glue",
        "GetUnfilteredTableMetadata",
        "region",
        "resource-region",
    ),
    (
        "kinesisanalytics",
        "AddApplicationOutput",
        "output",
        "application-output",
    ),
    (
        "kinesisanalyticsv2",
        "AddApplicationOutput",
        "output",
        "application-output",
    ),
    ("mturk", "ListQualificationTypes", "query", "types-query"),
    (
        "rekognition",
        "CreateStreamProcessor",
        "output",
        "stream-processor-output",
    ),
    ("stepfunctions", "SendTaskSuccess", "output", "task-output"),
    ("workdocs", "DescribeUsers", "query", "user-query"),
];

/// Returns the option name of a member: its name in kebab case. A name that is also a global option, for which the AWS CLI has no
/// other, gets the prefix `input-`.
pub(crate) fn option_name(service: &str, operation: &str, member: &str) -> String {
    let name = kebab_case(member);
    if GlobalOptions::arity(&name).is_none() && name != super::DEBUG {
        return name;
    }
    let row = RENAMED.iter().find(|(of_service, of_operation, from, _)| {
        (*of_service, *of_operation, *from) == (service, operation, name.as_str())
    });
    match row {
        Some((.., renamed)) => (*renamed).to_owned(),
        None => format!("input-{name}"),
    }
}
