//! Providers 9 and 10, `ec2-credentials-file` and `boto-config`: the files of the original EC2 tools and of boto 2.

use std::io;
use std::path::Path;

use super::provider::failed;
use super::{Credentials, Lookup, Provider, ProviderContext};
use crate::config::setting;
use crate::ports::BoxFuture;
use crate::{Result, Secret, Str, UserAgentFeatures};

/// The file named by `AWS_CREDENTIAL_FILE`, with lines `AWSAccessKeyId=...` and `AWSSecretKey=...`.
///
/// # Source
/// botocore `credentials.py:OriginalEC2Provider`, `utils.py:parse_key_val_file_contents`.
#[derive(Debug)]
pub(super) struct Ec2CredentialsFileProvider;

/// The section `[Credentials]` of `BOTO_CONFIG`, or of `/etc/boto.cfg` and `~/.boto`.
///
/// # Source
/// botocore `credentials.py:BotoProvider`.
#[derive(Debug)]
pub(super) struct BotoConfigProvider;

impl Provider<Credentials> for Ec2CredentialsFileProvider {
    fn name(&self) -> &str {
        "ec2-credentials-file"
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        Box::pin(async move { load_ec2(context) })
    }
}

impl Provider<Credentials> for BotoConfigProvider {
    fn name(&self) -> &str {
        "boto-config"
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        Box::pin(async move { load_boto(context) })
    }
}

fn load_ec2(context: &ProviderContext) -> Result<Lookup<Credentials>> {
    let Some((_, path)) = setting::EC2_CREDENTIAL_FILE.from_env(&*context.host.env) else {
        return Lookup::none("AWS_CREDENTIAL_FILE is not set");
    };
    let path = context.settings.expand(&path);
    let text = read(context, &path)?
        .ok_or_else(|| failed(format!("AWS_CREDENTIAL_FILE: {} not found", path.display())))?;
    let value = |name: &str| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .rfind(|(key, _)| key.trim() == name)
            .map(|(_, value)| value.trim())
    };
    let Some(access_key_id) = value("AWSAccessKeyId") else {
        return Lookup::none(format!("{} has no AWSAccessKeyId", path.display()));
    };
    let secret_access_key = value("AWSSecretKey")
        .ok_or_else(|| failed(format!("{} has no AWSSecretKey", path.display())))?;
    Ok(Lookup::Found(keys(
        access_key_id,
        secret_access_key,
        "ec2-credentials-file",
        UserAgentFeatures::default(),
    )))
}

fn load_boto(context: &ProviderContext) -> Result<Lookup<Credentials>> {
    let candidates = match setting::BOTO_CONFIG.from_env(&*context.host.env) {
        Some((_, path)) => vec![context.settings.expand(&path)],
        None => vec!["/etc/boto.cfg".into(), context.settings.expand("~/.boto")],
    };
    for path in candidates {
        let Some(text) = read(context, &path)? else {
            continue;
        };
        let section = boto_credentials(&text);
        let value = |name: &str| {
            section
                .iter()
                .rev()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| *value)
        };
        let Some(access_key_id) = value("aws_access_key_id") else {
            continue;
        };
        let secret_access_key = value("aws_secret_access_key").ok_or_else(|| {
            failed(format!(
                "{} has aws_access_key_id, but no aws_secret_access_key",
                path.display()
            ))
        })?;
        return Ok(Lookup::Found(keys(
            access_key_id,
            secret_access_key,
            "boto-config",
            UserAgentFeatures::CREDENTIALS_BOTO2_CONFIG_FILE,
        )));
    }
    Lookup::none("no boto config file has aws_access_key_id in [Credentials]")
}

/// Returns the entries in the section `[Credentials]`. The older format allows `=` or `:`. Other sections and lines are ignored.
fn boto_credentials(text: &str) -> Vec<(&str, &str)> {
    let mut inside = false;
    let mut entries = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some(heading) = line.strip_prefix('[') {
            inside = heading.split(']').next() == Some("Credentials");
        } else if inside
            && !line.starts_with(['#', ';'])
            && let Some((name, value)) = line.split_once(['=', ':'])
        {
            entries.push((name.trim(), value.trim()));
        }
    }
    entries
}

fn keys(
    access_key_id: &str,
    secret_access_key: &str,
    provider: &'static str,
    features: UserAgentFeatures,
) -> Credentials {
    Credentials {
        access_key_id: Str::from(access_key_id),
        secret_access_key: Secret::from(secret_access_key),
        session_token: None,
        expires: None,
        account_id: None,
        provider: Str::from_static(provider),
        features,
    }
}

/// Reads a text file; `None` if it does not exist.
fn read(context: &ProviderContext, path: &Path) -> Result<Option<String>> {
    let bytes = match context.host.files.read(path) {
        Ok(bytes) => bytes,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::IsADirectory
                    | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => {
            return Err(failed(format!("cannot read {}", path.display())).with_source(error));
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(failed(format!("{} is not UTF-8", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_the_credentials_section() {
        let text = "[Boto]\naws_access_key_id = no\n[Credentials]\n# c = d\nAWS_access_key_id: a=b\nx = y\n[s3]\nz = no";
        assert_eq!(
            boto_credentials(text),
            [("AWS_access_key_id", "a=b"), ("x", "y")]
        );
    }
}
