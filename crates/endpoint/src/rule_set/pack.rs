//! The packed form of a compiled rule set.
//!
//! ```text
//! 'R' version dictionary-fingerprint(2)
//! strings     count, length of each, then all bytes
//! lists       count, then for each: length, items
//! parameters  count, then for each: name, flags, [built-in], [default], [deprecation]
//! expressions count, then for each: operation, operands
//! properties  count, then for each: kind, value
//! endpoints   count, then for each: url, headers, properties
//! rules       count, then for each: action, conditions, operand of the action
//! rule set version
//! ```
//!
//! Integers are little-endian base-128, so nearly all take one byte; there is no alignment. The fingerprint ensures that
//! dictionary indexes mean the same strings. Memo slots are not stored; they are assigned again when the form is read.

use crate::bytes::{ByteReader, ByteWriter};
use crate::error::DefinitionError;
use crate::list_table::ListTable;
use crate::parameter::{BuiltIn, Parameter, ParameterDefault, ParameterType};
use crate::rule_set::program::{
    EndpointTemplate, Expr, Program, ProgramParts, PropertyTemplate, Rule, RuleAction,
};
use crate::string_table::{StringTable, dictionary_fingerprint};

const MAGIC: u8 = b'R';
/// Incremented with every change of the packed form.
const VERSION: u8 = 1;

const REQUIRED: u8 = 1;
const BUILT_IN: u8 = 2;
const DEFAULT: u8 = 4;
const DEPRECATED: u8 = 8;
const KIND_SHIFT: u8 = 4;

pub(crate) fn write(program: &Program) -> Vec<u8> {
    let mut writer = ByteWriter::default();
    writer.byte(MAGIC);
    writer.byte(VERSION);
    writer.raw(&dictionary_fingerprint().to_le_bytes());
    program.strings.write(&mut writer);
    program.lists.write(&mut writer);
    writer.count(program.parameters.len());
    for parameter in &program.parameters {
        write_parameter(parameter, &mut writer);
    }
    writer.count(program.nodes.len());
    for node in &program.nodes {
        write_expr(node.expr, &mut writer);
    }
    writer.count(program.properties.len());
    for property in &program.properties {
        write_property(*property, &mut writer);
    }
    writer.count(program.endpoints.len());
    for endpoint in &program.endpoints {
        writer.int(endpoint.url);
        writer.int(endpoint.headers);
        writer.int(endpoint.properties);
    }
    writer.count(program.rules.len());
    for (compiled, index) in program.rules.iter().zip(0u16..) {
        write_rule(compiled.rule, index, &mut writer);
    }
    writer.int(program.version);
    writer.into_bytes()
}

pub(crate) fn read(bytes: &[u8]) -> Result<Program, DefinitionError> {
    let mut reader = ByteReader::new(bytes);
    let is_current = reader.byte()? == MAGIC
        && reader.byte()? == VERSION
        && reader.raw(2)? == dictionary_fingerprint().to_le_bytes().as_slice();
    if !is_current {
        return Err(reader.error("not a packed rule set of this version"));
    }
    let strings = StringTable::read(&mut reader)?;
    let lists = ListTable::read(&mut reader)?;
    let parameters = read_all(&mut reader, 2, |reader, _| read_parameter(reader))?;
    let exprs = read_all(&mut reader, 1, |reader, _| read_expr(reader))?;
    let properties = read_all(&mut reader, 1, |reader, _| read_property(reader))?;
    let endpoints = read_all(&mut reader, 3, |reader, _| {
        Ok(EndpointTemplate {
            url: reader.u16()?,
            headers: reader.u16()?,
            properties: reader.u16()?,
        })
    })?;
    let rules = read_all(&mut reader, 2, read_rule)?;
    let version = reader.u16()?;
    reader.end()?;
    let parts = ProgramParts {
        version,
        strings,
        lists,
        exprs,
        properties,
        endpoints,
        parameters,
        rules,
    };
    Program::new(parts).map_err(|message| reader.error(message))
}

