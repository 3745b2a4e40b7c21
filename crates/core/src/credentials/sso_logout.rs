//! Logout from IAM Identity Center.

use std::path::Path;

use zeroize::Zeroizing;

use super::ProviderContext;
use super::json::{self, Object};
use super::provider::failed;
use crate::ports::InvokeOptions;
use crate::{Result, Str, json};

/// The number of files removed by [`Identities::sso_logout`](crate::Identities::sso_logout).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SsoLogout {
    /// Token files.
    pub tokens: usize,
    /// Files of credentials obtained with a token.
    pub credentials: usize,
}

/// Ends the session of every token in `~/.aws/sso/cache`, and removes the tokens and the credentials obtained with them.
///
/// Files are removed even if the service rejects a token or does not respond.
///
/// # Source
/// The AWS CLI, `sso logout`.
pub(super) async fn logout(context: &ProviderContext) -> Result<SsoLogout> {
    let mut removed = SsoLogout::default();
    let mut problem = None;
    let mut remove = |path: &Path, count: &mut usize| match context.host.files.remove(path) {
        Ok(()) => *count += 1,
        Err(error) => {
            problem = Some(failed(format!("cannot remove {}", path.display())).with_source(error));
        }
    };
    for (path, file) in files(context, &["sso", "cache"]) {
        let Some(token) = json::text(&file, "accessToken") else {
            // A client registration, which is kept for the next login.
            continue;
        };
        if let Some(region) = json::text(&file, "region") {
            let params = json!({"accessToken": token});
            let options = InvokeOptions {
                region: Some(Str::from(region)),
                ..InvokeOptions::default()
            };
            if let Err(error) = context.call("sso", "Logout", params, options).await {
                tracing::debug!("ending a session failed: {error:#}");
            }
        }
        remove(&path, &mut removed.tokens);
    }
    for (path, file) in files(context, &["cli", "cache"]) {
        if json::text(&file, "ProviderType") == Some(super::sso::NAME) {
            remove(&path, &mut removed.credentials);
        }
    }
    match problem {
        None => Ok(removed),
        Some(problem) => Err(problem),
    }
}

/// Reads the JSON objects in a folder below `~/.aws`.
fn files(context: &ProviderContext, folder: &[&str]) -> Vec<(std::path::PathBuf, Object)> {
    let folder = context.settings.in_aws_folder(folder);
    if folder.as_os_str().is_empty() {
        return Vec::new();
    }
    let mut paths = context.host.files.list(&folder);
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    let read = |path: std::path::PathBuf| {
        let bytes = Zeroizing::new(context.host.files.read(&path).ok()?);
        Some((path, json::object(&bytes).ok()?))
    };
    paths.into_iter().filter_map(read).collect()
}
