//! Test doubles: clients with stubbed outputs, and transports that record HTTP exchanges and play them back.
//!
//! | double | replaces | for |
//! |---|---|---|
//! | [`StubClient`] | everything after validation | unit tests: outputs as values, checked against the definition |
//! | `FakeServer` (feature `fake`) | the services | programs in other processes and other languages, retries, timeouts |
//! | [`Recorder`], [`Replayer`] | the network | tests with real responses, recorded once |
//!
//! A program that takes a [`Client`](crate::Client) or a [`Session`](crate::Session) needs no change to be tested with them.

mod exchange;
#[cfg(feature = "fake")]
mod fake_server;
mod isolation;
mod recorder;
mod replayer;
mod stub_answer;
mod stub_client;
mod stub_rules;

#[cfg(feature = "fake")]
pub use fake_server::{FakeServer, FakeServerBuilder, Fault};
pub use recorder::Recorder;
pub use replayer::Replayer;
pub use stub_client::{StubClient, StubRule, StubSession};
pub use stub_rules::StubCall;
