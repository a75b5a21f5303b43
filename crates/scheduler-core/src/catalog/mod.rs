//! The stored items as a whole: how they differ from others, and what changes to them are allowed.
//!
//! A [`Change`] carries the item as its maker saw it. If that is not what is stored by the time it is made, it is
//! refused: nobody's edit is overwritten unseen. What a CloudFormation stack has declared is changed by that stack only,
//! and no change may leave a mistake behind that was not there before.

mod canonical;
pub mod declared;
pub mod legacy;
pub mod usage;

pub use canonical::{SETS, canonical};

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Config, Mistake, RawConfig, RawItem};

/// An item's fields, beside its type and name.
pub type Fields = Map<String, Value>;

/// The field that names the CloudFormation stack which has declared an item.
pub const OWNER: &str = "configured_in_stack";

/// An item by its type and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemKey {
    /// Its type: `period`, `schedule`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// `schedule office`
impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// One item that is to be made, changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which.
    #[serde(flatten)]
    pub key: ItemKey,
    /// Its fields as whoever changes it saw them; none if it was not there.
    pub before: Option<Fields>,
    /// Its fields as they are to be; none if it is to be deleted.
    pub after: Option<Fields>,
}

impl Change {
    /// What it does to the item, as one word.
    pub fn verb(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "create",
            (Some(_), Some(_)) => "update",
            (Some(_), None) => "delete",
        }
    }

    /// The fields that differ, each with its old and its new value.
    pub fn fields(&self) -> Vec<(&str, Option<&Value>, Option<&Value>)> {
        let (before, after) = (self.before.as_ref(), self.after.as_ref());
        let names: BTreeSet<&String> =
            before.into_iter().chain(after).flat_map(|fields| fields.keys()).collect();
        names
            .into_iter()
            .map(|name| {
                (name.as_str(), before.and_then(|f| f.get(name)), after.and_then(|f| f.get(name)))
            })
            .filter(|(_, before, after)| before != after)
            .collect()
    }
}

/// Why changes are refused. Nothing of them was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Somebody else has changed the items since they were read.
    #[error("changed by somebody else in the meantime: {}; look at the difference again", listed(.0))]
    Conflict(Vec<ItemKey>),
    /// A CloudFormation stack has declared the item.
    #[error("{item} is declared by the stack {stack}; change it there")]
    Owned {
        /// The item.
        item: ItemKey,
        /// The stack's ARN or name.
        stack: String,
    },
    /// The items would not be understood.
    #[error("{}", first(.0))]
    Mistakes(Vec<Mistake>),
}

impl Refused {
    /// The error's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Refused::Conflict(_) => "conflict",
            Refused::Owned { .. } => "owned-by-stack",
            Refused::Mistakes(_) => "mistakes",
        }
    }
}

