//! Counts the allocations of inia's calls; run by `ours`.

#![forbid(unsafe_code)]

use std::alloc::System;

use bench_harness::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    ours::run();
}
