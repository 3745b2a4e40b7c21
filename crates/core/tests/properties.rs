//! Property tests of values and timestamps.

use inia_core::{
    Blob, List, Map, Timestamp, TimestampFormat, TimestampPrecision, Value, from_value, to_value,
};
use proptest::prelude::*;

fn timestamps() -> impl Strategy<Value = Timestamp> {
    (
        Timestamp::MIN.seconds()..=Timestamp::MAX.seconds(),
        prop_oneof![
            Just(0),
            (0..1000_u32).prop_map(|n| n * 1_000_000),
            0..1_000_000_000_u32
        ],
    )
        .prop_map(|(seconds, nanoseconds)| Timestamp::new(seconds, nanoseconds))
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i128>().prop_map(Value::from),
        "-?[1-9][0-9]{40,60}".prop_map(|digits| Value::BigInt(digits.into())),
        prop::num::f64::ANY
            .prop_filter("NaN is not equal to itself", |float| !float.is_nan())
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| Value::from(Blob::from(bytes))),
        (any::<i64>(), any::<u32>())
            .prop_map(|(seconds, nanos)| Value::from(Timestamp::new(seconds, nanos))),
    ];
    leaf.prop_recursive(4, 64, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..20)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<Map>())),
        ]
    })
}

/// Returns the value that JSON preserves: blobs, timestamps and non-finite floats become strings.
fn through_json(value: &Value) -> Value {
    match value {
        Value::Float(float) if !float.is_finite() => Value::from(value.to_string()),
        Value::Blob(_) | Value::Timestamp(_) => Value::from(value.to_string()),
        Value::List(values) => Value::from(values.iter().map(through_json).collect::<List>()),
        Value::Map(map) => Value::from(
            map.iter()
                .map(|(key, value)| (key.clone(), through_json(value)))
                .collect::<Map>(),
        ),
        other => other.clone(),
    }
}

/// Returns true if all integers in a value fit `serde_json::Number`.
fn fits_serde_json(value: &Value) -> bool {
    match value {
        Value::BigInt(digits) => digits.parse::<u64>().is_ok(),
        Value::List(values) => values.iter().all(fits_serde_json),
        Value::Map(map) => map.values().all(fits_serde_json),
        _ => true,
    }
}

proptest! {
    #[test]
    fn values_round_trip_through_serde(value in values()) {
        prop_assert_eq!(&to_value(&value).unwrap(), &value);
        prop_assert_eq!(&from_value::<Value>(value.clone()).unwrap(), &value);
    }

    #[test]
    fn values_round_trip_through_json(value in values().prop_filter("numbers of serde_json", fits_serde_json)) {
        let text = value.to_json_string();
        let parsed: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&parsed, &through_json(&value));
        // The texts differ only in the notation of float exponents.
        let theirs: Value = serde_json::from_str(&serde_json::to_string(&value).unwrap()).unwrap();
        prop_assert_eq!(&parsed, &theirs);
        prop_assert_eq!(&Value::from(value.to_json()), &parsed);

        let mut pretty = Vec::new();
        value.write_json_pretty(&mut pretty);
        prop_assert_eq!(&serde_json::from_slice::<Value>(&pretty).unwrap(), &parsed);
    }

    #[test]
    fn timestamps_round_trip_through_every_format(timestamp in timestamps()) {
        prop_assert_eq!(Timestamp::parse_lenient(&timestamp.iso8601()).unwrap(), timestamp);
        let micros = Timestamp::new(timestamp.seconds(), timestamp.nanoseconds() / 1000 * 1000);
        let second = Timestamp::new(timestamp.seconds(), 0);
        for (format, expected) in [
            (TimestampFormat::Iso8601, micros),
            (TimestampFormat::UnixTimestamp, micros),
            (TimestampFormat::Rfc822, second),
        ] {
            let text = timestamp.try_format(format).unwrap();
            prop_assert_eq!(Timestamp::parse(&text, format).unwrap(), expected, "{}", text);
            prop_assert_eq!(Timestamp::parse_lenient(&text).unwrap(), expected, "{}", text);
        }
        prop_assert_eq!(Timestamp::from_f64(second.as_f64()).unwrap(), second);
        prop_assert_eq!(Timestamp::from_millis(timestamp.millis()).seconds(), timestamp.seconds());
    }

    #[test]
    fn floats_are_exact_to_the_microsecond_for_two_centuries(
        seconds in -7_000_000_000..7_000_000_000_i64, micros in 0..1_000_000_u32,
    ) {
        let timestamp = Timestamp::new(seconds, micros * 1000);
        prop_assert_eq!(Timestamp::from_f64(timestamp.as_f64()).unwrap(), timestamp);
        let text = timestamp.format(TimestampFormat::UnixTimestamp);
        prop_assert!((text.parse::<f64>().unwrap() - timestamp.as_f64()).abs() < f64::EPSILON);
    }

    #[test]
    fn formatting_never_fails(seconds in any::<i64>(), nanoseconds in any::<u32>()) {
        let timestamp = Timestamp::new(seconds, nanoseconds);
        for format in [TimestampFormat::Iso8601, TimestampFormat::Rfc822, TimestampFormat::UnixTimestamp] {
            for precision in [TimestampPrecision::Default, TimestampPrecision::Millisecond, TimestampPrecision::Legacy] {
                prop_assert!(!timestamp.text(format, precision).is_empty());
            }
        }
        prop_assert!(timestamp.iso8601().ends_with('Z'));
    }

    #[test]
    fn parsing_never_panics(text in "[0-9TZtz:+./, -]{0,40}|\\PC{0,40}|[A-Z][a-z]{2},? [0-9]{1,2}[ -][A-Z][a-z]{2}[ -][0-9]{2,4} [0-9:. ]{0,14}[A-Z+0-9-]{0,6}") {
        if let Ok(timestamp) = Timestamp::parse_lenient(&text) {
            prop_assert!(timestamp.in_range());
        }
    }
}
