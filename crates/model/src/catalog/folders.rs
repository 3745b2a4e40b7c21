//! Definitions in folders.

use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use inia_core::ports::{Env, Files};
use inia_core::{Error, ErrorKind, Result};

use super::{Definition, Form, is_plain_name};

/// The longest text that a compressed definition may unfold to, in bytes: EC2's with all its prose has 3 MB.
const LONGEST: u64 = 1 << 28;

const ENDINGS: [&str; 2] = [".json", ".json.gz"];

#[derive(Debug)]
pub(super) struct Folders {
    pub(super) files: Arc<dyn Files>,
    pub(super) folders: Vec<PathBuf>,
}

impl Folders {
    /// Everything that may be a service.
    pub(super) fn services(&self) -> BTreeSet<String> {
        self.folders
            .iter()
            .flat_map(|folder| self.names(folder))
            .collect()
    }

    /// The API versions of a service that have a file of a kind.
    pub(super) fn versions(&self, service: &str, kind: &str) -> BTreeSet<String> {
        let mut versions = BTreeSet::new();
        for folder in &self.folders {
            let folder = folder.join(service);
            for version in self.names(&folder) {
                let has_kind = |name: String| {
                    let ending = name.strip_prefix(kind);
                    ending.is_some_and(|ending| ENDINGS.contains(&ending))
                };
                if !versions.contains(&version) && self.names(&folder.join(&version)).any(has_kind)
                {
                    versions.insert(version);
                }
            }
        }
        versions
    }

    fn names(&self, folder: &Path) -> impl Iterator<Item = String> + use<> {
        self.files
            .list(folder)
            .into_iter()
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .filter(|name| is_plain_name(name))
    }

    /// The first file at a place, `.json` before `.json.gz`.
    pub(super) fn read(&self, parts: &[&str]) -> Result<Option<Definition>> {
        for folder in &self.folders {
            for ending in ENDINGS {
                let mut path: PathBuf = folder.clone();
                path.extend(parts);
                path.as_mut_os_string().push(ending);
                let place = path.display().to_string();
                let bytes = match self.files.read(&path) {
                    Ok(bytes) => bytes,
                    Err(error) if is_absence(&error) => continue,
                    Err(error) => return Err(unreadable(&place, error)),
                };
                let text = if ending == ".json" {
                    bytes
                } else {
                    unfold(&bytes).map_err(|error| unreadable(&place, error))?
                };
                return Ok(Some(Definition {
                    content: Bytes::from(text),
                    form: Form::Json,
                    place,
                }));
            }
        }
        Ok(None)
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
    )
}

#[cold]
fn unreadable(place: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Model, format!("{place} cannot be read: {error}")).with_source(error)
}

fn unfold(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .take(LONGEST + 1)
        .read_to_end(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it unfolds to more than 256 MiB",
        ));
    }
    Ok(text)
}

pub(super) fn search_path(env: &dyn Env, data_path: Option<&str>) -> Vec<PathBuf> {
    let variable = env.var("AWS_DATA_PATH");
    let separator = if cfg!(windows) { ';' } else { ':' };
    data_path
        .or(variable.as_deref())
        .unwrap_or_default()
        .split(separator)
        .filter(|part| !part.is_empty())
        .map(|part| expand(part, env))
        .chain(env.home().map(|home| home.join(".aws").join("models")))
        .collect()
}

/// Puts variables (`$NAME`, `${NAME}`) and a leading `~` in; a variable that is not set stays as it is written.
fn expand(part: &str, env: &dyn Env) -> PathBuf {
    let mut path = String::with_capacity(part.len());
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('$') {
        path.push_str(before);
        let braced = after
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'));
        let (name, after_name) = braced.unwrap_or_else(|| {
            let end = after
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(after.len());
            after.split_at(end)
        });
        match env.var(name).filter(|_| !name.is_empty()) {
            Some(value) => {
                path.push_str(&value);
                rest = after_name;
            }
            None => {
                path.push('$');
                rest = after;
            }
        }
    }
    path.push_str(rest);
    let home = path
        .strip_prefix('~')
        .filter(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
        .and_then(|rest| Some((env.home()?, rest)));
    match home {
        Some((home, rest)) => home.join(rest.trim_start_matches(['/', '\\'])),
        None => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct FakeEnv(Option<&'static str>);

    impl Env for FakeEnv {
        fn var(&self, name: &str) -> Option<String> {
            match name {
                "AWS_DATA_PATH" => self.0.map(str::to_owned),
                "DATA" => Some("/data".to_owned()),
                _ => None,
            }
        }

        fn vars(&self) -> Vec<(String, String)> {
            Vec::new()
        }

        fn home(&self) -> Option<PathBuf> {
            Some(PathBuf::from("/home/me"))
        }
    }

    #[test]
    #[cfg(not(windows))]
    fn the_search_path_ends_in_the_home_folder() {
        for (variable, setting, expected) in [
            (None, None, &[][..]),
            (Some(""), None, &[]),
            (Some("/a:~/b::~"), None, &["/a", "/home/me/b", "/home/me"]),
            (Some("/a"), Some("/from/setting"), &["/from/setting"]),
            (
                Some("$DATA/x:${DATA}y:$NOPE/z:a$:$$DATA:~you"),
                None,
                &["/data/x", "/datay", "$NOPE/z", "a$", "$/data", "~you"],
            ),
        ] {
            let mut expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            expected.push(PathBuf::from("/home/me/.aws/models"));
            assert_eq!(
                search_path(&FakeEnv(variable), setting),
                expected,
                "{variable:?}"
            );
        }
    }
}
