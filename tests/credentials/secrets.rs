//! Secrets of a case, and checks that they are not printed.

// Each test suite is a separate crate and uses a part of this module.
#![allow(dead_code)]

use serde_json::Value as Json;

/// The secrets of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<String>);

/// Suffixes of names with secret values.
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
    /// Adds a secret, unless it is too short to be searched for.
    pub(crate) fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.len() >= 5 {
            self.0.push(secret.to_owned());
        }
    }

    /// Adds the secrets of a file: JSON, XML, a config file, or a plain token.
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

    /// Adds the secrets of a JSON value.
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

    /// Asserts that no secret is in a printed text.
    pub(crate) fn check(&self, label: &str, printed: &str) -> Result<(), String> {
        for secret in &self.0 {
            if printed.contains(secret) {
                return Err(format!(
                    "{label} contains the secret `{secret}`:\n{printed}"
                ));
            }
        }
        Ok(())
    }
}
