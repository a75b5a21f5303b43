//! A field of a cron expression as a set of numbers: reading it, and writing it back.

use crate::{
    grammar::{
        ExpressionError,
        term::{self, Part},
    },
    mistake::Code,
};

/// What may stand in a field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// What one of its values is called.
    word: &'static str,
    first: u32,
    last: u32,
    /// Whether a range that runs backwards goes on at the first value, as the hours of AWS's example `20-2` do.
    wraps: bool,
    /// What its values may be called, from the first.
    names: &'static [&'static str],
    /// The mistake of a value that is none.
    unknown: Code,
    /// What to write for a value.
    help: &'static str,
}

pub(super) const MINUTES: Field = Field {
    word: "a minute",
    first: 0,
    last: 59,
    wraps: true,
    names: &[],
    unknown: Code::BadNumber,
    help: "write `0` to `59`, or `*`",
};

pub(super) const HOURS: Field = Field {
    word: "an hour",
    first: 0,
    last: 23,
    wraps: true,
    names: &[],
    unknown: Code::BadNumber,
    help: "write `0` to `23`, or `*`",
};

pub(super) const DAYS_OF_MONTH: Field = Field {
    word: "a day of the month",
    first: 1,
    last: 31,
    wraps: true,
    names: &[],
    unknown: Code::BadNumber,
    help: "write `1` to `31`, `L`, `L-3`, `15W` or `LW`",
};

pub(super) const MONTHS: Field = Field {
    word: "a month",
    first: 1,
    last: 12,
    wraps: true,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    unknown: Code::UnknownMonth,
    help: "write `JAN` to `DEC`, or `1` to `12`",
};

pub(super) const DAYS_OF_WEEK: Field = Field {
    word: "a day of the week",
    first: 1,
    last: 7,
    wraps: true,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    unknown: Code::UnknownWeekday,
    help: "write `SUN` to `SAT`, or `1` (Sunday) to `7` (Saturday)",
};

pub(super) const YEARS: Field = Field {
    word: "a year",
    first: 1970,
    last: 2199,
    wraps: false,
    names: &[],
    unknown: Code::BadNumber,
    help: "write `1970` to `2199`, or `*`",
};

impl Field {
    /// The values of a field, as bits. For the fields whose values are below 64.
    pub(super) fn mask(&self, field: Part<'_>) -> Result<u64, ExpressionError> {
        let add = |mask, term| Ok(self.values(term)?.fold(mask, |mask, value| mask | 1 << value));
        field.split(',').try_fold(0, add)
    }

    /// The values of one term: `*`, a value or a range, perhaps with a step.
    pub(super) fn values(
        &self,
        term: Part<'_>,
    ) -> Result<impl Iterator<Item = u32> + use<>, ExpressionError> {
        let (base, step) =
            term.split_once('/').map_or((term, None), |(base, step)| (base, Some(step)));
        let (from, to) = if base.text == "*" {
            (self.first, self.last)
        } else if let Some((from, to)) = base.split_once('-') {
            self.range(from, to)?
        } else {
            let value = self.value(base)?;
            (value, if step.is_some() { self.last } else { value })
        };
        let step = step.map_or(Ok(1), |step| self.step(step))?;
        Ok(term::wrapping(from, to, step, self.first, self.size()))
    }

    /// A single value, by number or name.
    pub(super) fn value(&self, part: Part<'_>) -> Result<u32, ExpressionError> {
        let number = term::number(part).filter(|value| (self.first..=self.last).contains(value));
        let named = || term::named(part, self.names).map(|index| index + self.first);
        number.or_else(named).ok_or_else(|| self.refused(part))
    }

    fn refused(&self, part: Part<'_>) -> ExpressionError {
        match part.text {
            "" => {
                let message = format!("{} is missing here", self.word);
                ExpressionError::new(Code::Empty, part, message, self.help)
            }
            "?" => {
                let message = "a `?` is the whole of day-of-month or of day-of-week";
                ExpressionError::new(Code::UnsupportedForm, part, message, self.help)
            }
            text => {
                let help = term::closest(text, self.names).map_or(self.help.to_owned(), |name| {
                    format!("did you mean `{}`?", name.to_ascii_uppercase())
                });
                let message = format!("`{text}` is not {}", self.word);
                ExpressionError::new(self.unknown, part, message, help)
            }
        }
    }

    fn range(&self, from: Part<'_>, to: Part<'_>) -> Result<(u32, u32), ExpressionError> {
        let (first, last) = (self.value(from)?, self.value(to)?);
        if last < first && !self.wraps {
            let help = format!("write `{last}-{first}`");
            let message = "a range cannot run backwards here";
            return Err(ExpressionError::new(Code::BackwardRange, to, message, help));
        }
        Ok((first, last))
    }

