//! Parses forms, the requests of the query and EC2 formats.

use std::collections::{BTreeMap, BTreeSet};

use inia_core::{Error, ErrorKind, List, Map, Result, Str, Value};
use inia_model::ShapeId;

use super::text::{pairs, percent_decode, scalar};
use crate::Request;
use crate::query::Dialect;
use crate::shape::{CompiledMember, CompiledShape, Shapes, ValueType};

/// Maximum nesting depth of parameters.
const MAX_DEPTH: u32 = 256;

/// Maximum number of items of a list or entries of a map.
const MAX_ITEMS: usize = 100_000;

/// Parses the parameters of a request: its form, or its query string.
///
/// # Errors
/// `Parse`: the form is not UTF-8, or nested too deeply.
pub(super) fn read(forms: &Shapes<Dialect>, input: ShapeId, request: &Request) -> Result<Value> {
    let body = std::str::from_utf8(&request.body)
        .map_err(|_| Error::new(ErrorKind::Parse, "the form is not UTF-8"))?;
    let fields: BTreeMap<String, String> = pairs(&request.query).chain(pairs(body)).collect();
    let reader = FormReader { forms, fields };
    Ok(Value::Map(reader.structure(input, "", MAX_DEPTH)?))
}

struct FormReader<'a> {
    forms: &'a Shapes<Dialect>,
    fields: BTreeMap<String, String>,
}

impl FormReader<'_> {
    /// Returns the numbers of a list's items or a map's entries, which may have gaps: an empty structure has no field.
    fn numbers(&self, name: &str) -> BTreeSet<u32> {
        let below = format!("{name}.");
        let fields = self.fields.range(below.clone()..);
        let rest = fields.map_while(|(field, _)| field.strip_prefix(&below));
        let numbers = rest.filter_map(|rest| rest.split('.').next()?.parse().ok());
        numbers.take(MAX_ITEMS).collect()
    }

    fn has_below(&self, name: &str) -> bool {
        let below = format!("{name}.");
        let mut fields = self.fields.range(below.clone()..);
        fields
            .next()
            .is_some_and(|(field, _)| field.starts_with(&below))
    }

    fn structure(&self, shape: ShapeId, prefix: &str, depth: u32) -> Result<Map> {
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| Error::new(ErrorKind::Parse, "the form is nested too deeply"))?;
        let mut map = Map::new();
        let Some(layout) = self.forms.structure(shape) else {
            return Ok(map);
        };
        for member in &layout.members {
            let own = joined(prefix, member.wire.suffix());
            let items = member
                .wire
                .item_suffix()
                .map(|suffix| joined(prefix, suffix));
            // The items of a flattened list may have another name than the empty list.
            let value = match items.filter(|name| self.has_below(name)) {
                Some(name) => self.value(member, &name, depth)?,
                None => self.value(member, &own, depth)?,
            };
            if let Some(value) = value {
                map.insert(member.name, value);
            }
        }
        Ok(map)
    }

    /// Returns the value with a name; `None` if there is none.
    fn value(
        &self,
        member: &CompiledMember<Dialect>,
        name: &str,
        depth: u32,
    ) -> Result<Option<Value>> {
        match member.spec.target {
            ValueType::Structure(shape) => {
                if !self.has_below(name) {
                    return Ok(None);
                }
                Ok(Some(Value::Map(self.structure(shape, name, depth)?)))
            }
            ValueType::List(shape) => self.list(shape, member.is_flattened, name, depth),
            ValueType::Map(shape) => {
                let name = match member.is_flattened {
                    true => name.to_owned(),
                    false => format!("{name}.entry"),
                };
                self.map(shape, &name, depth)
            }
            target => Ok(self.fields.get(name).map(|text| scalar(target, text))),
        }
    }

    fn list(
        &self,
        shape: ShapeId,
        is_flattened: bool,
        name: &str,
        depth: u32,
    ) -> Result<Option<Value>> {
        let Some(CompiledShape::List { item, .. }) = self.forms.get(shape) else {
            return Ok(None);
        };
        let name = match self.forms.format {
            Dialect::Query if !is_flattened && self.has_below(name) => {
                joined(name, item.wire.suffix())
            }
            _ => name.to_owned(),
        };
        if self.fields.get(&name).is_some_and(String::is_empty) {
            return Ok(Some(Value::List(List::new())));
        }
        let mut list = List::new();
        for number in self.numbers(&name) {
            let name = format!("{name}.{number}");
            list.push(self.value(item, &name, depth)?.unwrap_or_default());
        }
        Ok((!list.is_empty()).then_some(Value::List(list)))
    }

    fn map(&self, shape: ShapeId, name: &str, depth: u32) -> Result<Option<Value>> {
        let Some(CompiledShape::Map { key, value, .. }) = self.forms.get(shape) else {
            return Ok(None);
        };
        let mut map = Map::new();
        for number in self.numbers(name) {
            let entry = format!("{name}.{number}");
            let key = joined(&entry, key.wire.suffix());
            let Some(key) = self.fields.get(&key) else {
                continue;
            };
            let name = joined(&entry, value.wire.suffix());
            if let Some(value) = self.value(value, &name, depth)? {
                map.insert(Str::from(key.as_str()), value);
            }
        }
        Ok((!map.is_empty()).then_some(Value::Map(map)))
    }
}

/// Returns a name with an encoded suffix, which starts with a dot.
fn joined(prefix: &str, suffix: &str) -> String {
    let suffix = percent_decode(suffix);
    match prefix {
        "" => suffix.strip_prefix('.').unwrap_or(&suffix).to_owned(),
        prefix => format!("{prefix}{suffix}"),
    }
}
