//! The subcommands.

pub(crate) mod call;
pub(crate) mod configure;
pub(crate) mod describe;
pub(crate) mod resource;
pub(crate) mod response;
pub(crate) mod run;
pub(crate) mod skeleton;
pub(crate) mod sso;
pub(crate) mod wait;
