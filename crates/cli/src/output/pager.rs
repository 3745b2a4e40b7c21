//! The pager that long results are shown in if standard output is a terminal.
//!
//! # Source
//! The AWS CLI, `clidriver.py:_construct_cli_pager_chain` and `utils.py:OutputStreamFactory`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use inia::Session;

use crate::status::CliError;

/// The default pager.
const DEFAULT: &str = "less";

/// Options of `less` unless `LESS` is set: quit if the text fits one screen, show colors, and do not clear the screen.
const LESS: &str = "FRX";

/// A pager.
#[derive(Debug)]
pub(crate) struct Pager {
    words: Vec<String>,
    /// True if the user named the pager, so that a missing program is an error.
    is_configured: bool,
    has_less_options: bool,
}

impl Pager {
    /// Returns the pager of `AWS_PAGER`, else of the profile's `cli_pager`, else of `PAGER`, else `less`; none if the name is empty.
    pub(super) fn configured(session: &Session) -> Option<Self> {
        let settings = session.settings();
        let variable = |name| settings.env().var(name);
        let setting = || {
            let profile = settings.profile()?;
            profile.get("cli_pager").map(str::to_owned)
        };
        let configured = variable("AWS_PAGER")
            .or_else(setting)
            .or_else(|| variable("PAGER"));
        let words = split(configured.as_deref().unwrap_or(DEFAULT));
        (!words.is_empty()).then(|| Pager {
            words,
            is_configured: configured.is_some(),
            has_less_options: variable("LESS").is_some(),
        })
    }

    /// Shows a text.
    ///
    /// # Errors
    /// If the configured pager cannot be started. DIFFERENCE: if `less` is missing, the text is printed.
    pub(super) fn show(&self, text: &str) -> Result<(), CliError> {
        let Some((program, arguments)) = self.words.split_first() else {
            return super::write_bytes(text.as_bytes());
        };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped());
        if !self.has_less_options {
            command.env("LESS", LESS);
        }
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(_) if !self.is_configured => return super::write_bytes(text.as_bytes()),
            Err(error) => {
                return Err(CliError::configuration(format!(
                    "Unable to redirect output to pager. Received the following error when opening pager:\n{program}: {error}"
                )));
            }
        };
        if let Some(mut input) = child.stdin.take() {
            // A pager may end before it has read everything.
            let _ = input.write_all(text.as_bytes());
        }
        child.wait()?;
        Ok(())
    }
}

/// Splits a command at white space outside of quotes.
fn split(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in command.chars() {
        match (character, quote) {
            (character, Some(open)) if character == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (character, None) if character.is_whitespace() => words.extend(word.take()),
            (character, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_at_white_space() {
        assert_eq!(split("less -R  'a b'"), ["less", "-R", "a b"]);
        assert!(split("  ").is_empty());
    }
}
