//! `lint`: everything that is wrong in a file of schedules, and what is probably not meant.

use chrono::TimeDelta;
use scheduler_core::{Instant, lint};
use serde::Serialize;

use crate::{
    args::{Format, Lint},
    exit::{Exit, Failed},
    file::{self, File, FindingRow},
    show::Show,
    source,
};

/// How far warnings look ahead.
const AHEAD: TimeDelta = TimeDelta::days(2 * 366);

#[derive(Debug, Serialize)]
struct Rows<'a> {
    findings: Vec<FindingRow<'a>>,
}

pub(crate) async fn run(lint: &Lint, now: Instant, mut show: Show<'_>) -> Result<Exit, Failed> {
    let mut file = source::read(&lint.source).await?;
    if file.is_whole() {
        let mut warnings = lint::warnings(&file.config, &file.raw, now, now + AHEAD);
        warnings.extend(file.config.expired(now));
        file.report(
            warnings.into_iter().filter(|warning| !file.has_error(&warning.item)).collect(),
        );
    }
    match show.format {
        Format::Table | Format::Ics | Format::LegacyJson => drawn(&file, &mut show)?,
        Format::Json => {
            let rows = file.findings.iter().map(|finding| FindingRow::of(finding, &file));
            show.json(&Rows { findings: rows.collect() })?;
        }
    }
    Ok(if file.has_errors() { Exit::Usage } else { Exit::Done })
}

fn drawn(file: &File, show: &mut Show<'_>) -> Result<(), Failed> {
    for finding in &file.findings {
        writeln!(show.out, "{}", file::draw(file, finding))?;
    }
    Ok(writeln!(show.out, "{}", file::summary(&file.findings))?)
}
