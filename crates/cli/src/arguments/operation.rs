//! An operation's own options, made from its definition.

use inia::{ByteStream, Kind, Map, Member, Operation, ServiceModel, Value, kebab_case};

use super::value::{self, Text};
use super::{Arguments, Arity};
use crate::command::decode;
use crate::status::Failure;

/// The options of the pager, and those that are about the command line itself.
const OWN: &[(&str, Arity)] = &[
    ("cli-input-json", Arity::One),
    ("generate-cli-skeleton", Arity::Flag),
    ("max-items", Arity::One),
    ("no-paginate", Arity::Flag),
    ("page-size", Arity::One),
    ("starting-token", Arity::One),
];

/// What the command line says of a call.
#[derive(Debug, Default)]
pub(crate) struct OperationArguments {
    pub(crate) params: Value,
    /// The file whose contents are the streaming member.
    pub(crate) body: Option<String>,
    /// Words after the options: the file that a streaming answer goes to.
    pub(crate) words: Vec<String>,
    pub(crate) paging: Paging,
    pub(crate) skeleton: bool,
}

/// How an answer of many pages is read.
#[derive(Debug, Default)]
pub(crate) struct Paging {
    pub(crate) off: bool,
    pub(crate) max_items: Option<usize>,
    pub(crate) page_size: Option<u64>,
    pub(crate) starting_token: Option<String>,
}

impl OperationArguments {
    /// Reads the rest of the command line as options of an operation.
    pub(crate) fn read(
        arguments: &mut Arguments,
        model: &ServiceModel,
        operation: &Operation,
    ) -> Result<Self, Failure> {
        let options: Vec<(String, &Member)> =
            model.input(operation).map_or_else(Vec::new, |input| {
                input
                    .members
                    .iter()
                    .map(|member| (option_of(&member.name), member))
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
                // A boolean has a `--no-` form.
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
            None => OWN
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, arity)| *arity),
        };
        let known = || {
            let own = OWN.iter().map(|(name, _)| (*name).to_owned());
            options
                .iter()
                .map(|(option, _)| option.clone())
                .chain(own)
                .collect()
        };
        let rest = arguments.rest(arity, known)?;

        let mut found = OperationArguments {
            words: rest.words,
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
                found.set_own(&name, first, &mut from_json)?;
                continue;
            };
            let place = format!("--{name}");
            if streaming.as_ref() == Some(&member.name) {
                found.body = Some(first);
            } else if matches!(model.shape(member.target).kind, Kind::Boolean) {
                params.insert(member.name.clone(), on);
            } else {
                let texts = values
                    .iter()
                    .map(|text| Text::read(text))
                    .collect::<Result<Vec<_>, _>>()?;
                params.insert(
                    member.name.clone(),
                    value::of_option(model, member, &place, &texts)?,
                );
            }
        }
        // Options win over what the JSON says.
        let mut all = Value::Map(from_json);
        decode::params_in_place(model, operation, &mut all)?;
        if let Some(map) = all.as_map_mut() {
            map.extend(params);
        }
        found.params = all;
        Ok(found)
    }

    fn set_own(&mut self, name: &str, value: String, from_json: &mut Map) -> Result<(), Failure> {
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| Failure::usage(format!("--{name}: {value:?} is not a whole number")))
        };
        match name {
            "cli-input-json" => {
                let text = Text::read(&value)?;
                let json: Value = serde_json::from_slice(text.bytes()).map_err(|error| {
                    Failure::usage(format!("--cli-input-json: this is not JSON: {error}"))
                })?;
                let Value::Map(map) = json else {
                    return Err(Failure::usage(
                        "--cli-input-json: the parameters are a JSON object",
                    ));
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
            _ => return Err(Failure::usage(format!("there is no option --{name}"))),
        }
        Ok(())
    }

    /// The streaming body, opened.
    pub(crate) async fn open_body(&self) -> Result<Option<ByteStream>, Failure> {
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

/// The option of a member: its name in kebab case.
pub(crate) fn option_of(member: &str) -> String {
    kebab_case(member)
}
