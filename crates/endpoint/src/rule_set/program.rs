//! Compiled rule sets.
//!
//! Rules are a flat list in evaluation order: a tree precedes its nested rules, and has their number, so that they are
//! skipped if its conditions are false. A tree whose nested rules all fail continues at the same rule as a tree
//! whose conditions are false, so evaluation is one forward pass without a stack.
//!
//! ```text
//! 0  tree  [conditions] nested=3   true: continue at 1; false: continue at 4
//! 1    endpoint [conditions]       true: the result; false: continue at 2
//! 2    error [conditions]
//! 3    error [conditions]
//! 4  error []
//! ```
//!
//! Conditions and all other computations are interned expressions whose operands have smaller indexes. Equal expressions
//! share one index, and a variable is the index of the expression assigned to it, so there are no scopes at run time. An
//! expensive expression that is used more than once has a *memo slot*, which caches its value for the rest of the
//! evaluation. A condition that several rules share has a *result slot*, which caches whether it is true.

use inia_core::packed::{packed_enum, packed_struct};

use crate::list_table::{ListId, ListTable};
use crate::parameter::Parameter;
use crate::rule_set::diagram::Diagram;
use crate::string_table::StringTable;

pub(crate) const NO_SLOT: u16 = u16::MAX;
pub(crate) const NO_RESULT_SLOT: u8 = u8::MAX;
/// Maximum number of shared conditions with a result slot.
pub(crate) const MAX_SHARED_CONDITIONS: u8 = 128;

/// The index of an expression.
pub(crate) type ExprId = u16;
/// The index of a string.
pub(crate) type StringId = u16;

/// An expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Expr {
    /// A reference to a variable that is not in scope.
    Unset,
    Bool(bool),
    String(StringId),
    /// The value of a parameter, or its default.
    Parameter(u16),
    /// The concatenated values of a list of expressions.
    Template(ListId),
    IsSet(ExprId),
    Not(ExprId),
    StringEquals(ExprId, ExprId),
    BooleanEquals(ExprId, ExprId),
    /// An attribute of a partition, an ARN or a URL.
    Attribute {
        of: ExprId,
        name: StringId,
    },
    /// An item of a list; a negative index counts from the end.
    Item {
        of: ExprId,
        index: i16,
    },
    Substring {
        of: ExprId,
        start: u16,
        stop: u16,
        reverse: bool,
    },
    UriEncode(ExprId),
    ParseUrl(ExprId),
    IsValidHostLabel(ExprId, ExprId),
    Partition(ExprId),
    ParseArn(ExprId),
    IsVirtualHostableS3Bucket(ExprId, ExprId),
    Coalesce(ListId),
    IfElse(ExprId, ExprId, ExprId),
    Split {
        of: ExprId,
        delimiter: StringId,
        limit: u16,
    },
    /// An assignment to a variable that is already in scope: an error, as in botocore.
    AssignAgain {
        value: ExprId,
        name: StringId,
    },
    /// An assignment to the name of a parameter: an error if the parameter is set.
    AssignParameter {
        value: ExprId,
        parameter: u16,
    },
}

/// An expression with its cache slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExprNode {
    pub(crate) expr: Expr,
    /// The slot of its memoized value, or [`NO_SLOT`].
    pub(crate) memo_slot: u16,
    /// The slot of its result as a condition, or [`NO_RESULT_SLOT`].
    pub(crate) result_slot: u8,
}

/// The action of a rule whose conditions are all true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleAction {
    /// Continues at the following rule, the first nested one.
    Tree,
    /// Returns an endpoint.
    Endpoint(u16),
    /// Fails with a message.
    Error(ExprId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// A list of expressions.
    pub(crate) conditions: ListId,
    pub(crate) action: RuleAction,
    /// The number of nested rules, which are skipped if a condition is false.
    pub(crate) nested: u16,
}

/// A rule with the resolved range of its conditions in the list table, to save a lookup per rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CompiledRule {
    pub(crate) rule: Rule,
    pub(super) first: u32,
    pub(super) end: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EndpointTemplate {
    pub(crate) url: ExprId,
    /// Pairs of a string (the name) and a list of expressions (the values).
    pub(crate) headers: ListId,
    /// A map.
    pub(crate) properties: u16,
}

