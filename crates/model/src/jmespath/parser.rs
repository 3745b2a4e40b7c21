//! The parser: a Pratt parser with one binding power per operator.
//!
//! | operator | binding power |
//! |---|---|
//! | `\|` | 1 |
//! | `\|\|` | 2 |
//! | `&&` | 3 |
//! | `==` `!=` `<` `<=` `>` `>=` | 5 |
//! | `[]` | 9: it and all above end a projection |
//! | `[*]` after a projection | 20 |
//! | `[?` | 21 |
//! | `.` | 40 |
//! | `!` | 45 |
//! | `[` | 55 |

use inia_core::Str;

use super::ast::{AstNode, CallArgument, Comparator};
use super::functions;
use super::lexer::{self, SyntaxError, Token, TokenKind};
use super::signature::{self, Function};

/// The maximum nesting of an expression: parentheses, projections in projections, arguments in arguments.
pub(super) const MAX_DEPTH: usize = 128;

/// The maximum length of an expression in bytes.
pub(super) const MAX_LENGTH: usize = 256 * 1024;

/// Parses an expression into its syntax tree.
pub(super) fn parse(text: &str) -> Result<AstNode, SyntaxError> {
    if text.len() > MAX_LENGTH {
        return Err(SyntaxError::new(
            MAX_LENGTH,
            format!("the expression is longer than {MAX_LENGTH} bytes"),
        ));
    }
    let mut parser = ExpressionParser {
        tokens: lexer::tokens(text)?,
        position: 0,
        depth: 0,
    };
    let root = parser.expression(0)?;
    match parser.peek() {
        TokenKind::End => Ok(root),
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

/// Returns the left binding power of a token; 0 if it cannot follow a complete expression.
fn power(kind: &TokenKind) -> u8 {
    match kind {
        TokenKind::Pipe => PIPE,
        TokenKind::Or => OR,
        TokenKind::And => AND,
        TokenKind::Equal
        | TokenKind::NotEqual
        | TokenKind::Less
        | TokenKind::LessOrEqual
        | TokenKind::Greater
        | TokenKind::GreaterOrEqual => COMPARISON,
        TokenKind::Flatten => FLATTEN,
        TokenKind::Filter => FILTER,
        TokenKind::Dot => DOT,
        TokenKind::LeftBracket => BRACKET,
        _ => 0,
    }
}

struct ExpressionParser {
    tokens: Vec<Token>,
    position: usize,
    depth: usize,
}

impl ExpressionParser {
    fn peek(&self) -> &TokenKind {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &TokenKind {
        self.tokens
            .get(self.position + ahead)
            .map_or(&TokenKind::End, |token| &token.kind)
    }

    /// Returns the byte offset of the next token.
    fn start(&self) -> usize {
        self.tokens
            .get(self.position)
            .or(self.tokens.last())
            .map_or(0, |token| token.start)
    }

    fn advance(&mut self) {
        self.position += 1;
    }

    /// Consumes and returns the next token.
    fn take(&mut self) -> TokenKind {
        let kind = self
            .tokens
            .get_mut(self.position)
            .map_or(TokenKind::End, |token| {
                std::mem::replace(&mut token.kind, TokenKind::End)
            });
        self.position += 1;
        kind
    }

    fn eat(&mut self, kind: &TokenKind) -> bool {
        let matched = self.peek() == kind;
        if matched {
            self.advance();
        }
        matched
    }

    fn expect(&mut self, kind: &TokenKind) -> Result<(), SyntaxError> {
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

    /// Parses an expression whose operators have a binding power above `binding`.
    fn expression(&mut self, binding: u8) -> Result<AstNode, SyntaxError> {
        let outer = self.depth;
        self.enter()?;
        let mut left = self.prefix()?;
        while binding < power(self.peek()) {
            left = self.infix(left)?;
        }
        self.depth = outer;
        Ok(left)
    }

    /// Enters one more nesting level.
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

    /// Parses the start of an expression.
    fn prefix(&mut self) -> Result<AstNode, SyntaxError> {
        let start = self.start();
        match self.peek() {
            TokenKind::Name(_) | TokenKind::QuotedName(_) | TokenKind::Literal(_) => {
                self.operand(start)
            }
            TokenKind::At => {
                self.advance();
                Ok(AstNode::Current)
            }
            TokenKind::Star => {
                self.advance();
                Ok(AstNode::EachValue(Box::new(self.projection(STAR)?)))
            }
            TokenKind::Not => {
                self.advance();
                Ok(AstNode::Not(Box::new(self.expression(NOT)?)))
            }
            TokenKind::LeftParenthesis => {
                self.advance();
                let inner = self.expression(0)?;
                self.expect(&TokenKind::RightParenthesis)?;
                Ok(inner)
            }
            TokenKind::LeftBrace => {
                self.advance();
                self.multi_select_map()
            }
            TokenKind::Filter | TokenKind::Flatten => self.infix(AstNode::Current),
            TokenKind::LeftBracket => match (self.peek_at(1), self.peek_at(2)) {
                (TokenKind::Number(_) | TokenKind::Colon, _)
                | (TokenKind::Star, TokenKind::RightBracket) => self.infix(AstNode::Current),
                _ => {
                    self.advance();
                    self.multi_select_list()
                }
            },
            TokenKind::Ampersand => Err(SyntaxError::new(
                start,
                "`&` may only precede an argument of a function that takes an expression, as in sort_by(list, &name)",
            )),
            TokenKind::Number(number) => Err(SyntaxError::new(
                start,
                format!(
                    "unexpected number; write a literal as `{number}` in backticks, or a position after a list as list[{number}]"
                ),
            )),
            _ => Err(self.unexpected("a name, a literal, `@`, `*`, `[`, `{`, `(` or `!`")),
        }
    }

    /// Parses a name, a literal or a call.
    fn operand(&mut self, start: usize) -> Result<AstNode, SyntaxError> {
        let kind = self.take();
        let call = *self.peek() == TokenKind::LeftParenthesis;
        match kind {
            TokenKind::Name(name) if call => self.call(&name, start),
            TokenKind::Name(name) => Ok(AstNode::Field(name)),
            TokenKind::QuotedName(_) if call => Err(SyntaxError::new(
                start,
                "the name of a function must not be quoted",
            )),
            TokenKind::QuotedName(name) => Ok(AstNode::Field(name)),
            TokenKind::Literal(value) => Ok(AstNode::Literal(value)),
            _ => Ok(AstNode::Current),
        }
    }

    /// Parses an operator and its right-hand side.
    fn infix(&mut self, left: AstNode) -> Result<AstNode, SyntaxError> {
        let start = self.start();
        match self.take() {
            TokenKind::Dot if *self.peek() == TokenKind::Star => {
                self.advance();
                let each = self.projection(DOT)?;
                Ok(then(left, AstNode::EachValue(Box::new(each))))
            }
            TokenKind::Dot => {
                let right = self.after_dot(DOT)?;
                Ok(then(left, right))
            }
            TokenKind::Pipe => {
                let right = self.expression(PIPE)?;
                Ok(then(left, right))
            }
            TokenKind::Or => {
                let right = self.expression(OR)?;
                Ok(match left {
                    AstNode::Or(mut nodes) => {
                        nodes.push(right);
                        AstNode::Or(nodes)
                    }
                    left => AstNode::Or(vec![left, right]),
                })
            }
            TokenKind::And => {
                let right = self.expression(AND)?;
                Ok(match left {
                    AstNode::And(mut nodes) => {
                        nodes.push(right);
                        AstNode::And(nodes)
                    }
                    left => AstNode::And(vec![left, right]),
                })
            }
            TokenKind::Equal => self.comparison(left, Comparator::Equal),
            TokenKind::NotEqual => self.comparison(left, Comparator::NotEqual),
            TokenKind::Less => self.comparison(left, Comparator::Less),
            TokenKind::LessOrEqual => self.comparison(left, Comparator::LessOrEqual),
            TokenKind::Greater => self.comparison(left, Comparator::Greater),
            TokenKind::GreaterOrEqual => self.comparison(left, Comparator::GreaterOrEqual),
            TokenKind::Flatten => {
                let each = self.projection(FLATTEN)?;
                Ok(then(left, AstNode::Flatten(Box::new(each))))
            }
            TokenKind::Filter => {
                let condition = self.expression(0)?;
                self.expect(&TokenKind::RightBracket)?;
                let each = self.projection(FILTER)?;
                Ok(then(
                    left,
                    AstNode::Filter {
                        condition: Box::new(condition),
                        each: Box::new(each),
                    },
                ))
            }
            TokenKind::LeftBracket => self.bracket(left, start),
            _ => Err(SyntaxError::new(start, "expected an operator")),
        }
    }

    fn comparison(
        &mut self,
        left: AstNode,
        comparator: Comparator,
    ) -> Result<AstNode, SyntaxError> {
        // `a == b == c` nests to the left: each comparison counts as a level until the enclosing expression ends.
        self.enter()?;
        let right = self.expression(COMPARISON)?;
        Ok(AstNode::Comparison {
            comparator,
            left: Box::new(left),
            right: Box::new(right),
        })
    }

    /// Parses `[0]`, `[1:2]` or `[*]` after the opening bracket.
    fn bracket(&mut self, left: AstNode, start: usize) -> Result<AstNode, SyntaxError> {
        match (self.peek(), self.peek_at(1)) {
            (TokenKind::Number(_) | TokenKind::Colon, TokenKind::Colon) | (TokenKind::Colon, _) => {
                let slice = self.slice()?;
                let each = self.projection(STAR)?;
                Ok(then(then(left, slice), AstNode::Each(Box::new(each))))
            }
            (&TokenKind::Number(position), _) => {
                self.advance();
                self.expect(&TokenKind::RightBracket)?;
                Ok(then(left, AstNode::Index(position)))
            }
            (TokenKind::Star, _) => {
                self.advance();
                self.expect(&TokenKind::RightBracket)?;
                let each = self.projection(STAR)?;
                Ok(then(left, AstNode::Each(Box::new(each))))
            }
            (TokenKind::Name(_) | TokenKind::QuotedName(_), _) => Err(SyntaxError::new(
                start,
                "expected a position, a slice or `*` in the brackets; write `.[name]` to select several members, or `[?condition]` to filter",
            )),
            _ => Err(self.unexpected("a position, a slice or `*`")),
        }
    }

    /// Parses `1:5:2]`.
    fn slice(&mut self) -> Result<AstNode, SyntaxError> {
        let mut parts = [None; 3];
        let mut colons = 0;
        let mut step_start = self.start();
        loop {
            if let &TokenKind::Number(number) = self.peek() {
                step_start = self.start();
                if let Some(part) = parts.get_mut(colons) {
                    *part = Some(number);
                }
                self.advance();
            }
            match self.peek() {
                TokenKind::RightBracket => break,
                TokenKind::Colon if colons < 2 => colons += 1,
                TokenKind::Colon => {
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
        Ok(AstNode::Slice {
            start,
            stop,
            step: step.unwrap_or(1),
        })
    }

    /// Parses the right-hand side of a projection.
    fn projection(&mut self, binding: u8) -> Result<AstNode, SyntaxError> {
        match self.peek() {
            TokenKind::Dot => {
                self.advance();
                self.after_dot(binding)
            }
            TokenKind::LeftBracket | TokenKind::Filter => self.expression(binding),
            // All other operators end the projection.
            _ => Ok(AstNode::Current),
        }
    }

    /// Parses the right-hand side of a dot.
    fn after_dot(&mut self, binding: u8) -> Result<AstNode, SyntaxError> {
        match self.peek() {
            TokenKind::Name(_) | TokenKind::QuotedName(_) | TokenKind::Star => {
                self.expression(binding)
            }
            TokenKind::LeftBracket => {
                self.advance();
                self.multi_select_list()
            }
            TokenKind::LeftBrace => {
                self.advance();
                self.multi_select_map()
            }
            TokenKind::Number(number) => Err(SyntaxError::new(
                self.start(),
                format!(
                    "a name cannot start with a digit unless it is quoted: \"{number}\"; a position takes brackets and no dot: [{number}]"
                ),
            )),
            _ => Err(self.unexpected("a name, `*`, `[` or `{` after the dot")),
        }
    }

    /// Parses `a, b]`.
    fn multi_select_list(&mut self) -> Result<AstNode, SyntaxError> {
        let mut nodes = Vec::new();
        loop {
            nodes.push(self.expression(0)?);
            match self.peek() {
                TokenKind::Comma => self.advance(),
                TokenKind::RightBracket => {
                    self.advance();
                    return Ok(AstNode::List(nodes));
                }
                _ => return Err(self.unexpected("`,` or `]`")),
            }
        }
    }

    /// Parses `name: a, other: b}`.
    fn multi_select_map(&mut self) -> Result<AstNode, SyntaxError> {
        let mut entries: Vec<(Str, AstNode)> = Vec::new();
        loop {
            let name = match self.peek() {
                TokenKind::Name(name) | TokenKind::QuotedName(name) => name.clone(),
                _ => return Err(self.unexpected("a name for the entry, as in {name: expression}")),
            };
            self.advance();
            self.expect(&TokenKind::Colon)?;
            let node = self.expression(0)?;
            // The last of several entries with the same name counts, as in JSON.
            match entries.iter_mut().find(|(earlier, _)| *earlier == name) {
                Some((_, earlier)) => *earlier = node,
                None => entries.push((name, node)),
            }
            match self.peek() {
                TokenKind::Comma => self.advance(),
                TokenKind::RightBrace => {
                    self.advance();
                    return Ok(AstNode::Map(entries));
                }
                _ => return Err(self.unexpected("`,` or `}`")),
            }
        }
    }

    /// Parses `(a, &b)` after the name of a function.
    fn call(&mut self, name: &str, start: usize) -> Result<AstNode, SyntaxError> {
        let Some(function) = Function::named(name) else {
            return Err(SyntaxError::new(start, signature::unknown_function(name)));
        };
        self.advance();
        let mut arguments = Vec::new();
        let mut starts = Vec::new();
        let mut more = !self.eat(&TokenKind::RightParenthesis);
        while more {
            starts.push(self.start());
            arguments.push(if self.eat(&TokenKind::Ampersand) {
                CallArgument::Expression(self.expression(0)?)
            } else {
                CallArgument::Value(self.expression(0)?)
            });
            more = self.eat(&TokenKind::Comma);
            if !more && !self.eat(&TokenKind::RightParenthesis) {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
        functions::check(function, &arguments).map_err(|(argument, message)| {
            let position = argument.and_then(|argument| starts.get(argument).copied());
            SyntaxError::new(position.unwrap_or(start), message)
        })?;
        Ok(AstNode::Call {
            function,
            arguments,
        })
    }
}

/// Returns a node that applies `right` to the result of `left`.
fn then(left: AstNode, right: AstNode) -> AstNode {
    match (left, right) {
        (AstNode::Current, right) => right,
        (left, AstNode::Current) => left,
        (AstNode::Sequence(mut nodes), AstNode::Sequence(more)) => {
            nodes.extend(more);
            AstNode::Sequence(nodes)
        }
        (AstNode::Sequence(mut nodes), right) => {
            nodes.push(right);
            AstNode::Sequence(nodes)
        }
        (left, AstNode::Sequence(more)) => {
            let mut nodes = Vec::with_capacity(more.len() + 1);
            nodes.push(left);
            nodes.extend(more);
            AstNode::Sequence(nodes)
        }
        (left, right) => AstNode::Sequence(vec![left, right]),
    }
}
