//! Options of commands: groups of rows with a name, a number of values and a setter.

use crate::status::CliError;

/// Number of values of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arity {
    /// No value.
    Flag,
    One,
    /// One value, or none.
    Optional,
    /// One of these values, or none.
    Choice(&'static [&'static str]),
    /// All values up to the next option.
    Many,
}

/// A word of the form `--name` or `--name=value`.
#[derive(Clone, Copy, Debug)]
pub(super) struct OptionWord<'a> {
    pub(super) name: &'a str,
    pub(super) value: Option<&'a str>,
}

impl<'a> OptionWord<'a> {
    /// Parses a word. The name starts with a letter, and consists of letters, digits, dashes and underscores.
    pub(super) fn parse(word: &'a str) -> Option<Self> {
        let text = word.strip_prefix("--")?;
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        is_name.then_some(OptionWord { name, value })
    }
}

/// An option of the group `G`.
pub(crate) struct OptionRow<G: 'static> {
    pub(crate) name: &'static str,
    pub(crate) arity: Arity,
    /// Sets the value; empty for a flag, or if the value was left out.
    pub(crate) set: fn(&mut G, String) -> Result<(), CliError>,
}

/// Options that commands have in common.
pub(crate) trait OptionGroup: Default + 'static {
    const OPTIONS: &'static [OptionRow<Self>];
}

/// The options that a command takes: a group, or a tuple of sets.
pub(crate) trait OptionSet: Default {
    /// Returns the number of values of an option; `None` if it is not in the set.
    fn arity(name: &str) -> Option<Arity>;

    /// Sets an option of the set.
    fn set(&mut self, name: &str, value: String) -> Result<(), CliError>;

    /// Returns the names of all options.
    fn names() -> Vec<&'static str>;
}

impl<G: OptionGroup> OptionSet for G {
    fn arity(name: &str) -> Option<Arity> {
        let mut options = G::OPTIONS.iter();
        options.find(|row| row.name == name).map(|row| row.arity)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), CliError> {
        match G::OPTIONS.iter().find(|row| row.name == name) {
            Some(row) => (row.set)(self, value),
            None => Err(CliError::usage(format!("unknown option --{name}"))),
        }
    }

    fn names() -> Vec<&'static str> {
        G::OPTIONS.iter().map(|row| row.name).collect()
    }
}

/// Implements [`OptionSet`] for a tuple: the first set with an option takes it.
macro_rules! option_set_of {
    ($($set:ident $field:tt),+) => {
        impl<$($set: OptionSet),+> OptionSet for ($($set,)+) {
            fn arity(name: &str) -> Option<Arity> {
                None$(.or_else(|| $set::arity(name)))+
            }

            fn set(&mut self, name: &str, value: String) -> Result<(), CliError> {
                $(if $set::arity(name).is_some() {
                    return self.$field.set(name, value);
                })+
                Err(CliError::usage(format!("unknown option --{name}")))
            }

            fn names() -> Vec<&'static str> {
                let mut names = Vec::new();
                $(names.extend($set::names());)+
                names
            }
        }
    };
}

option_set_of!(A 0, B 1);
option_set_of!(A 0, B 1, C 2);
option_set_of!(A 0, B 1, C 2, D 3);

/// No options.
impl OptionSet for () {
    fn arity(_: &str) -> Option<Arity> {
        None
    }

    fn set(&mut self, name: &str, _: String) -> Result<(), CliError> {
        Err(CliError::usage(format!("unknown option --{name}")))
    }

    fn names() -> Vec<&'static str> {
        Vec::new()
    }
}
