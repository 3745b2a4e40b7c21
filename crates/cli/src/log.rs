//! `--debug`: what the library says while it works, a line each on standard error.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::time::SystemTime;

use inia::{Timestamp, TimestampFormat};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber, span};

/// Starts the log. A second call finds it set up.
pub(crate) fn start() {
    let _ = tracing::subscriber::set_global_default(Lines);
}

/// What the HTTP library says of each frame is of no use to who makes a call.
const TERSE: &str = "hyper";

/// Writes events; spans have no place in a line. A subscriber of our own, since a library of them is slow to build.
struct Lines;

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let most = if metadata.target().starts_with(TERSE) {
            LevelFilter::INFO
        } else {
            LevelFilter::DEBUG
        };
        metadata.is_event() && *metadata.level() <= most
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn event(&self, event: &Event<'_>) {
        let now = Timestamp::from(SystemTime::now()).format(TimestampFormat::Iso8601);
        let mut line = line(&now, event.metadata(), |fields| event.record(fields));
        line.push('\n');
        // Who closes standard error wants no log.
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

/// An event as a line: when, how serious, where, the message and the fields.
fn line(now: &str, metadata: &Metadata<'_>, record: impl FnOnce(&mut dyn Visit)) -> String {
    let mut line = String::new();
    let _ = write!(line, "{now} {:>5} {}:", metadata.level(), metadata.target());
    record(&mut Fields { line: &mut line });
    line
}

struct Fields<'l> {
    line: &'l mut String,
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.line.push(' ');
        if field.name() != "message" {
            self.line.push_str(field.name());
            self.line.push('=');
        }
        let _ = write!(Escaped(self.line), "{value:?}");
    }
}

/// Writes so that what a server says cannot steer the terminal, nor look like a line of its own.
struct Escaped<'l>(&'l mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if character.is_control() {
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

    /// Keeps lines instead of writing them.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Kept {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            Lines.enabled(metadata)
        }

        fn event(&self, event: &Event<'_>) {
            let line = line("now", event.metadata(), |fields| event.record(fields));
            self.0.lock().unwrap().push(line);
        }

        fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
            Lines.new_span(span)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn events_are_lines() {
        let kept = Kept::default();
        tracing::subscriber::with_default(kept.clone(), || {
            tracing::warn!(target: "inia", bucket = "b", attempt = 2, "it\nfailed \x1b[1m");
            tracing::debug!(target: "inia", error = %"why", "again");
            tracing::trace!(target: "inia", "too much");
            tracing::debug!(target: "hyper_util::client", "too much");
            tracing::info!(target: "hyper", "enough");
        });
        assert_eq!(
            *kept.0.lock().unwrap(),
            [
                r#"now  WARN inia: it\nfailed \u{1b}[1m bucket="b" attempt=2"#,
                "now DEBUG inia: again error=why",
                "now  INFO hyper: enough",
            ]
        );
    }
}
