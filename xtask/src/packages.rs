//! Pinned Python packages: sources of definitions and test peers, downloaded and verified.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

/// A source archive of the Python package index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// SHA-256 of the source archive in hexadecimal.
    pub(crate) sha256: &'static str,
}

/// Service definitions and conformance tests.
pub(crate) const BOTOCORE: Package = Package {
    name: "botocore",
    version: "1.44.5",
    sha256: "a988f39e3a4484def0b8010f41128f71157da0515a4804fccce4739aa8f216da",
};

/// Resource definitions.
pub(crate) const BOTO3: Package = Package {
    name: "boto3",
    version: "1.44.5",
    sha256: "667b344e25d2bcbb7c42fcf6b92a07bb1d73ee9d6d12c3a7873ec4c490b6fb64",
};

/// The AWS CLI, version 1, and the command lines of its documentation.
pub(crate) const AWSCLI: Package = Package {
    name: "awscli",
    version: "1.46.3",
    sha256: "9b1146f4159bdf98688d900e2ffd0ac05c18f7fb28641c6b0817e64574e3ce1f",
};

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
        let archives = peers.join("archives");
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
                .arg(&archives)
                .arg(self.requirement()))?;
        }
        let digest = sha256(&fs::read(&archive).with_context(|| archive.display().to_string())?);
        ensure!(
            digest == self.sha256,
            "{}: SHA-256 is {digest}, expected {} (pinned in xtask/src/packages.rs); delete the file to download it again",
            archive.display(),
            self.sha256,
        );
        Ok(archive)
    }
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
