//! DPoP proofs, which show that the client holds the key that a token is bound to (RFC 9449).
//!
//! ```text
//! {"typ":"dpop+jwt","alg":"ES256","jwk":{...}} . {"htm":"POST","htu":url,"iat":seconds,"jti":uuid} . signature
//! ```

#[cfg(feature = "login")]
mod enabled;
#[cfg(feature = "login")]
pub(super) use enabled::DpopKey;

#[cfg(not(feature = "login"))]
mod disabled;
#[cfg(not(feature = "login"))]
pub(super) use disabled::DpopKey;
