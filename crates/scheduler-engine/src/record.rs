//! Saying what happened: one line for each outcome that did or tried something, one for each target in
//! trouble, one for the pass. Messages are constant; facts are fields.

use crate::report::{OutcomeRow, PassRow, ResourceReport, TargetReport, TargetRow};

/// Writes to the log what came of a target.
pub fn log_target(report: &TargetReport) {
    let acted = report.resources.iter().filter(|one| one.action.step().is_some());
    acted.for_each(|one: &ResourceReport| log_outcome(&one.row(&report.target)));
    if !report.troubles.is_empty() {
        log_trouble(&report.row());
    }
}

/// Writes a shard of a pass to the log, and how many of its targets are left to another.
pub fn log_shard(pass: &str, shard: u32, row: &PassRow, rest: usize) {
    tracing::info!(
        pass,
        shard,
        at = row.at,
        targets = row.targets,
        resources = row.resources,
        started = row.started,
        stopped = row.stopped,
        failed = row.failed,
        rest,
        duration_ms = row.duration_ms,
        "shard finished"
    );
}

/// Writes a whole pass to the log.
pub fn log_pass(pass: &PassRow) {
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

fn log_trouble(row: &TargetRow) {
    tracing::error!(
        partition = row.partition,
        account = row.account,
        region = row.region,
        code = row.code,
        reason = row.message,
        "target failed"
    );
}
