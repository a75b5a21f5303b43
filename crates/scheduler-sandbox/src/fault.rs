//! What can be made to go wrong, and for which calls.

use std::time::Duration;

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
    /// A text that occurs whole somewhere among the request's values: an instance id, a parameter's name.
    pub resource: Option<String>,
    /// To how many fitting calls it happens; `None`: to all of them until the faults are cleared.
    pub times: Option<u32>,
    /// What happens to them.
    pub effect: Effect,
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
        Self { account: None, region: None, operation: None, resource: None, times: None, effect }
    }

    fn fits(&self, account: &str, received: &Received) -> bool {
        let same = |wanted: &Option<String>, actual: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == actual)
        };
        self.times != Some(0)
            && same(&self.account, account)
            && same(&self.region, &received.scope.region)
            && same(&self.operation, &received.operation)
            && self.resource.as_deref().is_none_or(|id| received.input.mentions(id))
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
}

/// What was found for one call: a delay, then at most one other effect.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) latency: Option<Duration>,
    pub(crate) effect: Option<Effect>,
}

/// The faults in force, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first latency and the first other effect that fit; only these two are counted as having happened.
    pub(crate) fn strike(&mut self, account: &str, received: &Received) -> Trouble {
        let mut trouble = Trouble::default();
        for fault in self.0.iter_mut().filter(|fault| fault.fits(account, received)) {
            let taken = match &fault.effect {
                Effect::Latency(latency) => fill(&mut trouble.latency, *latency),
                effect @ (Effect::Error { .. } | Effect::Hang | Effect::LoseAnswer) => {
                    fill(&mut trouble.effect, effect.clone())
                }
            };
            if taken {
                fault.times = fault.times.map(|times| times - 1);
            }
        }
        self.0.retain(|fault| fault.times != Some(0));
        trouble
    }
}

/// Puts a value where none is yet, and says whether it did.
fn fill<T>(place: &mut Option<T>, value: T) -> bool {
    let empty = place.is_none();
    place.get_or_insert(value);
    empty
}
