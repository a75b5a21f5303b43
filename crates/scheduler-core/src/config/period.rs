//! Items of type `period`.

use std::str::FromStr;

use super::{RawItem, fields::Fields, parse_name};
use crate::{
    grammar::ExpressionError,
    id::PeriodName,
    mistake::{Code, Mistake, Wrong},
    schedule::{Dates, InvalidWallTime, Period, WallTime},
};

/// Fields that describe an item and mean nothing to a schedule.
pub(super) const DESCRIPTIVE: [&str; 2] = ["description", "configured_in_stack"];

/// The period, unless there is a mistake in it.
pub(super) fn parse(item: &RawItem, mistakes: &mut Vec<Mistake>) -> Option<Period> {
    let name = parse_name::<PeriodName>(item, mistakes);
    let mut fields = Fields::of(item, mistakes);
    let begin = fields.parsed("begintime", time);
    let end = fields.parsed("endtime", time);
    let dates = Dates {
        weekdays: expressions(&mut fields, "weekdays"),
        monthdays: expressions(&mut fields, "monthdays"),
        months: expressions(&mut fields, "months"),
    };
    if begin.is_none() && end.is_none() && dates == Dates::default() && !fields.has_errors() {
        let help = "write at least one of begintime, endtime, weekdays, monthdays and months";
        let mistake =
            fields.mistake("", "", Code::Missing).saying("the period has no condition", help);
        fields.report(mistake);
    }
    let has_errors = fields.warn_of_others(&DESCRIPTIVE);
    name.filter(|_| !has_errors).map(|name| Period { name, begin, end, dates })
}

fn time(text: &str) -> Result<WallTime, Wrong> {
    let help = "write hours and minutes, `00:00` to `23:59`";
    text.parse()
        .map_err(|error: InvalidWallTime| Wrong::new(Code::BadTime, error.to_string(), help))
}

/// The union of a field's members, each an expression of its own.
fn expressions<T: FromStr<Err = ExpressionError> + Default + Extend<T>>(
    fields: &mut Fields<'_>,
    field: &'static str,
) -> Option<T> {
    let mut all = T::default();
    for member in fields.expressions(field)? {
        match member.parse::<T>() {
            Ok(part) => all.extend([part]),
            Err(error) => {
                let mistake = fields.mistake(field, member, error.code);
                fields.report(
                    Mistake { span: error.span, ..mistake }.saying(error.message, error.help),
                );
            }
        }
    }
    Some(all)
}
