//! The home folder, the folder `~/.aws`, and the expansion of paths in settings.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::ports::Env;

/// The target platform for path rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux, macOS and other Unix systems.
    Unix,
    /// Windows.
    Windows,
}

impl Platform {
    /// The platform of this build.
    pub const CURRENT: Platform = if cfg!(windows) {
        Platform::Windows
    } else {
        Platform::Unix
    };

    fn separator(self) -> &'static str {
        match self {
            Platform::Unix => "/",
            Platform::Windows => "\\",
        }
    }
}

/// Returns the home folder: `HOME`; on Windows then `USERPROFILE`, then `HOMEDRIVE` and `HOMEPATH`; finally [`Env::home`].
///
/// # Source
/// AWS's shared configuration files, "Finding the home directory".
#[must_use]
pub fn home_folder(env: &dyn Env, platform: Platform) -> Option<OsString> {
    let var = |name: &str| env.var(name).filter(|value| !value.is_empty());
    let home = match platform {
        Platform::Unix => var("HOME"),
        Platform::Windows => var("HOME").or_else(|| var("USERPROFILE")).or_else(|| {
            let (drive, path) = (var("HOMEDRIVE")?, var("HOMEPATH")?);
            Some(format!("{drive}{path}"))
        }),
    };
    home.map(OsString::from)
        .or_else(|| env.home().map(PathBuf::into_os_string))
}

/// Returns a path below `~/.aws`, or an empty path if there is no home folder.
pub(crate) fn in_aws_folder(env: &dyn Env, platform: Platform, parts: &[&str]) -> PathBuf {
    let Some(mut path) = home_folder(env, platform) else {
        return PathBuf::new();
    };
    for part in std::iter::once(&".aws").chain(parts) {
        path.push(platform.separator());
        path.push(part);
    }
    PathBuf::from(path)
}

/// Expands `~` and `$NAME` or `${NAME}` in a path. Variables that are not set are left unchanged.
///
/// # Source
/// Python's `expandvars` and `expanduser`, as botocore applies them (`configloader.py:raw_config_parse`).
pub(crate) fn expand(path: &str, env: &dyn Env, platform: Platform) -> PathBuf {
    let path = expand_variables(path, env);
    match expand_user(&path, env, platform) {
        Some(expanded) => PathBuf::from(expanded),
        None => PathBuf::from(path),
    }
}

/// Expands a leading `~` or `~user` to a home folder; `None` if there is none, or the folder is not known.
///
/// # Source
/// Python's `os.path.expanduser`.
#[must_use]
pub fn expand_user(path: &str, env: &dyn Env, platform: Platform) -> Option<OsString> {
    let rest = path.strip_prefix('~')?;
    let is_separator = |c| c == '/' || (platform == Platform::Windows && c == '\\');
    let (user, tail) = rest.split_at(rest.find(is_separator).unwrap_or(rest.len()));
    let mut home = match user {
        "" => home_folder(env, platform)?,
        user => env.home_of(user)?.into_os_string(),
    };
    // The home folder may be the root.
    if let Some(trimmed) = home
        .to_str()
        .map(|home| home.trim_end_matches(is_separator))
        && !tail.is_empty()
    {
        home = trimmed.into();
    }
    home.push(tail);
    Some(home)
}

fn expand_variables(text: &str, env: &dyn Env) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        let (name, tail, original) = match after.strip_prefix('{').and_then(|t| t.split_once('}')) {
            Some((name, tail)) => (name, tail, format!("${{{name}}}")),
            None => {
                let end = after
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(after.len());
                let (name, tail) = after.split_at_checked(end).unwrap_or((after, ""));
                (name, tail, format!("${name}"))
            }
        };
        match env.var(name).filter(|_| !name.is_empty()) {
            Some(value) => result.push_str(&value),
            None => result.push_str(&original),
        }
        rest = tail;
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::FakeEnv;

    #[test]
    fn expands_home_and_variables() {
        let env = FakeEnv::of(&[("HOME", "/home/u"), ("DIR", "d")]);
        for (path, expected) in [
            ("~/x", "/home/u/x"),
            ("~", "/home/u"),
            ("~other/x", "/home/other/x"),
            ("~other", "/home/other"),
            ("~root/x", "/x"),
            ("~nobody/x", "~nobody/x"),
            ("/a/$DIR/${DIR}b/$NONE", "/a/d/db/$NONE"),
            ("a$", "a$"),
            ("${open", "${open"),
        ] {
            assert_eq!(
                expand(path, &env, Platform::Unix),
                PathBuf::from(expected),
                "{path}"
            );
        }
    }

    #[test]
    fn locations_are_empty_without_home_folder() {
        let locations = crate::config::FileLocations::resolve(&FakeEnv::of(&[]), Platform::Unix);
        assert_eq!(locations, crate::config::FileLocations::default());
    }
}
