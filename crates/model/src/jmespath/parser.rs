//! Tokens as a tree: operator precedence by binding power.
//!
//! | operator | binds |
//! |---|---|
//! | `\|` | 1 |
//! | `\|\|` | 2 |
//! | `&&` | 3 |
//! | `==` `!=` `<` `<=` `>` `>=` | 5 |
//! | `[]` | 9: this and all above end a projection |
//! | `[*]` after a projection | 20 |
//! | `[?` | 21 |
//! | `.` | 40 |
//! | `!` | 45 |
//! | `[` | 55 |

use std::borrow::Cow;

use inia_core::Str;

use super::ast::{Argument, Comparator, Node};
use super::functions::{self, Function};
use super::lexer::{self, Kind, Token};

/// How deep an expression may nest: parentheses, projections within projections, arguments within arguments.
pub(super) const MAX_DEPTH: usize = 128;

/// How long an expression may be, in bytes.
pub(super) const MAX_LENGTH: usize = 256 * 1024;

/// What is wrong with an expression, and at which byte.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) position: usize,
    pub(super) message: Cow<'static, str>,
}

impl SyntaxError {
    #[cold]
    pub(super) fn new(position: usize, message: impl Into<Cow<'static, str>>) -> Self {
        SyntaxError {
            position,
            message: message.into(),
        }
    }
}

/// The tree of an expression.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    if text.len() > MAX_LENGTH {
        return Err(SyntaxError::new(
            MAX_LENGTH,
            format!("the expression is longer than {MAX_LENGTH} bytes"),
        ));
    }
    let mut parser = Parser {
        tokens: lexer::tokens(text)?,
        position: 0,
        depth: 0,
    };
    let root = parser.expression(0)?;
    match parser.peek() {
        Kind::End => Ok(root),
        _ => Err(parser.unexpected("an operator or the end of the expression")),
    }
}

const PIPE: u8 = 1;
const OR: u8 = 2;
const AND: u8 = 3;
const COMPARISON: u8 = 5;
const FLATTEN: u8 = 9;
const STAR: u8 = 20;
const FILTER: u8 = 21;
const DOT: u8 = 40;
const NOT: u8 = 45;
const BRACKET: u8 = 55;

