//! `inia configure` without words: asks for keys, region and output format.

use inia::config::{ConfigFileKind, SectionName};

use super::{CREDENTIAL_KEYS, Files};
use crate::status::Failure;
use crate::terminal;

/// The keys in the order they are asked for, with their names for people.
///
/// # Source
/// The AWS CLI, `configure`.
const QUESTIONS: [(&str, &str); 4] = [
    ("aws_access_key_id", "AWS Access Key ID"),
    ("aws_secret_access_key", "AWS Secret Access Key"),
    ("region", "Default region name"),
    ("output", "Default output format"),
];

/// Asks for each value, shows the present one, and writes those that were changed. An empty answer keeps what there is.
///
/// DIFFERENCE: the secret key is not shown while it is typed.
pub(super) async fn run(files: &Files) -> Result<(), Failure> {
    let profile = files.profile();
    let section = files.read.profile(profile);
    let mut credentials = Vec::new();
    let mut config = Vec::new();
    for (key, name) in QUESTIONS {
        let present = section.and_then(|section| section.get(key));
        let secret = CREDENTIAL_KEYS.contains(&key);
        let shown = match present {
            None => "None".to_owned(),
            Some(value) if secret => masked(value),
            Some(value) => value.to_owned(),
        };
        let question = format!("{name} [{shown}]: ");
        let answer = if key == "aws_secret_access_key" {
            terminal::hidden_line(&question).await?
        } else {
            terminal::line(&question).await?
        };
        let answer = answer.trim().to_owned();
        if answer.is_empty() || present == Some(answer.as_str()) {
            continue;
        }
        let changed = if secret {
            &mut credentials
        } else {
            &mut config
        };
        changed.push((key, answer));
    }
    // Both files are opened before one is written: a broken one leaves the other as it is.
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

/// A secret as it is shown: its last four characters.
///
/// # Source
/// The AWS CLI, `configure`. DIFFERENCE: of a secret of less than eight characters nothing is shown.
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
    fn of_a_secret_its_end_is_shown() {
        assert_eq!(masked("AKIDEXAMPLEé"), "****************PLEé");
        assert_eq!(masked("short"), "****************");
    }
}
