//! What must never be printed, and the look for it.

// Each suite is a program of its own and uses a part of this.
#![allow(dead_code)]

use serde_json::Value as Json;

/// The secrets of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<String>);

/// The ends of names whose values are secrets.
const SECRET_NAMES: [&str; 12] = [
    "secretaccesskey",
    "secret_access_key",
    "sessiontoken",
    "session_token",
    "security_token",
    "accesstoken",
    "refreshtoken",
    "clientsecret",
    "idtoken",
    "dpopkey",
    "authorization_token",
    "token",
];

impl Secrets {
    /// A secret, unless it is so short that it stands in any text.
    pub(crate) fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.len() >= 5 {
            self.0.push(secret.to_owned());
        }
    }

    /// The secrets of a file of any kind the cases have: JSON, XML, a config file, or a token by itself.
    pub(crate) fn add_file(&mut self, name: &str, text: &str) {
        if let Ok(json) = serde_json::from_str::<Json>(text) {
            self.add_json("", &json);
        } else if name.contains("token") {
            self.add(text);
        }
        for tag in ["SecretAccessKey", "SessionToken"] {
            for part in text.split(&format!("<{tag}>")).skip(1) {
                self.add(part.split('<').next().unwrap_or_default());
            }
        }
        for line in text.lines() {
            if let Some((name, value)) = line.split_once('=') {
                self.add_named(name.trim(), value);
            }
        }
    }

    /// The secrets of a JSON value.
    pub(crate) fn add_json(&mut self, name: &str, json: &Json) {
        match json {
            Json::String(text) => self.add_named(name, text),
            Json::Array(items) => items.iter().for_each(|item| self.add_json(name, item)),
            Json::Object(members) => members
                .iter()
                .for_each(|(name, value)| self.add_json(name, value)),
            _ => {}
        }
    }

    fn add_named(&mut self, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        if SECRET_NAMES.iter().any(|secret| name.ends_with(secret)) {
            self.add(value);
        }
    }

    /// Looks for the secrets in what was printed.
    pub(crate) fn check(&self, what: &str, printed: &str) -> Result<(), String> {
        for secret in &self.0 {
            if printed.contains(secret) {
                return Err(format!("{what} shows the secret `{secret}`:\n{printed}"));
            }
        }
        Ok(())
    }
}
