//! Test doubles: clients with stubbed outputs.
//!
//! | double | replaces | for |
//! |---|---|---|
//! | [`StubClient`] | everything after validation | unit tests: outputs as values, checked against the definition |
//!
//! A program that takes a [`Client`](crate::Client) or a [`Session`](crate::Session) needs no change to be tested with them.

mod isolation;
mod stub_answer;
mod stub_client;
mod stub_rules;

pub use stub_client::{StubClient, StubRule, StubSession};
pub use stub_rules::StubCall;
