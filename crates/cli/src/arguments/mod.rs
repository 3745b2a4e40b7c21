//! The command line: the words that name a command, its options, and the parameters of an operation.
//!
//! ```text
//! inia [options] <service> <operation> [--member-name value ...] [positionals] [options]
//! ```
//! A word of the form `--name` or `--name=value` is always an option, never the value of another one. The options of the
//! command itself are therefore recognized anywhere on the line, before those of the operation are known.
//!
//! A command takes its options as an [`OptionSet`], and then the rest of the line with [`Arguments::finish`] or
//! [`Arguments::finish_with`], which reject every option that was not taken. So no option is accepted without effect.

pub(crate) mod decode;
mod error_format;
mod explain;
mod form;
mod global;
mod operation;
mod option;
mod output_format;
mod paging;
mod paramfile;
mod shorthand;
mod table;
mod value;

pub(crate) use error_format::ErrorFormat;
pub(crate) use explain::ExplainOptions;
use form::ValueForm;
use global::BinaryOptions;
pub(crate) use global::{
    ColorChoice, OutputOptions, ProfileOption, SessionOptions, setting, warn_unverified,
};
pub(crate) use operation::{EventOptions, InputRules, OperationArguments, SkeletonKind};
pub(crate) use option::{Arity, OptionGroup, OptionRow, OptionSet};
pub(crate) use output_format::OutputFormat;
pub(crate) use paging::{CollectionOptions, PageLimits, PagingOptions, SinglePageOption};

use std::collections::VecDeque;

use crate::status::CliError;
use option::OptionWord;

/// Option of every command: writes log events to standard error.
const DEBUG: &str = "debug";

/// Options of all commands that call a service or print a result.
type GlobalOptions = (SessionOptions, OutputOptions, BinaryOptions);

/// All options that are not parameters of an operation.
type KnownOptions = (
    GlobalOptions,
    (operation::InputOptions, EventOptions),
    PagingOptions,
    (CollectionOptions, ExplainOptions),
);

/// The arguments that are not parsed yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments {
    /// `None` is the former position of options that were taken: the values of an option end there.
    words: VecDeque<Option<String>>,
    /// Known options before the last positional: name and value.
    passed: Vec<(String, String)>,
    /// The command so far, for messages.
    command: String,
    is_debug: bool,
}

/// Options of an operation and positionals, in the order of the line.
#[derive(Debug, Default)]
pub(crate) struct RemainingArguments {
    pub(crate) options: Vec<(String, Vec<String>)>,
    pub(crate) positionals: Vec<String>,
}

impl Arguments {
    /// Splits off `--debug`; nothing else is parsed.
    pub(crate) fn new(words: impl IntoIterator<Item = String>) -> Self {
        let mut arguments = Arguments {
            command: "inia".to_owned(),
            ..Arguments::default()
        };
        for word in words {
            if word.strip_prefix("--") == Some(DEBUG) {
                arguments.is_debug = true;
                arguments.words.push_back(None);
            } else {
                arguments.words.push_back(Some(word));
            }
        }
        arguments
    }

    /// Reports whether the line contains `--debug`.
    pub(crate) fn is_debug(&self) -> bool {
        self.is_debug
    }

    /// Returns the next positional argument; `None` at the end. `--help` counts as `help`. Known options before it remain to be
    /// taken.
    ///
    /// # Errors
    /// If an unknown option precedes the positional.
    pub(crate) fn positional(&mut self) -> Result<Option<String>, CliError> {
        while let Some(word) = self.words.pop_front() {
            let Some(word) = word else { continue };
            let Some(option) = OptionWord::parse(&word) else {
                self.command.push(' ');
                self.command.push_str(&word);
                return Ok(Some(word));
            };
            if option.name == "help" {
                return Ok(Some("help".to_owned()));
            }
            let name = completed(option.name, &GlobalOptions::names())?.unwrap_or(option.name);
            let Some(arity) = KnownOptions::arity(name) else {
                return Err(self.rejected(name, Vec::new()));
            };
            let value = self.single_value(&option, arity)?;
            self.passed.push((name.to_owned(), value));
        }
        Ok(None)
    }

