//! Front one: a request in, a response out, no sockets.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

use crate::calls::CallCount;
use crate::fault::{Effect, Fault, Trouble};
use crate::keyring::{Credentials, Session};
use crate::place::{Home, Partition, is_account_id};
use crate::services::cloudwatch::Datum;
use crate::services::{self, Call};
use crate::wire::{Answer, ApiError, Dialect, Envelope, Received, receive, respond, rest_of_head};
use crate::world::World;

/// An AWS in this process. Clones are handles on the same one.
///
/// ```
/// use chrono::{TimeZone, Utc};
/// use scheduler_sandbox::{Caller, Sandbox, texts};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 1, 2, 8, 0, 0).unwrap());
/// let keys = sandbox.create_account("aws-cn", "111122223333");
/// let caller = Caller::new(&sandbox, &keys, "cn-north-1");
/// let answer = caller.query("sts", "GetCallerIdentity", &[]).await.unwrap();
/// assert_eq!(texts(&answer, "Arn"), ["arn:aws-cn:iam::111122223333:root"]);
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Sandbox(Arc<Mutex<World>>);

/// The connection broke before an answer arrived. Whether the call took effect is for the caller to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLost;

/// What a [handler](Sandbox::handler) answers with, later.
pub type Handled = Pin<
    Box<dyn Future<Output = Result<http::Response<Bytes>, Box<dyn Error + Send + Sync>>> + Send>,
>;

impl fmt::Display for ConnectionLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was lost before an answer arrived")
    }
}

impl Error for ConnectionLost {}

