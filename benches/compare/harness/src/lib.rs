//! What the programs of the comparison share: options, fixtures, and how a call is measured.
//!
//! Every peer is a pair of programs, `peer` and `peer-counted`. The first measures time, with the system's allocator and nothing
//! in between. The second has a counting allocator and measures allocations; the first starts it and merges its rows.

#![forbid(unsafe_code)]

mod bench;
mod fixtures;
mod options;

pub use bench::Bench;
pub use fixtures::{Case, Fixtures, Reply};
pub use options::Options;
pub use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

/// Bytes allocated and not freed, as the counting allocator sees it; 0 without one.
#[must_use]
pub fn live_bytes() -> i64 {
    let stats = INSTRUMENTED_SYSTEM.stats();
    signed(stats.bytes_allocated) - signed(stats.bytes_deallocated)
}

/// Whether this program counts allocations.
#[must_use]
pub fn counts_allocations() -> bool {
    let before = INSTRUMENTED_SYSTEM.stats().allocations;
    std::hint::black_box(Box::new(0_u64));
    INSTRUMENTED_SYSTEM.stats().allocations != before
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
