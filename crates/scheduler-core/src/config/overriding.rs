//! Items of type `override`: a person's word that holds until an instant.

use super::{
    RawItem, exception::schedule_name, fields::Fields, period::DESCRIPTIVE, schedule::status,
};
use crate::{
    Instant,
    id::ScheduleName,
    mistake::{Code, Mistake, Wrong},
    overrides::{Override, Scope},
};

/// The override, unless there is a mistake in it.
pub(super) fn parse(item: &RawItem, mistakes: &mut Vec<Mistake>) -> Option<Override> {
    let mut fields = Fields::of(item, mistakes);
    let scope = scope(&mut fields);
    let desired = fields.required("state", status);
    let from = fields.parsed("from", instant);
    let until = fields.required("until", instant);
    let (who, why) = (fields.text("who").map(str::to_owned), fields.text("why").map(str::to_owned));
    let has_errors = fields.warn_of_others(&DESCRIPTIVE);
    let one = Override {
        name: item.name.clone(),
        scope: scope?,
        desired: desired?,
        from,
        until: until?,
        who,
        why,
    };
    (!has_errors).then_some(one)
}

/// What is wrong with an override that is well formed but can win over nothing.
pub(super) fn aimless(one: &Override, exists: impl Fn(&ScheduleName) -> bool) -> Option<Mistake> {
    let place = format!("overrides.{}", one.name);
    match &one.scope {
        Scope::Schedule(name) if !exists(name) => {
            let mistake = Mistake::whole(&place, "of", name.as_str(), Code::UnknownSchedule);
            Some(
                mistake.saying(
                    format!("there is no schedule `{name}`"),
                    "write the name of a schedule",
                ),
            )
        }
        Scope::Workload(name) => {
            let mistake = Mistake::whole(&place, "scope", name.as_str(), Code::UnknownField);
            Some(mistake.saying(
                "there are no workloads yet",
                "write one override for each schedule or resource",
            ))
        }
        Scope::Everything | Scope::Schedule(_) | Scope::Resource(_)
            if one.from.is_some_and(|from| from >= one.until) =>
        {
            let mistake = Mistake::whole(&place, "until", one.until.to_rfc3339(), Code::Conflict);
            Some(
                mistake.saying(
                    "it ends before it begins",
                    "write a later `until`, or an earlier `from`",
                ),
            )
        }
        Scope::Everything | Scope::Schedule(_) | Scope::Resource(_) => None,
    }
}

/// `scope` is `everything`, or one of `schedule`, `workload` and `resource`, of which `of` gives the name.
fn scope(fields: &mut Fields<'_>) -> Option<Scope> {
    let kind = fields.required("scope", |text| match text {
        "everything" | "schedule" | "workload" | "resource" => Ok(text.to_owned()),
        _ => {
            let help = "write `everything`, `schedule`, `workload` or `resource`";
            Err(Wrong::new(Code::BadValue, format!("`{text}` is not a scope"), help))
        }
    })?;
    if kind == "everything" {
        return Some(Scope::Everything);
    }
    let named = |text: &str| Ok(text.to_owned());
    match kind.as_str() {
        "schedule" => fields.required("of", schedule_name).map(Scope::Schedule),
        "workload" => fields.required("of", named).map(Scope::Workload),
        _ => fields.required("of", named).map(Scope::Resource),
    }
}

pub(super) fn instant(text: &str) -> Result<Instant, Wrong> {
    let help = "write date, time and offset, as in `2026-02-17T10:00:00+09:00`";
    text.parse()
        .map_err(|_| Wrong::new(Code::BadInstant, format!("`{text}` is not an instant"), help))
}