    /// A step longer than the field would be a mistake that looks like it works: `0/90` is `0`.
    fn step(&self, part: Part<'_>) -> Result<u32, ExpressionError> {
        let most = self.last.min(self.size());
        term::number(part).filter(|step| (1..=most).contains(step)).ok_or_else(|| {
            let message = format!("`{}` is not a step here", part.text);
            let help = format!("write a whole number from `1` to `{most}`");
            ExpressionError::new(Code::BadStep, part, message, help)
        })
    }

    fn size(&self) -> u32 {
        self.last - self.first + 1
    }

    /// An expression for some of this field's values, which come in ascending order.
    pub(super) fn written(&self, values: impl Iterator<Item = u32>) -> String {
        let values: Vec<u32> = values.collect();
        if values.len() == self.size() as usize {
            return "*".to_owned();
        }
        self.stepped(&values).unwrap_or_else(|| {
            let runs = values.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
                [first, .., last] => format!("{}-{}", self.name(*first), self.name(*last)),
                [] | [_] => run.iter().map(|value| self.name(*value)).collect(),
            });
            runs.collect::<Vec<String>>().join(",")
        })
    }

    /// `0/15`, `10-20/2`: three values or more at equal distances. Names say more one by one, and day-of-week has
    /// steps in but one of AWS's tables.
    fn stepped(&self, values: &[u32]) -> Option<String> {
        let [first, second, .., last] = values else { return None };
        let step = second - first;
        if step == 1
            || !self.names.is_empty()
            || values.windows(2).any(|pair| pair != [pair[0], pair[0] + step])
        {
            return None;
        }
        let end = if last + step > self.last { "" } else { &format!("-{last}") };
        Some(format!("{first}{end}/{step}"))
    }

    pub(super) fn name(&self, value: u32) -> String {
        let name = value.checked_sub(self.first).and_then(|index| self.names.get(index as usize));
        name.map_or_else(|| value.to_string(), |name| name.to_ascii_uppercase())
    }
}

/// The numbers of the bits that are set, ascending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits(pub(super) u64);

impl Iterator for Bits {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let lowest = (self.0 != 0).then(|| self.0.trailing_zeros())?;
        self.0 &= !(1 << lowest);
        Some(lowest)
    }
}

impl DoubleEndedIterator for Bits {
    fn next_back(&mut self) -> Option<u32> {
        let highest = self.0.checked_ilog2()?;
        self.0 &= !(1 << highest);
        Some(highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(field: Field, text: &str) -> Vec<u32> {
        Bits(field.mask(Part { text, start: 0 }).unwrap()).collect()
    }

    #[test]
    fn a_term_is_a_value_a_range_or_a_step() {
        for (field, text, values) in [
            (MINUTES, "5,35", &[5, 35][..]),
            (MINUTES, "0/15", &[0, 15, 30, 45]),
            (MINUTES, "1/10", &[1, 11, 21, 31, 41, 51]),
            (MINUTES, "*/20", &[0, 20, 40]),
            (MINUTES, "10-20/2,59", &[10, 12, 14, 16, 18, 20, 59]),
            (MINUTES, "58-1", &[0, 1, 58, 59]),
            (HOURS, "20-2", &[0, 1, 2, 20, 21, 22, 23]),
            (HOURS, "20-2/3", &[2, 20, 23]),
            (HOURS, "09", &[9]),
            (DAYS_OF_MONTH, "30-2", &[1, 2, 30, 31]),
            (MONTHS, "nov-Feb", &[1, 2, 11, 12]),
            (DAYS_OF_WEEK, "fri-MON", &[1, 2, 6, 7]),
            (DAYS_OF_WEEK, "MON/2", &[2, 4, 6]),
        ] {
            assert_eq!(mask(field, text), values, "{text}");
        }
    }

    #[test]
    fn values_are_written_shortly() {
        for (field, text, written) in [
            (MINUTES, "0,15,30,45", "0/15"),
            (MINUTES, "*/5", "0/5"),
            (MINUTES, "10-20/2", "10-20/2"),
            (MINUTES, "29-49/10", "29-49/10"),
            (MINUTES, "0-59", "*"),
            (MINUTES, "1,2,3,7", "1-3,7"),
            (HOURS, "20-2", "0-2,20-23"),
            (MONTHS, "1,2,4", "JAN-FEB,APR"),
            (DAYS_OF_WEEK, "2-6", "MON-FRI"),
            (DAYS_OF_WEEK, "MON/2", "MON,WED,FRI"),
        ] {
            assert_eq!(field.written(mask(field, text).into_iter()), written, "{text}");
        }
    }

    #[test]
    fn bits_come_from_both_ends() {
        let mask = 1 << 63 | 1 << 5 | 1;
        assert_eq!(Bits(mask).collect::<Vec<_>>(), [0, 5, 63]);
        assert_eq!(Bits(mask).rev().collect::<Vec<_>>(), [63, 5, 0]);
    }
}