fn listed(keys: &[ItemKey]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn first(mistakes: &[Mistake]) -> String {
    let more = match mistakes.len() {
        0 | 1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    mistakes.first().map_or_else(String::new, |mistake| format!("{mistake}{more}"))
}

impl RawItem {
    /// Its type and name.
    pub fn key(&self) -> ItemKey {
        ItemKey { kind: self.kind.clone(), name: self.name.clone() }
    }
}

impl RawConfig {
    /// The fields of an item, if it is there.
    pub fn get(&self, key: &ItemKey) -> Option<&Fields> {
        let found = self.items.iter().find(|item| item.kind == key.kind && item.name == key.name);
        found.map(|item| &item.fields)
    }

    /// The items after some changes, in the order of their keys.
    #[must_use]
    pub fn with(&self, changes: &[Change]) -> Self {
        let mut items: BTreeMap<ItemKey, Fields> =
            self.items.iter().map(|item| (item.key(), item.fields.clone())).collect();
        for change in changes {
            match &change.after {
                Some(fields) => items.insert(change.key.clone(), fields.clone()),
                None => items.remove(&change.key),
            };
        }
        let item =
            |(key, fields): (ItemKey, Fields)| RawItem { kind: key.kind, name: key.name, fields };
        Self { items: items.into_iter().map(item).collect() }
    }
}

/// Types of items that people write; others, such as Instance Scheduler's own `config`, are nobody's to delete.
pub const WRITTEN: [&str; 6] =
    ["period", "calendar", "schedule", "exception", "override", "workload"];

/// The changes that make of what is stored what is wanted; with `prune`, what is stored beside it is deleted, but for
/// what a stack has declared. In an order in which no item ever names one that is not there.
pub fn difference(stored: &RawConfig, wanted: &RawConfig, prune: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    for item in &wanted.items {
        let (key, after) = (item.key(), canonical(&item.fields));
        let before = stored.get(&key);
        let owner = before.and_then(|fields| fields.get(OWNER));
        let is_same = before.is_some_and(|before| without_owner(before) == without_owner(&after));
        if !is_same {
            let mut after = after;
            // Whoever owns it still does: the change is then refused, and not made silently.
            after.extend(owner.map(|owner| (OWNER.to_owned(), owner.clone())));
            changes.push(Change { key, before: before.cloned(), after: Some(after) });
        }
    }
    let is_wanted = |item: &RawItem| wanted.get(&item.key()).is_some();
    let is_ours =
        |item: &RawItem| WRITTEN.contains(&item.kind.as_str()) && !item.fields.contains_key(OWNER);
    let surplus = stored.items.iter().filter(|item| prune && is_ours(item) && !is_wanted(item));
    changes.extend(surplus.map(|item| Change {
        key: item.key(),
        before: Some(item.fields.clone()),
        after: None,
    }));
    changes.sort_by_key(|change| (turn(change), change.key.clone()));
    changes
}

fn without_owner(fields: &Fields) -> Fields {
    let mut fields = canonical(fields);
    fields.remove(OWNER);
    fields
}

/// Who comes first: what others name, and at the end the deletion of what others had named.
fn turn(change: &Change) -> usize {
    let place = WRITTEN.iter().position(|kind| *kind == change.key.kind).unwrap_or(WRITTEN.len());
    if change.after.is_some() { place } else { 2 * WRITTEN.len() - place }
}

/// Whether changes may be made to what is stored. `stack` is the CloudFormation stack that asks for them, if one does.
///
/// # Errors
///
/// If an item has been changed since, belongs to another stack, or would not be understood.
pub fn check(
    stored: &RawConfig,
    changes: &[Change],
    default_zone: Tz,
    stack: Option<&str>,
) -> Result<(), Refused> {
    let is_stale = |change: &&Change| {
        stored.get(&change.key).map(canonical) != change.before.as_ref().map(canonical)
    };
    let stale: Vec<ItemKey> =
        changes.iter().filter(is_stale).map(|change| change.key.clone()).collect();
    if !stale.is_empty() {
        return Err(Refused::Conflict(stale));
    }
    for change in changes {
        let owner = change.before.as_ref().and_then(|fields| fields.get(OWNER)?.as_str());
        if let Some(owner) = owner.filter(|owner| !owner.is_empty() && Some(*owner) != stack) {
            let (item, stack) = (change.key.clone(), owner.to_owned());
            return Err(Refused::Owned { item, stack });
        }
    }
    let known = errors(stored, default_zone);
    let mut new = errors(&stored.with(changes), default_zone);
    // What was wrong before and is left alone is no reason to refuse something else.
    let places: BTreeSet<String> = changes.iter().map(|change| place(&change.key)).collect();
    new.retain(|mistake| places.contains(&mistake.item) || !known.contains(mistake));
    if new.is_empty() { Ok(()) } else { Err(Refused::Mistakes(new)) }
}

fn place(key: &ItemKey) -> String {
    format!("{}s.{}", key.kind, key.name)
}

fn errors(items: &RawConfig, default_zone: Tz) -> Vec<Mistake> {
    let (_, mut mistakes) = Config::parse(items, default_zone);
    mistakes.retain(|mistake| !mistake.code.is_warning());
    mistakes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn items(json: Value) -> RawConfig {
        RawConfig::from_json(&json.to_string()).unwrap()
    }

    fn stored() -> RawConfig {
        items(json!({
            "periods": {"office": {"begintime": "09:00", "endtime": "17:00", "weekdays": ["mon-fri"]}},
            "schedules": {
                "berlin": {"periods": ["office"], "timezone": "Europe/Berlin", "enforced": "true"},
                "theirs": {"periods": ["office"], "configured_in_stack": "arn:aws:cloudformation:x:1:stack/web/1"},
            },
            "configs": {"scheduler": {"tagname": "Schedule"}},
        }))
    }

    fn told(changes: &[Change]) -> Vec<String> {
        changes.iter().map(|change| format!("{} {}", change.verb(), change.key)).collect()
    }

    #[test]
    fn what_means_the_same_is_no_difference() {
        let same = items(json!({
            "periods": {"office": {"begintime": "09:00", "endtime": "17:00", "weekdays": "mon-fri", "description": ""}},
            "schedules": {
                "berlin": {"periods": "office", "timezone": "Europe/Berlin", "enforced": true},
                "theirs": {"periods": ["office"]},
            },
        }));
        assert_eq!(told(&difference(&stored(), &same, true)), [""; 0]);
    }

    #[test]
    fn no_item_ever_names_one_that_is_not_there() {
        let wanted = items(json!({
            "periods": {"late": {"begintime": "12:00"}},
            "schedules": {"seoul": {"periods": ["late"]}},
        }));
        let changes = difference(&stored(), &wanted, true);
        let expected = [
            "create period late",
            "create schedule seoul",
            "delete schedule berlin",
            "delete period office",
        ];
        assert_eq!(told(&changes), expected);
        // The period is still named by a schedule of a stack's.
        let refused = check(&stored(), &changes, Tz::UTC, None).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "schedules.theirs, periods: there is no period `office`; write the name of a period, or create this one"
        );
        let kept = difference(&stored(), &wanted, false);
        assert_eq!(check(&stored(), &kept, Tz::UTC, None), Ok(()));
        assert_eq!(stored().with(&kept).items.len(), 6);
    }

    #[test]
    fn a_changed_item_is_not_overwritten() {
        let wanted = items(json!({"periods": {"office": {"begintime": "08:00"}}}));
        let changes = difference(&stored(), &wanted, false);
        let elsewhere = items(json!({"periods": {"office": {"begintime": "10:00"}}}));
        let edited = stored().with(&difference(&stored(), &elsewhere, false));
        let refused = check(&edited, &changes, Tz::UTC, None).unwrap_err();
        assert_eq!(refused.code(), "conflict");
        let deleted = stored().with(&[Change { after: None, ..changes[0].clone() }]);
        assert_eq!(check(&deleted, &changes, Tz::UTC, None).unwrap_err().code(), "conflict");
    }

    #[test]
    fn what_a_stack_has_declared_is_that_stacks() {
        let wanted =
            items(json!({"schedules": {"theirs": {"periods": ["office"], "enforced": true}}}));
        let changes = difference(&stored(), &wanted, false);
        let refused = check(&stored(), &changes, Tz::UTC, None).unwrap_err();
        assert_eq!(refused.code(), "owned-by-stack");
        let stack = Some("arn:aws:cloudformation:x:1:stack/web/1");
        assert_eq!(check(&stored(), &changes, Tz::UTC, stack), Ok(()));
    }

    #[test]
    fn a_change_may_mend_and_may_not_break() {
        let broken = stored().with(&[Change {
            key: ItemKey { kind: "schedule".into(), name: "broken".into() },
            before: None,
            after: Some(Fields::from_iter([("periods".into(), json!(["gone"]))])),
        }]);
        let other = items(json!({"periods": {"late": {"begintime": "12:00"}}}));
        assert_eq!(check(&broken, &difference(&broken, &other, false), Tz::UTC, None), Ok(()));
        let typo = items(json!({"periods": {"late": {"begintime": "12.00"}}}));
        let refused =
            check(&broken, &difference(&broken, &typo, false), Tz::UTC, None).unwrap_err();
        assert!(refused.to_string().starts_with("periods.late, begintime: "), "{refused}");
    }
}