/// A property whose templates are not resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PropertyTemplate {
    Null,
    Bool(bool),
    Int(i64),
    /// The bits of a double.
    Float(u64),
    String(ExprId),
    /// A list of properties.
    List(ListId),
    /// Pairs of a string (the key) and a property.
    Map(ListId),
}

/// A compiled rule set before validation.
#[derive(Debug)]
pub(crate) struct ProgramParts {
    pub(crate) version: StringId,
    pub(crate) strings: StringTable,
    pub(crate) lists: ListTable,
    pub(crate) exprs: Vec<Expr>,
    pub(crate) properties: Vec<PropertyTemplate>,
    pub(crate) endpoints: Vec<EndpointTemplate>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) rules: Vec<Rule>,
}

/// A validated rule set: all indexes are valid, and every evaluation terminates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) version: StringId,
    pub(crate) strings: StringTable,
    pub(crate) lists: ListTable,
    pub(crate) nodes: Box<[ExprNode]>,
    pub(crate) properties: Box<[PropertyTemplate]>,
    pub(crate) endpoints: Box<[EndpointTemplate]>,
    pub(crate) parameters: Box<[Parameter]>,
    pub(crate) rules: Box<[CompiledRule]>,
    /// Number of memo slots of an evaluation.
    pub(crate) memos: u16,
    /// If present, it selects one of the rules, which have no conditions.
    pub(crate) diagram: Option<Diagram>,
}

packed_enum!(Expr {
    0 = Unset,
    1 = Bool(value),
    2 = String(text),
    3 = Parameter(parameter),
    4 = Template(list),
    5 = IsSet(of),
    6 = Not(of),
    7 = StringEquals(left, right),
    8 = BooleanEquals(left, right),
    9 = Attribute { of, name },
    10 = Item { of, index },
    11 = Substring { of, start, stop, reverse },
    12 = UriEncode(of),
    13 = ParseUrl(of),
    14 = IsValidHostLabel(of, subdomains),
    15 = Partition(of),
    16 = ParseArn(of),
    17 = IsVirtualHostableS3Bucket(of, subdomains),
    18 = Coalesce(list),
    19 = IfElse(condition, yes, no),
    20 = Split { of, delimiter, limit },
    21 = AssignAgain { value, name },
    22 = AssignParameter { value, parameter },
});
packed_enum!(RuleAction { 0 = Tree, 1 = Endpoint(endpoint), 2 = Error(text) });
packed_struct!(Rule {
    conditions,
    action,
    nested
});
packed_struct!(EndpointTemplate {
    url,
    headers,
    properties
});
packed_enum!(PropertyTemplate {
    0 = Null,
    1 = Bool(value),
    2 = Int(value),
    3 = Float(bits),
    4 = String(expr),
    5 = List(list),
    6 = Map(list),
});
packed_struct!(ProgramParts {
    version,
    strings,
    lists,
    exprs,
    properties,
    endpoints,
    parameters,
    rules
});

impl Program {
    /// Returns the parts that are packed: all but the results of the validation.
    pub(crate) fn parts(&self) -> ProgramParts {
        ProgramParts {
            version: self.version,
            strings: self.strings.clone(),
            lists: self.lists.clone(),
            exprs: self.nodes.iter().map(|node| node.expr).collect(),
            properties: self.properties.to_vec(),
            endpoints: self.endpoints.to_vec(),
            parameters: self.parameters.to_vec(),
            rules: self.rules.iter().map(|compiled| compiled.rule).collect(),
        }
    }

    /// Returns the conditions of a rule.
    #[inline]
    pub(crate) fn conditions(&self, rule: &CompiledRule) -> &[ExprId] {
        self.lists.items(rule.first, rule.end)
    }

    #[inline]
    pub(crate) fn node(&self, id: ExprId) -> ExprNode {
        let missing = ExprNode {
            expr: Expr::Unset,
            memo_slot: NO_SLOT,
            result_slot: NO_RESULT_SLOT,
        };
        self.nodes.get(usize::from(id)).copied().unwrap_or(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_small() {
        assert!(size_of::<Expr>() <= 8);
        assert!(size_of::<ExprNode>() <= 12);
        assert!(size_of::<Rule>() <= 8);
    }
}