fn read_all<'a, T>(
    reader: &mut ByteReader<'a>,
    size: usize,
    mut read: impl FnMut(&mut ByteReader<'a>, usize) -> Result<T, DefinitionError>,
) -> Result<Vec<T>, DefinitionError> {
    let count = reader.count(size)?;
    if count > usize::from(u16::MAX) {
        return Err(reader.error("rule set too large"));
    }
    let mut all = Vec::with_capacity(count);
    for index in 0..count {
        all.push(read(reader, index)?);
    }
    Ok(all)
}

fn write_parameter(parameter: &Parameter, writer: &mut ByteWriter) {
    writer.text(&parameter.name);
    let kind = match parameter.kind {
        ParameterType::String => 0,
        ParameterType::Boolean => 1,
        ParameterType::StringArray => 2,
    };
    let flag = |flag: bool, bit: u8| if flag { bit } else { 0 };
    writer.byte(
        kind << KIND_SHIFT
            | flag(parameter.required, REQUIRED)
            | flag(parameter.built_in.is_some(), BUILT_IN)
            | flag(parameter.default.is_some(), DEFAULT)
            | flag(parameter.deprecation.is_some(), DEPRECATED),
    );
    match &parameter.built_in {
        None => {}
        Some(BuiltIn::Other(name)) => {
            writer.byte(0);
            writer.text(name);
        }
        Some(built_in) => writer.byte(built_in.number()),
    }
    match &parameter.default {
        None => {}
        Some(ParameterDefault::String(text)) => writer.text(text),
        Some(ParameterDefault::Boolean(value)) => writer.flag(*value),
        Some(ParameterDefault::StringArray(items)) => {
            writer.count(items.len());
            items.iter().for_each(|item| writer.text(item));
        }
    }
    if let Some(text) = &parameter.deprecation {
        writer.text(text);
    }
}

fn read_parameter(reader: &mut ByteReader<'_>) -> Result<Parameter, DefinitionError> {
    let name = reader.text()?.into();
    let flags = reader.byte()?;
    let kind = match flags >> KIND_SHIFT {
        0 => ParameterType::String,
        1 => ParameterType::Boolean,
        2 => ParameterType::StringArray,
        _ => return Err(reader.error("unknown parameter type")),
    };
    let has = |bit: u8| flags & bit != 0;
    let built_in = if has(BUILT_IN) {
        Some(match reader.byte()? {
            0 => BuiltIn::Other(reader.text()?.into()),
            number => {
                BuiltIn::from_number(number).ok_or_else(|| reader.error("unknown built-in"))?
            }
        })
    } else {
        None
    };
    let default = if has(DEFAULT) {
        Some(match kind {
            ParameterType::String => ParameterDefault::String(reader.text()?.into()),
            ParameterType::Boolean => ParameterDefault::Boolean(reader.flag()?),
            ParameterType::StringArray => {
                let items = read_all(reader, 1, |reader, _| reader.text().map(Box::from))?;
                ParameterDefault::StringArray(items.into_boxed_slice())
            }
        })
    } else {
        None
    };
    let deprecation = if has(DEPRECATED) {
        Some(reader.text()?.into())
    } else {
        None
    };
    Ok(Parameter {
        name,
        kind,
        required: has(REQUIRED),
        built_in,
        default,
        deprecation,
        is_read: false,
    })
}

