//! What can be made to go wrong, and for which calls.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::services::ec2::StateReason;
use crate::wire::Received;

/// An effect on the calls that fit. A condition that is `None` fits every call.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The account in which the call acts.
    pub account: Option<String>,
    /// The Region in its signature's scope.
    pub region: Option<String>,
    /// The operation's name: `StartInstances`.
    pub operation: Option<String>,
    /// A text that occurs whole somewhere among the request's values: an instance id, a parameter's name, the body of a
    /// message. Or the type of an instance that the request names: `m5.large`.
    pub resource: Option<String>,
    /// To how many fitting calls it happens; `None`: to all of them until the faults are cleared.
    pub times: Option<u32>,
    /// To which part of the fitting calls it happens; `None`: to all of them.
    pub share: Option<Share>,
    /// Only to those beyond this rate, counted for each account and Region; `None`: whatever the rate.
    pub beyond: Option<Rate>,
    /// What happens to them.
    pub effect: Effect,
}

/// A bucket of tokens, as AWS counts requests: a call takes one, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many tokens there are at first, and at most.
    pub burst: u32,
    /// How many come every second.
    pub per_second: u32,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: DateTime<Utc>,
}

impl Bucket {
    fn full(rate: Rate, now: DateTime<Utc>) -> Self {
        Self { tokens: rate.burst.into(), at: now }
    }

    /// Takes a token, and says whether there was one.
    fn take(&mut self, rate: Rate, now: DateTime<Utc>) -> bool {
        let seconds = (now - self.at).num_milliseconds() as f64 / 1_000.0;
        let filled = self.tokens + seconds * f64::from(rate.per_second);
        (self.tokens, self.at) = (filled.min(rate.burst.into()), now);
        let is_there = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(is_there));
        is_there
    }
}

/// One call in so many, scattered, and the same ones every time the same calls come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// 100: a hundredth of the calls. 0 and 1: all of them.
    pub one_in: u64,
    /// Another seed scatters over other calls.
    pub seed: u64,
}

impl Share {
    /// Whether the call with this number is one of them.
    fn has(self, number: u64) -> bool {
        let mut bits = self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)).is_multiple_of(self.one_in.max(1))
    }
}

impl Fault {
    /// A fault that happens to every call; narrow it with struct update syntax.
    ///
    /// ```
    /// use scheduler_sandbox::{Effect, Fault};
    /// let start = Some("StartInstances".into());
    /// let lost = Fault { operation: start, times: Some(1), ..Fault::always(Effect::LoseAnswer) };
    /// assert_eq!(lost.account, None);
    /// ```
    pub fn always(effect: Effect) -> Self {
        Self {
            account: None,
            region: None,
            operation: None,
            resource: None,
            times: None,
            share: None,
            beyond: None,
            effect,
        }
    }

    fn fits(&self, account: &str, received: &Received, types: &[&str]) -> bool {
        let same = |wanted: &Option<String>, actual: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == actual)
        };
        self.times != Some(0)
            && same(&self.account, account)
            && same(&self.region, &received.scope.region)
            && same(&self.operation, &received.operation)
            && self
                .resource
                .as_deref()
                .is_none_or(|what| received.input.mentions(what) || types.contains(&what))
            && self.effect.can_happen_to(&received.operation)
    }
}

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is refused with this error, in its own wire format, and nothing is done.
    Error {
        /// The HTTP status.
        status: u16,
        /// The code as clients see it: `RequestLimitExceeded`.
        code: String,
        /// The message for people.
        message: String,
    },
    /// It takes this long, in real time, and then goes on; another fault may still happen to it.
    Latency(Duration),
    /// No answer ever comes, and nothing is done.
    Hang,
    /// It is done, and the connection drops before the answer arrives.
    LoseAnswer,
    /// For StartInstances alone. The start is accepted, and each instance that fits goes from pending back to stopped,
    /// with this for its state reason; the other instances of the call start. So it goes when the key of a volume
    /// cannot be used (`Client.InternalError`, `Client error on launch`).
    FallBack {
        /// The code of the reason: `Server.InsufficientInstanceCapacity`.
        code: String,
        /// What the message of the reason says behind the code.
        message: String,
    },
    /// For SendMessage and SendMessageBatch alone. The messages are accepted, and never come: all of the call's, or the
    /// one whose body, or id in the batch, is the fault's resource.
    LoseMessages,
    /// For SendMessage and SendMessageBatch alone. The same messages are kept twice: both copies have the id that the
    /// sender was told, and each is received, and has to be deleted, by itself. SQS promises to deliver at least once.
    DuplicateMessages,
}

impl Effect {
    fn can_happen_to(&self, operation: &str) -> bool {
        match self {
            Self::FallBack { .. } => operation == "StartInstances",
            Self::LoseMessages | Self::DuplicateMessages => {
                matches!(operation, "SendMessage" | "SendMessageBatch")
            }
            Self::Error { .. } | Self::Latency(_) | Self::Hang | Self::LoseAnswer => true,
        }
    }
}

