//! The preview for scripts.

use scheduler_core::stretch::Stretch;
use serde::Serialize;

use super::{course::Course, day::Day};
use crate::wall;

/// A schedule's days.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    schedule: String,
    timezone: String,
    days: Vec<DayRow>,
    hours: f64,
}

#[derive(Debug, Serialize)]
struct DayRow {
    date: String,
    spans: Vec<SpanRow>,
    hours: f64,
}

#[derive(Debug, Serialize)]
struct SpanRow {
    begin: String,
    end: String,
    name: Option<String>,
    instance_type: Option<String>,
}

impl Row {
    pub(super) fn of(course: &Course<'_>) -> Self {
        let days: Vec<Day> = course.days().collect();
        Self {
            schedule: course.schedule.name.to_string(),
            timezone: course.zone().to_string(),
            hours: hours(days.iter().map(Day::running).sum()),
            days: days.iter().map(|day| DayRow::of(day, course)).collect(),
        }
    }
}

impl DayRow {
    fn of(day: &Day, course: &Course<'_>) -> Self {
        let span = |run: &Stretch| SpanRow {
            begin: wall::rfc3339(run.begin, course.zone()),
            end: wall::rfc3339(run.end, course.zone()),
            name: run.name.clone(),
            instance_type: run.instance_type.clone(),
        };
        Self {
            date: day.date.to_string(),
            spans: day.runs().map(span).collect(),
            hours: hours(day.running()),
        }
    }
}

fn hours(span: chrono::TimeDelta) -> f64 {
    span.num_seconds() as f64 / 3600.0
}
