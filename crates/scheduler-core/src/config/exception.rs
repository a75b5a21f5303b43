//! Items of type `exception`: a date on which one schedule's times differ.

use chrono::NaiveDate;

use super::{RawItem, calendar::parse_date, fields::Fields, period::DESCRIPTIVE};
use crate::{
    day::{Change, Marked, Side},
    id::ScheduleName,
    mistake::{Code, Mistake, Wrong},
    schedule::WallTime,
};

/// An exception, and where it belongs.
#[derive(Clone, Debug)]
pub(super) struct Exception {
    pub(super) schedule: ScheduleName,
    pub(super) date: NaiveDate,
    pub(super) change: Marked<Change>,
}

/// The exception, unless there is a mistake in it. One of `closed: true`, `open: 10:00-15:00`, or `start` and `stop`,
/// each a time or `none`.
pub(super) fn parse(item: &RawItem, mistakes: &mut Vec<Mistake>) -> Option<Exception> {
    let mut fields = Fields::of(item, mistakes);
    let schedule = fields.required("schedule", schedule_name);
    let date = fields.required("date", parse_date);
    let change = change(&mut fields);
    let has_errors = fields.warn_of_others(&DESCRIPTIVE);
    let change = Marked { name: item.name.clone(), says: change? };
    let exception = Exception { schedule: schedule?, date: date?, change };
    (!has_errors).then_some(exception)
}

fn change(fields: &mut Fields<'_>) -> Option<Change> {
    let closed = fields.flag("closed").unwrap_or(false);
    let open = fields.parsed("open", span);
    let (start, stop) = (fields.parsed("start", side), fields.parsed("stop", side));
    if fields.has_errors() {
        return None;
    }
    match (closed, open, start, stop) {
        (true, None, None, None) => Some(Change::Closed),
        (false, Some((begin, end)), None, None) => Some(Change::Open { begin, end }),
        (false, None, None, None) => {
            let help = "write `closed: true`, `open: 10:00-15:00`, or a `start` or `stop`";
            let mistake =
                fields.mistake("", "", Code::Missing).saying("the exception changes nothing", help);
            fields.report(mistake);
            None
        }
        (false, None, start, stop) => Some(Change::Sides {
            start: start.unwrap_or(Side::AsUsual),
            stop: stop.unwrap_or(Side::AsUsual),
        }),
        _ => {
            let help = "write one of `closed`, `open`, and `start` with `stop`";
            let mistake = fields
                .mistake("", "", Code::Conflict)
                .saying("the exception says two things", help);
            fields.report(mistake);
            None
        }
    }
}

pub(super) fn schedule_name(text: &str) -> Result<ScheduleName, Wrong> {
    text.parse().map_err(|error: crate::id::InvalidName| {
        Wrong::new(Code::BadName, format!("`{text}` is not {}", error.what), error.rule)
    })
}

fn side(text: &str) -> Result<Side, Wrong> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Side::Never);
    }
    let help = "write a time, `00:00` to `23:59`, or `none`";
    text.parse()
        .map(Side::At)
        .map_err(|_| Wrong::new(Code::BadTime, format!("`{text}` is not a time of day"), help))
}

fn span(text: &str) -> Result<(WallTime, WallTime), Wrong> {
    let times = text.split_once('-').map(|(begin, end)| (begin.trim().parse(), end.trim().parse()));
    match times {
        Some((Ok(begin), Ok(end))) => Ok((begin, end)),
        _ => Err(Wrong::new(
            Code::BadTime,
            format!("`{text}` is not a span of the day"),
            "write two times, as in `10:00-15:00`",
        )),
    }
}
