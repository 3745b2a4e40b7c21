//! Options of an operation, derived from its input shape.

use inia::{ByteStream, Kind, Map, Member, Operation, ServiceModel, Value, kebab_case};

use super::value::{self, ArgumentText};
use super::{Arguments, Arity};
use crate::command::decode;
use crate::status::CliError;

/// Options for pagination and for the command line itself.
const COMMON_OPTIONS: &[(&str, Arity)] = &[
    ("cli-input-json", Arity::One),
    ("generate-cli-skeleton", Arity::Flag),
    ("max-items", Arity::One),
    ("no-paginate", Arity::Flag),
    ("page-size", Arity::One),
    ("starting-token", Arity::One),
];

/// Parameters and options of a call.
#[derive(Debug, Default)]
pub(crate) struct OperationArguments {
    pub(crate) params: Value,
    /// Path of the file with the streaming body.
    pub(crate) body: Option<String>,
    /// Positional arguments; the file for a streaming output.
    pub(crate) positionals: Vec<String>,
    pub(crate) paging: Paging,
    pub(crate) skeleton: bool,
}

/// Pagination options.
#[derive(Debug, Default)]
pub(crate) struct Paging {
    pub(crate) off: bool,
    pub(crate) max_items: Option<usize>,
    pub(crate) page_size: Option<u64>,
    pub(crate) starting_token: Option<String>,
}

impl OperationArguments {
    /// Parses the remaining arguments as options of an operation.
    pub(crate) fn read(
        arguments: &mut Arguments,
        model: &ServiceModel,
        operation: &Operation,
    ) -> Result<Self, CliError> {
        let options: Vec<(String, &Member)> =
            model.input(operation).map_or_else(Vec::new, |input| {
                input
                    .members
                    .iter()
                    .map(|member| (option_name_of(&member.name), member))
                    .collect()
            });
        let find = |name: &str| {
            let member = |name: &str| {
                options
                    .iter()
                    .find(|(option, _)| option == name)
                    .map(|(_, member)| *member)
            };
            match member(name) {
                Some(member) => Some((member, true)),
                // A boolean member also has a `--no-` option.
                None => member(name.strip_prefix("no-")?)
                    .filter(|member| matches!(model.shape(member.target).kind, Kind::Boolean))
                    .map(|member| (member, false)),
            }
        };
        let arity = |name: &str| match find(name) {
            Some((member, _)) => Some(match &model.shape(member.target).kind {
                Kind::Boolean => Arity::Flag,
                Kind::List(_) | Kind::Map { .. } => Arity::Many,
                _ => Arity::One,
            }),
            None => COMMON_OPTIONS
                .iter()
                .find(|(common, _)| *common == name)
                .map(|(_, arity)| *arity),
        };
        let known = || {
            let common = COMMON_OPTIONS.iter().map(|(name, _)| (*name).to_owned());
            options
                .iter()
                .map(|(option, _)| option.clone())
                .chain(common)
                .collect()
        };
        let rest = arguments.parse_rest(arity, known)?;

        let mut parsed = OperationArguments {
            positionals: rest.positionals,
            ..OperationArguments::default()
        };
        let mut params = Map::new();
        let mut from_json = Map::new();
        let streaming = model
            .streaming_input(operation)
            .map(|member| member.name.clone());
        for (name, values) in rest.options {
            let first = values.first().cloned().unwrap_or_default();
            let Some((member, on)) = find(&name) else {
                parsed.set_common(&name, first, &mut from_json)?;
                continue;
            };
            let option = format!("--{name}");
            if streaming.as_ref() == Some(&member.name) {
                parsed.body = Some(first);
            } else if matches!(model.shape(member.target).kind, Kind::Boolean) {
                params.insert(member.name.clone(), on);
            } else {
                let texts = values
                    .iter()
                    .map(|text| ArgumentText::read(text))
                    .collect::<Result<Vec<_>, _>>()?;
                params.insert(
                    member.name.clone(),
                    value::option_value(model, member, &option, &texts)?,
                );
            }
        }
        // Options override `--cli-input-json`.
        let mut all = Value::Map(from_json);
        decode::params_in_place(model, operation, &mut all)?;
        if let Some(map) = all.as_map_mut() {
            map.extend(params);
        }
        parsed.params = all;
        Ok(parsed)
    }

    fn set_common(
        &mut self,
        name: &str,
        value: String,
        from_json: &mut Map,
    ) -> Result<(), CliError> {
        let number = || {
            value.parse::<u64>().map_err(|_| {
                CliError::usage(format!("--{name}: {value:?} is not a non-negative integer"))
            })
        };
        match name {
            "cli-input-json" => {
                let text = ArgumentText::read(&value)?;
                let json: Value = serde_json::from_slice(text.bytes()).map_err(|error| {
                    CliError::usage(format!("--cli-input-json: invalid JSON: {error}"))
                })?;
                let Value::Map(map) = json else {
                    return Err(CliError::usage("--cli-input-json: expected a JSON object"));
                };
                *from_json = map;
            }
            "generate-cli-skeleton" => self.skeleton = true,
            "max-items" => {
                self.paging.max_items = Some(usize::try_from(number()?).unwrap_or(usize::MAX))
            }
            "no-paginate" => self.paging.off = true,
            "page-size" => self.paging.page_size = Some(number()?),
            "starting-token" => self.paging.starting_token = Some(value),
            _ => return Err(CliError::usage(format!("unknown option --{name}"))),
        }
        Ok(())
    }

    /// Opens the streaming body.
    pub(crate) async fn open_body(&self) -> Result<Option<ByteStream>, CliError> {
        match &self.body {
            None => Ok(None),
            Some(path) => {
                let path = path
                    .strip_prefix("fileb://")
                    .or_else(|| path.strip_prefix("file://"))
                    .unwrap_or(path);
                Ok(Some(ByteStream::from_path(path).await?))
            }
        }
    }
}

/// Returns the option name of a member: its name in kebab case.
pub(crate) fn option_name_of(member: &str) -> String {
    kebab_case(member)
}
