//! What there is to know of an import: for scripts, and for people.

use std::{collections::BTreeMap, fmt::Write as _};

use chrono::{NaiveDate, TimeDelta};
use scheduler_core::RawConfig;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Change, Difference, Dropped, take::Taken};
use crate::show::plural;

const WEEK: TimeDelta = TimeDelta::days(6);

/// The import for scripts.
#[derive(Debug, Serialize)]
pub(super) struct Rows<'a> {
    changes: &'a [Change],
    kept: usize,
    dropped: &'a [Dropped],
    differences: &'a [Difference],
    /// The hub's, by their names in its template.
    parameters: &'a BTreeMap<&'static str, String>,
    /// Whether the hub's own account belongs to `Accounts` too, whose id the table does not tell.
    serves_own_account: bool,
    /// The file of schedules.
    file: Map<String, Value>,
}

pub(super) fn rows(taken: &Taken) -> Rows<'_> {
    Rows {
        changes: &taken.changes,
        kept: taken.file.items.len(),
        dropped: &taken.dropped,
        differences: &taken.differences,
        parameters: &taken.parameters,
        serves_own_account: taken.serves_own_account,
        file: sections(&taken.file, taken.zone.as_deref()),
    }
}

fn sections(file: &RawConfig, zone: Option<&str>) -> Map<String, Value> {
    let mut sections: Map<String, Value> = Map::new();
    if let Some(zone) = zone {
        sections.insert("default_timezone".to_owned(), zone.into());
    }
    for item in &file.items {
        let section = sections.entry(format!("{}s", item.kind));
        if let Value::Object(items) = section.or_insert_with(|| Map::new().into()) {
            items.insert(item.name.clone(), item.fields.clone().into());
        }
    }
    sections
}

/// The import for people. `table` is what was read, if it was a table; `file` is where the schedules are, or go.
pub(super) fn text(taken: &Taken, table: Option<&str>, file: &str, today: NaiveDate) -> String {
    let mut text = String::new();
    let kept = plural(taken.file.items.len(), "item");
    let lost = plural(taken.dropped.len(), "thing");
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{kept} kept, {lost} left out");
    section(&mut text, "Left out", taken.dropped.iter().map(left_out));
    section(&mut text, "Changed, with the same meaning", changed(&taken.changes));
    section(&mut text, "Kept, with another meaning", taken.differences.iter().map(different));
    let told_elsewhere = (!taken.parameters.contains_key("TagKey")).then_some("The table does not tell the tag's key, the Regions and the default time zone: take TagName, Regions and DefaultTimezone of Instance Scheduler's stack.");
    let deploy = [deploy(taken)].into_iter().chain(told_elsewhere.map(str::to_owned));
    section(&mut text, "To deploy the hub (docs/migrate.md)", deploy);
    let table = table.unwrap_or("NAME");
    let in_place = format!(
        "The hub can use the table as it stands, deployed with ConfigTableName={table} (docs/migrate.md). It ignores overwrite, use_metrics, configured_in_stack and the item config/scheduler there, and it leaves out what is left out here because of a mistake."
    );
    section(&mut text, "In place instead", [in_place]);
    let name = shell(file);
    let next = [
        format!("scheduler-cli lint --file {name}"),
        format!("scheduler-cli preview --file {name} --from {today} --to {}", today + WEEK),
    ];
    section(&mut text, "Next", next);
    text
}

fn section(text: &mut String, title: &str, entries: impl IntoIterator<Item = String>) {
    let mut entries = entries.into_iter().peekable();
    if entries.peek().is_some() {
        let _ = writeln!(text, "\n{title}:");
    }
    for entry in entries {
        let _ = writeln!(text, "  {entry}");
    }
}

fn left_out(dropped: &Dropped) -> String {
    let Dropped { item, field, message, help, .. } = dropped;
    let place = if field.is_empty() { item.clone() } else { format!("{item}, {field}") };
    shown(&format!("{place}: {message};")) + "\n    " + &shown(help)
}

/// Each change; those of lists, of which there is one in nearly every item, are counted.
fn changed(changes: &[Change]) -> impl Iterator<Item = String> {
    let is_list = |change: &&Change| change.change.ends_with("-to-list");
    let lists = changes.iter().filter(is_list).count();
    let plural = if lists == 1 { "set becomes a list" } else { "sets become lists" };
    let counted =
        (lists > 0).then(|| format!("{lists} {plural}, in the order of the members' names"));
    let told = changes.iter().filter(move |change| !is_list(change));
    let told = told.map(|Change { item, field, change, message, .. }| {
        match change.strip_prefix("removed-") {
            Some(_) => shown(&format!("{item}, {field} is left out: {message}")),
            None => shown(&format!("{item}, {field}: {message}")),
        }
    });
    counted.into_iter().chain(told.collect::<Vec<_>>())
}

fn different(difference: &Difference) -> String {
    shown(&format!("{}: {}", difference.items.join(", "), difference.message))
}

/// The command that deploys a hub which serves the same.
fn deploy(taken: &Taken) -> String {
    let own = "\"$(aws sts get-caller-identity --query Account --output text)\"";
    let mut parameters =
        vec!["CodeBucket=\"$BUCKET\" CodeKey=\"$key\" Architecture=x86_64 Active=No".to_owned()];
    let accounts = taken.parameters.get("Accounts");
    let ids = accounts.map(|accounts| shell(accounts)).into_iter();
    let ids: Vec<_> = ids.chain(taken.serves_own_account.then(|| own.to_owned())).collect();
    if !ids.is_empty() {
        parameters.push(format!("Accounts={}", ids.join(",")));
    }
    let others = taken.parameters.iter().filter(|(name, _)| **name != "Accounts");
    parameters.extend(others.map(|(name, value)| format!("{name}={}", shell(value))));
    let command = "aws cloudformation deploy --stack-name dayshift --template-file cloudformation/hub.yaml --capabilities CAPABILITY_IAM --parameter-overrides";
    format!("{command} \\\n      {}", parameters.join(" \\\n      "))
}

/// A word as a shell reads it.
fn shell(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:=+@,-".contains(c);
    match text.chars().all(is_plain) && !text.is_empty() {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// A text of the table on one line, so that it cannot pass for one of ours.
fn shown(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}
