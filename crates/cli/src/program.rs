//! The name that the program is called by.

use std::path::Path;

/// Reports whether the program is called as `aws`, through a link or a copy of that name or with `INIA_AS_AWS=1`: differences from
/// the AWS CLI that are chosen for `inia` are then left out.
pub(crate) fn is_aws() -> bool {
    static IS_AWS: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *IS_AWS.get_or_init(|| {
        let program = std::env::args_os().next().unwrap_or_default();
        let is_named = Path::new(&program)
            .file_stem()
            .is_some_and(|name| name == "aws");
        is_named || std::env::var_os("INIA_AS_AWS").is_some_and(|value| value == "1")
    })
}

/// The version of the AWS CLI whose behavior the command has. Scripts look for the major version.
const AWS_CLI_VERSION: &str = "2.34.0";

/// Returns the line of `--version`.
pub(crate) fn version() -> String {
    let own = concat!("inia/", env!("CARGO_PKG_VERSION"));
    if is_aws() {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        return format!("aws-cli/{AWS_CLI_VERSION} {own} {os}/{arch}\n");
    }
    own.replace('/', " ") + "\n"
}
