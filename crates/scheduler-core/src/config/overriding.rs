//! Items of type `override`: a person's word that holds until an instant.

use super::{
    RawItem, exception::schedule_name, fields::Fields, period::DESCRIPTIVE, schedule::status,
};
use crate::{
    Instant,
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
