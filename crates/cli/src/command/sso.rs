//! `inia sso login` and `inia sso logout`.

use crate::arguments::{Arguments, Arity, RemainingArguments};
use crate::command::describe;
use crate::status::CliError;

/// Options of `login`. The last two are accepted for the AWS CLI's sake: a login always uses a device code and never
/// opens a browser.
const LOGIN_OPTIONS: [(&str, Arity); 3] = [
    ("sso-session", Arity::One),
    ("no-browser", Arity::Flag),
    ("use-device-code", Arity::Flag),
];

/// Prints the URL and the user code and waits for the user to confirm.
pub(crate) async fn login(mut arguments: Arguments) -> Result<(), CliError> {
    let arity = |name: &str| {
        let mut options = LOGIN_OPTIONS.iter();
        options
            .find(|(option, _)| *option == name)
            .map(|(_, arity)| *arity)
    };
    let option = || {
        LOGIN_OPTIONS
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect()
    };
    let RemainingArguments {
        options,
        positionals,
    } = arguments.parse_rest(arity, option)?;
    reject_positionals(&positionals)?;
    let name = options
        .iter()
        .rev()
        .find(|(option, _)| option == "sso-session")
        .and_then(|(_, values)| values.first());
    let session = crate::session(&arguments).await?;
    let login = session.sso_login(name.map(String::as_str)).await?;
    let mut lines = vec![
        "Open this page in a browser, on any device:".to_owned(),
        String::new(),
        format!("    {}", login.verification_url()),
        String::new(),
        "and enter this code:".to_owned(),
        String::new(),
        format!("    {}", login.user_code()),
        String::new(),
    ];
    if let Some(url) = login.complete_verification_url() {
        lines.push("or open this page and compare the code:".to_owned());
        lines.push(String::new());
        lines.push(format!("    {url}"));
        lines.push(String::new());
    }
    describe::print(lines)?;
    let start_url = login.start_url().to_owned();
    login.finish().await?;
    describe::print([format!("Logged in to {start_url}")])
}

/// Removes all cached SSO tokens.
pub(crate) async fn logout(mut arguments: Arguments) -> Result<(), CliError> {
    let RemainingArguments { positionals, .. } = arguments.parse_rest(|_| None, Vec::new)?;
    reject_positionals(&positionals)?;
    crate::session(&arguments).await?.sso_logout().await?;
    Ok(())
}

fn reject_positionals(positionals: &[String]) -> Result<(), CliError> {
    match positionals.first() {
        None => Ok(()),
        Some(argument) => Err(CliError::unexpected(argument)),
    }
}
