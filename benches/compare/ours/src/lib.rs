//! inia in the comparison: one call validates, serializes, resolves the endpoint, signs, receives a canned response
//! from memory, parses and drops it.

#![forbid(unsafe_code)]

mod bare;
mod calls;
mod canned;
mod memory;
mod signature;
mod stub;
mod value;

use bench_harness::{Bench, Options};

pub use calls::credentials;
pub use stub::Stub;
pub use value::untag;

/// Runs the selected cases.
pub fn run() {
    let options = Options::from_args();
    let memory = options.memory;
    let mut bench = Bench::new(options);
    if memory {
        memory::measure(&mut bench);
    } else {
        calls::measure(&mut bench);
        signature::measure(&mut bench);
        bare::measure(&mut bench);
    }
    bench.finish();
}
