//! Sessions in spoke accounts: one `AssumeRole` per account, shared by its Regions and kinds, kept until
//! shortly before it expires.

use std::{collections::HashMap, sync::Arc};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use chrono::TimeDelta;
use scheduler_core::{
    Instant, Partition, Region, Settings, Target,
    resource::{Failure, FailureCode},
};
use tokio::sync::Mutex;

use crate::{Aws, connect::static_credentials, failure::failure};

/// How long before its end a session is no longer used: longer than any call takes.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// How long a refusal is believed, so that the Regions and kinds of one account do not each ask again.
const REFUSED_FOR: TimeDelta = TimeDelta::seconds(20);

/// The right to act in one target.
#[derive(Clone, Debug)]
pub(crate) struct Spoke {
    pub(crate) credentials: Credentials,
    /// Names the budget that retries are paid from: one for each target, so that a throttled account slows
    /// itself alone. The SDK's default is one for each service and Region, shared by all accounts.
    pub(crate) retry_partition: String,
}

/// What a call in a spoke has of its own: its credentials, the budget that its retries are paid from, and who watches them. Each SDK crate
/// has a builder type of its own, hence a macro and no function.
macro_rules! as_spoke {
    ($sdk:ident, $spoke:expr) => {
        $sdk::config::Builder::default()
            .credentials_provider($spoke.credentials.clone())
            .retry_partition($sdk::config::retry::RetryPartition::new(format!(
                concat!(stringify!($sdk), "/{}"),
                $spoke.retry_partition
            )))
            .interceptor($crate::unheard::Unheard::default())
    };
}
pub(crate) use as_spoke;

/// The sessions so far, by role and external id.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    kept: std::sync::Mutex<HashMap<Key, Slot>>,
}

type Key = (String, Option<String>);
/// Locked while the role is being assumed, so that those who come meanwhile wait instead of asking again.
type Slot = Arc<Mutex<Option<Answer>>>;

#[derive(Clone, Debug)]
struct Answer {
    result: Result<Credentials, Failure>,
    good_until: Instant,
}

impl Sessions {
    fn slot(&self, key: Key) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.entry(key).or_default().clone()
    }
}

impl Aws {
    /// The right to act in a target. `pass` is the instant of the pass, which the session's name carries.
    pub(crate) async fn spoke(
        &self,
        settings: &Settings,
        target: &Target,
        pass: Instant,
    ) -> Result<Spoke, Failure> {
        let Some(role) = settings.role(target) else {
            return Err(Failure {
                code: FailureCode::Denied,
                message: format!("no role is configured for {target}"),
            });
        };
        let slot = self.sessions.slot((role.as_str().to_owned(), settings.external_id.clone()));
        let mut answer = slot.lock().await;
        let fresh = answer.take().filter(|answer| answer.good_until > self.now());
        let answer = match fresh {
            Some(fresh) => answer.insert(fresh),
            None => answer.insert(self.assume(settings, target, role.as_str(), pass).await),
        };
        let credentials = answer.result.clone()?;
        Ok(Spoke { credentials, retry_partition: target.to_string() })
    }

    async fn assume(
        &self,
        settings: &Settings,
        target: &Target,
        role: &str,
        pass: Instant,
    ) -> Answer {
        let refused =
            |failure| Answer { result: Err(failure), good_until: self.now() + REFUSED_FOR };
        let (sts, config) = match self.sts_for(settings, target) {
            Ok(found) => found,
            Err(failure) => return refused(failure),
        };
        let answer = sts
            .assume_role()
            .role_arn(role)
            .role_session_name(session_name(pass))
            .set_external_id(settings.external_id.clone())
            .customize()
            .config_override(config)
            .send()
            .await;
        match answer {
            Ok(answer) => match answer.credentials.and_then(session) {
                Some(session) => session,
                None => refused(Failure {
                    code: FailureCode::Unknown,
                    message: "sts:AssumeRole: an answer without credentials".into(),
                }),
            },
            Err(error) => refused(denied(role, &error)),
        }
    }

    /// The STS of the target's partition, and the credentials to ask it with.
    fn sts_for(
        &self,
        settings: &Settings,
        target: &Target,
    ) -> Result<(aws_sdk_sts::Client, aws_sdk_sts::config::Builder), Failure> {
        let (region, base) = self.base_in(settings, &target.partition)?;
        let mut config = aws_sdk_sts::config::Builder::default();
        config.set_credentials_provider(base.map(SharedCredentialsProvider::new));
        Ok((self.sts(&region), config))
    }

    /// Where a partition is asked, and with which credentials if not the hub's own: in the hub's Region or, in another
    /// partition, in the first that is served there, with that partition's base credentials.
    pub(crate) fn base_in(
        &self,
        settings: &Settings,
        partition: &Partition,
    ) -> Result<(Region, Option<Credentials>), Failure> {
        if *partition == self.home().partition() {
            return Ok((self.home().clone(), None));
        }
        let reach = settings.partitions.get(partition);
        let region = reach.and_then(|reach| reach.regions.first());
        let base = reach.and_then(|reach| reach.credentials.as_ref());
        let none = |what: &str| {
            let message = format!("there are no {what} for the partition {partition}");
            Failure { code: FailureCode::Denied, message }
        };
        let base = static_credentials(base.ok_or_else(|| none("base credentials"))?);
        Ok((region.ok_or_else(|| none("Regions"))?.clone(), Some(base)))
    }
}

/// `dayshift-20260302T090000Z`: which pass took the session. Later ones share it until it is renewed.
fn session_name(pass: Instant) -> String {
    pass.format("dayshift-%Y%m%dT%H%M%SZ").to_string()
}

/// The session that STS gave. The expiry stays out of the credentials: the SDK would compare it with a clock of
/// its own.
fn session(given: aws_sdk_sts::types::Credentials) -> Option<Answer> {
    let expires = Instant::from_timestamp(given.expiration.secs(), 0)?;
    let credentials = Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        None,
        "dayshift-spoke",
    );
    Some(Answer { result: Ok(credentials), good_until: expires - MARGIN })
}

fn denied(
    role: &str,
    error: &SdkError<aws_sdk_sts::operation::assume_role::AssumeRoleError, HttpResponse>,
) -> Failure {
    let Failure { code, message } = failure("sts:AssumeRole", error);
    let message = if message.contains(role) { message } else { format!("{message} (role {role})") };
    Failure { code, message }
}
