//! What an expression is parsed into.

use inia_core::{Str, Value};

use super::functions::Function;

/// One part of an expression: a function from the current value to a result.
///
/// Whatever feeds its result into what follows (`a.b`, `a[0]`, `a | b`, `a[*].b`) is one flat [`Node::Sequence`], and so are
/// chains of `||` and `&&`: only what an author nests is nested here, which is what the depth limit counts.
#[derive(Debug)]
pub(super) enum Node {
    /// `@`, or nothing at all after a projection.
    Current,
    /// `name`.
    Field(Str),
    /// `[3]`, `[-1]`.
    Index(i64),
    /// `[1:5:2]`; a step of zero is refused by the parser.
    Slice {
        start: Option<i64>,
        stop: Option<i64>,
        step: i64,
    },
    /// `` `{"a": 1}` `` or `'text'`.
    Literal(Value),
    /// Each part applied to the result of the one before it.
    Sequence(Vec<Node>),
    /// `[*]`: the part applied to each element; nulls are left out.
    Each(Box<Node>),
    /// `*`: the part applied to each value of a map; nulls are left out.
    EachValue(Box<Node>),
    /// `[]`: the part applied to each element, those of nested lists among them; nulls are left out.
    Flatten(Box<Node>),
    /// `[?condition]`: the part applied to each element for which the condition is true; nulls are left out.
    Filter {
        condition: Box<Node>,
        each: Box<Node>,
    },
    /// `a || b`.
    Or(Vec<Node>),
    /// `a && b`.
    And(Vec<Node>),
    /// `!a`.
    Not(Box<Node>),
    /// `a == b`.
    Comparison {
        comparator: Comparator,
        left: Box<Node>,
        right: Box<Node>,
    },
    /// `[a, b]`.
    List(Vec<Node>),
    /// `{name: a, other: b}`.
    Map(Vec<(Str, Node)>),
    /// `length(a)`; the parser has checked the number of arguments and which of them are expressions.
    Call {
        function: Function,
        arguments: Vec<Argument>,
    },
}

/// An argument of a function.
#[derive(Debug)]
pub(super) enum Argument {
    /// A value, computed before the call.
    Value(Node),
    /// `&a`: an expression the function applies itself.
    Expression(Node),
}

impl Node {
    /// The steps of a plain path: names and positions only.
    pub(super) fn path(&self) -> Option<&[Node]> {
        let step = |node: &Node| matches!(node, Node::Field(_) | Node::Index(_));
        match self {
            Node::Sequence(nodes) => nodes.iter().all(step).then_some(nodes.as_slice()),
            Node::Current => Some(&[]),
            node => step(node).then_some(std::slice::from_ref(node)),
        }
    }
}

/// A comparison's operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
