//! `inia configure` without a subcommand: prompts for keys, region and output format.

use inia::config::{ConfigFileKind, SectionName};

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
    let mut credentials = Vec::new();
    let mut config = Vec::new();
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
        let changed = if secret {
            &mut credentials
        } else {
            &mut config
        };
        changed.push((key, input));
    }
    // Both files are parsed before either is written, so that a malformed file leaves the other unchanged.
    let section = SectionName::Profile(profile.to_owned());
    let mut edited = Vec::new();
    for (kind, changed) in [
        (ConfigFileKind::Credentials, credentials),
        (ConfigFileKind::Config, config),
    ] {
        if changed.is_empty() {
            continue;
        }
        let mut file = files.edit(kind)?;
        for (key, value) in changed {
            file.set(&section, key, &value)?;
        }
        edited.push(file);
    }
    for file in edited {
        file.save(&*files.host.files)?;
    }
    Ok(())
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
