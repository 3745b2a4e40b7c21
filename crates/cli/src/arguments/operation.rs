//! Options of an operation, derived from its input shape.

use std::collections::BTreeMap;

use inia::{ByteStream, Map, Value};

use super::Arguments;
use super::decode::BlobDecoder;
use super::form::ValueForm;
use super::option::{Arity, OptionGroup, OptionRow, OptionSet};
use super::paramfile::ArgumentText;
use super::table::{ArgumentSource, ArgumentTable};
use super::value::parse_json;
use crate::customization::{self, OperationCommand};
use crate::paths;
use crate::status::CliError;

/// Options of every command that takes the parameters of an operation.
#[derive(Debug, Default)]
pub(super) struct InputOptions {
    json: Option<ArgumentText>,
    yaml: Option<Map>,
    skeleton: Option<SkeletonKind>,
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
            name: "cli-input-yaml",
            arity: Arity::One,
            set: |options, text| {
                let invalid = |message: String| {
                    CliError::usage(format!("--cli-input-yaml: invalid YAML: {message}"))
                };
                let text = ArgumentText::load(&text)?;
                let text = std::str::from_utf8(text.bytes())
                    .map_err(|error| invalid(error.to_string()))?;
                match crate::yaml::parse(text).map_err(invalid)? {
                    Value::Map(params) => {
                        options.yaml = Some(params);
                        Ok(())
                    }
                    _ => Err(CliError::usage("--cli-input-yaml: expected a mapping")),
                }
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

impl InputOptions {
    /// Returns the parameters in `--cli-input-json` or `--cli-input-yaml`.
    fn params(&self, is_native: bool) -> Result<Option<Map>, CliError> {
        let Some(text) = &self.json else {
            return Ok(self.yaml.clone());
        };
        if self.yaml.is_some() {
            return Err(CliError::usage(
                "Only one --cli-input- parameter may be specified.",
            ));
        }
        let params = parse_json(is_native, text.bytes());
        match params.map_err(|error| CliError::usage(format!("--cli-input-json: {error}")))? {
            Value::Map(params) => Ok(Some(params)),
            _ => Err(CliError::usage("--cli-input-json: expected a JSON object")),
        }
    }

    /// Reports whether no call is made and no parameter is required.
    fn has_skeleton_of_input(&self) -> bool {
        matches!(
            self.skeleton,
            Some(SkeletonKind::Input | SkeletonKind::YamlInput)
        )
    }
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

/// Rules for reading the parameters of an operation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct InputRules<'r> {
    pub(crate) form: ValueForm,
    /// Members that the command sets, so that their options are not required.
    pub(crate) supplied: &'r [&'r str],
}

/// Parameters of a call, and the remaining arguments.
#[derive(Debug, Default)]
pub(crate) struct OperationArguments {
    pub(crate) params: Value,
    /// Path of the file with the streaming body.
    pub(crate) body: Option<String>,
    /// Positional arguments; the file for a streaming output.
    pub(crate) positionals: Vec<String>,
    /// Arguments for code that runs before or after the call.
    pub(crate) kept: BTreeMap<&'static str, String>,
    /// If set, the skeleton is printed instead of a call.
    pub(crate) skeleton: Option<SkeletonKind>,
    /// The events of the request, if the input of the operation is an event stream.
    pub(crate) events: EventOptions,
    form: ValueForm,
}

impl OperationArguments {
    /// Parses the rest of the line as options of an operation, after those of the set `S`.
    ///
    /// # Errors
    /// If the line has options that are in neither, invalid values, or lacks required options.
    pub(crate) fn parse<S: OptionSet>(
        mut arguments: Arguments,
        command: OperationCommand<'_>,
        rules: InputRules<'_>,
    ) -> Result<(S, Self), CliError> {
        let form = rules.form;
        let (model, operation) = (command.model, command.operation);
        let table = ArgumentTable::new(command);
        let has_events = model.event_stream_input(operation).is_some();
        let own = || {
            let events = EventOptions::names().into_iter().filter(|_| has_events);
            let own = S::names().into_iter().chain(InputOptions::names());
            own.chain(events)
        };
        arguments.complete_names(table.names().chain(own()))?;
        let (set, input): (S, InputOptions) = arguments.take()?;
        let events = match has_events {
            true => arguments.take()?,
            false => EventOptions::default(),
        };
        let names = || {
            let members = table.names().map(str::to_owned);
            members.chain(own().map(str::to_owned)).collect()
        };
        let rest = arguments.finish_with(|name| table.arity(name), names)?;
        let given = last_values(rest.options, |name| table.arity(name))?;
        let has_skeleton = input.has_skeleton_of_input();
        let input_params = input.params(form.is_native)?;
        let has_input = input_params.is_some();
        let mut values = table.values(&given, form)?;
        let mut params = Value::Map(input_params.unwrap_or_default());
        BlobDecoder { model, form }.params_in_place(operation, &mut params)?;
        if let Value::Map(mut params) = params {
            // Options override the input of `--cli-input-json`.
            params.extend(values.params);
            values.params = params;
        }
        if !has_skeleton {
            customization::fix(command, &mut values.params);
            // The parameters of `--cli-input-json` are validated with the call.
            let missing = match has_input {
                true => Vec::new(),
                false => table.missing(&values, rules.supplied),
            };
            if !missing.is_empty() {
                return Err(CliError::missing_options(&missing));
            }
        }
        let parsed = OperationArguments {
            params: Value::Map(values.params),
            body: values.body,
            positionals: rest.positionals,
            kept: values.kept,
            skeleton: input.skeleton,
            events,
            form,
        };
        Ok((set, parsed))
    }

