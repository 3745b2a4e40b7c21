//! URL-encoded keys of listings: object keys may contain characters that are not valid in XML.

use inia_core::{Result, Value};
use percent_encoding::percent_decode_str;

use crate::customization::{OutputStage, ParamsStage};

/// Requests URL-encoded keys, unless the caller sets `EncodingType`.
pub(in crate::customization) fn request_encoded_keys(stage: &mut ParamsStage<'_>) -> Result<()> {
    if let Some(params) = stage.params.as_map_mut()
        && !params.contains_key("EncodingType")
    {
        params.insert("EncodingType", "url");
        stage.state.decode_keys = true;
    }
    Ok(())
}

/// Encoded top-level members of each operation's output.
const TOP_LEVEL: [(&str, &[&str]); 3] = [
    (
        "ListObjects",
        &["Delimiter", "Marker", "NextMarker", "Prefix"],
    ),
    ("ListObjectsV2", &["Delimiter", "Prefix", "StartAfter"]),
    (
        "ListObjectVersions",
        &["Delimiter", "KeyMarker", "NextKeyMarker", "Prefix"],
    ),
];

/// Lists of all operations' outputs, with the encoded member of their elements.
const NESTED: [(&str, &str); 4] = [
    ("CommonPrefixes", "Prefix"),
    ("Contents", "Key"),
    ("DeleteMarkers", "Key"),
    ("Versions", "Key"),
];

/// Decodes the keys if [`request_encoded_keys`] requested the encoding.
///
/// DIFFERENCE: botocore fails if an element lacks its key.
pub(in crate::customization) fn decode_keys(stage: &mut OutputStage<'_>) -> Result<()> {
    if !stage.state.decode_keys || stage.output["EncodingType"] != "url" {
        return Ok(());
    }
    let Some(output) = stage.output.as_map_mut() else {
        return Ok(());
    };
    let top_level = TOP_LEVEL
        .iter()
        .find(|(operation, _)| stage.operation.name == *operation);
    for member in top_level.map_or([].as_slice(), |(_, members)| members) {
        if let Some(value) = output.get_mut(member) {
            decode(value);
        }
    }
    for (list, member) in NESTED {
        if let Some(Value::List(elements)) = output.get_mut(list) {
            for element in elements.iter_mut() {
                if let Some(value) = element.as_map_mut().and_then(|map| map.get_mut(member)) {
                    decode(value);
                }
            }
        }
    }
    Ok(())
}

/// Decodes `%xx`, and `+` as a space.
fn decode(value: &mut Value) {
    let Value::String(text) = value else { return };
    if !text
        .as_bytes()
        .iter()
        .any(|byte| matches!(byte, b'%' | b'+'))
    {
        return;
    }
    let spaced = text.replace('+', " ");
    *value = Value::from(percent_decode_str(&spaced).decode_utf8_lossy().into_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_plus_as_space() {
        let mut value = Value::from("a+b%2Bc%E2%9C%93");
        decode(&mut value);
        assert_eq!(value, "a b+c\u{2713}");
    }
}
