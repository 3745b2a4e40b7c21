//! STS.

use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use bench_harness::Bench;

use crate::{config, measure};

/// Measures the service's cases.
pub fn measure_all(bench: &mut Bench) {
    let name = "sts.GetCallerIdentity";
    if !bench.is_selected(name) {
        return;
    }
    let client = aws_sdk_sts::Client::new(&config(bench, name, "query"));
    let builder = client.get_caller_identity();
    measure!(bench, name, builder, |output: &GetCallerIdentityOutput| {
        output.account() == Some("123456789012")
    });
}
