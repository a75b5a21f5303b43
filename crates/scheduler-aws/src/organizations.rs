//! The accounts in an organizational unit: `ListAccountsForParent` there and in every unit that
//! `ListOrganizationalUnitsForParent` finds below it.
//!
//! Both calls are answered to the management account and to delegated administrators alike. AWS Organizations is a global
//! service: from any Region of a partition the SDK asks its one endpoint there, in `us-east-1`, `cn-northwest-1` or
//! `us-gov-west-1` for those who are not secret.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_organizations::{config::Builder, types::Account};
use aws_smithy_types::retry::RetryConfig;
use futures::{StreamExt, TryStreamExt, stream};
use scheduler_core::{AccountId, Partition, Settings, UnitId, resource::Failure};

use crate::{Aws, failure::failure, pages};

/// Units asked about at once. Organizations allows an organization's accounts a few calls a second, all together.
const AT_ONCE: usize = 2;

/// How often a call is made before it counts as throttled: more often than elsewhere, for one that fails fails all.
const ATTEMPTS: u32 = 8;

/// The accounts in a unit and in those below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// The accounts in use.
    pub active: BTreeSet<AccountId>,
    /// Those that are not, with the state that AWS gives: `SUSPENDED`, `PENDING_CLOSURE`.
    pub inactive: BTreeMap<AccountId, String>,
}

impl Aws {
    /// The accounts in a unit or root of a partition's organization, at any depth.
    ///
    /// # Errors
    ///
    /// If one of the units cannot be listed in full.
    pub async fn members(
        &self,
        settings: &Settings,
        partition: &Partition,
        unit: &UnitId,
    ) -> Result<Members, Failure> {
        let (region, base) = self.base_in(settings, partition)?;
        let organization = Organization {
            client: self.organizations(&region),
            retries: self.base.retry_config().cloned().unwrap_or_else(RetryConfig::standard),
            base,
        };
        let mut members = Members::default();
        let mut level = vec![unit.as_str().to_owned()];
        while !level.is_empty() {
            let asked = level.iter().map(|parent| organization.children(parent));
            let found: Vec<_> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
            level.clear();
            for (accounts, units) in found {
                accounts.into_iter().for_each(|account| members.add(account));
                level.extend(units);
            }
        }
        Ok(members)
    }
}

/// Where to ask, and as whom.
struct Organization {
    client: aws_sdk_organizations::Client,
    retries: RetryConfig,
    base: Option<aws_credential_types::Credentials>,
}

impl Organization {
    fn config(&self) -> Builder {
        let config =
            Builder::default().retry_config(self.retries.clone().with_max_attempts(ATTEMPTS));
        match &self.base {
            Some(base) => config.credentials_provider(base.clone()),
            None => config,
        }
    }

    /// The accounts and the units right below a unit or root.
    async fn children(&self, parent: &str) -> Result<(Vec<Account>, Vec<String>), Failure> {
        let accounts = pages::all(|token| self.accounts(parent, token)).await?;
        let units = pages::all(|token| self.units(parent, token)).await?;
        Ok((accounts, units))
    }

    async fn accounts(
        &self,
        parent: &str,
        token: Option<String>,
    ) -> Result<(Vec<Account>, Option<String>), Failure> {
        let request =
            self.client.list_accounts_for_parent().parent_id(parent).set_next_token(token);
        let page = request.customize().config_override(self.config()).send().await;
        let page = page.map_err(|error| failure("organizations:ListAccountsForParent", &error))?;
        Ok((page.accounts.unwrap_or_default(), page.next_token))
    }

    async fn units(
        &self,
        parent: &str,
        token: Option<String>,
    ) -> Result<(Vec<String>, Option<String>), Failure> {
        let request = self
            .client
            .list_organizational_units_for_parent()
            .parent_id(parent)
            .set_next_token(token);
        let page = request.customize().config_override(self.config()).send().await;
        let page = page
            .map_err(|error| failure("organizations:ListOrganizationalUnitsForParent", &error))?;
        let units = page.organizational_units.unwrap_or_default();
        Ok((units.into_iter().filter_map(|unit| unit.id).collect(), page.next_token))
    }
}

