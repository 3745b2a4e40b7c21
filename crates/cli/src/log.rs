//! `--debug`: writes the library's log events to standard error, one line per event.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::time::SystemTime;

use inia::{Timestamp, TimestampFormat};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber, span};

use crate::output::is_control;

/// Installs the log subscriber; further calls have no effect.
pub(crate) fn start() {
    let _ = tracing::subscriber::set_global_default(StderrSubscriber);
}

/// Target prefix of the HTTP library, whose per-frame debug events are dropped.
const HTTP_TARGET: &str = "hyper";

/// Writes events and ignores spans. Written by hand because tracing-subscriber is slow to build.
struct StderrSubscriber;

impl Subscriber for StderrSubscriber {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let max_level = if metadata.target().starts_with(HTTP_TARGET) {
            LevelFilter::INFO
        } else {
            LevelFilter::DEBUG
        };
        metadata.is_event() && *metadata.level() <= max_level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn event(&self, event: &Event<'_>) {
        let now = Timestamp::from(SystemTime::now()).format(TimestampFormat::Iso8601);
        let mut line = line(&now, event.metadata(), |fields| event.record(fields));
        line.push('\n');
        // Errors are ignored: standard error may be closed.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Formats an event as a line: time, level, target, message and fields.
fn line(now: &str, metadata: &Metadata<'_>, record: impl FnOnce(&mut dyn Visit)) -> String {
    let mut line = String::new();
    let _ = write!(line, "{now} {:>5} {}:", metadata.level(), metadata.target());
    record(&mut FieldWriter { line: &mut line });
    line
}

struct FieldWriter<'l> {
    line: &'l mut String,
}

impl Visit for FieldWriter<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.line.push(' ');
        if field.name() != "message" {
            self.line.push_str(field.name());
            self.line.push('=');
        }
        let _ = write!(ControlEscaper(self.line), "{value:?}");
    }
}

/// Escapes control characters, so that text from a server cannot control the terminal or forge a log line.
struct ControlEscaper<'l>(&'l mut String);

impl fmt::Write for ControlEscaper<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if is_control(character) {
                self.0.extend(character.escape_default());
            } else {
                self.0.push(character);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Collects lines instead of writing them.
    #[derive(Clone, Default)]
    struct RecordingSubscriber(Arc<Mutex<Vec<String>>>);

    impl Subscriber for RecordingSubscriber {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            StderrSubscriber.enabled(metadata)
        }

        fn event(&self, event: &Event<'_>) {
            let line = line("now", event.metadata(), |fields| event.record(fields));
            self.0.lock().unwrap().push(line);
        }

        fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
            StderrSubscriber.new_span(span)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn formats_events_as_lines() {
        let recorder = RecordingSubscriber::default();
        tracing::subscriber::with_default(recorder.clone(), || {
            tracing::warn!(target: "inia", bucket = "b", attempt = 2, "it\nfailed \x1b[1m");
            tracing::debug!(target: "inia", error = %"why", "again");
            tracing::trace!(target: "inia", "too much");
            tracing::debug!(target: "hyper_util::client", "too much");
            tracing::info!(target: "hyper", "enough");
        });
        assert_eq!(
            *recorder.0.lock().unwrap(),
            [
                r#"now  WARN inia: it\nfailed \u{1b}[1m bucket="b" attempt=2"#,
                "now DEBUG inia: again error=why",
                "now  INFO hyper: enough",
            ]
        );
    }
}
