//! Options of commands that explain a call instead of making it.

use super::option::{Arity, OptionGroup, OptionRow};
use crate::status::CliError;

/// Options of commands that explain a call instead of making it.
#[derive(Debug, Default)]
pub(crate) struct ExplainOptions {
    pub(crate) explain: bool,
    /// Loads the credentials over the network and from commands.
    pub(crate) with_credentials: bool,
}

impl OptionGroup for ExplainOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[
        OptionRow {
            name: "explain",
            arity: Arity::Flag,
            set: |options, _| {
                options.explain = true;
                Ok(())
            },
        },
        OptionRow {
            name: "with-credentials",
            arity: Arity::Flag,
            set: |options, _| {
                options.with_credentials = true;
                Ok(())
            },
        },
    ];
}

impl ExplainOptions {
    /// Returns an error if an option has no effect.
    pub(crate) fn check(&self) -> Result<(), CliError> {
        if self.with_credentials && !self.explain {
            return Err(CliError::usage(
                "--with-credentials has no effect without --explain",
            ));
        }
        Ok(())
    }
}
