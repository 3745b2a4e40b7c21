//! Paths on the command line.

use std::path::PathBuf;

use inia::config::{Platform, expand_user};

/// Expands a leading `~` or `~user` to the home folder, and then `$NAME` and `${NAME}` to environment variables. Unknown users and
/// variables are left as they are.
///
/// # Source
/// Python's `os.path.expanduser` and `expandvars`, which the AWS CLI uses.
pub(crate) fn expand(path: &str) -> PathBuf {
    let env = inia::host::system_host().env;
    let expanded = expand_user(path, &*env, Platform::CURRENT);
    let expanded = expanded.and_then(|path| path.into_string().ok());
    expand_variables(expanded.as_deref().unwrap_or(path), |name| env.var(name)).into()
}

fn expand_variables(path: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        let (name, end) = variable_name(after);
        match name.and_then(&variable) {
            Some(value) => {
                text.push_str(&value);
                rest = after.get(end..).unwrap_or_default();
            }
            None => {
                text.push('$');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// Returns the variable name at the start of a text, in braces or not, and the length of both.
fn variable_name(text: &str) -> (Option<&str>, usize) {
    if let Some(braced) = text.strip_prefix('{') {
        return match braced.split_once('}') {
            Some((name, _)) => (Some(name), name.len() + 2),
            None => (None, 0),
        };
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = text.bytes().take_while(|byte| is_part(byte)).count();
    (text.get(..length).filter(|name| !name.is_empty()), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_variables_as_the_aws_cli_does() {
        for (path, expected) in [
            ("a~/x", "a~/x"),
            ("$D/x", "data/x"),
            ("${D}x", "datax"),
            ("$Dx", "$Dx"),
            ("$D$D/$", "datadata/$"),
            ("${D", "${D"),
            ("${}", "${}"),
            ("$none/${none}", "$none/${none}"),
            ("/$T", "/~"),
            ("é$D", "édata"),
            ("$é", "$é"),
        ] {
            let variable = |name: &str| match name {
                "D" => Some("data".to_owned()),
                "T" => Some("~".to_owned()),
                _ => None,
            };
            assert_eq!(expand_variables(path, variable), expected, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn file_in_the_home_folder_of_another_user() {
        let home = inia::host::system_host().env.home_of("root");
        let home = home.expect("root is a user");
        assert_eq!(expand("~root/x"), home.join("x"));
        assert_eq!(expand("~no such user/x"), PathBuf::from("~no such user/x"));
    }
}
