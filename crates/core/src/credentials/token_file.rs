//! The refresh of a cached login that several processes share.
//!
//! A refresh token can only be used once. The process that refreshes holds a lock beside the file; the others wait for it, and read
//! the new tokens that it has written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::json::Object;
use super::{ProviderContext, expiration};
use crate::ports::FileLock;
use crate::{Result, Timestamp};

/// The pause between two attempts to lock a file.
const LOCK_PAUSE: Duration = Duration::from_millis(50);
/// The maximum number of attempts to lock a file, which take a minute.
const LOCK_ATTEMPTS: u32 = 1200;

/// The contents of a file, with the expiration of its token.
pub(super) struct CachedLogin {
    pub(super) file: Object,
    pub(super) expires: Timestamp,
}

impl CachedLogin {
    /// Returns `true` if the token is valid for longer than a time.
    pub(super) fn is_valid(&self, context: &ProviderContext, time: Duration) -> bool {
        let remaining = expiration::seconds_until(context.host.clock.now(), self.expires);
        u64::try_from(remaining).is_ok_and(|remaining| remaining > time.as_secs())
    }
}

/// Refreshes a login that expires within `window`, and writes it, unless another process has refreshed it meanwhile. If that fails,
/// the login is used until it expires.
///
/// # Errors
/// Those of `refresh`, if the login has expired.
pub(super) async fn refresh<F: Future<Output = Result<Object>>>(
    context: &ProviderContext,
    path: &Path,
    window: Duration,
    read: impl Fn() -> Result<CachedLogin>,
    refresh: impl FnOnce(Object) -> F,
) -> Result<Object> {
    let _lock = lock(context, path).await;
    let login = read()?;
    if login.is_valid(context, window) {
        return Ok(login.file);
    }
    let error = match refresh(login.file).await {
        Ok(file) => {
            let text = Zeroizing::new(serde_json::Value::Object(file.clone()).to_string());
            if let Err(error) = context.host.files.write_private(path, text.as_bytes()) {
                tracing::warn!(
                    "cannot write {}, and the old tokens are no longer valid: {error}",
                    path.display()
                );
            }
            return Ok(file);
        }
        Err(error) => error,
    };
    // A program that does not lock the file may have refreshed the login.
    match read() {
        Ok(login) if login.is_valid(context, Duration::ZERO) => {
            tracing::warn!(
                "refreshing {} failed, using the cached token: {error:#}",
                path.display()
            );
            Ok(login.file)
        }
        _ => Err(error),
    }
}

/// Waits for the lock of a file. `None` if files cannot be locked here, or the lock is held for more than a minute.
async fn lock(context: &ProviderContext, path: &Path) -> Option<FileLock> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    for _ in 0..LOCK_ATTEMPTS {
        match context.host.files.try_lock(&path) {
            Ok(Some(lock)) => return Some(lock),
            Ok(None) => context.host.clock.sleep(LOCK_PAUSE).await,
            Err(error) => {
                tracing::debug!("cannot lock {}: {error}", path.display());
                return None;
            }
        }
    }
    tracing::warn!("{} is still locked after a minute", path.display());
    None
}
