//! `inia sso login` and `inia sso logout`.

use crate::arguments::{Arguments, Arity, OptionGroup, OptionRow, SessionOptions};
use crate::command::describe;
use crate::status::CliError;

/// Options of `login`. The last two are accepted for the AWS CLI's sake: a login always uses a device code and never
/// opens a browser.
#[derive(Debug, Default)]
struct LoginOptions {
    session: Option<String>,
}

impl OptionGroup for LoginOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[
        OptionRow {
            name: "sso-session",
            arity: Arity::One,
            set: |options, name| {
                options.session = Some(name);
                Ok(())
            },
        },
        OptionRow {
            name: "no-browser",
            arity: Arity::Flag,
            set: |_, _| Ok(()),
        },
        OptionRow {
            name: "use-device-code",
            arity: Arity::Flag,
            set: |_, _| Ok(()),
        },
    ];
}

/// Prints the URL and the user code and waits for the user to confirm.
pub(crate) async fn login(mut arguments: Arguments) -> Result<(), CliError> {
    let (session, login): (SessionOptions, LoginOptions) = arguments.take()?;
    arguments.finish::<0>("sso login")?;
    let session = session.load().await?;
    let login = session.sso_login(login.session.as_deref()).await?;
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
    let session: SessionOptions = arguments.take()?;
    arguments.finish::<0>("sso logout")?;
    session.load().await?.sso_logout().await?;
    Ok(())
}
