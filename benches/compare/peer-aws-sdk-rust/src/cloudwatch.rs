//! CloudWatch.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::Builder;
use aws_sdk_cloudwatch::operation::put_metric_data::PutMetricDataOutput;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use aws_smithy_types::DateTime;
use bench_harness::Bench;
use serde_json::Value;

use crate::fields::{integer, list, text};
use crate::{config, measure};

/// Measures the service's cases.
pub fn measure_all(bench: &mut Bench) {
    for name in [
        "cloudwatch.PutMetricData",
        "cloudwatch.PutMetricData.nocompress",
    ] {
        if !bench.is_selected(name) {
            continue;
        }
        let builder = Builder::from(&config(bench, name, "smithy-rpc-v2-cbor"))
            .disable_request_compression(name.ends_with("nocompress"));
        let client = Client::from_conf(builder.build());
        let params = bench.fixtures().params(name);
        let builder = client
            .put_metric_data()
            .set_namespace(text(&params, "Namespace"))
            .set_metric_data(list(&params, "MetricData", datum));
        measure!(bench, name, builder, |_: &PutMetricDataOutput| true);
    }
}

fn datum(of: &Value) -> MetricDatum {
    let seconds = of["Timestamp"]["$epoch"].as_i64().expect("seconds");
    MetricDatum::builder()
        .set_metric_name(text(of, "MetricName"))
        .set_dimensions(list(of, "Dimensions", |dimension| {
            Dimension::builder()
                .set_name(text(dimension, "Name"))
                .set_value(text(dimension, "Value"))
                .build()
        }))
        .timestamp(DateTime::from_secs(seconds))
        .set_value(of["Value"].as_f64())
        .set_unit(text(of, "Unit").as_deref().map(StandardUnit::from))
        .set_storage_resolution(integer(of, "StorageResolution"))
        .build()
}
