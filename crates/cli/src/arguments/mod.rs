//! The command line: global options, positional arguments, and options of an operation.
//!
//! ```text
//! inia [global options] <service> <operation> [--member value ...] [positionals] [global options]
//! ```
//! The number of values of an option depends on the operation, so the line is parsed in two steps: first the
//! positionals that name the command, then the options of that command.

mod global;
mod operation;
mod shorthand;
mod value;

pub(crate) use global::{GlobalOptions, OutputFormat};
pub(crate) use operation::OperationArguments;
pub(crate) use value::blob_from_text;

use std::collections::VecDeque;

use crate::status::CliError;

/// Number of values of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arity {
    /// No value.
    Flag,
    One,
    /// All values up to the next option.
    Many,
}

/// The arguments that are not parsed yet.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    remaining: VecDeque<String>,
    /// Global options parsed so far.
    pub(crate) global: GlobalOptions,
}

impl Arguments {
    pub(crate) fn new(arguments: impl IntoIterator<Item = String>) -> Self {
        Arguments {
            remaining: arguments.into_iter().collect(),
            global: GlobalOptions::default(),
        }
    }

    /// Returns the next positional argument, after parsing global options; `None` at the end.
    pub(crate) fn positional(&mut self) -> Result<Option<String>, CliError> {
        while let Some(argument) = self.remaining.pop_front() {
            let Some(name) = option_name(&argument) else {
                return Ok(Some(argument));
            };
            if !self.take_global(name)? {
                return Err(unknown_option(
                    name,
                    global::NAMES.iter().map(|(name, _)| *name),
                ));
            }
        }
        Ok(None)
    }

    /// Parses the remaining arguments: command options by `arity`, global options, and positionals.
    pub(crate) fn parse_rest(
        &mut self,
        arity: impl Fn(&str) -> Option<Arity>,
        known: impl Fn() -> Vec<String>,
    ) -> Result<RemainingArguments, CliError> {
        let mut rest = RemainingArguments::default();
        while let Some(argument) = self.remaining.pop_front() {
            let Some(name) = option_name(&argument) else {
                rest.positionals.push(argument);
                continue;
            };
            let bare = name.split_once('=').map_or(name, |(name, _)| name);
            match arity(bare) {
                Some(arity) => {
                    let values = self.values(name, arity)?;
                    rest.options.push((bare.to_owned(), values));
                }
                None if self.take_global(name)? => {}
                None => {
                    let mut names = known();
                    names.extend(global::NAMES.iter().map(|(name, _)| (*name).to_owned()));
                    return Err(unknown_option(bare, names.iter().map(String::as_str)));
                }
            }
        }
        Ok(rest)
    }

    /// Reports whether no positionals remain.
    pub(crate) fn is_last_positional(&self) -> bool {
        let mut ahead = Arguments {
            remaining: self.remaining.clone(),
            global: self.global.clone(),
        };
        matches!(ahead.positional(), Ok(None))
    }

    /// Reports whether the remaining arguments of `inia batch` name no operation of AWS Batch.
    pub(crate) fn names_no_operation(&self) -> bool {
        let mut ahead = Arguments {
            remaining: self.remaining.clone(),
            global: self.global.clone(),
        };
        // Errors are reported when the line is parsed.
        !matches!(
            (ahead.take_option("concurrency"), ahead.positional()),
            (_, Ok(Some(_)))
        )
    }

    /// Parses the remaining global options and rejects positionals.
    pub(crate) fn finish(&mut self) -> Result<(), CliError> {
        match self.positional()? {
            None => Ok(()),
            Some(argument) => Err(CliError::unexpected(&argument)),
        }
    }

    /// Removes an option with one value from the remaining arguments.
    pub(crate) fn take_option(&mut self, wanted: &str) -> Result<Option<String>, CliError> {
        let is_match = |argument: &String| {
            option_name(argument)
                .is_some_and(|name| name.split_once('=').map_or(name, |(name, _)| name) == wanted)
        };
        let Some(position) = self.remaining.iter().position(is_match) else {
            return Ok(None);
        };
        let mut after = self.remaining.split_off(position);
        let option = after.pop_front().unwrap_or_default();
        std::mem::swap(&mut self.remaining, &mut after);
        let values = self.values(option_name(&option).unwrap_or_default(), Arity::One);
        after.append(&mut self.remaining);
        self.remaining = after;
        Ok(values?.into_iter().next())
    }

