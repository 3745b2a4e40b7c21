//! SQS.

use bench_harness::Bench;

use crate::fields::text;
use crate::{config, measure};

/// Measures the service's cases.
pub fn measure_all(bench: &mut Bench) {
    let name = "sqs.SendMessage";
    if !bench.is_selected(name) {
        return;
    }
    let client = aws_sdk_sqs::Client::new(&config(bench, name, "json"));
    let params = bench.fixtures().params(name);
    let builder = client
        .send_message()
        .set_queue_url(text(&params, "QueueUrl"))
        .set_message_body(text(&params, "MessageBody"));
    measure!(
        bench,
        name,
        builder,
        |output: &aws_sdk_sqs::operation::send_message::SendMessageOutput| {
            output.message_id().is_some()
        }
    );
}
