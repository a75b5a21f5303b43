//! Who calls: keys, the sessions issued by AssumeRole, and what an Authorization header says about them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::place::{Home, Partition};
use crate::wire::{Refusal, Scope};

/// Keys to call with.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Credentials {
    /// `AKIA...` for root keys, `ASIA...` for a session's.
    pub access_key_id: String,
    /// Looks like one; no signature is ever checked against it.
    pub secret_access_key: String,
    /// Only sessions have one, and must send it.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    /// Leaves the secrets out, as real ones must be: what is logged in a test is logged in production.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// A session that AssumeRole issued, for tests to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// The role that was assumed.
    pub role_arn: String,
    /// The name the caller gave.
    pub session_name: String,
    /// When it was issued, by the simulated clock.
    pub issued: DateTime<Utc>,
    /// The instant from which its keys are refused.
    pub expires: DateTime<Utc>,
}

/// On whose behalf a call acts.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) home: Home,
    pub(crate) holder: Holder,
}

#[derive(Clone, Debug)]
pub(crate) enum Holder {
    /// The account itself, which may do everything.
    Root,
    /// A session of a role, which may do what the role's policies allow.
    Session { role_name: Arc<str>, role_arn: Arc<str>, role_id: Arc<str>, session_name: Arc<str> },
}

impl Principal {
    pub(crate) fn arn(&self) -> String {
        match &self.holder {
            Holder::Root => self.home.root_arn(),
            Holder::Session { role_name, session_name, .. } => {
                self.home.arn("sts", format_args!("assumed-role/{role_name}/{session_name}"))
            }
        }
    }

    /// The id GetCallerIdentity gives: the account's, or the role's with the session's name.
    pub(crate) fn user_id(&self) -> String {
        match &self.holder {
            Holder::Root => self.home.account.to_string(),
            Holder::Session { role_id, session_name, .. } => format!("{role_id}:{session_name}"),
        }
    }
}

#[derive(Debug)]
struct Key {
    principal: Principal,
    lease: Option<Lease>,
}

/// What a session's key has and a root key lacks.
#[derive(Debug)]
struct Lease {
    token: String,
    expires: DateTime<Utc>,
}

#[derive(Debug, Default)]
pub(crate) struct Keyring {
    keys: HashMap<String, Key>,
    sessions: Vec<Session>,
}

impl Keyring {
    /// The root keys of an account, the same ones every time.
    pub(crate) fn root(&mut self, home: &Home) -> Credentials {
        let access_key_id = home.root_key_id();
        let principal = Principal { home: home.clone(), holder: Holder::Root };
        self.keys.entry(access_key_id.clone()).or_insert(Key { principal, lease: None });
        Credentials {
            secret_access_key: secret(&access_key_id),
            access_key_id,
            session_token: None,
        }
    }

    /// New keys for a session.
    pub(crate) fn issue(&mut self, principal: Principal, session: Session) -> Credentials {
        self.sessions.push(session.clone());
        let number = self.sessions.len() as u64;
        let access_key_id = format!("ASIA{number:016X}");
        let token = format!("IQoJb3JpZ2luX2VjSandbox{number:040X}");
        let lease = Some(Lease { token: token.clone(), expires: session.expires });
        self.keys.insert(access_key_id.clone(), Key { principal, lease });
        Credentials {
            secret_access_key: secret(&access_key_id),
            access_key_id,
            session_token: Some(token),
        }
    }

    pub(crate) fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// Who a request speaks for. A key is unknown in every partition but its own.
    pub(crate) fn identify(
        &self,
        scope: &Scope,
        token: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Principal, Refusal> {
        let key = self.keys.get(&scope.access_key_id).ok_or(Refusal::UnknownKey)?;
        if key.principal.home.partition != Partition::of_region(&scope.region) {
            return Err(Refusal::UnknownKey);
        }
        match (&key.lease, token) {
            (None, None) => Ok(key.principal.clone()),
            (None, Some(_)) => Err(Refusal::UnknownKey),
            (Some(lease), token) if token != Some(&lease.token) => Err(Refusal::UnknownKey),
            (Some(lease), _) if lease.expires <= now => Err(Refusal::ExpiredToken),
            (Some(_), _) => Ok(key.principal.clone()),
        }
    }
}

/// Forty characters, as AWS's secrets have.
fn secret(access_key_id: &str) -> String {
    format!("sandbox/{access_key_id:/>32}")
}
