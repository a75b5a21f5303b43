//! The dates that a calendar's events touch.

use std::{collections::BTreeMap, path::Path};

use calcard::{
    Entry, Parser,
    common::{PartialDateTime, timezone::Tz},
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarParameterName, ICalendarProperty, ICalendarStatus,
        ICalendarValue, dates::TimeOrDelta,
    },
};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use super::outline::{self, Bad, Component};
use crate::exit::Failed;

/// Occurrences of all events together, before those out of range are left out.
const MOST_OCCURRENCES: usize = 200_000;

/// What a calendar says of dates.
#[derive(Debug, Default)]
pub(super) struct Imported {
    pub(super) name: Option<String>,
    /// The dates that events touch, and the events' names.
    pub(super) days: BTreeMap<NaiveDate, Vec<String>>,
    /// Dates that the calendar calls working days. It does not say as which weekday they count.
    pub(super) working: BTreeMap<NaiveDate, String>,
}

impl Bad {
    pub(super) fn refused(self, path: &Path) -> Failed {
        let message = format!("{}:{}: {}", path.display(), self.line, self.message);
        Failed::usage("calendar", message, self.help)
    }
}

/// Reads every calendar of a text, as far as it concerns days from the first to the last.
pub(super) fn read(text: &str, from: NaiveDate, to: NaiveDate) -> Result<Imported, Bad> {
    let components = outline::read(text)?;
    let mut rest = &components[..];
    let mut imported = Imported::default();
    let mut parser = Parser::new(text);
    loop {
        match parser.entry() {
            Entry::ICalendar(calendar) => {
                let (own, others) = rest.split_at(calendar.components.len().min(rest.len()));
                rest = others;
                Reader { calendar, outline: own, from, to }.read(&mut imported)?;
            }
            Entry::Eof => return Ok(imported),
            // The outline has refused what lines can have wrong; the rest is nothing that has dates.
            _ => {}
        }
    }
}

struct Reader<'a> {
    calendar: ICalendar,
    /// Its components' lines.
    outline: &'a [Component],
    from: NaiveDate,
    to: NaiveDate,
}

impl Reader<'_> {
    fn read(mut self, imported: &mut Imported) -> Result<(), Bad> {
        self.check()?;
        self.bound();
        let own_name = self.calendar.components.first().and_then(|all| text(all, "X-WR-CALNAME"));
        imported.name = imported.name.take().or(own_name);
        let expanded = self.calendar.expand_dates(Tz::Floating, MOST_OCCURRENCES);
        if let Some(error) = expanded.errors.first() {
            let help = "mend the event, or leave it out";
            return Err(Bad::new(
                self.line(error.comp_id, "DTSTART"),
                error.error.to_string(),
                help,
            ));
        }
        if expanded.events.len() >= MOST_OCCURRENCES {
            let message = "the calendar's events recur too often";
            return Err(Bad::new(
                self.line(0, ""),
                message,
                "write fewer days with --from and --to",
            ));
        }
        for event in expanded.events {
            let Some(component) = self.calendar.component_by_id(event.comp_id) else { continue };
            if !component.component_type.is_event()
                || component.status() == Some(&ICalendarStatus::Cancelled)
            {
                continue;
            }
            for date in dates(event.start, &event.end) {
                if (self.from..=self.to).contains(&date) {
                    imported.add(date, component);
                }
            }
        }
        Ok(())
    }

    /// Refuses dates, rules and zones that could not be understood, which the crate would pass over.
    fn check(&self) -> Result<(), Bad> {
        let zones = self.calendar.build_tz_resolver();
        for (id, component) in (0u32..).zip(&self.calendar.components) {
            if !component.component_type.is_event() {
                continue;
            }
            for entry in &component.entries {
                let (name, is_understood) = match &entry.name {
                    ICalendarProperty::Dtstart => ("DTSTART", entry.values.iter().all(is_date)),
                    ICalendarProperty::Dtend => ("DTEND", entry.values.iter().all(is_date)),
                    ICalendarProperty::Exdate => ("EXDATE", entry.values.iter().all(is_date)),
                    ICalendarProperty::RecurrenceId => {
                        ("RECURRENCE-ID", entry.values.iter().all(is_date))
                    }
                    ICalendarProperty::Rrule => ("RRULE", entry.values.iter().all(is_rule)),
                    _ => continue,
                };
                if !is_understood {
                    let message = format!("this {name} cannot be understood");
                    let help =
                        "write dates as 20260217, times as 20260217T090000, rules as in RFC 5545";
                    return Err(Bad::new(self.line(id, name), message, help));
                }
                let zone = entry.parameter(&ICalendarParameterName::Tzid);
                let zone = zone.and_then(|zone| zone.as_text());
                if let Some(zone) = zone.filter(|zone| zones.resolve(zone).is_none()) {
                    let message = format!("`{zone}` is not a time zone");
                    let help = "write a VTIMEZONE for it, or a name such as Asia/Seoul";
                    return Err(Bad::new(self.line(id, name), message, help));
                }
            }
        }
        Ok(())
    }

    /// Ends every rule that has no end of its own soon after the last day.
    fn bound(&mut self) {
        let end = self.to + TimeDelta::days(2);
        let until = PartialDateTime {
            year: u16::try_from(end.year()).ok(),
            month: u8::try_from(end.month()).ok(),
            day: u8::try_from(end.day()).ok(),
            ..PartialDateTime::default()
        };
        for component in &mut self.calendar.components {
            let begins = component.property(&ICalendarProperty::Dtstart).and_then(|start| {
                let start = start.values.first()?.as_partial_date_time()?.to_date_time()?;
                Some(start.date_time.date())
            });
            if begins.is_some_and(|begins| begins > end) {
                component.entries.retain(|entry| entry.name != ICalendarProperty::Rrule);
            }
            for entry in &mut component.entries {
                if let Some(ICalendarValue::RecurrenceRule(rule)) = entry.values.first_mut()
                    && rule.count.is_none()
                {
                    rule.until.get_or_insert(until.clone());
                }
            }
        }
    }

    fn line(&self, component: u32, property: &str) -> usize {
        let component = self.outline.get(component as usize);
        component.map_or(1, |component| component.line_of(property))
    }
}

