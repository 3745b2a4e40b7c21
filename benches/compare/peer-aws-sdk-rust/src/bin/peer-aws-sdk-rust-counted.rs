//! Counts the allocations of calls of the generated SDK; run by `peer-aws-sdk-rust`.

#![forbid(unsafe_code)]

use std::alloc::System;

use bench_harness::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    peer_aws_sdk_rust::run();
}
