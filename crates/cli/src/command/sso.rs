//! `inia sso login` and `inia sso logout`.

use crate::arguments::{Arguments, Arity, Rest};
use crate::command::describe;
use crate::status::Failure;

/// The options of a login. The last two are the AWS CLI's: a login never opens a browser, and always shows a code.
const LOGIN: [(&str, Arity); 3] = [
    ("sso-session", Arity::One),
    ("no-browser", Arity::Flag),
    ("use-device-code", Arity::Flag),
];

/// Shows the URL and the code, and waits until the user has confirmed them.
pub(crate) async fn login(mut arguments: Arguments) -> Result<(), Failure> {
    let arity = |name: &str| {
        let mut options = LOGIN.iter();
        options
            .find(|(known, _)| *known == name)
            .map(|(_, arity)| *arity)
    };
    let known = || LOGIN.iter().map(|(name, _)| (*name).to_owned()).collect();
    let Rest { options, words } = arguments.rest(arity, known)?;
    no_word(&words)?;
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
        lines.push("or open this one, and compare the code:".to_owned());
        lines.push(String::new());
        lines.push(format!("    {url}"));
        lines.push(String::new());
    }
    describe::print(lines)?;
    let start_url = login.start_url().to_owned();
    login.finish().await?;
    describe::print([format!("Logged in to {start_url}")])
}

/// Ends all logins.
pub(crate) async fn logout(mut arguments: Arguments) -> Result<(), Failure> {
    let Rest { words, .. } = arguments.rest(|_| None, Vec::new)?;
    no_word(&words)?;
    crate::session(&arguments).await?.sso_logout().await?;
    Ok(())
}

fn no_word(words: &[String]) -> Result<(), Failure> {
    match words.first() {
        None => Ok(()),
        Some(word) => Err(Failure::usage(format!("{word:?} belongs to no option"))),
    }
}
