//! An expression's tokens.

use std::iter::Peekable;
use std::str::Chars;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, a function or an attribute, told apart by where it stands.
    Word(String),
    /// `#name`
    Name(String),
    /// `:value`
    Value(String),
    /// An operator or punctuation.
    Symbol(&'static str),
}

impl Token {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Name(text) | Self::Value(text) => text,
            Self::Symbol(symbol) => symbol,
        }
    }
}

/// Longer ones first, since `<` begins two of them.
const SYMBOLS: [&str; 12] = ["<>", "<=", ">=", "<", ">", "=", "(", ")", ",", ".", "+", "-"];

/// Cuts a text into tokens; the error is the character that begins none.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, char> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (token, length) = token(rest)?;
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn token(text: &str) -> Result<(Token, usize), char> {
    if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| text.starts_with(symbol)) {
        return Ok((Token::Symbol(symbol), symbol.len()));
    }
    let mut characters = text.chars().peekable();
    let sigil = characters.next_if(|first| matches!(first, '#' | ':'));
    let word = word(sigil, &mut characters);
    let length = word.len();
    match (sigil, word.chars().nth(usize::from(sigil.is_some()))) {
        (Some('#'), Some(_)) => Ok((Token::Name(word), length)),
        (Some(_), Some(_)) => Ok((Token::Value(word), length)),
        (None, Some(_)) => Ok((Token::Word(word), length)),
        (_, None) => Err(text.chars().next().unwrap_or_default()),
    }
}

fn word(sigil: Option<char>, characters: &mut Peekable<Chars<'_>>) -> String {
    let mut word: String = sigil.into_iter().collect();
    while let Some(next) = characters.next_if(|next| next.is_ascii_alphanumeric() || *next == '_') {
        word.push(next);
    }
    word
}
