//! The lexer: splits the text of an expression into tokens.

use std::borrow::Cow;

use inia_core::{Str, Value};

/// A syntax error and its byte offset.
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

/// A token and its position.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// The byte offset of the token.
    pub(super) start: usize,
}

/// The kind and value of a token.
#[derive(Debug, PartialEq)]
pub(super) enum TokenKind {
    Name(Str),
    QuotedName(Str),
    Literal(Value),
    Number(i64),
    Dot,
    Star,
    LeftBracket,
    RightBracket,
    /// `[]`
    Flatten,
    /// `[?`
    Filter,
    LeftParenthesis,
    RightParenthesis,
    LeftBrace,
    RightBrace,
    Comma,
    Colon,
    At,
    Ampersand,
    And,
    Pipe,
    Or,
    Not,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    End,
}

impl TokenKind {
    /// Returns the token as shown in error messages.
    pub(super) fn describe(&self) -> String {
        let symbol = match self {
            TokenKind::Name(name) => return format!("the name `{name}`"),
            TokenKind::QuotedName(name) => return format!("the name \"{name}\""),
            TokenKind::Number(number) => return format!("the number {number}"),
            TokenKind::Literal(_) => return "a literal".to_owned(),
            TokenKind::End => return "the end of the expression".to_owned(),
            TokenKind::Dot => ".",
            TokenKind::Star => "*",
            TokenKind::LeftBracket => "[",
            TokenKind::RightBracket => "]",
            TokenKind::Flatten => "[]",
            TokenKind::Filter => "[?",
            TokenKind::LeftParenthesis => "(",
            TokenKind::RightParenthesis => ")",
            TokenKind::LeftBrace => "{",
            TokenKind::RightBrace => "}",
            TokenKind::Comma => ",",
            TokenKind::Colon => ":",
            TokenKind::At => "@",
            TokenKind::Ampersand => "&",
            TokenKind::And => "&&",
            TokenKind::Pipe => "|",
            TokenKind::Or => "||",
            TokenKind::Not => "!",
            TokenKind::Equal => "==",
            TokenKind::NotEqual => "!=",
            TokenKind::Less => "<",
            TokenKind::LessOrEqual => "<=",
            TokenKind::Greater => ">",
            TokenKind::GreaterOrEqual => ">=",
        };
        format!("`{symbol}`")
    }
}

/// Returns the tokens of an expression. The last one is [`TokenKind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = ExpressionLexer { text, position: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let last = token.kind == TokenKind::End;
        tokens.push(token);
        if last {
            return Ok(tokens);
        }
    }
}

struct ExpressionLexer<'t> {
    text: &'t str,
    position: usize,
}