/// Which instances of a start fall back, and why.
#[derive(Debug)]
pub(crate) struct FallBack {
    /// An instance id or a type; `None`: all of them.
    resource: Option<String>,
    pub(crate) reason: StateReason,
}

impl FallBack {
    fn of(fault: &Fault, code: &str, message: &str) -> Self {
        let reason = StateReason { code: code.into(), message: format!("{code}: {message}") };
        Self { resource: fault.resource.clone(), reason }
    }

    pub(crate) fn takes(&self, instance: &str, instance_type: &str) -> bool {
        let resource = self.resource.as_deref();
        resource.is_none_or(|what| what == instance || what == instance_type)
    }
}

/// Which messages of a call are kept in how many copies.
#[derive(Debug)]
pub(crate) struct Copies {
    /// The body of a message, its id in a batch, or what names the whole call; `None`: all of them.
    resource: Option<String>,
    count: usize,
}

/// What becomes later of what a call has done.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    /// The instances that fall back after the call has started them.
    pub(crate) fall_backs: Vec<FallBack>,
    copies: Vec<Copies>,
}

impl Aftermath {
    /// How many copies of a message are kept: one, unless a fault names it by one of these texts.
    pub(crate) fn copies_of(&self, names: &[&str]) -> usize {
        let takes = |copies: &&Copies| {
            copies.resource.as_deref().is_none_or(|resource| names.contains(&resource))
        };
        self.copies.iter().find(takes).map_or(1, |copies| copies.count)
    }
}

/// What was found for one call: a delay, then at most one other effect, and what happens after it is done.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) latency: Option<Duration>,
    pub(crate) effect: Option<Effect>,
    aftermath: Aftermath,
}

impl Trouble {
    /// What happens instead of the call or before it, and what happens because of it.
    pub(crate) fn split(mut self) -> (Self, Aftermath) {
        let aftermath = std::mem::take(&mut self.aftermath);
        (self, aftermath)
    }

    fn keep(&mut self, fault: &Fault, count: usize) -> bool {
        self.aftermath.copies.push(Copies { resource: fault.resource.clone(), count });
        true
    }
}

/// The faults in force, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<InForce>);

#[derive(Debug)]
struct InForce {
    fault: Fault,
    /// How many calls have fitted it.
    fitted: u64,
    /// By account and Region, of those that have called.
    buckets: HashMap<(String, String), Bucket>,
}

impl InForce {
    /// Whether it happens to a call that fits.
    fn strikes(&mut self, account: &str, received: &Received, now: DateTime<Utc>) -> bool {
        self.fitted += 1;
        let is_shared = self.fault.share.is_none_or(|share| share.has(self.fitted));
        let Some(rate) = self.fault.beyond else { return is_shared };
        let place = (account.to_owned(), received.scope.region.clone());
        let bucket = self.buckets.entry(place).or_insert_with(|| Bucket::full(rate, now));
        is_shared && !bucket.take(rate, now)
    }
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(InForce { fault, fitted: 0, buckets: HashMap::new() });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether the types of the instances that a call names matter to any of them.
    pub(crate) fn ask_for_types(&self) -> bool {
        self.0.iter().any(|one| one.fault.resource.is_some())
    }

    /// The first latency and the first other effect that fit, and all that come after the call; only these are
    /// counted as having happened.
    pub(crate) fn strike(
        &mut self,
        account: &str,
        received: &Received,
        types: &[&str],
        now: DateTime<Utc>,
    ) -> Trouble {
        let mut trouble = Trouble::default();
        for one in self.0.iter_mut().filter(|one| one.fault.fits(account, received, types)) {
            if !one.strikes(account, received, now) {
                continue;
            }
            let fault = &mut one.fault;
            let taken = match &fault.effect {
                Effect::FallBack { code, message } => {
                    trouble.aftermath.fall_backs.push(FallBack::of(fault, code, message));
                    true
                }
                Effect::LoseMessages => trouble.keep(fault, 0),
                Effect::DuplicateMessages => trouble.keep(fault, 2),
                Effect::Latency(latency) => fill(&mut trouble.latency, *latency),
                effect @ (Effect::Error { .. } | Effect::Hang | Effect::LoseAnswer) => {
                    fill(&mut trouble.effect, effect.clone())
                }
            };
            if taken {
                fault.times = fault.times.map(|times| times - 1);
            }
        }
        self.0.retain(|one| one.fault.times != Some(0));
        trouble
    }
}

/// Puts a value where none is yet, and says whether it did.
fn fill<T>(place: &mut Option<T>, value: T) -> bool {
    let empty = place.is_none();
    place.get_or_insert(value);
    empty
}
