//! Operations that wait for messages or tasks on the server, and are called in a loop.

/// Long-polling operations, by service.
///
/// # Source
/// botocore `retries/standard.py:RetryHandler._LONG_POLLING_OPERATIONS`.
const LONG_POLLS: &[(&str, &str)] = &[
    ("kinesis", "ReceiveDeadLetterQueueRecords"),
    ("kinesis", "ReceiveQueueRecords"),
    ("sqs", "ReceiveMessage"),
    ("stepfunctions", "GetActivityTask"),
    ("swf", "PollForActivityTask"),
    ("swf", "PollForDecisionTask"),
];

/// Returns true for a long-polling operation. Its caller calls it again at once after an error, so such an error is delayed even if the
/// retry quota is exhausted.
pub(crate) fn is_long_poll(service: &str, operation: &str) -> bool {
    LONG_POLLS.contains(&(service, operation))
}
