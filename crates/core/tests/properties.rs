//! What holds for every value and every timestamp.

use inia_core::{
    Blob, List, Map, Timestamp, TimestampFormat, TimestampPrecision, Value, from_value, to_value,
};
use proptest::prelude::*;

fn moments() -> impl Strategy<Value = Timestamp> {
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
            .prop_filter("NaN equals nothing", |float| !float.is_nan())
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

/// What is left of a value after a JSON boundary.
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

/// Whether no integer in a value is wider than serde_json's numbers.
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
    fn a_value_passes_through_serde_unharmed(value in values()) {
        prop_assert_eq!(&to_value(&value).unwrap(), &value);
        prop_assert_eq!(&from_value::<Value>(value.clone()).unwrap(), &value);
    }

    #[test]
    fn json_text_reads_back_as_what_json_can_say(value in values().prop_filter("numbers of serde_json", fits_serde_json)) {
        let text = value.to_json_string();
        let read: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &through_json(&value));
        // Ours and serde's text are the same but for how a float's exponent is spelled.
        let theirs: Value = serde_json::from_str(&serde_json::to_string(&value).unwrap()).unwrap();
        prop_assert_eq!(&read, &theirs);
        prop_assert_eq!(&Value::from(value.to_json()), &read);

        let mut pretty = Vec::new();
        value.write_json_pretty(&mut pretty);
        prop_assert_eq!(&serde_json::from_slice::<Value>(&pretty).unwrap(), &read);
    }

    #[test]
    fn a_timestamp_reads_back_from_every_form(moment in moments()) {
        prop_assert_eq!(Timestamp::parse_lenient(&moment.iso8601()).unwrap(), moment);
        let micros = Timestamp::new(moment.seconds(), moment.nanoseconds() / 1000 * 1000);
        let second = Timestamp::new(moment.seconds(), 0);
        for (format, kept) in [
            (TimestampFormat::Iso8601, micros),
            (TimestampFormat::UnixTimestamp, micros),
            (TimestampFormat::Rfc822, second),
        ] {
            let text = moment.try_format(format).unwrap();
            prop_assert_eq!(Timestamp::parse(&text, format).unwrap(), kept, "{}", text);
            prop_assert_eq!(Timestamp::parse_lenient(&text).unwrap(), kept, "{}", text);
        }
        prop_assert_eq!(Timestamp::from_f64(second.as_f64()).unwrap(), second);
        prop_assert_eq!(Timestamp::from_millis(moment.millis()).seconds(), moment.seconds());
    }

    #[test]
    fn a_float_of_seconds_is_exact_to_the_microsecond_for_two_centuries(
        seconds in -7_000_000_000..7_000_000_000_i64, micros in 0..1_000_000_u32,
    ) {
        let moment = Timestamp::new(seconds, micros * 1000);
        prop_assert_eq!(Timestamp::from_f64(moment.as_f64()).unwrap(), moment);
        let text = moment.format(TimestampFormat::UnixTimestamp);
        prop_assert!((text.parse::<f64>().unwrap() - moment.as_f64()).abs() < f64::EPSILON);
    }

    #[test]
    fn every_moment_has_a_text(seconds in any::<i64>(), nanoseconds in any::<u32>()) {
        let moment = Timestamp::new(seconds, nanoseconds);
        for format in [TimestampFormat::Iso8601, TimestampFormat::Rfc822, TimestampFormat::UnixTimestamp] {
            for precision in [TimestampPrecision::Default, TimestampPrecision::Millisecond, TimestampPrecision::Legacy] {
                prop_assert!(!moment.text(format, precision).is_empty());
            }
        }
        prop_assert!(moment.iso8601().ends_with('Z'));
    }

    #[test]
    fn no_text_makes_the_timestamp_parser_panic(text in "[0-9TZtz:+./, -]{0,40}|\\PC{0,40}|[A-Z][a-z]{2},? [0-9]{1,2}[ -][A-Z][a-z]{2}[ -][0-9]{2,4} [0-9:. ]{0,14}[A-Z+0-9-]{0,6}") {
        if let Ok(moment) = Timestamp::parse_lenient(&text) {
            prop_assert!(moment.in_range());
        }
    }
}