    /// Reports whether no positionals remain.
    pub(crate) fn is_last_positional(&self) -> bool {
        matches!(self.clone().positional(), Ok(None))
    }

    /// Reports whether the next positional is `help` or `--help`, and takes it if so.
    pub(crate) fn take_help(&mut self) -> bool {
        let mut ahead = self.clone();
        let is_help = matches!(ahead.positional(), Ok(Some(word)) if word == "help");
        if is_help {
            *self = ahead;
        }
        is_help
    }

    /// Replaces unambiguous beginnings of option names by the names, as the AWS CLI accepts them: `--instance-id` for
    /// `--instance-ids`. Options that no name begins with are left as they are.
    ///
    /// # Errors
    /// If several names begin with the word.
    pub(crate) fn complete_names<'n>(
        &mut self,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<(), CliError> {
        let names: Vec<&str> = names.chain(GlobalOptions::names()).collect();
        for word in self.words.iter_mut().flatten() {
            let Some(option) = OptionWord::parse(word) else {
                continue;
            };
            if let Some(name) = completed(option.name, &names)? {
                *word = match option.value {
                    Some(value) => format!("--{name}={value}"),
                    None => format!("--{name}"),
                };
            }
        }
        Ok(())
    }

    /// Takes options, wherever they are on the line. If one is repeated, its last value counts.
    ///
    /// # Errors
    /// If a value is missing or invalid.
    pub(crate) fn take<S: OptionSet>(&mut self) -> Result<S, CliError> {
        let mut set = S::default();
        for (name, value) in std::mem::take(&mut self.passed) {
            match S::arity(&name) {
                Some(_) => set.set(&name, value)?,
                None => self.passed.push((name, value)),
            }
        }
        let mut rest = VecDeque::with_capacity(self.words.len());
        while let Some(word) = self.words.pop_front() {
            let option = word.as_deref().and_then(OptionWord::parse);
            match option.and_then(|option| Some((S::arity(option.name)?, option))) {
                Some((arity, option)) => {
                    let value = self.single_value(&option, arity)?;
                    set.set(option.name, value)?;
                    rest.push_back(None);
                }
                None => rest.push_back(word),
            }
        }
        self.words = rest;
        Ok(set)
    }

    /// Takes the form of a client's values: blobs as `--cli-binary-format` has them, else the profile, else base64.
    ///
    /// # Errors
    /// If the form is unknown.
    pub(crate) fn value_form(
        &mut self,
        session: &inia::Session,
        client: &inia::Client,
    ) -> Result<ValueForm, CliError> {
        Ok(ValueForm {
            binary: self.take::<BinaryOptions>()?.resolve(session)?,
            is_native: client.is_native(),
        })
    }

    /// Returns exactly `N` positionals. `usage` is the command for the error message.
    ///
    /// # Errors
    /// If another number of positionals, or an option remains.
    pub(crate) fn finish<const N: usize>(self, usage: &str) -> Result<[String; N], CliError> {
        let RemainingArguments { positionals, .. } = self.finish_with(|_| None, Vec::new)?;
        if N == 0
            && let Some(argument) = positionals.first()
        {
            return Err(CliError::unexpected(argument));
        }
        positionals
            .try_into()
            .map_err(|_| CliError::usage(format!("usage: inia {usage}")))
    }