impl Imported {
    fn add(&mut self, date: NaiveDate, component: &ICalendarComponent) {
        let summary = component.property(&ICalendarProperty::Summary);
        let name = summary.and_then(|entry| entry.values.first()?.as_text()).map(plain);
        let name = name.unwrap_or_default();
        if text(component, "X-APPLE-SPECIAL-DAY").as_deref() == Some("ALTERNATE-WORKDAY") {
            self.working.insert(date, name);
            return;
        }
        let names = self.days.entry(date).or_default();
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
}

fn is_date(value: &ICalendarValue) -> bool {
    matches!(value, ICalendarValue::PartialDateTime(at) if at.to_date_time().is_some())
}

fn is_rule(value: &ICalendarValue) -> bool {
    matches!(value, ICalendarValue::RecurrenceRule(_))
}

/// The text of a property that RFC 5545 does not have.
fn text(component: &ICalendarComponent, name: &str) -> Option<String> {
    let is_it = |entry: &&calcard::icalendar::ICalendarEntry| matches!(&entry.name, ICalendarProperty::Other(other) if other.eq_ignore_ascii_case(name));
    let entry = component.entries.iter().find(is_it)?;
    Some(plain(entry.values.first()?.as_text()?))
}

/// On one line, without control characters.
fn plain(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The dates that an event touches, on the wall of its own zone. An end at midnight does not touch the day it begins.
fn dates(
    start: DateTime<Tz>,
    end: &TimeOrDelta<DateTime<Tz>, TimeDelta>,
) -> impl Iterator<Item = NaiveDate> + use<> {
    let begin: NaiveDateTime = start.naive_local();
    let end = match end {
        TimeOrDelta::Time(end) => end.with_timezone(&start.timezone()).naive_local(),
        TimeOrDelta::Delta(delta) => begin.checked_add_signed(*delta).unwrap_or(begin),
    };
    let last = (end - TimeDelta::seconds(1)).max(begin).date();
    begin.date().iter_days().take_while(move |date| *date <= last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn calendar(event: &str) -> String {
        format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n{event}\nEND:VEVENT\nEND:VCALENDAR\n")
    }

    fn days_of(event: &str) -> Vec<String> {
        let day = |text: &str| text.parse().unwrap();
        let imported = read(&calendar(event), day("2026-01-01"), day("2026-12-31")).unwrap();
        imported.days.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn an_event_is_on_the_dates_it_touches_in_its_own_zone() {
        let cases = [
            ("DTSTART;VALUE=DATE:20260217", vec!["2026-02-17"]),
            ("DTSTART:20260217", vec!["2026-02-17"]),
            (
                "DTSTART;VALUE=DATE:20260217\nDTEND;VALUE=DATE:20260219",
                vec!["2026-02-17", "2026-02-18"],
            ),
            ("DTSTART;VALUE=DATE:20260217\nDURATION:P2D", vec!["2026-02-17", "2026-02-18"]),
            // An end at midnight does not touch the day after.
            ("DTSTART:20260217T220000\nDTEND:20260218T000000", vec!["2026-02-17"]),
            ("DTSTART:20260217T220000\nDTEND:20260218T000001", vec!["2026-02-17", "2026-02-18"]),
            ("DTSTART;TZID=Asia/Seoul:20260217T003000\nDURATION:PT1H", vec!["2026-02-17"]),
            ("DTSTART:20260217T233000Z", vec!["2026-02-17"]),
            // An end in another zone is seen from the begin's.
            (
                "DTSTART;TZID=America/New_York:20260217T190000\nDTEND;TZID=Asia/Seoul:20260218T100000",
                vec!["2026-02-17"],
            ),
            ("DTSTART;VALUE=DATE:20200229\nRRULE:FREQ=YEARLY", vec![]),
            (
                "DTSTART;VALUE=DATE:20201101\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
                vec!["2026-11-26"],
            ),
            (
                "DTSTART;VALUE=DATE:20261229\nRRULE:FREQ=DAILY",
                vec!["2026-12-29", "2026-12-30", "2026-12-31"],
            ),
            ("DTSTART;VALUE=DATE:20270101\nRRULE:FREQ=DAILY", vec![]),
            (
                "DTSTART;VALUE=DATE:20260301\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20260302",
                vec!["2026-03-01", "2026-03-03"],
            ),
            (
                "DTSTART;VALUE=DATE:20260301\nRDATE;VALUE=DATE:20260501",
                vec!["2026-03-01", "2026-05-01"],
            ),
            ("DTSTART;VALUE=DATE:20260301\nSTATUS:CANCELLED", vec![]),
            // Long lines go on after a white space.
            ("DTSTART;VALUE=DA\n TE:20260217", vec!["2026-02-17"]),
        ];
        for (event, expected) in cases {
            assert_eq!(days_of(event), expected, "{event}");
        }
    }

    #[test]
    fn a_moved_occurrence_is_where_it_was_moved_to() {
        let moved = "UID:1\nDTSTART;VALUE=DATE:20260301\nRRULE:FREQ=MONTHLY;COUNT=2\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID;VALUE=DATE:20260401\nDTSTART;VALUE=DATE:20260403";
        assert_eq!(days_of(moved), ["2026-03-01", "2026-04-03"]);
    }

    #[test]
    fn a_bad_file_is_named_with_its_line() {
        let event = calendar;
        let cases = [
            ("".to_owned(), 1, "outside a calendar"),
            ("periods: {}\n".to_owned(), 1, "outside a calendar"),
            ("{\"a\": 1}".to_owned(), 1, "is not a property"),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n".to_owned(), 2, "`VEVENT` has no end"),
            ("BEGIN:VCALENDAR\nEND:VEVENT\n".to_owned(), 2, "ends what has not begun"),
            (event("SUMMARY:x"), 3, "DTSTART"),
            (event("DTSTART:20260230"), 4, "DTSTART cannot be understood"),
            (event("SUMMARY:x\nDTSTART:tomorrow"), 5, "DTSTART cannot be understood"),
            (event("DTSTART:20260217\nDTEND:soon"), 5, "DTEND cannot be understood"),
            (event("DTSTART:20260217\nRRULE:FREQ=SOMETIMES"), 5, "RRULE cannot be understood"),
            (
                event("DTSTART;TZID=Mars/Olympus:20260217T090000"),
                4,
                "`Mars/Olympus` is not a time zone",
            ),
            (event("DTSTART:20260217\nthis is no property"), 5, "is not a property"),
        ];
        for (text, line, message) in cases {
            let day = |text: &str| text.parse().unwrap();
            let bad = read(&text, day("2026-01-01"), day("2026-12-31")).unwrap_err();
            assert!(bad.line == line && bad.message.contains(message), "{text}: {bad:?}");
        }
    }

    #[test]
    fn events_that_recur_without_end_come_to_one() {
        let day = |text: &str| text.parse().unwrap();
        let text = calendar("DTSTART:19700101T000000Z\nRRULE:FREQ=SECONDLY");
        let bad = read(&text, day("2026-01-01"), day("2026-12-31")).unwrap_err();
        assert!(bad.message.contains("too often"), "{bad:?}");
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(
            lines in prop::collection::vec(
                prop_oneof![
                    Just("BEGIN:VEVENT".to_owned()), Just("END:VEVENT".to_owned()), Just("SUMMARY:설날\\, x".to_owned()),
                    "DTSTART(;VALUE=DATE)?(;TZID=(Asia/Seoul|X))?:2026[0-9]{4}(T[0-9]{6}Z?)?", "DTEND:[0-9TZ]{0,16}",
                    "RRULE:FREQ=(DAILY|YEARLY|WEEKLY|MONTHLY)(;(COUNT|INTERVAL|BYMONTH|BYMONTHDAY)=-?[0-9]{1,3}){0,2}",
                    ".*",
                ],
                0..12,
            )
        ) {
            let text = format!("BEGIN:VCALENDAR\n{}\nEND:VCALENDAR\n", lines.join("\n"));
            let day = |text: &str| text.parse().unwrap();
            let _ = read(&text, day("2026-01-01"), day("2026-12-31"));
        }
    }
}