impl Sandbox {
    /// An AWS without accounts, at this instant.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(World::new(now))))
    }

    /// The simulated instant.
    pub fn now(&self) -> DateTime<Utc> {
        self.world().clock.now()
    }

    /// Moves the clock. Time never runs backwards: an earlier instant is ignored. A followed clock is followed no more.
    pub fn set_now(&self, now: DateTime<Utc>) {
        self.world().clock.set(now);
    }

    /// Moves the clock ahead by some time. A followed clock is followed further, from there.
    pub fn jump(&self, by: TimeDelta) {
        self.world().clock.jump(by);
    }

    /// Reads this clock whenever the time is asked for, until [`set_now`](Self::set_now) is called.
    pub fn follow(&self, clock: fn() -> DateTime<Utc>) {
        self.world().clock.follow(clock);
    }

    /// An account and its root keys: what exists before any API can be called. The same keys every time.
    ///
    /// # Panics
    ///
    /// If the partition is none of AWS's, or the account id is not twelve digits.
    pub fn create_account(&self, partition: &str, account: &str) -> Credentials {
        self.try_create_account(partition, account)
            .expect("a partition of AWS's and an account id of twelve digits")
    }

    pub(crate) fn try_create_account(&self, partition: &str, account: &str) -> Option<Credentials> {
        let partition = Partition::named(partition)?;
        let home = is_account_id(account).then(|| Home { partition, account: account.into() })?;
        Some(self.world().create_account(home))
    }

    /// Answers one request, as AWS's endpoint for its service and Region would.
    ///
    /// It is the faults that make this async: without a latency or a hang it never waits.
    pub async fn handle(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, ConnectionLost> {
        let received = match receive(request) {
            Ok(received) => received,
            Err(unreadable) => {
                return Ok(self.respond(unreadable.dialect, None, Err(unreadable.error)));
            }
        };
        let admitted = self.world().admit(&received);
        match admitted {
            Ok((call, trouble)) => self.answer(&received, call, trouble).await,
            Err(error) => Ok(self.respond(received.dialect, None, Err(error))),
        }
    }

    /// [`handle`](Self::handle) as a function of its own, to hand to whoever sends requests.
    pub fn handler(&self) -> impl Fn(http::Request<Bytes>) -> Handled + Send + Sync + 'static {
        let sandbox = self.clone();
        move |request| {
            let sandbox = sandbox.clone();
            Box::pin(async move { sandbox.handle(request).await.map_err(Into::into) })
        }
    }

    /// [`now`](Self::now) as a function of its own, to hand to whoever asks for the time.
    pub fn clock(&self) -> impl Fn() -> DateTime<Utc> + Send + Sync + 'static {
        let sandbox = self.clone();
        move || sandbox.now()
    }

    async fn answer(
        &self,
        received: &Received,
        call: Call,
        trouble: Trouble,
    ) -> Result<http::Response<Bytes>, ConnectionLost> {
        if let Some(latency) = trouble.latency {
            tokio::time::sleep(latency).await;
        }
        match trouble.effect {
            // What comes after a call is known to the call.
            None
            | Some(Effect::FallBack { .. } | Effect::LoseMessages | Effect::DuplicateMessages) => {
                Ok(self.answered(received, &call, self.perform(received, &call)))
            }
            Some(Effect::Error { status, code, message }) => {
                Ok(self.answered(received, &call, Err(ApiError::new(status, code, message))))
            }
            Some(Effect::Hang | Effect::Latency(_)) => std::future::pending().await,
            Some(Effect::LoseAnswer) => {
                // What the answer would have been is lost with it.
                let _ = self.perform(received, &call);
                Err(ConnectionLost)
            }
        }
    }

    fn perform(&self, received: &Received, call: &Call) -> Result<Answer, ApiError> {
        let mut world = self.world();
        world.authorize(call)?;
        services::perform(&mut world, call, &received.input)
    }

    /// The answer of a call, counted.
    fn answered(
        &self,
        received: &Received,
        call: &Call,
        answer: Result<Answer, ApiError>,
    ) -> http::Response<Bytes> {
        let response = self.respond(call.dialect, Some(call), answer);
        let head = "HTTP/1.1 200 OK\r\n".len() + rest_of_head(response.headers());
        let bytes = (head + response.body().len()) as u64;
        let status = response.status();
        self.world().calls.answered(&call.place, received, status, bytes);
        response
    }

    fn respond(
        &self,
        dialect: Dialect,
        call: Option<&Call>,
        answer: Result<Answer, ApiError>,
    ) -> http::Response<Bytes> {
        let request_id = self.world().next_request_id();
        let namespace = call.map_or("", |call| call.service.namespace());
        let operation = call.map_or("", |call| &call.operation);
        respond(&Envelope { dialect, operation, namespace, request_id: &request_id }, answer)
    }

    /// Makes something go wrong from now on.
    pub fn inject(&self, fault: Fault) {
        self.world().faults.add(fault);
    }

    /// Turns a Region off for an account, as an opt-in Region is that nobody has opted in to: whoever calls there is
    /// unknown.
    ///
    /// # Panics
    ///
    /// If the account id is not twelve digits.
    pub fn disable_region(&self, account: &str, region: &str) {
        assert!(is_account_id(account), "an account id of twelve digits");
        let home = Home { partition: Partition::of_region(region), account: account.into() };
        self.world().account(&home).disabled.insert(region.into());
    }

    /// Everything goes right again.
    pub fn clear_faults(&self) {
        self.world().faults.clear();
    }

    /// How often each operation was called since the last reset, in order of account, Region, service and operation.
    pub fn calls(&self) -> Vec<CallCount> {
        self.world().calls.list()
    }

    /// Starts counting calls anew.
    pub fn reset_calls(&self) {
        self.world().calls.reset();
    }

    /// Everything put to CloudWatch, in every account and Region, oldest first.
    pub fn metrics(&self) -> Vec<Datum> {
        self.world().metrics.clone()
    }

    /// Every session AssumeRole issued, oldest first.
    pub fn sessions(&self) -> Vec<Session> {
        self.world().keyring.sessions().to_vec()
    }

    /// A panic elsewhere must not turn every later call of a test into a second one.
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