/// Operation codes, one byte each.
mod operation {
    pub(super) const UNSET: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const PARAMETER: u8 = 4;
    pub(super) const TEMPLATE: u8 = 5;
    pub(super) const IS_SET: u8 = 6;
    pub(super) const NOT: u8 = 7;
    pub(super) const STRING_EQUALS: u8 = 8;
    pub(super) const BOOLEAN_EQUALS: u8 = 9;
    pub(super) const ATTRIBUTE: u8 = 10;
    pub(super) const ITEM: u8 = 11;
    pub(super) const ITEM_FROM_END: u8 = 12;
    pub(super) const SUBSTRING: u8 = 13;
    pub(super) const SUBSTRING_FROM_END: u8 = 14;
    pub(super) const URI_ENCODE: u8 = 15;
    pub(super) const PARSE_URL: u8 = 16;
    pub(super) const IS_VALID_HOST_LABEL: u8 = 17;
    pub(super) const PARTITION: u8 = 18;
    pub(super) const PARSE_ARN: u8 = 19;
    pub(super) const IS_VIRTUAL_HOSTABLE_S3_BUCKET: u8 = 20;
    pub(super) const COALESCE: u8 = 21;
    pub(super) const IF_ELSE: u8 = 22;
    pub(super) const SPLIT: u8 = 23;
    pub(super) const ASSIGN_AGAIN: u8 = 24;
    pub(super) const ASSIGN_PARAMETER: u8 = 25;
}

fn write_expr(expr: Expr, writer: &mut ByteWriter) {
    use operation as op;
    let mut put = |operation: u8, operands: &[u16]| {
        writer.byte(operation);
        operands.iter().for_each(|operand| writer.int(*operand));
    };
    match expr {
        Expr::Unset => put(op::UNSET, &[]),
        Expr::Bool(false) => put(op::FALSE, &[]),
        Expr::Bool(true) => put(op::TRUE, &[]),
        Expr::String(text) => put(op::TEXT, &[text]),
        Expr::Parameter(parameter) => put(op::PARAMETER, &[parameter]),
        Expr::Template(list) => put(op::TEMPLATE, &[list]),
        Expr::IsSet(of) => put(op::IS_SET, &[of]),
        Expr::Not(of) => put(op::NOT, &[of]),
        Expr::StringEquals(left, right) => put(op::STRING_EQUALS, &[left, right]),
        Expr::BooleanEquals(left, right) => put(op::BOOLEAN_EQUALS, &[left, right]),
        Expr::Attribute { of, name } => put(op::ATTRIBUTE, &[of, name]),
        Expr::Item { of, index } if index < 0 => {
            put(op::ITEM_FROM_END, &[of, index.unsigned_abs()])
        }
        Expr::Item { of, index } => put(op::ITEM, &[of, index.unsigned_abs()]),
        Expr::Substring {
            of,
            start,
            stop,
            reverse,
        } => put(
            if reverse {
                op::SUBSTRING_FROM_END
            } else {
                op::SUBSTRING
            },
            &[of, start, stop],
        ),
        Expr::UriEncode(of) => put(op::URI_ENCODE, &[of]),
        Expr::ParseUrl(of) => put(op::PARSE_URL, &[of]),
        Expr::IsValidHostLabel(of, subdomains) => put(op::IS_VALID_HOST_LABEL, &[of, subdomains]),
        Expr::Partition(of) => put(op::PARTITION, &[of]),
        Expr::ParseArn(of) => put(op::PARSE_ARN, &[of]),
        Expr::IsVirtualHostableS3Bucket(of, subdomains) => {
            put(op::IS_VIRTUAL_HOSTABLE_S3_BUCKET, &[of, subdomains])
        }
        Expr::Coalesce(list) => put(op::COALESCE, &[list]),
        Expr::IfElse(condition, yes, no) => put(op::IF_ELSE, &[condition, yes, no]),
        Expr::Split {
            of,
            delimiter,
            limit,
        } => put(op::SPLIT, &[of, delimiter, limit]),
        Expr::AssignAgain { value, name } => put(op::ASSIGN_AGAIN, &[value, name]),
        Expr::AssignParameter { value, parameter } => {
            put(op::ASSIGN_PARAMETER, &[value, parameter])
        }
    }
}

