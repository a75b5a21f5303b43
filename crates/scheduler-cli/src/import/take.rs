//! A whole table: what of it can be kept, and what cannot.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use scheduler_core::{Config, Mistake, RawConfig, RawItem, lint, mistake::Code};
use serde_json::Value;

use super::{
    Change, Difference, Dropped, differences,
    items::{self, OWNER, place},
    parameters::{self, Settings},
};

/// What became of a table.
#[derive(Debug)]
pub(super) struct Taken {
    /// What is kept.
    pub(super) file: RawConfig,
    /// The zone of schedules that name none, if the table says one.
    pub(super) zone: Option<String>,
    pub(super) changes: Vec<Change>,
    pub(super) dropped: Vec<Dropped>,
    pub(super) differences: Vec<Difference>,
    /// The hub's parameters, by their names in its template.
    pub(super) parameters: BTreeMap<&'static str, String>,
    /// Whether the scheduler that the table is of serves its own account, whose id the table does not tell.
    pub(super) serves_own_account: bool,
}

/// Takes over a table. What a stack owns is only taken if it is to be adopted.
pub(super) fn table(table: &RawConfig, adopt: bool) -> Taken {
    // A scan has no order of its own.
    let mut table = table.clone();
    table.items.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
    let settings = Settings::of(&table);
    let mut dropped = settings.dropped.clone();
    let mut changes = Vec::new();
    let owned: BTreeMap<_, _> = table
        .items
        .iter()
        .filter(|_| !adopt)
        .filter_map(|item| Some((place(item), owner(item)?)))
        .collect();
    dropped.extend(owned.iter().map(|(item, stack)| belongs_to_stack(item, stack)));
    let items = table
        .items
        .iter()
        .filter(|item| item.kind != "config" && !owned.contains_key(&place(item)));
    let items = items.map(|item| items::plain(item, settings.overwrite_counts, &mut changes));
    let mut file = RawConfig { items: items.collect() };
    remove_unread(&mut file, &mut changes);
    let zone = settings.zone.as_deref();
    drop_mistaken(&mut file, zone, &owned, &mut dropped);
    let is_kept = |item: &str| file.items.iter().any(|kept| place(kept) == item);
    changes.retain(|change| is_kept(&change.item));
    changes.extend(settings.changes.clone());
    let parameters::Parameters { values, serves_own_account } = settings.parameters(&mut dropped);
    Taken {
        differences: differences::of(&file, &settings),
        zone: settings.zone.clone(),
        file,
        changes,
        dropped,
        parameters: values,
        serves_own_account,
    }
}

fn owner(item: &RawItem) -> Option<&str> {
    item.fields.get(OWNER).and_then(Value::as_str).filter(|stack| !stack.is_empty())
}

fn belongs_to_stack(item: &str, stack: &str) -> Dropped {
    Dropped {
        item: item.to_owned(),
        field: OWNER.to_owned(),
        text: stack.to_owned(),
        code: "owned-by-stack".to_owned(),
        message: format!("it belongs to the stack {stack}, which would write it again"),
        help: "give the ServiceToken of its custom resource in that stack's template the hub's output ServiceToken, or import with --adopt and delete the custom resource".to_owned(),
    }
}

/// The mistakes in the file. Its zone has been found to be one.
fn mistakes(file: &RawConfig, zone: Option<&str>) -> Vec<Mistake> {
    let zone = zone.and_then(|zone| lint::default_zone(zone).ok());
    Config::parse(file, zone.unwrap_or(Tz::UTC)).1
}

/// Takes out fields that nothing reads.
fn remove_unread(file: &mut RawConfig, changes: &mut Vec<Change>) {
    let unread: BTreeSet<_> = mistakes(file, None)
        .into_iter()
        .filter(|mistake| mistake.code == Code::UnknownField)
        .map(|mistake| (mistake.item, mistake.field))
        .collect();
    let items = file.items.iter_mut();
    for item in items.filter(|item| ["period", "schedule"].contains(&item.kind.as_str())) {
        let place = place(item);
        let fields: Vec<_> = item.fields.keys().cloned().collect();
        for field in
            fields.into_iter().filter(|field| unread.contains(&(place.clone(), field.clone())))
        {
            let from = item.fields.remove(&field).unwrap_or_default();
            let message = "nothing here reads it".to_owned();
            let item = place.clone();
            changes.push(Change {
                item,
                field,
                change: "removed-unread",
                from,
                to: Value::Null,
                message,
            });
        }
    }
}

/// Takes out items with mistakes, until there is none: what refers to one of them has a mistake then.
fn drop_mistaken(
    file: &mut RawConfig,
    zone: Option<&str>,
    owned: &BTreeMap<String, &str>,
    dropped: &mut Vec<Dropped>,
) {
    loop {
        let is_lost = |mistake: &Mistake| {
            !mistake.code.is_warning()
                || mistake.field == "type" && mistake.code == Code::UnknownField
        };
        let mistakes: Vec<_> = mistakes(file, zone).into_iter().filter(is_lost).collect();
        let bad: BTreeSet<_> = mistakes.iter().map(|mistake| mistake.item.clone()).collect();
        let before = file.items.len();
        file.items.retain(|item| !bad.contains(&place(item)));
        dropped.extend(mistakes.into_iter().map(|mistake| mistaken(mistake, owned)));
        if file.items.len() == before {
            return;
        }
    }
}

fn mistaken(mistake: Mistake, owned: &BTreeMap<String, &str>) -> Dropped {
    let code = serde_json::to_value(mistake.code).ok();
    let code = code.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let period = mistake.text.split('@').next().unwrap_or_default().trim();
    let owner =
        owned.get(&format!("periods.{period}")).filter(|_| mistake.code == Code::UnknownPeriod);
    let (message, help) = match owner {
        None => (mistake.message, mistake.help),
        Some(stack) => (
            format!("the period `{period}` belongs to the stack {stack}"),
            "write a period of its own for this schedule, or import with --adopt".to_owned(),
        ),
    };
    let Mistake { item, field, text, .. } = mistake;
    Dropped { item, field, text, code, message, help }
}
