//! S3.

use std::hint::black_box;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::ByteStream;
use bench_harness::Bench;
use serde_json::Value;

use crate::fields::{integer, text};
use crate::{config, measure};

/// Measures the service's cases.
pub fn measure_all(bench: &mut Bench) {
    let name = "s3.ListObjectsV2";
    if bench.is_selected(name) {
        let (client, params) = case_setup(bench, name);
        let builder = client
            .list_objects_v2()
            .set_bucket(text(&params, "Bucket"))
            .set_prefix(text(&params, "Prefix"))
            .set_max_keys(integer(&params, "MaxKeys"));
        measure!(bench, name, builder, |output: &ListObjectsV2Output| {
            output.contents().len() == 1000
        });
    }
    for name in ["s3.GetObject", "s3.GetObject.when_required"] {
        if bench.is_selected(name) {
            get(bench, name);
        }
    }
    for name in ["s3.PutObject", "s3.PutObject.when_required"] {
        if bench.is_selected(name) {
            put(bench, name);
        }
    }
}

fn get(bench: &mut Bench, name: &str) {
    let (client, params) = case_setup(bench, name);
    let builder = client
        .get_object()
        .set_bucket(text(&params, "Bucket"))
        .set_key(text(&params, "Key"));
    let call = async || {
        let output = builder.clone().send().await.expect("a response");
        let body = output
            .body
            .collect()
            .await
            .expect("a whole body")
            .into_bytes();
        assert_eq!(body.len(), 64 * 1024);
        black_box(body);
    };
    bench.measure(name, call, || drop(black_box(builder.clone())));
}

fn put(bench: &mut Bench, name: &str) {
    let (client, params) = case_setup(bench, name);
    let file = params["Body"]["$file"].as_str().expect("a file");
    let body = bench.fixtures().bytes(file);
    let metadata = params["Metadata"].as_object().expect("a map");
    // The builder owns the body and cannot be cloned.
    let builder = || {
        let metadata = metadata
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()));
        client
            .put_object()
            .set_bucket(text(&params, "Bucket"))
            .set_key(text(&params, "Key"))
            .set_content_type(text(&params, "ContentType"))
            .set_metadata(Some(metadata.collect()))
            .body(ByteStream::from(body.clone()))
    };
    let call = async || drop(black_box(builder().send().await.expect("a response")));
    bench.measure(name, call, || drop(black_box(builder())));
}

fn case_setup(bench: &Bench, name: &str) -> (Client, Value) {
    let mut builder = Builder::from(&config(bench, name, "rest-xml"));
    if name.ends_with("when_required") {
        builder = builder
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    }
    let client = Client::from_conf(builder.build());
    (client, bench.fixtures().params(name))
}
