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

use inia_core::packed::{PackedReader, PackedWriter};
use inia_core::{Result, Str};

use crate::list_table::ListTable;
use crate::packed::{self, read_all, write_all};
use crate::parameter::{BuiltIn, Parameter, ParameterDefault, ParameterType};
use crate::rule_set::program::{
    EndpointTemplate, Expr, Program, ProgramParts, PropertyTemplate, Rule, RuleAction,
};
use crate::string_table::{StringTable, dictionary_fingerprint};

const REQUIRED: u8 = 1;
const BUILT_IN: u8 = 2;
const DEFAULT: u8 = 4;
const DEPRECATED: u8 = 8;
const KIND_SHIFT: u8 = 4;

/// Magic byte, version and dictionary fingerprint. The version is incremented with every change of the packed form.
fn header() -> [u8; 4] {
    let [low, high] = dictionary_fingerprint().to_le_bytes();
    [b'R', 1, low, high]
}

pub(crate) fn write(program: &Program) -> Vec<u8> {
    packed::encode(&header(), |writer| {
        program.strings.write(writer);
        program.lists.write(writer);
        write_all(&program.parameters, writer, write_parameter);
        write_all(&program.nodes, writer, |node, writer| {
            write_expr(node.expr, writer);
        });
        write_all(&program.properties, writer, |property, writer| {
            write_property(*property, writer);
        });
        write_all(&program.endpoints, writer, |endpoint, writer| {
            writer.number(endpoint.url);
            writer.number(endpoint.headers);
            writer.number(endpoint.properties);
        });
        let mut index = 0;
        write_all(&program.rules, writer, |compiled, writer| {
            index += 1;
            write_rule(compiled.rule, index, writer);
        });
        writer.number(program.version);
    })
}

pub(crate) fn read(bytes: &[u8]) -> Result<Program> {
    packed::decode(&header(), bytes, |reader| {
        let strings = StringTable::read(reader)?;
        let lists = ListTable::read(reader)?;
        let parameters = read_all(reader, 2, read_parameter)?;
        let exprs = read_all(reader, 1, read_expr)?;
        let properties = read_all(reader, 1, read_property)?;
        let endpoints = read_all(reader, 3, |reader| {
            Some(EndpointTemplate {
                url: reader.int()?,
                headers: reader.int()?,
                properties: reader.int()?,
            })
        })?;
        let mut index = 0;
        let rules = read_all(reader, 2, |reader| {
            index += 1;
            read_rule(reader, index)
        })?;
        let parts = ProgramParts {
            version: reader.int()?,
            strings,
            lists,
            exprs,
            properties,
            endpoints,
            parameters,
            rules,
        };
        Program::new(parts).ok()
    })
}

fn write_parameter(parameter: &Parameter, writer: &mut PackedWriter) {
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
            write_all(items, writer, |item, writer| writer.text(item));
        }
    }
    if let Some(text) = &parameter.deprecation {
        writer.text(text);
    }
}

