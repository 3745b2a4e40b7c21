//! Times calls of the generated SDK.

#![forbid(unsafe_code)]

fn main() {
    peer_aws_sdk_rust::run();
}