fn read_expr(reader: &mut ByteReader<'_>) -> Result<Expr, DefinitionError> {
    use operation as op;
    Ok(match reader.byte()? {
        op::UNSET => Expr::Unset,
        op::FALSE => Expr::Bool(false),
        op::TRUE => Expr::Bool(true),
        op::TEXT => Expr::String(reader.u16()?),
        op::PARAMETER => Expr::Parameter(reader.u16()?),
        op::TEMPLATE => Expr::Template(reader.u16()?),
        op::IS_SET => Expr::IsSet(reader.u16()?),
        op::NOT => Expr::Not(reader.u16()?),
        op::STRING_EQUALS => Expr::StringEquals(reader.u16()?, reader.u16()?),
        op::BOOLEAN_EQUALS => Expr::BooleanEquals(reader.u16()?, reader.u16()?),
        op::ATTRIBUTE => Expr::Attribute {
            of: reader.u16()?,
            name: reader.u16()?,
        },
        operation @ (op::ITEM | op::ITEM_FROM_END) => {
            let of = reader.u16()?;
            let index =
                i16::try_from(reader.u16()?).map_err(|_| reader.error("index out of range"))?;
            let index = if operation == op::ITEM { index } else { -index };
            Expr::Item { of, index }
        }
        operation @ (op::SUBSTRING | op::SUBSTRING_FROM_END) => Expr::Substring {
            of: reader.u16()?,
            start: reader.u16()?,
            stop: reader.u16()?,
            reverse: operation == op::SUBSTRING_FROM_END,
        },
        op::URI_ENCODE => Expr::UriEncode(reader.u16()?),
        op::PARSE_URL => Expr::ParseUrl(reader.u16()?),
        op::IS_VALID_HOST_LABEL => Expr::IsValidHostLabel(reader.u16()?, reader.u16()?),
        op::PARTITION => Expr::Partition(reader.u16()?),
        op::PARSE_ARN => Expr::ParseArn(reader.u16()?),
        op::IS_VIRTUAL_HOSTABLE_S3_BUCKET => {
            Expr::IsVirtualHostableS3Bucket(reader.u16()?, reader.u16()?)
        }
        op::COALESCE => Expr::Coalesce(reader.u16()?),
        op::IF_ELSE => Expr::IfElse(reader.u16()?, reader.u16()?, reader.u16()?),
        op::SPLIT => Expr::Split {
            of: reader.u16()?,
            delimiter: reader.u16()?,
            limit: reader.u16()?,
        },
        op::ASSIGN_AGAIN => Expr::AssignAgain {
            value: reader.u16()?,
            name: reader.u16()?,
        },
        op::ASSIGN_PARAMETER => Expr::AssignParameter {
            value: reader.u16()?,
            parameter: reader.u16()?,
        },
        _ => return Err(reader.error("unknown operation")),
    })
}

fn write_property(property: PropertyTemplate, writer: &mut ByteWriter) {
    match property {
        PropertyTemplate::Null => writer.byte(0),
        PropertyTemplate::Bool(false) => writer.byte(1),
        PropertyTemplate::Bool(true) => writer.byte(2),
        PropertyTemplate::Int(value) => {
            writer.byte(3);
            writer.raw(&value.to_le_bytes());
        }
        PropertyTemplate::Float(bits) => {
            writer.byte(4);
            writer.raw(&bits.to_le_bytes());
        }
        PropertyTemplate::String(expr) => {
            writer.byte(5);
            writer.int(expr);
        }
        PropertyTemplate::List(list) => {
            writer.byte(6);
            writer.int(list);
        }
        PropertyTemplate::Map(list) => {
            writer.byte(7);
            writer.int(list);
        }
    }
}

fn read_property(reader: &mut ByteReader<'_>) -> Result<PropertyTemplate, DefinitionError> {
    Ok(match reader.byte()? {
        0 => PropertyTemplate::Null,
        1 => PropertyTemplate::Bool(false),
        2 => PropertyTemplate::Bool(true),
        3 => PropertyTemplate::Int(i64::from_le_bytes(eight(reader)?)),
        4 => PropertyTemplate::Float(u64::from_le_bytes(eight(reader)?)),
        5 => PropertyTemplate::String(reader.u16()?),
        6 => PropertyTemplate::List(reader.u16()?),
        7 => PropertyTemplate::Map(reader.u16()?),
        _ => return Err(reader.error("unknown property kind")),
    })
}