fn read_parameter(reader: &mut PackedReader<'_>) -> Option<Parameter> {
    let name = reader.text()?.into();
    let flags = reader.byte()?;
    let kind = match flags >> KIND_SHIFT {
        0 => ParameterType::String,
        1 => ParameterType::Boolean,
        2 => ParameterType::StringArray,
        _ => return None,
    };
    let has = |bit: u8| flags & bit != 0;
    let built_in = match has(BUILT_IN) {
        true => Some(match reader.byte()? {
            0 => BuiltIn::Other(reader.text()?.into()),
            number => BuiltIn::from_number(number)?,
        }),
        false => None,
    };
    let default = match (has(DEFAULT), kind) {
        (false, _) => None,
        (true, ParameterType::String) => Some(ParameterDefault::String(reader.text()?.into())),
        (true, ParameterType::Boolean) => Some(ParameterDefault::Boolean(reader.flag()?)),
        (true, ParameterType::StringArray) => {
            let items = read_all(reader, 1, |reader| reader.text().map(Str::from))?;
            Some(ParameterDefault::StringArray(items.into_boxed_slice()))
        }
    };
    let deprecation = match has(DEPRECATED) {
        true => Some(reader.text()?.into()),
        false => None,
    };
    Some(Parameter {
        name,
        kind,
        required: has(REQUIRED),
        built_in,
        default,
        deprecation,
        is_read: false,
        is_keyed: false,
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

fn write_expr(expr: Expr, writer: &mut PackedWriter) {
    use operation as op;
    let mut put = |operation: u8, operands: &[u16]| {
        writer.byte(operation);
        operands.iter().for_each(|operand| writer.number(*operand));
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

fn read_expr(reader: &mut PackedReader<'_>) -> Option<Expr> {
    use operation as op;
    Some(match reader.byte()? {
        op::UNSET => Expr::Unset,
        op::FALSE => Expr::Bool(false),
        op::TRUE => Expr::Bool(true),
        op::TEXT => Expr::String(reader.int()?),
        op::PARAMETER => Expr::Parameter(reader.int()?),
        op::TEMPLATE => Expr::Template(reader.int()?),
        op::IS_SET => Expr::IsSet(reader.int()?),
        op::NOT => Expr::Not(reader.int()?),
        op::STRING_EQUALS => Expr::StringEquals(reader.int()?, reader.int()?),
        op::BOOLEAN_EQUALS => Expr::BooleanEquals(reader.int()?, reader.int()?),
        op::ATTRIBUTE => Expr::Attribute {
            of: reader.int()?,
            name: reader.int()?,
        },
        operation @ (op::ITEM | op::ITEM_FROM_END) => {
            let of = reader.int()?;
            let index = i16::try_from(reader.int::<u16>()?).ok()?;
            let index = if operation == op::ITEM { index } else { -index };
            Expr::Item { of, index }
        }
        operation @ (op::SUBSTRING | op::SUBSTRING_FROM_END) => Expr::Substring {
            of: reader.int()?,
            start: reader.int()?,
            stop: reader.int()?,
            reverse: operation == op::SUBSTRING_FROM_END,
        },
        op::URI_ENCODE => Expr::UriEncode(reader.int()?),
        op::PARSE_URL => Expr::ParseUrl(reader.int()?),
        op::IS_VALID_HOST_LABEL => Expr::IsValidHostLabel(reader.int()?, reader.int()?),
        op::PARTITION => Expr::Partition(reader.int()?),
        op::PARSE_ARN => Expr::ParseArn(reader.int()?),
        op::IS_VIRTUAL_HOSTABLE_S3_BUCKET => {
            Expr::IsVirtualHostableS3Bucket(reader.int()?, reader.int()?)
        }
        op::COALESCE => Expr::Coalesce(reader.int()?),
        op::IF_ELSE => Expr::IfElse(reader.int()?, reader.int()?, reader.int()?),
        op::SPLIT => Expr::Split {
            of: reader.int()?,
            delimiter: reader.int()?,
            limit: reader.int()?,
        },
        op::ASSIGN_AGAIN => Expr::AssignAgain {
            value: reader.int()?,
            name: reader.int()?,
        },
        op::ASSIGN_PARAMETER => Expr::AssignParameter {
            value: reader.int()?,
            parameter: reader.int()?,
        },
        _ => return None,
    })
}

fn write_property(property: PropertyTemplate, writer: &mut PackedWriter) {
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
            writer.number(expr);
        }
        PropertyTemplate::List(list) => {
            writer.byte(6);
            writer.number(list);
        }
        PropertyTemplate::Map(list) => {
            writer.byte(7);
            writer.number(list);
        }
    }
}

fn read_property(reader: &mut PackedReader<'_>) -> Option<PropertyTemplate> {
    Some(match reader.byte()? {
        0 => PropertyTemplate::Null,
        1 => PropertyTemplate::Bool(false),
        2 => PropertyTemplate::Bool(true),
        3 => PropertyTemplate::Int(i64::from_le_bytes(reader.array()?)),
        4 => PropertyTemplate::Float(u64::from_le_bytes(reader.array()?)),
        5 => PropertyTemplate::String(reader.int()?),
        6 => PropertyTemplate::List(reader.int()?),
        7 => PropertyTemplate::Map(reader.int()?),
        _ => return None,
    })
}

fn write_rule(rule: Rule, following: u16, writer: &mut PackedWriter) {
    let (action, operand) = match rule.action {
        // The operand of a tree is the number of its nested rules.
        RuleAction::Tree => (0, rule.next - following),
        RuleAction::Endpoint(endpoint) => (1, endpoint),
        RuleAction::Error(text) => (2, text),
    };
    writer.byte(action);
    writer.number(rule.conditions);
    writer.number(operand);
}

fn read_rule(reader: &mut PackedReader<'_>, following: usize) -> Option<Rule> {
    let action = reader.byte()?;
    let conditions = reader.int()?;
    let operand = reader.int()?;
    let (action, rules) = match action {
        0 => (RuleAction::Tree, usize::from(operand)),
        1 => (RuleAction::Endpoint(operand), 0),
        2 => (RuleAction::Error(operand), 0),
        _ => return None,
    };
    let next = u16::try_from(following + rules).ok()?;
    Some(Rule {
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
        let mut writer = PackedWriter::default();
        exprs.iter().for_each(|expr| write_expr(*expr, &mut writer));
        let bytes = writer.bytes;
        let mut reader = PackedReader::new(&bytes);
        for expr in exprs {
            assert_eq!(read_expr(&mut reader).unwrap(), expr);
        }
        reader.end().unwrap();
        assert!(read_expr(&mut PackedReader::new(&[200])).is_none());
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
        let mut writer = PackedWriter::default();
        properties
            .iter()
            .for_each(|property| write_property(*property, &mut writer));
        let bytes = writer.bytes;
        let mut reader = PackedReader::new(&bytes);
        for property in properties {
            assert_eq!(read_property(&mut reader).unwrap(), property);
        }
        reader.end().unwrap();
    }
}
