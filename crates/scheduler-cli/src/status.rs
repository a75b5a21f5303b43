//! `status`: every managed resource.

use scheduler_engine::status::{StatusReport, StatusRow};
use scheduler_hub::Request;

use crate::{
    args::{Format, Status},
    exit::{Exit, Failed},
    hub::Hub,
    scope,
    show::{Show, plural},
};

pub(crate) async fn run(status: &Status, mut show: Show<'_>) -> Result<Exit, Failed> {
    let scope = status.scope.scope();
    let hub = Hub::find(&status.hub).await?;
    let report: StatusReport = hub.ask(&Request::Status { scope: scope.clone() }).await?;
    match show.format {
        Format::Json => show.json(&report)?,
        Format::Table | Format::Ics | Format::LegacyJson => table(&report, &mut show)?,
    }
    if report.resources.is_empty() {
        scope::check(&hub, &scope).await?;
    }
    Ok(if report.targets.is_empty() { Exit::Done } else { Exit::Failed })
}

fn table(report: &StatusReport, show: &mut Show<'_>) -> Result<(), Failed> {
    let head = [
        "ACCOUNT", "REGION", "KIND", "RESOURCE", "SCHEDULE", "OBSERVED", "DESIRED", "UNTIL", "LAST",
    ];
    let rows: Vec<_> = report.resources.iter().map(cells).collect();
    match rows.is_empty() {
        true => writeln!(show.out, "no managed resources")?,
        false => show.columns(&head, &rows)?,
    }
    for target in &report.targets {
        let message = target.message.as_deref().unwrap_or_default();
        let (account, region) = (&target.account, &target.region);
        writeln!(show.out, "\n! {account} {region} could not be looked at: {message}")?;
    }
    if report.omitted > 0 {
        let more = plural(report.omitted, "more resource");
        writeln!(show.out, "\n{more} left out; ask for one account")?;
    }
    Ok(())
}

fn cells(row: &StatusRow) -> Vec<String> {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    vec![
        row.account.clone(),
        row.region.clone(),
        row.kind.clone(),
        row.resource.clone(),
        row.schedule.clone(),
        row.observed.clone(),
        or_dash(&row.desired),
        or_dash(&row.until),
        last(row),
    ]
}

/// `start failed 2026-03-26T07:00:00Z: no-capacity: ...`
fn last(row: &StatusRow) -> String {
    let words = [&row.last_action, &row.last_outcome, &row.last_action_at];
    let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
    match (&row.last_error, words.is_empty()) {
        (Some(error), false) => format!("{}: {error}", words.join(" ")),
        (Some(error), true) => error.clone(),
        (None, false) => words.join(" "),
        (None, true) => "-".into(),
    }
}