/// How tightly a token binds what precedes it; 0 where it cannot follow a complete expression.
fn power(kind: &Kind) -> u8 {
    match kind {
        Kind::Pipe => PIPE,
        Kind::Or => OR,
        Kind::And => AND,
        Kind::Equal
        | Kind::NotEqual
        | Kind::Less
        | Kind::LessOrEqual
        | Kind::Greater
        | Kind::GreaterOrEqual => COMPARISON,
        Kind::Flatten => FLATTEN,
        Kind::Filter => FILTER,
        Kind::Dot => DOT,
        Kind::LeftBracket => BRACKET,
        _ => 0,
    }
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Kind {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &Kind {
        self.tokens
            .get(self.position + ahead)
            .map_or(&Kind::End, |token| &token.kind)
    }

    /// Where the next token starts.
    fn start(&self) -> usize {
        self.tokens
            .get(self.position)
            .or(self.tokens.last())
            .map_or(0, |token| token.start)
    }

    fn advance(&mut self) {
        self.position += 1;
    }

    /// Steps over a token, taking it out.
    fn take(&mut self) -> Kind {
        let kind = self
            .tokens
            .get_mut(self.position)
            .map_or(Kind::End, |token| {
                std::mem::replace(&mut token.kind, Kind::End)
            });
        self.position += 1;
        kind
    }

    fn eat(&mut self, kind: &Kind) -> bool {
        let found = self.peek() == kind;
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, kind: &Kind) -> Result<(), SyntaxError> {
        if self.eat(kind) {
            Ok(())
        } else {
            Err(self.unexpected(&kind.describe()))
        }
    }

    #[cold]
    fn unexpected(&self, expected: &str) -> SyntaxError {
        SyntaxError::new(
            self.start(),
            format!("expected {expected}, found {}", self.peek().describe()),
        )
    }

    /// An expression whose operators bind more tightly than `binding`.
    fn expression(&mut self, binding: u8) -> Result<Node, SyntaxError> {
        let outer = self.depth;
        self.enter()?;
        let mut left = self.prefix()?;
        while binding < power(self.peek()) {
            left = self.infix(left)?;
        }
        self.depth = outer;
        Ok(left)
    }

    /// One level deeper.
    fn enter(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(SyntaxError::new(
                self.start(),
                format!("the expression nests deeper than {MAX_DEPTH} levels; split it with `|`"),
            ));
        }
        Ok(())
    }

    /// What an expression starts with.
    fn prefix(&mut self) -> Result<Node, SyntaxError> {
        let start = self.start();
        match self.peek() {
            Kind::Name(_) | Kind::QuotedName(_) | Kind::Literal(_) => self.operand(start),
            Kind::At => {
                self.advance();
                Ok(Node::Current)
            }
            Kind::Star => {
                self.advance();
                Ok(Node::EachValue(Box::new(self.projection(STAR)?)))
            }
            Kind::Not => {
                self.advance();
                Ok(Node::Not(Box::new(self.expression(NOT)?)))
            }
            Kind::LeftParenthesis => {
                self.advance();
                let inner = self.expression(0)?;
                self.expect(&Kind::RightParenthesis)?;
                Ok(inner)
            }
            Kind::LeftBrace => {
                self.advance();
                self.multi_select_map()
            }
            Kind::Filter | Kind::Flatten => self.infix(Node::Current),
            Kind::LeftBracket => match (self.peek_at(1), self.peek_at(2)) {
                (Kind::Number(_) | Kind::Colon, _) | (Kind::Star, Kind::RightBracket) => {
                    self.infix(Node::Current)
                }
                _ => {
                    self.advance();
                    self.multi_select_list()
                }
            },
            Kind::Ampersand => Err(SyntaxError::new(
                start,
                "`&` may only precede an argument of a function that takes an expression, as in sort_by(list, &name)",
            )),
            Kind::Number(number) => Err(SyntaxError::new(
                start,
                format!(
                    "a number stands between backticks: `{number}`; a position in brackets after a list: list[{number}]"
                ),
            )),
            _ => Err(self.unexpected("a name, a literal, `@`, `*`, `[`, `{`, `(` or `!`")),
        }
    }

    /// A name, a literal or a call.
    fn operand(&mut self, start: usize) -> Result<Node, SyntaxError> {
        let kind = self.take();
        let call = *self.peek() == Kind::LeftParenthesis;
        match kind {
            Kind::Name(name) if call => self.call(&name, start),
            Kind::Name(name) => Ok(Node::Field(name)),
            Kind::QuotedName(_) if call => Err(SyntaxError::new(
                start,
                "the name of a function takes no quotes",
            )),
            Kind::QuotedName(name) => Ok(Node::Field(name)),
            Kind::Literal(value) => Ok(Node::Literal(value)),
            _ => Ok(Node::Current),
        }
    }

    /// What an operator makes of the expression to its left.
    fn infix(&mut self, left: Node) -> Result<Node, SyntaxError> {
        let start = self.start();
        match self.take() {
            Kind::Dot if *self.peek() == Kind::Star => {
                self.advance();
                let each = self.projection(DOT)?;
                Ok(then(left, Node::EachValue(Box::new(each))))
            }
            Kind::Dot => {
                let right = self.after_dot(DOT)?;
                Ok(then(left, right))
            }
            Kind::Pipe => {
                let right = self.expression(PIPE)?;
                Ok(then(left, right))
            }
            Kind::Or => {
                let right = self.expression(OR)?;
                Ok(match left {
                    Node::Or(mut nodes) => {
                        nodes.push(right);
                        Node::Or(nodes)
                    }
                    left => Node::Or(vec![left, right]),
                })
            }
            Kind::And => {
                let right = self.expression(AND)?;
                Ok(match left {
                    Node::And(mut nodes) => {
                        nodes.push(right);
                        Node::And(nodes)
                    }
                    left => Node::And(vec![left, right]),
                })
            }
            Kind::Equal => self.comparison(left, Comparator::Equal),
            Kind::NotEqual => self.comparison(left, Comparator::NotEqual),
            Kind::Less => self.comparison(left, Comparator::Less),
            Kind::LessOrEqual => self.comparison(left, Comparator::LessOrEqual),
            Kind::Greater => self.comparison(left, Comparator::Greater),
            Kind::GreaterOrEqual => self.comparison(left, Comparator::GreaterOrEqual),
            Kind::Flatten => {
                let each = self.projection(FLATTEN)?;
                Ok(then(left, Node::Flatten(Box::new(each))))
            }
            Kind::Filter => {
                let condition = self.expression(0)?;
                self.expect(&Kind::RightBracket)?;
                let each = self.projection(FILTER)?;
                Ok(then(
                    left,
                    Node::Filter {
                        condition: Box::new(condition),
                        each: Box::new(each),
                    },
                ))
            }
            Kind::LeftBracket => self.bracket(left, start),
            _ => Err(SyntaxError::new(start, "expected an operator")),
        }
    }

    fn comparison(&mut self, left: Node, comparator: Comparator) -> Result<Node, SyntaxError> {
        // `a == b == c` wraps what is to its left: each of them counts as a level, until the expression around it ends.
        self.enter()?;
        let right = self.expression(COMPARISON)?;
        Ok(Node::Comparison {
            comparator,
            left: Box::new(left),
            right: Box::new(right),
        })
    }

    /// `[0]`, `[1:2]` or `[*]`, the bracket already passed.
    fn bracket(&mut self, left: Node, start: usize) -> Result<Node, SyntaxError> {
        match (self.peek(), self.peek_at(1)) {
            (Kind::Number(_) | Kind::Colon, Kind::Colon) | (Kind::Colon, _) => {
                let slice = self.slice()?;
                let each = self.projection(STAR)?;
                Ok(then(then(left, slice), Node::Each(Box::new(each))))
            }
            (&Kind::Number(position), _) => {
                self.advance();
                self.expect(&Kind::RightBracket)?;
                Ok(then(left, Node::Index(position)))
            }
            (Kind::Star, _) => {
                self.advance();
                self.expect(&Kind::RightBracket)?;
                let each = self.projection(STAR)?;
                Ok(then(left, Node::Each(Box::new(each))))
            }
            (Kind::Name(_) | Kind::QuotedName(_), _) => Err(SyntaxError::new(
                start,
                "expected a position, a slice or `*` in the brackets; write `.[name]` to select several members, or `[?condition]` to filter",
            )),
            _ => Err(self.unexpected("a position, a slice or `*`")),
        }
    }

    /// `1:5:2]`.
    fn slice(&mut self) -> Result<Node, SyntaxError> {
        let mut parts = [None; 3];
        let mut colons = 0;
        let mut step_start = self.start();
        loop {
            if let &Kind::Number(number) = self.peek() {
                step_start = self.start();
                if let Some(part) = parts.get_mut(colons) {
                    *part = Some(number);
                }
                self.advance();
            }
            match self.peek() {
                Kind::RightBracket => break,
                Kind::Colon if colons < 2 => colons += 1,
                Kind::Colon => {
                    return Err(SyntaxError::new(
                        self.start(),
                        "a slice has at most three parts: [start:stop:step]",
                    ));
                }
                _ => return Err(self.unexpected("a number, `:` or `]`")),
            }
            self.advance();
        }
        self.advance();
        let [start, stop, step] = parts;
        if step == Some(0) {
            return Err(SyntaxError::new(
                step_start,
                "the step of a slice cannot be 0",
            ));
        }
        Ok(Node::Slice {
            start,
            stop,
            step: step.unwrap_or(1),
        })
    }

    /// What a projection applies to each element.
    fn projection(&mut self, binding: u8) -> Result<Node, SyntaxError> {
        match self.peek() {
            Kind::Dot => {
                self.advance();
                self.after_dot(binding)
            }
            Kind::LeftBracket | Kind::Filter => self.expression(binding),
            // Every other operator ends the projection.
            _ => Ok(Node::Current),
        }
    }

    /// What may follow a dot.
    fn after_dot(&mut self, binding: u8) -> Result<Node, SyntaxError> {
        match self.peek() {
            Kind::Name(_) | Kind::QuotedName(_) | Kind::Star => self.expression(binding),
            Kind::LeftBracket => {
                self.advance();
                self.multi_select_list()
            }
            Kind::LeftBrace => {
                self.advance();
                self.multi_select_map()
            }
            Kind::Number(number) => Err(SyntaxError::new(
                self.start(),
                format!(
                    "a name cannot start with a digit unless it is quoted: \"{number}\"; a position takes brackets and no dot: [{number}]"
                ),
            )),
            _ => Err(self.unexpected("a name, `*`, `[` or `{` after the dot")),
        }
    }

    /// `a, b]`.
    fn multi_select_list(&mut self) -> Result<Node, SyntaxError> {
        let mut nodes = Vec::new();
        loop {
            nodes.push(self.expression(0)?);
            match self.peek() {
                Kind::Comma => self.advance(),
                Kind::RightBracket => {
                    self.advance();
                    return Ok(Node::List(nodes));
                }
                _ => return Err(self.unexpected("`,` or `]`")),
            }
        }
    }

    /// `name: a, other: b}`.
    fn multi_select_map(&mut self) -> Result<Node, SyntaxError> {
        let mut entries: Vec<(Str, Node)> = Vec::new();
        loop {
            let name = match self.peek() {
                Kind::Name(name) | Kind::QuotedName(name) => name.clone(),
                _ => return Err(self.unexpected("a name for the entry, as in {name: expression}")),
            };
            self.advance();
            self.expect(&Kind::Colon)?;
            let node = self.expression(0)?;
            // As in JSON, the last of several entries of a name counts.
            match entries.iter_mut().find(|(earlier, _)| *earlier == name) {
                Some((_, earlier)) => *earlier = node,
                None => entries.push((name, node)),
            }
            match self.peek() {
                Kind::Comma => self.advance(),
                Kind::RightBrace => {
                    self.advance();
                    return Ok(Node::Map(entries));
                }
                _ => return Err(self.unexpected("`,` or `}`")),
            }
        }
    }

    /// `(a, &b)` after the name of a function.
    fn call(&mut self, name: &str, start: usize) -> Result<Node, SyntaxError> {
        let Some(function) = Function::named(name) else {
            return Err(SyntaxError::new(start, functions::unknown(name)));
        };
        self.advance();
        let mut arguments = Vec::new();
        let mut starts = Vec::new();
        let mut more = !self.eat(&Kind::RightParenthesis);
        while more {
            starts.push(self.start());
            arguments.push(if self.eat(&Kind::Ampersand) {
                Argument::Expression(self.expression(0)?)
            } else {
                Argument::Value(self.expression(0)?)
            });
            more = self.eat(&Kind::Comma);
            if !more && !self.eat(&Kind::RightParenthesis) {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
        functions::check(function, &arguments).map_err(|(argument, message)| {
            let position = argument.and_then(|argument| starts.get(argument).copied());
            SyntaxError::new(position.unwrap_or(start), message)
        })?;
        Ok(Node::Call {
            function,
            arguments,
        })
    }
}

/// A part applied to the result of another.
fn then(left: Node, right: Node) -> Node {
    match (left, right) {
        (Node::Current, right) => right,
        (left, Node::Current) => left,
        (Node::Sequence(mut nodes), Node::Sequence(more)) => {
            nodes.extend(more);
            Node::Sequence(nodes)
        }
        (Node::Sequence(mut nodes), right) => {
            nodes.push(right);
            Node::Sequence(nodes)
        }
        (left, Node::Sequence(more)) => {
            let mut nodes = Vec::with_capacity(more.len() + 1);
            nodes.push(left);
            nodes.extend(more);
            Node::Sequence(nodes)
        }
        (left, right) => Node::Sequence(vec![left, right]),
    }
}
