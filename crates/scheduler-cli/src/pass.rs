//! `run`: one pass now.

use scheduler_engine::report::{OutcomeRow, RunReport};
use scheduler_hub::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    args::{Format, Run},
    exit::{Exit, Failed},
    hub::Hub,
    scope,
    show::{Show, plural},
};

/// What the hub answers.
#[derive(Debug, Deserialize, Serialize)]
struct Answer {
    #[serde(flatten)]
    run: RunReport,
    mistakes: Vec<Value>,
    omitted: usize,
}

pub(crate) async fn run(run: &Run, mut show: Show<'_>) -> Result<Exit, Failed> {
    let scope = run.scope.scope();
    let hub = Hub::find(&run.hub).await?;
    let request = Request::Run { now: None, dry_run: run.dry_run, scope: scope.clone() };
    let answer: Answer = hub.ask(&request).await?;
    match show.format {
        Format::Json => show.json(&answer)?,
        Format::Table | Format::Ics | Format::LegacyJson => table(&answer, &mut show)?,
    }
    if answer.run.outcomes.is_empty() {
        scope::check_place(&scope, answer.run.pass.targets)?;
        scope::check_schedule(&hub, scope.schedule.as_ref()).await?;
    }
    let is_well =
        answer.run.pass.failed == 0 && answer.run.targets.iter().all(|t| t.outcome == "ok");
    Ok(if is_well { Exit::Done } else { Exit::Failed })
}

fn table(answer: &Answer, show: &mut Show<'_>) -> Result<(), Failed> {
    let Answer { run, mistakes, omitted } = answer;
    let head = ["ACCOUNT", "REGION", "KIND", "RESOURCE", "SCHEDULE", "ACTION", "OUTCOME", "WHY"];
    let rows: Vec<_> = run.outcomes.iter().map(cells).collect();
    show.columns(&head, &rows)?;
    for target in run.targets.iter().filter(|target| target.outcome != "ok") {
        let message = target.message.as_deref().unwrap_or_default();
        writeln!(show.out, "\n! {} {}: {message}", target.account, target.region)?;
    }
    for mistake in mistakes {
        let text = |name: &str| mistake[name].as_str().unwrap_or_default();
        writeln!(show.out, "\n! {}: {}; {}", text("item"), text("message"), text("help"))?;
    }
    if *omitted > 0 {
        writeln!(show.out, "\n{} left out", plural(*omitted, "more resource"))?;
    }
    let pass = &run.pass;
    let done = if pass.dry_run { "would be " } else { "" };
    writeln!(
        show.out,
        "\n{}, {}: {} {done}started, {} {done}stopped, {} {done}resized, {} left, {} failed",
        plural(pass.targets, "target"),
        plural(pass.resources, "resource"),
        pass.started,
        pass.stopped,
        pass.resized,
        pass.left,
        pass.failed
    )?;
    Ok(())
}

fn cells(row: &OutcomeRow) -> Vec<String> {
    let outcome = match &row.code {
        Some(code) if row.outcome != "done" => format!("{} ({code})", row.outcome),
        Some(_) | None => row.outcome.clone(),
    };
    let why = match &row.message {
        Some(message) => format!("{}; {message}", row.why),
        None => row.why.clone(),
    };
    let (account, region, kind) = (row.account.clone(), row.region.clone(), row.kind.clone());
    let (resource, schedule, action) =
        (row.resource.clone(), row.schedule.clone(), row.action.clone());
    vec![account, region, kind, resource, schedule, action, outcome, why]
}
