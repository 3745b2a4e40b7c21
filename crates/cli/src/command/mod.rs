//! The subcommands.

pub(crate) mod call;
pub(crate) mod configure;
pub(crate) mod describe;
pub(crate) mod fake_server;
mod input_events;
mod line_reader;
pub(crate) mod model;
pub(crate) mod resource;
pub(crate) mod response;
pub(crate) mod run;
pub(crate) mod skeleton;
pub(crate) mod sso;
pub(crate) mod wait;
