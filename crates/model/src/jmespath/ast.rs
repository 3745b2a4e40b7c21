//! The syntax tree of an expression.

use inia_core::{Str, Value};

use super::signature::Function;

/// A node of the syntax tree: a function from the current value to a result.
///
/// A chain in which each part is applied to the previous result (`a.b`, `a[0]`, `a | b`, `a[*].b`) is one flat
/// [`AstNode::Sequence`]; chains of `||` and `&&` are flat as well. Only nesting in the text makes the tree deeper, and it
/// counts towards the depth limit.
#[derive(Debug)]
pub(super) enum AstNode {
    /// `@`, or the empty right-hand side of a projection.
    Current,
    /// `name`.
    Field(Str),
    /// `[3]`, `[-1]`.
    Index(i64),
    /// `[1:5:2]`; the parser rejects a step of zero.
    Slice {
        start: Option<i64>,
        stop: Option<i64>,
        step: i64,
    },
    /// `` `{"a": 1}` `` or `'text'`.
    Literal(Value),
    /// Nodes each applied to the previous result.
    Sequence(Vec<AstNode>),
    /// `[*]`: the node applied to each element; nulls are left out.
    Each(Box<AstNode>),
    /// `*`: the node applied to each value of a map; nulls are left out.
    EachValue(Box<AstNode>),
    /// `[]`: the node applied to each element, including those of nested lists; nulls are left out.
    Flatten(Box<AstNode>),
    /// `[?condition]`: the node applied to each element for which the condition is true; nulls are left out.
    Filter {
        condition: Box<AstNode>,
        each: Box<AstNode>,
    },
    /// `a || b`.
    Or(Vec<AstNode>),
    /// `a && b`.
    And(Vec<AstNode>),
    /// `!a`.
    Not(Box<AstNode>),
    /// `a == b`.
    Comparison {
        comparator: Comparator,
        left: Box<AstNode>,
        right: Box<AstNode>,
    },
    /// `[a, b]`.
    List(Vec<AstNode>),
    /// `{name: a, other: b}`.
    Map(Vec<(Str, AstNode)>),
    /// `length(a)`; the parser has checked the number and the kinds of the arguments.
    Call {
        function: Function,
        arguments: Vec<CallArgument>,
    },
}

/// An argument of a function.
#[derive(Debug)]
pub(super) enum CallArgument {
    /// A value, evaluated before the call.
    Value(AstNode),
    /// `&a`: an expression that the function applies itself.
    Expression(AstNode),
}

impl AstNode {
    /// Returns the steps of a plain path, which consists of names and positions only.
    pub(super) fn path(&self) -> Option<&[AstNode]> {
        let step = |node: &AstNode| matches!(node, AstNode::Field(_) | AstNode::Index(_));
        match self {
            AstNode::Sequence(nodes) => nodes.iter().all(step).then_some(nodes.as_slice()),
            AstNode::Current => Some(&[]),
            node => step(node).then_some(std::slice::from_ref(node)),
        }
    }
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
