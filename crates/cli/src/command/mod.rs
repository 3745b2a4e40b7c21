//! The subcommands.

pub(crate) mod batch;
