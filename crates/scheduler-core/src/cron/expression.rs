//! What was typed: `cron(...)` or `rate(...)`.

use std::{fmt, str::FromStr};

use super::{Cron, Every, pattern::words};
use crate::{
    grammar::{ExpressionError, term::Part},
    mistake::Code,
};

const EXAMPLES: &str = "write `cron(0 20 ? * MON-FRI *)` or `rate(5 minutes)`";

/// A schedule expression. A rate says how often but not from when, so that it fires only as a [`Rate`](super::Rate).
///
/// ```
/// use scheduler_core::cron::Expression;
///
/// let error = "cron(0 20 ? * MON-FRIN *)".parse::<Expression>().unwrap_err();
/// assert_eq!(error.span, 18..22);
/// assert_eq!(error.to_string(), "`FRIN` is not a day of the week; did you mean `FRI`?");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// `cron(0 20 ? * MON-FRI *)`
    Cron(Cron),
    /// `rate(5 minutes)`
    Rate(Every),
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        let whole = Part { text, start: 0 }.trim();
        let Some((name, rest)) = whole.split_once('(') else { return Err(unwrapped(whole)) };
        match name.text {
            "cron" => Cron::parse(inside(rest)?).map(Expression::Cron),
            "rate" => Every::parse(inside(rest)?).map(Expression::Rate),
            _ => Err(unknown(name)),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Cron(cron) => cron.fmt(f),
            Expression::Rate(every) => every.fmt(f),
        }
    }
}

/// What stands before the `)`, which has to be the end.
fn inside(rest: Part<'_>) -> Result<Part<'_>, ExpressionError> {
    let Some((inside, after)) = rest.split_once(')') else {
        let end = Part { text: "", start: rest.span().end };
        return Err(ExpressionError::new(
            Code::Missing,
            end,
            "the closing `)` is missing",
            "write `)` at the end",
        ));
    };
    if !after.text.is_empty() {
        let message = format!("`{}` stands after the end of the expression", after.text);
        return Err(ExpressionError::new(Code::BadValue, after, message, "leave it out"));
    }
    Ok(inside)
}

fn unwrapped(whole: Part<'_>) -> ExpressionError {
    if whole.text.is_empty() {
        return ExpressionError::new(Code::Empty, whole, "an empty expression", EXAMPLES);
    }
    let help = match words(whole).count() {
        2 => format!("write `rate({})`", whole.text),
        6 => format!("write `cron({})`", whole.text),
        _ => EXAMPLES.to_owned(),
    };
    let message = format!("`{}` is neither `cron(...)` nor `rate(...)`", whole.text);
    ExpressionError::new(Code::BadValue, whole, message, help)
}

fn unknown(name: Part<'_>) -> ExpressionError {
    if name.text == "at" {
        let message = "an `at(...)` fires once, and a schedule fires again and again";
        let help = "write a `cron(...)` with a year, as in `cron(0 13 20 11 ? 2026)`";
        return ExpressionError::new(Code::UnsupportedForm, name, message, help);
    }
    let message = format!("`{}` is neither `cron` nor `rate`", name.text);
    ExpressionError::new(Code::BadValue, name, message, EXAMPLES)
}
