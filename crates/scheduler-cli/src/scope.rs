//! A scope in which nothing is managed: whether what it names is there at all.

use scheduler_core::{RawConfig, ScheduleName, catalog::ItemKey};
use scheduler_engine::{Scope, report::RunReport};
use scheduler_hub::Request;

use crate::{
    catalog::{self, edit},
    exit::{Exit, Failed},
    hub::Hub,
};

/// Refuses an account, a Region or a schedule that the hub does not know.
///
/// Only the admin function knows the schedules; who may not ask it is not told of them.
pub(crate) async fn check(hub: &Hub, scope: &Scope) -> Result<(), Failed> {
    if scope.account.is_some() || scope.region.is_some() {
        // A status names no target in which all is well; a pass does.
        let looking = Request::Run { now: None, dry_run: true, scope: scope.clone() };
        let RunReport { pass, .. } = hub.ask(&looking).await?;
        check_place(scope, pass.targets)?;
    }
    check_schedule(hub, scope.schedule.as_ref()).await
}

/// Refuses an account or a Region that none of the targets is in.
pub(crate) fn check_place(scope: &Scope, targets: usize) -> Result<(), Failed> {
    let what = match (&scope.account, &scope.region) {
        (None, None) => return Ok(()),
        (Some(account), None) => format!("account {account} is not served"),
        (None, Some(region)) => format!("Region {region} is not served"),
        (Some(account), Some(region)) => {
            format!("account {account} is not served in Region {region}")
        }
    };
    let help = "`run --dry-run -q 'targets[].[account, region]'` lists what is";
    if targets == 0 { Err(Failed::usage("not-served", what, help)) } else { Ok(()) }
}

/// Refuses a schedule that is not stored.
pub(crate) async fn check_schedule(hub: &Hub, name: Option<&ScheduleName>) -> Result<(), Failed> {
    let Some(name) = name else { return Ok(()) };
    let Ok(stored) = catalog::items(hub).await else { return Ok(()) };
    let key = ItemKey { kind: "schedule".into(), name: name.to_string() };
    if stored.items.iter().any(|item| item.kind == key.kind && item.name == key.name) {
        return Ok(());
    }
    let unknown = edit::unknown(&key, &RawConfig { items: stored.items });
    Err(Failed { exit: Exit::Usage, code: "unknown-schedule".into(), ..unknown })
}