    /// Parses the rest of the line: positionals, and the options for which `arity` returns a number of values. `names` returns the
    /// names of these options.
    ///
    /// # Errors
    /// If any other option remains, or a value is missing.
    pub(crate) fn finish_with(
        mut self,
        arity: impl Fn(&str) -> Option<Arity>,
        names: impl Fn() -> Vec<String>,
    ) -> Result<RemainingArguments, CliError> {
        if let Some((name, _)) = self.passed.first() {
            return Err(self.rejected(name, Vec::new()));
        }
        let mut remaining = RemainingArguments::default();
        while let Some(word) = self.words.pop_front() {
            let Some(word) = word else { continue };
            let Some(option) = OptionWord::parse(&word) else {
                remaining.positionals.push(word);
                continue;
            };
            let Some(arity) = arity(option.name) else {
                return Err(self.rejected(option.name, names()));
            };
            let values = match arity {
                Arity::Many => self.all_values(&option),
                _ => vec![self.single_value(&option, arity)?],
            };
            remaining.options.push((option.name.to_owned(), values));
        }
        Ok(remaining)
    }

    /// Returns the value of an option with at most one value; empty if it has none.
    fn single_value(&mut self, option: &OptionWord<'_>, arity: Arity) -> Result<String, CliError> {
        let name = option.name;
        let next = self.words.front().and_then(Option::as_deref);
        let next = next.filter(|word| OptionWord::parse(word).is_none());
        let has_next = match arity {
            Arity::Flag if option.value.is_some() => {
                return Err(CliError::usage(format!("--{name} takes no value")));
            }
            Arity::Flag => false,
            Arity::Optional => next.is_some(),
            Arity::Choice(choices) => next.is_some_and(|word| choices.contains(&word)),
            Arity::One | Arity::Many => next.is_some(),
        };
        if let Some(value) = option.value {
            return Ok(value.to_owned());
        }
        if has_next {
            return Ok(self.words.pop_front().flatten().unwrap_or_default());
        }
        match arity {
            Arity::Flag | Arity::Optional | Arity::Choice(_) => Ok(String::new()),
            Arity::One | Arity::Many => Err(CliError::usage(format!(
                "--{name} requires a value; one that begins with -- is written --{name}=VALUE"
            ))),
        }
    }

    /// Returns the values of an option up to the next option.
    fn all_values(&mut self, option: &OptionWord<'_>) -> Vec<String> {
        if let Some(value) = option.value {
            return vec![value.to_owned()];
        }
        let mut values = Vec::new();
        while let Some(Some(word)) = self.words.front()
            && OptionWord::parse(word).is_none()
        {
            values.extend(self.words.pop_front().flatten());
        }
        values
    }

    /// Returns the error for an option that the command does not have. Similar names are suggested.
    #[cold]
    fn rejected(&self, name: &str, names: Vec<String>) -> CliError {
        if crate::program::is_aws() {
            return CliError::Line(format!("Unknown options: --{name}"));
        }
        if KnownOptions::arity(name).is_some() {
            return CliError::usage(format!("--{name} has no effect on `{}`", self.command));
        }
        let names = names.iter().map(String::as_str);
        let suggestion = inia::model::did_you_mean(name, names.chain(GlobalOptions::names()));
        CliError::usage(format!("unknown option --{name}{suggestion}"))
    }
}

