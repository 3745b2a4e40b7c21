//! The peers that the tests compare inia with, in `target/peers/`:
//!
//! ```text
//! venv/               a Python environment with botocore, boto3, the moto server and the AWS CLI
//! botocore-<version>/ botocore's source archive, whose tests are conformance suites
//! boto3-<version>/    boto3's source archive
//! awscli-<version>/   the AWS CLI's source archive, whose documentation has command lines
//! archives/           downloaded archives
//! ```

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::packages::{MOTO, Packages, run};

const CONSTRAINTS: &str = include_str!("../constraints.txt");

/// Unpacked source archives.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) botocore: PathBuf,
    pub(crate) boto3: PathBuf,
    pub(crate) packages: Packages,
}

/// Fetches missing peers and returns the folder `target/peers`.
pub(crate) fn fetch(root: &Path) -> Result<PathBuf> {
    let peers = folder(root)?;
    let _lock = lock(&peers)?;
    let python = environment(&peers)?;
    let packages = Packages::pinned(root)?;
    install(&python, root, &peers, &packages)?;
    packages.awscli.unpacked(&python, &peers)?;
    unpack(&python, &peers, packages)?;
    Ok(peers)
}

/// Fetches only the source archives.
pub(crate) fn sources(root: &Path) -> Result<Sources> {
    let peers = folder(root)?;
    let _lock = lock(&peers)?;
    let python = environment(&peers)?;
    unpack(&python, &peers, Packages::pinned(root)?)
}

/// Fetches the source archives of other versions into `target/releases`, where no test finds them; `None` stands for the newest one.
pub(crate) fn sources_of(
    root: &Path,
    botocore: Option<&str>,
    boto3: Option<&str>,
) -> Result<Sources> {
    let peers = folder(root)?;
    let _lock = lock(&peers)?;
    let python = environment(&peers)?;
    let releases = root.join("target").join("releases");
    fs::create_dir_all(&releases).with_context(|| releases.display().to_string())?;
    let packages = Packages::pinned(root)?.of_versions(&python, &releases, botocore, boto3)?;
    unpack(&python, &releases, packages)
}

fn unpack(python: &Path, peers: &Path, packages: Packages) -> Result<Sources> {
    Ok(Sources {
        botocore: packages.botocore.unpacked(python, peers)?,
        boto3: packages.boto3.unpacked(python, peers)?,
        packages,
    })
}

fn folder(root: &Path) -> Result<PathBuf> {
    let peers = root.join("target").join("peers");
    fs::create_dir_all(&peers).with_context(|| peers.display().to_string())?;
    Ok(peers)
}

/// Locks the folder against concurrent tasks. The lock is released when the file is closed.
fn lock(peers: &Path) -> Result<File> {
    let path = peers.join(".lock");
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    file.lock().with_context(|| path.display().to_string())?;
    Ok(file)
}

/// Returns the Python of the virtual environment, which is created if it is missing or broken.
fn environment(peers: &Path) -> Result<PathBuf> {
    let venv = peers.join("venv");
    let python = if cfg!(windows) {
        venv.join("Scripts").join("python.exe")
    } else {
        venv.join("bin").join("python")
    };
    if works(&python) {
        return Ok(python);
    }
    let base = if cfg!(windows) { "python" } else { "python3" };
    if !works(Path::new(base)) {
        bail!(
            "`{base}` does not run; install Python 3.10 or newer with its venv module \
             (on Debian and Ubuntu: apt-get install python3 python3-venv)"
        );
    }
    eprintln!("creating a Python environment in {}", venv.display());
    let made = Command::new(base)
        .args(["-m", "venv", "--clear"])
        .arg(&venv)
        .status()
        .is_ok_and(|status| status.success());
    if !made || !works(&python) {
        bail!(
            "`{base} -m venv` cannot make an environment with pip in {}; install Python's venv module \
             (on Debian and Ubuntu: apt-get install python3-venv)",
            venv.display()
        );
    }
    Ok(python)
}

/// Reports whether this Python runs and has the required module.
fn works(python: &Path) -> bool {
    // The system Python needs no pip: virtual environments include it.
    let module = if python.components().count() > 1 {
        "pip"
    } else {
        "sys"
    };
    Command::new(python)
        .args(["-c", &format!("import {module}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Installs the packages unless the stamp file lists the same versions.
fn install(python: &Path, root: &Path, peers: &Path, packages: &Packages) -> Result<()> {
    let requirements = [
        packages.awscli.requirement(),
        packages.botocore.requirement(),
        packages.boto3.requirement(),
        MOTO.to_owned(),
    ];
    let expected = format!("{}\n{CONSTRAINTS}", requirements.join("\n"));
    let stamp = peers.join("venv").join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == expected) {
        return Ok(());
    }
    eprintln!("installing {}", requirements.join(", "));
    run(Command::new(python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .arg("--constraint")
        .arg(root.join("xtask").join("constraints.txt"))
        .args(requirements))?;
    fs::write(&stamp, expected).with_context(|| stamp.display().to_string())
}
