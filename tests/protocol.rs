//! botocore's protocol suites, one trial per case: requests, responses and errors of all wire formats, and CBOR items.
//!
//! - `input/<file>/<id>`, `output/<file>/<id>`: the Smithy protocol tests as the pinned botocore ships them
//! - `legacy/input/<file>/<suite>:<case>`, `legacy/output/..`: botocore's own older cases
//! - `cbor/success/..`, `cbor/error/..`: single CBOR items
//!
//! `cargo test --test protocol -- output/rest-json` runs a subset. The data is `tests/unit` of botocore's source
//! archive below `INIA_PEERS` or `target/peers`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    unreachable_pub,
    reason = "a case fails by panicking; modules of a test crate have no outside users"
)]

mod protocol {
    pub mod cbor;
    pub mod compare;
    pub mod input;
    pub mod output;
    pub mod suite;
    pub mod xml;
}
mod support;

use std::path::PathBuf;
use std::process::ExitCode;

use support::Case;

fn main() -> ExitCode {
    let Some(unit) = unit_tests() else {
        return support::run(
            "protocol",
            vec![Case::unavailable("botocore's protocol and CBOR suites")],
        );
    };
    let mut cases = protocol::suite::cases(&unit.join("protocols"));
    cases.extend(protocol::cbor::cases(&unit.join("cbor")));
    support::run("protocol", cases)
}

/// Returns `tests/unit` of the botocore source archive, any version.
fn unit_tests() -> Option<PathBuf> {
    let peers = support::peers_dir()?;
    let mut archives: Vec<PathBuf> = std::fs::read_dir(peers)
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("tests").join("unit"))
        .filter(|path| path.join("protocols").is_dir())
        .collect();
    archives.sort();
    archives.pop()
}