/// Returns the only one of the names that begins with a text; `None` if the text is one of the names or none begins with it.
fn completed<'n>(text: &str, names: &[&'n str]) -> Result<Option<&'n str>, CliError> {
    if names.contains(&text) || KnownOptions::arity(text).is_some() {
        return Ok(None);
    }
    let mut longer: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| name.starts_with(text))
        .collect();
    longer.sort_unstable();
    longer.dedup();
    match longer.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => Err(CliError::usage(format!(
            "ambiguous option: --{text} could match --{}",
            several.join(", --")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        Arguments::new(line.split(' ').map(str::to_owned))
    }

    fn message<T: std::fmt::Debug>(result: Result<T, CliError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn options_are_found_at_any_position() {
        for line in [
            "--region eu-west-1 --output text s3api get-object --keys a b --force --key=--x out.txt",
            "s3api --output=text get-object --keys a b --region eu-west-1 out.txt --force --key=--x",
            "s3api get-object out.txt --key=--x --keys a b --output json --force --output text --region=eu-west-1",
        ] {
            let mut line = arguments(line);
            assert_eq!(line.positional().unwrap().as_deref(), Some("s3api"));
            assert_eq!(line.positional().unwrap().as_deref(), Some("get-object"));
            let (session, output): (SessionOptions, OutputOptions) = line.take().unwrap();
            assert_eq!(session.region.as_deref(), Some("eu-west-1"));
            assert_eq!(output.format, Some(OutputFormat::Text));
            let arity = |name: &str| match name {
                "keys" => Some(Arity::Many),
                "force" => Some(Arity::Flag),
                "key" => Some(Arity::One),
                _ => None,
            };
            let mut rest = line.finish_with(arity, Vec::new).unwrap();
            rest.options.sort();
            assert_eq!(rest.positionals, ["out.txt"]);
            assert_eq!(
                rest.options,
                [
                    ("force".to_owned(), vec![String::new()]),
                    ("key".to_owned(), vec!["--x".to_owned()]),
                    ("keys".to_owned(), vec!["a".to_owned(), "b".to_owned()]),
                ]
            );
        }
    }

    #[test]
    fn options_that_are_not_taken_are_errors() {
        let finish = |line: &str| {
            let mut line = arguments(line);
            line.positional()?;
            line.take::<ProfileOption>()?;
            line.finish::<0>("")
        };
        assert!(finish("services --profile p --debug").is_ok());
        for (line, expected) in [
            (
                "--query x services",
                "--query has no effect on `inia services`",
            ),
            (
                "services --query x",
                "--query has no effect on `inia services`",
            ),
            (
                "services --max-items=3",
                "--max-items has no effect on `inia services`",
            ),
            (
                "services --generate-cli-skeleton",
                "--generate-cli-skeleton has no effect on `inia services`",
            ),
            ("services --foo x", "unknown option --foo"),
            ("services x", "unexpected argument: x"),
            (
                "services --profile",
                "--profile requires a value; one that begins with -- is written --profile=VALUE",
            ),
            (
                "services --profile --debug",
                "--profile requires a value; one that begins with -- is written --profile=VALUE",
            ),
        ] {
            assert_eq!(message(finish(line)), format!("inia: {expected}"), "{line}");
        }
    }

    #[test]
    fn only_words_of_two_dashes_and_a_name_are_options() {
        let arity = |name: &str| (name == "text").then_some(Arity::One);
        for value in [
            "-1",
            "--",
            "-----BEGIN KEY-----",
            "--two words",
            "--5",
            "-x",
        ] {
            let line = Arguments::new(["--text".to_owned(), value.to_owned()]);
            let rest = line.finish_with(arity, Vec::new).unwrap();
            assert_eq!(rest.options[0].1, [value]);
        }
        let line = Arguments::new(["--text=a=b".to_owned()]);
        assert_eq!(
            line.finish_with(arity, Vec::new).unwrap().options[0].1,
            ["a=b"]
        );
    }

    #[test]
    fn values_of_a_list_end_at_an_option_that_was_taken() {
        let mut line = arguments("--keys a --region x out.txt");
        line.take::<SessionOptions>().unwrap();
        let arity = |name: &str| (name == "keys").then_some(Arity::Many);
        let rest = line.finish_with(arity, Vec::new).unwrap();
        assert_eq!(rest.options[0].1, ["a"]);
        assert_eq!(rest.positionals, ["out.txt"]);
    }

    #[test]
    fn help_is_found_behind_global_options() {
        let mut line = arguments("--region x --help");
        assert!(line.take_help());
        assert!(!line.take_help());
        assert!(!arguments("--foo help").take_help());
    }

    #[test]
    fn suggests_the_nearest_option() {
        let mut line = arguments("--regoin x");
        assert_eq!(
            message(line.positional()),
            "inia: unknown option --regoin; did you mean region?"
        );
    }
}
