//! Metrics of calls and connections, with the names that AWS's other SDKs use: the feature `metrics`.
//!
//! | metric | kind | labels |
//! |---|---|---|
//! | `smithy.client.call.duration` | histogram, seconds | `rpc.service`, `rpc.method` |
//! | `smithy.client.call.attempts` | counter | `rpc.service`, `rpc.method` |
//! | `smithy.client.call.errors` | counter | `rpc.service`, `rpc.method`, `exception.type`: the error code or kind |
//! | `smithy.client.call.attempt_duration` | histogram, seconds | `rpc.service`, `rpc.method` |
//! | `smithy.client.http.bytes_sent`, `smithy.client.http.bytes_received` | counter, bytes of bodies | |
//! | `smithy.client.http.connections.open` | gauge | |

#[cfg(feature = "metrics")]
pub(crate) use enabled::*;

#[cfg(not(feature = "metrics"))]
pub(crate) use disabled::*;

#[cfg(feature = "metrics")]
mod enabled {
    use std::time::Duration;

    use inia_core::{Error, Str};
    use metrics::{counter, gauge, histogram};

    /// True if metrics are compiled in.
    pub(crate) const IS_ENABLED: bool = true;

    /// Records a call, and its error.
    pub(crate) fn record_call(
        service: &Str,
        operation: &Str,
        duration: Duration,
        error: Option<&Error>,
    ) {
        let labels = [
            ("rpc.service", service.to_string()),
            ("rpc.method", operation.to_string()),
        ];
        histogram!("smithy.client.call.duration", &labels).record(duration);
        if let Some(error) = error {
            let [service, operation] = labels;
            let kind = error.code().unwrap_or(error.kind().as_str()).to_owned();
            let labels = [service, operation, ("exception.type", kind)];
            counter!("smithy.client.call.errors", &labels).increment(1);
        }
    }

    /// Records an attempt.
    pub(crate) fn record_attempt(service: &Str, operation: &Str, duration: Duration) {
        let labels = [
            ("rpc.service", service.to_string()),
            ("rpc.method", operation.to_string()),
        ];
        counter!("smithy.client.call.attempts", &labels).increment(1);
        histogram!("smithy.client.call.attempt_duration", &labels).record(duration);
    }

    /// Records bytes of request bodies.
    pub(crate) fn record_sent(bytes: usize) {
        counter!("smithy.client.http.bytes_sent").increment(bytes as u64);
    }

    /// Records bytes of response bodies.
    pub(crate) fn record_received(bytes: usize) {
        counter!("smithy.client.http.bytes_received").increment(bytes as u64);
    }

    /// Records that a connection was opened.
    pub(crate) fn record_opened() {
        gauge!("smithy.client.http.connections.open").increment(1.0);
    }

    /// Records that a connection was closed.
    pub(crate) fn record_closed() {
        gauge!("smithy.client.http.connections.open").decrement(1.0);
    }
}

#[cfg(not(feature = "metrics"))]
mod disabled {
    use std::time::Duration;

    use inia_core::{Error, Str};

    pub(crate) const IS_ENABLED: bool = false;

    pub(crate) fn record_call(_: &Str, _: &Str, _: Duration, _: Option<&Error>) {}

    pub(crate) fn record_attempt(_: &Str, _: &Str, _: Duration) {}

    pub(crate) fn record_sent(_: usize) {}

    pub(crate) fn record_received(_: usize) {}

    pub(crate) fn record_opened() {}

    pub(crate) fn record_closed() {}
}

#[cfg(all(test, feature = "metrics", feature = "builtin"))]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::sync::{Arc, Mutex};

    use inia_core::config::Config;
    use inia_core::{Credentials, json};
    use metrics::{
        Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata,
        Recorder, SharedString, Unit,
    };

    use crate::Session;

    type Values = Arc<Mutex<Vec<(String, f64)>>>;

    /// Collects every value, by metric and labels.
    #[derive(Clone, Default)]
    struct Collected(Values);

    struct Metric(String, Values);

    impl Metric {
        fn add(&self, value: f64) {
            self.1.lock().unwrap().push((self.0.clone(), value));
        }
    }

    impl CounterFn for Metric {
        fn increment(&self, value: u64) {
            self.add(value as f64);
        }

        fn absolute(&self, _: u64) {}
    }

    impl GaugeFn for Metric {
        fn increment(&self, value: f64) {
            self.add(value);
        }

        fn decrement(&self, value: f64) {
            self.add(-value);
        }

        fn set(&self, _: f64) {}
    }

    impl HistogramFn for Metric {
        fn record(&self, value: f64) {
            self.add(value);
        }
    }

    impl Collected {
        fn metric(&self, key: &Key) -> Arc<Metric> {
            let labels = key
                .labels()
                .map(|label| format!(" {}={}", label.key(), label.value()));
            let name = key.name().to_owned() + &labels.collect::<String>();
            Arc::new(Metric(name, Arc::clone(&self.0)))
        }

        fn sum(&self, name: &str) -> f64 {
            let values = self.0.lock().unwrap();
            let values = values.iter().filter(|(metric, _)| metric == name);
            values.map(|(_, value)| value).sum()
        }
    }

    impl Recorder for Collected {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(self.metric(key))
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(self.metric(key))
        }

        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::from_arc(self.metric(key))
        }
    }

    #[test]
    fn a_failed_call_is_counted_with_its_attempts_bytes_and_connections() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let head = "HTTP/1.1 500 X\r\nconnection: close\r\ncontent-length: 26\r\n\r\n";
                let body = r#"{"__type":"InternalError"}"#;
                let _ = stream.write_all(format!("{head}{body}").as_bytes());
            }
        });
        let session = Session::builder()
            .region("us-east-1")
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
            .build()
            .unwrap();
        let config = Config::new().endpoint_url(url).max_attempts(2);
        let client = session.client_with("sqs", &config).unwrap();
        let collected = Collected::default();
        metrics::with_local_recorder(&collected, || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let call = client.call("ListQueues", json!({}));
            let error = runtime.block_on(call.send()).unwrap_err();
            assert_eq!(error.attempts(), 2);
        });
        let call = "rpc.service=sqs rpc.method=ListQueues";
        assert_eq!(
            collected.sum(&format!("smithy.client.call.attempts {call}")),
            2.0
        );
        assert_eq!(
            collected.sum(&format!(
                "smithy.client.call.errors {call} exception.type=InternalError"
            )),
            1.0
        );
        for name in ["duration", "attempt_duration"] {
            assert!(collected.sum(&format!("smithy.client.call.{name} {call}")) > 0.0);
        }
        assert_eq!(collected.sum("smithy.client.http.bytes_sent"), 4.0);
        assert_eq!(collected.sum("smithy.client.http.bytes_received"), 52.0);
        let values = collected.0.lock().unwrap();
        let opened = values
            .iter()
            .filter(|(name, value)| name == "smithy.client.http.connections.open" && *value > 0.0);
        assert_eq!(opened.count(), 2);
    }
}
