//! Pinned Python packages: sources of definitions and test peers, downloaded and verified.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::json::Json;

/// A source archive of the Python package index.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) version: String,
    /// SHA-256 of the source archive in hexadecimal.
    pub(crate) sha256: String,
}

/// The pinned packages.
#[derive(Clone, Debug)]
pub(crate) struct Packages {
    /// Service definitions and conformance tests.
    pub(crate) botocore: Package,
    /// Resource definitions.
    pub(crate) boto3: Package,
    /// The AWS CLI, version 1, and the command lines of its documentation.
    pub(crate) awscli: Package,
}

/// File with the versions and digests of the pinned packages, in the workspace.
const PINS: &str = "xtask/packages.json";

impl Packages {
    /// Reads the pinned versions.
    pub(crate) fn pinned(root: &Path) -> Result<Self> {
        let path = root.join(PINS);
        let text = fs::read(&path).with_context(|| path.display().to_string())?;
        let pins: Json = serde_json::from_slice(&text).with_context(|| PINS)?;
        let package = |name: &'static str| -> Result<Package> {
            let entry = |key: &str| {
                let value = pins.get(name).and_then(|pin| pin.string(key));
                value
                    .map(str::to_owned)
                    .with_context(|| format!("{PINS}: missing {name}.{key}"))
            };
            Ok(Package {
                name,
                version: entry("version")?,
                sha256: entry("sha256")?,
            })
        };
        Ok(Packages {
            botocore: package("botocore")?,
            boto3: package("boto3")?,
            awscli: package("awscli")?,
        })
    }

    /// Returns botocore and boto3 in other versions, whose archives are downloaded to compute their digests. `None` stands for the newest
    /// version.
    pub(crate) fn of_versions(
        self,
        python: &Path,
        peers: &Path,
        botocore: Option<&str>,
        boto3: Option<&str>,
    ) -> Result<Self> {
        let archives = peers.join("archives");
        let package = |name: &'static str, version: Option<&str>| -> Result<Package> {
            let version = match version {
                Some(version) => version.to_owned(),
                None => newest(python, name)?,
            };
            let mut package = Package {
                name,
                version,
                sha256: String::new(),
            };
            let archive = package.download(python, &archives)?;
            let bytes = fs::read(&archive).with_context(|| archive.display().to_string())?;
            package.sha256 = sha256(&bytes);
            Ok(package)
        };
        Ok(Packages {
            botocore: package("botocore", botocore)?,
            boto3: package("boto3", boto3)?,
            awscli: self.awscli,
        })
    }

    /// Pins these versions.
    pub(crate) fn write(&self, root: &Path) -> Result<()> {
        let pins = [&self.botocore, &self.boto3, &self.awscli].map(|package| {
            let pin = [("version", &package.version), ("sha256", &package.sha256)];
            let pin = pin.map(|(key, value)| (key.to_owned(), Json::String(value.clone())));
            (package.name.to_owned(), Json::Object(pin.into()))
        });
        let text = serde_json::to_string_pretty(&Json::Object(pins.into()))?;
        fs::write(root.join(PINS), text + "\n").with_context(|| PINS)
    }
}

/// Server of the end-to-end tests. Installed with pip, so no archive digest is pinned here.
pub(crate) const MOTO: &str = "moto[server]==5.2.5";

impl Package {
    /// Returns the pip requirement for this version.
    pub(crate) fn requirement(&self) -> String {
        format!("{}=={}", self.name, self.version)
    }

    /// Returns the name of the source archive.
    pub(crate) fn archive(&self) -> String {
        format!("{}-{}.tar.gz", self.name, self.version)
    }

    /// Downloads and unpacks the source archive into `peers` if missing, and returns its folder.
    pub(crate) fn unpacked(&self, python: &Path, peers: &Path) -> Result<PathBuf> {
        let folder = peers.join(format!("{}-{}", self.name, self.version));
        if folder.is_dir() {
            return Ok(folder);
        }
        let archive = self.downloaded(python, peers)?;
        // Renamed after unpacking, so that an existing folder is complete.
        let partial = peers.join(format!("{}.partial", self.name));
        if partial.exists() {
            fs::remove_dir_all(&partial)?;
        }
        run(Command::new(python)
            .args(["-W", "ignore", "-m", "tarfile", "-e"])
            .args([&archive, &partial]))?;
        let inner = partial.join(format!("{}-{}", self.name, self.version));
        fs::rename(&inner, &folder).with_context(|| {
            format!("{} does not contain {}", archive.display(), inner.display())
        })?;
        fs::remove_dir_all(&partial)?;
        Ok(folder)
    }

    fn downloaded(&self, python: &Path, peers: &Path) -> Result<PathBuf> {
        let archive = self.download(python, &peers.join("archives"))?;
        let digest = sha256(&fs::read(&archive).with_context(|| archive.display().to_string())?);
        ensure!(
            digest == self.sha256,
            "{}: SHA-256 is {digest}, expected {} (pinned in {PINS}); delete the file to download it again",
            archive.display(),
            self.sha256,
        );
        Ok(archive)
    }

    /// Downloads the source archive if it is missing.
    fn download(&self, python: &Path, archives: &Path) -> Result<PathBuf> {
        let archive = archives.join(self.archive());
        if !archive.is_file() {
            eprintln!("downloading {}", self.archive());
            run(Command::new(python)
                .args([
                    "-m",
                    "pip",
                    "download",
                    "--quiet",
                    "--no-deps",
                    "--no-binary",
                ])
                .args([self.name, "--dest"])
                .arg(archives)
                .arg(self.requirement()))?;
        }
        Ok(archive)
    }
}

/// Returns the newest version of a package in the index.
fn newest(python: &Path, name: &str) -> Result<String> {
    let output = Command::new(python)
        .args(["-m", "pip", "index", "versions", name])
        .output()
        .context("cannot start pip")?;
    let text = String::from_utf8_lossy(&output.stdout);
    // `botocore (1.44.8)`
    let version = text
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    let (version, _) = version.with_context(|| format!("pip lists no version of {name}"))?;
    Ok(version.to_owned())
}

/// Runs a command to completion; a failure is an error with its command line.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed with {status}");
    }
    Ok(())
}

fn sha256(bytes: &[u8]) -> String {
    inia_core::to_hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_hexadecimal() {
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
