//! Splitting an expression into terms, and terms into their parts. What a value means is its field's affair.

use std::ops::Range;

use crate::mistake::Code;

/// A mistake in an expression: what, where, and what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct ExpressionError {
    /// The sort of mistake.
    pub code: Code,
    /// The bytes of the expression that are meant.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl ExpressionError {
    pub(crate) fn new(
        code: Code,
        part: Part<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { code, span: part.span(), message: message.into(), help: help.into() }
    }
}

/// A piece of an expression that knows where it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

impl<'a> Part<'a> {
    pub(crate) fn span(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    pub(crate) fn trim(self) -> Self {
        let text = self.text.trim_start();
        Self { text: text.trim_end(), start: self.start + self.text.len() - text.len() }
    }

    /// The parts before and after the first `mark`, without the spaces around it.
    pub(crate) fn split_once(self, mark: char) -> Option<(Self, Self)> {
        let (left, right) = self.text.split_once(mark)?;
        let after = Part { text: right, start: self.start + left.len() + mark.len_utf8() };
        Some((Part { text: left, start: self.start }.trim(), after.trim()))
    }

    pub(crate) fn split(self, mark: char) -> impl Iterator<Item = Self> {
        let mut start = self.start;
        self.text.split(mark).map(move |text| {
            let part = Part { text, start };
            start += text.len() + mark.len_utf8();
            part.trim()
        })
    }

    fn strip_suffix_ignoring_case(self, suffix: char) -> Option<Self> {
        let last = self.text.chars().next_back()?;
        let text = &self.text[..self.text.len() - last.len_utf8()];
        last.eq_ignore_ascii_case(&suffix).then_some(Self { text, start: self.start }.trim())
    }
}

/// One term, taken apart but not yet understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term<'a> {
    pub(super) whole: Part<'a>,
    pub(super) shape: Shape<'a>,
    pub(super) step: Option<Part<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    /// `*` or `?`
    Every,
    /// `L`
    Last,
    /// `a-b`
    Range(Part<'a>, Part<'a>),
    /// `day#n`
    Nth(Part<'a>, Part<'a>),
    /// A single value, perhaps with a letter behind it that only some fields know (`friL`, `15W`).
    Value(Part<'a>),
}

/// The terms of an expression, or the first error of each.
pub(super) fn terms(expression: &str) -> impl Iterator<Item = Result<Term<'_>, ExpressionError>> {
    Part { text: expression, start: 0 }.split(',').map(Term::parse)
}

impl<'a> Term<'a> {
    fn parse(whole: Part<'a>) -> Result<Self, ExpressionError> {
        if whole.text.is_empty() {
            return Err(ExpressionError::new(
                Code::Empty,
                whole,
                "an empty term",
                "write a value, or leave the comma out",
            ));
        }
        let (base, step) =
            whole.split_once('/').map_or((whole, None), |(base, step)| (base, Some(step)));
        let shape = if let Some((from, to)) = base.split_once('-') {
            Shape::Range(from, to)
        } else if let Some((day, number)) = base.split_once('#') {
            Shape::Nth(day, number)
        } else {
            match base.text {
                "*" | "?" => Shape::Every,
                "L" | "l" => Shape::Last,
                _ => Shape::Value(base),
            }
        };
        let term = Term { whole, shape, step };
        if step.is_some() && !matches!(shape, Shape::Range(..) | Shape::Value(_)) {
            return Err(term.refused(
                Code::BadStep,
                "a step needs a first value",
                "write `1/2` or `1-10/2`",
            ));
        }
        Ok(term)
    }

    pub(super) fn refused(
        &self,
        code: Code,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> ExpressionError {
        ExpressionError::new(code, self.whole, message, help)
    }

    /// The step, 1 where none is written.
    pub(super) fn step(&self) -> Result<u32, ExpressionError> {
        let Some(part) = self.step else { return Ok(1) };
        number(part).filter(|step| *step > 0).ok_or_else(|| {
            let message = format!("`{}` is not a step", part.text);
            ExpressionError::new(
                Code::BadStep,
                part,
                message,
                "write a whole number from 1 up, as in `1/15`",
            )
        })
    }
}

/// A whole number of at most four digits, written in digits and nothing else.
pub(crate) fn number(part: Part<'_>) -> Option<u32> {
    let plain = !part.text.is_empty()
        && part.text.len() <= 4
        && part.text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| part.text.parse().ok()).flatten()
}

/// A name in a list of full lower-case names: its first three letters or the whole, in any case.
pub(crate) fn named(part: Part<'_>, names: &[&str]) -> Option<u32> {
    let is = |name: &&str| {
        part.text.eq_ignore_ascii_case(name) || part.text.eq_ignore_ascii_case(&name[..3])
    };
    names.iter().position(is).and_then(|index| u32::try_from(index).ok())
}

/// The name in a list that was most likely meant.
pub(crate) fn closest<'n>(text: &str, names: &[&'n str]) -> Option<&'n str> {
    let text = text.to_ascii_lowercase();
    let score =
        |name: &str| strsim::jaro_winkler(&text, name).max(strsim::jaro_winkler(&text, &name[..3]));
    let best = names.iter().copied().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(best) > 0.75).then_some(best)
}

/// The letter behind a value: `friL`, `15W`.
pub(crate) fn with_letter(part: Part<'_>, letter: char) -> Option<Part<'_>> {
    part.strip_suffix_ignoring_case(letter).filter(|value| !value.text.is_empty())
}

/// The values from `from` to `to` in steps, in a domain of `first..first + size` that wraps.
pub(crate) fn wrapping(
    from: u32,
    to: u32,
    step: u32,
    first: u32,
    size: u32,
) -> impl Iterator<Item = u32> {
    let length = (to + size - from) % size;
    (0..=length).step_by(step as usize).map(move |offset| (from - first + offset) % size + first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_remember_where_they_stood() {
        let terms: Vec<_> = terms(" mon , fri - sun/2").map(Result::unwrap).collect();
        assert_eq!(terms[0].whole, Part { text: "mon", start: 1 });
        assert_eq!(terms[1].step, Some(Part { text: "2", start: 17 }));
        let Shape::Range(from, to) = terms[1].shape else { panic!("{terms:?}") };
        assert_eq!((from.span(), to.span()), (7..10, 13..16));
    }

    #[test]
    fn a_name_that_is_nearly_right_is_suggested() {
        assert_eq!(closest("fry", &["monday", "friday"]), Some("friday"));
        assert_eq!(closest("金", &["monday", "friday"]), None);
    }
}
