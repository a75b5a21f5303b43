//! `evaluate`: what a schedule wants at some instants.

use scheduler_core::{Config, Desired, Instant, Schedule, verdict::Rule};
use serde::Serialize;

use crate::{
    args::{Evaluate, Format},
    exit::{Exit, Failed},
    show::Show,
    source, wall,
};

/// A verdict for scripts. Times are in the schedule's zone.
#[derive(Debug, Serialize)]
struct Row {
    at: String,
    schedule: String,
    desired: Desired,
    instance_type: Option<String>,
    rule: Rule,
    name: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

pub(crate) async fn run(
    evaluate: &Evaluate,
    now: Instant,
    mut show: Show<'_>,
) -> Result<Exit, Failed> {
    let file = source::read(&evaluate.source).await?;
    let schedule = file.schedule(&evaluate.schedule)?;
    let instants = if evaluate.at.is_empty() { &[now][..] } else { &evaluate.at };
    let rows: Vec<Row> = instants.iter().map(|at| Row::of(&file.config, schedule, *at)).collect();
    match show.format {
        Format::Table | Format::Ics | Format::LegacyJson => table(&rows, &mut show)?,
        Format::Json => show.json(&rows)?,
    }
    Ok(Exit::Done)
}

impl Row {
    fn of(config: &Config, schedule: &Schedule, at: Instant) -> Self {
        let verdict = config.verdict(schedule, at);
        let time = |at| wall::rfc3339(at, schedule.zone);
        Self {
            at: time(at),
            schedule: schedule.name.to_string(),
            desired: verdict.desired,
            instance_type: verdict.instance_type.map(|kind| kind.to_string()),
            rule: verdict.rule,
            name: verdict.name,
            since: verdict.since.map(time),
            until: verdict.until.map(time),
        }
    }

    fn cells(&self) -> Vec<String> {
        let text = |cell: &Option<String>, absent: &str| {
            cell.as_deref().map_or_else(|| absent.to_owned(), str::to_owned)
        };
        let rule = serde_json::to_value(self.rule).unwrap_or_default();
        vec![
            self.at.clone(),
            self.desired.to_string(),
            text(&self.instance_type, "-"),
            rule.as_str().unwrap_or_default().to_owned(),
            text(&self.name, "-"),
            text(&self.since, "always"),
            text(&self.until, "for good"),
        ]
    }
}

fn table(rows: &[Row], show: &mut Show<'_>) -> Result<(), Failed> {
    let head = ["AT", "DESIRED", "INSTANCE TYPE", "RULE", "NAME", "SINCE", "UNTIL"];
    show.columns(&head, &rows.iter().map(Row::cells).collect::<Vec<_>>())
}