impl ExpressionLexer<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    /// Consumes `byte` if it is next.
    fn eat(&mut self, byte: u8) -> bool {
        let matched = self.peek() == Some(byte);
        if matched {
            self.position += 1;
        }
        matched
    }

    fn eat_while(&mut self, accept: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&accept) {
            self.position += 1;
        }
    }

    fn since(&self, start: usize) -> &str {
        self.text.get(start..self.position).unwrap_or_default()
    }

    fn next(&mut self) -> Result<Token, SyntaxError> {
        self.eat_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        let start = self.position;
        let kind = self.kind(start)?;
        Ok(Token { kind, start })
    }

    fn kind(&mut self, start: usize) -> Result<TokenKind, SyntaxError> {
        let Some(byte) = self.peek() else {
            return Ok(TokenKind::End);
        };
        self.position += 1;
        Ok(match byte {
            b'.' => TokenKind::Dot,
            b'*' => TokenKind::Star,
            b']' => TokenKind::RightBracket,
            b',' => TokenKind::Comma,
            b':' => TokenKind::Colon,
            b'@' => TokenKind::At,
            b'(' => TokenKind::LeftParenthesis,
            b')' => TokenKind::RightParenthesis,
            b'{' => TokenKind::LeftBrace,
            b'}' => TokenKind::RightBrace,
            b'[' if self.eat(b']') => TokenKind::Flatten,
            b'[' if self.eat(b'?') => TokenKind::Filter,
            b'[' => TokenKind::LeftBracket,
            b'|' if self.eat(b'|') => TokenKind::Or,
            b'|' => TokenKind::Pipe,
            b'&' if self.eat(b'&') => TokenKind::And,
            b'&' => TokenKind::Ampersand,
            b'<' if self.eat(b'=') => TokenKind::LessOrEqual,
            b'<' => TokenKind::Less,
            b'>' if self.eat(b'=') => TokenKind::GreaterOrEqual,
            b'>' => TokenKind::Greater,
            b'!' if self.eat(b'=') => TokenKind::NotEqual,
            b'!' => TokenKind::Not,
            b'=' if self.eat(b'=') => TokenKind::Equal,
            b'=' => {
                return Err(SyntaxError::new(start, "unexpected `=`; compare with `==`"));
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                self.eat_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                TokenKind::Name(Str::from(self.since(start)))
            }
            b'0'..=b'9' | b'-' => {
                self.eat_while(|byte| byte.is_ascii_digit());
                self.number(start)?
            }
            b'\'' => TokenKind::Literal(Value::from(
                self.delimited(start, '\'')?.replace("\\'", "'"),
            )),
            b'"' => self.quoted_name(start)?,
            b'`' => self.literal(start)?,
            _ => {
                let character = self.text.get(start..).and_then(|rest| rest.chars().next());
                let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
                return Err(SyntaxError::new(
                    start,
                    format!(
                        "unexpected `{character}`; a name with characters other than A-Z, a-z, 0-9 and _ requires double quotes"
                    ),
                ));
            }
        })
    }

    fn number(&self, start: usize) -> Result<TokenKind, SyntaxError> {
        let digits = self.since(start);
        if digits == "-" {
            return Err(SyntaxError::new(
                start,
                "unexpected `-`; a name that contains `-` requires double quotes",
            ));
        }
        digits
            .parse()
            .map(TokenKind::Number)
            .map_err(|_| SyntaxError::new(start, format!("{digits} is too large for a position")))
    }

    /// Returns the text up to the next unescaped delimiter, including backslashes. The opening delimiter is already consumed.
    fn delimited(&mut self, start: usize, delimiter: char) -> Result<&str, SyntaxError> {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let mut escaped = false;
        for (offset, character) in rest.char_indices() {
            if escaped {
                escaped = false;
            } else if character == '\\' {
                escaped = true;
            } else if character == delimiter {
                self.position += offset + delimiter.len_utf8();
                return Ok(rest.get(..offset).unwrap_or_default());
            }
        }
        Err(SyntaxError::new(
            start,
            format!(
                "missing closing `{delimiter}`; add one at the end, or write `\\{delimiter}` for the character itself"
            ),
        ))
    }

    fn quoted_name(&mut self, start: usize) -> Result<TokenKind, SyntaxError> {
        self.delimited(start, '"')?;
        serde_json::from_str(self.since(start))
            .map(|name: String| TokenKind::QuotedName(Str::from(name)))
            .map_err(|error| {
                SyntaxError::new(
                    start,
                    format!(
                        "the quoted name is not a JSON string ({error}); write `\\\\` for a backslash"
                    ),
                )
            })
    }

    /// Parses JSON between backticks. Text that is not JSON is a string, as in the first version of the language.
    fn literal(&mut self, start: usize) -> Result<TokenKind, SyntaxError> {
        let text = self.delimited(start, '`')?.replace("\\`", "`");
        if let Ok(value) = serde_json::from_str(&text) {
            return Ok(TokenKind::Literal(value));
        }
        serde_json::from_str(&format!("\"{}\"", text.trim_start()))
            .map(|text: String| TokenKind::Literal(Value::from(text)))
            .map_err(|_| {
                SyntaxError::new(
                    start,
                    "the text between the backticks is not JSON; write 'text' for a string",
                )
            })
    }
}
