//! CBOR: the suite of single items, and an independent decoder for comparing bodies.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use inia_core::Value;
use inia_protocol::read_cbor;
use serde_json::Value as Json;

use super::suite::CheckResult;
use crate::support::Case;

/// Returns the cases of the two files in a folder.
pub fn cases(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for (kind, file) in [
        ("success", "decode-success-tests.json"),
        ("error", "decode-error-tests.json"),
    ] {
        let text = std::fs::read(folder.join(file)).unwrap();
        let list: Vec<Json> = serde_json::from_slice(&text).unwrap();
        for case in list {
            let description = case["description"].as_str().unwrap();
            let id = format!("cbor/{kind}/{description}");
            cases.push(Case::new(id, move || check(&case)));
        }
    }
    cases
}

fn check(case: &Json) -> CheckResult {
    let bytes = unhex(case["input"].as_str().unwrap());
    match (read_cbor(bytes.into()), &case["expect"]) {
        (Err(_), Json::Null) => Ok(()),
        (Ok(value), Json::Null) => Err(format!("read as {value:?}")),
        (Err(error), _) => Err(format!("{error:#}")),
        (Ok(value), expected) if is_expected(expected, &value) => Ok(()),
        (Ok(value), expected) => Err(format!("{value:?}, expected {expected}")),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(&text[start..start + 2], 16).unwrap())
        .collect()
}

fn is_expected(expected: &Json, value: &Value) -> bool {
    let Some((kind, expected)) = expected.as_object().and_then(|object| object.iter().next())
    else {
        return false;
    };
    match (kind.as_str(), value) {
        ("uint" | "negint", Value::Int(number)) => expected.as_i64() == Some(*number),
        ("uint" | "negint", Value::BigInt(digits)) => same_digits(expected, digits),
        ("bool", Value::Bool(value)) => expected == value,
        ("null", Value::Null) => true,
        ("string", Value::String(text)) => expected == &**text,
        ("bytestring", Value::Blob(bytes)) => expected.as_array().is_some_and(|list| {
            list.iter()
                .map(Json::as_u64)
                .eq(bytes.iter().map(|b| Some(u64::from(*b))))
        }),
        ("float32", Value::Float(number)) => expected
            .as_u64()
            .and_then(|bits| u32::try_from(bits).ok())
            .is_some_and(|bits| f64::from(f32::from_bits(bits)) == *number),
        ("float64", Value::Float(number)) => expected
            .as_u64()
            .is_some_and(|bits| f64::from_bits(bits) == *number),
        ("list", Value::List(list)) => expected.as_array().is_some_and(|expected| {
            expected.len() == list.len()
                && expected
                    .iter()
                    .zip(list)
                    .all(|(expected, value)| is_expected(expected, value))
        }),
        ("map", Value::Map(map)) => expected.as_object().is_some_and(|expected| {
            expected.len() == map.len()
                && expected.iter().all(|(name, expected)| {
                    map.get(name)
                        .is_some_and(|value| is_expected(expected, value))
                })
        }),
        // An unknown tag is ignored.
        ("tag", value) => is_expected(&expected["value"], value),
        _ => false,
    }
}

/// Compares an integer beyond 64 bits with the expected one, which serde_json parses as a float.
fn same_digits(expected: &Json, digits: &str) -> bool {
    expected.as_f64() == digits.parse().ok()
}

/// A CBOR item in a canonical form, independent of its encoding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CborItem {
    /// An integer.
    Int(i128),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<CborItem>),
    /// A map.
    Map(BTreeMap<CborItem, CborItem>),
    /// A tag on an item.
    Tag(u64, Box<CborItem>),
    /// False, true, null and undefined.
    Simple(u8),
    /// A float as the bits of a double; all NaNs are equal.
    Float(u64),
}

/// Decodes an item in base64.
pub fn decode_base64(text: &str) -> CborItem {
    decode(&BASE64.decode(text).unwrap()).unwrap()
}

/// Decodes a single item; trailing bytes are an error.
///
/// Minimal and independent of the decoder under test.
pub fn decode(bytes: &[u8]) -> Result<CborItem, String> {
    let mut rest = bytes;
    let item = item(&mut rest)?.ok_or("unexpected break")?;
    if rest.is_empty() {
        Ok(item)
    } else {
        Err(format!("{} trailing bytes", rest.len()))
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], String> {
    let (taken, after) = rest.split_at_checked(length).ok_or("unexpected end")?;
    *rest = after;
    Ok(taken)
}

fn item(rest: &mut &[u8]) -> Result<Option<CborItem>, String> {
    let initial = take(rest, 1)?[0];
    let (major, info) = (initial >> 5, initial & 31);
    let argument = match info {
        0..24 => Some(u64::from(info)),
        24..28 => Some(
            take(rest, 1 << (info - 24))?
                .iter()
                .fold(0, |number, byte| number << 8 | u64::from(*byte)),
        ),
        31 => None,
        _ => return Err("reserved length".into()),
    };
    let length = argument.and_then(|length| usize::try_from(length).ok());
    let mut items = Vec::new();
    if matches!(major, 2..=5) && length.is_none() || matches!(major, 4 | 5) {
        let count = length.map(|length| if major == 5 { length * 2 } else { length });
        while count.is_none_or(|count| items.len() < count) {
            match item(rest)? {
                Some(item) => items.push(item),
                None if count.is_none() => break,
                None => return Err("a break".into()),
            }
        }
    }
    Ok(Some(match (major, argument) {
        (0, Some(number)) => CborItem::Int(i128::from(number)),
        (1, Some(number)) => CborItem::Int(-1 - i128::from(number)),
        (2, _) => CborItem::Bytes(match length {
            Some(length) => take(rest, length)?.to_vec(),
            None => items
                .into_iter()
                .flat_map(|item| match item {
                    CborItem::Bytes(bytes) => bytes,
                    other => panic!("{other:?} within a byte string"),
                })
                .collect(),
        }),
        (3, _) => CborItem::Text(match length {
            Some(length) => String::from_utf8(take(rest, length)?.to_vec())
                .map_err(|error| error.to_string())?,
            None => items
                .into_iter()
                .map(|item| match item {
                    CborItem::Text(text) => text,
                    other => panic!("{other:?} within a text string"),
                })
                .collect(),
        }),
        (4, _) => CborItem::List(items),
        (5, _) => {
            let mut map = BTreeMap::new();
            let mut items = items.into_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                map.insert(key, value);
            }
            CborItem::Map(map)
        }
        (6, Some(tag)) => match item(rest)?.ok_or("a break")? {
            // Seconds since 1970, as an integer or a float.
            CborItem::Int(seconds) if tag == 1 => CborItem::Tag(
                tag,
                Box::new(float(f64::from(i32::try_from(seconds).unwrap()))),
            ),
            other => CborItem::Tag(tag, Box::new(other)),
        },
        (7, None) => return Ok(None),
        (7, Some(argument)) => match info {
            20..=23 => CborItem::Simple(info),
            25 if argument & 0x7c00 == 0x7c00 => float(match argument {
                0x7c00 => f64::INFINITY,
                0xfc00 => f64::NEG_INFINITY,
                _ => f64::NAN,
            }),
            26 => float(f64::from(f32::from_bits(u32::try_from(argument).unwrap()))),
            27 => float(f64::from_bits(argument)),
            _ => return Err(format!("simple value {info}")),
        },
        _ => return Err(format!("initial byte {initial}")),
    }))
}

fn float(number: f64) -> CborItem {
    CborItem::Float(if number.is_nan() {
        f64::NAN.to_bits()
    } else {
        number.to_bits()
    })
}
