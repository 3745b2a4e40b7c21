//! `inia configure` without a subcommand: prompts for keys, region and output format.

use super::editor::SectionName;
use super::setting_path::SettingPath;
use super::{CREDENTIAL_KEYS, Files};
use crate::status::CliError;
use crate::terminal;

/// Settings in the order of the prompts, with their labels.
///
/// # Source
/// The AWS CLI, `configure`.
const PROMPTS: [(&str, &str); 4] = [
    ("aws_access_key_id", "AWS Access Key ID"),
    ("aws_secret_access_key", "AWS Secret Access Key"),
    ("region", "Default region name"),
    ("output", "Default output format"),
];

/// Prompts for each setting, shows the current value, and writes changed ones. Empty input keeps the current value.
///
/// DIFFERENCE: the secret access key is not echoed.
pub(super) async fn run(files: &Files) -> Result<(), CliError> {
    let profile = files.profile();
    let section = files.read.profile(profile);
    let mut changed = Vec::new();
    for (key, name) in PROMPTS {
        let current = section.and_then(|section| section.get(key));
        let secret = CREDENTIAL_KEYS.contains(&key);
        let shown = match current {
            None => "None".to_owned(),
            Some(value) if secret => masked(value),
            Some(value) => value.to_owned(),
        };
        let prompt = format!("{name} [{shown}]: ");
        let input = if key == "aws_secret_access_key" {
            terminal::hidden_line(&prompt).await?
        } else {
            terminal::line(&prompt).await?
        };
        let input = input.trim().to_owned();
        if input.is_empty() || current == Some(input.as_str()) {
            continue;
        }
        let setting_path = SettingPath {
            section: SectionName::Profile(profile.to_owned()),
            key: key.to_owned(),
            sub: None,
        };
        changed.push((setting_path, input));
    }
    if changed.is_empty() {
        return Ok(());
    }
    files.set(&changed).await
}

/// Masks a secret except its last four characters.
///
/// # Source
/// The AWS CLI, `configure`. DIFFERENCE: a secret of less than eight characters is masked completely.
pub(super) fn masked(secret: &str) -> String {
    let length = secret.chars().count();
    let shown: String = match length {
        0..8 => String::new(),
        _ => secret.chars().skip(length - 4).collect(),
    };
    format!("****************{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_all_but_the_last_four_characters() {
        assert_eq!(masked("AKIDEXAMPLEé"), "****************PLEé");
        assert_eq!(masked("short"), "****************");
    }
}
