//! Which accounts are served: what the settings name elsewhere is read here, before targets are made of it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use chrono::TimeDelta;
use scheduler_aws::{Aws, organizations::Members};
use scheduler_core::{
    AccountId, Instant, Mistake, Partition, Settings, UnitId,
    resource::{Failure, FailureCode},
    settings::Lists,
};
use tokio::time::{Instant as Deadline, timeout_at};

/// How long the accounts of a unit are believed.
const GOOD_FOR: TimeDelta = TimeDelta::hours(1);

/// How long they are believed further when they cannot be asked for again.
const AFTER_FAILURE: TimeDelta = TimeDelta::minutes(5);

/// The accounts in organizational units, kept from one pass to the next.
#[derive(Debug, Default)]
pub(crate) struct Discovered(Mutex<HashMap<(Partition, UnitId), Found>>);

#[derive(Clone, Debug)]
struct Found {
    accounts: BTreeSet<AccountId>,
    good_until: Instant,
}

/// Reads the lists that the settings name. Answers with them, and with the mistakes in them; each costs what it names.
pub(crate) async fn read_lists(settings: &mut Settings, aws: &Aws) -> (Lists, Vec<Mistake>) {
    let (mut all, mut mistakes) = (Lists::new(), Vec::new());
    loop {
        let names = settings.lists();
        if names.is_empty() {
            return (all, mistakes);
        }
        let lists = aws.lists(&names).await;
        mistakes.extend(settings.read(&lists));
        all.extend(lists);
    }
}

/// Finds the accounts in the units that the settings name. Answers with the mistakes in that; each costs what it names. It
/// takes half of the time that is left at most: the rest is the pass's.
pub(crate) async fn discover(
    settings: &mut Settings,
    aws: &Aws,
    discovered: &Discovered,
    deadline: Deadline,
) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let now = Deadline::now();
    let until = now + deadline.saturating_duration_since(now) / 2;
    for (partition, unit) in settings.units() {
        match discovered.in_unit(aws, settings, &partition, &unit, until).await {
            Ok(accounts) => settings.add(&partition, &accounts),
            Err(failure) => mistakes.push(settings.undiscovered(&partition, &unit, &failure)),
        }
    }
    mistakes
}

impl Discovered {
    /// The accounts in a unit: those known, those found now, or those known before if none can be found now.
    async fn in_unit(
        &self,
        aws: &Aws,
        settings: &Settings,
        partition: &Partition,
        unit: &UnitId,
        until: Deadline,
    ) -> Result<BTreeSet<AccountId>, Failure> {
        let key = (partition.clone(), unit.clone());
        let known = self.known(&key);
        if let Some(known) = known.as_ref().filter(|known| known.good_until > aws.now()) {
            return Ok(known.accounts.clone());
        }
        let asked = timeout_at(until, aws.members(settings, partition, unit)).await;
        let (accounts, good_for) = match (asked.unwrap_or_else(|_elapsed| Err(late())), known) {
            (Ok(members), _) => {
                log(unit, &members);
                (members.active, GOOD_FOR)
            }
            (Err(failure), Some(known)) => {
                warn(unit, &failure, "those found before are served");
                (known.accounts, AFTER_FAILURE)
            }
            (Err(failure), None) => {
                warn(unit, &failure, "none of them is served");
                return Err(failure);
            }
        };
        self.keep(key, Found { accounts: accounts.clone(), good_until: aws.now() + good_for });
        Ok(accounts)
    }

    fn known(&self, key: &(Partition, UnitId)) -> Option<Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: (Partition, UnitId), found: Found) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, found);
    }
}

fn late() -> Failure {
    let message = "organizations: not all units were listed in half of the pass's time".into();
    Failure { code: FailureCode::Deadline, message }
}

fn log(unit: &UnitId, members: &Members) {
    let (active, inactive) = (members.active.len(), members.inactive.len());
    tracing::info!(%unit, active, inactive, "accounts of an organizational unit");
    for (account, state) in &members.inactive {
        tracing::info!(%unit, %account, state, "an account that is not active is not served");
    }
}

fn warn(unit: &UnitId, failure: &Failure, instead: &str) {
    let (code, reason) = (failure.code.as_str(), &failure.message);
    tracing::warn!(%unit, code, reason, instead, "the accounts of an organizational unit cannot be listed");
}
