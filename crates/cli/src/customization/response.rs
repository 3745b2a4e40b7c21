//! Files that are written from an output, and changes of the output.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use inia::Value;

use super::{MemberPath, OperationCommand, iam};
use crate::status::CliError;

/// Options that name files for parts of an output: service, operations, option, and the member of the part.
///
/// # Source
/// The AWS CLI, `customizations/iot.py`.
const OUTPUT_FILES: &[(&str, &[&str], &str, MemberPath)] = &[
    (
        "iot",
        &["create-certificate-from-csr", "create-keys-and-certificate"],
        "certificate-pem-outfile",
        MemberPath("certificatePem"),
    ),
    (
        "iot",
        &["create-keys-and-certificate"],
        "public-key-outfile",
        MemberPath("keyPair.PublicKey"),
    ),
    (
        "iot",
        &["create-keys-and-certificate"],
        "private-key-outfile",
        MemberPath("keyPair.PrivateKey"),
    ),
];

/// A file for a part of an output.
#[derive(Debug)]
pub(crate) struct OutputFile {
    path: PathBuf,
    part: OutputPart,
}

#[derive(Debug)]
enum OutputPart {
    /// The text of a member.
    Text(MemberPath),
    /// The seed of a virtual MFA device, in one of its forms.
    MfaSeed(String),
}

/// Returns the files that arguments name for parts of the output.
///
/// # Errors
/// If a file cannot be written: the call is not made then, because what it returns would be lost.
pub(crate) fn output_files(
    command: OperationCommand<'_>,
    kept: &BTreeMap<&'static str, String>,
) -> Result<Vec<OutputFile>, CliError> {
    let mut files = Vec::new();
    for (service, operations, option, part) in OUTPUT_FILES {
        if command.is_one_of(service, operations)
            && let Some(path) = kept.get(option)
        {
            files.push((path, OutputPart::Text(*part)));
        }
    }
    if command.is_one_of("iam", &["create-virtual-mfa-device"])
        && let (Some(path), Some(method)) = (kept.get("outfile"), kept.get("bootstrap-method"))
    {
        if !iam::BOOTSTRAP_METHODS.contains(&method.as_str()) {
            return Err(CliError::usage(format!(
                "--bootstrap-method: {method:?} is not one of {}",
                iam::BOOTSTRAP_METHODS.join(" and ")
            )));
        }
        files.push((path, OutputPart::MfaSeed(method.clone())));
    }
    files
        .into_iter()
        .map(|(path, part)| {
            let path = crate::paths::expand(path);
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            if !folder.unwrap_or(Path::new(".")).is_dir() || path.is_dir() {
                return Err(CliError::usage(format!(
                    "Unable to write to file: {}",
                    path.display()
                )));
            }
            Ok(OutputFile { path, part })
        })
        .collect()
}

/// Writes the files, and removes from the output what must not be printed.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn apply_to_output(files: &[OutputFile], output: &mut Value) -> Result<(), CliError> {
    for file in files {
        let contents = match &file.part {
            OutputPart::Text(path) => {
                let value = output.as_map().and_then(|output| path.get(output));
                let text = value.and_then(Value::as_str).unwrap_or_default();
                text.as_bytes().to_vec()
            }
            OutputPart::MfaSeed(method) => match iam::take_seed(output, method) {
                Some(seed) => seed,
                None => continue,
            },
        };
        write_private(&file.path, &contents)?;
    }
    Ok(())
}

/// Writes a file that only its owner may read.
fn write_private(path: &Path, contents: &[u8]) -> Result<(), CliError> {
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // An existing file keeps its mode when it is opened.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    file.write_all(contents)?;
    Ok(())
}
