//! Update expressions: `SET a = :a, n = n + :one REMOVE b`.
//!
//! Simpler than AWS: they change whole attributes, and know neither `ADD` nor `DELETE` nor `list_append`.

use super::lexer::Token;
use super::parser::{Mistake, Parser};
use super::{Operand, Path};

/// One change to one attribute.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::services::dynamodb) enum Update {
    Set(String, Source),
    Remove(String),
}

/// What an attribute is set to.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::services::dynamodb) enum Source {
    Operand(Operand),
    IfNotExists(Path, Operand),
    Sum(Box<Source>, Sign, Box<Source>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services::dynamodb) enum Sign {
    Plus,
    Minus,
}

impl Update {
    pub(in crate::services::dynamodb) fn attribute(&self) -> &str {
        match self {
            Self::Set(name, _) | Self::Remove(name) => name,
        }
    }
}

impl Parser<'_, '_> {
    pub(super) fn update(mut self) -> Result<Vec<Update>, Mistake> {
        let mut updates = Vec::new();
        let (mut sets, mut removes) = (0, 0);
        loop {
            if self.takes_word("SET") {
                sets += 1;
                updates.extend(self.list(Self::set)?);
            } else if self.takes_word("REMOVE") {
                removes += 1;
                updates.extend(self.list(Self::remove)?);
            } else {
                break;
            }
        }
        self.end()?;
        if updates.is_empty() {
            return Err("The expression can not be empty;".to_owned());
        }
        for (section, times) in [("SET", sets), ("REMOVE", removes)] {
            if times > 1 {
                let rule = "section can only be used once in an update expression;";
                return Err(format!("The \"{section}\" {rule}"));
            }
        }
        refuse_overlap(&updates)?;
        Ok(updates)
    }

    fn list<T>(
        &mut self,
        one: impl Fn(&mut Self) -> Result<T, Mistake>,
    ) -> Result<Vec<T>, Mistake> {
        let mut list = vec![one(self)?];
        while self.takes(",") {
            list.push(one(self)?);
        }
        Ok(list)
    }

    fn set(&mut self) -> Result<Update, Mistake> {
        let name = self.whole_attribute()?;
        self.expects("=")?;
        Ok(Update::Set(name, self.source()?))
    }

    fn remove(&mut self) -> Result<Update, Mistake> {
        self.whole_attribute().map(Update::Remove)
    }

    fn whole_attribute(&mut self) -> Result<String, Mistake> {
        <[String; 1]>::try_from(self.path()?)
            .map(|[name]| name)
            .map_err(|_| "the sandbox updates whole attributes only".to_owned())
    }

    fn source(&mut self) -> Result<Source, Mistake> {
        let left = self.term()?;
        let sign = if self.takes("+") {
            Sign::Plus
        } else if self.takes("-") {
            Sign::Minus
        } else {
            return Ok(left);
        };
        Ok(Source::Sum(Box::new(left), sign, Box::new(self.term()?)))
    }

    fn term(&mut self) -> Result<Source, Mistake> {
        if self.peek() != Some(&Token::Word("if_not_exists".into())) {
            return self.operand().map(Source::Operand);
        }
        self.takes_word("if_not_exists");
        self.expects("(")?;
        let path = self.path()?;
        let operand = self.second_operand()?;
        self.expects(")")?;
        Ok(Source::IfNotExists(path, operand))
    }
}

fn refuse_overlap(updates: &[Update]) -> Result<(), Mistake> {
    let mut names: Vec<_> = updates.iter().map(Update::attribute).collect();
    names.sort_unstable();
    let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]) else {
        return Ok(());
    };
    let advice = "must remove or rewrite one of these paths";
    Err(format!(
        "Two document paths overlap with each other; {advice}; path one: [{twice}], path two: [{twice}]"
    ))
}
