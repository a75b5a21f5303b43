//! Expressions: conditions, key conditions, filters, projections and updates.

mod evaluate;
mod lexer;
mod parser;
mod update;

pub(super) use evaluate::{at, holds, resolve};
pub(super) use update::{Sign, Source, Update};

use serde_json::Value;

use self::parser::Parser;
use super::names::Placeholders;
use crate::services::members::invalid;
use crate::wire::ApiError;

/// Where an attribute is: its name, and those of the map members below it.
pub(super) type Path = Vec<String>;

/// A condition over one item, its placeholders filled in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Compare(Operand, Comparator, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Exists(Path),
    NotExists(Path),
    BeginsWith(Path, Operand),
    Contains(Path, Operand),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Path(Path),
    Value(Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Reads a condition; `member` is the name of the input member it stood in.
pub(super) fn condition(
    member: &str,
    text: &str,
    placeholders: &mut Placeholders<'_>,
) -> Result<Condition, ApiError> {
    let parsed = Parser::new(text, placeholders).and_then(Parser::condition);
    parsed.map_err(|why| invalid(format!("Invalid {member}: {why}")))
}

/// Reads an update expression.
pub(super) fn update(
    text: &str,
    placeholders: &mut Placeholders<'_>,
) -> Result<Vec<Update>, ApiError> {
    let parsed = Parser::new(text, placeholders).and_then(Parser::update);
    parsed.map_err(|why| invalid(format!("Invalid UpdateExpression: {why}")))
}

/// Reads a projection: names of whole attributes.
pub(super) fn projection(
    text: &str,
    placeholders: &mut Placeholders<'_>,
) -> Result<Vec<String>, ApiError> {
    let parsed = Parser::new(text, placeholders).and_then(Parser::projection);
    let paths = parsed.map_err(|why| invalid(format!("Invalid ProjectionExpression: {why}")))?;
    let whole = |path: Path| <[String; 1]>::try_from(path).map(|[name]| name);
    let deep =
        |_| invalid("Invalid ProjectionExpression: the sandbox projects whole attributes only");
    paths.into_iter().map(|path| whole(path).map_err(deep)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::services::members::Members;

    fn check(text: &str, item: &Value) -> Result<bool, String> {
        let input = json!({
            "ExpressionAttributeNames": {"#n": "name"},
            "ExpressionAttributeValues": {
                ":1": {"N": "1"}, ":9": {"N": "9.0"}, ":a": {"S": "a"}, ":set": {"SS": ["b", "a"]},
            },
        });
        let members =
            Members::of(&input, &["ExpressionAttributeNames", "ExpressionAttributeValues"])
                .unwrap();
        let mut placeholders = Placeholders::of(members).unwrap();
        let condition = condition("ConditionExpression", text, &mut placeholders)
            .map_err(|error| error.message)?;
        Ok(holds(&condition, item.as_object().unwrap()))
    }

    #[test]
    fn conditions_hold_or_do_not() {
        let item = json!({
            "name": {"S": "abc"}, "cpus": {"N": "5"}, "tags": {"SS": ["a", "b"]}, "things": {"L": [{"S": "a"}]},
            "nest": {"M": {"deep": {"N": "9"}}},
        });
        let rows = [
            ("attribute_exists(#n)", true),
            ("attribute_exists (nothing)", false),
            ("attribute_not_exists(nothing)", true),
            ("attribute_not_exists(nest.deep)", false),
            ("nest.deep = :9", true),
            ("tags = :set", true),
            ("contains(tags, :a) and contains(things, :a) AND contains(#n, :a)", true),
            ("begins_with(#n, :a)", true),
            ("begins_with(tags, :a)", false),
            (":1 < cpus AND cpus <= :9", true),
            ("cpus BETWEEN :1 AND :9 AND #n <> :a", true),
            ("cpus > :9 OR cpus >= :1", true),
            ("cpus IN (:1, :9)", false),
            ("NOT cpus = :1", true),
            ("NOT (cpus = :1 OR #n = :a)", true),
            ("cpus = :1 AND cpus = :1 OR #n <> :a", true),
            ("nothing = :1", false),
            ("nothing <> :1", true),
            ("nothing < :1", false),
            // A string and a number have no order, and are not the same.
            ("cpus < :a", false),
            ("cpus <> :a", true),
        ];
        for (text, expected) in rows {
            assert_eq!(check(text, &item), Ok(expected), "{text}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let rows = [
            ("name = :1", "Attribute name is a reserved keyword; reserved keyword: name"),
            ("#x = :1", "attribute name: #x"),
            ("cpus = :x", "attribute value: :x"),
            ("cpus = ", "Syntax error; token: <EOF>"),
            ("cpus == :1", "Syntax error; token: \"=\""),
            ("(cpus = :1", "Syntax error; token: <EOF>"),
            ("cpus = :1 :9", "Syntax error; token: \":9\""),
            ("cpus = 1", "Syntax error; token: \"1\""),
            ("size(cpus) = :1", "Invalid function name; function: size"),
        ];
        for (text, expected) in rows {
            let message = check(text, &json!({})).unwrap_err();
            assert!(message.starts_with("Invalid ConditionExpression: "), "{message}");
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