    /// Reports whether the next argument is `help` or `--help`.
    pub(crate) fn next_is_help(&self) -> bool {
        self.remaining
            .front()
            .is_some_and(|next| matches!(next.as_str(), "help" | "--help"))
    }

    /// Returns the global options, including those that are not parsed yet.
    pub(crate) fn preview_global(&self) -> GlobalOptions {
        let mut ahead = Arguments {
            remaining: self.remaining.clone(),
            global: self.global.clone(),
        };
        while let Some(argument) = ahead.remaining.pop_front() {
            if let Some(name) = option_name(&argument) {
                // Errors are ignored here; they are reported when the line is parsed.
                let _ = ahead.take_global(name);
            }
        }
        ahead.global
    }

    fn take_global(&mut self, name: &str) -> Result<bool, CliError> {
        let bare = name.split_once('=').map_or(name, |(name, _)| name);
        let Some((_, arity)) = global::NAMES.iter().find(|(known, _)| *known == bare) else {
            return Ok(false);
        };
        let values = self.values(name, *arity)?;
        self.global.set(bare, values.into_iter().next())?;
        Ok(true)
    }

    /// Returns the values of an option. `--name=value` is accepted as well.
    fn values(&mut self, name: &str, arity: Arity) -> Result<Vec<String>, CliError> {
        if let Some((bare, value)) = name.split_once('=') {
            return match arity {
                Arity::Flag => Err(CliError::usage(format!("--{bare} takes no value"))),
                _ => Ok(vec![value.to_owned()]),
            };
        }
        let mut values = Vec::new();
        let max = match arity {
            Arity::Flag => return Ok(values),
            Arity::One => 1,
            Arity::Many => usize::MAX,
        };
        while values.len() < max {
            match self.remaining.front() {
                Some(value)
                    if option_name(value).is_none()
                        || (arity == Arity::One && values.is_empty()) =>
                {
                    values.extend(self.remaining.pop_front());
                }
                _ => break,
            }
        }
        if values.is_empty() && arity == Arity::One {
            return Err(CliError::usage(format!("--{name} requires a value")));
        }
        Ok(values)
    }
}

/// Options and positionals of a command.
#[derive(Debug, Default)]
pub(crate) struct RemainingArguments {
    pub(crate) options: Vec<(String, Vec<String>)>,
    pub(crate) positionals: Vec<String>,
}

fn option_name(argument: &str) -> Option<&str> {
    argument
        .strip_prefix("--")
        .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn unknown_option<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> CliError {
    CliError::usage(format!(
        "unknown option --{name}{}",
        inia::did_you_mean(name, known)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        Arguments::new(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn parses_positionals_and_options_of_every_arity() {
        let mut line = arguments(
            "--region eu-west-1 s3api get-object --keys a b --force --key --x out.txt --output=text",
        );
        assert_eq!(line.positional().unwrap().as_deref(), Some("s3api"));
        assert_eq!(line.positional().unwrap().as_deref(), Some("get-object"));
        let arity = |name: &str| match name {
            "keys" => Some(Arity::Many),
            "force" => Some(Arity::Flag),
            "key" => Some(Arity::One),
            _ => None,
        };
        let rest = line.parse_rest(arity, Vec::new).unwrap();
        assert_eq!(rest.positionals, ["out.txt"]);
        assert_eq!(
            rest.options[0],
            ("keys".to_owned(), vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(rest.options[2], ("key".to_owned(), vec!["--x".to_owned()]));
        assert_eq!(line.global.region.as_deref(), Some("eu-west-1"));
        assert_eq!(line.global.output, Some(OutputFormat::Text));
    }

    #[test]
    fn takes_an_option_at_any_position() {
        for line in [
            "a --limit 5 --x b",
            "a --x b --limit=5",
            "--limit 5 a --x b",
        ] {
            let mut line = arguments(line);
            assert_eq!(line.take_option("limit").unwrap().as_deref(), Some("5"));
            assert_eq!(line.remaining, ["a", "--x", "b"]);
            assert_eq!(line.take_option("limit").unwrap(), None);
        }
        assert!(arguments("a --limit").take_option("limit").is_err());
    }

    #[test]
    fn suggests_the_nearest_option() {
        let mut line = arguments("--regoin x");
        assert_eq!(
            line.positional().unwrap_err().to_string(),
            "inia: unknown option --regoin; did you mean region?"
        );
    }
}
