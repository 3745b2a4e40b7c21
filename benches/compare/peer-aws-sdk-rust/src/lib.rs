//! The generated SDK for Rust in the comparison: a prepared builder is cloned and sent; the response comes from memory,
//! is parsed and dropped.

#![forbid(unsafe_code)]

mod canned;
#[cfg(feature = "cloudwatch")]
mod cloudwatch;
#[cfg(feature = "dynamodb")]
mod dynamodb;
#[cfg(feature = "ec2")]
mod ec2;
mod fields;
#[cfg(feature = "s3")]
mod s3;
mod signature;
#[cfg(feature = "sqs")]
mod sqs;
#[cfg(feature = "sts")]
mod sts;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use bench_harness::{Bench, Options};

use crate::canned::Canned;

/// Measures a builder: `$bench`, the name of the case, the builder, and a check of its output.
macro_rules! measure {
    ($bench:expr, $name:expr, $builder:expr, $check:expr) => {{
        let builder = $builder;
        let send = async || builder.clone().send().await.expect("a response");
        let output = $bench.runtime().block_on(send());
        let check: fn(&_) -> bool = $check;
        assert!(check(&output), "{}: unexpected output", $name);
        drop(output);
        $bench.measure(
            $name,
            async || drop(std::hint::black_box(send().await)),
            || drop(std::hint::black_box(builder.clone())),
        );
    }};
}
pub(crate) use measure;

/// Runs the selected cases.
pub fn run() {
    let mut bench = Bench::new(Options::from_args());
    #[cfg(feature = "sqs")]
    sqs::measure_all(&mut bench);
    #[cfg(feature = "dynamodb")]
    dynamodb::measure_all(&mut bench);
    #[cfg(feature = "s3")]
    s3::measure_all(&mut bench);
    #[cfg(feature = "ec2")]
    ec2::measure_all(&mut bench);
    #[cfg(feature = "sts")]
    sts::measure_all(&mut bench);
    #[cfg(feature = "cloudwatch")]
    cloudwatch::measure_all(&mut bench);
    signature::measure(&mut bench);
    bench.finish();
}

/// Returns the configuration of a case: fixed region and credentials, one attempt, responses from memory, otherwise
/// defaults.
fn config(bench: &Bench, case: &str, protocol: &str) -> SdkConfig {
    let dump = bench.options().dump.as_ref().map(|folder| {
        std::fs::create_dir_all(folder).expect("a folder for requests");
        folder.join(case)
    });
    let canned = Canned::new(&bench.fixtures().reply(case, protocol), dump);
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials())
        .retry_config(RetryConfig::disabled())
        .http_client(canned);
    bench.runtime().block_on(loader.load())
}

fn credentials() -> Credentials {
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    Credentials::new("AKIDEXAMPLE00000000", secret, None, None, "static")
}
