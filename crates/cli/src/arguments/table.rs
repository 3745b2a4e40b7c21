//! The options of an operation: those of its members, and those that the AWS CLI adds.

use std::collections::BTreeMap;

use inia::model::{Kind, Member, kebab_case};
use inia::{Map, Value};

use super::form::ValueForm;
use super::option::Arity;
use super::paramfile::ArgumentText;
use super::value::OptionContext;
use super::{DEBUG, GlobalOptions, OptionSet as _};
use crate::customization::{
    self, CustomArgument, CustomKind, MemberPath, OperationCommand, spelling,
};
use crate::status::CliError;

/// An option of an operation.
pub(super) struct ArgumentRow<'m> {
    pub(super) name: String,
    pub(super) source: ArgumentSource<'m>,
    /// True for old spellings, which messages do not name.
    pub(super) is_alias: bool,
}

/// The target of an option.
#[derive(Clone, Copy)]
pub(super) enum ArgumentSource<'m> {
    /// A member with a value.
    Member(&'m Member),
    /// A boolean member.
    Flag(&'m Member, bool),
    /// A structure whose only member is the boolean `Value`.
    WrappedFlag(&'m Member, bool),
    Custom(&'static CustomArgument),
}

/// All options of an operation.
pub(super) struct ArgumentTable<'m> {
    command: OperationCommand<'m>,
    rows: Vec<ArgumentRow<'m>>,
}

/// Values of an operation's options.
#[derive(Debug, Default)]
pub(super) struct ArgumentValues {
    pub(super) params: Map,
    /// Path of the file with the streaming body.
    pub(super) body: Option<String>,
    /// Arguments for code that runs before or after the call.
    pub(super) kept: BTreeMap<&'static str, String>,
}

impl<'m> ArgumentTable<'m> {
    pub(super) fn new(command: OperationCommand<'m>) -> Self {
        let mut table = ArgumentTable {
            command,
            rows: Vec::new(),
        };
        let input = command.model.input(command.operation);
        for member in input.into_iter().flat_map(|input| &input.members) {
            table.add_member(member);
        }
        let service = command.service();
        for (old, new) in spelling::renamed(service, command.name) {
            // Names of opposites are for booleans, not for structures with one.
            let row = table.rows.iter_mut().find(|row| {
                row.name == old && !matches!(row.source, ArgumentSource::WrappedFlag(..))
            });
            if let Some(row) = row {
                new.clone_into(&mut row.name);
            }
        }
        table.rename_like_global_options();
        for (name, alias) in spelling::aliases(service, command.name) {
            if let Some(row) = table.rows.iter().find(|row| row.name == name) {
                let row = ArgumentRow {
                    name: alias.to_owned(),
                    source: row.source,
                    is_alias: true,
                };
                table.rows.push(row);
            }
        }
        let hidden = customization::hidden(command);
        table
            .rows
            .retain(|row| !hidden.contains(&row.name.as_str()));
        for argument in customization::arguments(command) {
            if let CustomKind::Member(path) = argument.kind
                && MemberPath(path)
                    .member(command.model, command.operation)
                    .is_none()
            {
                // Rows for all operations of a service apply only to those with the member.
                continue;
            }
            table.rows.retain(|row| row.name != argument.name);
            table.rows.push(ArgumentRow {
                name: argument.name.to_owned(),
                source: ArgumentSource::Custom(argument),
                is_alias: false,
            });
        }
        table
    }

    fn add_member(&mut self, member: &'m Member) {
        let name = kebab_case(&member.name);
        let negative = format!("no-{name}");
        let mut add = |name, source| {
            self.rows.push(ArgumentRow {
                name,
                source,
                is_alias: false,
            });
        };
        match &self.command.model.shape(member.target).kind {
            Kind::Boolean => {
                add(name, ArgumentSource::Flag(member, true));
                add(negative, ArgumentSource::Flag(member, false));
            }
            Kind::Structure(structure) if self.command.service() == "ec2" => {
                let is_wrapped = match &*structure.members {
                    [only] => {
                        let kind = &self.command.model.shape(only.target).kind;
                        *only.name == *"Value" && matches!(kind, Kind::Boolean)
                    }
                    _ => false,
                };
                if is_wrapped {
                    add(name, ArgumentSource::WrappedFlag(member, true));
                    add(negative, ArgumentSource::WrappedFlag(member, false));
                } else {
                    add(name, ArgumentSource::Member(member));
                }
            }
            _ => add(name, ArgumentSource::Member(member)),
        }
    }

    /// Gives the prefix `input-` to options with the name of a global option, for which the AWS CLI has no other name.
    fn rename_like_global_options(&mut self) {
        for row in &mut self.rows {
            if GlobalOptions::arity(&row.name).is_some() || row.name == DEBUG {
                row.name.insert_str(0, "input-");
            }
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<&ArgumentRow<'m>> {
        self.rows.iter().find(|row| row.name == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.name.as_str())
    }

    pub(super) fn arity(&self, name: &str) -> Option<Arity> {
        let kind = |member: &Member| match &self.command.model.shape(member.target).kind {
            Kind::List(_) => Arity::Many,
            // DIFFERENCE: the AWS CLI takes all pairs of a map in one word.
            Kind::Map { .. } if !crate::program::is_aws() => Arity::Many,
            _ => Arity::One,
        };
        Some(match self.find(name)?.source {
            ArgumentSource::Member(member) => kind(member),
            ArgumentSource::Flag(..) | ArgumentSource::WrappedFlag(_, false) => Arity::Flag,
            ArgumentSource::WrappedFlag(_, true) => Arity::Optional,
            ArgumentSource::Custom(argument) => match argument.kind {
                CustomKind::Member(path) => self.member(path).map_or(Arity::One, kind),
                CustomKind::Texts(_) => Arity::Many,
                CustomKind::Flag(_) => Arity::Flag,
                _ => Arity::One,
            },
        })
    }

    fn member(&self, path: &'static str) -> Option<&'m Member> {
        MemberPath(path).member(self.command.model, self.command.operation)
    }

    /// Returns the values of options from their texts: those of members first, then those that were added, in the order of the
    /// table.
    ///
    /// # Errors
    /// If a value does not fit, options exclude each other, or a value is given twice.
    pub(super) fn values(
        &self,
        given: &[(String, Vec<String>)],
        form: ValueForm,
    ) -> Result<ArgumentValues, CliError> {
        let names: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
        customization::check(self.command, &names).map_err(CliError::usage)?;
        let mut values = ArgumentValues::default();
        let streaming = self.command.model.streaming_input(self.command.operation);
        let events = self
            .command
            .model
            .event_stream_input(self.command.operation);
        for (name, texts) in given {
            let Some(row) = self.find(name) else { continue };
            let context = self.context(name, form);
            match row.source {
                ArgumentSource::Custom(_) => {}
                ArgumentSource::Flag(member, value) => {
                    values.params.insert(member.name.clone(), value);
                }
                ArgumentSource::WrappedFlag(member, is_on) => {
                    self.check_single(name, given)?;
                    let value = match texts.first().filter(|text| !text.is_empty()) {
                        None => wrapped(is_on),
                        Some(_) => context.value(member, texts)?,
                    };
                    values.params.insert(member.name.clone(), value);
                }
                ArgumentSource::Member(member)
                    if streaming.is_some_and(|streaming| streaming.name == member.name) =>
                {
                    values.body = texts.first().cloned();
                }
                ArgumentSource::Member(member)
                    if events.is_some_and(|events| events.name == member.name) =>
                {
                    return Err(CliError::usage(format!(
                        "--{name} is an event stream: pass its events with --input-events file://EVENTS.jsonl, or - for standard input"
                    )));
                }
                ArgumentSource::Member(member) => {
                    let value = context.value(member, texts)?;
                    customization::check_structure(self.command, &member.name, &value)
                        .map_err(|message| context.error(message))?;
                    values.params.insert(member.name.clone(), value);
                }
            }
        }
        for row in &self.rows {
            let ArgumentSource::Custom(argument) = row.source else {
                continue;
            };
            // The last value of a repeated option counts.
            let mut latest = given.iter().rev();
            if let Some((_, texts)) = latest.find(|(name, _)| *name == row.name) {
                self.set_custom(argument, texts, form, &mut values)?;
            }
        }
        Ok(values)
    }

    fn set_custom(
        &self,
        argument: &'static CustomArgument,
        texts: &[String],
        form: ValueForm,
        values: &mut ArgumentValues,
    ) -> Result<(), CliError> {
        let context = self.context(argument.name, form);
        let load = |text: &String| match ArgumentText::load(text)? {
            ArgumentText::Plain(text) => Ok(text),
            ArgumentText::Bytes(_) => {
                Err(context.error("fileb:// is only for blobs; use file:// for text"))
            }
        };
        let member_value = |path| match self.member(path) {
            Some(member) => context.value(member, texts),
            None => Err(context.error("the definition of the service has no such member")),
        };
        let params = &mut values.params;
        match argument.kind {
            CustomKind::Member(path) => MemberPath(path).set(params, member_value(path)?),
            CustomKind::Implying(path, implied, text) => {
                MemberPath(implied).set(params, Value::from(text));
                MemberPath(path).set(params, member_value(path)?);
            }
            CustomKind::Blob(path, check) => {
                let value = member_value(path)?;
                check(value.as_blob().unwrap_or_default())
                    .map_err(|message| context.error(message))?;
                MemberPath(path).set(params, value);
            }
            CustomKind::Text(set) => {
                for text in texts {
                    set(params, &load(text)?).map_err(|message| context.error(message))?;
                }
            }
            CustomKind::Texts(set) => {
                set(params, texts).map_err(|message| context.error(message))?;
            }
            CustomKind::Flag(set) => set(params),
            CustomKind::Kept => {
                if let Some(text) = texts.first() {
                    values.kept.insert(argument.name, text.clone());
                }
            }
        }
        Ok(())
    }

    /// Checks that an option and its opposite are given once in all.
    fn check_single(&self, name: &str, given: &[(String, Vec<String>)]) -> Result<(), CliError> {
        let positive = name.strip_prefix("no-").unwrap_or(name);
        let negative = format!("no-{positive}");
        let has = |name: &str| given.iter().any(|(other, _)| other == name);
        if has(positive) && has(&negative) {
            return Err(CliError::usage(format!(
                "Cannot specify both the \"--{positive}\" option and the \"--{negative}\" option."
            )));
        }
        Ok(())
    }

    pub(super) fn context<'c>(&'c self, option: &'c str, form: ValueForm) -> OptionContext<'c> {
        OptionContext {
            model: self.command.model,
            operation: self.command.operation,
            option,
            form,
        }
    }

    /// Returns the names of the required options that are not among the parameters. `supplied` are members that the command sets.
    pub(super) fn missing(&self, values: &ArgumentValues, supplied: &[&str]) -> Vec<String> {
        let mut missing = Vec::new();
        let input = self.command.model.input(self.command.operation);
        let streaming = self.command.model.streaming_input(self.command.operation);
        let events = self
            .command
            .model
            .event_stream_input(self.command.operation);
        for member in input.into_iter().flat_map(|input| {
            let required = input.required.iter();
            required.filter_map(|position| input.members.get(usize::try_from(*position).ok()?))
        }) {
            let is_body = streaming.is_some_and(|streaming| streaming.name == member.name);
            let is_events = events.is_some_and(|events| events.name == member.name);
            let is_given = values.params.contains_key(&member.name)
                || member.traits.is_idempotency_token()
                || supplied.contains(&&*member.name)
                || customization::is_set_later(self.command, &member.name, &values.kept)
                || is_events
                || (is_body && values.body.is_some());
            if is_given {
                continue;
            }
            let row = self.rows.iter().find(|row| match row.source {
                ArgumentSource::Member(other)
                | ArgumentSource::Flag(other, true)
                | ArgumentSource::WrappedFlag(other, true) => {
                    other.name == member.name && !row.is_alias
                }
                _ => false,
            });
            if let Some(row) = row {
                missing.push(row.name.clone());
            }
        }
        let required = customization::required(self.command);
        for name in required {
            let is_kept = values.kept.contains_key(name);
            let path = customization::arguments(self.command)
                .find(|argument| argument.name == *name)
                .and_then(|argument| match argument.kind {
                    CustomKind::Member(path) => Some(path),
                    _ => None,
                });
            let is_set = path.is_some_and(|path| MemberPath(path).get(&values.params).is_some());
            if !is_kept && !is_set {
                missing.push((*name).to_owned());
            }
        }
        missing
    }
}

fn wrapped(is_on: bool) -> Value {
    let mut map = Map::new();
    map.insert("Value", is_on);
    Value::Map(map)
}
