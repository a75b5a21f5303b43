//! All state: partition and account, then Region, then service. Behind one lock, so every call is atomic.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::calls::Calls;
use crate::clock::Clock;
use crate::fault::{Faults, Trouble};
use crate::keyring::{Credentials, Holder, Keyring};
use crate::place::{Home, Place};
use crate::policy;
use crate::services::application_autoscaling::Targets;
use crate::services::autoscaling::AutoScaling;
use crate::services::cloudwatch::Datum;
use crate::services::dynamodb::Tables;
use crate::services::ec2::Ec2;
use crate::services::ecs::Ecs;
use crate::services::iam::Roles;
use crate::services::organizations::Organization;
use crate::services::rds::Rds;
use crate::services::redshift::Redshift;
use crate::services::sqs::Queues;
use crate::services::ssm::Ssm;
use crate::services::{Call, Service};
use crate::wire::{ApiError, Input, Received, Refusal};

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) keyring: Keyring,
    pub(crate) faults: Faults,
    pub(crate) calls: Calls,
    /// Everything put to CloudWatch anywhere, in the order in which it came.
    pub(crate) metrics: Vec<Datum>,
    pub(crate) organizations: Vec<Organization>,
    accounts: HashMap<Home, Account>,
    requests: u64,
}

/// What belongs to an account as a whole, and its Regions.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) roles: Roles,
    /// The Regions that the account has not opted in to.
    pub(crate) disabled: BTreeSet<Arc<str>>,
    regions: HashMap<Arc<str>, Region>,
}

#[derive(Debug, Default)]
pub(crate) struct Region {
    pub(crate) ec2: Ec2,
    pub(crate) scaling: AutoScaling,
    pub(crate) ecs: Ecs,
    pub(crate) targets: Targets,
    pub(crate) rds: Rds,
    pub(crate) redshift: Redshift,
    pub(crate) tables: Tables,
    pub(crate) queues: Queues,
    pub(crate) ssm: Ssm,
}

impl World {
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        Self {
            clock: Clock::new(now),
            keyring: Keyring::default(),
            faults: Faults::default(),
            calls: Calls::default(),
            metrics: Vec::new(),
            organizations: Vec::new(),
            accounts: HashMap::new(),
            requests: 0,
        }
    }

    pub(crate) fn create_account(&mut self, home: Home) -> Credentials {
        let keys = self.keyring.root(&home);
        self.accounts.entry(home).or_default();
        keys
    }

    pub(crate) fn account(&mut self, home: &Home) -> &mut Account {
        self.accounts.entry(home.clone()).or_default()
    }

    /// An account only if it exists, for what asks about other people's.
    pub(crate) fn existing_account(&self, home: &Home) -> Option<&Account> {
        self.accounts.get(home)
    }

    pub(crate) fn region(&mut self, place: &Place) -> &mut Region {
        self.account(&place.home).regions.entry(place.region.clone()).or_default()
    }

    /// Lets a call in: who makes it, what will go wrong with it, and whether it is allowed.
    ///
    /// A refused call is counted too, and takes its delay; a fault comes before permission, as AWS's throttling does.
    pub(crate) fn admit(&mut self, received: &Received) -> Result<(Call, Trouble), ApiError> {
        let now = self.clock.now();
        let refuse = |refusal: Refusal| refusal.in_dialect(received.dialect);
        let principal = self
            .keyring
            .identify(&received.scope, received.token.as_deref(), now)
            .map_err(refuse)?;
        let place =
            Place { home: principal.home.clone(), region: received.scope.region.as_str().into() };
        self.calls.count(&place, received);

        let unknown = || Refusal::UnknownOperation {
            service: received.scope.service.clone(),
            operation: received.operation.clone(),
        };
        let service =
            Service::signed_as(&received.scope.service).ok_or_else(unknown).map_err(refuse)?;
        if service != Service::Iam && self.account(&place.home).disabled.contains(&place.region) {
            // A Region that is off knows none of the account's keys.
            return Err(refuse(Refusal::UnknownKey));
        }
        let trouble = self.strike(&place, service, received, now);
        let operation = received.operation.clone();
        let dialect = received.dialect;
        let (trouble, aftermath) = trouble.split();
        Ok((Call { place, principal, service, operation, dialect, now, aftermath }, trouble))
    }

    /// What goes wrong with a call. Only when a fault asks for them are the types of its instances looked up.
    fn strike(
        &mut self,
        place: &Place,
        service: Service,
        received: &Received,
        now: DateTime<Utc>,
    ) -> Trouble {
        let account = &place.home.account;
        let Input::Params(params) = &received.input else {
            return self.faults.strike(account, received, &[], now);
        };
        if service != Service::Ec2 || !self.faults.ask_for_types() {
            return self.faults.strike(account, received, &[], now);
        }
        let region = self.accounts.get(&place.home).and_then(|one| one.regions.get(&place.region));
        let types = region.map(|region| region.ec2.types_named(params)).unwrap_or_default();
        self.faults.strike(account, received, &types, now)
    }

    /// Whether the caller's policies allow the call; asked after its faults, because throttling comes first.
    pub(crate) fn authorize(&self, call: &Call) -> Result<(), ApiError> {
        let Holder::Session { role_name, .. } = &call.principal.holder else { return Ok(()) };
        let action = call.action();
        // Everybody may ask who they are.
        if action == "sts:GetCallerIdentity" {
            return Ok(());
        }
        let account = self.existing_account(&call.place.home);
        let role = account.and_then(|account| account.roles.named(role_name));
        let allowed = role.is_some_and(|role| policy::allow(role.policies.values(), &action));
        let denied = || call.refuse(Refusal::Denied { caller: call.principal.arn(), action });
        allowed.then_some(()).ok_or_else(denied)
    }

    /// The id of the next request: the same one every time the same calls are made.
    pub(crate) fn next_request_id(&mut self) -> String {
        self.requests += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.requests)
    }
}
