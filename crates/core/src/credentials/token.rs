//! The providers of bearer tokens, `env` and `sso`.

use super::sso_token::{self, SsoSession};
use super::{Lookup, Provider, ProviderContext, Token};
use crate::config::setting::trimmed;
use crate::ports::BoxFuture;
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
            let name = signing_name.replace(['-', ' '], "_").to_ascii_uppercase();
            let variable = format!("AWS_BEARER_TOKEN_{name}");
            match context.host.env.var(&variable).map(trimmed) {
                Some(token) if !token.is_empty() => Ok(Lookup::Found(Token {
                    features: UserAgentFeatures::BEARER_SERVICE_ENV_VARS,
                    ..Token::new(token)
                })),
                _ => Lookup::none(format!("{variable} is not set")),
            }
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
