//! `import instance-scheduler`: the table of Instance Scheduler on AWS, taken over as a file of schedules.
//!
//! ```text
//! table ──▶ items translated, one by one ──▶ mistakes ──▶ a file, the hub's parameters, and what to know of both
//!           [items]                          [take]       [file::yaml]  [parameters]    [differences], [report]
//! ```
//!
//! What a field means is core's business: an item in which it finds a mistake is left out and named.

mod differences;
mod items;
mod parameters;
mod report;
mod take;
#[cfg(test)]
mod tests;

use std::path::Path;

use scheduler_aws::config_table;
use scheduler_core::{Instant, RawConfig};
use serde::Serialize;
use serde_json::Value;

use self::take::Taken;
use crate::{
    args::{Format, ImportInstanceScheduler},
    exit::{Exit, Failed},
    file, hub,
    show::{Show, plural},
};

/// Something in the table that the file says in another way, or not at all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Change {
    item: String,
    field: String,
    /// What sort of change it is; a stable word for scripts.
    change: &'static str,
    from: Value,
    /// What stands in the file; null if nothing does.
    to: Value,
    message: String,
}

/// Something in the table that could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Dropped {
    item: String,
    field: String,
    text: String,
    /// Why; a stable word for scripts, that of `lint` if it is a mistake.
    code: String,
    message: String,
    help: String,
}

/// Something that is kept and means something else here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// A stable word for scripts.
    code: &'static str,
    /// The items that are concerned.
    items: Vec<String>,
    message: &'static str,
}

pub(crate) async fn run(
    import: &ImportInstanceScheduler,
    now: Instant,
    mut show: Show<'_>,
) -> Result<Exit, Failed> {
    let today = now.date_naive();
    let taken = take::table(&read(import).await?, import.adopt);
    let yaml = file::yaml(&taken.file, taken.zone.as_deref());
    if let Some(out) = &import.out {
        write(out, &yaml)?;
    }
    match (show.format, &import.out) {
        (Format::Json, _) => show.json(&report::rows(&taken))?,
        (Format::Table | Format::Ics | Format::LegacyJson, Some(out)) => {
            let report = report::text(
                &taken,
                import.source.table.as_deref(),
                &out.display().to_string(),
                today,
            );
            write!(show.out, "{report}")?;
        }
        // Behind `#`, so that what is printed is a file as a whole.
        (Format::Table | Format::Ics | Format::LegacyJson, None) => {
            let report =
                report::text(&taken, import.source.table.as_deref(), "schedules.yaml", today);
            for line in report.lines() {
                writeln!(show.out, "{}", format!("# {line}").trim_end())?;
            }
            write!(show.out, "\n{yaml}")?;
        }
    }
    finish(&taken)
}

async fn read(import: &ImportInstanceScheduler) -> Result<RawConfig, Failed> {
    if let Some(items) = &import.source.items {
        let help = "write it with `aws dynamodb scan --table-name NAME --output json`";
        let scan = config_table::from_scan(&file::text(items)?);
        return scan.map_err(|error| {
            Failed::usage("bad-scan", format!("{}: {error}", items.display()), help)
        });
    }
    let table = import.source.table.as_deref().unwrap_or_default();
    let aws = hub::connect(&import.aws).await?;
    aws.config(table).await.map_err(|failure| {
        let help = format!(
            "check the table's name, the Region, and that your credentials may scan it (dynamodb:Scan, and kms:Decrypt if a key of your own encrypts it): {table}"
        );
        Failed::unreachable(failure.code.as_str(), &failure, &help)
    })
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    std::fs::write(path, text).map_err(|error| {
        let message = format!("cannot write {}: {error}", path.display());
        Failed::usage("unwritable", message, "check the folder and its permissions")
    })
}

fn finish(taken: &Taken) -> Result<Exit, Failed> {
    if taken.dropped.is_empty() {
        return Ok(Exit::Done);
    }
    let lost = plural(taken.dropped.len(), "thing");
    let message = format!("{lost} of the table could not be kept");
    Err(Failed::new("not-kept", message, "they are named in the output, with what to do"))
}
