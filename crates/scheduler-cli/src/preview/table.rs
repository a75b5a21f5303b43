//! The preview for people.

use chrono::{Datelike, TimeDelta};
use scheduler_core::stretch::Stretch;

use super::{course::Course, day::Day};
use crate::{
    exit::Failed,
    show::{Show, plural},
};

/// The hours over the bar, each at its cell.
const HOURS: &str = "0     3     6     9     12    15    18    21    ";
const HEAD: [&str; 6] = ["DATE", "DAY", HOURS, "RUNS", "HOURS", ""];
const LEGEND: &str = "█ runs  ▒ runs for a part  ░ no opinion  · stopped";

pub(super) fn draw(courses: &[Course<'_>], show: &mut Show<'_>) -> Result<(), Failed> {
    for course in courses {
        let days: Vec<Day> = course.days().collect();
        writeln!(show.out, "{}, {}", course.schedule.name, course.zone())?;
        let rows: Vec<_> = days.iter().map(|day| cells(day, course)).collect();
        show.columns(&HEAD, &rows)?;
        writeln!(show.out, "{}\n", total(&days))?;
    }
    Ok(writeln!(show.out, "{LEGEND}")?)
}

fn cells(day: &Day, course: &Course<'_>) -> Vec<String> {
    let runs: Vec<_> = day.runs().map(|run| span(run, day, course)).collect();
    let clocks = clock_change(day.clock_change());
    let notes: Vec<String> = clocks.into_iter().chain(day.notes.iter().cloned()).collect();
    vec![
        day.date.to_string(),
        day.date.weekday().to_string(),
        day.bar(course.zone()),
        if runs.is_empty() { "-".into() } else { runs.join(", ") },
        format!("{:>5}", hours(day.running())),
        notes.join("; "),
    ]
}

/// `09:00-18:00`, `22:00-24:00 m5.large`.
fn span(run: &Stretch, day: &Day, course: &Course<'_>) -> String {
    let time = |at: scheduler_core::Instant| at.with_timezone(&course.zone()).format("%H:%M");
    let end = if run.end == day.end { "24:00".to_owned() } else { time(run.end).to_string() };
    let kind = run.instance_type.as_ref().map(|kind| format!(" {kind}")).unwrap_or_default();
    format!("{}-{end}{kind}", time(run.begin))
}

/// The mark of a day on which clocks change.
fn clock_change(change: TimeDelta) -> Option<String> {
    match change.num_minutes() {
        0 => None,
        minutes if minutes > 0 => Some(format!("! clocks go forward {}", hours(change))),
        _ => Some(format!("! clocks go back {}", hours(-change))),
    }
}

/// Hours and minutes: `9:00`.
fn hours(span: TimeDelta) -> String {
    format!("{}:{:02}", span.num_hours(), span.num_minutes() % 60)
}

fn total(days: &[Day]) -> String {
    let running: TimeDelta = days.iter().map(Day::running).sum();
    let all: TimeDelta = days.iter().map(|day| day.end - day.begin).sum();
    let share = 100.0 * running.num_seconds() as f64 / all.num_seconds().max(1) as f64;
    let count = plural(days.len(), "day");
    format!("{} hours in {count}, {share:.0} % of {}", hours(running), hours(all))
}