impl Members {
    fn add(&mut self, account: Account) {
        let Some(id) = account.id.as_deref().and_then(|id| id.parse::<AccountId>().ok()) else {
            return;
        };
        match state(&account) {
            "ACTIVE" => drop(self.active.insert(id)),
            state => drop(self.inactive.insert(id, state.to_owned())),
        }
    }
}

/// The account's state: `State`, or from a server that does not give it `Status`, which AWS retires.
fn state(account: &Account) -> &str {
    let state = account.state.as_ref().map(|state| state.as_str());
    state.or(account.status.as_ref().map(|status| status.as_str())).unwrap_or("UNKNOWN")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_sdk_organizations::types::{AccountState, AccountStatus};
    use bytes::Bytes;
    use scheduler_core::{
        Instant, Region,
        settings::{BaseCredentials, Parameters},
    };

    use super::*;

    /// The host that is asked, and the Region that the request is signed for, from a hub in a Region.
    async fn asked_from(home: &str) -> (String, String) {
        let home: Region = home.parse().unwrap();
        let (asked, keys) = (Arc::default(), BaseCredentials::long_lived("AKIA", "secret"));
        let requests: Arc<Mutex<Vec<http::Request<Bytes>>>> = Arc::clone(&asked);
        let handler = move |request| {
            requests.lock().unwrap().push(request);
            std::future::ready(Ok(http::Response::new(Bytes::from("{}"))))
        };
        let aws = Aws::in_process(handler, &home, &keys, || Instant::UNIX_EPOCH);
        let parameters =
            [("config-table", "c"), ("state-table", "s"), ("organizational-units", "r-ab12")];
        let parameters: Parameters =
            parameters.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let (settings, _) = Settings::parse(&parameters, &home).unwrap();
        let members = aws.members(&settings, &home.partition(), &"r-ab12".parse().unwrap()).await;
        assert_eq!(members, Ok(Members::default()));
        let request = asked.lock().unwrap().pop().unwrap();
        let signature = request.headers()["authorization"].to_str().unwrap();
        let region = signature.split('/').nth(2).unwrap().to_owned();
        (request.uri().host().unwrap().to_owned(), region)
    }

    #[tokio::test]
    async fn each_partition_has_one_endpoint() {
        for (home, host, region) in [
            ("eu-west-1", "organizations.us-east-1.amazonaws.com", "us-east-1"),
            ("cn-north-1", "organizations.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
            ("us-gov-east-1", "organizations.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("us-iso-west-1", "organizations.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
            ("eusc-de-east-1", "organizations.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ] {
            assert_eq!(asked_from(home).await, (host.into(), region.into()), "{home}");
        }
    }

    #[test]
    fn accounts_in_use_are_told_from_the_others() {
        let account = |id: &str| Account::builder().id(id);
        let mut members = Members::default();
        for account in [
            account("111111111111").state(AccountState::Active),
            account("222222222222").status(AccountStatus::Active),
            account("333333333333").state(AccountState::Suspended).status(AccountStatus::Active),
            account("444444444444").state(AccountState::PendingClosure),
            account("555555555555").status(AccountStatus::Suspended),
            account("666666666666"),
            account("no id"),
        ] {
            members.add(account.build());
        }
        let active: Vec<_> = members.active.iter().map(AccountId::as_str).collect();
        assert_eq!(active, ["111111111111", "222222222222"]);
        let states: Vec<_> = members.inactive.values().map(String::as_str).collect();
        assert_eq!(states, ["SUSPENDED", "PENDING_CLOSURE", "SUSPENDED", "UNKNOWN"]);
    }
}
