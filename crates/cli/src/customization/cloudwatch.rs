//! Arguments of `cloudwatch put-metric-data`.
//!
//! # Source
//! The AWS CLI, `customizations/putmetricdata.py` and `utils.py:split_on_commas`.

use inia::{Map, Value};

use super::MemberPath;

/// `--dimensions InstanceId=i-1,Type=a`.
pub(super) fn dimensions(params: &mut Map, text: &str) -> Result<(), String> {
    let dimension = |(name, value): (String, String)| {
        let mut map = Map::new();
        map.insert("Name", name);
        map.insert("Value", value);
        Value::Map(map)
    };
    let dimensions = pairs(text)?.into_iter().map(dimension).collect();
    MemberPath("MetricData[].Dimensions").set(params, Value::List(dimensions));
    Ok(())
}

/// `--statistic-values Sum=1,Minimum=0,Maximum=1,SampleCount=2`.
pub(super) fn statistic_values(params: &mut Map, text: &str) -> Result<(), String> {
    let mut statistics = Map::new();
    for (name, value) in pairs(text)? {
        let number: f64 = value
            .trim()
            .parse()
            .map_err(|_| format!("{name}: {value:?} is not a number"))?;
        statistics.insert(name, number);
    }
    MemberPath("MetricData[].StatisticValues").set(params, Value::Map(statistics));
    Ok(())
}

/// Splits `a=b,c="d,e"` into pairs.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    split_on_commas(text)
        .into_iter()
        .map(|part| match part.split_once('=') {
            Some((name, value)) if !value.contains('=') => Ok((name.to_owned(), value.to_owned())),
            _ => Err(format!("{part:?} is not of the form Name=Value")),
        })
        .collect()
}

/// Splits at commas outside of quotes. A backslash escapes the next character.
fn split_on_commas(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let Some(part) = parts.last_mut() else { break };
        match (character, quote) {
            ('\\', _) => part.extend(characters.next()),
            (',', None) => parts.push(String::new()),
            (character, Some(open)) if character == open => quote = None,
            ('"' | '\'', None) => quote = Some(character),
            _ => part.push(character),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_protect_commas() {
        assert_eq!(
            split_on_commas(r#"a=b,c="d,e",f=g\,h"#),
            ["a=b", "c=d,e", "f=g,h"]
        );
        assert!(pairs("a").is_err() && pairs("a=b=c").is_err());
    }
}
