//! What a deployment has stored: shown, compared with a file, and changed.
//!
//! Changes are worked out here, from what was read, and made by the admin function, which refuses them if something else
//! is stored by then.

pub(crate) mod edit;
pub(crate) mod usage;

use std::io::{BufRead, IsTerminal, Write};

use scheduler_core::{
    RawConfig, RawItem,
    catalog::{Change, OWNER, WRITTEN, difference},
};
use scheduler_hub::admin::{self, Changed, Items};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    args::{Apply, Diff, Export, Format},
    exit::{Exit, Failed},
    file::{self, File},
    hub::Hub,
    show::{Show, plural},
};

/// Every stored item.
pub(crate) async fn items(hub: &Hub) -> Result<Items, Failed> {
    hub.ask_admin(&admin::Request::Items).await
}

/// Makes changes, or only has them checked.
async fn change(hub: &Hub, changes: &[Change], dry_run: bool) -> Result<Changed, Failed> {
    hub.ask_admin(&admin::Request::Change { changes: changes.to_vec(), dry_run }).await
}

pub(crate) async fn diff(diff: &Diff, mut show: Show<'_>) -> Result<Exit, Failed> {
    let hub = Hub::find(&diff.hub).await?;
    let changes = compared(&hub, &diff.file.file, diff.prune).await?;
    tell(&changes, false, &mut show)?;
    Ok(if changes.is_empty() { Exit::Done } else { Exit::Differences })
}

pub(crate) async fn apply(apply: &Apply, mut show: Show<'_>) -> Result<Exit, Failed> {
    let hub = Hub::find(&apply.hub).await?;
    let changes = compared(&hub, &apply.file.file, apply.prune).await?;
    if changes.is_empty() {
        tell(&changes, false, &mut show)?;
        return Ok(Exit::Done);
    }
    // Who reads JSON is told once, at the end.
    let is_json = show.format == Format::Json;
    if !is_json {
        tell(&changes, false, &mut show)?;
    }
    change(&hub, &changes, true).await?;
    if !apply.dry_run {
        if !apply.yes {
            confirm(&mut *show.out)?;
        }
        let Changed { changed } = change(&hub, &changes, false).await?;
        if !is_json {
            writeln!(show.out, "{} changed", plural(changed, "item"))?;
        }
    }
    if is_json {
        tell(&changes, !apply.dry_run, &mut show)?;
    }
    Ok(if apply.dry_run { Exit::Differences } else { Exit::Done })
}

pub(crate) async fn export(export: &Export, mut show: Show<'_>) -> Result<Exit, Failed> {
    let items = items(&Hub::find(&export.hub).await?).await?;
    match show.format {
        Format::Json => show.json(&sections(&items))?,
        Format::Table | Format::Ics | Format::LegacyJson => write!(show.out, "{}", text(&items))?,
    }
    Ok(Exit::Done)
}

/// What is stored, as a file of schedules.
pub(crate) fn text(items: &Items) -> String {
    let raw = RawConfig { items: written(items).cloned().collect() };
    file::yaml(&raw, Some(&items.default_timezone))
}

/// The same as JSON: the items by section and name.
fn sections(items: &Items) -> Map<String, Value> {
    let mut sections = Map::new();
    sections.insert("default_timezone".into(), items.default_timezone.clone().into());
    for item in written(items) {
        let section =
            sections.entry(format!("{}s", item.kind)).or_insert_with(|| Map::new().into());
        if let Some(items) = section.as_object_mut() {
            items.insert(item.name.clone(), item.fields.clone().into());
        }
    }
    sections
}

/// What people write. Instance Scheduler's own `config` is no schedule.
fn written(items: &Items) -> impl Iterator<Item = &RawItem> {
    items.items.iter().filter(|item| WRITTEN.contains(&item.kind.as_str()))
}

async fn compared(hub: &Hub, file: &std::path::Path, prune: bool) -> Result<Vec<Change>, Failed> {
    let file = File::read(file)?;
    // Half a file would be half a change.
    file.schedules()?;
    let stored = RawConfig { items: items(hub).await?.items };
    Ok(difference(&stored, &file.raw, prune))
}

fn confirm(out: &mut dyn Write) -> Result<(), Failed> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        let help = "write --yes to have the changes made, or --dry-run to have them checked";
        return Err(Failed::usage("unconfirmed", "there is nobody to ask", help));
    }
    write!(out, "Make these changes? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failed::new(
            "declined",
            "nothing is changed",
            "answer `y` to have the changes made",
        )),
    }
}

/// A difference for scripts.
#[derive(Debug, Serialize)]
struct Rows<'a> {
    changes: Vec<Row<'a>>,
    applied: bool,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    r#type: &'a str,
    name: &'a str,
    change: &'static str,
    /// The stack that declares it, and alone may change it.
    owner: Option<&'a str>,
    before: Option<&'a Map<String, Value>>,
    after: Option<&'a Map<String, Value>>,
}

fn tell(changes: &[Change], applied: bool, show: &mut Show<'_>) -> Result<(), Failed> {
    if show.format == Format::Json {
        let changes = changes.iter().map(|change| Row {
            r#type: &change.key.kind,
            name: &change.key.name,
            change: change.verb(),
            owner: owner(change),
            before: change.before.as_ref(),
            after: change.after.as_ref(),
        });
        return show.json(&Rows { changes: changes.collect(), applied });
    }
    for change in changes {
        lines(change, &mut *show.out)?;
    }
    let count = |verb| changes.iter().filter(|change| change.verb() == verb).count();
    let (new, other, old) = (count("create"), count("update"), count("delete"));
    match changes.is_empty() {
        true => writeln!(show.out, "no difference")?,
        false => writeln!(show.out, "{new} to create, {other} to update, {old} to delete")?,
    }
    Ok(())
}

fn owner(change: &Change) -> Option<&str> {
    change.before.as_ref()?.get(OWNER)?.as_str()
}

fn lines(change: &Change, out: &mut dyn Write) -> Result<(), Failed> {
    let sign = match change.verb() {
        "create" => '+',
        "delete" => '-',
        _ => '~',
    };
    writeln!(out, "{sign} {}", change.key)?;
    if let Some(stack) = owner(change) {
        writeln!(out, "    declared by the stack {stack}: change it there")?;
    }
    for (field, before, after) in change.fields() {
        match (before, after) {
            (Some(before), Some(after)) => writeln!(out, "    {field}: {before} -> {after}")?,
            (None, Some(after)) => writeln!(out, "  + {field}: {after}")?,
            (Some(before), None) if change.after.is_some() => {
                writeln!(out, "  - {field}: {before}")?
            }
            (Some(_) | None, None) => {}
        }
    }
    Ok(())
}
