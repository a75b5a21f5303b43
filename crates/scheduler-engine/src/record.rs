//! Saying what happened: one line for each outcome that did or tried something, one for each target in
//! trouble, one for the pass. Messages are constant; facts are fields.

use crate::report::{OutcomeRow, RunReport, TargetRow};

/// Writes a pass to the log.
pub fn log(report: &RunReport) {
    report.outcomes.iter().filter(|row| row.action != "leave").for_each(log_outcome);
    report.targets.iter().filter(|row| row.outcome != "ok").for_each(log_target);
    let pass = &report.pass;
    tracing::info!(
        at = pass.at,
        dry_run = pass.dry_run,
        targets = pass.targets,
        resources = pass.resources,
        started = pass.started,
        stopped = pass.stopped,
        left = pass.left,
        failed = pass.failed,
        duration_ms = pass.duration_ms,
        "pass finished"
    );
}

fn log_outcome(row: &OutcomeRow) {
    // The level is part of what the macro builds at compile time, hence a macro and no function.
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                partition = row.partition,
                account = row.account,
                region = row.region,
                kind = row.kind,
                resource = row.resource,
                schedule = row.schedule,
                observed = row.observed,
                desired = row.desired,
                action = row.action,
                why = row.why,
                outcome = row.outcome,
                code = row.code,
                reason = row.message,
                "action"
            )
        };
    }
    if row.message.is_some() { line!(warn) } else { line!(info) }
}

fn log_target(row: &TargetRow) {
    tracing::error!(
        partition = row.partition,
        account = row.account,
        region = row.region,
        code = row.code,
        reason = row.message,
        "target failed"
    );
}
