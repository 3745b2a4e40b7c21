//! The text of an expression as tokens.

use inia_core::{Str, Value};

use super::parser::SyntaxError;

/// A token and where it starts.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The byte at which it starts.
    pub(super) start: usize,
}

/// What a token is.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
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

impl Kind {
    /// The token as a message names it.
    pub(super) fn describe(&self) -> String {
        let symbol = match self {
            Kind::Name(name) => return format!("the name `{name}`"),
            Kind::QuotedName(name) => return format!("the name \"{name}\""),
            Kind::Number(number) => return format!("the number {number}"),
            Kind::Literal(_) => return "a literal".to_owned(),
            Kind::End => return "the end of the expression".to_owned(),
            Kind::Dot => ".",
            Kind::Star => "*",
            Kind::LeftBracket => "[",
            Kind::RightBracket => "]",
            Kind::Flatten => "[]",
            Kind::Filter => "[?",
            Kind::LeftParenthesis => "(",
            Kind::RightParenthesis => ")",
            Kind::LeftBrace => "{",
            Kind::RightBrace => "}",
            Kind::Comma => ",",
            Kind::Colon => ":",
            Kind::At => "@",
            Kind::Ampersand => "&",
            Kind::And => "&&",
            Kind::Pipe => "|",
            Kind::Or => "||",
            Kind::Not => "!",
            Kind::Equal => "==",
            Kind::NotEqual => "!=",
            Kind::Less => "<",
            Kind::LessOrEqual => "<=",
            Kind::Greater => ">",
            Kind::GreaterOrEqual => ">=",
        };
        format!("`{symbol}`")
    }
}

/// The tokens of an expression, the last of which is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer { text, position: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let last = token.kind == Kind::End;
        tokens.push(token);
        if last {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    position: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    /// Steps over a byte if it is the next one.
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.position += 1;
        }
        found
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

    fn kind(&mut self, start: usize) -> Result<Kind, SyntaxError> {
        let Some(byte) = self.peek() else {
            return Ok(Kind::End);
        };
        self.position += 1;
        Ok(match byte {
            b'.' => Kind::Dot,
            b'*' => Kind::Star,
            b']' => Kind::RightBracket,
            b',' => Kind::Comma,
            b':' => Kind::Colon,
            b'@' => Kind::At,
            b'(' => Kind::LeftParenthesis,
            b')' => Kind::RightParenthesis,
            b'{' => Kind::LeftBrace,
            b'}' => Kind::RightBrace,
            b'[' if self.eat(b']') => Kind::Flatten,
            b'[' if self.eat(b'?') => Kind::Filter,
            b'[' => Kind::LeftBracket,
            b'|' if self.eat(b'|') => Kind::Or,
            b'|' => Kind::Pipe,
            b'&' if self.eat(b'&') => Kind::And,
            b'&' => Kind::Ampersand,
            b'<' if self.eat(b'=') => Kind::LessOrEqual,
            b'<' => Kind::Less,
            b'>' if self.eat(b'=') => Kind::GreaterOrEqual,
            b'>' => Kind::Greater,
            b'!' if self.eat(b'=') => Kind::NotEqual,
            b'!' => Kind::Not,
            b'=' if self.eat(b'=') => Kind::Equal,
            b'=' => {
                return Err(SyntaxError::new(
                    start,
                    "a single `=` means nothing; compare with `==`",
                ));
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                self.eat_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                Kind::Name(Str::from(self.since(start)))
            }
            b'0'..=b'9' | b'-' => {
                self.eat_while(|byte| byte.is_ascii_digit());
                self.number(start)?
            }
            b'\'' => Kind::Literal(Value::from(
                self.delimited(start, '\'')?.replace("\\'", "'"),
            )),
            b'"' => self.quoted_name(start)?,
            b'`' => self.literal(start)?,
            _ => {
                let found = self.text.get(start..).and_then(|rest| rest.chars().next());
                let found = found.unwrap_or(char::REPLACEMENT_CHARACTER);
                return Err(SyntaxError::new(
                    start,
                    format!(
                        "`{found}` means nothing here; a name with characters other than A-Z, a-z, 0-9 and _ needs double quotes"
                    ),
                ));
            }
        })
    }

    fn number(&self, start: usize) -> Result<Kind, SyntaxError> {
        let digits = self.since(start);
        if digits == "-" {
            return Err(SyntaxError::new(
                start,
                "`-` means nothing here; a name with a `-` in it needs double quotes",
            ));
        }
        digits
            .parse()
            .map(Kind::Number)
            .map_err(|_| SyntaxError::new(start, format!("{digits} is too large for a position")))
    }

    /// What stands between a delimiter, already passed, and the next one that no backslash precedes; backslashes stay.
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
                "nothing closes this `{delimiter}`; add another one at the end, or write `\\{delimiter}` for the character itself"
            ),
        ))
    }

    fn quoted_name(&mut self, start: usize) -> Result<Kind, SyntaxError> {
        self.delimited(start, '"')?;
        serde_json::from_str(self.since(start))
            .map(|name: String| Kind::QuotedName(Str::from(name)))
            .map_err(|error| {
                SyntaxError::new(
                    start,
                    format!(
                        "the quoted name is no JSON string ({error}); write `\\\\` for a backslash"
                    ),
                )
            })
    }

    /// JSON between backticks; text that is no JSON stands for itself, as it did in the language's first edition.
    fn literal(&mut self, start: usize) -> Result<Kind, SyntaxError> {
        let text = self.delimited(start, '`')?.replace("\\`", "`");
        if let Ok(value) = serde_json::from_str(&text) {
            return Ok(Kind::Literal(value));
        }
        serde_json::from_str(&format!("\"{}\"", text.trim_start()))
            .map(|text: String| Kind::Literal(Value::from(text)))
            .map_err(|_| {
                SyntaxError::new(
                    start,
                    "what stands between the backticks is no JSON; write 'text' for a string",
                )
            })
    }
}
