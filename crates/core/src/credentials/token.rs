//! The providers of bearer tokens, `env` and `sso`.

use super::sso_token::{self, SsoSession};
use super::{Lookup, Provider, ProviderContext, Token};
use crate::config::setting::trimmed;
use crate::ports::{BoxFuture, Env};
use crate::{Result, UserAgentFeatures};

/// The token of a service in the environment.
///
/// # Source
/// botocore `tokens.py:ScopedEnvTokenProvider`, `utils.py:get_token_from_environment`.
#[derive(Debug)]
pub(super) struct EnvTokenProvider;

impl Provider<Token> for EnvTokenProvider {
    fn name(&self) -> &str {
        "env"
    }

    fn load<'a>(&'a self, context: &'a ProviderContext) -> BoxFuture<'a, Result<Lookup<Token>>> {
        Box::pin(async move {
            let signing_name = context.signing_name.as_deref();
            let Some(signing_name) = signing_name.filter(|name| !name.trim().is_empty()) else {
                return Lookup::none("environment tokens require a signing name");
            };
            match Token::from_env(signing_name, &*context.host.env) {
                Some(token) => Ok(Lookup::Found(token)),
                None => Lookup::none(format!("{} is not set", variable_name(signing_name))),
            }
        })
    }
}

/// Returns the name of the variable with the token of a service.
fn variable_name(signing_name: &str) -> String {
    let name = signing_name.replace(['-', ' '], "_").to_ascii_uppercase();
    format!("AWS_BEARER_TOKEN_{name}")
}

impl Token {
    /// Returns the token of a service in the environment, by its signing name: `AWS_BEARER_TOKEN_BEDROCK`.
    #[must_use]
    pub fn from_env(signing_name: &str, env: &dyn Env) -> Option<Token> {
        let token = trimmed(env.var(&variable_name(signing_name))?);
        if token.is_empty() {
            return None;
        }
        Some(Token {
            features: UserAgentFeatures::BEARER_SERVICE_ENV_VARS,
            ..Token::new(token)
        })
    }
}

/// The token of the SSO session of the profile.
///
/// # Source
/// botocore `tokens.py:SSOTokenProvider`.
#[derive(Debug)]
pub(super) struct SsoTokenProvider;

impl Provider<Token> for SsoTokenProvider {
    fn name(&self) -> &str {
        "sso"
    }

    fn load<'a>(&'a self, context: &'a ProviderContext) -> BoxFuture<'a, Result<Lookup<Token>>> {
        Box::pin(async move {
            let profile = context.settings.profile_name();
            match SsoSession::of_profile(&context.settings, profile)? {
                Lookup::Found(session) => {
                    Ok(Lookup::Found(sso_token::load(context, &session).await?))
                }
                Lookup::NotConfigured(reason) => Ok(Lookup::NotConfigured(reason)),
            }
        })
    }
}
