//! Items of type `calendar`: named sets of days, each a holiday or a make-up working day.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Weekday};
use serde_json::Value;

use super::{RawItem, fields::Fields, period::DESCRIPTIVE};
use crate::{
    day::{CalendarDay, Marked},
    mistake::{Code, Mistake, Wrong},
};

/// The days of a calendar.
pub(super) type Calendar = BTreeMap<NaiveDate, Marked<CalendarDay>>;

/// The calendar, unless there is a mistake in it. `days` maps a date to what it is: `holiday`, `holiday Seollal`,
/// `working mon`, `working mon make-up day`.
pub(super) fn parse(item: &RawItem, mistakes: &mut Vec<Mistake>) -> Option<Calendar> {
    let mut fields = Fields::of(item, mistakes);
    let days = fields.map("days").map(|days| {
        let days = days.iter().filter_map(|(date, says)| day(&mut fields, &item.name, date, says));
        days.collect()
    });
    if days.is_none() && !fields.has_errors() {
        let help = r#"write `days: {"2026-12-25": "holiday Christmas"}`"#;
        let mistake =
            fields.mistake("days", "", Code::Missing).saying("the calendar has no days", help);
        fields.report(mistake);
    }
    let has_errors = fields.warn_of_others(&DESCRIPTIVE);
    days.filter(|_| !has_errors)
}

fn day(
    fields: &mut Fields<'_>,
    calendar: &str,
    date: &str,
    says: &Value,
) -> Option<(NaiveDate, Marked<CalendarDay>)> {
    let text = says.as_str().unwrap_or_default();
    let parsed = parse_date(date).and_then(|date| Ok((date, parse_day(text)?)));
    let result =
        parsed.map_err(|wrong| fields.report_wrong("days", &format!("{date}: {text}"), wrong));
    let (date, (says, name)) = result.ok()?;
    let name = if name.is_empty() { calendar.to_owned() } else { format!("{calendar}, {name}") };
    Some((date, Marked { name, says }))
}

/// A date, `YYYY-MM-DD`.
pub(super) fn parse_date(text: &str) -> Result<NaiveDate, Wrong> {
    let is_plain = text.len() == 10;
    text.parse().ok().filter(|_| is_plain).ok_or_else(|| {
        Wrong::new(
            Code::BadDate,
            format!("`{text}` is not a date"),
            "write year, month and day, as in `2026-02-17`",
        )
    })
}

/// What a day is, and its name, if it has one.
fn parse_day(text: &str) -> Result<(CalendarDay, &str), Wrong> {
    let (word, rest) = split_word(text);
    match word.to_ascii_lowercase().as_str() {
        "holiday" => Ok((CalendarDay::Holiday, rest)),
        "working" => {
            let (day, name) = split_word(rest);
            let weekday: Weekday = day.parse().map_err(|_| {
                let help = "write the weekday that it counts as, as in `working mon`";
                Wrong::new(Code::UnknownWeekday, format!("`{day}` is not a weekday"), help)
            })?;
            Ok((CalendarDay::Working(weekday), name))
        }
        _ => {
            let help = "write `holiday` or `working mon`, and a name behind it if you like";
            Err(Wrong::new(Code::BadValue, format!("`{text}` is not what a day can be"), help))
        }
    }
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}