    /// Sets the parameter with this option name; returns false if the operation has none.
    pub(super) fn set_option(
        &mut self,
        command: OperationCommand<'_>,
        name: &str,
        text: &str,
    ) -> Result<bool, CliError> {
        let table = ArgumentTable::new(command);
        let Some(ArgumentSource::Member(member)) = table.find(name).map(|row| row.source) else {
            return Ok(false);
        };
        let value = table
            .context(name, self.form)
            .value(member, &[text.to_owned()])?;
        if let Some(map) = self.params.as_map_mut() {
            map.insert(member.name.clone(), value);
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
            // DIFFERENCE: the AWS CLI takes only paths here.
            Some(path) if crate::program::is_aws() && path.contains("://") => {
                Err(CliError::usage("Blob values must be a path to a file."))
            }
            Some(path) => {
                let path = path
                    .strip_prefix("fileb://")
                    .or_else(|| path.strip_prefix("file://"))
                    .unwrap_or(path);
                let body = ByteStream::from_path(paths::expand(path)).await;
                Ok(Some(
                    body.map_err(|error| CliError::usage(format!("{error:#}")))?,
                ))
            }
        }
    }
}

/// The path of a body that is read from the standard input.
const STANDARD_INPUT: &str = "-";

/// Returns the last values of each option.
///
/// DIFFERENCE: a list that is given twice is an error unless the program is called as `aws`: the AWS CLI silently drops the first
/// values.
fn last_values(
    options: Vec<(String, Vec<String>)>,
    arity: impl Fn(&str) -> Option<Arity>,
) -> Result<Vec<(String, Vec<String>)>, CliError> {
    let mut latest: Vec<(String, Vec<String>)> = Vec::with_capacity(options.len());
    for (name, values) in options {
        match latest.iter_mut().find(|(other, _)| *other == name) {
            Some(_) if arity(&name) == Some(Arity::Many) && !crate::program::is_aws() => {
                return Err(CliError::usage(format!(
                    "--{name} is given twice; write all its values behind one --{name}"
                )));
            }
            Some((_, former)) => *former = values,
            None => latest.push((name, values)),
        }
    }
    Ok(latest)
}
