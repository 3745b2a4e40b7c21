//! Shared by the programs of the comparison: options, fixtures and measurement.
//!
//! Each peer has two programs, `peer` and `peer-counted`. The first measures time with the system allocator. The second
//! has a counting allocator and measures allocations; the first runs it and merges its rows.

#![forbid(unsafe_code)]

mod bench;
mod fixtures;
mod options;

pub use bench::Bench;
pub use fixtures::{Case, Fixtures, Reply};
pub use options::Options;
pub use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

/// Returns the live bytes of the counting allocator; 0 without one.
#[must_use]
pub fn live_bytes() -> i64 {
    let stats = INSTRUMENTED_SYSTEM.stats();
    signed(stats.bytes_allocated) - signed(stats.bytes_deallocated)
}

/// Reports whether this program counts allocations.
#[must_use]
pub fn counts_allocations() -> bool {
    let before = INSTRUMENTED_SYSTEM.stats().allocations;
    std::hint::black_box(Box::new(0_u64));
    INSTRUMENTED_SYSTEM.stats().allocations != before
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