fn eight(reader: &mut ByteReader<'_>) -> Result<[u8; 8], DefinitionError> {
    let bytes = reader.raw(8)?;
    bytes
        .try_into()
        .map_err(|_| reader.error("unexpected end of the packed form"))
}

fn write_rule(rule: Rule, index: u16, writer: &mut ByteWriter) {
    let (action, operand) = match rule.action {
        // The operand of a tree is the number of its nested rules.
        RuleAction::Tree => (0, rule.next - index - 1),
        RuleAction::Endpoint(endpoint) => (1, endpoint),
        RuleAction::Error(text) => (2, text),
    };
    writer.byte(action);
    writer.int(rule.conditions);
    writer.int(operand);
}

fn read_rule(reader: &mut ByteReader<'_>, index: usize) -> Result<Rule, DefinitionError> {
    let action = reader.byte()?;
    let conditions = reader.u16()?;
    let operand = reader.u16()?;
    let (action, rules) = match action {
        0 => (RuleAction::Tree, usize::from(operand)),
        1 => (RuleAction::Endpoint(operand), 0),
        2 => (RuleAction::Error(operand), 0),
        _ => return Err(reader.error("unknown action")),
    };
    let next =
        u16::try_from(index + 1 + rules).map_err(|_| reader.error("rule jumps past the end"))?;
    Ok(Rule {
        conditions,
        action,
        next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_round_trips() {
        let exprs = [
            Expr::Unset,
            Expr::Bool(false),
            Expr::Bool(true),
            Expr::String(300),
            Expr::Parameter(1),
            Expr::Template(2),
            Expr::IsSet(3),
            Expr::Not(4),
            Expr::StringEquals(5, 6),
            Expr::BooleanEquals(7, 8),
            Expr::Attribute { of: 9, name: 10 },
            Expr::Item { of: 11, index: 0 },
            Expr::Item {
                of: 11,
                index: i16::MAX,
            },
            Expr::Item { of: 11, index: -1 },
            Expr::Substring {
                of: 1,
                start: 2,
                stop: 3,
                reverse: false,
            },
            Expr::Substring {
                of: 1,
                start: 2,
                stop: u16::MAX,
                reverse: true,
            },
            Expr::UriEncode(12),
            Expr::ParseUrl(13),
            Expr::IsValidHostLabel(14, 15),
            Expr::Partition(16),
            Expr::ParseArn(17),
            Expr::IsVirtualHostableS3Bucket(18, 19),
            Expr::Coalesce(20),
            Expr::IfElse(21, 22, 23),
            Expr::Split {
                of: 24,
                delimiter: 25,
                limit: 26,
            },
            Expr::AssignAgain {
                value: 27,
                name: 28,
            },
            Expr::AssignParameter {
                value: 29,
                parameter: 30,
            },
        ];
        let mut writer = ByteWriter::default();
        exprs.iter().for_each(|expr| write_expr(*expr, &mut writer));
        let bytes = writer.into_bytes();
        let mut reader = ByteReader::new(&bytes);
        for expr in exprs {
            assert_eq!(read_expr(&mut reader).unwrap(), expr);
        }
        reader.end().unwrap();
        assert!(read_expr(&mut ByteReader::new(&[200])).is_err());
    }

    #[test]
    fn every_property_round_trips() {
        let properties = [
            PropertyTemplate::Null,
            PropertyTemplate::Bool(true),
            PropertyTemplate::Bool(false),
            PropertyTemplate::Int(-5),
            PropertyTemplate::Float(1.5f64.to_bits()),
            PropertyTemplate::String(1),
            PropertyTemplate::List(2),
            PropertyTemplate::Map(3),
        ];
        let mut writer = ByteWriter::default();
        properties
            .iter()
            .for_each(|property| write_property(*property, &mut writer));
        let bytes = writer.into_bytes();
        let mut reader = ByteReader::new(&bytes);
        for property in properties {
            assert_eq!(read_property(&mut reader).unwrap(), property);
        }
        reader.end().unwrap();
    }
}
