//! The command line: global options, the words of a command, and an operation's own options.
//!
//! ```text
//! inia [global options] <service> <operation> [--member value ...] [words] [global options]
//! ```
//! How many values an option takes depends on the operation, so the line is read in two steps: to the words that name the
//! command, and then on with that command's options.

mod global;
mod operation;
mod shorthand;
mod value;

pub(crate) use global::{Global, OutputFormat};
pub(crate) use operation::OperationArguments;
pub(crate) use value::blob_from_text;

use std::collections::VecDeque;

use crate::status::Failure;

/// How many values an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arity {
    /// None: it is there or not.
    Flag,
    One,
    /// Every value up to the next option.
    Many,
}

/// What is left of the command line.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    left: VecDeque<String>,
    /// Global options met so far.
    pub(crate) global: Global,
}

impl Arguments {
    pub(crate) fn new(arguments: impl IntoIterator<Item = String>) -> Self {
        Arguments {
            left: arguments.into_iter().collect(),
            global: Global::default(),
        }
    }

    /// The next word of the command, past global options; `None` at the end.
    pub(crate) fn word(&mut self) -> Result<Option<String>, Failure> {
        while let Some(argument) = self.left.pop_front() {
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

    /// Reads the rest of the line: the command's options by `arity`, global options, and words.
    pub(crate) fn rest(
        &mut self,
        arity: impl Fn(&str) -> Option<Arity>,
        known: impl Fn() -> Vec<String>,
    ) -> Result<Rest, Failure> {
        let mut rest = Rest::default();
        while let Some(argument) = self.left.pop_front() {
            let Some(name) = option_name(&argument) else {
                rest.words.push(argument);
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

    /// Whether no word is left, but for options and their values.
    pub(crate) fn is_at_words_end(&self) -> bool {
        let mut ahead = Arguments {
            left: self.left.clone(),
            global: self.global.clone(),
        };
        matches!(ahead.word(), Ok(None))
    }

    /// The end of the line, past global options.
    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        match self.word()? {
            None => Ok(()),
            Some(word) => Err(Failure::usage(format!(
                "there is a word too many: {word:?}"
            ))),
        }
    }

    /// Takes an option of one value out of what is left of the line.
    pub(crate) fn take_option(&mut self, wanted: &str) -> Result<Option<String>, Failure> {
        let found = |argument: &String| {
            option_name(argument)
                .is_some_and(|name| name.split_once('=').map_or(name, |(name, _)| name) == wanted)
        };
        let Some(position) = self.left.iter().position(found) else {
            return Ok(None);
        };
        let mut behind = self.left.split_off(position);
        let option = behind.pop_front().unwrap_or_default();
        std::mem::swap(&mut self.left, &mut behind);
        let values = self.values(option_name(&option).unwrap_or_default(), Arity::One);
        behind.append(&mut self.left);
        self.left = behind;
        Ok(values?.into_iter().next())
    }

    /// Whether the next word asks for help.
    pub(crate) fn takes_help(&self) -> bool {
        self.left
            .front()
            .is_some_and(|next| matches!(next.as_str(), "help" | "--help"))
    }

    /// The global options, with those that are still ahead on the line.
    pub(crate) fn preview_global(&self) -> Global {
        let mut ahead = Arguments {
            left: self.left.clone(),
            global: self.global.clone(),
        };
        while let Some(argument) = ahead.left.pop_front() {
            if let Some(name) = option_name(&argument) {
                // What is wrong here is told when the line is read in earnest.
                let _ = ahead.take_global(name);
            }
        }
        ahead.global
    }

    fn take_global(&mut self, name: &str) -> Result<bool, Failure> {
        let bare = name.split_once('=').map_or(name, |(name, _)| name);
        let Some((_, arity)) = global::NAMES.iter().find(|(known, _)| *known == bare) else {
            return Ok(false);
        };
        let values = self.values(name, *arity)?;
        self.global.set(bare, values.into_iter().next())?;
        Ok(true)
    }

    /// The values of an option, which may be written `--name=value`.
    fn values(&mut self, name: &str, arity: Arity) -> Result<Vec<String>, Failure> {
        if let Some((bare, value)) = name.split_once('=') {
            return match arity {
                Arity::Flag => Err(Failure::usage(format!("--{bare} takes no value"))),
                _ => Ok(vec![value.to_owned()]),
            };
        }
        let mut values = Vec::new();
        let most = match arity {
            Arity::Flag => return Ok(values),
            Arity::One => 1,
            Arity::Many => usize::MAX,
        };
        while values.len() < most {
            match self.left.front() {
                Some(value)
                    if option_name(value).is_none()
                        || (arity == Arity::One && values.is_empty()) =>
                {
                    values.extend(self.left.pop_front());
                }
                _ => break,
            }
        }
        if values.is_empty() && arity == Arity::One {
            return Err(Failure::usage(format!("--{name} wants a value")));
        }
        Ok(values)
    }
}

/// The options and words of a command.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    pub(crate) options: Vec<(String, Vec<String>)>,
    pub(crate) words: Vec<String>,
}

fn option_name(argument: &str) -> Option<&str> {
    argument
        .strip_prefix("--")
        .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn unknown_option<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Failure {
    Failure::usage(format!(
        "there is no option --{name}{}",
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
    fn words_and_options_of_every_arity() {
        let mut line = arguments(
            "--region eu-west-1 s3api get-object --keys a b --force --key --x out.txt --output=text",
        );
        assert_eq!(line.word().unwrap().as_deref(), Some("s3api"));
        assert_eq!(line.word().unwrap().as_deref(), Some("get-object"));
        let arity = |name: &str| match name {
            "keys" => Some(Arity::Many),
            "force" => Some(Arity::Flag),
            "key" => Some(Arity::One),
            _ => None,
        };
        let rest = line.rest(arity, Vec::new).unwrap();
        assert_eq!(rest.words, ["out.txt"]);
        assert_eq!(
            rest.options[0],
            ("keys".to_owned(), vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(rest.options[2], ("key".to_owned(), vec!["--x".to_owned()]));
        assert_eq!(line.global.region.as_deref(), Some("eu-west-1"));
        assert_eq!(line.global.output, Some(OutputFormat::Text));
    }

    #[test]
    fn one_option_is_taken_out_wherever_it_stands() {
        for line in [
            "a --limit 5 --x b",
            "a --x b --limit=5",
            "--limit 5 a --x b",
        ] {
            let mut line = arguments(line);
            assert_eq!(line.take_option("limit").unwrap().as_deref(), Some("5"));
            assert_eq!(line.left, ["a", "--x", "b"]);
            assert_eq!(line.take_option("limit").unwrap(), None);
        }
        assert!(arguments("a --limit").take_option("limit").is_err());
    }

    #[test]
    fn an_unknown_option_offers_the_nearest() {
        let mut line = arguments("--regoin x");
        assert_eq!(
            line.word().unwrap_err().to_string(),
            "inia: there is no option --regoin; did you mean region?"
        );
    }
}
