//! The compiled form of a rule set.
//!
//! Rules become a flat list in the order in which they are tried: a tree stands before its rules, and every rule knows
//! where to go on when it does not apply. Since a tree that matches but holds no answer goes on where a tree that does not
//! match does, evaluation is one walk forwards with no stack.
//!
//! ```text
//!   tree  [conditions] next=4     holds: go to the rule below; fails: go to 4
//!     endpoint [conditions]       holds: the answer; fails: go to the rule below
//!     error [conditions]
//!     error [conditions]
//!   error []                      4
//! ```
//!
//! Conditions and everything else that is computed are numbered expressions whose operands are expressions with smaller
//! numbers. Equal expressions have one number, and a variable is nothing but the number of the expression it was assigned:
//! there are no scopes left at run time. What costs something and is asked for more than once has a place (a *memo*) where
//! its value is kept for the rest of the evaluation, and a condition of several rules has two bits (a *verdict*) that say
//! whether it was looked at and whether it holds.

use crate::lists::{ListId, Lists};
use crate::parameter::Parameter;
use crate::texts::Texts;

pub(crate) const NO_MEMO: u16 = u16::MAX;
pub(crate) const NO_VERDICT: u8 = u8::MAX;
/// How many conditions that several rules share have a verdict.
pub(crate) const MAX_VERDICTS: u8 = 128;

/// The number of an expression.
pub(crate) type ExprId = u16;
/// The number of a text.
pub(crate) type TextId = u16;

/// Something to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Expr {
    /// A variable that no scope has.
    Unset,
    Bool(bool),
    Text(TextId),
    /// The value of a parameter, or its default.
    Parameter(u16),
    /// The values of these expressions, one after the other, as a text.
    Template(ListId),
    IsSet(ExprId),
    Not(ExprId),
    StringEquals(ExprId, ExprId),
    BooleanEquals(ExprId, ExprId),
    /// The named part of a partition, an ARN or a URL.
    Attribute {
        of: ExprId,
        name: TextId,
    },
    /// An item of a list; below zero counts from its end.
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
        delimiter: TextId,
        limit: u16,
    },
    /// The value of an expression that is assigned to a variable already in scope: an error, as in botocore.
    AssignAgain {
        value: ExprId,
        name: TextId,
    },
    /// The value of an expression that is assigned to the name of a parameter: an error where the parameter is set.
    AssignParameter {
        value: ExprId,
        parameter: u16,
    },
}

/// An expression and the places of what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) expr: Expr,
    /// The place of its value.
    pub(crate) memo: u16,
    /// The place of whether it holds as a condition.
    pub(crate) verdict: u8,
}

/// What to do where the conditions of a rule hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Go on with the rule below.
    Tree,
    /// This endpoint is the answer.
    Endpoint(u16),
    /// This text is the error.
    Error(ExprId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// A list of expressions.
    pub(crate) conditions: ListId,
    pub(crate) action: Action,
    /// The rule to go to where a condition does not hold.
    pub(crate) next: u16,
}

/// A rule as the evaluator wants it: the same, but with the place of its conditions among the items of all lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) rule: Rule,
    pub(super) first: u32,
    pub(super) end: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EndpointForm {
    pub(crate) url: ExprId,
    /// Pairs of a text (the name) and a list of expressions (the values).
    pub(crate) headers: ListId,
    /// A map.
    pub(crate) properties: u16,
}

/// A property, its templates not yet resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PropertyForm {
    Null,
    Bool(bool),
    Int(i64),
    /// The bits of a double.
    Float(u64),
    Text(ExprId),
    /// A list of properties.
    List(ListId),
    /// Pairs of a text (the key) and a property.
    Map(ListId),
}

/// A compiled rule set whose numbers may still point anywhere.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) version: TextId,
    pub(crate) texts: Texts,
    pub(crate) lists: Lists,
    pub(crate) exprs: Vec<Expr>,
    pub(crate) properties: Vec<PropertyForm>,
    pub(crate) endpoints: Vec<EndpointForm>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) rules: Vec<Rule>,
}

/// A compiled rule set: every number in it is valid, every walk through it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) version: TextId,
    pub(crate) texts: Texts,
    pub(crate) lists: Lists,
    pub(crate) nodes: Box<[Node]>,
    pub(crate) properties: Box<[PropertyForm]>,
    pub(crate) endpoints: Box<[EndpointForm]>,
    pub(crate) parameters: Box<[Parameter]>,
    pub(crate) steps: Box<[Step]>,
    /// How many memos an evaluation needs.
    pub(crate) memos: u16,
}

impl Program {
    /// The conditions of a rule.
    #[inline]
    pub(crate) fn conditions(&self, step: &Step) -> &[ExprId] {
        self.lists.items(step.first, step.end)
    }

    #[inline]
    pub(crate) fn node(&self, id: ExprId) -> Node {
        let missing = Node {
            expr: Expr::Unset,
            memo: NO_MEMO,
            verdict: NO_VERDICT,
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
        assert!(size_of::<Node>() <= 12);
        assert!(size_of::<Rule>() <= 8);
    }
}
