//! From tokens to a condition: `OR` binds loosest, then `AND`, then `NOT`.

use super::lexer::{Token, tokens};
use super::{Comparator, Condition, Operand, Path};
use crate::services::dynamodb::names::{Placeholders, check_reserved};

/// What is wrong with an expression, in DynamoDB's words.
pub(super) type Mistake = String;

pub(super) struct Parser<'p, 'a> {
    tokens: Vec<Token>,
    position: usize,
    placeholders: &'p mut Placeholders<'a>,
}

impl<'p, 'a> Parser<'p, 'a> {
    pub(super) fn new(text: &str, placeholders: &'p mut Placeholders<'a>) -> Result<Self, Mistake> {
        let tokens =
            tokens(text).map_err(|character| format!("Syntax error; token: \"{character}\""))?;
        Ok(Self { tokens, position: 0, placeholders })
    }

    pub(super) fn condition(mut self) -> Result<Condition, Mistake> {
        let condition = self.either()?;
        self.end()?;
        Ok(condition)
    }

    pub(super) fn projection(mut self) -> Result<Vec<Path>, Mistake> {
        let mut paths = vec![self.path()?];
        while self.takes(",") {
            paths.push(self.path()?);
        }
        self.end()?;
        Ok(paths)
    }

    fn either(&mut self) -> Result<Condition, Mistake> {
        let mut condition = self.both()?;
        while self.takes_word("OR") {
            condition = Condition::Or(Box::new(condition), Box::new(self.both()?));
        }
        Ok(condition)
    }

    fn both(&mut self) -> Result<Condition, Mistake> {
        let mut condition = self.not()?;
        while self.takes_word("AND") {
            condition = Condition::And(Box::new(condition), Box::new(self.not()?));
        }
        Ok(condition)
    }

    fn not(&mut self) -> Result<Condition, Mistake> {
        if self.takes_word("NOT") {
            return Ok(Condition::Not(Box::new(self.not()?)));
        }
        if self.takes("(") {
            let condition = self.either()?;
            self.expects(")")?;
            return Ok(condition);
        }
        match self.function() {
            Some(name) => self.call(&name),
            None => self.comparison(),
        }
    }

    /// The name of a function, if one is called here.
    fn function(&self) -> Option<String> {
        let functions = ["attribute_exists", "attribute_not_exists", "begins_with", "contains"];
        let name = self.peek()?.text();
        functions.contains(&name).then(|| name.to_owned())
    }

    fn call(&mut self, function: &str) -> Result<Condition, Mistake> {
        self.position += 1;
        self.expects("(")?;
        let path = self.path()?;
        let condition = match function {
            "attribute_exists" => Condition::Exists(path),
            "attribute_not_exists" => Condition::NotExists(path),
            "begins_with" => Condition::BeginsWith(path, self.second_operand()?),
            _ => Condition::Contains(path, self.second_operand()?),
        };
        self.expects(")")?;
        Ok(condition)
    }

    pub(super) fn second_operand(&mut self) -> Result<Operand, Mistake> {
        self.expects(",")?;
        self.operand()
    }

    fn comparison(&mut self) -> Result<Condition, Mistake> {
        let left = self.operand()?;
        if self.takes_word("BETWEEN") {
            let low = self.operand()?;
            if !self.takes_word("AND") {
                return Err(self.syntax_error());
            }
            return Ok(Condition::Between(left, low, self.operand()?));
        }
        if self.takes_word("IN") {
            return Ok(Condition::In(left, self.operands()?));
        }
        let comparator = self.comparator()?;
        Ok(Condition::Compare(left, comparator, self.operand()?))
    }

    fn operands(&mut self) -> Result<Vec<Operand>, Mistake> {
        self.expects("(")?;
        let mut operands = vec![self.operand()?];
        while self.takes(",") {
            operands.push(self.operand()?);
        }
        self.expects(")")?;
        Ok(operands)
    }

    fn comparator(&mut self) -> Result<Comparator, Mistake> {
        let comparators = [
            ("=", Comparator::Equal),
            ("<>", Comparator::NotEqual),
            ("<=", Comparator::LessOrEqual),
            ("<", Comparator::Less),
            (">=", Comparator::GreaterOrEqual),
            (">", Comparator::Greater),
        ];
        let found = comparators.into_iter().find(|(symbol, _)| self.takes(symbol));
        found.map(|(_, comparator)| comparator).ok_or_else(|| self.syntax_error())
    }

    pub(super) fn operand(&mut self) -> Result<Operand, Mistake> {
        let Some(Token::Value(placeholder)) = self.peek().cloned() else {
            return self.path().map(Operand::Path);
        };
        self.position += 1;
        self.placeholders.value(&placeholder).map(Operand::Value)
    }

    pub(super) fn path(&mut self) -> Result<Path, Mistake> {
        let mut path = vec![self.attribute()?];
        while self.takes(".") {
            path.push(self.attribute()?);
        }
        Ok(path)
    }

    fn attribute(&mut self) -> Result<String, Mistake> {
        match self.peek().cloned() {
            Some(Token::Word(name)) if !name.starts_with(|first: char| first.is_ascii_digit()) => {
                self.position += 1;
                if self.peek() == Some(&Token::Symbol("(")) {
                    return Err(format!("Invalid function name; function: {name}"));
                }
                check_reserved(&name)?;
                Ok(name)
            }
            Some(Token::Name(placeholder)) => {
                self.position += 1;
                self.placeholders.name(&placeholder)
            }
            Some(Token::Word(_) | Token::Value(_) | Token::Symbol(_)) | None => {
                Err(self.syntax_error())
            }
        }
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.position)
    }

    pub(super) fn takes(&mut self, symbol: &str) -> bool {
        let taken = matches!(self.peek(), Some(Token::Symbol(next)) if *next == symbol);
        self.position += usize::from(taken);
        taken
    }

    /// Keywords are written in any case.
    pub(super) fn takes_word(&mut self, keyword: &str) -> bool {
        let taken =
            matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(keyword));
        self.position += usize::from(taken);
        taken
    }

    pub(super) fn expects(&mut self, symbol: &str) -> Result<(), Mistake> {
        if self.takes(symbol) { Ok(()) } else { Err(self.syntax_error()) }
    }

    pub(super) fn end(&self) -> Result<(), Mistake> {
        if self.peek().is_none() { Ok(()) } else { Err(self.syntax_error()) }
    }

    pub(super) fn syntax_error(&self) -> Mistake {
        match self.peek() {
            Some(token) => format!("Syntax error; token: \"{}\"", token.text()),
            None => "Syntax error; token: <EOF>".to_owned(),
        }
    }
}
